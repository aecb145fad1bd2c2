//! A tenant as lines of JSON: its definitions, its users, then its groups, then resources of its own types, then who is in groups,
//! all at one commit point. Rows are read and written a
//! piece at a time, so that a tenant of any size takes the same memory. The format is in `transfer.proto`.

use super::audit::{self, Act, Admin};
use super::members::Group;
use super::places::Work;
use super::record::{self, Definitions, Member, Record};
use super::refused::Refused;
use super::tenant::Tenant;
use super::{Directory, count, definition, generation, keys};
use crate::limits;
use crate::scim::datetime;
use crate::scim::errors::{Error, Kind};
use crate::store::{Row, Scan, Snapshot};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Duration;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// The next piece of an export.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// Whole lines, each with its line end.
    pub lines: Vec<u8>,
    /// Resources so far.
    pub done: usize,
    /// Resources in all.
    pub total: usize,
}

/// What the receiver of an export gets.
pub type Told = Result<Piece, Error>;

/// Sends the tenant as the snapshot shows it, the last line last. Ends early when the receiver is gone.
pub async fn export(snapshot: Snapshot, tenant: Arc<Tenant>, sender: mpsc::Sender<Told>) {
    let number = tenant.number;
    let mut writer = Writer { snapshot, number, sender: sender.clone(), piece: Piece::default(), members: 0 };
    if let Err(Ended::Failed(error)) = writer.write(&tenant.name).await {
        // A receiver that is gone does not hear it; one that waits must not take a part for the whole.
        let _ = sender.send_timeout(Err(error), Duration::from_millis(limits::PIECE_MS_MAX)).await;
    }
}

/// Begins an export in a task of its own, see [`export`]. Its audit entry is committed first: an export is personal data that leaves.
pub async fn start(
    directory: &Directory,
    tenant: &Arc<Tenant>,
    admin: &Admin,
) -> Result<mpsc::Receiver<Told>, Refused> {
    let place = directory.places.take(Work::Transfer)?;
    let act = Act { action: "tenant.export", tenant: &tenant.name, target: &tenant.name };
    audit::alone::<()>(directory, admin, act, None, None).await?;
    let snapshot = pin(directory).await?;
    let (sender, receiver) = mpsc::channel(limits::EXPORT_PIECES_WAITING_MAX);
    let tenant = tenant.clone();
    tokio::spawn(async move {
        export(snapshot, tenant, sender).await;
        drop(place);
    });
    Ok(receiver)
}

/// What is there now, to be read for as long as a backup or an export takes.
pub async fn pin(directory: &Directory) -> Result<Snapshot, Error> {
    directory.store.pin().await.map_err(super::store_error)
}

struct Writer {
    snapshot: Snapshot,
    number: u32,
    sender: mpsc::Sender<Told>,
    piece: Piece,
    members: usize,
}

/// Why an export ends before its end.
enum Ended {
    Gone,
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Failed(error)
    }
}

impl Writer {
    async fn write(&mut self, name: &str) -> Result<(), Ended> {
        let definitions = self.definitions().await?;
        let types = definition::resolve(&definitions)
            .map_err(|_| Error::new(Kind::Internal, "the tenant's stored definitions cannot be used"))?;
        for resource_type in types.all() {
            self.piece.total += count::total(&self.snapshot, self.number, resource_type.code).await?;
        }
        let revision = self.snapshot.revision();
        self.line(&json!({"scimd_export": FORMAT, "tenant": name, "revision": revision}));
        // Schemas before the types that have them.
        for schema in &definitions.schemas {
            self.line(&json!({"type": "Schema", "schema": schema.json}));
        }
        for defined in &definitions.types {
            self.line(&json!({"type": "ResourceType", "resource_type": defined.json}));
        }
        let users = self.resources(keys::USER, "User").await?;
        let groups = self.resources(keys::GROUP, "Group").await?;
        let mut resources = 0;
        for known in types.all().iter().filter(|known| ![keys::USER, keys::GROUP].contains(&known.code)) {
            resources += self.resources(known.code, &known.name).await?;
        }
        self.memberships().await?;
        let mut end = json!({"end": true, "users": users, "groups": groups, "members": self.members});
        // An export of a tenant without definitions of its own is as it was before there were any.
        let own = definitions.schemas.len() + definitions.types.len();
        if let (Value::Object(end), 1..) = (&mut end, own) {
            end.insert("resources".to_owned(), Value::from(resources));
            end.insert("definitions".to_owned(), Value::from(own));
        }
        self.line(&end);
        self.flush(1).await
    }

