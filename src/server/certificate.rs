//! The server's certificate while it runs: read at the start, by SIGHUP, by a call and when its files change, renewed when it is the
//! local authority's, and its end foretold. A bad pair is refused and the old one kept. It does not know who connects.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::ServerConfig;
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use tokio::sync::watch;

use super::authority::{self, Names};
use super::chain;
use super::tls::{self, Error, Material};
use super::trust::Trust;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::directory::audit::{self, Act, Admin};
use crate::limits;

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The local authority in a directory, for these names.
    Local {
        /// The directory of the authority.
        dir: PathBuf,
        /// What the certificate has to cover.
        names: Names,
    },
    /// Two files that the administrator brings.
    Files {
        /// The chain, PEM.
        cert: PathBuf,
        /// The key, PEM.
        key: PathBuf,
    },
}

/// The certificate, and everyone who is to have each new one.
#[derive(Debug)]
pub struct Certificates {
    source: Source,
    clock: Clock,
    trust: Option<Trust>,
    scim: watch::Sender<Arc<ServerConfig>>,
    admin: Option<watch::Sender<Arc<ServerConfig>>>,
    not_after_s: watch::Sender<Option<i64>>,
    state: Mutex<State>,
}

/// What is being served, for whoever asks.
#[derive(Clone, Debug)]
pub struct Status {
    /// The server certificate first, then the intermediate ones.
    pub chain: Vec<CertificateDer<'static>>,
    /// Whether it comes from the local authority.
    pub is_local: bool,
    /// Where it was read from.
    pub cert_file: PathBuf,
    /// When it was read, in milliseconds since the epoch.
    pub load_ms: i64,
    /// Why a newer pair was refused; empty: none was.
    pub last_refusal: String,
}

/// What a look at the clock and the files showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Another certificate is served now: the old one and the new one.
    pub changed: Option<(Fact, Fact)>,
    /// So many days or fewer are left, and that was not said yet.
    pub warning_days: Option<i64>,
}

/// A certificate in the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The SHA-256 of its DER form, in hexadecimal.
    pub sha256: String,
    /// Until when it is valid, in seconds since the epoch.
    pub not_after_s: i64,
}

#[derive(Debug)]
struct State {
    chain: Vec<CertificateDer<'static>>,
    fact: Fact,
    load_ms: i64,
    last_refusal: String,
    /// The files as they were when the certificate was read.
    loaded: Stamps,
    /// The files as the last look found them.
    seen: Stamps,
    /// The files that were refused.
    refused: Option<Stamps>,
    renew_ms: i64,
    /// The smallest number of days that was warned of, for the certificate that ends then.
    warned: Option<(i64, i64)>,
}

/// What tells one version of the two files from another: size, time and number of each, `None` where there is none.
type Stamps = [Option<(u64, i64, i64, u64)>; 2];

impl Certificates {
    /// Reads the certificate, or makes it. With `trust` there is a configuration for the admin listener too.
    ///
    /// # Errors
    /// Whatever keeps it from being served now.
    pub fn load(source: Source, trust: Option<Trust>, clock: Clock) -> Result<Certificates, Error> {
        let now_ms = clock.now_ms();
        let (material, stamps) = source.read(now_ms)?;
        let scim = watch::Sender::new(tls::server_config(&material)?);
        let admin = match &trust {
            Some(trust) => Some(watch::Sender::new(tls::admin_config(&material, trust)?)),
            None => None,
        };
        let fact = fact(&material);
        let state = State {
            chain: material.chain().to_vec(),
            load_ms: now_ms,
            last_refusal: String::new(),
            loaded: stamps,
            seen: stamps,
            refused: None,
            renew_ms: now_ms,
            warned: None,
            fact,
        };
        let not_after_s = watch::Sender::new(Some(state.fact.not_after_s));
        Ok(Certificates { source, clock, trust, scim, admin, not_after_s, state: Mutex::new(state) })
    }

    /// The configuration of the SCIM listener, always the newest.
    pub fn scim(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.scim.subscribe()
    }

    /// The configuration of the admin listener, always the newest; `None` without trust.
    pub fn admin(&self) -> Option<watch::Receiver<Arc<ServerConfig>>> {
        self.admin.as_ref().map(watch::Sender::subscribe)
    }

