//! Pages by cursor (RFC 9865): a page goes on from a place, in either direction, and costs the same wherever that is. A walk
//! sees everything that was there throughout exactly once, whatever comes and goes meanwhile, because a place is not a position.
//!
//! `totalResults` is counted anew where that costs little (no filter, or one that an index answers). Otherwise it is counted for the
//! first page and handed on in the cursors; where even that is too much, it is left out, as the RFC allows.

use super::sort::{self, Keyed, Order};
use super::{Hit, Page, Part, SortKey, fitting, load, matching};
use crate::directory::cursor::{self, Binding, Cursor, Place, Seek};
use crate::directory::evaluate::{self, Needs};
use crate::directory::plan::{self, Plan};
use crate::directory::{Call, count, keys, store_error};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::scim::query::Query;
use crate::scim::schema::ResourceType;
use crate::store::{Entry, Scan, Snapshot};
use uuid::Uuid;

/// The page at a cursor; the first one when it is empty.
pub(super) async fn page(
    call: &Call<'_>,
    snapshot: &Snapshot,
    types: &[&ResourceType],
    parts: &[Part<'_>],
    order: Order,
    query: &Query,
    text: &str,
) -> Result<Page, Error> {
    let secret = cursor::secret(call.directory).await?;
    let binding = Binding::new(call.tenant.number, types, query);
    let now_ms = call.directory.clock.now_ms();
    let from = match text {
        "" => None,
        text => Some(cursor::read(secret, &binding, text, now_ms)?),
    };
    if let Some(from) = from.as_ref().filter(|from| from.count != query.count) {
        let why = format!("'count' must stay {} throughout the walk that the cursor belongs to", from.count);
        return Err(Error::new(Kind::InvalidCount, why));
    }
    let seek = from.as_ref().map(|from| &from.seek);
    let (total, found) = match order {
        Order::Created => created(call, snapshot, parts, query.count, from.as_ref()).await?,
        Order::Index => along_index(call, snapshot, parts, query.count, seek).await?,
        Order::Sorted => sorted(call, snapshot, parts, query, seek).await?,
    };
    let turn = Turn::of(found, query.count, seek);
    let expires_ms = now_ms.saturating_add(i64::from(limits::CURSOR_S_MAX) * 1_000);
    let sealed = |seek: Option<Seek>| {
        seek.map(|seek| cursor::write(secret, &binding, &Cursor { expires_ms, count: query.count, total, seek }))
    };
    // Backwards along an index everything is sorted, which has its limit: there is no way back beyond it.
    let has_way_back = order != Order::Index || total.is_none_or(|total| total <= limits::SORTED_MAX);
    let (next, previous) = (sealed(turn.next), sealed(turn.previous.filter(|_| has_way_back)));
    let hits = turn.kept.into_iter().map(|(hit, _)| hit).collect();
    Ok(Page { total, start_index: None, hits, next, previous })
}

/// What lies in the direction of a walk, in the order of the list: one more than the page has, if there are so many.
struct Found {
    /// Each with what it is sorted by, if anything.
    hits: Vec<(Hit, Option<SortKey>)>,
    /// Where the search was given up, with fewer hits than were wanted and more to look at.
    given_up: Option<Place>,
}

/// A page and the ways on from it.
struct Turn {
    kept: Vec<(Hit, Option<SortKey>)>,
    next: Option<Seek>,
    previous: Option<Seek>,
}

impl Turn {
    fn of(Found { mut hits, given_up }: Found, count: usize, from: Option<&Seek>) -> Turn {
        let forward = from.is_none_or(|from| from.forward);
        let kept = match forward {
            true => fitting(hits.iter().map(|(hit, _)| hit)),
            false => fitting(hits.iter().rev().map(|(hit, _)| hit)),
        };
        let kept = kept.min(count);
        // What did not fit is nearer than the place where the search was given up.
        let given_up = given_up.filter(|_| hits.len() <= kept);
        let is_more = hits.len() > kept || given_up.is_some();
        match forward {
            true => hits.truncate(kept),
            false => drop(hits.drain(..hits.len().saturating_sub(kept))),
        }
        // A page without resources is no place to go on from, in a walk that asks for none.
        if count == 0 {
            return Turn { kept: hits, next: None, previous: None };
        }
        let place = |hit: Option<&(Hit, Option<SortKey>)>| {
            hit.map(|(hit, key)| Place { part: hit.part, key: key.clone(), id: hit.id })
        };
        let (far, near) = match forward {
            true => (place(hits.last()), place(hits.first())),
            false => (place(hits.first()), place(hits.last())),
        };
        let on = given_up.or(far).filter(|_| is_more).map(|place| Seek { forward, place });
        // Where nothing is found the way back begins at the place that led here, and finds what stands there itself.
        let here = |from: &Seek| near.clone().unwrap_or_else(|| beside(&from.place, forward));
        let back = from.map(|from| Seek { forward: !forward, place: here(from) });
        match forward {
            true => Turn { kept: hits, next: on, previous: back },
            false => Turn { kept: hits, next: back, previous: on },
        }
    }
}

/// The place next to one, so that turning round there finds what stands at the place itself.
fn beside(place: &Place, after: bool) -> Place {
    let id = place.id.as_u128();
    let id = if after { id.saturating_add(1) } else { id.saturating_sub(1) };
    Place { id: Uuid::from_u128(id), ..place.clone() }
}

/// Where the resources of one part are found, in the order of their ids.
enum Source {
    /// All records of the type.
    All,
    /// These.
    Listed(Vec<Uuid>),
}

/// A part made ready for a page.
struct Prepared {
    source: Source,
    /// Whether each resource still has to be checked against the filter.
    check: bool,
    /// How many match, if that is known.
    total: Option<usize>,
}

/// In the order of creation.
async fn created(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    count: usize,
    from: Option<&Cursor>,
) -> Result<(Option<usize>, Found), Error> {
    let mut ready = Vec::with_capacity(parts.len());
    for part in parts {
        ready.push(prepared(call, snapshot, part, from.is_none()).await?);
    }
    let counted: Option<usize> = ready.iter().map(|part| part.total).sum();
    let total = counted.or(from.and_then(|from| from.total));
    let seek = from.map(|from| &from.seek);
    let forward = seek.is_none_or(|seek| seek.forward);
    let mut search = Search { call, snapshot, forward, wanted: count + 1, looked: 0, hits: Vec::new(), given_up: None };
    let numbered = || parts.iter().zip(&ready).enumerate();
    let order: Vec<_> = if forward { numbered().collect() } else { numbered().rev().collect() };
    for (number, (part, prepared)) in order {
        let place = seek.map(|seek| &seek.place);
        let is_behind = place.is_some_and(|place| if forward { number < place.part } else { number > place.part });
        if count > 0 && !is_behind {
            let bound = place.filter(|place| place.part == number).map(|place| place.id);
            search.part(part, number, prepared, bound).await?;
        }
    }
    if !forward {
        search.hits.reverse();
    }
    let hits = search.hits.into_iter().map(|hit| (hit, None)).collect();
    Ok((total, Found { hits, given_up: search.given_up }))
}

async fn prepared(call: &Call<'_>, snapshot: &Snapshot, part: &Part<'_>, is_first: bool) -> Result<Prepared, Error> {
    let (tenant, code) = (call.tenant.number, keys::type_code(part.resource_type));
    let Some(filter) = &part.filter else {
        let total = count::total(snapshot, tenant, code).await?;
        return Ok(Prepared { source: Source::All, check: false, total: Some(total) });
    };
    let listed = |ids: std::collections::BTreeSet<Uuid>, check: bool| {
        let total = (!check).then_some(ids.len());
        Prepared { source: Source::Listed(ids.into_iter().collect()), check, total }
    };
    let found = plan::plan(part.resource_type, filter);
    let is_exact = found.as_ref().is_some_and(|found| found.is_exact);
    if is_exact || is_first {
        match matching(call, snapshot, part, filter).await {
            Ok(ids) => return Ok(listed(ids, false)),
            Err(error) if error.kind == Kind::TooMany && found.is_none() => {}
            Err(error) => return Err(error),
        }
    }
    match found {
        Some(Plan { lookup, .. }) => Ok(listed(plan::ids(snapshot, tenant, part.resource_type, &lookup).await?, true)),
        None => Ok(Prepared { source: Source::All, check: true, total: None }),
    }
}

/// A search for the resources of one page, in either direction.
struct Search<'a> {
    call: &'a Call<'a>,
    snapshot: &'a Snapshot,
    forward: bool,
    wanted: usize,
    /// How many resources were looked at, matching or not.
    looked: usize,
    /// In the direction of the search.
    hits: Vec<Hit>,
    given_up: Option<Place>,
}

