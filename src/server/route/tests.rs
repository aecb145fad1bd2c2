//! Which URL is which endpoint.
#![allow(clippy::unwrap_used)]

use super::{Route, other_version, route, split};

#[test]
fn the_tenant_is_in_the_path() {
    assert_eq!(split("/tenants/acme/scim/v2/Users"), Some(("acme", "/Users")));
    assert_eq!(split("/tenants/acme/scim/v2"), Some(("acme", "")));
    for path in ["/", "/Users", "/tenants//scim/v2/Users", "/tenants/acme/scim/v1/Users", "/tenants/acme/scim/v22"] {
        assert_eq!(split(path), None, "{path}");
    }
}

#[test]
fn another_version_is_told_from_nonsense() {
    for (path, expected) in [
        ("/tenants/acme/scim/v1/Users", Some("v1")),
        ("/tenants/acme/scim/v3", Some("v3")),
        ("/tenants/acme/scim/v1.1/Users/1", Some("v1.1")),
        ("/tenants/acme/scim/v22/", Some("v22")),
        ("/tenants/acme/scim/v2/Nothing", None),
        ("/tenants/acme/scim/v/Users", None),
        ("/tenants/acme/scim/v./Users", None),
        ("/tenants/acme/scim/version/Users", None),
        ("/tenants/acme/scim/Users", None),
        ("/scim/v1/Users", None),
        ("/tenants/acme", None),
    ] {
        assert_eq!(other_version(path), expected, "{path}");
    }
}

#[test]
fn endpoints_are_told_apart() {
    let name = |rest| match route(rest) {
        Route::Root => "root".to_owned(),
        Route::Search(None) => "search".to_owned(),
        Route::Search(Some(resource_type)) => format!("search {}", resource_type.name),
        Route::Collection(resource_type) => format!("all {}", resource_type.name),
        Route::Resource(resource_type, id) => format!("one {} {id}", resource_type.name),
        Route::ServiceProviderConfig => "config".to_owned(),
        Route::ResourceTypes(id) => format!("types {id:?}"),
        Route::Schemas(id) => format!("schemas {id:?}"),
        Route::Me => "me".to_owned(),
        Route::Bulk => "bulk".to_owned(),
        Route::Unknown => "unknown".to_owned(),
    };
    for (rest, expected) in [
        ("", "root"),
        ("/", "root"),
        ("/.search", "search"),
        ("/Users/.search", "search User"),
        ("/Users", "all User"),
        ("/Users/", "all User"),
        ("/Groups/g", "one Group g"),
        ("/Groups/g/", "one Group g"),
        ("/ServiceProviderConfig", "config"),
        ("/ResourceTypes/User", "types Some(\"User\")"),
        ("/Schemas", "schemas None"),
        ("/Me", "me"),
        ("/Bulk", "bulk"),
        ("/users", "unknown"),
        ("/Users//", "unknown"),
        ("/Users/a/b", "unknown"),
        ("//Users", "unknown"),
        ("/Widgets/1", "unknown"),
    ] {
        assert_eq!(name(rest), expected, "{rest}");
    }
}
