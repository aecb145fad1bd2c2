//! What a mapping would make of everything that is stored: one pass over all records of one snapshot, a bounded number at a time,
//! with the values that several resources would have where only one may. Nothing is written.

use crate::directory::members::Group;
use crate::directory::record::{Record, Values};
use crate::directory::whatif::{self, Attribute};
use crate::directory::{Call, change, count, export, index, keys, provision, store_error, write};
use crate::limits;
use crate::mapping::document::{DefaultGroupsFor, Document};
use crate::mapping::policy::{Context, Policy, Refusal, names};
use crate::profile;
use crate::scim::errors::Error;
use crate::scim::fold::fold;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::{Row, Scan, Snapshot};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// What would become of one resource.
#[derive(Clone, Debug)]
pub struct Met {
    /// The resource type's name.
    pub resource_type: Arc<ResourceType>,
    /// Its id.
    pub id: Uuid,
    /// What would become of it.
    pub fate: Fate,
}

/// See [`Met`].
#[derive(Clone, Debug)]
pub enum Fate {
    /// It would stay as it is.
    Same,
    /// It would be another one.
    Other {
        /// The attributes that would have another value, in the order of the schema.
        attributes: Vec<Attribute>,
        /// The rules that give it another value.
        rules: Vec<Arc<str>>,
    },
    /// A rule refuses it.
    Refused(Refusal),
}

/// A value that several resources would have where only one may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The resource type's name.
    pub resource_type: String,
    /// The attribute.
    pub attribute: String,
    /// The value.
    pub value: String,
    /// The resources, as far as there is room.
    pub ids: Vec<Uuid>,
    /// Whether the mapping gives it to one of them at least; otherwise they have it already.
    is_new: bool,
}

/// A pass over what is stored.
pub struct Survey {
    snapshot: Snapshot,
    tenant: u32,
    unique_group_names: bool,
    policy: Arc<Policy>,
    /// The types of resources that are still to be met, the next one last.
    types: Vec<Arc<ResourceType>>,
    targets: Vec<(Arc<str>, String, String)>,
    defaults: Vec<(String, Group)>,
    after: Option<Vec<u8>>,
    now_ms: i64,
    /// Who has a value that only one may have, by the value's key.
    holders: HashMap<Box<[u8]>, (Uuid, bool)>,
    collisions: BTreeMap<Box<[u8]>, Collision>,
    /// How many resources there are.
    pub total: usize,
    /// How many have been met.
    pub done: usize,
}

impl Survey {
    /// Begins with what is there now. `policy` is what `document` says.
    pub async fn begin(call: &Call<'_>, policy: Arc<Policy>, document: &Document) -> Result<Survey, Error> {
        let snapshot = export::pin(call.directory).await?;
        let tenant = call.tenant;
        let mut total = 0;
        for known in tenant.types.all() {
            total += count::total(&snapshot, tenant.number, known.code).await?;
        }
        let mut defaults = Vec::new();
        if policy.default_groups_for == DefaultGroupsFor::AllUsers {
            for name in &policy.default_groups {
                let group = provision::group_called(call, &snapshot, name).await?;
                defaults.extend(group.map(|(group, _)| (name.clone(), group)));
            }
        }
        let targets = document.rules.iter().map(|rule| {
            let of = if rule.resource_type.is_empty() { "User" } else { rule.resource_type.as_str() };
            (Arc::from(rule.name.as_str()), of.to_owned(), rule.target.clone())
        });
        Ok(Survey {
            snapshot,
            tenant: tenant.number,
            unique_group_names: tenant.unique_group_names,
            policy,
            types: tenant.types.all().iter().rev().cloned().collect(),
            targets: targets.collect(),
            defaults,
            after: None,
            now_ms: call.directory.clock().now_ms(),
            holders: HashMap::new(),
            collisions: BTreeMap::new(),
            total,
            done: 0,
        })
    }

