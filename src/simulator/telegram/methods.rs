//! What the methods of the Bot API do, and what they refuse, in the real one's words.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Shared, TOKEN, World};
use crate::simulator::{locked, remember};

/// The least time between two messages of a chat, less what the way takes.
const GAP: Duration = Duration::from_millis(800);
/// The largest file that is given out.
const LARGEST_FILE: usize = 20 << 20;

/// Something a method refuses: code, words, parameters.
pub(super) type Refusal = (u16, String, Option<Value>);

pub(super) fn bad(words: &str) -> Refusal {
    (400, format!("Bad Request: {words}"), None)
}

impl Shared {
    pub(super) fn perform(&self, method: &str, body: &Value) -> Result<Value, Refusal> {
        let mut world = locked(&self.world);
        match method.to_ascii_lowercase().as_str() {
            "getme" => Ok(json!({ "id": 123_456_789, "is_bot": true, "first_name": "回访", "username": world.name,
                "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false })),
            "sendmessage" => world.send(body),
            "answercallbackquery" => {
                let id = body["callback_query_id"].as_str().unwrap_or_default().to_owned();
                if !world.queries.contains(&id) {
                    return Err(bad("query is too old and response timeout expired or query ID is invalid"));
                }
                remember(&mut world.answered, id);
                if let Some(toast) = body["text"].as_str() {
                    remember(&mut world.toasts, toast.to_owned());
                }
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
                    "pending_update_count": world.updates.len(),
                    "max_connections": set["max_connections"].as_u64().unwrap_or(40),
                    "allowed_updates": ["message", "a_kind_of_2031"] }))
            }
            "setmycommands" => world.set_commands(body),
            "getfile" => world.file(body),
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
        for key in rows.iter().flat_map(|row| row.as_array().into_iter().flatten()) {
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
            if before.is_some_and(|before| now - before < GAP) {
                return Err((429, "Too Many Requests: retry after 3".to_owned(), Some(json!({ "retry_after": 3 }))));
            }
        }
        self.message_id += 1;
        let kind = if chat > 0 { "private" } else { "supergroup" };
        let message = json!({ "message_id": self.message_id, "date": 1_795_226_400, "text": text,
            "from": { "id": 123_456_789, "is_bot": true, "first_name": "回访", "username": self.name },
            "chat": { "id": chat, "type": kind, "title": "G", "first_name": "A" },
            "reply_to": body["reply_parameters"]["message_id"],
            "reply_markup": { "inline_keyboard": rows } });
        remember(&mut self.sent, message.clone());
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

    fn set_commands(&mut self, body: &Value) -> Result<Value, Refusal> {
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
        self.commands.insert(language, body["commands"].clone());
        Ok(json!(true))
    }

    fn file(&self, body: &Value) -> Result<Value, Refusal> {
        let id = body["file_id"].as_str().unwrap_or_default();
        let Some((path, bytes)) = self.files.get(id) else {
            return Err(bad("wrong file_id or the file is temporarily unavailable"));
        };
        if bytes.len() > LARGEST_FILE {
            return Err(bad("file is too big"));
        }
        let path = if self.local { format!("/var/lib/telegram-bot-api/{TOKEN}/{path}") } else { path.clone() };
        Ok(json!({ "file_id": id, "file_unique_id": "AgAD", "file_size": bytes.len(), "file_path": path }))
    }
}
