//! `GET /chat`: the page itself.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use crate::domain::language::Language;
use crate::web::error::WebError;
use crate::web::words::{LANGUAGE_COOKIE, Words, language_of};
use crate::web::{Web, cookie};

const A_YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    lang: Option<String>,
}

/// Draws the page; `?lang=en` is remembered.
pub(super) async fn show(
    State(web): State<Web>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let chosen = choice.lang.as_deref().and_then(Language::from_tag);
    let words = web.words(chosen.unwrap_or_else(|| language_of(&headers)));
    let page = ChatPage { words: words.json_of("web.chat.script"), w: words, demo: web.demo };
    let mut response = Html(page.render()?).into_response();
    if let Some(language) = chosen {
        let kept = cookie::write(LANGUAGE_COOKIE, language.tag(), A_YEAR_SECONDS, web.https());
        response.headers_mut().insert(SET_COOKIE, kept.parse()?);
    }
    Ok(response)
}

/// The chat page.
#[derive(Debug, Template)]
#[template(path = "chat.html")]
pub(super) struct ChatPage {
    w: Words,
    /// What the script says, as JSON.
    words: String,
    demo: bool,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_page_is_drawn_in_every_language_without_a_missing_text() {
        let catalog = Arc::new(Catalog::embedded().unwrap());
        for language in Language::ALL {
            let w = Words::new(Arc::clone(&catalog), language, jiff::tz::TimeZone::UTC);
            let page = ChatPage { words: w.json_of("web.chat.script"), w, demo: true }.render().unwrap();
            assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())));
            assert!(!page.contains(">web.") && !page.contains("\"web."), "{page}");
        }
    }
}
