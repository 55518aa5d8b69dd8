//! The ticket (工单): one repair or complaint and the only ways its status may move.
//!
//! Every transition consumes the ticket and takes the time as an argument; one that the closed
//! loop of DOMAIN.md ("Repairs") does not allow is an [`InvalidTransition`]. What can be
//! computed — overdue, waiting for the client — is not stored here. `crate::store::tickets`
//! keeps it.

mod number;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{ContactId, DialogueId, IncidentId, ProjectId, StaffId, SubcontractorId, TicketId, UnitId};
use super::time::Timestamp;
use super::understanding::{Category, Keyword, Sentiment, Urgency};
pub use number::number_of;

/// The highest [`Ticket::priority`].
pub const HIGHEST_PRIORITY: u8 = 3;

/// Where a ticket stands in the closed loop 采集—派单—整改—验证—反馈.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The client has told us; nobody is on it yet.
    Reported,
    /// A member of staff has it.
    Assigned,
    /// That person has arrived.
    OnSite,
    /// Fixed according to staff, with evidence.
    Rectified,
    /// Fixed according to the client.
    Verified,
    /// Struck off the ledger (销号).
    Closed,
    /// Refused with a reason: not ours to repair.
    Rejected,
    /// The client said it is not fixed.
    Reopened,
    /// Withdrawn by the client or filed by mistake.
    Cancelled,
    /// Continued in another ticket.
    Merged,
}

impl Status {
    /// While somebody is still to mend it: nobody says that it is fixed, or the client says it is not.
    const TO_BE_MENDED: [Status; 4] = [Status::Reported, Status::Assigned, Status::OnSite, Status::Reopened];

    /// Every status, in the order of the closed loop.
    pub const ALL: [Status; 10] = [
        Status::Reported,
        Status::Assigned,
        Status::OnSite,
        Status::Rectified,
        Status::Verified,
        Status::Closed,
        Status::Rejected,
        Status::Reopened,
        Status::Cancelled,
        Status::Merged,
    ];

    /// Returns the name used in the database, in templates and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Status::Reported => "reported",
            Status::Assigned => "assigned",
            Status::OnSite => "on_site",
            Status::Rectified => "rectified",
            Status::Verified => "verified",
            Status::Closed => "closed",
            Status::Rejected => "rejected",
            Status::Reopened => "reopened",
            Status::Cancelled => "cancelled",
            Status::Merged => "merged",
        }
    }

    /// Returns whether somebody still owes something: the ticket stands in the ledger.
    pub fn is_open(self) -> bool {
        self.is_to_be_mended() || matches!(self, Status::Rectified | Status::Verified)
    }

    /// Returns whether somebody is still to mend it.
    pub fn is_to_be_mended(self) -> bool {
        Self::TO_BE_MENDED.contains(&self)
    }
}

/// What a ticket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketKind {
    /// Something is broken.
    Repair,
    /// Dissatisfaction with people or process.
    Complaint,
}

impl TicketKind {
    /// Returns the name used in the database, in templates and in the API.
    pub fn name(self) -> &'static str {
        match self {
            TicketKind::Repair => "repair",
            TicketKind::Complaint => "complaint",
        }
    }
}

/// Why it broke: decides whether the warranty covers it and who is responsible (DOMAIN.md, "Repairs").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 施工缺陷
    ConstructionDefect,
    /// 设计
    Design,
    /// 采购 / 材料
    Procurement,
    /// 使用不当: outside the warranty.
    Misuse,
    /// 第三方: outside the warranty.
    ThirdParty,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 5] =
        [Cause::ConstructionDefect, Cause::Design, Cause::Procurement, Cause::Misuse, Cause::ThirdParty];

    /// Returns the name used in the database, in templates and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Cause::ConstructionDefect => "construction_defect",
            Cause::Design => "design",
            Cause::Procurement => "procurement",
            Cause::Misuse => "misuse",
            Cause::ThirdParty => "third_party",
        }
    }

    /// Returns the cause of that name.
    pub fn from_name(name: &str) -> Option<Cause> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// A step the closed loop does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ticket that is {} cannot be {action}", .from.name())]
