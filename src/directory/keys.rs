//! Every key of the store, made in this one place. A key starts with a letter for its kind and the tenant's number, so that
//! a tenant is a set of ranges and no lookup can cross into another one.
//!
//! | key | value |
//! |---|---|
//! | `R` tenant type id | the record of a resource |
//! | `U` tenant type attribute value | the id of the one resource that has this value |
//! | `I` tenant type attribute value id | nothing; the resource has this value |
//! | `Q` tenant type attribute value | nothing; written by whoever claims the value where a dialect wants it unique |
//! | `E` tenant member | nothing; written whenever the member joins or leaves a group |
//! | `E` tenant member group generation | nothing; the member is in the group, if that is the group's generation |
//! | `M` tenant group | nothing; written whenever a member joins or leaves |
//! | `M` tenant group generation member | what an answer needs of the member |
//! | `C` tenant … | a counter |
//! | `L` log revision number | an entry: of a tenant's change log, or, with the number 0, of the audit log |
//! | `B` log | up to which revision the log's old entries have been removed |
//! | `H` log | the newest seal of the log's chain |
//! | `H` log revision | a seal |
//! | `S` tenant revision | work for the sweeper: rows that are being written |
//! | `S` tenant revision group | work for the sweeper: rows of the group that are nobody's |
//! | `W` tenant id | a transaction: what was asked, and how it ended |
//! | `D` tenant | the tenant is being deleted |
//! | `X` tenant `R` type id | a deleted resource that can come back |
//! | `X` tenant `I` type attribute value id | nothing; the deleted resource had this value |
//! | `X` tenant `T` revision type id | nothing; the commit of this revision deleted the resource |
//! | `F` tenant | the tenant's own schemas and resource types, and which mapping is in force |
//! | `A` tenant `V` version | a mapping that is or was in force |
//! | `A` tenant `G` name | a group that was refused by its name |
//! | `A` tenant `M` group member | nothing; the member was added here, and not by an identity provider |
//! | `Z` tenant name | a Crowd application |
//! | `Z` 0 name | the number of the tenant whose Crowd application has this name |
//! | `O` tenant | the number of the target that was made last |
//! | `O` tenant `N` name | the number of the target of this name |
//! | `O` tenant `T` target | a target's settings |
//! | `O` tenant `C` target | how far the target is |
//! | `O` tenant `R` target type id | what the target has of a user or a group |
//! | `O` tenant `K` target type call | the user or group that is called so there; a call is a hash |
//! | `O` tenant `M` target group member | that the target has the member in the group |
//! | `O` tenant `E` target member group | the same, found by the member |
//! | `O` tenant `D` target type id | a resource that waits for another attempt, or that attempts were given up for |
//! | `O` tenant `H` target type id | a resource whose step waits for an admin's approval |
//! | `O` tenant `X` target | the target was deleted, and its rows are to be removed |
//! | `T` tenant | the tenant's settings |
//! | `N` | the number of the tenant that was made last |
//! | `N` name | the number of the tenant of this name |
//! | `K` key id | a token |
//! | `J` key id | when and from where the token was used |
//! | `P` tenant `T` revision key id | nothing; the token is one of the tenant's |
//! | `P` tenant `N` name | the key id of the unrevoked token of this name |
//! | `V` | nothing; written by whoever makes a client certificate |
//! | `V` serial | an admin's client certificate |
//! | `Y` name | a secret of the server's own |

use crate::limits;
use crate::scim::schema::{Attribute, ResourceType};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What a resource type is called in keys. Numbers are never used again.
pub fn type_code(resource_type: &ResourceType) -> u8 {
    resource_type.code
}

/// The code of User.
pub const USER: u8 = 1;
/// The code of Group.
pub const GROUP: u8 = 2;

/// The first code of a tenant's own types.
pub const FIRST_CUSTOM_TYPE: u8 = 3;

/// What an indexed attribute is called in the keys of its type: a number below [`FIRST_CUSTOM_ATTRIBUTE`] from the tables of the
/// built-in schemas, and one from there on for a tenant's own. Numbers are never used again.
pub fn attribute_code(attribute: &Attribute) -> Option<u8> {
    attribute.index_code
}

