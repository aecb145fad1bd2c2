//! Every stored value, byte by byte, each with the version of its format. Keys are made in `keys.rs`.

use super::application::Product;
use super::network::Network;
use crate::mapping::document::Document;
use crate::mapping::outbound::{Definition, Users};
use crate::scim::dialect;
use crate::scim::errors::{Error, Kind};
use crate::scim::schema::{Extension, ResourceType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The version that all formats here have today.
const VERSION: u8 = 1;
/// The version of a record that has asserted attributes as well.
const VERSION_ASSERTED: u8 = 2;

/// A resource's attributes, canonical and complete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// As everybody sees them.
    pub stored: Map<String, Value>,
    /// As the identity provider sent them, where the tenant's mapping made something else of them.
    pub asserted: Option<Map<String, Value>>,
}

impl Values {
    /// Attributes that are as they were sent.
    pub fn plain(stored: Map<String, Value>) -> Values {
        Values { stored, asserted: None }
    }

    /// What was sent, and what the mapping made of it.
    pub fn mapped(asserted: Map<String, Value>, stored: Map<String, Value>) -> Values {
        let asserted = (asserted != stored).then_some(asserted);
        Values { stored, asserted }
    }

    /// As the identity provider sent them.
    pub fn asserted(&self) -> &Map<String, Value> {
        self.asserted.as_ref().unwrap_or(&self.stored)
    }
}

/// A stored resource: what the record's bytes say, without copying them.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// When it was created; `None` when that was the commit that wrote this record.
    pub created_ms: Option<i64>,
    /// Which set of member rows is the group's; 0 for other types and for a group that never had its members replaced at once.
    pub generation: u64,
    /// The resource has these extensions of its type, see [`extension_bit`].
    pub extensions: u32,
    /// The name by which answers call it, as a JSON string.
    pub display: &'a [u8],
    /// The canonical attributes as a JSON object.
    pub json: &'a [u8],
    /// What the identity provider sent, likewise, where that is something else.
    pub asserted: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// Reads a record.
    pub fn decode(bytes: &'a [u8]) -> Result<Record<'a>, Error> {
        Record::fields(bytes).ok_or_else(|| damaged("record"))
    }

    fn fields(bytes: &'a [u8]) -> Option<Record<'a>> {
        let (version, rest) = bytes.split_first()?;
        let (created, rest) = rest.split_at_checked(8)?;
        let (generation, rest) = rest.split_at_checked(8)?;
        let (extensions, rest) = rest.split_at_checked(4)?;
        let (length, rest) = rest.split_at_checked(4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let (display, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let (asserted, json) = match *version {
            VERSION => (None, rest),
            VERSION_ASSERTED => {
                let (length, rest) = rest.split_at_checked(4)?;
                let length = u32::from_be_bytes(length.try_into().ok()?);
                let (asserted, json) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Some(asserted), json)
            }
            _ => return None,
        };
        let created = i64::from_be_bytes(created.try_into().ok()?);
        Some(Record {
            created_ms: (created != UNKNOWN_MS).then_some(created),
            generation: u64::from_be_bytes(generation.try_into().ok()?),
            extensions: u32::from_be_bytes(extensions.try_into().ok()?),
            display,
            json,
            asserted,
        })
    }

    /// Whether the resource has this extension.
    pub fn has(&self, extension: &Extension) -> bool {
        self.extensions & extension_bit(extension) != 0
    }

    /// The attributes as everybody sees them.
    pub fn attributes(&self) -> Result<Map<String, Value>, Error> {
        serde_json::from_slice(self.json).map_err(|_| damaged("record"))
    }

    /// The attributes with what was sent.
    pub fn values(&self) -> Result<Values, Error> {
        let asserted = self.asserted.map(serde_json::from_slice).transpose().map_err(|_| damaged("record"))?;
        Ok(Values { stored: self.attributes()?, asserted })
    }
}

/// Stands for "the time of the commit", which nobody knows before it.
const UNKNOWN_MS: i64 = i64::MIN;

/// Writes a record.
pub fn encode(
    resource_type: &ResourceType,
    created_ms: Option<i64>,
    generation: u64,
    values: &Values,
) -> Result<Vec<u8>, Error> {
    let attributes = &values.stored;
    let display = json_of(&display_name(attributes))?;
    let json = json_of(attributes)?;
    let asserted = match &values.asserted {
        None => Vec::new(),
        Some(asserted) => {
            let json = json_of(asserted)?;
            let length = u32::try_from(json.len()).map_err(|_| damaged("asserted attributes"))?;
            [&length.to_be_bytes()[..], &json].concat()
        }
    };
    let version = if values.asserted.is_some() { VERSION_ASSERTED } else { VERSION };
    let has = resource_type.extensions.iter().filter(|extension| attributes.contains_key(&extension.schema.id));
    let extensions = has.fold(0_u32, |bits, extension| bits | extension_bit(extension));
    let length = u32::try_from(display.len()).map_err(|_| damaged("display name"))?;
    Ok([
        &[version][..],
        &created_ms.unwrap_or(UNKNOWN_MS).to_be_bytes(),
        &generation.to_be_bytes(),
        &extensions.to_be_bytes(),
        &length.to_be_bytes(),
        &display,
        &asserted,
        &json,
    ]
    .concat())
}

/// The bit that says in a record that the resource has the extension.
pub fn extension_bit(extension: &Extension) -> u32 {
    1_u32.checked_shl(u32::from(extension.bit)).unwrap_or(0)
}

/// What others call the resource: `displayName`, or the nearest thing to it.
pub fn display_name(attributes: &Map<String, Value>) -> Value {
    let formatted = attributes.get("name").and_then(|name| name.get("formatted"));
    attributes.get("displayName").or(formatted).or_else(|| attributes.get("userName")).cloned().unwrap_or(Value::Null)
}

/// What a member row says of the member.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its resource type's code in keys.
    pub code: u8,
    /// Its name as a JSON string.
    pub display: &'a [u8],
}

impl<'a> Member<'a> {
    /// Reads a member row.
    pub fn decode(bytes: &'a [u8]) -> Result<Member<'a>, Error> {
        match bytes {
            [VERSION, code, display @ ..] => Ok(Member { code: *code, display }),
            _ => Err(damaged("member row")),
        }
    }

    /// Writes a member row.
    pub fn encode(&self) -> Vec<u8> {
        [&[VERSION, self.code][..], self.display].concat()
    }
}

/// The value of a row that only has to be there.
pub const PRESENT: &[u8] = &[VERSION];

/// What kind of change a change-log entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A resource was made.
    Create,
    /// Attributes or members were changed.
    Update,
    /// A resource was removed.
    Delete,
}

/// One entry of the change log. It tells what changed, not to which value: the value is in the resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The resource type's name.
    pub resource_type: String,
    /// The resource's id.
    pub id: String,
    /// The id of the token that did it.
    pub actor: String,
    /// The id of the request that did it.
    pub request: String,
    /// The names of the attributes that have another value now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
    /// The rules of the tenant's mapping that had a hand in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// Ids that became members, as far as the entry has room for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members_added: Vec<String>,
    /// Ids that are members no longer, as far as the entry has room for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members_removed: Vec<String>,
    /// More members changed than are listed: whoever follows the log must read the group again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub members_incomplete: bool,
}

