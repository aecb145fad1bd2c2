//! Tests of the connection: which server is meant, what refusals become, and mutual TLS.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use clap::Parser;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{Address, Connection};
use crate::cli::error::{Error, Exit};
use crate::cli::{Cli, run};

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    connection: Connection,
}

fn address(flags: &[&str], env: &[(&str, &str)]) -> Result<String, String> {
    let flags = Flags::try_parse_from(std::iter::once("x").chain(flags.iter().copied())).unwrap();
    let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    match flags.connection.address(env) {
        Ok(Address::Socket(path)) => Ok(format!("unix:{}", path.display())),
        Ok(Address::Https(url)) => Ok(url),
        Err(error) => Err(error.to_string()),
    }
}

/// What a command without a server fails with: its exit code, and all lines.
fn failure(arguments: &[&str]) -> (u8, String) {
    let cli = Cli::try_parse_from(std::iter::once("scimd").chain(arguments.iter().copied())).unwrap();
    let error = run(&cli, |_| None, &mut Vec::new()).unwrap_err();
    (error.exit_code(), format!("{error}\n{}", error.more().join("\n")))
}

#[test]
fn flags_win_over_the_environment_and_an_address_over_a_directory() {
    let in_env = [("SCIMD_ADMIN", "unix:/run/a.sock"), ("SCIMD_DATA_DIR", "/srv")];
    assert_eq!(address(&[], &[]).unwrap(), "unix:./scimd-data/admin/admin.sock");
    assert_eq!(address(&[], &in_env[1..]).unwrap(), "unix:/srv/admin/admin.sock");
    assert_eq!(address(&[], &in_env).unwrap(), "unix:/run/a.sock");
    assert_eq!(address(&["--data-dir", "d"], &in_env).unwrap(), "unix:d/admin/admin.sock");
    assert_eq!(address(&["--data-dir", "d", "--admin", "https://a:1"], &in_env).unwrap(), "https://a:1");
    assert_eq!(address(&["--admin", "unix:///x/y"], &[]).unwrap(), "unix:/x/y");
    for wrong in ["http://a:1", "unix:", "a:9443"] {
        assert!(address(&["--admin", wrong], &[]).unwrap_err().contains("no address of an admin plane"), "{wrong}");
    }
}

#[test]
fn a_server_that_is_not_there_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    let named = format!("unix:{}", path.display());
    let (code, text) = failure(&["token", "list", "--admin", &named]);
    assert_eq!(code, Exit::Unreachable as u8);
    assert!(text.contains("there is no such socket\nis the server running?"), "{text}");

    // What a server that was killed leaves.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let (code, text) = failure(&["token", "list", "--admin", &named]);
    assert_eq!(code, Exit::Unreachable as u8);
    assert!(text.contains("nobody answers on this socket\nthe server has ended"), "{text}");
}

#[test]
fn https_needs_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let base = ["server", "status", "--admin", "https://127.0.0.1:1", "--timeout", "5s"];
    let (code, text) = failure(&base);
    assert_eq!(code, Exit::Usage as u8);
    assert!(text.contains("--admin-ca"), "{text}");

    fs::create_dir(folder.path().join("tls")).unwrap();
    fs::write(folder.path().join("tls/ca.pem"), "").unwrap();
    let (code, text) = failure(&[&base[..2], &["--data-dir", data_dir], &base[2..]].concat());
    assert_eq!(code, Exit::Usage as u8);
    assert!(text.contains("--admin-cert FILE --admin-key FILE"), "{text}");

    let (code, text) = failure(&[&base[..], &["--admin-ca", "/nowhere/ca.pem"]].concat());
    assert_eq!(code, Exit::NotFound as u8);
    assert!(text.contains("/nowhere/ca.pem: cannot read it"), "{text}");
}