/// The first code of a tenant's own attributes.
pub const FIRST_CUSTOM_ATTRIBUTE: u8 = 16;

/// The record of a resource.
pub fn record(tenant: u32, code: u8, id: Uuid) -> Vec<u8> {
    [&records(tenant, code)[..], id.as_bytes()].concat()
}

/// The prefix of all records of one type, in the order of their ids, which is the order of lists.
pub fn records(tenant: u32, code: u8) -> Vec<u8> {
    typed(b'R', tenant, code)
}

/// A key before every record that was created at or after `ms` and after every other one.
pub fn records_before(tenant: u32, code: u8, ms: u64) -> Vec<u8> {
    let mut key = records(tenant, code);
    key.extend_from_slice(&(ms << 16).to_be_bytes()[..6]);
    key
}

/// The resource that has this value of a unique attribute.
pub fn unique(tenant: u32, code: u8, attribute: u8, value: &[u8]) -> Vec<u8> {
    valued(b'U', tenant, code, attribute, value)
}

/// The prefix of the index entries of all resources that have this value; each key goes on with an id.
pub fn index(tenant: u32, code: u8, attribute: u8, value: &[u8]) -> Vec<u8> {
    valued(b'I', tenant, code, attribute, value)
}

/// The prefix of the index entries of all values that start so. `unique` tells which of the two indexes it is.
pub fn starting(unique: bool, tenant: u32, code: u8, attribute: u8, start: &str) -> Vec<u8> {
    let mut key = typed(if unique { b'U' } else { b'I' }, tenant, code);
    key.push(attribute);
    key.extend_from_slice(start.as_bytes());
    key
}

/// Where the claims of a value meet.
pub fn claim(tenant: u32, code: u8, attribute: u8, value: &[u8]) -> Vec<u8> {
    valued(b'Q', tenant, code, attribute, value)
}

/// A value as it stands in index keys: whole and then a byte that no value has, or its start, another byte there and its hash when it
/// is long. No value's key is the start of another's.
pub fn index_value(compared: &str) -> Vec<u8> {
    let bytes = compared.as_bytes();
    if bytes.len() <= limits::INDEX_VALUE_BYTES_MAX {
        return [bytes, &[0]].concat();
    }
    [&bytes[..limits::INDEX_VALUE_BYTES_MAX], &[1], &Sha256::digest(bytes)[..]].concat()
}

/// What all the memberships of a member start with; by itself, the mark of their last change.
pub fn memberships(tenant: u32, member: Uuid) -> Vec<u8> {
    [&tenanted(b'E', tenant)[..], member.as_bytes()].concat()
}

/// That `member` is in `group`.
pub fn membership(tenant: u32, member: Uuid, group: Uuid, generation: u64) -> Vec<u8> {
    [&memberships(tenant, member)[..], group.as_bytes(), &generation.to_be_bytes()].concat()
}

/// The group and generation of a key made by [`membership`].
pub fn group_of_membership(key: &[u8]) -> Option<(Uuid, u64)> {
    let rest = key.get(MEMBERSHIPS_BYTES..)?;
    let (group, generation) = rest.split_at_checked(16)?;
    Some((Uuid::from_slice(group).ok()?, u64::from_be_bytes(generation.try_into().ok()?)))
}

/// The mark of the last change of a group's members.
pub fn members_mark(tenant: u32, group: Uuid) -> Vec<u8> {
    [&tenanted(b'M', tenant)[..], group.as_bytes()].concat()
}

/// The prefix of a group's members in one generation.
pub fn members(tenant: u32, group: Uuid, generation: u64) -> Vec<u8> {
    [&members_mark(tenant, group)[..], &generation.to_be_bytes()].concat()
}

/// One member of a group.
pub fn member(tenant: u32, group: Uuid, generation: u64, member: Uuid) -> Vec<u8> {
    [&members(tenant, group, generation)[..], member.as_bytes()].concat()
}

/// The id at the end of a key.
pub fn last_id(key: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(key.get(key.len().checked_sub(16)?..)?).ok()
}

