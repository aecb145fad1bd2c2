//! Who may know whom: the drawn order of the layers, the pure core, and which part may name which crate.

use super::source::{Source, is_word};
use super::{finds, none, sources};

/// Each part of the crate with the parts that it may name, from the top down. What is not listed does not exist: a new
/// part gets its row here. `limits` is a leaf that everything may use.
const MAY_NAME: &[(&str, &[&str])] = &[
    (
        "main",
        &[
            "cli",
            "config",
            "serve",
            "logging",
            "server",
            "outbound",
            "directory",
            "profile",
            "mapping",
            "store",
            "scim",
            "clock",
        ],
    ),
    (
        "cli",
        &[
            "config",
            "serve",
            "logging",
            "server",
            "outbound",
            "probe",
            "directory",
            "profile",
            "mapping",
            "store",
            "scim",
            "clock",
        ],
    ),
    (
        "config",
        &["serve", "logging", "server", "outbound", "directory", "profile", "mapping", "store", "scim", "clock"],
    ),
    ("serve", &["logging", "server", "outbound", "directory", "profile", "mapping", "store", "scim", "clock"]),
    ("server", &["directory", "profile", "mapping", "store", "scim", "clock"]),
    ("outbound", &["directory", "profile", "mapping", "store", "scim", "clock"]),
    ("probe", &["profile", "scim"]),
    ("directory", &["profile", "mapping", "store", "scim", "clock"]),
    ("profile", &["scim", "clock"]),
    ("mapping", &["scim", "clock"]),
    ("store", &["clock"]),
    ("scim", &[]),
    ("clock", &[]),
    ("logging", &[]),
    ("limits", &[]),
];

/// Each crate that is somebody's own business, with the places that may name it. gRPC statuses are chosen in the admin
/// plane alone: beside it only the client of the command line can name tonic, and it reads statuses.
const WHO_NAMES: &[(&[&str], &[&str])] = &[
    (
        &["hyper", "hyper_util", "http", "http_body", "http_body_util", "httpdate"],
        &["server.rs", "server/", "outbound/client.rs"],
    ),
    (&["tonic", "tonic_types"], &["server/admin.rs", "server/admin/", "cli/client.rs"]),
    (&["tonic_health", "tonic_prost", "tonic_reflection"], &["server/admin.rs", "server/admin/"]),
    (&["prost"], &["server/admin.rs", "server/admin/", "cli/print.rs"]),
    (&["prost_types"], &["server/admin.rs", "server/admin/", "cli/print.rs", "cli/values.rs"]),
    (&["prost_reflect"], &["cli/print.rs"]),
    (&["tower_layer", "tower_service"], &["server/admin/"]),
    // Our own user, and what the machine has left.
    (&["rustix"], &["server/admin.rs", "server/metrics/", "cli/doctor/"]),
    (
        &["rustls", "tokio_rustls", "rustls_pki_types", "rcgen", "gethostname"],
        &["serve.rs", "serve/", "server.rs", "server/", "outbound/client.rs"],
    ),
    (&["rustls_native_certs"], &["outbound/client.rs"]),
    (&["prometheus_client"], &["server/metrics.rs", "server/metrics/"]),
    // Its siblings name the module of that name, and not the crate.
    (&["redb"], &["store/redb.rs", "store/redb/", "store/open.rs", "store/check.rs", "store/apply.rs"]),
    // Maps whose clones are cheap: the memory engine, and the names that applications see.
    (&["imbl"], &["store/memory.rs", "store/memory/", "directory/sight/"]),
    (&["quick_xml"], &["server/crowd/xml.rs"]),
    (&["clap"], &["main.rs", "cli.rs", "cli/", "config/args.rs"]),
    (&["clap_complete"], &["cli/completions.rs"]),
    (&["indicatif"], &["cli/bar.rs"]),
    (&["toml"], &["config.rs", "config/"]),
    (&["tracing_subscriber"], &["logging.rs"]),
];

/// What reads the time of day or makes an id, which the clock alone does. Deadlines (`Instant`) are no time of day.
const TIME_AND_IDS: &[&str] = &["SystemTime::now", "Timestamp::now", "Zoned::now", "now_v7", "new_v4"];

/// What the core must not name: whatever waits, or gives another answer the second time.
const IMPURE: &[&str] = &[
    "async",
    "await",
    "tokio",
    "tracing",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "now_v7",
    "new_v4",
    "getrandom",
    "rand",
    "thread_rng",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time",
    "File",
    "TcpStream",
    "UnixStream",
    "static mut",
];

fn upward_imports(files: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != "src/lib.rs") {
        let part = match file.module().first() {
            Some(part) => *part,
            None => "main",
        };
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == part) else {
            findings.push(format!("{}: the part \"{part}\" has no row in MAY_NAME", file.path));
            continue;
        };
        for (at, named) in imports(file) {
            let known = MAY_NAME.iter().any(|(name, _)| *name == named);
            if known && named != part && named != "limits" && !allowed.contains(&named.as_str()) {
                findings.push(file.finding(at, &format!("{part} must not name {named}")));
            }
        }
    }
    findings
}

/// Every top-level module that the file names by `crate::`, `scimd::` or enough `super::`, groups in braces included.
fn imports(file: &Source) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for root in ["crate::", "scimd::"] {
        for at in file.positions(root) {
            named.extend(heads(&file.code[at + root.len()..]).into_iter().map(|head| (at, head)));
        }
    }
    let depth = file.module().len();
    let mut at = 0;
    while let Some(found) = file.code[at..].find("super::") {
        let start = at + found;
        let mut end = start;
        while file.code[end..].starts_with("super::") {
            end += "super::".len();
        }
        if depth > 0 && (end - start) / "super::".len() == depth {
            named.extend(heads(&file.code[end..]).into_iter().map(|head| (start, head)));
        }
        at = end;
    }
    named
}