    async fn definitions(&self) -> Result<Definitions, Error> {
        let entry = self.snapshot.get(&keys::definitions(self.number)).await.map_err(super::store_error)?;
        entry.map_or_else(|| Ok(Definitions::default()), |entry| record::unpack(&entry.value))
    }

    async fn resources(&mut self, code: u8, name: &str) -> Result<usize, Ended> {
        let mut written = 0;
        let mut after = None;
        while let Some(page) = self.page(&keys::records(self.number, code), &mut after).await? {
            for row in page.iter() {
                self.resource(&row, name)?;
                written += 1;
                self.piece.done += 1;
                self.flush(limits::EXPORT_PIECE_BYTES).await?;
            }
        }
        Ok(written)
    }

    fn resource(&mut self, row: &Row<'_>, name: &str) -> Result<(), Error> {
        let record = Record::decode(row.value)?;
        let id = keys::last_id(row.key).unwrap_or_default();
        let created = datetime::format_ms(record.created_ms.unwrap_or(row.stamp.time_ms));
        let head = format!("{{\"type\":\"{name}\",\"id\":\"{id}\",\"created\":\"{created}\",\"attributes\":");
        self.piece.lines.extend_from_slice(head.as_bytes());
        self.piece.lines.extend_from_slice(record.json);
        if let Some(asserted) = record.asserted {
            self.piece.lines.extend_from_slice(b",\"asserted\":");
            self.piece.lines.extend_from_slice(asserted);
        }
        self.piece.lines.extend_from_slice(b"}\n");
        Ok(())
    }

    async fn memberships(&mut self) -> Result<(), Ended> {
        let mut after = None;
        while let Some(page) = self.page(&keys::records(self.number, keys::GROUP), &mut after).await? {
            for row in page.iter() {
                let id = keys::last_id(row.key).unwrap_or_default();
                let group = generation::of(&Record::decode(row.value)?, id);
                self.members_of(group).await?;
            }
        }
        Ok(())
    }

    async fn members_of(&mut self, group: Group) -> Result<(), Ended> {
        let prefix = keys::members(self.number, group.id, group.generation);
        let mut after: Option<Vec<u8>> = None;
        loop {
            let limit = limits::EXPORT_MEMBERS_MAX;
            let scan = Scan { prefix: &prefix, after: after.as_deref(), skip: 0, limit, values: true };
            let page = self.snapshot.scan(&scan).await.map_err(super::store_error)?;
            let Some(last) = page.last_key() else { return Ok(()) };
            let members: Vec<Value> = page.iter().map(|row| member(&row)).collect::<Result<_, _>>()?;
            self.members += members.len();
            self.line(&json!({"type": "Members", "group": group.id.to_string(), "members": members}));
            self.flush(limits::EXPORT_PIECE_BYTES).await?;
            after = Some(last.to_vec());
        }
    }

    async fn page(&self, prefix: &[u8], after: &mut Option<Vec<u8>>) -> Result<Option<crate::store::Page>, Error> {
        let limit = limits::EXPORT_ROWS;
        let scan = Scan { prefix, after: after.as_deref(), skip: 0, limit, values: true };
        let page = self.snapshot.scan(&scan).await.map_err(super::store_error)?;
        *after = page.last_key().map(<[u8]>::to_vec);
        tokio::task::yield_now().await;
        Ok((!page.is_empty()).then_some(page))
    }

    fn line(&mut self, line: &Value) {
        self.piece.lines.extend_from_slice(line.to_string().as_bytes());
        self.piece.lines.push(b'\n');
    }

    /// Hands on what has come together, when that is enough.
    async fn flush(&mut self, bytes_min: usize) -> Result<(), Ended> {
        if self.piece.lines.len() < bytes_min {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.piece.lines);
        let piece = Piece { lines, ..self.piece };
        // A client that takes nothing any more must not keep the snapshot, by which the file grows.
        let pause = Duration::from_millis(limits::PIECE_MS_MAX);
        self.sender.send_timeout(Ok(piece), pause).await.map_err(|_| Ended::Gone)
    }
}

/// A member with the name that its group's answers give it. A name that is longer than a client may give one is the member's own.
fn member(row: &Row<'_>) -> Result<Value, Error> {
    let id = keys::last_id(row.key).unwrap_or_default().to_string();
    let display: Value = serde_json::from_slice(Member::decode(row.value)?.display).unwrap_or_default();
    Ok(match display.as_str() {
        Some(name) if name.len() <= limits::MEMBER_DISPLAY_BYTES_MAX => json!({"value": id, "display": name}),
        _ => json!({"value": id}),
    })
}

#[cfg(test)]
mod tests;