/// How many resources of one type there are.
pub fn total(tenant: u32, code: u8) -> Vec<u8> {
    [&tenanted(b'C', tenant)[..], &[b'T', code]].concat()
}

/// How many resources were created in each span of 2^shift milliseconds: the prefix of the counters of one level.
pub fn blocks(tenant: u32, code: u8, shift: u8) -> Vec<u8> {
    // From the coarsest level to the finest.
    [&tenanted(b'C', tenant)[..], &[b'B', code, shift]].concat()
}

/// The counter of one span.
pub fn block(tenant: u32, code: u8, shift: u8, span: u64) -> Vec<u8> {
    [&blocks(tenant, code, shift)[..], &span.to_be_bytes()].concat()
}

/// How many members a group has in one generation.
pub fn member_count(tenant: u32, group: Uuid, generation: u64) -> Vec<u8> {
    [&tenanted(b'C', tenant)[..], b"M", group.as_bytes(), &generation.to_be_bytes()].concat()
}

/// How many members of groups are groups, in the whole tenant.
pub fn nested_count(tenant: u32) -> Vec<u8> {
    [&tenanted(b'C', tenant)[..], b"N"].concat()
}

/// Written by everyone who puts a group into a group, so that two who would close a circle meet.
pub fn nesting_mark(tenant: u32) -> Vec<u8> {
    tenanted(b'G', tenant)
}

/// The audit log's number among the logs; the others are change logs and have their tenants' numbers.
pub const AUDIT: u32 = 0;

/// The prefix of a log; the store adds the revision of the commit, then comes the number within the commit.
pub fn log(number: u32) -> Vec<u8> {
    tenanted(b'L', number)
}

/// A key of a log before all entries of later revisions and after all of this one and earlier ones.
pub fn log_after(number: u32, revision: u64) -> Vec<u8> {
    [&log(number)[..], &revision.to_be_bytes(), &[u8::MAX]].concat()
}

/// The log of a key that begins as [`log`] makes it.
pub fn log_number(key: &[u8]) -> Option<u32> {
    let rest = key.strip_prefix(b"L")?;
    Some(u32::from_be_bytes(rest.get(..4)?.try_into().ok()?))
}

/// The revision in a key that begins as [`log`] makes it.
pub fn revision_in_log(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(1 + 4..1 + 4 + 8)?.try_into().ok()?))
}

/// Up to which revision the old entries of a log have been removed.
pub fn trimmed(log: u32) -> Vec<u8> {
    tenanted(b'B', log)
}

/// The newest seal of a log; with a revision behind it, that seal.
pub fn seals(log: u32) -> Vec<u8> {
    tenanted(b'H', log)
}

/// The seal of a log's entries up to a revision.
pub fn seal(log: u32, revision: u64) -> Vec<u8> {
    [&seals(log)[..], &revision.to_be_bytes()].concat()
}

/// The prefix of the sweeper's work in all tenants.
pub const SWEEPS: &[u8] = b"S";

/// The prefix of the sweeper's work in one tenant; the store adds the revision of the commit, then may come a group.
pub fn sweeps(tenant: u32) -> Vec<u8> {
    tenanted(b'S', tenant)
}

/// A deleted resource that can come back.
pub fn gone(tenant: u32, code: u8, id: Uuid) -> Vec<u8> {
    [&gone_all(tenant, code)[..], id.as_bytes()].concat()
}

/// The prefix of all deleted resources of one type, in the order of their ids.
pub fn gone_all(tenant: u32, code: u8) -> Vec<u8> {
    [&tenanted(b'X', tenant)[..], &[b'R', code]].concat()
}

/// The prefix of the deleted resources that had this value: an attribute's code and a value as it stands in index keys.
pub fn gone_values(tenant: u32, code: u8, value: &[u8]) -> Vec<u8> {
    [&tenanted(b'X', tenant)[..], &[b'I', code], value].concat()
}

/// That a deleted resource had this value.
pub fn gone_by(tenant: u32, code: u8, value: &[u8], id: Uuid) -> Vec<u8> {
    [&gone_values(tenant, code, value)[..], id.as_bytes()].concat()
}

