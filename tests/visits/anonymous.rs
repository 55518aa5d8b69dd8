//! Random sample checks, and surveys that are answered without a name.

use std::sync::Arc;

use huifang::domain::flag::FlagKind;
use huifang::domain::ids::{ProjectId, UnitId};
use huifang::domain::language::Language;
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::visit::{Visit, VisitKind, VisitStatus};
use huifang::papers::facts;
use huifang::store::thread::{Entry, Speaker};
use huifang::store::{self, follow_ups, responses};

use crate::discipline::answers_all;
use crate::estate::{DAY, Estate, at, found, stored};

/// A flat that is asked anonymously on the next working day, by hand instead of by the draw.
async fn drawn(estate: &Estate, unit: UnitId) -> Visit {
    let key = format!("{unit}:second:of_the_test");
    let mut visit = Visit::planned(
        estate.runner.clock.new_id(),
        key,
        VisitKind::Second,
        estate.project,
        "sample".to_owned(),
        estate.now(),
    );
    visit.unit_id = Some(unit);
    let (row, planner, id) = (visit.clone(), estate.planner(), visit.id);
    stored!(estate, |tx| {
        store::visits::insert(tx, &row).await?;
        planner.send(tx, id).await
    });
    visit
}

#[tokio::test]
async fn an_anonymous_answer_is_kept_with_the_project_and_leads_to_nobody() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-04-07T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    let visit = drawn(&estate, flat).await;
    let (said, buttons) = estate.heard("li").await;
    insta::assert_snapshot!(said, @r"
    您好！这是对 翠湖花园 3-1201 的抽样回访，每个月随机抽到几户。
    这次是匿名的：只记下是哪个项目，不记您是谁、住哪一户。两个小问题，请点按钮或打字；语音会留在对话里，听得出是您。
    （1/2）总体来说，您满意吗？
    1 分很不满意，5 分非常满意
    ");
    let one = buttons.iter().find(|button| button.label == "1").unwrap().id.clone();
    estate.taps("li", &one).await;
    estate.says("li", "物业根本不管，太差了").await;
    let (said, _) = estate.heard("li").await;
    insta::assert_snapshot!(said, @r"
    谢谢您，您的话已记下。
    需要我们上门或回复的事，请直接在这里说，我们另行登记。
    ");
    estate.says("li", "你好").await;
    estate.goes_on_to(estate.now() + 20 * DAY).await;

    let [response] = estate.responses().await.try_into().unwrap();
    assert_eq!((response.contact_id, response.unit_id, response.dialogue_id), (None, None, None));
    assert_eq!((response.project_id, response.score), (Some(estate.project), Some(1.0)));
    assert_eq!(response.started_at, at("2026-04-07T00:00"), "the day alone, so that no two times can be matched");
    assert_eq!(response.completed_at, Some(at("2026-04-07T00:00")));
    let id = response.id;
    let answers = found!(estate, |tx| responses::answers(tx, id).await);
    assert!(answers.iter().all(|answer| answer.answered_at == at("2026-04-07T00:00") && answer.media_id.is_none()));
    assert_eq!(answers.iter().find_map(|answer| answer.text.as_deref()), Some("物业根本不管，太差了"));
    // Neither the visit, nor the flag, nor what is owed, nor the conversation leads from one to the other.
    let visited = estate.visits(flat).await.into_iter().find(|one| one.id == visit.id).unwrap();
    assert_eq!((visited.status, visited.response_id), (VisitStatus::Answered, None));
    assert_eq!(found!(estate, |tx| follow_ups::of_response(tx, id).await), None);
    let flags = found!(estate, |tx| store::flags::list_open(tx, 9).await);
    let of_it: Vec<_> = flags.iter().filter(|flag| flag.response_id == Some(id)).collect();
    assert!(!of_it.is_empty() && of_it.iter().all(|flag| flag.dialogue_id.is_none()), "{flags:?}");
    assert_eq!(found!(estate, |tx| store::recoveries::of_response(tx, id).await), None, "nobody can be asked why");
    let dialogue = estate.dialogue("li").await;
    let thread = found!(estate, |tx| store::thread::after(tx, dialogue, 0, 100).await);
    assert!(thread.iter().all(|entry| !entry.body.contains("物业根本不管")), "{thread:?}");
    assert!(thread.iter().any(|entry| entry.body.contains("你好")), "what is said afterwards is their own");
    let state = found!(estate, |tx| store::dialogues::find(tx, dialogue).await).unwrap().state;
    assert!(!state.contains(&id.to_string()), "{state}");
}

/// Somebody of a unit answered yesterday with two of five.
async fn displeased(estate: &Estate, unit: UnitId) {
    let yesterday = estate.now() - DAY;
    let new = responses::NewResponse {
        id: estate.runner.clock.new_id(),
        survey: "routine".to_owned(),
        survey_version: 1,
        contact_id: None,
        unit_id: Some(unit),
        project_id: None,
        dialogue_id: None,
        started_at: yesterday,
    };
    let outcome = responses::Outcome { score: Some(2.0), band: Some("dissatisfied".to_owned()), nps: None };
    stored!(estate, |tx| {
        responses::start(tx, &new).await?;
        responses::complete(tx, new.id, &outcome, yesterday).await
    });
}

#[tokio::test]
async fn a_bad_anonymous_answer_calls_for_the_review_of_a_team_and_a_good_one_does_not() {
    for (mark, reviewed) in [("1", true), ("5", false)] {
        let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-04-07T10:00").await;
        let flat = estate.flat("3-1201").await;
        let (here, clock) = (estate.project, &estate.runner.clock);
        let (id, unit): (ProjectId, UnitId) = (clock.new_id(), clock.new_id());
        stored!(estate, |tx| {
            let project = store::projects::find(tx, here).await?.unwrap();
            let team = Some("甲".to_owned());
            store::projects::update(tx, &Project { team: team.clone(), ..project }).await?;
            let other = Project { team, ..Project::new(id, "南湾", ProjectKind::Housing) };
            store::projects::insert(tx, &other).await?;
            store::units::insert(tx, &Unit::new(unit, id, "1-101")).await
        });
        displeased(&estate, unit).await;
        if !reviewed {
            displeased(&estate, flat).await;
        }
        estate.moves_in("li", flat).await;
        drawn(&estate, flat).await;
        let (_, buttons) = estate.heard("li").await;
        let button = buttons.iter().find(|button| button.label == mark).unwrap().id.clone();
        estate.taps("li", &button).await;
        estate.says("li", "没有了").await;
        assert!(estate.responses().await.iter().any(|one| one.project_id == Some(here) && one.score.is_some()));
        let flags = found!(estate, |tx| store::flags::list_open(tx, 9).await);
        assert_eq!(flags.iter().any(|flag| flag.kind == FlagKind::TeamReview), reviewed, "{mark}: {flags:?}");
    }
}

#[tokio::test]
async fn an_anonymous_survey_that_runs_out_forgets_its_response() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-04-07T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    let visit = drawn(&estate, flat).await;
    let (_, buttons) = estate.heard("li").await;
    let four = buttons.iter().find(|button| button.label == "4").unwrap().id.clone();
    estate.taps("li", &four).await;
    estate.goes_on_to(estate.now() + 15 * DAY).await;
    let find = async |estate: &Estate| estate.visits(flat).await.into_iter().find(|one| one.id == visit.id).unwrap();
    let called = find(&estate).await;
    assert_eq!((called.status, called.response_id), (VisitStatus::Call, None));
    // Whoever answers after that saves the call, and is not named either.
    estate.taps("li", "do:survey").await;
    answers_all(&mut estate, "li").await;
    let answered = find(&estate).await;
    assert_eq!((answered.status, answered.response_id), (VisitStatus::Answered, None));
    assert!(estate.responses().await.iter().all(|response| response.contact_id.is_none()));
}

