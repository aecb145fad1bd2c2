//! Who a request is from: one bearer token in one Authorization header (RFC 6750 section 2.1), looked at before anything else.
//! Every failure is the same to the client, whatever its reason.

use super::route;
use crate::directory::Directory;
use crate::directory::tenant::{self, Tenant};
use crate::directory::token::{self, Access, Denied};
use crate::scim::errors::Error;
use crate::scim::schema::types::Types;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Method};
use std::net::IpAddr;
use std::sync::Arc;

/// Who is let in, and where to.
#[derive(Clone)]
pub enum Admitted {
    /// The holder of a token.
    Token(Access),
    /// Anybody: it is discovery, which the tenant allows without a token.
    Anybody(Arc<Tenant>),
}

impl Admitted {
    /// The tenant.
    pub fn tenant(&self) -> &Arc<Tenant> {
        match self {
            Admitted::Token(access) => &access.tenant,
            Admitted::Anybody(tenant) => tenant,
        }
    }

    /// The token's id; empty without a token.
    pub fn token(&self) -> &str {
        match self {
            Admitted::Token(access) => &access.key_id,
            Admitted::Anybody(_) => "",
        }
    }
}

/// Lets the request in to the tenant that its path names, or does not.
pub async fn admit(
    directory: &Directory,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    from: IpAddr,
) -> Result<Result<Admitted, Denied>, Error> {
    let Some(bearer) = bearer(headers) else { return without_token(directory, method, path, headers).await };
    Ok(match token::check(directory, bearer, from).await? {
        Ok(access) if route::split(path).is_some_and(|(name, _)| name != access.tenant.name) => {
            Err(Denied::OtherTenant)
        }
        Ok(access) => Ok(Admitted::Token(access)),
        Err(denied) => Err(denied),
    })
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
) -> Result<Result<Admitted, Denied>, Error> {
    let Some((name, rest)) = route::split(path) else { return Ok(Err(Denied::Missing)) };
    let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    if !is_read || !route::route(Types::builtin(), rest).is_discovery() || headers.contains_key(AUTHORIZATION) {
        return Ok(Err(Denied::Missing));
    }
    let tenant = tenant::find(directory, name).await?;
    let open = tenant.filter(|tenant| tenant.discovery_without_token && tenant.is_open);
    Ok(open.map(Admitted::Anybody).ok_or(Denied::Missing))
}
