//! The signed HTTP channel: any app or mini-program posts its people's messages here and gets the
//! answers by signed webhooks, or fetches them (`docs/http-channel.md`).
//!
//! This file sends and fetches; [`signature`] signs and verifies, [`guard`] says where a
//! connection may lead, [`wire`] is the JSON. The requests that come in are read in
//! `web/webhooks/http.rs`.

pub mod guard;
pub mod signature;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde::{Deserialize, Deserializer};

use super::{FetchError, Outgoing, SendError};
use crate::clock::Clock;
use crate::domain::media::MOST_MEGABYTES;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::http;
use guard::{Forbidden, Guard};
use signature::{BadKey, Keys};
use wire::Message;

/// How long a connection to an app may take to come about: less than the whole, so that a message
/// that never left is not taken for one that may have arrived.
const CONNECTED: Duration = Duration::from_secs(10);
/// How long an app may take to accept an answer.
const ANSWERED: Duration = Duration::from_secs(30);
/// How long an app may send nothing of a file.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a file may take altogether.
const FETCHED: Duration = Duration::from_secs(120);
/// Longest address of a file or of an app.
const LONGEST_URL: usize = super::LONGEST_REFERENCE;

/// `[http]`: the signed HTTP channel. Without a secret it is off.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Signs both ways: `whsec_` and base64.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// Further secrets that are valid as well, while one is changed.
    #[serde(default, deserialize_with = "several")]
    pub secrets: Vec<Secret>,
    /// Where answers are posted; without it the app fetches them.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// Whether connections may lead into private networks, and go without TLS.
    #[serde(default)]
    pub allow_private: bool,
}

/// Why the channel cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HttpFault {
    #[error("secret is missing: without it nothing that comes in can be believed")]
    NoSecret,
    #[error("secret or secrets: {0}")]
    Secret(#[from] BadKey),
    #[error("callback_url: {0}")]
    Callback(#[from] Forbidden),
    #[error("no HTTPS client can be made on this machine: {0}")]
    Client(String),
}

/// The channel; cheap to clone.
#[derive(Debug, Clone)]
pub struct Http(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    keys: Keys,
    callback: Option<Url>,
    guard: Guard,
    client: Client,
    clock: Clock,
}

impl Http {
    /// Prepares the channel; `None` if it is not configured.
    ///
    /// # Errors
    /// [`HttpFault`] says which setting is missing or wrong.
    pub fn new(config: &HttpConfig, clock: Clock) -> Result<Option<Http>, HttpFault> {
        let written = |secret: &&Secret| !secret.expose().trim().is_empty();
        let keys = Keys::read(config.secret.iter().chain(&config.secrets).filter(written))?;
        let callback = config.callback_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        if keys.is_empty() {
            return if callback.is_some() { Err(HttpFault::NoSecret) } else { Ok(None) };
        }
        let guard = Guard { allow_private: config.allow_private };
        let callback = callback.map(|url| guard.read(url)).transpose()?;
        let client = http::client(SILENCE).connect_timeout(CONNECTED);
        let mut client = client.redirect(Policy::none()).dns_resolver(guard);
        if !config.allow_private {
            // A proxy would look names up by itself, and the guard would have judged nothing.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| HttpFault::Client(http::reason(error)))?;
        Ok(Some(Http(Arc::new(Parts { keys, callback, guard, client, clock }))))
    }

    /// The secrets that are valid.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Returns the reference of a file that lies under an address.
    ///
    /// # Errors
    /// Why nothing will be fetched from there.
    pub fn reference(&self, url: &str) -> Result<String, Forbidden> {
        let read = self.0.guard.read(url)?;
        if read.as_str().len() > LONGEST_URL { Err(Forbidden::NoAddress) } else { Ok(read.into()) }
    }

    /// Posts a message to the app; where it fetches its messages there is nothing to do.
    ///
    /// # Errors
    /// Why it was not taken, and thereby what to do.
    pub async fn send(&self, message: &Outgoing<'_>) -> Result<(), SendError> {
        let Some(callback) = &self.0.callback else { return Ok(()) };
        let id = message.id.to_string();
        let body = Message {
            to: message.address.to_owned(),
            id: id.clone(),
            seq: None,
            text: message.text.to_owned(),
            choices: message.buttons.to_vec(),
            at: said_at(message).unwrap_or_else(|| self.0.clock.now()).to_string(),
        };
        let body = serde_json::to_vec(&body).map_err(|error| SendError::Refused(error.to_string()))?;
        let now = self.0.clock.now();
        let request = self
            .0
            .client
            .post(callback.clone())
            .timeout(ANSWERED)
            .header(CONTENT_TYPE, "application/json")
            .header(signature::ID, &id)
            .header(signature::TIMESTAMP, now.0.div_euclid(1000))
            .header(signature::SIGNATURE, self.0.keys.sign(&id, now, &body))
            .body(body);
        match request.send().await {
            Ok(response) => accepted(&response, now),
            Err(error) => Err(unsent(error)),
        }
    }

    /// Fetches a file from where the app said it lies.
    ///
    /// The request is not signed: whoever chose the address would get a signature of ours for a
    /// text of theirs.
    pub(super) async fn fetch(&self, reference: &str) -> Result<Bytes, FetchError> {
        let url = self.0.guard.read(reference).map_err(|forbidden| FetchError::Gone(forbidden.to_string()))?;
        let response = self.0.client.get(url).timeout(FETCHED).send().await.map_err(unfetched)?;
        let status = response.status();
        if may_pass(status) {
            let wait = wait_of(response.headers(), self.0.clock.now());
            return Err(FetchError::Later { wait, reason: format!("the app answers {}", status.as_u16()) });
        }
        if status != StatusCode::OK {
            let said = format!("the app answers {} where the file should be", status.as_u16());
            return Err(FetchError::Gone(said));
        }
        capped(response).await
    }
}

/// Reads a list, or a text of several separated by spaces or lines, as a variable gives it.
fn several<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<Secret>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a list of secrets")]
    enum Several {
        Text(String),
        List(Vec<Secret>),
    }
    Ok(match Several::deserialize(source)? {
        Several::Text(text) => text.split_whitespace().map(Secret::new).collect(),
        Several::List(list) => list,
    })
}

/// When a message was said: its id carries that, the same at every attempt.
fn said_at(message: &Outgoing<'_>) -> Option<Timestamp> {
    let (seconds, nanos) = message.id.0.get_timestamp()?.to_unix();
    Some(Timestamp(i64::try_from(seconds).ok()? * 1000 + i64::from(nanos / 1_000_000)))
}

fn accepted(response: &Response, now: Timestamp) -> Result<(), SendError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let said = format!("the app answers {} at callback_url", status.as_u16());
    Err(match status {
        StatusCode::GONE => SendError::Unreachable(said),
        // About this message, whenever it is sent.
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            SendError::Refused(said)
        }
        _ if status.is_redirection() => {
            SendError::Later { wait: None, reason: format!("{said}; redirects are not followed") }
        }
        // A wrong path or secret is put right on the app's side; what is owed waits for that.
        _ => SendError::Later { wait: wait_of(response.headers(), now), reason: said },
    })
}

