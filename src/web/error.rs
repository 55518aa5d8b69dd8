//! What went wrong, as the person sees it: JSON with a sentence in their language on the chat's
//! interface, a page everywhere else. The cause is logged once, here, and never shown.

use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use super::console::view::Shell;
use super::words::language_of;
use super::{Web, Words};
use crate::desk::DeskError;
use crate::domain::appointment::InvalidAppointment;
use crate::store::StoreError;
use crate::store::blobs::BlobError;

/// Everything a handler can fail with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WebError {
    /// The request is not what the interface describes.
    #[error("the request is malformed")]
    BadRequest,
    /// A chat session that is too short or holds other characters than it may.
    #[error("the chat session is malformed")]
    BadSession,
    /// The chat knows nobody by this request.
    #[error("there is no chat session")]
    NoSession,
    /// The console is for people who are logged in.
    #[error("not logged in")]
    NotLoggedIn,
    /// The anti-forgery token is missing or wrong, or the form came from another site.
    #[error("the request did not pass the anti-forgery check")]
    Forbidden,
    /// Not for the role of whoever asks.
    #[error("not for this role")]
    NotAllowed,
    #[error("not found")]
    NotFound,
    /// The thing has changed so that this step is no longer possible.
    #[error("not possible in the present state")]
    Conflict,
    /// No chat reaches the client.
    #[error("no chat reaches the client")]
    Unreachable,
    /// More bytes than a request may have.
    #[error("the request is too large")]
    BodyTooLarge,
    /// The request came in too slowly, or not to its end.
    #[error("the request came in too slowly")]
    TooSlow,
    /// A photo that cannot be opened or is too large.
    #[error("a file cannot be taken")]
    BadFile,
    /// More files than a message may have.
    #[error("more than {0} files")]
    TooManyFiles(usize),
    #[error("too many attempts; wait {0} s")]
    TooMany(u64),
    /// Our own failure; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl WebError {
    /// Returns the status and the stable code, which is also the last part of the text's key.
    fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            WebError::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            WebError::BadSession => (StatusCode::BAD_REQUEST, "bad_session"),
            WebError::NoSession => (StatusCode::UNAUTHORIZED, "no_session"),
            WebError::NotLoggedIn => (StatusCode::UNAUTHORIZED, "forbidden"),
            WebError::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            WebError::NotAllowed => (StatusCode::FORBIDDEN, "not_allowed"),
            WebError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            WebError::Conflict => (StatusCode::CONFLICT, "conflict"),
            WebError::Unreachable => (StatusCode::CONFLICT, "unreachable"),
            WebError::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            WebError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            WebError::BadFile => (StatusCode::UNPROCESSABLE_ENTITY, "bad_file"),
            WebError::TooManyFiles(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_many_files"),
            WebError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            WebError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    fn sentence(&self, group: &str, words: &Words) -> String {
        let key = format!("{group}.{}", self.parts().1);
        match self {
            WebError::TooManyFiles(limit) => words.fill(&key, "limit", &limit.to_string()),
            _ => words.find(&key).unwrap_or_else(|| words.get(&format!("{group}.bad_request"))),
        }
    }
}

impl From<StoreError> for WebError {
    fn from(cause: StoreError) -> WebError {
        WebError::Internal(format!("store: {cause}"))
    }
}

impl From<BlobError> for WebError {
    fn from(cause: BlobError) -> WebError {
        match cause {
            BlobError::Missing(_) => WebError::NotFound,
            other => WebError::Internal(format!("media: {other}")),
        }
    }
}

impl From<DeskError> for WebError {
    fn from(cause: DeskError) -> WebError {
        match cause {
            DeskError::NotFound(_) => WebError::NotFound,
            DeskError::Transition(_) | DeskError::OutOfTurn(_) | DeskError::Changed | DeskError::Clock(_) => {
                WebError::Conflict
            }
            DeskError::Appointment(InvalidAppointment::Ended(_)) | DeskError::NotOne(_) => WebError::Conflict,
            DeskError::Needed(_) | DeskError::Appointment(_) => WebError::BadRequest,
            DeskError::Unreachable => WebError::Unreachable,
            DeskError::NotAllowed => WebError::NotAllowed,
            DeskError::Store(cause) => cause.into(),
        }
    }
}

