//! What people's messages are used for is said once, with the first welcome; who goes on after that has
//! agreed (the consent line of DOMAIN.md "Contact discipline"). Whoever asks about it, says no, or wants to be
//! left alone, has not; nobody is told in the middle of something.

use serde::{Deserialize, Serialize};

use super::Turn;
use super::effect::Effect;
use super::event::Event;
use super::say::Say;
use super::state::Activity;
use crate::domain::script::Command;

/// How far a conversation is with what messages are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terms {
    #[default]
    Unsaid,
    Said,
    Agreed,
}

impl Terms {
    /// Whether there is nothing to remember yet.
    pub fn are_unsaid(&self) -> bool {
        *self == Terms::Unsaid
    }
}

/// What may be said without having agreed to anything.
const NO_ANSWER: [Command; 7] =
    [Command::Start, Command::Help, Command::Language, Command::Privacy, Command::Stop, Command::Forget, Command::No];
/// The same of buttons.
const NO_ANSWER_BUTTONS: [&str; 2] = ["lang:", "forget:"];

impl Turn<'_> {
    /// Returns the welcome, with what messages are used for if that was never said here.
    pub(super) fn welcome(&mut self) -> Say {
        let welcome = match &self.state.binding {
            Some(binding) => Say::new("welcome.bound").text("unit", binding.label.clone()),
            None => Say::new("welcome.unbound"),
        };
        let idle = matches!(self.state.activity, Activity::Idle | Activity::Commenting(_));
        let in_danger = self.state.doubt.as_ref().is_some_and(|doubt| doubt.open);
        if self.state.terms != Terms::Unsaid || !idle || in_danger {
            return welcome;
        }
        self.state.terms = Terms::Said;
        Say::lines(vec![welcome, Say::new("welcome.terms")])
    }

    /// Notes that somebody who was told goes on.
    pub(super) fn agree_by(&mut self, event: &Event) {
        if self.state.terms == Terms::Said && self.goes_on(event) {
            self.state.terms = Terms::Agreed;
            self.effect(Effect::Agree);
        }
    }

    fn goes_on(&self, event: &Event) -> bool {
        match event {
            // Of a recording it is its words that count.
            Event::Text { text, understood }
            | Event::Edited { text, understood }
            | Event::Transcribed { text, understood, .. } => {
                let command = self.ctx.script.words.command(text);
                understood.affirmed != Some(false) && !command.is_some_and(|(command, _)| NO_ANSWER.contains(&command))
            }
            Event::Choice { id } => {
                let asks = |command: &Command| id.strip_prefix("do:") == Some(command.name());
                let no_answer = NO_ANSWER_BUTTONS.iter().any(|beginning| id.starts_with(beginning));
                !no_answer && !NO_ANSWER.iter().any(asks)
            }
            Event::Photos { .. } => true,
            _ => false,
        }
    }
}
