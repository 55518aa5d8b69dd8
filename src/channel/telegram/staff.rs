//! What staff does in Telegram: buttons below alerts, answers to alerts, the link that says whose
//! account it is. Read and answered here; who it was and what may be done is decided in `crate::desk`.

use serde_json::{Map, Value, json};
use teloxide::types::{Chat, User};

use super::update::{integer, language_of, part, text};
use crate::domain::alert::Act;
use crate::domain::ids::FlagId;
use crate::domain::language::Language;
use crate::domain::token::is_staff_token;

/// The longest text that a pressed button shows, in characters (Bot API, answerCallbackQuery).
const LONGEST_TOAST: usize = 200;

/// Something a person did who may belong to staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffSays {
    /// The number of their account.
    pub from: i64,
    /// The language of their Telegram, as far as it is ours.
    pub language: Option<Language>,
    /// By which a copy of it is known.
    pub external_id: String,
    pub what: What,
}

/// What it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A button below an alert.
    Pressed { query: String, act: Act, flag: FlagId },
    /// A text that answers a message of ours: in a private chat that may be a client's.
    Replied { chat: i64, message: i64, to: i64, text: String },
    /// The link that an administrator gave them.
    Linked { chat: i64, token: String },
}

/// What they are told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Shown where they pressed.
    Toast { query: String, text: String },
    /// Said in the chat, below the message it is about if there is one.
    Say { chat: i64, below: Option<i64>, text: String },
}

impl StaffSays {
    /// Reads a message: an answer to one of ours, or the link in a private chat.
    pub(super) fn in_message(message: &Map<String, Value>) -> Option<StaffSays> {
        let from = person(message)?;
        let chat = part::<Chat>(message, "chat")?;
        let (number, words) = (integer(message, "message_id")?, text(message, "text")?);
        let token = words.trim().strip_prefix("/start ").map(str::trim).filter(|token| is_staff_token(token));
        let what = if let Some(token) = token.filter(|_| chat.is_private()) {
            What::Linked { chat: chat.id.0, token: token.to_owned() }
        } else {
            let to = message.get("reply_to_message")?.as_object()?;
            // Whether it is one of ours is known by its number; a bot's it must be.
            part::<User>(to, "from").filter(|author| author.is_bot)?;
            What::Replied { chat: chat.id.0, message: number, to: integer(to, "message_id")?, text: words.to_owned() }
        };
        let external_id = match &what {
            What::Linked { token, .. } => format!("link:{token}"),
            What::Pressed { .. } | What::Replied { .. } => format!("m:{}:{number}", chat.id.0),
        };
        Some(StaffSays { from: number_of(&from)?, language: language_of(&from), external_id, what })
    }

    /// Reads an edited message: an answer to one of ours, put right.
    pub(super) fn in_edit(message: &Map<String, Value>) -> Option<StaffSays> {
        let edited = integer(message, "edit_date")?;
        let says = StaffSays::in_message(message)?;
        let What::Replied { chat, message: number, .. } = says.what else { return None };
        Some(StaffSays { external_id: format!("edit:{chat}:{number}:{edited}"), ..says })
    }

    /// Reads a pressed button, wherever the alert stood.
    pub(super) fn in_query(query: &Map<String, Value>, id: &str) -> Option<StaffSays> {
        let (act, flag) = Act::of_button(text(query, "data")?)?;
        let from = person(query)?;
        Some(StaffSays {
            from: number_of(&from)?,
            language: language_of(&from),
            external_id: format!("cb:{id}"),
            what: What::Pressed { query: id.to_owned(), act, flag },
        })
    }
}

impl Answer {
    /// The call that brings the answer; as the response to a webhook request it saves one.
    pub fn call(&self) -> Value {
        match self {
            Answer::Toast { query, text } => {
                let text: String = text.chars().take(LONGEST_TOAST).collect();
                json!({ "method": "answerCallbackQuery", "callback_query_id": query, "text": text })
            }
            Answer::Say { chat, below, text } => {
                let mut call = json!({ "method": "sendMessage", "chat_id": chat, "text": text });
                if let Some(below) = below {
                    call["reply_parameters"] = json!({ "message_id": below, "allow_sending_without_reply": true });
                }
                call
            }
        }
    }
}

fn person(of: &Map<String, Value>) -> Option<User> {
    part::<User>(of, "from").filter(|from| !from.is_bot)
}

fn number_of(user: &User) -> Option<i64> {
    i64::try_from(user.id.0).ok()
}
