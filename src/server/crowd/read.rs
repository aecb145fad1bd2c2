//! What each resource of the API answers, out of what the application sees.

use super::encode::{Detail, Encoder, Entity};
use super::respond::{self, Reason, Refusal};
use super::restriction;
use super::route::{Parameters, Reach, Route};
use super::stream::{self, List, Matter};
use super::{Face, cql, events, xml};
use crate::directory::application::Application;
use crate::directory::sight::Sight;
use crate::directory::sight::entity::{Group, User};
use crate::directory::sight::index::Depth;
use crate::directory::sight::search::Restriction;
use crate::directory::sight::walk::Walk;
use crate::directory::view::parse_id;
use crate::limits;
use crate::scim::errors::{Error, Kind, clip};
use crate::scim::json;
use crate::server::body::Answer;
use bytes::Bytes;
use hyper::Response;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A request that may be answered.
pub(super) struct Reading<'a> {
    pub(super) face: &'a Arc<Face>,
    pub(super) application: &'a Arc<Application>,
    pub(super) parameters: &'a Parameters,
    pub(super) from: IpAddr,
    pub(super) encoder: Encoder,
}

/// The answer where nothing is.
pub(super) fn nothing_here() -> Refusal {
    Refusal::new(Reason::UnsupportedOperation, "there is no such resource")
}

/// The answer to questions about a session: there is none.
pub(super) fn no_session() -> Refusal {
    Refusal::new(Reason::InvalidSsoToken, "there is no such session; single sign-on is the identity provider's")
}

/// The answer to questions about a webhook: there is none.
pub(super) fn no_webhook() -> Refusal {
    Refusal::new(Reason::WebhookNotFound, "there is no such webhook; changes are told as events")
}

