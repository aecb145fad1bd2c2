//! What an expression of a mapping costs: typical ones on a typical user, and the costliest that its steps allow on the largest resource,
//! which has to stay under 1 ms. Run by `cargo bench --bench mapping`.

use scimd::limits;
use scimd::mapping::expression::Expression;
use scimd::scim::schema;
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

const TYPICAL: &[&str] = &[
    "[userName]",
    "Join(\", \", [name.familyName], [name.givenName])",
    "ToLower(Replace([userName], \"@example.com\", , , \"\", , ))",
    "IIF([active]=\"True\", [emails[type eq \"work\"].value], [userName])",
    "RegexReplace([userName], \"@.*$\", \"\")",
];

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn typical_user() -> Map<String, Value> {
    object(json!({
        "userName": "ada.lovelace@example.com", "active": true, "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@home.example", "type": "home"}, {"value": "ada@example.com", "type": "work", "primary": true}],
    }))
}

/// As large as a resource may be, where expressions look.
fn largest_user() -> Map<String, Value> {
    let email = |at: usize| json!({"value": format!("{at}@example.com"), "type": "work", "display": "é".repeat(4_000)});
    object(json!({
        "userName": "ada@example.com", "displayName": "x".repeat(limits::VALUE_BYTES_MAX), "title": "é ".repeat(30_000),
        "emails": (0..limits::VALUES_MAX).map(email).collect::<Vec<Value>>(),
        "nickName": "a".repeat(limits::MAPPING_PATTERN_TEXT_BYTES_MAX),
    }))
}

/// Calls that are as many as an expression may have, and stopped where they would be too much work.
fn costliest() -> Vec<String> {
    let filled = |piece: &str| {
        let room = limits::MAPPING_EXPRESSION_BYTES_MAX - "Join(\"\")".len();
        let count = (room / piece.len()).min(limits::MAPPING_ARGUMENTS_MAX - 3);
        format!("Join(\"\"{})", piece.repeat(count))
    };
    vec![
        filled(",Len([displayName])"),
        filled(",Len(NormalizeDiacritics([title]))"),
        filled(",[emails[display eq \"x\"].value]"),
        "RegexReplace([nickName], \".*[^a]|a\", \"b\")".to_owned(),
        "ToLower([emails.display])".to_owned(),
        "[displayName]".to_owned(),
    ]
}

fn parsed(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

#[divan::bench(args = TYPICAL)]
fn parse(text: &str) -> Expression {
    parsed(text)
}

#[divan::bench(args = TYPICAL)]
fn typical(bencher: divan::Bencher<'_, '_>, text: &str) {
    let (expression, user) = (parsed(text), typical_user());
    bencher.bench_local(|| expression.evaluate(&user, schema::user(), 0));
}

#[divan::bench(args = 0..6)]
fn costliest_on_the_largest(bencher: divan::Bencher<'_, '_>, which: usize) {
    let (expression, user) = (parsed(&costliest()[which]), largest_user());
    bencher.bench_local(|| expression.evaluate(&user, schema::user(), 0));
}
