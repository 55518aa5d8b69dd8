//! `GET /console/language/{tag}`: the language of the console, kept in a cookie.

use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::language::Language;
use crate::web::error::WebError;
use crate::web::words::LANGUAGE_COOKIE;
use crate::web::{Web, cookie};

const A_YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

pub(super) async fn choose(
    State(web): State<Web>,
    Path(tag): Path<String>,
    Query(next): Query<Next>,
) -> Result<Response, WebError> {
    let language = Language::from_tag(&tag).ok_or(WebError::NotFound)?;
    let kept = cookie::write(LANGUAGE_COOKIE, language.tag(), A_YEAR_SECONDS, web.https());
    Ok(([(SET_COOKIE, kept)], Redirect::to(within_console(next.next.as_deref()))).into_response())
}

/// Returns a place within the console, whatever was asked for: a link must not lead elsewhere.
pub(in crate::web) fn within_console(next: Option<&str>) -> &str {
    let plain = |next: &&str| {
        (*next == "/console" || next.starts_with("/console/") || next.starts_with("/console?"))
            && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
    };
    next.filter(plain).unwrap_or("/console")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_nowhere_but_into_the_console() {
        assert_eq!(within_console(Some("/console/tickets/1")), "/console/tickets/1");
        for elsewhere in
            ["//evil.example", "https://evil.example", "/consoles", "/console\r\nx: y", "/console/\\evil", ""]
        {
            assert_eq!(within_console(Some(elsewhere)), "/console", "{elsewhere}");
        }
    }
}
