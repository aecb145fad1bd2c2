//! The repository around the sources: what lies at its top, why each dependency is there, and which versions are safe.

use std::fs;
use std::path::Path;

use super::none;

/// What may lie at the top besides dotfiles and what `.gitignore` names.
const TOP: &[&str] =
    &["Cargo.toml", "Cargo.lock", "build.rs", "proto", "src", "tests", "benches", "README.md", "LICENSE"];

/// Versions below these have known holes (HTTP/2 floods, certificate checks).
const OLDEST: &[(&str, [u64; 3])] = &[("h2", [0, 4, 16]), ("rustls", [0, 23, 45]), ("rustls-webpki", [0, 103, 13])];

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn strangers(names: &[String], ignored: &str) -> Vec<String> {
    let ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    names
        .iter()
        .filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str()) && !ignored.contains(&name.as_str()))
        .map(|name| format!("{name} does not belong at the top of the repository"))
        .collect()
}

/// The lines of every `[…dependencies]` section that declare something.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim_end().ends_with("dependencies]");
        } else if inside && line.contains('=') && !line.starts_with('#') {
            lines.push(line);
        }
    }
    lines
}

fn unexplained(manifest: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for line in dependencies(manifest) {
        let reason = line.rsplit_once(" # ").map_or("", |(_, reason)| reason.trim());
        if reason.is_empty() {
            findings.push(format!("no reason: {line}"));
        }
    }
    // A dependency in a table of its own has no line to explain it on.
    findings.extend(
        manifest
            .lines()
            .filter(|line| line.starts_with('[') && line.contains("dependencies."))
            .map(|line| format!("a table of its own: {line}")),
    );
    findings
}

fn foreign_sources(manifest: &str, lock: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for line in dependencies(manifest) {
        let compact = line.replace(' ', "");
        if ["git=", "path=", "registry="].iter().any(|origin| compact.contains(origin)) {
            findings.push(format!("not from crates.io: {line}"));
        }
    }
    for (name, _, source) in packages(lock) {
        if name != "scimd" && source != "registry+https://github.com/rust-lang/crates.io-index" {
            findings.push(format!("not from crates.io: {name} ({source})"));
        }
    }
    findings
}

fn old_versions(lock: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, oldest) in OLDEST {
        for (_, version, _) in packages(lock).iter().filter(|(package, ..)| package == name) {
            if version.contains("-") || numbers(version) < *oldest {
                findings.push(format!("{name} {version} is older than {oldest:?}, or a pre-release"));
            }
        }
    }
    findings
}

/// Name, version and source of every package in the lock file.
fn packages(lock: &str) -> Vec<(String, String, String)> {
    let field = |block: &str, name: &str| {
        let begin = format!("{name} = \"");
        let line = block.lines().find_map(|line| line.strip_prefix(begin.as_str()));
        line.map_or(String::new(), |value| value.trim_end_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .skip(1)
        .map(|block| (field(block, "name"), field(block, "version"), field(block, "source")))
        .collect()
}

fn numbers(version: &str) -> [u64; 3] {
    let mut parts = version.split(['.', '+', '-']).map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[test]
fn the_top_of_the_repository_is_tidy() {
    let names: Vec<String> = fs::read_dir(env!("CARGO_MANIFEST_DIR"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.len() > 5);
    none(strangers(&names, &read(".gitignore")));
    assert_eq!(strangers(&["notes.txt".to_owned()], "/target\n").len(), 1);
    assert_eq!(strangers(&["target".to_owned(), ".ci".to_owned(), "src".to_owned()], "/target\n").len(), 0);
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = read("Cargo.toml");
    assert!(dependencies(&manifest).len() > 20);
    none(unexplained(&manifest));
    assert_eq!(unexplained("[dependencies]\nhyper = \"1\"\n").len(), 1);
    assert_eq!(unexplained("[dev-dependencies]\nhyper = { version = \"1\" } # the HTTP\n").len(), 0);
    assert_eq!(unexplained("[dependencies.hyper]\nversion = \"1\" # x\n").len(), 1);
    assert_eq!(unexplained("[profile.release]\nlto = \"thin\"\n").len(), 0);
}

#[test]
fn everything_comes_from_crates_io() {
    none(foreign_sources(&read("Cargo.toml"), &read("Cargo.lock")));
    assert_eq!(foreign_sources("[dependencies]\na = { path = \"../a\" }\n", "").len(), 1);
    assert_eq!(foreign_sources("[dependencies]\na = { git = \"https://a\" }\n", "").len(), 1);
    let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://a\"\n";
    assert_eq!(foreign_sources("", lock).len(), 1);
}

#[test]
fn no_version_with_a_known_hole_is_locked() {
    let lock = read("Cargo.lock");
    for (name, _) in OLDEST {
        assert!(packages(&lock).iter().any(|(package, ..)| package == name), "{name} is not in Cargo.lock");
    }
    none(old_versions(&lock));
    let locked = |version: &str| format!("[[package]]\nname = \"rustls\"\nversion = \"{version}\"\n");
    assert_eq!(old_versions(&locked("0.23.44")).len(), 1);
    assert_eq!(old_versions(&locked("0.24.0-dev.2")).len(), 1);
    assert_eq!(old_versions(&locked("0.23.45")).len(), 0);
}

#[test]
fn the_licence_is_the_whole_apache_2_0() {
    let licence = read("LICENSE");
    for part in ["Version 2.0, January 2004", "9. Accepting Warranty", "END OF TERMS AND CONDITIONS"] {
        assert!(licence.contains(part), "{part}");
    }
}
