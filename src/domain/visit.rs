//! The visit (回访): one follow-up that is or was due for one unit or project.
//!
//! `planned → sent → reminded → answered`, or from anywhere open to the call list (`call`) and from
//! there to `done`; `skipped` and `cancelled` end it without one. A change that does not fit the
//! status is refused, never bent. DOMAIN.md, "Visit plan".
//!
//! Read [`super::plan`] for how visits come about and [`super::policy`] for when one may be sent.

mod kind;
mod status;

pub use kind::VisitKind;
pub use status::{Reason, VisitStatus};

use serde::{Deserialize, Serialize};

use super::ids::{ContactId, DialogueId, MediaId, ProjectId, ResponseId, StaffId, TicketId, UnitId, VisitId};
use super::time::Timestamp;

/// How staff made a visit (回访记录表).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Phone,
    OnSite,
}

/// What a member of staff recorded of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub way: Way,
    /// When they spoke.
    pub at: Timestamp,
    pub place: Option<String>,
    pub note: String,
    pub media: Vec<MediaId>,
    pub by: StaffId,
    /// What the client said to the record in the chat; `None` while they have not, or cannot be asked.
    #[serde(default)]
    pub confirmed: Option<bool>,
}

/// One follow-up that is or was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub id: VisitId,
    /// Which of a unit's plan it is, `unit:kind:ordinal`; planning again finds it.
    pub key: String,
    pub kind: VisitKind,
    pub project_id: ProjectId,
    pub unit_id: Option<UnitId>,
    /// Whom it was sent to; before that only where it is for one person alone.
    pub contact_id: Option<ContactId>,
    /// The survey to be asked.
    pub survey: String,
    pub status: VisitStatus,
    /// When the plan wants it.
    pub planned_at: Timestamp,
    /// When it is tried next: moved by holidays and the policy.
    pub due_at: Timestamp,
    pub dialogue_id: Option<DialogueId>,
    pub response_id: Option<ResponseId>,
    pub ticket_id: Option<TicketId>,
    pub reason: Option<Reason>,
    /// Who is to call.
    pub assignee: Option<StaffId>,
    pub record: Option<Record>,
    pub sent_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A change that the status of a visit does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a visit that is {} cannot be {to}", from.name())]
pub struct InvalidVisit {
    pub from: VisitStatus,
    /// What was to be done.
    pub to: &'static str,
}

/// Whom a survey went to, where and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending {
    pub contact: ContactId,
    pub dialogue: DialogueId,
    pub response: ResponseId,
}

type Changed = Result<Visit, InvalidVisit>;

