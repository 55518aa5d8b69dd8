//! A Bot API server, and Telegram behind it: as strict as the real one about what it is sent, with
//! its error texts, its webhook deliveries and its long polling (protocols §3).
//!
//! [`BotApi`] is the whole of it, [`Person`] somebody with a telephone. What each method does stands in
//! `methods`, how it is called in `wire`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{listen, locked, serve};
use crate::channel::telegram::TelegramConfig;
use crate::domain::secret::Secret;
use crate::http;

mod methods;
mod person;
mod wire;

pub use person::{Key, Person};
pub use wire::asked;

/// A bot's token as the documentation writes one; no bot has it.
pub const TOKEN: &str = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
/// Where a webhook is shown the secret it was set with.
pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";
/// How long a webhook may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The platform. Cheap to clone; its clones are the same one.
#[derive(Clone)]
pub struct BotApi {
    /// Where it listens.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    news: Notify,
}

struct World {
    /// The bot's name.
    name: String,
    /// What arrived in chats, in order.
    sent: Vec<Value>,
    /// Chats that may be written to.
    chats: BTreeSet<i64>,
    blocked: BTreeSet<i64>,
    migrated: BTreeMap<i64, i64>,
    webhook: Option<Value>,
    updates: VecDeque<Value>,
    queries: BTreeSet<String>,
    answered: Vec<String>,
    toasts: Vec<String>,
    files: BTreeMap<String, (String, Vec<u8>)>,
    commands: BTreeMap<String, Value>,
    message_id: i64,
    update_id: i64,
    query_id: u32,
    file_id: u32,
    /// `--local`: where files lie is named by a path on disk.
    local: bool,
    /// Refuses, as the real one does in the long run, a second message of a chat within a second (less what the way takes).
    strict: Option<BTreeMap<i64, Instant>>,
}

/// What became of an update that was delivered to a webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    pub status: StatusCode,
    /// What stood in the response: nothing, or a call with its `method`.
    pub body: Bytes,
}