    /// When the certificate ends, in seconds since the epoch.
    pub fn not_after_s(&self) -> watch::Receiver<Option<i64>> {
        self.not_after_s.subscribe()
    }

    /// What is being served.
    pub fn status(&self) -> Status {
        let state = self.lock();
        Status {
            chain: state.chain.clone(),
            is_local: matches!(self.source, Source::Local { .. }),
            cert_file: self.source.files().0,
            load_ms: state.load_ms,
            last_refusal: state.last_refusal.clone(),
        }
    }

    /// The authority by which clients recognise the server, PEM: the local one, or the root at the end of the chain. Empty where
    /// the chain has none.
    pub fn authority_pem(&self) -> String {
        match &self.source {
            Source::Local { dir, .. } => fs::read_to_string(dir.join(authority::CA_CERT)).unwrap_or_default(),
            Source::Files { .. } => {
                let chain = self.lock().chain.clone();
                let root = chain.last().filter(|last| chain::one(last).is_some_and(|last| last.is_self_issued()));
                root.map(|root| pem(root)).unwrap_or_default()
            }
        }
    }

    /// Reads the files again. Answers with the old and the new certificate when they differ. It reads files, so it may block.
    ///
    /// # Errors
    /// Why the pair cannot be served; the old one goes on being served then, and the reason is in the status.
    pub fn reload(&self) -> Result<Option<(Fact, Fact)>, Error> {
        let mut state = self.lock();
        self.reload_into(&mut state)
    }

    /// Looks at the files and at the clock, and does what they ask for. Files are read only when two looks in a row found them the
    /// same, so that a pair is not read half written. It may block.
    pub fn tick(&self) -> Tick {
        let now_ms = self.clock.now_ms();
        let mut state = self.lock();
        let stamps = self.source.stamps();
        let is_new = stamps != state.loaded && Some(stamps) != state.refused && stamps == state.seen;
        state.seen = stamps;
        let is_local = matches!(self.source, Source::Local { .. });
        // A clock that was set back must not put the next look off for years.
        let since_renewed = now_ms.abs_diff(state.renew_ms);
        let is_due = is_local && since_renewed >= limits::CERTIFICATE_RENEW_MS.unsigned_abs();
        let mut tick = Tick::default();
        if is_new || is_due {
            state.renew_ms = now_ms;
            match self.reload_into(&mut state) {
                Ok(changed) => tick.changed = changed,
                Err(error) => tracing::error!(%error, "the new certificate is refused and the old one kept"),
            }
        }
        tick.warning_days = state.due_warning(now_ms);
        tick
    }

