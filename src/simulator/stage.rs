//! What `huifang demo` shows: one person with Telegram and one who follows the account on WeChat, each with
//! their telephone, and everything that goes between their platform and the service.
//!
//! It plays; it decides nothing. What they see is kept in a [`Log`] each, filled where the calls of the
//! service pass (`log`); the page is `crate::web`'s.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::middleware::from_fn_with_state;
use serde_json::{Value, json};

use super::locked;
use super::telegram::{BotApi, Person};
use super::wechat::{Account, Follower, Push};
use crate::channel::telegram::{Mode, TelegramConfig};
use crate::channel::wechat::WechatConfig;
use crate::clock::Clock;
use crate::domain::language::Language;

mod log;

pub use log::{Key, Log, News, Shown, Way, Wire};
use log::{Tap, tap};

/// Nobody can have a bot of this name: those of Telegram hold no `-`.
const BOT: &str = "simulated-bot";
/// The person's chat with it.
const CHAT: i64 = 5_123_456_789;
/// Who follows the account.
const OPENID: &str = "oSIMULATED";
/// Numbers count seconds from here (November 2023), so that no start of the demo uses those of another.
const LONG_AGO: i64 = 1_700_000_000;
/// How often WeChat delivers a push that is not answered (protocols §1.8).
const TRIES: usize = 3;
/// Recordings that are kept; the real ones keep theirs for days.
const MOST_VOICES: usize = 40;

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Telegram,
    Wechat,
}

impl Platform {
    /// Every platform that is played.
    pub const ALL: [Platform; 2] = [Platform::Telegram, Platform::Wechat];

    /// Returns the name used in addresses and text keys: that of the channel.
    pub fn name(self) -> &'static str {
        match self {
            Platform::Telegram => "telegram",
            Platform::Wechat => "wechat",
        }
    }

    /// Returns the platform of that name.
    pub fn from_name(name: &str) -> Option<Platform> {
        Platform::ALL.into_iter().find(|platform| platform.name() == name)
    }
}

/// What somebody does with their telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Scans the code of their flat.
    Scan,
    Write(String),
    /// Presses a button they were shown, by what is behind it.
    Press(String),
    /// Speaks.
    Speak(Vec<u8>),
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("there is no such button")]
    NoButton,
    /// The service does not answer; the person was told so as the platform tells them.
    #[error("the service did not answer the platform")]
    Unanswered,
}

/// The platforms, and who uses them.
pub struct Stage {
    telegram: BotApi,
    wechat: Account,
    follower: Follower,
    clock: Clock,
    /// The token in the code of their flat.
    code: String,
    files: AtomicU64,
    /// The recordings that are kept, the oldest first.
    voices: Mutex<VecDeque<(Platform, String)>>,
    logs: [Log; 2],
}

impl Stage {
    /// Starts the platforms, for a service that answers at `house`.
    ///
    /// # Errors
    /// When they cannot listen.
    pub async fn set(house: &str, clock: Clock) -> io::Result<Stage> {
        let logs = [Log::default(), Log::default()];
        let [telegram_log, wechat_log] = logs.clone();
        let listens = |platform, log| from_fn_with_state(Tap { platform, log, clock: clock.clone() }, tap);
        let telegram = listens(Platform::Telegram, telegram_log);
        let wechat = listens(Platform::Wechat, wechat_log);
        let telegram = BotApi::start(BOT, |router| router.layer(telegram)).await?;
        // The service remembers earlier days; the person has had their chat with the bot since then.
        let begun = clock.now().0 / 1000 - LONG_AGO;
        telegram.numbers_from(u32::try_from(begun).unwrap_or(0));
        telegram.knows(CHAT);
        Ok(Stage {
            telegram,
            wechat: Account::start(|_, router| router.layer(wechat)).await?,
            follower: Follower::new(house, clock.clone(), OPENID, true),
            clock,
            code: String::new(),
            files: AtomicU64::new(u64::try_from(begun).unwrap_or(0)),
            voices: Mutex::default(),
            logs,
        })
    }

    /// The flat whose code they scan, by its token.
    pub fn at_flat(self, token: &str) -> Stage {
        Stage { code: token.to_owned(), ..self }
    }

    /// How the service is set up to use Telegram: it asks for updates, as one does whom the world cannot reach.
    pub fn telegram(&self) -> TelegramConfig {
        TelegramConfig { mode: Mode::Polling, ..self.telegram.config() }
    }

    /// How the service is set up to use WeChat: in secure mode.
    pub fn wechat(&self) -> WechatConfig {
        self.wechat.config()
    }

    /// What somebody saw on a platform.
    pub fn log(&self, platform: Platform) -> &Log {
        let [telegram, wechat] = &self.logs;
        match platform {
            Platform::Telegram => telegram,
            Platform::Wechat => wechat,
        }
    }

