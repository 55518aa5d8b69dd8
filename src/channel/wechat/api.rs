//! Calls to the platform, and to its relative WeCom. Every address holds the access token, so none
//! is ever shown.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, Url, redirect};
use serde_json::{Value, json};

use super::errcode::{Codes, Denied, Reaction};
use super::token::{Fresh, Tokens};
use crate::channel::{FetchError, SendError};
use crate::clock::Clock;
use crate::domain::media::MOST_MEGABYTES;
use crate::domain::reach::SHUT;
use crate::domain::secret::Secret;
use crate::http;

/// How long a call may take in all; a file may take longer as long as bytes come.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest answer that is not a file: a page of what was written to customer service.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// How the related platforms differ.
#[derive(Debug)]
pub struct Platform {
    pub codes: &'static Codes,
    pub grant: Grant,
}

/// The call that gives an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// `stable_token` (protocols §1.10).
    Stable,
    /// `gettoken`, which gives the same token again while it is valid (protocols §2.3).
    Corporate,
}

/// Why no calls can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiFault {
    #[error("api_url: expected https://HOST or http://HOST:PORT")]
    Url,
    #[error("no HTTPS client could be made: {0}")]
    Client(String),
}

/// Why a call came to nothing. The words are for the operator: no token, nobody's words.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{0}")]
    Denied(Denied),
    /// The platform was not reached, or refused for the moment.
    #[error("{0}")]
    NotSent(String),
    /// The call left; what became of it is unknown.
    #[error("{0}")]
    Unknown(String),
    /// More bytes than are taken.
    #[error("the answer of the platform is too large")]
    TooLarge,
}

#[derive(Debug)]
pub(in crate::channel) struct Api {
    platform: &'static Platform,
    client: Client,
    base: Url,
    id: String,
    secret: Secret,
    tokens: Tokens,
    clock: Clock,
}

impl Api {
    /// Prepares calls under `base` for the account `id`.
    ///
    /// # Errors
    /// Why none can be made.
    pub(in crate::channel) fn new(
        platform: &'static Platform,
        base: &str,
        id: &str,
        secret: Secret,
        clock: Clock,
    ) -> Result<Api, ApiFault> {
        let client = http::client(PATIENCE).redirect(redirect::Policy::none()).build();
        Ok(Api {
            platform,
            client: client.map_err(|error| ApiFault::Client(http::reason(error)))?,
            base: Url::parse(base).ok().filter(Url::has_host).ok_or(ApiFault::Url)?,
            id: id.to_owned(),
            secret,
            tokens: Tokens::default(),
            clock,
        })
    }

    /// Makes sure that there is an access token.
    pub(in crate::channel) async fn authorise(&self) -> Result<(), ApiError> {
        self.tokens.get(&self.clock, self.ask_token()).await.map(drop)
    }

    /// Posts JSON and returns the answer, which is not a refusal.
    pub(in crate::channel) async fn post(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.post_with(path, &[], body).await
    }

