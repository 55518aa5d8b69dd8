//! A Bot API server, and Telegram behind it: as strict as the real one about what it is sent, with
//! its error texts, its webhook deliveries and its long polling (protocols §3). A test sets faults
//! that happen once, and reads what was called.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use huifang::channel::telegram::{Limits, Telegram, TelegramConfig};
use huifang::domain::secret::Secret;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::house::{client, serve};

pub const TOKEN: &str = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";
/// No waiting between messages: what the pace is has tests of its own.
pub const AT_ONCE: Limits = Limits { gap: Duration::ZERO, chat_gap: Duration::ZERO, group_per_minute: usize::MAX };

/// What goes wrong once.
#[derive(Debug, Clone)]
pub enum Fault {
    /// 429 with so many seconds.
    TooMany(u64),
    /// An error in the Bot API's own words.
    Error(u16, &'static str),
    /// What a proxy in front says, in HTML.
    Proxy(u16),
    /// Done, but the connection breaks before the answer.
    HangsUp,
    /// Done, with an answer nobody has seen before.
    Odd,
    /// Done, but later.
    Slow(Duration),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub method: String,
    pub body: Value,
    pub at: Instant,
}

/// The platform.
#[derive(Clone)]
pub struct FakeTelegram {
    pub url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    world: Mutex<World>,
    news: Notify,
}

#[derive(Default)]
struct World {
    calls: Vec<Call>,
    faults: VecDeque<(&'static str, Fault)>,
    /// What arrived in chats, in order.
    sent: Vec<Value>,
    /// Chats that may be written to.
    chats: BTreeSet<i64>,
    blocked: BTreeSet<i64>,
    migrated: BTreeMap<i64, i64>,
    webhook: Option<Value>,
    updates: VecDeque<Value>,
    /// What was delivered to the webhook, and what it returned.
    delivered: Vec<Value>,
    returned: Vec<Value>,
    queries: BTreeSet<String>,
    answered: Vec<String>,
    toasts: Vec<String>,
    files: BTreeMap<String, (String, Vec<u8>)>,
    commands: BTreeMap<String, Value>,
    message_id: i64,
    update_id: i64,
    /// `--local`: where files lie is named by a path on disk.
    local: bool,
    /// Refuses, as the real one does in the long run, a second message of a chat within a second (less what the way takes).
    strict: Option<BTreeMap<i64, Instant>>,
}

impl FakeTelegram {
    pub async fn start() -> FakeTelegram {
        let shared = Arc::new(Shared::default());
        {
            let mut world = shared.world.lock().unwrap();
            (world.message_id, world.update_id) = (100, 892_252_934);
        }
        let router = Router::new()
            .route("/{bot}/{method}", post(call))
            .route("/file/{bot}/{*path}", get(download))
            .with_state(Arc::clone(&shared));
        FakeTelegram { url: serve(router).await, shared }
    }

    pub fn config(&self) -> TelegramConfig {
        TelegramConfig { token: Some(Secret::new(TOKEN)), api_url: self.url.clone(), ..TelegramConfig::default() }
    }

    pub fn bot(&self) -> Telegram {
        Telegram::new(&self.config()).unwrap().unwrap().paced(AT_ONCE)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap()
    }

    /// The next call of `method` goes wrong.
    pub fn fails(&self, method: &'static str, fault: Fault) {
        self.world().faults.push_back((method, fault));
    }

    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.world().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// What arrived in a chat.
    pub fn arrived(&self, chat: i64) -> Vec<Value> {
        self.world().sent.iter().filter(|message| message["chat"]["id"] == chat).cloned().collect()
    }

    pub fn answered(&self) -> Vec<String> {
        self.world().answered.clone()
    }

    /// What was shown to those who pressed a button.
    pub fn toasts(&self) -> Vec<String> {
        self.world().toasts.clone()
    }

    pub fn webhook(&self) -> Option<Value> {
        self.world().webhook.clone()
    }

    pub fn set_webhook(&self, url: &str) {
        self.world().webhook = Some(json!({ "url": url }));
    }

    pub fn commands(&self) -> BTreeMap<String, Value> {
        self.world().commands.clone()
    }

