//! From text keys to a message in the person's language.

use std::collections::BTreeMap;

use super::message::{Button, OutboundBody, encode};
use super::{Intake, Scene};
use crate::channel::ChannelKind;
use crate::domain::dialogue::{ANNOUNCEMENT, Arg, SHARE_NUMBER, Say};
use crate::domain::ids::{OutboxId, TicketId};
use crate::domain::job::Job;
use crate::domain::language::Language;
use crate::store::outbox::{Author, Delivery, NewOutbound};
use crate::store::{self, StoreError, Tx};

/// Answers which say that something was wrong with what came in, besides all under `refused.`:
/// the log names them, never what was said.
const TROUBLE: [&str; 5] = ["token_unknown", "token_expired", "unknown_command", "choice_gone", "survey.out_of_range"];

impl Intake {
    /// Puts a message into the outbox.
    pub(super) async fn speak(&self, tx: &mut Tx, scene: &Scene, say: &Say) -> Result<(), StoreError> {
        for key in say.keys().into_iter().filter(|key| TROUBLE.contains(key) || key.starts_with("refused.")) {
            let id = scene.dialogue;
            tracing::info!(dialogue.id = %id, cause = key, "a message of conversation {id} was answered with {key}");
        }
        let language = scene.state.language;
        let mut lines = Vec::new();
        let say = &fitting(say.clone(), &scene.channel);
        self.render(tx, scene, say, &mut lines).await?;
        let choices = say.all_choices();
        let body = OutboundBody {
            text: lines.join("\n"),
            choices: choices
                .into_iter()
                .map(|choice| Button { label: self.label(language, &choice.label), id: choice.id })
                .collect(),
            notice: say.key == ANNOUNCEMENT,
        };
        self.send(tx, scene, Author::Bot, &body).await
    }

    /// Puts words of any author into the outbox.
    pub(crate) async fn send(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        author: Author,
        body: &OutboundBody,
    ) -> Result<(), StoreError> {
        let channel = ChannelKind::from_name(&scene.channel);
        let fetched = channel == Some(ChannelKind::Web);
        // The page fetches its messages: stored is delivered.
        let status = if fetched { Delivery::Sent } else { Delivery::Pending };
        let id = self.clock.new_id::<OutboxId>();
        let message = NewOutbound {
            id,
            dialogue_id: scene.dialogue,
            author,
            body: encode(body)?,
            status,
            not_before: None,
            created_at: scene.now,
            reply_to: scene.answering,
        };
        store::outbox::push(tx, &message).await?;
        if fetched {
            return Ok(());
        }
        // An answer may go out in the response to the message; the job is for when it does not.
        let within = scene.answering.and_then(|_| channel?.answers_within()).unwrap_or_default();
        self.owe(tx, Job::Deliver { dialogue: scene.dialogue, message: id }, scene.now + within).await
    }

    async fn render(&self, tx: &mut Tx, scene: &Scene, say: &Say, lines: &mut Vec<String>) -> Result<(), StoreError> {
        let language = scene.state.language;
        // A queue instead of recursion: async functions do not recurse without a box.
        let mut waiting: Vec<&Say> = vec![say];
        while let Some(next) = waiting.pop() {
            // A line with a link that this conversation cannot have is left out.
            let args = if next.key.is_empty() { None } else { self.arguments(tx, scene, next).await? };
            if let Some(args) = args {
                lines.push(self.catalog.text(language, &next.key, &args));
            }
            waiting.extend(next.lines.iter().rev());
        }
        Ok(())
    }

    /// Writes out what stands in the placeholders of a line; `None` if one of them is a link that this
    /// conversation cannot have.
    async fn arguments(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        say: &Say,
    ) -> Result<Option<BTreeMap<String, String>>, StoreError> {
        let mut args = BTreeMap::new();
        for (name, arg) in &say.args {
            let said = match arg {
                Arg::TicketLink(ticket) => self.link_to(tx, scene, *ticket).await?,
                Arg::Elsewhere(door) => self.elsewhere(tx, scene, *door).await?,
                Arg::Text(_) | Arg::Key(_) | Arg::TicketNumber(_) | Arg::EmergencyPhone => {
                    Some(self.argument(tx, scene.state.language, arg).await?)
                }
            };
            let Some(said) = said else { return Ok(None) };
            args.insert(name.clone(), said);
        }
        Ok(Some(args))
    }

    /// Returns the progress link of a ticket, which shows what its owner said: nobody else gets it.
    async fn link_to(&self, tx: &mut Tx, scene: &Scene, id: TicketId) -> Result<Option<String>, StoreError> {
        let link = self.progress_link(id, &scene.channel, scene.now);
        match store::tickets::find(tx, id).await? {
            Some(ticket) if ticket.contact_id != scene.contact => Ok(None),
            _ => Ok(link),
        }
    }

    /// Writes out what stands in a placeholder; a link, which needs the conversation, is written by `arguments`.
    pub(super) async fn argument(&self, tx: &mut Tx, language: Language, arg: &Arg) -> Result<String, StoreError> {
        Ok(match arg {
            Arg::Text(text) => text.clone(),
            Arg::Key(key) => self.catalog.text(language, key, &BTreeMap::new()),
            Arg::TicketNumber(ticket) => {
                store::tickets::find(tx, *ticket).await?.map(|ticket| ticket.number).unwrap_or_default()
            }
            Arg::EmergencyPhone => self.emergency_phone.clone(),
            Arg::TicketLink(_) | Arg::Elsewhere(_) => String::new(),
        })
    }
}

/// Leaves out the lines whose button only Telegram has, where this is not Telegram.
fn fitting(mut say: Say, channel: &str) -> Say {
    if channel != ChannelKind::Telegram.name() {
        say.lines.retain(|line| !line.choices.iter().any(|choice| choice.id == SHARE_NUMBER));
        say.lines = say.lines.into_iter().map(|line| fitting(line, channel)).collect();
    }
    say
}
