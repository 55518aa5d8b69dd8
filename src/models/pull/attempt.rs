//! One request for the rest of a file.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, LAST_MODIFIED, RANGE};
use reqwest::header::{HeaderName, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use super::part::Part;
use super::{PullError, Step, Target};
use crate::http;

/// More than any model has, for a server that does not announce how much it sends.
const MOST_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Asks for what `part` lacks and appends it.
pub(super) async fn attempt(
    client: &Client,
    target: &Target<'_>,
    part: &mut Part,
    watch: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<(), PullError> {
    let url = || target.shown.clone();
    let mut request = client.get(target.url.clone()).header(ACCEPT_ENCODING, "identity");
    if part.len() > 0 {
        request = request.header(RANGE, format!("bytes={}-", part.len()));
        if let Some(version) = part.version() {
            request = request.header(IF_RANGE, version);
        }
    }
    let response = request.send().await.map_err(|error| match part.len() {
        _ if error.is_redirect() => PullError::Circle { url: url() },
        0 => PullError::Unreachable { url: url(), reason: http::reason(error) },
        _ => broken(target, part, http::reason(error)),
    })?;
    // Only a strong version says that bytes are the same.
    let version = text(response.headers(), &ETAG).filter(|tag| !tag.starts_with("W/"));
    let version = version.or_else(|| text(response.headers(), &LAST_MODIFIED)).map(str::to_owned);
    let is_another = part.version().is_some_and(|before| version.as_deref().is_some_and(|now| now != before));
    let announced = match response.status() {
        // A server that does not heed If-Range: two versions would be patched together.
        StatusCode::PARTIAL_CONTENT if is_another => {
            part.begin_anew()?;
            return Err(broken(target, part, "it has another version by now".to_owned()));
        }
        StatusCode::PARTIAL_CONTENT => match range(response.headers()) {
            Some((start, total)) if start == part.len() => total,
            // Not what was asked for: the next try asks for all of it.
            _ => {
                part.begin_anew()?;
                return Err(broken(target, part, "it sent another range".to_owned()));
            }
        },
        StatusCode::OK => response.content_length(),
        StatusCode::NOT_FOUND => return Err(PullError::NotFound { url: url() }),
        status => {
            if status == StatusCode::RANGE_NOT_SATISFIABLE {
                part.begin_anew()?;
            }
            let wait = text(response.headers(), &RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
            return Err(PullError::Status { url: url(), status: status.as_u16(), wait: wait.map(Duration::from_secs) });
        }
    };
    if text(response.headers(), &CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) {
        return Err(PullError::WebPage { url: url() });
    }
    if let (Some(announced), Some(known)) = (announced, target.size)
        && announced != known
    {
        return Err(PullError::Announced { url: url(), announced, known });
    }
    // Only now it is known to be the model that is sent from its beginning.
    if response.status() == StatusCode::OK && part.len() > 0 {
        part.begin_anew()?;
        watch(Step::Anew { file: &target.path });
    }
    let total = announced.or(target.size);
    part.make_sure_of_room(total.map(|total| total.saturating_sub(part.len())))?;
    part.set_version(version.as_deref())?;
    receive(response, target, part, total, watch).await
}

async fn receive(
    response: Response,
    target: &Target<'_>,
    part: &mut Part,
    total: Option<u64>,
    watch: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<(), PullError> {
    let url = || target.shown.clone();
    let file = target.path.as_path();
    watch(Step::Receiving { file, done: part.len(), total });
    let most = total.unwrap_or(MOST_BYTES);
    let mut body = response.bytes_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| broken(target, part, http::reason(error)))?;
        if part.len() == 0 && is_web_page(&piece) {
            return Err(PullError::WebPage { url: url() });
        }
        if part.len() + piece.len() as u64 > most {
            part.begin_anew()?;
            return Err(PullError::Longer { url: url(), known: most });
        }
        part.append(&piece)?;
        watch(Step::Receiving { file, done: part.len(), total });
    }
    match total {
        Some(total) if part.len() < total => {
            Err(broken(target, part, format!("it ended before the announced {total} bytes")))
        }
        _ => Ok(()),
    }
}

fn broken(target: &Target<'_>, part: &Part, reason: String) -> PullError {
    PullError::Broken { url: target.shown.clone(), have: part.len(), kept: part.is_kept(), reason }
}

/// Start and total of `Content-Range: bytes START-END/TOTAL`.
fn range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let (span, total) = text(headers, &CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = span.split_once('-')?;
    Some((start.parse().ok()?, total.parse().ok()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether bytes begin like HTML: no model does.
fn is_web_page(bytes: &[u8]) -> bool {
    let start: String = String::from_utf8_lossy(bytes.get(..64).unwrap_or(bytes)).trim_start().to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}
