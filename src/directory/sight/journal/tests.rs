//! What a journal tells, and when it has nothing to tell any more.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Journal, Note};
use crate::limits;
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[test]
fn the_first_name_after_the_moment_counts() {
    let mut journal = Journal::at(5);
    journal.add(7, Some(vec![Note::User(id(1), None), Note::UserMoved(id(1))]));
    journal.add(9, Some(vec![Note::User(id(1), Some("ann".into())), Note::Group(id(2), None)]));
    assert_eq!(journal.since(4), None);
    assert_eq!(journal.since(5).unwrap().users.get(&id(1)), Some(&None));
    let later = journal.since(7).unwrap();
    assert_eq!(later.users.get(&id(1)), Some(&Some("ann".into())));
    assert_eq!((later.groups.len(), later.moved_users.len()), (1, 0));
    assert_eq!(journal.since(9).unwrap(), super::Difference::default());
    journal.add(12, None);
    assert_eq!((journal.since(11), journal.start()), (None, 12));
}

#[test]
fn it_forgets_whole_steps_from_its_beginning() {
    let mut journal = Journal::at(0);
    journal.add(1, Some((0..10).map(|n| Note::UserMoved(id(n))).collect()));
    journal.add(2, Some((0..limits::CROWD_JOURNAL_NOTES_MAX as u128).map(|n| Note::UserMoved(id(n % 7))).collect()));
    assert_eq!((journal.since(0), journal.start()), (None, 1));
    assert_eq!(journal.since(1).unwrap().moved_users.len(), 7);
}

#[test]
fn too_much_is_not_told() {
    let mut journal = Journal::at(0);
    journal.add(1, Some((0..=limits::CROWD_EVENTS_MAX as u128).map(|n| Note::UserMoved(id(n))).collect()));
    assert_eq!(journal.since(0), None);
    assert!(journal.since(1).is_some());
}
