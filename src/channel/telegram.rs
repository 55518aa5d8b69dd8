//! Telegram: a bot's updates in, messages and files by the Bot API (protocols §3).
//!
//! Types of requests and of what updates hold are teloxide's; the transport is ours ([`api`] says
//! why). Updates arrive by webhook (`crate::web`) or are asked for (`crate::app`); [`update`] reads
//! both. Nothing here is stored or decided, and the token, which is part of every address, stands
//! in no error and no log line.

mod api;
mod fault;
mod file;
mod keyboard;
mod pace;
mod setup;
mod split;
pub mod staff;
pub mod update;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::Sha256;
use teloxide::payloads::{AnswerCallbackQuery, DeleteWebhook, GetUpdates, SendMessage};
use teloxide::types::{CallbackQueryId, ChatId, MessageId, ReplyParameters};

use super::{FetchError, Outgoing, SendError};
use crate::domain::ids::OutboxId;
use crate::domain::secret::Secret;
use api::Api;
pub use fault::PollError;
pub use pace::Limits;
use pace::Pace;
pub use setup::{Menu, Registered, WebhookState};
use staff::Answer;
use update::Update;

/// Where Telegram's own Bot API server is.
pub const API_URL: &str = "https://api.telegram.org";
/// The path of the webhook below `[server] public_url`.
pub const WEBHOOK_PATH: &str = "/webhooks/telegram";
/// How long an ordinary call may take.
const CALL: Duration = Duration::from_secs(30);
/// How long Telegram holds a question for updates open while there are none.
const LONG_POLL: Duration = Duration::from_secs(50);
/// Updates that are asked for at once.
const BATCH: u8 = 100;
/// Messages of several parts of which some are out: more than ever wait at once.
const MOST_PARTIAL: usize = 1_000;

/// `[telegram]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelegramConfig {
    /// As `@BotFather` gives it; without one the channel is off.
    pub token: Option<Secret>,
    /// What Telegram shows with each webhook request: 1 to 256 of `A-Za-z0-9_-`. Derived from the
    /// token where it is not set, so that there always is one, and the same one on all replicas.
    pub secret_token: Option<Secret>,
    pub mode: Mode,
    /// The Bot API server: Telegram's or one's own.
    pub api_url: String,
    /// Webhook requests Telegram may make at the same time, 1 to 100.
    pub max_connections: u8,
}

impl Default for TelegramConfig {
    fn default() -> TelegramConfig {
        TelegramConfig {
            token: None,
            secret_token: None,
            mode: Mode::Webhook,
            api_url: API_URL.to_owned(),
            max_connections: 40,
        }
    }
}

/// How updates come here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Telegram calls us.
    Webhook,
    /// We ask Telegram: for a machine that the world cannot reach.
    Polling,
}

/// What is wrong with `[telegram]`.
#[derive(Debug, thiserror::Error)]
pub enum TelegramError {
    #[error("[telegram] token is missing, though secret_token is set: put the token there that @BotFather gave")]
    TokenMissing,
    #[error("[telegram] token: expected NUMBER:LETTERS as @BotFather gives it")]
    Token,
    #[error("[telegram] secret_token: expected 1 to 256 of A-Z, a-z, 0-9, _ and -")]
    SecretToken,
    #[error("[telegram] api_url: expected https://HOST or http://HOST:PORT")]
    ApiUrl,
    #[error("[telegram] max_connections: expected 1 to 100, not {0}")]
    MaxConnections(u8),
    #[error("no HTTPS client can be made: {0}")]
    Client(String),
}

/// A bot. Cheap to clone; its clones keep the pace together.
#[derive(Clone)]
pub struct Telegram {
    api: Api,
    secret: Secret,
    mode: Mode,
    max_connections: u8,
    pace: Arc<Pace>,
    /// How many parts of a long message are out already.
    partial: Arc<Mutex<HashMap<OutboxId, usize>>>,
}

