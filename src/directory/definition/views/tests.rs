//! A schema cannot be changed under an application's or a target's expressions: the application answered 500 afterwards, and only the log
//! said why.
#![allow(clippy::unwrap_used)]

use super::ground;
use crate::directory::application::password::Password;
use crate::directory::application::settings;
use crate::directory::audit::Admin;
use crate::directory::definition::change::{self, Site};
use crate::directory::record::Application;
use crate::directory::refused::Refused;
use crate::directory::target::stored::{Kind, Target};
use crate::directory::tests::Fixture;
use crate::directory::{Directory, target};
use crate::mapping::outbound::Definition;
use crate::scim::schema::USER;
use serde_json::{Value, json};

const BADGE: &str = "urn:example:Badge";

fn badge(attributes: Value) -> Value {
    json!({"id": BADGE, "name": "Badge", "attributes": attributes})
}

fn user(extensions: Value) -> Value {
    json!({"name": "User", "endpoint": "/Users", "schema": USER, "schemaExtensions": extensions})
}

async fn with_badges(directory: &Directory, admin: &Admin) {
    let at = Site { directory, admin, tenant: "default", dry_run: false };
    change::put_schema(at, &badge(json!([{"name": "number"}, {"name": "level"}]))).await.unwrap();
    change::put_type(at, &user(json!([{"schema": BADGE, "required": false}]))).await.unwrap();
}

fn by_badge() -> Definition {
    Definition { user_name: format!("Join(\"-\", [userName], [{BADGE}:number])"), ..Definition::default() }
}

fn obstacles(refused: &Refused) -> Vec<String> {
    match refused {
        Refused::Obstacles { reason: "DEFINITION_IN_USE", obstacles, .. } => {
            obstacles.iter().map(|one| format!("{}: {}", one.subject, one.why)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_an_application_or_a_target_is_shown_by_cannot_be_taken_away() {
    let directory = Fixture::new().await.directory;
    let folder = tempfile::tempdir().unwrap();
    directory.targets.keys.is_at(folder.path().join("targets.key"));
    let admin = Admin::server();
    with_badges(&directory, &admin).await;
    let wanted = Application { outbound: by_badge(), ..Application::default() };
    let password = Some(Password::new("0123456789abcdef".to_owned()));
    settings::create(&directory, &admin, ("default", "wiki"), wanted, password).await.unwrap();
    let wanted = Target {
        name: "code".to_owned(),
        kind: Kind::Bitbucket,
        url: "https://code.example.com".to_owned(),
        mapping: Definition { display_name: format!("ToLower([{BADGE}:number])"), ..Definition::default() },
        concurrency: 1,
        ..Target::default()
    };
    target::create(&directory, &admin, "default", wanted, "s3cret").await.unwrap();

    for dry_run in [true, false] {
        let at = Site { directory: &directory, admin: &admin, tenant: "default", dry_run };
        for refused in [
            change::put_type(at, &user(json!([]))).await.unwrap_err(),
            change::put_schema(at, &badge(json!([{"name": "level"}]))).await.unwrap_err(),
        ] {
            let told = obstacles(&refused);
            assert!(told[0].starts_with("application 'wiki': mapping.user_name: column "), "{told:?}");
            assert!(told[1].starts_with("target 'code': mapping.display_name: column "), "{told:?}");
            assert_eq!(told.len(), 2);
            assert!(refused.to_string().contains("application 'wiki': mapping.user_name: column "), "{refused}");
        }
    }
    // What they do not ask for can go, and everything once nobody asks for it.
    let at = Site { directory: &directory, admin: &admin, tenant: "default", dry_run: false };
    change::put_schema(at, &badge(json!([{"name": "number"}, {"name": "colour"}]))).await.unwrap();
    settings::delete(&directory, &admin, ("default", "wiki"), None).await.unwrap();
    target::delete(&directory, &admin, "default", "code").await.unwrap();
    change::put_type(at, &user(json!([]))).await.unwrap();
}

#[tokio::test]
async fn what_is_broken_already_stands_in_no_way() {
    let directory = Fixture::new().await.directory;
    let admin = Admin::server();
    let stored = Application { outbound: by_badge(), ..Application::default() };
    let mut batch = directory.batch();
    batch.put(crate::directory::keys::application(1, "old"), crate::directory::record::pack(&stored).unwrap());
    directory.commit(batch).await.unwrap();
    with_badges(&directory, &admin).await;
    // Now it can be used; from here on it is protected like any other.
    let at = Site { directory: &directory, admin: &admin, tenant: "default", dry_run: false };
    let refused = change::put_type(at, &user(json!([]))).await.unwrap_err();
    assert!(obstacles(&refused)[0].starts_with("application 'old': mapping.user_name"), "{refused}");
}

/// Both were checked before either was stored: whoever comes second has to look again.
#[tokio::test]
async fn a_view_and_a_change_of_types_do_not_pass_each_other() {
    let directory = Fixture::new().await.directory;
    let admin = Admin::server();
    with_badges(&directory, &admin).await;
    let snapshot = directory.snapshot().await.unwrap();
    let tenant = crate::directory::tenant::by_number(&directory, &snapshot, 1).await.unwrap().unwrap();
    let (one, other) = (
        ground(&snapshot, &tenant, &by_badge()).await.unwrap(),
        change::Before::read(&snapshot, 1).await.unwrap().unwrap(),
    );
    let at = Site { directory: &directory, admin: &admin, tenant: "default", dry_run: false };
    change::put_schema(at, &badge(json!([{"name": "number"}]))).await.unwrap();
    let mut late = directory.batch();
    one.hold(&mut late);
    assert!(directory.commit(late).await.unwrap().is_none());

    let late = other.batch(&directory, &other.definitions).unwrap();
    let wanted = Application { outbound: by_badge(), ..Application::default() };
    let password = Some(Password::new("0123456789abcdef".to_owned()));
    settings::create(&directory, &admin, ("default", "wiki"), wanted, password).await.unwrap();
    assert!(directory.commit(late).await.unwrap().is_none());
}
