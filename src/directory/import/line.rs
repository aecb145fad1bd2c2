//! One line of an export: reading it, and bringing the tenant to what it says with the verbs' own means.

use super::{Conflict, Terms};
use crate::directory::create::{self, New};
use crate::directory::export::FORMAT;
use crate::directory::index::{self, Place};
use crate::directory::members::{self, Plan, Wanted};
use crate::directory::patch::{self, Edit};
use crate::directory::record::{ChangeKind, Record, Values};
use crate::directory::write::{self, Precondition};
use crate::directory::{Call, change, contended, generation, keys, replace, store_error, view};
use crate::limits;
use crate::scim::datetime;
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind as Wrong, clip};
use crate::scim::json;
use crate::scim::patch::{MemberRef, members as read_members};
use crate::scim::project::Projection;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::{Entry, Snapshot};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
    Members,
    /// A resource of one of the tenant's own types.
    Other,
    /// A schema or resource type.
    Definition,
}

/// How many of each kind there are.
pub(super) type Numbers = [u64; 5];

/// A line that stands between the first and the last one.
#[derive(Debug)]
pub(super) enum Line {
    Resource { kind: Kind, type_name: String, id: Uuid, created_ms: Option<i64>, values: Values },
    Definition(Definition),
    Members { group: Uuid, members: Vec<MemberRef> },
}

/// What a tenant defines.
#[derive(Clone, Debug)]
pub(super) enum Definition {
    Schema(Value),
    ResourceType(Value),
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Parsed {
    /// The first one.
    Header,
    /// One with content.
    Line(Line),
    /// The last one, with the numbers of what stands before it.
    End(Numbers),
}

/// A line that cannot be read.
#[derive(Debug)]
pub(super) struct Bad {
    /// The id in it, as far as it could be read.
    pub(super) id: String,
    /// Why.
    pub(super) error: Error,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// It asks for nothing.
    Nothing,
    /// The resource was made.
    Created,
    /// It was replaced.
    Replaced,
    /// It is as it was.
    Unchanged,
    /// So many memberships were added.
    Members(u64),
}

/// Reads a line.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Bad> {
    let bad = |id: &str, error| Bad { id: id.to_owned(), error };
    let mut object = match json::parse(bytes) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(bad("", syntax("the line is not a JSON object"))),
        Err(error) => return Err(bad("", Error { detail: error.detail.replacen("the body", "the line", 1), ..error })),
    };
    if let Some(version) = object.get("scimd_export") {
        return match version.as_u64() == Some(u64::from(FORMAT)) {
            true => Ok(Parsed::Header),
            false => Err(bad("", syntax("'scimd_export' is not a format that this scimd knows"))),
        };
    }
    if object.get("end") == Some(&Value::Bool(true)) {
        let number = |name: &str| object.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
        // Of these only a tenant with definitions of its own says anything.
        let own = |name: &str| if object.contains_key(name) { number(name) } else { 0 };
        let numbers = [number("users"), number("groups"), number("members"), own("resources"), own("definitions")];
        return Ok(Parsed::End(numbers));
    }
    let type_name = object.get("type").and_then(Value::as_str).map(clip).unwrap_or_default();
    let kind = match type_name.as_str() {
        "User" => Kind::User,
        "Group" => Kind::Group,
        "Members" => Kind::Members,
        "Schema" | "ResourceType" => return definition(&mut object).map_err(|error| bad("", error)),
        "" => return Err(bad("", syntax("'type' must be User, Group, Members or another resource type"))),
        _ => Kind::Other,
    };
    let name = if kind == Kind::Members { "group" } else { "id" };
    let text = object.get(name).and_then(Value::as_str).map(clip).unwrap_or_default();
    let id = view::parse_id(&text).ok_or_else(|| bad(&text, syntax(&format!("'{name}' must be an id"))))?;
    let line = match kind {
        Kind::Members => members_line(id, object.shift_remove("members")),
        _ => resource_line(kind, type_name, id, &mut object),
    };
    line.map(Parsed::Line).map_err(|error| bad(&text, error))
}

