//! `ProfileService`: profiles as messages, with what a tenant answers for itself and how often each quirk was met.

use tonic::{Request, Response, Status};

use super::api::v1::profile_service_server::ProfileService;
use super::api::v1::{
    GetProfileRequest, GetProfileResponse, ListProfilesRequest, ListProfilesResponse, Profile, Quirk as Answer,
    SchemaAlias,
};
use super::{AdminState, refusal, wire};
use crate::directory::refused::{Noun, Refused};
use crate::directory::tenant;
use crate::directory::tenant::settings;
use crate::profile::{self, quirk, source};
use crate::scim::dialect::{Dialect, Quirk, Stance};

#[tonic::async_trait]
impl ProfileService for AdminState {
    async fn list_profiles(
        &self,
        _request: Request<ListProfilesRequest>,
    ) -> Result<Response<ListProfilesResponse>, Status> {
        let profiles = profile::ALL.into_iter().map(head).collect();
        Ok(Response::new(ListProfilesResponse { profiles }))
    }

    async fn get_profile(&self, request: Request<GetProfileRequest>) -> Result<Response<GetProfileResponse>, Status> {
        let GetProfileRequest { name, tenant } = request.into_inner();
        let tenant = if name.is_empty() { wire::tenant(&tenant).to_owned() } else { tenant };
        let (name, overrides) = match tenant.as_str() {
            "" => (name, Vec::new()),
            tenant => {
                let settings = settings::get(&self.directory, tenant).await.map_err(refusal::status)?.settings;
                let overrides = tenant::overrides(&settings);
                (if name.is_empty() { settings.profile } else { name }, overrides)
            }
        };
        let no_profile = || refusal::status(Refused::NotFound(Noun::Profile, crate::scim::errors::clip(&name)));
        let dialect = profile::by_name(&name).ok_or_else(no_profile)?;
        let effective = profile::with(dialect, &overrides);
        let answer = |quirk: Quirk| {
            let count = |stance| match tenant.as_str() {
                "" => 0,
                tenant => i64::try_from(self.metrics.quirk_uses(tenant, quirk, stance)).unwrap_or(i64::MAX),
            };
            Answer {
                name: quirk.name().to_owned(),
                description: quirk::description(quirk).to_owned(),
                rfc: quirk::rfc(quirk).to_owned(),
                stance: wire::stance(effective.stance(quirk)).into(),
                profile_stance: wire::stance(dialect.stance(quirk)).into(),
                overridden: overrides.iter().any(|(other, _)| *other == quirk),
                source: source::cited(dialect.name, quirk.name()),
                accepted_count: count(Stance::Accept),
                warned_count: count(Stance::Warn),
                refused_count: count(Stance::Refuse),
            }
        };
        let alias = |(alias, meaning): &(&str, &str)| SchemaAlias {
            alias: (*alias).to_owned(),
            meaning: (*meaning).to_owned(),
        };
        let profile = Profile {
            quirks: Quirk::ALL.into_iter().map(answer).collect(),
            schema_aliases: effective.schema_aliases.iter().map(alias).collect(),
            sources: source::listed(dialect.name),
            ..head(dialect)
        };
        Ok(Response::new(GetProfileResponse { profile: Some(profile), tenant }))
    }
}

fn head(dialect: &Dialect) -> Profile {
    let accepted = Quirk::ALL.into_iter().filter(|quirk| dialect.stance(*quirk) != Stance::Refuse).count();
    Profile {
        name: dialect.name.to_owned(),
        title: dialect.title.to_owned(),
        unique_group_names: dialect.unique_group_names,
        unique_external_ids: dialect.unique_external_ids,
        members_in_answers: dialect.members_in_answers,
        accepted_quirk_count: i32::try_from(accepted).unwrap_or(i32::MAX),
        ..Profile::default()
    }
}
