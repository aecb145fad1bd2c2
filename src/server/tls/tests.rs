//! Certificates that are served, and those that are refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384};
use tempfile::TempDir;

use super::*;

struct Pair {
    dir: TempDir,
}

impl Pair {
    fn new(cert: &str, key: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("cert"), cert).unwrap();
        fs::write(dir.path().join("key"), key).unwrap();
        Self { dir }
    }

    fn load(&self) -> Result<Material, Error> {
        load(&self.dir.path().join("cert"), &self.dir.path().join("key"), SystemTime::now())
    }
}

fn make(key: &KeyPair, ends_in: Duration) -> String {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = SystemTime::UNIX_EPOCH.into();
    params.not_after = (SystemTime::now() + ends_in).into();
    params.self_signed(key).unwrap().pem()
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn a_good_pair_is_served_with_both_protocols() {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let material = Pair::new(&make(&key, YEAR), &key.serialize_pem()).load().unwrap();
    assert!(material.expires > SystemTime::now());
    let config = server_config(&material).unwrap();
    assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn a_bad_pair_is_refused_by_the_name_of_the_file() {
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let (cert, pem) = (make(&key, YEAR), key.serialize_pem());
    let broken = cert.replacen("MII", "AAA", 1);
    let table = [
        ("hello", pem.as_str(), "cert: not a PEM file"),
        (&pem, &pem, "cert: no certificate in it"),
        (&broken, &pem, "cert: malformed certificate"),
        (&cert, "hello", "key: not a PEM file"),
        (&cert, &cert, "key: no private key in it"),
        (&cert, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "key: unsupported or malformed"),
        (&cert, &other.serialize_pem(), "key: not the key of the certificate in"),
        (&make(&key, Duration::ZERO), &pem, "cert: the certificate has expired"),
    ];
    for (cert, key, wanted) in table {
        let message = Pair::new(cert, key).load().unwrap_err().to_string();
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn missing_and_huge_files_are_refused_by_name() {
    let key = KeyPair::generate().unwrap();
    let pair = Pair::new(&make(&key, YEAR), &key.serialize_pem());
    let path = pair.dir.path().join("key");
    File::options().write(true).open(&path).unwrap().set_len(limits::PEM_FILE_BYTES_MAX + 1).unwrap();
    assert!(matches!(pair.load(), Err(Error::TooLarge(at)) if at == path));
    fs::remove_file(&path).unwrap();
    let message = pair.load().unwrap_err().to_string();
    assert!(message.contains(path.to_str().unwrap()) && message.contains("No such file"), "{message}");
}

#[test]
fn a_short_rsa_key_is_refused() {
    let pair = Pair::new(include_str!("tests/rsa1024.pem"), include_str!("tests/rsa1024.pem"));
    assert!(matches!(pair.load(), Err(Error::WeakKey { bits: 1024, .. })));
}

#[test]
fn no_key_is_shown() {
    let key = KeyPair::generate().unwrap();
    let material = Pair::new(&make(&key, YEAR), &key.serialize_pem()).load().unwrap();
    let shown = format!("{material:?}");
    let secret = key.serialized_der();
    let tail = format!("{:?}", &secret[secret.len() - 8..]);
    assert!(!shown.contains(tail.trim_matches(['[', ']'])));
}
