//! Changing who is in a group. A change is worked out against the rows that are there, becomes row writes in the caller's batch, and
//! relies on each of those rows being still so: two requests about different members never meet.

use super::record::{self, Change, Member, Record};
use super::{Call, change, keys, membership, view};
use crate::limits;
use crate::scim::dialect::{Quirk, Reading};
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::filter::{Compare, Expr, Op, Operand};
use crate::scim::patch::{MemberRef, MembersChange};
use crate::store::{Batch, Entry, Scan, Snapshot};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use uuid::Uuid;

/// What a request asks of a group's members, as one step.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Nobody stays who is not listed.
    pub replaces: bool,
    /// Who is to be in (true) or out (false) at the end.
    pub state: HashMap<Uuid, bool>,
    /// The same ids in the order in which they came.
    pub order: Vec<Uuid>,
    /// Names that the client gives to members.
    pub names: HashMap<Uuid, String>,
    /// Whether somebody was left out whom nobody is; seen only when the members are looked up, which is after this was read.
    left_out: Arc<AtomicBool>,
}

/// The group that is changed.
#[derive(Clone, Copy)]
pub struct Group {
    /// Its id.
    pub id: Uuid,
    /// Its generation of member rows.
    pub generation: u64,
}

/// Row changes that fit into one batch.
#[derive(Debug, Default)]
pub struct Delta {
    /// Who comes.
    pub added: Vec<Joining>,
    /// Who goes.
    pub removed: Vec<Uuid>,
}

/// A user or group that is to be a member, as it is now.
#[derive(Debug)]
pub struct Joining {
    id: Uuid,
    code: u8,
    display: Vec<u8>,
    /// Its record, and the revision at which it was read: the row relies on both.
    record: (Vec<u8>, u64),
}

/// What it takes to get to the wanted members.
pub enum Plan {
    /// A few rows in the caller's batch; perhaps none.
    Delta(Delta),
    /// So many that a new generation of rows is written beside the old one.
    Generation,
}

impl Delta {
    /// Whether this one comes.
    pub fn adds(&self, id: Uuid) -> bool {
        self.added.iter().any(|joining| joining.id == id)
    }
}

impl Wanted {
    /// These and nobody else.
    pub fn exactly(call: &Call<'_>, members: &[MemberRef]) -> Result<Wanted, Error> {
        let mut wanted = Wanted { replaces: true, ..Wanted::default() };
        wanted.join(call, members)?;
        Ok(wanted)
    }

    /// Whether anything was asked for.
    pub fn is_empty(&self) -> bool {
        !self.replaces && self.state.is_empty()
    }

    /// Counts the quirk if somebody was left out whom nobody is.
    pub fn tell(&self, reading: &mut Reading<'_>) {
        if self.left_out.load(Relaxed) {
            reading.allows(Quirk::UnknownMember);
        }
    }

    /// Who is to be in, in the order in which they came.
    pub fn joining(&self) -> impl Iterator<Item = Uuid> {
        self.order.iter().copied().filter(|id| self.state.get(id) == Some(&true))
    }

    fn join(&mut self, call: &Call<'_>, members: &[MemberRef]) -> Result<(), Error> {
        for MemberRef { value, display } in members {
            let Some(id) = view::parse_id(value) else {
                unknown_member(call, value, &self.left_out)?;
                continue;
            };
            self.set(id, true);
            if let Some(display) = display {
                self.names.insert(id, display.clone());
            }
        }
        Ok(())
    }

    /// An id that is none cannot be a member, so that there is nothing to do for it.
    fn leave<'i>(&mut self, ids: impl IntoIterator<Item = &'i str>) {
        for id in ids.into_iter().filter_map(view::parse_id) {
            self.set(id, false);
        }
    }

    /// This one is to be in, or out.
    pub fn set(&mut self, id: Uuid, is_in: bool) {
        if self.state.insert(id, is_in).is_none() {
            self.order.push(id);
        }
    }

    fn replace(&mut self) {
        *self = Wanted { replaces: true, left_out: self.left_out.clone(), ..Wanted::default() };
    }
}