    /// Somebody does something, on a telephone set to a language. Telegram tells the bot that language,
    /// WeChat tells nobody.
    ///
    /// # Errors
    /// Why nothing came of it.
    pub async fn act(&self, platform: Platform, language: Language, deed: Deed) -> Result<(), StageError> {
        match platform {
            Platform::Telegram => self.on_telegram(language, deed),
            Platform::Wechat => self.on_wechat(deed).await,
        }
    }

    fn on_telegram(&self, language: Language, deed: Deed) -> Result<(), StageError> {
        let (api, log, now) = (&self.telegram, self.log(Platform::Telegram), self.clock.now());
        let tag = match language {
            Language::Chinese => "zh-hans",
            Language::English => "en",
        };
        let person = Person { chat: CHAT, name: "小敏".to_owned(), language: tag.to_owned() };
        let wrote = |rest: &Value| person.writes(api, now.0 / 1000, rest);
        let update = match deed {
            Deed::Scan => {
                log.show(Shown::theirs(now, Way::Scanned, ""));
                wrote(&json!({ "text": format!("/start {}", self.code) }))
            }
            Deed::Write(text) => {
                log.show(Shown::theirs(now, Way::Wrote, &text));
                wrote(&json!({ "text": text }))
            }
            Deed::Press(id) => {
                let keys = person.all_keys(api);
                let key = keys.iter().rev().find(|key| key.data == id).ok_or(StageError::NoButton)?;
                log.show(Shown::theirs(now, Way::Pressed, &key.label));
                person.presses(api, key)
            }
            Deed::Speak(bytes) => {
                log.show(Shown::theirs(now, Way::Spoke, ""));
                let size = bytes.len();
                let file = api.keeps(&format!("voice/file_{}.oga", self.next_file()), bytes);
                self.keeps_voice(Platform::Telegram, &file);
                wrote(&json!({ "voice": { "file_id": file, "file_unique_id": "AgAD", "duration": 3,
                    "mime_type": "audio/ogg", "file_size": size } }))
            }
        };
        log.note(Wire {
            at: now,
            to_service: true,
            what: "getUpdates".to_owned(),
            said: pretty(&update),
            answer: String::new(),
        });
        api.queue(update);
        Ok(())
    }

    async fn on_wechat(&self, deed: Deed) -> Result<(), StageError> {
        let (log, now) = (self.log(Platform::Wechat), self.clock.now());
        let push = match deed {
            Deed::Scan => {
                log.show(Shown::theirs(now, Way::Scanned, ""));
                // Whoever follows already scans; whoever does not follows by it.
                if log.is_new() {
                    self.follower.event("subscribe", &format!("qrscene_{}", self.code))
                } else {
                    self.follower.event("SCAN", &self.code)
                }
            }
            Deed::Write(text) => {
                log.show(Shown::theirs(now, Way::Wrote, &text));
                self.follower.text(&text)
            }
            Deed::Press(id) => {
                let label = log.label(&id).ok_or(StageError::NoButton)?;
                log.show(Shown::theirs(now, Way::Pressed, &label));
                self.follower.tap(&id, &label)
            }
            Deed::Speak(bytes) => {
                log.show(Shown::theirs(now, Way::Spoke, ""));
                let media = format!("media-{}", self.next_file());
                self.wechat.keeps(&media, bytes);
                self.keeps_voice(Platform::Wechat, &media);
                self.follower.message("voice", &format!("<MediaId>{media}</MediaId><Format>amr</Format>"))
            }
        };
        self.push(&push).await
    }

    /// Delivers a push as often as the platform does, and shows what it makes of the answer.
    async fn push(&self, push: &Push) -> Result<(), StageError> {
        let log = self.log(Platform::Wechat);
        for _ in 0..TRIES {
            let reply = self.follower.deliver(push).await;
            let now = self.clock.now();
            let answer = match &reply {
                Ok(reply) => reply.inner.clone().unwrap_or_else(|| format!("{} {}", reply.status.as_u16(), reply.raw)),
                Err(error) => error.to_string(),
            };
            let what = "POST /webhooks/wechat".to_owned();
            log.note(Wire { at: now, to_service: true, what, said: push.inner.clone(), answer });
            let Ok(reply) = reply else { continue };
            if let Some(text) = reply.text {
                log.show(Shown::ours(now, Way::Passive, &text));
                return Ok(());
            }
            if reply.status.is_success() && (reply.raw == "success" || reply.raw.is_empty()) {
                return Ok(());
            }
        }
        log.show(Shown::ours(self.clock.now(), Way::Unanswered, ""));
        Err(StageError::Unanswered)
    }

    /// Keeps so many recordings and no more.
    fn keeps_voice(&self, platform: Platform, file: &str) {
        let mut voices = locked(&self.voices);
        voices.push_back((platform, file.to_owned()));
        if voices.len() > MOST_VOICES
            && let Some((platform, file)) = voices.pop_front()
        {
            match platform {
                Platform::Telegram => self.telegram.forgets(&file),
                Platform::Wechat => self.wechat.forgets(&file),
            }
        }
    }

    fn next_file(&self) -> u64 {
        self.files.fetch_add(1, Ordering::Relaxed)
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