/// Whether the numbers of the last line are those of the lines before it.
pub(super) fn is_whole(expected: Numbers, met: Numbers) -> Result<(), Error> {
    if expected == met {
        return Ok(());
    }
    let text = |[users, groups, members, resources, definitions]: Numbers| {
        let own = match (resources, definitions) {
            (0, 0) => String::new(),
            _ => format!("{definitions} definitions, {resources} resources, "),
        };
        format!("{own}{users} users, {groups} groups and {members} members")
    };
    let why = format!("the last line speaks of {} and the file has {}", text(expected), text(met));
    Err(syntax(&why))
}

impl Line {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Line::Resource { kind, .. } => *kind,
            Line::Members { .. } => Kind::Members,
            Line::Definition(_) => Kind::Definition,
        }
    }

    /// The id of what it is about.
    pub(super) fn id(&self) -> String {
        match self {
            Line::Resource { id, .. } | Line::Members { group: id, .. } => id.to_string(),
            Line::Definition(Definition::Schema(json)) => text_of(json, "id"),
            Line::Definition(Definition::ResourceType(json)) => text_of(json, "name"),
        }
    }

    /// How many things it holds, as the last line counts them.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Line::Resource { .. } | Line::Definition(_) => 1,
            Line::Members { members, .. } => members.len() as u64,
        }
    }

    /// Brings the tenant to what the line says.
    pub(super) async fn apply(self, call: &Call<'_>, terms: Terms) -> Result<Done, Error> {
        match self {
            Line::Resource { type_name, id, created_ms, values, .. } => {
                let resource_type = type_of(call, &type_name)?;
                let values = read(call, resource_type, values)?;
                match there(call, resource_type, id, &values, terms).await? {
                    There::Nothing => {
                        let new = New { id, is_given: true, created_ms, values: &values };
                        create::make(call, resource_type, &new).await.map(|()| Done::Created)
                    }
                    There::Stays => Ok(Done::Unchanged),
                    There::Goes(..) => replace_with(call, resource_type, id, values).await,
                }
            }
            Line::Members { group, members } => join(call, group, &members).await.map(Done::Members),
            Line::Definition(_) => Ok(Done::Nothing),
        }
    }

    /// Whether [`Line::apply`] would do, as things are. `known` are ids that earlier lines would have made.
    pub(super) async fn check(self, call: &Call<'_>, terms: Terms, known: &HashSet<Uuid>) -> Result<Done, Error> {
        match self {
            Line::Resource { type_name, id, created_ms, values, .. } => {
                let resource_type = type_of(call, &type_name)?;
                let values = read(call, resource_type, values)?;
                match there(call, resource_type, id, &values, terms).await? {
                    There::Nothing => {
                        let new = New { id, is_given: true, created_ms, values: &values };
                        create::check(call, resource_type, &new).await.map(|()| Done::Created)
                    }
                    There::Stays => Ok(Done::Unchanged),
                    There::Goes(snapshot, old) => {
                        replace::keeps_immutable(resource_type, &old.stored, &values.stored)?;
                        let tenant = call.tenant.number;
                        let also_unique = write::also_unique(call, resource_type);
                        let code = keys::type_code(resource_type);
                        let place = Place { tenant, code, id, also_unique: &also_unique };
                        let (old, new) =
                            (index::entries_of(resource_type, &old), index::entries_of(resource_type, &values));
                        index::change(&place, &old, &new, &snapshot, &mut call.directory.batch()).await?;
                        Ok(Done::Replaced)
                    }
                }
            }
            Line::Members { group, members } => would_join(call, group, &members, known).await.map(Done::Members),
            Line::Definition(_) => Ok(Done::Nothing),
        }
    }
}

fn type_of<'a>(call: &Call<'a>, name: &str) -> Result<&'a ResourceType, Error> {
    let found = call.tenant.types.named(name).map(Arc::as_ref);
    found.ok_or_else(|| Error::new(Wrong::InvalidValue, format!("the tenant has no resource type '{name}'")))
}

/// What is there under the id of a line.
enum There {
    Nothing,
    /// Something that is to stay as it is.
    Stays,
    /// Something that is to be replaced: what it is.
    Goes(Snapshot, Values),
}

