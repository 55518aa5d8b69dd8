//! What `assets/demo/history.toml` holds: people, tickets, responses and talks of half a year.
//!
//! Only the shape; [`super::teller`] turns it into rows.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use crate::domain::ticket::TicketKind;
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Urgency};
use crate::store::thread::Speaker;

/// China has one zone, UTC+8, without summer time.
const CHINA: Duration = Duration::from_secs(8 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Past {
    /// Flags of the last so many full days nobody has looked at.
    pub unseen_days: u64,
    /// Login of whoever hands out the work and looks at the flags.
    pub first_line: String,
    /// When everybody scanned the code at their door.
    pub bound_at: Moment,
    pub contact: Vec<ContactEntry>,
    pub ticket: Vec<TicketEntry>,
    pub response: Vec<ResponseEntry>,
    pub talk: Vec<TalkEntry>,
}

impl Past {
    /// Reads the data that is built in.
    pub(super) fn embedded() -> anyhow::Result<Past> {
        let mut past: Past =
            toml::from_str(include_str!("../../../assets/demo/history.toml")).context("assets/demo/history.toml")?;
        // Tickets are numbered as they are filed.
        past.ticket.sort_by_key(|ticket| ticket.at.on(Timestamp(0)));
        Ok(past)
    }

    /// Returns the names of every recording that is spoken of.
    pub(super) fn recordings(&self) -> impl Iterator<Item = &str> {
        let reports = self.ticket.iter().filter_map(|ticket| ticket.voice.as_deref());
        reports.chain(self.talk.iter().filter_map(|talk| talk.voice.as_deref()))
    }
}

/// Days ago, hour and minute in China.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Moment(u64, u64, u64);

impl Moment {
    /// Returns the instant, given the midnight with which the current day began.
    pub(super) fn on(self, midnight: Timestamp) -> Timestamp {
        let Moment(days, hours, minutes) = self;
        midnight - Duration::from_secs(days * DAY.as_secs()) + Duration::from_secs((hours * 60 + minutes) * 60)
    }
}

/// Returns the midnight with which the current day began in China.
pub(super) fn midnight(now: Timestamp) -> Timestamp {
    let since = (now + CHINA).since(Timestamp(0)).as_millis() % DAY.as_millis();
    now - Duration::from_millis(u64::try_from(since).unwrap_or(0))
}

/// Returns so many full days before an instant.
pub(super) fn days_before(at: Timestamp, days: u64) -> Timestamp {
    at - Duration::from_secs(days * DAY.as_secs())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactEntry {
    pub name: String,
    /// The label of their flat.
    pub unit: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TicketEntry {
    pub contact: String,
    pub at: Moment,
    #[serde(default = "repair")]
    pub kind: TicketKind,
    /// What was written; nothing where it was spoken.
    pub words: Option<String>,
    /// The clip in which it was spoken.
    pub voice: Option<String>,
    // What was tapped; the rest is read from the words.
    pub category: Option<Category>,
    pub urgency: Option<Urgency>,
    pub location: Option<String>,
    pub component: Option<String>,
    pub symptom: Option<String>,
    #[serde(default)]
    pub steps: Vec<StepEntry>,
}

fn repair() -> TicketKind {
    TicketKind::Repair
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepEntry {
    pub step: Step,
    /// After the report.
    pub hours: f64,
    /// The note of whoever took it.
    pub text: Option<String>,
}

/// What was done about a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    Assigned,
    OnSite,
    Rectified,
    /// The client's yes, which closes it.
    Confirmed,
    /// The client's yes by telephone: somebody still has to close it.
    Verified,
    RejectedFix,
    ClosedUnverified,
    Rejected,
    Cancelled,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResponseEntry {
    pub contact: String,
    pub survey: String,
    pub at: Moment,
    /// By question; words where the question is an open one.
    pub answers: BTreeMap<String, Given>,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Given {
    Value(f64),
    Words(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TalkEntry {
    pub contact: String,
    pub at: Moment,
    /// A clip that came first and could not be recognised.
    pub voice: Option<String>,
    /// Staff has the conversation since.
    #[serde(default)]
    pub handed_over: bool,
    /// Who said what, two minutes apart; of the bot the name of the text in `prompts/`.
    pub lines: Vec<(Speaker, String)>,
}
