//! Tests of printing: the JSON form, escaped texts, tables and times.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use expect_test::expect;
use prost_types::Timestamp;

use super::{bytes, clean, distance, json, object, prose, relative, table, time};
use crate::server::admin::api::v1::{CreateTokenResponse, GetTenantRequest, Tenant, Token, TokenState};

fn text(print: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    print(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn an_answer_is_proto3_json_with_the_names_of_the_proto_file() {
    let token = Token {
        id: "abc".to_owned(),
        state: TokenState::Active.into(),
        create_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 5_000_000 }),
        ..Token::default()
    };
    let answer = CreateTokenResponse { token: Some(token), secret: "scim_abc_x".to_owned(), created: true };
    expect![[r#"
        {
          "token": {
            "id": "abc",
            "tenant": "",
            "name": "",
            "description": "",
            "prefix": "",
            "scope": "TOKEN_SCOPE_UNSPECIFIED",
            "allowed_networks": [],
            "requests_per_second_max": 0,
            "state": "TOKEN_STATE_ACTIVE",
            "create_time": "2023-11-14T22:13:20.005Z",
            "last_use_address": "",
            "replaced_by": "",
            "replaces": ""
          },
          "secret": "scim_abc_x",
          "created": true
        }
    "#]]
    .assert_eq(&text(|out| json(out, &answer).unwrap()));
}

#[test]
fn numbers_of_64_bits_are_strings_as_proto3_json_wants_them() {
    let tenant = Tenant { user_count: 1 << 60, ..Tenant::default() };
    assert_eq!(super::value(&tenant).unwrap()["user_count"], "1152921504606846976");
    assert_eq!(super::value(&GetTenantRequest::default()).unwrap(), serde_json::json!({"name": ""}));
    assert_eq!(object(&prost_types::Struct::default()).unwrap(), "{}");
}

#[test]
fn what_a_terminal_would_act_on_is_escaped() {
    assert_eq!(clean("J\u{f6}rg 日本"), "J\u{f6}rg 日本");
    assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{9b}d"), "a\\u{1b}[2Jb\\r\\nc\\u{9b}d");
    assert_eq!(clean("gpj.\u{202e}exe"), "gpj.\\u{202e}exe");
    let rows = [["x\ty".to_owned(), "1".to_owned()], ["long enough".to_owned(), "2".to_owned()]];
    expect![[r"
        NAME         N
        x\ty         1
        long enough  2
    "]]
    .assert_eq(&text(|out| table(out, ["NAME", "N"], &rows).unwrap()));
}

#[test]
fn a_table_without_rows_has_its_headers() {
    assert_eq!(text(|out| table(out, ["NAME", "N"], &[]).unwrap()), "NAME  N\n");
}

#[test]
fn times_are_utc_and_distances_have_one_unit() {
    assert_eq!(time(None), "-");
    assert_eq!(time(Some(&Timestamp { seconds: 0, nanos: 0 })), "1970-01-01T00:00:00Z");
    assert_eq!(time(Some(&Timestamp { seconds: 0, nanos: 120_000_000 })), "1970-01-01T00:00:00.120Z");
    assert_eq!(time(Some(&Timestamp { seconds: i64::MAX, nanos: 0 })), "-");
    assert_eq!(relative(None), "-");
    assert_eq!(distance(100, 100), "now");
    assert_eq!(distance(3 * 86_400, 0), "in 3 days");
    assert_eq!(distance(86_400 + 3_600, 0), "in 25 hours");
    assert_eq!(distance(0, 90), "90 seconds ago");
    assert_eq!(distance(0, 7_200), "2 hours ago");
    assert_eq!(distance(i64::MIN, i64::MAX), format!("{} days ago", i64::MAX / 86_400));
}

#[test]
fn bytes_have_a_unit() {
    assert_eq!(bytes(1_023), "1023 bytes");
    assert_eq!(bytes(1_536), "1.5 KiB");
    assert_eq!(bytes(3 << 30), "3.0 GiB");
}

#[test]
fn prose_is_wrapped_between_words() {
    let long = format!("{} {}\u{1b}", "word ".repeat(30), "x".repeat(120));
    let lines = text(|out| prose(out, &long).unwrap());
    let widths: Vec<usize> = lines.lines().map(|line| line.chars().count()).collect();
    assert_eq!(widths, [101, 51, 128]);
    assert!(lines.ends_with("x\\u{1b}\n"), "{lines}");
    assert_eq!(text(|out| prose(out, "").unwrap()), "");
}
