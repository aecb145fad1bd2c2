//! The directory as its callers use it: verbs on JSON bodies, over both engines, one at a time and all at once.

mod bulk;
mod membership;
mod model;
mod names;
mod paging;
mod sorting;

use scimd::clock::Clock;
use scimd::directory::answer::Content;
use scimd::directory::tenant::{self, Tenant};
use scimd::directory::write::Precondition;
use scimd::directory::{Actor, Call, Directory, check, create, delete, list, patch, read, record, replace};
use scimd::profile::custom;
use scimd::scim::dialect::Reading;
use scimd::scim::errors::{Error, Kind};
use scimd::scim::project::Projection;
use scimd::scim::query;
use scimd::scim::schema::{self, ResourceType};
use scimd::store::Store;
use serde_json::{Value, json};
use std::sync::Arc;

/// A tenant with its directory, and the verbs as a client would call them.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) directory: Arc<Directory>,
    tenant: Arc<Tenant>,
    actor: Actor,
}

impl Site {
    /// Over a store that may have been used before.
    pub(crate) async fn new(store: Store) -> Site {
        Site::with_clock(store, Clock::System).await
    }

    pub(crate) async fn with_clock(store: Store, clock: Clock) -> Site {
        let directory = Arc::new(Directory::new(store, clock));
        let token = record::Token::default();
        tenant::make_first(&directory, custom::DIALECT.name, false, "t", token).await.unwrap();
        let tenant = tenant::find(&directory, "default").await.unwrap().unwrap();
        Site { directory, tenant, actor: Actor::new("t", "r") }
    }

    fn call(&self) -> Call<'_> {
        Call { directory: &self.directory, tenant: &self.tenant, base: "https://scim.test", actor: &self.actor }
    }

    pub(crate) async fn post(&self, kind: &ResourceType, body: Value) -> Result<Value, Error> {
        let mut reading = Reading::new(&self.tenant.dialect);
        let answer = create::create(&self.call(), kind, body, &Projection::default(), &mut reading).await?;
        Ok(parsed(answer.content).await)
    }

    pub(crate) async fn put(
        &self,
        kind: &ResourceType,
        id: &str,
        body: Value,
        tag: Option<&str>,
    ) -> Result<Value, Error> {
        let mut reading = Reading::new(&self.tenant.dialect);
        let condition = tag.map_or(Precondition::None, Precondition::new);
        let projection = Projection::default();
        let answer = replace::replace(&self.call(), kind, id, body, &condition, &projection, &mut reading).await?;
        Ok(parsed(answer.content).await)
    }

    pub(crate) async fn patch(
        &self,
        kind: &ResourceType,
        id: &str,
        operations: Value,
        tag: Option<&str>,
    ) -> Result<(), Error> {
        let mut reading = Reading::new(&self.tenant.dialect);
        let condition = tag.map_or(Precondition::None, Precondition::new);
        let body = json!({"schemas": [schema::PATCH_OP], "Operations": operations});
        let projection = Projection::new(kind, &["id".to_owned()], &[], &mut reading);
        patch::patch(&self.call(), kind, id, body, &condition, &projection, &mut reading).await.map(|_| ())
    }

    pub(crate) async fn get(&self, kind: &ResourceType, id: &str) -> Result<Value, Error> {
        Ok(parsed(read::read(&self.call(), kind, id, &Projection::default()).await?.content).await)
    }

    pub(crate) async fn delete(&self, kind: &ResourceType, id: &str) -> Result<(), Error> {
        delete::delete(&self.call(), kind, id, &Precondition::None).await
    }

    pub(crate) async fn list(&self, kind: &ResourceType, url: &str) -> Result<Value, Error> {
        self.list_all(&[kind], url).await
    }

    pub(crate) async fn list_all(&self, kinds: &[&ResourceType], url: &str) -> Result<Value, Error> {
        let mut reading = Reading::new(&self.tenant.dialect);
        let query = query::from_url(url)?;
        Ok(parsed(list::list(&self.call(), kinds, &query, &mut reading).await?).await)
    }

    /// The ids that a filter finds.
    pub(crate) async fn find(&self, kind: &ResourceType, filter: &str) -> Vec<String> {
        let url = format!("count=1000&filter={}", percent_encode(filter));
        let page = self.list(kind, &url).await.unwrap();
        let ids = texts(&page["Resources"], "id");
        assert_eq!(page["totalResults"], json!(ids.len()), "{filter}");
        ids
    }

    pub(crate) async fn user(&self, name: &str) -> String {
        id(&self.post(schema::user(), json!({"schemas": [schema::USER], "userName": name})).await.unwrap())
    }

    pub(crate) async fn group(&self, name: &str, members: &[String]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [schema::GROUP], "displayName": name, "members": members});
        id(&self.post(schema::group(), body).await.unwrap())
    }

    /// The members of a group, sorted.
    pub(crate) async fn members(&self, group: &str) -> Vec<String> {
        sorted(texts(&self.get(schema::group(), group).await.unwrap()["members"], "value"))
    }

    /// Every row of the store agrees with the others.
    pub(crate) async fn agrees(&self) {
        // The check wants to know the tenant; the verbs do not.
        let token = record::Token::default();
        tenant::make_first(&self.directory, "custom", false, "k", token).await.unwrap();
        let snapshot = self.directory.snapshot().await.unwrap();
        let outcome = check::snapshot(&snapshot, &mut |_| true).unwrap();
        assert_eq!(outcome.problems, Vec::<String>::new());
    }

    /// The groups that a user's own answer shows, sorted.
    pub(crate) async fn groups_of(&self, user: &str) -> Vec<String> {
        sorted(texts(&self.get(schema::user(), user).await.unwrap()["groups"], "value"))
    }
}

pub(crate) fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

pub(crate) fn tag(resource: &Value) -> String {
    resource["meta"]["version"].as_str().unwrap().to_owned()
}

pub(crate) fn texts(list: &Value, name: &str) -> Vec<String> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter().map(|element| element[name].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

pub(crate) fn kind_of<T: std::fmt::Debug>(result: Result<T, Error>) -> Kind {
    result.unwrap_err().kind
}

pub(crate) fn percent_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn parsed(content: Content) -> Value {
    let bytes = match content {
        Content::Empty => return Value::Null,
        Content::Whole(bytes) => bytes,
        Content::Stream(mut chunks) => {
            let mut bytes = Vec::new();
            while let Some(chunk) = chunks.recv().await {
                bytes.extend_from_slice(&chunk.unwrap());
            }
            bytes
        }
    };
    serde_json::from_slice(&bytes).unwrap()
}
