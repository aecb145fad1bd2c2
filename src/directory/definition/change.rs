//! Defining schemas and resource types, and taking definitions away, as an admin does. Each change goes with its audit entry in one
//! commit and is in force on the next request.
//!
//! What resources use is looked at before, and once more what was changed meanwhile, while writes of the tenant are refused for that
//! moment: the definitions say so in the store, and [`recover`] takes that back after a crash.

use super::{built_in, built_in_schemas, number, resolve, usage, views};
use crate::directory::audit::{self, Act, Admin};
use crate::directory::record::{self, DefinedSchema, DefinedType, Definitions};
use crate::directory::refused::{Field, Noun, Refused};
use crate::directory::tenant::{self, settings};
use crate::directory::{Directory, export, keys, mapping, store_error};
use crate::limits;
use crate::scim::errors::{Error, clip};
use crate::scim::schema::definition::{self, TypeDefinition};
use crate::scim::schema::types::Types;
use crate::scim::schema::{ResourceType, Schema};
use crate::store::{Batch, Entry, Scan, Snapshot};
use serde_json::Value;

/// Where definitions are changed, and by whom.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The data.
    pub directory: &'a Directory,
    /// By whom.
    pub admin: &'a Admin,
    /// The tenant's name.
    pub tenant: &'a str,
    /// Only looks whether the change would do.
    pub dry_run: bool,
}

/// A schema or resource type with what an admin wants to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The URN of a schema, or the name of a resource type.
    pub id: String,
    /// The definition (RFC 7643 sections 6 and 7).
    pub json: Value,
    /// Every tenant has it, and it cannot be taken away.
    pub built_in: bool,
    /// The names of the types that have the schema; the URNs of the schemas that the type has.
    pub related: Vec<String>,
    /// When it was made, in milliseconds since the epoch; 0 for what was never defined.
    pub created_ms: i64,
    /// When it was changed last, likewise.
    pub updated_ms: i64,
    /// How often it has been defined.
    pub version: u32,
}

/// What became of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was none.
    Created,
    /// There was another one.
    Changed,
    /// There was the same one.
    Unchanged,
}

/// Defines a schema, or defines it anew.
///
/// # Errors
/// `NotFound` of the tenant; `Fields` with everything that is wrong; `State` when resources or the mapping stand in the way,
/// `Obstacles` when applications or targets do; `Exhausted`.
pub async fn put_schema(site: Site<'_>, json: &Value) -> Result<(Shown, Outcome), Refused> {
    let schema = definition::schema(json).map_err(|wrong| fields("schema_json", wrong))?;
    let json = definition::schema_json(&schema);
    let edit = |definitions: &mut Definitions, now_ms: i64| {
        let schemas = definitions.schemas.len();
        let found = definitions.schemas.iter_mut().find(|known| id_of(&known.json).eq_ignore_ascii_case(&schema.id));
        match found {
            Some(known) if known.json == json => return Ok(None),
            Some(known) => {
                let version = known.version.saturating_add(1);
                *known = DefinedSchema { json: json.clone(), updated_ms: now_ms, version, ..*known };
            }
            None if schemas >= limits::SCHEMAS_MAX => {
                return Err(exhausted("TOO_MANY_SCHEMAS", "schemas", limits::SCHEMAS_MAX));
            }
            None => definitions.schemas.push(DefinedSchema {
                json: json.clone(),
                created_ms: now_ms,
                updated_ms: now_ms,
                version: 1,
            }),
        }
        Ok(Some(json.clone()))
    };
    let outcome = change(site, ("schema.put", &schema.id), "schema_json", edit, |d| schema_of(d, &schema.id)).await?;
    let shown = self::schema(site.directory, site.tenant, &schema.id).await;
    match shown {
        Err(Refused::NotFound(Noun::Schema, _)) if site.dry_run => Ok((would_be(&schema.id, json), outcome)),
        shown => Ok((if site.dry_run { Shown { json, ..shown? } } else { shown? }, outcome)),
    }
}

