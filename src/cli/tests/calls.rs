//! Tests of the commands against an admin plane with canned answers: what they ask, print, write and exit with.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use expect_test::expect;
use serde_json::Value;

use super::fake::Fake;
use crate::cli::Cli;
use clap::Parser;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_new_token_is_shown_once_with_the_tenant_url() {
    let fake = Fake::new();
    let flags = ["--read-only", "--ttl", "90d", "--allow-from", "192.0.2.0/24", "--allow-from", "2001:db8::/32"];
    let text = fake.call(&[&["token", "create"][..], &flags].concat()).unwrap();
    expect![[r"
        Secret Token  scim_a1_secret
                      shown this once: store it now
        Tenant URL    https://scim.example.com/tenants/default/scim/v2
        Token id      a1
        Expires       never
    "]]
    .assert_eq(&text);
    let asked = r#"default ReadOnly ttl Some(7776000) from ["192.0.2.0/24", "2001:db8::/32"] deadline true"#;
    assert_eq!(fake.last_asked(), asked);

    let answer = json(&fake.call(&["token", "create", "--output", "json"]).unwrap());
    assert_eq!(answer["secret"], "scim_a1_secret");
    assert_eq!(answer["token"]["id"], "a1");
    assert_eq!(answer["created"], true);
    assert_eq!(answer.as_object().unwrap().len(), 3);
}

#[test]
fn a_token_that_is_there_is_no_failure() {
    let text = Fake::new().call(&["token", "create", "--name", "there"]).unwrap();
    assert!(text.contains("There was a token of this name."), "{text}");
    assert!(!text.contains("Secret Token"), "{text}");
}

#[test]
fn rotation_takes_its_times_and_shows_both_ends() {
    let fake = Fake::new();
    let text = fake.call(&["token", "rotate", "a1", "--retire-after-use", "10m", "--ttl", "1d12h"]).unwrap();
    assert_eq!(fake.last_asked(), "rotate a1 overlap Some(86400) retire Some(600) ttl Some(129600)");
    assert!(text.starts_with("Secret Token  scim_b2_secret\n"), "{text}");
    assert!(text.contains("The old token a1 ends"), "{text}");
    let answer = json(&fake.call(&["token", "rotate", "a1", "--overlap", "0", "--output", "json"]).unwrap());
    assert_eq!(fake.last_asked(), "rotate a1 overlap Some(0) retire None ttl None");
    assert_eq!(answer["secret"], "scim_b2_secret");
    assert_eq!(answer["replaced"]["id"], "a1");
}

#[test]
fn lists_gather_their_pages_and_escape_what_they_show() {
    let fake = Fake::new();
    let text = fake.call(&["token", "list"]).unwrap();
    expect![[r"
        ID  NAME  SCOPE  STATE   CREATED  EXPIRES  LAST USED  FROM  DESCRIPTION
        a1  -     full   active  -        -        -          -     for \u{1b}[31mEntra
        b2  -     full   active  -        -        -          -     for \u{1b}[31mEntra
    "]]
    .assert_eq(&text);
    let answer = json(&fake.call(&["token", "list", "--output", "json"]).unwrap());
    assert_eq!(answer["tokens"].as_array().unwrap().len(), 2);
    assert_eq!(answer["next_page_token"], "");
}

#[test]
fn refusals_have_exit_codes_and_next_steps() {
    let fake = Fake::new();
    let (code, text, _) = fake.failure(&["token", "revoke", "x"]);
    assert_eq!((code, text.as_str()), (3, "there is no token 'x'"));
    let (code, text, _) = fake.failure(&["tenant", "list"]);
    assert_eq!(code, 5);
    assert!(text.contains("it takes a higher role"), "{text}");
    let (code, text, _) = fake.failure(&["tenant", "create", "x"]);
    assert_eq!(code, 1);
    assert!(text.contains("the server is another release"), "{text}");
    let (code, _, _) = fake.failure(&["tenant", "update", "x"]);
    assert_eq!(code, 2);
}

#[test]
fn an_update_names_the_fields_that_are_given() {
    let fake = Fake::new();
    let flags = ["--profile", "entra", "--if-match-required=false", "--discovery-without-token", "--disabled"];
    fake.call(&[&["tenant", "update", "x"][..], &flags].concat()).unwrap();
    let asked = r#"update ["profile", "discovery_without_token", "if_match_required", "disabled"]"#;
    assert_eq!(fake.last_asked(), asked);
}

#[test]
fn an_update_of_quirks_names_each_of_them() {
    let fake = Fake::new();
    let flags = ["--deleted-kept-days", "30", "--quirk", "op_case=refuse", "--quirk", "urn_key=profile"];
    let text = fake.call(&[&["tenant", "update", "x"][..], &flags].concat()).unwrap();
    assert_eq!(fake.last_asked(), r#"update ["deleted_kept_days", "quirks.op_case", "quirks.urn_key"]"#);
    assert!(text.contains("op_case=refuse") && text.contains("30 days"), "{text}");
    for wrong in ["op_case", "op_case=no", "op_case=REFUSE"] {
        assert!(Cli::try_parse_from(["scimd", "tenant", "update", "x", "--quirk", wrong]).is_err(), "{wrong}");
    }
}

#[test]
fn a_deletion_is_followed_to_its_end() {
    let text = Fake::new().call(&["tenant", "delete", "x", "--confirm", "x"]).unwrap();
    assert_eq!(text, "The tenant x is gone; 900 rows were removed.\n");
    let fake = Fake::broken();
    let (code, text, lines) = fake.failure(&["tenant", "delete", "x", "--confirm", "y", "--output", "json"]);
    assert_eq!(fake.last_asked(), "delete x y");
    assert_eq!(lines, "{\"rows_deleted\":\"500\",\"done\":false}\n");
    assert_eq!(code, 7);
    assert!(text.contains("repeat the command"), "{text}");
}

#[test]
fn a_watch_prints_as_it_comes_and_says_how_to_go_on() {
    let fake = Fake::new();
    let text = fake.call(&["change", "watch", "--from-start", "--limit", "2", "--output", "json"]).unwrap();
    let tokens: Vec<Value> = text.lines().map(|line| json(line)["resume_token"].clone()).collect();
    assert_eq!(tokens, ["r0", "r1", "r2"]);
    assert_eq!(fake.last_asked(), "watch from \"\" true");

    let (code, error, text) = fake.failure(&["change", "watch", "--resume", "r0"]);
    assert_eq!(fake.last_asked(), "watch from \"r0\" false");
    assert_eq!(code, 6);
    assert!(error.ends_with("nothing is lost: go on with --resume r2"), "{error}");
    assert!(text.contains("update  Group  g1"), "{text}");
    assert!(text.contains("displayName,+2 members"), "{text}");
}

#[test]
fn a_backup_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.dump");
    let file = path.to_str().unwrap();
    let names = || fs::read_dir(folder.path()).unwrap().count();

    let (code, text, _) = Fake::broken().failure(&["backup", file]);
    assert_eq!(code, 6);
    assert!(text.contains("ended before it was whole"), "{text}");
    assert_eq!(names(), 0);

    let fake = Fake::new();
    let answer = json(&fake.call(&["backup", file, "--output", "json"]).unwrap());
    assert_eq!(answer["summary"]["revision"], "7");
    assert_eq!(fs::read(&path).unwrap(), b"abcdef");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let (code, text, _) = fake.failure(&["backup", file]);
    assert_eq!(code, 4);
    assert!(text.contains("overwrite it with --force"), "{text}");
    assert!(fake.call(&["backup", file, "--force"]).unwrap().contains("SHA-256  ab"));
    assert_eq!(names(), 1);
}

#[test]
fn the_database_of_the_server_is_verified() {
    let text = Fake::new().call(&["verify"]).unwrap();
    assert_eq!(text, "The database agrees with itself; 5 rows were read.\n");
    let (code, text, _) = Fake::broken().failure(&["verify"]);
    assert_eq!(code, 1);
    assert!(text.ends_with("does not agree with itself\na\nb"), "{text}");
}

#[test]
fn an_export_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ndjson");
    let file = path.to_str().unwrap();
    let (code, _, text) = Fake::broken().failure(&["export"]);
    assert_eq!(code, 6);
    assert_eq!(text.lines().count(), 2);
    assert_eq!(Fake::broken().failure(&["export", file]).0, 6);
    assert!(!path.exists());

    let fake = Fake::new();
    assert_eq!(fake.call(&["export"]).unwrap().lines().count(), 3);
    assert_eq!(json(&fake.call(&["export", file, "--output", "json"]).unwrap())["users"], 1);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
}

#[test]
fn an_import_sends_everything_and_tells_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ndjson");
    fs::write(&path, "{\"type\":\"User\"}\n".repeat(50_000)).unwrap();
    let file = path.to_str().unwrap();
    let fake = Fake::new();
    let text = fake.call(&["import", file, "--on-conflict", "skip", "--dry-run"]).unwrap();
    assert_eq!(fake.last_asked(), "import default Skip true 800000 bytes");
    assert!(text.contains("Created        50000"), "{text}");
    assert!(text.contains("nothing was written"), "{text}");

    let (code, text, out) = fake.failure(&["import", file, "--tenant", "failing", "--output", "json"]);
    assert_eq!(code, 7);
    assert!(text.starts_with("1 lines failed"), "{text}");
    assert_eq!(json(&out)["errors"][0]["message"], "userName is missing");

    assert_eq!(Fake::broken().failure(&["import", file]).0, 6);
    assert_eq!(fake.failure(&["import", "/nowhere/x"]).0, 3);
}

#[test]
fn an_admin_certificate_is_three_files_of_which_the_key_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("certs");
    let arguments = ["admin-cert", "create", "ci", "--role", "operator", "--dir", dir.to_str().unwrap()];
    let fake = Fake::new();
    let text = fake.call(&arguments).unwrap();
    for (name, content, mode) in
        [("ci.pem", "the certificate", 0o644), ("ci.key", "the key", 0o600), ("ci-ca.pem", "the authority", 0o644)]
    {
        let path = dir.join(name);
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777 & !0o044, mode & !0o044, "{name}");
        assert!(text.contains(path.to_str().unwrap()), "{text}");
    }
    assert!(!text.contains("the key"), "{text}");
    let (code, text, _) = fake.failure(&arguments);
    assert_eq!(code, 4);
    assert!(text.contains("choose another directory with --dir"), "{text}");
    assert_eq!(fake.failure(&["admin-cert", "create", "../x", "--role", "viewer"]).0, 2);
}

#[test]
fn every_guide_has_the_url_and_the_commands_of_its_tenant() {
    let fake = Fake::new();
    for profile in crate::config::PROFILES {
        let text = fake.call(&["guide", profile, "--tenant", "acme"]).unwrap();
        assert!(text.contains("https://scim.example.com/tenants/acme/scim/v2"), "{profile}");
        assert!(text.contains(&format!("scimd token create --tenant acme --description {profile}")), "{profile}");
        assert!(!text.contains('{') || *profile == "custom", "{profile}");
        for line in text.lines() {
            assert!(line.chars().count() <= 160, "{profile}: {line}");
        }
    }
    let (code, text, _) = fake.failure(&["guide", "azure"]);
    assert_eq!(code, 3);
    assert!(text.contains("entra"), "{text}");
}

#[test]
fn every_product_has_a_guide_with_its_names() {
    let fake = Fake::new();
    for product in ["jira", "confluence", "bitbucket", "atlassian-cloud"] {
        let url = "https://crowd.example.com:8095/crowd";
        let flags = ["--tenant", "acme", "--application", "our-wiki", "--crowd-url", url];
        let text = fake.call(&[&["guide", product][..], &flags].concat()).unwrap();
        assert!(text.contains("--tenant acme") && !text.contains('{'), "{product}");
        let is_asked = product != "atlassian-cloud";
        assert_eq!(text.contains(&format!("Server URL                        {url}\n")), is_asked, "{product}");
        assert_eq!(text.contains("scimd application create our-wiki "), is_asked, "{product}");
        assert!(text.contains("JIT") || text.contains("Just-in-time"), "{product}");
        for line in text.lines() {
            assert!(line.chars().count() <= 160, "{product}: {line}");
        }
        assert!(fake.call(&["guide"]).unwrap().contains(product));
    }
    let bitbucket = fake.call(&["guide", "bitbucket", "--crowd-url", "https://x/crowd"]).unwrap();
    // What is to be pasted is looked at before it is shown.
    for flags in [["--crowd-url", "ftp://x"], ["--crowd-url", "https://a b"], ["--application", "x y;rm"]] {
        assert!(Cli::try_parse_from(["scimd", "guide", "jira"].iter().chain(&flags)).is_err(), "{flags:?}");
    }
    assert!(bitbucket.contains("LICENSED_USER") && bitbucket.contains("application create bitbucket "));
}