    pub fn block(&self, chat: i64) {
        self.world().blocked.insert(chat);
    }

    pub fn unblock(&self, chat: i64) {
        self.world().blocked.remove(&chat);
    }

    pub fn migrates(&self, from: i64, to: i64) {
        let mut world = self.world();
        world.migrated.insert(from, to);
        world.chats.insert(to);
    }

    pub fn knows(&self, chat: i64) {
        self.world().chats.insert(chat);
    }

    pub fn is_local(&self) {
        self.world().local = true;
    }

    pub fn is_strict(&self) {
        self.world().strict = Some(BTreeMap::new());
    }

    /// Keeps a file; returns its id.
    pub fn keeps(&self, path: &str, bytes: Vec<u8>) -> String {
        let mut world = self.world();
        let id = format!("AwACAgIAAxkBAAI{}", world.files.len());
        world.files.insert(id.clone(), (path.to_owned(), bytes));
        id
    }

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

    /// Puts an update where it is asked for.
    pub fn queue(&self, update: Value) {
        self.world().updates.push_back(update);
        self.shared.news.notify_waiters();
    }

    pub fn waiting(&self) -> usize {
        self.world().updates.len()
    }

    /// Everything that went back and forth so far, for a reader who knows the Bot API.
    pub fn record(&self) -> Value {
        let world = self.world();
        let calls = world.calls.iter().map(|call| {
            let mut body = call.body.clone();
            body["method"] = json!(call.method);
            body
        });
        json!({ "updates": world.delivered, "calls": calls.collect::<Vec<_>>(), "responses": world.returned })
    }

