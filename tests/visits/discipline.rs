//! "Contact discipline", and what an owner does that no plan foresaw.

use std::sync::Arc;
use std::time::Duration;

use huifang::channel::{ChannelKind, Content};
use huifang::clock::Clock;
use huifang::domain::access::Scope;
use huifang::domain::dialogue::Event;
use huifang::domain::policy::Rule;
use huifang::domain::time::Timestamp;
use huifang::domain::visit::{Reason, VisitKind, VisitStatus};
use huifang::jobs::Runner;
use huifang::register::Importer;
use huifang::store;

use crate::estate::{DAY, Estate, at, found, local, stored};

#[tokio::test]
async fn a_visit_is_reminded_of_once_after_48_to_72_hours_and_given_to_a_person_after_14_days() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    estate.plan().await;
    insta::assert_snapshot!(estate.told(flat).await, @"planned 2026-03-23 16:55 first:1");
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    let sent = estate.visit(flat, VisitKind::First).await;
    assert_eq!(sent.status, VisitStatus::Sent);
    let (said, _) = estate.heard("li").await;
    insta::assert_snapshot!(said, @r"
    您好！翠湖花园 3-1201 交付有些日子了，我们来做首次回访。
    交付以后用得怎么样？三个小问题，一分钟就好。点按钮、打字、语音都行。
    （1/3）外观怎么样？比如墙面有没有裂缝、地面平不平、门窗严不严。
    1 分很不满意，5 分非常满意
    ");
    let reminded_at = sent.sent_at.unwrap() + Duration::from_secs(72 * 3600);
    estate.goes_on_to(reminded_at).await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Reminded, "48 to 72 hours later");
    estate.goes_on_to(sent.sent_at.unwrap() + 15 * DAY).await;
    let called = estate.visit(flat, VisitKind::First).await;
    assert_eq!((called.status, called.reason), (VisitStatus::Call, Some(Reason::Unanswered)), "14 days later");
    let (said, _) = estate.heard("li").await;
    insta::assert_snapshot!(said, @"这份评价已过期，谢谢您。有话想说，现在直接告诉我也行。");
    let times = found!(estate, |tx| store::visits::count(tx, &Scope::default()).await);
    assert!(times.contains(&(VisitStatus::Call, 1)), "{times:?}");
}

#[tokio::test]
async fn who_answers_after_expiry_by_an_old_button_is_asked_again_and_saves_the_call() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    let (_, buttons) = estate.heard("li").await;
    let five = buttons.iter().find(|button| button.label == "5").unwrap().id.clone();
    estate.goes_on_to(at("2026-04-12T09:00")).await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Call);
    estate.taps("li", &five).await;
    let (said, _) = estate.heard("li").await;
    insta::assert_snapshot!(said, @r"
    上次的评价已过期，我们重新来一遍，很快。
    交付以后用得怎么样？三个小问题，一分钟就好。点按钮、打字、语音都行。
    （1/3）外观怎么样？比如墙面有没有裂缝、地面平不平、门窗严不严。
    1 分很不满意，5 分非常满意
    ");
    answers_all(&mut estate, "li").await;
    let visit = estate.visit(flat, VisitKind::First).await;
    assert_eq!((visit.status, visit.reason), (VisitStatus::Answered, None));
    let complete = estate.responses().await.into_iter().find(|response| response.completed_at.is_some()).unwrap();
    assert_eq!(visit.response_id, Some(complete.id));
    assert_eq!(complete.survey, "handover");
    // And once more by the same button: that survey is answered.
    estate.taps("li", &five).await;
    assert_eq!(estate.responses().await.len(), 2);
}

#[tokio::test]
async fn a_late_answer_counts_for_the_flat_that_was_asked_about_whichever_was_scanned_since() {
    for (reporting, answers) in [(false, true), (true, true), (false, false)] {
        let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
        let flat = estate.flat("3-1201").await;
        estate.moves_in("li", flat).await;
        estate.plan().await;
        estate.goes_on_to(at("2026-04-12T09:00")).await;
        assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Call);
        let other = estate.flat("3-1202").await;
        estate.moves_in("li", other).await;
        if reporting {
            estate.says("li", "厨房水管漏水").await;
            estate.says("li", "评价").await;
            estate.says("li", "提交").await;
        } else {
            estate.says("li", "评价").await;
        }
        if answers {
            answers_all(&mut estate, "li").await;
            let visit = estate.visit(flat, VisitKind::First).await;
            assert_eq!(visit.status, VisitStatus::Answered, "{reporting}");
            let complete = estate.responses().await.into_iter().find(|response| response.completed_at.is_some());
            let complete = complete.unwrap();
            assert_eq!((visit.response_id, complete.unit_id), (Some(complete.id), Some(flat)));
        } else {
            estate.goes_on_to(estate.now() + 15 * DAY).await;
            assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Call, "nobody has called yet");
        }
    }
}