pub struct InvalidTransition {
    /// Where the ticket stood.
    pub from: Status,
    /// What was wanted, as a participle: `assigned`, `closed`.
    pub action: &'static str,
}

/// Proof that a fix was documented: "rectified" needs a note or a photo (DOMAIN.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence(());

impl Evidence {
    /// Returns the proof if there is a note with words in it or at least one photo.
    pub fn of(note: Option<&str>, photos: usize) -> Option<Evidence> {
        let noted = note.is_some_and(|note| !note.trim().is_empty());
        (noted || photos > 0).then_some(Evidence(()))
    }
}

/// Who did something to a ticket; stored as `client`, `bot`, `system`, `staff:ID` or `firm:ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The person who reported it.
    Client,
    /// The conversation, on the client's behalf.
    Bot,
    /// A clock or a rule.
    System,
    /// A member of staff.
    Staff(StaffId),
    /// Somebody of a subcontractor, by a one-job link.
    Firm(SubcontractorId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Client => f.write_str("client"),
            Actor::Bot => f.write_str("bot"),
            Actor::System => f.write_str("system"),
            Actor::Staff(id) => write!(f, "staff:{id}"),
            Actor::Firm(id) => write!(f, "firm:{id}"),
        }
    }
}

/// A text that names no [`Actor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an actor")]
pub struct InvalidActor;

impl FromStr for Actor {
    type Err = InvalidActor;

    fn from_str(text: &str) -> Result<Actor, InvalidActor> {
        match text {
            "client" => Ok(Actor::Client),
            "bot" => Ok(Actor::Bot),
            "system" => Ok(Actor::System),
            other => match other.split_once(':') {
                Some(("staff", id)) => id.parse().map(Actor::Staff).map_err(|_| InvalidActor),
                Some(("firm", id)) => id.parse().map(Actor::Firm).map_err(|_| InvalidActor),
                _ => Err(InvalidActor),
            },
        }
    }
}

/// One repair or complaint, from report to closure.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    pub id: TicketId,
    /// What people call it, `HF2611-0042`; empty until the store has filed it.
    pub number: String,
    pub kind: TicketKind,
    pub contact_id: ContactId,
    pub unit_id: Option<UnitId>,
    pub project_id: Option<ProjectId>,
    /// The conversation it came from and its news go to.
    pub dialogue_id: Option<DialogueId>,
    pub status: Status,
    /// From 0 to [`HIGHEST_PRIORITY`]; a rejected fix raises it.
    pub priority: u8,
    pub category: Option<Category>,
    pub urgency: Urgency,
    /// Where, in the client's words.
    pub location: Option<String>,
    /// The part that is affected, in the client's words.
    pub component: Option<String>,
    /// What it does, in the client's words.
    pub symptom: Option<String>,
    /// Since when, in the client's words.
    pub since: Option<String>,
    /// When a visit would suit, in the client's words.
    pub wished_time: Option<String>,
    /// Everything the client said about it.
    pub description: String,
    /// Whether the warranty term still runs; `None` while component or handover date are unknown.
    pub in_warranty: Option<bool>,
    pub sentiment: Sentiment,
    pub keywords: Vec<Keyword>,
    pub assignee: Option<StaffId>,
    /// Closed on the client's silence; counted apart.
    pub unverified: bool,
    /// Why it broke, once somebody has found out.
    pub cause: Option<Cause>,
    /// When staff expects it to be rectified (问题台账: 预计完成时间).
    pub expected_at: Option<Timestamp>,
    /// When it was last rectified according to staff; gone again when the client says [没修好].
    pub rectified_at: Option<Timestamp>,
    /// The firm that is sent to it.
    pub subcontractor_id: Option<SubcontractorId>,
    /// The ticket that carries on with it.
    pub merged_into: Option<TicketId>,
    /// The fault of several places it is part of.
    pub incident_id: Option<IncidentId>,
    /// How often the client has said [没修好].
    pub reopened: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

