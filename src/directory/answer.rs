//! The JSON of answers. A stored resource is nearly its answer already, so an ordinary read copies bytes and parses nothing; a big
//! group's members are written as they are read, so that an answer of any size takes the same memory.

use super::membership::GroupRef;
use super::record::{self, Record};
use super::view::View;
use super::{Call, keys};
use crate::limits;
use crate::scim::datetime;
use crate::scim::errors::{Error, Kind};
use crate::scim::project::{Part, Projection};
use crate::scim::schema::ResourceType;
use crate::store::{Page, Scan, Snapshot, Store};
use bytes::Bytes;
use tokio::sync::mpsc;
use uuid::Uuid;

/// The body of an answer.
#[derive(Debug)]
pub enum Content {
    /// None at all.
    Empty,
    /// All of it.
    Whole(Vec<u8>),
    /// As it is made.
    Stream(mpsc::Receiver<Result<Bytes, Cut>>),
}

/// The maker of a streamed answer could not finish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer was cut short")]
pub struct Cut;

/// One resource as an answer, with what goes into headers.
#[derive(Debug)]
pub struct Answer {
    /// The resource's URL.
    pub location: String,
    /// Its entity tag.
    pub version: String,
    /// The body.
    pub content: Content,
}

/// An answer while it is put together: text, and members that are still to be read.
#[derive(Default)]
pub struct Draft {
    pieces: Vec<Piece>,
    text: Vec<u8>,
    members: usize,
}

enum Piece {
    Text(Vec<u8>),
    Members(Members),
}

/// The members of one group, to be read when it is their turn.
struct Members {
    group: Uuid,
    generation: u64,
    fields: Fields,
}

/// Which sub-attributes of a member or group reference are wanted.
#[derive(Clone, Copy)]
struct Fields {
    value: bool,
    reference: bool,
    kind: bool,
    display: bool,
}

impl Fields {
    fn of(part: &Part<'_>) -> Fields {
        Fields {
            value: part.has("value"),
            reference: part.has("$ref"),
            kind: part.has("type"),
            display: part.has("display"),
        }
    }
}

impl Draft {
    /// Text that stands between resources.
    pub fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// One resource.
    pub async fn resource(
        &mut self,
        call: &Call<'_>,
        snapshot: &Snapshot,
        resource_type: &ResourceType,
        view: &View,
        projection: &Projection<'_>,
    ) -> Result<(), Error> {
        let record = view.record()?;
        self.head(resource_type, view.id, &record);
        self.attributes(resource_type, &record, projection)?;
        match keys::type_code(resource_type) {
            keys::GROUP => {
                let part = match projection.is_default() && !call.tenant.dialect.members_in_answers {
                    true => Part::Absent,
                    false => projection.core(resource_type, "members"),
                };
                if part != Part::Absent {
                    let key = keys::member_count(call.tenant.number, view.id, record.generation);
                    let count = snapshot.count(&key).await.map_err(super::store_error)?;
                    self.members(view.id, record.generation, Fields::of(&part), usize::try_from(count).unwrap_or(0));
                }
            }
            keys::USER => match projection.core(resource_type, "groups") {
                Part::Absent => {}
                part => write_groups(&mut self.text, call.base, &view.groups, Fields::of(&part)),
            },
            // What others have is in the record.
            _ => {}
        }
        self.meta(call, resource_type, view, &record, projection);
        self.text.push(b'}');
        Ok(())
    }

    /// The whole answer: at once when it is small, otherwise as it is read.
    pub async fn finish(mut self, call: &Call<'_>, snapshot: &Snapshot) -> Result<Content, Error> {
        if self.pieces.is_empty() {
            return Ok(Content::Whole(self.text));
        }
        self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
        if self.members > limits::MEMBERS_WHOLE_MAX {
            return Ok(Content::Stream(self.stream(call, snapshot.clone())));
        }
        let mut whole = Vec::new();
        for piece in self.pieces {
            match piece {
                Piece::Text(text) => whole.extend_from_slice(&text),
                Piece::Members(members) => {
                    let mut reader = MemberReader::new(call.tenant.number, members);
                    while reader.next(snapshot, call.base, &mut whole).await? {}
                }
            }
        }
        Ok(Content::Whole(whole))
    }

    fn head(&mut self, resource_type: &ResourceType, id: Uuid, record: &Record<'_>) {
        self.push("{\"schemas\":[\"");
        self.push(&resource_type.schema.id);
        for extension in &resource_type.extensions {
            if record.has(extension) {
                self.push("\",\"");
                self.push(&extension.schema.id);
            }
        }
        self.push("\"],\"id\":\"");
        push_id(&mut self.text, id);
        self.push("\"");
    }

