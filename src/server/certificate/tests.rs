//! The certificate over the life of a server: new files, bad files, renewal, warnings, and reloading under load.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};

use hyper::{Request, Response, body::Incoming};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::*;
use crate::directory::keys;
use crate::directory::record::{self, AuditEntry};
use crate::server::body::Answer;
use crate::server::connection::{Peer, Setting, Times};
use crate::server::listener::{self, Room};
use crate::server::metrics::traffic::Traffic;
use crate::store::{Scan, Store};

const DAY_MS: i64 = 86_400_000;

/// An authority of the tests and a pair of files that it signs again and again.
struct Pair {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    ca: CertificateDer<'static>,
}

impl Pair {
    fn new() -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let ca = params.self_signed(&key).unwrap().der().clone();
        let pair = Pair { folder: TempDir::new().unwrap(), issuer: Issuer::new(params, key), ca };
        pair.write(crate::clock::now_ms() + 90 * DAY_MS);
        pair
    }

    fn made(&self, ends_ms: i64) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = UNIX_EPOCH.into();
        params.not_after = time(ends_ms).into();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn write(&self, ends_ms: i64) {
        let (cert, key) = self.made(ends_ms);
        self.put("cert", &cert);
        self.put("key", &key);
    }

    /// Replaces a file as a renewal does, so that it is another one even within one tick of the clock.
    fn put(&self, name: &str, text: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.folder.path().join(name)).unwrap();
    }

    fn source(&self) -> Source {
        Source::Files { cert: self.folder.path().join("cert"), key: self.folder.path().join("key") }
    }

    fn load(&self) -> (Certificates, Arc<AtomicI64>) {
        let (clock, hand) = Clock::fixed(crate::clock::now_ms());
        (Certificates::load(self.source(), None, clock).unwrap(), hand)
    }
}

#[test]
fn new_files_are_taken_when_they_have_settled() {
    let pair = Pair::new();
    let (certificates, _) = pair.load();
    assert_eq!(certificates.tick(), Tick::default());
    let before = certificates.status().chain;
    let (cert, key) = pair.made(crate::clock::now_ms() + 90 * DAY_MS);
    // The first look sees the certificate alone, the second one the key too, the third one that nothing moved.
    pair.put("cert", &cert);
    assert_eq!(certificates.tick(), Tick::default());
    pair.put("key", &key);
    assert_eq!(certificates.tick(), Tick::default());
    let (old, new) = certificates.tick().changed.unwrap();
    assert_ne!(old.sha256, new.sha256);
    assert_ne!(certificates.status().chain, before);
    assert_eq!(certificates.tick(), Tick::default());
}

#[test]
fn a_bad_pair_is_refused_once_and_the_old_one_kept() {
    let pair = Pair::new();
    let (certificates, _) = pair.load();
    let before = certificates.status().chain;
    pair.put("key", &pair.made(0).1);
    for _ in 0..4 {
        assert_eq!(certificates.tick(), Tick::default());
    }
    let status = certificates.status();
    assert_eq!(status.chain, before);
    assert!(status.last_refusal.contains("not the key of the certificate"), "{}", status.last_refusal);
    // It is not read again and again: only a call does that.
    assert_eq!(certificates.lock().refused, Some(certificates.source.stamps()));
    assert!(certificates.reload().is_err());
    fs::remove_file(pair.folder.path().join("cert")).unwrap();
    certificates.tick();
    certificates.tick();
    assert!(certificates.status().last_refusal.contains("No such file"));
    assert_eq!(certificates.status().chain, before);

    pair.write(crate::clock::now_ms() + 90 * DAY_MS);
    certificates.tick();
    assert!(certificates.tick().changed.is_some());
    assert_eq!(certificates.status().last_refusal, "");
}

#[test]
fn the_local_certificate_is_renewed_while_the_server_runs() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("tls");
    let (clock, hand) = Clock::fixed(1_700_000_000_000);
    let names = Names::local(None, "127.0.0.1".parse().unwrap());
    authority::ensure_ca(&dir, time(clock.now_ms())).unwrap();
    let trust = Trust::load(&dir.join(authority::CA_CERT), None).unwrap();
    let certificates = Certificates::load(Source::Local { dir: dir.clone(), names }, Some(trust), clock).unwrap();
    let ca = certificates.authority_pem();
    let (scim, admin) = (certificates.scim(), certificates.admin().unwrap());
    hand.fetch_add(300 * DAY_MS, SeqCst);
    assert_eq!(certificates.tick(), Tick::default());
    hand.fetch_add(70 * DAY_MS, SeqCst);
    assert!(!scim.has_changed().unwrap() && !admin.has_changed().unwrap());
    let (old, new) = certificates.tick().changed.unwrap();
    assert!(scim.has_changed().unwrap() && admin.has_changed().unwrap());
    assert!(new.not_after_s > old.not_after_s + 300 * 86_400);
    assert_eq!(*certificates.not_after_s().borrow(), Some(new.not_after_s));
    assert_eq!(certificates.tick(), Tick::default());
    assert_eq!(certificates.authority_pem(), ca);
    // Where it cannot be renewed, the end is foretold.
    fs::remove_file(dir.join(authority::CA_KEY)).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
    hand.fetch_add(380 * DAY_MS, SeqCst);
    assert_eq!(certificates.tick(), Tick { changed: None, warning_days: Some(30) });
    assert!(certificates.status().last_refusal.contains(authority::CA_KEY));
}

