//! Tests of the command line: usage, help, the printed configuration and the welcome.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod calls;
pub(super) mod fake;

use std::fs;
use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use expect_test::{Expect, expect};

use super::welcome::welcome;
use super::{Cli, run};
use crate::cli::error::Error;
use crate::clock::Clock;
use crate::config::PROFILES;
use crate::config::key::Key;
use crate::directory::{Directory, record, tenant};
use crate::serve::settings::Secret;
use crate::serve::welcome::{FirstToken, Welcome};
use crate::store::{Batch, Options, Store, dump};

fn printed(arguments: &[&str], env: &[(&str, &str)]) -> Result<String, String> {
    let cli = Cli::try_parse_from(std::iter::once("scimd").chain(arguments.iter().copied())).unwrap();
    let look_up = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let mut out = Vec::new();
    run(&cli, look_up, &mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

fn usage_error(arguments: &[&str]) -> i32 {
    Cli::try_parse_from(std::iter::once("scimd").chain(arguments.iter().copied())).unwrap_err().exit_code()
}

fn told(started: &Welcome, expect: Expect) {
    let mut out = Vec::new();
    welcome(&mut out, started).unwrap();
    expect.assert_eq(&String::from_utf8(out).unwrap());
}

fn started(first_token: FirstToken, ca_file: Option<&str>) -> Welcome {
    Welcome {
        tenant_url: "https://localhost:8443/tenants/default/scim/v2".to_owned(),
        first_token,
        ca_file: ca_file.map(PathBuf::from),
        data_dir: PathBuf::from("./scimd-data"),
    }
}

#[test]
fn clap_finds_no_mistake() {
    Cli::command().debug_assert();
}

#[test]
fn the_version_is_one_line() {
    assert_eq!(Cli::command().render_version(), format!("scimd {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_errors_exit_with_2_and_help_with_0() {
    assert_eq!(usage_error(&[]), 2);
    assert_eq!(usage_error(&["serv"]), 2);
    assert_eq!(usage_error(&["serve", "--no-such-flag"]), 2);
    assert_eq!(usage_error(&["check-config", "--output", "xml"]), 2);
    assert_eq!(usage_error(&["--help"]), 0);
    assert_eq!(usage_error(&["--version"]), 0);
}

#[test]
fn the_help_names_every_flag_variable_and_profile() {
    for name in ["serve", "check-config"] {
        let mut cli = Cli::command();
        let help = cli.find_subcommand_mut(name).unwrap().render_long_help().to_string();
        let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for key in Key::ALL {
            assert!(flat.contains(&key.flag()), "{name}: {}", key.flag());
            assert!(flat.contains(&format!("[env: {}]", key.variable())), "{name}: {}", key.variable());
        }
        for profile in PROFILES {
            assert!(flat.contains(profile), "{name}: {profile}");
        }
    }
}

#[test]
fn every_command_explains_itself() {
    fn visit(command: &clap::Command, path: &str) {
        let name = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{name}");
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name} {}", argument.get_id());
        }
        for inner in command.get_subcommands() {
            visit(inner, &name);
        }
    }
    let mut cli = Cli::command();
    cli.build();
    visit(&cli, "");
    let names: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    expect!["serve check-config guide tenant profile token schema resource-type mapping user group resource change transaction exchange target audit metrics backup verify restore export import admin-cert certificate server completions doctor probe"]
    .assert_eq(&names.join(" "));
    assert!(cli.render_help().to_string().contains("7  done, but for some records"));
}

#[test]
fn every_client_command_takes_the_flags_of_the_admin_plane() {
    let mut cli = Cli::command();
    cli.build();
    for name in [
        "tenant",
        "token",
        "schema",
        "resource-type",
        "mapping",
        "user",
        "group",
        "resource",
        "change",
        "transaction",
        "exchange",
        "target",
        "audit",
        "admin-cert",
        "certificate",
        "server",
    ] {
        let command = cli.find_subcommand(name).unwrap();
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            for flag in ["data_dir", "admin", "admin_cert", "admin_key", "admin_ca", "timeout", "output"] {
                assert!(verb.get_arguments().any(|argument| argument.get_id() == flag), "{name} {verb}: {flag}");
            }
        }
    }
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(printed(&["completions", shell], &[]).unwrap().contains("retire-after-use"), "{shell}");
    }
}

#[test]
fn alert_rules_need_no_server() {
    assert!(printed(&["metrics", "--alert-rules"], &[]).unwrap().contains("groups:"));
}