/// The steps of a PATCH as one. Filters that name ids are ids; other filters look at the members there are.
pub async fn wanted(
    call: &Call<'_>,
    snapshot: &Snapshot,
    group: Group,
    steps: &[MembersChange<'_>],
) -> Result<Wanted, Error> {
    let mut wanted = Wanted::default();
    for step in steps {
        match step {
            MembersChange::Add(members) => wanted.join(call, members)?,
            MembersChange::Remove(members) => wanted.leave(members.iter().map(|member| member.value.as_str())),
            MembersChange::Replace(members) => {
                wanted.replace();
                wanted.join(call, members)?;
            }
            MembersChange::RemoveWhere(filter) => leave_where(call, snapshot, group, filter, &mut wanted).await?,
            MembersChange::ReplaceWhere(filter, members) => {
                leave_where(call, snapshot, group, filter, &mut wanted).await?;
                wanted.join(call, members)?;
            }
        }
    }
    Ok(wanted)
}

/// How to get from the members there are to the wanted ones.
pub async fn plan(call: &Call<'_>, snapshot: &Snapshot, group: Group, wanted: &Wanted) -> Result<Plan, Error> {
    let tenant = call.tenant.number;
    if wanted.order.len() > limits::MEMBERS_DELTA_MAX {
        return Ok(Plan::Generation);
    }
    if !wanted.replaces {
        let rows: Vec<Vec<u8>> =
            wanted.order.iter().map(|id| keys::member(tenant, group.id, group.generation, *id)).collect();
        let there = snapshot.get_many(&rows).await.map_err(super::store_error)?;
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for (id, row) in wanted.order.iter().zip(there) {
            match (wanted.state.get(id), row.is_some()) {
                (Some(true), false) => added.push(*id),
                (Some(false), true) => removed.push(*id),
                _ => {}
            }
        }
        let added = look_up(call, snapshot, &added, wanted).await?;
        return Ok(Plan::Delta(Delta { added, removed }));
    }
    let count = snapshot.count(&keys::member_count(tenant, group.id, group.generation)).await;
    if usize::try_from(count.map_err(super::store_error)?).unwrap_or(0) > limits::MEMBERS_DELTA_MAX {
        return Ok(Plan::Generation);
    }
    let mut removed = Vec::new();
    let mut stays = std::collections::HashSet::new();
    let mut after = None;
    while let Some(page) = page(snapshot, tenant, group, &mut after).await? {
        for id in page.iter().filter_map(|row| keys::last_id(row.key)) {
            match wanted.state.get(&id) {
                Some(true) => {
                    stays.insert(id);
                }
                _ => removed.push(id),
            }
        }
    }
    let added: Vec<Uuid> = wanted.joining().filter(|id| !stays.contains(id)).collect();
    if added.len() + removed.len() > limits::MEMBERS_DELTA_MAX {
        return Ok(Plan::Generation);
    }
    let added = look_up(call, snapshot, &added, wanted).await?;
    Ok(Plan::Delta(Delta { added, removed }))
}

/// Puts the row changes and their counts, marks and log entry into the batch.
pub async fn apply(
    call: &Call<'_>,
    snapshot: &Snapshot,
    group: Group,
    delta: &Delta,
    batch: &mut Batch,
    log: &mut Change,
) -> Result<(), Error> {
    if delta.added.is_empty() && delta.removed.is_empty() {
        return Ok(());
    }
    let tenant = call.tenant.number;
    for member in &delta.added {
        let row = keys::member(tenant, group.id, group.generation, member.id);
        batch.expect_absent(row.clone());
        join(call, snapshot, group, member, row, batch).await?;
    }
    let mut nested = delta.added.iter().filter(|member| member.code == keys::GROUP).count() as i64;
    let rows: Vec<Vec<u8>> =
        delta.removed.iter().map(|id| keys::member(tenant, group.id, group.generation, *id)).collect();
    let old = snapshot.get_many(&rows).await.map_err(super::store_error)?;
    for ((id, row), old) in delta.removed.iter().zip(rows).zip(old) {
        let is_group = old.is_some_and(|old| Member::decode(&old.value).is_ok_and(|member| member.code == keys::GROUP));
        nested -= i64::from(is_group);
        batch.expect_exists(row.clone());
        batch.delete(row);
        batch.delete(keys::membership(tenant, *id, group.id, group.generation));
        batch.delete(keys::added_here(tenant, group.id, *id));
        batch.put(keys::memberships(tenant, *id), record::PRESENT);
    }
    count(batch, tenant, group, delta.added.len() as i64 - delta.removed.len() as i64, nested);
    batch.put(keys::members_mark(tenant, group.id), record::PRESENT);
    let added: Vec<Uuid> = delta.added.iter().map(|member| member.id).collect();
    change::members(log, &added, &delta.removed);
    Ok(())
}

/// Members of a new generation, into a batch of their own. Nobody sees them yet, but whoever renames or deletes one of them has to
/// see that there is a row, so the members are marked.
pub async fn fill(
    call: &Call<'_>,
    snapshot: &Snapshot,
    group: Group,
    (ids, wanted): (&[Uuid], &Wanted),
    batch: &mut Batch,
) -> Result<(), Error> {
    let joining = look_up(call, snapshot, ids, wanted).await?;
    for member in &joining {
        let row = keys::member(call.tenant.number, group.id, group.generation, member.id);
        join(call, snapshot, group, member, row, batch).await?;
    }
    let nested = joining.iter().filter(|member| member.code == keys::GROUP).count() as i64;
    count(batch, call.tenant.number, group, joining.len() as i64, nested);
    Ok(())
}

/// The next page of a group's rows; `after` keeps the place.
pub async fn page(
    snapshot: &Snapshot,
    tenant: u32,
    group: Group,
    after: &mut Option<Vec<u8>>,
) -> Result<Option<crate::store::Page>, Error> {
    let prefix = keys::members(tenant, group.id, group.generation);
    let limit = limits::SCAN_ROWS;
    let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: true };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    *after = page.last_key().map(<[u8]>::to_vec);
    Ok((!page.is_empty()).then_some(page))
}