impl Ticket {
    /// Returns a newly reported ticket of which nothing more is known yet.
    pub fn reported(id: TicketId, kind: TicketKind, contact_id: ContactId, now: Timestamp) -> Ticket {
        Ticket {
            id,
            number: String::new(),
            kind,
            contact_id,
            unit_id: None,
            project_id: None,
            dialogue_id: None,
            status: Status::Reported,
            priority: 0,
            category: None,
            urgency: Urgency::Normal,
            location: None,
            component: None,
            symptom: None,
            since: None,
            wished_time: None,
            description: String::new(),
            in_warranty: None,
            sentiment: Sentiment::Neutral,
            keywords: Vec::new(),
            assignee: None,
            unverified: false,
            cause: None,
            expected_at: None,
            rectified_at: None,
            subcontractor_id: None,
            merged_into: None,
            incident_id: None,
            reopened: 0,
            created_at: now,
            updated_at: now,
            closed_at: None,
        }
    }

    /// Gives it to a member of staff, for the first time or anew.
    pub fn assign(mut self, to: StaffId, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&Status::TO_BE_MENDED, "assigned")?;
        self.assignee = Some(to);
        Ok(self.moved(Status::Assigned, now))
    }

    /// Puts it back into the pool: whoever had it has left or gives it back. A firm gives it back too.
    pub fn release(mut self, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&[Status::Assigned, Status::OnSite, Status::Reopened], "given back")?;
        self.assignee = None;
        self.subcontractor_id = None;
        let to = if self.status == Status::Reopened { Status::Reopened } else { Status::Reported };
        Ok(self.moved(to, now))
    }

    /// Notes that the assignee is at the place.
    pub fn arrive(self, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&[Status::Assigned], "on site")?;
        Ok(self.moved(Status::OnSite, now))
    }

    /// Notes that it is fixed according to staff. A fault can be fixed without a visit (by
    /// phone, or together with another), so this is allowed as soon as somebody has it.
    pub fn rectify(mut self, _: Evidence, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&[Status::Assigned, Status::OnSite], "rectified")?;
        self.rectified_at = Some(now);
        Ok(self.moved(Status::Rectified, now))
    }

    /// Notes the client's [已修好].
    pub fn verify(self, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&[Status::Rectified], "verified")?;
        Ok(self.moved(Status::Verified, now))
    }

    /// Notes the client's [没修好], also after it was closed: reopens and raises the priority.
    pub fn reject_fix(mut self, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&[Status::Rectified, Status::Verified, Status::Closed], "reopened")?;
        self.priority = self.priority.saturating_add(1).min(HIGHEST_PRIORITY);
        self.unverified = false;
        self.closed_at = None;
        self.rectified_at = None;
        self.reopened = self.reopened.saturating_add(1);
        Ok(self.moved(Status::Reopened, now))
    }

    /// Strikes it off: verified by the client, or `unverified` after the client's silence.
    pub fn close(mut self, unverified: bool, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&[if unverified { Status::Rectified } else { Status::Verified }], "closed")?;
        self.unverified = unverified;
        Ok(self.ended(Status::Closed, now))
    }

    /// Withdraws it before anything was fixed.
    pub fn cancel(self, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&Status::TO_BE_MENDED, "cancelled")?;
        Ok(self.ended(Status::Cancelled, now))
    }

    /// Refuses it: not ours to repair.
    pub fn reject(self, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&[Status::Reported, Status::Assigned, Status::OnSite], "rejected")?;
        Ok(self.ended(Status::Rejected, now))
    }

    /// Ends it because another ticket carries on with the same fault.
    pub fn merge(mut self, into: TicketId, now: Timestamp) -> Result<Ticket, InvalidTransition> {
        self.require(&Status::TO_BE_MENDED, "merged")?;
        self.merged_into = Some(into);
        Ok(self.ended(Status::Merged, now))
    }

    /// Takes over the words of a ticket that is merged into this one.
    pub fn absorb_words(&mut self, merged: &Ticket) {
        self.description = format!("{}\n[{}] {}", self.description, merged.number, merged.description);
    }

    /// Gives up the words of a ticket that was merged into this one: its number stays in their place.
    /// What was said to that ticket since does not stand here.
    pub fn forget_words_of(&mut self, merged: &Ticket) {
        let head = format!("[{}]", merged.number);
        let mut theirs = merged.description.split('\n').skip(1);
        let mut lines = self.description.split('\n').peekable();
        let mut kept = Vec::new();
        while let Some(line) = lines.next() {
            if line.strip_prefix(&head).is_none_or(|words| !words.starts_with(' ')) {
                kept.push(line);
                continue;
            }
            kept.push(&head);
            while theirs.next().is_some_and(|said| lines.next_if_eq(&said).is_some()) {}
        }
        self.description = kept.join("\n");
        self.keywords.retain(|keyword| self.description.contains(&keyword.text));
    }

    /// Whether staff is late with it: see [`is_late`].
    pub fn is_late(&self, now: Timestamp) -> bool {
        is_late(self.status, self.expected_at, self.rectified_at, now)
    }

    fn require(&self, allowed: &[Status], action: &'static str) -> Result<(), InvalidTransition> {
        if allowed.contains(&self.status) { Ok(()) } else { Err(InvalidTransition { from: self.status, action }) }
    }

    fn moved(mut self, to: Status, now: Timestamp) -> Ticket {
        self.status = to;
        self.updated_at = now;
        self
    }

    fn ended(mut self, to: Status, now: Timestamp) -> Ticket {
        self.closed_at = Some(now);
        self.moved(to, now)
    }
}