async fn there(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    values: &Values,
    terms: Terms,
) -> Result<There, Error> {
    let snapshot = call.directory.snapshot().await?;
    let key = keys::record(call.tenant.number, keys::type_code(resource_type), id);
    let Some(entry) = snapshot.get(&key).await.map_err(store_error)? else { return Ok(There::Nothing) };
    let old = Record::decode(&entry.value)?.values()?;
    match terms.on_conflict {
        _ if old == *values => Ok(There::Stays),
        Conflict::Skip => Ok(There::Stays),
        Conflict::Replace => Ok(There::Goes(snapshot, old)),
        Conflict::Fail => {
            let names = change::attributes(&old.stored, &values.stored).join("', '");
            let why = format!("there is a {} with this id already, which differs in '{names}'", resource_type.name);
            Err(Error::new(Wrong::Uniqueness, why))
        }
    }
}

/// The attributes as bodies' would be read. They are those of an export, so that no mapping is applied.
fn read(call: &Call<'_>, resource_type: &ResourceType, values: Values) -> Result<Values, Error> {
    let stored = attributes(call, resource_type, values.stored)?;
    let asserted = values.asserted.map(|asserted| attributes(call, resource_type, asserted)).transpose()?;
    Ok(Values::mapped(asserted.unwrap_or_else(|| stored.clone()), stored))
}

fn attributes(
    call: &Call<'_>,
    resource_type: &ResourceType,
    attributes: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    let mut reading = Reading::new(&call.tenant.dialect);
    let mut body = Map::from_iter([("schemas".to_owned(), Value::from(vec![resource_type.schema.id.clone()]))]);
    body.extend(attributes);
    let incoming = resource::read(resource_type, Value::Object(body), &mut reading)?;
    resource::is_complete(resource_type, &incoming.attributes)?;
    match incoming.members {
        Some(_) => Err(Error::new(Wrong::InvalidValue, "'members' stand in lines of their own")),
        None => Ok(incoming.attributes),
    }
}

async fn replace_with(call: &Call<'_>, resource_type: &ResourceType, id: Uuid, values: Values) -> Result<Done, Error> {
    let mut reading = Reading::new(&call.tenant.dialect);
    // Nobody reads the answer, so that it need not have the members of a group.
    let projection = Projection::new(resource_type, &["id".to_owned()], &[], &mut reading);
    let edit = Edit::Set(values);
    patch::commit(call, resource_type, id, &edit, &Precondition::None, &projection, &mut reading).await?;
    Ok(Done::Replaced)
}

/// Puts everybody into the group who is not in it yet; says how many.
async fn join(call: &Call<'_>, id: Uuid, list: &[MemberRef]) -> Result<u64, Error> {
    let mut wanted = Wanted::exactly(call, list)?;
    // Who is in the group and not in this line stays: a group has many lines.
    wanted.replaces = false;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = call.directory.snapshot().await?;
        let Some((key, entry)) = group_record(call, &snapshot, id).await? else { return Err(no_group(id)) };
        nobody_is_missing(&missing(call, &snapshot, &wanted.order).await?)?;
        let group = generation::of(&Record::decode(&entry.value)?, id);
        let Plan::Delta(delta) = members::plan(call, &snapshot, group, &wanted).await? else {
            return Err(too_many());
        };
        if delta.added.is_empty() {
            return Ok(0);
        }
        let mut batch = call.batch();
        let mut log = change::of(call, ChangeKind::Update, call.tenant.types.group(), id);
        batch.expect_unchanged(key, entry.stamp.revision);
        members::apply(call, &snapshot, group, &delta, &mut batch, &mut log).await?;
        change::add(call, &mut batch, log)?;
        if call.directory.commit(batch).await?.is_some() {
            return Ok(delta.added.len() as u64);
        }
    }
    Err(contended())
}

/// What [`join`] would do.
async fn would_join(call: &Call<'_>, id: Uuid, list: &[MemberRef], known: &HashSet<Uuid>) -> Result<u64, Error> {
    let wanted = Wanted::exactly(call, list)?;
    let snapshot = call.directory.snapshot().await?;
    let group = group_record(call, &snapshot, id).await?;
    // Past the limit, ids of the file are not known any more.
    let knows_all = known.len() < limits::IMPORT_DRY_RUN_IDS_MAX;
    if group.is_none() && knows_all && !known.contains(&id) {
        return Err(no_group(id));
    }
    let mut missing = missing(call, &snapshot, &wanted.order).await?;
    missing.retain(|id| knows_all && !known.contains(id));
    nobody_is_missing(&missing)?;
    let Some((_, entry)) = group else { return Ok(wanted.order.len() as u64) };
    let group = generation::of(&Record::decode(&entry.value)?, id);
    let row = |member: &Uuid| keys::member(call.tenant.number, group.id, group.generation, *member);
    let rows: Vec<Vec<u8>> = wanted.order.iter().map(row).collect();
    let rows = snapshot.get_many(&rows).await.map_err(store_error)?;
    Ok(rows.iter().filter(|row| row.is_none()).count() as u64)
}