#[tokio::test]
async fn stop_ends_visits_and_they_are_not_given_to_a_person_either() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flats = [estate.flat("3-1201").await, estate.flat("3-1202").await];
    estate.moves_in("li", flats[0]).await;
    estate.moves_in("wang", flats[1]).await;
    estate.says("li", "退订").await;
    estate.plan().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    let before = estate.visit(flats[0], VisitKind::First).await;
    assert_eq!((before.status, before.reason), (VisitStatus::Skipped, Some(Reason::OptedOut)));
    let why = estate.why_not(before.id).await;
    assert_eq!(why.iter().map(|row| row.rule).collect::<Vec<_>>(), [Rule::OptedOut]);
    assert_eq!(estate.visit(flats[1], VisitKind::First).await.status, VisitStatus::Sent);
    estate.says("wang", "STOP").await;
    let after = estate.visit(flats[1], VisitKind::First).await;
    assert_eq!((after.status, after.reason), (VisitStatus::Skipped, Some(Reason::OptedOut)), "in the middle of it");
}

#[tokio::test]
async fn two_flats_of_one_owner_are_asked_about_seven_days_apart() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flats = [estate.flat("3-1201").await, estate.flat("3-1202").await];
    for flat in flats {
        estate.moves_in("li", flat).await;
    }
    estate.plan().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    answers_all(&mut estate, "li").await;
    estate.goes_on_to(at("2026-04-02T09:00")).await;
    let mut sent = Vec::new();
    for flat in flats {
        sent.push(estate.visit(flat, VisitKind::First).await);
    }
    sent.sort_by_key(|visit| visit.sent_at);
    let apart = sent[1].sent_at.unwrap().since(sent[0].sent_at.unwrap());
    assert!(apart >= 7 * DAY, "{apart:?}");
    let why = estate.why_not(sent[1].id).await;
    assert!(why.iter().any(|row| row.rule == Rule::SurveyGap && row.until == sent[1].sent_at), "{why:?}");
    assert!(sent[1].response_id.is_some());
    let asked = estate.responses().await;
    let units: Vec<_> = asked.iter().filter_map(|response| response.unit_id).collect();
    assert!(flats.iter().all(|flat| units.contains(flat)), "each answer is about its own flat");
}

