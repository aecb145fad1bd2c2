//! Which results fit which targets, before and after evaluation.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::mapping::expression::Expression;
use crate::mapping::samples;
use serde_json::json;

fn target(kind: Kind, multi_valued: bool) -> Target<'static> {
    Target { name: "the target", kind, multi_valued }
}

fn checked(text: &str, kind: Kind, multi_valued: bool) -> Result<Checked, Wrong> {
    Expression::parse(text).unwrap().check(&samples::source(), Some(&target(kind, multi_valued)))
}

#[test]
fn results_that_do_not_fit_are_told_at_their_column() {
    for (text, kind, column, why) in [
        ("[active]", Kind::String, 1, "use CStr"),
        ("Not([active])", Kind::String, 1, "use CStr"),
        ("[userName]", Kind::Boolean, 1, "use CBool"),
        ("ToLower([userName])", Kind::Boolean, 1, "use CBool"),
        ("[number]", Kind::Boolean, 1, "use CBool"),
        (r#"IIF([flag], "True", "maybe")"#, Kind::Boolean, 21, "takes true or false"),
        (r#"Switch([text], [flag], "a", "x")"#, Kind::String, 16, "use CStr"),
        (r#"Switch([text], "", "a", [flag])"#, Kind::String, 25, "use CStr"),
        (r#"Coalesce([text], [name])"#, Kind::String, 18, "name a sub-attribute"),
        ("[name]", Kind::String, 1, "name a sub-attribute"),
        ("[userName]", Kind::Complex, 1, "one by one"),
        ("[emails.value]", Kind::String, 1, "use Item or Join"),
        (r#"Split([text], ",")"#, Kind::String, 1, "use Item or Join"),
        ("ToLower([proxyAddresses])", Kind::String, 1, "use Item or Join"),
        (r#"IIF([flag], [text], Redact([proxyAddresses]))"#, Kind::String, 28, "use Item or Join"),
        ("12.5", Kind::Integer, 1, "whole number"),
        (r#""x""#, Kind::Integer, 1, "whole number"),
        (r#""x""#, Kind::DateTime, 1, "a date"),
        ("Now()", Kind::Integer, 1, "NumFromDate"),
        ("[number]", Kind::DateTime, 1, "DateFromNum"),
        ("[active]", Kind::Integer, 1, "takes a whole number"),
    ] {
        let wrong = checked(text, kind, false).unwrap_err();
        assert_eq!((wrong.column, wrong.why.contains(why)), (column, true), "{text}: {wrong}");
    }
}

#[test]
fn results_that_fit_are_known() {
    for (text, kind, multi_valued, result) in [
        ("[active]", Kind::Boolean, false, Some(Kind::Boolean)),
        (r#"IIF([text] = "x", "True", "False")"#, Kind::Boolean, false, Some(Kind::String)),
        (r#"Switch([text], , "x", True, "y", "false")"#, Kind::Boolean, false, None),
        ("CStr([active])", Kind::String, false, Some(Kind::String)),
        ("Now()", Kind::DateTime, false, Some(Kind::DateTime)),
        ("Now()", Kind::String, false, Some(Kind::DateTime)),
        ("[userName]", Kind::Integer, false, Some(Kind::String)),
        ("[number]", Kind::String, false, Some(Kind::Integer)),
        ("[number]", Kind::Decimal, false, Some(Kind::Integer)),
        ("[name]", Kind::Complex, false, Some(Kind::Complex)),
        ("[emails.value]", Kind::String, true, Some(Kind::String)),
        ("[userName]", Kind::String, true, Some(Kind::String)),
        (r#"[emails[type eq "work"].value]"#, Kind::String, false, Some(Kind::String)),
        ("Item([emails.value], 1)", Kind::Reference, false, Some(Kind::String)),
        ("Coalesce([text], [number])", Kind::String, false, None),
        ("", Kind::String, false, None),
    ] {
        if text.is_empty() {
            continue;
        }
        let found = checked(text, kind, multi_valued).unwrap_or_else(|wrong| panic!("{text}: {wrong}"));
        assert_eq!(found.kind, result, "{text}");
    }
    let found =
        checked(r#"Join("", [emails.value], [userName], [USERNAME], [department])"#, Kind::String, false).unwrap();
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    assert_eq!(found.attributes, ["emails.value", "userName", urn]);
    let found = Expression::parse("ToLower([emails.value])").unwrap().check(&samples::source(), None).unwrap();
    assert!(found.multi_valued);
}

#[test]
fn values_are_made_to_fit() {
    for (value, kind, multi_valued, fitted) in [
        (json!("TRUE"), Kind::Boolean, false, json!(true)),
        (json!("False"), Kind::Boolean, false, json!(false)),
        (json!(true), Kind::String, false, json!("True")),
        (json!("12"), Kind::Integer, false, json!(12)),
        (json!(12), Kind::String, false, json!("12")),
        (json!("1.5"), Kind::Decimal, false, json!(1.5)),
        (json!("6/29/2021 4:00:00 PM"), Kind::DateTime, false, json!("2021-06-29T16:00:00.000Z")),
        (json!("2021-06-29T16:00:00+02:00"), Kind::DateTime, false, json!("2021-06-29T16:00:00+02:00")),
        (json!("2021-06-29"), Kind::DateTime, false, json!("2021-06-29T00:00:00.000Z")),
        (json!("x"), Kind::String, true, json!(["x"])),
        (json!(["x", "", "y"]), Kind::String, true, json!(["x", "y"])),
        (json!(["x", "y"]), Kind::String, false, json!("x")),
        (json!([]), Kind::String, true, json!(null)),
        (json!(""), Kind::String, false, json!(null)),
        (json!(""), Kind::String, true, json!(null)),
        (json!(null), Kind::Complex, false, json!(null)),
        (json!({"value": "x"}), Kind::Complex, true, json!([{"value": "x"}])),
    ] {
        assert_eq!(target(kind, multi_valued).fit(value.clone()).unwrap(), fitted, "{value}");
    }
    for (value, kind) in [
        (json!("yes"), Kind::Boolean),
        (json!(1), Kind::Boolean),
        (json!("x"), Kind::Integer),
        (json!(1.5), Kind::Integer),
        (json!("NaN"), Kind::Decimal),
        (json!("soon"), Kind::DateTime),
        (json!(5), Kind::DateTime),
        (json!({"value": "x"}), Kind::String),
        (json!("x"), Kind::Complex),
    ] {
        let why = target(kind, false).fit(value.clone()).unwrap_err();
        assert!(why.contains("the target takes"), "{value}: {why}");
    }
}
