//! Out and in through a client.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use tonic::Code;

use super::super::api::v1::transfer_service_client::TransferServiceClient;
use super::super::api::v1::{ExportTenantRequest, ImportTenantRequest};
use super::super::tests::Plane;
use crate::directory::tests::Fixture;

async fn export(plane: &Plane) -> Vec<u8> {
    let mut client = TransferServiceClient::new(plane.connect().await);
    let mut stream = client.export_tenant(ExportTenantRequest::default()).await.unwrap().into_inner();
    let mut file = Vec::new();
    while let Some(piece) = stream.message().await.unwrap() {
        file.extend(piece.lines);
    }
    file
}

#[tokio::test]
async fn a_tenant_goes_from_one_server_to_another() {
    let site = Fixture::new().await;
    let mut users = Vec::new();
    for n in 0..50 {
        users.push(site.user(&format!("user{n}")).await);
    }
    site.group("all", &users).await;
    let plane = Plane::over(site.directory.clone());
    let file = export(&plane).await;
    plane.end().await;

    let other = Fixture::new().await;
    let plane = Plane::over(other.directory.clone());
    let mut client = TransferServiceClient::new(plane.connect().await);
    let messages: Vec<ImportTenantRequest> = std::iter::once(ImportTenantRequest::default())
        .chain(
            file.chunks(333).map(|data| ImportTenantRequest { data: data.to_vec(), ..ImportTenantRequest::default() }),
        )
        .collect();
    let mut stream = client.import_tenant(tokio_stream::iter(messages)).await.unwrap().into_inner();
    let mut last = None;
    while let Some(progress) = stream.message().await.unwrap() {
        last = Some(progress);
    }
    let last = last.unwrap();
    assert!(last.done && last.failed == 0, "{last:?}");
    assert_eq!((last.created, last.members_added), (51, 50));
    let again = export(&plane).await;
    let rest = |file: &[u8]| file.split_inclusive(|b| *b == b'\n').skip(1).map(<[u8]>::to_vec).collect::<Vec<_>>();
    assert_eq!(rest(&again), rest(&file));
    drop((client, stream));
    plane.end().await;
}

#[tokio::test]
async fn another_file_and_another_tenant_are_refused() {
    let site = Fixture::new().await;
    let plane = Plane::over(site.directory.clone());
    let mut client = TransferServiceClient::new(plane.connect().await);
    let request = ImportTenantRequest { data: b"a,b\n".to_vec(), ..ImportTenantRequest::default() };
    let mut stream = client.import_tenant(tokio_stream::iter([request])).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::InvalidArgument);
    let request = ImportTenantRequest { tenant: "nobody".to_owned(), ..ImportTenantRequest::default() };
    let refused = client.import_tenant(tokio_stream::iter([request])).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    drop((client, stream));
    plane.end().await;
}
