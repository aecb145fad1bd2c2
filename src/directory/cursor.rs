//! Cursors (RFC 9865): a place in the order of one query's results, sealed so that a client can neither read nor make one. The
//! server keeps nothing for a walk; a cursor is good for the tenant, the types, the filter and the order that it was given out for.
//!
//! A cursor is sealed as a whole by a synthetic initialization vector: its tag is an HMAC over the query and the place, and the place
//! is hidden under a stream of HMACs over the tag. It may hold a `userName`, and stands in URLs, which proxies write into their logs.

use super::list::SortKey;
use super::{Directory, keys, store_error};
use crate::limits;
use crate::scim::errors::{Error, Kind};
use crate::scim::query::Query;
use crate::scim::schema::ResourceType;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a cursor says.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// Until when it is taken, in milliseconds since the epoch.
    pub expires_ms: i64,
    /// How many resources a page of the walk has at most.
    pub count: usize,
    /// How many matched when the walk began, where counting them anew would cost more than the page.
    pub total: Option<usize>,
    /// Where to go on.
    pub seek: Seek,
}

/// From where, and in which direction; what stands at the place itself is not on the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Seek {
    /// Towards the end of the list.
    pub forward: bool,
    /// The place.
    pub place: Place,
}

/// A place in a list. It need not be a resource's: places order as resources do, and stay where they are when resources vanish.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The resource type's number in the list; only where nothing is sorted, since types come one after the other then.
    pub part: usize,
    /// What the resource is sorted by, if anything.
    pub key: Option<SortKey>,
    /// Its id.
    pub id: Uuid,
}

/// The key of the seals.
pub struct Secret(Zeroizing<[u8; SECRET_BYTES]>);

/// The query that a cursor is given out for. Its text is compared without regard to ASCII case, as names in it are.
pub struct Binding([u8; 32]);

impl Binding {
    /// Of this query in this tenant.
    pub fn new(tenant: u32, types: &[&ResourceType], query: &Query) -> Binding {
        let mut hash = Sha256::new();
        hash.update(tenant.to_be_bytes());
        hash.update([u8::from(query.descending)]);
        let types = types.iter().map(|each| Some(each.name.as_str()));
        for text in types.chain([None, query.filter.as_deref(), query.sort_by.as_deref()]) {
            // Each text with its length, so that no two lists of texts look the same.
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(text.unwrap_or_default().to_ascii_lowercase());
        }
        Binding(hash.finalize().into())
    }
}

/// The server's secret. It is made when there is none: once in the life of a data directory.
pub async fn secret(directory: &Directory) -> Result<&Secret, Error> {
    directory.cursors.get_or_try_init(|| read_or_make(directory)).await
}

async fn read_or_make(directory: &Directory) -> Result<Secret, Error> {
    for _ in 0..limits::COMMIT_ATTEMPTS_MAX {
        let snapshot = directory.snapshot().await?;
        if let Some(entry) = snapshot.get(keys::CURSOR_SECRET).await.map_err(store_error)? {
            let bytes: Option<[u8; SECRET_BYTES]> = entry.value.try_into().ok();
            let known = bytes.map(|bytes| Secret(Zeroizing::new(bytes)));
            return known.ok_or_else(|| Error::new(Kind::Internal, "the stored secret of cursors cannot be read"));
        }
        let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|_| Error::new(Kind::Internal, "the system has no random bytes"))?;
        let mut batch = directory.batch();
        batch.expect_absent(keys::CURSOR_SECRET);
        batch.put(keys::CURSOR_SECRET, bytes.as_slice());
        directory.commit(batch).await?;
    }
    Err(super::contended())
}

