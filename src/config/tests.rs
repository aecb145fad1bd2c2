//! Tests of the configuration: who wins, what is refused and by which name, what is shown.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use tempfile::TempDir;

use super::args::ServeArgs;
use super::key::Key;
use super::{Config, Error, PROFILES, resolve};
use crate::logging;
use crate::serve::settings::Tls;

/// Resolves flags (`name=value`), environment and the text of a file. Errors come back as text, without the folder.
fn case(flags: &[(&str, &str)], env: &[(&str, &str)], file: Option<&str>) -> Result<Config, String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("scimd.toml");
    let mut args = flags_of(flags);
    if let Some(text) = file {
        fs::write(&path, text).unwrap();
        args.config = Some(path.to_string_lossy().into_owned());
    }
    run(&args, env).map_err(|error| error.to_string().replace(&*folder.path().to_string_lossy(), ""))
}

fn run(args: &ServeArgs, env: &[(&str, &str)]) -> Result<Config, Error> {
    let look_up = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    resolve(args, look_up, PROFILES)
}

fn flags_of(flags: &[(&str, &str)]) -> ServeArgs {
    let mut args = ServeArgs::default();
    for (name, value) in flags {
        let field = match *name {
            "config" => &mut args.config,
            "data_dir" => &mut args.data_dir,
            "scim_addr" => &mut args.scim_addr,
            "tls" => &mut args.tls,
            "tls_cert" => &mut args.tls_cert,
            "tls_key" => &mut args.tls_key,
            "admin_addr" => &mut args.admin_addr,
            "admin_client_ca" => &mut args.admin_client_ca,
            "admin_client_roles" => &mut args.admin_client_roles,
            "public_url" => &mut args.public_url,
            "trusted_proxies" => &mut args.trusted_proxies,
            "cache_bytes" => &mut args.cache_bytes,
            "crowd_addr" => &mut args.crowd_addr,
            "crowd_url" => &mut args.crowd_url,
            "metrics_addr" => &mut args.metrics_addr,
            "log_format" => &mut args.log_format,
            "log_level" => &mut args.log_level,
            "profile" => &mut args.profile,
            "discovery_without_token" => &mut args.discovery_without_token,
            other => panic!("no such flag: {other}"),
        };
        *field = Some((*value).to_owned());
    }
    args
}

fn refused(flags: &[(&str, &str)], env: &[(&str, &str)], file: Option<&str>, expect: Expect) {
    expect.assert_eq(&case(flags, env, file).expect_err("it must be refused"));
}

#[test]
fn defaults_need_nothing() {
    let settings = case(&[], &[], None).unwrap().settings;
    assert_eq!(settings.data_dir, Path::new("./scimd-data"));
    assert_eq!(settings.scim_addr.to_string(), "127.0.0.1:8443");
    assert_eq!(settings.tls, Tls::LocalCa);
    assert_eq!(settings.public_url, None);
    assert!(settings.trusted_proxies.is_empty());
    assert_eq!(settings.cache_bytes, 256 * 1024 * 1024);
    assert_eq!(settings.crowd, None);
    assert_eq!(settings.metrics_addr, None);
    assert_eq!(settings.log_format, logging::Format::Auto);
    assert_eq!(settings.log_level, "info");
    assert_eq!(settings.profile, "custom");
    assert!(!settings.discovery_without_token);
    assert_eq!(settings.bootstrap_token, None);
    assert!(PROFILES.contains(&super::key::PROFILE));
}

#[test]
fn flags_win_over_environment_over_file_over_default() {
    let flag = [("log_level", "debug")];
    let env = [("SCIMD_LOG_LEVEL", "warn"), ("SCIMD_PROFILE", "okta")];
    let file = Some("log_level = \"error\"\nprofile = \"entra\"\nscim_addr = \"127.0.0.1:1\"\n");
    let settings = case(&flag, &env, file).unwrap().settings;
    assert_eq!(settings.log_level, "debug");
    assert_eq!(settings.profile, "okta");
    assert_eq!(settings.scim_addr.port(), 1);
    // An empty variable is what `VAR=${OTHER:-}` leaves behind: it sets nothing.
    let settings = case(&[], &[("SCIMD_PROFILE", "")], file).unwrap().settings;
    assert_eq!(settings.profile, "entra");
}

