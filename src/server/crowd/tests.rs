//! What a request's headers say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{basic, form};
use crate::server::crowd::encode::Form;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};

fn headers(name: hyper::header::HeaderName, values: &[&str]) -> HeaderMap {
    let mut map = HeaderMap::new();
    values.iter().for_each(|value| {
        map.append(name.clone(), HeaderValue::from_str(value).unwrap());
    });
    map
}

#[test]
fn xml_unless_json_is_asked_for() {
    let form = |accept: &[&str]| form(&headers(ACCEPT, accept));
    for accept in [
        &[][..],
        &["*/*"],
        &["application/xml"],
        &["text/html"],
        &["application/json;q=0"],
        &["application/json, application/xml"],
        &["application/json;q=0.5, */*"],
        &["application/json; Q=0.1, application/xml; q=0.2"],
        &["application/json;q=0.1", "application/*;q=0.2"],
    ] {
        assert_eq!(form(accept), Form::Xml, "{accept:?}");
    }
    for accept in [
        &["application/json"][..],
        &["application/xml;q=0.5, application/json"],
        &["application/json, text/plain, */*"],
        &["application/json;q=0.5, application/xml;q=0.4, */*"],
        &["text/html", "Application/JSON; charset=utf-8"],
    ] {
        assert_eq!(form(accept), Form::Json, "{accept:?}");
    }
}

#[test]
fn one_basic_header_has_name_and_password() {
    let basic =
        |values: &[&str]| basic(&headers(AUTHORIZATION, values)).map(|(name, password)| (name, password.to_string()));
    assert_eq!(basic(&["Basic YXBwOnB3"]), Some(("app".to_owned(), "pw".to_owned())));
    assert_eq!(basic(&["basic YXBwOnA6Yg=="]), Some(("app".to_owned(), "p:b".to_owned())));
    for values in
        [&[][..], &["Bearer x"], &["Basic !"], &["Basic YXBw"], &["Basic YXBwOnB3", "Basic YXBwOnB3"], &["Basic /zpw"]]
    {
        assert_eq!(basic(values), None, "{values:?}");
    }
}
