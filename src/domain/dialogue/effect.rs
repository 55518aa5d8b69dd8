//! What a step asks to be done: a closed list, performed by `crate::intake` in the transaction
//! that saves the state.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::say::{Arg, Say};
use super::state::Binding;
use crate::domain::appointment::Window;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{AppointmentId, MediaId, ResponseId, TicketId, VisitId};
use crate::domain::language::Language;
use crate::domain::score::Band;
use crate::domain::script::SlotId;
use crate::domain::survey::Answer;
use crate::domain::ticket::TicketKind;
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Understanding, Urgency};

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send a message.
    Say(Say),
    /// Listen to a recording.
    Transcribe { media: MediaId },
    /// Begin a response to a survey; an anonymous one knows nobody.
    OpenResponse { response: ResponseId, survey: String, version: u32, anonymous: bool },
    /// The response that was just begun counts for a visit whose survey ran out, whichever flat was scanned since.
    AnswerLate { response: ResponseId, visit: VisitId },
    /// Keep an answer; a second one to the same question replaces the first.
    RecordAnswer { response: ResponseId, answer: Answer, media: Option<MediaId> },
    /// The survey is answered.
    CompleteResponse { response: ResponseId, score: Option<f64>, band: Option<Band>, nps: Option<f64> },
    /// The survey was left or ran out before its end; what was answered stays.
    AbandonResponse { response: ResponseId },
    /// Keep free words (or files) about a survey.
    AddComment { response: ResponseId, text: String, media: Vec<MediaId>, understood: Understanding },
    /// File a ticket with this id.
    FileTicket { ticket: TicketId, draft: TicketDraft },
    /// Add words or files to a ticket that exists; `location` completes one that had none.
    AddToTicket { ticket: TicketId, text: Option<String>, media: Vec<MediaId>, location: Option<Arg> },
    /// Note the place that the owner says was meant, in place of the one that a ticket has.
    CorrectPlace { ticket: TicketId, place: Arg },
    /// Note the home of a ticket that was filed before it was known.
    LocateTicket { ticket: TicketId, home: Binding },
    /// The owner confirms the fix.
    ConfirmFix { ticket: TicketId },
    /// The owner says it is not fixed.
    RejectFix { ticket: TicketId },
    /// The survey after a repair says that it did not hold: whose visit it was knows which ticket that is.
    RejectRepair { response: ResponseId },
    /// The owner takes one of the offered times.
    AgreeAppointment { appointment: AppointmentId, window: Window },
    /// None of the offered times suits, or the agreed one no longer does.
    DeclineAppointment { appointment: AppointmentId },
    /// Nobody need come at the agreed time, nor at another: staff hears of it with the ticket.
    CallOffAppointment { appointment: AppointmentId },
    /// The owner says when it would suit.
    WishTime { ticket: TicketId, words: String },
    /// The client confirms the record of a visit, or says that it is not right.
    ConfirmVisit { visit: VisitId, right: bool },
    /// Show something to staff now.
    Raise { kind: FlagKind, about: About },
    /// Wake the conversation up later; `anew` also if it was woken up for this before.
    Remind { timer: Timer, after: Duration, anew: bool },
    /// The person's language changed.
    SetLanguage(Language),
    /// No more surveys to this person (`true`), or surveys again.
    StopSurveys(bool),
    /// The person was told what their messages are used for, and goes on.
    Agree,
    /// Remember which unit the person belongs to.
    Bind,
    /// Remove what is known of the person and what they said.
    Forget,
}

/// What a flag points at, besides the conversation itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Conversation,
    Ticket(TicketId),
    Response(ResponseId),
}

/// A time after which a conversation is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "timer")]
pub enum Timer {
    /// A report waits for its confirmation: remind.
    ReportReminder { ticket: TicketId },
    /// A report was never confirmed: file it as it is.
    ReportUnconfirmed { ticket: TicketId },
    /// A survey waits for an answer: remind once.
    SurveyReminder { response: ResponseId },
    /// A survey was never finished: let it go.
    SurveyExpiry { response: ResponseId },
    /// Somebody comes tomorrow: remind, if that is still the time.
    AppointmentEve { appointment: AppointmentId, from: Timestamp },
}

/// A report as it is filed.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketDraft {
    pub kind: TicketKind,
    pub category: Option<Category>,
    pub urgency: Urgency,
    /// Everything the person said, in order, one piece a line.
    pub description: String,
    /// Place, part, symptom, time: what was said or picked.
    pub slots: BTreeMap<SlotId, Arg>,
    pub media: Vec<MediaId>,
    /// The home it is about, if that is known.
    pub binding: Option<Binding>,
    /// The owner has seen the summary and agreed.
    pub confirmed: bool,
}
