//! What a file must not hold: habits of the house that can be seen in the text of one file.

use super::source::Source;
use super::{finds, none, sources};

/// Lines of a file without tests.
const FILE_LINES_MAX: usize = 700;

/// The files that choose statuses. The listener and the guard refuse what never becomes a request of ours (a broken
/// message, a full house, a missing token); the clients of a target and of the admin plane read statuses.
const CHOOSE_STATUSES: &[&str] = &[
    "server/respond.rs",
    "server/refusal.rs",
    "server/crowd/respond.rs",
    "server/admin.rs",
    "server/admin/",
    "server/listener.rs",
    "server/guard.rs",
    "outbound/client.rs",
    "cli/client.rs",
];

const PRINT: &[&str] = &["print!", "println!", "eprint!", "eprintln!", "dbg!", "stdout()", "io::stdout"];

const PANIC: &[&str] =
    &[".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!", "unreachable!", "todo!", "unimplemented!"];

/// A rule that is one: the phrases, whom they concern, and why.
fn without(files: &[Source], phrases: &[&str], why: &str, concerns: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| concerns(file)) {
        for phrase in phrases {
            let found = file.positions(phrase).into_iter();
            findings.extend(found.map(|at| file.finding(at, &format!("{phrase}: {why}"))));
        }
    }
    findings
}

fn statuses(files: &[Source]) -> Vec<String> {
    let phrases = ["StatusCode", "tonic::Code", "tonic::Status"];
    without(files, &phrases, "statuses are chosen elsewhere", |file| !file.is_test() && !file.is_in(CHOOSE_STATUSES))
}

fn printing(files: &[Source]) -> Vec<String> {
    let concerns = |file: &Source| !file.is_test() && !file.is_in(&["main.rs", "cli.rs", "cli/"]);
    without(files, PRINT, "only main and cli print", concerns)
}

fn panicking(files: &[Source]) -> Vec<String> {
    without(files, PANIC, "nothing panics outside of tests", |file| !file.is_test())
}

fn reexports(files: &[Source]) -> Vec<String> {
    without(files, &["pub use", "pub(crate) use", "pub(super) use"], "no re-exports", |_| true)
}

fn left_behind(files: &[Source]) -> Vec<String> {
    let phrases = ["#[ignore", "allow(dead_code", "allow(unused", "unsafe", "thread::sleep"];
    without(files, &phrases, "not in this house", |_| true)
}

fn names(files: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (at, word) in file.words() {
            let doer = ["Manager", "Helper", "Util", "Utils"].iter().any(|end| word.ends_with(end));
            let attic = ["utils", "util", "helpers", "helper", "misc", "manager"].contains(&word)
                && file.code[..at].trim_end().ends_with("mod");
            // The generated traits of the admin plane take their methods' names from the proto files.
            let getter = word.starts_with("get_")
                // The plural of the `get` of every map.
                && word != "get_many"
                && file.code[..at].trim_end().ends_with("fn")
                && !file.is_in(&["server/admin.rs", "server/admin/", "cli/tests/fake.rs"]);
            if doer || attic || getter {
                findings.push(file.finding(at, &format!("the name {word} says nothing")));
            }
        }
        if file.module().iter().any(|part| ["util", "utils", "helper", "helpers", "misc", "mod"].contains(part)) {
            findings.push(format!("{}: the file's name says nothing", file.path));
        }
    }
    findings
}

fn openings(files: &[Source]) -> Vec<String> {
    let closed = files.iter().filter(|file| !file.text.starts_with("//! "));
    closed.map(|file| format!("{}: does not open with //!", file.path)).collect()
}

fn long_files(files: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    // The table of limits is one by rule, and read by looking things up.
    for file in files.iter().filter(|file| !file.is_test() && file.path != "src/limits.rs") {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            findings.push(format!("{}: {lines} lines, more than {FILE_LINES_MAX}", file.path));
        }
    }
    findings
}

