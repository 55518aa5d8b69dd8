//! What somebody sees on their telephone, and what goes over the wire for it; the calls of the service are
//! noted where they pass, and shown if the platform took them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use super::{Platform, pretty};
use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::simulator::{locked, telegram};

/// Messages and exchanges that are kept.
const MOST: usize = 400;
/// The largest call or answer that is looked at.
const LARGEST: usize = 32 << 20;

/// How a message came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Scanned,
    Wrote,
    Pressed,
    Spoke,
    /// In the answer to the push itself.
    Passive,
    /// A customer-service message.
    Service,
    /// A message by a template.
    Template,
    /// Sent by the bot.
    Bot,
    /// The platform itself says that the service does not answer.
    Unanswered,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    pub id: String,
    pub label: String,
}

/// A message as it is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    pub at: Timestamp,
    /// The person's own.
    pub theirs: bool,
    pub way: Way,
    pub text: String,
    pub keys: Vec<Key>,
}

impl Shown {
    pub(super) fn theirs(at: Timestamp, way: Way, text: &str) -> Shown {
        Shown { at, theirs: true, way, text: text.to_owned(), keys: Vec::new() }
    }

    pub(super) fn ours(at: Timestamp, way: Way, text: &str) -> Shown {
        Shown { theirs: false, ..Shown::theirs(at, way, text) }
    }
}

/// One exchange between platform and service, as it reads when it is decrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wire {
    pub at: Timestamp,
    /// The platform said it; else the service did.
    pub to_service: bool,
    pub what: String,
    pub said: String,
    pub answer: String,
}

/// What is new since somebody looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct News {
    /// Give it as `after` next time.
    pub last: u64,
    pub shown: Vec<Shown>,
    pub wires: Vec<Wire>,
}

/// What one person saw. Cheap to clone; its clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    shown: VecDeque<(u64, Shown)>,
    wires: VecDeque<(u64, Wire)>,
}

impl Kept {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= MOST {
        list.pop_front();
    }
    list.push_back(item);
}

impl Log {
    /// Somebody sees a message.
    pub(super) fn show(&self, message: Shown) {
        let mut kept = locked(&self.0);
        let number = kept.next();
        keep(&mut kept.shown, (number, message));
    }

    /// Something went over the wire.
    pub(super) fn note(&self, wire: Wire) {
        let mut kept = locked(&self.0);
        let number = kept.next();
        keep(&mut kept.wires, (number, wire));
    }

    /// Whether nobody ever got an answer here.
    pub(super) fn is_new(&self) -> bool {
        locked(&self.0).shown.iter().all(|(_, message)| message.theirs)
    }

    /// Returns what stands on the button with that id, of those that were shown.
    pub(super) fn label(&self, id: &str) -> Option<String> {
        let kept = locked(&self.0);
        let keys = kept.shown.iter().rev().flat_map(|(_, message)| &message.keys);
        keys.into_iter().find(|key| key.id == id).map(|key| key.label.clone())
    }

    /// Returns what came after a number, in order.
    pub fn after(&self, number: u64) -> News {
        let kept = locked(&self.0);
        let shown = kept.shown.iter().filter(|(at, _)| *at > number).map(|(_, message)| message.clone()).collect();
        let wires = kept.wires.iter().filter(|(at, _)| *at > number).map(|(_, wire)| wire.clone()).collect();
        News { last: kept.last, shown, wires }
    }
}

/// Where calls of the service pass.
#[derive(Clone)]
pub(super) struct Tap {
    pub platform: Platform,
    pub log: Log,
    pub clock: Clock,
}

/// Notes a call and its answer, and shows the person what it brought them.
pub(super) async fn tap(State(tap): State<Tap>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(asked) = to_bytes(body, LARGEST).await else {
        return axum::http::StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = match parts.uri.path().split_once("/cgi-bin/") {
        Some((_, call)) => call.to_owned(),
        None => parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned(),
    };
    let said = if asked.is_empty() {
        of_query(parts.uri.query().unwrap_or_default())
    } else {
        telegram::asked(&parts.headers, &asked).unwrap_or_default()
    };
    let at = tap.clock.now();
    let response = next.run(Request::from_parts(parts, Body::from(asked))).await;
    // Asked for all the time; what is in it was noted when it happened.
    if call == "getUpdates" {
        return response;
    }
    let (head, body) = response.into_parts();
    let Ok(answer) = to_bytes(body, LARGEST).await else { return axum::http::StatusCode::BAD_GATEWAY.into_response() };
    let in_words = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let answered: Value = if in_words { serde_json::from_slice(&answer).unwrap_or_default() } else { Value::Null };
    let read = if in_words { pretty(&answered) } else { format!("({} B)", answer.len()) };
    tap.log.note(Wire { at, to_service: false, what: call.clone(), said: pretty(&said), answer: read });
    if let Some(message) = message(tap.platform, &call, &said, &answered, at) {
        tap.log.show(message);
    }
    Response::from_parts(head, Body::from(answer))
}

/// What a call without a body asks for; the access token is in every one of them.
fn of_query(query: &str) -> Value {
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "access_token");
    Value::Object(pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect())
}

/// What a call brought to the person, if the platform took it.
fn message(platform: Platform, call: &str, said: &Value, answered: &Value, at: Timestamp) -> Option<Shown> {
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (platform, call) {
        (Platform::Telegram, "sendMessage") if answered["ok"] == true => {
            let rows = answered["result"]["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten();
            let keys = rows.flat_map(|row| row.as_array().into_iter().flatten());
            let key = |key: &Value| Key { id: words(&key["callback_data"]), label: words(&key["text"]) };
            let keys = keys.map(key).collect();
            Some(Shown { keys, ..Shown::ours(at, Way::Bot, said["text"].as_str()?) })
        }
        (Platform::Wechat, "message/custom/send") if answered["errcode"] == 0 => {
            let menu = &said["msgmenu"];
            let entries = menu["list"].as_array().into_iter().flatten();
            let key = |entry: &Value| Key { id: words(&entry["id"]), label: words(&entry["content"]) };
            let text = said["text"]["content"].as_str().or(menu["head_content"].as_str())?;
            Some(Shown { keys: entries.map(key).collect(), ..Shown::ours(at, Way::Service, text) })
        }
        (Platform::Wechat, "message/template/send" | "message/subscribe/bizsend") if answered["errcode"] == 0 => {
            let fields = said["data"].as_object().into_iter().flatten();
            let text: Vec<String> = fields.map(|(_, field)| words(&field["value"])).collect();
            Some(Shown::ours(at, Way::Template, &text.join("\n")))
        }
        _ => None,
    }
}
