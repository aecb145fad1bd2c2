//! Names against a model that has no index.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Names, Turn};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn turn(number: u128, old: Option<&str>, new: Option<&str>) -> Turn {
    Turn { id: id(number), old: old.map(Arc::from), new: new.map(Arc::from) }
}

#[test]
fn the_oldest_is_seen_and_the_next_one_after_it() {
    let mut names = Names::default();
    assert_eq!(names.set(id(2), Some("Ann")), [turn(2, None, Some("Ann"))]);
    assert_eq!(names.set(id(3), Some("ann")), []);
    assert_eq!((names.len(), names.waiting(), names.find("ANN")), (1, 1, Some(id(2))));
    assert_eq!(names.set(id(1), Some("ANN")), [turn(1, None, Some("ANN")), turn(2, Some("Ann"), None)]);
    assert_eq!(names.set(id(1), Some("bob")), [turn(1, Some("ANN"), Some("bob")), turn(2, None, Some("Ann"))]);
    assert_eq!(names.set(id(2), None), [turn(2, Some("Ann"), None), turn(3, None, Some("ann"))]);
    assert_eq!(names.set(id(3), Some("ann")), []);
    assert_eq!(names.set(id(3), Some("Ann")), [turn(3, Some("ann"), Some("Ann"))]);
    // One that changes its case only stays the one that is seen.
    assert_eq!(names.set(id(4), Some("aNN")), []);
    assert_eq!(names.set(id(3), Some("ANN")), [turn(3, Some("Ann"), Some("ANN"))]);
    assert!(names.has(id(4)) && !names.shows(id(4)));
}

#[test]
fn random_histories_end_as_the_model_says() {
    let mut seed = 7_u64;
    let mut roll = |sides: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % sides
    };
    let (mut names, mut model, mut told) = (Names::default(), BTreeMap::new(), BTreeMap::new());
    for _ in 0..5_000 {
        let who = id(u128::from(roll(12)));
        let name = (roll(4) > 0).then(|| ["a", "A", "b", "B", "c", "\u{e9}", "E\u{301}"][roll(7) as usize]);
        for Turn { id, old, new } in names.set(who, name) {
            assert_eq!(told.get(&id), old.as_ref());
            match new {
                Some(new) => told.insert(id, new),
                None => told.remove(&id),
            };
        }
        match name {
            Some(name) => model.insert(who, name),
            None => model.remove(&who),
        };
        let mut seen = BTreeMap::new();
        for (id, name) in &model {
            seen.entry(crate::scim::fold::fold(name).into_owned()).or_insert((*id, *name));
        }
        let seen: BTreeMap<Uuid, &str> = seen.into_values().collect();
        let shown: BTreeMap<Uuid, &str> = names.iter().map(|(id, name)| (id, &**name)).collect();
        assert_eq!(shown, seen);
        assert_eq!(told.iter().map(|(id, name)| (*id, &**name)).collect::<BTreeMap<_, _>>(), seen);
        assert!(seen.iter().all(|(id, name)| names.find(name) == Some(*id)));
        assert_eq!(names.all().count(), model.len());
    }
}
