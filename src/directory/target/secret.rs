//! The credentials of targets at rest: sealed with a key that is in a file of its own and not in the database, so that a backup has none
//! that could be used. A seal is bound to its tenant and target. It does not know what the credentials are for.

use super::super::refused::Refused;
use crate::scim::errors::{Error, Kind};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Where the key is.
#[derive(Debug, Default)]
pub struct KeyFile {
    path: OnceLock<PathBuf>,
}

/// A password or a token. It is shown nowhere.
pub struct Secret(Zeroizing<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Takes care of a secret.
    pub fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// The secret itself, for the request that it is sent in.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The bytes of the key.
const KEY_BYTES: usize = 32;

impl KeyFile {
    /// Says where the key is, or is to be made when it is first needed; only the first word counts.
    pub fn is_at(&self, path: PathBuf) {
        let _ = self.path.set(path);
    }

    /// Seals a secret of a target. The key is made when there is none.
    ///
    /// # Errors
    /// A key file that can neither be read nor made.
    pub fn seal(&self, tenant: u32, target: u32, secret: &str) -> Result<Vec<u8>, Refused> {
        let path = self.path()?;
        let key = match read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => make(path).and_then(|()| read(path)),
            other => other,
        };
        let key = key.map_err(|error| unusable(path, &error))?;
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| internal("the system has no random bytes"))?;
        let mut bytes = secret.as_bytes().to_vec();
        let sealed = key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(tenant, target), &mut bytes);
        sealed.map_err(|_| internal("the credentials cannot be sealed"))?;
        Ok([&nonce[..], &bytes].concat())
    }

    /// Opens a secret of a target.
    ///
    /// # Errors
    /// There is no key file, or it is another one than the secret was sealed with, as after a restore of a backup: then the credentials
    /// have to be given again.
    pub fn open(&self, tenant: u32, target: u32, sealed: &[u8]) -> Result<Secret, Refused> {
        let path = self.path()?;
        let key = read(path).map_err(|error| unusable(path, &error))?;
        let opened = sealed.split_at_checked(NONCE_LEN).and_then(|(nonce, sealed)| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut bytes = Zeroizing::new(sealed.to_vec());
            let text = key.open_in_place(nonce, aad(tenant, target), &mut bytes).ok()?;
            Some(Secret::new(std::str::from_utf8(text).ok()?.to_owned()))
        });
        opened.ok_or_else(|| Refused::State {
            reason: "CREDENTIALS_UNREADABLE",
            why: format!(
                "the credentials were sealed with another key than {}: give them again with `scimd target update`",
                path.display()
            ),
        })
    }

    fn path(&self) -> Result<&Path, Refused> {
        self.path.get().map(PathBuf::as_path).ok_or_else(|| internal("there is no place for the key of credentials"))
    }
}

/// What a seal is bound to.
fn aad(tenant: u32, target: u32) -> Aad<Vec<u8>> {
    Aad::from([&b"scimd target credentials 1"[..], &tenant.to_be_bytes(), &target.to_be_bytes()].concat())
}

fn read(path: &Path) -> io::Result<LessSafeKey> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_BYTES + 1));
    File::open(path)?.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
    key.map(LessSafeKey::new).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no key of 32 bytes"))
}

/// Writes a new key beside its place and gives it its name whole, unless another one came there first.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    let partial = path.with_extension("partial");
    let _ = fs::remove_file(&partial);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    file.write_all(bytes.as_slice())?;
    file.sync_all()?;
    // A name that is there already stays what it is.
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

fn unusable(path: &Path, error: &io::Error) -> Refused {
    let next = match error.kind() {
        ErrorKind::NotFound => "; credentials have to be given again with `scimd target update`",
        _ => "",
    };
    let why = format!("the key of targets' credentials, {}, cannot be used: {error}{next}", path.display());
    Refused::State { reason: "CREDENTIALS_UNREADABLE", why }
}

fn internal(why: &str) -> Refused {
    Refused::Directory(Error::new(Kind::Internal, why))
}

#[cfg(test)]
mod tests;
