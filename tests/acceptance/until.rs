//! Waiting for what happens elsewhere.

use std::time::{Duration, Instant};

/// Longer than a recognition takes on a busy machine; who waits this long waits in vain. Shorter
/// than the lease of a job (60 s), so that a restart that leaves work to its old lease shows.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until there is something to see. Panics with `what` when there never is.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
