//! Bearer tokens: `scim_` + key id + `_` + 32 random bytes in base62 + `_` + a CRC-32 in base62. Secret scanners find the form, a
//! mistyped token is refused without a read, the key id is looked up and the hash of the whole is compared in constant time.
//! SHA-256 is right for secrets of 256 random bits, so nobody chooses one; the bootstrap token, which somebody did, must be long.

use super::tenant::{self, Tenant};
use super::{Directory, keys, record};
use crate::scim::errors::{Error, Kind};
use crate::store::Snapshot;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// A token with its secret. It does not print itself.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Secret(String);

/// Who a valid token speaks for.
#[derive(Clone, Debug)]
pub struct Access {
    /// The token's id.
    pub key_id: String,
    /// The tenant that it is a token of.
    pub tenant: Tenant,
}

impl Secret {
    /// A new token.
    pub fn random() -> Result<Secret, Error> {
        let mut bytes = zeroize::Zeroizing::new([0_u8; 8 + 32]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|_| Error::new(Kind::Internal, "the system has no random bytes"))?;
        let (id, secret) = bytes.split_at(8);
        let body = format!("{PREFIX}{}_{}", base62(id, 11), base62(secret, 43));
        let sum = checksum(&body);
        Ok(Secret(format!("{body}_{sum}")))
    }

    /// A token that somebody else chose.
    pub fn chosen(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// The text, to be shown to whoever asked for the token, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its id, which is no secret: it stands in logs and changes.
    pub fn key_id(&self) -> String {
        key_id(&self.0).unwrap_or_default()
    }

    /// What is stored of it. The tenant is the caller's to fill in.
    pub fn record(&self, created_ms: i64, description: &str) -> record::Token {
        record::Token {
            hash: hash(&self.0),
            created_ms,
            description: description.to_owned(),
            ..record::Token::default()
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Who `bearer` speaks for, if anybody.
pub async fn check(directory: &Directory, bearer: &str) -> Result<Option<Access>, Error> {
    let Some(key_id) = key_id(bearer) else { return Ok(None) };
    let snapshot = directory.snapshot().await?;
    let entry = snapshot.get(&keys::token(&key_id)).await.map_err(super::store_error)?;
    let token: Option<record::Token> = match &entry {
        Some(entry) => Some(record::unpack(&entry.value)?),
        None => None,
    };
    // An unknown key id costs the same comparison as a known one.
    let expected = token.as_ref().map_or([0; 32], |token| token.hash);
    let is_same: bool = hash(bearer).ct_eq(&expected).into();
    match token.filter(|_| is_same) {
        Some(token) => access(&snapshot, key_id, &token).await,
        None => Ok(None),
    }
}

async fn access(snapshot: &Snapshot, key_id: String, token: &record::Token) -> Result<Option<Access>, Error> {
    let tenant = tenant::by_number(snapshot, token.tenant).await?;
    Ok(tenant.map(|tenant| Access { key_id, tenant }))
}

const PREFIX: &str = "scim_";

/// The part of a token that it is looked up by; `None` when it cannot be a token. Of a chosen token it is a part of its hash.
fn key_id(token: &str) -> Option<String> {
    let Some(rest) = token.strip_prefix(PREFIX) else {
        return (!token.is_empty()).then(|| format!("b{}", base62(&hash(token)[..8], 11)));
    };
    let (body, sum) = token.rsplit_once('_')?;
    let (id, _) = rest.split_once('_')?;
    (body.len() > PREFIX.len() && checksum(body) == sum).then(|| id.to_owned())
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn checksum(body: &str) -> String {
    base62(&crc32fast::hash(body.as_bytes()).to_be_bytes(), 6)
}

/// The bytes as one number in base 62, padded to `digits`.
fn base62(bytes: &[u8], digits: usize) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut number = bytes.to_vec();
    let mut text = Vec::with_capacity(digits);
    for _ in 0..digits {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = remainder << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        text.push(ALPHABET.get(remainder as usize).copied().unwrap_or(b'0'));
    }
    text.reverse();
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
