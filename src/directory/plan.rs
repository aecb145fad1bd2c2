//! How a filter finds its resources without looking at all of them: the index lookup that fits best, and whether its result
//! still has to be checked against the filter.

use super::members::named_id;
use super::{index, keys, membership, view};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::scim::filter::{Compare, Expr, Op, Operand};
use crate::scim::path::Attr;
use crate::scim::schema::{Kind as Type, ResourceType};
use crate::store::{Scan, Snapshot};
use std::borrow::Cow;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A lookup that yields every resource that a filter can match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// None can match.
    Nothing,
    /// At most this one.
    Id(Uuid),
    /// The holder of a unique value: the attribute's code, the value as in keys.
    Unique(u8, Vec<u8>),
    /// The holders of a value.
    Equal(u8, Vec<u8>),
    /// The groups that this resource is in itself.
    GroupsWith(Uuid),
    /// The holders of values that start so; whether the index is the unique one, the attribute's code, the start.
    Starting(bool, u8, String),
    /// Any of several.
    Any(Vec<Lookup>),
}

/// A lookup, and whether everything that it yields matches the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where to look.
    pub lookup: Lookup,
    /// Whether nothing needs to be checked.
    pub is_exact: bool,
}

/// The plan for a filter, or `None` when no index helps.
pub fn plan(resource_type: &ResourceType, filter: &Expr<'_>) -> Option<Plan> {
    match filter {
        Expr::And(all) => {
            let best = all.iter().filter_map(|expr| plan(resource_type, expr)).min_by_key(|plan| rank(&plan.lookup))?;
            Some(Plan { is_exact: false, ..best })
        }
        Expr::Or(any) => {
            let plans: Vec<Plan> = any.iter().map(|expr| plan(resource_type, expr)).collect::<Option<_>>()?;
            let is_exact = plans.iter().all(|plan| plan.is_exact);
            Some(Plan { lookup: Lookup::Any(plans.into_iter().map(|plan| plan.lookup).collect()), is_exact })
        }
        Expr::Compare(compare) => comparison(resource_type, &compare.attr, compare),
        Expr::Element(attr, inner) => element(resource_type, attr, inner),
        Expr::Never => Some(Plan { lookup: Lookup::Nothing, is_exact: true }),
        Expr::Not(_) | Expr::Present(_) => None,
    }
}

/// All ids that the lookup yields; `tooMany` past the limit.
pub async fn ids(
    snapshot: &Snapshot,
    tenant: u32,
    resource_type: &ResourceType,
    lookup: &Lookup,
) -> Result<BTreeSet<Uuid>, Error> {
    let mut ids = BTreeSet::new();
    let mut rest = vec![lookup];
    while let Some(lookup) = rest.pop() {
        match lookup {
            Lookup::Any(lookups) => rest.extend(lookups),
            simple => one(snapshot, tenant, resource_type, simple, &mut ids).await?,
        }
    }
    Ok(ids)
}

/// The better lookups first: the fewer resources one can yield.
fn rank(lookup: &Lookup) -> u8 {
    match lookup {
        Lookup::Nothing => 0,
        Lookup::Id(_) => 1,
        Lookup::Unique(..) => 2,
        Lookup::Equal(..) => 3,
        Lookup::GroupsWith(_) => 4,
        Lookup::Any(_) => 5,
        Lookup::Starting(..) => 6,
    }
}

fn comparison(resource_type: &ResourceType, attr: &Attr<'_>, compare: &Compare<'_>) -> Option<Plan> {
    if let Operand::Exact(raw) | Operand::Folded { raw, .. } = &compare.operand
        && compare.op == Op::Eq
    {
        let id = || view::parse_id(raw);
        if attr.is_core("id") {
            return Some(Plan { lookup: id().map_or(Lookup::Nothing, Lookup::Id), is_exact: true });
        }
        let is_group = keys::type_code(resource_type) == keys::GROUP;
        if is_group && attr.is_core("members") && attr.leaf().name == "value" {
            return Some(Plan { lookup: id().map_or(Lookup::Nothing, Lookup::GroupsWith), is_exact: true });
        }
    }
    let code = keys::attribute_code(attr.attribute).filter(|_| attr.attribute.indexed)?;
    // Of a complex attribute only `value` is indexed.
    if attr.sub.is_some_and(|sub| sub.name != "value") {
        return None;
    }
    let kind = attr.leaf().kind;
    let compared: Cow<'_, str> = match &compare.operand {
        Operand::Exact(text) | Operand::Folded { folded: text, .. } => text.into(),
        Operand::Number(number) => index::number_text(kind, *number)?.into(),
        Operand::Time(ms) => index::time_text(*ms).into(),
        Operand::Boolean(_) => return None,
    };
    let unique = index::is_unique(attr.attribute);
    match compare.op {
        Op::Eq if unique => Some(Plan { lookup: Lookup::Unique(code, keys::index_value(&compared)), is_exact: true }),
        Op::Eq => Some(Plan { lookup: Lookup::Equal(code, keys::index_value(&compared)), is_exact: true }),
        // The start of a time's text is no start in its index.
        Op::Sw if !compared.is_empty() && kind != Type::DateTime => {
            let mut end = compared.len().min(limits::INDEX_VALUE_BYTES_MAX);
            while !compared.is_char_boundary(end) {
                end -= 1;
            }
            let start = compared.get(..end)?.to_owned();
            Some(Plan { lookup: Lookup::Starting(unique, code, start), is_exact: end == compared.len() })
        }
        _ => None,
    }
}