impl From<askama::Error> for WebError {
    fn from(cause: askama::Error) -> WebError {
        WebError::Internal(format!("template: {cause}"))
    }
}

impl From<axum::http::header::InvalidHeaderValue> for WebError {
    fn from(cause: axum::http::header::InvalidHeaderValue) -> WebError {
        WebError::Internal(format!("header: {cause}"))
    }
}

impl From<super::secret::NoRandomness> for WebError {
    fn from(cause: super::secret::NoRandomness) -> WebError {
        WebError::Internal(cause.to_string())
    }
}

impl IntoResponse for WebError {
    /// The body is drawn by [`draw`], which knows the page and the language.
    fn into_response(self) -> Response {
        let mut response = self.parts().0.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Draws an error for whoever asked.
pub(super) async fn draw(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<WebError>() else { return response };
    if let WebError::Internal(cause) = &error {
        tracing::error!(http.method = %method, http.path = loggable(uri.path()), cause, "a request failed");
    }
    if uri.path().starts_with("/chat/api/") && !matches!(error, WebError::Internal(_)) {
        tracing::info!(http.path = uri.path(), cause = error.parts().1, "a request of the chat was refused: {error}");
    }
    let mut drawn = drawn(&web, &error, &method, &uri, &headers);
    if let WebError::TooMany(seconds) = error {
        drawn.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    drawn
}

/// A path as the log may hold it: of a link that is a key, the key is left out.
pub(super) fn loggable(path: &str) -> &str {
    let keyed = [("/j/", "/j/…"), ("/t/", "/t/…"), ("/a/", "/a/…"), ("/console/welcome/", "/console/welcome/…")];
    keyed.into_iter().find(|(begins, _)| path.starts_with(begins)).map_or(path, |(_, shown)| shown)
}

/// The link that opened whatever lies below it: its first two steps.
pub(super) fn link_of(path: &str) -> String {
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn drawn(web: &Web, error: &WebError, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let (status, code) = error.parts();
    let words = web.words(language_of(headers));
    if ["/chat/api/", "/chat/media/", "/chat/clips/"].iter().any(|below| uri.path().starts_with(below)) {
        let message = error.sentence("web.chat.error", &words);
        return (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response();
    }
    if uri.path().starts_with("/j/") {
        let message = error.sentence("web.error", &words);
        return (status, Html(super::job::trouble(words, message, uri.path()))).into_response();
    }
    if uri.path().starts_with("/t/") {
        let message = error.sentence("web.error", &words);
        return (status, super::progress::trouble(words, web.demo, message, uri.path())).into_response();
    }
    let wants_page = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|a| a.contains("html"));
    if matches!(error, WebError::NotLoggedIn) && (wants_page || *method != Method::GET) {
        let next = if *method == Method::GET { uri.path() } else { "/console" };
        return Redirect::to(&format!("/console/login?next={next}")).into_response();
    }
    let page = ErrorPage { message: error.sentence("web.error", &words), shell: Shell::anonymous(words, web.demo) };
    (status, Html(page.render().unwrap_or_default())).into_response()
}

/// The page of an error.
#[derive(Debug, Template)]
#[template(path = "console/error.html")]
pub(super) struct ErrorPage {
    pub(super) shell: Shell,
    pub(super) message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_that_is_a_key_gets_into_the_log() {
        for (path, shown) in [
            ("/t/secret/papers/service.pdf", "/t/…"),
            ("/j/secret", "/j/…"),
            ("/a/secret", "/a/…"),
            ("/console/welcome/secret", "/console/welcome/…"),
            ("/console/tickets/1", "/console/tickets/1"),
        ] {
            assert_eq!(loggable(path), shown);
        }
    }
}
