//! The invariants of the house, each an absence, each an ordinary test that reads the sources. A rule is a function from
//! files to findings, and each rule is shown to find something in a small bad file. The rules know text, not types.

mod layers;
mod manifest;
mod source;
mod text;

use std::fs;
use std::path::Path;

use source::Source;

/// Every Rust file under `src/`.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), root, &mut files);
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the sources are not where they are looked for");
    source::mark_tests(&mut files);
    files
}

fn collect(folder: &Path, root: &Path, files: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.push(Source::new(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Fails with every finding, a line each.
#[track_caller]
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} finding(s):\n  {}", findings.len(), findings.join("\n  "));
}

/// Fails unless the rule finds something in the bad file and nothing in the good one.
#[track_caller]
fn finds(rule: impl Fn(&[Source]) -> Vec<String>, bad: (&str, &str), good: (&str, &str)) {
    assert_ne!(rule(&[Source::new(bad.0, bad.1)]), Vec::<String>::new(), "not found in {}:\n{}", bad.0, bad.1);
    assert_eq!(rule(&[Source::new(good.0, good.1)]), Vec::<String>::new(), "found in {}:\n{}", good.0, good.1);
}
