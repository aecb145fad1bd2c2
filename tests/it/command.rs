//! The binary from outside: exit codes, and what goes to which stream. It does not know the server.

use std::process::{Command, Output};

/// Runs the binary with nothing of this process's environment.
fn scimd(arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scimd"));
    command.args(arguments).env_clear().envs(env.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn version_and_help_succeed_on_stdout() {
    let version = scimd(&["--version"], &[]);
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(text(&version.stdout), concat!("scimd ", env!("CARGO_PKG_VERSION"), "\n"));
    let help = scimd(&["serve", "--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("SCIMD_BOOTSTRAP_TOKEN"));
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [&["frobnicate"][..], &[], &["serve", "--frobnicate"]] {
        let output = scimd(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_ne!(text(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn a_wrong_configuration_exits_with_1_and_one_line() {
    for command in ["serve", "check-config"] {
        let output = scimd(&[command], &[("SCIMD_SCIM_ADDR", "eight thousand\nand so on")]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert_eq!(text(&output.stdout), "", "{command}");
        let line = text(&output.stderr);
        assert!(line.starts_with("scimd: scim_addr from environment SCIMD_SCIM_ADDR: "), "{line}");
        assert_eq!(line.matches('\n').count(), 1, "{line}");
    }
}

#[test]
fn a_right_configuration_is_printed() {
    let output = scimd(&["check-config", "--output", "json"], &[("SCIMD_PROFILE", "entra")]);
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["profile"], serde_json::json!({"value": "entra", "origin": "environment SCIMD_PROFILE"}));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_failure_has_its_exit_code_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = scimd(&["token", "list"], &[("SCIMD_DATA_DIR", folder.path().to_str().unwrap())]);
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(text(&output.stdout), "");
    let lines: Vec<&str> = text(&output.stderr).lines().collect();
    assert!(lines[0].starts_with("scimd: ") && lines[0].ends_with("there is no such socket"), "{lines:?}");
    assert!(lines[1].starts_with("  is the server running?"), "{lines:?}");
    assert_eq!(lines.len(), 2);

    let output = scimd(&["tenant", "delete", "x"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("confirm it with --confirm NAME"));
}
