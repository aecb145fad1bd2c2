//! Which resource of the Crowd API a URL is, below either of its two base paths, and what its query says.

use crate::scim::query::decoded;

/// A resource; reading it is all that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `/user`
    User,
    /// `/user/attribute`
    UserAttribute,
    /// `/user/group/direct` and `/user/group/nested`
    UserGroup(Reach),
    /// `/group`
    Group,
    /// `/group/attribute`
    GroupAttribute,
    /// `/group/user/direct` and `/group/user/nested`
    GroupUser(Reach),
    /// `/group/child-group/direct` and `/group/child-group/nested`
    ChildGroup(Reach),
    /// `/group/parent-group/direct` and `/group/parent-group/nested`
    ParentGroup(Reach),
    /// `/group/membership`
    Membership,
    /// `/search`
    Search,
    /// `/authentication`
    Authentication,
    /// `/authentication/notify`
    Notify,
    /// `/session`
    Session,
    /// `/session/{token}`
    SessionToken,
    /// `/event`
    Event,
    /// `/event/{token}`
    EventSince(&'a str),
    /// `/config/cookie`
    Cookie,
    /// `/webhook`
    Webhook,
    /// `/webhook/{id}`
    WebhookId,
    /// What only changes something: passwords, names, mails.
    Change,
    /// Nothing.
    Unknown,
}

/// The last part of the paths of memberships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `direct`
    Direct,
    /// `nested`
    Nested,
}

/// Splits a path into the base path and what comes after it.
pub fn split(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/crowd").unwrap_or(path).strip_prefix("/rest/usermanagement/")?;
    let rest = ["1", "latest"].iter().find_map(|version| rest.strip_prefix(version))?;
    let base = path.get(..path.len() - rest.len())?;
    (rest.is_empty() || rest.starts_with('/')).then_some((base, rest))
}

/// The resource at `rest`; one slash at its end does not matter.
pub fn route(rest: &str) -> Route<'_> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let segments: Vec<&str> = rest.split('/').skip(1).take(5).collect();
    match segments.as_slice() {
        ["user"] => Route::User,
        ["user", "attribute"] => Route::UserAttribute,
        ["user", "group", reach] => self::reach(reach).map_or(Route::Unknown, Route::UserGroup),
        ["user", "rename" | "password" | "expire-all-passwords"] => Route::Change,
        ["user", "mail", "password" | "usernames"] => Route::Change,
        ["group"] => Route::Group,
        ["group", "attribute"] => Route::GroupAttribute,
        ["group", "membership"] => Route::Membership,
        ["group", "user", reach] => self::reach(reach).map_or(Route::Unknown, Route::GroupUser),
        ["group", "child-group", reach] => self::reach(reach).map_or(Route::Unknown, Route::ChildGroup),
        ["group", "parent-group", reach] => self::reach(reach).map_or(Route::Unknown, Route::ParentGroup),
        ["search"] => Route::Search,
        ["authentication"] => Route::Authentication,
        ["authentication", "notify"] => Route::Notify,
        ["session"] => Route::Session,
        ["session", token] if !token.is_empty() => Route::SessionToken,
        ["event"] => Route::Event,
        ["event", token] if !token.is_empty() => Route::EventSince(token),
        ["config", "cookie"] => Route::Cookie,
        ["webhook"] => Route::Webhook,
        ["webhook", id] if !id.is_empty() => Route::WebhookId,
        _ => Route::Unknown,
    }
}

fn reach(text: &str) -> Option<Reach> {
    match text {
        "direct" => Some(Reach::Direct),
        "nested" => Some(Reach::Nested),
        _ => None,
    }
}

impl Route<'_> {
    /// The template of its path, for logs and metrics.
    pub fn template(&self) -> &'static str {
        match self {
            Route::User => "/user",
            Route::UserAttribute => "/user/attribute",
            Route::UserGroup(Reach::Direct) => "/user/group/direct",
            Route::UserGroup(Reach::Nested) => "/user/group/nested",
            Route::Group => "/group",
            Route::GroupAttribute => "/group/attribute",
            Route::GroupUser(Reach::Direct) => "/group/user/direct",
            Route::GroupUser(Reach::Nested) => "/group/user/nested",
            Route::ChildGroup(Reach::Direct) => "/group/child-group/direct",
            Route::ChildGroup(Reach::Nested) => "/group/child-group/nested",
            Route::ParentGroup(Reach::Direct) => "/group/parent-group/direct",
            Route::ParentGroup(Reach::Nested) => "/group/parent-group/nested",
            Route::Membership => "/group/membership",
            Route::Search => "/search",
            Route::Authentication => "/authentication",
            Route::Notify => "/authentication/notify",
            Route::Session => "/session",
            Route::SessionToken => "/session/{token}",
            Route::Event => "/event",
            Route::EventSince(_) => "/event/{token}",
            Route::Cookie => "/config/cookie",
            Route::Webhook => "/webhook",
            Route::WebhookId => "/webhook/{id}",
            Route::Change => "/user/…",
            Route::Unknown => "",
        }
    }
}

/// The parameters of a URL, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query part of a URL, without its `?`.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn read(query: &str) -> Result<Parameters, String> {
        let mut list = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let text = |text| decoded(text).map(std::borrow::Cow::into_owned).map_err(|error| error.detail);
            list.push((text(name)?, text(value)?));
        }
        Ok(Parameters(list))
    }

    /// The first value of a parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a list asks for this to be expanded.
    pub fn expands(&self, what: &str) -> bool {
        let lists = self.0.iter().filter(|(name, _)| name == "expand");
        lists.flat_map(|(_, value)| value.split(',')).any(|word| word.trim() == what)
    }

    /// A whole number that may be left out.
    ///
    /// # Errors
    /// When it is none, as a sentence.
    pub fn number(&self, name: &str) -> Result<Option<i64>, String> {
        match self.text(name).map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => text.parse().map(Some).map_err(|_| format!("'{name}' is a whole number")),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