impl Reading<'_> {
    /// The answer to GET.
    pub(super) async fn found(self, route: Route<'_>) -> Result<Response<Answer>, Refusal> {
        match route {
            Route::User => {
                let sight = self.look().await?;
                let user = self.user(&sight).await?;
                self.whole(self.encoder.user_document(&user, self.detail_of_one()))
            }
            Route::UserAttribute => {
                let sight = self.look().await?;
                let user = self.user(&sight).await?;
                self.whole(self.encoder.attributes_document(Entity::User, &user.name, &user.attributes))
            }
            Route::Group => {
                let sight = self.look().await?;
                let group = self.group(&sight).await?;
                self.whole(self.encoder.group_document(&group, self.detail_of_one()))
            }
            Route::GroupAttribute => {
                let sight = self.look().await?;
                let group = self.group(&sight).await?;
                self.whole(self.encoder.attributes_document(Entity::Group, &group.name, &group.attributes))
            }
            Route::UserGroup(reach) => self.groups_of_user(depth(reach)).await,
            Route::GroupUser(reach) => self.users_of_group(depth(reach)).await,
            Route::ChildGroup(reach) => self.nested(depth(reach), false).await,
            Route::ParentGroup(reach) => self.nested(depth(reach), true).await,
            Route::Membership => {
                let sight = self.look().await?;
                let encoder = Encoder { form: super::encode::Form::Xml, ..self.encoder.clone() };
                self.streamed(sight, encoder, Matter::Memberships).await
            }
            Route::Search => {
                let restriction = cql::parse(self.parameters.text("restriction").unwrap_or_default());
                self.searched(restriction.map_err(Refusal::illegal)?).await
            }
            Route::Event => {
                let token = self.face.sights.token(&self.face.directory, self.application, self.from).await?;
                self.whole(events::begin_document(&self.encoder, &token))
            }
            Route::EventSince(token) => self.events(token).await,
            Route::Cookie => self.whole(self.encoder.cookie_document()),
            Route::SessionToken => Err(no_session()),
            Route::WebhookId => Err(no_webhook()),
            Route::Authentication | Route::Notify | Route::Session | Route::Webhook => Err(Refusal::method("POST")),
            Route::Change => Err(super::read_only()),
            Route::Unknown => Err(nothing_here()),
        }
    }

    /// The answer to a search whose restriction is in the body.
    pub(super) async fn search(self, body: &[u8]) -> Result<Response<Answer>, Refusal> {
        let restriction = match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Ok(Restriction::All),
            Some(b'{') => {
                json::parse(body).map_err(|error| error.detail).and_then(|root| restriction::from_json(&root))
            }
            Some(_) => xml::parse(body).and_then(|root| restriction::from_xml(&root)),
        };
        self.searched(restriction.map_err(Refusal::illegal)?).await
    }

    /// Why nobody logs in here.
    pub(super) async fn login(self) -> Result<Refusal, Refusal> {
        let sight = self.look().await?;
        let user = self.named_user(&sight, self.required("username")?, true).await?;
        Ok(refused_login(&user))
    }

    /// Somebody has logged in elsewhere; he is told of as he is.
    pub(super) async fn notify(self) -> Result<Response<Answer>, Refusal> {
        let sight = self.look().await?;
        let user = self.named_user(&sight, self.required("username")?, true).await?;
        match user.active {
            true => self.whole(self.encoder.user_document(&user, Detail::Record)),
            false => Err(refused_login(&user)),
        }
    }

    /// Why nobody gets a session here. The body names the user, in XML or in JSON.
    pub(super) async fn session(self, body: &[u8]) -> Result<Refusal, Refusal> {
        let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let name = match is_json {
            true => json::parse(body).ok().and_then(|root| Some(root.get("username")?.as_str()?.to_owned())),
            false => xml::parse(body).ok().and_then(|root| Some(root.child("username")?.text.clone())),
        };
        let name = name.ok_or_else(|| Refusal::illegal("the body names no user"))?;
        let sight = self.look().await?;
        let user = self.named_user(&sight, &name, true).await?;
        Ok(refused_login(&user))
    }

    async fn events(self, token: &str) -> Result<Response<Answer>, Refusal> {
        let token = percent_encoding::percent_decode_str(token).decode_utf8_lossy();
        match self.face.sights.since(&self.face.directory, self.application, &token).await? {
            Some((sight, story)) => {
                let encoder = self.encoder.clone();
                self.streamed(sight, encoder, Matter::Events(Box::new(story))).await
            }
            None => {
                let why = "what changed since this token is not known any more; read everything again";
                Err(Refusal::new(Reason::EventTokenExpired, why))
            }
        }
    }

    async fn searched(self, restriction: Restriction) -> Result<Response<Answer>, Refusal> {
        let entity = match self.parameters.text("entity-type").map(str::to_ascii_lowercase).as_deref() {
            Some("user") => Entity::User,
            Some("group") => Entity::Group,
            _ => return Err(Refusal::illegal("'entity-type' is user or group")),
        };
        let (start, max) = self.bounds()?;
        let is_everything = entity == Entity::User && restriction == Restriction::All && max.is_none();
        let sight = match is_everything {
            true => self.face.sights.look_at_all(&self.face.directory, self.application, self.from).await?,
            false => self.look().await?,
        };
        let only = match entity {
            Entity::User => sight.only_user(&restriction),
            Entity::Group => sight.only_group(&restriction),
        };
        let walk = match (only, entity) {
            (Some(only), _) => Walk::Listed(only.into_iter().collect()),
            (None, Entity::User) => Walk::Users(None),
            (None, Entity::Group) => Walk::Groups(None),
        };
        let list = List { entity, walk, restriction, detail: self.detail_of_list(entity), start, max };
        let encoder = self.encoder.clone();
        self.streamed(sight, encoder, Matter::List(list)).await
    }

    async fn groups_of_user(self, depth: Depth) -> Result<Response<Answer>, Refusal> {
        let sight = self.look().await?;
        let name = self.required("username")?;
        let user = sight.index().users.find(name);
        if let Some(group) = self.parameters.text("groupname") {
            let group = sight.index().groups.find(group);
            return self.membership(&sight, Entity::Group, group, user, depth).await;
        }
        let user = user.ok_or_else(|| no_user(name, false))?;
        let groups = sight.groups_of(user, depth).await?;
        self.listed(sight, Entity::Group, Walk::Listed(groups.into())).await
    }

    async fn users_of_group(self, depth: Depth) -> Result<Response<Answer>, Refusal> {
        let sight = self.look().await?;
        let name = self.required("groupname")?;
        let group = sight.index().groups.find(name);
        if let Some(user) = self.parameters.text("username") {
            let user = sight.index().users.find(user);
            return self.membership(&sight, Entity::User, group, user, depth).await;
        }
        let group = group.ok_or_else(|| no_group(name))?;
        let walk = Walk::members(&sight, group, depth);
        self.listed(sight, Entity::User, walk).await
    }

    /// Whether a user is in a group: the one of them that was asked for, by name.
    async fn membership(
        &self,
        sight: &Sight,
        entity: Entity,
        group: Option<Uuid>,
        user: Option<Uuid>,
        depth: Depth,
    ) -> Result<Response<Answer>, Refusal> {
        if let (Some(group), Some(user)) = (group, user)
            && sight.groups_of(user, depth).await?.contains(&group)
        {
            let name = match entity {
                Entity::User => sight.index().users.name(user),
                Entity::Group => sight.index().groups.name(group),
            };
            return self.whole(self.encoder.name_document(entity, name.map_or("", AsRef::as_ref)));
        }
        Err(Refusal::new(Reason::MembershipNotFound, "the user is not in the group"))
    }

    /// The groups above a group, or those in it.
    async fn nested(self, depth: Depth, above: bool) -> Result<Response<Answer>, Refusal> {
        let sight = self.look().await?;
        let name = self.required("groupname")?;
        let group = sight.index().groups.find(name);
        let of = |group| match above {
            true => sight.groups_above(group, depth),
            false => sight.index().below(group, depth),
        };
        let other = if above { "parent-groupname" } else { "child-groupname" };
        if let Some(other) = self.parameters.text(other) {
            let found = sight.index().groups.find(other);
            let is_in = found.is_some_and(|found| group.is_some_and(|group| of(group).contains(&found)));
            return match found.and_then(|found| sight.index().groups.name(found)).filter(|_| is_in) {
                Some(name) => self.whole(self.encoder.name_document(Entity::Group, name)),
                None => Err(Refusal::new(Reason::MembershipNotFound, "the one group is not in the other")),
            };
        }
        let groups: VecDeque<Uuid> = of(group.ok_or_else(|| no_group(name))?).into();
        self.listed(sight, Entity::Group, Walk::Listed(groups)).await
    }

    async fn listed(self, sight: Sight, entity: Entity, walk: Walk) -> Result<Response<Answer>, Refusal> {
        let (start, max) = self.bounds()?;
        let detail = self.detail_of_list(entity);
        let list = List { entity, walk, restriction: Restriction::All, detail, start, max };
        let encoder = self.encoder.clone();
        self.streamed(sight, encoder, Matter::List(list)).await
    }

    async fn streamed(&self, sight: Sight, encoder: Encoder, matter: Matter) -> Result<Response<Answer>, Refusal> {
        let places = self.face.streams.0.clone();
        let busy = || Refusal::busy("too many lists are being made already; come again");
        let pause = Duration::from_millis(limits::CROWD_STREAM_WAIT_MS_MAX);
        let place = tokio::time::timeout(pause, places.acquire_owned()).await.map_err(|_| busy())?;
        let place = place.map_err(|_| busy())?;
        let form = encoder.form;
        let answer = stream::answer(sight, encoder, matter, place).await?;
        Ok(respond::ok(answer, form))
    }

    fn whole(&self, document: Vec<u8>) -> Result<Response<Answer>, Refusal> {
        Ok(respond::ok(Answer::Full(Bytes::from(document)), self.encoder.form))
    }

    async fn look(&self) -> Result<Sight, Error> {
        self.face.sights.look(&self.face.directory, self.application).await
    }

    /// The user that the query names, by name or by key.
    async fn user(&self, sight: &Sight) -> Result<User, Refusal> {
        match self.parameters.text("key") {
            Some(key) if self.parameters.text("username").is_none() => {
                let id = parse_id(key).filter(|id| sight.index().users.shows(*id));
                self.user_of(sight, id.ok_or_else(|| no_user(key, false))?).await
            }
            _ => self.named_user(sight, self.required("username")?, false).await,
        }
    }

    async fn named_user(&self, sight: &Sight, name: &str, is_login: bool) -> Result<User, Refusal> {
        let id = sight.index().users.find(name).ok_or_else(|| no_user(name, is_login))?;
        self.user_of(sight, id).await
    }

    async fn user_of(&self, sight: &Sight, id: Uuid) -> Result<User, Refusal> {
        sight.users(&[id]).await?.pop().ok_or_else(|| vanished().into())
    }

    async fn group(&self, sight: &Sight) -> Result<Group, Refusal> {
        let name = self.required("groupname")?;
        let id = sight.index().groups.find(name).ok_or_else(|| no_group(name))?;
        sight.groups(&[id]).await?.pop().ok_or_else(|| vanished().into())
    }

    fn required(&self, parameter: &str) -> Result<&str, Refusal> {
        let text = self.parameters.text(parameter).filter(|text| !text.is_empty());
        text.ok_or_else(|| Refusal::illegal(format!("the URL has no '{parameter}'")))
    }

    /// Where a list begins and how long it may be; `None`: it has all.
    fn bounds(&self) -> Result<(usize, Option<usize>), Refusal> {
        let start = self.parameters.number("start-index").map_err(Refusal::illegal)?.unwrap_or(0);
        let max = self.parameters.number("max-results").map_err(Refusal::illegal)?;
        let start = usize::try_from(start).map_err(|_| Refusal::illegal("'start-index' is 0 or more"))?;
        let max = match max {
            None => Some(limits::CROWD_RESULTS_DEFAULT),
            Some(-1) => None,
            Some(max) => Some(usize::try_from(max).map_err(|_| Refusal::illegal("'max-results' is -1 or more"))?),
        };
        Ok((start, max))
    }

    fn detail_of_one(&self) -> Detail {
        if self.parameters.expands("attributes") { Detail::Attributes } else { Detail::Record }
    }

    fn detail_of_list(&self, entity: Entity) -> Detail {
        let is_expanded = self.parameters.expands(match entity {
            Entity::User => "user",
            Entity::Group => "group",
        });
        match (is_expanded, self.parameters.expands("attributes")) {
            (_, true) => Detail::Attributes,
            (true, false) => Detail::Record,
            (false, false) => Detail::Name,
        }
    }
}

fn depth(reach: Reach) -> Depth {
    match reach {
        Reach::Direct => Depth::Direct,
        Reach::Nested => Depth::Nested,
    }
}

fn no_user(name: &str, is_login: bool) -> Refusal {
    let message = format!("there is no user '{}'", clip(name));
    match is_login {
        true => Refusal::login(Reason::UserNotFound, message),
        false => Refusal::new(Reason::UserNotFound, message),
    }
}

fn no_group(name: &str) -> Refusal {
    Refusal::new(Reason::GroupNotFound, format!("there is no group '{}'", clip(name)))
}

fn refused_login(user: &User) -> Refusal {
    match user.active {
        true => {
            let why = "passwords are not kept here; users log in with single sign-on at the identity provider";
            Refusal::login(Reason::InvalidUserAuthentication, why)
        }
        false => Refusal::login(Reason::InactiveAccount, "the user is not active"),
    }
}

/// The names and the records are of one moment, so that this does not happen.
fn vanished() -> Error {
    Error::new(Kind::Internal, "a defect: who has a name has no record")
}
