//! A directory with one tenant for the tests of the modules below, and the verbs as short calls.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::scope::{self, Scope};
use super::{Actor, Call, Directory, create, delete, patch, record, tenant, write};
use crate::clock::Clock;
use crate::scim::dialect::Reading;
use crate::scim::project::Projection;
use crate::scim::schema::{self, ResourceType};
use crate::store::Store;
use serde_json::{Value, json};
use std::sync::Arc;

/// A directory with the tenant `default` and what a verb needs to work in it.
pub(crate) struct Fixture {
    pub(crate) directory: Arc<Directory>,
    pub(crate) scope: Scope,
    pub(crate) actor: Actor,
}

impl Fixture {
    pub(crate) async fn new() -> Fixture {
        Fixture::over(Store::memory(), Clock::System).await
    }

    pub(crate) async fn over(store: Store, clock: Clock) -> Fixture {
        let directory = Arc::new(Directory::new(store, clock));
        let token = record::Token::default();
        tenant::make_first(&directory, "custom", false, "k1", token).await.unwrap();
        let scope = scope::find(&directory, "default", "https://scim.test").await.unwrap();
        Fixture { directory, scope, actor: Actor::new("t1", "r1") }
    }

    pub(crate) fn call(&self) -> Call<'_> {
        self.scope.call(&self.directory, &self.actor)
    }

    pub(crate) async fn make(&self, kind: &ResourceType, body: Value) -> String {
        let mut reading = Reading::new(&self.scope.tenant.dialect);
        let made = create::create(&self.call(), kind, body, &Projection::default(), &mut reading).await.unwrap();
        made.location.rsplit('/').next().unwrap().to_owned()
    }

    pub(crate) async fn user(&self, name: &str) -> String {
        self.make(schema::user(), json!({"schemas": [schema::USER], "userName": name})).await
    }

    pub(crate) async fn group(&self, name: &str, members: &[String]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        self.make(schema::group(), json!({"schemas": [schema::GROUP], "displayName": name, "members": members})).await
    }

    pub(crate) async fn patch(&self, kind: &ResourceType, id: &str, operations: Value) {
        let mut reading = Reading::new(&self.scope.tenant.dialect);
        let body = json!({"schemas": [schema::PATCH_OP], "Operations": operations});
        let condition = write::Precondition::None;
        let projection = Projection::default();
        patch::patch(&self.call(), kind, id, body, &condition, &projection, &mut reading).await.unwrap();
    }

    pub(crate) async fn delete(&self, kind: &ResourceType, id: &str) {
        delete::delete(&self.call(), kind, id, &write::Precondition::None).await.unwrap();
    }
}