#[tokio::test]
async fn nobody_is_asked_at_night_nor_on_a_holiday() {
    let mut estate = Estate::handed_over("2026-09-11T10:00", "2026-09-20T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    // 21 days after the handover is the second day of the National Day week.
    let visit = estate.visit(flat, VisitKind::First).await;
    assert_eq!((&local(visit.planned_at)[..10], &local(visit.due_at)[..10]), ("2026-10-02", "2026-10-08"));
    // A job that is late, in the night and again on a holiday, does not send it.
    let early = huifang::domain::visit::Visit { due_at: at("2026-10-01T23:00"), ..visit.clone() };
    stored!(estate, |tx| store::visits::update(tx, &early).await);
    let (planner, id) = (estate.planner(), visit.id);
    estate.runner.clock.advance(at("2026-10-01T23:10").since(estate.now()));
    stored!(estate, |tx| planner.send(tx, id).await);
    let why = estate.why_not(visit.id).await;
    assert_eq!((why[0].rule, why[0].until.map(local).unwrap().as_str()), (Rule::Holiday, "2026-10-08 09:00"));
    estate.goes_on_to(at("2026-10-08T20:00")).await;
    let sent = estate.visit(flat, VisitKind::First).await;
    assert_eq!(local(sent.sent_at.unwrap()), "2026-10-08 09:00");
}

#[tokio::test]
async fn nobody_is_told_that_a_warranty_is_about_to_end_after_it_has_ended() {
    let mut estate = Estate::handed_over("2024-10-02T10:00", "2026-09-30T20:30").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    let before = async |estate: &Estate| {
        let all = estate.visits(flat).await.into_iter();
        all.filter(|visit| visit.kind == VisitKind::PreExpiry).map(|visit| visit.status).collect::<Vec<_>>()
    };
    let planned = before(&estate).await;
    assert!(planned.contains(&VisitStatus::Planned), "fit-out, pipes and cables are two days from the end");
    // The holidays end on the 8th.
    estate.goes_on_to(at("2026-10-09T12:00")).await;
    assert_eq!(before(&estate).await, vec![VisitStatus::Cancelled; planned.len()]);
    estate.plan().await;
    assert!(!before(&estate).await.contains(&VisitStatus::Planned), "and it is not planned again");
}

#[tokio::test]
async fn a_worker_whose_clock_is_behind_the_databases_loses_no_visit_and_sends_none_that_was_moved() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flats = [estate.flat("3-1201").await, estate.flat("3-1202").await];
    estate.moves_in("li", flats[0]).await;
    estate.moves_in("wang", flats[1]).await;
    estate.plan().await;
    let visits = [estate.visit(flats[0], VisitKind::First).await, estate.visit(flats[1], VisitKind::First).await];
    let moved = huifang::domain::visit::Visit { due_at: visits[1].due_at + DAY, ..visits[1].clone() };
    stored!(estate, |tx| store::visits::update(tx, &moved).await);
    let last = visits[0].due_at.max(visits[1].due_at);
    // Jobs are given by one clock and done by another, as where several machines share a database.
    for due in [visits[0].due_at.min(visits[1].due_at), last] {
        estate.runner.clock.advance((due - Duration::from_millis(300)).since(estate.now()));
        let clock = Clock::manual(due + Duration::from_millis(100));
        Runner { clock, ..estate.runner.clone() }.run_until_idle().await;
    }
    assert!(estate.now() < last, "it is behind");
    assert_eq!(estate.visit(flats[0], VisitKind::First).await.status, VisitStatus::Sent);
    assert_eq!(estate.visit(flats[1], VisitKind::First).await.status, VisitStatus::Planned, "due a day later");
}

#[tokio::test]
async fn who_is_busy_with_a_report_is_asked_later() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    let due = estate.visit(flat, VisitKind::First).await.due_at;
    estate.goes_on_to(due - Duration::from_secs(60)).await;
    estate.says("li", "厨房水管漏水").await;
    estate.goes_on_to(due).await;
    let waits = estate.visit(flat, VisitKind::First).await;
    assert_eq!((waits.status, waits.due_at > due), (VisitStatus::Planned, true));
    assert_eq!(estate.why_not(waits.id).await[0].rule, Rule::Busy);
    estate.goes_on_to(due + DAY).await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Sent);
}

#[tokio::test]
async fn what_wechat_does_not_let_through_goes_to_the_call_list_with_the_reason() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flats = [estate.flat("3-1201").await, estate.flat("3-1202").await, estate.flat("3-1203").await];
    estate.moves_in_by(ChannelKind::Wechat, "o-li", flats[0]).await;
    estate.moves_in("wang", flats[1]).await;
    estate.sends(ChannelKind::Web, "wang", Content::Left).await;
    estate.plan().await;
    estate.goes_on_to(at("2026-03-26T09:00")).await;
    let mut told = Vec::new();
    for flat in flats {
        let visit = estate.visit(flat, VisitKind::First).await;
        let rules: Vec<_> = estate.why_not(visit.id).await.iter().map(|row| row.rule.name()).collect();
        told.push(format!("{} {:?} {rules:?}", visit.status.name(), visit.reason));
    }
    assert_eq!(
        told,
        [
            "call Some(NotReachable) [\"window_over\"]",
            "call Some(NotReachable) [\"left\"]",
            "call Some(NoContact) [\"no_contact\"]",
        ]
    );
}

