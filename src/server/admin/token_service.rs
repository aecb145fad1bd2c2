//! `TokenService`: tokens as messages. What a token is and may be is the directory's.

use tonic::{Request, Response, Status};

use super::access::caller;
use super::api::v1::token_service_server::TokenService;
use super::api::v1::{
    CreateTokenRequest, CreateTokenResponse, GetTokenRequest, GetTokenResponse, ListTokensRequest, ListTokensResponse,
    RevokeTokenRequest, RevokeTokenResponse, RotateTokenRequest, RotateTokenResponse, Token, TokenScope, TokenState,
};
use super::{AdminState, refusal, wire};
use crate::directory::network::Network;
use crate::directory::token::issue::{self, Made, Rotation, Shown, Wanted};

#[tonic::async_trait]
impl TokenService for AdminState {
    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenResponse>, Status> {
        let admin = caller(&request);
        let request = request.into_inner();
        let wanted = Wanted {
            read_only: is_read_only(request.scope)?,
            lifetime_ms: request.ttl.as_ref().map(|ttl| wire::duration_ms("ttl", ttl)).transpose()?,
            networks: networks(&request.allowed_networks)?,
            name: request.name,
            description: request.description,
            requests_per_s_max: request.requests_per_second_max,
        };
        let made = issue::create(&self.directory, &admin, wire::tenant(&request.tenant), &wanted).await;
        let (shown, secret, created) = match made.map_err(refusal::status)? {
            Made::New(shown, secret) => (shown, secret.expose().to_owned(), true),
            Made::There(shown) => (shown, String::new(), false),
        };
        Ok(Response::new(CreateTokenResponse { token: Some(self.token(shown)), secret, created }))
    }

    async fn list_tokens(&self, request: Request<ListTokensRequest>) -> Result<Response<ListTokensResponse>, Status> {
        let request = request.into_inner();
        let (limit, after) = wire::page::<Vec<u8>>(request.page_size, &request.page_token)?;
        let tenant = wire::tenant(&request.tenant);
        let listed = issue::list(&self.directory, tenant, after.as_deref(), limit).await.map_err(refusal::status)?;
        Ok(Response::new(ListTokensResponse {
            tokens: listed.tokens.into_iter().map(|shown| self.token(shown)).collect(),
            next_page_token: wire::next_page(listed.next),
        }))
    }

    async fn get_token(&self, request: Request<GetTokenRequest>) -> Result<Response<GetTokenResponse>, Status> {
        let id = request.into_inner().id;
        let shown = issue::get(&self.directory, &id).await.map_err(refusal::status)?;
        Ok(Response::new(GetTokenResponse { token: Some(self.token(shown)) }))
    }

    async fn rotate_token(
        &self,
        request: Request<RotateTokenRequest>,
    ) -> Result<Response<RotateTokenResponse>, Status> {
        let admin = caller(&request);
        let request = request.into_inner();
        let ms = |name, duration: &Option<prost_types::Duration>| {
            duration.as_ref().map(|duration| wire::duration_ms(name, duration)).transpose()
        };
        let rotation = Rotation {
            overlap_ms: ms("overlap", &request.overlap)?,
            retire_after_use_ms: ms("retire_after_use", &request.retire_after_use)?,
            lifetime_ms: ms("ttl", &request.ttl)?,
        };
        let rotated = issue::rotate(&self.directory, &admin, &request.id, &rotation).await;
        let (new, secret, old) = rotated.map_err(refusal::status)?;
        Ok(Response::new(RotateTokenResponse {
            token: Some(self.token(new)),
            secret: secret.expose().to_owned(),
            replaced: Some(self.token(old)),
        }))
    }

    async fn revoke_token(
        &self,
        request: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenResponse>, Status> {
        let admin = caller(&request);
        let id = request.into_inner().id;
        let shown = issue::revoke(&self.directory, &admin, &id).await.map_err(refusal::status)?;
        Ok(Response::new(RevokeTokenResponse { token: Some(self.token(shown)) }))
    }
}

impl AdminState {
    fn token(&self, shown: Shown) -> Token {
        let Shown { key_id, tenant, token, used } = shown;
        let now_ms = self.directory.clock().now_ms();
        let state = match (token.revoked_ms, token.expires_ms, &token.replaced_by) {
            (Some(_), ..) => TokenState::Revoked,
            (None, Some(end), _) if end <= now_ms => TokenState::Expired,
            (None, _, Some(_)) => TokenState::Retiring,
            (None, _, None) => TokenState::Active,
        };
        let scope = if token.read_only { TokenScope::ReadOnly } else { TokenScope::Full };
        Token {
            prefix: issue::prefix(&key_id),
            id: key_id,
            tenant,
            name: token.name,
            description: token.description,
            scope: scope.into(),
            allowed_networks: token.networks.iter().map(ToString::to_string).collect(),
            requests_per_second_max: token.requests_per_s_max,
            state: state.into(),
            create_time: Some(wire::time(token.created_ms)),
            expire_time: token.expires_ms.map(wire::time),
            revoke_time: token.revoked_ms.map(wire::time),
            first_use_time: used.as_ref().map(|used| wire::time(used.first_ms)),
            last_use_time: used.as_ref().map(|used| wire::time(used.last_ms)),
            last_use_address: used.map(|used| used.address).unwrap_or_default(),
            replaced_by: token.replaced_by.unwrap_or_default(),
            replaces: token.replaces.unwrap_or_default(),
        }
    }
}

fn is_read_only(scope: i32) -> Result<bool, Status> {
    match TokenScope::try_from(scope) {
        Ok(TokenScope::Unspecified | TokenScope::Full) => Ok(false),
        Ok(TokenScope::ReadOnly) => Ok(true),
        Err(_) => Err(refusal::field("scope", "it is none of the values that there are")),
    }
}

fn networks(texts: &[String]) -> Result<Vec<Network>, Status> {
    texts.iter().map(|text| text.parse().map_err(|why: String| refusal::field("allowed_networks", why))).collect()
}
