//! The form of a token: `scim_` + key id + `_` + 32 random bytes in base62 + `_` + a CRC-32 in base62. Secret scanners find it, and a
//! mistyped token is refused without a read. SHA-256 is right for secrets of 256 random bits, so nobody chooses one; the bootstrap
//! token, which somebody did, must be long.

use crate::scim::errors::{Error, Kind};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::ZeroizeOnDrop;

/// What every token that was made here begins with.
pub const PREFIX: &str = "scim_";

/// A token with its secret. It does not print itself.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Secret(String);

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

    /// What is stored in its place.
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The part of a token that it is looked up by; `None` when it cannot be a token. Of a chosen token it is a part of its hash.
pub fn key_id(token: &str) -> Option<String> {
    let Some(rest) = token.strip_prefix(PREFIX) else {
        return (!token.is_empty()).then(|| format!("b{}", base62(&hash(token)[..8], 11)));
    };
    let (body, sum) = token.rsplit_once('_')?;
    let (id, _) = rest.split_once('_')?;
    (body.len() > PREFIX.len() && checksum(body) == sum).then(|| id.to_owned())
}

/// SHA-256 of the whole token.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn checksum(body: &str) -> String {
    base62(&crc32fast::hash(body.as_bytes()).to_be_bytes(), 6)
}

/// The bytes as one number in base 62, padded to `digits`.
pub fn base62(bytes: &[u8], digits: usize) -> String {
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
