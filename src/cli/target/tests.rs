//! What the flags of `target` mean, and where the secret comes from.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    credentials: Credentials,
}

fn flags(arguments: &[&str]) -> Result<Flags, clap::Error> {
    Flags::try_parse_from(std::iter::once("target").chain(arguments.iter().copied()))
}

#[test]
fn only_what_is_given_is_changed() {
    let (target, paths) = flags(&[]).unwrap().settings.target("default", "jira").unwrap();
    assert_eq!((target.name.as_str(), paths.len()), ("jira", 0));
    let given =
        ["--kind", "jira", "--url", "https://a/", "--users", "members", "--leavers", "release", "--map", "email=[x]"];
    let more =
        ["--ceiling", "7", "--check-every", "24h", "--include-groups", "a", "--include-groups", "b", "--disabled"];
    let (target, paths) = flags(&[&given[..], &more].concat()).unwrap().settings.target("acme", "jira").unwrap();
    assert_eq!(
        (target.url.as_str(), target.destructive_max, target.filter.unwrap().include_groups.len()),
        ("https://a", Some(7), 2)
    );
    assert_eq!(target.mapping.unwrap().email, "[x]");
    let named =
        "kind url filter.include_groups filter.users mapping.email policy.leavers destructive_max check_every disabled";
    assert_eq!(paths.join(" "), named);
    for wrong in [["--kind", "x"], ["--users", "x"], ["--leavers", "x"], ["--map", "x"], ["--map", "x=y"]] {
        assert!(flags(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_secret_is_read_from_a_file_or_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "s3cret\nsecond line\n").unwrap();
    let none = |_: &str| None;
    let from =
        |arguments: &[&str], env: &dyn Fn(&str) -> Option<String>| flags(arguments).unwrap().credentials.secret(&env);
    assert_eq!(from(&[], &none).unwrap(), None);
    assert_eq!(from(&["--secret-file", file.to_str().unwrap()], &none).unwrap().unwrap(), "s3cret");
    let env = |name: &str| (name == "JIRA").then(|| "from env".to_owned());
    assert_eq!(from(&["--secret-env", "JIRA"], &env).unwrap().unwrap(), "from env");
    assert!(from(&["--secret-env", "OTHER"], &env).is_err());
    assert!(flags(&["--secret-env", "A", "--secret-file", "b"]).is_err());
    std::fs::write(&file, "\n").unwrap();
    assert!(from(&["--secret-file", file.to_str().unwrap()], &none).is_err());
}
