//! What every chat platform is reduced to: messages in, messages out.
//!
//! A channel verifies and parses what a platform sends into [`Inbound`], sends an [`Outgoing`] and
//! fetches files that lie with the platform; it knows nothing of conversations, and nothing behind
//! this module sees a platform's own JSON or XML. Read `crate::intake` next: it takes an
//! [`Inbound`] from here; `crate::jobs` calls [`Channels`].

pub mod envelope;
pub mod http;
pub mod mail;
pub mod plain;
pub mod telegram;
pub mod wechat;
pub mod wecom;

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{MediaId, OutboxId};
use crate::domain::language::Language;
pub use crate::domain::media::{MediaKind, Refusal};
use crate::domain::reach::Window;
use crate::domain::time::Timestamp;
use telegram::Telegram;
use wechat::notice::{Way, Ways};

/// A way by which people reach us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// The page under `/chat`; it fetches its answers, so nothing has to be delivered.
    Web,
    /// A Telegram bot.
    Telegram,
    /// A WeChat Official Account (公众号).
    Wechat,
    /// An app of WeCom (企业微信).
    Wecom,
    /// WeChat customer service (微信客服) of a company on WeCom.
    WecomKf,
    /// Any program, by signed HTTP.
    Http,
}

impl ChannelKind {
    /// Every channel.
    pub const ALL: [ChannelKind; 6] = [
        ChannelKind::Web,
        ChannelKind::Telegram,
        ChannelKind::Wechat,
        ChannelKind::Wecom,
        ChannelKind::WecomKf,
        ChannelKind::Http,
    ];

    /// Returns the name used in the database, in metrics and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            ChannelKind::Web => "web",
            ChannelKind::Telegram => "telegram",
            ChannelKind::Wechat => "wechat",
            ChannelKind::Wecom => "wecom",
            ChannelKind::WecomKf => "wecom_kf",
            ChannelKind::Http => "http",
        }
    }

    /// Returns the section of the configuration that sets it up.
    fn section(self) -> &'static str {
        match self {
            ChannelKind::WecomKf => ChannelKind::Wecom.name(),
            other => other.name(),
        }
    }

    /// How long a message's answers may still go out in the response to the message itself; they
    /// are sent the other way only when that has passed. WeChat and WeCom wait five seconds
    /// (protocols §1.8, §2.1).
    pub fn answers_within(self) -> Option<Duration> {
        match self {
            ChannelKind::Wechat | ChannelKind::Wecom => Some(Duration::from_secs(6)),
            ChannelKind::Web | ChannelKind::Telegram | ChannelKind::WecomKf | ChannelKind::Http => None,
        }
    }

    /// The window in which the platform lets us write, if it has one.
    pub fn window(self) -> Option<Window> {
        match self {
            // The same for customer service on WeCom (protocols §2.5).
            ChannelKind::Wechat | ChannelKind::WecomKf => Some(Window::WECHAT),
            ChannelKind::Web | ChannelKind::Telegram | ChannelKind::Wecom | ChannelKind::Http => None,
        }
    }

    /// Returns the channel of that name.
    pub fn from_name(name: &str) -> Option<ChannelKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One message from outside, verified and parsed.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub channel: ChannelKind,
    /// Who wrote, in the channel's own terms (for the web chat: the hash of the session secret).
    pub address: String,
    /// The platform's id of this message; the same id twice is the same message.
    pub external_id: String,
    /// What the platform says of the person's language; the person's own choice outranks it.
    pub language: Option<Language>,
    pub content: Content,
}

/// What a message holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Words, and perhaps the token of a deep link (`/start TOKEN`); uncleaned.
    Text(String),
    /// Words in place of those of an earlier message, which the person edited; uncleaned.
    Edited(String),
    /// A pressed button: the id of a [`crate::domain::dialogue`] choice.
    Choice(String),
    /// Files that are already stored, with the words that came along.
    Media { files: Vec<ReceivedFile>, caption: Option<String> },
    /// Files that still lie with the platform and are fetched after the message is stored.
    Remote { files: Vec<RemoteFile>, caption: Option<String> },
    /// A place on the map.
    Place(Place),
    /// The person's own telephone number, for which the platform vouches; as it writes it.
    OwnNumber(String),
    /// The person blocked or unfollowed us: nothing can be brought to them until they write again.
    Left,
    /// The person opened the conversation and has said nothing yet, perhaps by a link with a token;
    /// `welcome` lets us greet them once, until then.
    Entered { token: Option<String>, welcome: Option<(String, Timestamp)> },
    /// The person agreed to a message by each of these templates, or wants no more of them.
    Consent { granted: Vec<String>, withdrawn: Vec<String> },
    /// The person took back what they had let us know through the platform, or gave up their account there.
    Revoked,
    /// The person lets us in again, and has said nothing yet (unblocked; the platform's own word for it).
    Returned,
    /// Something that was refused before it could be stored (too large, not what it says it is).
    Refused(Refusal),
}

/// A file that came with a message and lies in the media store, or soon will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    pub id: MediaId,
    pub kind: MediaKind,
    /// Sniffed from the bytes, never taken from the sender: `audio/ogg`, `image/jpeg`.
    pub content_type: String,
    pub bytes: u64,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// The platform's own transcript, kept as a second opinion (WeChat `Recognition`).
    pub recognition: Option<String>,
    /// Where it still lies with the platform; size, type and checksum are unknown then.
    pub remote: Option<String>,
}

impl ReceivedFile {
    /// A file that is yet to be fetched.
    pub fn remote(id: MediaId, file: RemoteFile) -> ReceivedFile {
        let (content_type, sha256) = (String::new(), String::new());
        let RemoteFile { kind, reference, recognition } = file;
        ReceivedFile { id, kind, content_type, bytes: 0, sha256, recognition, remote: Some(reference) }
    }
}

