//! Which paths name what.
#![allow(clippy::unwrap_used)]

use super::{Path, parse};
use crate::scim::dialect::Reading;
use crate::scim::dialect::tests::{LENIENT, STRICT};
use crate::scim::errors::Kind;
use crate::scim::schema;

fn named(text: &str) -> String {
    match parse(schema::user(), text, &mut Reading::new(&LENIENT)).unwrap() {
        Path::Attr { attr, filter } => format!("{}{}", attr.name(), if filter.is_some() { " filtered" } else { "" }),
        Path::Extension(schema) => format!("all of {}", schema.name),
        Path::Core => "core".to_owned(),
        Path::UnknownSchema => "unknown".to_owned(),
    }
}

#[test]
fn paths_name_attributes_in_any_case() {
    let enterprise = schema::ENTERPRISE_USER;
    for (text, expected) in [
        ("userName", "userName".to_owned()),
        ("NAME.GIVENNAME", "name.givenName".to_owned()),
        ("emails", "emails".to_owned()),
        (r#"emails[type eq "work"]"#, "emails filtered".to_owned()),
        (r#"Emails[Type eq "wo]rk"].Value"#, "emails.value filtered".to_owned()),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName", "userName".to_owned()),
        (
            r#"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work"].value"#,
            "emails.value filtered".to_owned(),
        ),
        (&format!("{enterprise}:department"), format!("{enterprise}:department")),
        (&format!("{enterprise}:manager.value"), format!("{enterprise}:manager.value")),
        (&format!("{enterprise}.manager"), format!("{enterprise}:manager")),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department", format!("{enterprise}:department")),
        (enterprise, "all of EnterpriseUser".to_owned()),
        (schema::USER, "core".to_owned()),
        ("manager", format!("{enterprise}:manager")),
        ("urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag", "unknown".to_owned()),
    ] {
        assert_eq!(named(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_path_is_invalid_path() {
    for text in [
        "",
        "nope",
        "name.nope",
        "emails[",
        "emails[type eq",
        r#"emails[type eq "work"]value"#,
        "userName.x.y",
        r#"emails[type eq "work"].nope"#,
        "name..givenName",
        "emails[type eq work",
        "a b",
        "[type eq \"x\"]",
    ] {
        let error = parse(schema::user(), text, &mut Reading::new(&LENIENT)).unwrap_err();
        assert_eq!(error.kind, Kind::InvalidPath, "{text}: {error}");
    }
    let error = parse(schema::user(), "manager", &mut Reading::new(&STRICT)).unwrap_err();
    assert_eq!(error.kind, Kind::InvalidPath);
}
