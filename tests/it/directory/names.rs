//! Uniqueness and finding: one name, one resource, however it is spelled and whoever asks at the same time.

use super::{Site, kind_of, percent_encode, texts};
use scimd::scim::errors::Kind;
use scimd::scim::schema::{self, group, user};
use scimd::store::Store;
use serde_json::json;

/// Two concurrent POSTs made two users in some servers and a 500 in others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_a_name_one_gets_it() {
    let site = Site::new(Store::memory()).await;
    for round in 0..300 {
        let tasks: Vec<_> = (0..64)
            .map(|n| {
                let site = site.clone();
                let name = format!("Someone{round}@example.test");
                let name = if n % 2 == 0 { name.to_uppercase() } else { name };
                tokio::spawn(
                    async move { site.post(user(), json!({"schemas": [schema::USER], "userName": name})).await },
                )
            })
            .collect();
        let mut made = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error.kind, Kind::Uniqueness, "{error}"),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(site.find(user(), &format!("userName eq \"someone{round}@EXAMPLE.test\"")).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_rename_themselves_to_one_name_one_does() {
    let site = Site::new(Store::memory()).await;
    let mut ids = Vec::new();
    for n in 0..32 {
        ids.push(site.user(&format!("user{n}")).await);
    }
    let tasks: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            let (site, id) = (site.clone(), id.clone());
            tokio::spawn(async move {
                match n % 2 {
                    0 => {
                        let rename = json!([{"op": "replace", "path": "userName", "value": "Star"}]);
                        site.patch(user(), &id, rename, None).await
                    }
                    _ => site.put(user(), &id, json!({"userName": "STAR"}), None).await.map(|_| ()),
                }
            })
        })
        .collect();
    let mut renamed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => renamed += 1,
            Err(error) => assert_eq!(error.kind, Kind::Uniqueness, "{error}"),
        }
    }
    assert_eq!(renamed, 1);
    assert_eq!(site.find(user(), "userName eq \"star\"").await.len(), 1);
    assert_eq!(site.find(user(), "userName sw \"user\"").await.len(), 31);
    site.agrees().await;
}

#[tokio::test]
async fn names_that_read_alike_are_the_same_name() {
    let alike = [
        ("Strasse", "straße"),
        ("MASSE", "maẞe"),
        ("café", "cafe\u{301}"),
        ("CAFÉ", "café"),
        ("ＡＬＩＣＥ", "alice"),
        ("ﬁnn", "FINN"),
        ("Å", "å"),
        ("K\u{212a}", "kk"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("İstanbul", "i\u{307}stanbul"),
        ("soft\u{ad}hyphen", "softhyphen"),
        ("zero\u{200b}width", "zerowidth"),
        ("①", "1"),
        ("ǅ", "dž"),
    ];
    let site = Site::new(Store::memory()).await;
    for (n, (first, second)) in alike.into_iter().enumerate() {
        let (first, second) = (format!("{first}.{n}"), format!("{second}.{n}"));
        let id = site.user(&first).await;
        assert_eq!(kind_of(site.post(user(), json!({"userName": second})).await), Kind::Uniqueness, "{second}");
        let other = site.user(&format!("other{n}")).await;
        let rename = json!([{"op": "replace", "path": "userName", "value": second}]);
        assert_eq!(kind_of(site.patch(user(), &other, rename, None).await), Kind::Uniqueness, "{second}");
        let put = site.put(user(), &other, json!({"userName": second}), None).await;
        assert_eq!(kind_of(put), Kind::Uniqueness, "{second}");
        assert_eq!(site.find(user(), &format!("userName eq \"{second}\"")).await, vec![id.clone()]);
        assert_eq!(site.get(user(), &id).await.unwrap()["userName"], json!(first));
    }
    for (n, (first, second)) in [("I", "ı"), ("o", "0"), ("a b", "ab"), ("ο", "o")].into_iter().enumerate() {
        site.user(&format!("apart{n}.{first}")).await;
        site.user(&format!("apart{n}.{second}")).await;
    }
}

#[tokio::test]
async fn a_group_s_name_is_unique_where_the_profile_says_so() {
    let site = Site::new(Store::memory()).await;
    let first = site.group("Staff", &[]).await;
    let body = json!({"schemas": [schema::GROUP], "displayName": "STAFF"});
    let error = site.post(group(), body.clone()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Uniqueness);
    assert!(error.detail.contains(&first), "{error}");
    site.delete(group(), &first).await.unwrap();
    site.post(group(), body).await.unwrap();
}

#[tokio::test]
async fn a_walk_by_index_has_everybody_once_in_the_same_order() {
    let site = Site::new(Store::memory()).await;
    let mut ids = Vec::new();
    for n in 0..700 {
        ids.push(site.user(&format!("user{n}")).await);
    }
    for id in ids.iter().step_by(7) {
        site.delete(user(), id).await.unwrap();
    }
    let stay: Vec<String> = ids.iter().enumerate().filter(|(n, _)| n % 7 != 0).map(|(_, id)| id.clone()).collect();
    let mut walked = Vec::new();
    for start in (1..=700).step_by(37) {
        let page = site.list(user(), &format!("startIndex={start}&count=37")).await.unwrap();
        assert_eq!(page["totalResults"], json!(600));
        assert_eq!(page["startIndex"], json!(start));
        let ids = texts(&page["Resources"], "id");
        assert_eq!(page["itemsPerPage"], json!(ids.len()));
        walked.extend(ids);
    }
    assert_eq!(walked, stay);
    for start in [601_u64, 1_000_000_000, u64::MAX] {
        let page = site.list(user(), &format!("startIndex={start}&count=1000000000")).await.unwrap();
        assert_eq!((&page["totalResults"], &page["Resources"]), (&json!(600), &json!([])));
    }
    let none = site.list(user(), "count=0").await.unwrap();
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(600), &json!([])));
    let sorted = site.list(user(), "sortBy=userName&sortOrder=descending&count=2").await.unwrap();
    assert_eq!(texts(&sorted["Resources"], "userName"), ["user99", "user97"]);
    let filter = percent_encode("userName sw \"user1\" and not (userName ew \"5\")");
    let page = site.list(user(), &format!("filter={filter}&startIndex=5&count=3")).await.unwrap();
    assert_eq!(page["Resources"].as_array().unwrap().len(), 3);
}
