//! Live connections (server-sent events): wake up after a commit, look, send what is new.
//!
//! A commit of this process wakes at once; those of other replicas are found by looking every
//! second.

use std::time::Duration;

use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Web;

/// A comment this often keeps proxies from closing a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a commit wait this long for those that follow it: one look serves them all.
const GATHER: Duration = Duration::from_millis(30);

/// Waits until there may be something new.
#[derive(Debug)]
pub(super) struct Wake {
    commits: watch::Receiver<u64>,
    stop: CancellationToken,
}

impl Wake {
    pub(super) fn of(web: &Web) -> Wake {
        Wake { commits: web.store.commits(), stop: web.stop.clone() }
    }

    /// Returns false when the program stops.
    pub(super) async fn wait(&mut self) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => return false,
            changed = tokio::time::timeout(LOOK_EVERY, self.commits.changed()) => {
                match changed {
                    Ok(Ok(())) => tokio::time::sleep(GATHER).await,
                    Ok(Err(_)) => return false,
                    Err(_) => {}
                }
            }
        }
        !self.stop.is_cancelled()
    }
}

/// Answers with a live stream.
pub(super) fn answer<S>(events: S) -> Sse<impl Stream<Item = Result<Event, std::convert::Infallible>> + Send + 'static>
where
    S: Stream<Item = Event> + Send + 'static,
{
    use futures_util::StreamExt;
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"))
}