/// Work that is left to the sweeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Whose member rows.
    pub group: uuid::Uuid,
    /// Which of them; `None` is the generation that is named by the commit's own revision: rows that are being written.
    pub generation: Option<u64>,
    /// The group itself is gone, so that its mark has to go too.
    pub group_is_gone: bool,
}

/// A deleted resource that can come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deleted {
    /// When it was created, in milliseconds since the epoch.
    pub created_ms: i64,
    /// The generation of a group's members.
    pub generation: u64,
    /// The ids of the groups that it was in itself.
    pub groups: Vec<String>,
    /// What it is found by: attributes' codes with values as they stand in index keys.
    pub found_by: Vec<Vec<u8>>,
    /// Its attributes as everybody saw them.
    pub attributes: Map<String, Value>,
    /// What the identity provider had sent, where that was something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asserted: Option<Map<String, Value>>,
}

impl Deleted {
    /// Its attributes with what was sent.
    pub fn values(&self) -> Values {
        Values { stored: self.attributes.clone(), asserted: self.asserted.clone() }
    }
}

/// A tenant's settings. What was added later has a default, so that older records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tenant {
    /// The name in the Tenant URL.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// The name of its dialect.
    pub profile: String,
    /// What its Tenant URL begins with; `None`: the server's own.
    pub public_url: Option<String>,
    /// Whether `/ServiceProviderConfig`, `/ResourceTypes` and `/Schemas` are answered without a token.
    pub discovery_without_token: bool,
    /// Whether changes of what is there need an If-Match header.
    pub if_match_required: bool,
    /// Whether a group's displayName is unique; `None`: as the dialect says.
    pub unique_group_names: Option<bool>,
    /// Requests a second of the whole tenant; 0: no limit.
    pub requests_per_s_max: u32,
    /// Requests a second of each token that has no limit of its own; 0: no limit.
    pub token_requests_per_s_max: u32,
    /// What it does with quirks, by their names, where that is not what its dialect says.
    pub quirks: BTreeMap<String, Stance>,
    /// For how many days what is deleted can come back; 0: not at all.
    pub deleted_kept_days: u32,
    /// Its tokens are refused.
    pub disabled: bool,
    /// It is on its way out.
    pub deleting: bool,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
}

