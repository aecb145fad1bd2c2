//! What each kind of row says, and which other rows it lets expect. The kinds are those of `keys.rs`.

use super::{Aspect, Checker};
use crate::directory::record::{
    self, AdminCertificate, Application, AuditEntry, Change, Definitions, Deleted, Mapping, Member, Record,
    RefusedGroup, Seal, Sweep, Tenant, Token, TokenUse, Transaction,
};
use crate::directory::target::stored;
use crate::directory::{count, definition, index, keys};
use crate::limits;
use crate::scim::schema::types::Types;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Takes one row.
pub(super) fn take(checker: &mut Checker, key: &[u8], value: &[u8], is_counter: bool) {
    let kind = key.first().copied().unwrap_or(0);
    if is_counter != (kind == b'C') {
        checker.problem(None, "there is a counter where none belongs, or something else where one does".to_owned());
        return;
    }
    let outcome = match kind {
        b'K' | b'J' | b'N' | b'V' | b'Y' => global(checker, kind, key, value),
        _ => tenanted(checker, kind, key, value),
    };
    if let Err(Unreadable(tenant, what)) = outcome {
        checker.problem(tenant, format!("{what} cannot be read"));
    }
}

/// A row that is not of its kind's form: of which tenant, and what it should be.
struct Unreadable(Option<u32>, &'static str);

fn global(checker: &mut Checker, kind: u8, key: &[u8], value: &[u8]) -> Result<(), Unreadable> {
    let name = key.get(1..).unwrap_or_default();
    match kind {
        b'K' => {
            let token: Token = unpack(value, None, "a token")?;
            checker.calls_for(token.tenant, Aspect::Tokens, name);
        }
        b'J' => {
            unpack::<TokenUse>(value, None, "the use of a token")?;
        }
        b'Y' if value.is_empty() => return Err(Unreadable(None, "a secret of the server")),
        b'Y' => {}
        b'V' if name.is_empty() => present(value).ok_or(Unreadable(None, "a mark"))?,
        b'V' => {
            unpack::<AdminCertificate>(value, None, "an admin's certificate")?;
        }
        _ => {
            let number = record::unpack_number(value).map_err(|_| Unreadable(None, "the number of a tenant"))?;
            if !name.is_empty() {
                checker.found(number, Aspect::Name, name, 1);
            }
        }
    }
    Ok(())
}

fn tenanted(checker: &mut Checker, kind: u8, key: &[u8], value: &[u8]) -> Result<(), Unreadable> {
    let Some(tenant) = keys::tenant_of(key) else {
        return Err(Unreadable(None, "a key"));
    };
    let bad = |what| Unreadable(Some(tenant), what);
    if tenant != keys::AUDIT && checker.tenant(tenant).is_none() {
        return Ok(());
    }
    let rest = key.get(5..).unwrap_or_default();
    match kind {
        b'F' => definitions(checker, tenant, value).ok_or(bad("the tenant's definitions"))?,
        b'R' => resource(checker, tenant, rest, value).ok_or(bad("a record"))?,
        b'U' => checker.found(tenant, Aspect::Unique, &[key, value].concat(), 1),
        b'I' => {
            present(value).ok_or(bad("an entry of the index"))?;
            checker.found(tenant, Aspect::Index, key, 1);
        }
        b'Q' | b'G' => present(value).ok_or(bad("a mark"))?,
        b'M' => group_side(checker, tenant, rest, value).ok_or(bad("a member of a group"))?,
        b'E' => member_side(checker, tenant, rest, value).ok_or(bad("a membership"))?,
        b'C' => counter(checker, tenant, key, value).ok_or(bad("a counter"))?,
        b'L' if tenant == keys::AUDIT => unpack::<AuditEntry>(value, None, "an entry of the audit log").map(|_| ())?,
        b'L' => unpack::<Change>(value, Some(tenant), "an entry of the change log").map(|_| ())?,
        b'H' => unpack::<Seal>(value, Some(tenant), "a seal").map(|_| ())?,
        b'B' => unpack::<u64>(value, Some(tenant), "the mark of a trimmed log").map(|_| ())?,
        b'O' => of_targets(key, value).ok_or(bad("a row of a target"))?,
        b'A' => match rest.first() {
            Some(b'M') => present(value).ok_or(bad("a member that was added here"))?,
            Some(b'V') => unpack::<Mapping>(value, Some(tenant), "a mapping").map(|_| ())?,
            _ => unpack::<RefusedGroup>(value, Some(tenant), "a refused group").map(|_| ())?,
        },
        b'Z' if tenant == 0 => {
            let owner = record::unpack_number(value).map_err(|_| bad("the name of a Crowd application"))?;
            checker.found(owner, Aspect::Applications, rest, 1);
        }
        b'Z' => {
            unpack::<Application>(value, Some(tenant), "a Crowd application")?;
            checker.calls_for(tenant, Aspect::Applications, rest);
        }
        b'W' => unpack::<Transaction>(value, Some(tenant), "a transaction").map(|_| ())?,
        b'S' => unpack::<Sweep>(value, Some(tenant), "a note for the sweeper").map(|_| ())?,
        b'P' => {
            if let Some(id) = rest.strip_prefix(b"T").and_then(|_| keys::key_id_of_token(key)) {
                checker.found(tenant, Aspect::Tokens, id.as_bytes(), 1);
            }
        }
        b'X' => gone(checker, tenant, key, value).ok_or(bad("a deleted resource"))?,
        b'D' => {
            if let Some(sums) = checker.tenant(tenant) {
                sums.is_deleted = true;
            }
        }
        b'T' => settings(checker, tenant, unpack(value, Some(tenant), "the settings")?),
        other => {
            checker.problem(Some(tenant), format!("there is a row of the kind {:?}, which is none", char::from(other)))
        }
    }
    Ok(())
}

/// `O`: a target, its name, or something that is kept of it.
fn of_targets(key: &[u8], value: &[u8]) -> Option<()> {
    let reads = match key.get(5) {
        None | Some(b'N') => record::unpack_number(value).is_ok(),
        Some(b'T') => record::unpack::<stored::Target>(value).is_ok(),
        Some(b'C') => record::unpack::<stored::State>(value).is_ok(),
        Some(b'R') => record::unpack::<stored::Known>(value).is_ok(),
        Some(b'K') => Uuid::from_slice(value).is_ok(),
        Some(b'M') => record::unpack::<stored::Membership>(value).is_ok(),
        Some(b'D') => record::unpack::<stored::Trouble>(value).is_ok(),
        Some(b'H') => record::unpack::<stored::Hold>(value).is_ok(),
        Some(b'E' | b'X') => value == record::PRESENT,
        Some(_) => false,
    };
    reads.then_some(())
}

fn settings(checker: &mut Checker, tenant: u32, settings: Tenant) {
    checker.calls_for(tenant, Aspect::Name, settings.name.as_bytes());
    if let Some(sums) = checker.tenant(tenant) {
        sums.is_deleted |= settings.deleting;
        sums.name = Some(settings.name);
    }
}

/// `F`, which comes before the records that are read by it.
fn definitions(checker: &mut Checker, tenant: u32, value: &[u8]) -> Option<()> {
    let definitions: Definitions = record::unpack(value).ok()?;
    checker.definitions_bytes += value.len();
    let has_room = checker.definitions_bytes <= limits::CHECK_DEFINITIONS_BYTES_MAX;
    let types = has_room.then(|| definition::resolve(&definitions)).transpose().ok()?;
    if types.is_none() {
        let why = "the definitions of all tenants are too many for one check; its records were not looked at";
        checker.problem(Some(tenant), why.to_owned());
        if let Some(sums) = checker.tenant(tenant) {
            sums.is_unread = true;
        }
    }
    checker.types.insert(tenant, types);
    Some(())
}

fn resource(checker: &mut Checker, tenant: u32, rest: &[u8], value: &[u8]) -> Option<()> {
    let (code, id) = rest.split_first()?;
    let (code, id) = (*code, Uuid::from_slice(id).ok()?);
    let values = Record::decode(value).ok()?.values().ok()?;
    let entries: Vec<(bool, Vec<u8>)> = {
        let types = match checker.types.get(&tenant) {
            Some(None) => return Some(()),
            Some(Some(types)) => types,
            None => Types::builtin(),
        };
        let entries = index::entries_of(types.coded(code)?, &values);
        entries.iter().map(|entry| (entry.unique, index::key(tenant, code, id, entry))).collect()
    };
    for (is_unique, key) in entries {
        match is_unique {
            true => checker.calls_for(tenant, Aspect::Unique, &[&key[..], id.as_bytes()].concat()),
            false => checker.calls_for(tenant, Aspect::Index, &key),
        }
    }
    for counter in count::counters(tenant, code, id) {
        checker.calls_for(tenant, Aspect::Resources, &counter);
    }
    Some(())
}

/// `X`: a deleted resource, what it is found by, or its place in the order of deletions.
fn gone(checker: &mut Checker, tenant: u32, key: &[u8], value: &[u8]) -> Option<()> {
    let aspect = Aspect::Deleted;
    match key.get(5)? {
        b'R' => {
            let (code, id) = (*key.get(6)?, keys::last_id(key)?);
            let deleted: Deleted = record::unpack(value).ok()?;
            for name in &deleted.found_by {
                checker.calls_for(tenant, aspect, &keys::gone_by(tenant, code, name, id));
            }
            checker.calls_for(tenant, aspect, &keys::gone_in_time(code, id));
        }
        b'I' => {
            present(value)?;
            checker.found(tenant, aspect, key, 1);
        }
        b'T' => {
            present(value)?;
            let (code, id) = keys::gone_of_time(key)?;
            checker.found(tenant, aspect, &keys::gone_in_time(code, id), 1);
        }
        _ => return None,
    }
    Some(())
}

/// `M`: a group's mark, or one of its members.
fn group_side(checker: &mut Checker, tenant: u32, rest: &[u8], value: &[u8]) -> Option<()> {
    let (group, rest) = rest.split_at_checked(16)?;
    if rest.is_empty() {
        return present(value);
    }
    let (generation, member) = rest.split_at_checked(8)?;
    let (group, member) = (Uuid::from_slice(group).ok()?, Uuid::from_slice(member).ok()?);
    let generation = u64::from_be_bytes(generation.try_into().ok()?);
    checker.calls_for(tenant, Aspect::Memberships, &keys::membership(tenant, member, group, generation));
    checker.calls_for(tenant, Aspect::Members, &keys::member_count(tenant, group, generation));
    if Member::decode(value).ok()?.code == keys::GROUP {
        checker.calls_for(tenant, Aspect::Nested, &keys::nested_count(tenant));
    }
    Some(())
}

/// `E`: a member's mark, or one of its memberships, which are never without it.
fn member_side(checker: &mut Checker, tenant: u32, rest: &[u8], value: &[u8]) -> Option<()> {
    present(value)?;
    let (member, group) = rest.split_at_checked(16)?;
    let member = keys::memberships(tenant, Uuid::from_slice(member).ok()?);
    let key = [&member[..], group].concat();
    if group.is_empty() {
        checker.marked = key;
        return Some(());
    }
    keys::group_of_membership(&key)?;
    if checker.marked != member {
        checker.problem(Some(tenant), "memberships of a member have no mark of their last change".to_owned());
        checker.marked = member;
    }
    checker.found(tenant, Aspect::Memberships, &key, 1);
    Some(())
}

fn counter(checker: &mut Checker, tenant: u32, key: &[u8], value: &[u8]) -> Option<()> {
    let number = i64::from_be_bytes(value.try_into().ok()?);
    let aspect = match key.get(5)? {
        b'T' | b'B' => Aspect::Resources,
        b'M' => Aspect::Members,
        b'N' => Aspect::Nested,
        _ => return None,
    };
    checker.found(tenant, aspect, key, number);
    Some(())
}

fn present(value: &[u8]) -> Option<()> {
    (value == record::PRESENT).then_some(())
}

fn unpack<T: DeserializeOwned>(value: &[u8], tenant: Option<u32>, what: &'static str) -> Result<T, Unreadable> {
    record::unpack(value).map_err(|_| Unreadable(tenant, what))
}
