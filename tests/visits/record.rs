//! Visits that staff makes and writes down, and those after repairs and recoveries.

use std::sync::Arc;
use std::time::Duration;

use huifang::channel::{ChannelKind, Content};
use huifang::desk::{Desk, DeskError};
use huifang::domain::access::Scope;
use huifang::domain::flag::FlagKind;
use huifang::domain::ids::{StaffId, UnitId, VisitId};
use huifang::domain::language::Language;
use huifang::domain::recovery::{Recovery, RootCause};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::{Actor, Status, Ticket};
use huifang::domain::visit::{Reason, Visit, VisitKind, VisitStatus, Way};
use huifang::papers::facts;
use huifang::planner::record::Written;
use huifang::planner::{Occasion, PlannerError};
use huifang::store;
use huifang::store::sessions::Session;

use crate::discipline::answers_all;
use crate::estate::{DAY, Estate, at, found, stored};

async fn agent(estate: &Estate) -> StaffId {
    let staff = Staff::new(estate.runner.clock.new_id(), "wu", Role::Agent, estate.now());
    let id = staff.id;
    stored!(estate, |tx| store::staff::insert(tx, &staff, "-").await);
    id
}

fn spoken(note: &str, overall: f64) -> Written {
    Written {
        way: Way::Phone,
        at: None,
        place: String::new(),
        note: note.to_owned(),
        answers: vec![
            ("appearance".to_owned(), overall),
            ("overall".to_owned(), overall),
            ("nonsense".to_owned(), 3.0),
        ],
        files: vec![],
        contact: None,
    }
}

/// A flat whose first visit nobody answered, and who is to call.
async fn unanswered() -> (Estate, UnitId, StaffId, VisitId) {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    let by = agent(&estate).await;
    estate.plan().await;
    estate.goes_on_to(at("2026-04-12T10:00")).await;
    let id = estate.visit(flat, VisitKind::First).await.id;
    (estate, flat, by, id)
}

async fn writes_down(estate: &Estate, id: VisitId, note: &str, marks: Option<f64>, by: StaffId) {
    let written = spoken(note, marks.unwrap_or_default());
    let written = if marks.is_some() { written } else { Written { answers: vec![], ..written } };
    let planner = estate.planner();
    stored!(estate, |tx| planner.record(tx, id, written, by).await);
    estate.runner.run_until_idle().await;
}

/// A call about a visit, at ten in the morning.
pub(crate) async fn writes_down_a_call(estate: &Estate, id: VisitId, note: &str) {
    let by = agent(estate).await;
    estate.goes_on_to(at("2026-04-13T10:00")).await;
    writes_down(estate, id, note, None, by).await;
}

async fn recoveries(estate: &Estate, under_way: bool) -> Vec<Recovery> {
    found!(estate, |tx| store::recoveries::list(tx, under_way, 10).await)
}

/// Holds the review of the only recovery, and plans the second visit.
async fn reviewed(estate: &Estate, flat: UnitId, by: StaffId) -> VisitId {
    let (desk, id) = (Desk::new(estate.runner.intake.clone()), recoveries(estate, true).await[0].id);
    desk.review(id, RootCause::Process, "派单太慢，已改流程", by).await.unwrap();
    desk.second_visit(id, by).await.unwrap();
    estate.visit(flat, VisitKind::Second).await.id
}

#[tokio::test]
async fn who_is_dissatisfied_on_the_phone_is_to_be_won_back_and_a_second_call_measures_it() {
    let (estate, flat, by, id) = unanswered().await;
    writes_down(&estate, id, "窗户关不严，很不满意", Some(1.0), by).await;
    let begun = recoveries(&estate, true).await;
    let stand: Vec<_> = begun.iter().map(|one| (one.status.name(), one.first_score, one.unit_id)).collect();
    assert_eq!(stand, [("open", 1.0, Some(flat))]);
    let deadline = begun[0].deadline_at;
    assert_eq!(deadline.since(estate.now()), 7 * DAY);
    let second = reviewed(&estate, flat, by).await;
    writes_down(&estate, second, "修好了，满意", Some(5.0), by).await;
    let ended = recoveries(&estate, false).await;
    assert_eq!(ended.iter().map(|one| one.status.name()).collect::<Vec<_>>(), ["recovered"]);
    assert!(ended[0].second_score.is_some() && ended[0].ended_at.is_some());
    assert!(recoveries(&estate, true).await.is_empty());
}

