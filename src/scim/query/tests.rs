//! List requests from URLs and bodies.
#![allow(clippy::unwrap_used)]

use super::{Query, from_body, from_url};
use crate::limits::PAGE_MAX;
use crate::scim::errors::Kind;
use crate::scim::schema::SEARCH_REQUEST;
use serde_json::json;

#[test]
fn url_and_body_mean_the_same() {
    let url = "filter=userName+eq+%22a%40x%22&sortBy=userName&sortOrder=Descending&startIndex=3&count=7&attributes=id,%20userName&excludedAttributes=";
    let body = json!({
        "schemas": [SEARCH_REQUEST], "filter": "userName eq \"a@x\"", "sortBy": "userName", "sortOrder": "descending",
        "startIndex": 3, "count": 7, "attributes": ["id", "userName"],
    });
    let expected = Query {
        filter: Some("userName eq \"a@x\"".to_owned()),
        sort_by: Some("userName".to_owned()),
        descending: true,
        start_index: 3,
        count: 7,
        attributes: vec!["id".to_owned(), "userName".to_owned()],
        excluded: Vec::new(),
    };
    assert_eq!(from_url(url).unwrap(), expected);
    assert_eq!(from_body(body).unwrap(), expected);
}

#[test]
fn numbers_are_held_to_what_they_can_mean() {
    for (url, start_index, count) in [
        ("", 1, PAGE_MAX),
        ("startIndex=0&count=0", 1, 0),
        ("startIndex=-3&count=-1", 1, 0),
        ("count=1000000000000", 1, PAGE_MAX),
        ("aadOptscim062020&startIndex=5&foo=bar", 5, PAGE_MAX),
    ] {
        let query = from_url(url).unwrap();
        assert_eq!((query.start_index, query.count), (start_index, count), "{url}");
    }
    for url in ["count=x", "startIndex=1.5", "sortOrder=up", "filter=%ff", "count=1&count=2", "filter=%00"] {
        assert_eq!(from_url(url).unwrap_err().kind, Kind::InvalidValue, "{url}");
    }
    assert_eq!(from_url("filter=+").unwrap_err().kind, Kind::InvalidFilter);
    for body in [json!([]), json!({}), json!({"schemas": [SEARCH_REQUEST], "count": "7"})] {
        assert_eq!(from_body(body).unwrap_err().kind, Kind::InvalidSyntax);
    }
}