/// A member row as the element of `members` that filters see.
pub fn element(base: &str, row: &crate::store::Row<'_>) -> Result<Value, Error> {
    let member = Member::decode(row.value)?;
    let id = keys::last_id(row.key).unwrap_or_default();
    let (endpoint, kind) = match member.code {
        keys::USER => ("/Users", "User"),
        _ => ("/Groups", "Group"),
    };
    let display: Value = serde_json::from_slice(member.display).unwrap_or_default();
    Ok(json!({"value": id.to_string(), "$ref": format!("{base}{endpoint}/{id}"), "display": display, "type": kind}))
}

/// The id in `value eq "<id>"`.
pub fn named_id<'e>(filter: &'e Expr<'_>) -> Option<&'e str> {
    match filter {
        Expr::Compare(Compare { attr, op: Op::Eq, operand: Operand::Exact(raw) | Operand::Folded { raw, .. } })
            if attr.leaf().name == "value" =>
        {
            Some(raw)
        }
        _ => None,
    }
}

/// Counts rows that come or go.
pub fn count(batch: &mut Batch, tenant: u32, group: Group, members: i64, nested: i64) {
    if members != 0 {
        batch.add(keys::member_count(tenant, group.id, group.generation), members);
    }
    if nested != 0 {
        batch.add(keys::nested_count(tenant), nested);
    }
}

/// Writes the rows of one member, which rely on it staying as it is until the commit: they hold its name.
async fn join(
    call: &Call<'_>,
    snapshot: &Snapshot,
    group: Group,
    member: &Joining,
    row: Vec<u8>,
    batch: &mut Batch,
) -> Result<(), Error> {
    let tenant = call.tenant.number;
    if member.code == keys::GROUP {
        closes_no_circle(call, snapshot, group.id, member.id, batch).await?;
    }
    let (record, revision) = &member.record;
    batch.expect_unchanged(record.clone(), *revision);
    batch.put(row, Member { code: member.code, display: &member.display }.encode());
    batch.put(keys::membership(tenant, member.id, group.id, group.generation), record::PRESENT);
    batch.put(keys::memberships(tenant, member.id), record::PRESENT);
    Ok(())
}

