//! The fakes themselves, where other tests rely on them: over HTTP, with credentials.

use super::fake::{Fake, SECRET};
use super::fake_jira::Jira;
use scimd::outbound::client::{Ask, Client, Trust};
use std::time::Duration;

#[tokio::test]
async fn a_fake_answers_over_http() {
    let server = Fake::spawn(Jira::default()).await;
    server.fake.state().seed("Charlie", "Charlie Brown", "charlie@example.com");
    let ask = Ask {
        method: "GET",
        path: "/rest/api/2/user?username=charlie",
        headers: &[],
        authorized: true,
        body: None,
        answer_bytes_max: 65_536,
    };
    let mut stranger = Client::new(&server.base, &Trust::System, Some("other"), Duration::from_secs(10)).unwrap();
    assert_eq!(stranger.send(&ask).await.unwrap().status, 401);
    let mut client = Client::new(&server.base, &Trust::System, Some(SECRET), Duration::from_secs(10)).unwrap();
    let answer = client.send(&ask).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(String::from_utf8_lossy(&answer.body).contains("JIRAUSER10001"));
    server.fake.gate().down = true;
    assert!(client.send(&ask).await.is_err());
    assert_eq!(server.fake.gate().calls.len(), 3);
}