fn stray_limits(files: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.is_test() && file.path != "src/limits.rs") {
        for (at, word) in file.words() {
            let limit = ["_MAX", "_MIN", "_LIMIT"].iter().any(|end| word.ends_with(end))
                || ["MAX_", "MIN_"].iter().any(|begin| word.starts_with(begin));
            let before = file.code[..at].trim_end();
            if limit && (before.ends_with(" const") || before.ends_with("\nconst") || before == "const") {
                findings.push(file.finding(at, &format!("the limit {word} belongs into limits.rs")));
            }
        }
    }
    findings
}

#[test]
fn statuses_are_chosen_in_two_places() {
    none(statuses(&sources()));
    let good = ("src/server/respond.rs", "use hyper::StatusCode;");
    finds(statuses, ("src/server/route.rs", "use hyper::StatusCode;"), good);
    finds(statuses, ("src/directory/create.rs", "fn f() -> tonic::Status {}"), good);
}

#[test]
fn only_main_and_cli_print() {
    none(printing(&sources()));
    let good = ("src/cli/token.rs", "fn f() { println!(); }");
    finds(printing, ("src/serve.rs", "fn f() { println!(); }"), good);
    finds(printing, ("src/store.rs", "fn f() { eprintln!(); }"), good);
}

#[test]
fn nothing_panics_outside_of_tests() {
    none(panicking(&sources()));
    let good = ("src/store/tests.rs", "fn f() { x.unwrap(); panic!() }");
    finds(panicking, ("src/store.rs", "fn f() { x.unwrap(); }"), good);
    finds(
        panicking,
        ("src/store.rs", "fn f() { x.expect(\"y\"); }"),
        ("src/a.rs", "fn f() { x.unwrap_or(y); debug_assert!(z) }"),
    );
    finds(panicking, ("src/store.rs", "fn f() { unreachable!() }"), good);
}

#[test]
fn there_are_no_reexports() {
    none(reexports(&sources()));
    finds(reexports, ("src/scim.rs", "pub use self::error::Error;"), ("src/scim.rs", "use self::error::Error;"));
}

#[test]
fn nothing_is_left_behind() {
    none(left_behind(&sources()));
    let good = ("src/a.rs", "// unsafe\nfn f() {}");
    finds(left_behind, ("src/a/tests.rs", "#[ignore]\nfn f() {}"), good);
    finds(left_behind, ("src/a.rs", "#[allow(dead_code)]\nfn f() {}"), good);
}

#[test]
fn names_say_something() {
    none(names(&sources()));
    let good = ("src/a.rs", "mod members; fn find(get_first: bool) { map.get(0) }");
    finds(names, ("src/a.rs", "struct TokenManager;"), good);
    finds(names, ("src/a.rs", "mod utils;"), good);
    finds(names, ("src/a.rs", "fn get_user() {}"), ("src/server/admin/x.rs", "async fn get_version() {}"));
    finds(names, ("src/utils.rs", ""), good);
}

#[test]
fn every_file_opens_with_what_it_is() {
    none(openings(&sources()));
    finds(openings, ("src/a.rs", "use b;\n//! late"), ("src/a.rs", "//! What it is.\n"));
}

#[test]
fn no_file_is_long() {
    none(long_files(&sources()));
    let long = "//! x\n".repeat(FILE_LINES_MAX + 1);
    finds(long_files, ("src/a.rs", &long), ("src/a/tests.rs", &long));
}

#[test]
fn limits_live_in_one_file() {
    none(stray_limits(&sources()));
    let good = ("src/limits.rs", "pub const PAGE_RESULTS_MAX: usize = 200;");
    finds(stray_limits, ("src/a.rs", "const PAGE_RESULTS_MAX: usize = 200;"), good);
    finds(
        stray_limits,
        ("src/a.rs", "pub(crate) const MAX_DEPTH: usize = 2;"),
        ("src/a.rs", "use limits::PAGE_MAX; let x = i64::MAX;"),
    );
}
