//! Where a visit stands, and why it went to a person or came to nothing.

use serde::{Deserialize, Serialize};

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitStatus {
    Planned,
    /// The survey was put to the client.
    Sent,
    /// And once more.
    Reminded,
    /// The client answered the survey.
    Answered,
    /// Neither the survey nor its reminder was answered in time; nobody is to call either.
    Expired,
    /// A member of staff is to call.
    Call,
    /// Staff made the visit, by phone or on site.
    Done,
    /// It came to nothing, on the client's wish or by decision of staff.
    Skipped,
    /// The plan no longer wants it.
    Cancelled,
}

impl VisitStatus {
    /// Every status.
    pub const ALL: [VisitStatus; 9] = [
        VisitStatus::Planned,
        VisitStatus::Sent,
        VisitStatus::Reminded,
        VisitStatus::Answered,
        VisitStatus::Expired,
        VisitStatus::Call,
        VisitStatus::Done,
        VisitStatus::Skipped,
        VisitStatus::Cancelled,
    ];

    /// Returns the name used in the database and in texts.
    pub fn name(self) -> &'static str {
        match self {
            VisitStatus::Planned => "planned",
            VisitStatus::Sent => "sent",
            VisitStatus::Reminded => "reminded",
            VisitStatus::Answered => "answered",
            VisitStatus::Expired => "expired",
            VisitStatus::Call => "call",
            VisitStatus::Done => "done",
            VisitStatus::Skipped => "skipped",
            VisitStatus::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more is to come of it.
    pub fn is_final(self) -> bool {
        match self {
            VisitStatus::Planned | VisitStatus::Sent | VisitStatus::Reminded | VisitStatus::Call => false,
            VisitStatus::Answered
            | VisitStatus::Expired
            | VisitStatus::Done
            | VisitStatus::Skipped
            | VisitStatus::Cancelled => true,
        }
    }
}

/// Why a visit went to a person, or came to nothing: a closed list, so that it can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody is known for the unit.
    NoContact,
    /// Somebody is known, but not by any chat.
    NoChat,
    /// Every chat is shut: they left, or the platform's window is over.
    NotReachable,
    /// The survey ran out unanswered, after its reminder.
    Unanswered,
    /// The client asked for no more surveys (退订).
    OptedOut,
    /// The client broke the survey off.
    BrokenOff,
    /// It waited so long that asking makes no sense any more.
    TooLate,
    /// The plan no longer wants it; planning again may want it back.
    Replanned,
    /// Staff decided.
    ByStaff,
}

impl Reason {
    /// Returns the name used in the database and in texts.
    pub fn name(self) -> &'static str {
        match self {
            Reason::NoContact => "no_contact",
            Reason::NoChat => "no_chat",
            Reason::NotReachable => "not_reachable",
            Reason::Unanswered => "unanswered",
            Reason::OptedOut => "opted_out",
            Reason::BrokenOff => "broken_off",
            Reason::TooLate => "too_late",
            Reason::Replanned => "replanned",
            Reason::ByStaff => "by_staff",
        }
    }
}
