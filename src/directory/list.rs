//! Lists: which resources match, in which order, and the page of them that was asked for (RFC 7644 section 3.4.2).

use super::answer::{Content, Draft};
use super::evaluate::{self, Needs};
use super::plan::{self, Plan};
use super::{Call, count, keys, view};
use crate::limits;
use crate::scim::datetime;
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::filter::{self, Expr, comparable};
use crate::scim::path::{self, Attr, Found};
use crate::scim::project::Projection;
use crate::scim::query::Query;
use crate::scim::schema::{Kind as Type, LIST_RESPONSE, ResourceType};
use crate::store::{Entry, Scan, Snapshot};
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The page of `query` over resources of these types, one type after the other unless they are sorted.
pub async fn list(
    call: &Call<'_>,
    types: &[&ResourceType],
    query: &Query,
    reading: &mut Reading<'_>,
) -> Result<Content, Error> {
    let parts = parts(types, query, reading)?;
    let snapshot = call.directory.snapshot().await?;
    let (total, page) = match query.sort_by {
        Some(_) => sorted(call, &snapshot, &parts, query).await?,
        None => unsorted(call, &snapshot, &parts, query).await?,
    };
    write(call, &snapshot, &parts, query, total, page).await
}

/// The ids of all resources of a type that a filter matches, in their order.
pub async fn matching_ids(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    filter: &str,
    reading: &mut Reading<'_>,
) -> Result<BTreeSet<Uuid>, Error> {
    let query = Query { filter: Some(filter.to_owned()), ..Query::default() };
    match parts(&[resource_type], &query, reading)?.first() {
        Some(part @ Part { filter: Some(filter), .. }) => matching(call, snapshot, part, filter).await,
        _ => Ok(BTreeSet::new()),
    }
}

/// One resource type's part of a list.
struct Part<'a> {
    resource_type: &'a ResourceType,
    filter: Option<Expr<'a>>,
    sort: Option<Attr<'a>>,
    projection: Projection<'a>,
}

/// A resource on the page: which part it is of, and its record.
struct Hit {
    part: usize,
    id: Uuid,
    entry: Entry,
}

fn parts<'a>(types: &[&'a ResourceType], query: &Query, reading: &mut Reading<'_>) -> Result<Vec<Part<'a>>, Error> {
    let mut parts = Vec::with_capacity(types.len());
    let mut unsortable = None;
    // The names that no type so far has. With several types, an attribute that some of them do not have is simply absent there.
    let mut unknown: Option<Vec<String>> = None;
    for resource_type in types {
        let filter = match &query.filter {
            Some(text) => Some(filter::parse(resource_type, text, reading)?),
            None => None,
        };
        let sort = match &query.sort_by {
            Some(name) => sort_attribute(resource_type, name, reading),
            None => None,
        };
        unsortable = unsortable.or(query.sort_by.as_ref().filter(|_| sort.is_none()));
        let projection = Projection::new(resource_type, &query.attributes, &query.excluded, reading);
        let here = filter.as_ref().map(|filter| filter.unknown.clone()).unwrap_or_default();
        unknown = Some(match unknown {
            Some(before) => before.into_iter().filter(|name| here.contains(name)).collect(),
            None => here,
        });
        parts.push(Part { resource_type, filter: filter.map(|filter| filter.expr), sort, projection });
    }
    if let Some(name) = unknown.iter().flatten().next() {
        let why = format!("the filter names '{}', which is an attribute of no schema", clip(name));
        return Err(Error::new(Kind::InvalidFilter, why));
    }
    if let Some(name) = unsortable.filter(|_| parts.iter().all(|part| part.sort.is_none())) {
        let why = format!("'sortBy' names '{}', by which nothing can be sorted", clip(name));
        return Err(Error::new(Kind::InvalidValue, why));
    }
    Ok(parts)
}

fn sort_attribute<'a>(resource_type: &'a ResourceType, name: &str, reading: &mut Reading<'_>) -> Option<Attr<'a>> {
    let Found::Attr(attr) = path::find(resource_type, name, reading) else { return None };
    // A complex attribute is sorted by its value (RFC 7644 section 3.4.2.3).
    let attr = match (attr.sub, attr.attribute.kind) {
        (None, Type::Complex) => Attr { sub: Some(attr.attribute.sub("value")?), ..attr },
        _ => attr,
    };
    (attr.leaf().returned != crate::scim::schema::Returned::Never).then_some(attr)
}

