//! Calls to the Bot API.
//!
//! Not teloxide's `Bot`: it holds a caller for ten seconds after every 5xx; it reads a sent message
//! back whole, so that a member it does not know yet would turn a success into a failure and the
//! message would go out twice; its errors show the address and with it the token; and it trusts
//! only certificates that are compiled in. Its payloads say what is asked, `crate::http` makes
//! the client.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use teloxide::requests::Payload;

use super::TelegramError;
use crate::domain::secret::Secret;
use crate::http;

/// A server that says nothing for so long is given up; longer than a question for updates stays open.
const SILENCE: Duration = Duration::from_secs(90);
/// Answers are read up to so many bytes: a hundred updates are far less.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;
/// Seconds for which a server may ask to be left alone: a day.
const LONGEST_PAUSE: u64 = 86_400;
/// Characters of Telegram's own words that are passed on.
const LONGEST_DESCRIPTION: usize = 200;

/// The Bot API server, as one bot.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    base: Url,
    token: Secret,
}

/// Why a call brought nothing. The words hold neither the token nor an address with it.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The request did not leave.
    #[error("{0} cannot be reached: {1}")]
    NotSent(String, String),
    /// It left; what became of it is not known.
    #[error("{0} did not answer: {1}")]
    Unanswered(String, String),
    /// Telegram says no.
    #[error("Telegram says {code} {description}")]
    Refused { code: u16, description: String, retry_after: Option<Duration>, moved_to: Option<i64> },
}

impl CallError {
    /// How long Telegram wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            CallError::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Why a body was not read.
pub(super) enum ReadError {
    TooLarge,
    Broken(reqwest::Error),
}

/// What every answer of the Bot API is wrapped in.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error_code: u16,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl Api {
    pub(super) fn new(base: &str, token: Secret) -> Result<Api, TelegramError> {
        let base = Url::parse(base.trim_end_matches('/')).map_err(|_| TelegramError::ApiUrl)?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() || base.cannot_be_a_base() {
            return Err(TelegramError::ApiUrl);
        }
        // A redirect would carry the token to where nobody meant it to go.
        let client = http::client(SILENCE)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| TelegramError::Client(http::reason(error)))?;
        Ok(Api { client, base, token })
    }

    /// Returns the server's name, for messages to the operator.
    pub(super) fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or("the Bot API server");
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether the server is Telegram's own.
    pub(super) fn is_telegrams(&self) -> bool {
        self.base.host_str() == Some("api.telegram.org")
    }

    /// Returns the token, to be struck from what a server says.
    pub(super) fn token(&self) -> &Secret {
        &self.token
    }

    /// Calls a method and reads its result as `T`, within a time.
    pub(super) async fn call<P, T>(&self, payload: &P, within: Duration) -> Result<T, CallError>
    where
        P: Payload + Serialize + Sync,
        T: DeserializeOwned,
    {
        let method = method_name(P::NAME);
        let body = serde_json::to_vec(payload).map_err(|error| self.not_sent(&error.to_string()))?;
        let url = self.address(&[&format!("bot{}", self.token.expose()), &method]);
        let request = self.client.post(url).timeout(within).header(CONTENT_TYPE, "application/json").body(body).send();
        let response = request.await.map_err(|error| self.unsent_or_unanswered(error))?;
        let status = response.status();
        let body = match read_up_to(response, LARGEST_ANSWER).await {
            Ok(body) => body,
            Err(ReadError::TooLarge) => return Err(self.unanswered("its answer is too large")),
            Err(ReadError::Broken(error)) => return Err(self.unanswered(&http::reason(error))),
        };
        let Ok(answer) = serde_json::from_slice::<Answer>(&body) else { return Err(self.of_status(status)) };
        if !answer.ok {
            return Err(CallError::Refused {
                code: if answer.error_code == 0 { status.as_u16() } else { answer.error_code },
                description: self.said(&answer.description),
                retry_after: answer
                    .parameters
                    .retry_after
                    .map(|seconds| Duration::from_secs(seconds.min(LONGEST_PAUSE))),
                moved_to: answer.parameters.migrate_to_chat_id,
            });
        }
        // It was done, whatever it says of it.
        serde_json::from_value(answer.result)
            .map_err(|_| self.unanswered(&format!("{method} returned something unknown")))
    }

    /// Begins to download what lies under `path` at the server.
    pub(super) async fn download(&self, path: &str, within: Duration) -> Result<Response, CallError> {
        let bot = format!("bot{}", self.token.expose());
        let segments: Vec<&str> = ["file", &bot].into_iter().chain(path.split('/')).collect();
        let sent = self.client.get(self.address(&segments)).timeout(within).send().await;
        sent.map_err(|error| self.unsent_or_unanswered(error))
    }

    fn address(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // `new` has seen to it that the address has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    fn unsent_or_unanswered(&self, error: reqwest::Error) -> CallError {
        let left = !(error.is_connect() || error.is_builder());
        let reason = http::reason(error);
        if left { self.unanswered(&reason) } else { self.not_sent(&reason) }
    }

    fn not_sent(&self, reason: &str) -> CallError {
        CallError::NotSent(self.host(), self.said(reason))
    }

    fn unanswered(&self, reason: &str) -> CallError {
        CallError::Unanswered(self.host(), self.said(reason))
    }

    /// What a status means that came without the Bot API's own words: something in between spoke.
    fn of_status(&self, status: StatusCode) -> CallError {
        if status == StatusCode::SERVICE_UNAVAILABLE || status.is_client_error() {
            let (code, retry_after, moved_to) = (status.as_u16(), None, None);
            let description = status.canonical_reason().unwrap_or_default().to_owned();
            return CallError::Refused { code, description, retry_after, moved_to };
        }
        self.unanswered(&format!("HTTP {status} without the Bot API's words"))
    }

    /// Takes the server's words over: no control characters, no token, not too many.
    fn said(&self, words: &str) -> String {
        let words = words.replace(self.token.expose(), "…");
        words.chars().filter(|c| !c.is_control()).take(LONGEST_DESCRIPTION).collect()
    }
}

/// Reads a body, but no more than `most` bytes.
pub(super) async fn read_up_to(mut response: Response, most: usize) -> Result<Bytes, ReadError> {
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(ReadError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        if body.len() + chunk.len() > most {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// `SendMessage` → `sendMessage`, as the Bot API's documentation writes it.
fn method_name(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(base: &str) -> Api {
        Api::new(base, Secret::new("1:secret")).unwrap()
    }

    #[test]
    fn the_address_is_built_below_any_base() {
        let at = |base| api(base).address(&["bot1:secret", "getMe"]).to_string();
        assert_eq!(at("https://api.telegram.org"), "https://api.telegram.org/bot1:secret/getMe");
        assert_eq!(at("http://10.0.0.2:8081/tg/"), "http://10.0.0.2:8081/tg/bot1:secret/getMe");
        assert_eq!(method_name("AnswerCallbackQuery"), "answerCallbackQuery");
    }

    #[test]
    fn what_a_server_says_is_passed_on_without_the_token() {
        let error = api("https://api.telegram.org").unanswered("GET /bot1:secret/x\r\nfailed");
        assert_eq!(error.to_string(), "api.telegram.org did not answer: GET /bot…/xfailed");
    }
}
