//! What a tenant's mapping makes of a write, and what it refuses. A resource keeps what its identity provider sent beside what the mapping
//! made of it, so that a PATCH is applied to what was sent, and what is stored is always what the mapping makes of the whole. Which values
//! that are is worked out in `mapping/`; here is what needs the directory: who is protected, which groups there are, who was added here.

use super::members::{Group, Wanted};
use super::record::{self, ChangeKind, Member, RefusedGroup, Values};
use super::{Call, change, generation, index, keys, members, view, write};
use crate::limits;
use crate::mapping::document::{DefaultGroupsFor, ExistingUser, Membership, OnInactive};
use crate::mapping::policy::{Context, Policy, Refusal, is_inactive, names};
use crate::profile;
use crate::scim::errors::{Error, Kind};
use crate::scim::fold::fold;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::{Batch, Scan, Snapshot};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// The rules of a mapping that had a hand in a request.
#[derive(Debug, Default)]
pub struct Fired(Mutex<Vec<Told>>);

/// A rule that had a hand in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name.
    pub rule: Arc<str>,
    /// Whether it refused the request.
    pub refused: bool,
}

impl Fired {
    /// The rule gave something its value, or had something done.
    pub fn fire(&self, rule: impl Into<Arc<str>>) {
        self.tell(Told { rule: rule.into(), refused: false });
    }

    /// All that had a hand in it, in the order in which they did first.
    pub fn told(&self) -> Vec<Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The names of those that did not refuse it.
    pub fn names(&self) -> Vec<String> {
        self.told().into_iter().filter(|told| !told.refused).map(|told| told.rule.to_string()).collect()
    }

    /// Takes what another request was told as its own.
    pub fn add(&self, other: &Fired) {
        other.told().into_iter().for_each(|told| self.tell(told));
    }

    fn tell(&self, told: Told) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(&told) {
            all.push(told);
        }
    }

    fn refused(&self, refusal: Refusal) -> Error {
        let why = format!("{}; the rule '{}' of the tenant's mapping says so", refusal.why, refusal.rule);
        self.tell(Told { rule: refusal.rule, refused: true });
        Error::new(refusal.kind, why)
    }
}

/// What is stored of a new resource that was sent so.
pub async fn created(call: &Call<'_>, resource_type: &ResourceType, sent: Map<String, Value>) -> Result<Values, Error> {
    let Some(policy) = &call.tenant.mapping else { return Ok(Values::plain(sent)) };
    let (code, switches) = (keys::type_code(resource_type), policy.switches);
    match code {
        keys::USER if switches.refuse_user_create => return Err(switched_off(call, "users are not created here")),
        keys::GROUP if switches.refuse_group_create => return Err(switched_off(call, "groups are not created here")),
        _ => {}
    }
    let outcome = policy.apply(&context(call, resource_type), &sent, None);
    if let (Err(refusal), keys::GROUP, Some(Value::String(name))) = (&outcome, code, sent.get(write::GROUP_NAME))
        && *refusal.rule == *names::GROUPS
    {
        note_refused(call, name).await?;
    }
    let outcome = outcome.map_err(|refusal| call.actor.rules.refused(refusal))?;
    outcome.fired.into_iter().for_each(|rule| call.actor.rules.fire(rule));
    let values = Values::mapped(sent, outcome.attributes);
    unprotected(call, policy, code, None, &[&values])?;
    resource::is_complete(resource_type, &values.stored)?;
    Ok(values)
}

/// What is stored of a resource that is now as `sent` for its identity provider.
pub fn changed(
    call: &Call<'_>,
    resource_type: &ResourceType,
    id: Uuid,
    old: &Values,
    sent: Map<String, Value>,
) -> Result<Values, Error> {
    let Some(policy) = &call.tenant.mapping else { return Ok(Values::plain(sent)) };
    let values = remapped(call, policy, resource_type, old, sent)?;
    unprotected(call, policy, keys::type_code(resource_type), Some(id), &[old, &values])?;
    Ok(values)
}

