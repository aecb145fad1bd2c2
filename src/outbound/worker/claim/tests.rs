//! Turns: one at a time, and nobody waits for somebody who waits for him.
#![allow(clippy::unwrap_used)]

use super::*;
use futures_util::FutureExt;

const ANN: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const EVE: Uuid = Uuid::from_u128(3);

#[tokio::test]
async fn a_turn_is_one_persons_at_a_time() {
    let turns = Turns::default();
    let turn = turns.wait(ANN).await;
    assert!(turns.free(ANN).is_none());
    assert!(turns.free(BOB).is_some());
    let mut waiting = Box::pin(turns.wait(ANN));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(turn);
    drop(waiting.await);
    assert!(turns.free(ANN).is_some());
}

#[tokio::test]
async fn nobody_waits_for_somebody_who_waits_for_him() {
    let turns = Turns::default();
    let _own = [turns.free(ANN).unwrap(), turns.free(BOB).unwrap(), turns.free(EVE).unwrap()];
    let mut ann_for_bob = Box::pin(turns.claim(ANN, BOB));
    let mut bob_for_eve = Box::pin(turns.claim(BOB, EVE));
    assert!(ann_for_bob.as_mut().now_or_never().is_none());
    assert!(bob_for_eve.as_mut().now_or_never().is_none());
    assert!(turns.claim(EVE, ANN).await.is_none());
    assert!(turns.claim(EVE, BOB).await.is_none());
}

#[tokio::test]
async fn a_turn_for_somebodys_sake_ends_with_it() {
    let turns = Turns::default();
    let (_ann, bob) = (turns.free(ANN).unwrap(), turns.free(BOB).unwrap());
    let mut waiting = Box::pin(turns.claim(ANN, BOB));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(bob);
    let claimed = waiting.await.unwrap();
    assert!(turns.free(BOB).is_none());
    drop(claimed);
    let _bob = turns.free(BOB).unwrap();
    let mut waiting = Box::pin(turns.claim(BOB, ANN));
    assert!(waiting.as_mut().now_or_never().is_none(), "ann waits for nobody any more");
}

#[tokio::test]
async fn only_so_many_wait_for_each_other() {
    let turns = Turns::default();
    let mut claims = Vec::new();
    for number in 0..limits::TARGET_CLAIMS_MAX as u128 {
        let (id, other) = (Uuid::from_u128(10 + number), Uuid::from_u128(1_000 + number));
        claims.push((turns.free(id).unwrap(), turns.claim(id, other).await.unwrap()));
    }
    let _own = turns.free(ANN).unwrap();
    assert!(turns.claim(ANN, BOB).await.is_none());
    drop(claims);
    assert!(turns.claim(ANN, BOB).await.is_some());
}
