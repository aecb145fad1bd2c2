//! The groups that somebody is in, directly and through other groups, by the rows that each membership has under its member.
//!
//! A row counts when its generation is the group's: a group that replaced its members at once, or that is gone, has rows that the
//! sweeper has not met yet.

use super::keys;
use super::record::Record;
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Scan, Snapshot, Stamp};
use std::collections::HashSet;
use uuid::Uuid;

/// A group, as an answer shows it to its member.
#[derive(Clone, Debug)]
pub struct GroupRef {
    /// Its id.
    pub id: Uuid,
    /// Its name as a JSON string.
    pub display: Vec<u8>,
    /// Whether the member is in it itself, and not through another group.
    pub direct: bool,
}

/// What the rows under one member say.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// When the member last joined or left a group.
    pub mark: Option<Stamp>,
    /// The groups, direct ones first.
    pub refs: Vec<GroupRef>,
    /// The newest change of any of these groups' own records.
    pub newest: u64,
}

/// One row: the group, and the generation of its members that the row is of.
pub type Row = (Uuid, u64);

/// All rows under `member`, whether they count or not, and the mark of their last change.
pub async fn rows(snapshot: &Snapshot, tenant: u32, member: Uuid) -> Result<(Option<Stamp>, Vec<Row>), Error> {
    let prefix = keys::memberships(tenant, member);
    let (mut mark, mut rows) = (None, Vec::new());
    let mut after: Option<Vec<u8>> = None;
    loop {
        let limit = limits::SCAN_ROWS;
        let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: false };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        for row in page.iter() {
            match keys::group_of_membership(row.key) {
                Some(pair) => rows.push(pair),
                None => mark = Some(row.stamp),
            }
        }
        match page.last_key() {
            Some(key) if page.len() == limit => after = Some(key.to_vec()),
            _ => return Ok((mark, rows)),
        }
    }
}

/// The groups that `member` is in.
pub async fn groups_of(snapshot: &Snapshot, tenant: u32, member: Uuid) -> Result<Groups, Error> {
    let (mark, direct) = rows(snapshot, tenant, member).await?;
    let mut groups = Groups { mark, ..Groups::default() };
    if direct.is_empty() {
        return Ok(groups);
    }
    let mut seen = HashSet::from([member]);
    collect(snapshot, tenant, &direct, true, &mut groups, &mut seen).await?;
    // Most tenants have no group in a group, and then nobody has to look.
    if snapshot.count(&keys::nested_count(tenant)).await.map_err(super::store_error)? > 0 {
        let mut next = 0;
        while let Some(group) = groups.refs.get(next).filter(|_| next < limits::EFFECTIVE_GROUPS_MAX) {
            let (_, above) = rows(snapshot, tenant, group.id).await?;
            collect(snapshot, tenant, &above, false, &mut groups, &mut seen).await?;
            next += 1;
        }
    }
    Ok(groups)
}

/// Whether `group` is `other` or is inside it, however deep.
pub async fn is_within(snapshot: &Snapshot, tenant: u32, group: Uuid, other: Uuid) -> Result<bool, Error> {
    let above = groups_of(snapshot, tenant, group).await?;
    Ok(group == other || above.refs.iter().any(|reference| reference.id == other))
}

async fn collect(
    snapshot: &Snapshot,
    tenant: u32,
    rows: &[Row],
    direct: bool,
    groups: &mut Groups,
    seen: &mut HashSet<Uuid>,
) -> Result<(), Error> {
    let records: Vec<Vec<u8>> = rows.iter().map(|(group, _)| keys::record(tenant, keys::GROUP, *group)).collect();
    let entries = snapshot.get_many(&records).await.map_err(super::store_error)?;
    for ((group, generation), entry) in rows.iter().zip(entries) {
        let Some(entry) = entry else { continue };
        let record = Record::decode(&entry.value)?;
        if record.generation == *generation && seen.insert(*group) {
            groups.newest = groups.newest.max(entry.stamp.revision);
            groups.refs.push(GroupRef { id: *group, display: record.display.to_vec(), direct });
        }
    }
    Ok(())
}
