//! Variables and places.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use serde_json::json;

#[test]
fn variables_are_written_as_their_place_needs_it() {
    let variables = BTreeMap::from([("ada".to_owned(), "a/b \"c\"".to_owned())]);
    let filled = |text, form| fill(text, &variables, form).unwrap();
    assert_eq!(filled("/Users/{{ada}}?x", Form::Path), "/Users/a%2Fb%20%22c%22?x");
    assert_eq!(filled(r#"{"value":"{{ada}}"}"#, Form::Json), r#"{"value":"a/b \"c\""}"#);
    assert_eq!(filled("members[value={{ada}}]", Form::Plain), "members[value=a/b \"c\"]");
    assert_eq!(filled(r#"{"a":{"b":{}}}"#, Form::Json), r#"{"a":{"b":{}}}"#);
    assert_eq!(fill("{{bob}}", &variables, Form::Path), Err("bob".to_owned()));
}

#[test]
fn places_are_found() {
    let document = json!({
        "urn:a:2.0:User": {"manager": {"value": "7"}},
        "emails": [{"type": "home", "value": "h"}, {"type": "work", "value": "w", "primary": true}],
        "emailsX": 1,
    });
    let found = |place| look(&document, place);
    assert_eq!(found("urn:a:2.0:User.manager.value"), Some(json!("7")));
    assert_eq!(found("emails.#"), Some(json!(2)));
    assert_eq!(found("emails.1.value"), Some(json!("w")));
    assert_eq!(found("emails[type=work].value"), Some(json!("w")));
    assert_eq!(found("emails[primary=true].type"), Some(json!("work")));
    for none in ["emails[type=other].value", "emails.2", "emails.x", "nobody", "emailsX.a", "emails[type"] {
        assert_eq!(found(none), None, "{none}");
    }
}