/// A file that lies with the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    pub kind: MediaKind,
    /// What the platform calls it (a Telegram `file_id`, a WeChat `MediaId`); given back to
    /// [`Channels::fetch`]. At most [`LONGEST_REFERENCE`] bytes.
    pub reference: String,
    /// The platform's own transcript, kept as a second opinion (WeChat `Recognition`).
    pub recognition: Option<String>,
}

/// Longer references to files are not the platforms'.
pub const LONGEST_REFERENCE: usize = 1_024;

/// A place on the map, in degrees, with the name the platform gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub latitude: f64,
    pub longitude: f64,
    pub label: Option<String>,
}

/// A button below a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub id: String,
    pub label: String,
}

/// A message to be brought to somebody.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'m> {
    /// Ours, and the same at every attempt.
    pub id: OutboxId,
    /// Who it is for, in the channel's own terms.
    pub address: &'m str,
    pub text: &'m str,
    pub buttons: &'m [Button],
}

/// Why a message was not brought. The words are for the operator: no secret, nobody's words.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It did not leave, or was refused for the moment; trying again may help, after `wait` if the
    /// platform says so.
    #[error("{reason}")]
    Later { wait: Option<Duration>, reason: String },
    /// It left, and whether it arrived is unknown.
    #[error("{0}")]
    Uncertain(String),
    /// This person cannot be reached here at present: blocked us, unfollowed, the window in which
    /// we may write has closed.
    #[error("{0}")]
    Unreachable(String),
    /// Refused for good, whoever it is for.
    #[error("{0}")]
    Refused(String),
    /// The conversation has moved to another address (a Telegram group that was upgraded).
    #[error("the conversation goes on at another address")]
    Moved { address: String },
}

/// Why a file could not be fetched. The words are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Trying again may help.
    #[error("{reason}")]
    Later { wait: Option<Duration>, reason: String },
    /// The platform does not have it (any more).
    #[error("{0}")]
    Gone(String),
    /// Larger than [`crate::domain::media::MOST_MEGABYTES`].
    #[error("larger than {} MB", crate::domain::media::MOST_MEGABYTES)]
    TooLarge,
}

/// The channels that are configured.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    pub telegram: Option<Telegram>,
    pub wechat: Option<wechat::Wechat>,
    pub wecom: Option<wecom::Wecom>,
    /// Any app, by signed HTTP.
    pub http: Option<http::Http>,
}

impl Channels {
    /// Brings a message to somebody.
    ///
    /// # Errors
    /// Why it was not brought, and thereby what to do.
    pub async fn send(&self, kind: ChannelKind, message: &Outgoing<'_>) -> Result<(), SendError> {
        match (kind, self) {
            (ChannelKind::Telegram, Channels { telegram: Some(telegram), .. }) => telegram.send(message).await,
            (ChannelKind::Wechat, Channels { wechat: Some(wechat), .. }) => wechat.send(message).await,
            (ChannelKind::Wecom, Channels { wecom: Some(wecom), .. }) => wecom.send(message).await,
            (ChannelKind::WecomKf, Channels { wecom: Some(wecom), .. }) => wecom.send_as_service(message, None).await,
            (ChannelKind::Http, Channels { http: Some(http), .. }) => http.send(message).await,
            _ => Err(SendError::Later { wait: None, reason: off(kind) }),
        }
    }

    /// Greets somebody who has just opened the conversation, by the code that came with that.
    ///
    /// # Errors
    /// Why they were not greeted, and thereby what to do.
    pub async fn welcome(&self, code: &str, message: &Outgoing<'_>) -> Result<(), SendError> {
        match &self.wecom {
            Some(wecom) => wecom.send_as_service(message, Some(code)).await,
            None => Err(SendError::Later { wait: None, reason: off(ChannelKind::WecomKf) }),
        }
    }

    /// Returns how somebody whose window is shut may be told that there is something.
    pub fn ways(&self, kind: ChannelKind) -> Ways {
        match (kind, &self.wechat) {
            (ChannelKind::Wechat, Some(wechat)) => wechat.ways(),
            _ => Ways::default(),
        }
    }

    /// Tells somebody whose window is shut the beginning of a message.
    ///
    /// # Errors
    /// Why they were not told.
    pub async fn notify(&self, kind: ChannelKind, way: Way, message: &Outgoing<'_>) -> Result<(), SendError> {
        match (kind, &self.wechat) {
            (ChannelKind::Wechat, Some(wechat)) => wechat.notify(way, message).await,
            _ => Err(SendError::Refused(off(kind))),
        }
    }

    /// Fetches a file that lies with the platform, up to [`crate::domain::media::MOST_MEGABYTES`].
    ///
    /// # Errors
    /// Why it could not be fetched.
    pub async fn fetch(&self, kind: ChannelKind, reference: &str) -> Result<Bytes, FetchError> {
        match (kind, self) {
            (ChannelKind::Telegram, Channels { telegram: Some(telegram), .. }) => telegram.fetch(reference).await,
            (ChannelKind::Wechat, Channels { wechat: Some(wechat), .. }) => wechat.fetch(reference).await,
            (ChannelKind::Wecom, Channels { wecom: Some(wecom), .. }) => wecom.fetch(reference).await,
            (ChannelKind::WecomKf, Channels { wecom: Some(wecom), .. }) => wecom.fetch_of_service(reference).await,
            (ChannelKind::Http, Channels { http: Some(http), .. }) => http.fetch(reference).await,
            _ => Err(FetchError::Later { wait: None, reason: off(kind) }),
        }
    }
}

fn off(kind: ChannelKind) -> String {
    let (name, section) = (kind.name(), kind.section());
    format!("the channel {name} is not configured: give it its keys in [{section}]")
}
