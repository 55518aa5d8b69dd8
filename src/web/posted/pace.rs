//! How slowly a body may come in: a sender that drips, or falls silent in the middle, would hold a
//! place among the uploads for ever.

use std::fmt;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::{Instant, timeout_at};

/// The time a body has, by what has come of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Before anything has to have come.
    pub(super) grace: Duration,
    /// Bytes a second that are slow enough: what has come earns the time it would have taken.
    pub(super) slowest: u32,
    /// In all.
    pub(super) longest: Duration,
}

/// What a telephone at the edge of its network still keeps up with.
pub(super) const PATIENT: Pace =
    Pace { grace: Duration::from_secs(20), slowest: 8 * 1024, longest: Duration::from_secs(300) };

/// The sender was too slow. Found again by [`is_too_slow`] below whatever a reader made of it.
#[derive(Debug)]
struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body came in too slowly")
    }
}

impl std::error::Error for TooSlow {}

/// Says whether an error comes of a body that was cut off for being too slow.
pub(super) fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<TooSlow>)
}

impl Pace {
    /// Returns the body, which ends in an error as soon as it falls behind.
    pub(super) fn keep(self, body: Body) -> Body {
        let begun = Instant::now();
        let body = body.into_data_stream();
        Body::from_stream(stream::try_unfold((body, 0_u64), move |(mut body, read)| async move {
            let earned = Duration::from_secs(read / u64::from(self.slowest.max(1)));
            let until = begun + (self.grace + earned).min(self.longest);
            match timeout_at(until, body.next()).await {
                Err(_) => Err(BoxError::from(TooSlow)),
                Ok(None) => Ok(None),
                Ok(Some(Err(error))) => Err(BoxError::from(error)),
                Ok(Some(Ok(chunk))) => {
                    let read = read + chunk.len() as u64;
                    Ok::<_, BoxError>(Some((chunk, (body, read))))
                }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;

    const BRISK: Pace = Pace { grace: Duration::from_millis(40), slowest: 1_000, longest: Duration::from_millis(200) };

    /// Says something, then nothing any more and no end.
    fn silent_after(bytes: usize) -> Body {
        let first = stream::iter([Ok::<_, BoxError>(Bytes::from(vec![b'x'; bytes]))]);
        Body::from_stream(first.chain(stream::pending()))
    }

    async fn fault_of(body: Body) -> (axum::Error, Duration) {
        let begun = Instant::now();
        let mut body = BRISK.keep(body).into_data_stream();
        loop {
            match body.next().await {
                Some(Err(error)) => return (error, begun.elapsed()),
                Some(Ok(_)) => {}
                None => panic!("it had no end"),
            }
        }
    }

    #[tokio::test]
    async fn a_body_that_falls_silent_is_cut_off_and_what_came_earns_it_time() {
        let (error, soon) = fault_of(silent_after(1)).await;
        assert!(is_too_slow(&error), "{error}");
        let (_, later) = fault_of(silent_after(900_000)).await;
        assert!(later >= BRISK.longest && soon < BRISK.longest, "{soon:?} {later:?}");
    }

    #[tokio::test]
    async fn a_body_that_ends_comes_whole() {
        let whole = axum::body::to_bytes(BRISK.keep(Body::from("漏水")), 100).await.unwrap();
        assert_eq!(whole, "漏水".as_bytes());
        assert!(!is_too_slow(&std::io::Error::other("broken")));
    }
}
