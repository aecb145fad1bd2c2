//! Making an application's sight from nothing: every group and every user is read once, a piece at a time.

use super::index::Index;
use super::text;
use crate::directory::application::Application;
use crate::directory::record::Record;
use crate::directory::{keys, membership, store_error};
use crate::limits;
use crate::mapping::outbound::Users;
use crate::scim::errors::{Error, Kind};
use crate::store::{Entry, Page, Scan, Snapshot};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use uuid::Uuid;

/// What is to be read, and as what.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// Whose sight it is.
    pub(super) application: &'a Application,
    /// Where it is read.
    pub(super) snapshot: &'a Snapshot,
    /// The time for expressions that ask for it, in milliseconds since the epoch.
    pub(super) now_ms: i64,
    /// How many could not be named.
    pub(super) unnamed: &'a AtomicUsize,
}

/// How many of those that cannot be named the log tells one by one.
const TOLD: usize = 20;

/// The sight at the snapshot.
pub(super) async fn build(source: Source<'_>) -> Result<Index, Error> {
    let mut index = Index::at(source.snapshot.revision());
    groups(source, &mut index).await?;
    match source.application.users {
        Users::All => every_user(source, &mut index).await?,
        Users::Members => {
            let mut ids: Vec<Uuid> = members(source, &index).await?.into_iter().collect();
            ids.sort_unstable();
            for ids in ids.chunks(limits::CROWD_ROWS) {
                for (id, name) in source.user_names(ids).await? {
                    index.users.set(id, name.as_deref());
                }
                fits(&index)?;
                tokio::task::yield_now().await;
            }
        }
    }
    let (unnamed, same_names) = (source.unnamed.load(Relaxed), index.users.waiting() + index.groups.waiting());
    if unnamed > TOLD {
        let (tenant, application) = (&source.application.tenant.name, &source.application.name);
        tracing::warn!(tenant, application, unnamed, "an application does not see all those that cannot be named");
    }
    let (tenant, application) = (&source.application.tenant.name, &source.application.name);
    let (users, groups) = (index.users.count(), index.groups.count());
    tracing::debug!(tenant, application, users, groups, same_names, "the names that an application sees were read");
    Ok(index)
}

/// Whoever is in a group that is seen, directly or not.
pub(super) async fn members(source: Source<'_>, index: &Index) -> Result<HashSet<Uuid>, Error> {
    let mut groups: HashSet<Uuid> = HashSet::new();
    let mut todo: Vec<Uuid> = index.groups.iter().map(|(id, _)| id).collect();
    while let Some(group) = todo.pop() {
        if groups.insert(group) {
            todo.extend(index.children(group));
        }
    }
    let mut members = HashSet::new();
    for group in groups {
        let Some(generation) = index.generation(group) else { continue };
        let prefix = keys::members(source.tenant(), group, generation);
        let mut after = None;
        while let Some(ids) = member_ids(source.snapshot, &prefix, &mut after).await? {
            members.extend(ids.into_iter().filter(|id| index.generation(*id).is_none()));
            if members.len() > limits::CROWD_NAMES_MAX {
                return Err(too_many());
            }
            tokio::task::yield_now().await;
        }
    }
    Ok(members)
}

/// Refuses to keep more than the limit.
pub(super) fn fits(index: &Index) -> Result<(), Error> {
    (index.count() <= limits::CROWD_NAMES_MAX).then_some(()).ok_or_else(too_many)
}

/// The ids of the next member rows below a prefix; `after` keeps the place.
pub(super) async fn member_ids(
    snapshot: &Snapshot,
    prefix: &[u8],
    after: &mut Option<Vec<u8>>,
) -> Result<Option<Vec<Uuid>>, Error> {
    let scan = Scan { prefix, after: after.as_deref(), skip: 0, limit: limits::CROWD_ROWS, values: false };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    *after = page.last_key().map(<[u8]>::to_vec);
    Ok((!page.is_empty()).then(|| page.iter().filter_map(|row| keys::last_id(row.key)).collect()))
}

/// The groups that somebody is in himself.
pub(super) async fn parents(snapshot: &Snapshot, tenant: u32, index: &Index, member: Uuid) -> Result<Vec<Uuid>, Error> {
    let (_, rows) = membership::rows(snapshot, tenant, member).await?;
    let valid = rows.into_iter().filter(|(group, generation)| index.generation(*group) == Some(*generation));
    Ok(valid.map(|(group, _)| group).collect())
}