#[tokio::test]
async fn a_changed_handover_date_moves_what_was_not_sent() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    let before = estate.visit(flat, VisitKind::First).await;
    let project = estate.project;
    let moves = async |handover: &str| {
        let handover = at(handover);
        stored!(estate, |tx| {
            let found = store::units::list(tx, Some(project)).await?;
            let unit = huifang::domain::project::Unit { handover_at: Some(handover), ..found[0].clone() };
            store::units::save_all(tx, &[&unit]).await
        });
        estate.plan().await;
        estate.visit(flat, VisitKind::First).await
    };
    let later = moves("2026-03-09T10:00").await;
    assert_eq!((later.id, later.planned_at), (before.id, before.planned_at + 7 * DAY));
    let gone = moves("2026-08-01T10:00").await;
    assert_eq!((gone.status, gone.reason), (VisitStatus::Cancelled, Some(Reason::Replanned)));
    let back = moves("2026-03-02T10:00").await;
    assert_eq!(
        (back.id, back.status, back.planned_at, back.due_at),
        (before.id, before.status, before.planned_at, before.due_at)
    );
}

#[tokio::test]
async fn a_handover_that_a_table_brings_later_says_of_tickets_filed_before_whether_they_are_under_warranty() {
    let mut estate = Estate::handed_over("2020-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.says("li", "主卧卫生间地面渗水到楼下，从昨天开始，地上一滩水").await;
    let submit = estate.heard("li").await.1.into_iter().find(|button| button.label == "提交").unwrap();
    estate.taps("li", &submit.id).await;
    let judged = async || {
        let line = found!(estate, |tx| store::ledger::list(tx, &store::ledger::Filter::default(), Timestamp(0), 9)
            .await)
        .remove(0);
        line.in_warranty
    };
    assert_eq!(judged().await, Some(false), "six years after the handover");
    let (store, clock) = (estate.runner.store.clone(), estate.runner.clock.clone());
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let importer = Importer { store, clock, zone, catalog: Arc::clone(&estate.runner.catalog), within: None };
    let table = "项目编号,项目名称,项目类型,区域,交付日期\nCH-01,翠湖花园,房建,华东,2024-03-02\n";
    let report = importer.import(table.as_bytes().into(), None).await.unwrap();
    assert!(report.written, "{:?}", report.faults);
    estate.runner.run_until_idle().await;
    assert_eq!(judged().await, Some(true));
}

#[tokio::test]
async fn a_visit_whose_day_has_just_moved_is_not_sent_on_the_old_one_before_it_is_planned_anew() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    let before = estate.visit(flat, VisitKind::First).await;
    stored!(estate, |tx| {
        let unit = store::units::find(tx, flat).await?.unwrap();
        let unit = huifang::domain::project::Unit { handover_at: Some(at("2026-03-09T10:00")), ..unit };
        store::units::save_all(tx, &[&unit]).await?;
        // As if it had been planned just before.
        store::visits::plan_next(tx, flat, at("2026-04-09T10:00")).await
    });
    estate.goes_on_to(before.due_at + Duration::from_secs(3600)).await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Planned);
    let looked_at = found!(estate, |tx| store::visits::units_to_plan(tx, before.due_at, 9).await);
    assert_eq!(looked_at, [(flat, true)], "the next planning looks at it");
    let planner = estate.planner();
    stored!(estate, |tx| planner.plan_page(tx).await);
    estate.goes_on_to(before.due_at + 8 * DAY).await;
    let sent = estate.visit(flat, VisitKind::First).await;
    assert_eq!((sent.status, sent.planned_at), (VisitStatus::Sent, before.planned_at + 7 * DAY));
    assert!(sent.sent_at.unwrap() >= sent.planned_at);
}

#[tokio::test]
async fn a_handover_in_the_future_is_planned_when_it_comes_near_and_never_before() {
    let mut estate = Estate::handed_over("2026-09-01T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.starts().await;
    estate.goes_on_to(at("2026-07-15T12:00")).await;
    assert_eq!(estate.told(flat).await, "", "nothing is owed for what nobody lives in yet");
    estate.goes_on_to(at("2026-09-17T12:00")).await;
    let first = estate.visit(flat, VisitKind::First).await;
    assert_eq!(first.status, VisitStatus::Planned, "written down some days before it is due");
    estate.goes_on_to(at("2026-10-01T09:00")).await;
    let sent = estate.visit(flat, VisitKind::First).await;
    assert!(at("2026-09-01T10:00") < sent.sent_at.unwrap() && sent.sent_at.unwrap() < at("2026-10-01T10:00"));
}

#[tokio::test]
async fn a_handover_date_that_is_missing_plans_nothing_until_somebody_enters_it() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let (project, flat) = (estate.project, estate.flat("3-1201").await);
    let enters = async |estate: &Estate, handover| {
        stored!(estate, |tx| {
            let known = store::projects::find(tx, project).await?.unwrap();
            let row = huifang::domain::project::Project { handover_at: handover, ..known };
            store::projects::update(tx, &row).await
        });
    };
    enters(&estate, None).await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    assert_eq!(estate.told(flat).await, "");
    enters(&estate, Some(at("2026-03-02T10:00"))).await;
    estate.plan().await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Planned);
}

