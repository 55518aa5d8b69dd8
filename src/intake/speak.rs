//! From text keys to a message in the person's language.

use std::collections::BTreeMap;

use super::message::{Button, OutboundBody, encode};
use super::{Intake, Scene};
use crate::channel::ChannelKind;
use crate::domain::dialogue::{ANNOUNCEMENT, Arg, Say};
use crate::domain::ids::OutboxId;
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
            if !next.key.is_empty() && !self.lacks_link(scene, next) {
                let mut args = BTreeMap::new();
                for (name, arg) in &next.args {
                    let link = self.link_of(scene, arg);
                    let said = match link {
                        Some(link) => link,
                        None => self.argument(tx, language, arg).await?,
                    };
                    args.insert(name.clone(), said);
                }
                lines.push(self.catalog.text(language, &next.key, &args));
            }
            waiting.extend(next.lines.iter().rev());
        }
        Ok(())
    }

    fn link_of(&self, scene: &Scene, arg: &Arg) -> Option<String> {
        match arg {
            Arg::TicketLink(ticket) => self.progress_link(*ticket, &scene.channel, scene.now),
            Arg::Text(_) | Arg::Key(_) | Arg::TicketNumber(_) | Arg::EmergencyPhone => None,
        }
    }

    /// Says whether a line would bring a link that this conversation cannot have: it is left out.
    fn lacks_link(&self, scene: &Scene, say: &Say) -> bool {
        say.args.values().any(|arg| matches!(arg, Arg::TicketLink(_)) && self.link_of(scene, arg).is_none())
    }

    /// Writes out what stands in a placeholder; a link, which needs the conversation, is written by `render`.
    pub(super) async fn argument(&self, tx: &mut Tx, language: Language, arg: &Arg) -> Result<String, StoreError> {
        Ok(match arg {
            Arg::Text(text) => text.clone(),
            Arg::Key(key) => self.catalog.text(language, key, &BTreeMap::new()),
            Arg::TicketNumber(ticket) => {
                store::tickets::find(tx, *ticket).await?.map(|ticket| ticket.number).unwrap_or_default()
            }
            Arg::EmergencyPhone => self.emergency_phone.clone(),
            Arg::TicketLink(_) => String::new(),
        })
    }
}
