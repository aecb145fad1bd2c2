//! The registry of admins' client certificates: which were made, for whom, with which role, and which were revoked. It does not
//! know how a certificate is made.

use super::audit::{self, Act, Admin};
use super::record::{self, AdminCertificate, Role};
use super::refused::{Noun, Refused};
use super::{Directory, keys};
use crate::limits;
use crate::scim::errors::Error;
use crate::store::{Batch, Scan, Snapshot};
use serde::Serialize;
use uuid::Uuid;

/// A certificate that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Whom it is for.
    pub name: &'a str,
    /// What that one may do.
    pub role: Role,
    /// How long it is to be valid, in milliseconds.
    pub lifetime_ms: i64,
}

/// What was made of a certificate by whoever makes them.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// SHA-256 of its DER form.
    pub fingerprint: [u8; 32],
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: i64,
}

/// An entry of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its serial number.
    pub serial: Uuid,
    /// What is kept of it.
    pub certificate: AdminCertificate,
}

/// What became of the wish for a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    New(Entry),
    /// There was one of this name and role already.
    There(Entry),
}

/// Registers a certificate, made by `make` from its serial number and the end of its life in milliseconds since the epoch. A name
/// that a valid certificate has is answered with that one when the role is the same.
pub async fn create(
    directory: &Directory,
    admin: &Admin,
    wanted: &Wanted<'_>,
    mut make: impl FnMut(Uuid, i64) -> Result<Made, Refused>,
) -> Result<Outcome, Refused> {
    check(wanted)?;
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let now_ms = directory.clock().now_ms();
        let (ended, count) = match survey(&snapshot, wanted.name, now_ms).await? {
            Survey::There(entry) if entry.certificate.role == wanted.role => return Ok(Outcome::There(entry)),
            Survey::There(entry) => {
                let why = format!("it has the role {}", role_text(entry.certificate.role));
                return Err(Refused::Exists(Noun::AdminCertificate, wanted.name.to_owned(), why));
            }
            Survey::Free { ended, count } => (ended, count),
        };
        if count >= limits::ADMIN_CERTIFICATES_MAX {
            let why = format!("there are {count} admin certificates; revoke or wait until some have ended");
            return Err(Refused::Exhausted { reason: "TOO_MANY_ADMIN_CERTIFICATES", why });
        }
        let serial = directory.clock().id();
        let made = make(serial, now_ms.saturating_add(wanted.lifetime_ms))?;
        let certificate = AdminCertificate {
            name: wanted.name.to_owned(),
            role: wanted.role,
            fingerprint: made.fingerprint,
            created_ms: now_ms,
            expires_ms: made.expires_ms,
            revoked_ms: None,
        };
        let mut batch = directory.batch();
        rely_on_mark(&snapshot, &mut batch).await?;
        batch.put(keys::admin_certificate(serial), record::pack(&certificate)?);
        for key in ended {
            batch.delete(key);
        }
        let entry = Entry { serial, certificate };
        add(&mut batch, admin, "admin_certificate.create", None, &entry)?;
        if directory.commit(batch).await?.is_some() {
            return Ok(Outcome::New(entry));
        }
    }
    Err(super::contended().into())
}

/// A page of the registry in the order of creation, after a serial number when one is given; and the serial number to go on after.
pub async fn list(
    directory: &Directory,
    after: Option<Uuid>,
    limit: usize,
) -> Result<(Vec<Entry>, Option<Uuid>), Refused> {
    let snapshot = directory.snapshot().await?;
    let after = after.map_or_else(|| keys::ADMIN_CERTIFICATES.to_vec(), keys::admin_certificate);
    // One more than asked for tells whether there is a next page.
    let scan = scan(&after, limit.saturating_add(1));
    let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
    let mut entries = page.iter().filter_map(entry).collect::<Result<Vec<_>, Error>>()?;
    let goes_on = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().map(|entry| entry.serial).filter(|_| goes_on);
    Ok((entries, next))
}

/// Revokes the certificate of a serial number in hexadecimal, or the unrevoked one of a name, for good. One that is revoked stays as
/// it is.
pub async fn revoke(directory: &Directory, admin: &Admin, named: &str) -> Result<Entry, Refused> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        let now_ms = directory.clock().now_ms();
        let Some(before) = named_so(&snapshot, named, now_ms).await? else {
            return Err(Refused::not_found(Noun::AdminCertificate, named));
        };
        if before.certificate.revoked_ms.is_some() {
            return Ok(before);
        }
        let key = keys::admin_certificate(before.serial);
        let Some(stored) = snapshot.get(&key).await.map_err(super::store_error)? else { continue };
        let mut after = before.clone();
        after.certificate.revoked_ms = Some(now_ms);
        let mut batch = directory.batch();
        batch.expect_unchanged(key.clone(), stored.stamp.revision);
        batch.put(key, record::pack(&after.certificate)?);
        add(&mut batch, admin, "admin_certificate.revoke", Some(&before), &after)?;
        if directory.commit(batch).await?.is_some() {
            return Ok(after);
        }
    }
    Err(super::contended().into())
}

/// The certificate of a serial number.
pub async fn find(directory: &Directory, serial: Uuid) -> Result<Option<AdminCertificate>, Error> {
    let snapshot = directory.snapshot().await?;
    let stored = snapshot.get(&keys::admin_certificate(serial)).await.map_err(super::store_error)?;
    stored.map(|stored| record::unpack(&stored.value)).transpose()
}

