//! What a change of definitions asks of the resources that are there, and whether they are so. A definition may change under what
//! uses it only as far as every stored value stays valid and every index complete.

use crate::directory::record::{Change, ChangeKind, Record};
use crate::directory::refused::Refused;
use crate::directory::{keys, record, store_error};
use crate::limits;
use crate::scim::resource::is_kept;
use crate::scim::schema::types::Types;
use crate::scim::schema::{Attribute, ResourceType};
use crate::store::{Scan, Snapshot};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What no resource of a type may have, or what each must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The type's number.
    code: u8,
    /// Its name.
    type_name: String,
    /// The URN of the extension; `None`: the core schema.
    urn: Option<String>,
    /// The attribute; `None`: the extension as a whole, or, of the core schema, the resource itself.
    attribute: Option<String>,
    /// The sub-attribute.
    sub: Option<String>,
    /// Each must have it, instead of none.
    is_required: bool,
}

/// What has to hold of the resources for `old` to become `new`.
pub fn demands(old: &Types, new: &Types) -> Vec<Demand> {
    let mut demands = Vec::new();
    for before in old.all() {
        let mut comparison = Comparison { before, urn: None, demands: &mut demands };
        match new.coded(before.code).filter(|after| after.schema.id == before.schema.id) {
            Some(after) => comparison.types(after),
            None => comparison.add(None, None, false),
        }
    }
    demands
}

impl Demand {
    /// Whether the resource with these attributes stands in the way.
    fn is_broken_by(&self, resource: &Map<String, Value>) -> bool {
        let holder = match &self.urn {
            Some(urn) => resource.get(urn).and_then(Value::as_object),
            None => Some(resource),
        };
        match (&self.attribute, holder) {
            (None, holder) => holder.is_some() != self.is_required,
            // An extension that is not there lacks nothing.
            (Some(_), None) => false,
            (Some(name), Some(holder)) => match (&self.sub, holder.get(name)) {
                (None, value) => value.is_some() != self.is_required,
                (Some(_), None) => false,
                (Some(sub), Some(Value::Array(list))) => {
                    list.iter().any(|element| element.get(sub).is_some() != self.is_required)
                }
                (Some(sub), Some(value)) => value.get(sub).is_some() != self.is_required,
            },
        }
    }

    fn refused(&self, id: Uuid) -> Refused {
        let name = [self.urn.as_deref(), self.attribute.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(":");
        let sub = self.sub.as_deref().map(|sub| format!(".{sub}")).unwrap_or_default();
        let of = &self.type_name;
        let why = match (self.is_required, name.is_empty()) {
            (true, _) => format!("'{name}{sub}' cannot become required while there is a {of} without it, such as {id}"),
            (false, true) => format!("'{of}' is in use: there is a {of} with the id {id}"),
            (false, false) => format!(
                "'{name}{sub}' is in use: the {of} {id} has it; what is in use cannot be removed, nor can its type, \
                 multiValued, caseExact, uniqueness or index change"
            ),
        };
        Refused::State { reason: "DEFINITION_IN_USE", why }
    }
}

struct Comparison<'a> {
    before: &'a ResourceType,
    urn: Option<&'a str>,
    demands: &'a mut Vec<Demand>,
}

