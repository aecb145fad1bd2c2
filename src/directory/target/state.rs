//! What is kept of a target while it is served: how far it is, what it has, and what waits. Reading it is bounded page by page, and each
//! write is one commit, so that whatever was done there is noted before anything else is.

use super::stored::{Hold, Known, Membership, State, Trouble};
use crate::directory::audit::{self, Act, Admin};
use crate::directory::refused::Refused;
use crate::directory::{Directory, contended, keys, record, store_error};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Batch, Scan, Snapshot};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

/// A target by its numbers.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// Where it is kept.
    pub directory: &'a Directory,
    /// The tenant's number.
    pub tenant: u32,
    /// The target's number.
    pub target: u32,
}

/// A change of what is kept of a target.
#[derive(Clone, Debug)]
pub enum Note {
    /// How far it is.
    State(Box<State>),
    /// It has this of a user or group; `None`: nothing any more.
    Known(u8, Uuid, Option<Known>),
    /// It has a member (the second id) in a group (the first one), or no longer.
    Member(Uuid, Uuid, Option<Membership>),
    /// A resource waits or was given up; `None`: neither any more.
    Trouble(u8, Uuid, Option<Trouble>),
    /// A resource's step waits for approval; `None`: not any more.
    Hold(u8, Uuid, Option<Hold>),
}

/// Some rows, in the order of their keys.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows: of which type (0 where all are of one) and id, and what they say.
    pub rows: Vec<(u8, Uuid, T)>,
    /// The key after which to go on, when there may be more.
    pub next: Option<Vec<u8>>,
}

