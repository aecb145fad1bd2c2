//! The service as its callers see it: fields, page tokens, reasons.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::super::api::v1::resource_service_server::ResourceService;
use super::super::api::v1::{GetGroupRequest, GetUserRequest, ListGroupMembersRequest, ListUsersRequest};
use super::super::tests::state;
use crate::directory::tests::Fixture;

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn users_are_listed_page_by_page() {
    let site = Fixture::new().await;
    for n in 0..5 {
        site.user(&format!("user{n}")).await;
    }
    let state = state(site.directory.clone());
    let mut request = ListUsersRequest { page_size: 2, ..ListUsersRequest::default() };
    let mut names = Vec::new();
    loop {
        let page = state.list_users(Request::new(request.clone())).await.unwrap().into_inner();
        assert_eq!(page.total_size, 5);
        names.extend(page.users.into_iter().map(|user| user.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(names, ["user0", "user1", "user2", "user3", "user4"]);
    // A token of another list is no token of this one.
    let members = ListGroupMembersRequest { page_token: request.page_token, ..ListGroupMembersRequest::default() };
    let refused = state.list_group_members(Request::new(members)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
}

#[tokio::test]
async fn a_user_and_a_group_are_shown_whole() {
    let site = Fixture::new().await;
    let anna = site.user("anna").await;
    let group = site.group("Jira", std::slice::from_ref(&anna)).await;
    let state = state(site.directory.clone());
    let request = GetUserRequest { tenant: String::new(), user: "ANNA".to_owned() };
    let user = state.get_user(Request::new(request)).await.unwrap().into_inner().user.unwrap();
    assert_eq!((user.id.as_str(), user.resource_type.as_str(), user.active), (anna.as_str(), "User", true));
    let attributes = user.attributes.unwrap().fields;
    assert!(attributes.contains_key("meta") && attributes.contains_key("groups"), "{attributes:?}");
    let request = GetGroupRequest { tenant: "default".to_owned(), group: group.clone() };
    let answer = state.get_group(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(answer.member_count, 1);
    assert_eq!(answer.group.unwrap().name, "Jira");
}

#[tokio::test]
async fn refusals_have_reasons() {
    let site = Fixture::new().await;
    let state = state(site.directory.clone());
    let ask = |tenant: &str, filter: &str, page_size| ListUsersRequest {
        tenant: tenant.to_owned(),
        filter: filter.to_owned(),
        page_size,
        page_token: String::new(),
    };
    for (request, code, expected) in [
        (ask("nobody", "", 0), Code::NotFound, "TENANT_NOT_FOUND"),
        (ask("", "userName", 0), Code::InvalidArgument, "INVALID_FILTER"),
        (ask("", "", -1), Code::InvalidArgument, "INVALID_FIELD"),
        (ask("", "", 1_001), Code::InvalidArgument, "INVALID_FIELD"),
    ] {
        let refused = state.list_users(Request::new(request)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, expected));
    }
    let request = GetUserRequest { tenant: String::new(), user: "otto".to_owned() };
    let refused = state.get_user(Request::new(request)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "RESOURCE_NOT_FOUND"));
}