/// The prefix of the deleted resources in the order of their deletions; the store adds the revision, then comes [`gone_in_time`].
pub fn gone_times(tenant: u32) -> Vec<u8> {
    [&tenanted(b'X', tenant)[..], b"T"].concat()
}

/// What follows the revision in the order of deletions.
pub fn gone_in_time(code: u8, id: Uuid) -> Vec<u8> {
    [&[code][..], id.as_bytes()].concat()
}

/// A resource in the order of deletions.
pub fn gone_at(tenant: u32, revision: u64, code: u8, id: Uuid) -> Vec<u8> {
    [&gone_times(tenant)[..], &revision.to_be_bytes(), &gone_in_time(code, id)].concat()
}

/// The type and id of a key made by [`gone_at`].
pub fn gone_of_time(key: &[u8]) -> Option<(u8, Uuid)> {
    let (code, id) = key.get(1 + 4 + 1 + 8..)?.split_first()?;
    Some((*code, Uuid::from_slice(id).ok()?))
}

/// A tenant's settings.
pub fn tenant(number: u32) -> Vec<u8> {
    tenanted(b'T', number)
}

/// A tenant's own schemas and resource types. The letter comes before that of the records, which a check reads by them.
pub fn definitions(tenant: u32) -> Vec<u8> {
    tenanted(b'F', tenant)
}

/// The prefix of the mappings that are or were in force in a tenant, in the order of their versions.
pub fn mappings(tenant: u32) -> Vec<u8> {
    [&tenanted(b'A', tenant)[..], b"V"].concat()
}

/// A mapping that is or was in force.
pub fn mapping(tenant: u32, version: u64) -> Vec<u8> {
    [&mappings(tenant)[..], &version.to_be_bytes()].concat()
}

/// The prefix of the groups that were refused by their names, in the order of these.
pub fn refused_groups(tenant: u32) -> Vec<u8> {
    [&tenanted(b'A', tenant)[..], b"G"].concat()
}

/// A group that was refused; its name as [`index_value`] has it.
pub fn refused_group(tenant: u32, name: &[u8]) -> Vec<u8> {
    [&refused_groups(tenant)[..], name].concat()
}

/// The prefix of the members of a group that were added here, and not by an identity provider.
pub fn all_added_here(tenant: u32, group: Uuid) -> Vec<u8> {
    [&tenanted(b'A', tenant)[..], b"M", group.as_bytes()].concat()
}

/// A member of a group that was added here.
pub fn added_here(tenant: u32, group: Uuid, member: Uuid) -> Vec<u8> {
    [&all_added_here(tenant, group)[..], member.as_bytes()].concat()
}

/// The prefix of all tenants' definitions.
pub const DEFINITIONS: &[u8] = b"F";

/// The tenant of this name.
pub fn tenant_name(name: &str) -> Vec<u8> {
    [b"N", name.as_bytes()].concat()
}

/// The number that was given to the newest tenant.
pub const TENANTS_MADE: &[u8] = b"N";

/// The prefix of all tenants' settings, in the order of their creation.
pub const TENANTS: &[u8] = b"T";

/// That a tenant is being deleted.
pub fn deletion(tenant: u32) -> Vec<u8> {
    tenanted(b'D', tenant)
}

/// The prefix of the tenants that are being deleted.
pub const DELETIONS: &[u8] = b"D";

/// The tenant of a key that begins with a letter and a tenant's number.
pub fn tenant_of(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(1..5)?.try_into().ok()?))
}

/// The prefixes of everything that a tenant has, but for its settings and its name. The rows of tokens are found by the last two.
pub fn belongings(tenant: u32) -> impl Iterator<Item = Vec<u8>> {
    let own = b"RUIQEMCGLHSBXFWAZO".iter().map(move |kind| tenanted(*kind, tenant));
    own.chain([tokens(tenant), tenanted(b'P', tenant)])
}

/// The prefix of a tenant's transactions, in the order in which they were begun.
pub fn transactions(tenant: u32) -> Vec<u8> {
    tenanted(b'W', tenant)
}