fn unsent(error: reqwest::Error) -> SendError {
    if let Some(forbidden) = Forbidden::behind(&error) {
        return SendError::Later { wait: None, reason: format!("callback_url: {forbidden}") };
    }
    let nothing_left = error.is_connect() || error.is_builder();
    let reason = format!("the app at callback_url: {}", http::reason(error));
    if nothing_left { SendError::Later { wait: None, reason } } else { SendError::Uncertain(reason) }
}

fn unfetched(error: reqwest::Error) -> FetchError {
    match Forbidden::behind(&error) {
        Some(forbidden) => FetchError::Gone(forbidden.to_string()),
        None => FetchError::Later { wait: None, reason: format!("the app's file: {}", http::reason(error)) },
    }
}

fn may_pass(status: StatusCode) -> bool {
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS)
        || status.is_server_error()
}

/// Reads `Retry-After`: seconds, or a date.
fn wait_of(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let said = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(said).ok()?;
    Some(Timestamp(at.timestamp().as_millisecond()).since(now))
}

/// Reads a file up to the cap, which is asked of what it says of itself first.
async fn capped(response: Response) -> Result<Bytes, FetchError> {
    const MOST: usize = MOST_MEGABYTES * 1024 * 1024;
    if response.content_length().is_some_and(|length| length > MOST as u64) {
        return Err(FetchError::TooLarge);
    }
    let mut bytes = Vec::new();
    let mut body = response.bytes_stream();
    while let Some(more) = body.next().await {
        let more = more.map_err(unfetched)?;
        if bytes.len() + more.len() > MOST {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn opened(settings: &str) -> Result<bool, String> {
        let config: HttpConfig = toml::from_str(settings).map_err(|error| error.message().to_owned())?;
        let opened = Http::new(&config, Clock::manual(Timestamp(0)));
        opened.map(|http| http.is_some()).map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_secret_it_is_off_and_half_of_it_is_refused() {
        assert_eq!(opened(""), Ok(false));
        assert_eq!(opened("secret = \"\"\nallow_private = true"), Ok(false));
        assert_eq!(opened(&format!("secret = \"{SECRET}\"")), Ok(true));
        assert_eq!(opened(&format!("secrets = \"{SECRET} {SECRET}\"")), Ok(true));
        assert_eq!(opened(&format!("secrets = [\"{SECRET}\"]\ncallback_url = \"https://a.example/x\"")), Ok(true));
        insta::assert_snapshot!(opened("callback_url = \"https://a.example\"").unwrap_err(),
            @"secret is missing: without it nothing that comes in can be believed");
        insta::assert_snapshot!(opened("secret = \"hunter2\"").unwrap_err(),
            @"secret or secrets: expected whsec_ and base64, as `echo whsec_$(openssl rand -base64 32)` makes it");
        insta::assert_snapshot!(opened(&format!("secret = \"{SECRET}\"\ncallback_url = \"http://10.0.0.1/x\"")).unwrap_err(),
            @"callback_url: only https:// is used (allow_private = true in [http] lifts that)");
        insta::assert_snapshot!(opened(&format!("secret = \"{SECRET}\"\ncallback_url = \"https://10.0.0.1/x\"")).unwrap_err(),
            @"callback_url: it leads into a private or local network (allow_private = true in [http] lifts that)");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp(1_795_226_400_000);
        let wait = |said: &'static str| {
            let headers = [(RETRY_AFTER, reqwest::header::HeaderValue::from_static(said))].into_iter().collect();
            wait_of(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Sat, 21 Nov 2026 02:01:30 GMT"), Some(90));
        assert_eq!(wait("Sat, 21 Nov 2026 01:01:30 GMT"), Some(0));
        assert_eq!((wait("soon"), wait("-3")), (None, None));
    }

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let config: HttpConfig = toml::from_str(&format!("secret = \"{SECRET}\"")).unwrap();
        let shown = format!("{config:?} {:?}", Http::new(&config, Clock::manual(Timestamp(0))));
        assert!(!shown.contains("MfKQ"), "{shown}");
    }
}