/// What a provider means that sends a resource whole. Some read it, change what they know of, and send all of it back; a value that is
/// just as everybody sees it is the one that they had sent before, so that it is not mapped twice, and nobody loses the name by which they
/// look for him. True and false are what they say.
pub fn sent_back(old: &Values, mut sent: Map<String, Value>) -> Map<String, Value> {
    if let Some(asserted) = &old.asserted {
        take_back(&mut sent, &old.stored, asserted);
    }
    sent
}

/// What the mapping in force makes of what is stored, which is no change by an identity provider; without one, what was sent.
pub fn again(call: &Call<'_>, resource_type: &ResourceType, old: &Values) -> Result<Values, Error> {
    let sent = old.asserted().clone();
    match &call.tenant.mapping {
        Some(policy) => remapped(call, policy, resource_type, old, sent),
        None => Ok(Values::plain(sent)),
    }
}

/// What a mapping makes of a resource that is stored as `old` and now `sent`.
pub fn remapped(
    call: &Call<'_>,
    policy: &Policy,
    resource_type: &ResourceType,
    old: &Values,
    sent: Map<String, Value>,
) -> Result<Values, Error> {
    let outcome = policy.apply(&context(call, resource_type), &sent, Some(&old.stored));
    let outcome = outcome.map_err(|refusal| call.actor.rules.refused(refusal))?;
    outcome.fired.into_iter().for_each(|rule| call.actor.rules.fire(rule));
    let values = Values::mapped(sent, outcome.attributes);
    resource::is_complete(resource_type, &values.stored)?;
    Ok(values)
}

/// Refuses a change of what is there where the switches say so.
pub fn may_change(call: &Call<'_>, resource_type: &ResourceType) -> Result<(), Error> {
    let Some(policy) = &call.tenant.mapping else { return Ok(()) };
    match keys::type_code(resource_type) {
        keys::USER if policy.switches.refuse_user_update => Err(switched_off(call, "users are not changed here")),
        keys::GROUP if policy.switches.refuse_group_update => Err(switched_off(call, "groups are not changed here")),
        _ => Ok(()),
    }
}

/// Refuses a deletion where the policy says so. `place` is the resource's id, and where its members are if it is a group.
pub async fn may_delete(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    place: Group,
    old: &Values,
) -> Result<(), Error> {
    let Some(policy) = &call.tenant.mapping else { return Ok(()) };
    let code = keys::type_code(resource_type);
    match code {
        keys::USER if policy.switches.refuse_user_delete => Err(switched_off(call, "users are not deleted here")),
        keys::GROUP if policy.switches.refuse_group_delete => Err(switched_off(call, "groups are not deleted here")),
        _ => unprotected(call, policy, code, Some(place.id), &[old]),
    }?;
    // With the group they would be out of it.
    for name in policy.protected_users().filter(|_| code == keys::GROUP) {
        let Some(user) = user_called(call, snapshot, name).await? else { continue };
        if is_member(call, snapshot, place, user).await? {
            return Err(membership_is_protected(call, user));
        }
    }
    Ok(())
}

/// Whether the change sets a user inactive whom the policy has deleted for that.
pub fn deletes(call: &Call<'_>, resource_type: &ResourceType, old: &Values, new: &Values) -> bool {
    let is_policy = |policy: &Arc<Policy>| policy.on_inactive == OnInactive::Delete;
    let deletes = call.tenant.mapping.as_ref().is_some_and(is_policy)
        && keys::type_code(resource_type) == keys::USER
        && !is_inactive(&old.stored)
        && is_inactive(&new.stored);
    if deletes {
        call.actor.rules.fire(names::ON_INACTIVE);
    }
    deletes
}

