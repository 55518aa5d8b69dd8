//! Style sheets, scripts and the icon, built into the program.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::secret;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    body: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal: $content_type:expr),+ $(,)?) => {
        &[$(Asset { name: $name, content_type: $content_type, body: include_str!(concat!("../../assets/web/", $name)) }),+]
    };
}

const ASSETS: &[Asset] = assets![
    "base.css": CSS,
    "chat.css": CSS,
    "console.css": CSS,
    "job.css": CSS,
    "chat.js": JS,
    "chat-api.js": JS,
    "chat-photo.js": JS,
    "chat-recorder.js": JS,
    "chat-view.js": JS,
    "console.js": JS,
    "demo.css": CSS,
    "demo.js": JS,
    "forms.js": JS,
    "paper.css": CSS,
    "progress.css": CSS,
    "icon.svg": "image/svg+xml",
];

/// `/assets/{name}`
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{name}", get(show))
        .route("/favicon.ico", get(|| async { show_named("icon.svg", None) }))
}

async fn show(Path(name): Path<String>, headers: HeaderMap) -> Response {
    show_named(&name, headers.get(IF_NONE_MATCH).and_then(|tag| tag.to_str().ok()))
}

/// Answers 304 to a browser that has the same bytes; a new version of the program is seen at once.
fn show_named(name: &str, known: Option<&str>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", secret::hash(asset.body).get(..16).unwrap_or_default());
    let headers = [(CACHE_CONTROL, "no-cache".to_owned()), (ETAG, tag.clone())];
    if known == Some(tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, asset.content_type)], asset.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_in_assets_web_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/web");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let mut built_in: Vec<_> = ASSETS.iter().map(|asset| asset.name.to_owned()).collect();
        files.sort();
        built_in.sort();
        assert_eq!(files, built_in);
    }

    #[test]
    fn a_browser_that_has_the_bytes_is_told_so() {
        let first = show_named("chat.js", None);
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(show_named("chat.js", Some(&tag)).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(show_named("../Cargo.toml", None).status(), StatusCode::NOT_FOUND);
    }
}