impl BotApi {
    /// Starts a platform for a bot of that name, with `before` standing between it and whoever calls.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(name: &str, before: impl FnOnce(Router) -> Router) -> io::Result<BotApi> {
        let world = World {
            name: name.to_owned(),
            sent: Vec::new(),
            chats: BTreeSet::new(),
            blocked: BTreeSet::new(),
            migrated: BTreeMap::new(),
            webhook: None,
            updates: VecDeque::new(),
            queries: BTreeSet::new(),
            answered: Vec::new(),
            toasts: Vec::new(),
            files: BTreeMap::new(),
            commands: BTreeMap::new(),
            message_id: 100,
            update_id: 892_252_934,
            query_id: 0,
            file_id: 0,
            local: false,
            strict: None,
        };
        let (listener, url) = listen().await?;
        let shared = Arc::new(Shared { world: Mutex::new(world), news: Notify::new() });
        serve(listener, before(wire::router(Arc::clone(&shared))));
        Ok(BotApi { url, shared })
    }

    /// Has everything that is numbered from now on count up from there, where the service remembers more
    /// than the platform does.
    pub fn numbers_from(&self, number: u32) {
        let mut world = self.world();
        (world.message_id, world.update_id) = (i64::from(number), i64::from(number));
        (world.query_id, world.file_id) = (number, number);
    }

    /// How a service is set up to use it.
    pub fn config(&self) -> TelegramConfig {
        TelegramConfig { token: Some(Secret::new(TOKEN)), api_url: self.url.clone(), ..TelegramConfig::default() }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.shared.world)
    }

    /// What arrived in a chat.
    pub fn arrived(&self, chat: i64) -> Vec<Value> {
        self.world().sent.iter().filter(|message| message["chat"]["id"] == chat).cloned().collect()
    }

    /// The pressed buttons whose little clock was stopped.
    pub fn answered(&self) -> Vec<String> {
        self.world().answered.clone()
    }

    /// What was shown to those who pressed a button.
    pub fn toasts(&self) -> Vec<String> {
        self.world().toasts.clone()
    }

    /// The webhook that is set, as it was asked for.
    pub fn webhook(&self) -> Option<Value> {
        self.world().webhook.clone()
    }

    /// Somebody else sets a webhook for the bot.
    pub fn set_webhook(&self, url: &str) {
        self.world().webhook = Some(json!({ "url": url }));
    }

    /// The commands that are set, by language.
    pub fn commands(&self) -> BTreeMap<String, Value> {
        self.world().commands.clone()
    }

    /// Somebody blocks the bot.
    pub fn block(&self, chat: i64) {
        self.world().blocked.insert(chat);
    }

    /// … and lets it in again.
    pub fn unblock(&self, chat: i64) {
        self.world().blocked.remove(&chat);
    }

    /// A group becomes a supergroup.
    pub fn migrates(&self, from: i64, to: i64) {
        let mut world = self.world();
        world.migrated.insert(from, to);
        world.chats.insert(to);
    }

    /// The bot may write to a chat.
    pub fn knows(&self, chat: i64) {
        self.world().chats.insert(chat);
    }

    /// It is a server of one's own, which names files by paths on disk.
    pub fn is_local(&self) {
        self.world().local = true;
    }

    /// It holds to one message a chat and second.
    pub fn is_strict(&self) {
        self.world().strict = Some(BTreeMap::new());
    }

    /// Keeps a file; returns its id.
    pub fn keeps(&self, path: &str, bytes: Vec<u8>) -> String {
        let mut world = self.world();
        world.file_id += 1;
        let id = format!("AwACAgIAAxkBAAI{}", world.file_id);
        world.files.insert(id.clone(), (path.to_owned(), bytes));
        id
    }

    /// A file is not kept any longer.
    pub fn forgets(&self, file: &str) {
        self.world().files.remove(file);
    }

    /// Gives an update its number, and its message one, as the chat would.
    pub fn numbered(&self, kind: &str, mut body: Value) -> Value {
        let mut world = self.world();
        world.update_id += 1;
        if kind == "message" {
            world.message_id += 1;
            body["message_id"] = json!(world.message_id);
            if let Some(chat) = body["chat"]["id"].as_i64() {
                world.chats.insert(chat);
            }
        }
        if let Some(id) = body.get("id").and_then(Value::as_str).filter(|_| kind == "callback_query") {
            world.queries.insert(id.to_owned());
        }
        json!({ "update_id": world.update_id, kind: body })
    }

    /// Returns the id of the next pressed button.
    fn query_id(&self) -> String {
        let mut world = self.world();
        world.query_id += 1;
        format!("43{}", world.query_id)
    }

    /// Puts an update where it is asked for.
    pub fn queue(&self, update: Value) {
        self.world().updates.push_back(update);
        self.shared.news.notify_waiters();
    }

    /// How many updates nobody has acknowledged yet.
    pub fn waiting(&self) -> usize {
        self.world().updates.len()
    }

    /// Calls the webhook of the service at `house`, once; what it answers with is done, unless it asks
    /// for something that could only be answered (protocols §3.2).
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn deliver(&self, house: &str, update: &Value) -> Result<Delivered, reqwest::Error> {
        let secret = self.webhook().and_then(|set| set["secret_token"].as_str().map(str::to_owned));
        let client = http::client(PATIENCE).redirect(Policy::none()).no_proxy().build()?;
        let mut request = client.post(format!("{house}/webhooks/telegram")).json(update);
        if let Some(secret) = secret {
            request = request.header(SECRET_HEADER, secret);
        }
        let response = request.send().await?;
        let (status, body) = (response.status(), response.bytes().await?);
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        if let Some(method) = asked["method"].as_str().filter(|name| status.is_success() && !name.starts_with("get")) {
            let _ = self.shared.perform(method, &asked);
        }
        Ok(Delivered { status, body })
    }
}
