//! What an operation of a bulk request depends on and changes, so that operations that have nothing to do with each other can be
//! done at once and the outcome is still that of doing them one after the other (RFC 7644 section 3.7).
//!
//! Two operations keep their order when one changes what the other one changes or refers to: the same resource, the same unique
//! value, the nesting of groups, or, where versions are compared, who is in which group. When it cannot be told cheaply which
//! values an operation takes or frees, it keeps its order with all that have to do with unique values of its type.

use super::super::index;
use crate::directory::record::Record;
use crate::directory::{Call, keys, store_error, view, write};
use crate::scim::bulk::{self, Ask, Method};
use crate::scim::dialect::Reading;
use crate::scim::errors::Error;
use crate::scim::filter::comparable;
use crate::scim::path::{self, Found};
use crate::scim::schema::ResourceType;
use crate::store::Snapshot;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Something that operations have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Thing {
    /// A resource, by its id or by the reference to it.
    Resource(String),
    /// A unique value: type, attribute, value as in keys.
    Value(u8, u8, Vec<u8>),
    /// All unique values of a type.
    Values(u8),
    /// Which groups contain which groups.
    Nesting,
    /// Who is in which group and what groups are called, which shows in the versions of both.
    Memberships,
}

/// Two operations that hold a thing keep their order, unless they hold it in the same shared way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    Alone,
    Shared(u8),
}

/// Refers to a resource, takes a value of its own, or changes memberships of groups without comparing versions.
const SOME: Hold = Hold::Shared(0);
/// Changes a user, which groups show.
const MEMBERS: Hold = Hold::Shared(1);

/// Works out, operation by operation in their order, which earlier ones each has to wait for.
pub(super) struct Touches<'a> {
    call: &'a Call<'a>,
    snapshot: &'a Snapshot,
    types: &'a [&'a ResourceType],
    /// The endpoints of what the request makes, by bulkId.
    made: HashMap<&'a str, &'a str>,
    /// Whether any operation compares versions.
    compares: bool,
    /// What was touched so far: by whom at last, and by whom before.
    holders: HashMap<Thing, Holders>,
    /// Resources that earlier operations change, so that their stored values say nothing.
    changed: HashSet<String>,
}

struct Holders {
    hold: Hold,
    now: Vec<usize>,
    before: Vec<usize>,
}

