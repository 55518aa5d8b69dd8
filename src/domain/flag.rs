//! The flag: something staff must see now.

use serde::{Deserialize, Serialize};

use super::ids::{DialogueId, FlagId, ResponseId, StaffId, TicketId};
use super::time::Timestamp;

/// Why staff must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// A dissatisfied answer or message.
    NegativeFeedback,
    /// People may come to harm.
    Emergency,
    /// "5 分" with "还在漏水".
    ScoreTextConflict,
    /// The client asked for a person; the automaton is silent until handed back.
    PersonRequested,
    /// Speech recognition failed: a person has to listen.
    VoiceUnheard,
    /// A complaint was filed.
    Complaint,
    /// The client said [没修好].
    FixRejected,
    /// Whoever has a ticket asks for more time.
    ExtensionRequested,
    /// A message could not be brought to the client.
    DeliveryFailed,
    /// A clock of a ticket runs out ([`super::sla`]); the detail says which, how far, and who is to act.
    SlaWarning,
    /// A clock of a ticket has run out.
    SlaMissed,
    /// None of the offered times suits the owner, or no longer.
    AppointmentDeclined,
    /// Whoever had the ticket has left, or the firm gave it back: it lies in the pool again.
    TicketReturned,
    /// Whoever was to win a client back, or to make a visit, has left: it is somebody else's now.
    TaskReturned,
    /// A dissatisfied or neutral client was not dealt with in time.
    RecoveryOverdue,
    /// Two visits in a row to projects of one team went badly: internal review.
    TeamReview,
    /// So many homes report one fault that the whole batch may have it.
    BatchDefect,
    /// A client praised the work.
    Praise,
}

impl FlagKind {
    /// Every kind.
    pub const ALL: [FlagKind; 18] = [
        FlagKind::NegativeFeedback,
        FlagKind::Emergency,
        FlagKind::ScoreTextConflict,
        FlagKind::PersonRequested,
        FlagKind::VoiceUnheard,
        FlagKind::Complaint,
        FlagKind::FixRejected,
        FlagKind::ExtensionRequested,
        FlagKind::DeliveryFailed,
        FlagKind::SlaWarning,
        FlagKind::SlaMissed,
        FlagKind::AppointmentDeclined,
        FlagKind::TicketReturned,
        FlagKind::TaskReturned,
        FlagKind::RecoveryOverdue,
        FlagKind::TeamReview,
        FlagKind::BatchDefect,
        FlagKind::Praise,
    ];

    /// Returns the name used in the database, in templates and in the API.
    pub fn name(self) -> &'static str {
        match self {
            FlagKind::NegativeFeedback => "negative_feedback",
            FlagKind::Emergency => "emergency",
            FlagKind::ScoreTextConflict => "score_text_conflict",
            FlagKind::PersonRequested => "person_requested",
            FlagKind::VoiceUnheard => "voice_unheard",
            FlagKind::Complaint => "complaint",
            FlagKind::FixRejected => "fix_rejected",
            FlagKind::ExtensionRequested => "extension_requested",
            FlagKind::DeliveryFailed => "delivery_failed",
            FlagKind::SlaWarning => "sla_warning",
            FlagKind::SlaMissed => "sla_missed",
            FlagKind::AppointmentDeclined => "appointment_declined",
            FlagKind::TicketReturned => "ticket_returned",
            FlagKind::TaskReturned => "task_returned",
            FlagKind::RecoveryOverdue => "recovery_overdue",
            FlagKind::TeamReview => "team_review",
            FlagKind::BatchDefect => "batch_defect",
            FlagKind::Praise => "praise",
        }
    }
}

/// One thing staff must see, and whether somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    pub id: FlagId,
    pub kind: FlagKind,
    pub ticket_id: Option<TicketId>,
    pub response_id: Option<ResponseId>,
    pub dialogue_id: Option<DialogueId>,
    /// Short and machine-made (`score=2 band=dissatisfied`); never a person's words.
    pub detail: String,
    pub created_at: Timestamp,
    pub seen_at: Option<Timestamp>,
    pub seen_by: Option<StaffId>,
}

impl Flag {
    /// Returns an unseen flag that points at nothing yet.
    pub fn raised(id: FlagId, kind: FlagKind, now: Timestamp) -> Flag {
        Flag {
            id,
            kind,
            ticket_id: None,
            response_id: None,
            dialogue_id: None,
            detail: String::new(),
            created_at: now,
            seen_at: None,
            seen_by: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_kind_is_the_one_it_is_serialised_as() {
        for kind in FlagKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
