//! What the protocol core costs without a store or a connection: filters, PATCH and projections. Run by `cargo bench --bench protocol`.

use scimd::profile::entra::DIALECT;
use scimd::scim::dialect::Reading;
use scimd::scim::{filter, patch, schema};
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

const FILTERS: &[&str] = &[
    "userName eq \"ada.lovelace@example.com\"",
    "emails[type eq \"work\" and value co \"@example.com\"]",
    "active eq true and (name.familyName sw \"Lo\" or not (title pr)) and meta.lastModified gt \"2026-01-01T00:00:00Z\"",
];

fn user() -> Map<String, Value> {
    let user = json!({
        "userName": "ada.lovelace@example.com", "active": true, "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "meta": {"lastModified": "2026-11-24T00:00:00Z"},
        "emails": [{"value": "ada@home.example", "type": "home"}, {"value": "ada@example.com", "type": "work", "primary": true}],
    });
    user.as_object().cloned().unwrap_or_default()
}

#[divan::bench(args = FILTERS)]
fn filter_parsed(text: &str) -> bool {
    filter::parse(schema::user(), text, &mut Reading::new(&DIALECT)).is_ok()
}

#[divan::bench(args = FILTERS)]
fn filter_matched(bencher: divan::Bencher<'_, '_>, text: &str) {
    let filter = filter::parse(schema::user(), text, &mut Reading::new(&DIALECT))
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    let user = user();
    bencher.bench_local(|| filter.expr.matches(&user));
}

/// As Entra ID changes a user.
fn patch_body() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            {"op": "Replace", "path": "displayName", "value": "Ada King"},
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "king@example.com"},
            {"op": "Add", "path": "name.familyName", "value": "King"},
            {"op": "Replace", "path": "active", "value": "False"},
        ],
    })
}

#[divan::bench]
fn patch_read(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(patch_body).bench_local_values(|body| {
        patch::read(schema::user(), body, &mut Reading::new(&DIALECT)).map(|steps| steps.len())
    });
}
