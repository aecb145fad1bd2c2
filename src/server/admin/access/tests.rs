//! The decision about a call: every method has a role, and nobody does more than his own allows.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use prost::Message;
use prost_types::FileDescriptorSet;
use tonic_types::StatusExt;

use super::*;
use crate::clock::Clock;
use crate::server::admin::api;
use crate::store::Store;

const OWNER: u32 = 1_000;

fn policy() -> Policy {
    Policy { directory: Arc::new(Directory::new(Store::memory(), Clock::System)), owner: OWNER, roles: Vec::new() }
}

fn all_methods() -> BTreeSet<String> {
    let sets = [
        api::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let mut methods = BTreeSet::new();
    for file in sets.into_iter().flat_map(|set| FileDescriptorSet::decode(set).unwrap().file) {
        for service in &file.service {
            for method in &service.method {
                methods.insert(format!("{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    methods
}

#[test]
fn every_method_has_a_role_and_every_row_a_method() {
    let rows: BTreeSet<String> = LEAST.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rows.len(), LEAST.len(), "a row is there twice");
    assert_eq!(all_methods(), rows);
}

#[tokio::test]
async fn only_the_owner_and_root_may_use_the_socket() {
    let method = "/scimd.admin.v1.ServerService/GetVersion";
    for (uid, name) in [(OWNER, "socket:1000"), (0, "socket:0")] {
        let caller = authorise(&policy(), method, Some(&Peer::User(Some(uid)))).await.unwrap();
        assert_eq!(
            caller,
            Caller { admin: Admin { name: name.to_owned(), address: String::new() }, role: Role::Admin }
        );
    }
    for stranger in [Some(OWNER + 1), Some(u32::MAX), None] {
        let refused = authorise(&policy(), method, Some(&Peer::User(stranger))).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert_eq!(refused.get_error_details().error_info().unwrap().reason, "ROLE_REQUIRED");
    }
    let refused = authorise(&policy(), method, None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn each_role_may_what_the_ones_before_it_may() {
    let roles = [Role::Viewer, Role::Operator, Role::Admin];
    for role in roles {
        let mut policy = policy();
        policy.roles = vec![("CN=a".parse().unwrap(), role)];
        let holder = Holder {
            address: "192.0.2.1".parse().unwrap(),
            authority: Authority::External(Some("CN=a".parse().unwrap())),
            fingerprint: [0; 32],
            not_after_ms: i64::MAX,
        };
        let peer = Peer::Holder(Arc::new(holder));
        for (name, needed) in LEAST {
            let allowed = authorise(&policy, &format!("/{name}"), Some(&peer)).await;
            assert_eq!(allowed.is_ok(), role >= *needed, "{name} as {role:?}");
        }
        for unknown in ["", "/", "/scimd.admin.v1.ServerService/", "scimd.admin.v1.ServerService/GetVersion"] {
            let refused = authorise(&policy, unknown, Some(&peer)).await.unwrap_err();
            assert_eq!(refused.code(), Code::Unimplemented, "{unknown}");
        }
    }
}

/// A service that answers when its time has come, which it never does.
#[derive(Clone)]
struct Slow;

impl Service<Request<Body>> for Slow {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Pending<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        std::future::pending()
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_ends_at_its_deadline() {
    let mut gated = Gate::new(policy()).layer(Slow);
    for timeout in ["1H", "2M", "3S", "100m", "5u", "7n", "0S"] {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = "/scimd.admin.v1.ServerService/GetVersion".parse().unwrap();
        request.headers_mut().insert("grpc-timeout", timeout.parse().unwrap());
        request.extensions_mut().insert(Peer::User(Some(OWNER)));
        let answer = gated.call(request).await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], "4", "{timeout}");
    }
    // What is no timeout is no deadline.
    for timeout in ["", "S", "1", "-1S", "123456789S", "1x", "1.5S"] {
        let mut headers = hyper::HeaderMap::new();
        headers.insert("grpc-timeout", timeout.parse().unwrap());
        assert_eq!(deadline::of(&headers), None, "{timeout}");
    }
    let mut headers = hyper::HeaderMap::new();
    headers.insert("grpc-timeout", "3S".parse().unwrap());
    assert_eq!(deadline::of(&headers), Some(tokio::time::Instant::now() + Duration::from_secs(3)));
}

#[test]
fn a_viewer_has_no_call_that_shows_personal_values_unmasked() {
    let services = ["ResourceService", "TransferService", "BackupService", "AuditService"];
    let of = |name: &str| services.iter().any(|service| name.starts_with(&format!("scimd.admin.v1.{service}/")));
    let open: Vec<&str> =
        LEAST.iter().filter(|(name, role)| of(name) && *role < Role::Operator).map(|row| row.0).collect();
    assert!(open.is_empty(), "{open:?}");
}
