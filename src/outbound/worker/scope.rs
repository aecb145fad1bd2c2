//! What a target should have, by what the directory has: users and groups as the target sees them, and who is in which group, through
//! groups in groups as well, since the targets have none of these. It reads and sends nothing.

use crate::directory::record::{Member, Record};
use crate::directory::target::stored::{Target, Users};
use crate::directory::tenant::Tenant;
use crate::directory::{generation, keys, membership};
use crate::limits;
use crate::mapping::outbound::{Outbound, Person};
use crate::mapping::pattern::Patterns;
use crate::scim::errors::{Error, Kind};
use crate::store::{Entry, Scan, Snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What a target gets.
pub(super) struct Scope {
    tenant: Arc<Tenant>,
    outbound: Outbound,
    patterns: Patterns,
    users: Users,
}

/// What a target should have of a resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted<T> {
    /// Nothing: it is gone, or not one of those that the target gets.
    Nothing,
    /// This.
    This(T),
    /// Nobody can say, for this reason: then it stays as it is there.
    Unclear(String),
}

/// Who is in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Members {
    /// The users, directly and through other groups.
    pub(super) users: BTreeSet<Uuid>,
    /// There are groups in it.
    pub(super) is_nested: bool,
}

impl Scope {
    /// Of a target's settings.
    ///
    /// # Errors
    /// An expression or pattern that is no longer right, as after a change of the tenant's schemas; as a sentence.
    pub(super) fn new(tenant: Arc<Tenant>, target: &Target) -> Result<Scope, String> {
        let outbound = Outbound::compile(&target.mapping, &tenant.types).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(|(field, why)| format!("{field}: {why}")).collect();
            format!("its mapping is no longer right: {}", problems.join("; "))
        })?;
        let patterns = Patterns::new(&target.groups_include, &target.groups_exclude)
            .map_err(|why| format!("its group filter is no longer right: {why}"))?;
        Ok(Scope { tenant, outbound, patterns, users: target.users })
    }

    /// A user, as the target should have him.
    pub(super) async fn person(&self, snapshot: &Snapshot, id: Uuid, now_ms: i64) -> Result<Wanted<Person>, Error> {
        let Some(entry) = self.entry(snapshot, keys::USER, id).await? else { return Ok(Wanted::Nothing) };
        if self.users == Users::Members && self.groups_of(snapshot, id, now_ms).await?.is_empty() {
            return Ok(Wanted::Nothing);
        }
        let attributes = Record::decode(&entry.value)?.attributes()?;
        Ok(match self.outbound.user(&attributes, now_ms) {
            Ok(person) => Wanted::This(person),
            Err(why) => Wanted::Unclear(why.to_string()),
        })
    }

    /// The name of a group, as the target should have it.
    pub(super) async fn group(&self, snapshot: &Snapshot, id: Uuid, now_ms: i64) -> Result<Wanted<String>, Error> {
        let Some(entry) = self.entry(snapshot, keys::GROUP, id).await? else { return Ok(Wanted::Nothing) };
        self.group_of(&entry, now_ms)
    }

    /// The groups of the target that a user is in, directly or through others.
    pub(super) async fn groups_of(&self, snapshot: &Snapshot, user: Uuid, now_ms: i64) -> Result<Vec<Uuid>, Error> {
        let groups = membership::groups_of(snapshot, self.tenant.number, user).await?;
        let mut admitted = Vec::new();
        for group in groups.refs {
            if matches!(self.group(snapshot, group.id, now_ms).await?, Wanted::This(_)) {
                admitted.push(group.id);
            }
        }
        Ok(admitted)
    }

    /// The groups that a group is in, directly or through others.
    pub(super) async fn groups_above(&self, snapshot: &Snapshot, group: Uuid) -> Result<Vec<Uuid>, Error> {
        let groups = membership::groups_of(snapshot, self.tenant.number, group).await?;
        Ok(groups.refs.into_iter().map(|group| group.id).collect())
    }

    /// Who is in a group.
    pub(super) async fn members(&self, snapshot: &Snapshot, group: Uuid) -> Result<Members, Error> {
        let mut members = Members::default();
        let (mut waiting, mut seen) = (vec![group], BTreeSet::from([group]));
        while let Some(id) = waiting.pop() {
            let Some(entry) = self.entry(snapshot, keys::GROUP, id).await? else { continue };
            let group = generation::of(&Record::decode(&entry.value)?, id);
            let prefix = keys::members(self.tenant.number, id, group.generation);
            let mut after: Option<Vec<u8>> = None;
            loop {
                let limit = limits::SCAN_ROWS;
                let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: true };
                let page = snapshot.scan(&scan).await.map_err(unreadable)?;
                for row in page.iter() {
                    let Some(member) = keys::last_id(row.key) else { continue };
                    match Member::decode(row.value)?.code {
                        keys::USER => drop(members.users.insert(member)),
                        keys::GROUP => {
                            members.is_nested = true;
                            if seen.insert(member) {
                                waiting.push(member);
                            }
                        }
                        _ => {}
                    }
                }
                match page.last_key() {
                    Some(last) if page.len() == limit => after = Some(last.to_vec()),
                    _ => break,
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(members)
    }

    /// A page of all users or groups, by their ids, after `after`.
    pub(super) async fn page(&self, snapshot: &Snapshot, code: u8, after: Option<Uuid>) -> Result<Vec<Uuid>, Error> {
        let number = self.tenant.number;
        let prefix = keys::records(number, code);
        let after = after.map(|id| keys::record(number, code, id));
        let limit = limits::TARGET_ROWS;
        let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: false };
        let page = snapshot.scan(&scan).await.map_err(unreadable)?;
        Ok(page.iter().filter_map(|row| keys::last_id(row.key)).collect())
    }

    fn group_of(&self, entry: &Entry, now_ms: i64) -> Result<Wanted<String>, Error> {
        let attributes = Record::decode(&entry.value)?.attributes()?;
        Ok(match self.outbound.group_name(&attributes, now_ms) {
            Ok(name) if self.patterns.admits(&name) => Wanted::This(name),
            Ok(_) => Wanted::Nothing,
            Err(why) => Wanted::Unclear(why.to_string()),
        })
    }

    async fn entry(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Option<Entry>, Error> {
        snapshot.get(&keys::record(self.tenant.number, code, id)).await.map_err(unreadable)
    }
}

fn unreadable(error: crate::store::Error) -> Error {
    tracing::error!(%error, "a read failed");
    Error::new(Kind::Unavailable, "the store cannot be read now; try again")
}
