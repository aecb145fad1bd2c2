//! Quirks, profiles and deleted resources through the admin plane, with a SCIM listener over the same data.

use super::exchanges::{Both, made};
use crate::server::admin::api::v1::profile_service_client::ProfileServiceClient;
use crate::server::admin::api::v1::resource_service_client::ResourceServiceClient;
use crate::server::admin::api::v1::tenant_service_client::TenantServiceClient;
use crate::server::admin::api::v1::{
    GetProfileRequest, GetTenantRequest, ListDeletedResourcesRequest, ListProfilesRequest, QuirkStance,
    RestoreResourceRequest, Tenant, UpdateTenantRequest,
};
use std::collections::HashMap;
use tonic_types::StatusExt;

const USERS: &str = "/tenants/default/scim/v2/Users";

async fn update(both: &Both, tenant: Tenant, paths: &[&str]) -> Result<Tenant, tonic::Status> {
    let mut client = TenantServiceClient::new(both.plane.connect().await);
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let tenant = Some(Tenant { name: "default".to_owned(), ..tenant });
    let request = UpdateTenantRequest { tenant, update_mask: Some(prost_types::FieldMask { paths }) };
    client.update_tenant(request).await.map(|answer| answer.into_inner().tenant.unwrap())
}

async fn quirks(both: &Both, quirks: &[(&str, QuirkStance)]) -> Result<Tenant, tonic::Status> {
    let paths: Vec<String> = quirks.iter().map(|(name, _)| format!("quirks.{name}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let quirks: HashMap<String, i32> = quirks.iter().map(|(name, kept)| ((*name).to_owned(), (*kept).into())).collect();
    update(both, Tenant { quirks, ..Tenant::default() }, &paths).await
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn a_tenant_warns_of_one_quirk_and_refuses_another() {
    let mut both = Both::start().await;
    let stances = [("op_case", QuirkStance::Refuse), ("boolean_as_string", QuirkStance::Warn)];
    let tenant = quirks(&both, &stances).await.unwrap();
    assert_eq!(tenant.quirks.len(), 2);
    let core = r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]"#;
    let body = format!(r#"{{{core},"userName":"ada","active":"True"}}"#);
    let (answer, warned) = both.scim("POST", USERS, &body).await;
    assert_eq!(status(&answer), "201");
    let user = made(&answer);
    let shown = both.exchange(&warned, false).await.exchange.unwrap();
    assert_eq!(
        (shown.quirks, shown.quirks_warned),
        (vec!["boolean_as_string".to_owned()], vec!["boolean_as_string".to_owned()])
    );

    let patch = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"title","value":"x"}]}"#;
    let (answer, refused) = both.scim("PATCH", &format!("{USERS}/{user}"), patch).await;
    assert_eq!(status(&answer), "400");
    assert!(
        answer.contains("quirk 'op_case', refused by a setting of the tenant") && answer.contains("quirks.op_case")
    );
    let shown = both.exchange(&refused, false).await.exchange.unwrap();
    assert_eq!((shown.quirks, shown.quirks_refused), (vec![], vec!["op_case".to_owned()]));
    let text = both.plane.metrics.text();
    for line in ["quirk=\"boolean_as_string\",stance=\"warn\"} 1", "quirk=\"op_case\",stance=\"refuse\"} 1"] {
        assert!(text.contains(line), "{line}");
    }

    let mut profiles = ProfileServiceClient::new(both.plane.connect().await);
    let ask = GetProfileRequest { name: String::new(), tenant: "default".to_owned() };
    let profile = profiles.get_profile(ask).await.unwrap().into_inner().profile.unwrap();
    let quirk = |name: &str| profile.quirks.iter().find(|quirk| quirk.name == name).unwrap().clone();
    let refused = quirk("op_case");
    assert_eq!((refused.stance(), refused.profile_stance()), (QuirkStance::Refuse, QuirkStance::Accept));
    assert!(refused.overridden && refused.refused_count == 1 && refused.source.starts_with("Entra 14"));
    assert_eq!(quirk("boolean_as_string").warned_count, 1);
    assert!(!quirk("urn_key").overridden);

    // The profile's own stance again.
    quirks(&both, &[("op_case", QuirkStance::Unspecified)]).await.unwrap();
    let (answer, _) = both.scim("PATCH", &format!("{USERS}/{user}"), patch).await;
    assert_eq!(status(&answer), "200");
}

