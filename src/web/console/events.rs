//! `GET /console/events`: tells an open page that something changed. What changed it fetches as
//! it would by a reload.

use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::session::Staff;
use crate::store::flags;
use crate::web::Web;
use crate::web::live::{self, Wake};

pub(super) async fn follow(State(web): State<Web>, _: Staff) -> Response {
    let follower = Follower { wake: Wake::of(&web), web, seen: None };
    let events = stream::unfold(follower, |mut follower| async move {
        let change = follower.next().await?;
        Some((Event::default().event("change").id(change.to_string()).data(change.to_string()), follower))
    });
    live::answer(events).into_response()
}

struct Follower {
    web: Web,
    seen: Option<i64>,
    wake: Wake,
}

impl Follower {
    /// Waits until flags or tickets have changed. The first answer comes at once: something may
    /// have changed between the page and this connection.
    async fn next(&mut self) -> Option<i64> {
        loop {
            let now = self.web.store.read(|tx| Box::pin(async move { flags::last_seq(tx).await })).await;
            let now = now.inspect_err(|cause| tracing::warn!(%cause, "the live console could not be read")).ok()?;
            if self.seen != Some(now) {
                self.seen = Some(now);
                return Some(now);
            }
            if !self.wake.wait().await {
                return None;
            }
        }
    }
}