#[test]
fn every_setting_has_all_three_ways() {
    let rows = [
        ("data_dir", "/srv/scimd", "\"/srv/scimd\""),
        ("scim_addr", "[::1]:9000", "\"[::1]:9000\""),
        ("tls", "off", "false"),
        ("admin_addr", "127.0.0.1:9443", "\"127.0.0.1:9443\""),
        ("public_url", "https://scim.example.com", "\"https://scim.example.com\""),
        ("crowd_addr", "127.0.0.1:8095", "\"127.0.0.1:8095\""),
        ("trusted_proxies", "10.0.0.0/8,192.0.2.7", "[\"10.0.0.0/8\", \"192.0.2.7\"]"),
        ("cache_bytes", "67108864", "67_108_864"),
        ("metrics_addr", "127.0.0.1:9100", "\"127.0.0.1:9100\""),
        ("log_format", "json", "\"json\""),
        ("log_level", "warn", "\"warn\""),
        ("profile", "entra", "\"entra\""),
        ("discovery_without_token", "true", "true"),
    ];
    for (name, text, toml) in rows {
        let variable = format!("SCIMD_{}", name.to_uppercase());
        let flag = format!("--{}", name.replace('_', "-"));
        let file = format!("# a comment\n{name} = {toml}\n");
        let row = |config: Config| config.rows().into_iter().find(|(row, ..)| *row == name).unwrap();
        let by_flag = row(case(&[(name, text)], &[], None).unwrap());
        let by_env = row(case(&[], &[(&variable, text)], None).unwrap());
        let by_file = row(case(&[], &[], Some(&file)).unwrap());
        assert_eq!(by_flag.1, by_env.1, "{name}");
        assert_eq!(by_flag.1, by_file.1, "{name}");
        assert_eq!(by_flag.2, format!("flag {flag}"));
        assert_eq!(by_env.2, format!("environment {variable}"));
        assert!(by_file.2.starts_with("file ") && by_file.2.ends_with("scimd.toml line 2"), "{}", by_file.2);
    }
    // The pairs that come together have their own tests; together these are all settings.
    assert_eq!(rows.len() + 5, Key::ALL.len());
}

