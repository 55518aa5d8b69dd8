//! What went wrong, as the person sees it: JSON with a sentence in their language on the chat's
//! interface, a page everywhere else. The cause is logged once, here, and never shown.

use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, HOST, REFERER, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use super::console::language::within_console;
use super::console::view::Shell;
use super::words::language_of;
use super::{Web, Words};
use crate::desk::{DeskError, EVIDENCE};
use crate::domain::appointment::InvalidAppointment;
use crate::domain::calendar::InvalidDay;
use crate::store::StoreError;
use crate::store::blobs::BlobError;

/// Why somebody is refused what they could have done a moment ago: somebody else has it.
pub(super) const TAKEN: &str = "taken";

/// When to come back while the database does not answer, in seconds.
pub(super) const COME_BACK: u64 = 5;

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
    /// Refused for a reason that has a sentence of its own: the last part of its key.
    #[error("refused: {1}")]
    Because(StatusCode, &'static str),
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
    /// The database does not answer now, but may in a moment; the text is for the log.
    #[error("{0}")]
    Unavailable(String),
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
            WebError::Because(status, why) => (*status, *why),
            WebError::Unreachable => (StatusCode::CONFLICT, "unreachable"),
            WebError::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            WebError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            WebError::BadFile => (StatusCode::UNPROCESSABLE_ENTITY, "bad_file"),
            WebError::TooManyFiles(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_many_files"),
            WebError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            WebError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            WebError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// Returns the cause of a failure of ours, for the log. Everything else is a refusal: then nothing was stored,
    /// while after a failure nobody knows.
    pub(super) fn failure(&self) -> Option<&str> {
        match self {
            WebError::Unavailable(cause) | WebError::Internal(cause) => Some(cause),
            _ => None,
        }
    }

    /// Returns after how many seconds the same may be tried again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            WebError::TooMany(seconds) => Some(*seconds),
            WebError::Unavailable(_) => Some(COME_BACK),
            _ => None,
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
        let told = format!("store: {cause}");
        if cause.is_transient() { WebError::Unavailable(told) } else { WebError::Internal(told) }
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
            DeskError::Left => WebError::Because(StatusCode::NOT_FOUND, "colleague_left"),
            DeskError::Changed | DeskError::NotOne(_) => WebError::Conflict,
            DeskError::Transition(_)
            | DeskError::OutOfTurn(_)
            | DeskError::Clock(_)
            | DeskError::Appointment(InvalidAppointment::Ended(_)) => WebError::Because(StatusCode::CONFLICT, "step"),
            DeskError::IntoEnded(_) => WebError::Because(StatusCode::CONFLICT, "merge_ended"),
            DeskError::Appointment(invalid) => WebError::Because(StatusCode::BAD_REQUEST, sentence_about(invalid)),
            DeskError::Day(InvalidDay::Over) => WebError::Because(StatusCode::BAD_REQUEST, "day_over"),
            DeskError::Day(InvalidDay::TooFar) => WebError::Because(StatusCode::BAD_REQUEST, "day_far"),
            DeskError::Needed(EVIDENCE) => WebError::Because(StatusCode::BAD_REQUEST, "evidence"),
            DeskError::Needed(_) => WebError::BadRequest,
            DeskError::TooLong(_) => WebError::Because(StatusCode::BAD_REQUEST, "too_long"),
            DeskError::Unreachable => WebError::Unreachable,
            DeskError::NotAllowed => WebError::NotAllowed,
            DeskError::Store(cause) => cause.into(),
        }
    }
}

/// What is wrong with times that are offered.
fn sentence_about(invalid: InvalidAppointment) -> &'static str {
    match invalid {
        InvalidAppointment::Count => "window_count",
        InvalidAppointment::Length => "window_length",
        InvalidAppointment::Past => "window_past",
        InvalidAppointment::TooFar => "window_far",
        InvalidAppointment::Ended(_) => "step",
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
    if let Some(cause) = error.failure() {
        tracing::error!(http.method = %method, http.path = loggable(uri.path()), cause, "a request failed");
    }
    if uri.path().starts_with("/chat/api/") && error.failure().is_none() {
        tracing::info!(http.path = uri.path(), cause = error.parts().1, "a request of the chat was refused: {error}");
    }
    let shell = response.extensions_mut().remove::<Shell>();
    let mut drawn = drawn(&web, &error, &method, &uri, &headers, shell);
    if let Some(seconds) = error.retry_after() {
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

/// Returns the page of ours that a form or a link stood on, with its query, if the browser says so.
fn came_from<'h>(headers: &'h HeaderMap, public_url: &str) -> Option<&'h str> {
    let said = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let from = said(REFERER)?;
    if let Some(path) = from.strip_prefix(public_url.trim_end_matches('/')).filter(|path| path.starts_with('/')) {
        return Some(path);
    }
    let (_, named) = from.split_once("://")?;
    let (host, path) = named.split_at_checked(named.find('/')?)?;
    host.eq_ignore_ascii_case(said(HOST)?).then_some(path)
}

