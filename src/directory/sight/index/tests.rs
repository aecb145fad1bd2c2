//! Groups within groups, some of them not seen.

use super::{Depth, Index};
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn ids(numbers: &[u128]) -> Vec<Uuid> {
    numbers.iter().map(|number| id(*number)).collect()
}

/// 1 holds 2 and 3, 2 holds 4, 3 holds 4 and 5; 2 and 5 are not seen.
fn index() -> Index {
    let mut index = Index::default();
    for number in 1..=5 {
        index.put_group(id(number), 0);
        if ![2, 5].contains(&number) {
            index.groups.set(id(number), Some(&format!("group{number}")));
        }
    }
    index.put_parents(id(2), &ids(&[1]));
    index.put_parents(id(3), &ids(&[1]));
    index.put_parents(id(4), &ids(&[2, 3]));
    index.put_parents(id(5), &ids(&[3]));
    index
}

#[test]
fn groups_that_are_not_seen_are_seen_through() {
    let index = index();
    assert_eq!(index.above(ids(&[4]), Depth::Direct), ids(&[4]));
    assert_eq!(index.above(ids(&[5]), Depth::Direct), ids(&[3]));
    assert_eq!(index.above(index.parents(id(4)), Depth::Direct), ids(&[1, 3]));
    assert_eq!(index.above(ids(&[5]), Depth::Nested), ids(&[1, 3]));
    assert_eq!(index.below(id(1), Depth::Direct), ids(&[3, 4]));
    assert_eq!(index.below(id(3), Depth::Direct), ids(&[4]));
    let mut sources = index.sources(id(1), Depth::Direct);
    sources.sort_unstable();
    assert_eq!(sources, ids(&[1, 2]));
    let mut sources = index.sources(id(1), Depth::Nested);
    sources.sort_unstable();
    assert_eq!(sources, ids(&[1, 2, 3, 4, 5]));
}

#[test]
fn a_group_leaves_nothing_behind() {
    let mut index = index();
    for number in 1..=5 {
        index.groups.set(id(number), None);
        index.remove_group(id(number));
    }
    assert!(!index.is_nested());
    assert_eq!((index.len(), index.children.len()), (0, 0));
}
