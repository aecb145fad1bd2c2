//! Tests of the strict JSON reader.
#![allow(clippy::unwrap_used)]

use super::parse;
use crate::limits::JSON_DEPTH_MAX;
use crate::scim::errors::Kind;

fn refused(text: impl AsRef<[u8]>) {
    let error = parse(text.as_ref()).unwrap_err();
    assert_eq!(error.kind, Kind::InvalidSyntax, "{error}");
}

#[test]
fn ordinary_documents_are_read_whole() {
    let value = parse(br#"{"a":[1,-2,2.5,true,null,"x\u00e9\n"],"b":{"c":{}}}"#).unwrap();
    assert_eq!(value.to_string(), "{\"a\":[1,-2,2.5,true,null,\"xé\\n\"],\"b\":{\"c\":{}}}");
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for text in [
        r#"{"userName":"a","userName":"b"}"#,
        r#"{"userName":"a","USERNAME":"b"}"#,
        r#"{"a":{"b":1,"B":2}}"#,
        r#"{"a":1} x"#,
        r#"{"a":1}{"b":2}"#,
        "\u{feff}{}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\0\"}",
        r#"{"a":"\ud800"}"#,
        r#"{"a":1e999}"#,
        r#"{"a":123456789012345678901234567890}"#,
        r#"{"a":01}"#,
        r#"{"a":NaN}"#,
        r#"{"a":'x'}"#,
        r#"{"a":1,}"#,
        "",
        " ",
    ] {
        refused(text);
    }
    refused(b"{\"a\":\"\xff\"}");
    let wide: String = (0..40).map(|n| format!("\"k{n}\":1,")).collect();
    refused(format!("{{{wide}\"K7\":2}}"));
}

#[test]
fn nesting_is_bounded_without_recursion_on_the_way_out() {
    let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nest(JSON_DEPTH_MAX).as_bytes()).is_ok());
    refused(nest(JSON_DEPTH_MAX + 1));
    refused("[".repeat(1_000_000));
    refused("{\"a\":".repeat(1_000_000));
}
