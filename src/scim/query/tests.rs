//! Tests of list requests: the same from a URL as from a body, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::limits::{NAMES_MAX, PAGE_MAX};
use crate::scim::samples::any_json;
use proptest::prelude::*;
use serde_json::json;

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn parameters_of_the_url() {
    let query = Query::default;
    let filter = |text: &str| Query { filter: Some(text.to_owned()), ..query() };
    let rows = [
        ("", query()),
        ("&&", query()),
        ("filter=userName%20eq%20%22a%40b.test%22", filter(r#"userName eq "a@b.test""#)),
        ("filter=userName+eq+%22a%40b.test%22", filter(r#"userName eq "a@b.test""#)),
        ("filter=userName+eq+%22a%2Bb%22", filter(r#"userName eq "a+b""#)),
        ("filter=title eq \"a=b%26c\"", filter(r#"title eq "a=b&c""#)),
        ("FILTER=title%20pr", filter("title pr")),
        ("fil%74er=title%20pr", filter("title pr")),
        ("filter=title+eq+%22%c3%a9%22", filter(r#"title eq "é""#)),
        ("filter=title eq \"é\"", filter(r#"title eq "é""#)),
        ("filter=title+eq+%22100%%22", filter(r#"title eq "100%""#)),
        ("filter=title+eq+%22%zz%22", filter(r#"title eq "%zz""#)),
        ("aadOptscim062020&filter=title+pr&x=1&x=2", filter("title pr")),
        ("%ff=1&filter=title+pr", filter("title pr")),
        ("startIndex=1&count=2", Query { count: 2, ..query() }),
        ("startindex=101&COUNT=100", Query { start_index: 101, count: 100, ..query() }),
        ("startIndex=0", query()),
        ("startIndex=-3&count=-1", Query { count: 0, ..query() }),
        ("count=0", Query { count: 0, ..query() }),
        ("count=1000000000&startIndex=1000000000", Query { start_index: 1_000_000_000, ..query() }),
        ("startIndex=99999999999999999999", Query { start_index: usize::MAX, ..query() }),
        ("count=99999999999999999999999999999999999999999999", query()),
        ("count=-99999999999999999999999999999999999999999999", Query { count: 0, ..query() }),
        ("count=%2B5", Query { count: 5, ..query() }),
        ("sortBy=name.givenName", Query { sort_by: Some("name.givenName".to_owned()), ..query() }),
        ("sortBy=&sortOrder=Descending", Query { descending: true, ..query() }),
        ("sortBy=id&sortOrder=ascending", Query { sort_by: Some("id".to_owned()), ..query() }),
        (
            "attributes=userName,%20emails%2Cactive,,&excludedAttributes=members",
            Query { attributes: names(&["userName", "emails", "active"]), excluded: names(&["members"]), ..query() },
        ),
        ("attributes=&excludedAttributes=", query()),
        // RFC 9865 section 2.
        (
            "filter=userName%20sw%20J&cursor&count=10",
            Query { cursor: Some(String::new()), count: 10, ..filter("userName sw J") },
        ),
        (
            "filter=username%20sw%20J&cursor=VZUTiyhEQJ94IR&count=10",
            Query { cursor: Some("VZUTiyhEQJ94IR".to_owned()), count: 10, ..filter("username sw J") },
        ),
        ("cursor=&startIndex=1", Query { cursor: Some(String::new()), ..query() }),
    ];
    for (text, expected) in rows {
        assert_eq!(from_url(text).unwrap(), expected, "{text}");
    }
    assert_eq!(query().count, PAGE_MAX);
}

#[test]
fn a_parameter_is_there_whatever_its_value() {
    for text in ["filter=", "filter", "x&FILTER=%ff", "count=1&f%69lter=a"] {
        assert!(has(text, "filter"), "{text}");
    }
    for text in ["", "filters=x", "x=filter", "%ff=1", "filter%3dx"] {
        assert!(!has(text, "filter"), "{text}");
    }
}

#[test]
fn parameters_of_a_body() {
    let body = |mut body: Value| {
        body["schemas"] = json!([SEARCH_REQUEST]);
        from_body(body)
    };
    // RFC 7644 figure 4.
    let figure_4 = json!({
        "attributes": ["displayName", "userName"], "filter": "displayName sw \"smith\"", "startIndex": 1, "count": 10,
    });
    let expected = Query {
        filter: Some("displayName sw \"smith\"".to_owned()),
        count: 10,
        attributes: names(&["displayName", "userName"]),
        ..Query::default()
    };
    assert_eq!(body(figure_4).unwrap(), expected);
    let odd = json!({
        "Filter": "title pr", "SORTBY": "title", "sortorder": "descending", "COUNT": -1, "startindex": -7,
        "excludedattributes": ["members"], "attributes": null, "x": {},
    });
    let expected = Query {
        filter: Some("title pr".to_owned()),
        sort_by: Some("title".to_owned()),
        descending: true,
        count: 0,
        excluded: names(&["members"]),
        ..Query::default()
    };
    assert_eq!(body(odd).unwrap(), expected);
    // RFC 9865 section 3.
    let example = json!({
        "attributes": ["displayName", "userName"], "filter": "displayName sw \"smith\"", "cursor": "", "count": 10,
    });
    let expected = Query {
        filter: Some("displayName sw \"smith\"".to_owned()),
        cursor: Some(String::new()),
        count: 10,
        attributes: names(&["displayName", "userName"]),
        ..Query::default()
    };
    assert_eq!(body(example).unwrap(), expected);
    // A body is no URL.
    assert_eq!(body(json!({"filter": "a+b%20"})).unwrap().filter.as_deref(), Some("a+b%20"));
    assert_eq!(body(json!({})).unwrap(), Query::default());
    assert_eq!(body(json!({"count": 18_446_744_073_709_551_615_u64})).unwrap().count, PAGE_MAX);
    assert_eq!(from_body(json!({"Schemas": [SEARCH_REQUEST.to_uppercase(), "x"]})).unwrap(), Query::default());
}

#[test]
fn mistakes_name_their_parameter() {
    let many = format!("attributes={}", vec!["a"; NAMES_MAX + 1].join(","));
    let rows = [
        ("filter=", "invalidFilter: the filter is empty"),
        ("filter", "invalidFilter: the filter is empty"),
        ("filter=+", "invalidFilter: the filter is empty"),
        ("filter=a&filter=b", "invalidValue: 'filter' comes twice in the URL"),
        ("count=1&Count=2", "invalidValue: 'count' comes twice in the URL"),
        ("count=ten", "invalidCount: 'count' must be a whole number, not 'ten'"),
        ("count=1.5", "invalidCount: 'count' must be a whole number, not '1.5'"),
        ("count=", "invalidCount: 'count' must be a whole number, not ''"),
        ("startIndex=%D9%A1", "invalidValue: 'startIndex' must be a whole number, not '١'"),
        ("sortOrder=up", "invalidValue: 'sortOrder' must be ascending or descending"),
        ("filter=%ff", "invalidValue: '%ff' in the URL is not UTF-8 text"),
        ("filter=%00", "invalidValue: '%00' in the URL is not UTF-8 text"),
        (
            "startIndex=2&cursor",
            "invalidValue: 'startIndex' and 'cursor' are two ways of paging: one request takes one of them",
        ),
        (&many, "invalidValue: 'attributes' names more than 200 attributes"),
    ];
    for (text, expected) in rows {
        assert_eq!(from_url(text).unwrap_err().to_string(), expected, "{text}");
    }
    let missing = "invalidSyntax: 'schemas' must hold 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'";
    let of = |member: &str, value: Value| json!({"schemas": [SEARCH_REQUEST], (member): value});
    let rows = [
        (json!([]), "invalidSyntax: the body must be a SearchRequest object"),
        (json!({}), missing),
        (json!({"schemas": ["x"]}), missing),
        (json!({"schemas": SEARCH_REQUEST}), "invalidSyntax: 'schemas' has the wrong type"),
        (of("filter", json!(5)), "invalidSyntax: 'filter' has the wrong type"),
        (of("filter", json!("")), "invalidFilter: the filter is empty"),
        (of("Count", json!("10")), "invalidSyntax: 'Count' has the wrong type"),
        (of("count", json!(1.5)), "invalidCount: 'count' must be a whole number, not '1.5'"),
        (of("sortOrder", json!("up")), "invalidValue: 'sortOrder' must be ascending or descending"),
        (of("attributes", json!("userName")), "invalidSyntax: 'attributes' has the wrong type"),
        (of("attributes", json!(["a", 5])), "invalidSyntax: 'attributes[1]' must be the name of an attribute"),
        (of("excludedAttributes", json!(vec!["a"; 201])), "invalidValue: 'attributes' names more than 200 attributes"),
    ];
    for (body, expected) in rows {
        assert_eq!(from_body(body.clone()).unwrap_err().to_string(), expected, "{body}");
    }
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC*") {
        let _ = from_url(&text);
        let _ = decoded(&text);
        for name in PARAMETERS {
            let _ = from_url(&format!("{name}={text}"));
        }
    }

    #[test]
    fn any_filter_survives_its_encoding(text in "\\PC*[a-z]") {
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        let query = from_url(&format!("count=3&filter={encoded}")).unwrap();
        prop_assert_eq!(query.filter, Some(text));
    }

    #[test]
    fn any_body_has_an_answer(value in any_json()) {
        let _ = from_body(value.clone());
        for name in PARAMETERS {
            let _ = from_body(json!({"schemas": [SEARCH_REQUEST], (name): value}));
        }
    }
}
