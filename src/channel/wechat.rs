//! A WeChat Official Account (公众号): its pushes in, its passive answers and customer-service
//! messages out (protocols §1).
//!
//! [`Wechat::admit`] and [`Wechat::open`] verify before anything is parsed, in the order of
//! protocols §6.4, and refuse everything alike. What is sent and fetched goes through [`api`], whose
//! refusals [`errcode`] reads. It decides nothing about conversations. Read [`push`] for what a push
//! means to us, [`reply`] for how it is answered at once.

pub(super) mod api;
pub mod config;
pub mod connect;
pub mod errcode;
pub mod notice;
pub mod push;
pub mod reply;
mod send;
mod token;

use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::secret::Secret;

use super::envelope::query::Query;
use super::envelope::xml::{self, Fields};
use super::envelope::{self, Envelope, Refused};
use api::Api;
pub use api::ApiError;
pub use config::{ConfigFault, Mode, WechatConfig};
use push::Push;
use reply::{Answer, Sealing};
pub use send::{Lasting, QrCode};

/// Longest `echostr` that is given back.
const LONGEST_ECHO: usize = 128;

/// An Official Account that is configured. Cheap to clone; shows no secret.
#[derive(Debug, Clone)]
pub struct Wechat(Arc<Account>);

#[derive(Debug)]
struct Account {
    token: Secret,
    mode: Mode,
    /// `None` in plain mode without a key.
    envelope: Option<Envelope>,
    original_id: Option<String>,
    freshness_seconds: u64,
    template: Option<config::Template>,
    subscription: Option<config::Template>,
    api: Api,
    clock: Clock,
}

impl Wechat {
    /// Puts the account together; `None` where the section holds no credentials.
    ///
    /// # Errors
    /// When it is half configured: which key is missing or wrong.
    pub fn new(config: &WechatConfig, clock: Clock) -> Result<Option<Wechat>, ConfigFault> {
        let Some(set) = config.complete()? else { return Ok(None) };
        let envelope = match set.aes_key {
            Some(key) => Some(Envelope::new(set.token, key, set.previous_aes_key, set.app_id)?),
            None => None,
        };
        let api = Api::new(&config::PLATFORM, set.api_url, set.app_id, set.app_secret.clone(), clock.clone())?;
        Ok(Some(Wechat(Arc::new(Account {
            token: set.token.clone(),
            mode: config.mode,
            envelope,
            original_id: set.original_id.map(str::to_owned),
            freshness_seconds: u64::from(config.freshness_seconds),
            template: set.template,
            subscription: set.subscription,
            api,
            clock,
        }))))
    }

    /// Answers the verification of the URL: returns what is to be sent back, as `text/plain`.
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong; also when the echo is anything but letters and digits.
    pub fn verify(&self, query: &str) -> Result<String, Refused> {
        let query = Query::parse(query)?;
        self.check_signature(&query)?;
        let echo = query.echostr.ok_or(Refused)?;
        let plain = !echo.is_empty() && echo.len() <= LONGEST_ECHO && echo.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain { Ok(echo) } else { Err(Refused) }
    }

    /// Judges a push by its URL alone, before its body is read.
    ///
    /// The time it carries must be close to ours (`freshness_seconds`). A repeated push is never
    /// refused for being one: the platform repeats within 15 seconds, and what was stored before is
    /// recognised by its id (protocols §1.8).
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong.
    pub fn admit(&self, query: &str) -> Result<Query, Refused> {
        let query = Query::parse(query)?;
        let encrypted = query.encrypt_type.as_deref() == Some("aes");
        if encrypted {
            query.signed()?;
        } else if self.0.mode == Mode::Plain {
            self.check_signature(&query)?;
        } else {
            return Err(Refused); // `signature` covers no body: this would be a way around the key
        }
        let (off, most) = (query.seconds_off(self.0.clock.now())?, self.0.freshness_seconds);
        if most > 0 && off > most {
            tracing::info!(
                "a push of WeChat was refused: its time is {off} s from this machine's; if this goes on, set the clock"
            );
            return Err(Refused);
        }
        Ok(query)
    }

    /// Verifies, decrypts and reads a push whose URL was admitted. Of a body that carries both a
    /// plain and an encrypted copy only the encrypted one is read.
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong.
    pub fn open(&self, query: &Query, body: &[u8]) -> Result<Push, Refused> {
        let (fields, sealing) = match (query.encrypt_type.as_deref(), &self.0.envelope) {
            (Some("aes"), Some(envelope)) => {
                let encrypt = xml::encrypted(body)?;
                let opened = envelope.open(query.signed()?, &encrypt)?;
                let sealing = Sealing { key: opened.key, nonce: query.nonce.clone() };
                (Fields::parse(&opened.message)?, Some(sealing))
            }
            (Some("aes"), None) => return Err(Refused),
            _ if self.0.mode != Mode::Plain => return Err(Refused),
            _ => (Fields::parse(std::str::from_utf8(body).map_err(|_| Refused)?)?, None),
        };
        let push = Push::read(&fields, sealing)?;
        match &self.0.original_id {
            Some(own) if *own != push.reply.from => Err(Refused),
            _ => Ok(push),
        }
    }

    /// Writes the answer to a push, encrypted if the push was.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn answer(&self, to: &Answer, text: &str) -> Result<String, getrandom::Error> {
        let seconds = self.0.clock.now().0 / 1000;
        let plain = to.to_xml(text, seconds);
        match (&to.sealing, &self.0.envelope) {
            (Some(Sealing { key, nonce }), Some(envelope)) => {
                Ok(envelope.seal(*key, &plain, &seconds.to_string(), nonce, envelope::random()?).to_xml())
            }
            _ => Ok(plain),
        }
    }

    /// Checks the signature over the URL.
    fn check_signature(&self, query: &Query) -> Result<(), Refused> {
        let said = query.signature.as_deref().ok_or(Refused)?;
        let parts = [self.0.token.expose(), &query.timestamp, &query.nonce];
        if envelope::is_signature(&parts, said) { Ok(()) } else { Err(Refused) }
    }
}

#[cfg(test)]
mod tests;
