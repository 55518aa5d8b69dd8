//! Where a conversation stands. Serialised as JSON between any two messages, so a restart at any
//! point goes on where it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::appointment::Wished;
use super::effect::Timer;
use super::repair::{report_tag, submit_id};
use super::say::{Arg, Choice, Say};
use super::survey::run_tag;
use super::terms::Terms;
use crate::domain::ids::{DialogueId, MediaId, ProjectId, ResponseId, TicketId, UnitId, VisitId};
use crate::domain::language::Language;
use crate::domain::score::Band;
use crate::domain::script::SlotId;
use crate::domain::survey::{Answer, AnswerSource, QuestionKind, Survey};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Awaiting, Category, Fault, Hazard, Understanding, Urgency};

pub use super::appointment::{Meeting, OfferedWindow};

/// The layout of [`State`]; raised when stored states have to be read differently.
pub const STATE_VERSION: u32 = 1;

/// The questions to which a plain yes or no is as good as their buttons. What cannot be undone wants the
/// button: to be forgotten.
const PLAIN: [&str; 4] = ["danger", "fix", "visit", "faq"];

/// Everything a conversation remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub version: u32,
    pub language: Language,
    /// The person chose the language; it no longer follows what they write in.
    pub language_chosen: bool,
    pub binding: Option<Binding>,
    pub mode: Mode,
    pub activity: Activity,
    /// Recordings whose words are awaited.
    pub listening: Vec<MediaId>,
    /// The question of a survey that stood when a recording was sent whose words are not known yet; empty: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent_to: BTreeMap<MediaId, String>,
    /// Recordings in a row that yielded no words.
    pub unheard: u32,
    /// The ticket to which more words and photos are added for a while.
    pub recent: Option<RecentTicket>,
    /// The emergency of which everybody was told a moment ago: more words about it alarm nobody anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarmed: Option<Alarmed>,
    /// Other emergencies before that one, as lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarmed_before: Vec<Alarmed>,
    /// A survey that became due while something else went on.
    pub invited: Option<Invitation>,
    /// The survey that an alarm broke off: what is said after one answers no question. It goes on when it is wished
    /// for, brought up again, or another report is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Box<SurveyRun>>,
    /// The survey that ran out last: who comes back to it is asked again.
    #[serde(default)]
    pub lapsed: Option<String>,
    /// The visit that it belonged to, if it did: what is answered late counts for that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapsed_visit: Option<VisitId>,
    /// The fix that waits for the owner's verdict.
    pub fix_to_confirm: Option<TicketId>,
    /// The fix that was called done a moment ago: words may take that back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_done: Option<DoneFix>,
    /// Times at which somebody comes, offered or agreed, one a ticket.
    #[serde(default)]
    pub meetings: Vec<Meeting>,
    /// The ticket of which it was said a moment ago when it would suit: more times belong to it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wished: Option<Wished>,
    pub surveys_stopped: bool,
    #[serde(default, skip_serializing_if = "Terms::are_unsaid")]
    pub terms: Terms,
    /// Times that passed while staff had the conversation: they count anew once it is given back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Timer>,
    /// Words that might have told of danger, and whether the person was already asked about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// Where the person went on with what they left here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued_in: Option<DialogueId>,
    /// The buttons of the last message that had any, so that a typed label or its number counts.
    pub offered: Vec<Choice>,
    /// Staff wrote after what is offered: a bare number is meant for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
}

impl State {
    /// Returns a conversation that has just begun.
    pub fn new(language: Language) -> State {
        State {
            version: STATE_VERSION,
            language,
            language_chosen: false,
            binding: None,
            mode: Mode::Automatic,
            activity: Activity::Idle,
            listening: Vec::new(),
            sent_to: BTreeMap::new(),
            unheard: 0,
            recent: None,
            alarmed: None,
            alarmed_before: Vec::new(),
            invited: None,
            parked: None,
            lapsed: None,
            lapsed_visit: None,
            fix_to_confirm: None,
            fix_done: None,
            meetings: Vec::new(),
            wished: None,
            surveys_stopped: false,
            terms: Terms::Unsaid,
            missed: Vec::new(),
            doubt: None,
            continued_in: None,
            offered: Vec::new(),
            interrupted: false,
        }
    }

    /// Returns the answer the conversation is waiting for: it decides how a bare number is read.
    pub fn awaiting(&self) -> Awaiting {
        match &self.activity {
            Activity::Surveying(run) => {
                run.question().map_or(Awaiting::Nothing, crate::domain::survey::Question::awaiting)
            }
            Activity::Idle | Activity::Commenting(_) | Activity::Reporting(_) => Awaiting::Nothing,
        }
    }