/// Takes a schema away.
///
/// # Errors
/// `NotFound` of the tenant or schema; `State` when a resource type has it, or when every tenant does.
pub async fn delete_schema(site: Site<'_>, urn: &str) -> Result<(), Refused> {
    if built_in_schemas().iter().any(|known| known.id.eq_ignore_ascii_case(urn)) {
        let why = format!("every tenant has the schema '{}'", clip(urn));
        return Err(Refused::State { reason: "BUILT_IN", why });
    }
    let edit = |definitions: &mut Definitions, _| {
        let types = resolve(definitions).map_err(|wrong| fields("schema", wrong))?;
        let users = users_of(&types, urn);
        if !users.is_empty() {
            let why = format!("the schema '{}' is one of {}; take it out there first", clip(urn), users.join(", "));
            return Err(Refused::State { reason: "SCHEMA_IN_USE", why });
        }
        let before = definitions.schemas.len();
        definitions.schemas.retain(|known| !id_of(&known.json).eq_ignore_ascii_case(urn));
        match definitions.schemas.len() == before {
            true => Err(no_schema(urn)),
            false => Ok(Some(Value::Null)),
        }
    };
    change(site, ("schema.delete", urn), "schema", edit, |d| schema_of(d, urn)).await.map(|_| ())
}

/// Defines a resource type, or defines it anew; of User and Group only the extensions and the description can be another.
///
/// # Errors
/// As those of [`put_schema`].
pub async fn put_type(site: Site<'_>, json: &Value) -> Result<(Shown, Outcome), Refused> {
    let wanted = definition::resource_type(json).map_err(|wrong| fields("resource_type_json", wrong))?;
    let json = definition::type_json(&wanted);
    let edit = |definitions: &mut Definitions, now_ms: i64| {
        let is_it = |known: &&mut DefinedType| name_of(&known.json).eq_ignore_ascii_case(&wanted.name);
        let made = DefinedType {
            json: json.clone(),
            created_ms: now_ms,
            updated_ms: now_ms,
            version: 1,
            ..DefinedType::default()
        };
        let types = definitions.types.len();
        match (definitions.types.iter_mut().find(is_it), built_in(&wanted.name)) {
            (Some(known), _) if known.json == json => return Ok(None),
            (Some(known), _) if name_of(&known.json) != wanted.name => {
                let why = format!("the type is called '{}'; a type keeps its name", name_of(&known.json));
                return Err(Refused::field("resource_type_json", why));
            }
            (Some(known), _) => {
                known.json = json.clone();
                known.updated_ms = now_ms;
                known.version = known.version.saturating_add(1);
            }
            (None, _) if types >= limits::RESOURCE_TYPES_MAX => {
                return Err(exhausted("TOO_MANY_RESOURCE_TYPES", "resource types", limits::RESOURCE_TYPES_MAX));
            }
            (None, Some((code, known))) if json_of(known) != json => {
                definitions.types.push(DefinedType { code, ..made });
            }
            (None, Some(_)) => return Ok(None),
            (None, None) => {
                let last = definitions.type_made.max(keys::FIRST_CUSTOM_TYPE - 1);
                let code = last.checked_add(1).ok_or_else(|| {
                    let why = "the tenant has had as many resource types as there may be".to_owned();
                    Refused::Exhausted { reason: "TOO_MANY_RESOURCE_TYPES", why }
                })?;
                definitions.type_made = code;
                definitions.types.push(DefinedType { code, ..made });
            }
        }
        Ok(Some(json.clone()))
    };
    let act = ("resource_type.put", wanted.name.as_str());
    let outcome = change(site, act, "resource_type_json", edit, |d| type_of(d, &wanted.name)).await?;
    let shown = resource_type(site.directory, site.tenant, &wanted.name).await;
    match shown {
        Err(Refused::NotFound(Noun::ResourceType, _)) if site.dry_run => Ok((would_be(&wanted.name, json), outcome)),
        shown => Ok((if site.dry_run { Shown { json, ..shown? } } else { shown? }, outcome)),
    }
}

