//! What headers mean, case by case.
#![allow(clippy::unwrap_used)]

use super::{Coding, Codings, codings, media};
use crate::server::respond::Media;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};

fn headers(name: HeaderName, lines: &[&str]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in lines {
        map.append(&name, HeaderValue::from_str(line).unwrap());
    }
    map
}

#[test]
fn the_media_type_that_the_client_likes_better() {
    for (accept, expected) in [
        ("", Some(Media::Scim)),
        ("application/scim+json", Some(Media::Scim)),
        ("application/json", Some(Media::Json)),
        ("Application/JSON; charset=utf-8", Some(Media::Json)),
        ("*/*", Some(Media::Scim)),
        ("application/*", Some(Media::Scim)),
        ("*", Some(Media::Scim)),
        ("application/json, */*", Some(Media::Scim)),
        ("application/json, text/plain, */*", Some(Media::Scim)),
        ("application/json, application/scim+json", Some(Media::Scim)),
        ("application/json, */*;q=0.1", Some(Media::Json)),
        ("application/json;q=0.9, application/scim+json;q=0.8", Some(Media::Json)),
        ("application/json;q=0.8, application/scim+json;q=0.9", Some(Media::Scim)),
        ("application/scim+json;q=0, */*", Some(Media::Json)),
        ("application/json;q=0, application/*;q=0.2", Some(Media::Scim)),
        ("application/scim+json;q=0.001", Some(Media::Scim)),
        ("application/json;q=nonsense", Some(Media::Json)),
        ("text/html, application/xml;q=0.9, */*;q=0.8", Some(Media::Scim)),
        ("text/html", None),
        ("application/xml, text/*", None),
        ("*/*;q=0", None),
        ("application/scim+json;q=0.0, application/json; q=0.000", None),
    ] {
        assert_eq!(media(&headers(ACCEPT, &[accept])), expected, "{accept}");
    }
    assert_eq!(media(&HeaderMap::new()), Some(Media::Scim));
    assert_eq!(media(&headers(ACCEPT, &["text/html", "application/json"])), Some(Media::Json));
}

#[test]
fn the_coding_that_the_client_likes_best() {
    let case = |accept: &str, best, identity| {
        assert_eq!(codings(&headers(ACCEPT_ENCODING, &[accept])), Codings { best, identity }, "{accept}");
    };
    case("", None, true);
    case("gzip", Some(Coding::Gzip), true);
    case("GZIP", Some(Coding::Gzip), true);
    case("x-gzip", Some(Coding::Gzip), true);
    case("zstd", Some(Coding::Zstd), true);
    case("gzip, deflate, br, zstd", Some(Coding::Gzip), true);
    case("zstd, gzip;q=0.9", Some(Coding::Zstd), true);
    case("gzip;q=1.0, zstd;q=0.5", Some(Coding::Gzip), true);
    case("deflate, br", None, true);
    case("gzip;q=0", None, true);
    case("gzip;q=0, *", None, true);
    case("*", Some(Coding::Gzip), true);
    case("*;q=0", None, false);
    case("identity;q=0, gzip", Some(Coding::Gzip), false);
    case("identity;q=0", None, false);
    case("gzip, *;q=0", Some(Coding::Gzip), false);
    case("identity;q=0.5, *;q=0", None, true);
    case("identity, gzip;q=0.5", None, true);
    case("identity, gzip", Some(Coding::Gzip), true);
    assert_eq!(codings(&HeaderMap::new()), Codings { best: None, identity: true });
}