impl Search<'_> {
    /// Goes on in one part, from a bound or from its end.
    async fn part(
        &mut self,
        part: &Part<'_>,
        number: usize,
        prepared: &Prepared,
        mut bound: Option<Uuid>,
    ) -> Result<(), Error> {
        let needs = Needs::of(part.filter.as_ref(), None);
        while self.hits.len() < self.wanted && self.given_up.is_none() {
            let size = match prepared.check {
                true => limits::SCAN_ROWS,
                false => self.wanted - self.hits.len(),
            };
            let mut chunk = match &prepared.source {
                Source::All => self.all(part, number, bound, size).await?,
                Source::Listed(ids) => self.listed(part, number, ids, bound, size).await?,
            };
            let is_last = chunk.len() < size;
            if !self.forward {
                chunk.reverse();
            }
            self.looked += chunk.len();
            for hit in chunk {
                bound = Some(hit.id);
                let resource_type = part.resource_type;
                let matches = match part.filter.as_ref().filter(|_| prepared.check) {
                    None => true,
                    Some(filter) => {
                        let resource = (resource_type, hit.id, &hit.entry);
                        evaluate::matches(self.call, self.snapshot, resource, &needs, filter).await?
                    }
                };
                if matches {
                    self.hits.push(hit);
                }
                if self.hits.len() == self.wanted {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
            // A page may have fewer resources than asked for, and the cursor goes on where the search was given up.
            if self.looked > limits::SCANNED_MAX {
                self.given_up = bound.map(|id| Place { part: number, key: None, id });
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Up to `size` records next to the bound, ascending. The store goes forwards only: backwards, the counters say which record is
    /// so many before the bound.
    async fn all(&self, part: &Part<'_>, number: usize, bound: Option<Uuid>, size: usize) -> Result<Vec<Hit>, Error> {
        let (tenant, code) = (self.call.tenant.number, keys::type_code(part.resource_type));
        let (after, skip, limit) = match (self.forward, bound) {
            (true, bound) => (bound.map(|id| keys::record(tenant, code, id)), 0, size),
            (false, bound) => {
                let before = match bound {
                    Some(id) => count::rank(self.snapshot, tenant, code, id).await?,
                    None => count::total(self.snapshot, tenant, code).await?,
                };
                let first = before.saturating_sub(size);
                let (after, skip) = count::seek(self.snapshot, tenant, code, first).await?;
                (Some(after), skip, before - first)
            }
        };
        let prefix = keys::records(tenant, code);
        let scan = Scan { prefix: &prefix, after: after.as_deref(), skip, limit, values: true };
        let page = self.snapshot.scan(&scan).await.map_err(store_error)?;
        let hit = |row: crate::store::Row<'_>| {
            let entry = Entry { stamp: row.stamp, value: row.value.to_vec() };
            Some(Hit { part: number, id: keys::last_id(row.key)?, entry })
        };
        Ok(page.iter().filter_map(hit).collect())
    }

    async fn listed(
        &self,
        part: &Part<'_>,
        number: usize,
        ids: &[Uuid],
        bound: Option<Uuid>,
        size: usize,
    ) -> Result<Vec<Hit>, Error> {
        let (start, end) = match (self.forward, bound) {
            (true, bound) => {
                let start = bound.map_or(0, |bound| ids.partition_point(|id| *id <= bound));
                (start, start.saturating_add(size).min(ids.len()))
            }
            (false, bound) => {
                let end = bound.map_or(ids.len(), |bound| ids.partition_point(|id| *id < bound));
                (end.saturating_sub(size), end)
            }
        };
        load(self.call, self.snapshot, part, number, ids.get(start..end).unwrap_or_default()).await
    }
}

/// Along the index of the attribute; backwards by everything that it has, because it is read forwards only.
async fn along_index(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    count: usize,
    seek: Option<&Seek>,
) -> Result<(Option<usize>, Found), Error> {
    let total = sort::counted(call, snapshot, parts).await?;
    let keyed = match seek {
        Some(Seek { forward: false, .. }) => {
            let all = sort::everything(call, snapshot, parts, false).await?;
            beyond(&all, count + 1, seek, false).to_vec()
        }
        seek => {
            let after = seek.and_then(|seek| Some((seek.place.key.as_ref()?, seek.place.id)));
            sort::stretch(call, snapshot, parts, after, 0, if count == 0 { 0 } else { count + 1 }).await?
        }
    };
    Ok((Some(total), found(call, snapshot, parts, &keyed).await?))
}

/// By sorting everything that matches.
async fn sorted(
    call: &Call<'_>,
    snapshot: &Snapshot,
    parts: &[Part<'_>],
    query: &Query,
    seek: Option<&Seek>,
) -> Result<(Option<usize>, Found), Error> {
    let all = sort::everything(call, snapshot, parts, query.descending).await?;
    let keyed = match query.count {
        0 => &[],
        count => beyond(&all, count + 1, seek, query.descending),
    };
    Ok((Some(all.len()), found(call, snapshot, parts, keyed).await?))
}

/// Up to `wanted` of a sorted list beyond a place.
fn beyond<'k>(all: &'k [Keyed], wanted: usize, seek: Option<&Seek>, descending: bool) -> &'k [Keyed] {
    let Some(Seek { forward, place }) = seek else {
        return all.get(..wanted.min(all.len())).unwrap_or_default();
    };
    let key = place.key.as_ref().unwrap_or(&SortKey::Missing);
    let side = |keyed: &Keyed| sort::compare((&keyed.0, keyed.2), (key, place.id), descending);
    let (start, end) = match forward {
        true => {
            let start = all.partition_point(|keyed| side(keyed).is_le());
            (start, start.saturating_add(wanted).min(all.len()))
        }
        false => {
            let end = all.partition_point(|keyed| side(keyed).is_lt());
            (end.saturating_sub(wanted), end)
        }
    };
    all.get(start..end).unwrap_or_default()
}

async fn found(call: &Call<'_>, snapshot: &Snapshot, parts: &[Part<'_>], keyed: &[Keyed]) -> Result<Found, Error> {
    let mut hits = Vec::with_capacity(keyed.len());
    for each in keyed {
        let loaded = sort::loaded(call, snapshot, parts, std::iter::once(each)).await?;
        hits.extend(loaded.into_iter().map(|hit| (hit, Some(each.0.clone()))));
    }
    Ok(Found { hits, given_up: None })
}

#[cfg(test)]
mod tests;
