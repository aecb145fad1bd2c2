//! Lists: which resources match, in which order, and the page of them that was asked for (RFC 7644 section 3.4.2). Pages by
//! index are worked out here, pages by cursor (RFC 9865) in `walk.rs`, orders other than that of creation in `sort.rs`.

mod sort;
mod walk;

use self::sort::Order;
use super::answer::{Content, Draft};
use super::evaluate::{self, Needs};
use super::plan::{self, Plan};
use super::{Call, count, keys, view};
use crate::limits;
use crate::scim::dialect::Reading;
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::filter::{self, Expr};
use crate::scim::path::{self, Attr, Found};
use crate::scim::project::Projection;
use crate::scim::query::Query;
use crate::scim::schema::{Kind as Type, LIST_RESPONSE, ResourceType};
use crate::store::{Entry, Scan, Snapshot};
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
    let order = sort::order(call.tenant, &parts, query);
    let page = match &query.cursor {
        Some(cursor) => walk::page(call, &snapshot, types, &parts, order, query, cursor).await?,
        None => by_index(call, &snapshot, &parts, order, query).await?,
    };
    write(call, &snapshot, &parts, page).await
}

/// What a resource is sorted by. Texts stand in it as in index keys, so that an index is in this very order: whole, or, when they
/// are long, as their start and a hash, which puts texts with the same long start next to each other in an order of no meaning.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey {
    /// false, then true
    Boolean(bool),
    /// by size
    Number(f64),
    /// by the moment, whatever the time zone; milliseconds since the epoch
    Time(i64),
    /// by code points, after case folding unless the attribute is caseExact
    Text(Vec<u8>),
    /// After all values when ascending, and so before them when descending (RFC 7644 section 3.4.2.3).
    Missing,
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

/// A page, and what its head says.
struct Page {
    /// How many match, unless that is not known.
    total: Option<usize>,
    /// The position of the first one, when the pages go by index.
    start_index: Option<usize>,
    hits: Vec<Hit>,
    /// Cursors of the page after this one and of the one before.
    next: Option<String>,
    previous: Option<String>,
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

/// The page that starts at the query's index.
async fn by_index(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    order: Order,
    query: &Query,
) -> Result<Page, Error> {
    let (total, mut hits) = match order {
        Order::Created => unsorted(call, snapshot, parts, query).await?,
        Order::Index => sort::along_index(call, snapshot, parts, query).await?,
        Order::Sorted => sort::sorted(call, snapshot, parts, query).await?,
    };
    // A page of unusually large resources is cut short rather than kept in memory whole; its itemsPerPage says so.
    let kept = fitting(hits.iter());
    hits.truncate(kept);
    Ok(Page { total: Some(total), start_index: Some(query.start_index), hits, next: None, previous: None })
}

/// How many of the hits fit onto one page; one always does.
fn fitting<'h>(hits: impl Iterator<Item = &'h Hit>) -> usize {
    let mut bytes = 0;
    let fits = hits.take_while(|hit| {
        bytes += hit.entry.value.len();
        bytes <= limits::PAGE_BYTES_MAX
    });
    fits.count().max(1)
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
        let mut pages = Pages::new(call, snapshot, part).await?;
        while let Some(page) = pages.next(snapshot).await? {
            for (id, entry) in page {
                let resource = (part.resource_type, id, &entry);
                if evaluate::matches(call, snapshot, resource, &needs, filter).await? {
                    matched.insert(id);
                }
            }
        }
        return Ok(matched);
    };
    let candidates = plan::ids(snapshot, tenant, part.resource_type, &lookup).await?;
    if is_exact {
        return Ok(candidates);
    }
    let candidates: Vec<Uuid> = candidates.into_iter().collect();
    for ids in candidates.chunks(limits::SCAN_ROWS) {
        for Hit { id, entry, .. } in load(call, snapshot, part, 0, ids).await? {
            if evaluate::matches(call, snapshot, (part.resource_type, id, &entry), &needs, filter).await? {
                matched.insert(id);
            }
        }
    }
    Ok(matched)
}

/// All resources of a part's type, page by page.
struct Pages {
    prefix: Vec<u8>,
    after: Option<Vec<u8>>,
    is_end: bool,
}

impl Pages {
    /// `tooMany` past the limit.
    async fn new(call: &Call<'_>, snapshot: &Snapshot, part: &Part<'_>) -> Result<Pages, Error> {
        let code = keys::type_code(part.resource_type);
        if count::total(snapshot, call.tenant.number, code).await? > limits::SCANNED_MAX {
            return Err(plan::too_many(limits::SCANNED_MAX));
        }
        Ok(Pages { prefix: keys::records(call.tenant.number, code), after: None, is_end: false })
    }

    async fn next(&mut self, snapshot: &Snapshot) -> Result<Option<Vec<(Uuid, Entry)>>, Error> {
        if self.is_end {
            return Ok(None);
        }
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: &self.prefix, after: self.after.as_deref(), skip: 0, limit, values: true };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        self.is_end = page.len() < limit;
        self.after = page.last_key().map(<[u8]>::to_vec);
        // A long scan gives the others a turn after every page.
        tokio::task::yield_now().await;
        let entry = |row: crate::store::Row<'_>| {
            Some((keys::last_id(row.key)?, Entry { stamp: row.stamp, value: row.value.to_vec() }))
        };
        Ok(Some(page.iter().filter_map(entry).collect()))
    }
}

async fn write(call: &Call<'_>, snapshot: &Snapshot, parts: &[Part<'_>], page: Page) -> Result<Content, Error> {
    let mut draft = Draft::default();
    draft.push(&format!("{{\"schemas\":[\"{LIST_RESPONSE}\"],"));
    for (name, number) in [("totalResults", page.total), ("startIndex", page.start_index)] {
        if let Some(number) = number {
            draft.push(&format!("\"{name}\":{number},"));
        }
    }
    draft.push(&format!("\"itemsPerPage\":{},", page.hits.len()));
    for (name, cursor) in [("previousCursor", page.previous), ("nextCursor", page.next)] {
        if let Some(cursor) = cursor {
            draft.push(&format!("\"{name}\":\"{cursor}\","));
        }
    }
    draft.push("\"Resources\":[");
    let mut is_first = true;
    for Hit { part, id, entry } in page.hits {
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
