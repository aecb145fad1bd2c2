//! The local authority over its life: first start, later starts, crashes, expiry.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::{ServerName, UnixTime};

use super::*;

fn names() -> Names {
    Names::local(Some("scim.example.com"), "192.0.2.1".parse().unwrap())
}

fn day(number: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000) + DAY * u32::try_from(number).unwrap()
}

/// Whether a client that trusts the CA accepts the server certificate for the name.
fn accepts(dir: &Path, name: &str, now: SystemTime) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.join(CA_CERT)).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(dir.join(SERVER_CERT)).unwrap().collect::<Result<_, _>>().unwrap();
    let now = UnixTime::since_unix_epoch(now.duration_since(UNIX_EPOCH).unwrap());
    let name = ServerName::try_from(name.to_owned()).unwrap();
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], now).is_ok()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_a_chain_that_clients_accept() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("data/tls");
    ensure(&dir, &names(), day(0)).unwrap();
    for name in ["localhost", "127.0.0.1", "::1", "scim.example.com", "192.0.2.1"] {
        assert!(accepts(&dir, name, day(1)), "{name}");
    }
    assert!(!accepts(&dir, "other.example.com", day(1)));
    assert!(!accepts(&dir, "localhost", day(400)));
    assert_eq!([CA_KEY, SERVER_KEY].map(|name| mode(&dir.join(name))), [0o600; 2]);
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 4);
}

#[test]
fn a_later_start_changes_nothing_until_it_must() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    ensure(dir, &names(), day(0)).unwrap();
    let (ca, first) = (read(&dir.join(CA_CERT)).unwrap(), read(&dir.join(SERVER_CERT)).unwrap());
    ensure(dir, &names(), day(300)).unwrap();
    assert_eq!(read(&dir.join(SERVER_CERT)).unwrap(), first);
    ensure(dir, &names(), day(370)).unwrap();
    assert_ne!(read(&dir.join(SERVER_CERT)).unwrap(), first);
    assert!(accepts(dir, "localhost", day(700)));
    let mut more = names();
    more.add("[2001:db8::1]");
    more.add("Other.Example.com.");
    ensure(dir, &more, day(371)).unwrap();
    assert!(accepts(dir, "2001:db8::1", day(372)) && accepts(dir, "other.example.com", day(372)));
    assert_eq!(read(&dir.join(CA_CERT)).unwrap(), ca);
}

#[test]
fn a_crash_between_two_files_is_made_good() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    ensure(dir, &names(), day(0)).unwrap();
    for lost in [CA_CERT, SERVER_CERT, SERVER_KEY] {
        fs::remove_file(dir.join(lost)).unwrap();
        fs::write(dir.join(format!("{lost}.new")), "half").unwrap();
        ensure(dir, &names(), day(1)).unwrap();
        assert!(accepts(dir, "localhost", day(2)), "{lost}");
    }
    fs::write(dir.join(SERVER_KEY), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    ensure(dir, &names(), day(1)).unwrap();
    assert!(super::super::tls::load(&dir.join(SERVER_CERT), &dir.join(SERVER_KEY), day(1)).is_ok());
}

#[test]
fn a_key_kept_elsewhere_is_missed_only_when_it_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    ensure(dir, &names(), day(0)).unwrap();
    fs::rename(dir.join(CA_KEY), dir.join("elsewhere")).unwrap();
    ensure(dir, &names(), day(1)).unwrap();
    let message = ensure(dir, &names(), day(380)).unwrap_err().to_string();
    assert!(message.contains(CA_KEY), "{message}");
    fs::write(dir.join(CA_KEY), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(matches!(ensure(dir, &names(), day(380)), Err(Error::Mismatch { .. })));
}

#[test]
fn the_end_of_the_ca_is_said_and_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    ensure(dir, &names(), day(0)).unwrap();
    let last = limits::CA_DAYS - 10;
    ensure(dir, &names(), day(last)).unwrap();
    let leaf = read(&dir.join(SERVER_CERT)).unwrap();
    assert!(accepts(dir, "localhost", day(last + 9)));
    ensure(dir, &names(), day(last + 1)).unwrap();
    assert_eq!(read(&dir.join(SERVER_CERT)).unwrap(), leaf, "a new one would end as early");
    let message = ensure(dir, &names(), day(last + 11)).unwrap_err().to_string();
    assert!(message.contains(CA_CERT), "{message}");
}

#[test]
fn names_that_are_none_are_left_out() {
    let mut names = Names::default();
    for name in ["a_b c", "", "exa mple", "*", "*.example.com", "localhost", "LOCALHOST.", "10.0.0.1"] {
        names.add(name);
    }
    assert_eq!(names.ips, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
    assert_eq!(names.dns, ["localhost"]);
}
