//! Single values on their way in.
#![allow(clippy::unwrap_used)]

use super::{attribute, spelled_boolean};
use crate::scim::dialect::Reading;
use crate::scim::dialect::tests::LENIENT;
use crate::scim::schema;
use serde_json::{Value, json};

#[test]
fn the_same_value_is_kept_once() {
    let emails = schema::user().attribute("emails").unwrap();
    let given = json!([{"value": "a@x"}, {"value": "a@x"}, null, {}, {"value": "b@x", "nope": 1}]);
    let kept = attribute(emails, given, "emails", &mut Reading::new(&LENIENT)).unwrap();
    assert_eq!(kept, Some(json!([{"value": "a@x"}, {"value": "b@x"}])));
    for nothing in [json!([]), Value::Null, json!(""), json!([{"value": ""}])] {
        assert_eq!(attribute(emails, nothing, "emails", &mut Reading::new(&LENIENT)).unwrap(), None);
    }
}

#[test]
fn certificates_are_base64_as_it_is_met() {
    let certificates = schema::user().attribute("x509Certificates").unwrap();
    for (text, is_good) in
        [("AAAA", true), ("AAA", true), ("AA==", true), ("AA\r\nAA", true), ("-_8=", true), ("A*AA", false)]
    {
        let value = json!([{"value": text}]);
        let kept = attribute(certificates, value, "x509Certificates", &mut Reading::new(&LENIENT));
        assert_eq!(kept.is_ok(), is_good, "{text}");
    }
}

#[test]
fn booleans_are_spelled_in_any_case() {
    for (text, expected) in
        [("true", Some(true)), ("False", Some(false)), ("TRUE", Some(true)), ("yes", None), ("", None)]
    {
        assert_eq!(spelled_boolean(text), expected, "{text}");
    }
}
