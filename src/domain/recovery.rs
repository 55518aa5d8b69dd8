//! What follows a survey: winning back a dissatisfied client, asking a neutral one why, and the
//! review of a team whose visits go badly (DOMAIN.md, "Surveys").
//!
//! A [`Recovery`] begins in the transaction that completes the response. For a dissatisfied client:
//! `open → reviewed → visiting → recovered | lost | unmeasured`, or `reviewed → unmeasured` where there can be no
//! second visit; for a neutral one: `to_ask → asked`. Which of the two it is follows from the first score.
//! `crate::intake` begins them, `crate::desk` works them, `crate::store::recoveries` keeps them.

use serde::{Deserialize, Serialize};

use super::ids::{ContactId, ProjectId, RecoveryId, ResponseId, StaffId, UnitId, VisitId};
use super::score::Band;
use super::time::Timestamp;

/// What operators decide about it: `prompts/plans/recovery.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Days until a dissatisfied client must have been dealt with.
    pub deadline_days: u32,
    /// Days until a neutral client must have been asked why.
    pub ask_days: u32,
    /// What satisfied clients are offered: names of texts `care.offer.<name>`.
    pub offers: Vec<String>,
    /// What they are offered without anybody's doing; `None`: all by hand.
    pub invite: Option<Invitation>,
    /// Two visits of a team below this start an internal review.
    pub review_below: f64,
}

/// An offer that goes out by itself, as far as the contact policy allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// One of [`Plan::offers`].
    pub name: String,
    /// Hours after the answer.
    pub after_hours: u32,
    /// Not to somebody who was offered something within so many days.
    pub again_days: u32,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Somebody must find out what went wrong.
    Open,
    /// The review was held (专项复盘); what was wrong is being put right.
    Reviewed,
    /// The second visit is planned.
    Visiting,
    /// The second visit found the client no longer dissatisfied.
    Recovered,
    /// The second visit found the client dissatisfied still.
    Lost,
    /// The second visit came to nothing: nobody was reached, or no mark was given; a late answer still counts. Or there
    /// could be none.
    Unmeasured,
    /// A neutral client is to be asked why.
    ToAsk,
    /// The neutral client was asked.
    Asked,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 8] = [
        Status::Open,
        Status::Reviewed,
        Status::Visiting,
        Status::Recovered,
        Status::Lost,
        Status::Unmeasured,
        Status::ToAsk,
        Status::Asked,
    ];

    /// Returns the name used in the database and in templates.
    pub fn name(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Reviewed => "reviewed",
            Status::Visiting => "visiting",
            Status::Recovered => "recovered",
            Status::Lost => "lost",
            Status::Unmeasured => "unmeasured",
            Status::ToAsk => "to_ask",
            Status::Asked => "asked",
        }
    }

    /// Whether somebody still owes something.
    pub fn is_open(self) -> bool {
        match self {
            Status::Open | Status::Reviewed | Status::Visiting | Status::ToAsk => true,
            Status::Recovered | Status::Lost | Status::Unmeasured | Status::Asked => false,
        }
    }
}

/// Why the client was dissatisfied (article on maintenance follow-up: 人为失误、流程缺陷、产品问题).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootCause {
    /// 人为失误
    Human,
    /// 流程缺陷
    Process,
    /// 产品问题
    Product,
}

impl RootCause {
    /// Every cause.
    pub const ALL: [RootCause; 3] = [RootCause::Human, RootCause::Process, RootCause::Product];

    /// Returns the name used in the database, in forms and in templates.
    pub fn name(self) -> &'static str {
        match self {
            RootCause::Human => "human",
            RootCause::Process => "process",
            RootCause::Product => "product",
        }
    }

    /// Returns the cause of that name.
    pub fn from_name(name: &str) -> Option<RootCause> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// A step that does not fit where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a recovery that is {} cannot be {action}", .from.name())]
pub struct OutOfTurn {
    pub from: Status,
    /// What was wanted, as a participle: `reviewed`.
    pub action: &'static str,
}