/// Returns where somebody goes on who has to log in first: where they were, and not to another log-in.
fn after_log_in(from: &str) -> &str {
    let path = from.split('?').next().unwrap_or_default();
    if path == "/console/login" { "/console" } else { path }
}

fn drawn(
    web: &Web,
    error: &WebError,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    shell: Option<Shell>,
) -> Response {
    let (status, code) = error.parts();
    let words = web.words(language_of(headers));
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let title = if reads { "web.error.title" } else { "web.error.not_done" };
    if ["/chat/api/", "/chat/media/", "/chat/clips/"].iter().any(|below| uri.path().starts_with(below)) {
        let message = error.sentence("web.chat.error", &words);
        return (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response();
    }
    if uri.path().starts_with("/j/") {
        let message = error.sentence("web.error", &words);
        return (status, Html(super::job::trouble(words, title, message, uri.path()))).into_response();
    }
    if uri.path().starts_with("/t/") {
        let message = error.sentence("web.error", &words);
        return (status, super::progress::trouble(words, web.demo, title, message, uri.path())).into_response();
    }
    let from = within_console(came_from(headers, &web.public_url));
    let wants_page = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|a| a.contains("html"));
    if matches!(error, WebError::NotLoggedIn) && (wants_page || *method != Method::GET) {
        let next = if *method == Method::GET { uri.path() } else { after_log_in(from) };
        return Redirect::to(&format!("/console/login?next={next}")).into_response();
    }
    let shell = shell.unwrap_or_else(|| Shell::anonymous(words, web.demo));
    let page = ErrorPage {
        title,
        message: error.sentence("web.error", &shell.w),
        // What somebody else has by now need not be theirs to see.
        back: Some(from).filter(|from| *from != "/console" && code != TAKEN).map(str::to_owned),
        shell,
    };
    (status, Html(page.render().unwrap_or_default())).into_response()
}

/// The page of an error.
#[derive(Debug, Template)]
#[template(path = "console/error.html")]
struct ErrorPage {
    shell: Shell,
    /// The key of what stands above: nothing to see, or nothing done.
    title: &'static str,
    message: String,
    /// Where they were.
    back: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::console::view::samples::words;
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn words_that_are_too_long_are_refused_with_a_sentence_of_their_own() {
        let refused = WebError::from(DeskError::TooLong("what was said"));
        assert_eq!(refused.parts(), (StatusCode::BAD_REQUEST, "too_long"));
        assert!(refused.sentence("web.error", &words(Language::Chinese)).starts_with("写得太长了"));
    }

    #[test]
    fn what_may_succeed_in_a_moment_is_to_be_tried_again_and_what_cannot_is_our_failure() {
        let closed = WebError::from(DeskError::from(StoreError::Closed));
        assert_eq!(closed.parts(), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
        assert_eq!(closed.retry_after(), Some(COME_BACK));
        let broken = WebError::from(StoreError::Panicked);
        assert_eq!(broken.parts(), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
        assert_eq!(broken.retry_after(), None);
        for group in ["web.error", "web.chat.error"] {
            for language in Language::ALL {
                let w = words(language);
                assert_ne!(closed.sentence(group, &w), WebError::BadRequest.sentence(group, &w), "{group}");
            }
        }
    }

    #[test]
    fn the_way_back_leads_to_a_page_of_ours() {
        let from = |referer: &str| {
            let pairs = [(HOST, "10.0.0.1:8130"), (REFERER, referer)];
            let headers = pairs.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect();
            came_from(&headers, "https://huifang.example.cn/").map(str::to_owned)
        };
        let page = || Some("/console/tickets/1?a=b".to_owned());
        assert_eq!(from("http://10.0.0.1:8130/console/tickets/1?a=b"), page());
        assert_eq!(from("https://huifang.example.cn/console/tickets/1?a=b"), page());
        assert_eq!(from("https://huifang.example.cn.evil.example/console"), None);
        assert_eq!(from("https://evil.example/console"), None);
        assert_eq!(from("nonsense"), None);
        assert_eq!(came_from(&HeaderMap::new(), "https://huifang.example.cn"), None);
        assert_eq!(after_log_in("/console/tickets/1?a=b"), "/console/tickets/1");
        assert_eq!(after_log_in("/console/login?next=/console"), "/console");
    }

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
