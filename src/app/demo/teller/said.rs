//! What was said in the half year: kept until all of it is known, then stored in its order.

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::{LANGUAGE, Teller};
use crate::channel::ChannelKind;
use crate::domain::ids::{InboxId, OutboxId};
use crate::domain::time::Timestamp;
use crate::intake::message::{InboundBody, OutboundBody, encode};
use crate::store::outbox::{Author, Delivery, NewOutbound};
use crate::store::{self, Tx};

/// A message; kept until all are known, since a conversation is numbered in its order.
pub(super) struct Spoken {
    pub at: Timestamp,
    pub person: String,
    pub line: Line,
}

pub(super) enum Line {
    Client(Box<InboundBody>),
    Bot(OutboundBody),
    Staff(OutboundBody),
}

impl Teller {
    /// The client says something in words.
    pub(super) fn hear(&mut self, person: &str, at: Timestamp, words: &str) {
        let understood = Some(self.understand(words));
        let body = InboundBody { text: Some(words.to_owned()), understood, ..InboundBody::default() };
        self.spoken.push(Spoken { at, person: person.to_owned(), line: Line::Client(Box::new(body)) });
    }

    /// The client presses a button.
    pub(super) fn pressed(&mut self, person: &str, at: Timestamp, id: String, label: String) {
        let body = InboundBody { choice: Some(id), text: Some(label), ..InboundBody::default() };
        self.spoken.push(Spoken { at, person: person.to_owned(), line: Line::Client(Box::new(body)) });
    }

    /// The bot says a text of `prompts/`.
    pub(super) fn say(&mut self, person: &str, at: Timestamp, key: &str, args: &[(&str, &str)]) {
        let body = OutboundBody { text: self.text(key, args), ..OutboundBody::default() };
        self.spoken.push(Spoken { at, person: person.to_owned(), line: Line::Bot(body) });
    }

    pub(super) fn text(&self, key: &str, args: &[(&str, &str)]) -> String {
        let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.intake.catalog.text(LANGUAGE, key, &args)
    }

    /// Stores every message in the order in which it was said, and where each conversation stands.
    pub(super) async fn put_into_words(mut self, tx: &mut Tx) -> anyhow::Result<()> {
        self.spoken.sort_by_key(|spoken| spoken.at);
        let mut last: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (number, spoken) in self.spoken.drain(..).enumerate() {
            let person = self.people.get(&spoken.person).context("somebody spoke who is no contact")?;
            let (dialogue_id, at) = (person.dialogue, spoken.at);
            let (author, body) = match spoken.line {
                Line::Client(body) => {
                    let message = store::inbox::NewInbound {
                        id: self.intake.clock.new_id::<InboxId>(),
                        channel: ChannelKind::Web.name().to_owned(),
                        external_id: format!("demo-{number}"),
                        dialogue_id,
                        kind: body.kind().to_owned(),
                        body: encode(&body)?,
                        received_at: at,
                    };
                    store::inbox::remember(tx, &message).await?;
                    last.insert(spoken.person, at);
                    continue;
                }
                Line::Bot(body) => (Author::Bot, body),
                Line::Staff(body) => (Author::Staff, body),
            };
            let message = NewOutbound {
                id: self.intake.clock.new_id::<OutboxId>(),
                dialogue_id,
                author,
                body: encode(&body)?,
                status: Delivery::Sent,
                not_before: None,
                created_at: at,
                reply_to: None,
            };
            store::outbox::push(tx, &message).await?;
            last.insert(spoken.person, at);
        }
        for (name, at) in last {
            let person = self.person(&name)?;
            store::dialogues::save(tx, person.dialogue, &encode(&person.state)?, person.state.handed_over(), at)
                .await?;
        }
        Ok(())
    }
}