/// Takes a resource type away; nothing of it may be there.
///
/// # Errors
/// `NotFound` of the tenant or type; `State` when there are resources of it, or when every tenant has it.
pub async fn delete_type(site: Site<'_>, name: &str) -> Result<(), Refused> {
    if built_in(name).is_some() {
        let why = format!("every tenant has the resource type '{}'", clip(name));
        return Err(Refused::State { reason: "BUILT_IN", why });
    }
    let edit = |definitions: &mut Definitions, _| {
        let before = definitions.types.len();
        definitions.types.retain(|known| name_of(&known.json) != name);
        match definitions.types.len() == before {
            true => Err(no_type(name)),
            false => Ok(Some(Value::Null)),
        }
    };
    change(site, ("resource_type.delete", name), "resource_type", edit, |d| type_of(d, name)).await.map(|_| ())
}

/// All schemas, those that every tenant has first.
pub async fn schemas(directory: &Directory, tenant: &str) -> Result<Vec<Shown>, Refused> {
    let (definitions, types) = current(directory, tenant).await?;
    let built_in = built_in_schemas().into_iter().map(|known| Shown {
        built_in: true,
        related: users_of(&types, &known.id),
        ..would_be(&known.id, definition::schema_json(known))
    });
    let own = definitions.schemas.iter().map(|known| Shown {
        id: id_of(&known.json).to_owned(),
        json: known.json.clone(),
        built_in: false,
        related: users_of(&types, id_of(&known.json)),
        created_ms: known.created_ms,
        updated_ms: known.updated_ms,
        version: known.version,
    });
    Ok(built_in.chain(own).collect())
}

/// One schema, by its URN.
pub async fn schema(directory: &Directory, tenant: &str, urn: &str) -> Result<Shown, Refused> {
    let mut all = schemas(directory, tenant).await?.into_iter();
    all.find(|shown| shown.id.eq_ignore_ascii_case(urn)).ok_or_else(|| no_schema(urn))
}

/// All resource types, User and Group first.
pub async fn resource_types(directory: &Directory, tenant: &str) -> Result<Vec<Shown>, Refused> {
    let (definitions, types) = current(directory, tenant).await?;
    let shown = types.all().iter().map(|known| {
        let defined = definitions.types.iter().find(|defined| defined.code == known.code);
        Shown {
            id: known.name.clone(),
            json: json_of(known),
            built_in: built_in(&known.name).is_some(),
            related: schemas_of(known).map(|schema| schema.id.clone()).collect(),
            created_ms: defined.map_or(0, |defined| defined.created_ms),
            updated_ms: defined.map_or(0, |defined| defined.updated_ms),
            version: defined.map_or(0, |defined| defined.version),
        }
    });
    Ok(shown.collect())
}

/// One resource type, by its name.
pub async fn resource_type(directory: &Directory, tenant: &str, name: &str) -> Result<Shown, Refused> {
    let mut all = resource_types(directory, tenant).await?.into_iter();
    all.find(|shown| shown.id == name).ok_or_else(|| no_type(name))
}

/// Lets tenants write again whose definitions were being changed when the process ended.
pub async fn recover(directory: &Directory) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let snapshot = directory.snapshot().await?;
        let scan = Scan { prefix: keys::DEFINITIONS, after: after.as_deref(), skip: 0, limit: 1, values: true };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        let Some(row) = page.iter().next() else { return Ok(()) };
        let definitions: Definitions = record::unpack(row.value)?;
        if let Some(number) = keys::tenant_of(row.key).filter(|_| definitions.changing)
            && let Some(before) = Before::read(&snapshot, number).await?
        {
            let batch = before.batch(directory, &Definitions { changing: false, ..definitions })?;
            directory.commit(batch).await?;
        }
        after = Some(row.key.to_vec());
    }
}

/// A tenant's definitions, with the rows that a change of them relies on.
pub(in crate::directory) struct Before {
    tenant: u32,
    settings: Entry,
    entry: Option<Entry>,
    /// The definitions.
    pub(in crate::directory) definitions: Definitions,
}

impl Before {
    pub(in crate::directory) async fn read(snapshot: &Snapshot, tenant: u32) -> Result<Option<Before>, Error> {
        let settings = snapshot.get(&keys::tenant(tenant)).await.map_err(store_error)?;
        let entry = snapshot.get(&keys::definitions(tenant)).await.map_err(store_error)?;
        let definitions = match &entry {
            Some(entry) => record::unpack(&entry.value)?,
            None => Definitions::default(),
        };
        Ok(settings.map(|settings| Before { tenant, settings, entry, definitions }))
    }

