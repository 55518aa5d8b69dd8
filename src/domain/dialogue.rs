//! The conversation: what the bot says and does next, decided by one pure function.
//!
//! [`step`] takes where a conversation stands, what happened, and what the world looks like, and
//! returns where it stands now and what is to be done. It is total: an event that does not fit is
//! answered, never an error. It names text keys, never sentences; it asks for effects, never
//! performs them (`crate::intake` stores them in the same transaction as the state).
//!
//! Read on in [`survey`] for follow-ups, [`repair`] for reports, [`appointment`] for when somebody
//! comes, [`elsewhere`] for one person on several channels, [`talk`] for everything said outside of these.

mod additions;
mod address;
mod amending;
mod appointment;
mod clause;
mod complaint;
mod danger;
mod doubt;
mod elsewhere;
mod further;
mod question;
mod reading;
mod recordings;
mod repair;
mod report;
mod summary;
mod survey;
mod talk;
mod terms;
mod timers;
mod verdict;
mod withdrawal;

pub mod effect;
pub mod event;
mod invitation;
pub mod say;
pub mod state;

pub use effect::{Effect, TicketDraft, Timer};
pub use event::{Event, NotHeard, TokenFault};
pub use say::{Arg, Choice, Door, SHARE_NUMBER, Say};
pub use state::{Activity, Binding, Meeting, Mode, OfferedWindow, State};
pub use terms::Terms;

use uuid::Uuid;

use super::ids::{MediaId, TicketId};
use super::language::Language;
use super::media::{MOST_CHARACTERS, MOST_MEGABYTES, Refusal};
use super::script::Script;
use super::survey::AnswerSource;
use super::ticket::{Status, TicketKind};
use super::time::Timestamp;
use super::understanding::{Category, Understanding, differ};

/// What a step may know besides the state and the event.
#[derive(Debug, Clone, Copy)]
pub struct Ctx<'a> {
    pub now: Timestamp,
    /// An id nobody has used yet, for the one thing a step may create (a ticket or a response).
    pub fresh: Uuid,
    pub script: &'a Script,
    /// The person's tickets that are not closed, newest first; then those that carry on with theirs.
    pub tickets: &'a [OpenTicket],
    /// What neighbours have reported and is being worked on.
    pub incidents: &'a [OpenIncident],
}

/// What the conversation needs to know of a ticket under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTicket {
    pub id: TicketId,
    pub number: String,
    /// Nobody comes to a complaint.
    pub kind: TicketKind,
    /// Name of the ticket's status; its text is `ticket.status.<name>`.
    pub status: &'static str,
    /// Name of its category, if known; its text is `category.<name>`.
    pub category: Option<&'static str>,
    pub location: Option<String>,
    /// Whether it is somebody else's that theirs was merged into: only its owner's word ends it.
    pub shared: bool,
}

impl OpenTicket {
    /// Whether something is to be mended by it, and staff does not say that it is.
    fn is_to_mend(&self) -> bool {
        self.kind == TicketKind::Repair && self.status != Status::Rectified.name()
    }

    /// Whether it may be about a place that words name: one names the other, or either names none.
    fn may_be_in(&self, place: Option<&str>) -> bool {
        !differ(place, self.location.as_deref())
    }
}

/// A fault of several homes around the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenIncident {
    pub category: Category,
}

/// Where the conversation stands after an event, and what is to be done about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub state: State,
    pub effects: Vec<Effect>,
}

/// What tells somebody of a survey to whom nothing else may be sent: one line of at most
/// [`crate::domain::reach::LONGEST_NOTICE`] characters.
pub const ANNOUNCEMENT: &str = "visit.announcement";