/// The user who is there already and takes the values of the one that was to be created.
pub async fn linked(call: &Call<'_>, resource_type: &ResourceType, new: &Values) -> Result<Option<Uuid>, Error> {
    let links = |policy: &Arc<Policy>| policy.existing_user == ExistingUser::Link;
    if !call.tenant.mapping.as_ref().is_some_and(links) || keys::type_code(resource_type) != keys::USER {
        return Ok(None);
    }
    let (tenant, code) = (call.tenant.number, keys::USER);
    let snapshot = call.directory.snapshot().await?;
    for entry in index::entries_of(resource_type, new).iter().filter(|entry| entry.unique) {
        let key = keys::unique(tenant, code, entry.attribute, &entry.value);
        let holder = snapshot.get(&key).await.map_err(super::store_error)?;
        let Some(id) = holder.and_then(|holder| Uuid::from_slice(&holder.value).ok()) else { continue };
        let Some(there) = snapshot.get(&keys::record(tenant, code, id)).await.map_err(super::store_error)? else {
            continue;
        };
        let there = record::Record::decode(&there.value)?.attributes()?;
        let is_same = new.stored.get(EXTERNAL_ID).is_some_and(|known| there.get(EXTERNAL_ID) == Some(known));
        if is_same {
            call.actor.rules.fire(names::EXISTING_USER);
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Puts a user into the default groups that are due to him, with the commit that writes him.
pub async fn join_defaults(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    id: Uuid,
    (new, is_new): (&Values, bool),
    batch: &mut Batch,
) -> Result<bool, Error> {
    let Some(policy) = &call.tenant.mapping else { return Ok(false) };
    let is_due = is_new || policy.default_groups_for == DefaultGroupsFor::AllUsers;
    if policy.default_groups.is_empty() || !is_due || keys::type_code(resource_type) != keys::USER {
        return Ok(false);
    }
    let tenant = call.tenant.number;
    let display = record::display_name(&new.stored).to_string().into_bytes();
    let mut joined: u8 = 0;
    for name in &policy.default_groups {
        let Some((group, revision)) = group_called(call, snapshot, name).await? else {
            tracing::warn!(tenant = call.tenant.name, group = name, "a default group is not there any more");
            continue;
        };
        let row = keys::member(tenant, group.id, group.generation, id);
        if snapshot.get(&row).await.map_err(super::store_error)?.is_some() {
            continue;
        }
        // The row is of the group's generation, which a replacement of all members changes.
        batch.expect_unchanged(keys::record(tenant, keys::GROUP, group.id), revision);
        batch.expect_absent(row.clone());
        batch.put(row, Member { code: keys::USER, display: &display }.encode());
        batch.put(keys::membership(tenant, id, group.id, group.generation), record::PRESENT);
        batch.put(keys::memberships(tenant, id), record::PRESENT);
        batch.put(keys::members_mark(tenant, group.id), record::PRESENT);
        batch.put(keys::added_here(tenant, group.id, id), record::PRESENT);
        members::count(batch, tenant, group, 1, 0);
        joined += 1;
        call.actor.rules.fire(names::DEFAULT_GROUPS);
        let mut log = change::of(call, ChangeKind::Update, call.tenant.types.group(), group.id);
        log.members_added = vec![id.to_string()];
        change::add_as(call, batch, joined, log)?;
    }
    Ok(joined > 0)
}

/// Makes of what a request asks of a group's members what the policy lets it do.
pub async fn members(call: &Call<'_>, snapshot: &Snapshot, group: Group, wanted: &mut Wanted) -> Result<(), Error> {
    let Some(policy) = &call.tenant.mapping else { return Ok(()) };
    for name in policy.protected_users() {
        let Some(id) = user_called(call, snapshot, name).await? else { continue };
        let is_in = is_member(call, snapshot, group, id).await?;
        let is_asked = wanted.state.get(&id).copied();
        if !wanted.replaces && is_asked.is_some_and(|asked| asked != is_in) {
            return Err(membership_is_protected(call, id));
        }
        if wanted.replaces && is_in != (is_asked == Some(true)) {
            wanted.set(id, is_in);
            call.actor.rules.fire(names::PROTECTED_USERS);
        }
    }
    if policy.membership == Membership::Additive {
        keep_added_here(call, snapshot, group, wanted).await?;
    }
    Ok(())
}

/// Whoever was added here and is still a member stays one.
async fn keep_added_here(call: &Call<'_>, snapshot: &Snapshot, group: Group, wanted: &mut Wanted) -> Result<(), Error> {
    let tenant = call.tenant.number;
    let is_leaving = |wanted: &Wanted, id: &Uuid| match wanted.state.get(id) {
        Some(is_in) => !is_in,
        None => wanted.replaces,
    };
    let prefix = keys::all_added_here(tenant, group.id);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit: limits::SCAN_ROWS, values: false };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        let ids: Vec<Uuid> = page.iter().filter_map(|row| keys::last_id(row.key)).collect();
        let rows: Vec<Vec<u8>> = ids.iter().map(|id| keys::member(tenant, group.id, group.generation, *id)).collect();
        let there = snapshot.get_many(&rows).await.map_err(super::store_error)?;
        for (id, _) in ids.iter().zip(there).filter(|(_, row)| row.is_some()) {
            if is_leaving(wanted, id) {
                wanted.set(*id, true);
                call.actor.rules.fire(names::MEMBERSHIP);
            }
        }
        match page.last_key() {
            Some(key) if page.len() == limits::SCAN_ROWS => after = Some(key.to_vec()),
            _ => return Ok(()),
        }
    }
}

/// The group that has this id or displayName, with the revision of its record.
pub async fn group_called(call: &Call<'_>, snapshot: &Snapshot, name: &str) -> Result<Option<(Group, u64)>, Error> {
    let tenant = call.tenant.number;
    let id = match view::parse_id(name) {
        Some(id) => Some(id),
        None => first_called(call, snapshot, call.tenant.types.group(), write::GROUP_NAME, name).await?,
    };
    let Some(id) = id else { return Ok(None) };
    let entry = snapshot.get(&keys::record(tenant, keys::GROUP, id)).await.map_err(super::store_error)?;
    let Some(entry) = entry else { return Ok(None) };
    let group = generation::of(&record::Record::decode(&entry.value)?, id);
    Ok(Some((group, entry.stamp.revision)))
}

async fn is_member(call: &Call<'_>, snapshot: &Snapshot, group: Group, user: Uuid) -> Result<bool, Error> {
    let row = keys::member(call.tenant.number, group.id, group.generation, user);
    Ok(snapshot.get(&row).await.map_err(super::store_error)?.is_some())
}

async fn user_called(call: &Call<'_>, snapshot: &Snapshot, name: &str) -> Result<Option<Uuid>, Error> {
    match view::parse_id(name) {
        Some(id) => Ok(Some(id)),
        None => first_called(call, snapshot, call.tenant.types.user(), "userName", name).await,
    }
}

/// The oldest resource with this value of an indexed attribute of its core schema.
async fn first_called(
    call: &Call<'_>,
    snapshot: &Snapshot,
    resource_type: &ResourceType,
    attribute: &str,
    value: &str,
) -> Result<Option<Uuid>, Error> {
    let (tenant, code) = (call.tenant.number, keys::type_code(resource_type));
    let attribute = resource_type.schema.attributes.iter().find(|known| known.name == attribute);
    let Some(attribute) = attribute else { return Ok(None) };
    let Some(number) = keys::attribute_code(attribute) else { return Ok(None) };
    let value = keys::index_value(&fold(value));
    if index::is_unique(attribute) {
        let entry = snapshot.get(&keys::unique(tenant, code, number, &value)).await.map_err(super::store_error)?;
        return Ok(entry.and_then(|entry| Uuid::from_slice(&entry.value).ok()));
    }
    let prefix = keys::index(tenant, code, number, &value);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 1, values: false };
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    Ok(page.iter().next().and_then(|row| keys::last_id(row.key)))
}