/// A serial number as it is written.
pub fn serial_text(serial: Uuid) -> String {
    serial.simple().to_string()
}

fn check(wanted: &Wanted<'_>) -> Result<(), Refused> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    if wanted.name.is_empty() || wanted.name.len() > limits::NAME_BYTES_MAX || !wanted.name.bytes().all(fits) {
        let why = format!("it must be 1 to {} characters a-z, A-Z, 0-9, -, _, . and @", limits::NAME_BYTES_MAX);
        return Err(Refused::field("name", why));
    }
    let range = limits::ADMIN_CERTIFICATE_LIFETIME_MS_MIN..=limits::ADMIN_CERTIFICATE_LIFETIME_MS_MAX;
    if !range.contains(&wanted.lifetime_ms) {
        return Err(Refused::field("ttl", "it must be from 1 hour to 3652 days"));
    }
    Ok(())
}

/// What a look through the registry shows.
enum Survey {
    /// A valid certificate has the name.
    There(Entry),
    /// None has: the keys of those that ended long ago, and how many others there are.
    Free { ended: Vec<Vec<u8>>, count: usize },
}

async fn survey(snapshot: &Snapshot, name: &str, now_ms: i64) -> Result<Survey, Error> {
    let (mut ended, mut count) = (Vec::new(), 0);
    let mut after = keys::ADMIN_CERTIFICATES.to_vec();
    loop {
        let page = snapshot.scan(&scan(&after, limits::SCAN_ROWS)).await.map_err(super::store_error)?;
        for entry in page.iter().filter_map(entry) {
            let entry = entry?;
            if entry.certificate.name == name && is_valid(&entry.certificate, now_ms) {
                return Ok(Survey::There(entry));
            }
            let gone = entry.certificate.expires_ms.saturating_add(limits::ADMIN_CERTIFICATE_KEPT_MS) <= now_ms;
            match gone && ended.len() < limits::SCAN_ROWS {
                true => ended.push(keys::admin_certificate(entry.serial)),
                false => count += 1,
            }
        }
        match page.last_key() {
            Some(key) if page.len() == limits::SCAN_ROWS => after = key.to_vec(),
            _ => return Ok(Survey::Free { ended, count }),
        }
    }
}

/// By serial number; by name the valid one, or else the newest that was not revoked.
async fn named_so(snapshot: &Snapshot, named: &str, now_ms: i64) -> Result<Option<Entry>, Error> {
    if let Ok(serial) = Uuid::try_parse(named) {
        let stored = snapshot.get(&keys::admin_certificate(serial)).await.map_err(super::store_error)?;
        if let Some(stored) = stored {
            return Ok(Some(Entry { serial, certificate: record::unpack(&stored.value)? }));
        }
    }
    let mut found: Option<Entry> = None;
    let mut after = keys::ADMIN_CERTIFICATES.to_vec();
    loop {
        let page = snapshot.scan(&scan(&after, limits::SCAN_ROWS)).await.map_err(super::store_error)?;
        for entry in page.iter().filter_map(entry) {
            let entry = entry?;
            if entry.certificate.name != named || entry.certificate.revoked_ms.is_some() {
                continue;
            }
            if is_valid(&entry.certificate, now_ms) {
                return Ok(Some(entry));
            }
            found = Some(entry);
        }
        match page.last_key() {
            Some(key) if page.len() == limits::SCAN_ROWS => after = key.to_vec(),
            _ => return Ok(found),
        }
    }
}

/// Two who make a certificate of one name meet at the mark.
async fn rely_on_mark(snapshot: &Snapshot, batch: &mut Batch) -> Result<(), Error> {
    let mark = keys::ADMIN_CERTIFICATES;
    match snapshot.get(mark).await.map_err(super::store_error)? {
        Some(stored) => batch.expect_unchanged(mark, stored.stamp.revision),
        None => batch.expect_absent(mark),
    }
    batch.put(mark, record::PRESENT);
    Ok(())
}

/// An entry as the audit log shows it.
#[derive(Serialize)]
struct Shown<'a> {
    serial: String,
    name: &'a str,
    role: Role,
    expires_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_ms: Option<i64>,
}

fn add(
    batch: &mut Batch,
    admin: &Admin,
    action: &'static str,
    before: Option<&Entry>,
    after: &Entry,
) -> Result<(), Error> {
    let target = serial_text(after.serial);
    let act = Act { action, tenant: "", target: &target };
    let shown = |entry: &'_ Entry| {
        let AdminCertificate { role, expires_ms, revoked_ms, .. } = entry.certificate;
        record::to_json(&Shown {
            serial: serial_text(entry.serial),
            name: &entry.certificate.name,
            role,
            expires_ms,
            revoked_ms,
        })
    };
    let (before, after) = (before.map(shown).transpose()?, shown(after)?);
    audit::add(batch, admin, act, before.as_ref(), Some(&after))
}

fn is_valid(certificate: &AdminCertificate, now_ms: i64) -> bool {
    certificate.revoked_ms.is_none() && certificate.expires_ms > now_ms
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Admin => "admin",
    }
}

fn scan(after: &[u8], limit: usize) -> Scan<'_> {
    Scan { prefix: keys::ADMIN_CERTIFICATES, after: Some(after), skip: 0, limit, values: true }
}

fn entry(row: crate::store::Row<'_>) -> Option<Result<Entry, Error>> {
    let serial = keys::last_id(row.key)?;
    Some(record::unpack(row.value).map(|certificate| Entry { serial, certificate }))
}

#[cfg(test)]
mod tests;