/// A transaction.
pub fn transaction(tenant: u32, id: Uuid) -> Vec<u8> {
    [&transactions(tenant)[..], id.as_bytes()].concat()
}

/// The prefix of a tenant's tokens; the store adds the revision, then comes the key id.
pub fn tokens(tenant: u32) -> Vec<u8> {
    [&tenanted(b'P', tenant)[..], b"T"].concat()
}

/// The key id in a key that begins as [`tokens`] makes it.
pub fn key_id_of_token(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.get(1 + 4 + 1 + 8..)?).ok()
}

/// The unrevoked token of a tenant that has this name.
pub fn token_name(tenant: u32, name: &str) -> Vec<u8> {
    [&tenanted(b'P', tenant)[..], b"N", name.as_bytes()].concat()
}

/// When and from where a token was used.
pub fn token_use(key_id: &str) -> Vec<u8> {
    [b"J", key_id.as_bytes()].concat()
}

/// The prefix of the admins' client certificates, in the order of their serial numbers, which is that of their creation. By itself
/// it is where those who make one meet.
pub const ADMIN_CERTIFICATES: &[u8] = b"V";

/// An admin's client certificate.
pub fn admin_certificate(serial: Uuid) -> Vec<u8> {
    [ADMIN_CERTIFICATES, serial.as_bytes()].concat()
}

/// The key that cursors are sealed with.
pub const CURSOR_SECRET: &[u8] = b"Ycursors";

/// The prefix of all tokens.
pub const TOKENS: &[u8] = b"K";

/// The key id in a key made by [`token`].
pub fn key_id(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.strip_prefix(TOKENS)?).ok()
}

/// A token.
pub fn token(key_id: &str) -> Vec<u8> {
    [b"K", key_id.as_bytes()].concat()
}

/// The prefix of a tenant's Crowd applications, in the order of their names.
pub fn applications(tenant: u32) -> Vec<u8> {
    tenanted(b'Z', tenant)
}

/// A Crowd application.
pub fn application(tenant: u32, name: &str) -> Vec<u8> {
    [&applications(tenant)[..], name.as_bytes()].concat()
}

/// The name in a key made by [`application`] or [`application_name`].
pub fn name_of_application(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.get(1 + 4..)?).ok()
}

/// Whose Crowd application this is: no two on the server have the same name, and no tenant has the number 0.
pub fn application_name(name: &str) -> Vec<u8> {
    [&applications(0)[..], name.as_bytes()].concat()
}

/// The prefix of all tenants' targets and what belongs to them.
pub const TARGETS: &[u8] = b"O";

/// All that a tenant's targets have. By itself, the number that was given to a target last.
pub fn targets_made(tenant: u32) -> Vec<u8> {
    tenanted(b'O', tenant)
}

/// A key after everything that the tenant's targets have.
pub fn targets_end(tenant: u32) -> Vec<u8> {
    [&targets_made(tenant)[..], &[u8::MAX]].concat()
}

/// The target of this name.
pub fn target_name(tenant: u32, name: &str) -> Vec<u8> {
    [&targets_made(tenant)[..], b"N", name.as_bytes()].concat()
}

/// The prefix of a tenant's targets, in the order of their creation.
pub fn targets(tenant: u32) -> Vec<u8> {
    [&targets_made(tenant)[..], b"T"].concat()
}

/// A target's settings.
pub fn target(tenant: u32, target: u32) -> Vec<u8> {
    of_target(b'T', tenant, target)
}

/// How far a target is.
pub fn target_state(tenant: u32, target: u32) -> Vec<u8> {
    of_target(b'C', tenant, target)
}

/// The prefix of what a target has of users, or of groups.
pub fn target_known_all(tenant: u32, target: u32, code: u8) -> Vec<u8> {
    [&of_target(b'R', tenant, target)[..], &[code]].concat()
}

/// What a target has of one user or group.
pub fn target_known(tenant: u32, target: u32, code: u8, id: Uuid) -> Vec<u8> {
    [&target_known_all(tenant, target, code)[..], id.as_bytes()].concat()
}