/// What a tenant does with a quirk. The names are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// It is taken as it was meant.
    Accept,
    /// It is taken, and the log tells of it.
    Warn,
    /// The request is refused.
    Refuse,
}

impl From<Stance> for dialect::Stance {
    fn from(stance: Stance) -> dialect::Stance {
        match stance {
            Stance::Accept => dialect::Stance::Accept,
            Stance::Warn => dialect::Stance::Warn,
            Stance::Refuse => dialect::Stance::Refuse,
        }
    }
}

/// A tenant's own schemas and resource types.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Definitions {
    /// The number that was given to a type last; 0: none was.
    pub type_made: u8,
    /// They are being changed, and nothing of the tenant may be written meanwhile.
    pub changing: bool,
    /// The version of the mapping in force; 0: none.
    pub mapping: u64,
    /// The schemas, in the order of their creation.
    pub schemas: Vec<DefinedSchema>,
    /// The types, in the order of their creation; User and Group are among them when they are extended.
    pub types: Vec<DefinedType>,
}

/// A schema that a tenant has defined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DefinedSchema {
    /// Its definition (RFC 7643 section 7).
    pub json: Value,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// When it was changed last, likewise.
    pub updated_ms: i64,
    /// How often it has been defined.
    pub version: u32,
}

/// A resource type that a tenant has defined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DefinedType {
    /// Its definition (RFC 7643 section 6).
    pub json: Value,
    /// Its number in keys.
    pub code: u8,
    /// The bits of its extensions in records, by their URNs in lower case.
    pub bits: BTreeMap<String, u8>,
    /// The numbers of its own indexes in keys, by the full names of their attributes.
    pub indexes: BTreeMap<String, u8>,
    /// The number that was given to an index last; 0: none was.
    pub index_made: u8,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// When it was changed last, likewise.
    pub updated_ms: i64,
    /// How often it has been defined.
    pub version: u32,
}

/// A mapping that is or was in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapping {
    /// When it was put in force, in milliseconds since the epoch.
    pub created_ms: i64,
    /// By whom, as audit entries have it.
    pub author: String,
    /// Why.
    pub comment: String,
    /// The version whose content it took back; 0: none.
    pub rollback_of: u64,
    /// What it says.
    pub document: Document,
}

/// A group that was refused by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusedGroup {
    /// Its displayName as it was sent.
    pub name: String,
    /// When it was refused last, in milliseconds since the epoch.
    pub refused_ms: i64,
}

/// A token, without its secret. What was added later has a default, so that older records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Token {
    /// The tenant's number.
    pub tenant: u32,
    /// SHA-256 of the whole token.
    pub hash: [u8; 32],
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// What automation calls it; may be empty.
    pub name: String,
    /// What it is for, in the admin's words.
    pub description: String,
    /// It may not write.
    pub read_only: bool,
    /// Networks that it may be used from; empty: any.
    pub networks: Vec<Network>,
    /// Requests a second; 0: as the tenant says.
    pub requests_per_s_max: u32,
    /// How long it was made for, in milliseconds.
    pub lifetime_ms: Option<i64>,
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: Option<i64>,
    /// When it was revoked, in milliseconds since the epoch.
    pub revoked_ms: Option<i64>,
    /// The id of the token whose place it takes.
    pub replaces: Option<String>,
    /// The id of the token that takes its place.
    pub replaced_by: Option<String>,
    /// How long after the first use of its successor it ends, in milliseconds.
    pub retire_after_use_ms: Option<i64>,
    /// The least number of days before its end of which a warning was given.
    pub warned_days: Option<u32>,
}

/// When and from where a token was used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// The first time, in milliseconds since the epoch.
    pub first_ms: i64,
    /// The last time, in milliseconds since the epoch.
    pub last_ms: i64,
    /// From where, the last time.
    pub address: String,
}