#[tokio::test]
async fn a_visit_with_a_survey_that_is_no_longer_there_is_shown_to_staff_as_failed_work() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    let occasion = huifang::planner::Occasion {
        kind: VisitKind::Special,
        ordinal: "of_the_test".to_owned(),
        project: estate.project,
        unit: Some(flat),
        contact: None,
        ticket: None,
        survey: Some("last_years".to_owned()),
        from: estate.now(),
    };
    let planner = estate.planner();
    stored!(estate, |tx| planner.bring_about(tx, &occasion).await);
    estate.goes_on_to(estate.now() + 5 * DAY).await;
    let dead = found!(estate, |tx| store::jobs::list_dead(tx, 5).await);
    assert_eq!(dead.len(), 1);
    assert!(dead[0].last_error.as_deref().unwrap().contains("last_years"), "{dead:?}");
    assert!(estate.responses().await.is_empty(), "nobody was asked");
}

/// Answers a survey to its end.
pub(crate) async fn answers_all(estate: &mut Estate, who: &str) {
    for _ in 0..12 {
        let (_, buttons) = estate.heard(who).await;
        let of_survey: Vec<_> = buttons.iter().filter(|button| button.id.starts_with('q')).collect();
        let Some(button) = of_survey.iter().find(|button| button.label == "5").or(of_survey.first()) else { return };
        let id = button.id.clone();
        estate.taps(who, &id).await;
    }
    panic!("the survey has no end: {:?}", estate.heard(who).await);
}

#[tokio::test]
async fn one_person_on_two_channels_is_asked_where_they_can_be_reached_and_why_not_elsewhere_is_noted() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    let person = estate.moves_in("li", flat).await;
    estate.says("li", "换渠道").await;
    let (told, _) = estate.heard("li").await;
    let way = told[told.find("/start c").unwrap()..].to_owned();
    estate.sends(ChannelKind::Telegram, "1111111", Content::Text(way)).await;
    assert_eq!(estate.moves_in_by(ChannelKind::Telegram, "1111111", flat).await, person);
    // Telegram brings messages, so it would have been chosen.
    estate.sends(ChannelKind::Telegram, "1111111", Content::Left).await;
    estate.plan().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    let visit = estate.visit(flat, VisitKind::First).await;
    assert_eq!((visit.status, visit.dialogue_id), (VisitStatus::Sent, Some(estate.dialogue("li").await)));
    let why: Vec<_> = estate.why_not(visit.id).await.into_iter().map(|row| (row.rule, row.detail)).collect();
    assert_eq!(why, [(Rule::Left, "telegram".to_owned())]);
}

/// What was said on both sides of the conversation on WeChat.
async fn on_wechat(estate: &Estate) -> String {
    let thread = found!(estate, |tx| {
        let dialogue = store::dialogues::find_by_address(tx, "wechat", "o-li").await?.unwrap();
        store::thread::after(tx, dialogue.id, 0, 1000).await
    });
    thread.into_iter().map(|entry| entry.body).collect()
}

/// Somebody of a flat who wrote on the web and went on on WeChat, a fortnight before their visit.
async fn goes_on_on_wechat() -> (Estate, huifang::domain::ids::UnitId) {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.says("li", "换渠道").await;
    let (told, _) = estate.heard("li").await;
    let way = told[told.find("/start c").unwrap()..].to_owned();
    estate.runner.clock.advance(Duration::from_secs(60));
    writes_on_wechat(&mut estate, &way).await;
    estate.plan().await;
    (estate, flat)
}

/// … and a day passes: the answer goes nowhere, since the house has no account there.
async fn writes_on_wechat(estate: &mut Estate, words: &str) {
    estate.sends(ChannelKind::Wechat, "o-li", Content::Text(words.to_owned())).await;
    estate.goes_on_to(estate.now() + DAY).await;
}

