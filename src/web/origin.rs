//! Forms and calls that change something must come from our own pages (ASVS 3.5.3). The token in
//! each form is the second lock; this one also covers the log-in and the chat.

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Web;
use super::error::{WebError, loggable};

pub(super) async fn check(State(web): State<Web>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads && !is_own(request.headers(), &web.public_url) {
        tracing::warn!(http.path = loggable(request.uri().path()), "a request from another site was refused");
        return WebError::Forbidden.into_response();
    }
    next.run(request).await
}

/// Browsers say where a request comes from; programs, which no site can abuse, say nothing.
fn is_own(headers: &HeaderMap, public_url: &str) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = said("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = said(ORIGIN.as_str()) else { return true };
    let host = said(HOST.as_str()).unwrap_or_default();
    let named = origin.split_once("://").map(|(_, named)| named);
    named.is_some_and(|named| named.eq_ignore_ascii_case(host)) || public_url.trim_end_matches('/') == origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        is_own(&headers, "https://huifang.example.cn/")
    }

    #[test]
    fn only_our_own_pages_and_programs_may_change_something() {
        assert!(own(&[("host", "a:1")]));
        assert!(own(&[("host", "a:1"), ("origin", "http://a:1")]));
        assert!(own(&[("host", "10.0.0.1"), ("origin", "https://huifang.example.cn")]));
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(!own(&[("host", "a:1"), ("origin", "http://b:1")]));
        assert!(!own(&[("host", "a:1"), ("origin", "null")]));
        assert!(!own(&[("sec-fetch-site", "cross-site"), ("host", "a"), ("origin", "http://a")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
    }
}