#[tokio::test]
async fn each_warning_is_given_once() {
    let pair = Pair::new();
    let (certificates, hand) = pair.load();
    let end_ms = certificates.not_after_s().borrow().unwrap() * 1_000;
    let mut seen = Vec::new();
    for days_left in [40, 30, 29, 8, 7, 3, 1, 0] {
        hand.store(end_ms - days_left * DAY_MS, SeqCst);
        seen.extend(certificates.tick().warning_days.map(|days| (days_left, days)));
        assert_eq!(certificates.tick().warning_days, None);
    }
    assert_eq!(seen, [(30, 30), (7, 7), (1, 1)]);
    // A start shortly before the end warns once.
    hand.store(end_ms - 5 * DAY_MS, SeqCst);
    let (clock, _) = Clock::fixed(end_ms - 5 * DAY_MS);
    let late = Certificates::load(pair.source(), None, clock.clone()).unwrap();
    let store = Store::memory();
    let directory = Directory::new(store.clone(), clock);
    let tick = late.tick();
    assert_eq!(tick.warning_days, Some(7));
    late.tell(&directory, tick).await;
    late.tell(&directory, late.tick()).await;
    let prefix = keys::log(keys::AUDIT);
    let scan = Scan { prefix: &prefix, after: None, skip: 0, limit: 10, values: true };
    let page = store.snapshot().await.unwrap().scan(&scan).await.unwrap();
    let entries: Vec<AuditEntry> = page.iter().map(|row| record::unpack(row.value).unwrap()).collect();
    let [entry] = entries.try_into().unwrap();
    assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("server", "certificate.expiry_warning"));
    assert_eq!(entry.after["within_days"], 7);
}

#[test]
fn a_root_at_the_end_of_the_chain_is_told_to_clients() {
    let pair = Pair::new();
    let (certificates, _) = pair.load();
    assert_eq!(certificates.authority_pem(), "");
    let cert = fs::read_to_string(pair.folder.path().join("cert")).unwrap();
    pair.put("cert", &format!("{cert}{}", pem(&pair.ca)));
    certificates.reload().unwrap();
    let told = certificates.authority_pem();
    assert_eq!(CertificateDer::from_pem_slice(told.as_bytes()).unwrap(), pair.ca);
}

async fn handshake(addr: std::net::SocketAddr, config: Arc<rustls::ClientConfig>) -> std::io::Result<()> {
    let tcp = TcpStream::connect(addr).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(config).connect(name, tcp).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    match answer.starts_with(b"HTTP/1.1 200 ") {
        true => Ok(()),
        false => Err(std::io::Error::other("no answer")),
    }
}

/// Renewals happen under load: whoever connects meanwhile gets the old certificate or the new one, never none and never a
/// certificate with another's key.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_reloads_under_load_fail_no_handshake() {
    let pair = Pair::new();
    let (certificates, _) = pair.load();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let handler = |_: Request<Incoming>, _: Peer| async { Response::new(Answer::Full("ok".into())) };
    let (stop, stopping) = watch::channel(false);
    let setting = Setting { handler, times: Times::default(), stop: stopping, traffic: Traffic::default(), mark: None };
    let served = tokio::spawn(listener::serve(listener, Some(certificates.scim()), setting, Room::default()));

    let mut roots = RootCertStore::empty();
    roots.add(pair.ca.clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(tls::provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    // With resumption, so that tickets of an old configuration are offered to the new one.
    let config = Arc::new(config);
    let (done, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (config, done, failed, over) = (config.clone(), done.clone(), failed.clone(), over.clone());
            tokio::spawn(async move {
                while !over.load(SeqCst) {
                    let outcome = handshake(addr, config.clone()).await;
                    let counter = if outcome.is_ok() { &done } else { &failed };
                    counter.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    for round in 0..20_u64 {
        let since = done.load(SeqCst);
        if round % 5 == 4 {
            // A pair that does not fit together is offered in between.
            pair.put("key", &pair.made(0).1);
            assert!(certificates.reload().is_err());
        }
        pair.write(crate::clock::now_ms() + 90 * DAY_MS);
        assert!(certificates.reload().unwrap().is_some());
        while done.load(SeqCst) < since + 4 && failed.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    }
    over.store(true, SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(failed.load(SeqCst), 0);
    assert!(done.load(SeqCst) >= 80);
    stop.send(true).unwrap();
    served.await.unwrap();
}