    /// Names the question of a survey that stands, if one does: of which response, it does not say.
    pub(super) fn asked(&self) -> Option<String> {
        let Activity::Surveying(run) = &self.activity else { return None };
        run.question().map(|question| format!("{}:{}", run.survey.id, question.id))
    }

    /// Whether a plain yes or no answers the question of the survey or the report under way: one that
    /// takes such an answer, with nothing asked since.
    pub(super) fn asks_yes_or_no(&self) -> bool {
        match &self.activity {
            Activity::Surveying(run) => {
                let takes = |kind: QuestionKind| matches!(kind, QuestionKind::YesNo | QuestionKind::Open);
                let asked = run.proposed.is_some() || run.question().is_some_and(|question| takes(question.kind));
                asked && (self.offered.is_empty() || self.offers(&format!("q{}:", run_tag(run.response))))
            }
            Activity::Reporting(report) => self.offers(&submit_id(report)),
            Activity::Idle | Activity::Commenting(_) => false,
        }
    }

    /// Returns the button that means a plain yes or no, if the question asked last has one for each.
    pub(super) fn button_that_says(&self, yes: bool) -> Option<String> {
        let (said, other) = if yes { (":yes", ":no") } else { (":no", ":yes") };
        let means = |choice: &&Choice| {
            let Some(question) = choice.id.strip_suffix(said) else { return false };
            let plain = question.split(':').next().is_some_and(|head| PLAIN.contains(&head));
            plain && self.offers(&format!("{question}{other}")) && self.standing(&choice.id) != Standing::Over
        };
        self.offered.iter().find(means).map(|choice| choice.id.clone())
    }

    /// Returns the button that says whether a fix holds, if that is what was asked last.
    pub(super) fn fix_button(&self, fixed: bool) -> Option<String> {
        let said = if fixed { ":yes" } else { ":no" };
        let means = |choice: &&Choice| choice.id.starts_with("fix:") && choice.id.ends_with(said);
        // Who was told that the ticket is closed may still say that it is not fixed.
        let stands = |choice: &&Choice| !fixed || self.standing(&choice.id) == Standing::Open;
        self.offered.iter().find(|choice| means(choice) && stands(choice)).map(|choice| choice.id.clone())
    }

    /// Whether a button of the question asked last begins with this.
    pub(super) fn offers(&self, beginning: &str) -> bool {
        self.offered.iter().any(|choice| choice.id.starts_with(beginning))
    }

    /// Says whether the question that a button of ours answers still stands.
    pub fn standing(&self, button: &str) -> Standing {
        let (head, about) = button.split_once(':').unwrap_or((button, ""));
        let about = about.split(':').next().unwrap_or_default();
        let open = match (head.strip_prefix('q'), head.strip_prefix('r')) {
            (Some(tag), _) if is_tag(tag) => matches!(&self.activity, Activity::Surveying(run)
                if tag == run_tag(run.response) && run.question().is_some_and(|question| question.id == about)),
            (_, Some(tag)) if is_tag(tag) => {
                matches!(&self.activity, Activity::Reporting(report) if tag == report_tag(report.ticket))
            }
            _ if head == "danger" => self.doubt.as_ref().is_some_and(|doubt| doubt.open),
            _ if head == "fix" => self.fix_to_confirm.is_some_and(|ticket| ticket.to_string() == about),
            _ => return Standing::NoQuestion,
        };
        if open { Standing::Open } else { Standing::Over }
    }

    /// Returns whether staff has the conversation.
    pub fn handed_over(&self) -> bool {
        matches!(self.mode, Mode::WithPerson { .. })
    }
}

/// Whether a question still waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The button answers no question of ours: a command, a language.
    NoQuestion,
    Open,
    /// It was answered, or what it belongs to has ended.
    Over,
}

/// Words of which it was asked whether anybody is in danger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    pub asked: Timestamp,
    /// The question waits for its answer.
    pub open: bool,
    pub text: String,
    pub understood: Understanding,
    pub media: Option<MediaId>,
    /// What would have been said next, and is said once there is no danger.
    pub held: Vec<Say>,
    /// Something else was said to it that leaves it open, and it was asked once more.
    #[serde(default)]
    pub again: bool,
}

/// The unit a person belongs to, from the token of its QR code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub unit: UnitId,
    pub project: ProjectId,
    /// What people call it: project, building, room.
    pub label: String,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
pub enum Mode {
    /// The bot.
    Automatic,
    /// A member of staff; the bot keeps silent, except where people may come to harm.
    WithPerson { since: Timestamp },
}

/// What is going on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "activity")]
pub enum Activity {
    Idle,
    /// A survey is being answered.
    Surveying(SurveyRun),
    /// A survey was answered; free words about it are welcome.
    Commenting(Commenting),
    /// A report is being put together.
    Reporting(Report),
}

