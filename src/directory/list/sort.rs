//! Orders other than that of creation (RFC 7644 section 3.4.2.3): along an index where there is one that fits, otherwise by sorting
//! what matches, up to a limit. Resources with the same value, or none, stand in the order of their creation.

use super::{Hit, Pages, Part, SortKey, load, matching};
use crate::directory::evaluate::{self, Needs};
use crate::directory::tenant::Tenant;
use crate::directory::{Call, count, index, keys, plan, store_error};
use crate::limits;
use crate::scim::datetime;
use crate::scim::errors::Error;
use crate::scim::filter::comparable;
use crate::scim::path::Attr;
use crate::scim::query::Query;
use crate::scim::schema::Kind as Type;
use crate::store::{Row, Scan, Snapshot};
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::HashSet;
use uuid::Uuid;

/// How a list gets into its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// That of creation, which is the order of ids and of records.
    Created,
    /// An index has all resources in the order that is wanted.
    Index,
    /// What matches has to be sorted.
    Sorted,
}

/// The order that is wanted. An index is walked when it has every resource of the type once: that of a required attribute with one
/// value that the schema makes unique (`userName`). It is walked forwards only.
pub(super) fn order(tenant: &Tenant, parts: &[Part<'_>], query: &Query) -> Order {
    if query.sort_by.is_none() {
        return Order::Created;
    }
    let [Part { sort: Some(attr), filter, .. }] = parts else { return Order::Sorted };
    if attr.is_core("id") && !query.descending {
        return Order::Created;
    }
    let is_whole = attr.attribute.required && index::is_unique(attr.attribute) && indexed(tenant, attr).is_some();
    match is_whole && filter.is_none() && !query.descending {
        true => Order::Index,
        false => Order::Sorted,
    }
}

/// A resource's place in the order: its key, its part, its id.
pub(super) type Keyed = (SortKey, usize, Uuid);

/// The page at the query's index of everything that matches, sorted.
pub(super) async fn sorted(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    query: &Query,
) -> Result<(usize, Vec<Hit>), Error> {
    let keyed = everything(call, snapshot, parts, query.descending).await?;
    let wanted = keyed.iter().skip(query.start_index - 1).take(query.count);
    Ok((keyed.len(), loaded(call, snapshot, parts, wanted).await?))
}

/// The page at the query's index, along the index of the attribute.
pub(super) async fn along_index(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    query: &Query,
) -> Result<(usize, Vec<Hit>), Error> {
    let total = counted(call, snapshot, parts).await?;
    let skip = query.start_index - 1;
    if skip >= total || query.count == 0 {
        return Ok((total, Vec::new()));
    }
    if skip > limits::SCANNED_MAX {
        return Err(plan::too_many(limits::SCANNED_MAX));
    }
    let page = stretch(call, snapshot, parts, None, skip, query.count).await?;
    Ok((total, loaded(call, snapshot, parts, page.iter()).await?))
}

/// Up to `wanted` resources along the index: those after a place, or all but the first `skip`.
pub(super) async fn stretch(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    after: Option<(&SortKey, Uuid)>,
    skip: usize,
    wanted: usize,
) -> Result<Vec<Keyed>, Error> {
    let [Part { resource_type, sort: Some(attr), .. }] = parts else { return Ok(Vec::new()) };
    let Some(attribute) = indexed(call.tenant, attr) else { return Ok(Vec::new()) };
    let prefix = keys::starting(true, call.tenant.number, keys::type_code(resource_type), attribute, "");
    // The value without its last byte comes right before the value: who has it may stand before the place or after it.
    let start = after.map(|(key, _)| match key {
        SortKey::Text(value) => [&prefix[..], value.split_last().map_or(&[][..], |(_, value)| value)].concat(),
        _ => prefix.clone(),
    });
    let limit = wanted.saturating_add(usize::from(after.is_some()));
    let scan = Scan { prefix: &prefix, after: start.as_deref(), skip, limit, values: true };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    let entries = page.iter().filter_map(|row| entry(&prefix, true, &row)).map(|(key, id)| (key, 0, id));
    let is_past = |(key, _, id): &Keyed| after.is_none_or(|(from, at)| key.order(from).then(id.cmp(&at)).is_gt());
    Ok(entries.filter(is_past).take(wanted).collect())
}

/// How many resources there are in all parts, whatever they hold.
pub(super) async fn counted(call: &Call<'_>, snapshot: &Snapshot, parts: &[Part<'_>]) -> Result<usize, Error> {
    let mut total = 0;
    for part in parts {
        total += count::total(snapshot, call.tenant.number, keys::type_code(part.resource_type)).await?;
    }
    Ok(total)
}