    /// Calls the webhook at `house`, once; what it answers with is done.
    pub async fn delivers(&self, house: &str, update: &Value) -> StatusCode {
        let secret = self.world().webhook.as_ref().and_then(|set| set["secret_token"].as_str().map(str::to_owned));
        self.world().delivered.push(update.clone());
        let mut request = client().post(format!("{house}/webhooks/telegram")).json(update);
        if let Some(secret) = secret {
            request = request.header(SECRET_HEADER, secret);
        }
        let response = request.send().await.unwrap();
        let status = StatusCode::from_u16(response.status().as_u16()).unwrap();
        let body = response.bytes().await.unwrap();
        if status.is_success() && !body.is_empty() {
            let mut asked: Value = serde_json::from_slice(&body).unwrap();
            self.world().returned.push(asked.clone());
            let method = asked["method"].take().as_str().unwrap().to_owned();
            assert!(!method.starts_with("get"), "not allowed in a response");
            let _ = self.shared.perform(&method, &asked);
        }
        status
    }
}

/// Something a method refuses: code, words, parameters.
type Refusal = (u16, String, Option<Value>);

fn bad(words: &str) -> Refusal {
    (400, format!("Bad Request: {words}"), None)
}

impl Shared {
    fn perform(&self, method: &str, body: &Value) -> Result<Value, Refusal> {
        let mut world = self.world.lock().unwrap();
        match method.to_ascii_lowercase().as_str() {
            "getme" => Ok(json!({ "id": 123_456_789, "is_bot": true, "first_name": "回访", "username": "huifang_bot",
                "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false })),
            "sendmessage" => world.send(body),
            "answercallbackquery" => {
                let id = body["callback_query_id"].as_str().unwrap_or_default().to_owned();
                if !world.queries.contains(&id) {
                    return Err(bad("query is too old and response timeout expired or query ID is invalid"));
                }
                world.answered.push(id);
                world.toasts.extend(body["text"].as_str().map(str::to_owned));
                Ok(json!(true))
            }
            "setwebhook" => world.set_webhook(body),
            "deletewebhook" => {
                world.webhook = None;
                Ok(json!(true))
            }
            "getwebhookinfo" => {
                let set = world.webhook.clone().unwrap_or_else(|| json!({ "url": "" }));
                Ok(json!({ "url": set["url"], "has_custom_certificate": false,
                    "pending_update_count": world.updates.len(), "max_connections": set["max_connections"].as_u64().unwrap_or(40),
                    "allowed_updates": ["message", "a_kind_of_2031"] }))
            }
            "setmycommands" => {
                let language = body["language_code"].as_str().unwrap_or_default().to_owned();
                let named = |command: &Value| {
                    let name = command["command"].as_str().unwrap_or_default();
                    let well = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                    (1..=32).contains(&name.len())
                        && name.bytes().all(well)
                        && (1..=256).contains(&command["description"].as_str().unwrap_or_default().chars().count())
                };
                if !body["commands"].as_array().is_some_and(|list| list.len() <= 100 && list.iter().all(named)) {
                    return Err(bad("BOT_COMMAND_INVALID"));
                }
                world.commands.insert(language, body["commands"].clone());
                Ok(json!(true))
            }
            "getfile" => {
                let id = body["file_id"].as_str().unwrap_or_default();
                let Some((path, bytes)) = world.files.get(id) else {
                    return Err(bad("wrong file_id or the file is temporarily unavailable"));
                };
                if bytes.len() > 20 << 20 {
                    return Err(bad("file is too big"));
                }
                let path = if world.local { format!("/var/lib/telegram-bot-api/{TOKEN}/{path}") } else { path.clone() };
                Ok(json!({ "file_id": id, "file_unique_id": "AgAD", "file_size": bytes.len(), "file_path": path }))
            }
            _ => Err((404, "Not Found: method not found".to_owned(), None)),
        }
    }
}

impl World {
    fn send(&mut self, body: &Value) -> Result<Value, Refusal> {
        let Some(chat) = body["chat_id"].as_i64() else { return Err(bad("chat_id is empty")) };
        if let Some(to) = self.migrated.get(&chat) {
            let words = "Bad Request: group chat was upgraded to a supergroup chat".to_owned();
            return Err((400, words, Some(json!({ "migrate_to_chat_id": to }))));
        }
        if self.blocked.contains(&chat) {
            return Err((403, "Forbidden: bot was blocked by the user".to_owned(), None));
        }
        if !self.chats.contains(&chat) {
            return Err(bad("chat not found"));
        }
        let text = body["text"].as_str().unwrap_or_default();
        if text.trim().is_empty() {
            return Err(bad("message text is empty"));
        }
        if text.encode_utf16().count() > 4096 {
            return Err(bad("message is too long"));
        }
        let rows = body["reply_markup"]["inline_keyboard"].as_array().cloned().unwrap_or_default();
        for key in rows.iter().flat_map(|row| row.as_array().unwrap()) {
            if key["text"].as_str().unwrap_or_default().is_empty() {
                return Err(bad("inline keyboard button text is empty"));
            }
            if !(1..=64).contains(&key["callback_data"].as_str().unwrap_or_default().len()) {
                return Err(bad("BUTTON_DATA_INVALID"));
            }
        }
        if let Some(last) = &mut self.strict {
            let now = Instant::now();
            let before = last.insert(chat, now);
            if before.is_some_and(|before| now - before < Duration::from_millis(800)) {
                return Err((429, "Too Many Requests: retry after 3".to_owned(), Some(json!({ "retry_after": 3 }))));
            }
        }
        self.message_id += 1;
        let message = json!({ "message_id": self.message_id, "date": 1_795_226_400, "text": text,
            "from": { "id": 123_456_789, "is_bot": true, "first_name": "回访", "username": "huifang_bot" },
            "chat": { "id": chat, "type": if chat > 0 { "private" } else { "supergroup" }, "title": "G", "first_name": "A" },
            "reply_to": body["reply_parameters"]["message_id"],
            "reply_markup": { "inline_keyboard": rows } });
        self.sent.push(message.clone());
        Ok(message)
    }

    fn set_webhook(&mut self, body: &Value) -> Result<Value, Refusal> {
        let url = body["url"].as_str().unwrap_or_default();
        if !url.starts_with("https://") && !self.local {
            return Err(bad("bad webhook: HTTPS url must be provided for webhook"));
        }
        let secret = body["secret_token"].as_str().unwrap_or_default();
        if !secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') || secret.len() > 256 {
            return Err(bad("secret token contains illegal characters"));
        }
        self.webhook = Some(body.clone());
        Ok(json!(true))
    }
}

/// A call as a form: what is no text is written as JSON.
fn of_form(body: &[u8]) -> Value {
    let member = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        let read = serde_json::from_str(&value).ok().filter(|_| name != "text");
        (name.into_owned(), read.unwrap_or_else(|| json!(value)))
    };
    Value::Object(form_urlencoded::parse(body).map(member).collect())
}

async fn call(
    State(shared): State<Arc<Shared>>,
    Path((bot, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if bot != format!("bot{TOKEN}") {
        return refused((401, "Unauthorized".to_owned(), None));
    }
    let typed = headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let is_form =
        headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form"));
    let asked = match &body {
        body if body.is_empty() => json!({}),
        body if is_form => of_form(body),
        body => serde_json::from_slice(body).unwrap(),
    };
    assert!(typed || is_form || body.is_empty(), "a body without its type");
    let fault = {
        let mut world = shared.world.lock().unwrap();
        world.calls.push(Call { method: method.clone(), body: asked.clone(), at: Instant::now() });
        let at = world.faults.iter().position(|(named, _)| *named == method);
        at.and_then(|at| world.faults.remove(at)).map(|(_, fault)| fault)
    };
    let done = |shared: &Shared| shared.perform(&method, &asked).unwrap();
    match fault {
        Some(Fault::TooMany(seconds)) => {
            let words = format!("Too Many Requests: retry after {seconds}");
            return refused((429, words, Some(json!({ "retry_after": seconds }))));
        }
        Some(Fault::Error(code, words)) => return refused((code, words.to_owned(), None)),
        Some(Fault::Proxy(code)) => {
            let page = "<html><body><center>nginx</center></body></html>";
            return (StatusCode::from_u16(code).unwrap(), page).into_response();
        }
        Some(Fault::HangsUp) => {
            done(&shared);
            let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("hung up"))]);
            return Body::from_stream(broken).into_response();
        }
        Some(Fault::Odd) => {
            done(&shared);
            return Json(json!({ "ok": true, "result": { "message_id": "a word", "kind_of_2031": [1] } }))
                .into_response();
        }
        Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
        None => {}
    }
    let performed =
        if method == "getUpdates" { updates(&shared, &asked).await } else { shared.perform(&method, &asked) };
    match performed {
        Ok(result) => Json(json!({ "ok": true, "result": result })).into_response(),
        Err(refusal) => refused(refusal),
    }
}

/// Forgets what is acknowledged, then waits for what is next.
async fn updates(shared: &Shared, asked: &Value) -> Result<Value, Refusal> {
    let wait = Duration::from_secs(asked["timeout"].as_u64().unwrap_or(0));
    let until = Instant::now() + wait;
    loop {
        let news = shared.news.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        {
            let mut world = shared.world.lock().unwrap();
            if world.webhook.is_some() {
                let words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete \
                             the webhook first";
                return Err((409, words.to_owned(), None));
            }
            let offset = asked["offset"].as_i64().unwrap_or(0);
            world.updates.retain(|update| update["update_id"].as_i64().unwrap() >= offset);
            if !world.updates.is_empty() {
                return Ok(world.updates.iter().cloned().collect());
            }
        }
        if tokio::time::timeout_at(until, news).await.is_err() {
            return Ok(json!([]));
        }
    }
}

fn refused((code, description, parameters): Refusal) -> Response {
    let mut answer = json!({ "ok": false, "error_code": code, "description": description });
    if let Some(parameters) = parameters {
        answer["parameters"] = parameters;
    }
    (StatusCode::from_u16(code).unwrap(), Json(answer)).into_response()
}

async fn download(State(shared): State<Arc<Shared>>, Path((bot, path)): Path<(String, String)>) -> Response {
    let world = shared.world.lock().unwrap();
    let found = world.files.values().find(|(at, _)| *at == path).filter(|_| bot == format!("bot{TOKEN}"));
    match found {
        Some((_, bytes)) => bytes.clone().into_response(),
        None => (StatusCode::NOT_FOUND, "Not Found").into_response(),
    }
}