/// A client who is to be won back, or asked why.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    pub id: RecoveryId,
    /// The response that began it.
    pub response_id: ResponseId,
    /// `None` where the response is anonymous: what was wrong can be mended all the same.
    pub contact_id: Option<ContactId>,
    pub unit_id: Option<UnitId>,
    pub project_id: Option<ProjectId>,
    pub status: Status,
    /// Whose task it is.
    pub person: Option<StaffId>,
    pub deadline_at: Timestamp,
    pub root_cause: Option<RootCause>,
    /// The record of the review, or what a neutral client gave as reason.
    pub review: Option<String>,
    /// The second visit.
    pub visit_id: Option<VisitId>,
    /// On 1–5.
    pub first_score: f64,
    pub second_score: Option<f64>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Recovery {
    /// Whether its time has passed and somebody still owes something. The second visit has a time
    /// of its own.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        matches!(self.status, Status::Open | Status::Reviewed | Status::ToAsk) && self.deadline_at < now
    }

    /// Notes the review: why it happened, and what is done about it. It may be held again.
    pub fn review(mut self, cause: RootCause, words: String) -> Result<Recovery, OutOfTurn> {
        self.require(&[Status::Open, Status::Reviewed], "reviewed")?;
        self.root_cause = Some(cause);
        self.review = Some(words);
        self.status = Status::Reviewed;
        Ok(self)
    }

    /// Whether a second visit can be planned: every visit belongs to a project.
    pub fn may_be_visited(&self) -> bool {
        self.status == Status::Reviewed && self.project_id.is_some()
    }

    /// Whether it ends with the review, as there can be no second visit.
    pub fn may_be_ended(&self) -> bool {
        self.status == Status::Reviewed && !self.may_be_visited()
    }

    /// Ends it after the review where there can be no second visit; what became of it stands below the review.
    pub fn end(mut self, words: &str, now: Timestamp) -> Result<Recovery, OutOfTurn> {
        if !self.may_be_ended() {
            return Err(OutOfTurn { from: self.status, action: "ended without a second visit" });
        }
        self.review = Some(self.review.iter().map(String::as_str).chain([words]).collect::<Vec<_>>().join("\n"));
        self.status = Status::Unmeasured;
        self.ended_at = Some(now);
        Ok(self)
    }

    /// Notes that the second visit is planned.
    pub fn visit(mut self, visit: VisitId) -> Result<Recovery, OutOfTurn> {
        self.require(&[Status::Reviewed], "visited")?;
        self.visit_id = Some(visit);
        self.status = Status::Visiting;
        Ok(self)
    }

    /// Notes what the second visit found. Recovered is who is no longer dissatisfied.
    pub fn measure(mut self, second: f64, now: Timestamp) -> Result<Recovery, OutOfTurn> {
        self.require(&[Status::Visiting, Status::Unmeasured], "measured")?;
        self.second_score = Some(second);
        self.status = if Band::of(second) == Band::Dissatisfied { Status::Lost } else { Status::Recovered };
        self.ended_at = Some(now);
        Ok(self)
    }

    /// Notes that the second visit came to nothing, so that nothing can be compared.
    pub fn unmeasured(mut self, now: Timestamp) -> Result<Recovery, OutOfTurn> {
        self.require(&[Status::Visiting], "left unmeasured")?;
        self.status = Status::Unmeasured;
        self.ended_at = Some(now);
        Ok(self)
    }

    /// Notes why a neutral client was not satisfied.
    pub fn asked(mut self, words: String, now: Timestamp) -> Result<Recovery, OutOfTurn> {
        self.require(&[Status::ToAsk], "asked")?;
        self.review = Some(words);
        self.status = Status::Asked;
        self.ended_at = Some(now);
        Ok(self)
    }

    fn require(&self, allowed: &[Status], action: &'static str) -> Result<(), OutOfTurn> {
        if allowed.contains(&self.status) { Ok(()) } else { Err(OutOfTurn { from: self.status, action }) }
    }
}

/// How well dissatisfied clients are won back: first against second score.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rate {
    /// Second visits that were answered.
    pub measured: usize,
    pub recovered: usize,
    /// Mean of second less first score, over those measured.
    pub mean_gain: f64,
}

