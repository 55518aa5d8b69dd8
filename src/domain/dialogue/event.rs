//! What can happen to a conversation: a closed list.

use serde::{Deserialize, Serialize};

use super::effect::Timer;
use super::say::Say;
use super::state::{Binding, Meeting, State};
use crate::domain::ids::{MediaId, ResponseId, TicketId, VisitId};
use crate::domain::media::Refusal;
use crate::domain::understanding::Understanding;

/// One thing that happened, already stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Words were typed.
    Text { text: String, understood: Understanding },
    /// Words were put in place of those of an earlier message.
    Edited { text: String, understood: Understanding },
    /// A button was pressed.
    Choice { id: String },
    /// Photos came in, perhaps with words.
    Photos { media: Vec<MediaId>, caption: Option<(String, Understanding)> },
    /// A voice message came in and lies in the media store, not yet heard.
    Voice { media: MediaId },
    /// A voice message was recognised; `in_part` if not all of its speech was.
    Transcribed { media: MediaId, text: String, understood: Understanding, in_part: bool },
    /// A voice message yielded no words.
    NotHeard { media: MediaId, why: NotHeard },
    /// Something was sent that could not be taken.
    Refused(Refusal),
    /// The QR code of a unit was opened.
    Bound(Binding),
    /// A token was shown that is not, or no longer, valid.
    TokenRefused(TokenFault),
    /// A follow-up is due: ask now. `intro` says what it is about, in front of the survey's opening.
    SurveyInvited { response: ResponseId, survey: String, intro: Option<Say> },
    /// A follow-up is due, and the person can only be told so: what they write next begins it.
    SurveyAnnounced { response: ResponseId, survey: String, intro: Option<Say> },
    /// Staff asked by telephone or on site, or gave the visit up: the chat asks no more.
    SurveyWithdrawn { response: ResponseId, survey: String },
    /// Staff wrote down a visit: the client says whether it is right.
    VisitRecorded { visit: VisitId, shown: Say },
    /// Staff says the fault is rectified: the owner decides whether it is.
    FixClaimed { ticket: TicketId, number: String },
    /// The owner has not said whether it is fixed; after so many days the ticket will be closed.
    FixReminded { ticket: TicketId, number: String, days: u32 },
    /// Staff offers times to come, or has agreed on one by telephone.
    AppointmentOffered(Meeting),
    /// Nobody comes at the time that was offered or agreed. `quietly`: they were there already, or
    /// something else is said about it.
    AppointmentWithdrawn { ticket: TicketId, quietly: bool },
    /// News of a ticket that wants no answer: somebody is on the way, it was cancelled or merged.
    Notified(Say),
    /// The person goes on here with what they left on another channel: where it stood there.
    CameFrom(Box<State>),
    /// The platform vouched for the person's telephone number. `joined`: we knew it; `binding`: where
    /// they live, if the conversation did not know.
    NumberShown { joined: bool, binding: Option<Binding> },
    /// A time that was set has passed.
    Elapsed(Timer),
    /// Staff wrote to the person: the automaton keeps silent from now on.
    StaffSpoke,
    /// Staff gave the conversation back to the automaton.
    HandedBack,
}

/// Why a voice message yielded no words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotHeard {
    /// No speech in it: silence, noise, music.
    NoSpeech,
    /// Longer than we listen.
    TooLong,
    /// A larger file than is taken.
    TooLarge,
    /// Not a recording we can open, or damaged.
    Unreadable,
    /// The platform it came through does not have it any more.
    Lost,
    /// The recogniser is missing or gave up: a person has to listen.
    Failed,
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenFault {
    /// Not one of ours, or tampered with.
    Unknown,
    /// Ours, but its time has passed.
    Expired,
}