#[test]
fn wrong_values_are_refused_by_name_and_origin() {
    refused(
        &[("scim_addr", "localhost")],
        &[],
        None,
        expect![[
            r#"scim_addr from flag --scim-addr: "localhost" is not an IP address with a port, such as 127.0.0.1:8443 or [::1]:8443"#
        ]],
    );
    refused(
        &[],
        &[("SCIMD_CACHE_BYTES", "lots")],
        None,
        expect![[
            r#"cache_bytes from environment SCIMD_CACHE_BYTES: "lots" is not a number of bytes, nor one with the unit KiB, MiB or GiB"#
        ]],
    );
    refused(
        &[],
        &[],
        Some("\n\nlog_level = \"verbos\"\n"),
        expect![[
            r#"log_level from file /scimd.toml line 3: "verbos" is not a level (off, error, warn, info, debug or trace) nor a TARGET=LEVEL pair"#
        ]],
    );
    refused(
        &[("log_format", "xml")],
        &[],
        None,
        expect![[r#"log_format from flag --log-format: "xml" is not one of auto, text, json"#]],
    );
    refused(
        &[("profile", "azure")],
        &[],
        None,
        expect![[
            r#"profile from flag --profile: "azure" is not one of custom, strict, entra, okta, onelogin, oracle, keycloak, google, aws, jumpcloud, ping, miniorange, authentik, rauthy"#
        ]],
    );
    refused(
        &[("trusted_proxies", "10.0.0.0/8, 10.0.0.1/8")],
        &[],
        None,
        expect![[r#"trusted_proxies from flag --trusted-proxies: "10.0.0.1/8" has bits set behind its prefix"#]],
    );
    refused(
        &[("discovery_without_token", "maybe")],
        &[],
        None,
        expect![[
            r#"discovery_without_token from flag --discovery-without-token: "maybe" is neither on (true) nor off (false)"#
        ]],
    );
    refused(
        &[("data_dir", "/dev/null")],
        &[],
        None,
        expect!["data_dir from flag --data-dir: /dev/null is there and is not a directory"],
    );
    refused(&[("data_dir", "")], &[], None, expect!["data_dir from flag --data-dir: it is empty"]);
}

#[test]
fn wrong_files_are_refused_by_name() {
    refused(
        &[],
        &[],
        Some("profile = \"okta\"\nscim_adr = \"127.0.0.1:1\"\n"),
        expect![[
            r#"configuration file /scimd.toml line 2: unknown key "scim_adr"; known are data_dir, scim_addr, tls, tls_cert, tls_key, admin_addr, admin_client_ca, admin_client_roles, public_url, crowd_addr, crowd_url, trusted_proxies, cache_bytes, metrics_addr, log_format, log_level, profile, discovery_without_token"#
        ]],
    );
    refused(
        &[],
        &[],
        Some("profile = \"okta\"\nprofile = \"entra\"\n"),
        expect!["configuration file /scimd.toml line 2: duplicate key"],
    );
    refused(
        &[],
        &[],
        Some("profile = okta\n"),
        expect!["configuration file /scimd.toml line 1: string values must be quoted, expected literal string"],
    );
    refused(
        &[],
        &[],
        Some("scim_addr = 8443\n"),
        expect!["scim_addr from file /scimd.toml line 1: it must be a string, not a TOML integer"],
    );
    refused(
        &[],
        &[],
        Some("trusted_proxies = [1]\n"),
        expect!["trusted_proxies from file /scimd.toml line 1: each item must be a string"],
    );
    refused(
        &[],
        &[],
        Some("[tls]\ncert = \"x\"\n"),
        expect![[r#"tls from file /scimd.toml line 1: it must be a boolean, "on" or "off", not a TOML table"#]],
    );
    // A secret in the file is refused without being repeated.
    let error = case(&[], &[], Some("bootstrap_token = \"0123456789012345678901234567890123\"")).unwrap_err();
    assert!(error.contains("bootstrap_token") && !error.contains("0123456789"), "{error}");

    let missing = flags_of(&[("config", "/nowhere/scimd.toml")]);
    expect!["configuration file /nowhere/scimd.toml (from flag --config): cannot open it: No such file or directory (os error 2)"]
        .assert_eq(&run(&missing, &[]).unwrap_err().to_string());
    expect!["configuration file / (from environment SCIMD_CONFIG): cannot read it: Is a directory (os error 21)"]
        .assert_eq(&run(&ServeArgs::default(), &[("SCIMD_CONFIG", "/")]).unwrap_err().to_string());
}

#[test]
fn tls_off_is_for_loopback_alone() {
    refused(
        &[("tls", "off"), ("scim_addr", "0.0.0.0:8443")],
        &[],
        None,
        expect![
            "tls from flag --tls: off is for loopback addresses only, and scim_addr is 0.0.0.0:8443 (from flag --scim-addr)"
        ],
    );
    refused(
        &[],
        &[("SCIMD_TLS", "off")],
        Some("scim_addr = \"[::]:1\""),
        expect![
            "tls from environment SCIMD_TLS: off is for loopback addresses only, and scim_addr is [::]:1 (from file /scimd.toml line 1)"
        ],
    );
    for loopback in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        let config = case(&[("tls", "off"), ("scim_addr", loopback)], &[], None).unwrap();
        assert_eq!(config.settings.tls, Tls::Off, "{loopback}");
    }
}

#[test]
fn certificate_and_key_come_together_and_are_pem() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let cert = file("cert.pem", "Subject: x\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let key = file("key.pem", "-----BEGIN EC PRIVATE KEY-----\r\nAAAA\r\n-----END EC PRIVATE KEY-----\r\n");

    let config = case(&[("tls_cert", &cert), ("tls_key", &key)], &[], None).unwrap();
    assert_eq!(config.settings.tls, Tls::Files { cert: PathBuf::from(&cert), key: PathBuf::from(&key) });

    refused(
        &[("tls_cert", &cert)],
        &[],
        None,
        expect!["tls_cert from flag --tls-cert: it needs tls_key beside it, which is not set"],
    );
    refused(
        &[],
        &[("SCIMD_TLS_KEY", &key)],
        None,
        expect!["tls_key from environment SCIMD_TLS_KEY: it needs tls_cert beside it, which is not set"],
    );
    refused(
        &[("tls", "off"), ("tls_cert", &cert), ("tls_key", &key)],
        &[],
        None,
        expect!["tls_cert from flag --tls-cert: it is of no use where tls is off"],
    );
    refused(
        &[("tls_cert", "/nowhere/cert.pem"), ("tls_key", &key)],
        &[],
        None,
        expect!["tls_cert from flag --tls-cert: cannot read /nowhere/cert.pem: No such file or directory (os error 2)"],
    );
    let swapped = case(&[("tls_cert", &key), ("tls_key", &cert)], &[], None).unwrap_err();
    assert!(swapped.contains("tls_cert from flag --tls-cert") && swapped.contains("no PEM certificate"), "{swapped}");
}

#[test]
fn the_admin_listener_needs_tls_and_clients_their_roles() {
    let folder = TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let ca = ca.to_string_lossy();
    let addr = ("admin_addr", "127.0.0.1:9443");
    let roles = ("admin_client_roles", "viewer=CN=monitoring,O=Example ; admin = CN=ops");
    let admin = case(&[addr, ("admin_client_ca", &ca), roles], &[], None).unwrap();
    let row = |name: &str| admin.rows().into_iter().find(|(row, ..)| *row == name).unwrap().1;
    assert_eq!(row("admin_client_roles"), serde_json::json!(["viewer=CN=monitoring,O=Example", "admin=CN=ops"]));
    let file = format!(
        "admin_addr = \"127.0.0.1:9443\"\nadmin_client_ca = \"{ca}\"\n\
         admin_client_roles = [\"viewer=CN=monitoring,O=Example\", \"admin=CN=ops\"]\n"
    );
    assert_eq!(case(&[], &[], Some(&file)).unwrap().settings.admin, admin.settings.admin);
    assert_eq!(case(&[addr], &[], None).unwrap().settings.admin.unwrap().client_ca, None);
    for (flags, why) in [
        (&[("admin_client_ca", &*ca)][..], "admin_client_ca from flag --admin-client-ca: it is of no use without"),
        (&[roles], "admin_client_roles from flag --admin-client-roles: it is of no use without admin_addr"),
        (&[addr, ("tls", "off")], "admin_addr from flag --admin-addr: it needs TLS"),
        (&[addr, ("admin_client_ca", &ca)], "it needs admin_client_roles beside it"),
        (&[addr, roles], "it needs admin_client_ca beside it"),
        (&[addr, ("admin_client_roles", "viewer")], "is not a role and a name"),
        (&[addr, ("admin_client_roles", "king=CN=a")], "\"king\" is not a role"),
        (&[addr, ("admin_client_roles", "viewer=monitoring")], "is not an attribute with a value"),
        (&[addr, ("admin_client_roles", "viewer=CN=a,O=b;admin=O=b,CN=a")], "is there twice"),
        (&[addr, ("admin_client_roles", ";")], "it is empty"),
    ] {
        let problem = case(flags, &[], None).unwrap_err();
        assert!(problem.contains(why), "{problem}");
    }
}

#[test]
fn public_url_is_scheme_host_and_port() {
    for (text, kept) in [
        ("https://scim.example.com", "https://scim.example.com"),
        ("HTTPS://SCIM.Example.com/", "https://scim.example.com"),
        ("https://scim.example.com:9443", "https://scim.example.com:9443"),
        ("https://[2001:db8::1]:9443", "https://[2001:db8::1]:9443"),
        ("https://[::1]", "https://[::1]"),
    ] {
        let config = case(&[("public_url", text)], &[], None).unwrap();
        assert_eq!(config.settings.public_url.as_deref(), Some(kept), "{text}");
    }
    for bad in [
        "scim.example.com",
        "ftp://scim.example.com",
        "https://",
        "https:///",
        "https://scim.example.com/scim",
        "https://scim.example.com?x",
        "https://scim.example.com#x",
        "https://scim.example.com:0",
        "https://scim.example.com:",
        "https://scim.example.com:65536",
        "https://scim example.com",
        "https://-scim.example.com",
        "https://[::1",
        "https://::1",
        "https://a..b",
    ] {
        let error = case(&[("public_url", bad)], &[], None).unwrap_err();
        assert!(error.starts_with("public_url from flag --public-url: "), "{error}");
    }
    let error = case(&[("public_url", "https://anna:s3cret@scim.example.com")], &[], None).unwrap_err();
    assert!(error.contains("user name") && !error.contains("s3cret"), "{error}");

    refused(
        &[("public_url", "http://scim.example.com")],
        &[],
        None,
        expect!["public_url from flag --public-url: http is for tls = off only; begin it with https://"],
    );
    let behind_a_proxy = [("public_url", "http://localhost:8080"), ("tls", "off")];
    assert!(case(&behind_a_proxy, &[], None).is_ok());
}

#[test]
fn the_crowd_listener_has_tls_or_is_for_this_machine() {
    let config =
        case(&[("crowd_addr", "0.0.0.0:8095"), ("crowd_url", "https://crowd.example.com/")], &[], None).unwrap();
    let crowd = config.settings.crowd.unwrap();
    assert_eq!((crowd.addr.port(), crowd.url.as_deref()), (8095, Some("https://crowd.example.com")));
    assert!(case(&[("crowd_addr", "127.0.0.1:8095"), ("tls", "off")], &[], None).is_ok());
    refused(
        &[("crowd_addr", "0.0.0.0:8095"), ("tls", "off")],
        &[],
        None,
        expect!["crowd_addr from flag --crowd-addr: tls is off, which is for loopback addresses only"],
    );
    refused(
        &[("crowd_url", "https://crowd.example.com")],
        &[],
        None,
        expect!["crowd_url from flag --crowd-url: it is of no use without crowd_addr, which is not set"],
    );
    let plain = [("crowd_addr", "127.0.0.1:8095"), ("crowd_url", "http://crowd.example.com")];
    refused(
        &plain,
        &[],
        None,
        expect!["crowd_url from flag --crowd-url: http is for tls = off only; begin it with https://"],
    );
}

#[test]
fn cache_sizes_have_units_and_bounds() {
    for (text, bytes) in
        [("256MiB", 256 << 20), ("1 GiB", 1 << 30), ("1024kib", 1 << 20), ("1048576", 1 << 20), ("1048576B", 1 << 20)]
    {
        assert_eq!(case(&[("cache_bytes", text)], &[], None).unwrap().settings.cache_bytes, bytes, "{text}");
    }
    for bad in
        ["", "MiB", "1MB", "-1", "1.5GiB", "0", "1048575", "1025GiB", "99999999999999999999", "99999999999GiB", "1é"]
    {
        assert!(case(&[("cache_bytes", bad)], &[], None).is_err(), "{bad}");
    }
    assert!(case(&[], &[], Some("cache_bytes = -1")).is_err());
}

#[test]
fn the_bootstrap_token_is_checked_and_never_repeated() {
    let good = "0123456789abcdefghijklmnopqrstu~";
    let config = case(&[], &[("SCIMD_BOOTSTRAP_TOKEN", good)], None).unwrap();
    assert_eq!(config.settings.bootstrap_token.as_ref().unwrap().expose(), good);
    assert!(!format!("{config:?}").contains("0123456789"), "a secret in Debug");
    assert!(!format!("{:?}", config.rows()).contains("0123456789"), "a secret in the rows");
    assert!(format!("{:?}", config.rows()).contains("(set)"));

    for bad in [
        "0123456789abcdefghijklmnopqrstu".to_owned(),
        "0123456789abcdefghijklmnopqrst uv".to_owned(),
        "0123456789abcdefghijklmnopqrstuvé".to_owned(),
        "0123456789abcdefghijklmnopqrstuv\n".to_owned(),
        "0123456789".repeat(52),
    ] {
        let error = case(&[], &[("SCIMD_BOOTSTRAP_TOKEN", &bad)], None).unwrap_err();
        assert!(error.starts_with("bootstrap_token from environment SCIMD_BOOTSTRAP_TOKEN: it "), "{error}");
        assert!(!error.contains("0123456789"), "{error}");
    }
}