/// Everything that matches, in the order that is wanted; `tooMany` past the limit.
pub(super) async fn everything(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    descending: bool,
) -> Result<Vec<Keyed>, Error> {
    let mut keyed: Vec<Keyed> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        match (&part.filter, &part.sort) {
            (None, Some(attr)) if indexed(call.tenant, attr).is_some() => {
                from_index(call, snapshot, part, number, attr, &mut keyed).await?;
            }
            _ => from_records(call, snapshot, part, number, &mut keyed).await?,
        }
        if keyed.len() > limits::SORTED_MAX {
            return Err(plan::too_many(limits::SORTED_MAX));
        }
    }
    keyed.sort_unstable_by(|a, b| compare((&a.0, a.2), (&b.0, b.2), descending));
    Ok(keyed)
}

/// Which of two resources comes first.
pub(super) fn compare(a: (&SortKey, Uuid), b: (&SortKey, Uuid), descending: bool) -> Ordering {
    let by_key = match descending {
        false => a.0.order(b.0),
        true => b.0.order(a.0),
    };
    by_key.then_with(|| a.1.cmp(&b.1))
}

/// The records of resources, in the order of the list.
pub(super) async fn loaded<'k>(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    wanted: impl Iterator<Item = &'k Keyed>,
) -> Result<Vec<Hit>, Error> {
    let mut page = Vec::new();
    for (_, number, id) in wanted {
        if let Some(part) = parts.get(*number) {
            page.extend(load(call, snapshot, part, *number, &[*id]).await?);
        }
    }
    Ok(page)
}

/// The code of the index that has one entry at most for each resource, with the very value that the resource is sorted by. Where
/// a mapping is or was in force, resources may have two: the value that is stored and the one that was sent.
fn indexed(tenant: &Tenant, attr: &Attr<'_>) -> Option<u8> {
    let is_plain = attr.extension.is_none() && attr.sub.is_none() && !attr.attribute.multi_valued;
    let is_single = tenant.mapping_version == 0 && is_plain;
    keys::attribute_code(attr.attribute).filter(|_| is_single && attr.attribute.indexed)
}

/// Keys from an index alone, which is many times less work than reading every record. Who is not in it has no value.
async fn from_index(
    call: &Call<'_>,
    snapshot: &Snapshot,
    part: &Part<'_>,
    number: usize,
    attr: &Attr<'_>,
    keyed: &mut Vec<Keyed>,
) -> Result<(), Error> {
    let (tenant, code) = (call.tenant.number, keys::type_code(part.resource_type));
    let Some(attribute) = indexed(call.tenant, attr) else { return Ok(()) };
    let total = count::total(snapshot, tenant, code).await?;
    if total > limits::SORTED_MAX {
        return Err(plan::too_many(limits::SORTED_MAX));
    }
    let unique = index::is_unique(attr.attribute);
    let prefix = keys::starting(unique, tenant, code, attribute, "");
    let mut found: HashSet<Uuid> = HashSet::with_capacity(total);
    rows(snapshot, &prefix, unique, |row| {
        let Some((key, id)) = entry(&prefix, unique, row) else { return };
        found.insert(id);
        keyed.push((key, number, id));
    })
    .await?;
    if found.len() < total {
        rows(snapshot, &keys::records(tenant, code), false, |row| {
            keyed.extend(
                keys::last_id(row.key).filter(|id| !found.contains(id)).map(|id| (SortKey::Missing, number, id)),
            );
        })
        .await?;
    }
    Ok(())
}