    /// … with more in the address than the token.
    pub(in crate::channel) async fn post_with(
        &self,
        path: &str,
        pairs: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, ApiError> {
        self.with_token(|token| async move {
            let mut url = self.at(path, &[("access_token", token.expose())]);
            if !pairs.is_empty() {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            self.platform.call(self.client.post(url).json(body).timeout(PATIENCE)).await
        })
        .await
    }

    /// Posts the pieces of one message in their order; `taken` looks at what the platform says to each.
    ///
    /// # Errors
    /// Why it was not brought; [`SendError::Uncertain`] if only its beginning was.
    pub(in crate::channel) async fn post_pieces(
        &self,
        pieces: Vec<(&'static str, Value)>,
        taken: impl Fn(&Value) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        for (place, (path, body)) in pieces.into_iter().enumerate() {
            let sent = self.post(path, &body).await.map_err(SendError::from).and_then(|answer| taken(&answer));
            if let Err(error) = sent {
                return Err(match place {
                    0 => error,
                    _ => SendError::Uncertain(format!("only the beginning of the text was brought: {error}")),
                });
            }
        }
        Ok(())
    }

    /// Fetches a file that a message named.
    pub(in crate::channel) async fn media(&self, id: &str) -> Result<Bytes, ApiError> {
        self.with_token(|token| async move {
            let pairs = [("access_token", token.expose()), ("media_id", id)];
            let response = self.platform.sent(self.client.get(self.at("cgi-bin/media/get", &pairs))).await?;
            let written = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let is_words =
                written.is_some_and(|kind| kind.starts_with("application/json") || kind.starts_with("text/"));
            if is_words {
                // A refusal, or the address of a video, which is none of what we asked for.
                self.platform.answer(response).await?;
                let name = self.platform.codes.name;
                return Err(ApiError::Unknown(format!("{name} answered with words instead of a file")));
            }
            self.platform.capped(response, MOST_MEGABYTES * 1024 * 1024).await
        })
        .await
    }

    /// Makes a call with the token, and once more with another one if the first was refused.
    async fn with_token<T, F: Future<Output = Result<T, ApiError>>>(
        &self,
        call: impl Fn(Secret) -> F,
    ) -> Result<T, ApiError> {
        let token = self.tokens.get(&self.clock, self.ask_token()).await?;
        match call(token.clone()).await {
            Err(ApiError::Denied(denied)) if denied.reaction() == Reaction::Renew => {
                let other = self.tokens.instead_of(&token, &self.clock, self.ask_token()).await?;
                call(other).await
            }
            outcome => outcome,
        }
    }

    async fn ask_token(&self) -> Result<Fresh, ApiError> {
        let (id, secret) = (self.id.as_str(), self.secret.expose());
        let request = match self.platform.grant {
            Grant::Stable => self.client.post(self.at("cgi-bin/stable_token", &[])).json(&json!({
                "grant_type": "client_credential",
                "appid": id,
                "secret": secret,
                "force_refresh": false,
            })),
            Grant::Corporate => self.client.get(self.at("cgi-bin/gettoken", &[("corpid", id), ("corpsecret", secret)])),
        };
        // Whatever became of this call, the message itself has not left yet.
        let not_sent = |error| match error {
            ApiError::Unknown(reason) => ApiError::NotSent(reason),
            other => other,
        };
        let given = self.platform.call(request.timeout(PATIENCE)).await.map_err(not_sent)?;
        let token = given.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let seconds = given.get("expires_in").and_then(Value::as_i64);
        match (token, seconds) {
            (Some(token), Some(seconds)) => Ok(Fresh { token: Secret::new(token), seconds }),
            _ => Err(ApiError::NotSent(format!("{} gave no access token", self.platform.codes.name))),
        }
    }

    fn at(&self, path: &str, pairs: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }
}

impl Platform {
    /// Makes a call and reads its answer, which is not a refusal.
    pub(in crate::channel) async fn call(&self, request: RequestBuilder) -> Result<Value, ApiError> {
        self.answer(self.sent(request).await?).await
    }

    async fn sent(&self, request: RequestBuilder) -> Result<Response, ApiError> {
        let name = self.codes.name;
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => Err(ApiError::NotSent(format!("{name} answered with HTTP {}", response.status().as_u16()))),
            Err(error) if error.is_connect() || error.is_builder() => {
                Err(ApiError::NotSent(format!("{name} was not reached: {}", http::reason(error))))
            }
            Err(error) => Err(ApiError::Unknown(format!("{name} did not answer: {}", http::reason(error)))),
        }
    }

    /// Reads an answer in JSON.
    async fn answer(&self, response: Response) -> Result<Value, ApiError> {
        let bytes = self.capped(response, LARGEST_ANSWER).await?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|_| ApiError::Unknown(format!("{} answered with something that is not JSON", self.codes.name)))?;
        match Denied::of(self.codes, &value) {
            Some(denied) => Err(ApiError::Denied(denied)),
            None => Ok(value),
        }
    }

    async fn capped(&self, mut response: Response, most: usize) -> Result<Bytes, ApiError> {
        let mut bytes = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > most => {
                    drop(chunk);
                    return Err(ApiError::TooLarge);
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes.freeze()),
                Err(error) => {
                    let (name, reason) = (self.codes.name, http::reason(error));
                    return Err(ApiError::Unknown(format!("the answer of {name} broke off: {reason}")));
                }
            }
        }
    }
}

impl From<ApiError> for SendError {
    fn from(error: ApiError) -> SendError {
        let reason = error.to_string();
        match error {
            ApiError::NotSent(_) => SendError::Later { wait: None, reason },
            ApiError::Unknown(_) | ApiError::TooLarge => SendError::Uncertain(reason),
            ApiError::Denied(denied) => match denied.reaction() {
                Reaction::Wait(wait) => SendError::Later { wait, reason },
                Reaction::Renew | Reaction::Repair => SendError::Later { wait: Some(PATIENCE * 4), reason },
                Reaction::Unreachable => SendError::Unreachable(reason),
                Reaction::Shut => SendError::Unreachable(format!("{SHUT} {reason}")),
                Reaction::Gone | Reaction::GiveUp => SendError::Refused(reason),
            },
        }
    }
}

impl From<ApiError> for FetchError {
    fn from(error: ApiError) -> FetchError {
        let reason = error.to_string();
        match error {
            ApiError::NotSent(_) | ApiError::Unknown(_) => FetchError::Later { wait: None, reason },
            ApiError::TooLarge => FetchError::TooLarge,
            ApiError::Denied(denied) => match denied.reaction() {
                Reaction::Wait(wait) => FetchError::Later { wait, reason },
                Reaction::Renew | Reaction::Repair => FetchError::Later { wait: Some(PATIENCE * 4), reason },
                Reaction::Gone | Reaction::GiveUp | Reaction::Unreachable | Reaction::Shut => FetchError::Gone(reason),
            },
        }
    }
}