    /// The stored attributes, which are a JSON object already.
    fn attributes(
        &mut self,
        resource_type: &ResourceType,
        record: &Record<'_>,
        projection: &Projection<'_>,
    ) -> Result<(), Error> {
        let projected;
        let json = match projection.is_default() {
            true => record.json,
            false => {
                let kept = projection.apply(resource_type, record.attributes()?);
                projected = serde_json::to_vec(&kept)
                    .map_err(|_| Error::new(Kind::Internal, "a stored record cannot be written"))?;
                &projected
            }
        };
        if let [b'{', inner @ .., b'}'] = json
            && !inner.is_empty()
        {
            self.text.push(b',');
            self.text.extend_from_slice(inner);
        }
        Ok(())
    }

    fn members(&mut self, group: Uuid, generation: u64, fields: Fields, count: usize) {
        self.push(",\"members\":[");
        if count > 0 {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
            self.pieces.push(Piece::Members(Members { group, generation, fields }));
            self.members += count;
        }
        self.push("]");
    }

    fn meta(
        &mut self,
        call: &Call<'_>,
        resource_type: &ResourceType,
        view: &View,
        record: &Record<'_>,
        projection: &Projection<'_>,
    ) {
        let part = projection.core(resource_type, "meta");
        if part == Part::Absent {
            return;
        }
        self.push(",\"meta\":{");
        let start = self.text.len();
        if part.has("resourceType") {
            self.push(",\"resourceType\":\"");
            self.push(&resource_type.name);
            self.push("\"");
        }
        for (name, ms) in [("created", view.created_ms(record)), ("lastModified", view.modified_ms())] {
            if part.has(name) {
                self.push(",\"");
                self.push(name);
                self.push("\":\"");
                datetime::write_ms(&mut self.text, ms);
                self.push("\"");
            }
        }
        if part.has("location") {
            self.push(",\"location\":\"");
            push_location(&mut self.text, call.base, &resource_type.endpoint, view.id);
            self.push("\"");
        }
        if part.has("version") {
            self.push(",\"version\":");
            // The quotes of an entity tag are part of it, and have to be escaped.
            self.push(&serde_json::Value::from(view.version()).to_string());
        }
        if self.text.len() > start {
            self.text.remove(start);
        }
        self.push("}");
    }

    fn stream(self, call: &Call<'_>, snapshot: Snapshot) -> mpsc::Receiver<Result<Bytes, Cut>> {
        let (sender, receiver) = mpsc::channel(limits::STREAM_CHUNKS_MAX);
        let streamer = Streamer {
            store: call.directory.store.clone(),
            tenant: call.tenant.number,
            base: call.base.to_owned(),
            snapshot,
            sender,
        };
        tokio::spawn(streamer.run(self.pieces));
        receiver
    }
}

/// A resource's URL.
pub fn location(base: &str, resource_type: &ResourceType, id: Uuid) -> String {
    let mut text = Vec::with_capacity(base.len() + 64);
    push_location(&mut text, base, &resource_type.endpoint, id);
    String::from_utf8(text).unwrap_or_default()
}

/// Writes the pieces of a large answer into a channel, at the speed at which the client reads.
struct Streamer {
    store: Store,
    tenant: u32,
    base: String,
    snapshot: Snapshot,
    sender: mpsc::Sender<Result<Bytes, Cut>>,
}

impl Streamer {
    async fn run(mut self, pieces: Vec<Piece>) {
        let mut chunk = Vec::with_capacity(limits::STREAM_CHUNK_BYTES);
        for piece in pieces {
            let done = match piece {
                Piece::Text(text) => {
                    chunk.extend_from_slice(&text);
                    Ok(())
                }
                Piece::Members(members) => self.members(members, &mut chunk).await,
            };
            if done.is_err() || self.flush(&mut chunk, limits::STREAM_CHUNK_BYTES).await.is_err() {
                // A client that went away does not hear this; one that waits must not take a part for the whole.
                let _ = self.sender.send(Err(Cut)).await;
                return;
            }
        }
        let _ = self.flush(&mut chunk, 1).await;
    }