/// Puts the asserted value in the place of each that is as it is stored.
fn take_back(sent: &mut Map<String, Value>, stored: &Map<String, Value>, asserted: &Map<String, Value>) {
    let nothing = Map::new();
    let names: Vec<String> = sent.keys().filter(|name| stored.get(*name) != asserted.get(*name)).cloned().collect();
    for name in names {
        let (Some(value), Some(shown)) = (sent.get_mut(&name), stored.get(&name)) else { continue };
        match (value, shown, asserted.get(&name)) {
            (Value::Bool(_), ..) => {}
            (value, shown, Some(before)) if value == shown => *value = before.clone(),
            (value, shown, None) if value == shown => {
                sent.shift_remove(&name);
            }
            (Value::Object(parts), Value::Object(shown), before) => {
                take_back(parts, shown, before.and_then(Value::as_object).unwrap_or(&nothing));
                if parts.is_empty() {
                    sent.shift_remove(&name);
                }
            }
            (Value::Array(parts), Value::Array(shown), before) => {
                take_back_each(parts, shown, before.and_then(Value::as_array).map_or(&[], Vec::as_slice));
                if parts.is_empty() {
                    sent.shift_remove(&name);
                }
            }
            _ => {}
        }
    }
}

/// Likewise each of several values. Rules change values in their places and add others behind them; where they took some away, which was
/// which is not known, and what was sent stays.
fn take_back_each(sent: &mut Vec<Value>, stored: &[Value], asserted: &[Value]) {
    if stored.len() < asserted.len() {
        return;
    }
    sent.retain_mut(|value| {
        let Some(at) = stored.iter().position(|shown| shown == value && !asserted.contains(shown)) else { return true };
        match asserted.get(at) {
            Some(before) if before.get("type") == value.get("type") => *value = before.clone(),
            Some(_) => {}
            None => return false,
        }
        true
    });
}