    /// What puts other definitions in their place. The settings are written again as they are: requests notice by their revision
    /// that there is something new.
    pub(in crate::directory) fn batch(&self, directory: &Directory, new: &Definitions) -> Result<Batch, Error> {
        let mut batch = directory.batch();
        let key = keys::definitions(self.tenant);
        match &self.entry {
            Some(entry) => batch.expect_unchanged(key.clone(), entry.stamp.revision),
            None => batch.expect_absent(key.clone()),
        }
        batch.expect_unchanged(keys::tenant(self.tenant), self.settings.stamp.revision);
        batch.put(key, record::pack(new)?);
        batch.put(keys::tenant(self.tenant), self.settings.value.clone());
        Ok(batch)
    }
}

/// Does a change: `edit` makes the new definitions and says what becomes of the one that it is about; `None`: nothing.
async fn change(
    site: Site<'_>,
    (action, target): (&str, &str),
    field: &'static str,
    edit: impl Fn(&mut Definitions, i64) -> Result<Option<Value>, Refused>,
    find: impl Fn(&Definitions) -> Option<Value>,
) -> Result<Outcome, Refused> {
    let Site { directory, admin, .. } = site;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let tenant = tenant_number(&snapshot, site.tenant).await?;
        let before = Before::read(&snapshot, tenant).await?.ok_or_else(|| settings::no_tenant(site.tenant))?;
        if before.definitions.changing {
            let why = "the tenant's definitions are being changed by somebody else; try again".to_owned();
            return Err(Refused::State { reason: "DEFINITIONS_CHANGING", why });
        }
        let mut new = before.definitions.clone();
        let Some(after) = edit(&mut new, directory.clock().now_ms())? else { return Ok(Outcome::Unchanged) };
        number(&mut new).map_err(|why| Refused::field(field, why))?;
        let types = resolve(&new).map_err(|wrong| fields(field, wrong))?;
        mapping::fits(&snapshot, tenant, new.mapping, &types).await?;
        if record::pack(&new)?.len() > limits::DEFINITIONS_BYTES_MAX {
            let max = limits::DEFINITIONS_BYTES_MAX;
            let why = format!("the tenant's definitions would be longer than {max} bytes in all");
            return Err(Refused::Exhausted { reason: "DEFINITIONS_TOO_LARGE", why });
        }
        let old_types = resolve(&before.definitions).map_err(|wrong| fields(field, wrong))?;
        views::fit(&snapshot, tenant, &old_types, &types).await?;
        let demands = usage::demands(&old_types, &types);
        let was = find(&before.definitions);
        let outcome = if was.is_some() { Outcome::Changed } else { Outcome::Created };
        let act = Act { action, tenant: site.tenant, target };
        let state = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        let add = |batch: &mut Batch| {
            audit::add(batch, admin, act, state(was.as_ref()).as_ref(), state(Some(&after)).as_ref())
        };
        if !demands.is_empty() {
            let pinned = export::pin(directory).await?;
            usage::check(&pinned, tenant, &demands).await?;
            if !site.dry_run {
                let closed = Closed { before, types: old_types, demands, revision: pinned.revision() };
                drop(pinned);
                if closed.change(directory, &new, add).await? {
                    return Ok(outcome);
                }
                continue;
            }
        }
        if site.dry_run {
            return Ok(outcome);
        }
        let mut batch = before.batch(directory, &new)?;
        add(&mut batch)?;
        if directory.commit(batch).await?.is_some() {
            return Ok(outcome);
        }
    }
    Err(crate::directory::contended().into())
}

/// A change for which the tenant's writes are refused for a moment.
struct Closed {
    before: Before,
    types: Types,
    demands: Vec<usage::Demand>,
    /// Resources have been looked at up to here.
    revision: u64,
}

