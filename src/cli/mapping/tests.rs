//! Mappings as files, and how they and what became of them are shown.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{read, show};
use crate::cli::print;
use crate::server::admin::api::v1::preview_mapping_response::Part;
use crate::server::admin::api::v1::{
    DiffMappingsResponse, GetMappingResponse, Mapping, MappingChange, MappingCollision, MappingRefusal, MappingRule,
    MappingVersion, MappingWhen, NameRule, OnInactive, PolicySwitches, PreviewSummary, ProvisioningPolicy, SeenGroup,
};
use expect_test::{Expect, expect};
use std::fs;
use std::path::PathBuf;

fn mapping() -> Mapping {
    let rule = MappingRule {
        name: "display".to_owned(),
        target: "displayName".to_owned(),
        expression: "Join(\" \", [name.givenName])".to_owned(),
        when: MappingWhen::Create.into(),
        ..MappingRule::default()
    };
    let policy = ProvisioningPolicy {
        username_rule: Some(NameRule { pattern: "@.*".to_owned(), replacement: String::new() }),
        switches: Some(PolicySwitches { refuse_user_delete: true, ..PolicySwitches::default() }),
        on_inactive: OnInactive::Keep.into(),
        deleted_kept_days: Some(0),
        ..ProvisioningPolicy::default()
    };
    Mapping {
        tenant: "default".to_owned(),
        version: 3,
        author: "socket:0".to_owned(),
        rules: vec![rule],
        policy: Some(policy),
        ..Mapping::default()
    }
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapping.json");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn printed(print: impl FnOnce(&mut Vec<u8>), expect: Expect) {
    let mut out = Vec::new();
    print(&mut out);
    expect.assert_eq(&String::from_utf8(out).unwrap());
}

#[test]
fn what_get_prints_is_what_set_reads() {
    let answer = GetMappingResponse { mapping: Some(mapping()) };
    let (_folder, path) = file(&print::value(&answer).unwrap().to_string());
    assert_eq!(read(&path).unwrap(), mapping());
    let (_folder, path) = file(&print::value(&mapping()).unwrap().to_string());
    assert_eq!(read(&path).unwrap(), mapping());
    let (_folder, path) = file("{}");
    assert_eq!(read(&path).unwrap(), Mapping::default());
}

#[test]
fn what_is_no_mapping_is_told_with_its_place() {
    for (text, part) in [
        (r#"{"rules": [{"nmae": "x"}]}"#, "unrecognized field name 'nmae'"),
        (r#"{"rules": ["#, "line 1"),
        (r#"{"rules": 1}"#, "line 1"),
        (r#"{} {}"#, "trailing characters"),
        (r#"{"policy": {"on_inactive": "SOMETIMES"}}"#, "SOMETIMES"),
    ] {
        let (_folder, path) = file(text);
        let error = read(&path).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.exit_code(), 2, "{error}");
    }
}

#[test]
fn a_mapping_is_shown_with_what_is_set_of_its_policy() {
    printed(
        |out| show::mapping(out, &mapping()).unwrap(),
        expect![[r#"
            Version  3
            Set      -
            By       socket:0
            Comment  -
            Tests    0

            RULE     TYPE  TARGET       WHEN    OTHERWISE  EXPRESSION
            display  User  displayName  create             Join(" ", [name.givenName])

            Policy
            username_rule      @.* -> ""
            refused            user delete
            on_inactive        keep
            deleted_kept_days  0
        "#]],
    );
    printed(
        |out| show::mapping(out, &Mapping::default()).unwrap(),
        expect![[r"
            There is no mapping: everything is stored as it is sent.
        "]],
    );
}

#[test]
fn previews_are_shown_part_by_part_and_summed_up() {
    let collision = MappingCollision {
        resource_type: "User".to_owned(),
        attribute: "userName".to_owned(),
        value: "an\u{1b}na".to_owned(),
        resource_ids: vec!["a".to_owned(), "b".to_owned()],
    };
    let refusal = MappingRefusal {
        resource_type: "Group".to_owned(),
        resource_id: "c".to_owned(),
        rule: "groups".to_owned(),
        reason: "it is not taken".to_owned(),
    };
    let summary = PreviewSummary {
        resources: 3,
        changed: 2,
        refused: 1,
        collisions: 1,
        changed_by_rule: [("username_rule".to_owned(), 2)].into(),
        ..PreviewSummary::default()
    };
    let one = PreviewSummary {
        status: 201,
        resources: 1,
        rules: vec!["display".to_owned(), "username_rule".to_owned()],
        response_body: r#"{"userName":"anna"}"#.to_owned(),
        ..PreviewSummary::default()
    };
    printed(
        |out| {
            show::part(out, &Part::Collision(collision)).unwrap();
            show::part(out, &Part::Refusal(refusal)).unwrap();
            show::summary(out, &summary, false).unwrap();
            show::summary(out, &one, true).unwrap();
        },
        expect![[r#"
            collision User.userName an\u{1b}na: a, b
            refused Group c by groups: it is not taken

            Resources     3
            Would change  2
            Would stay    0
            Refused       1
            Collisions    1

            RULE           CHANGES
            username_rule  2

            Status     201
            Rules      display,username_rule
            Resources  1

            Answer body
              {
                "userName": "anna"
              }
        "#]],
    );
}

#[test]
fn versions_their_differences_and_groups_are_shown() {
    let versions = [
        MappingVersion { version: 2, in_force: true, rollback_of: 1, ..MappingVersion::default() },
        MappingVersion { version: 1, rules: 4, author: "cert:ci".to_owned(), ..MappingVersion::default() },
    ];
    let change =
        MappingChange { path: "rules[x].target".to_owned(), before: String::new(), after: "\"title\"".to_owned() };
    let diff = DiffMappingsResponse { from: 1, to: 2, changes: vec![change] };
    let group = SeenGroup { name: "Secret".to_owned(), ..SeenGroup::default() };
    printed(
        |out| {
            show::versions(out, &versions).unwrap();
            show::changes(out, &diff).unwrap();
            show::changes(out, &DiffMappingsResponse::default()).unwrap();
            show::groups(out, &[group]).unwrap();
        },
        expect![[r#"
            VERSION  SET  BY       RULES  STATE           COMMENT
            2        -             0      in force, as 1  -
            1        -    cert:ci  4      -               -
            From version 1 to version 2
            rules[x].target
              + "title"
            From version 0 to version 0
            Nothing differs.
            SENT AS  STORED AS  ID  REFUSED
            Secret   -          -   -
        "#]],
    );
}
