//! Sorting (RFC 7644 section 3.4.2.3): by index and by records alike, with the RFC's rules for missing, several and case-insensitive values.

use super::{Site, kind_of, percent_encode, texts};
use scimd::scim::errors::Kind;
use scimd::scim::schema::{group, user};
use scimd::store::Store;
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The names (`userName` or `displayName`) in the order of a list.
fn names(list: &Value) -> Vec<String> {
    let name = |each: &Value| each.get("userName").or(each.get("displayName")).unwrap().as_str().unwrap().to_owned();
    list["Resources"].as_array().unwrap().iter().map(name).collect()
}

async fn site() -> Site {
    let site = Site::new(Store::memory()).await;
    let users = [
        json!({"userName": "d", "externalId": "b", "active": true, "name": {"familyName": "Ägir"}}),
        json!({"userName": "B", "externalId": "B", "displayName": "zoe", "active": false}),
        json!({"userName": "a", "displayName": "Zoe", "emails": [{"value": "x@z.test"}, {"value": "b@z.test"}]}),
        json!({"userName": "C", "externalId": "a", "displayName": "ann", "name": {"familyName": "Zed"}}),
        json!({"userName": "é", "emails": [{"value": "y@z.test"}, {"value": "a@z.test", "primary": true}]}),
        json!({"userName": "e", "active": true, (ENTERPRISE): {"department": "Sales"}, "name": {"familyName": "zed"}}),
    ];
    for body in users {
        site.post(user(), body).await.unwrap();
    }
    site
}

#[tokio::test]
async fn the_order_is_that_of_the_values() {
    let site = site().await;
    let rows = [
        ("userName", ["a", "B", "C", "d", "e", "é"], ["é", "e", "d", "C", "B", "a"]),
        // Missing values come last, or first; equal ones in the order of creation, whichever way.
        ("displayName", ["C", "B", "a", "d", "é", "e"], ["d", "é", "e", "B", "a", "C"]),
        ("externalId", ["B", "C", "d", "a", "é", "e"], ["a", "é", "e", "d", "C", "B"]),
        ("active", ["B", "d", "e", "a", "C", "é"], ["a", "C", "é", "d", "e", "B"]),
        ("name.familyName", ["C", "e", "d", "B", "a", "é"], ["B", "a", "é", "d", "C", "e"]),
        ("emails", ["é", "a", "d", "B", "C", "e"], ["d", "B", "C", "e", "a", "é"]),
        ("emails.value", ["é", "a", "d", "B", "C", "e"], ["d", "B", "C", "e", "a", "é"]),
        ("EMAILS.VALUE", ["é", "a", "d", "B", "C", "e"], ["d", "B", "C", "e", "a", "é"]),
        ("id", ["d", "B", "a", "C", "é", "e"], ["e", "é", "C", "a", "B", "d"]),
        ("meta.created", ["d", "B", "a", "C", "é", "e"], ["", "", "", "", "", ""]),
        (&format!("{ENTERPRISE}:department"), ["e", "d", "B", "a", "C", "é"], ["d", "B", "a", "C", "é", "e"]),
        ("title", ["d", "B", "a", "C", "é", "e"], ["d", "B", "a", "C", "é", "e"]),
        ("groups", ["d", "B", "a", "C", "é", "e"], ["d", "B", "a", "C", "é", "e"]),
    ];
    // The same by an index and, because of the filter, from the records.
    for filter in ["", &percent_encode("id pr"), &percent_encode("userName pr and meta.resourceType eq \"User\"")] {
        let filter = if filter.is_empty() { String::new() } else { format!("&filter={filter}") };
        for (by, ascending, descending) in &rows {
            let up = site.list(user(), &format!("sortBy={by}{filter}")).await.unwrap();
            assert_eq!(names(&up), ascending, "{by}{filter}");
            if !descending[0].is_empty() {
                let down = site.list(user(), &format!("sortBy={by}&sortOrder=descending{filter}")).await.unwrap();
                assert_eq!(names(&down), descending, "{by}{filter}, descending");
            }
            let page = site.list(user(), &format!("sortBy={by}{filter}&startIndex=3&count=2")).await.unwrap();
            assert_eq!(names(&page), ascending[2..4], "{by}{filter}");
            assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(6), &json!(3)));
            let beyond = site.list(user(), &format!("sortBy={by}{filter}&startIndex=7")).await.unwrap();
            assert_eq!((names(&beyond).len(), &beyond["totalResults"]), (0, &json!(6)), "{by}{filter}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sorted_by_is_refused() {
    let site = site().await;
    for by in ["nobody", "name", "password", "emails.nobody", "urn:x:y", "user name", "emails[type eq \"work\"].value"]
    {
        let query = format!("sortBy={}", percent_encode(by));
        assert_eq!(kind_of(site.list(user(), &query).await), Kind::InvalidValue, "{by}");
    }
    // Over several types it is enough that one has the attribute.
    assert!(site.list_all(&[user(), group()], "sortBy=userName").await.is_ok());
    assert_eq!(kind_of(site.list_all(&[user(), group()], "sortBy=nobody").await), Kind::InvalidValue);
}

#[tokio::test]
async fn several_types_are_sorted_together() {
    let site = site().await;
    for name in ["Bee", "zoe", "0"] {
        site.group(name, &[]).await;
    }
    let list = site.list_all(&[user(), group()], "sortBy=displayName").await.unwrap();
    assert_eq!(names(&list), ["0", "C", "Bee", "B", "a", "zoe", "d", "é", "e"]);
    let list = site.list_all(&[user(), group()], "sortBy=userName&count=7").await.unwrap();
    assert_eq!(names(&list), ["a", "B", "C", "d", "e", "é", "Bee"]);
}

/// Long values stand in indexes as their start and a hash.
#[tokio::test]
async fn long_values_have_one_order() {
    let site = Site::new(Store::memory()).await;
    let long = "x".repeat(199);
    for n in 0..20 {
        let name = format!("{long}{}", ["", "y", "z", "yy", "zz"][n % 5].repeat(n / 5 + 1));
        site.post(user(), json!({"userName": format!("{name}{n}"), "displayName": name})).await.unwrap();
    }
    for by in ["userName", "displayName"] {
        let index = texts(&site.list(user(), &format!("sortBy={by}")).await.unwrap()["Resources"], "id");
        let records = site.list(user(), &format!("sortBy={by}&filter={}", percent_encode("id pr"))).await.unwrap();
        assert_eq!(texts(&records["Resources"], "id"), index, "{by}");
        let back = site.list(user(), &format!("sortBy={by}&sortOrder=descending")).await.unwrap();
        let mut back = texts(&back["Resources"], "id");
        if by == "userName" {
            back.reverse();
            assert_eq!(back, index, "{by}");
        }
    }
}