/// In the order of creation.
async fn unsorted(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    query: &Query,
) -> Result<(usize, Vec<Hit>), Error> {
    let (mut total, mut page) = (0, Vec::new());
    for (index, part) in parts.iter().enumerate() {
        let first = query.start_index - 1;
        let skip = first.saturating_sub(total);
        let wanted = query.count.saturating_sub(page.len());
        total += match &part.filter {
            None => {
                let count = count::total(snapshot, call.tenant.number, keys::type_code(part.resource_type)).await?;
                if skip < count && wanted > 0 {
                    page.extend(slice(call, snapshot, part, index, skip, wanted).await?);
                }
                count
            }
            Some(filter) => {
                let ids = matching(call, snapshot, part, filter).await?;
                let wanted: Vec<Uuid> = ids.iter().skip(skip).take(wanted).copied().collect();
                page.extend(load(call, snapshot, part, index, &wanted).await?);
                ids.len()
            }
        };
    }
    Ok((total, page))
}

/// A stretch of all resources of one type.
async fn slice(
    call: &Call<'_>,
    snapshot: &Snapshot,
    part: &Part<'_>,
    index: usize,
    skip: usize,
    wanted: usize,
) -> Result<Vec<Hit>, Error> {
    let code = keys::type_code(part.resource_type);
    let (after, skip) = count::seek(snapshot, call.tenant.number, code, skip).await?;
    let prefix = keys::records(call.tenant.number, code);
    let scan = Scan { prefix: &prefix, after: Some(&after), skip, limit: wanted, values: true };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    let hit = |row: crate::store::Row<'_>| {
        let entry = Entry { stamp: row.stamp, value: row.value.to_vec() };
        Some(Hit { part: index, id: keys::last_id(row.key)?, entry })
    };
    Ok(page.iter().filter_map(hit).collect())
}

async fn load(
    call: &Call<'_>,
    snapshot: &Snapshot,
    part: &Part<'_>,
    index: usize,
    ids: &[Uuid],
) -> Result<Vec<Hit>, Error> {
    let code = keys::type_code(part.resource_type);
    let records: Vec<Vec<u8>> = ids.iter().map(|id| keys::record(call.tenant.number, code, *id)).collect();
    let entries = snapshot.get_many(&records).await.map_err(super::store_error)?;
    let hits = ids.iter().zip(entries).filter_map(|(id, entry)| Some(Hit { part: index, id: *id, entry: entry? }));
    Ok(hits.collect())
}

/// The ids of all resources that match, in their order.
async fn matching(
    call: &Call<'_>,
    snapshot: &Snapshot,
    part: &Part<'_>,
    filter: &Expr<'_>,
) -> Result<BTreeSet<Uuid>, Error> {
    let tenant = call.tenant.number;
    let needs = Needs::of(Some(filter), None);
    let mut matched = BTreeSet::new();
    let Some(Plan { lookup, is_exact }) = plan::plan(part.resource_type, filter) else {
        each(call, snapshot, part, &needs, |id, document| {
            if filter.matches(&document) {
                matched.insert(id);
            }
        })
        .await?;
        return Ok(matched);
    };
    let candidates = plan::ids(snapshot, tenant, part.resource_type, &lookup).await?;
    if is_exact {
        return Ok(candidates);
    }
    let candidates: Vec<Uuid> = candidates.into_iter().collect();
    for ids in candidates.chunks(limits::SCAN_ROWS) {
        for Hit { id, entry, .. } in load(call, snapshot, part, 0, ids).await? {
            let document = evaluate::document(call, snapshot, part.resource_type, id, &entry, &needs).await?;
            if filter.matches(&document) {
                matched.insert(id);
            }
        }
    }
    Ok(matched)
}

/// Every resource of the part's type, page by page; `tooMany` past the limit.
async fn each(
    call: &Call<'_>,
    snapshot: &Snapshot,
    part: &Part<'_>,
    needs: &Needs,
    mut visit: impl FnMut(Uuid, Map<String, Value>),
) -> Result<(), Error> {
    let code = keys::type_code(part.resource_type);
    if count::total(snapshot, call.tenant.number, code).await? > limits::SCANNED_MAX {
        return Err(plan::too_many(limits::SCANNED_MAX));
    }
    let prefix = keys::records(call.tenant.number, code);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        for row in page.iter() {
            let Some(id) = keys::last_id(row.key) else { continue };
            let entry = Entry { stamp: row.stamp, value: row.value.to_vec() };
            visit(id, evaluate::document(call, snapshot, part.resource_type, id, &entry, needs).await?);
        }
        match page.last_key() {
            Some(key) if page.len() == limit => after = Some(key.to_vec()),
            _ => return Ok(()),
        }
        // A long scan gives the others a turn after every page.
        tokio::task::yield_now().await;
    }
}