    /// The next resources; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Met>>, Error> {
        while let Some(resource_type) = self.types.last().cloned() {
            let prefix = keys::records(self.tenant, resource_type.code);
            let scan = Scan {
                prefix: &prefix,
                after: self.after.as_deref(),
                skip: 0,
                limit: limits::PREVIEW_ROWS,
                values: true,
            };
            let page = self.snapshot.scan(&scan).await.map_err(store_error)?;
            self.after = page.last_key().map(<[u8]>::to_vec);
            if page.is_empty() {
                self.types.pop();
                continue;
            }
            let mut met = Vec::with_capacity(page.len());
            for row in page.iter() {
                met.push(self.meet(&resource_type, &row)?);
            }
            if resource_type.code == keys::USER {
                self.join_defaults(&mut met).await?;
            }
            self.done += met.len();
            tokio::task::yield_now().await;
            return Ok(Some(met));
        }
        Ok(None)
    }

    /// The collisions that the mapping makes, among what has been met.
    pub fn collisions(self) -> Vec<Collision> {
        self.collisions.into_values().filter(|collision| collision.is_new).collect()
    }

    fn meet(&mut self, resource_type: &Arc<ResourceType>, row: &Row<'_>) -> Result<Met, Error> {
        let id = keys::last_id(row.key).unwrap_or_default();
        let old = Record::decode(row.value)?.values()?;
        let met = |fate| Met { resource_type: resource_type.clone(), id, fate };
        let dialect = &profile::custom::DIALECT;
        let context = Context { resource_type, dialect, now_ms: self.now_ms };
        let outcome = self.policy.apply(&context, old.asserted(), Some(&old.stored)).and_then(|outcome| {
            match resource::is_complete(resource_type, &outcome.attributes) {
                Ok(()) => Ok(outcome),
                Err(error) => Err(Refusal { rule: "".into(), kind: error.kind, why: error.detail }),
            }
        });
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(refusal) => {
                // It keeps what it has, which another one may want.
                self.hold(resource_type, id, &old, &old);
                return Ok(met(Fate::Refused(refusal)));
            }
        };
        let new = Values::mapped(old.asserted().clone(), outcome.attributes);
        self.hold(resource_type, id, &old, &new);
        if new.stored == old.stored {
            return Ok(met(Fate::Same));
        }
        let mut paths = change::attributes(&old.stored, &new.stored);
        if paths.is_empty() {
            // Only the order of attributes would be another one.
            return Ok(met(Fate::Same));
        }
        paths.sort_by_key(|path| whatif::place(resource_type, path));
        let rules = outcome.fired.into_iter().filter(|rule| self.touches(resource_type, rule, &paths)).collect();
        let attributes = paths.into_iter().map(|path| Attribute {
            before: whatif::find(&old.stored, &path),
            after: whatif::find(&new.stored, &path),
            path,
        });
        Ok(met(Fate::Other { attributes: attributes.collect(), rules }))
    }

    /// Whether one of the attributes is the one that the rule is about.
    fn touches(&self, resource_type: &ResourceType, rule: &str, paths: &[String]) -> bool {
        let target = match rule {
            names::USERNAME_RULE => "userName",
            names::ON_INACTIVE => "active",
            names::GROUPS => "displayName",
            rule => {
                let is_it = |(name, of, _): &&(Arc<str>, String, String)| **name == *rule && *of == resource_type.name;
                self.targets.iter().find(is_it).map_or("", |(_, _, target)| target)
            }
        };
        paths.iter().any(|path| is_at(resource_type, target, path))
    }

    /// Notes which values the resource would have that only one may have.
    fn hold(&mut self, resource_type: &Arc<ResourceType>, id: Uuid, old: &Values, new: &Values) {
        let is_group = resource_type.code == keys::GROUP;
        let before = index::entries_of(resource_type, old);
        for entry in index::entries_of(resource_type, new) {
            let is_group_name = is_group && self.unique_group_names && entry.name == write::GROUP_NAME;
            if !entry.unique && !is_group_name {
                continue;
            }
            let is_new = !before.contains(&entry);
            let key = keys::unique(self.tenant, resource_type.code, entry.attribute, &entry.value).into_boxed_slice();
            let Some((first, first_is_new)) = self.holders.get(&key).copied() else {
                self.holders.insert(key, (id, is_new));
                continue;
            };
            // A value is taken by what is stored and by what was sent.
            let text = written(&entry, [&new.stored, new.asserted()]);
            let collision = self.collisions.entry(key).or_insert_with(|| Collision {
                resource_type: resource_type.name.clone(),
                attribute: entry.name.to_owned(),
                value: text,
                ids: vec![first],
                is_new: first_is_new,
            });
            collision.is_new |= is_new;
            if collision.ids.len() < limits::COLLISION_RESOURCES_MAX {
                collision.ids.push(id);
            }
        }
    }

    /// Adds the default groups that users would be put into.
    async fn join_defaults(&self, met: &mut [Met]) -> Result<(), Error> {
        for (name, group) in &self.defaults {
            let row = |one: &Met| keys::member(self.tenant, group.id, group.generation, one.id);
            let rows: Vec<Vec<u8>> = met.iter().map(row).collect();
            let there = self.snapshot.get_many(&rows).await.map_err(store_error)?;
            for (one, row) in met.iter_mut().zip(there) {
                match &mut one.fate {
                    Fate::Refused(_) => {}
                    _ if row.is_some() => {}
                    fate => join(fate, name),
                }
            }
        }
        Ok(())
    }
}

/// Adds a group to what would be another one of a user.
fn join(fate: &mut Fate, group: &str) {
    if matches!(fate, Fate::Same) {
        *fate = Fate::Other { attributes: Vec::new(), rules: Vec::new() };
    }
    let Fate::Other { attributes, rules } = fate else { return };
    if !rules.iter().any(|rule| **rule == *names::DEFAULT_GROUPS) {
        rules.push(names::DEFAULT_GROUPS.into());
    }
    match attributes.iter_mut().find(|attribute| attribute.path == "groups") {
        Some(Attribute { after: Some(Value::Array(groups)), .. }) => groups.push(group.into()),
        _ => attributes.push(Attribute {
            path: "groups".to_owned(),
            before: None,
            after: Some(Value::Array(vec![group.into()])),
        }),
    }
}

/// Whether a rule's target lies at, or in, the attribute of this path, as [`change::attributes`] writes paths.
fn is_at(resource_type: &ResourceType, target: &str, path: &str) -> bool {
    let starts = |text: &str, start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    let own = &resource_type.schema.id;
    let target = match starts(target, own) {
        true => target.get(own.len() + 1..).unwrap_or_default(),
        false => target,
    };
    let rest = target.get(path.len()..).unwrap_or_default();
    starts(target, path) && (rest.is_empty() || rest.starts_with(['.', '[', ':']))
}

/// The value of an entry as a resource has it, at the top or in an extension; of a number, as its index has it.
fn written(entry: &index::Entry<'_>, forms: [&Map<String, Value>; 2]) -> String {
    let parts =
        forms.into_iter().flat_map(|form| std::iter::once(form).chain(form.values().filter_map(Value::as_object)));
    let mut texts = parts.filter_map(|part| part.get(entry.name)?.as_str());
    let is_it = |text: &&str| [*text, &*fold(text)].iter().any(|text| keys::index_value(text) == entry.value);
    match texts.find(is_it) {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(&entry.value).trim_end_matches('\0').to_owned(),
    }
}
