//! No secret is kept, whatever form it comes in; what is no secret stays as it was.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::directory::token::secret::Secret;

const CANARY: &str = "hunter2-canary";

fn kept(text: &str) -> (String, Fate) {
    let kept = body(&Bytes::copy_from_slice(text.as_bytes()));
    assert_eq!(kept.bytes, Some(text.len() as u64));
    (String::from_utf8(kept.text.to_vec()).unwrap(), kept.fate)
}

#[test]
fn passwords_go_in_every_form() {
    for form in [
        r#"{"userName":"a","password":"CANARY"}"#,
        r#"{"PassWord":"CANARY","active":true}"#,
        r#"{"p\u0061ssword":"CANARY"}"#,
        r#"{"password":["x","CANARY"]}"#,
        r#"{"urn:ietf:params:scim:schemas:core:2.0:User:password":"CANARY"}"#,
        r#"{"Operations":[{"op":"replace","path":"password","value":"CANARY"}]}"#,
        r#"{"Operations":[{"op":"replace","value":"CANARY","Path":"urn:ietf:params:scim:schemas:core:2.0:User:password"}]}"#,
        r#"{"Operations":[{"op":"add","value":{"password":"CANARY"}}]}"#,
    ] {
        let (text, fate) = kept(&form.replace("CANARY", CANARY));
        assert!(!text.contains(CANARY) && text.contains(HIDDEN), "{text}");
        assert_eq!(fate, Fate::WithoutPasswords, "{form}");
    }
}

#[test]
fn other_secrets_go_too() {
    let token = Secret::random().unwrap();
    for form in [
        r#"{"clientSecret":"hunter2-canary"}"#.to_owned(),
        r#"{"apiToken":{"value":"hunter2-canary"}}"#.to_owned(),
        r#"{"filter":"password eq \"hunter2-canary\""}"#.to_owned(),
        r#"{"filter":"password eq hunter2-canary"}"#.to_owned(),
        r#"{"Operations":[{"op":"remove","path":"x[password eq \"hunter2-canary\"]"}]}"#.to_owned(),
        r#"{"roles":[{"value":"{\"secret\":\"hunter2-canary\"}"}]}"#.to_owned(),
        r#"{"note":"token=hunter2-canary"}"#.to_owned(),
        format!(r#"{{"displayName":"mine is {} here"}}"#, token.expose()),
        format!(r#"{{"detail":"no '{}'"}}"#, token.expose()).replace("detail", "title"),
    ] {
        let (text, fate) = kept(&form);
        assert!(!text.contains(CANARY) && !text.contains(token.expose()), "{text}");
        assert_eq!(fate, Fate::WithoutSecrets, "{form}");
    }
}

#[test]
fn what_may_be_a_secret_and_cannot_be_read_is_left_out() {
    let half = r#"{"password":"hunter2-canary"#;
    assert_eq!(kept(half), (String::new(), Fate::LeftOut));
    assert_eq!(kept("password=hunter2-canary&x=y"), (String::new(), Fate::LeftOut));
    let large = format!(r#"{{"a":"{}","password":"hunter2-canary"}}"#, "x".repeat(limits::EXCHANGE_PARSED_BYTES_MAX));
    assert_eq!(kept(&large), (String::new(), Fate::LeftOut));
    // The name comes after the beginning that would be kept.
    let late = format!(r#"{{"value":"hunter2-canary","a":"{}","path":"password"}}"#, "x".repeat(100_000));
    let (text, fate) = kept(&late);
    assert!(!text.contains(CANARY));
    assert_eq!((text.len(), fate), (limits::EXCHANGE_BODY_BYTES_MAX, Fate::Cut));
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        r#"{"userName":"jane@example.com","active":"True"}"#,
        r#"{"displayName":"Secret Service","description":"scim_users and their tokens"}"#,
        r#"{"attributes":["password","userName"]}"#,
        r#"{"password":null}"#,
        r#"{"name":{"familyName":"M\u00fcller"}}"#,
        "no JSON at all",
        "",
    ] {
        let (shown, fate) = kept(text);
        assert_eq!(fate, Fate::Whole, "{text}");
        let values = [&shown[..], text].map(|text| serde_json::from_str::<Value>(text).ok());
        assert!(values[0] == values[1] && (values[0].is_some() || shown == text), "{shown}");
    }
    let error = r#"{"detail":"'password' must be a string","status":"400"}"#;
    assert_eq!(kept(error), (error.to_owned(), Fate::Whole));
    let long = "y".repeat(100_000);
    let (text, fate) = kept(&long);
    assert_eq!((text.len(), fate), (limits::EXCHANGE_BODY_BYTES_MAX, Fate::Cut));
}

#[test]
fn targets_keep_only_what_scim_asks() {
    let token = Secret::random().unwrap();
    let base = "/tenants/a/scim/v2/Users";
    assert_eq!(
        target(base, Some("filter=userName+eq+%22jane%22&startIndex=1&aadOptscim062020")),
        format!("{base}?filter=userName+eq+%22jane%22&startIndex=1&aadOptscim062020")
    );
    let encoded = token.expose().replace('_', "%5F");
    for query in [
        format!("access_token={CANARY}"),
        format!("token={}", token.expose()),
        format!("filter={}", token.expose()),
        format!("filter=x&{}", token.expose()),
        format!("count={encoded}"),
        format!("filter=password+eq+%22{CANARY}%22"),
        format!("filter=pass%77ord%20eq%20{CANARY}"),
        format!("{CANARY}-as-a-name"),
    ] {
        let shown = target(base, Some(&query));
        assert!(!shown.contains(CANARY) && !shown.contains(token.expose()) && !shown.contains(&encoded), "{shown}");
    }
    for segment in [token.expose().to_owned(), encoded] {
        assert_eq!(target(&format!("{base}/{segment}"), None), format!("{base}/***"));
    }
    assert_eq!(target(&format!("{base}/M%C3%BCller"), None), format!("{base}/M%C3%BCller"));
    assert!(target(base, Some(&format!("filter={}", "z".repeat(9_000)))).ends_with('…'));
}

#[test]
fn headers_are_short_and_hold_no_token() {
    let token = Secret::random().unwrap();
    assert_eq!(header("Okta SCIM Client 1.0.0"), "Okta SCIM Client 1.0.0");
    assert_eq!(header(&format!("agent {} x", token.expose())), "agent scim_*** x");
    assert!(header(&"ü".repeat(1_000)).len() <= limits::EXCHANGE_HEADER_BYTES_MAX + 3);
}