impl Comparison<'_> {
    fn add(&mut self, attribute: Option<&str>, sub: Option<&str>, is_required: bool) {
        self.demands.push(Demand {
            code: self.before.code,
            type_name: self.before.name.clone(),
            urn: self.urn.map(str::to_owned),
            attribute: attribute.map(str::to_owned),
            sub: sub.map(str::to_owned),
            is_required,
        });
    }

    fn types(&mut self, after: &ResourceType) {
        self.attributes(&self.before.schema.attributes, &after.schema.attributes);
        let within = |urn: &str, of: &ResourceType| of.extensions.iter().position(|known| known.schema.id == urn);
        for extension in &self.before.extensions {
            let mut inner =
                Comparison { before: self.before, urn: Some(&extension.schema.id), demands: &mut *self.demands };
            let same = within(&extension.schema.id, after).and_then(|at| after.extensions.get(at));
            match same.filter(|same| same.bit == extension.bit) {
                None => inner.add(None, None, false),
                Some(same) => {
                    inner.attributes(&extension.schema.attributes, &same.schema.attributes);
                    if same.required && !extension.required {
                        inner.add(None, None, true);
                    }
                }
            }
        }
        for extension in &after.extensions {
            if extension.required && within(&extension.schema.id, self.before).is_none() {
                let urn = Some(extension.schema.id.as_str());
                Comparison { before: self.before, urn, demands: &mut *self.demands }.add(None, None, true);
            }
        }
    }

    fn attributes(&mut self, before: &[Attribute], after: &[Attribute]) {
        for old in before.iter().filter(|old| is_kept(old)) {
            match named(after, &old.name) {
                Some(new) if is_compatible(old, new) => {
                    if new.required && !old.required {
                        self.add(Some(&new.name), None, true);
                    }
                    self.parts(old, new);
                }
                _ => self.add(Some(&old.name), None, false),
            }
        }
        let is_new = |new: &&Attribute| named(before, &new.name).is_none_or(|old| !is_kept(old));
        for new in after.iter().filter(is_new).filter(|new| new.required) {
            self.add(Some(&new.name), None, true);
        }
    }

    fn parts(&mut self, old: &Attribute, new: &Attribute) {
        for part in old.sub_attributes.iter().filter(|part| is_kept(part)) {
            match named(&new.sub_attributes, &part.name) {
                Some(same) if is_compatible(part, same) => {
                    if same.required && !part.required {
                        self.add(Some(&new.name), Some(&part.name), true);
                    }
                }
                _ => self.add(Some(&old.name), Some(&part.name), false),
            }
        }
        for part in new.sub_attributes.iter().filter(|part| part.required) {
            if named(&old.sub_attributes, &part.name).is_none_or(|old| !is_kept(old)) {
                self.add(Some(&new.name), Some(&part.name), true);
            }
        }
    }
}

/// Stored names are as the schema spells them.
fn named<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|known| known.name == name)
}

/// Whether values and index entries of the one are values and index entries of the other.
fn is_compatible(old: &Attribute, new: &Attribute) -> bool {
    let form = |a: &Attribute| (a.kind, a.multi_valued, a.case_exact, a.uniqueness, a.indexed, a.index_code);
    form(old) == form(new) && is_kept(new)
}

/// Refuses when a resource that the snapshot shows stands in the way.
pub async fn check(snapshot: &Snapshot, tenant: u32, demands: &[Demand]) -> Result<(), Refused> {
    let mut codes: Vec<u8> = demands.iter().map(|demand| demand.code).collect();
    codes.dedup();
    for code in codes {
        let prefix = keys::records(tenant, code);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let limit = limits::SCAN_ROWS;
            let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: true };
            let page = snapshot.scan(&scan).await.map_err(store_error)?;
            for row in page.iter() {
                is_met(demands, code, keys::last_id(row.key).unwrap_or_default(), row.value)?;
            }
            match page.last_key() {
                Some(key) if page.len() == limit => after = Some(key.to_vec()),
                _ => break,
            }
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// As [`check`], of the resources that were changed after the revision only.
pub async fn check_since(
    snapshot: &Snapshot,
    tenant: u32,
    types: &Types,
    demands: &[Demand],
    revision: u64,
) -> Result<(), Refused> {
    let prefix = keys::log(tenant);
    let mut after = keys::log_after(tenant, revision);
    loop {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: &prefix, after: Some(&after), skip: 0, limit, values: true };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        for row in page.iter() {
            let change: Change = record::unpack(row.value)?;
            let (Some(known), Ok(id)) = (types.named(&change.resource_type), Uuid::try_parse(&change.id)) else {
                continue;
            };
            if change.kind == ChangeKind::Delete || !demands.iter().any(|demand| demand.code == known.code) {
                continue;
            }
            let entry = snapshot.get(&keys::record(tenant, known.code, id)).await.map_err(store_error)?;
            if let Some(entry) = entry {
                is_met(demands, known.code, id, &entry.value)?;
            }
        }
        match page.last_key() {
            Some(key) if page.len() == limit => after = key.to_vec(),
            _ => return Ok(()),
        }
    }
}

fn is_met(demands: &[Demand], code: u8, id: Uuid, value: &[u8]) -> Result<(), Refused> {
    let values = Record::decode(value)?.values()?;
    let is_broken = |demand: &&Demand| {
        demand.code == code && (demand.is_broken_by(&values.stored) || demand.is_broken_by(values.asserted()))
    };
    let broken = demands.iter().find(is_broken);
    broken.map_or(Ok(()), |demand| Err(demand.refused(id)))
}
