//! `MappingService` beside a SCIM listener over the same data: set, tried on samples, exchanges and what is stored, reapplied and taken
//! back.

use super::exchanges::{Both, made};
use crate::directory::tests::Fixture;
use crate::server::admin::api::v1::mapping_service_client::MappingServiceClient;
use crate::server::admin::api::v1::preview_mapping_request::Subject;
use crate::server::admin::api::v1::preview_mapping_response::Part;
use crate::server::admin::api::v1::{
    DiffMappingsRequest, EvaluateExpressionRequest, GetMappingRequest, GroupMapping, ListExpressionFunctionsRequest,
    ListMappingVersionsRequest, ListSeenGroupsRequest, Mapping, MappingRule, MappingTest, NameRule, OnInactive,
    PreviewMappingRequest, PreviewSample, PreviewSummary, ProvisioningPolicy, ReapplyMappingRequest,
    ReapplyMappingResponse, ResourceDifference, RollbackMappingRequest, SetMappingRequest,
};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

const USERS: &str = "/tenants/default/scim/v2/Users";
const GROUPS: &str = "/tenants/default/scim/v2/Groups";

async fn client(both: &Both) -> MappingServiceClient<Channel> {
    MappingServiceClient::new(both.plane.connect().await)
}

fn short_names() -> Mapping {
    let username_rule = Some(NameRule { pattern: "@.*$".to_owned(), replacement: String::new() });
    let policy = Some(ProvisioningPolicy { username_rule, ..ProvisioningPolicy::default() });
    Mapping { policy, comment: "no domains".to_owned(), ..Mapping::default() }
}

fn with_rule(target: &str, expression: &str) -> Mapping {
    let (name, target, expression) = ("display".to_owned(), target.to_owned(), expression.to_owned());
    Mapping { rules: vec![MappingRule { name, target, expression, ..MappingRule::default() }], ..Mapping::default() }
}

async fn set(both: &Both, mapping: Mapping) -> Result<Mapping, Status> {
    let request = SetMappingRequest { mapping: Some(mapping), ..SetMappingRequest::default() };
    client(both).await.set_mapping(request).await.map(|answer| answer.into_inner().mapping.unwrap())
}

async fn preview(both: &Both, request: PreviewMappingRequest) -> Result<(Vec<Part>, PreviewSummary), Status> {
    let mut stream = client(both).await.preview_mapping(request).await?.into_inner();
    let (mut parts, mut summary) = (Vec::new(), None);
    while let Some(message) = stream.message().await? {
        match message.part.unwrap() {
            Part::Summary(last) => summary = Some(last),
            part => parts.push(part),
        }
    }
    Ok((parts, summary.expect("the last message has the summary")))
}

fn differences(parts: &[Part]) -> Vec<&ResourceDifference> {
    let mut found = Vec::new();
    for part in parts {
        if let Part::Difference(difference) = part {
            found.push(difference);
        }
    }
    found
}

async fn reapply(both: &Both, version: i64, resume_token: &str) -> Result<Vec<ReapplyMappingResponse>, Status> {
    let request = ReapplyMappingRequest { tenant: String::new(), version, resume_token: resume_token.to_owned() };
    let mut stream = client(both).await.reapply_mapping(request).await?.into_inner();
    let mut steps = Vec::new();
    while let Some(step) = stream.message().await? {
        steps.push(step);
    }
    Ok(steps)
}