/// Finds those who are to come; somebody whom nobody is is refused or left out, as the dialect has it.
async fn look_up(call: &Call<'_>, snapshot: &Snapshot, ids: &[Uuid], wanted: &Wanted) -> Result<Vec<Joining>, Error> {
    let tenant = call.tenant.number;
    let key = |code| move |id: &Uuid| keys::record(tenant, code, *id);
    let users: Vec<Vec<u8>> = ids.iter().map(key(keys::USER)).collect();
    let users_found = snapshot.get_many(&users).await.map_err(super::store_error)?;
    let mut joining = Vec::with_capacity(ids.len());
    for ((id, user), entry) in ids.iter().zip(users).zip(users_found) {
        let (code, key, entry) = match entry {
            Some(entry) => (keys::USER, user, Some(entry)),
            None => {
                let key = key(keys::GROUP)(id);
                let entry = snapshot.get(&key).await.map_err(super::store_error)?;
                (keys::GROUP, key, entry)
            }
        };
        let Some(entry) = entry else {
            unknown_member(call, &id.to_string(), &wanted.left_out)?;
            continue;
        };
        let display = display(&entry, wanted.names.get(id))?;
        joining.push(Joining { id: *id, code, display, record: (key, entry.stamp.revision) });
    }
    Ok(joining)
}

/// The member's name is the one that the client gives it here, or else its own.
fn display(entry: &Entry, name: Option<&String>) -> Result<Vec<u8>, Error> {
    match name {
        Some(name) => Ok(Value::from(name.as_str()).to_string().into_bytes()),
        None => Ok(Record::decode(&entry.value)?.display.to_vec()),
    }
}

/// Refuses to put a group into itself, directly or through others.
async fn closes_no_circle(
    call: &Call<'_>,
    snapshot: &Snapshot,
    group: Uuid,
    member: Uuid,
    batch: &mut Batch,
) -> Result<(), Error> {
    let tenant = call.tenant.number;
    if membership::is_within(snapshot, tenant, group, member).await? {
        let why =
            format!("'members': the group {member} is or contains the group {group}, which cannot contain it too");
        return Err(Error::new(Kind::InvalidValue, why));
    }
    // Two requests that together would close a circle rely on each other's absence.
    let mark = keys::nesting_mark(tenant);
    match snapshot.get(&mark).await.map_err(super::store_error)? {
        Some(last) => batch.expect_unchanged(mark.clone(), last.stamp.revision),
        None => batch.expect_absent(mark.clone()),
    }
    batch.put(mark, record::PRESENT);
    Ok(())
}

async fn leave_where(
    call: &Call<'_>,
    snapshot: &Snapshot,
    group: Group,
    filter: &Expr<'_>,
    wanted: &mut Wanted,
) -> Result<(), Error> {
    let ids = match filter {
        Expr::Or(any) => any.iter().map(named_id).collect::<Option<Vec<_>>>(),
        one => named_id(one).map(|id| vec![id]),
    };
    if let Some(ids) = ids {
        wanted.leave(ids);
        return Ok(());
    }
    let matches = |element: Value| element.as_object().is_some_and(|element| filter.matches(element));
    let mut leaving = Vec::new();
    let mut after = None;
    while let Some(page) = page(snapshot, call.tenant.number, group, &mut after).await? {
        for row in page.iter() {
            if matches(element(call.base, &row)?) {
                leaving.extend(keys::last_id(row.key));
            }
        }
    }
    // Those who come by an earlier step of the same request have no row yet.
    for id in wanted.joining() {
        if matches(Value::Object(Map::from_iter([("value".to_owned(), Value::from(id.to_string()))]))) {
            leaving.push(id);
        }
    }
    for id in leaving {
        if !wanted.replaces || wanted.state.contains_key(&id) {
            wanted.set(id, false);
        }
    }
    Ok(())
}

fn unknown_member(call: &Call<'_>, id: &str, left_out: &AtomicBool) -> Result<(), Error> {
    let mut reading = Reading::new(&call.tenant.dialect);
    if reading.allows(Quirk::UnknownMember) {
        left_out.store(true, Relaxed);
        tracing::warn!(request_id = call.actor.request, "a member that is no user and no group was left out");
        return Ok(());
    }
    let why = format!("'members': no user or group has the id '{}'", clip(id));
    Err(reading.explained(Error::new(Kind::InvalidValue, why)))
}