/// The user or group that a target calls so: by an id, or by a name as the target tells names apart.
pub fn target_call(tenant: u32, target: u32, code: u8, call: &str) -> Vec<u8> {
    let digest = Sha256::digest(call);
    let hash = digest.first_chunk::<16>().map_or(&[][..], |hash| &hash[..]);
    [&of_target(b'K', tenant, target)[..], &[code], hash].concat()
}

/// The prefix of the members that a target has in a group.
pub fn target_members(tenant: u32, target: u32, group: Uuid) -> Vec<u8> {
    [&of_target(b'M', tenant, target)[..], group.as_bytes()].concat()
}

/// That a target has a member in a group.
pub fn target_member(tenant: u32, target: u32, group: Uuid, member: Uuid) -> Vec<u8> {
    [&target_members(tenant, target, group)[..], member.as_bytes()].concat()
}

/// The prefix of the groups in which a target has a member.
pub fn target_memberships(tenant: u32, target: u32, member: Uuid) -> Vec<u8> {
    [&of_target(b'E', tenant, target)[..], member.as_bytes()].concat()
}

/// That a target has a member in a group, found by the member.
pub fn target_membership(tenant: u32, target: u32, member: Uuid, group: Uuid) -> Vec<u8> {
    [&target_memberships(tenant, target, member)[..], group.as_bytes()].concat()
}

/// The prefix of the resources that wait for another attempt at a target, or that attempts were given up for.
pub fn target_troubles(tenant: u32, target: u32) -> Vec<u8> {
    of_target(b'D', tenant, target)
}

/// One of these.
pub fn target_trouble(tenant: u32, target: u32, code: u8, id: Uuid) -> Vec<u8> {
    [&target_troubles(tenant, target)[..], &[code], id.as_bytes()].concat()
}

/// The prefix of the resources whose steps wait for an approval.
pub fn target_holds(tenant: u32, target: u32) -> Vec<u8> {
    of_target(b'H', tenant, target)
}

/// One of these.
pub fn target_hold(tenant: u32, target: u32, code: u8, id: Uuid) -> Vec<u8> {
    [&target_holds(tenant, target)[..], &[code], id.as_bytes()].concat()
}

/// The prefix of a tenant's targets that were deleted.
pub fn targets_gone(tenant: u32) -> Vec<u8> {
    [&targets_made(tenant)[..], b"X"].concat()
}

/// That a target was deleted.
pub fn target_gone(tenant: u32, target: u32) -> Vec<u8> {
    of_target(b'X', tenant, target)
}

/// The prefixes of everything that a target has beside its settings and its name.
pub fn target_belongings(tenant: u32, target: u32) -> impl Iterator<Item = Vec<u8>> {
    b"CRKMEDH".iter().map(move |kind| of_target(*kind, tenant, target))
}

/// The target in a key made by [`target`] or [`target_gone`], or of anything that a target has.
pub fn target_of(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(6..10)?.try_into().ok()?))
}

/// The type and the id in a key made by [`target_trouble`] or [`target_hold`].
pub fn resource_at_target(key: &[u8]) -> Option<(u8, Uuid)> {
    let (code, id) = key.get(10..)?.split_first()?;
    Some((*code, Uuid::from_slice(id).ok()?))
}

/// The letter, the tenant, what it is, the target.
fn of_target(kind: u8, tenant: u32, target: u32) -> Vec<u8> {
    [&targets_made(tenant)[..], &[kind], &target.to_be_bytes()].concat()
}

/// `E`, the tenant, the member.
const MEMBERSHIPS_BYTES: usize = 1 + 4 + 16;

fn tenanted(kind: u8, tenant: u32) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(kind);
    key.extend_from_slice(&tenant.to_be_bytes());
    key
}

fn typed(kind: u8, tenant: u32, code: u8) -> Vec<u8> {
    let mut key = tenanted(kind, tenant);
    key.push(code);
    key
}

fn valued(kind: u8, tenant: u32, code: u8, attribute: u8, value: &[u8]) -> Vec<u8> {
    let mut key = typed(kind, tenant, code);
    key.push(attribute);
    key.extend_from_slice(value);
    key
}