/// By the value of an attribute.
async fn sorted(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    query: &Query,
) -> Result<(usize, Vec<Hit>), Error> {
    let mut keyed: Vec<(SortKey, usize, Uuid)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let needs = Needs::of(None, part.sort.as_ref());
        let key = |document: &Map<String, Value>| {
            part.sort.as_ref().map_or(SortKey::Missing, |attr| sort_key(attr, document))
        };
        match &part.filter {
            None => each(call, snapshot, part, &needs, |id, document| keyed.push((key(&document), index, id))).await?,
            Some(filter) => {
                let ids: Vec<Uuid> = matching(call, snapshot, part, filter).await?.into_iter().collect();
                for ids in ids.chunks(limits::SCAN_ROWS) {
                    for Hit { id, entry, .. } in load(call, snapshot, part, index, ids).await? {
                        let document =
                            evaluate::document(call, snapshot, part.resource_type, id, &entry, &needs).await?;
                        keyed.push((key(&document), index, id));
                    }
                }
            }
        }
        if keyed.len() > limits::SORTED_MAX {
            return Err(plan::too_many(limits::SORTED_MAX));
        }
    }
    keyed.sort_by(|a, b| match query.descending {
        false => a.0.order(&b.0).then_with(|| a.2.cmp(&b.2)),
        true => b.0.order(&a.0).then_with(|| a.2.cmp(&b.2)),
    });
    let mut page = Vec::new();
    for (_, index, id) in keyed.iter().skip(query.start_index - 1).take(query.count) {
        if let Some(part) = parts.get(*index) {
            page.extend(load(call, snapshot, part, *index, &[*id]).await?);
        }
    }
    Ok((keyed.len(), page))
}

/// What a resource is sorted by.
#[derive(Clone, Debug, PartialEq)]
enum SortKey {
    Boolean(bool),
    Number(f64),
    Time(i64),
    Text(String),
    /// After all values when ascending, and so before them when descending (RFC 7644 section 3.4.2.3).
    Missing,
}

impl SortKey {
    fn order(&self, other: &SortKey) -> Ordering {
        match (self, other) {
            (SortKey::Boolean(a), SortKey::Boolean(b)) => a.cmp(b),
            (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
            (SortKey::Time(a), SortKey::Time(b)) => a.cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            (a, b) => (*a == SortKey::Missing).cmp(&(*b == SortKey::Missing)),
        }
    }
}

/// Of several values the primary one counts, or else the first (RFC 7644 section 3.4.2.3).
fn sort_key(attr: &Attr<'_>, document: &Map<String, Value>) -> SortKey {
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
            None => SortKey::Text(comparable(attr.leaf(), text).into_owned()),
        },
        _ => SortKey::Missing,
    }
}

async fn write(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    query: &Query,
    total: usize,
    mut page: Vec<Hit>,
) -> Result<Content, Error> {
    // A page of unusually large resources is cut short rather than kept in memory whole; its itemsPerPage says so.
    let mut bytes = 0;
    let fits = page.iter().take_while(|hit| {
        bytes += hit.entry.value.len();
        bytes <= limits::PAGE_BYTES_MAX
    });
    let kept = fits.count().max(1);
    page.truncate(kept);
    let mut draft = Draft::default();
    draft.push(&format!(
        "{{\"schemas\":[\"{LIST_RESPONSE}\"],\"totalResults\":{total},\"startIndex\":{},\"itemsPerPage\":{},\"Resources\":[",
        query.start_index,
        page.len(),
    ));
    let mut is_first = true;
    for Hit { part, id, entry } in page {
        let Some(part) = parts.get(part) else { continue };
        if !std::mem::take(&mut is_first) {
            draft.push(",");
        }
        let view = view::of(call, snapshot, part.resource_type, id, entry).await?;
        draft.resource(call, snapshot, part.resource_type, &view, &part.projection).await?;
    }
    draft.push("]}");
    draft.finish(call, snapshot).await
}
