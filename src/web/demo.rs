//! `/demo`: the simulated platforms of `huifang demo`, as somebody with a telephone sees them, and what goes
//! between them and the service. Elsewhere there is no such page.
//!
//! It shows and hands on; what the platforms do is [`crate::simulator`]'s.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Json, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::Web;
use super::error::WebError;
use super::words::{Words, language_of};
use crate::simulator::stage::{Deed, News, Platform, Stage, StageError};

/// The largest recording: two minutes of what a browser records are a quarter of it.
const LARGEST_VOICE: usize = 2 << 20;
/// The longest text, in bytes: the limit of the platforms is below it.
const LONGEST_TEXT: usize = 16 << 10;

/// `/demo` and everything below.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/demo", get(show))
        .route("/demo/api/{platform}", get(news).post(act))
        .route("/demo/api/{platform}/voice", post(speak).layer(DefaultBodyLimit::max(LARGEST_VOICE)))
}

#[derive(Debug, Deserialize)]
struct Choice {
    on: Option<String>,
}

async fn show(State(web): State<Web>, Query(choice): Query<Choice>, headers: HeaderMap) -> Result<Response, WebError> {
    stage(&web)?;
    let on = choice.on.as_deref().and_then(Platform::from_name).unwrap_or(Platform::Telegram);
    let words = web.words(language_of(&headers));
    let page = DemoPage { words: words.json_of("web.demo.script"), w: words, on };
    Ok(Html(page.render()?).into_response())
}

#[derive(Debug, Deserialize)]
struct Since {
    after: Option<u64>,
}

/// Returns what is new on a platform.
async fn news(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(since): Query<Since>,
) -> Result<Json<News>, WebError> {
    Ok(Json(stage(&web)?.log(platform(&name)?).after(since.after.unwrap_or(0))))
}

/// What somebody does, but for speaking.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Posted {
    Scan,
    Text(String),
    Press(String),
    /// Sends one of the ready voices.
    Clip(String),
}

async fn act(
    State(web): State<Web>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(posted): Json<Posted>,
) -> Result<StatusCode, WebError> {
    let deed = match posted {
        Posted::Scan => Deed::Scan,
        Posted::Text(text) if text.trim().is_empty() || text.len() > LONGEST_TEXT => return Err(WebError::BadRequest),
        Posted::Text(text) => Deed::Write(text),
        Posted::Press(id) => Deed::Press(id),
        Posted::Clip(id) => {
            let clip = web.clips.iter().find(|clip| clip.id == id).ok_or(WebError::NotFound)?;
            Deed::Speak(clip.bytes.to_vec())
        }
    };
    done(&web, &name, &headers, deed).await
}

async fn speak(
    State(web): State<Web>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<StatusCode, WebError> {
    if bytes.is_empty() {
        return Err(WebError::BadRequest);
    }
    done(&web, &name, &headers, Deed::Speak(bytes.to_vec())).await
}

/// The telephone is set to the language of the browser that shows it.
async fn done(web: &Web, name: &str, headers: &HeaderMap, deed: Deed) -> Result<StatusCode, WebError> {
    match stage(web)?.act(platform(name)?, language_of(headers), deed).await {
        // That the service did not answer stands in the chat.
        Ok(()) | Err(StageError::Unanswered) => Ok(StatusCode::NO_CONTENT),
        Err(StageError::NoButton) => Err(WebError::NotFound),
    }
}

fn stage(web: &Web) -> Result<&Stage, WebError> {
    web.stage.as_deref().ok_or(WebError::NotFound)
}

fn platform(name: &str) -> Result<Platform, WebError> {
    Platform::from_name(name).ok_or(WebError::NotFound)
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "demo.html")]
struct DemoPage {
    w: Words,
    /// What the script says, as JSON.
    words: String,
    on: Platform,
}

impl DemoPage {
    /// Name, title and whether it is the one that is shown.
    fn tabs(&self) -> Vec<(&'static str, String, bool)> {
        let tab = |platform: Platform| {
            let name = platform.name();
            (name, self.w.get(&format!("web.demo.on.{name}")), platform == self.on)
        };
        Platform::ALL.into_iter().map(tab).collect()
    }

    fn title(&self) -> String {
        self.w.get(&format!("web.demo.title.{}", self.on.name()))
    }

    fn about(&self) -> String {
        self.w.get(&format!("web.demo.about.{}", self.on.name()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::language::Language;

    #[test]
    fn the_page_is_drawn_in_every_language_without_a_missing_text() {
        let catalog = Arc::new(Catalog::embedded().unwrap());
        for (language, on) in Language::ALL.into_iter().flat_map(|language| Platform::ALL.map(|on| (language, on))) {
            let w = Words::new(Arc::clone(&catalog), language, jiff::tz::TimeZone::UTC);
            let page = DemoPage { words: w.json_of("web.demo.script"), w, on }.render().unwrap();
            assert!(page.contains(&format!("data-platform=\"{}\"", on.name())));
            assert!(!page.contains(">web.") && !page.contains("\"web."), "{page}");
        }
    }
}