fn fields(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let violations = details.bad_request().unwrap().field_violations.clone();
    violations.into_iter().map(|one| (one.field, one.description)).collect()
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

#[tokio::test]
async fn a_mapping_is_set_shown_compared_and_taken_back() {
    let both = Both::start().await;
    let mut client = client(&both).await;
    let ask = |version| GetMappingRequest { tenant: String::new(), version };
    let none = client.get_mapping(ask(0)).await.unwrap().into_inner().mapping.unwrap();
    assert_eq!((none.version, none.create_time, none.rules.len()), (0, None, 0));

    let made = set(&both, short_names()).await.unwrap();
    assert_eq!((made.version, made.tenant.as_str(), made.comment.as_str()), (1, "default", "no domains"));
    assert!(made.author.starts_with("socket:") && made.create_time.is_some());
    // What is shown is what can be set; what says the same is no version.
    let shown = client.get_mapping(ask(0)).await.unwrap().into_inner().mapping.unwrap();
    assert_eq!(shown, made);
    assert_eq!(set(&both, shown).await.unwrap().version, 1);
    let display = Mapping { policy: made.policy.clone(), ..with_rule("displayName", "[userName]") };
    assert_eq!(set(&both, display).await.unwrap().version, 2);

    let ask_diff = DiffMappingsRequest::default();
    let diff = client.diff_mappings(ask_diff).await.unwrap().into_inner();
    assert_eq!((diff.from, diff.to), (1, 2));
    let paths: Vec<&str> = diff.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["rules[display]"]);
    assert!(diff.changes[0].before.is_empty() && diff.changes[0].after.contains("[userName]"));

    let back = RollbackMappingRequest { version: 1, expected_version: Some(1), ..RollbackMappingRequest::default() };
    let refused = client.rollback_mapping(back.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "CHANGED_MEANWHILE"));
    let back = RollbackMappingRequest { expected_version: Some(2), ..back };
    let now = client.rollback_mapping(back).await.unwrap().into_inner().mapping.unwrap();
    assert_eq!((now.version, now.rules.len()), (3, 0));

    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let ask = ListMappingVersionsRequest { tenant: String::new(), page_size: 2, page_token };
        let page = client.list_mapping_versions(ask).await.unwrap().into_inner();
        seen.extend(page.versions.iter().map(|one| (one.version, one.rules, one.in_force, one.rollback_of)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [(3, 0, true, 1), (2, 1, false, 0), (1, 0, false, 0)]);
    let missing = client.get_mapping(ask(9)).await.unwrap_err();
    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::NotFound, "MAPPING_VERSION_NOT_FOUND"));
    let negative = client.get_mapping(ask(-1)).await.unwrap_err();
    assert_eq!(negative.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field_and_column() {
    let both = Both::start().await;
    let refused = set(&both, with_rule("displayName", "Join(")).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    let told = fields(&refused);
    assert_eq!(told[0].0, "mapping.rules[display].expression");
    assert!(told[0].1.starts_with("column "), "{told:?}");

    let mut mapping = short_names();
    mapping.policy.as_mut().unwrap().on_inactive = 77;
    mapping.policy.as_mut().unwrap().deleted_kept_days = Some(-1);
    let told = fields(&set(&both, mapping).await.unwrap_err());
    let names: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(names, ["mapping.policy.on_inactive", "mapping.policy.deleted_kept_days"]);
    let nothing = client(&both).await.set_mapping(SetMappingRequest::default()).await.unwrap_err();
    assert_eq!(fields(&nothing)[0].0, "mapping");

    let test = MappingTest { name: "anna".to_owned(), input: "{}".to_owned(), ..MappingTest::default() };
    let refused = set(&both, Mapping { tests: vec![test], ..short_names() }).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "MAPPING_TEST_FAILED"));
    let details = refused.get_error_details();
    let violation = &details.precondition_failure().unwrap().violations[0];
    assert_eq!(violation.subject, "anna");
}