#[tokio::test]
async fn who_is_neutral_on_the_phone_is_asked_why() {
    let (estate, _, by, id) = unanswered().await;
    writes_down(&estate, id, "还行", Some(4.0), by).await;
    let begun = recoveries(&estate, true).await;
    assert_eq!(begun.iter().map(|one| one.status.name()).collect::<Vec<_>>(), ["to_ask"]);
}

#[tokio::test]
async fn who_is_satisfied_on_the_phone_is_offered_something_where_they_can_be_reached() {
    let (mut estate, flat, by, id) = unanswered().await;
    // The overall mark is out of ten.
    let written = Written { answers: vec![("overall".to_owned(), 10.0)], ..spoken("都挺好", 5.0) };
    let planner = estate.planner();
    stored!(estate, |tx| planner.record(tx, id, written, by).await);
    estate.runner.run_until_idle().await;
    let response = estate.visit(flat, VisitKind::First).await.response_id.unwrap();
    let answered = estate.responses().await.into_iter().find(|one| one.id == response).unwrap();
    assert_eq!((answered.dialogue_id, answered.contact_id.is_some()), (None, true));
    let desk = Desk::new(estate.runner.intake.clone());
    desk.invite(response, "recommend", by).await.unwrap();
    let (said, _) = estate.heard("li").await;
    assert!(said.contains("欢迎把我们推荐给他们"), "{said}");
    // Staff is told where nothing reaches them, and what was not sent may be sent later.
    estate.sends(ChannelKind::Web, "li", Content::Left).await;
    let refused = desk.invite(response, "upkeep", by).await.unwrap_err();
    assert!(matches!(&refused, DeskError::Unreachable), "{refused}");
    estate.says("li", "你好").await;
    desk.invite(response, "upkeep", by).await.unwrap();
    let (said, _) = estate.heard("li").await;
    assert!(said.contains("免费的维护检查"), "{said}");
}

#[tokio::test]
async fn a_recovery_whose_second_visit_comes_to_nothing_ends_without_a_measure() {
    for way in ["given up", "made without marks", "forgotten", "opted out"] {
        let (mut estate, flat, by, id) = unanswered().await;
        writes_down(&estate, id, "窗户关不严", Some(1.0), by).await;
        let second = reviewed(&estate, flat, by).await;
        let planner = estate.planner();
        match way {
            "given up" => stored!(estate, |tx| planner.give_up(tx, second, by, false).await),
            "made without marks" => writes_down(&estate, second, "没说什么", None, by).await,
            "forgotten" => {
                let who = recoveries(&estate, true).await[0].contact_id.unwrap();
                Desk::new(estate.runner.intake.clone()).forget(who, by).await.unwrap();
                estate.runner.run_until_idle().await;
            }
            _ => {
                estate.says("li", "退订").await;
                estate.goes_on_to(estate.now() + 10 * DAY).await;
            }
        }
        let ended = recoveries(&estate, false).await;
        let stand: Vec<_> = ended.iter().map(|one| (one.status.name(), one.second_score)).collect();
        assert_eq!(stand, [("unmeasured", None)], "{way}");
        let measured = found!(estate, |tx| store::recoveries::measured(tx, &Scope::default()).await);
        assert_eq!(measured, [], "{way}: no score, no rate");
    }
}

#[tokio::test]
async fn nobody_is_to_call_a_person_who_was_forgotten() {
    for (forgotten, status) in [("2026-03-24T09:00", VisitStatus::Sent), ("2026-04-12T10:00", VisitStatus::Call)] {
        let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
        let flat = estate.flat("3-1201").await;
        let contact = estate.moves_in("li", flat).await;
        let by = agent(&estate).await;
        estate.plan().await;
        estate.goes_on_to(at(forgotten)).await;
        assert_eq!(estate.visit(flat, VisitKind::First).await.status, status);
        Desk::new(estate.runner.intake.clone()).forget(contact, by).await.unwrap();
        estate.goes_on_to(at("2026-05-12T10:00")).await;
        let ended = estate.visit(flat, VisitKind::First).await;
        assert_eq!((ended.status, ended.reason), (VisitStatus::Skipped, Some(Reason::OptedOut)), "{forgotten}");
    }
}

