//! The work the service owes: a closed list. A payload holds ids, never copies of data, so a job
//! that runs late acts on what is true then.

use serde::{Deserialize, Serialize};

use super::alert::{Act, Target};
use super::dialogue::Timer;
use super::ids::{
    DialogueId, ErasureId, FlagId, MediaId, OutboxId, RecoveryId, ResponseId, ServiceAccountId, StaffId, TicketId,
    VisitId,
};
use super::sla::ClockKind;

/// How often a job is tried before it is given up and shown to staff.
const ATTEMPTS: u32 = 8;
/// The same for what waits for a platform, which may be away for hours: some ten hours in all.
const ATTEMPTS_REMOTE: u32 = 18;

/// One piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Job {
    /// Listen to a recording and tell the conversation what was said. `tries` counts how often that was begun: waiting
    /// for the bytes is none.
    Transcribe {
        dialogue: DialogueId,
        media: MediaId,
        #[serde(default)]
        tries: u32,
    },
    /// Fetch a file from the platform it lies with. (A recording is fetched by the job that listens to
    /// it, unless it was put aside for a person.)
    Fetch { dialogue: DialogueId, media: MediaId },
    /// Read what people wrote to an account of WeChat customer service.
    ReadService { account: ServiceAccountId },
    /// Bring a message to its conversation.
    Deliver { dialogue: DialogueId, message: OutboxId },
    /// Decide which members of staff are told of a flag.
    Alert { flag: FlagId },
    /// Tell staff of a flag at one place.
    Tell { flag: FlagId, target: Target },
    /// Tell one member of staff of a flag, by whatever is on record of them.
    TellPerson { flag: FlagId, staff: StaffId },
    /// Send a member of staff the link by which they choose their password.
    InviteStaff { staff: StaffId },
    /// Say below an alert who did what about it.
    Acknowledge { flag: FlagId, staff: StaffId, act: Act },
    /// Have the model judge the words of a ticket.
    TagTicket { ticket: TicketId },
    /// Have the model judge the comment of a response.
    TagResponse { response: ResponseId },
    /// Warn of a clock of a ticket that runs out, if it still runs in that round.
    SlaWarning { ticket: TicketId, clock: ClockKind, round: u32, percent: u32 },
    /// Ask an owner who does not say whether it is fixed once more, or close the ticket (`last`).
    /// `round` counts the fixes that were rejected before.
    FixUnanswered { ticket: TicketId, round: u32, last: bool },
    /// Tell whose machine brought a ticket about, once it is day.
    MachineNews { ticket: TicketId },
    /// Tell the owner of a ticket that was merged into somebody else's how that one stands.
    MergedNews { ticket: TicketId },
    /// Tell whose ticket it is, or was before it was merged, that another home had it opened again.
    ReopenedNews { ticket: TicketId },
    /// Put the tickets of somebody who has left back into the pool.
    StaffLeft { staff: StaffId },
    /// Bring the visits of the units that are to be looked at in line with the registers, and see to it
    /// that this is done again the next day. `day` is the local day, in days since 1970.
    PlanAll { day: i32 },
    /// The registers changed: plan all units, today's planning notwithstanding, and judge anew what is under warranty.
    Replan,
    /// A visit is due: ask the client, or give it to a person.
    SendVisit { visit: VisitId },
    /// Listen to a recording that staff made of a visit. `tries` as with the others.
    HearRecord {
        visit: VisitId,
        media: MediaId,
        #[serde(default)]
        tries: u32,
    },
    /// Show the client what staff wrote down of a visit.
    ShowRecord { visit: VisitId },
    /// Look whether neighbours reported what a ticket reports.
    Neighbours { ticket: TicketId },
    /// The time of a recovery has passed: see whether something is still owed.
    RecoveryDue { recovery: RecoveryId },
    /// Invite a satisfied client, if nothing speaks against it.
    Invite { response: ResponseId },
    /// Remove personal data, and its files.
    Erase { erasure: ErasureId },
    /// Wake a conversation up.
    Wake {
        dialogue: DialogueId,
        #[serde(flatten)]
        timer: Timer,
    },
}

impl Job {
    /// The names of the jobs that keep a processor for seconds: what listens, and what asks a model. They
    /// have workers of their own, so that an answer never waits for a row of recordings.
    pub const LONG: [&str; 4] = ["transcribe", "hear_record", "tag_ticket", "tag_response"];
    /// The names of the jobs that bring files and messages here, each held in memory until it is stored. They have
    /// workers of their own, so that no answer and no alarm waits for photos on a slow line.
    pub const FETCHING: [&str; 2] = ["fetch", "read_service"];

