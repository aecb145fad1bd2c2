//! Which endpoint a URL is, below `/tenants/{tenant}/scim/v2` (RFC 7644 section 3.2), and which methods it serves.

use crate::scim::schema::{self, ResourceType};

/// An endpoint.
#[derive(Clone, Debug)]
pub enum Route<'a> {
    /// All resource types at once.
    Root,
    /// `/.search`, of one type or of all.
    Search(Option<&'static ResourceType>),
    /// `/Users`
    Collection(&'static ResourceType),
    /// `/Users/{id}`
    Resource(&'static ResourceType, &'a str),
    /// `/ServiceProviderConfig`
    ServiceProviderConfig,
    /// `/ResourceTypes`, or one of them.
    ResourceTypes(Option<&'a str>),
    /// `/Schemas`, or one of them.
    Schemas(Option<&'a str>),
    /// `/Me`
    Me,
    /// `/Bulk`
    Bulk,
    /// Nothing.
    Unknown,
}

/// Splits a path into the tenant's name and what comes after the tenant's base URL.
pub fn split(path: &str) -> Option<(&str, &str)> {
    let (tenant, rest) = path.strip_prefix("/tenants/")?.split_once('/')?;
    let rest = rest.strip_prefix("scim/v2")?;
    (!tenant.is_empty() && (rest.is_empty() || rest.starts_with('/'))).then_some((tenant, rest))
}

/// The protocol version in a path that would be right with another one, such as `v1` (RFC 7644 section 3.13).
pub fn other_version(path: &str) -> Option<&str> {
    let (_, rest) = path.strip_prefix("/tenants/")?.split_once('/')?;
    let version = rest.strip_prefix("scim/")?.split('/').next()?;
    let number = version.strip_prefix('v')?;
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_number && number != "2").then_some(version)
}

/// The endpoint at `rest`; one slash at its end does not matter (quirks, Entra: `/Users/?filter=…`).
pub fn route(rest: &str) -> Route<'_> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let mut segments = rest.strip_prefix('/').unwrap_or(rest).split('/');
    let (first, second, third) = (segments.next().unwrap_or_default(), segments.next(), segments.next());
    if third.is_some() || second.is_some_and(str::is_empty) {
        return Route::Unknown;
    }
    if let Some(resource_type) = types().into_iter().find(|known| known.endpoint.strip_prefix('/') == Some(first)) {
        return match second {
            None => Route::Collection(resource_type),
            Some(".search") => Route::Search(Some(resource_type)),
            Some(id) => Route::Resource(resource_type, id),
        };
    }
    match (first, second) {
        ("", None) => Route::Root,
        (".search", None) => Route::Search(None),
        ("ServiceProviderConfig", None) => Route::ServiceProviderConfig,
        ("ResourceTypes", id) => Route::ResourceTypes(id),
        ("Schemas", id) => Route::Schemas(id),
        ("Me", None) => Route::Me,
        ("Bulk", None) => Route::Bulk,
        _ => Route::Unknown,
    }
}

/// The resource types that are served, in the order of lists over all of them.
pub fn types() -> [&'static ResourceType; 2] {
    [schema::user().as_ref(), schema::group().as_ref()]
}

impl Route<'_> {
    /// The methods that the endpoint serves, as an Allow header has them.
    pub fn allow(&self) -> &'static str {
        match self {
            Route::Root => "GET, HEAD, OPTIONS",
            Route::Search(_) | Route::Bulk => "POST, OPTIONS",
            Route::Collection(_) => "GET, HEAD, POST, OPTIONS",
            Route::Resource(..) => "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
            // What RFC 7644 table 1 lists for it; all of them are answered that it is not served.
            Route::Me => "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
            Route::ServiceProviderConfig | Route::ResourceTypes(_) | Route::Schemas(_) => "GET, HEAD, OPTIONS",
            Route::Unknown => "",
        }
    }

    /// Whether it describes the service and holds nobody's data.
    pub fn is_discovery(&self) -> bool {
        matches!(self, Route::ServiceProviderConfig | Route::ResourceTypes(_) | Route::Schemas(_))
    }
}

#[cfg(test)]
mod tests;
