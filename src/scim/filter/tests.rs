//! Tests of filters: what matches, what is refused and where, and that no text does harm.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::limits::{FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX};
use crate::scim::dialect::Dialect;
use crate::scim::errors;
use crate::scim::samples::{self, GADGET, STRICT, TOLERANT, WARRANTY};
use crate::scim::schema::{self, ENTERPRISE_USER, USER};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;

fn user() -> Map<String, Value> {
    object(json!({
        "schemas": [USER, ENTERPRISE_USER],
        "id": "2819c223-7f76-453a-919d-413861904646",
        "externalId": "701984",
        "meta": {"resourceType": "User", "created": "2010-01-23T04:56:22Z", "lastModified": "2011-05-13T04:42:34.000Z"},
        "userName": "bjensen@example.com",
        "name": {"familyName": "O'Malley", "givenName": "Bärbel \"Babs\" [x] (y)"},
        "displayName": "Straße",
        "title": "Tour Guide",
        "userType": "Employee",
        "nickName": "",
        "active": true,
        "emails": [
            {"value": "bjensen@example.com", "type": "work", "primary": true},
            {"value": "babs@jensen.org", "type": "home"},
        ],
        "ims": [{"value": "someaimhandle", "type": "aim"}],
        "roles": [{"value": "admin", "primary": true}, {"value": "{\"id\":\"1\"}", "primary": false}],
        "x509Certificates": [{"value": "MIIDQzCCAqyg"}],
        "addresses": [],
        (ENTERPRISE_USER): {"department": "Tours", "manager": {"value": "26118915"}},
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn holds(dialect: &Dialect, resource_type: &ResourceType, resource: &Map<String, Value>, text: &str) -> bool {
    let filter =
        parse(resource_type, text, &mut Reading::new(dialect)).unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.expr.matches(resource)
}

/// Rows that both dialects read the same way.
fn check(rows: &[(&str, bool)]) {
    for (text, expected) in rows {
        for dialect in [&TOLERANT, &STRICT] {
            assert_eq!(holds(dialect, schema::user(), &user(), text), *expected, "{}: {text}", dialect.name);
        }
        let mut reading = Reading::new(&TOLERANT);
        parse(schema::user(), text, &mut reading).unwrap();
        assert!(reading.used.is_empty(), "{text} used {:?}", reading.used);
    }
}

#[test]
fn examples_of_the_rfc() {
    check(&[
        (r#"userName eq "bjensen""#, false),
        (r#"userName Eq "BJensen@Example.com""#, true),
        (r#"Username eq "bjensen@example.com""#, true),
        (r#"name.familyName co "O'Malley""#, true),
        (r#"userName sw "J""#, false),
        (r#"userName sw "B""#, true),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#, true),
        ("title pr", true),
        (r#"meta.lastModified gt "2011-05-13T04:42:34Z""#, false),
        (r#"meta.lastModified ge "2011-05-13T04:42:34Z""#, true),
        (r#"meta.lastModified lt "2011-05-13T04:42:34Z""#, false),
        (r#"meta.lastModified le "2011-05-13T04:42:34Z""#, true),
        (r#"title pr and userType eq "Employee""#, true),
        (r#"title pr or userType eq "Intern""#, true),
        (r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#, true),
        (r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#, true),
        (r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#, false),
        (r#"userType eq "Employee" and (emails.type eq "work")"#, true),
        (r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#, true),
        (r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#, true),
        (r#"(meta.resourceType eq "User") or (meta.resourceType eq "Group")"#, true),
    ]);
}

#[test]
fn operators_on_text() {
    check(&[
        (r#"userType eq "EMPLOYEE""#, true),
        (r#"userType ne "employee""#, false),
        (r#"userType co "PLOY""#, true),
        (r#"userType sw "emp""#, true),
        (r#"userType ew "YEE""#, true),
        (r#"userType ew "Emp""#, false),
        (r#"userType co """#, true),
        (r#"userType gt "employed""#, true),
        (r#"userType gt "Employee""#, false),
        (r#"userType ge "Employee""#, true),
        (r#"userType lt "f""#, true),
        (r#"userType le "employee""#, true),
        (r#"displayName eq "STRASSE""#, true),
        (r#"name.givenName co "BÄRBEL""#, true),
        // caseExact
        (r#"id eq "2819c223-7f76-453a-919d-413861904646""#, true),
        (r#"id eq "2819C223-7F76-453A-919D-413861904646""#, false),
        (r#"meta.resourceType eq "user""#, false),
        (r#"externalId eq "701984""#, true),
        // no value: nothing compares, and `ne` holds
        (r#"locale eq "de""#, false),
        (r#"locale ne "de""#, true),
        (r#"locale gt """#, false),
        // many values: one is enough, and `ne` means none
        (r#"emails.type eq "home""#, true),
        (r#"emails.type ne "home""#, false),
        (r#"emails.type ne "other""#, true),
        (r#"emails eq "BABS@jensen.org""#, true),
        (r#"emails ew "@jensen.org""#, true),
    ]);
}

#[test]
fn operators_on_the_other_types() {
    check(&[
        ("active eq true", true),
        ("active ne true", false),
        ("active eq false", false),
        ("locale pr or active eq true", true),
        ("emails.primary eq true", true),
        // What does not tell is not primary.
        ("emails.primary eq false", true),
        (r#"emails[type eq "home" and primary eq false]"#, true),
        (r#"emails[type eq "work" and primary eq false]"#, false),
        (r#"emails[type eq "home" and primary ne false]"#, false),
        (r#"emails[type eq "work" and primary ne false]"#, true),
        (r#"emails[type eq "home" and primary ne true]"#, true),
        ("emails.primary ne false", false),
        ("emails.primary ne true", false),
        ("ims.primary ne false", false),
        ("ims.primary eq false", true),
        ("addresses.primary eq false", false),
        ("roles.primary eq false", true),
        ("emails[primary pr and primary eq false]", false),
        (r#"meta.created lt "2010-01-23T05:56:23+01:00""#, true),
        (r#"meta.created eq "2010-01-23T05:56:22.0+01:00""#, true),
        (r#"meta.created ne "2010-01-23T05:56:22+01:00""#, false),
        (r#"meta.created sw "2010-01""#, true),
        (r#"x509Certificates eq "MIIDQzCCAqyg""#, true),
        (r#"x509Certificates eq "miidqzccaqyg""#, false),
        (r#"x509Certificates.value sw "MIID""#, true),
    ]);
    let gadget = samples::gadget();
    let it = object(json!({
        "label": "G", "level": 5, "ratio": 0.5, "madeAt": "2026-01-01T00:00:00Z", "tags": ["Red", "blue"],
        "parts": [{"value": "p", "count": 3}, {"value": "q", "count": 9}],
        (WARRANTY): {"number": "W1", "until": "2030-01-01T00:00:00Z"},
    }));
    for (text, expected) in [
        ("level eq 5", true),
        ("level eq 5.0", true),
        ("level ne 5", false),
        ("level gt 4", true),
        ("level ge 5", true),
        ("level lt -5", false),
        ("level le 5e0", true),
        ("ratio lt 1", true),
        ("ratio eq 0.5", true),
        (r#"madeAt ge "2026-01-01T00:00:00Z""#, true),
        (r#"tags eq "RED""#, true),
        (r#"tags co "lu""#, true),
        (r#"tags[value eq "red"]"#, true),
        (r#"tags[value eq "green"]"#, false),
        ("tags pr", true),
        ("parts[value eq \"p\" and count lt 5]", true),
        ("parts[value eq \"q\" and count lt 5]", false),
        ("parts.count gt 8", true),
        (&format!(r#"{WARRANTY}:number eq "w1""#), true),
        (&format!(r#"{GADGET}:LABEL eq "g""#), true),
    ] {
        assert_eq!(holds(&STRICT, &gadget, &it, text), expected, "{text}");
    }
}

#[test]
fn presence_and_null() {
    check(&[
        ("title pr", true),
        ("title PR", true),
        ("locale pr", false),
        // Empty is not present, however it is written.
        ("nickName pr", false),
        ("addresses pr", false),
        ("emails pr", true),
        ("name pr", true),
        ("name.middleName pr", false),
        ("active pr", true),
        ("title eq null", false),
        ("title ne null", true),
        ("locale eq null", true),
        ("locale ne null", false),
        ("addresses eq null", true),
        ("emails ne null", true),
        ("name eq null", false),
        ("emails[display eq null]", true),
        ("emails[type ne null and primary eq null]", true),
    ]);
}

#[test]
fn precedence_and_grouping() {
    check(&[
        // t or (f and f)
        (r#"title pr or locale pr and locale pr"#, true),
        (r#"(title pr or locale pr) and locale pr"#, false),
        // (f and f) or t
        (r#"locale pr and locale pr or title pr"#, true),
        (r#"locale pr and (locale pr or title pr)"#, false),
        // not binds strongest
        (r#"not (locale pr) and title pr"#, true),
        (r#"not (locale pr and title pr)"#, true),
        (r#"not (title pr) or title pr"#, true),
        (r#"not(title pr)"#, false),
        (r#"NOT (not (title pr))"#, true),
        (r#"title pr AND NOT (locale pr) OR locale pr"#, true),
        (r#"((((title pr))))"#, true),
        ("  title\tpr\n and ( userType   eq\"Employee\" )  ", true),
        (r#"emails[(type eq "work" or type eq "home") and not (value ew ".org")]"#, true),
        (r#"emails[type eq "home" and value ew ".com"]"#, false),
        (r#"emails.type eq "home" and emails.value ew ".com""#, true),
        (r#"not (emails[type eq "other"])"#, true),
        (r#"name[givenName sw "B" and familyName sw "O"]"#, true),
    ]);
}

#[test]
fn brackets_quotes_and_escapes_in_text() {
    check(&[
        (r#"name.givenName eq "bärbel \"babs\" [x] (y)""#, true),
        (r#"name.givenName eq "B\u00e4rbel \u0022Babs\u0022 [x] (y)""#, true),
        (r#"name.givenName ew "] (y)" and title pr"#, true),
        (r#"name[givenName ew "[x] (y)"]"#, true),
        (r#"roles[value eq "{\"id\":\"1\"}" and primary eq false]"#, true),
        (r#"title eq "a \\" or title pr"#, true),
        (r#"title eq " and \" or (" or title pr"#, true),
        (r#"title eq "😀\ud83d\ude00""#, false),
    ]);
}

#[test]
fn extension_attributes() {
    check(&[
        (&format!(r#"{ENTERPRISE_USER}:department eq "tours""#), true),
        (&format!(r#"{}:DEPARTMENT eq "tours""#, ENTERPRISE_USER.to_uppercase()), true),
        (&format!(r#"{ENTERPRISE_USER}:manager.value eq "26118915""#), true),
        (&format!(r#"{ENTERPRISE_USER}:manager eq "26118915""#), true),
        (&format!(r#"{ENTERPRISE_USER}:manager[value eq "26118915"]"#), true),
        (&format!("{ENTERPRISE_USER}:costCenter pr"), false),
    ]);
}

#[test]
fn quirks() {
    let rows = [
        (r#"id eq "2819c223-7f76-453a-919d-413861904646" and manager eq "26118915""#, true, "unqualified_extension"),
        (r#"department eq "Tours""#, true, "unqualified_extension"),
        (r#"emails[type eq "work"].value eq "BJensen@example.com""#, true, "value_path_sub_attribute"),
        (r#"emails[type eq "home"].value eq "bjensen@example.com""#, false, "value_path_sub_attribute"),
        (r#"emails[type eq "home"].value ew ".org" and title pr"#, true, "value_path_sub_attribute"),
        (r#"(emails[type eq "work"].Primary eq true)"#, true, "value_path_sub_attribute"),
        (r#"emails[type eq "other"].value pr"#, false, "value_path_sub_attribute"),
        (r#"roles[primary eq "True"]"#, true, "boolean_as_string"),
        (r#"roles[primary eq "False"]"#, true, "boolean_as_string"),
        (r#"active eq "true""#, true, "boolean_as_string"),
        ("active eq True", true, "boolean_as_string"),
        ("userName eq bjensen@example.com", true, "unquoted_literal"),
        ("externalId eq 701984", true, "unquoted_literal"),
        ("userName eq 'BJENSEN@example.com'", true, "unquoted_literal"),
        (r"name.familyName eq 'O\'Malley'", true, "unquoted_literal"),
        ("name.familyName eq O'Malley", true, "unquoted_literal"),
        ("name[givenName ew '[x] (y)']", true, "unquoted_literal"),
        ("title eq 'Tour Guide' and active eq true", true, "unquoted_literal"),
        ("(meta.resourceType eq User) or (meta.resourceType eq Group)", true, "unquoted_literal"),
        ("meta.created gt 2009-10-10T14:38:21.8617979-07:00", true, "unquoted_literal"),
    ];
    for (text, expected, quirk) in rows {
        assert_eq!(holds(&TOLERANT, schema::user(), &user(), text), expected, "{text}");
        let mut reading = Reading::new(&TOLERANT);
        parse(schema::user(), text, &mut reading).unwrap();
        assert_eq!(reading.used.names().collect::<Vec<_>>(), [quirk], "{text}");
        match parse(schema::user(), text, &mut Reading::new(&STRICT)) {
            Ok(filter) => assert!(!filter.unknown.is_empty(), "{text}"),
            Err(error) => assert_eq!(error.kind, errors::Kind::InvalidFilter, "{text}"),
        }
    }
}

#[test]
fn names_that_the_type_does_not_have() {
    let rows = [
        (r#"favouriteColour eq "red""#, "favouriteColour", false),
        (r#"favouriteColour ne "red""#, "favouriteColour", true),
        ("not (userName.first pr)", "userName.first", true),
        (r#"urn:example:2.0:Other:x eq 5 or title pr"#, "urn:example:2.0:Other:x", true),
        (r#"title pr and rooms[number eq 1 and (floor pr)]"#, "rooms", false),
        (r#"rooms[number eq 1].name eq "x" or title pr"#, "rooms", true),
        ("members pr or title pr", "members", true),
    ];
    for (text, unknown, expected) in rows {
        let filter = parse(schema::user(), text, &mut Reading::new(&TOLERANT)).unwrap();
        assert_eq!(filter.unknown, [unknown]);
        assert_eq!(filter.expr.matches(&user()), expected, "{text}");
    }
    assert!(parse(schema::user(), "title pr", &mut Reading::new(&TOLERANT)).unwrap().unknown.is_empty());
}

fn refusals(dialect: &Dialect, texts: &[&str], expected: Expect) {
    let mut lines = String::new();
    for text in texts {
        let error = match parse(schema::user(), text, &mut Reading::new(dialect)) {
            Ok(filter) => panic!("{text} became {:?}", filter.expr),
            Err(error) => error,
        };
        assert_eq!(error.kind, errors::Kind::InvalidFilter);
        lines += &format!("{text}\n    {}\n", error.detail);
    }
    expected.assert_eq(&lines);
}

#[test]
fn mistakes_are_named_with_their_column() {
    let texts = [
        "",
        "userName",
        "userName eq",
        r#"userName regex "x""#,
        r#"userName eq "x"#,
        r#"userName eq 'x"#,
        r#"userName eq "x" or"#,
        r#"userName eq "x" title pr"#,
        r#"userName eq John Smith"#,
        r#"(userName eq "x""#,
        r#"userName eq "x")"#,
        "()",
        "not title pr",
        r#"naïve eq "x""#,
        r#"title eq "é" xé"#,
        r#"eq "x""#,
        r#""userName" eq "x""#,
        r#"userName eq "\q""#,
        r#"userName eq "\ud800""#,
        "userName eq \"a\nb\"",
        "userName eq true",
        "userName co null",
        "active gt true",
        r#"active co "t""#,
        r#"active eq "yes""#,
        "active eq 1",
        r#"x509Certificates gt "MII""#,
        r#"meta.created gt "yesterday""#,
        r#"name eq "x""#,
        r#"addresses co "x""#,
        "emails[]",
        r#"emails[type eq "work""#,
        r#"emails[colour eq "red"]"#,
        r#"emails[emails[type eq "work"]]"#,
        r#"emails[type eq "work"].colour eq "x""#,
        r#"emails[type eq "work"]."#,
        r#"rooms[number]"#,
        r#"rooms[doors[x pr]]"#,
        r#"userName[value eq "x"]"#,
        r#"emails.value[type eq "work"]"#,
        "urn:ietf:params:scim:schemas:core:2.0:User pr",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr",
    ];
    refusals(
        &TOLERANT,
        &texts,
        expect![[r#"

            the filter is wrong at column 1, at its end: expected an attribute name
        userName
            the filter is wrong at column 9, at its end: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)
        userName eq
            the filter is wrong at column 12, at its end: expected a value
        userName regex "x"
            the filter is wrong at column 10, near 'regex "x"': expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)
        userName eq "x
            the filter is wrong at column 13, near '"x': a string without its closing quote
        userName eq 'x
            the filter is wrong at column 13, near ''x': a string without its closing quote
        userName eq "x" or
            the filter is wrong at column 19, at its end: expected an attribute name
        userName eq "x" title pr
            the filter is wrong at column 17, near 'title pr': expected 'and', 'or' or the end
        userName eq John Smith
            the filter is wrong at column 18, near 'Smith': expected 'and', 'or' or the end
        (userName eq "x"
            the filter is wrong at column 17, at its end: expected ')'
        userName eq "x")
            the filter is wrong at column 16, near ')': expected 'and', 'or' or the end
        ()
            the filter is wrong at column 2, near ')': expected an attribute name
        not title pr
            the filter is wrong at column 5, near 'title pr': expected '('
        naïve eq "x"
            the filter is wrong at column 1, near 'naïve eq "x"': 'naïve' is not an attribute name
        title eq "é" xé
            the filter is wrong at column 14, near 'xé': expected 'and', 'or' or the end
        eq "x"
            the filter is wrong at column 4, near '"x"': expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)
        "userName" eq "x"
            the filter is wrong at column 1, near '"userName" eq "x"': expected an attribute name
        userName eq "\q"
            the filter is wrong at column 13, near '"\q"': a string that is not JSON
        userName eq "\ud800"
            the filter is wrong at column 13, near '"\ud800"': a string that is not JSON
        userName eq "a
        b"
            the filter is wrong at column 13, near '"a
        b"': a string that is not JSON
        userName eq true
            the filter is wrong at column 13, near 'true': 'userName' is text and is compared with a value that is not in double quotes
        userName co null
            the filter is wrong at column 13, near 'null': null can only be compared with 'eq' and 'ne'
        active gt true
            the filter is wrong at column 11, near 'true': 'active' is boolean and can only be compared with 'eq' and 'ne'
        active co "t"
            the filter is wrong at column 11, near '"t"': 'active' is boolean and can only be compared with 'eq' and 'ne'
        active eq "yes"
            the filter is wrong at column 11, near '"yes"': 'active' is boolean and is compared with neither true nor false
        active eq 1
            the filter is wrong at column 11, near '1': 'active' is boolean and is compared with neither true nor false
        x509Certificates gt "MII"
            the filter is wrong at column 21, near '"MII"': 'x509Certificates' is binary, which has no order
        meta.created gt "yesterday"
            the filter is wrong at column 17, near '"yesterday"': 'meta.created' is a dateTime and is compared with something else
        name eq "x"
            the filter is wrong at column 6, near 'eq "x"': 'name' has no 'value' to compare; name a sub-attribute
        addresses co "x"
            the filter is wrong at column 11, near 'co "x"': 'addresses' has no 'value' to compare; name a sub-attribute
        emails[]
            the filter is wrong at column 8, near ']': expected an attribute name
        emails[type eq "work"
            the filter is wrong at column 22, at its end: expected ']'
        emails[colour eq "red"]
            the filter is wrong at column 8, near 'colour eq "red"]': 'emails' has no 'colour'
        emails[emails[type eq "work"]]
            the filter is wrong at column 8, near 'emails[type eq "work"]]': 'emails' has no 'emails'
        emails[type eq "work"].colour eq "x"
            the filter is wrong at column 24, near 'colour eq "x"': 'emails' has no 'colour'
        emails[type eq "work"].
            the filter is wrong at column 24, at its end: expected an attribute name
        rooms[number]
            the filter is wrong at column 13, near ']': expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)
        rooms[doors[x pr]]
            the filter is wrong at column 12, near '[x pr]]': a '[' inside '[…]'
        userName[value eq "x"]
            the filter is wrong at column 9, near '[value eq "x"]': a '[' after an attribute that has no parts
        emails.value[type eq "work"]
            the filter is wrong at column 13, near '[type eq "work"]': a '[' after an attribute that has no parts
        urn:ietf:params:scim:schemas:core:2.0:User pr
            the filter is wrong at column 1, near 'urn:ietf:params:scim:schemas:core:2.0:User pr': 'urn:ietf:params:scim:schemas:core:2.0:User' is not an attribute name
        urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr
            the filter is wrong at column 1, near 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr': 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' is not an attribute name
    "#]],
    );
}

#[test]
fn what_only_a_tolerant_dialect_reads() {
    let texts = [
        "userName eq bjensen",
        "userName eq 'bjensen'",
        "externalId eq 701984",
        r#"active eq "True""#,
        r#"emails[type eq "work"].value eq "x""#,
        "meta.created gt 2009-10-10T14:38:21Z",
    ];
    refusals(
        &STRICT,
        &texts,
        expect![[r#"
        userName eq bjensen
            the filter is wrong at column 13, near 'bjensen': 'userName' is text and is compared with a value that is not in double quotes
        userName eq 'bjensen'
            the filter is wrong at column 13, near ''bjensen'': 'userName' is text and is compared with a value that is not in double quotes
        externalId eq 701984
            the filter is wrong at column 15, near '701984': 'externalId' is text and is compared with a value that is not in double quotes
        active eq "True"
            the filter is wrong at column 11, near '"True"': 'active' is boolean and is compared with neither true nor false
        emails[type eq "work"].value eq "x"
            the filter is wrong at column 23, near '.value eq "x"': a sub-attribute after ']', which only PATCH paths may have
        meta.created gt 2009-10-10T14:38:21Z
            the filter is wrong at column 17, near '2009-10-10T14:38:21Z': 'meta.created' is a dateTime and is compared with something else
    "#]],
    );
}

#[test]
fn numbers_are_compared_with_numbers() {
    let gadget = samples::gadget();
    for text in ["level eq \"5\"", "level eq true", "level co 5", "level gt null", "ratio eq x"] {
        let error = parse(&gadget, text, &mut Reading::new(&TOLERANT)).unwrap_err();
        assert_eq!(error.kind, errors::Kind::InvalidFilter, "{text}");
    }
}

/// Hostile sizes and depths, on a stack as small as the ones that servers are run with.
#[test]
fn nothing_overflows_a_small_stack() {
    let nest = |depth: usize, inner: &str| format!("{}{inner}{}", "(".repeat(depth), ")".repeat(depth));
    let nots = |depth: usize| format!("{}title pr{}", "not (".repeat(depth), ")".repeat(depth));
    let terms = |count: usize| vec!["title pr"; count].join(" or ");
    let mut rows = vec![
        (nest(FILTER_DEPTH_MAX, "title pr"), true),
        (nest(FILTER_DEPTH_MAX - 1, "emails[type pr]"), true),
        (nest(FILTER_DEPTH_MAX, "emails[type pr]"), false),
        (nots(FILTER_DEPTH_MAX), true),
        (nots(FILTER_DEPTH_MAX + 1), false),
        (nest(FILTER_DEPTH_MAX, "title eq") + " \"x\"", false),
        (terms(FILTER_TERMS_MAX), true),
        (terms(FILTER_TERMS_MAX + 1), false),
        (vec!["(title pr)"; FILTER_TERMS_MAX].join(" and "), true),
        (terms(10_000), false),
        (format!("title eq \"{}\"", "x".repeat(60 * 1024)), false),
        (format!("title eq \"{}\"", "x".repeat(FILTER_BYTES_MAX - 11)), true),
        (format!("title eq \"{}\"", "x".repeat(FILTER_BYTES_MAX - 10)), false),
        ("emails[".repeat(1_000_000), false),
        ("rooms[".repeat(2_000), false),
        ("\u{e4}".repeat(8_000), false),
        (" ".repeat(FILTER_BYTES_MAX), false),
    ];
    for depth in [33, 34, 100, 1_000, 8_000, 10_000, 100_000, 1_000_000] {
        rows.push((nest(depth, "title pr"), false));
        rows.push((nest(depth, "title pr") + " and", false));
        rows.push(("(".repeat(depth), false));
        rows.push((nots(depth), false));
    }
    for depth in 1..=FILTER_DEPTH_MAX {
        rows.push((nest(depth, "title pr"), true));
        rows.push((nest(depth, "title pr") + " nor", false));
    }
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let run = small.spawn(move || {
        let user = user();
        for (text, expected) in rows {
            match parse(schema::user(), &text, &mut Reading::new(&TOLERANT)) {
                Ok(filter) => {
                    filter.expr.matches(&user);
                    assert!(expected, "{}", errors::clip(&text));
                }
                Err(error) => {
                    assert_eq!(error.kind, errors::Kind::InvalidFilter);
                    assert!(!expected, "{}: {error}", errors::clip(&text));
                    assert!(error.detail.len() < 1_000);
                }
            }
        }
    });
    run.unwrap().join().unwrap();
}

#[test]
fn equalities_make_an_element() {
    let rows = [
        (r#"emails[type eq "Work"]"#, Some(json!({"type": "Work"}))),
        (r#"roles[primary eq "True" and value eq "x"]"#, Some(json!({"primary": true, "value": "x"}))),
        (r#"roles[primary eq false and value eq "x"]"#, Some(json!({"primary": false, "value": "x"}))),
        (r#"emails[(type eq "work") and (primary eq true)]"#, Some(json!({"type": "work", "primary": true}))),
        (r#"emails[type sw "w"]"#, None),
        (r#"emails[type ne "w"]"#, None),
        (r#"emails[type eq "work" or type eq "home"]"#, None),
        (r#"emails[not (type eq "work")]"#, None),
        ("emails[type pr]", None),
        ("emails[type eq null]", None),
    ];
    for (path, expected) in rows {
        let emails = schema::user().attribute(path.split_once('[').unwrap().0).unwrap();
        let (expr, end) = parse_element(emails, path, path.find('[').unwrap(), &mut Reading::new(&TOLERANT)).unwrap();
        assert_eq!(end, path.len());
        let made = expr
            .equalities()
            .map(|parts| Value::Object(parts.into_iter().map(|(sub, value)| (sub.name.clone(), value)).collect()));
        assert_eq!(made, expected, "{path}");
    }
    let gadget = samples::gadget();
    let path = r#"[count eq 3 and value eq "x"]"#;
    let (expr, _) = parse_element(gadget.attribute("parts").unwrap(), path, 0, &mut Reading::new(&STRICT)).unwrap();
    assert_eq!(expr.equalities().unwrap()[0].1, json!(3));
}

#[test]
fn mentions_names_of_the_core() {
    let filter = r#"title pr and not (members eq "u" or meta.created pr)"#;
    let filter = parse(schema::group(), filter, &mut Reading::new(&TOLERANT)).unwrap();
    assert_eq!(
        ["members", "meta", "displayName", "title"].map(|n| filter.expr.mentions(n)),
        [true, true, false, false]
    );
    let filter = parse(schema::group(), r#"members[value eq "u"]"#, &mut Reading::new(&TOLERANT)).unwrap();
    assert!(filter.expr.mentions("members"));
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC*") {
        let _ = parse(schema::user(), &text, &mut Reading::new(&TOLERANT));
        let _ = parse(schema::group(), &text, &mut Reading::new(&STRICT));
    }

    #[test]
    fn any_pieces_have_an_answer(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..16)) {
        for text in [pieces.concat(), pieces.join(" ")] {
            if let Ok(filter) = parse(schema::user(), &text, &mut Reading::new(&TOLERANT)) {
                filter.expr.matches(&user());
                filter.expr.equalities();
            }
        }
    }

    #[test]
    fn any_value_is_found_by_its_quoted_form(value in "\\PC*") {
        let text = format!("title eq {} and emails[value eq {}]", json!(value), json!(value));
        let it = object(json!({"title": value, "emails": [{"value": value}]}));
        prop_assert!(holds(&STRICT, schema::user(), &it, &text));
    }
}

const PIECES: &[&str] = &[
    "userName",
    "emails",
    "emails[",
    "rooms",
    "[",
    "]",
    "(",
    ")",
    ".value",
    ".",
    "type",
    "eq",
    "ne",
    "co",
    "gt",
    "pr",
    "and",
    "or",
    "not",
    "not (",
    "\"x\"",
    "\"",
    "'",
    "'y'",
    "\\",
    "é",
    "xé",
    "true",
    "null",
    "5",
    "-1e5",
    "department",
    " ",
    "urn:",
    USER,
];
