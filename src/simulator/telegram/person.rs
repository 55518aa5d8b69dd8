//! Somebody with a telephone: what they do becomes an update.

use serde_json::{Value, json};

use super::BotApi;

/// Somebody who uses Telegram, in their private chat with the bot.
#[derive(Debug, Clone)]
pub struct Person {
    pub chat: i64,
    pub name: String,
    /// As their telephone says it: `zh-hans`.
    pub language: String,
}

/// A button below a message that arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The message it stands below.
    pub message: Value,
    pub label: String,
    pub data: String,
}

impl Person {
    fn user(&self) -> Value {
        json!({ "id": self.chat, "is_bot": false, "first_name": self.name, "language_code": self.language })
    }

    fn room(&self) -> Value {
        json!({ "id": self.chat, "type": "private", "first_name": self.name })
    }

    /// Writes a message, at `seconds` since 1970; `rest` is what it holds.
    pub fn writes(&self, api: &BotApi, seconds: i64, rest: &Value) -> Value {
        let mut message = json!({ "date": seconds, "chat": self.room(), "from": self.user() });
        for (name, value) in rest.as_object().into_iter().flatten() {
            message[name] = value.clone();
        }
        api.numbered("message", message)
    }

    /// Presses a button.
    pub fn presses(&self, api: &BotApi, key: &Key) -> Value {
        let below =
            json!({ "message_id": key.message["message_id"], "date": key.message["date"], "chat": self.room() });
        let query = json!({ "id": api.query_id(), "chat_instance": "-1", "data": key.data, "from": self.user(),
            "message": below });
        api.numbered("callback_query", query)
    }

    /// Returns the buttons of the newest message that has any.
    pub fn keys(&self, api: &BotApi) -> Vec<Key> {
        let shown = api.arrived(self.chat);
        shown.iter().rev().map(keys_of).find(|keys| !keys.is_empty()).unwrap_or_default()
    }

    /// Returns the buttons of all messages: those of older ones can be pressed as well.
    pub fn all_keys(&self, api: &BotApi) -> Vec<Key> {
        api.arrived(self.chat).iter().flat_map(keys_of).collect()
    }
}

fn keys_of(message: &Value) -> Vec<Key> {
    let rows = message["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten();
    let keys = rows.flat_map(|row| row.as_array().into_iter().flatten());
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    keys.map(|key| Key { message: message.clone(), label: word(&key["text"]), data: word(&key["callback_data"]) })
        .collect()
}