    /// Looks at files and clock until `stop` is true or its sender is gone, logs what it finds and writes it into the audit log.
    pub async fn watch(self: Arc<Self>, directory: Arc<Directory>, mut stop: watch::Receiver<bool>) {
        loop {
            let me = Arc::clone(&self);
            if let Ok(tick) = tokio::task::spawn_blocking(move || me.tick()).await {
                self.tell(&directory, tick).await;
            }
            let pause = tokio::time::sleep(Duration::from_millis(limits::CERTIFICATE_POLL_MS));
            tokio::select! {
                () = pause => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Writes into the audit log that another certificate is served. A log that cannot be written takes nothing back.
    pub async fn note_change(&self, directory: &Directory, admin: &Admin, (old, new): &(Fact, Fact)) {
        tracing::info!(sha256 = new.sha256, by = admin.name, "another certificate is served");
        let target = self.source.files().0.display().to_string();
        let act = Act { action: "certificate.reload", tenant: "", target: &target };
        if let Err(error) = audit::alone(directory, admin, act, Some(old), Some(new)).await {
            tracing::error!(%error, "the audit log does not know of the new certificate");
        }
    }

    async fn tell(&self, directory: &Directory, tick: Tick) {
        if let Some(change) = &tick.changed {
            self.note_change(directory, &Admin::server(), change).await;
        }
        let Some(days) = tick.warning_days else { return };
        let fact = self.lock().fact.clone();
        let left_s = fact.not_after_s.saturating_sub(self.clock.now_ms().div_euclid(1_000));
        let target = self.source.files().0.display().to_string();
        tracing::warn!(file = target, days_left = left_s.div_euclid(86_400), "the certificate ends soon: renew it");
        let act = Act { action: "certificate.expiry_warning", tenant: "", target: &target };
        let warning = Warning { within_days: days, certificate: fact };
        if let Err(error) = audit::alone(directory, &Admin::server(), act, None, Some(&warning)).await {
            tracing::error!(%error, "the audit log does not know of the warning");
        }
    }

    fn reload_into(&self, state: &mut State) -> Result<Option<(Fact, Fact)>, Error> {
        let now_ms = self.clock.now_ms();
        let attempted = self.source.stamps();
        let read = self.source.read(now_ms).and_then(|(material, stamps)| {
            let scim = tls::server_config(&material)?;
            let admin = self.trust.as_ref().map(|trust| tls::admin_config(&material, trust)).transpose()?;
            Ok((material, stamps, scim, admin))
        });
        let (material, stamps, scim, admin) = match read {
            Ok(read) => read,
            Err(error) => {
                state.last_refusal = error.to_string();
                state.refused = Some(attempted);
                return Err(error);
            }
        };
        state.load_ms = now_ms;
        state.last_refusal = String::new();
        (state.loaded, state.seen, state.refused) = (stamps, stamps, None);
        if material.chain() == state.chain {
            // The old configuration goes on, with the session tickets that clients hold of it.
            return Ok(None);
        }
        self.scim.send_replace(scim);
        if let (Some(sender), Some(admin)) = (&self.admin, admin) {
            sender.send_replace(admin);
        }
        let new = fact(&material);
        self.not_after_s.send_replace(Some(new.not_after_s));
        state.chain = material.chain().to_vec();
        let old = std::mem::replace(&mut state.fact, new.clone());
        Ok(Some((old, new)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each field is whole by itself; nothing that holds the lock can leave a half one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A warning in the audit log.
#[derive(Serialize)]
struct Warning {
    within_days: i64,
    certificate: Fact,
}

impl State {
    /// The number of days to warn of now, once for each number and certificate.
    fn due_warning(&mut self, now_ms: i64) -> Option<i64> {
        let end_s = self.fact.not_after_s;
        let left_ms = end_s.saturating_mul(1_000).saturating_sub(now_ms);
        let days = limits::CERTIFICATE_WARNING_DAYS.into_iter().find(|days| left_ms <= days * 86_400_000)?;
        let is_said = self.warned.is_some_and(|(end, said)| end == end_s && said <= days);
        self.warned = if is_said { self.warned } else { Some((end_s, days)) };
        (!is_said).then_some(days)
    }
}

impl Source {
    /// The two files, whoever wrote them.
    fn files(&self) -> (PathBuf, PathBuf) {
        match self {
            Source::Local { dir, .. } => (dir.join(authority::SERVER_CERT), dir.join(authority::SERVER_KEY)),
            Source::Files { cert, key } => (cert.clone(), key.clone()),
        }
    }

    fn stamps(&self) -> Stamps {
        let stamp = |path: &Path| {
            let there = fs::metadata(path).ok()?;
            Some((there.len(), there.mtime(), there.mtime_nsec(), there.ino()))
        };
        let (cert, key) = self.files();
        [stamp(&cert), stamp(&key)]
    }

    /// Reads the pair, with the stamps that the files had before: what changes meanwhile is seen by the next look.
    fn read(&self, now_ms: i64) -> Result<(Material, Stamps), Error> {
        let now = time(now_ms);
        if let Source::Local { dir, names } = self {
            authority::ensure(dir, names, now)?;
        }
        let stamps = self.stamps();
        let (cert, key) = self.files();
        Ok((tls::load(&cert, &key, now)?, stamps))
    }
}

fn fact(material: &Material) -> Fact {
    let sha256 = material.chain().first().and_then(|first| chain::one(first)).map(|first| chain::hex(&first.sha256));
    let not_after_s = material.expires.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Fact { sha256: sha256.unwrap_or_default(), not_after_s: i64::try_from(not_after_s).unwrap_or(i64::MAX) }
}

/// Milliseconds since the epoch as a time of the system.
pub fn time(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    // Base64 is ASCII, so every piece of it is text.
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests;
