//! Equipment events: what readings and alarms bring about.

use std::time::Duration;

use huifang::domain::equipment::Reading;
use huifang::domain::ids::UnitId;
use huifang::domain::policy::Rule;
use huifang::domain::understanding::{Category, Urgency};
use huifang::domain::visit::{Reason, VisitKind, VisitStatus};
use huifang::store;

use crate::estate::{DAY, Estate, found, stored};

async fn reads(estate: &Estate, unit: UnitId, signal: &str, value: Option<f64>) -> Vec<String> {
    let reading = Reading { signal: signal.to_owned(), value, at: estate.now() };
    let planner = estate.planner();
    let fired = stored!(estate, |tx| {
        let unit = store::units::find(tx, unit).await?.unwrap();
        planner.read_machines(tx, &[(unit, reading)]).await
    });
    fired.concat()
}

#[tokio::test]
async fn an_alarm_files_one_ticket_in_the_name_of_the_contact_until_it_is_closed() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let room = estate.flat("CH-02").await;
    let contact = estate.moves_in("li", room).await;
    assert_eq!(reads(&estate, room, "water_leak", None).await, ["water"]);
    estate.runner.clock.advance(DAY);
    assert_eq!(reads(&estate, room, "water_leak", None).await, ["water"], "after the cooldown");
    let all = store::tickets::Filter::default();
    let tickets = found!(estate, |tx| store::tickets::list(tx, &all, 10).await);
    assert_eq!(tickets.len(), 1, "the first is still open");
    assert_eq!((tickets[0].contact_id, tickets[0].unit_id), (contact, Some(room)));
    assert_eq!((tickets[0].category, tickets[0].urgency), (Some(Category::Leak), Urgency::High));
    let history = found!(estate, |tx| store::tickets::events(tx, tickets[0].id).await);
    assert!(history[0].body.contains("\"rule\":\"water\""), "{}", history[0].body);
}

#[tokio::test]
async fn an_alarm_in_the_night_is_told_in_the_morning_and_the_log_says_why() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T22:30").await;
    let room = estate.flat("CH-02").await;
    let contact = estate.moves_in("li", room).await;
    let (before, _) = estate.heard("li").await;
    assert_eq!(reads(&estate, room, "water_leak", None).await, ["water"]);
    let (said, _) = estate.heard("li").await;
    assert_eq!(said, before, "nobody is woken");
    let held = found!(estate, |tx| store::withheld::list(tx, None, Some(contact), 10).await);
    assert_eq!(held.iter().map(|row| row.rule).collect::<Vec<_>>(), [Rule::QuietHours]);
    let morning = held[0].until.unwrap();
    assert!(morning > estate.now());
    estate.goes_on_to(morning).await;
    let (said, _) = estate.heard("li").await;
    assert!(said.contains("HF2603-0001"), "{said}");
}

#[tokio::test]
async fn vibration_that_lasts_brings_about_a_special_visit_once_in_three_days() {
    let mut estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let room = estate.flat("CH-02").await;
    estate.moves_in("li", room).await;
    for _ in 0..60 {
        reads(&estate, room, "vibration", Some(9.5)).await;
        estate.runner.clock.advance(Duration::from_secs(300));
    }
    let visit = estate.visit(room, VisitKind::Special).await;
    assert_eq!(estate.visits(room).await.iter().filter(|visit| visit.kind == VisitKind::Special).count(), 1);
    estate.goes_on_to(visit.due_at).await;
    assert_eq!(estate.visit(room, VisitKind::Special).await.status, VisitStatus::Sent);
}

#[tokio::test]
async fn an_alarm_where_nobody_is_known_is_for_staff_to_call() {
    let estate = Estate::handed_over("2026-03-02T10:00", "2026-03-10T10:00").await;
    let room = estate.flat("CH-02").await;
    assert_eq!(reads(&estate, room, "water_leak", None).await, ["water"]);
    assert_eq!(reads(&estate, room, "colour", Some(1.0)).await, [""; 0], "no rule for it");
    estate.goes_on_to(estate.now() + 4 * DAY).await;
    let visit = estate.visit(room, VisitKind::Special).await;
    assert_eq!((visit.status, visit.reason), (VisitStatus::Call, Some(Reason::NoContact)));
}