#[tokio::test]
async fn who_went_on_on_another_channel_is_asked_where_they_can_be_reached_and_not_where_the_window_is_shut() {
    let (mut estate, flat) = goes_on_on_wechat().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    let visit = estate.visit(flat, VisitKind::First).await;
    assert_eq!((visit.status, visit.dialogue_id), (VisitStatus::Sent, Some(estate.dialogue("li").await)));
    let why: Vec<_> = estate.why_not(visit.id).await.into_iter().map(|row| (row.rule, row.detail)).collect();
    assert_eq!(why, [(Rule::WindowOver, "wechat".to_owned())]);
    assert!(estate.heard("li").await.0.contains("（1/3）"));
    // What follows from it stays there as well: the reminder, the end, and what staff writes down.
    estate.goes_on_to(visit.sent_at.unwrap() + 4 * DAY).await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Reminded);
    assert!(estate.heard("li").await.0.contains("（1/3）"));
    estate.goes_on_to(visit.sent_at.unwrap() + 15 * DAY).await;
    assert!(estate.heard("li").await.0.contains("这份评价已过期"));
    crate::record::writes_down_a_call(&estate, visit.id, "窗户关不严").await;
    assert!(estate.heard("li").await.0.contains("窗户关不严"));
    let wechat = on_wechat(&estate).await;
    assert!(!["（1/3）", "已过期", "窗户关不严"].iter().any(|words| wechat.contains(words)), "{wechat}");
    estate.sends(ChannelKind::Wechat, "o-li", Content::Text("你好".to_owned())).await;
    assert_ne!(on_wechat(&estate).await, wechat, "whoever writes there is answered there");
}

#[tokio::test]
async fn who_went_on_where_staff_keeps_the_conversation_is_asked_where_nothing_goes_on() {
    let (mut estate, flat) = goes_on_on_wechat().await;
    writes_on_wechat(&mut estate, "找人工").await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Sent);
    assert!(estate.heard("li").await.0.contains("（1/3）"));
    let dead = found!(estate, |tx| store::jobs::list_dead(tx, 9).await);
    assert!(dead.iter().all(|job| job.kind != "send_visit"), "{dead:?}");
}

#[tokio::test]
async fn time_goes_on_where_nothing_can_be_brought() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in_by(ChannelKind::Telegram, "1111111", flat).await;
    estate.sends(ChannelKind::Telegram, "1111111", Content::Text("/help".to_owned())).await;
    let end = at("2026-03-10T18:00");
    estate.goes_on_to(end).await;
    assert_eq!(estate.now(), end);
}

#[tokio::test]
async fn who_stops_in_one_conversation_and_resumes_in_another_is_asked_again() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    let person = estate.moves_in("li", flat).await;
    estate.says("li-at-work", "你好").await;
    let (here, there) = (estate.dialogue("li").await, estate.dialogue("li-at-work").await);
    stored!(estate, |tx| store::dialogues::set_contact(tx, there, person).await);
    estate.says("li", "退订").await;
    estate.says("li-at-work", "恢复").await;
    estate.runner.clock.advance(DAY);
    // Last heard here, so they are asked here.
    estate.says("li", "你好").await;
    estate.plan().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    let visit = estate.visit(flat, VisitKind::First).await;
    assert_eq!((visit.status, visit.dialogue_id), (VisitStatus::Sent, Some(here)));
    estate.says("li", "取消").await;
    let left = estate.visit(flat, VisitKind::First).await;
    assert_eq!(left.reason, Some(Reason::BrokenOff), "they want surveys, only not this one");
}

