//! What RFC 7644 (sections 3, 4 and 5) and RFC 7643 (sections 2, 3, 7 and 8) demand, each beside the tests that hold it. A row whose test
//! is gone fails here, and so does a section with fewer demands than the RFC has. Whether a test tests what it stands for is not known
//! here: that is a reader's to judge.

mod rfc7643;
mod rfc7644;

use Held::{By, ByClient, Not};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The words of RFC 2119 that make a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Must,
    MustNot,
    Shall,
    ShallNot,
    Should,
    ShouldNot,
    Required,
}

/// One demand: the section, which of its words this is (none: a part of the demand above), what it says in our words, and who holds it.
struct Row(&'static str, &'static [Word], &'static str, Held);

/// What makes a demand true.
#[derive(Clone, Copy, Debug)]
enum Held {
    /// These tests, each as the test runner names it; one of `tests/it/` begins with `it::`, one of `tests/e2e/` is `e2e::script::text`,
    /// where the text stands in the script beside the check.
    By(&'static [&'static str]),
    /// It is the client who has to do this.
    ByClient,
    /// No test, and why.
    Not(&'static str),
}

/// A table and how many words each section of the RFC has, counted in its text.
struct Table<'a> {
    rfc: &'static str,
    rows: &'a [&'a [Row]],
    words: &'static [(&'static str, usize)],
}

const TABLES: [Table<'static>; 2] = [
    Table { rfc: "RFC 7644", rows: rfc7644::ROWS, words: rfc7644::WORDS },
    Table { rfc: "RFC 7643", rows: rfc7643::ROWS, words: rfc7643::WORDS },
];

/// The shortest text that can be a reason.
const REASON_CHARS_MIN: usize = 20;

#[test]
fn every_demand_is_held() {
    let tests = tests();
    let findings: Vec<_> = TABLES.iter().flat_map(|table| findings(table, &tests)).collect();
    assert!(findings.is_empty(), "{} finding(s):\n  {}", findings.len(), findings.join("\n  "));
}

/// What is wrong with a table.
fn findings(table: &Table<'_>, tests: &BTreeSet<String>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for Row(section, demanded, what, held) in table.rows.iter().copied().flatten() {
        let mut find = |why: &str| findings.push(format!("{} section {section}, {what}: {why}", table.rfc));
        *words.entry(section).or_default() += demanded.len();
        if !seen.insert((section, what)) {
            find("there is another row of this");
        }
        match held {
            By([]) => find("no test is named"),
            By(names) => names
                .iter()
                .filter(|name| !is_test(name, tests))
                .for_each(|name| find(&format!("there is no test {name}"))),
            Not(reason) if reason.len() < REASON_CHARS_MIN => find("that is no reason"),
            Not(_) | ByClient => {}
        }
    }
    let counted: BTreeMap<&str, usize> = table.words.iter().copied().collect();
    for section in words.keys().chain(counted.keys()).collect::<BTreeSet<_>>() {
        let (here, there) = (words.get(*section).copied().unwrap_or(0), counted.get(*section).copied().unwrap_or(0));
        if here != there {
            findings.push(format!("{} section {section}: {here} words in the table, {there} in the RFC", table.rfc));
        }
    }
    findings
}

fn is_test(name: &str, tests: &BTreeSet<String>) -> bool {
    let Some((script, text)) = name.strip_prefix("e2e::").and_then(|rest| rest.split_once("::")) else {
        return tests.contains(name);
    };
    let read = |name: &str| fs::read_to_string(root().join("tests/e2e").join(name)).unwrap_or_default();
    !text.is_empty() && read(script).contains(text) && read("run").contains(script)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all tests, as the test runner has them.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    collect(&root().join("src"), &[], &mut tests);
    collect(&root().join("tests/it"), &["it".to_owned()], &mut tests);
    assert!(tests.len() > 100, "the sources are not where they are looked for");
    tests
}

fn collect(folder: &Path, module: &[String], tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let inner = match name.as_str() {
            "main" | "lib" => module.to_vec(),
            _ => [module, &[name]].concat(),
        };
        if path.is_dir() {
            collect(&path, &inner, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            tests.extend(tests_in(&text).map(|test| format!("{}::{test}", inner.join("::"))));
        }
    }
}

/// The functions in a file that are marked as tests.
fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    let mut is_marked = false;
    text.lines().filter_map(move |line| {
        let line = line.trim();
        let signature = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        let found = signature.filter(|_| is_marked).and_then(|signature| signature.split('(').next());
        is_marked = match line.starts_with("#[") {
            true => is_marked || line.starts_with("#[test]") || line.starts_with("#[tokio::test"),
            false => is_marked && line.starts_with("//"),
        };
        found
    })
}

#[test]
fn a_demand_without_its_test_is_found() {
    let good = || Row("1", &[Word::Must], "a", By(&["it::a::there"]));
    let bad = [
        Row("1", &[Word::Must], "a", By(&["it::a::gone"])),
        Row("1", &[Word::Must], "a", By(&[])),
        Row("1", &[Word::Must], "a", Not("no")),
        Row("1", &[], "a", ByClient),
        Row("2", &[Word::Must], "a", ByClient),
        Row("1", &[Word::Must], "a", By(&["e2e::kill::no script has this text"])),
    ];
    let tests = BTreeSet::from(["it::a::there".to_owned()]);
    let of = |rows: &[Row]| findings(&Table { rfc: "RFC 1", rows: &[rows], words: &[("1", 1)] }, &tests);
    assert_eq!(of(&[good()]), Vec::<String>::new());
    assert_ne!(of(&[]), Vec::<String>::new(), "a row that was deleted");
    assert_ne!(of(&[good(), Row("1", &[], "a", ByClient)]), Vec::<String>::new(), "one demand, two answers");
    for row in &bad {
        assert_ne!(of(std::slice::from_ref(row)), Vec::<String>::new(), "{:?}", row.3);
    }
}

#[test]
fn tests_are_found_by_their_marks() {
    let text = "#[test]\nfn one() {}\nfn none() {}\n#[tokio::test(flavor = \"x\")]\nasync fn two() {}\n    #[test]\n    // why\n    fn three(a: u8) {}";
    assert_eq!(tests_in(text).collect::<Vec<_>>(), ["one", "two", "three"]);
    let tests = tests();
    for name in ["it::rfc::tests_are_found_by_their_marks", "scim::filter::tests::any_text_has_an_answer"] {
        assert!(tests.contains(name), "{name}");
    }
}