#[tokio::test]
async fn whether_somebody_was_won_back_nobody_else_of_the_flat_says() {
    let (mut estate, flat, by, id) = unanswered().await;
    writes_down(&estate, id, "窗户关不严", Some(1.0), by).await;
    let second = reviewed(&estate, flat, by).await;
    estate.moves_in("wife", flat).await;
    estate.goes_on_to(estate.now() + 30 * DAY).await;
    let find = async |estate: &Estate| estate.visits(flat).await.into_iter().find(|one| one.id == second).unwrap();
    assert_eq!(find(&estate).await.status, VisitStatus::Call);
    estate.says("wife", "评价").await;
    answers_all(&mut estate, "wife").await;
    assert!(estate.responses().await.iter().any(|response| response.score == Some(5.0)));
    assert_eq!(find(&estate).await.status, VisitStatus::Call, "hers is not his answer");
    let stand = recoveries(&estate, true).await;
    assert_eq!(stand.iter().map(|one| one.status.name()).collect::<Vec<_>>(), ["visiting"]);
    estate.taps("li", "do:survey").await;
    answers_all(&mut estate, "li").await;
    assert_eq!(find(&estate).await.status, VisitStatus::Answered, "his own counts, if late");
    let ended = recoveries(&estate, false).await;
    assert_eq!(ended.iter().map(|one| one.status.name()).collect::<Vec<_>>(), ["recovered"]);
}

#[tokio::test]
async fn what_staff_asked_by_phone_the_chat_asks_no_more() {
    for made in [true, false] {
        let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
        let flat = estate.flat("3-1201").await;
        let contact = estate.moves_in("li", flat).await;
        let by = agent(&estate).await;
        estate.plan().await;
        estate.goes_on_to(at("2026-03-24T09:00")).await;
        let sent = estate.visit(flat, VisitKind::First).await;
        assert_eq!(sent.status, VisitStatus::Sent);
        let (_, buttons) = estate.heard("li").await;
        let five = buttons.iter().find(|button| button.label == "5").unwrap().id.clone();
        let other = Occasion {
            kind: VisitKind::Special,
            ordinal: "storm".to_owned(),
            project: estate.project,
            unit: Some(flat),
            contact: Some(contact),
            ticket: None,
            survey: Some("routine".to_owned()),
            from: estate.now(),
        };
        let planner = estate.planner();
        let (storm, _) = stored!(estate, |tx| planner.bring_about(tx, &other).await);
        stored!(estate, |tx| {
            let visit = store::visits::load_for_update(tx, storm).await?.unwrap();
            store::visits::update(tx, &visit.call(Reason::NotReachable, sent.due_at).unwrap()).await
        });
        if made {
            writes_down(&estate, sent.id, "都挺好", Some(5.0), by).await;
        } else {
            let (planner, id) = (estate.planner(), sent.id);
            stored!(estate, |tx| planner.give_up(tx, id, by, false).await);
        }
        let (before, _) = estate.heard("li").await;
        estate.taps("li", &five).await;
        let (said, _) = estate.heard("li").await;
        assert_ne!(said, before);
        assert!(!said.contains("1 分"), "no question stands: {said}");
        estate.goes_on_to(sent.sent_at.unwrap() + 16 * DAY).await;
        let (later, _) = estate.heard("li").await;
        assert!(!later.contains("评价") && !later.contains("1 分"), "neither reminded nor told of the end: {later}");
        let complete = estate.responses().await.iter().filter(|response| response.completed_at.is_some()).count();
        assert_eq!(complete, usize::from(made), "one follow-up a visit");
        let storm = found!(estate, |tx| store::visits::find(tx, storm).await).unwrap();
        assert_eq!(storm.status, VisitStatus::Call, "another visit is not answered by it");
    }
}