/// A survey under way, pinned to the questions it began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurveyRun {
    pub response: ResponseId,
    pub survey: Survey,
    pub answers: Vec<Answer>,
    /// A value understood from words or voice that waits for [对].
    pub proposed: Option<Proposed>,
    /// Words said on the way that answered no question; they become the comment.
    pub remarks: Vec<String>,
    /// Something said on the way was negative: staff has been told.
    pub displeased: bool,
    /// A fault was told of on the way that stands: it contradicts good marks.
    #[serde(default)]
    pub contradicts: bool,
    /// The question that was asked again on request.
    pub revisiting: Option<String>,
    /// How often in a row words were no answer: whoever is not understood twice is told how to leave.
    #[serde(default)]
    pub unread: u8,
}

impl SurveyRun {
    /// Returns the question that stands.
    pub fn question(&self) -> Option<&crate::domain::survey::Question> {
        match &self.revisiting {
            Some(id) => self.survey.question(id),
            None => crate::domain::survey::next_question(&self.survey, &self.answers)
                .and_then(|at| self.survey.questions.get(at)),
        }
    }
}

/// A value that was understood and not yet agreed to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposed {
    pub question: String,
    pub value: f64,
    pub text: String,
    pub source: AnswerSource,
    pub media: Option<MediaId>,
}

/// After a survey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commenting {
    pub response: ResponseId,
    pub score: Option<f64>,
    pub band: Option<Band>,
    /// Until then words count as a comment.
    pub until: Timestamp,
    /// Staff was already told of this response.
    pub flagged: bool,
}

/// A survey somebody is to be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    pub response: ResponseId,
    pub survey: String,
    /// What is said in front of it.
    #[serde(default)]
    pub intro: Option<Say>,
    /// It was announced by a notice, and counts as sent: their next word begins it.
    #[serde(default)]
    pub announced: bool,
    /// The visit it counts for, where it ran out once and is wished for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
}

/// A ticket that was filed, or spoken of, a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentTicket {
    pub ticket: TicketId,
    pub until: Timestamp,
}

/// A ticket whose fix the owner called done a moment ago, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneFix {
    pub ticket: TicketId,
    /// Name of its category, if known.
    pub category: Option<String>,
    pub location: Option<String>,
    pub until: Timestamp,
}

/// An emergency of which everybody was told a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarmed {
    pub ticket: TicketId,
    pub hazard: Hazard,
    pub until: Timestamp,
}

/// A report that is being put together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The id the ticket will have, or has once `filed`.
    pub ticket: TicketId,
    /// What was said, in order.
    pub pieces: Vec<String>,
    pub media: Vec<MediaId>,
    pub category: Option<Category>,
    pub urgency: Urgency,
    pub hazard: Option<Hazard>,
    /// The pieces of the report, in the owner's words or as picked from a list.
    pub slots: BTreeMap<SlotId, Arg>,
    /// Required pieces the owner passed over.
    pub skipped: Vec<SlotId>,
    /// The piece that was asked for.
    pub asked: Option<SlotId>,
    /// The owner is correcting: what is said now replaces what was understood.
    pub correcting: bool,
    /// The summary was shown.
    pub summarised: bool,
    /// An emergency is filed before anything else is asked.
    pub filed: bool,
    /// When a photo was last acknowledged, so that an album gets one answer.
    pub photo_acknowledged: Option<Timestamp>,
    /// The survey to go back to.
    pub resume: Option<Box<SurveyRun>>,
    /// The home it was begun for; without one it is filed for the home that is known by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    /// How often in a row words changed nothing in its summary: the second time it is said what can be answered.
    #[serde(default)]
    pub unread: u8,
    /// Faults to be mended apart that were told of with it: each gets a report of its own once this one is filed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Fault>,
    /// How many of those that were told of together are filed or dropped: "the second one" no longer says which is meant.
    #[serde(default)]
    pub gone: u8,
}

impl Report {
    /// Returns an empty report that will be filed under `ticket`.
    pub fn new(ticket: TicketId) -> Report {
        Report {
            ticket,
            pieces: Vec::new(),
            media: Vec::new(),
            category: None,
            urgency: Urgency::Normal,
            hazard: None,
            slots: BTreeMap::new(),
            skipped: Vec::new(),
            asked: None,
            correcting: false,
            summarised: false,
            filed: false,
            photo_acknowledged: None,
            resume: None,
            binding: None,
            unread: 0,
            gone: 0,
            further: Vec::new(),
        }
    }
}

/// By what a button names the survey or the report it belongs to.
fn is_tag(tag: &str) -> bool {
    tag.len() == 8 && tag.bytes().all(|b| b.is_ascii_hexdigit())
}
