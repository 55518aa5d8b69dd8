//! Something to be said, by the keys of `prompts/`, in no language yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::ids::TicketId;

/// One message to the person: a text, or several lines of them, and buttons below.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Say {
    /// Text key, or empty when only `lines` speak.
    pub key: String,
    pub args: BTreeMap<String, Arg>,
    /// Said one below the other, after the text of `key`.
    pub lines: Vec<Say>,
    pub choices: Vec<Choice>,
}

/// The button by which a person shows their own telephone number; only Telegram has such a thing, and
/// elsewhere the line that has it is left out.
pub const SHARE_NUMBER: &str = "share:number";

/// Where a conversation can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The chat page.
    Web,
    Telegram,
    /// Anywhere, by sending what is written.
    Words,
}

impl Door {
    /// Every door.
    pub const ALL: [Door; 3] = [Door::Web, Door::Telegram, Door::Words];

    /// Returns the name used in texts (`elsewhere.to.<name>`).
    pub fn name(self) -> &'static str {
        match self {
            Door::Web => "web",
            Door::Telegram => "telegram",
            Door::Words => "words",
        }
    }
}

/// What stands in a placeholder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// Taken as it is.
    Text(String),
    /// Another text of `prompts/`.
    Key(String),
    /// The number of a ticket, known once it is filed.
    TicketNumber(TicketId),
    /// The address of a ticket's progress page; a line with it is left out where there is none.
    TicketLink(TicketId),
    /// What leads through a door, with this conversation; a line with it is left out where it is shut.
    Elsewhere(Door),
    /// The telephone that is answered at any hour (`[policy] emergency_phone`).
    EmergencyPhone,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// At most 64 bytes (Telegram's limit for callback data), says what it answers: `q<run>:<question>:<value>`.
    pub id: String,
    pub label: Label,
}

/// What is written on a button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    Text(String),
    Key(String),
}

impl Say {
    /// Says the text of a key.
    pub fn new(key: impl Into<String>) -> Say {
        Say { key: key.into(), args: BTreeMap::new(), lines: Vec::new(), choices: Vec::new() }
    }

    /// Says several things in one message.
    pub fn lines(lines: Vec<Say>) -> Say {
        Say { key: String::new(), args: BTreeMap::new(), lines, choices: Vec::new() }
    }

    /// Fills a placeholder with a literal text.
    pub fn text(self, name: &str, value: impl Into<String>) -> Say {
        self.arg(name, Arg::Text(value.into()))
    }

    /// Fills a placeholder.
    pub fn arg(mut self, name: &str, value: Arg) -> Say {
        self.args.insert(name.to_owned(), value);
        self
    }

    /// Adds, on a line of its own, where the progress of a ticket is shown.
    pub fn with_progress(mut self, ticket: TicketId) -> Say {
        self.lines.push(Say::new("status.link").arg("url", Arg::TicketLink(ticket)));
        self
    }

    /// Adds a button whose label is a text of `prompts/`.
    pub fn choice(mut self, id: impl Into<String>, label_key: impl Into<String>) -> Say {
        self.choices.push(Choice { id: id.into(), label: Label::Key(label_key.into()) });
        self
    }

    /// Returns every button of the message, those of its lines included.
    pub fn all_choices(&self) -> Vec<Choice> {
        self.lines.iter().flat_map(Say::all_choices).chain(self.choices.iter().cloned()).collect()
    }

    /// Returns the key of every text in the message.
    pub fn keys(&self) -> Vec<&str> {
        let own = (!self.key.is_empty()).then_some(self.key.as_str());
        let in_args = self.args.values().filter_map(|arg| match arg {
            Arg::Key(key) => Some(key.as_str()),
            Arg::Text(_) | Arg::TicketNumber(_) | Arg::TicketLink(_) | Arg::Elsewhere(_) | Arg::EmergencyPhone => None,
        });
        let on_buttons = self.choices.iter().filter_map(|choice| match &choice.label {
            Label::Key(key) => Some(key.as_str()),
            Label::Text(_) => None,
        });
        own.into_iter().chain(in_args).chain(on_buttons).chain(self.lines.iter().flat_map(Say::keys)).collect()
    }
}
