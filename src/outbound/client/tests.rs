//! The client against small servers: kept connections, limits, and what it refuses to do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(30);

/// A server that answers the n-th request of all with the n-th text, and closes the connection after each text that says so.
async fn server(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/scim/v2/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut seen, mut answers) = (Vec::new(), answers.into_iter().peekable());
        while answers.peek().is_some() {
            let (mut tcp, _) = listener.accept().await.unwrap();
            for answer in answers.by_ref() {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(tcp.read_u8().await.unwrap());
                }
                seen.push(String::from_utf8(request).unwrap());
                tcp.write_all(answer.as_bytes()).await.unwrap();
                if answer.contains("onnection: close") {
                    break;
                }
            }
        }
        seen
    });
    (base, task)
}

fn ask(path: &str) -> Ask<'_> {
    Ask { method: "GET", path, headers: &[], authorized: true, body: None, answer_bytes_max: 1024 * 1024 }
}

#[tokio::test]
async fn a_connection_is_kept_and_made_anew() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Y: z\r\n\r\n{}".to_owned();
    let last = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
    let (base, task) = server(vec![whole.clone(), last, whole]).await;
    let mut client = Client::new(&base, &Trust::System, Some("t0ken"), PATIENCE).unwrap();
    let answer = client.send(&ask("/Users?x=%20")).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"{}"[..]));
    assert!(answer.headers.contains(&("x-y".to_owned(), "z".to_owned())));
    assert_eq!(client.send(&ask("/Users/1")).await.unwrap().status, 404);
    let bare = Ask { authorized: false, ..ask("/Users/2") };
    assert_eq!(client.send(&bare).await.unwrap().status, 200);
    let seen = task.await.unwrap();
    assert!(seen[0].starts_with("GET /scim/v2/Users?x=%20 HTTP/1.1\r\n"), "{}", seen[0]);
    assert!(seen[0].contains("authorization: Bearer t0ken\r\n") && !seen[2].contains("uthorization"));
    assert!(!format!("{client:?}").contains("t0ken"));
}

#[tokio::test]
async fn an_answer_has_a_limit() {
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", usize::MAX / 4);
    let (base, _task) = server(vec![head]).await;
    let mut client = Client::new(&base, &Trust::System, None, PATIENCE).unwrap();
    let failed = client.send(&ask("/")).await.unwrap_err();
    assert!(matches!(failed, Error::TooLarge(_) | Error::Broken(_)), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn patience_has_a_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let mut client = Client::new(&base, &Trust::System, None, PATIENCE).unwrap();
    assert!(matches!(client.send(&ask("/Users")).await, Err(Error::Timeout(PATIENCE))));
}

#[tokio::test]
async fn nobody_there_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut client = Client::new(&base, &Trust::System, None, PATIENCE).unwrap();
    assert!(matches!(client.send(&ask("/Users")).await, Err(Error::Connect(..))));
}

#[test]
fn what_cannot_be_asked_is_refused_before() {
    let refused = |url: &str| Client::new(url, &Trust::System, None, PATIENCE).unwrap_err().to_string();
    assert!(refused("http://scim.example.com/v2").contains("in the clear"));
    assert!(refused("ftp://127.0.0.1/").contains("neither https:// nor http://"));
    assert!(refused("/scim/v2").contains("is not a URL"));
    assert!(!refused("https://user:secret@example.com/").contains("secret"));
    for here in ["http://localhost:1/v2", "http://127.0.0.9", "http://[::1]:8080/v2"] {
        assert!(Client::new(here, &Trust::System, None, PATIENCE).is_ok(), "{here}");
    }
    let token = Client::new("http://localhost", &Trust::System, Some("a\nb"), PATIENCE).unwrap_err();
    assert!(matches!(token, Error::Token));
    let missing = Trust::File(PathBuf::from("/nowhere/ca.pem"));
    assert!(matches!(Client::new("https://localhost", &missing, None, PATIENCE), Err(Error::Authorities { .. })));
}