#[tokio::test]
async fn a_visit_made_by_phone_is_a_response_and_the_client_confirms_its_record() {
    let (mut estate, flat, by, id) = unanswered().await;
    let to_call = estate.visit(flat, VisitKind::First).await;
    assert_eq!(to_call.status, VisitStatus::Call);
    let planner = estate.planner();
    stored!(estate, |tx| planner.record(tx, id, spoken("窗户关不严，很不满意", 1.0), by).await);
    estate.runner.run_until_idle().await;
    let done = estate.visit(flat, VisitKind::First).await;
    assert_eq!((done.status, done.assignee), (VisitStatus::Done, Some(by)));
    let response = estate.responses().await.into_iter().find(|row| Some(row.id) == done.response_id).unwrap();
    assert_eq!(
        (response.band.as_deref(), response.comment.as_deref()),
        (Some("dissatisfied"), Some("窗户关不严，很不满意"))
    );
    let flags = found!(estate, |tx| store::flags::list_open(tx, 10).await);
    assert!(flags.iter().any(|flag| flag.response_id == Some(response.id)), "staff sees it at once");
    let (said, buttons) = estate.heard("li").await;
    insta::assert_snapshot!(said, @r"
    我们和您通了电话，记录如下，请看对不对：
    时间：2026-04-12 10:00
    窗户关不严，很不满意
    ");
    let right = buttons[0].id.clone();
    estate.moves_in("stranger", flat).await;
    estate.taps("stranger", &right).await;
    let confirmed = |visit: Visit| visit.record.and_then(|record| record.confirmed);
    assert_eq!(confirmed(estate.visit(flat, VisitKind::First).await), None, "not theirs to confirm");
    estate.taps("li", &right).await;
    assert_eq!(confirmed(estate.visit(flat, VisitKind::First).await), Some(true));
    // Two of staff at once: the second is told.
    let planner = estate.planner();
    let again = estate
        .runner
        .store
        .write(move |tx| Box::pin(async move { planner.record(tx, id, spoken("again", 5.0), by).await }));
    let refused = again.await.unwrap_err();
    assert!(matches!(&refused, PlannerError::Visit(_)), "{refused}");
    assert_eq!(refused.to_string(), "a visit that is done cannot be done");
}

#[tokio::test]
async fn a_call_is_that_of_the_one_whose_number_the_page_names_and_nobody_else_of_the_flat_reads_of_it() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("wife", flat).await;
    estate.goes_on_to(at("2026-03-10T10:01")).await;
    let li = estate.moves_in("li", flat).await;
    let (by, now) = (agent(&estate).await, estate.now());
    stored!(estate, |tx| store::contacts::show_phone(tx, li, "13900008888", now).await);
    estate.plan().await;
    let planned = estate.visit(flat, VisitKind::First).await;
    assert_eq!((planned.status, planned.contact_id), (VisitStatus::Planned, None), "nobody's yet");
    writes_down(&estate, planned.id, "窗户关不严，很不满意", Some(1.0), by).await;
    let done = estate.visit(flat, VisitKind::First).await;
    assert_eq!((done.status, done.contact_id), (VisitStatus::Done, Some(li)));
    let response = estate.responses().await.into_iter().find(|row| Some(row.id) == done.response_id).unwrap();
    assert_eq!(response.contact_id, Some(li), "the marks are his");
    assert_eq!(recoveries(&estate, true).await[0].contact_id, Some(li), "he is to be won back");
    let (his, _) = estate.heard("li").await;
    assert!(his.contains("通了电话"), "{his}");
    let (hers, _) = estate.heard("wife").await;
    assert!(!hers.contains("通了电话") && !hers.contains("窗户关不严"), "{hers}");
}

#[tokio::test]
async fn the_paper_of_a_visit_names_who_asked_and_nobody_who_reached_nobody() {
    let (estate, _, by, id) = unanswered().await;
    let visited_by = async || {
        let catalog = Arc::clone(&estate.runner.catalog);
        let paper = found!(estate, |tx| facts::recorded(tx, &catalog, Language::Chinese, id).await);
        paper.unwrap().by
    };
    let planner = estate.planner();
    stored!(estate, |tx| planner.give_up(tx, id, by, true).await);
    let given_up = found!(estate, |tx| store::visits::find(tx, id).await).unwrap();
    assert_eq!((given_up.status, given_up.assignee), (VisitStatus::Expired, Some(by)));
    assert_eq!(visited_by().await, None, "nobody was reached");
    writes_down(&estate, id, "打通了，都挺好", Some(5.0), by).await;
    assert_eq!(visited_by().await.as_deref(), Some("wu"));
}