/// Keys from the records of what matches.
async fn from_records(
    call: &Call<'_>,
    snapshot: &Snapshot,
    part: &Part<'_>,
    number: usize,
    keyed: &mut Vec<Keyed>,
) -> Result<(), Error> {
    let needs = Needs::of(None, part.sort.as_ref());
    let key =
        |document: &Map<String, Value>| part.sort.as_ref().map_or(SortKey::Missing, |attr| key_of(attr, document));
    let Some(filter) = &part.filter else {
        let mut pages = Pages::new(call, snapshot, part).await?;
        while let Some(page) = pages.next(snapshot).await? {
            for (id, entry) in page {
                let document = evaluate::document(call, snapshot, part.resource_type, id, &entry, &needs).await?;
                keyed.push((key(&document), number, id));
            }
        }
        return Ok(());
    };
    let ids: Vec<Uuid> = matching(call, snapshot, part, filter).await?.into_iter().collect();
    for ids in ids.chunks(limits::SCAN_ROWS) {
        for Hit { id, entry, .. } in load(call, snapshot, part, number, ids).await? {
            let document = evaluate::document(call, snapshot, part.resource_type, id, &entry, &needs).await?;
            keyed.push((key(&document), number, id));
        }
    }
    Ok(())
}

async fn rows(snapshot: &Snapshot, prefix: &[u8], values: bool, mut visit: impl FnMut(&Row<'_>)) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let scan = Scan { prefix, after: after.as_deref(), skip: 0, limit: limits::SCAN_ROWS, values };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        page.iter().for_each(|row| visit(&row));
        match page.last_key() {
            Some(key) if page.len() == limits::SCAN_ROWS => after = Some(key.to_vec()),
            _ => return Ok(()),
        }
        // A long scan gives the others a turn after every page.
        tokio::task::yield_now().await;
    }
}

/// The value and the resource of an index entry.
fn entry(prefix: &[u8], unique: bool, row: &Row<'_>) -> Option<(SortKey, Uuid)> {
    let value = row.key.strip_prefix(prefix)?;
    match unique {
        true => Some((SortKey::Text(value.to_vec()), Uuid::from_slice(row.value).ok()?)),
        false => {
            let (value, id) = value.split_last_chunk()?;
            Some((SortKey::Text(value.to_vec()), Uuid::from_bytes(*id)))
        }
    }
}

/// Of several values the primary one counts, or else the first (RFC 7644 section 3.4.2.3).
fn key_of(attr: &Attr<'_>, document: &Map<String, Value>) -> SortKey {
    let value = match attr.value(document) {
        Some(Value::Array(list)) => list.iter().find(|value| crate::scim::coerce::is_primary(value)).or(list.first()),
        single => single,
    };
    let value = match attr.sub {
        Some(sub) => value.and_then(|value| value.get(&sub.name)),
        None => value,
    };
    match value {
        Some(Value::Bool(value)) => SortKey::Boolean(*value),
        Some(Value::Number(number)) => number.as_f64().map_or(SortKey::Missing, SortKey::Number),
        Some(Value::String(text)) => match datetime::parse_ms(text).filter(|_| attr.leaf().kind == Type::DateTime) {
            Some(ms) => SortKey::Time(ms),
            None => SortKey::Text(keys::index_value(&comparable(attr.leaf(), text))),
        },
        _ => SortKey::Missing,
    }
}

impl SortKey {
    /// Ascending.
    pub(super) fn order(&self, other: &SortKey) -> Ordering {
        match (self, other) {
            (SortKey::Boolean(a), SortKey::Boolean(b)) => a.cmp(b),
            (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
            (SortKey::Time(a), SortKey::Time(b)) => a.cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            // Several types may have attributes of one name and of different kinds.
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            SortKey::Boolean(_) => 0,
            SortKey::Number(_) => 1,
            SortKey::Time(_) => 2,
            SortKey::Text(_) => 3,
            SortKey::Missing => 4,
        }
    }

    /// As it stands in cursors.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.rank());
        match self {
            SortKey::Boolean(value) => out.push(u8::from(*value)),
            SortKey::Number(value) => out.extend_from_slice(&value.to_be_bytes()),
            SortKey::Time(ms) => out.extend_from_slice(&ms.to_be_bytes()),
            SortKey::Text(value) => out.extend_from_slice(value),
            SortKey::Missing => {}
        }
    }

    /// Reads what [`SortKey::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<SortKey> {
        match bytes {
            [0, value] => Some(SortKey::Boolean(*value == 1)),
            [1, number @ ..] => Some(SortKey::Number(f64::from_be_bytes(number.try_into().ok()?))),
            [2, ms @ ..] => Some(SortKey::Time(i64::from_be_bytes(ms.try_into().ok()?))),
            [3, value @ ..] => Some(SortKey::Text(value.to_vec())),
            [4] => Some(SortKey::Missing),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
