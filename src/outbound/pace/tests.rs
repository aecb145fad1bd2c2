//! Pauses grow, differ and have an end; requests keep to their rate.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn pauses_double_at_most_and_differ_by_their_seed() {
    for attempts in 0..40 {
        let bound = (limits::TARGET_PAUSE_MS_MIN << attempts.min(20)).min(limits::TARGET_PAUSE_MS_MAX);
        let pauses: Vec<i64> = (0..100).map(|seed| pause_ms(attempts, seed)).collect();
        assert!(pauses.iter().all(|pause| (bound / 10..=bound).contains(pause)), "{attempts}: {pauses:?}");
        assert!(pauses.iter().collect::<std::collections::BTreeSet<_>>().len() > 50);
        assert_eq!(pause_ms(attempts, 7), pause_ms(attempts, 7));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_keep_to_their_rate() {
    let pace = Pace::new(4);
    let began = Instant::now();
    for _ in 0..9 {
        pace.turn().await;
    }
    assert_eq!(began.elapsed().as_millis(), 2_000);
    let free = Pace::new(0);
    for _ in 0..1_000 {
        free.turn().await;
    }
    assert_eq!(began.elapsed().as_millis(), 2_000);
}
