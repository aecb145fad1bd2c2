//! Turns: one at a time, and only so many for the sake of others.
#![allow(clippy::unwrap_used)]

use super::*;
use futures_util::FutureExt;

#[tokio::test]
async fn a_turn_is_one_persons_at_a_time() {
    let turns = Turns::default();
    let (ann, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let turn = turns.wait(ann).await;
    assert!(turns.free(ann).is_none() && turns.claim(ann).is_none());
    assert!(turns.free(bob).is_some());
    let mut waiting = Box::pin(turns.wait(ann));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(turn);
    drop(waiting.await);
    assert!(turns.free(ann).is_some());
}

#[test]
fn only_so_many_wait_for_each_other() {
    let turns = Turns::default();
    let claims: Vec<_> =
        (0..limits::TARGET_CLAIMS_MAX as u128).map(|one| turns.claim(Uuid::from_u128(one)).unwrap()).collect();
    assert!(turns.claim(Uuid::max()).is_none());
    assert!(turns.free(Uuid::max()).is_some(), "whoever has his own turn waits for nobody");
    drop(claims);
    assert!(turns.claim(Uuid::max()).is_some());
}