impl Rate {
    /// Measures pairs of first and second scores; a pair counts if the first was dissatisfied.
    pub fn of(scores: impl IntoIterator<Item = (f64, f64)>) -> Rate {
        let mut rate = Rate::default();
        let mut gain = 0.0;
        for (first, second) in scores {
            if Band::of(first) != Band::Dissatisfied {
                continue;
            }
            rate.measured += 1;
            rate.recovered += usize::from(Band::of(second) != Band::Dissatisfied);
            gain += second - first;
        }
        if rate.measured > 0 {
            rate.mean_gain = gain / rate.measured as f64;
        }
        rate
    }

    /// Returns the share of recovered clients in per cent; `None` while none was visited again.
    pub fn percent(&self) -> Option<f64> {
        (self.measured > 0).then(|| 100.0 * self.recovered as f64 / self.measured as f64)
    }
}

/// Says whether a team must hold an internal review, from its visits, the latest first: the latest
/// visit and the one before it to another project both lie under the limit (article on the duties
/// of project teams: 连续两个项目回访评分低于4分). Visits to the same project in between say nothing
/// about another project and are passed over.
pub fn team_review(latest_first: &[(ProjectId, f64)], below: f64) -> Option<[f64; 2]> {
    let (project, latest) = latest_first.first()?;
    let (_, before) = latest_first.iter().find(|(other, _)| other != project)?;
    (*latest < below && *before < below).then_some([*latest, *before])
}