#[test]
fn a_refusal_names_each_field_and_the_next_step() {
    let mut details = ErrorDetails::with_error_info("INVALID_FIELD", "scimd", HashMap::new());
    details.add_bad_request_violation("ttl", "it is shorter than a minute");
    details.add_bad_request_violation("name", "it has a\u{1b}[m space");
    let error = Error::from(Status::with_error_details(Code::InvalidArgument, "ttl: x; name: y", details));
    assert_eq!(error.exit_code(), 2);
    assert_eq!(error.to_string(), "the server refuses 2 values");
    assert_eq!(error.more(), ["ttl: it is shorter than a minute", "name: it has a\\u{1b}[m space"]);

    let details = ErrorDetails::with_error_info("TENANT_NOT_FOUND", "scimd", HashMap::new());
    let error = Error::from(Status::with_error_details(Code::NotFound, "there is no tenant 'x'", details));
    assert_eq!(error.exit_code(), 3);
    assert_eq!(error.to_string(), "there is no tenant 'x' (TENANT_NOT_FOUND)");
    assert_eq!(error.more(), ["`scimd tenant list` shows the tenants"]);
}

#[test]
fn an_answer_that_is_not_grpc_is_no_admin_plane() {
    let error = Error::from(Status::internal("protocol error: received message with invalid compression flag"));
    assert_eq!(error.more(), ["this is no admin plane; it is on the port of --admin-addr"]);
}

#[test]
fn each_code_has_its_exit_code() {
    let exit = |code| Error::from(Status::new(code, "x")).exit_code();
    let codes = [
        (Code::InvalidArgument, 2),
        (Code::NotFound, 3),
        (Code::AlreadyExists, 4),
        (Code::FailedPrecondition, 4),
        (Code::Aborted, 4),
        (Code::PermissionDenied, 5),
        (Code::Unauthenticated, 5),
        (Code::Unavailable, 6),
        (Code::DeadlineExceeded, 6),
        (Code::Cancelled, 6),
        (Code::Internal, 1),
        (Code::Unimplemented, 1),
        (Code::ResourceExhausted, 1),
    ];
    for (code, expected) in codes {
        assert_eq!(exit(code), expected, "{code:?}");
    }
}

/// A certificate authority, and certificates of it in the folder: `server`, `client`, and `foreign` of another authority.
fn certificates(folder: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let issuer = |name: &str| {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (ours, others) = (issuer("ours"), issuer("others"));
    fs::write(folder.join("ca.pem"), ours.pem()).unwrap();
    fs::write(folder.join("other-ca.pem"), others.pem()).unwrap();
    for (name, issuer) in [("server", &ours), ("client", &ours), ("foreign", &others)] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned(), name.to_owned()]).unwrap();
        fs::write(folder.join(format!("{name}.pem")), params.signed_by(&key, issuer).unwrap().pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

#[test]
fn mutual_tls_works_and_its_failures_are_told_apart() {
    use crate::cli::tests::fake::Fake;
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let fake = Fake::with_tls(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let call = |client: &str, ca: &str| {
        let (cert, key, ca) = (file(&format!("{client}.pem")), file(&format!("{client}.key")), file(ca));
        let flags = ["--admin-cert", &cert, "--admin-key", &key, "--admin-ca", &ca];
        let result = fake.call(&[&["token", "get", "a1"][..], &flags].concat());
        result.map_err(|error| (error.exit_code(), format!("{error}\n{}", error.more().join("\n"))))
    };
    assert!(call("client", "ca.pem").unwrap().contains("a1"));
    let (code, text) = call("client", "other-ca.pem").unwrap_err();
    assert_eq!(code, Exit::Permission as u8, "{text}");
    assert!(text.contains("name the certificate authority of this server with --admin-ca"), "{text}");
    let (code, text) = call("foreign", "ca.pem").unwrap_err();
    assert!(code == Exit::Unreachable as u8 || code == Exit::Permission as u8, "{code}");
    assert!(text.contains("client certificate"), "{text}");
}