/// Decides what happens next. Never fails, never waits.
pub fn step(state: State, event: Event, ctx: &Ctx<'_>) -> Step {
    let mut turn = Turn { state, effects: Vec::new(), echo: None, ctx: *ctx };
    turn.forget_settled_fix();
    turn.agree_by(&event);
    match event {
        Event::Text { text, understood } => {
            turn.adopt_language_of(&text);
            turn.words(Words { text, understood, source: AnswerSource::Words, media: None });
        }
        Event::Edited { text, understood } => {
            turn.adopt_language_of(&text);
            turn.edited(Words { text, understood, source: AnswerSource::Words, media: None });
        }
        Event::Choice { id } => turn.choice(&id),
        Event::Photos { media, caption } => turn.photos(media, caption),
        Event::Voice { media } => turn.voice(media),
        Event::Transcribed { media, text, understood, in_part } => {
            turn.transcribed(media, text, understood, in_part);
        }
        Event::NotHeard { media, why } => turn.not_heard(media, why),
        Event::Refused(refusal) => turn.refused(refusal),
        Event::Bound(binding) => turn.bound(binding),
        Event::TokenRefused(fault) => turn.say(Say::new(match fault {
            TokenFault::Unknown => "token_unknown",
            TokenFault::Expired => "token_expired",
        })),
        Event::SurveyInvited { response, survey, intro } => turn.invited(response, &survey, intro),
        Event::SurveyAnnounced { response, survey, intro } => turn.announced(response, &survey, intro),
        Event::SurveyWithdrawn { response, survey } => turn.withdrawn(response, &survey),
        Event::VisitRecorded { visit, shown } => turn.visit_recorded(visit, shown),
        Event::FixClaimed { ticket, number } => turn.fix_claimed(ticket, &number),
        Event::FixReminded { ticket, number, days } => turn.fix_reminded(ticket, &number, days),
        Event::AppointmentOffered(meeting) => turn.appointment_offered(meeting),
        Event::AppointmentWithdrawn { ticket, quietly } => turn.appointment_withdrawn(ticket, quietly),
        Event::Notified(say) => turn.beside(say),
        Event::CameFrom(left) => turn.came_from(*left),
        Event::NumberShown { joined, binding } => turn.number_shown(joined, binding),
        Event::Elapsed(timer) => turn.elapsed(timer),
        Event::StaffSpoke => turn.staff_spoke(),
        Event::HandedBack => turn.handed_back(),
    }
    turn.finish()
}

/// What somebody said, typed or spoken.
#[derive(Clone)]
struct Words {
    text: String,
    understood: Understanding,
    source: AnswerSource,
    media: Option<MediaId>,
}

/// One step in the making.
struct Turn<'a> {
    state: State,
    effects: Vec<Effect>,
    /// What was heard in a voice message: said in front of the next thing said.
    echo: Option<String>,
    ctx: Ctx<'a>,
}

impl Turn<'_> {
    /// Says one thing; in front of it what was heard, if somebody just spoke.
    fn say(&mut self, say: Say) {
        let say = match self.echo.take() {
            Some(heard) => Say::lines(vec![Say::new("voice.heard").text("text", heard), say]),
            None => say,
        };
        self.state.offered = say.all_choices();
        self.state.interrupted = false;
        self.effects.push(Effect::Say(say));
    }

    /// Says something that stands beside what is going on: a question that was asked still stands,
    /// and its buttons come before the new ones.
    fn beside(&mut self, say: Say) {
        let busy = matches!(self.state.activity, Activity::Surveying(_) | Activity::Reporting(_));
        let mut offered = if busy { std::mem::take(&mut self.state.offered) } else { Vec::new() };
        self.say(say);
        offered.append(&mut self.state.offered);
        self.state.offered = offered;
    }

    /// Says something that asks for nothing: what was asked last still stands, and so do its buttons.
    fn in_passing(&mut self, say: Say) {
        let (offered, interrupted) = (self.state.offered.clone(), self.state.interrupted);
        self.say(say);
        (self.state.offered, self.state.interrupted) = (offered, interrupted);
    }

    fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn finish(mut self) -> Step {
        if let Some(heard) = self.echo.take() {
            // Nothing else was said, so the echo is the answer: the speaker can spot an error.
            self.effects.push(Effect::Say(Say::new("voice.heard").text("text", heard)));
        }
        Step { state: self.state, effects: self.effects }
    }

    /// Follows the language somebody writes in until they choose one. A command says nothing about it.
    fn adopt_language_of(&mut self, text: &str) {
        if text.starts_with('/') {
            return;
        }
        let sentence = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() >= 2;
        let written = Language::of_text(text);
        let clear = written == Some(Language::Chinese) || (written == Some(Language::English) && sentence);
        if let Some(written) = written.filter(|_| clear && !self.state.language_chosen) {
            self.set_language(written);
        }
    }

    fn set_language(&mut self, language: Language) {
        if self.state.language != language {
            self.state.language = language;
            self.effect(Effect::SetLanguage(language));
        }
    }

    fn refused(&mut self, refusal: Refusal) {
        self.say(why_refused(refusal));
    }
}

/// Says why something could not be taken.
fn why_refused(refusal: Refusal) -> Say {
    match refusal {
        Refusal::TooLarge => Say::new("refused.too_large").text("limit", MOST_MEGABYTES.to_string()),
        Refusal::UnknownKind => Say::new("refused.unknown_kind"),
        Refusal::TooLong => Say::new("refused.too_long").text("limit", MOST_CHARACTERS.to_string()),
        Refusal::Empty => Say::new("refused.empty"),
        Refusal::Lost => Say::new("refused.lost"),
    }
}