/// The cursor as text, of characters that are unreserved in URLs (RFC 9865 section 2).
pub fn write(secret: &Secret, binding: &Binding, cursor: &Cursor) -> String {
    let mut bytes = encode(cursor);
    let tag = tag(secret, binding, &bytes);
    hide(secret, &tag, &mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode([&[VERSION][..], &tag, &bytes].concat())
}

/// Reads a cursor. Whatever is wrong with one that was not given out for this query, the answer is the same.
pub fn read(secret: &Secret, binding: &Binding, text: &str, now_ms: i64) -> Result<Cursor, Error> {
    let cursor = opened(secret, binding, text).ok_or_else(|| {
        let why = "the cursor is not one of this query: take 'nextCursor' or 'previousCursor' of an answer, and keep the query";
        Error::new(Kind::InvalidCursor, why)
    })?;
    if now_ms > cursor.expires_ms {
        let why = format!("the cursor has expired: one is good for {} seconds", limits::CURSOR_S_MAX);
        return Err(Error::new(Kind::ExpiredCursor, why));
    }
    Ok(cursor)
}

/// The version of the form.
const VERSION: u8 = 1;

/// As long as a block of SHA-256, which is what HMAC's key is made to be anyway.
const SECRET_BYTES: usize = 64;

const TAG_BYTES: usize = 16;

fn opened(secret: &Secret, binding: &Binding, text: &str) -> Option<Cursor> {
    if text.len() > limits::CURSOR_CHARS_MAX {
        return None;
    }
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (tag_sent, hidden) = sealed.strip_prefix(&[VERSION])?.split_first_chunk::<TAG_BYTES>()?;
    let mut bytes = hidden.to_vec();
    hide(secret, tag_sent, &mut bytes);
    let is_ours: bool = subtle::ConstantTimeEq::ct_eq(&tag(secret, binding, &bytes)[..], &tag_sent[..]).into();
    is_ours.then(|| decode(&bytes)).flatten()
}

/// The seal: what is under it, and for which query.
fn tag(secret: &Secret, binding: &Binding, bytes: &[u8]) -> [u8; TAG_BYTES] {
    let full = keyed(secret, &[b"tag", &binding.0, bytes]);
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&full[..TAG_BYTES]);
    tag
}

/// Hides what is plain, and the other way round.
fn hide(secret: &Secret, tag: &[u8; TAG_BYTES], bytes: &mut [u8]) {
    for (block, chunk) in (0_u32..).zip(bytes.chunks_mut(32)) {
        let stream = keyed(secret, &[b"hid", tag, &block.to_be_bytes()]);
        chunk.iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn keyed(secret: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new(&(*secret.0).into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// Stands for "not counted".
const UNCOUNTED: u64 = u64::MAX;

fn encode(cursor: &Cursor) -> Vec<u8> {
    let Cursor { expires_ms, count, total, seek: Seek { forward, place } } = cursor;
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(&expires_ms.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(*count).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(&total.map_or(UNCOUNTED, |total| total as u64).to_be_bytes());
    bytes.push(u8::from(*forward));
    bytes.extend_from_slice(&u32::try_from(place.part).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(place.id.as_bytes());
    if let Some(key) = &place.key {
        key.encode(&mut bytes);
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Cursor> {
    let (expires, rest) = bytes.split_first_chunk()?;
    let (count, rest) = rest.split_first_chunk()?;
    let (total, rest) = rest.split_first_chunk()?;
    let (forward, rest) = rest.split_first()?;
    let (part, rest) = rest.split_first_chunk()?;
    let (id, key) = rest.split_first_chunk()?;
    let key = if key.is_empty() { None } else { Some(SortKey::decode(key)?) };
    let part = usize::try_from(u32::from_be_bytes(*part)).ok()?;
    let total = u64::from_be_bytes(*total);
    Some(Cursor {
        expires_ms: i64::from_be_bytes(*expires),
        count: usize::try_from(u32::from_be_bytes(*count)).ok()?,
        total: usize::try_from(total).ok().filter(|_| total != UNCOUNTED),
        seek: Seek { forward: *forward == 1, place: Place { part, key, id: Uuid::from_bytes(*id) } },
    })
}

#[cfg(test)]
mod tests;
