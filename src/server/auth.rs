//! Who a request is from: one bearer token in one Authorization header (RFC 6750 section 2.1), looked at before anything else.
//! Every failure is the same to the client, whatever its reason.

use super::route;
use crate::directory::Directory;
use crate::directory::tenant::{self, Tenant};
use crate::directory::token;
use crate::scim::errors::Error;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Method};

/// Who is let in, and where to.
pub struct Admitted {
    /// The tenant.
    pub tenant: Tenant,
    /// The token's id; empty for discovery without a token.
    pub token: String,
}

/// Lets the request in to the tenant that its path names, or does not.
pub async fn admit(
    directory: &Directory,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Option<Admitted>, Error> {
    let Some(bearer) = bearer(headers) else { return without_token(directory, method, path, headers).await };
    let Some(access) = token::check(directory, bearer).await? else { return Ok(None) };
    let is_here = route::split(path).is_none_or(|(name, _)| name == access.tenant.name);
    Ok(is_here.then_some(Admitted { tenant: access.tenant, token: access.key_id }))
}

/// The token of a request with exactly one Authorization header of the form `Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (values.next()?, values.next());
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let is_bearer = more.is_none() && scheme.eq_ignore_ascii_case("Bearer");
    let token = token.trim();
    (is_bearer && !token.is_empty() && !token.contains(' ')).then_some(token)
}

/// Discovery, where the tenant allows it to anybody.
async fn without_token(
    directory: &Directory,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Option<Admitted>, Error> {
    let Some((name, rest)) = route::split(path) else { return Ok(None) };
    let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    if !is_read || !route::route(rest).is_discovery() || headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let tenant = tenant::find(directory, name).await?.filter(|tenant| tenant.discovery_without_token);
    Ok(tenant.map(|tenant| Admitted { tenant, token: String::new() }))
}
