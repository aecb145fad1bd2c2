//! URLs as clients write them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Parameters, Reach, Route, route, split};

#[test]
fn both_base_paths_and_both_versions_are_served() {
    for base in [
        "/crowd/rest/usermanagement/1",
        "/rest/usermanagement/1",
        "/crowd/rest/usermanagement/latest",
        "/rest/usermanagement/latest",
    ] {
        assert_eq!(split(&format!("{base}/user")), Some((base, "/user")));
    }
    for path in [
        "/crowd/rest/usermanagement/2/user",
        "/rest/usermanagement/10/user",
        "/user",
        "/crowd/crowd/rest/usermanagement/1/user",
    ] {
        assert_eq!(split(path), None, "{path}");
    }
}

#[test]
fn paths_lead_to_resources() {
    assert_eq!(route("/user/group/nested"), Route::UserGroup(Reach::Nested));
    assert_eq!(route("/group/child-group/direct/"), Route::ChildGroup(Reach::Direct));
    assert_eq!(route("/event/abc"), Route::EventSince("abc"));
    for path in ["", "/", "/non-existent/location", "/user/group/far", "/event/a/b", "/user/group/direct/x", "/event//"]
    {
        assert_eq!(route(path), Route::Unknown, "{path}");
    }
}

#[test]
fn parameters_are_decoded() {
    let read =
        Parameters::read("username=Ann+Lee%20x%2B&expand=user,attributes&start-index=&max-results=-1&x").unwrap();
    assert_eq!(read.text("username"), Some("Ann Lee x+"));
    assert!(read.expands("attributes") && read.expands("user") && !read.expands("group"));
    assert_eq!((read.number("start-index"), read.number("max-results")), (Ok(None), Ok(Some(-1))));
    assert!(read.number("username").is_err());
    assert!(Parameters::read("a=%ff").is_err());
}
