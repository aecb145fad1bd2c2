//! Walks over pages (RFC 9865, RFC 7644 section 3.4.2.4): nobody is lost and nobody comes twice, whatever comes and goes.

use super::{Site, kind_of, percent_encode, sorted, texts};
use scimd::clock::Clock;
use scimd::scim::errors::{Error, Kind};
use scimd::scim::schema::{ResourceType, group, user};
use scimd::store::Store;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

impl Site {
    async fn turn(&self, kinds: &[&ResourceType], query: &str, cursor: &str) -> Result<Value, Error> {
        self.list_all(kinds, &format!("{query}&cursor={cursor}")).await
    }

    /// All pages of a walk, forwards.
    async fn walk(&self, kinds: &[&ResourceType], query: &str) -> Vec<Value> {
        let mut pages = vec![self.turn(kinds, query, "").await.unwrap()];
        while let Some(cursor) = pages.last().unwrap()["nextCursor"].as_str() {
            pages.push(self.turn(kinds, query, cursor).await.unwrap());
        }
        pages
    }

    /// Walks to the end and back again, and compares what it sees with what pages by index show.
    async fn there_and_back(&self, kinds: &[&ResourceType], query: &str, count: usize) {
        let plain = self.list_all(kinds, query).await.unwrap();
        let expected = texts(&plain["Resources"], "id");
        let query = format!("{query}&count={count}");
        let pages = self.walk(kinds, &query).await;
        let seen: Vec<String> = pages.iter().flat_map(|page| texts(&page["Resources"], "id")).collect();
        assert_eq!(seen, expected, "{query}");
        for (number, page) in pages.iter().enumerate() {
            assert_eq!(page["totalResults"], plain["totalResults"], "{query}");
            assert_eq!(page["itemsPerPage"], json!(texts(&page["Resources"], "id").len()));
            assert_eq!(page.get("startIndex"), None);
            assert_eq!(page.get("previousCursor").is_some(), number > 0, "{query}");
            let is_last = number + 1 == pages.len();
            assert!(is_last || texts(&page["Resources"], "id").len() == count, "{query}");
        }
        let mut number = pages.len() - 1;
        let mut page = pages[number].clone();
        while let Some(cursor) = page["previousCursor"].as_str() {
            page = self.turn(kinds, &query, cursor).await.unwrap();
            number -= 1;
            assert_eq!(page["Resources"], pages[number]["Resources"], "{query}");
            let next = page["nextCursor"].as_str().unwrap();
            let turned = self.turn(kinds, &query, next).await.unwrap();
            assert_eq!(turned["Resources"], pages[number + 1]["Resources"], "{query}");
        }
        assert_eq!(number, 0, "{query}");
    }
}

async fn crowd() -> Site {
    let site = Site::new(Store::memory()).await;
    for n in 0..40 {
        let mut body = json!({"userName": format!("U{:02}", (n * 7) % 40), "active": n % 3 == 0});
        if n % 4 != 0 {
            body["displayName"] = json!(format!("D{}", n % 5));
        }
        site.post(user(), body).await.unwrap();
        if n % 4 == 0 {
            site.group(&format!("G{n}"), &[]).await;
        }
    }
    site
}

#[tokio::test]
async fn a_walk_sees_what_an_index_shows_there_and_back() {
    let site = crowd().await;
    let filters = ["", "userName sw \"u1\"", "active eq true", "userName sw \"u\" and active eq true", "title pr"];
    let orders = ["", "userName", "displayName", "active", "id", "meta.created"];
    for filter in filters {
        let filter = if filter.is_empty() { String::new() } else { format!("filter={}", percent_encode(filter)) };
        for order in orders {
            for direction in ["ascending", "descending"] {
                let query = format!("{filter}&sortBy={order}&sortOrder={direction}");
                for count in [1, 7, 10, 40, 1_000] {
                    site.there_and_back(&[user()], &query, count).await;
                }
            }
        }
    }
    for query in ["", "sortBy=displayName", "sortBy=id&sortOrder=descending", "filter=displayName%20pr"] {
        for count in [1, 9, 10, 45] {
            site.there_and_back(&[user(), group()], query, count).await;
        }
    }
}