impl Visit {
    /// A visit that is due, and nothing more.
    pub fn planned(
        id: VisitId,
        key: String,
        kind: VisitKind,
        project: ProjectId,
        survey: String,
        now: Timestamp,
    ) -> Visit {
        Visit {
            id,
            key,
            kind,
            project_id: project,
            unit_id: None,
            contact_id: None,
            survey,
            status: VisitStatus::Planned,
            planned_at: now,
            due_at: now,
            dialogue_id: None,
            response_id: None,
            ticket_id: None,
            reason: None,
            assignee: None,
            record: None,
            sent_at: None,
            ended_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The survey was put to the client.
    pub fn send(self, to: Sending, now: Timestamp) -> Changed {
        let visit = self.only_from(&[VisitStatus::Planned, VisitStatus::Call], "sent")?;
        Ok(Visit {
            status: VisitStatus::Sent,
            contact_id: Some(to.contact),
            dialogue_id: Some(to.dialogue),
            response_id: Some(to.response),
            reason: None,
            sent_at: Some(now),
            updated_at: now,
            ..visit
        })
    }

    /// It cannot be sent yet.
    pub fn wait(self, until: Timestamp, now: Timestamp) -> Changed {
        let visit = self.only_from(&[VisitStatus::Planned], "put off")?;
        Ok(Visit { due_at: until, updated_at: now, ..visit })
    }

    /// The survey was brought up once more.
    pub fn remind(self, now: Timestamp) -> Changed {
        let visit = self.only_from(&[VisitStatus::Sent], "reminded of")?;
        Ok(Visit { status: VisitStatus::Reminded, updated_at: now, ..visit })
    }

    /// The client answered, if late: a call that was still to be made is not.
    pub fn answer(self, response: ResponseId, now: Timestamp) -> Changed {
        const OPEN: [VisitStatus; 5] =
            [VisitStatus::Planned, VisitStatus::Sent, VisitStatus::Reminded, VisitStatus::Call, VisitStatus::Expired];
        let visit = self.only_from(&OPEN, "answered")?;
        Ok(Visit { status: VisitStatus::Answered, response_id: Some(response), reason: None, ..visit }.ended(now))
    }

    /// The client came back to its survey after it ran out: their answer saves the call that is still to be made.
    pub fn ask_again(self, response: ResponseId, now: Timestamp) -> Changed {
        let visit = self.only_from(&[VisitStatus::Call, VisitStatus::Expired], "asked again")?;
        Ok(Visit { response_id: Some(response), updated_at: now, ..visit })
    }

    /// A member of staff has to call.
    pub fn call(self, reason: Reason, now: Timestamp) -> Changed {
        let visit = self.only_from(&[VisitStatus::Planned, VisitStatus::Sent, VisitStatus::Reminded], "called")?;
        Ok(Visit { status: VisitStatus::Call, reason: Some(reason), updated_at: now, ..visit })
    }

    /// It comes to nothing.
    pub fn skip(self, reason: Reason, now: Timestamp) -> Changed {
        const OPEN: [VisitStatus; 4] =
            [VisitStatus::Planned, VisitStatus::Sent, VisitStatus::Reminded, VisitStatus::Call];
        let visit = self.only_from(&OPEN, "skipped")?;
        Ok(Visit { status: VisitStatus::Skipped, reason: Some(reason), ..visit }.ended(now))
    }

    /// Nobody was reached by phone either.
    pub fn expire(self, now: Timestamp) -> Changed {
        let visit = self.only_from(&[VisitStatus::Call], "given up")?;
        Ok(Visit { status: VisitStatus::Expired, reason: Some(Reason::Unanswered), ..visit }.ended(now))
    }

    /// Staff made the visit. What they asked is a response, if they asked anything.
    pub fn done(self, record: Record, response: Option<ResponseId>, now: Timestamp) -> Changed {
        const OPEN: [VisitStatus; 5] =
            [VisitStatus::Planned, VisitStatus::Sent, VisitStatus::Reminded, VisitStatus::Call, VisitStatus::Expired];
        let visit = self.only_from(&OPEN, "done")?;
        let response_id = response.or(visit.response_id);
        Ok(Visit { status: VisitStatus::Done, record: Some(record), response_id, reason: None, ..visit }.ended(now))
    }

    /// The client said whether the record of a visit is right. The first word counts.
    pub fn confirm(self, right: bool, now: Timestamp) -> Changed {
        let mut visit = self.only_from(&[VisitStatus::Done], "confirmed")?;
        let Some(record) = visit.record.as_mut().filter(|record| record.confirmed.is_none()) else {
            return Err(InvalidVisit { from: visit.status, to: "confirmed" });
        };
        record.confirmed = Some(right);
        Ok(Visit { updated_at: now, ..visit })
    }

    /// The plan wants it at another time, or again.
    pub fn replan(self, planned_at: Timestamp, due_at: Timestamp, survey: &str, now: Timestamp) -> Changed {
        let again = self.status == VisitStatus::Cancelled && self.reason == Some(Reason::Replanned);
        if !again && self.status != VisitStatus::Planned {
            return Err(InvalidVisit { from: self.status, to: "planned anew" });
        }
        let survey = survey.to_owned();
        let status = VisitStatus::Planned;
        Ok(Visit { status, planned_at, due_at, survey, reason: None, ended_at: None, updated_at: now, ..self })
    }

    /// The plan no longer wants it.
    pub fn cancel(self, reason: Reason, now: Timestamp) -> Changed {
        let visit = self.only_from(&[VisitStatus::Planned, VisitStatus::Call], "cancelled")?;
        Ok(Visit { status: VisitStatus::Cancelled, reason: Some(reason), ..visit }.ended(now))
    }

    /// Forgets which response it led to: that one is anonymous.
    pub fn unlinked(self) -> Visit {
        Visit { response_id: None, ..self }
    }

    fn only_from(self, allowed: &[VisitStatus], to: &'static str) -> Changed {
        if allowed.contains(&self.status) { Ok(self) } else { Err(InvalidVisit { from: self.status, to }) }
    }

    fn ended(self, now: Timestamp) -> Visit {
        Visit { ended_at: Some(now), updated_at: now, ..self }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    pub(crate) fn visit(status: VisitStatus) -> Visit {
        let id = |n: u128| Uuid::from_u128(n);
        let project = ProjectId(id(2));
        let visit = Visit::planned(
            VisitId(id(1)),
            "u:first:1".into(),
            VisitKind::First,
            project,
            "handover".into(),
            Timestamp(0),
        );
        Visit { status, ..visit }
    }

    fn record() -> Record {
        let by = StaffId(Uuid::from_u128(7));
        Record { way: Way::Phone, at: Timestamp(5), place: None, note: "ok".into(), media: vec![], by, confirmed: None }
    }

    const NOW: Timestamp = Timestamp(10);

    #[test]
    fn the_name_of_a_kind_status_and_reason_is_the_one_it_is_serialised_as() {
        for kind in VisitKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(VisitKind::from_name(kind.name()), Some(kind));
        }
        for status in VisitStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for reason in [Reason::NoContact, Reason::BrokenOff, Reason::TooLate, Reason::Replanned, Reason::ByStaff] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
    }

    /// What may be done at which status, as a table: one row an action.
    #[test]
    fn a_change_that_does_not_fit_is_refused() {
        let to = Sending {
            contact: ContactId(Uuid::from_u128(3)),
            dialogue: DialogueId(Uuid::from_u128(4)),
            response: ResponseId(Uuid::from_u128(5)),
        };
        let allowed = |action: &dyn Fn(Visit) -> Changed| {
            let fit = VisitStatus::ALL.into_iter().filter(|status| action(visit(*status)).is_ok());
            fit.map(VisitStatus::name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(allowed(&|visit| visit.send(to, NOW)), "planned call");
        assert_eq!(allowed(&|visit| visit.wait(NOW, NOW)), "planned");
        assert_eq!(allowed(&|visit| visit.remind(NOW)), "sent");
        assert_eq!(allowed(&|visit| visit.answer(to.response, NOW)), "planned sent reminded expired call");
        assert_eq!(allowed(&|visit| visit.ask_again(to.response, NOW)), "expired call");
        assert_eq!(allowed(&|visit| visit.call(Reason::Unanswered, NOW)), "planned sent reminded");
        assert_eq!(allowed(&|visit| visit.skip(Reason::OptedOut, NOW)), "planned sent reminded call");
        assert_eq!(allowed(&|visit| visit.expire(NOW)), "call");
        assert_eq!(allowed(&|visit| visit.done(record(), None, NOW)), "planned sent reminded expired call");
        assert_eq!(allowed(&|visit| visit.replan(NOW, NOW, "routine", NOW)), "planned");
        assert_eq!(allowed(&|visit| visit.cancel(Reason::Replanned, NOW)), "planned call");
        let refused = visit(VisitStatus::Answered).remind(NOW).unwrap_err();
        assert_eq!(refused.to_string(), "a visit that is answered cannot be reminded of");
    }

    #[test]
    fn the_first_word_of_the_client_about_a_record_counts() {
        let done = visit(VisitStatus::Call).done(record(), None, NOW).unwrap();
        let denied = done.confirm(false, NOW).unwrap();
        assert_eq!(denied.record.as_ref().and_then(|record| record.confirmed), Some(false));
        assert!(denied.confirm(true, NOW).is_err());
    }

    #[test]
    fn what_the_plan_cancelled_it_may_want_back_and_what_staff_cancelled_not() {
        let cancelled = visit(VisitStatus::Planned).cancel(Reason::Replanned, NOW).unwrap();
        assert_eq!(cancelled.ended_at, Some(NOW));
        let back = cancelled.replan(Timestamp(20), Timestamp(21), "routine", NOW).unwrap();
        assert_eq!((back.status, back.reason, back.ended_at), (VisitStatus::Planned, None, None));
        let by_staff = back.cancel(Reason::ByStaff, NOW).unwrap();
        assert!(by_staff.replan(NOW, NOW, "routine", NOW).is_err());
    }
}