/// Returns whose task it is: the engineer or manager of the project if they still work here, else
/// whoever has the fewest open ones; of equals the first.
pub fn person(of_project: Option<StaffId>, by_load: &[(StaffId, u64)]) -> Option<StaffId> {
    of_project.or_else(|| by_load.iter().min_by_key(|(_, open)| *open).map(|(id, _)| *id))
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;

    pub(crate) fn recovery(status: Status) -> Recovery {
        Recovery {
            id: RecoveryId(Uuid::from_u128(1)),
            response_id: ResponseId(Uuid::from_u128(2)),
            contact_id: None,
            unit_id: None,
            project_id: None,
            status,
            person: None,
            deadline_at: Timestamp(1000),
            root_cause: None,
            review: None,
            visit_id: None,
            first_score: 1.8,
            second_score: None,
            created_at: Timestamp(0),
            ended_at: None,
        }
    }

    fn project(n: u128) -> ProjectId {
        ProjectId(Uuid::from_u128(n))
    }

    #[test]
    fn a_recovery_runs_from_review_over_the_second_visit_to_its_measure() {
        let reviewed = recovery(Status::Open).review(RootCause::Process, "派单太慢".to_owned()).unwrap();
        let visiting = reviewed.visit(VisitId(Uuid::from_u128(3))).unwrap();
        let done = visiting.measure(4.5, Timestamp(9)).unwrap();
        assert_eq!((done.status, done.second_score, done.ended_at), (Status::Recovered, Some(4.5), Some(Timestamp(9))));
        assert_eq!(done.root_cause, Some(RootCause::Process));
    }

    #[test]
    fn there_is_no_second_visit_before_the_review_and_no_measure_before_the_visit() {
        assert!(recovery(Status::Open).visit(VisitId(Uuid::from_u128(3))).is_err());
        let refused = recovery(Status::Reviewed).measure(5.0, Timestamp(1)).unwrap_err();
        assert_eq!(refused.to_string(), "a recovery that is reviewed cannot be measured");
        assert!(recovery(Status::Open).asked(String::new(), Timestamp(1)).is_err());
        assert!(recovery(Status::ToAsk).review(RootCause::Human, String::new()).is_err());
    }

    #[test]
    fn recovered_is_who_is_no_longer_dissatisfied() {
        let after = |second| recovery(Status::Visiting).measure(second, Timestamp(1)).unwrap().status;
        assert_eq!([after(2.0), after(2.01), after(4.0)], [Status::Lost, Status::Recovered, Status::Recovered]);
    }

    #[test]
    fn a_second_visit_that_comes_to_nothing_ends_it_and_a_late_answer_still_measures_it() {
        let ended = recovery(Status::Visiting).unmeasured(Timestamp(5)).unwrap();
        assert_eq!((ended.status, ended.second_score, ended.ended_at), (Status::Unmeasured, None, Some(Timestamp(5))));
        assert!(ended.clone().unmeasured(Timestamp(6)).is_err());
        assert_eq!(ended.measure(4.0, Timestamp(9)).unwrap().status, Status::Recovered);
        assert!(recovery(Status::Recovered).unmeasured(Timestamp(5)).is_err());
    }

    #[test]
    fn without_a_project_there_is_no_second_visit_and_the_review_ends_it() {
        let reviewed = recovery(Status::Open).review(RootCause::Human, "沟通不清".to_owned()).unwrap();
        assert!(!reviewed.may_be_visited() && reviewed.may_be_ended());
        let ended = reviewed.clone().end("已电话致歉", Timestamp(5)).unwrap();
        assert_eq!((ended.status, ended.ended_at), (Status::Unmeasured, Some(Timestamp(5))));
        assert_eq!(ended.review.as_deref(), Some("沟通不清\n已电话致歉"));
        assert!(ended.end("再来", Timestamp(6)).is_err());
        let of_a_project = Recovery { project_id: Some(project(1)), ..reviewed };
        assert!(of_a_project.may_be_visited() && of_a_project.end("不想去", Timestamp(5)).is_err());
        assert!(recovery(Status::Open).end("没空", Timestamp(5)).is_err());
    }

    #[test]
    fn the_recovery_rate_compares_the_second_score_with_the_first() {
        let rate = Rate::of([(1.0, 4.0), (2.0, 2.0), (1.5, 3.0), (3.0, 5.0)]);
        assert_eq!((rate.measured, rate.recovered), (3, 2), "who was neutral is not counted");
        assert!((rate.percent().unwrap() - 66.67).abs() < 0.01);
        assert!((rate.mean_gain - 1.5).abs() < 1e-9);
        assert_eq!(Rate::of([]).percent(), None);
    }

    #[test]
    fn two_consecutive_visits_of_different_projects_under_4_start_an_internal_review() {
        let (a, b, c) = (project(1), project(2), project(3));
        assert_eq!(team_review(&[(a, 3.9), (b, 3.0)], 4.0), Some([3.9, 3.0]));
        assert_eq!(team_review(&[(a, 3.9), (a, 1.0), (b, 3.0)], 4.0), Some([3.9, 3.0]));
        assert_eq!(team_review(&[(a, 3.9), (b, 4.0), (c, 1.0)], 4.0), None, "the one before was good");
        assert_eq!(team_review(&[(a, 4.0), (b, 3.0)], 4.0), None);
        assert_eq!(team_review(&[(a, 3.0), (a, 3.0)], 4.0), None, "one project alone");
        assert_eq!(team_review(&[], 4.0), None);
    }

    #[test]
    fn the_task_falls_to_the_projects_person_and_else_to_whoever_has_least() {
        let [one, two, three] = [1, 2, 3].map(|n| StaffId(Uuid::from_u128(n)));
        assert_eq!(person(Some(three), &[(one, 0)]), Some(three));
        assert_eq!(person(None, &[(one, 4), (two, 1), (three, 1)]), Some(two));
        assert_eq!(person(None, &[]), None);
    }

    #[test]
    fn the_deadline_binds_until_the_second_visit_is_planned() {
        let overdue = |status| recovery(status).is_overdue(Timestamp(1001));
        assert_eq!([Status::Open, Status::Reviewed, Status::ToAsk].map(overdue), [true; 3]);
        assert_eq!(
            [Status::Visiting, Status::Recovered, Status::Lost, Status::Unmeasured, Status::Asked].map(overdue),
            [false; 5]
        );
        assert!(!recovery(Status::Open).is_overdue(Timestamp(1000)));
    }

    #[test]
    fn a_name_is_the_one_it_is_serialised_as() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for cause in RootCause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
            assert_eq!(RootCause::from_name(cause.name()), Some(cause));
        }
    }
}