/// `emails[type eq "work" and value eq "x"]` is found by its value, and `members[value eq "id"]` by the member.
fn element(resource_type: &ResourceType, attr: &Attr<'_>, inner: &Expr<'_>) -> Option<Plan> {
    let inexact = |plan: Plan| Plan { is_exact: false, ..plan };
    match inner {
        Expr::And(all) => all
            .iter()
            .filter_map(|expr| element(resource_type, attr, expr))
            .min_by_key(|plan| rank(&plan.lookup))
            .map(inexact),
        Expr::Compare(compare) if compare.attr.attribute.name == "value" => {
            let sub = attr.attribute.sub("value")?;
            comparison(resource_type, &Attr { sub: Some(sub), ..*attr }, compare).map(inexact)
        }
        _ => None,
    }
}

async fn one(
    snapshot: &Snapshot,
    tenant: u32,
    resource_type: &ResourceType,
    lookup: &Lookup,
    ids: &mut BTreeSet<Uuid>,
) -> Result<(), Error> {
    let code = keys::type_code(resource_type);
    match lookup {
        Lookup::Nothing | Lookup::Any(_) => {}
        Lookup::Id(id) => {
            let entry = snapshot.get(&keys::record(tenant, code, *id)).await.map_err(super::store_error)?;
            ids.extend(entry.map(|_| *id));
        }
        Lookup::Unique(attribute, value) => {
            let entry = snapshot.get(&keys::unique(tenant, code, *attribute, value)).await;
            let entry = entry.map_err(super::store_error)?;
            ids.extend(entry.and_then(|entry| Uuid::from_slice(&entry.value).ok()));
        }
        Lookup::Equal(attribute, value) => {
            let prefix = keys::index(tenant, code, *attribute, value);
            scan(snapshot, &prefix, false, |row| keys::last_id(row.key), ids).await?;
        }
        Lookup::Starting(unique, attribute, start) => {
            let prefix = keys::starting(*unique, tenant, code, *attribute, start);
            let id = |row: &crate::store::Row<'_>| match unique {
                true => Uuid::from_slice(row.value).ok(),
                false => keys::last_id(row.key),
            };
            scan(snapshot, &prefix, *unique, id, ids).await?;
        }
        Lookup::GroupsWith(member) => {
            let (_, rows) = membership::rows(snapshot, tenant, *member).await?;
            for (group, generation) in rows {
                let key = keys::record(tenant, keys::GROUP, group);
                if let Some(entry) = snapshot.get(&key).await.map_err(super::store_error)?
                    && super::record::Record::decode(&entry.value)?.generation == generation
                {
                    ids.insert(group);
                }
            }
        }
    }
    Ok(())
}

async fn scan(
    snapshot: &Snapshot,
    prefix: &[u8],
    values: bool,
    id: impl Fn(&crate::store::Row<'_>) -> Option<Uuid>,
    ids: &mut BTreeSet<Uuid>,
) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let scan = Scan { prefix, after: after.as_deref(), skip: 0, limit: limits::SCAN_ROWS, values };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        ids.extend(page.iter().filter_map(|row| id(&row)));
        if ids.len() > limits::CANDIDATES_MAX {
            return Err(too_many(limits::CANDIDATES_MAX));
        }
        match page.last_key() {
            Some(key) if page.len() == limits::SCAN_ROWS => after = Some(key.to_vec()),
            _ => return Ok(()),
        }
    }
}

/// The answer to a query that would look at more resources than the limit.
pub fn too_many(limit: usize) -> Error {
    let why =
        format!("the query would look at more than {limit} resources; filter by an indexed attribute with eq or sw");
    Error::new(Kind::TooMany, why)
}

/// The ids that a filter compares `members` with, when it does nothing else with them.
pub fn member_ids(filter: &Expr<'_>) -> Option<Vec<Uuid>> {
    let parsed = |id: Option<&str>| id.map(|id| Vec::from_iter(view::parse_id(id)));
    match filter {
        Expr::And(exprs) | Expr::Or(exprs) => {
            let parts: Option<Vec<_>> = exprs.iter().map(member_ids).collect();
            parts.map(|parts| parts.into_iter().flatten().collect())
        }
        Expr::Not(expr) => member_ids(expr),
        Expr::Compare(compare) if compare.attr.is_core("members") => parsed(named_id(filter)),
        Expr::Element(attr, inner) if attr.is_core("members") => parsed(named_id(inner)),
        Expr::Present(attr) if attr.is_core("members") => None,
        _ => Some(Vec::new()),
    }
}

#[cfg(test)]
mod tests;