#[tokio::test]
async fn whoever_stays_is_seen_once_while_others_come_and_go() {
    let site = Site::new(Store::memory()).await;
    let mut stay = Vec::new();
    let mut go = Vec::new();
    for n in 0..2_000 {
        let id = site.user(&format!("{:04}", n * 7_919 % 10_000)).await;
        if n % 4 == 0 { go.push(id) } else { stay.push(id) }
    }
    let stay = sorted(stay);
    let done = AtomicBool::new(false);
    let changes = async {
        for (n, id) in go.iter().enumerate() {
            site.delete(user(), id).await.unwrap();
            site.user(&format!("{:04}x", n * 17 % 10_000)).await;
            tokio::task::yield_now().await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let walks = async {
        let mut first = true;
        while std::mem::take(&mut first) || !done.load(Ordering::Relaxed) {
            for query in ["count=97", "count=97&filter=userName%20pr", "count=97&sortBy=userName"] {
                let mut seen = Vec::new();
                for page in site.walk(&[user()], query).await {
                    seen.extend(texts(&page["Resources"], "id"));
                    tokio::task::yield_now().await;
                }
                let mut once = seen.clone();
                once.sort();
                once.dedup();
                assert_eq!(once.len(), seen.len(), "{query}: somebody came twice");
                once.retain(|id| stay.binary_search(id).is_ok());
                assert_eq!(once, stay, "{query}: somebody is missing");
            }
        }
    };
    tokio::join!(changes, walks);
}

#[tokio::test]
async fn a_walk_by_index_is_in_one_order() {
    let site = crowd().await;
    let whole = texts(&site.list(user(), "").await.unwrap()["Resources"], "id");
    let mut seen = Vec::new();
    for start in (1..=40).step_by(7) {
        let page = site.list(user(), &format!("startIndex={start}&count=7")).await.unwrap();
        assert_eq!(page["startIndex"], json!(start));
        assert!(page.get("nextCursor").is_none() && page.get("previousCursor").is_none());
        seen.extend(texts(&page["Resources"], "id"));
    }
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn places_stay_when_their_resources_vanish() {
    let site = Site::new(Store::memory()).await;
    let mut ids = Vec::new();
    for n in 0..9 {
        ids.push(site.user(&format!("u{n}")).await);
    }
    for query in ["count=3", "count=3&sortBy=userName", "count=3&sortBy=active"] {
        let first = site.turn(&[user()], query, "").await.unwrap();
        let second = site.turn(&[user()], query, first["nextCursor"].as_str().unwrap()).await.unwrap();
        let third = site.turn(&[user()], query, second["nextCursor"].as_str().unwrap()).await.unwrap();
        assert_eq!(texts(&third["Resources"], "id"), ids[6..], "{query}");
        assert!(third.get("nextCursor").is_none());
        let back = site.turn(&[user()], query, third["previousCursor"].as_str().unwrap()).await.unwrap();
        assert_eq!(texts(&back["Resources"], "id"), ids[3..6], "{query}");
    }
    let first = site.turn(&[user()], "count=3", "").await.unwrap();
    let second = site.turn(&[user()], "count=3", first["nextCursor"].as_str().unwrap()).await.unwrap();
    for id in &ids[..6] {
        site.delete(user(), id).await.unwrap();
    }
    // Nothing is left before the second page: an empty page, from which the way back finds the rest.
    let back = site.turn(&[user()], "count=3", second["previousCursor"].as_str().unwrap()).await.unwrap();
    assert_eq!((texts(&back["Resources"], "id").len(), back.get("previousCursor")), (0, None));
    let on = site.turn(&[user()], "count=3", back["nextCursor"].as_str().unwrap()).await.unwrap();
    assert_eq!(texts(&on["Resources"], "id"), ids[6..]);
    for id in &ids[6..] {
        site.delete(user(), id).await.unwrap();
    }
    // Nothing at all is left: the last page is empty, and so is the one before.
    let last = site.turn(&[user()], "count=3", second["nextCursor"].as_str().unwrap()).await.unwrap();
    assert_eq!((texts(&last["Resources"], "id").len(), last.get("nextCursor")), (0, None));
    let back = site.turn(&[user()], "count=3", last["previousCursor"].as_str().unwrap()).await.unwrap();
    assert_eq!((texts(&back["Resources"], "id").len(), back.get("previousCursor")), (0, None));
}

#[tokio::test]
async fn wrong_cursors_are_told_apart() {
    let (clock, hand) = Clock::fixed(1_700_000_000_000);
    let site = Site::with_clock(Store::memory(), clock).await;
    for n in 0..5 {
        site.user(&format!("u{n}")).await;
        hand.fetch_add(1, Ordering::SeqCst);
    }
    let kinds: &[&ResourceType] = &[user()];
    let page = site.turn(kinds, "count=2", "").await.unwrap();
    let next = page["nextCursor"].as_str().unwrap();
    assert_eq!(kind_of(site.turn(kinds, "count=2", "VZUTiyhEQJ94IR").await), Kind::InvalidCursor);
    assert_eq!(kind_of(site.turn(kinds, "count=2&sortBy=userName", next).await), Kind::InvalidCursor);
    assert_eq!(kind_of(site.turn(kinds, "count=2&filter=userName%20pr", next).await), Kind::InvalidCursor);
    assert_eq!(kind_of(site.turn(&[group()], "count=2", next).await), Kind::InvalidCursor);
    assert_eq!(kind_of(site.turn(kinds, "count=3", next).await), Kind::InvalidCount);
    assert_eq!(kind_of(site.turn(kinds, "", next).await), Kind::InvalidCount);
    assert_eq!(kind_of(site.turn(kinds, "count=two", next).await), Kind::InvalidCount);
    assert!(site.turn(kinds, "count=2&attributes=userName", next).await.is_ok());
    hand.fetch_add(3_599_000, Ordering::SeqCst);
    let later = site.turn(kinds, "count=2", next).await.unwrap();
    hand.fetch_add(2_000, Ordering::SeqCst);
    assert_eq!(kind_of(site.turn(kinds, "count=2", next).await), Kind::ExpiredCursor);
    // Each cursor has its own hour.
    assert!(site.turn(kinds, "count=2", later["nextCursor"].as_str().unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_page_of_none_tells_the_total_alone() {
    let site = crowd().await;
    for query in ["count=0", "count=-5", "count=0&sortBy=userName", "count=0&sortBy=displayName"] {
        let page = site.turn(&[user()], query, "").await.unwrap();
        assert_eq!((page["totalResults"].clone(), page["itemsPerPage"].clone()), (json!(40), json!(0)), "{query}");
        assert!(page.get("nextCursor").is_none() && page.get("previousCursor").is_none(), "{query}");
    }
}