/// Whether a ticket is not mended though the time has passed by which staff expected it to be (已超期).
pub fn is_late(
    status: Status,
    expected_at: Option<Timestamp>,
    rectified_at: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    status.is_open() && rectified_at.is_none() && expected_at.is_some_and(|expected| expected < now)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn ticket() -> Ticket {
        Ticket::reported(TicketId(Uuid::from_u128(1)), TicketKind::Repair, ContactId(Uuid::from_u128(2)), Timestamp(0))
    }

    fn staff() -> StaffId {
        StaffId(Uuid::from_u128(3))
    }

    fn note() -> Evidence {
        Evidence::of(Some("换了阀芯"), 0).unwrap()
    }

    fn rectified() -> Ticket {
        let ticket = ticket().assign(staff(), Timestamp(1)).unwrap().arrive(Timestamp(2)).unwrap();
        ticket.rectify(note(), Timestamp(3)).unwrap()
    }

    #[test]
    fn the_closed_loop_runs_from_report_to_closure() {
        let closed = rectified().verify(Timestamp(4)).unwrap().close(false, Timestamp(5)).unwrap();
        assert_eq!(closed.status, Status::Closed);
        assert_eq!(closed.assignee, Some(staff()));
        assert!(!closed.unverified);
        assert_eq!((closed.updated_at, closed.closed_at), (Timestamp(5), Some(Timestamp(5))));
    }

    #[test]
    fn words_that_came_by_a_merge_go_again_and_no_others() {
        let said =
            |number: &str, words: &str| Ticket { number: number.to_owned(), description: words.to_owned(), ..ticket() };
        let mut first = said("HF2611-0001", "我是王敏\n门牌1201");
        let mut second = said("HF2611-0002", "楼下漏水");
        let mut third = said("HF2611-0003", "");
        second.absorb_words(&first);
        third.absorb_words(&second);
        first.description.push_str("\n后来又说的");
        third.description.push_str("\n还在漏");
        for ticket in [&mut second, &mut third] {
            ticket.forget_words_of(&first);
        }
        assert_eq!(second.description, "楼下漏水\n[HF2611-0001]");
        assert_eq!(third.description, "\n[HF2611-0002] 楼下漏水\n[HF2611-0001]\n还在漏");
        third.forget_words_of(&second);
        assert_eq!(third.description, "\n[HF2611-0002]\n还在漏");
    }

    #[test]
    fn a_fix_needs_a_note_or_a_photo() {
        assert!(Evidence::of(None, 0).is_none());
        assert!(Evidence::of(Some(" \n"), 0).is_none());
        assert!(Evidence::of(None, 1).is_some());
    }

    #[test]
    fn a_rejected_fix_reopens_and_raises_the_priority_up_to_the_highest() {
        let mut ticket = rectified();
        for round in 1..=5 {
            ticket = ticket.reject_fix(Timestamp(round)).unwrap();
            assert_eq!(ticket.status, Status::Reopened);
            assert_eq!(i64::from(ticket.priority), round.min(3));
            ticket = ticket.assign(staff(), Timestamp(round)).unwrap().rectify(note(), Timestamp(round)).unwrap();
        }
    }

    #[test]
    fn a_ticket_that_is_given_back_lies_in_the_pool() {
        let back = ticket().assign(staff(), Timestamp(1)).unwrap().release(Timestamp(2)).unwrap();
        assert_eq!((back.status, back.assignee), (Status::Reported, None));
        let reopened = rectified().reject_fix(Timestamp(4)).unwrap().release(Timestamp(5)).unwrap();
        assert_eq!((reopened.status, reopened.assignee), (Status::Reopened, None), "it was rejected all the same");
        assert!(rectified().release(Timestamp(4)).is_err());
    }

    #[test]
    fn a_rejected_fix_is_counted_and_takes_back_when_it_was_rectified() {
        let fixed = rectified();
        assert_eq!((fixed.rectified_at, fixed.reopened), (Some(Timestamp(3)), 0));
        let reopened = fixed.reject_fix(Timestamp(4)).unwrap();
        assert_eq!((reopened.rectified_at, reopened.reopened), (None, 1));
    }

    #[test]
    fn whoever_has_not_mended_it_by_the_day_they_named_is_late() {
        let expected = |ticket: Ticket| Ticket { expected_at: Some(Timestamp(5)), ..ticket };
        let late = |ticket: &Ticket| [Timestamp(5), Timestamp(6)].map(|now| ticket.is_late(now));
        assert_eq!(late(&expected(ticket())), [false, true]);
        assert_eq!(late(&ticket()), [false, false], "nobody named a day");
        assert_eq!(late(&expected(rectified())), [false, false], "it waits for the owner");
        assert_eq!(late(&expected(ticket().cancel(Timestamp(1)).unwrap())), [false, false], "it has ended");
    }

    #[test]
    fn the_name_of_a_cause_is_the_one_it_is_serialised_as() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
            assert_eq!(Cause::from_name(cause.name()), Some(cause));
        }
    }

    #[test]
    fn silence_closes_as_unverified_and_the_client_may_still_reject_the_fix() {
        let closed = rectified().close(true, Timestamp(9)).unwrap();
        assert!(closed.unverified);
        let reopened = closed.reject_fix(Timestamp(10)).unwrap();
        assert!(!reopened.unverified);
        assert_eq!(reopened.closed_at, None);
    }

    #[test]
    fn what_the_client_has_not_confirmed_cannot_be_closed_as_verified() {
        let refused = rectified().close(false, Timestamp(9)).unwrap_err();
        assert_eq!(refused.to_string(), "a ticket that is rectified cannot be closed");
    }

    #[test]
    fn nothing_leaves_an_ended_ticket_but_a_rejected_fix() {
        let ended = [
            ticket().cancel(Timestamp(1)).unwrap(),
            ticket().reject(Timestamp(1)).unwrap(),
            ticket().merge(TicketId(Uuid::from_u128(9)), Timestamp(1)).unwrap(),
        ];
        for ticket in ended {
            assert!(!ticket.status.is_open());
            assert!(ticket.clone().assign(staff(), Timestamp(2)).is_err());
            assert!(ticket.clone().arrive(Timestamp(2)).is_err());
            assert!(ticket.clone().rectify(note(), Timestamp(2)).is_err());
            assert!(ticket.clone().verify(Timestamp(2)).is_err());
            assert!(ticket.clone().close(false, Timestamp(2)).is_err());
            assert!(ticket.clone().cancel(Timestamp(2)).is_err());
            assert!(ticket.reject_fix(Timestamp(2)).is_err());
        }
    }

    #[test]
    fn an_actor_reads_back_as_it_was_written() {
        let firm = Actor::Firm(SubcontractorId(Uuid::from_u128(4)));
        for actor in [Actor::Client, Actor::Bot, Actor::System, Actor::Staff(staff()), firm] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        assert_eq!("staff:nobody".parse::<Actor>(), Err(InvalidActor));
    }

    #[test]
    fn the_name_of_a_status_is_the_one_it_is_serialised_as() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }
}