#[tokio::test]
async fn a_drawn_flat_is_asked_like_any_other_visit() {
    let mut estate = Estate::handed_over("2024-03-02T10:00", "2026-03-31T12:00").await;
    estate.starts().await;
    let mut flats = Vec::new();
    for n in 0..60 {
        let flat = estate.flat(&format!("1-{n}")).await;
        estate.moves_in(&format!("owner{n}"), flat).await;
        flats.push(flat);
    }
    // Planned at the next planning, since they are new.
    estate.goes_on_to(at("2027-04-30T20:00")).await;
    let mut samples = Vec::new();
    for flat in &flats {
        samples.extend(estate.visits(*flat).await.into_iter().filter(|visit| visit.key.contains(":sample_")));
    }
    assert!((2..20).contains(&samples.len()), "1 % of 60 flats in 12 months: {}", samples.len());
    for sample in samples.iter().filter(|sample| sample.planned_at < at("2027-04-20T00:00")) {
        assert!(sample.sent_at.is_some(), "{sample:?}");
        assert_eq!(sample.survey, "sample");
    }
}

#[tokio::test]
async fn nothing_that_is_typed_to_an_anonymous_survey_is_read_back_or_kept_in_the_conversation() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-04-07T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    drawn(&estate, flat).await;
    let (_, buttons) = estate.heard("li").await;
    let two = buttons.iter().find(|button| button.label == "2").unwrap().id.clone();
    let typed = ["我觉得物业只能打两分吧", "物业大概三四分吧", "给物业打八分"];
    for words in typed {
        estate.says("li", words).await;
        let (said, buttons) = estate.heard("li").await;
        assert!(said.contains("（1/2）") && !said.contains("物业"), "the question stands: {said}");
        assert!(buttons.iter().any(|button| button.label == "1"));
    }
    estate.taps("li", &two).await;
    estate.taps("li", &two).await;
    estate.says("li", "没有了").await;
    let [response] = estate.responses().await.try_into().unwrap();
    assert_eq!(response.score, Some(2.0));
    assert_eq!(response.comment.as_deref(), Some(typed.join("\n").as_str()), "what was said is kept with the answers");
    let dialogue = estate.dialogue("li").await;
    let thread = found!(estate, |tx| store::thread::after(tx, dialogue, 0, 100).await);
    let told = |words: &str| thread.iter().any(|entry| entry.body.contains(words));
    assert!(!typed.iter().any(|words| told(words)) && !told("两分") && !told("2 分"), "{thread:?}");
    let tapped = |entry: &Entry| entry.speaker == Speaker::Client && entry.body.contains(":overall:");
    assert!(!thread.iter().any(tapped), "also a button pressed twice: {thread:?}");
}

