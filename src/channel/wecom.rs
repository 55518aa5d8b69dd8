//! An app of WeCom (企业微信): its pushes in, which are always encrypted, passive answers and
//! messages out (protocols §2).
//!
//! Envelope, XML and calls are those of the Official Account (`channel/envelope`,
//! `channel/wechat`); what differs stands here. It decides nothing about conversations. Read
//! [`send`] for what goes out, [`robot`] for alerts into a group of staff, [`service`] for people who
//! write from WeChat.

pub mod card;
pub mod config;
pub mod connect;
pub mod robot;
mod send;
pub mod service;

use std::sync::Arc;

use super::envelope::query::Query;
use super::envelope::xml::{self, Fields};
use super::envelope::{self, Envelope, Refused};
use super::wechat::api::Api;
use super::wechat::push::Push;
use super::wechat::reply::{Answer, Sealing};
use super::{ChannelKind, Inbound};
use crate::clock::Clock;
use crate::domain::secret::Secret;
pub use config::{ConfigFault, WecomConfig};
pub use send::MOST_BYTES;
use service::Notice;

/// Longest text that a verification gives back.
const LONGEST_ECHO: usize = 128;

/// An app that is configured. Cheap to clone; shows no secret.
#[derive(Debug, Clone)]
pub struct Wecom(Arc<App>);

#[derive(Debug)]
struct App {
    envelope: Envelope,
    corp_id: String,
    agent_id: u32,
    freshness_seconds: u64,
    api: Api,
    /// Where customer service has a secret of its own.
    service: Option<Api>,
    clock: Clock,
}

/// What a push says.
#[derive(Debug, Clone)]
pub enum Opened {
    /// Somebody of the company wrote or did something.
    Push(Push),
    /// There is something to read in customer service.
    Notice(Notice),
}

impl Wecom {
    /// Puts the app together; `None` where the section holds no credentials of one.
    ///
    /// # Errors
    /// When it is half configured: which key is missing or wrong.
    pub fn new(config: &WecomConfig, clock: Clock) -> Result<Option<Wecom>, ConfigFault> {
        let Some(set) = config.complete()? else { return Ok(None) };
        let api =
            |secret: &Secret| Api::new(&config::PLATFORM, set.api_url, set.corp_id, secret.clone(), clock.clone());
        Ok(Some(Wecom(Arc::new(App {
            envelope: Envelope::new(set.token, set.aes_key, set.previous_aes_key, set.corp_id)?,
            corp_id: set.corp_id.to_owned(),
            agent_id: set.agent_id,
            freshness_seconds: u64::from(config.freshness_seconds),
            api: api(set.secret)?,
            service: set.kf_secret.map(api).transpose()?,
            clock,
        }))))
    }

    /// Answers the verification of the URL: returns what is to be sent back, as `text/plain`. The
    /// echo comes encrypted, and is wanted back in the clear within a second (protocols §2.1).
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong; also when the echo is anything but letters and digits.
    pub fn verify(&self, query: &str) -> Result<String, Refused> {
        let query = Query::parse(query)?;
        let echo = self.0.envelope.open(query.signed()?, &query.encrypted_echo()?)?.message;
        let plain = !echo.is_empty() && echo.len() <= LONGEST_ECHO && echo.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain { Ok(echo) } else { Err(Refused) }
    }

    /// Judges a push by its URL alone, before its body is read: signed at all, and lately.
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong.
    pub fn admit(&self, query: &str) -> Result<Query, Refused> {
        let query = Query::parse(query)?;
        query.signed()?;
        let (off, most) = (query.seconds_off(self.0.clock.now())?, self.0.freshness_seconds);
        if most > 0 && off > most {
            tracing::info!(
                "a push of WeCom was refused: its time is {off} s from this machine's; if this goes on, set the clock"
            );
            return Err(Refused);
        }
        Ok(query)
    }

    /// Verifies, decrypts and reads a push whose URL was admitted.
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong.
    pub fn open(&self, query: &Query, body: &[u8]) -> Result<Opened, Refused> {
        let opened = self.0.envelope.open(query.signed()?, &xml::encrypted(body)?)?;
        let fields = Fields::parse(&opened.message)?;
        if fields.get("ToUserName") != Some(&self.0.corp_id) {
            return Err(Refused);
        }
        if let Some(notice) = Notice::read(&fields)? {
            return Ok(Opened::Notice(notice));
        }
        let sealing = Sealing { key: opened.key, nonce: query.nonce.clone() };
        let push = Push::read(&fields, Some(sealing))?;
        let inbound = push.inbound.map(|inbound| Inbound { channel: ChannelKind::Wecom, ..inbound });
        Ok(Opened::Push(Push { inbound, ..push }))
    }

    /// Writes the answer to a push, encrypted as the push was.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn answer(&self, to: &Answer, text: &str) -> Result<String, getrandom::Error> {
        let seconds = self.0.clock.now().0 / 1000;
        let plain = to.to_xml(text, seconds);
        let key = to.sealing.as_ref().map_or(envelope::KeyUsed::Current, |sealing| sealing.key);
        let nonce = to.sealing.as_ref().map_or("0", |sealing| sealing.nonce.as_str());
        Ok(self.0.envelope.seal(key, &plain, &seconds.to_string(), nonce, envelope::random()?).to_xml())
    }
}

#[cfg(test)]
mod tests;