fn context<'a>(call: &Call<'a>, resource_type: &'a ResourceType) -> Context<'a> {
    let dialect = &profile::custom::DIALECT;
    Context { resource_type, dialect, now_ms: call.directory.clock.now_ms() }
}

fn switched_off(call: &Call<'_>, why: &str) -> Error {
    let rule = names::SWITCHES.into();
    call.actor.rules.refused(Refusal { rule, kind: Kind::Forbidden, why: why.to_owned() })
}

fn membership_is_protected(call: &Call<'_>, user: Uuid) -> Error {
    let why = format!("the memberships of the user {user} are not changed");
    let rule = names::PROTECTED_USERS.into();
    call.actor.rules.refused(Refusal { rule, kind: Kind::Forbidden, why })
}

fn unprotected(call: &Call<'_>, policy: &Policy, code: u8, id: Option<Uuid>, forms: &[&Values]) -> Result<(), Error> {
    let id = id.map(|id| id.to_string());
    let forms: Vec<&Map<String, Value>> = forms.iter().flat_map(|values| [&values.stored, values.asserted()]).collect();
    let rule = match code {
        keys::USER if policy.protects_user(id.as_deref(), &forms) => names::PROTECTED_USERS,
        keys::GROUP if policy.protects_group(id.as_deref(), &forms) => names::PROTECTED_GROUPS,
        _ => return Ok(()),
    };
    let why = "the resource is not changed by identity providers".to_owned();
    Err(call.actor.rules.refused(Refusal { rule: rule.into(), kind: Kind::Forbidden, why }))
}

/// Writes down that a group was refused by its name, so that an admin sees what his provider sends; not again and again.
async fn note_refused(call: &Call<'_>, name: &str) -> Result<(), Error> {
    let (snapshot, now_ms) = (call.directory.snapshot().await?, call.directory.clock.now_ms());
    let key = keys::refused_group(call.tenant.number, &keys::index_value(&fold(name)));
    if let Some(entry) = snapshot.get(&key).await.map_err(super::store_error)? {
        let known: RefusedGroup = record::unpack(&entry.value)?;
        if known.refused_ms.saturating_add(limits::REFUSED_GROUP_MS) > now_ms {
            return Ok(());
        }
    } else {
        let prefix = keys::refused_groups(call.tenant.number);
        let limit = limits::REFUSED_GROUPS_MAX;
        let scan = Scan { prefix: &prefix, after: None, skip: 0, limit, values: false };
        if snapshot.scan(&scan).await.map_err(super::store_error)?.len() >= limit {
            return Ok(());
        }
    }
    let mut batch = call.batch();
    batch.put(key, record::pack(&RefusedGroup { name: name.to_owned(), refused_ms: now_ms })?);
    call.directory.commit(batch).await.map(|_| ())
}

const EXTERNAL_ID: &str = "externalId";

#[cfg(test)]
mod tests;