impl Site<'_> {
    /// Commits what is to be noted, as one. It is refused once the target is gone.
    pub async fn note(&self, notes: &[Note]) -> Result<(), Error> {
        if notes.is_empty() {
            return Ok(());
        }
        let (tenant, target) = (self.tenant, self.target);
        let snapshot = self.directory.snapshot().await?;
        let mut batch = super::of(self.directory, tenant);
        batch.expect_exists(keys::target(tenant, target));
        for note in notes {
            match note {
                Note::State(state) => batch.put(keys::target_state(tenant, target), record::pack(state)?),
                Note::Known(code, id, known) => {
                    self.call(&snapshot, &mut batch, (*code, *id), known.as_ref()).await?;
                    set(&mut batch, keys::target_known(tenant, target, *code, *id), known.as_ref())?;
                }
                Note::Member(group, member, membership) => {
                    set(&mut batch, keys::target_member(tenant, target, *group, *member), membership.as_ref())?;
                    let found_by_member = keys::target_membership(tenant, target, *member, *group);
                    match membership {
                        Some(_) => batch.put(found_by_member, record::PRESENT),
                        None => batch.delete(found_by_member),
                    }
                }
                Note::Trouble(code, id, trouble) => {
                    set(&mut batch, keys::target_trouble(tenant, target, *code, *id), trouble.as_ref())?;
                }
                Note::Hold(code, id, hold) => {
                    set(&mut batch, keys::target_hold(tenant, target, *code, *id), hold.as_ref())?;
                }
            }
        }
        self.directory.commit(batch).await?.map(drop).ok_or_else(contended)
    }

    /// A user or group is found by what it is called now, and no longer by what it was called before.
    async fn call(
        &self,
        snapshot: &Snapshot,
        batch: &mut Batch,
        (code, id): (u8, Uuid),
        now: Option<&Known>,
    ) -> Result<(), Error> {
        let before = self.known(snapshot, code, id).await?.map(|before| before.calls).unwrap_or_default();
        let now = now.map_or(&[][..], |now| &now.calls);
        let key = |call: &str| keys::target_call(self.tenant, self.target, code, call);
        for call in before.iter().filter(|call| !now.contains(call)) {
            if self.row_of_call(snapshot, code, call).await? == Some(id) {
                batch.delete(key(call));
            }
        }
        for call in now.iter().filter(|call| !before.contains(call)) {
            batch.put(key(call), id.as_bytes().as_slice());
        }
        Ok(())
    }

    /// Who is called so there, or may be.
    pub async fn called(&self, snapshot: &Snapshot, code: u8, call: &str) -> Result<Option<Uuid>, Error> {
        let Some(id) = self.row_of_call(snapshot, code, call).await? else { return Ok(None) };
        let known = self.known(snapshot, code, id).await?;
        Ok(known.is_some_and(|known| known.calls.iter().any(|its| its == call)).then_some(id))
    }

    async fn row_of_call(&self, snapshot: &Snapshot, code: u8, call: &str) -> Result<Option<Uuid>, Error> {
        let entry =
            snapshot.get(&keys::target_call(self.tenant, self.target, code, call)).await.map_err(store_error)?;
        Ok(entry.and_then(|entry| Uuid::from_slice(&entry.value).ok()))
    }

    /// How far it is.
    pub async fn state(&self, snapshot: &Snapshot) -> Result<State, Error> {
        Ok(get(snapshot, &keys::target_state(self.tenant, self.target)).await?.unwrap_or_default())
    }

    /// What it has of a user or group.
    pub async fn known(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Option<Known>, Error> {
        get(snapshot, &keys::target_known(self.tenant, self.target, code, id)).await
    }

    /// Whether it has the member in the group; where that is in doubt, it counts as not having him.
    pub async fn is_member(&self, snapshot: &Snapshot, group: Uuid, member: Uuid) -> Result<bool, Error> {
        let key = keys::target_member(self.tenant, self.target, group, member);
        Ok(get::<Membership>(snapshot, &key).await?.is_some_and(|membership| !membership.doubt))
    }

    /// The trouble with a resource.
    pub async fn trouble(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Option<Trouble>, Error> {
        get(snapshot, &keys::target_trouble(self.tenant, self.target, code, id)).await
    }

    /// What waits for approval of a resource.
    pub async fn hold(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Option<Hold>, Error> {
        get(snapshot, &keys::target_hold(self.tenant, self.target, code, id)).await
    }

    /// A page of what it has of users or groups.
    pub async fn all_known(
        &self,
        snapshot: &Snapshot,
        code: u8,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Rows<Known>, Error> {
        rows(snapshot, &keys::target_known_all(self.tenant, self.target, code), after, limit, Ending::Id).await
    }

    /// A page of the members that it has in a group.
    pub async fn members(
        &self,
        snapshot: &Snapshot,
        group: Uuid,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Rows<Membership>, Error> {
        rows(snapshot, &keys::target_members(self.tenant, self.target, group), after, limit, Ending::Id).await
    }

    /// The groups in which it has a member.
    pub async fn memberships(&self, snapshot: &Snapshot, member: Uuid) -> Result<Vec<Uuid>, Error> {
        let prefix = keys::target_memberships(self.tenant, self.target, member);
        let (mut groups, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let limit = limits::SCAN_ROWS;
            let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: false };
            let page = snapshot.scan(&scan).await.map_err(store_error)?;
            groups.extend(page.iter().filter_map(|row| keys::last_id(row.key)));
            match page.last_key() {
                Some(last) if page.len() == limit => after = Some(last.to_vec()),
                _ => return Ok(groups),
            }
        }
    }

    /// A page of the resources that wait or were given up.
    pub async fn troubles(
        &self,
        snapshot: &Snapshot,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Rows<Trouble>, Error> {
        rows(snapshot, &keys::target_troubles(self.tenant, self.target), after, limit, Ending::TypeAndId).await
    }

    /// A page of the resources whose steps wait for approval.
    pub async fn holds(&self, snapshot: &Snapshot, after: Option<&[u8]>, limit: usize) -> Result<Rows<Hold>, Error> {
        rows(snapshot, &keys::target_holds(self.tenant, self.target), after, limit, Ending::TypeAndId).await
    }

    /// Lets everything that waits or was given up, or the one resource, be tried again at once, and says how many that are.
    pub async fn retry(&self, admin: &Admin, names: (&str, &str), only: Option<Uuid>) -> Result<u64, Refused> {
        let (mut count, mut after) = (0, None::<Vec<u8>>);
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.troubles(&snapshot, after.as_deref(), limits::TARGET_ROWS).await?;
            let chosen: Vec<_> = page.rows.iter().filter(|(_, id, _)| only.is_none_or(|only| only == *id)).collect();
            let mut batch = super::of(self.directory, self.tenant);
            for (code, id, trouble) in &chosen {
                let trouble = Trouble { attempts: 0, next_ms: Some(0), ..trouble.clone() };
                let key = keys::target_trouble(self.tenant, self.target, *code, *id);
                batch.put(key, record::pack(&trouble)?);
            }
            self.decided(batch, admin, ("target.retry", names), chosen.len()).await?;
            count += chosen.len() as u64;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Approves all steps that wait, or those of the one resource, and says how many resources that are.
    pub async fn approve(&self, admin: &Admin, names: (&str, &str), only: Option<Uuid>) -> Result<u64, Refused> {
        let (mut count, mut after) = (0, None::<Vec<u8>>);
        loop {
            let snapshot = self.directory.snapshot().await?;
            let page = self.holds(&snapshot, after.as_deref(), limits::TARGET_ROWS).await?;
            let chosen: Vec<_> = page.rows.iter().filter(|(_, id, _)| only.is_none_or(|only| only == *id)).collect();
            let mut batch = super::of(self.directory, self.tenant);
            for (code, id, hold) in &chosen {
                let key = keys::target_hold(self.tenant, self.target, *code, *id);
                batch.put(key, record::pack(&Hold { approved: true, ..hold.clone() })?);
            }
            self.decided(batch, admin, ("target.approve", names), chosen.len()).await?;
            count += chosen.len() as u64;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Commits an admin's decision about so many resources.
    async fn decided(
        &self,
        mut batch: Batch,
        admin: &Admin,
        (action, (tenant, target)): (&str, (&str, &str)),
        resources: usize,
    ) -> Result<(), Error> {
        if resources == 0 {
            return Ok(());
        }
        let act = Act { action, tenant, target };
        audit::add(&mut batch, admin, act, None, Some(&json!({ "resources": resources })))?;
        self.directory.commit(batch).await?.map(drop).ok_or_else(contended)
    }
}

/// What is known of the target says nothing any more: it is read before anything else is done.
pub(super) async fn begin_anew(snapshot: &Snapshot, batch: &mut Batch, tenant: u32, target: u32) -> Result<(), Error> {
    let key = keys::target_state(tenant, target);
    let state: State = get(snapshot, &key).await?.unwrap_or_default();
    batch.put(key, record::pack(&State { epoch: state.epoch, ..State::default() })?);
    Ok(())
}

/// Removes all rows below a prefix, in bounded batches.
pub(super) async fn clear(directory: &Directory, prefix: &[u8]) -> Result<(), Error> {
    loop {
        let snapshot = directory.snapshot().await?;
        let scan = Scan { prefix, after: None, skip: 0, limit: limits::REMOVAL_ROWS, values: false };
        let page = snapshot.scan(&scan).await.map_err(store_error)?;
        if page.is_empty() {
            return Ok(());
        }
        let mut batch = directory.batch();
        page.iter().for_each(|row| batch.delete(row.key));
        directory.commit(batch).await?;
    }
}

/// What the keys of a page end with.
#[derive(Clone, Copy)]
enum Ending {
    Id,
    TypeAndId,
}

async fn rows<T: DeserializeOwned>(
    snapshot: &Snapshot,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
    ending: Ending,
) -> Result<Rows<T>, Error> {
    let scan = Scan { prefix, after, skip: 0, limit, values: true };
    let page = snapshot.scan(&scan).await.map_err(store_error)?;
    let mut rows = Vec::with_capacity(page.len());
    for row in page.iter() {
        let name = match ending {
            Ending::Id => keys::last_id(row.key).map(|id| (0, id)),
            Ending::TypeAndId => keys::resource_at_target(row.key),
        };
        if let Some((code, id)) = name {
            rows.push((code, id, record::unpack(row.value)?));
        }
    }
    let next = page.last_key().filter(|_| page.len() == limit).map(<[u8]>::to_vec);
    Ok(Rows { rows, next })
}

async fn get<T: DeserializeOwned>(snapshot: &Snapshot, key: &[u8]) -> Result<Option<T>, Error> {
    let entry = snapshot.get(key).await.map_err(store_error)?;
    entry.map(|entry| record::unpack(&entry.value)).transpose()
}

fn set(batch: &mut Batch, key: Vec<u8>, value: Option<&impl Serialize>) -> Result<(), Error> {
    match value {
        Some(value) => batch.put(key, record::pack(value)?),
        None => batch.delete(key),
    }
    Ok(())
}