/// One act of an admin, or of the server itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Who: `socket:UID`, `cert:NAME` or `server`.
    pub actor: String,
    /// Where the call came from; empty for the socket.
    pub address: String,
    /// What, as noun and verb, such as `token.rotate`.
    pub action: String,
    /// The tenant's name; empty: it concerns the whole server.
    pub tenant: String,
    /// The id or name of what it was done to.
    pub target: String,
    /// How that was, without secrets.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub before: Value,
    /// How that is, without secrets.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub after: Value,
}

/// A write whose client does not wait for its outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transaction {
    /// The method.
    pub method: String,
    /// The path below the tenant's base URL, without its query.
    pub path: String,
    /// The id of the token that asked.
    pub token: String,
    /// When it was asked, in milliseconds since the epoch.
    pub started_ms: i64,
    /// How it ended, once it has.
    pub outcome: Option<Outcome>,
}

/// What a transaction came to: what the answer would have told (RFC 7644 section 3.7.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// The status.
    pub status: u16,
    /// When it was known, in milliseconds since the epoch.
    pub ended_ms: i64,
    /// The resource's URL; empty where there is none.
    pub location: String,
    /// Its entity tag; empty where there is none.
    pub version: String,
    /// The answer's JSON where it failed; empty otherwise, and where it was too long.
    pub response: String,
}

/// A seal: the chain's hash over a log's entries up to a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The revision of the seal before; 0 for the first one.
    pub after: u64,
    /// Up to which revision it goes.
    pub upto: u64,
    /// How many entries lie between the two.
    pub entries: u64,
    /// The hash of the seal before; zeros for the first one.
    pub previous: [u8; 32],
    /// SHA-256 over that and the entries, see `seal.rs`.
    pub hash: [u8; 32],
}

/// What an admin may do; each may do what the one before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Keeps things running: rotates, reloads, looks closely.
    Operator,
    /// Everything.
    Admin,
}

/// An admin's client certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminCertificate {
    /// Whom it is for.
    pub name: String,
    /// What that one may do.
    pub role: Role,
    /// SHA-256 of its DER form.
    pub fingerprint: [u8; 32],
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: i64,
    /// When it was revoked, in milliseconds since the epoch.
    pub revoked_ms: Option<i64>,
}

/// A Crowd application, without its password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Application {
    /// Which product asks.
    pub product: Product,
    /// What it is for, in the admin's words.
    pub description: String,
    /// The hash of its password, as a PHC string.
    pub password: PasswordHash,
    /// The hash of the password before, while that is taken too.
    pub previous: Option<PreviousPassword>,
    /// When the password was set, in milliseconds since the epoch.
    pub password_ms: i64,
    /// Patterns of the names of groups that it sees; none: all.
    pub include: Vec<String>,
    /// Patterns of the names of groups that it does not see all the same.
    pub exclude: Vec<String>,
    /// Which users it sees.
    pub users: Users,
    /// How it sees users and groups.
    pub outbound: Definition,
    /// Networks that it may ask from; empty: any.
    pub networks: Vec<Network>,
    /// It is refused.
    pub disabled: bool,
    /// Another number whenever filter or mapping is another one.
    pub view: u64,
    /// Counts how often all event tokens were ended.
    pub tokens_epoch: u64,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
}

/// The password that an application had before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PreviousPassword {
    /// Its hash.
    pub password: PasswordHash,
    /// Until when it is taken, in milliseconds since the epoch.
    pub until_ms: i64,
}

/// The hash of a password as a PHC string. It does not print itself.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Writes a small value: a version and JSON.
pub fn pack(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).map_err(|_| damaged("value"))?;
    Ok(bytes)
}

/// Reads a value that [`pack`] wrote.
pub fn unpack<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    match bytes {
        [VERSION, json @ ..] => serde_json::from_slice(json).map_err(|_| damaged("value")),
        _ => Err(damaged("value")),
    }
}

/// A value as JSON, for people to read.
pub fn to_json(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|_| damaged("value"))
}

/// A number as a value.
pub fn pack_number(number: u32) -> Vec<u8> {
    [&[VERSION][..], &number.to_be_bytes()].concat()
}

/// Reads a value that [`pack_number`] wrote.
pub fn unpack_number(bytes: &[u8]) -> Result<u32, Error> {
    let number = bytes.strip_prefix(&[VERSION]).and_then(|bytes| bytes.try_into().ok());
    number.map(u32::from_be_bytes).ok_or_else(|| damaged("number"))
}

fn json_of(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|_| damaged("value"))
}

fn damaged(what: &str) -> Error {
    Error::new(Kind::Internal, format!("a stored {what} cannot be read"))
}

#[cfg(test)]
mod tests;