#[tokio::test]
async fn a_sample_and_a_recorded_exchange_are_tried_and_nothing_is_written() {
    let both = Both::start().await;
    let body = r#"{"userName":"anna@example.com","displayName":"Anna"}"#.to_owned();
    let sample = PreviewSample { resource_type: String::new(), body: body.clone() };
    let request = PreviewMappingRequest {
        mapping: Some(short_names()),
        subject: Some(Subject::Sample(sample)),
        ..PreviewMappingRequest::default()
    };
    let (parts, summary) = preview(&both, request.clone()).await.unwrap();
    assert_eq!((summary.status, summary.rules.as_slice()), (201, &["username_rule".to_owned()][..]));
    let differences = differences(&parts);
    assert_eq!(differences.len(), 1);
    let name = differences[0].attributes.iter().find(|attribute| attribute.path == "userName").unwrap();
    assert_eq!((name.before.as_str(), name.after.as_str()), ("", "\"anna\""));
    let (answer, _) = both.scim("GET", USERS, "").await;
    assert!(answer.contains("\"totalResults\":0"), "{answer}");

    // With the fingerprint that it gave, the same mapping can be set and no other.
    let mut client = client(&both).await;
    let with = |mapping| SetMappingRequest {
        mapping: Some(mapping),
        fingerprint: summary.fingerprint.clone(),
        ..SetMappingRequest::default()
    };
    let refused = client.set_mapping(with(with_rule("title", "[userName]"))).await.unwrap_err();
    assert_eq!(reason(&refused), "CHANGED_MEANWHILE");

    let (answer, exchange) = both.scim("POST", USERS, &body).await;
    both.scim("DELETE", &format!("{USERS}/{}", made(&answer)), "").await;
    let subject = Some(Subject::ExchangeId(exchange));
    let mut mapping = short_names();
    let groups = GroupMapping { exclude: vec!["secret.*".to_owned()], ..GroupMapping::default() };
    mapping.policy.as_mut().unwrap().groups = Some(groups);
    let request = PreviewMappingRequest { mapping: Some(mapping.clone()), subject, ..PreviewMappingRequest::default() };
    let (_, summary) = preview(&both, request.clone()).await.unwrap();
    assert_eq!(summary.status, 201);
    assert!(!summary.response_body.contains("\"anna\""), "personal values are masked");
    let (_, open) = preview(&both, PreviewMappingRequest { unmasked: true, ..request }).await.unwrap();
    assert!(open.response_body.contains("\"anna\""), "{}", open.response_body);

    let sample =
        PreviewSample { resource_type: "Group".to_owned(), body: r#"{"displayName":"Secret ones"}"#.to_owned() };
    let request = PreviewMappingRequest {
        mapping: Some(mapping),
        subject: Some(Subject::Sample(sample)),
        ..PreviewMappingRequest::default()
    };
    let (parts, summary) = preview(&both, request).await.unwrap();
    assert_eq!((summary.status, summary.rules.as_slice(), parts.len()), (403, &["groups".to_owned()][..], 0));
    assert_eq!(client.set_mapping(with(short_names())).await.unwrap().into_inner().mapping.unwrap().version, 1);
    let subject = Some(Subject::ExchangeId("nobody".to_owned()));
    let refused = preview(&both, PreviewMappingRequest { subject, ..PreviewMappingRequest::default() }).await;
    assert_eq!(reason(&refused.unwrap_err()), "EXCHANGE_NOT_FOUND");
}

#[tokio::test]
async fn what_is_stored_is_previewed_and_reapplied() {
    let mut both = Both::start().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let (answer, _) = both.scim("POST", USERS, &format!(r#"{{"userName":"user{n}@one.example"}}"#)).await;
        ids.push(made(&answer));
    }
    let (answer, _) = both.scim("POST", USERS, r#"{"userName":"user1@other.example"}"#).await;
    let twin = made(&answer);
    let request =
        PreviewMappingRequest { mapping: Some(short_names()), differences_max: 2, ..PreviewMappingRequest::default() };
    let (parts, summary) = preview(&both, request.clone()).await.unwrap();
    assert_eq!((summary.resources, summary.changed, summary.unchanged, summary.collisions), (6, 6, 0, 1));
    assert_eq!(summary.changed_by_rule["username_rule"], 6);
    assert_eq!(differences(&parts).len(), 2);
    assert!(differences(&parts)[0].attributes[0].after.contains("***"), "{parts:?}");
    let collision = parts.iter().find_map(|part| match part {
        Part::Collision(collision) => Some(collision),
        _ => None,
    });
    assert_eq!(collision.unwrap().resource_ids, [ids[1].clone(), twin.clone()]);
    let refused = set(&both, short_names()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "MAPPING_COLLIDES"));
    let details = refused.get_error_details();
    let violation = &details.precondition_failure().unwrap().violations[0];
    assert!(violation.description.contains(&ids[1]) && violation.description.contains(&twin), "{violation:?}");
    for differences_max in [-1, 10_001] {
        let refused = preview(&both, PreviewMappingRequest { differences_max, ..request.clone() }).await.unwrap_err();
        assert_eq!(fields(&refused)[0].0, "differences_max");
    }

    both.scim("DELETE", &format!("{USERS}/{twin}"), "").await;
    assert_eq!(set(&both, short_names()).await.unwrap().version, 1);
    let steps = reapply(&both, 1, "").await.unwrap();
    let last = steps.last().unwrap();
    assert!(last.done);
    assert_eq!((last.changed, last.failed, last.progress.unwrap().done), (5, 0, 5));
    let (answer, _) = both.scim("GET", &format!("{USERS}?filter=userName+eq+%22user3%22"), "").await;
    assert!(answer.contains("\"totalResults\":1"), "{answer}");
    let again = reapply(&both, 1, &last.resume_token).await.unwrap();
    assert_eq!((again.last().unwrap().changed, again.last().unwrap().done), (0, true));
    assert_eq!(reason(&reapply(&both, 2, "").await.unwrap_err()), "CHANGED_MEANWHILE");
    assert_eq!(fields(&reapply(&both, 1, "x").await.unwrap_err())[0].0, "resume_token");
    let (_, request) = both.scim("POST", USERS, r#"{"userName":"new@one.example"}"#).await;
    let shown = both.exchange(&request, false).await.exchange.unwrap();
    assert_eq!(shown.rules, ["username_rule"]);
}

#[tokio::test]
async fn expressions_and_seen_groups_are_shown() {
    let both = Both::start().await;
    let mut client = client(&both).await;
    let ask = EvaluateExpressionRequest {
        expression: "ToUpper([userName])".to_owned(),
        resource: r#"{"userName":"anna"}"#.to_owned(),
        ..EvaluateExpressionRequest::default()
    };
    let answer = client.evaluate_expression(ask.clone()).await.unwrap().into_inner();
    assert_eq!(answer.value, "\"ANNA\"");
    let bad = |change: fn(&mut EvaluateExpressionRequest)| {
        let mut ask = ask.clone();
        change(&mut ask);
        ask
    };
    for (ask, field) in [
        (bad(|ask| ask.expression = "ToUpper(".to_owned()), "expression"),
        (bad(|ask| ask.resource = "{".to_owned()), "resource"),
        (bad(|ask| ask.target = "id".to_owned()), "target"),
        (bad(|ask| ask.resource_type = "Robot".to_owned()), "resource_type"),
    ] {
        assert_eq!(fields(&client.evaluate_expression(ask).await.unwrap_err())[0].0, field);
    }
    let functions = client.list_expression_functions(ListExpressionFunctionsRequest {}).await.unwrap().into_inner();
    assert!(functions.functions.iter().any(|known| known.name == "Join" && !known.signature.is_empty()));

    let mut mapping = Mapping::default();
    let groups = GroupMapping { exclude: vec!["secret.*".to_owned()], ..GroupMapping::default() };
    let on_inactive = OnInactive::Keep.into();
    mapping.policy = Some(ProvisioningPolicy { groups: Some(groups), on_inactive, ..ProvisioningPolicy::default() });
    set(&both, mapping).await.unwrap();
    both.scim("POST", GROUPS, r#"{"displayName":"Open"}"#).await;
    both.scim("POST", GROUPS, r#"{"displayName":"Secret"}"#).await;
    let ask = ListSeenGroupsRequest { page_size: 1, ..ListSeenGroupsRequest::default() };
    let first = client.list_seen_groups(ask.clone()).await.unwrap().into_inner();
    assert_eq!((first.groups[0].name.as_str(), first.groups[0].stored_name.as_str()), ("Open", "Open"));
    let ask = ListSeenGroupsRequest { page_token: first.next_page_token, ..ask };
    let rest = client.list_seen_groups(ask).await.unwrap().into_inner();
    assert_eq!((rest.groups[0].name.as_str(), rest.groups[0].resource_id.as_str()), ("Secret", ""));
    assert!(rest.groups[0].refuse_time.is_some() && rest.next_page_token.is_empty());
}

#[tokio::test]
async fn a_long_list_of_collisions_is_cut_to_what_headers_take() {
    let site = Fixture::new().await;
    for n in 0..240 {
        let domain = "x".repeat(100);
        site.user(&format!("{}{}@{domain}{n}", "user".repeat(20), n % 24)).await;
    }
    let plane = super::Plane::over(site.directory.clone());
    let mut client = MappingServiceClient::new(plane.connect().await);
    let request = SetMappingRequest { mapping: Some(short_names()), ..SetMappingRequest::default() };
    let refused = client.set_mapping(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "MAPPING_COLLIDES"));
    assert!(refused.message().starts_with("24 values"), "{refused:?}");
    let details = refused.get_error_details();
    let told = details.precondition_failure().unwrap().violations.len();
    assert!((5..24).contains(&told), "{told}");
    drop(client);
    plane.end().await;
}
