//! Tests of turning pages: where the cursors of a page lead, whatever cut it short.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::store::Stamp;

fn hit(id: u128, bytes: usize) -> (Hit, Option<SortKey>) {
    let entry = Entry { stamp: Stamp::default(), value: vec![0; bytes] };
    (Hit { part: 0, id: Uuid::from_u128(id), entry }, None)
}

fn place(id: u128) -> Place {
    Place { part: 0, key: None, id: Uuid::from_u128(id) }
}

fn seek(forward: bool, id: u128) -> Seek {
    Seek { forward, place: place(id) }
}

/// The ids on the page, the next cursor and the previous one, of these hits of one byte each.
fn turn(ids: &[u128], given_up: Option<u128>, from: Option<Seek>) -> (Vec<u128>, Option<Seek>, Option<Seek>) {
    let hits = ids.iter().map(|id| hit(*id, 1)).collect();
    turned(Found { hits, given_up: given_up.map(place) }, 3, from)
}

fn turned(found: Found, count: usize, from: Option<Seek>) -> (Vec<u128>, Option<Seek>, Option<Seek>) {
    let turn = Turn::of(found, count, from.as_ref());
    (turn.kept.iter().map(|(hit, _)| hit.id.as_u128()).collect(), turn.next, turn.previous)
}

#[test]
fn cursors_lead_on_and_back() {
    let (on, back) = (|id| Some(seek(true, id)), |id| Some(seek(false, id)));
    type Row = (&'static [u128], Option<u128>, Option<Seek>, &'static [u128], Option<Seek>, Option<Seek>);
    let rows: [Row; 14] = [
        // The first page.
        (&[], None, None, &[], None, None),
        (&[1, 2, 3], None, None, &[1, 2, 3], None, None),
        (&[1, 2, 3, 4], None, None, &[1, 2, 3], on(3), None),
        // Forwards.
        (&[5, 6, 7, 8], None, on(4), &[5, 6, 7], on(7), back(5)),
        (&[5, 6], None, on(4), &[5, 6], None, back(5)),
        (&[], None, on(4), &[], None, back(5)),
        // Backwards.
        (&[1, 2, 3, 4], None, back(5), &[2, 3, 4], on(4), back(2)),
        (&[2, 3, 4], None, back(5), &[2, 3, 4], on(4), None),
        (&[], None, back(5), &[], on(4), None),
        // The search was given up.
        (&[1], Some(9), None, &[1], on(9), None),
        (&[], Some(9), None, &[], on(9), None),
        (&[], Some(9), on(4), &[], on(9), back(5)),
        (&[8], Some(2), back(9), &[8], on(8), back(2)),
        (&[], Some(2), back(9), &[], on(8), back(2)),
    ];
    for (ids, given_up, from, kept, next, previous) in rows {
        let expected = (kept.to_vec(), next, previous);
        assert_eq!(turn(ids, given_up, from.clone()), expected, "{ids:?} {given_up:?} {from:?}");
    }
    assert_eq!(turned(Found { hits: vec![hit(1, 1)], given_up: None }, 0, None), (Vec::new(), None, None));
}

#[test]
fn a_page_of_large_resources_is_cut_on_its_far_side() {
    let large = limits::PAGE_BYTES_MAX / 2;
    let found = || Found { hits: vec![hit(1, large), hit(2, large), hit(3, large)], given_up: Some(place(9)) };
    let rows = [
        (None, vec![1, 2], Some(seek(true, 2)), None),
        (Some(seek(true, 0)), vec![1, 2], Some(seek(true, 2)), Some(seek(false, 1))),
        (Some(seek(false, 4)), vec![2, 3], Some(seek(true, 3)), Some(seek(false, 2))),
    ];
    for (from, kept, next, previous) in rows {
        assert_eq!(turned(found(), 3, from.clone()), (kept, next, previous), "{from:?}");
    }
    let huge = Found { hits: vec![hit(1, 3 * large), hit(2, 1)], given_up: None };
    assert_eq!(turned(huge, 3, None), (vec![1], Some(seek(true, 1)), None));
}