#[tokio::test]
async fn a_record_without_a_note_is_refused() {
    let estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    let by = agent(&estate).await;
    estate.plan().await;
    let id = estate.visit(flat, VisitKind::First).await.id;
    let planner = estate.planner();
    let empty = estate
        .runner
        .store
        .write(move |tx| Box::pin(async move { planner.record(tx, id, spoken(" ", 5.0), by).await }));
    assert_eq!(empty.await.unwrap_err().to_string(), "a note is missing");
    let planner = estate.planner();
    stored!(estate, |tx| planner.give_up(tx, id, by, false).await);
    let skipped = estate.visit(flat, VisitKind::First).await;
    assert_eq!((skipped.status, skipped.reason), (VisitStatus::Skipped, Some(Reason::ByStaff)));
}

/// Has somebody report a leak whose ticket is closed the day after.
async fn closed_repair(estate: &mut Estate) -> Ticket {
    estate.says("li", "厨房水管漏水").await;
    estate.says("li", "提交").await;
    estate.goes_on_to(estate.now() + DAY).await;
    let tickets = found!(estate, |tx| store::tickets::list(tx, &store::tickets::Filter::default(), 5).await);
    let ticket = tickets.into_iter().next().unwrap();
    let closed = Ticket { status: Status::Closed, closed_at: Some(estate.now()), ..ticket };
    let row = closed.clone();
    stored!(estate, |tx| store::tickets::update(tx, &row).await);
    closed
}

#[tokio::test]
async fn a_closed_repair_is_followed_up_within_one_week_and_a_reopened_one_is_not() {
    let mut estate = Estate::handed_over("2024-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    let closed = closed_repair(&mut estate).await;
    let (id, closed_at) = (closed.id, estate.now());
    estate.plan().await;
    estate.plan().await;
    let visit = estate.visit(flat, VisitKind::PostRepair).await;
    assert_eq!((visit.ticket_id, visit.survey.as_str()), (Some(id), "post_repair"));
    assert!(closed_at < visit.due_at && visit.due_at <= closed_at + 7 * DAY);
    // It was not the end of it.
    let row = Ticket { status: Status::Reopened, reopened: 1, ..closed.clone() };
    stored!(estate, |tx| store::tickets::update(tx, &row).await);
    estate.goes_on_to(visit.due_at + DAY).await;
    assert_eq!(estate.visit(flat, VisitKind::PostRepair).await.status, VisitStatus::Cancelled);
    let row = Ticket { reopened: 1, closed_at: Some(estate.now()), ..closed.clone() };
    stored!(estate, |tx| store::tickets::update(tx, &row).await);
    estate.plan().await;
    let is_next = |visit: &Visit| visit.kind == VisitKind::PostRepair && visit.status == VisitStatus::Planned;
    let second = estate.visits(flat).await.into_iter().find(is_next).unwrap();
    // It was not the end of it either, and is by the time at which they would have been asked.
    let again_at = second.due_at - Duration::from_secs(60);
    estate.goes_on_to(again_at).await;
    let row = Ticket { reopened: 2, closed_at: Some(again_at), ..closed };
    stored!(estate, |tx| store::tickets::update(tx, &row).await);
    estate.plan().await;
    estate.goes_on_to(again_at + 20 * DAY).await;
    let after: Vec<_> = estate.visits(flat).await.into_iter().filter(|one| one.ticket_id == Some(id)).collect();
    let told: Vec<_> = after.iter().map(|one| (one.status, one.sent_at.is_some())).collect();
    let gone = (VisitStatus::Cancelled, false);
    assert!(told.len() == 3 && told.iter().filter(|one| **one == gone).count() == 2, "asked once: {after:?}");
    let asked = after.iter().find_map(|one| one.sent_at);
    let asked = asked.unwrap_or_else(|| panic!("nobody was asked: {after:?}"));
    assert!(asked.since(again_at) >= Duration::from_secs(12 * 3600), "not as soon as it is closed: {after:?}");
}

#[tokio::test]
async fn whoever_answers_after_a_repair_that_it_did_not_hold_has_their_ticket_opened_again() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    let id = closed_repair(&mut estate).await.id;
    estate.plan().await;
    let due = estate.visit(flat, VisitKind::PostRepair).await.due_at;
    estate.goes_on_to(due + DAY).await;
    estate.says("li", "没修好").await;
    estate.says("li", "还在滴水").await;
    estate.says("li", "2").await;
    let ticket = found!(estate, |tx| store::tickets::find(tx, id).await).unwrap();
    assert_eq!((ticket.status, ticket.reopened), (Status::Reopened, 1));
}

