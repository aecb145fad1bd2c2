//! The discovery documents as answers (RFC 7644 section 4): what this server and this tenant can do. The documents themselves are made by
//! `scim/discovery.rs`.

use super::nothing_here;
use crate::directory::answer::Content;
use crate::directory::tenant::Tenant;
use crate::limits;
use crate::scim::discovery::{self, Announcement};
use crate::scim::errors::{Error, Kind};
use crate::scim::query;
use crate::server::body::Answer;
use crate::server::respond::{self, Headers, Media};
use crate::server::route::Route;
use hyper::Response;

/// One of the documents: a filter is refused, every other parameter ignored.
pub(super) fn describe(
    route: &Route<'_>,
    query_text: &str,
    base: &str,
    (media, tenant): (Media, &Tenant),
) -> Result<Response<Answer>, Error> {
    if query::has(query_text, "filter") {
        return Err(Error::new(Kind::Forbidden, "discovery endpoints cannot be filtered"));
    }
    let types = tenant.types.all();
    let named = |found: Option<serde_json::Value>| found.ok_or_else(nothing_here);
    let document = match route {
        Route::ResourceTypes(None) => discovery::resource_type_list(types, base),
        Route::ResourceTypes(Some(id)) => {
            let found = types.iter().find(|known| known.id == *id);
            named(found.map(|found| discovery::resource_type_document(found, base)))?
        }
        Route::Schemas(None) => discovery::schema_list(types, base),
        Route::Schemas(Some(urn)) => {
            let all = discovery::schemas(types);
            let found = all.into_iter().find(|known| known.id.eq_ignore_ascii_case(urn));
            named(found.map(|found| discovery::schema_document(found, base)))?
        }
        _ => discovery::service_provider_config(&announcement(tenant), base),
    };
    Ok(respond::ok(Content::Whole(document.to_string().into_bytes()), &Headers::default(), media))
}

fn announcement(tenant: &Tenant) -> Announcement {
    Announcement {
        documentation_uri: None,
        filter_results_max: limits::PAGE_MAX as u64,
        bulk_supported: true,
        // authentik sizes its PATCH requests by this too (quirks, authentik 1).
        bulk_operations_max: limits::BULK_OPERATIONS_MAX as u64,
        bulk_payload_bytes_max: limits::REQUEST_BODY_BYTES_MAX as u64,
        sort_supported: true,
        async_announced: tenant.dialect.announces_async,
        etag_supported: true,
        page_max: limits::PAGE_MAX as u64,
        cursor_s_max: u64::from(limits::CURSOR_S_MAX),
    }
}