    async fn members(&mut self, members: Members, chunk: &mut Vec<u8>) -> Result<(), Cut> {
        let (group, generation) = (members.group, members.generation);
        let mut reader = MemberReader::new(self.tenant, members);
        loop {
            match reader.next(&self.snapshot, &self.base, chunk).await {
                Ok(true) => self.flush(chunk, limits::STREAM_CHUNK_BYTES).await?,
                Ok(false) => return Ok(()),
                // A snapshot may not be held for as long as a slow client likes. The same generation goes on in a new one.
                Err(_) => self.renew(group, generation).await?,
            }
        }
    }

    async fn renew(&mut self, group: Uuid, generation: u64) -> Result<(), Cut> {
        let newer = self.store.snapshot().await.map_err(|_| Cut)?;
        if newer.revision() == self.snapshot.revision() {
            return Err(Cut);
        }
        let key = keys::record(self.tenant, keys::GROUP, group);
        let entry = newer.get(&key).await.map_err(|_| Cut)?.ok_or(Cut)?;
        let same = Record::decode(&entry.value).is_ok_and(|record| record.generation == generation);
        self.snapshot = newer;
        same.then_some(()).ok_or(Cut)
    }

    async fn flush(&self, chunk: &mut Vec<u8>, bytes_min: usize) -> Result<(), Cut> {
        if chunk.len() < bytes_min {
            return Ok(());
        }
        let full = std::mem::replace(chunk, Vec::with_capacity(limits::STREAM_CHUNK_BYTES));
        self.sender.send(Ok(Bytes::from(full))).await.map_err(|_| Cut)
    }
}

/// Reads members page by page and writes them as JSON.
struct MemberReader {
    prefix: Vec<u8>,
    after: Option<Vec<u8>>,
    fields: Fields,
    is_first: bool,
}

impl MemberReader {
    fn new(tenant: u32, members: Members) -> MemberReader {
        let prefix = keys::members(tenant, members.group, members.generation);
        MemberReader { prefix, after: None, fields: members.fields, is_first: true }
    }

    /// Writes the next page; false when there is none.
    async fn next(&mut self, snapshot: &Snapshot, base: &str, out: &mut Vec<u8>) -> Result<bool, Error> {
        let scan = Scan {
            prefix: &self.prefix,
            after: self.after.as_deref(),
            skip: 0,
            limit: limits::SCAN_ROWS,
            values: true,
        };
        let page = snapshot.scan(&scan).await.map_err(super::store_error)?;
        self.write(&page, base, out)?;
        self.after = page.last_key().map(<[u8]>::to_vec);
        Ok(page.len() == limits::SCAN_ROWS)
    }

    fn write(&mut self, page: &Page, base: &str, out: &mut Vec<u8>) -> Result<(), Error> {
        for row in page.iter() {
            let Some(id) = keys::last_id(row.key) else { continue };
            let member = record::Member::decode(row.value)?;
            let (endpoint, kind) = match member.code {
                keys::USER => ("/Users", "User"),
                _ => ("/Groups", "Group"),
            };
            if !std::mem::take(&mut self.is_first) {
                out.push(b',');
            }
            write_reference(out, base, self.fields, endpoint, id, kind, member.display);
        }
        Ok(())
    }
}

fn write_groups(out: &mut Vec<u8>, base: &str, groups: &[GroupRef], fields: Fields) {
    if groups.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"groups\":[");
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let kind = if group.direct { "direct" } else { "indirect" };
        write_reference(out, base, fields, "/Groups", group.id, kind, &group.display);
    }
    out.push(b']');
}

fn write_reference(
    out: &mut Vec<u8>,
    base: &str,
    fields: Fields,
    endpoint: &str,
    id: Uuid,
    kind: &str,
    display: &[u8],
) {
    out.push(b'{');
    let start = out.len();
    if fields.value {
        out.extend_from_slice(b",\"value\":\"");
        push_id(out, id);
        out.push(b'"');
    }
    if fields.reference {
        out.extend_from_slice(b",\"$ref\":\"");
        push_location(out, base, endpoint, id);
        out.push(b'"');
    }
    if fields.display && display != b"null" {
        out.extend_from_slice(b",\"display\":");
        out.extend_from_slice(display);
    }
    if fields.kind {
        out.extend_from_slice(b",\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.push(b'"');
    }
    if out.len() > start {
        out.remove(start);
    }
    out.push(b'}');
}

fn push_location(out: &mut Vec<u8>, base: &str, endpoint: &str, id: Uuid) {
    out.extend_from_slice(base.as_bytes());
    out.extend_from_slice(endpoint.as_bytes());
    out.push(b'/');
    push_id(out, id);
}

fn push_id(out: &mut Vec<u8>, id: Uuid) {
    let mut buffer = Uuid::encode_buffer();
    out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
}
