//! Where the token comes from, and what a server that is not there comes to.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::cli::{Cli, run};
use clap::Parser;
use std::net::TcpListener;

fn probe(arguments: &[&str]) -> Probe {
    let all = ["scimd", "probe", "https://localhost/v2"].iter().chain(arguments);
    match Cli::try_parse_from(all).unwrap().command {
        crate::cli::Command::Probe(probe) => probe,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_is_a_flag_a_file_or_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "from-file\n").unwrap();
    let env = |name: &str| (name == TOKEN).then(|| "from-env".to_owned());
    let file = path.to_str().unwrap();
    assert_eq!(probe(&["--token", "given"]).token(env).unwrap().as_deref(), Some("given"));
    assert_eq!(probe(&["--token-file", file]).token(env).unwrap().as_deref(), Some("from-file"));
    assert_eq!(probe(&[]).token(env).unwrap().as_deref(), Some("from-env"));
    assert_eq!(probe(&[]).token(|_| None).unwrap(), None);
    let missing = probe(&["--token-file", "/nowhere/token"]).token(env).unwrap_err();
    assert_eq!(missing.exit_code(), 3);
    for wrong in [&["--profile", "nobody"][..], &["--token", "a", "--token-file", "b"], &["--ca", "a", "--insecure"]] {
        let all = ["scimd", "probe", "https://localhost/v2"].iter().chain(wrong);
        assert_eq!(Cli::try_parse_from(all).unwrap_err().exit_code(), 2, "{wrong:?}");
    }
}

#[test]
fn a_server_that_is_not_there_has_an_exit_code_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v2", listener.local_addr().unwrap());
    drop(listener);
    let cli = Cli::try_parse_from(["scimd", "probe", &url, "--profile", "entra", "--output", "json"]).unwrap();
    let mut out = Vec::new();
    let error = run(&cli, |_| None, &mut out).unwrap_err();
    assert_eq!(error.exit_code(), 6);
    let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert!(report["unreachable"].as_str().unwrap().contains("cannot connect"), "{report}");
    assert_eq!(report["steps"].as_array().unwrap().len(), probe::by_name("entra").unwrap().steps.len());

    let cli = Cli::try_parse_from(["scimd", "probe", "http://scim.example.com/v2"]).unwrap();
    assert_eq!(run(&cli, |_| None, &mut Vec::new()).unwrap_err().exit_code(), 2);
}

#[test]
fn an_echoed_token_is_not_shown() {
    let mut run = Run::new(probe::by_name("entra").unwrap(), "1", Default::default());
    run.next_request().unwrap();
    let body = br#"{"detail":"Bearer t0ken is bad"}"#.to_vec();
    run.replied(Reply::Answer(Answer { status: 400, headers: Vec::new(), body }, 1));
    let mut report = run.report();
    mask(&mut report, "t0ken");
    assert!(report.rows[0].findings[0].ends_with("\"Bearer (the token) is bad\""), "{report:?}");
    assert!(!format!("{report:?}").contains("t0ken"));
}