    /// Returns the name used in the database and in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Job::Transcribe { .. } => "transcribe",
            Job::Fetch { .. } => "fetch",
            Job::ReadService { .. } => "read_service",
            Job::Deliver { .. } => "deliver",
            Job::Alert { .. } => "alert",
            Job::Tell { .. } => "tell",
            Job::TellPerson { .. } => "tell_person",
            Job::InviteStaff { .. } => "invite_staff",
            Job::Acknowledge { .. } => "acknowledge",
            Job::TagTicket { .. } => "tag_ticket",
            Job::TagResponse { .. } => "tag_response",
            Job::SlaWarning { .. } => "sla_warning",
            Job::FixUnanswered { .. } => "fix_unanswered",
            Job::MachineNews { .. } => "machine_news",
            Job::MergedNews { .. } => "merged_news",
            Job::ReopenedNews { .. } => "reopened_news",
            Job::StaffLeft { .. } => "staff_left",
            Job::PlanAll { .. } => "plan_all",
            Job::Replan => "replan",
            Job::SendVisit { .. } => "send_visit",
            Job::HearRecord { .. } => "hear_record",
            Job::ShowRecord { .. } => "show_record",
            Job::Neighbours { .. } => "neighbours",
            Job::RecoveryDue { .. } => "recovery_due",
            Job::Invite { .. } => "invite",
            Job::Erase { .. } => "erase",
            Job::Wake { .. } => "wake",
        }
    }

    /// Returns how often the job is tried before it is given up and shown to staff.
    pub fn attempts(&self) -> u32 {
        match self {
            // A recording may lie with a platform, or in a media store, that is away; listening itself is tried less
            // often.
            Job::Deliver { .. }
            | Job::Fetch { .. }
            | Job::Transcribe { .. }
            | Job::HearRecord { .. }
            | Job::ReadService { .. }
            | Job::Tell { .. }
            | Job::TellPerson { .. } => ATTEMPTS_REMOTE,
            _ => ATTEMPTS,
        }
    }

    /// Returns the job as it is once its recording is listened to another time.
    pub fn tried(self) -> Job {
        match self {
            Job::Transcribe { dialogue, media, tries } => Job::Transcribe { dialogue, media, tries: tries + 1 },
            Job::HearRecord { visit, media, tries } => Job::HearRecord { visit, media, tries: tries + 1 },
            other => other,
        }
    }

    /// Returns the lane of what is brought to a conversation.
    pub fn lane_to(dialogue: DialogueId) -> String {
        format!("say:{dialogue}")
    }

    /// Returns the lane: of one lane at most one job runs, in the order in which they fell due.
    /// Recordings of one conversation are heard in the order in which they were sent, and its
    /// messages brought in the order in which they were said.
    pub fn lane(&self) -> Option<String> {
        match self {
            Job::Transcribe { dialogue, .. } => Some(format!("hear:{dialogue}")),
            Job::Deliver { dialogue, .. } => Some(Job::lane_to(*dialogue)),
            Job::Acknowledge { flag, .. } => Some(format!("acknowledge:{flag}")),
            // One at a time: two would find the same things to add.
            Job::PlanAll { .. } | Job::Replan => Some("plan".to_owned()),
            Job::SendVisit { visit } | Job::HearRecord { visit, .. } | Job::ShowRecord { visit } => {
                Some(format!("visit:{visit}"))
            }
            // Two that read the same change nothing twice, and one that waits for the platform holds up no other.
            Job::ReadService { .. }
            | Job::Fetch { .. }
            | Job::Alert { .. }
            | Job::Tell { .. }
            | Job::TellPerson { .. }
            | Job::InviteStaff { .. }
            | Job::TagTicket { .. }
            | Job::TagResponse { .. }
            | Job::SlaWarning { .. }
            | Job::FixUnanswered { .. }
            | Job::MachineNews { .. }
            | Job::MergedNews { .. }
            | Job::ReopenedNews { .. }
            | Job::StaffLeft { .. }
            | Job::Neighbours { .. }
            | Job::RecoveryDue { .. }
            | Job::Invite { .. }
            | Job::Erase { .. }
            | Job::Wake { .. } => None,
        }
    }

    /// Returns the key under which the job is taken on only once, if there is one.
    pub fn dedupe_key(&self) -> Option<String> {
        match self {
            Job::Transcribe { media, .. } => Some(format!("transcribe:{media}")),
            Job::Fetch { media, .. } => Some(format!("fetch:{media}")),
            Job::Alert { flag } => Some(format!("alert:{flag}")),
            Job::Tell { flag, target } => Some(format!("tell:{flag}:{}", target.name())),
            Job::TellPerson { flag, staff } => Some(format!("tell:{flag}:{staff}")),
            Job::Deliver { message, .. } => Some(format!("deliver:{message}")),
            Job::PlanAll { day } => Some(format!("plan_all:{day}")),
            Job::HearRecord { media, .. } => Some(format!("hear_record:{media}")),
            Job::ShowRecord { visit } => Some(format!("show_record:{visit}")),
            // A visit that was put off is sent by another job of its own; the earlier finds nothing due.
            Job::Replan | Job::SendVisit { .. } => None,
            // Each notice that comes after reading has begun is worth another look.
            Job::ReadService { .. } => None,
            Job::Acknowledge { .. } | Job::TagTicket { .. } | Job::TagResponse { .. } => None,
            // Each time it moved is news.
            Job::MergedNews { .. } | Job::ReopenedNews { .. } => None,
            // One that had to wait is owed anew; whoever was invited is not invited again.
            Job::StaffLeft { .. } | Job::Invite { .. } | Job::InviteStaff { .. } => None,
            Job::SlaWarning { ticket, clock, round, percent } => {
                Some(format!("sla:{ticket}:{}:{round}:{percent}", clock.name()))
            }
            Job::FixUnanswered { ticket, round, last } => Some(format!("fix_unanswered:{ticket}:{round}:{last}")),
            // One that had to wait is owed anew.
            Job::MachineNews { .. } => None,
            Job::Neighbours { ticket } => Some(format!("neighbours:{ticket}")),
            Job::RecoveryDue { recovery } => Some(format!("recovery_due:{recovery}")),
            Job::Erase { erasure } => Some(format!("erase:{erasure}")),
            Job::Wake { timer, .. } => Some(match timer {
                Timer::ReportReminder { ticket } => format!("report_reminder:{ticket}"),
                Timer::ReportUnconfirmed { ticket } => format!("report_unconfirmed:{ticket}"),
                Timer::SurveyReminder { response } => format!("survey_reminder:{response}"),
                Timer::SurveyExpiry { response } => format!("survey_expiry:{response}"),
                Timer::AppointmentEve { appointment, from } => format!("appointment_eve:{appointment}:{}", from.0),
            }),
        }
    }
}
