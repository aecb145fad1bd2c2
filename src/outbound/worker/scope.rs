//! What a target should have, by what the directory has: users and groups as the target sees them, and who is in which group, through
//! groups in groups as well, since the targets have none of these. It reads and sends nothing.

use crate::directory::record::{Member, Record};
use crate::directory::target::stored::{Kind, Target};
use crate::directory::tenant::Tenant;
use crate::directory::{generation, keys, membership};
use crate::limits;
use crate::mapping::outbound::{Outbound, Users};
use crate::mapping::pattern::Patterns;
use crate::outbound::plan::{Group, User};
use crate::outbound::{capability, scim};
use crate::scim::errors::{self, Error};
use crate::store::{Entry, Scan, Snapshot};
use serde_json::Map;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// What a target gets.
pub(super) struct Scope {
    tenant: Arc<Tenant>,
    outbound: Outbound,
    patterns: Patterns,
    target: Target,
    /// Groups can be members there.
    nests: bool,
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
    /// The users; through other groups too, unless these are groups in groups at the target.
    pub(super) users: BTreeSet<Uuid>,
    /// The groups, where the target has groups in groups.
    pub(super) groups: BTreeSet<Uuid>,
    /// There are groups in it.
    pub(super) is_nested: bool,
}

/// Groups that somebody is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups {
    /// Those that the target gets.
    pub(super) admitted: Vec<Uuid>,
    /// Why nobody can say of a group whether the target gets it.
    pub(super) unclear: Option<String>,
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
        let nests = capability::of(target.kind).nests;
        Ok(Scope { tenant, outbound, patterns, target: target.clone(), nests })
    }

    /// The tenant.
    pub(super) fn tenant(&self) -> Arc<Tenant> {
        self.tenant.clone()
    }

    /// A user, as the target should have him.
    pub(super) async fn user(&self, snapshot: &Snapshot, id: Uuid, now_ms: i64) -> Result<Wanted<User>, Error> {
        let Some(entry) = self.entry(snapshot, keys::USER, id).await? else { return Ok(Wanted::Nothing) };
        if self.target.users == Users::Members {
            let groups = self.groups_of(snapshot, id, now_ms).await?;
            match (groups.admitted.is_empty(), groups.unclear) {
                (true, Some(why)) => return Ok(Wanted::Unclear(why)),
                (true, None) => return Ok(Wanted::Nothing),
                (false, _) => {}
            }
        }
        let attributes = Record::decode(&entry.value)?.attributes()?;
        let person = match self.outbound.user(&attributes, now_ms) {
            Ok(person) => person,
            Err(why) => return Ok(Wanted::Unclear(why.to_string())),
        };
        let Target { kind, mapping, .. } = &self.target;
        let attributes = match kind {
            Kind::Scim | Kind::AtlassianCloud => scim::user(*kind, id, mapping, &person, &attributes),
            Kind::Jira | Kind::Confluence | Kind::Bitbucket => Map::new(),
        };
        Ok(Wanted::This(User { person, attributes }))
    }

    /// A group without its members, as the target should have it.
    pub(super) async fn group(&self, snapshot: &Snapshot, id: Uuid, now_ms: i64) -> Result<Wanted<Group>, Error> {
        let Some(entry) = self.entry(snapshot, keys::GROUP, id).await? else { return Ok(Wanted::Nothing) };
        let resource = Record::decode(&entry.value)?.attributes()?;
        let name = match self.outbound.group_name(&resource, now_ms) {
            Ok(name) if self.patterns.admits(&name) => name,
            Ok(_) => return Ok(Wanted::Nothing),
            Err(why) => return Ok(Wanted::Unclear(why.to_string())),
        };
        let kind = self.target.kind;
        let attributes = match kind {
            Kind::Scim | Kind::AtlassianCloud => scim::group(kind, id, &name, &resource),
            Kind::Jira | Kind::Confluence | Kind::Bitbucket => Map::new(),
        };
        Ok(Wanted::This(Group { name, attributes }))
    }

    /// The groups of the target that a user or group is in, directly or through others.
    pub(super) async fn groups_of(&self, snapshot: &Snapshot, member: Uuid, now_ms: i64) -> Result<Groups, Error> {
        let groups = membership::groups_of(snapshot, self.tenant.number, member).await?;
        let mut found = Groups::default();
        for group in groups.refs {
            match self.group(snapshot, group.id, now_ms).await? {
                Wanted::This(_) => found.admitted.push(group.id),
                Wanted::Nothing => {}
                Wanted::Unclear(why) => found.unclear = Some(why),
            }
        }
        Ok(found)
    }

    /// The groups of the target whose members a user or group should be. Where groups nest there, these are the nearest ones: a group that
    /// the target does not get is passed through.
    pub(super) async fn wanted_groups(&self, snapshot: &Snapshot, member: Uuid, now_ms: i64) -> Result<Groups, Error> {
        if !self.nests {
            return self.groups_of(snapshot, member, now_ms).await;
        }
        let mut found = Groups::default();
        let (mut waiting, mut seen) = (vec![member], BTreeSet::from([member]));
        while let Some(below) = waiting.pop() {
            let groups = membership::groups_of(snapshot, self.tenant.number, below).await?;
            for group in groups.refs.into_iter().filter(|group| group.direct) {
                if !seen.insert(group.id) {
                    continue;
                }
                match self.group(snapshot, group.id, now_ms).await? {
                    Wanted::This(_) => found.admitted.push(group.id),
                    Wanted::Nothing => waiting.push(group.id),
                    Wanted::Unclear(why) => found.unclear = Some(why),
                }
            }
        }
        Ok(found)
    }

    /// The groups that a group is in, directly or through others.
    pub(super) async fn groups_above(&self, snapshot: &Snapshot, group: Uuid) -> Result<Vec<Uuid>, Error> {
        let groups = membership::groups_of(snapshot, self.tenant.number, group).await?;
        Ok(groups.refs.into_iter().map(|group| group.id).collect())
    }

    /// Who is in a group.
    pub(super) async fn members(&self, snapshot: &Snapshot, group: Uuid, now_ms: i64) -> Result<Members, Error> {
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
                        keys::GROUP if self.stays_whole(snapshot, member, now_ms).await? => {
                            members.groups.insert(member);
                        }
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

    /// Whether a group in a group is one at the target as well.
    async fn stays_whole(&self, snapshot: &Snapshot, group: Uuid, now_ms: i64) -> Result<bool, Error> {
        Ok(self.nests && matches!(self.group(snapshot, group, now_ms).await?, Wanted::This(_)))
    }

    /// Whether the directory has a user or group.
    pub(super) async fn exists(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<bool, Error> {
        Ok(self.entry(snapshot, code, id).await?.is_some())
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

    async fn entry(&self, snapshot: &Snapshot, code: u8, id: Uuid) -> Result<Option<Entry>, Error> {
        snapshot.get(&keys::record(self.tenant.number, code, id)).await.map_err(unreadable)
    }
}

fn unreadable(error: crate::store::Error) -> Error {
    tracing::error!(%error, "a read failed");
    Error::new(errors::Kind::Unavailable, "the store cannot be read now; try again")
}