impl<'a> Touches<'a> {
    pub(super) fn new(
        call: &'a Call<'a>,
        snapshot: &'a Snapshot,
        types: &'a [&'a ResourceType],
        operations: &'a [bulk::Operation],
    ) -> Touches<'a> {
        let makers = bulk::makers(operations);
        let endpoint = |at: &usize| Some(operations.get(*at)?.ask.as_ref().ok()?.endpoint.as_str());
        let made = makers.iter().filter_map(|(name, at)| Some((*name, endpoint(at)?))).collect();
        let compares = operations.iter().any(|each| each.ask.as_ref().is_ok_and(|ask| ask.version.is_some()));
        Touches { call, snapshot, types, made, compares, holders: HashMap::new(), changed: HashSet::new() }
    }

    /// The steps that step `at` has to wait for.
    pub(super) async fn before(&mut self, at: usize, name: Option<&str>, ask: &Ask) -> Result<BTreeSet<usize>, Error> {
        let mut waits = BTreeSet::new();
        let Some(resource_type) = self.types.iter().find(|known| known.endpoint == ask.endpoint) else {
            return Ok(waits);
        };
        let own = match ask.method {
            Method::Post => name.map(|name| format!("bulkId:{name}")),
            _ => Some(ask.id.clone()),
        };
        let mut things: HashMap<Thing, Hold> = HashMap::new();
        let mut names_groups = false;
        for text in referred(&ask.data) {
            names_groups |= self.is_group(&text).await?;
            things.insert(Thing::Resource(text), SOME);
        }
        self.values(resource_type, ask, own.as_deref(), &mut things).await?;
        let is_group = keys::type_code(resource_type) == keys::GROUP;
        match (is_group, ask.method) {
            (false, _) => {}
            (true, _) if names_groups => drop(things.insert(Thing::Nesting, Hold::Alone)),
            (true, Method::Post) => {}
            // It may take a group out of one: circles that would have been are none afterwards.
            (true, _) => drop(things.insert(Thing::Nesting, SOME)),
        }
        if self.compares {
            match (is_group, ask.method) {
                (true, _) if ask.version.is_some() => drop(things.insert(Thing::Memberships, Hold::Alone)),
                (true, _) => drop(things.insert(Thing::Memberships, SOME)),
                (false, Method::Post) => {}
                (false, _) => drop(things.insert(Thing::Memberships, MEMBERS)),
            }
        }
        if let Some(own) = own {
            things.insert(Thing::Resource(own.clone()), Hold::Alone);
            self.changed.insert(own);
        }
        for (thing, hold) in things {
            self.hold(at, thing, hold, &mut waits);
        }
        Ok(waits)
    }

    fn hold(&mut self, at: usize, thing: Thing, hold: Hold, waits: &mut BTreeSet<usize>) {
        let holders =
            self.holders.entry(thing).or_insert_with(|| Holders { hold, now: Vec::new(), before: Vec::new() });
        if holders.hold != hold || hold == Hold::Alone {
            holders.before = std::mem::take(&mut holders.now);
            holders.hold = hold;
        }
        waits.extend(&holders.before);
        holders.now.push(at);
    }

    /// The unique values that an operation takes or frees.
    async fn values(
        &self,
        resource_type: &ResourceType,
        ask: &Ask,
        own: Option<&str>,
        things: &mut HashMap<Thing, Hold>,
    ) -> Result<(), Error> {
        let code = keys::type_code(resource_type);
        let mut of_extensions = resource_type.extensions.iter().flat_map(|extension| &extension.schema.attributes);
        if of_extensions.any(index::is_unique) {
            // What is unique deep in a body is not looked for: such operations come one after the other.
            things.insert(Thing::Values(code), Hold::Alone);
            return Ok(());
        }
        let unique = self.unique(resource_type);
        let is_stale = own.is_some_and(|own| self.changed.contains(own) || bulk::reference(own).is_some());
        let touched: BTreeSet<(u8, Vec<u8>)> = match ask.method {
            Method::Post => self.asked(resource_type, &unique, &ask.data),
            Method::Patch if !mentions(&ask.data, &unique) => return Ok(()),
            Method::Patch => {
                things.insert(Thing::Values(code), Hold::Alone);
                return Ok(());
            }
            Method::Put | Method::Delete if is_stale => {
                things.insert(Thing::Values(code), Hold::Alone);
                return Ok(());
            }
            Method::Put => {
                let old = self.stored(resource_type, &unique, &ask.id).await?;
                let new = self.asked(resource_type, &unique, &ask.data);
                old.symmetric_difference(&new).cloned().collect()
            }
            Method::Delete => self.stored(resource_type, &unique, &ask.id).await?,
        };
        if !touched.is_empty() {
            things.insert(Thing::Values(code), SOME);
        }
        things
            .extend(touched.into_iter().map(|(attribute, value)| (Thing::Value(code, attribute, value), Hold::Alone)));
        Ok(())
    }

    /// The names of the attributes that are unique in this tenant.
    fn unique(&self, resource_type: &ResourceType) -> Vec<String> {
        let common = ResourceType::common("externalId");
        let all = common.into_iter().chain(&resource_type.schema.attributes);
        let own = all.filter(|attribute| index::is_unique(attribute)).map(|attribute| attribute.name.clone());
        let also = write::also_unique(self.call, resource_type);
        own.chain(also.into_iter().map(str::to_owned)).collect()
    }

    /// The unique values in a body.
    fn asked(&self, resource_type: &ResourceType, unique: &[String], data: &Value) -> BTreeSet<(u8, Vec<u8>)> {
        let mut found = BTreeSet::new();
        let mut reading = Reading::new(&self.call.tenant.dialect);
        for (key, value) in data.as_object().into_iter().flatten() {
            let Found::Attr(attr) = path::find(resource_type, key, &mut reading) else { continue };
            let is_unique = attr.extension.is_none() && unique.contains(&attr.attribute.name);
            let Some(code) = keys::attribute_code(attr.attribute).filter(|_| is_unique) else { continue };
            bulk::texts(value, &mut |_, text| {
                found.insert((code, keys::index_value(&comparable(attr.attribute, text))));
            });
        }
        found
    }

    /// The unique values that a resource has now.
    async fn stored(
        &self,
        resource_type: &ResourceType,
        unique: &[String],
        id: &str,
    ) -> Result<BTreeSet<(u8, Vec<u8>)>, Error> {
        let Some(id) = view::parse_id(id) else { return Ok(BTreeSet::new()) };
        let key = keys::record(self.call.tenant.number, keys::type_code(resource_type), id);
        let Some(entry) = self.snapshot.get(&key).await.map_err(store_error)? else { return Ok(BTreeSet::new()) };
        let values = Record::decode(&entry.value)?.values()?;
        let entries = index::entries_of(resource_type, &values);
        let entries = entries.into_iter().filter(|entry| unique.iter().any(|name| name == entry.name));
        Ok(entries.map(|entry| (entry.attribute, entry.value)).collect())
    }

    async fn is_group(&self, text: &str) -> Result<bool, Error> {
        if let Some(name) = bulk::reference(text) {
            return Ok(self.made.get(name).is_some_and(|endpoint| super::is_of_groups(self.types, endpoint)));
        }
        let Some(id) = view::parse_id(text) else { return Ok(false) };
        let key = keys::record(self.call.tenant.number, keys::GROUP, id);
        Ok(self.snapshot.get(&key).await.map_err(store_error)?.is_some())
    }
}

/// All texts in a body that may be ids or references to resources.
fn referred(data: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    bulk::texts(data, &mut |_, text| {
        // Filters in paths have theirs between quotation marks.
        for part in text.split('"') {
            if view::parse_id(part).is_some() || bulk::reference(part).is_some() {
                found.insert(part.to_owned());
            }
        }
    });
    found
}

/// Whether a PATCH body speaks of any of these attributes, in a path or as a key.
fn mentions(data: &Value, names: &[String]) -> bool {
    let has = |text: &str| {
        let text = text.to_ascii_lowercase();
        names.iter().any(|name| text.contains(&name.to_ascii_lowercase()))
    };
    let mut rest = vec![data];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) if has(text) => return true,
            Value::Array(list) => rest.extend(list),
            Value::Object(object) if object.keys().any(|key| has(key)) => return true,
            Value::Object(object) => rest.extend(object.values()),
            _ => {}
        }
    }
    false
}
