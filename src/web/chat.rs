//! The web chat: a page, and the JSON interface under it that scripted clients use as well
//! (`docs/chat-api.md`). The page's session secret is the only key to a conversation.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use super::Web;
use super::posted::LARGEST_UPLOAD;

mod clips;
mod events;
mod media;
mod messages;
mod page;
mod post;
mod request;
mod session;
pub mod wire;

pub use clips::Clip;

/// `/chat` and everything below.
pub(super) fn routes() -> Router<Web> {
    let upload = DefaultBodyLimit::max(LARGEST_UPLOAD);
    Router::new()
        .route("/chat", get(page::show))
        .route("/chat/api/messages", get(messages::list).post(post::post).layer(upload))
        .route("/chat/api/events", get(events::follow))
        .route("/chat/api/clips", get(clips::list))
        .route("/chat/clips/{id}", get(clips::play))
        .route("/chat/media/{id}", get(media::show))
}