#[tokio::test]
async fn stop_in_one_conversation_ends_the_survey_that_runs_in_another() {
    for reminded in [false, true] {
        let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
        let flat = estate.flat("3-1201").await;
        let person = estate.moves_in("li", flat).await;
        estate.says("li-at-work", "你好").await;
        let (here, there) = (estate.dialogue("li").await, estate.dialogue("li-at-work").await);
        stored!(estate, |tx| store::dialogues::set_contact(tx, there, person).await);
        estate.runner.clock.advance(DAY);
        // Last heard here, so they are asked here.
        estate.says("li", "你好").await;
        estate.plan().await;
        estate.goes_on_to(at("2026-03-24T09:00")).await;
        let sent = estate.visit(flat, VisitKind::First).await;
        assert_eq!((sent.status, sent.dialogue_id), (VisitStatus::Sent, Some(here)));
        if reminded {
            estate.goes_on_to(sent.sent_at.unwrap() + 4 * DAY).await;
            assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Reminded);
        }
        let (before, _) = estate.heard("li").await;
        estate.says("li-at-work", "退订").await;
        estate.goes_on_to(sent.sent_at.unwrap() + 15 * DAY).await;
        let ended = estate.visit(flat, VisitKind::First).await;
        assert_eq!((ended.status, ended.reason), (VisitStatus::Skipped, Some(Reason::OptedOut)), "{reminded}");
        let (said, _) = estate.heard("li").await;
        assert_eq!(said, before, "neither reminded nor told of the end");
    }
}

#[tokio::test]
async fn what_somebody_wishes_to_be_asked_after_stop_is_brought_up_again_like_any_other() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.says("li", "退订").await;
    estate.runner.clock.advance(Duration::from_secs(60));
    estate.says("li", "评价").await;
    estate.goes_on_to(estate.now() + 4 * DAY).await;
    let (said, _) = estate.heard("li").await;
    assert!(said.starts_with("上次的评价还没填完"), "{said}");
}

#[tokio::test]
async fn what_was_done_half_a_year_ago_is_swept_by_the_job_of_the_day() {
    let estate = Estate::handed_over("2025-03-02T10:00", "2026-03-10T10:00").await;
    estate.flat("3-1201").await;
    estate.starts().await;
    estate.goes_on_to(at("2026-10-10T12:00")).await;
    let swept_before = |days: u32| estate.now() - days * DAY;
    let (kept, gone) = (swept_before(170), swept_before(181));
    assert_eq!(stored!(estate, |tx| store::jobs::sweep_done(tx, gone).await), 0, "nothing was left to be swept");
    let left = stored!(estate, |tx| store::jobs::sweep_done(tx, kept).await);
    assert!((9..=13).contains(&left), "one a day: {left}");
}

#[tokio::test]
async fn stop_during_a_report_also_ends_the_visit_whose_survey_waits_behind_it() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    estate.says("li", "厨房水管漏水").await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Sent);
    let (_, buttons) = estate.heard("li").await;
    let submit = buttons.iter().find(|button| button.label == "提交").unwrap().id.clone();
    estate.says("li", "退订").await;
    let left = estate.visit(flat, VisitKind::First).await;
    assert_eq!((left.status, left.reason), (VisitStatus::Skipped, Some(Reason::OptedOut)));
    estate.taps("li", &submit).await;
    let (said, _) = estate.heard("li").await;
    assert!(said.contains("已登记") && !said.contains("（1/3）"), "nothing more is asked: {said}");
}

#[tokio::test]
async fn a_survey_that_waits_behind_a_report_runs_out_there_and_the_report_goes_on() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    estate.plan().await;
    estate.goes_on_to(at("2026-03-24T09:00")).await;
    let sent = estate.visit(flat, VisitKind::First).await;
    let (_, buttons) = estate.heard("li").await;
    let five = buttons.iter().find(|button| button.label == "5").unwrap().id.clone();
    estate.says("li", "厨房水管漏水").await;
    // Staff has the conversation for weeks: the report is not filed meanwhile.
    estate.says("li", "找人工").await;
    estate.goes_on_to(sent.sent_at.unwrap() + 15 * DAY).await;
    assert_eq!(estate.visit(flat, VisitKind::First).await.status, VisitStatus::Call);
    let (intake, dialogue) = (estate.runner.intake.clone(), estate.dialogue("li").await);
    stored!(estate, |tx| intake.apply(tx, dialogue, Event::HandedBack).await);
    let (_, buttons) = estate.heard("li").await;
    let submit = buttons.iter().find(|button| button.label == "提交").unwrap().id.clone();
    estate.taps("li", &submit).await;
    let (said, _) = estate.heard("li").await;
    assert!(said.contains("已登记") && !said.contains("（1/3）"), "nothing is asked that has run out: {said}");
    estate.taps("li", &five).await;
    answers_all(&mut estate, "li").await;
    let visit = estate.visit(flat, VisitKind::First).await;
    assert_eq!(visit.status, VisitStatus::Answered, "who comes back is asked anew");
}
