//! The whole examination, of a machine that is well and of one that is not, with the server stopped and running.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use tempfile::TempDir;
use tokio::sync::watch;

use super::*;
use crate::cli::{Cli, run};
use crate::clock::Clock;
use crate::directory::Directory;
use crate::server::admin::{self, AdminState, Readiness};
use crate::server::authority::{self, Names};
use crate::server::certificate;
use crate::store::{Batch, Options, Store};

/// A data directory as a start leaves it, with commits of `now_ms`.
fn used(now_ms: i64) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let names = Names::local(None, "127.0.0.1".parse().unwrap());
    let at = certificate::time(crate::clock::now_ms());
    authority::ensure(&folder.path().join("tls"), &names, at).unwrap();
    let store = Store::open(&folder.path().join("scimd.redb"), &Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut batch = Batch::new(now_ms);
        batch.put("a", "b");
        store.commit(batch).await.unwrap();
        store.close().await;
    });
    folder
}

/// Check, result, and finding with advice.
type Row = (String, String, String);

fn examined(dir: &Path, more: &[&str]) -> (Vec<Row>, Result<(), String>) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = port.to_string();
    let dir = dir.to_str().unwrap();
    let base = ["scimd", "doctor", "--output", "json", "--data-dir", dir, "--scim-addr", &port];
    let cli = Cli::try_parse_from(base.iter().chain(more).copied()).unwrap();
    let mut out = Vec::new();
    let outcome = run(&cli, |_| None, &mut out).map_err(|error| error.to_string());
    let rows: Vec<Value> = serde_json::from_slice(&out).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let row = |row| {
        (text(row, "check"), text(row, "result"), format!("{}|{}", text(row, "finding"), text(row, "what_to_do")))
    };
    (rows.iter().map(row).collect(), outcome)
}

fn of<'a>(rows: &'a [Row], check: &str) -> (&'a str, &'a str) {
    let row = rows.iter().find(|(name, ..)| name == check).unwrap_or_else(|| panic!("no {check} in {rows:#?}"));
    (&row.1, &row.2)
}

/// What the machine of the test itself decides.
fn is_of_the_machine(check: &str) -> bool {
    ["open files", "disk space"].contains(&check)
}

#[test]
fn a_good_data_directory_has_no_problem_and_stays_as_it_is() {
    let folder = used(crate::clock::now_ms());
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let before = (read("scimd.redb"), read("tls/server.pem"));
    let (rows, outcome) = examined(folder.path(), &["--public-url", "https://localhost"]);
    let bad: Vec<_> = rows.iter().filter(|(check, result, _)| result != "ok" && !is_of_the_machine(check)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(outcome.is_ok(), rows.iter().all(|(_, result, _)| result != "problem"));
    assert!(of(&rows, "database").1.contains("every page is right"));
    assert_eq!((read("scimd.redb"), read("tls/server.pem")), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn nothing_there_yet_is_no_problem() {
    let folder = TempDir::new().unwrap();
    let (rows, _) = examined(&folder.path().join("data"), &[]);
    assert!(rows.iter().all(|(check, result, _)| result == "ok" || is_of_the_machine(check)), "{rows:#?}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn each_fault_is_found_and_has_an_advice() {
    let hour_ms = 3_600_000;
    let folder = used(crate::clock::now_ms() + hour_ms);
    let dir = folder.path();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(dir.join("tls/ca.key"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::create_dir(dir.join("admin")).unwrap();
    fs::set_permissions(dir.join("admin"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(dir.join("admin/admin.sock"), "no socket").unwrap();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = held.local_addr().unwrap().to_string();
    let (rows, outcome) = examined(dir, &["--admin-addr", &addr, "--public-url", "https://scim.example.com"]);
    for (check, result, text) in [
        ("data directory", "warning", "chmod 700"),
        ("clock", "problem", "in the future"),
        ("permissions", "problem", "tls/ca.key has mode 0644"),
        ("certificate names", "warning", "not for scim.example.com"),
        ("public URL", "warning", "reached from this machine alone"),
        ("admin address", "problem", "ss -ltnp"),
    ] {
        let found = of(&rows, check);
        assert_eq!(found.0, result, "{rows:#?}");
        assert!(found.1.contains(text), "{rows:#?}");
    }
    assert!(rows.iter().any(|(check, _, text)| check == "permissions" && text.contains("is no socket")), "{rows:#?}");
    assert!(rows.iter().all(|(_, result, text)| (result == "ok") == text.ends_with('|')), "{rows:#?}");
    assert!(outcome.unwrap_err().starts_with("problems found: "));
}

#[test]
fn a_damaged_or_lost_database_is_a_problem_and_is_not_touched() {
    let folder = used(0);
    let path = folder.path().join("scimd.redb");
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&path, &bytes).unwrap();
    let (rows, outcome) = examined(folder.path(), &[]);
    assert_eq!(of(&rows, "database").0, "problem");
    assert!(outcome.is_err());
    assert_eq!(fs::read(&path).unwrap(), bytes);
    fs::remove_file(&path).unwrap();
    assert!(of(&examined(folder.path(), &[]).0, "database").1.contains("is missing"));
    fs::write(&path, "").unwrap();
    assert!(of(&examined(folder.path(), &[]).0, "database").1.contains("the file is empty"));

    let folder = used(0);
    let _held = Store::open(&folder.path().join("scimd.redb"), &Options::default()).unwrap();
    assert!(of(&examined(folder.path(), &[]).0, "database").1.contains("in use by another process"));
}

#[test]
fn a_wrong_configuration_is_the_only_finding() {
    let (rows, outcome) = examined(Path::new("/nowhere"), &["--cache-bytes", "lots"]);
    let [(check, result, text)] = rows.try_into().unwrap();
    assert_eq!((check.as_str(), result.as_str()), ("configuration", "problem"));
    assert!(text.contains("cache_bytes from flag --cache-bytes") && text.contains("check-config"), "{text}");
    assert!(outcome.is_err());
}

#[test]
fn a_running_server_is_asked_instead_of_its_files() {
    let folder = used(0);
    let store = Store::open(&folder.path().join("scimd.redb"), &Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (_ready, ready) = watch::channel(Readiness::NotReady("the disk is full".to_owned()));
    let (stop, stopping) = watch::channel(false);
    let state = AdminState {
        scim_addr: listener.local_addr().unwrap(),
        ready,
        stopping: stopping.clone(),
        ..admin::tests::state(Arc::new(Directory::new(store, Clock::System)))
    };
    let bound = admin::bind(&folder.path().join("admin/admin.sock")).unwrap();
    let serving = runtime.spawn(admin::serve(bound, state, stopping));
    let (rows, _) = examined(folder.path(), &[]);
    assert_eq!(
        of(&rows, "server"),
        (
            "problem",
            "it runs and is not ready: the disk is full|see its log; it goes on by itself when the cause is gone"
        )
    );
    assert!(of(&rows, "database").1.contains("is open in the server"));
    assert!(of(&rows, "SCIM address").1.contains("takes connections"));
    stop.send(true).unwrap();
    runtime.block_on(serving).unwrap().unwrap();
}

#[test]
fn the_table_wraps_long_sentences() {
    let findings = [ok("configuration", "no setting is wrong"), warning("clock", "word ".repeat(30).trim(), "advice")];
    let mut out = Vec::new();
    table(&findings, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("CHECK          RESULT   FINDING") && lines[0].ends_with("WHAT TO DO"));
    assert_eq!(lines.len(), 5);
    assert!(lines[2].ends_with("  advice") && lines[3].trim_start().starts_with("word"));
    assert!(text.lines().all(|line| line.len() <= 130));
}