impl Telegram {
    /// Makes a bot of its settings; `None` when there is no token.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub fn new(config: &TelegramConfig) -> Result<Option<Telegram>, TelegramError> {
        let set = |secret: &Option<Secret>| secret.clone().filter(|secret| !secret.expose().is_empty());
        let Some(token) = set(&config.token) else {
            return if set(&config.secret_token).is_some() { Err(TelegramError::TokenMissing) } else { Ok(None) };
        };
        if !is_token(token.expose()) {
            return Err(TelegramError::Token);
        }
        if !(1..=100).contains(&config.max_connections) {
            return Err(TelegramError::MaxConnections(config.max_connections));
        }
        let secret = set(&config.secret_token).unwrap_or_else(|| derived(&token));
        if !is_secret_token(secret.expose()) {
            return Err(TelegramError::SecretToken);
        }
        Ok(Some(Telegram {
            api: Api::new(&config.api_url, token)?,
            secret,
            mode: config.mode,
            max_connections: config.max_connections,
            pace: Arc::new(Pace::new(Limits::default())),
            partial: Arc::default(),
        }))
    }

    /// Keeps another pace than Telegram asks of everybody: for bots that bought more, and for tests.
    pub fn paced(self, limits: Limits) -> Telegram {
        Telegram { pace: Arc::new(Pace::new(limits)), ..self }
    }

    /// How updates come here.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether a webhook request comes from Telegram: the value of its header
    /// `X-Telegram-Bot-Api-Secret-Token`, compared in equal time (protocols §3.1).
    pub fn admits(&self, header: Option<&[u8]>) -> bool {
        header.is_some_and(|said| self.secret.matches(said))
    }

    /// Returns what to answer a webhook request with so that a pressed button stops waiting; it
    /// saves the call of [`Telegram::answer_query`].
    pub fn answer_in_response(query: &str) -> serde_json::Value {
        serde_json::json!({ "method": "answerCallbackQuery", "callback_query_id": query })
    }

    /// Tells Telegram that a pressed button was seen.
    ///
    /// # Errors
    /// For the log only: late answers are refused, and nobody misses them.
    pub async fn answer_query(&self, query: &str) -> Result<(), SendError> {
        let payload = AnswerCallbackQuery::new(CallbackQueryId(query.to_owned()));
        self.api.call::<_, IgnoredAny>(&payload, CALL).await.map(drop).map_err(fault::of_sending)
    }

    /// Tells staff what became of what they did, where there is no request to answer.
    ///
    /// # Errors
    /// Why they were not told.
    pub async fn answer(&self, answer: &Answer) -> Result<(), SendError> {
        match answer {
            Answer::Toast { query, text } => {
                let mut payload = AnswerCallbackQuery::new(CallbackQueryId(query.clone()));
                payload.text = Some(text.clone());
                self.api.call::<_, IgnoredAny>(&payload, CALL).await.map(drop).map_err(fault::of_sending)
            }
            Answer::Say { chat, below, text } => {
                let id = OutboxId(uuid::Uuid::nil());
                let outgoing = Outgoing { id, address: &chat.to_string(), text, buttons: &[] };
                self.send_below(&outgoing, *below).await.map(drop)
            }
        }
    }

    /// Brings a message to a chat: in parts if it is longer than Telegram takes, with its buttons
    /// below the last. What of it this process has brought already is not sent again at the next attempt; after a
    /// restart, or on another replica, it is.
    ///
    /// # Errors
    /// Why it was not brought.
    pub async fn send(&self, message: &Outgoing<'_>) -> Result<(), SendError> {
        self.send_below(message, None).await.map(drop)
    }

    /// The same, as an answer to another message of the chat if that is still there. Returns the
    /// number of the last part, where Telegram says it.
    ///
    /// # Errors
    /// Why it was not brought.
    pub async fn send_below(&self, message: &Outgoing<'_>, below: Option<i64>) -> Result<Option<i64>, SendError> {
        let chat: i64 = message.address.parse().map_err(|_| {
            SendError::Refused("the conversation's address is not the number of a Telegram chat".to_owned())
        })?;
        let below = below
            .and_then(|id| i32::try_from(id).ok())
            .map(|id| ReplyParameters::new(MessageId(id)).allow_sending_without_reply());
        let (text, keyboard) = keyboard::below(message.text, message.buttons);
        let parts = split::parts(&text);
        let last = parts.len().saturating_sub(1);
        let mut number = None;
        for (at, part) in parts.iter().enumerate().skip(self.parts_out(message.id)) {
            self.pace.turn(chat).await.map_err(|wait| SendError::Later {
                wait: Some(wait),
                reason: "more is waiting to be sent than Telegram takes at once".to_owned(),
            })?;
            let mut payload = SendMessage::new(ChatId(chat), *part);
            payload.reply_parameters = below.clone().filter(|_| at == 0);
            if at == last {
                payload.reply_markup = keyboard.clone();
            }
            // It was done, whatever the answer says of it: its number is read if it is there.
            match self.api.call::<_, serde_json::Value>(&payload, CALL).await {
                Ok(_) if at < last => self.note_part(message.id, at + 1),
                Ok(done) => {
                    number = done.get("message_id").and_then(serde_json::Value::as_i64);
                    self.forget_parts(message.id);
                }
                Err(error) => {
                    if let Some(pause) = error.retry_after() {
                        self.pace.freeze(chat, pause);
                    }
                    let error = fault::of_sending(error);
                    if !matches!(error, SendError::Later { .. } | SendError::Uncertain(_)) {
                        self.forget_parts(message.id);
                    }
                    return Err(error);
                }
            }
        }
        Ok(number)
    }

    /// Fetches a file by its `file_id`.
    ///
    /// # Errors
    /// Why it could not be fetched.
    pub async fn fetch(&self, file: &str) -> Result<Bytes, FetchError> {
        file::fetch(&self.api, file).await
    }

    /// Asks for the updates from `offset` on, waiting for the first; those before it are thereby
    /// acknowledged (protocols §3.1).
    ///
    /// # Errors
    /// Why there are none.
    pub async fn updates(&self, offset: i64) -> Result<Vec<Update>, PollError> {
        let mut payload = GetUpdates::new();
        payload.offset = i32::try_from(offset).ok();
        payload.limit = Some(BATCH);
        payload.timeout = u32::try_from(LONG_POLL.as_secs()).ok();
        payload.allowed_updates = Some(setup::ALLOWED.to_vec());
        let found: Vec<serde_json::Value> =
            self.api.call(&payload, LONG_POLL + CALL).await.map_err(fault::of_polling)?;
        Ok(found.iter().map(Update::of).collect())
    }

    /// Takes a webhook away, which would keep updates from being asked for; none of them is lost.
    ///
    /// # Errors
    /// Why it is still there.
    pub async fn delete_webhook(&self) -> Result<(), SendError> {
        self.api.call::<_, IgnoredAny>(&DeleteWebhook::new(), CALL).await.map(drop).map_err(fault::of_sending)
    }

    fn parts_out(&self, id: OutboxId) -> usize {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied().unwrap_or(0)
    }

    fn note_part(&self, id: OutboxId, out: usize) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        if partial.len() < MOST_PARTIAL || partial.contains_key(&id) {
            partial.insert(id, out);
        }
    }

    fn forget_parts(&self, id: OutboxId) {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telegram").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// `123456789:AA…`
fn is_token(token: &str) -> bool {
    let is_key =
        |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    token.len() <= 256
        && token
            .split_once(':')
            .is_some_and(|(id, key)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && is_key(key))
}

fn is_secret_token(secret: &str) -> bool {
    (1..=256).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Makes the webhook's secret of the token: nobody who has not got the token can tell it.
fn derived(token: &Secret) -> Secret {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token.expose().as_bytes()) else { return Secret::new("") };
    mac.update(b"huifang: secret_token of the Telegram webhook");
    Secret::new(BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests;
