//! Passwords of applications: made here of 32 random bytes, or chosen by an admin. What is kept is an Argon2id hash, since a chosen one
//! may be guessable. Hashing takes some ten milliseconds of a core and 19 MiB: callers do it where it may block.

use crate::directory::record::PasswordHash;
use crate::directory::token::secret::base62;
use crate::limits;
use crate::scim::errors::{Error, Kind};
use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What every password that was made here begins with.
pub const PREFIX: &str = "crowd_";

/// A password. It does not print itself.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// A new one.
    pub fn random() -> Result<Password, Error> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| no_random())?;
        let secret = Zeroizing::new(base62(bytes.as_slice(), 43));
        Ok(Password(format!("{PREFIX}{}", secret.as_str())))
    }

    /// One that somebody chose, or that a request brings.
    pub fn new(text: String) -> Password {
        Password(text)
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored in its place. Blocks.
    pub fn hash(&self) -> Result<PasswordHash, Error> {
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(|_| no_random())?;
        let unusable = |_| Error::new(Kind::Internal, "the password could not be hashed");
        let params = Params::new(limits::APPLICATION_HASH_KIB, limits::APPLICATION_HASH_PASSES, 1, None);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| unusable(()))?);
        let hash: phc::PasswordHash =
            argon2.hash_password_with_salt(self.0.as_bytes(), &salt).map_err(|_| unusable(()))?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Whether it is the one whose hash this is. A hash that asks for more work than any that was made here is nobody's. Blocks.
    pub fn is(&self, stored: &PasswordHash) -> bool {
        let Ok(hash) = phc::PasswordHash::new(&stored.0) else { return false };
        let is_affordable = Params::try_from(&hash).is_ok_and(|params| {
            params.m_cost() <= limits::APPLICATION_HASH_KIB_MAX
                && params.t_cost() <= limits::APPLICATION_HASH_PASSES_MAX
                && params.p_cost() <= limits::APPLICATION_HASH_LANES_MAX
        });
        is_affordable && Argon2::default().verify_password(self.0.as_bytes(), &hash).is_ok()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A hash of the same cost that no known password has: what the password of an application is compared with that does not exist.
pub fn nobodys() -> PasswordHash {
    let (memory, passes) = (limits::APPLICATION_HASH_KIB, limits::APPLICATION_HASH_PASSES);
    let (salt, hash) = ("c2NpbWQgbm9ib2R5IQ", "bm9ib2R5IG5vYm9keSBub2JvZHkgbm9ib2R5IQAAAAA");
    PasswordHash(format!("$argon2id$v=19$m={memory},t={passes},p=1${salt}${hash}"))
}

fn no_random() -> Error {
    Error::new(Kind::Internal, "the system has no random bytes")
}

#[cfg(test)]
mod tests;