#[tokio::test]
async fn an_alarm_that_breaks_an_anonymous_survey_off_stays_in_the_conversation_and_the_mark_after_it_does_not() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-04-07T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    drawn(&estate, flat).await;
    let (_, buttons) = estate.heard("li").await;
    let two = buttons.iter().find(|button| button.label == "2").unwrap().id.clone();
    estate.says("li", "厨房有很重的煤气味").await;
    estate.taps("li", &two).await;
    let [response] = estate.responses().await.try_into().unwrap();
    assert_eq!(found!(estate, |tx| responses::answers(tx, response.id).await).len(), 1);
    let dialogue = estate.dialogue("li").await;
    let thread = found!(estate, |tx| store::thread::after(tx, dialogue, 0, 100).await);
    assert!(thread.iter().any(|entry| entry.body.contains("煤气味")), "{thread:?}");
    let tapped = |entry: &Entry| entry.speaker == Speaker::Client && entry.body.contains(":overall:");
    assert!(!thread.iter().any(tapped), "{thread:?}");
}

#[tokio::test]
async fn an_anonymous_survey_under_way_leads_to_nobody_either() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-04-07T10:00").await;
    let flat = estate.flat("3-1201").await;
    estate.moves_in("li", flat).await;
    let id = drawn(&estate, flat).await.id;
    let (_, buttons) = estate.heard("li").await;
    let two = buttons.iter().find(|button| button.label == "2").unwrap().id.clone();
    estate.taps("li", &two).await;
    let visit = found!(estate, |tx| store::visits::find(tx, id).await).unwrap();
    assert_eq!(visit.status, VisitStatus::Sent);
    let response = estate.responses().await.remove(0).id;
    assert_eq!(found!(estate, |tx| responses::answers(tx, response).await).len(), 1);
    let shown = found!(estate, |tx| store::visits::without_anonymous(tx, visit).await);
    assert_eq!(shown.response_id, None, "its page has no link");
    let catalog = Arc::clone(&estate.runner.catalog);
    let paper = found!(estate, |tx| facts::recorded(tx, &catalog, Language::Chinese, id).await);
    assert!(paper.is_none(), "and no paper");
}

#[tokio::test]
async fn a_late_anonymous_answer_counts_for_the_flat_that_was_asked_and_names_nobody() {
    for answers in [true, false] {
        let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-04-07T10:00").await;
        let flat = estate.flat("3-1201").await;
        estate.moves_in("li", flat).await;
        let id = drawn(&estate, flat).await.id;
        estate.goes_on_to(estate.now() + 15 * DAY).await;
        let other = estate.flat("3-1202").await;
        estate.moves_in("li", other).await;
        estate.taps("li", "do:survey").await;
        if answers {
            answers_all(&mut estate, "li").await;
        } else {
            estate.goes_on_to(estate.now() + 15 * DAY).await;
        }
        let visit = found!(estate, |tx| store::visits::find(tx, id).await).unwrap();
        let stands = if answers { VisitStatus::Answered } else { VisitStatus::Call };
        assert_eq!((visit.status, visit.response_id), (stands, None));
        let all = estate.responses().await;
        assert!(all.iter().all(|one| (one.contact_id, one.unit_id, one.dialogue_id) == (None, None, None)), "{all:?}");
    }
}