impl Closed {
    /// Whether it was done; otherwise somebody else came between.
    async fn change(
        self,
        directory: &Directory,
        new: &Definitions,
        add: impl Fn(&mut Batch) -> Result<(), Error>,
    ) -> Result<bool, Refused> {
        let Closed { before, types, demands, revision } = self;
        let closed = Definitions { changing: true, ..before.definitions.clone() };
        if directory.commit(before.batch(directory, &closed)?).await?.is_none() {
            return Ok(false);
        }
        let outcome = async {
            let snapshot = directory.snapshot().await?;
            usage::check_since(&snapshot, before.tenant, &types, &demands, revision).await
        };
        let outcome = outcome.await;
        let wanted = if outcome.is_ok() { new } else { &before.definitions };
        // Nobody else changes definitions now; of the settings that is not so.
        for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
            let snapshot = directory.snapshot().await?;
            let Some(now) = Before::read(&snapshot, before.tenant).await? else { return Ok(false) };
            let mut batch = now.batch(directory, wanted)?;
            if outcome.is_ok() {
                add(&mut batch)?;
            }
            if directory.commit(batch).await?.is_some() {
                return outcome.map(|()| true);
            }
        }
        Err(crate::directory::contended().into())
    }
}

/// The number of a tenant that is not being deleted.
pub(in crate::directory) async fn tenant_number(snapshot: &Snapshot, name: &str) -> Result<u32, Refused> {
    let missing = || settings::no_tenant(name);
    let number = tenant::number(snapshot, name).await?.ok_or_else(missing)?;
    let entry = snapshot.get(&keys::tenant(number)).await.map_err(store_error)?.ok_or_else(missing)?;
    let settings: record::Tenant = record::unpack(&entry.value)?;
    if settings.deleting { Err(missing()) } else { Ok(number) }
}

async fn current(directory: &Directory, tenant: &str) -> Result<(Definitions, Types), Refused> {
    let snapshot = directory.snapshot().await?;
    let number = tenant_number(&snapshot, tenant).await?;
    let before = Before::read(&snapshot, number).await?.ok_or_else(|| settings::no_tenant(tenant))?;
    let types = resolve(&before.definitions).map_err(|wrong| fields("tenant", wrong))?;
    Ok((before.definitions, types))
}

/// A type as [`definition::type_json`] writes it.
fn json_of(resource_type: &ResourceType) -> Value {
    let extensions = resource_type.extensions.iter();
    definition::type_json(&TypeDefinition {
        name: resource_type.name.clone(),
        endpoint: resource_type.endpoint.clone(),
        description: resource_type.description.clone(),
        schema: resource_type.schema.id.clone(),
        extensions: extensions.map(|extension| (extension.schema.id.clone(), extension.required)).collect(),
    })
}

fn would_be(id: &str, json: Value) -> Shown {
    let (id, related) = (id.to_owned(), Vec::new());
    Shown { id, json, built_in: false, related, created_ms: 0, updated_ms: 0, version: 0 }
}

fn schemas_of(resource_type: &ResourceType) -> impl Iterator<Item = &Schema> {
    let extensions = resource_type.extensions.iter().map(|extension| extension.schema.as_ref());
    std::iter::once(resource_type.schema.as_ref()).chain(extensions)
}

fn users_of(types: &Types, urn: &str) -> Vec<String> {
    let has = |known: &ResourceType| schemas_of(known).any(|schema| schema.id.eq_ignore_ascii_case(urn));
    types.all().iter().filter(|known| has(known)).map(|known| known.name.clone()).collect()
}

fn id_of(json: &Value) -> &str {
    json.get("id").and_then(Value::as_str).unwrap_or_default()
}

fn name_of(json: &Value) -> &str {
    json.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn schema_of(definitions: &Definitions, urn: &str) -> Option<Value> {
    definitions.schemas.iter().map(|known| &known.json).find(|json| id_of(json).eq_ignore_ascii_case(urn)).cloned()
}

fn type_of(definitions: &Definitions, name: &str) -> Option<Value> {
    definitions.types.iter().map(|known| &known.json).find(|json| name_of(json) == name).cloned()
}

fn fields(name: &'static str, wrong: Vec<String>) -> Refused {
    Refused::Fields(wrong.into_iter().map(|why| Field { name, why }).collect())
}

fn no_schema(urn: &str) -> Refused {
    Refused::NotFound(Noun::Schema, clip(urn))
}

fn no_type(name: &str) -> Refused {
    Refused::NotFound(Noun::ResourceType, clip(name))
}

fn exhausted(reason: &'static str, what: &str, max: usize) -> Refused {
    Refused::Exhausted { reason, why: format!("the tenant has {max} {what} already, as many as there may be") }
}