fn too_many() -> Error {
    Error::new(Kind::TooMany, "the application would see more users and groups than their names can be kept of")
}

async fn groups(source: Source<'_>, index: &mut Index) -> Result<(), Error> {
    let tenant = source.tenant();
    let prefix = keys::records(tenant, keys::GROUP);
    let mut after = None;
    while let Some(page) = source.page(&prefix, &mut after).await? {
        for row in page.iter() {
            let Some(id) = keys::last_id(row.key) else { continue };
            let record = Record::decode(row.value)?;
            index.put_group(id, record.generation);
            let name = source.group_name(id, &record)?;
            index.groups.set(id, name.as_deref());
        }
        fits(index)?;
        tokio::task::yield_now().await;
    }
    if source.snapshot.count(&keys::nested_count(tenant)).await.map_err(store_error)? > 0 {
        let groups: Vec<Uuid> = index.every_group().collect();
        for group in groups {
            let parents = parents(source.snapshot, tenant, index, group).await?;
            index.put_parents(group, &parents);
        }
    }
    Ok(())
}

async fn every_user(source: Source<'_>, index: &mut Index) -> Result<(), Error> {
    let prefix = keys::records(source.tenant(), keys::USER);
    let mut after = None;
    while let Some(page) = source.page(&prefix, &mut after).await? {
        for row in page.iter() {
            let Some(id) = keys::last_id(row.key) else { continue };
            let name = source.user_name(id, &Record::decode(row.value)?)?;
            index.users.set(id, name.as_deref());
        }
        fits(index)?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

impl Source<'_> {
    /// The tenant's number.
    pub(super) fn tenant(&self) -> u32 {
        self.application.tenant.number
    }

    /// The name of a user as the application sees it; `None`: there is none, and so no such user.
    pub(super) fn user_name(&self, id: Uuid, record: &Record<'_>) -> Result<Option<String>, Error> {
        let named = self.application.outbound.user(&record.attributes()?, self.now_ms);
        Ok(self.usable(id, "User", named.map(|person| person.name).map_err(|failure| failure.to_string())))
    }

    /// The name of a group, if the filter admits it.
    pub(super) fn group_name(&self, id: Uuid, record: &Record<'_>) -> Result<Option<String>, Error> {
        let named = self.application.outbound.group_name(&record.attributes()?, self.now_ms);
        let name = self.usable(id, "Group", named.map_err(|failure| failure.to_string()));
        Ok(name.filter(|name| self.application.filter.admits(name)))
    }

    /// The names of users; those that are not there have none.
    pub(super) async fn user_names(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, Option<String>)>, Error> {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| keys::record(self.tenant(), keys::USER, *id)).collect();
        let entries = self.snapshot.get_many(&keys).await.map_err(store_error)?;
        let name = |(id, entry): (&Uuid, Option<Entry>)| match entry {
            Some(entry) => Ok((*id, self.user_name(*id, &Record::decode(&entry.value)?)?)),
            None => Ok((*id, None)),
        };
        ids.iter().zip(entries).map(name).collect()
    }

    /// One bad record is left out, and stops nothing else.
    fn usable(&self, id: Uuid, kind: &str, named: Result<String, String>) -> Option<String> {
        let why = match named {
            Ok(text) => match text::name(&text) {
                Some(name) => return Some(name.into_owned()),
                None => "its name is empty or too long".to_owned(),
            },
            Err(failure) => failure,
        };
        let (tenant, application) = (&self.application.tenant.name, &self.application.name);
        match self.unnamed.fetch_add(1, Relaxed) {
            TOLD.. => {}
            _ => {
                tracing::warn!(tenant, application, kind, %id, why, "an application does not see what cannot be named")
            }
        }
        None
    }

    async fn page(&self, prefix: &[u8], after: &mut Option<Vec<u8>>) -> Result<Option<Page>, Error> {
        let scan = Scan { prefix, after: after.as_deref(), skip: 0, limit: limits::CROWD_ROWS, values: true };
        let page = self.snapshot.scan(&scan).await.map_err(store_error)?;
        *after = page.last_key().map(<[u8]>::to_vec);
        Ok((!page.is_empty()).then_some(page))
    }
}