#[tokio::test]
async fn whoever_tells_staff_on_the_phone_that_it_did_not_hold_has_their_ticket_opened_again() {
    for (fixed, stands) in [(0.0, (Status::Reopened, 1)), (1.0, (Status::Closed, 0))] {
        let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
        let flat = estate.flat("3-1201").await;
        estate.moves_in("li", flat).await;
        let closed = closed_repair(&mut estate).await;
        let (id, by) = (closed.id, agent(&estate).await);
        estate.plan().await;
        let visit = estate.visit(flat, VisitKind::PostRepair).await.id;
        let answers = vec![("fixed".to_owned(), fixed), ("score".to_owned(), 4.0)];
        let written = Written { answers, ..spoken("问了维修结果", 4.0) };
        let planner = estate.planner();
        stored!(estate, |tx| planner.record(tx, visit, written, by).await);
        let ticket = found!(estate, |tx| store::tickets::find(tx, id).await).unwrap();
        assert_eq!((ticket.status, ticket.reopened), stands);
        assert_eq!(ticket.priority > closed.priority, fixed < 1.0);
        let flags = found!(estate, |tx| store::flags::list_open(tx, 10).await);
        let told = flags.iter().any(|flag| flag.kind == FlagKind::FixRejected && flag.ticket_id == Some(id));
        assert_eq!(told, fixed < 1.0, "{flags:?}");
        let events = found!(estate, |tx| store::tickets::events(tx, id).await);
        let noted = events.iter().any(|event| event.kind == "reopened" && event.actor == Actor::Staff(by));
        assert_eq!(noted, fixed < 1.0, "{events:?}");
    }
}

#[tokio::test]
async fn a_second_visit_goes_to_the_same_person_with_the_same_survey_once() {
    let mut estate = Estate::handed_over("2024-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    let contact = estate.moves_in("li", flat).await;
    let second = Occasion {
        kind: VisitKind::Second,
        ordinal: "recovery1".to_owned(),
        project: estate.project,
        unit: Some(flat),
        contact: Some(contact),
        ticket: None,
        survey: Some("maintenance".to_owned()),
        from: estate.now(),
    };
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (planner, second) = (estate.planner(), second.clone());
        ids.push(stored!(estate, |tx| planner.bring_about(tx, &second).await).0);
    }
    assert_eq!(ids[0], ids[1]);
    estate.goes_on_to(estate.now() + 4 * DAY).await;
    let visit = estate.visit(flat, VisitKind::Second).await;
    assert_eq!(
        (visit.status, visit.contact_id, visit.survey.as_str()),
        (VisitStatus::Sent, Some(contact), "maintenance")
    );
}

#[tokio::test]
async fn a_log_in_that_ran_out_is_swept_by_the_job_of_the_day() {
    let estate = Estate::handed_over("2025-03-02T10:00", "2026-03-10T10:00").await;
    let now = estate.now();
    let session = Session {
        token_hash: "hash".to_owned(),
        staff_id: agent(&estate).await,
        csrf: "token".to_owned(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + Duration::from_hours(1),
    };
    stored!(estate, |tx| store::sessions::insert(tx, &session).await);
    estate.starts().await;
    estate.goes_on_to(at("2026-03-12T12:00")).await;
    let now = estate.now();
    assert_eq!(stored!(estate, |tx| store::sessions::sweep(tx, now).await), 0, "nothing was left to be swept");
}