#[tokio::test]
async fn what_is_refused_is_refused_everywhere() {
    let both = Both::start().await;
    let (answer, _) = both.scim("POST", USERS, r#"{"userName":"ada"}"#).await;
    let user = made(&answer);
    let all = [
        "empty_string",
        "unqualified_extension",
        "schema_alias",
        "missing_schemas",
        "unquoted_literal",
        "read_only_in_value",
    ];
    let refuse: Vec<_> = all.into_iter().map(|name| (name, QuirkStance::Refuse)).collect();
    quirks(&both, &refuse).await.unwrap();
    let core = r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]"#;
    let alias = r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"]"#;
    let echo = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"id":"x","title":"y"}}]}"#;
    let rows = [
        ("read_only_in_value", "PATCH", format!("{USERS}/{user}"), echo.to_owned()),
        ("empty_string", "POST", USERS.to_owned(), format!(r#"{{{core},"userName":"b","title":""}}"#)),
        ("unqualified_extension", "POST", USERS.to_owned(), format!(r#"{{{core},"userName":"b","department":"x"}}"#)),
        ("schema_alias", "POST", USERS.to_owned(), format!(r#"{{{alias},"userName":"b"}}"#)),
        ("missing_schemas", "POST", USERS.to_owned(), r#"{"userName":"b"}"#.to_owned()),
        ("unquoted_literal", "GET", format!("{USERS}?filter=userName+eq+ada"), String::new()),
        ("unqualified_extension", "GET", format!("{USERS}/{user}?attributes=department"), String::new()),
        ("unqualified_extension", "GET", format!("{USERS}?sortBy=department"), String::new()),
    ];
    for (quirk, method, target, body) in rows {
        let (answer, _) = both.scim(method, &target, &body).await;
        assert_eq!(status(&answer), "400", "{quirk}: {answer}");
        assert!(answer.contains(&format!("quirk '{quirk}', refused by a setting")), "{quirk}: {answer}");
    }
    let (answer, _) = both.scim("GET", USERS, "").await;
    assert!(answer.contains("\"totalResults\":1"), "nothing was made: {answer}");
}

#[tokio::test]
async fn names_and_fields_that_there_are_not_are_refused() {
    let both = Both::start().await;
    let unknown = Tenant { quirks: HashMap::from([("opcase".to_owned(), 1)]), ..Tenant::default() };
    for (tenant, path) in [
        (unknown.clone(), "quirks"),
        (unknown, "quirks.opcase"),
        (Tenant { quirks: HashMap::from([("op_case".to_owned(), 9)]), ..Tenant::default() }, "quirks"),
        (Tenant { deleted_kept_days: 366, ..Tenant::default() }, "deleted_kept_days"),
    ] {
        let refused = update(&both, tenant, &[path]).await.unwrap_err();
        assert_eq!(refused.get_details_error_info().unwrap().reason, "INVALID_FIELD", "{path}");
    }
    let mut profiles = ProfileServiceClient::new(both.plane.connect().await);
    let listed = profiles.list_profiles(ListProfilesRequest {}).await.unwrap().into_inner().profiles;
    assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].accepted_quirk_count), (14, "custom", 21));
    for (name, tenant, reason) in [("nobody", "", "PROFILE_NOT_FOUND"), ("", "nobody", "TENANT_NOT_FOUND")] {
        let ask = GetProfileRequest { name: name.to_owned(), tenant: tenant.to_owned() };
        let refused = profiles.get_profile(ask).await.unwrap_err();
        assert_eq!(refused.get_details_error_info().unwrap().reason, reason);
    }
    let strict = GetProfileRequest { name: "strict".to_owned(), tenant: String::new() };
    let strict = profiles.get_profile(strict).await.unwrap().into_inner().profile.unwrap();
    assert!(strict.quirks.iter().all(|quirk| quirk.stance() == QuirkStance::Refuse && quirk.source.is_empty()));
}

#[tokio::test]
async fn a_profile_is_suggested_and_not_switched() {
    let both = Both::start().await;
    let mut tenants = TenantServiceClient::new(both.plane.connect().await);
    let ask = || GetTenantRequest { name: "default".to_owned() };
    both.scim("GET", USERS, "").await;
    let tenant = tenants.get_tenant(ask()).await.unwrap().into_inner().tenant.unwrap();
    assert_eq!(tenant.suggested_profile, "");
    both.scim("GET", &format!("{USERS}?aadOptscim062020&filter=userName+eq+%22a%22"), "").await;
    let tenant = tenants.get_tenant(ask()).await.unwrap().into_inner().tenant.unwrap();
    assert_eq!((tenant.profile.as_str(), tenant.suggested_profile.as_str()), ("custom", "entra"));
    assert!(tenant.suggested_profile_reason.contains("flag"));
    assert!(!both.plane.recorder.is_first_hint(1) && both.plane.recorder.is_first_hint(2));
    update(&both, Tenant { profile: "entra".to_owned(), ..Tenant::default() }, &["profile"]).await.unwrap();
    let tenant = tenants.get_tenant(ask()).await.unwrap().into_inner().tenant.unwrap();
    assert_eq!(tenant.suggested_profile, "");
}

#[tokio::test]
async fn the_deleted_are_listed_and_restored() {
    let both = Both::start().await;
    update(&both, Tenant { deleted_kept_days: 30, ..Tenant::default() }, &["deleted_kept_days"]).await.unwrap();
    let mut ids = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let (answer, _) = both.scim("POST", USERS, &format!(r#"{{"userName":"{name}","externalId":"x{name}"}}"#)).await;
        ids.push(made(&answer));
    }
    for id in &ids {
        assert_eq!(status(&both.scim("DELETE", &format!("{USERS}/{id}"), "").await.0), "204");
        assert_eq!(status(&both.scim("GET", &format!("{USERS}/{id}"), "").await.0), "404");
    }
    let mut client = ResourceServiceClient::new(both.plane.connect().await);
    let ask = |page_token: &str| ListDeletedResourcesRequest {
        resource_type: "User".to_owned(),
        page_size: 2,
        page_token: page_token.to_owned(),
        ..ListDeletedResourcesRequest::default()
    };
    let first = client.list_deleted_resources(ask("")).await.unwrap().into_inner();
    let second = client.list_deleted_resources(ask(&first.next_page_token)).await.unwrap().into_inner();
    let listed: Vec<_> = first.resources.iter().chain(&second.resources).map(|gone| gone.id.clone()).collect();
    assert_eq!(listed, ids);
    assert_eq!((first.resources[0].name.as_str(), first.resources[0].external_id.as_str()), ("ada", "xada"));
    let request = |id: &str, kind: &str| RestoreResourceRequest {
        id: id.to_owned(),
        resource_type: kind.to_owned(),
        ..RestoreResourceRequest::default()
    };
    let restored = client.restore_resource(request(&ids[0], "User")).await.unwrap().into_inner();
    assert_eq!(restored.resource.unwrap().name, "ada");
    assert_eq!(status(&both.scim("GET", &format!("{USERS}/{}", ids[0]), "").await.0), "200");
    for (id, kind, reason) in [
        (ids[0].as_str(), "User", "RESOURCE_NOT_FOUND"),
        (ids[1].as_str(), "Group", "RESOURCE_NOT_FOUND"),
        (ids[1].as_str(), "Device", "RESOURCE_TYPE_NOT_FOUND"),
    ] {
        let refused = client.restore_resource(request(id, kind)).await.unwrap_err();
        assert_eq!(refused.get_details_error_info().unwrap().reason, reason);
    }
}