/// The first names of a path, or of each path of a group: `a::b` gives a; `{a::{b, c}, d}` gives a and d.
fn heads(code: &str) -> Vec<String> {
    let word = |code: &str| code.bytes().take_while(|byte| is_word(*byte)).map(char::from).collect::<String>();
    let Some(group) = code.strip_prefix('{') else {
        return vec![word(code)];
    };
    let (mut depth, mut heads, mut fresh) = (0, Vec::new(), true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            letter if letter.is_whitespace() => {}
            _ if depth == 0 && fresh => {
                heads.push(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    heads
}

fn foreign_crates(files: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for (crates, places) in WHO_NAMES {
        for file in files.iter().filter(|file| !file.is_test() && !file.is_in(places)) {
            for name in *crates {
                // A module of ours may have the crate's name: then the word means the module here.
                if !file.positions(&format!("mod {name}")).is_empty() {
                    continue;
                }
                for at in crate_positions(file, name) {
                    findings.push(file.finding(at, &format!("only {} may name {name}", places.join(", "))));
                }
            }
        }
    }
    findings
}

/// Where `name` begins a path (`name::`) or is imported as a whole (`use name;`, `use name as`).
fn crate_positions(file: &Source, name: &str) -> Vec<usize> {
    let begins = |at: &usize| {
        let before = file.code[..*at].trim_end();
        !before.ends_with("::") && !before.ends_with('.') || before.ends_with(" ::")
    };
    let paths = file.positions(&format!("{name}::"));
    let whole = ["use {};", "use {} as"].map(|form| file.positions(&form.replace("{}", name)));
    paths.into_iter().filter(begins).chain(whole.into_iter().flatten()).collect()
}

fn impure_core(files: &[Source]) -> Vec<String> {
    phrases(files, IMPURE, |file| file.is_in(&["scim.rs", "scim/"]) && !file.is_test())
}

fn time_and_ids(files: &[Source]) -> Vec<String> {
    phrases(files, TIME_AND_IDS, |file| !file.is_in(&["clock.rs"]) && !file.is_test())
}

fn phrases(files: &[Source], phrases: &[&str], concerns: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| concerns(file)) {
        for phrase in phrases {
            findings.extend(file.positions(phrase).into_iter().map(|at| file.finding(at, &format!("names {phrase}"))));
        }
    }
    findings
}

#[test]
fn imports_run_downward() {
    none(upward_imports(&sources()));
    let good =
        ("src/directory/create.rs", "use crate::{scim::path, limits};\nuse super::super::store;\nuse super::keys;");
    finds(upward_imports, ("src/scim/path.rs", "use crate::store::Batch;"), good);
    finds(upward_imports, ("src/store/redb.rs", "use crate::{\n    limits,\n    scim::{path, filter},\n};"), good);
    finds(upward_imports, ("src/store/redb.rs", "use super::super::directory;"), good);
    finds(upward_imports, ("src/store.rs", "fn f() { super::directory::create() }"), good);
    finds(upward_imports, ("src/server/tests.rs", "use crate::outbound::plan;"), good);
    finds(upward_imports, ("src/serve.rs", "use scimd::config::Config;"), good);
    finds(upward_imports, ("src/attic/old.rs", ""), good);
}

#[test]
fn crates_stay_in_their_rooms() {
    none(foreign_crates(&sources()));
    let good = ("src/store.rs", "pub mod redb;\nfn f() { redb::open(); crate::store::redb::open(); }");
    finds(foreign_crates, ("src/directory/create.rs", "use redb::Database;"), good);
    finds(foreign_crates, ("src/directory/create.rs", "fn f(r: http::Request<()>) {}"), good);
    finds(foreign_crates, ("src/cli/token.rs", "use tonic;"), ("src/cli/client.rs", "use tonic;"));
    finds(foreign_crates, ("src/cli/user.rs", "use prost_types::Struct;"), ("src/cli/print.rs", "use prost::Name;"));
    finds(foreign_crates, ("src/server/route.rs", "use tonic::{Code, Status};"), good);
    finds(
        foreign_crates,
        ("src/serve.rs", "fn f() { ::hyper::body::f() }"),
        ("src/server/route.rs", "use hyper::body;"),
    );
    finds(foreign_crates, ("src/outbound/plan.rs", "use hyper::body;"), ("src/outbound/client.rs", "use hyper::body;"));
}

#[test]
fn the_core_is_pure() {
    none(impure_core(&sources()));
    let good = ("src/scim/filter.rs", "// async\nfn f(text: &str) -> &str { \"tokio\" }");
    finds(impure_core, ("src/scim/filter.rs", "pub async fn f() {}"), good);
    finds(impure_core, ("src/scim/patch/apply.rs", "use std::time::Duration;"), good);
    finds(impure_core, ("src/scim.rs", "fn f() { std::fs::read(\"x\"); }"), ("src/store/redb.rs", "async fn f() {}"));
}

#[test]
fn time_and_ids_come_from_the_clock() {
    none(time_and_ids(&sources()));
    let good = ("src/server/listener.rs", "let deadline = Instant::now() + WAIT;");
    finds(time_and_ids, ("src/directory/create.rs", "let id = Uuid::new_v4();"), good);
    finds(time_and_ids, ("src/server/listener.rs", "let now = jiff::Timestamp::now();"), good);
}
