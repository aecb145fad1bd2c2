//! Refusals and the answers they become.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn every_refusal_is_found_by_its_number() {
    for (number, refusal) in ALL.into_iter().enumerate() {
        assert_eq!(usize::from(refusal as u8), number);
        assert_eq!(Refusal::from_number(refusal as u8), Some(refusal));
    }
    assert_eq!(Refusal::from_number(ALL.len() as u8), None);
}

#[test]
fn every_answer_is_a_scim_error_of_its_status() {
    for refusal in ALL {
        let response = refusal.answer();
        let Answer::Full(body) = response.body() else {
            panic!("a refusal is not streamed");
        };
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        assert_eq!(body["status"], response.status().as_str());
        assert_eq!(body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        assert_eq!(body["detail"], refusal.detail());
        assert_eq!(body.get("scimType").is_some(), response.status() == StatusCode::BAD_REQUEST);
        assert_eq!(response.headers().contains_key(CONNECTION), refusal != Refusal::Panic);
    }
}
