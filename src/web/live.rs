//! Live connections (server-sent events): wake up after a commit, look, send what is new.
//!
//! [`follow`] does that for a list that grows, [`Wake`] waits for those who look at other things.
//! A commit of this process wakes at once; those of other replicas are found by looking every
//! second.

mod followers;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Web;
use super::error::WebError;
use crate::clock::Clock;
use crate::domain::time::Timestamp;

pub(super) use followers::{Followers, Place};

/// After this long a page has to connect anew: the console shows thereby that it is still logged in, and the chat
/// leaves its place to others.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// A comment this often keeps proxies from closing a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a commit wait this long for those that follow it: one look serves them all.
const GATHER: Duration = Duration::from_millis(30);

/// Waits until there may be something new, as long as a live connection lasts.
#[derive(Debug)]
pub(super) struct Wake {
    commits: watch::Receiver<u64>,
    stop: CancellationToken,
    clock: Clock,
    /// When the connection ends, if it has to.
    until: Option<Timestamp>,
}

impl Wake {
    pub(super) fn of(web: &Web) -> Wake {
        Wake { commits: web.store.commits(), stop: web.stop.clone(), clock: web.clock.clone(), until: None }
    }

    /// … for [`LONGEST`]: whoever listens connects anew by themselves.
    pub(super) fn for_a_while(web: &Web) -> Wake {
        Wake { until: Some(web.clock.now() + LONGEST), ..Wake::of(web) }
    }

    /// Returns false when the program stops, or the time is over.
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
        !self.stop.is_cancelled() && self.until.is_none_or(|until| self.clock.now() < until)
    }
}

/// What a look at a list found.
pub(super) struct Found {
    pub(super) events: Vec<Event>,
    /// From where to look next.
    pub(super) last: i64,
}

/// Writes one entry of a list as an event; its id is the entry's place.
pub(super) fn event(seq: i64, message: &impl Serialize) -> Event {
    Event::default().event("message").id(seq.to_string()).json_data(message).unwrap_or_default()
}

/// Follows a list from a place on. The stream ends with what wakes it, or when the list cannot be
/// read; whoever listens opens another.
pub(super) fn follow<L, A>(wake: Wake, from: i64, look: L) -> impl Stream<Item = Event> + Send + 'static
where
    L: Fn(i64) -> A + Send + 'static,
    A: Future<Output = Result<Found, WebError>> + Send,
{
    let begun = (wake, look, from, VecDeque::new());
    stream::unfold(begun, |(mut wake, look, mut last, mut waiting)| async move {
        loop {
            if let Some(event) = waiting.pop_front() {
                return Some((event, (wake, look, last, waiting)));
            }
            let before = last;
            match look(last).await {
                Ok(found) => {
                    last = found.last.max(last);
                    waiting.extend(found.events);
                }
                Err(cause) => {
                    tracing::warn!(%cause, "a live conversation could not be read");
                    return None;
                }
            }
            if waiting.is_empty() && last == before && !wake.wait().await {
                return None;
            }
        }
    })
}

/// Answers with a live stream.
pub(super) fn answer<S>(events: S) -> Response
where
    S: Stream<Item = Event> + Send + 'static,
{
    use futures_util::StreamExt;
    let events = events.map(Ok::<_, Infallible>);
    let live = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"));
    // nginx gathers answers before it passes them on, unless they ask it not to.
    ([("x-accel-buffering", "no")], live).into_response()
}
