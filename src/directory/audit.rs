//! The audit log: one entry for each act of an admin and of the server itself, in the batch of the act.

use super::record::{self, AuditEntry};
use super::{Directory, keys};
use crate::scim::errors::Error;
use crate::store::Batch;
use serde::Serialize;
use serde_json::Value;

/// Who acts through the admin plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// `socket:UID`, `cert:NAME` or `server`.
    pub name: String,
    /// Where the call came from; empty for the socket.
    pub address: String,
}

impl Admin {
    /// The server itself.
    pub fn server() -> Admin {
        Admin { name: "server".to_owned(), address: String::new() }
    }
}

/// What was done, and to what.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Noun and verb, such as `token.rotate`.
    pub action: &'a str,
    /// The tenant's name; empty: it concerns the whole server.
    pub tenant: &'a str,
    /// The id or name of what it was done to.
    pub target: &'a str,
}

/// Puts the entry of an act into its batch, with what it changed as it was and as it is. Neither may hold a secret; `None` is what
/// was not there.
pub fn add<T: Serialize>(
    batch: &mut Batch,
    admin: &Admin,
    act: Act<'_>,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<(), Error> {
    let shown = |state: Option<&T>| state.map_or(Ok(Value::Null), record::to_json);
    let entry = AuditEntry {
        actor: admin.name.clone(),
        address: admin.address.clone(),
        action: act.action.to_owned(),
        tenant: act.tenant.to_owned(),
        target: act.target.to_owned(),
        before: shown(before)?,
        after: shown(after)?,
    };
    // Several entries of one batch share its revision; the number keeps them apart.
    let number = batch.writes.len().to_be_bytes();
    batch.put_stamped(keys::log(keys::AUDIT), number, record::pack(&entry)?);
    Ok(())
}

/// An entry about an act that changes nothing in the store, such as reading a certificate again.
pub async fn alone<T: Serialize>(
    directory: &Directory,
    admin: &Admin,
    act: Act<'_>,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<(), Error> {
    let mut batch = directory.batch();
    add(&mut batch, admin, act, before, after)?;
    directory.commit(batch).await.map(drop)
}