#[test]
fn a_guide_needs_no_server_where_the_url_is_given() {
    let text = printed(&["guide", "entra", "--tenant-url", "https://x.example.com/t"], &[]).unwrap();
    assert!(text.contains("Tenant URL    https://x.example.com/t\n"), "{text}");
    assert!(printed(&["guide"], &[]).unwrap().contains("rauthy"));
}

/// Makes the first tenant, which is five rows, and a token that belongs to nobody where that is wanted.
async fn fill(store: &Store, stray_token: bool) {
    let directory = Directory::new(store.clone(), Clock::System);
    tenant::make_first(&directory, "custom", false, "k", record::Token::default()).await.unwrap();
    if stray_token {
        let mut batch = Batch::default();
        batch.put(b"Kx".to_vec(), b"1".to_vec());
        store.commit(batch).await.unwrap();
    }
}

/// A dump of a small database.
fn dumped(stray_token: bool) -> Vec<u8> {
    let store = Store::memory();
    super::client::wait(async {
        fill(&store, stray_token).await;
        let mut bytes = Vec::new();
        dump::write(&store.snapshot().await.unwrap(), &mut bytes, &mut |_| true).unwrap();
        Ok(bytes)
    })
    .unwrap()
}

fn code(arguments: &[&str]) -> (u8, String) {
    let cli = Cli::try_parse_from(std::iter::once("scimd").chain(arguments.iter().copied())).unwrap();
    let error: Error = run(&cli, |_| None, &mut Vec::new()).unwrap_err();
    (error.exit_code(), error.to_string())
}

#[test]
fn a_backup_is_verified_to_its_last_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.dump");
    let file = path.to_str().unwrap();
    fs::write(&path, dumped(false)).unwrap();
    let text = printed(&["verify", file], &[]).unwrap();
    assert!(text.ends_with("The backup is whole, and what it holds agrees.\n"), "{text}");
    let answer: serde_json::Value =
        serde_json::from_str(&printed(&["verify", file, "--output", "json"], &[]).unwrap()).unwrap();
    assert_eq!(answer["summary"]["rows"], "5");
    assert_eq!(answer["problems"], serde_json::json!([]));

    fs::write(&path, dumped(true)).unwrap();
    let (exit, text) = code(&["verify", file]);
    assert_eq!((exit, text.as_str()), (1, "what is in the database does not agree with itself"));

    let mut damaged = dumped(true);
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(&path, damaged).unwrap();
    let (exit, text) = code(&["verify", file]);
    assert_eq!(exit, 1, "{text}");
    fs::write(&path, &dumped(true)[..last]).unwrap();
    assert!(code(&["verify", file]).1.contains("truncated"));
    assert_eq!(code(&["verify", "/nowhere/x"]).0, 3);
}

#[test]
fn the_file_of_a_stopped_server_is_verified_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scimd.redb");
    let file = path.to_str().unwrap();
    let write = async |stray_token| {
        let store = Store::open(&path, &Options::default()).unwrap();
        fill(&store, stray_token).await;
        store.close().await;
        Ok(())
    };
    super::client::wait(write(false)).unwrap();
    assert!(printed(&["verify", file], &[]).unwrap().ends_with("What the database holds agrees.\n"));
    super::client::wait(write(true)).unwrap();
    assert_eq!(code(&["verify", file]).0, 1);
}

#[test]
fn a_restore_wants_a_directory_without_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.dump");
    let (file, data) = (path.to_str().unwrap(), folder.path().join("data"));
    let data_dir = data.to_str().unwrap();
    fs::write(&path, &dumped(true)[..20]).unwrap();
    assert_eq!(code(&["restore", file, "--data-dir", data_dir]).0, 1);
    assert!(!data.join("scimd.redb").exists());

    // Certificates may be there, and what the attempt before has left.
    fs::create_dir_all(data.join("tls")).unwrap();
    fs::write(&path, dumped(true)).unwrap();
    let text = printed(&["restore", file], &[("SCIMD_DATA_DIR", data_dir)]).unwrap();
    assert!(text.contains("Start it with `scimd serve --data-dir"), "{text}");
    assert!(data.join("scimd.redb").exists());

    let (exit, text) = code(&["restore", file, "--data-dir", data_dir]);
    assert_eq!(exit, 4);
    assert!(text.contains("is not empty: it has scimd.redb"), "{text}");

    let running = folder.path().join("running");
    fs::create_dir_all(running.join("admin")).unwrap();
    let _server = std::os::unix::net::UnixListener::bind(running.join("admin").join("admin.sock")).unwrap();
    let (exit, text) = code(&["restore", file, "--data-dir", running.to_str().unwrap()]);
    assert_eq!(exit, 4);
    assert!(text.contains("a server runs on this data directory"), "{text}");
}