async fn group_record(call: &Call<'_>, snapshot: &Snapshot, id: Uuid) -> Result<Option<(Vec<u8>, Entry)>, Error> {
    let key = keys::record(call.tenant.number, keys::GROUP, id);
    let entry = snapshot.get(&key).await.map_err(store_error)?;
    Ok(entry.map(|entry| (key, entry)))
}

/// Those that are no user and no group.
async fn missing(call: &Call<'_>, snapshot: &Snapshot, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let mut missing = ids.to_vec();
    for code in [keys::USER, keys::GROUP] {
        let records: Vec<Vec<u8>> = missing.iter().map(|id| keys::record(call.tenant.number, code, *id)).collect();
        let found = snapshot.get_many(&records).await.map_err(store_error)?;
        missing = missing.into_iter().zip(found).filter(|(_, entry)| entry.is_none()).map(|(id, _)| id).collect();
    }
    Ok(missing)
}

fn nobody_is_missing(missing: &[Uuid]) -> Result<(), Error> {
    if missing.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = missing.iter().take(limits::IMPORT_IDS_NAMED_MAX).map(Uuid::to_string).collect();
    let others = match missing.len() - named.len() {
        0 => String::new(),
        others => format!(" and {others} others"),
    };
    let why = format!("'members': no user or group has the id {}{others}", named.join(", "));
    Err(Error::new(Wrong::InvalidValue, why))
}

fn definition(object: &mut Map<String, Value>) -> Result<Parsed, Error> {
    let line = match (object.shift_remove("schema"), object.shift_remove("resource_type")) {
        (Some(json @ Value::Object(_)), None) => Definition::Schema(json),
        (None, Some(json @ Value::Object(_))) => Definition::ResourceType(json),
        _ => return Err(syntax("'schema' or 'resource_type' must be an object")),
    };
    Ok(Parsed::Line(Line::Definition(line)))
}

fn text_of(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).map(clip).unwrap_or_default()
}

fn resource_line(kind: Kind, type_name: String, id: Uuid, object: &mut Map<String, Value>) -> Result<Line, Error> {
    let created_ms = match object.get("created") {
        None | Some(Value::Null) => None,
        Some(text) => {
            let ms = text.as_str().and_then(datetime::parse_ms);
            Some(ms.ok_or_else(|| syntax("'created' must be a time such as 2026-01-31T12:00:00.000Z"))?)
        }
    };
    let Some(Value::Object(stored)) = object.shift_remove("attributes") else {
        return Err(syntax("'attributes' must be an object"));
    };
    let asserted = match object.shift_remove("asserted") {
        None => None,
        Some(Value::Object(asserted)) => Some(asserted),
        Some(_) => return Err(syntax("'asserted' must be an object")),
    };
    Ok(Line::Resource { kind, type_name, id, created_ms, values: Values { stored, asserted } })
}

fn members_line(group: Uuid, list: Option<Value>) -> Result<Line, Error> {
    let Some(list @ Value::Array(_)) = list else { return Err(syntax("'members' must be an array")) };
    let mut reading = Reading::new(&crate::profile::strict::DIALECT);
    let members = read_members(list, &mut reading)?;
    if members.len() > limits::EXPORT_MEMBERS_MAX {
        return Err(too_many());
    }
    if let Some(bad) = members.iter().find(|member| view::parse_id(&member.value).is_none()) {
        return Err(syntax(&format!("'members': '{}' is not an id", clip(&bad.value))));
    }
    Ok(Line::Members { group, members })
}

fn no_group(id: Uuid) -> Error {
    Error::new(Wrong::InvalidValue, format!("'group': no group has the id {id}"))
}

fn too_many() -> Error {
    syntax(&format!("'members' has more than {} elements", limits::EXPORT_MEMBERS_MAX))
}

fn syntax(why: &str) -> Error {
    Error::new(Wrong::InvalidSyntax, why)
}