#[test]
fn check_config_prints_a_table() {
    let token = "0123456789abcdefghijklmnopqrstuvwxyz";
    let env = [("SCIMD_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.7"), ("SCIMD_BOOTSTRAP_TOKEN", token)];
    let table = printed(&["check-config", "--tls", "off", "--discovery-without-token"], &env).unwrap();
    assert!(!table.contains(token));
    expect![[r#"
        SETTING                  VALUE                    ORIGIN
        data_dir                 ./scimd-data             default
        scim_addr                127.0.0.1:8443           default
        tls                      off                      flag --tls
        tls_cert                 -                        default
        tls_key                  -                        default
        admin_addr               -                        default
        admin_client_ca          -                        default
        admin_client_roles       -                        default
        public_url               -                        default
        trusted_proxies          10.0.0.0/8,192.0.2.7/32  environment SCIMD_TRUSTED_PROXIES
        cache_bytes              268435456                default
        metrics_addr             -                        default
        log_format               auto                     default
        log_level                info                     default
        profile                  custom                   default
        discovery_without_token  true                     flag --discovery-without-token
        bootstrap_token          (set)                    environment SCIMD_BOOTSTRAP_TOKEN
    "#]]
    .assert_eq(&table);
}

#[test]
fn check_config_prints_json() {
    let text = printed(&["check-config", "--output", "json", "--cache-bytes", "64MiB"], &[]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["cache_bytes"], serde_json::json!({"value": 67_108_864, "origin": "flag --cache-bytes"}));
    assert_eq!(json["public_url"], serde_json::json!({"value": null, "origin": "default"}));
    assert_eq!(json["trusted_proxies"]["value"], serde_json::json!([]));
    assert_eq!(json.as_object().unwrap().len(), Key::ALL.len() + 1);
}

#[test]
fn check_config_fails_with_the_configuration() {
    let error = printed(&["check-config", "--scim-addr", "8443"], &[]).unwrap_err();
    assert!(error.starts_with("scim_addr from flag --scim-addr: "), "{error}");
    assert!(!error.contains('\n'));
}

#[test]
fn the_first_start_shows_what_to_copy_and_where() {
    let secret = FirstToken::Made(Secret::new("scim_made_for_this_test".to_owned()));
    told(
        &started(secret, Some("./scimd-data/tls/ca.pem")),
        expect![[r#"

            scimd is ready: the first start, data in ./scimd-data

              Tenant URL    https://localhost:8443/tenants/default/scim/v2
              Secret Token  scim_made_for_this_test
                            shown this once: store it now
              CA file       ./scimd-data/tls/ca.pem
                            whoever connects must trust this certificate authority

            In Microsoft Entra ID, paste Tenant URL and Secret Token here:
              1. Enterprise applications -> your app -> Provisioning
              2. Provisioning Mode: Automatic
              3. Admin Credentials, then Test Connection
            Entra's ?aadOptscim062020 may be appended to the Tenant URL.

        "#]],
    );
}

#[test]
fn a_token_from_the_environment_is_not_printed() {
    told(
        &started(FirstToken::Given, None),
        expect![[r#"

        scimd is ready: the first start, data in ./scimd-data

          Tenant URL    https://localhost:8443/tenants/default/scim/v2
          Secret Token  as set in SCIMD_BOOTSTRAP_TOKEN

        In Microsoft Entra ID, paste Tenant URL and Secret Token here:
          1. Enterprise applications -> your app -> Provisioning
          2. Provisioning Mode: Automatic
          3. Admin Credentials, then Test Connection
        Entra's ?aadOptscim062020 may be appended to the Tenant URL.

    "#]],
    );
}

#[test]
fn a_second_start_prints_no_token() {
    told(
        &started(FirstToken::Earlier, Some("./scimd-data/tls/ca.pem")),
        expect![[r#"
            scimd is ready
              Tenant URL    https://localhost:8443/tenants/default/scim/v2
              Its tokens    only their hashes are kept; `scimd token create` makes another one
        "#]],
    );
}
