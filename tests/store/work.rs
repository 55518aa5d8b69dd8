//! What hangs on a ticket while it is worked: clocks, appointments, one-job links, load.

use std::time::Duration;

use huifang::domain::appointment::{Appointment, Status, Window};
use huifang::domain::calendar::{Calendar, Hours};
use huifang::domain::ids::TicketId;
use huifang::domain::sla::{Clock, ClockKind};
use huifang::domain::subcontractor::Subcontractor;
use huifang::domain::ticket::{Actor, Status as TicketStatus, Ticket, TicketKind};
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::Urgency;
use huifang::store::job_links::JobLink;
use huifang::store::tickets::NewEvent;
use huifang::store::{appointments, clocks, job_links, subcontractors, tickets};

use crate::database::{Database, read, write};

async fn ticket(db: &Database) -> Ticket {
    let contact = db.contact().await;
    let ticket = Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, db.now());
    write!(db.store, |tx| tickets::file(tx, ticket).await).unwrap()
}

fn clock(kind: ClockKind, due: Timestamp) -> Clock {
    Clock {
        kind,
        round: 0,
        started_at: Timestamp(due.0 - 7_200_000),
        due_at: due,
        budget_ms: 7_200_000,
        used_ms: 0,
        paused_at: None,
        reason: None,
        stopped_at: None,
    }
}

async fn clocks_of(db: &Database, id: TicketId) -> Vec<Clock> {
    read!(db.store, |tx| clocks::of_ticket(tx, id).await).unwrap()
}

pub(crate) async fn a_clock_comes_back_as_it_was_started_paused_and_stopped(db: Database) {
    let id = ticket(&db).await.id;
    let (later, sooner) = (db.now() + Duration::from_hours(48), db.now() + Duration::from_hours(2));
    let (on_site, response) = (clock(ClockKind::OnSite, later), clock(ClockKind::Response, sooner));
    let (first, second) = (on_site.clone(), response.clone());
    write!(db.store, |tx| {
        clocks::save(tx, id, &first).await?;
        clocks::save(tx, id, &second).await
    })
    .unwrap();
    assert_eq!(clocks_of(&db, id).await, [response.clone(), on_site.clone()], "by their deadlines");
    let calendar = Calendar { hours: [("always".to_owned(), Hours::Always)].into(), ..Calendar::default() };
    let hours = calendar.working_hours("always", &jiff::tz::TimeZone::UTC).unwrap();
    let paused = on_site.pause("等配件 🔧".to_owned(), &hours, db.now()).unwrap();
    let stopped = response.stop(&hours, db.now());
    let (first, second) = (paused.clone(), stopped.clone());
    write!(db.store, |tx| {
        clocks::save(tx, id, &first).await?;
        clocks::save(tx, id, &second).await
    })
    .unwrap();
    assert_eq!(clocks_of(&db, id).await, [stopped, paused]);
}

pub(crate) async fn only_running_clocks_fall_due(db: Database) {
    let (one, other) = (ticket(&db).await.id, ticket(&db).await.id);
    let at = |hours| db.now() + Duration::from_hours(hours);
    let stopped = Clock { stopped_at: Some(db.now()), ..clock(ClockKind::Response, at(1)) };
    let paused = Clock { paused_at: Some(db.now()), ..clock(ClockKind::OnSite, at(1)) };
    let (late, soon) = (clock(ClockKind::Rectified, at(3)), clock(ClockKind::Response, at(2)));
    write!(db.store, |tx| {
        for clock in [stopped, paused, late] {
            clocks::save(tx, one, &clock).await?;
        }
        clocks::save(tx, other, &soon).await
    })
    .unwrap();
    let all = tickets::Filter::default();
    let listed = read!(db.store, |tx| tickets::list(tx, &all, 10).await).unwrap();
    assert_eq!(listed.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [other, one], "the first due comes first");
}

pub(crate) async fn a_list_begins_with_what_is_urgent_and_then_with_what_falls_due_first(db: Database) {
    let (contact, start) = (db.contact().await, db.now());
    let at = |hours| start + Duration::from_hours(hours);
    let due = |hours| clock(ClockKind::Rectified, at(hours));
    let report = |words: &str| Ticket {
        description: words.to_owned(),
        ..Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, db.now())
    };
    let expected = |hours, ticket: Ticket| Ticket { expected_at: Some(at(hours)), ..ticket };
    let urgent = |urgency, ticket: Ticket| Ticket { urgency, ..ticket };
    let fixed = Ticket { status: TicketStatus::Rectified, ..expected(1, report("fixed")) };
    let reports = [
        (fixed, vec![Clock { stopped_at: Some(start), ..due(1) }]),
        (report("older"), vec![Clock { paused_at: Some(start), ..due(1) }]),
        (report("newer"), vec![]),
        (report("due in three"), vec![due(9), Clock { kind: ClockKind::OnSite, ..due(3) }]),
        (expected(2, report("expected in two")), vec![due(5)]),
        (expected(4, report("expected in four")), vec![]),
        (urgent(Urgency::High, report("urgent")), vec![due(9)]),
        (urgent(Urgency::Emergency, report("gas")), vec![due(9)]),
        (report("denied"), vec![]),
    ];
    for (ticket, clocks) in reports {
        db.clock.advance(Duration::from_secs(1));
        let priority = u8::from(ticket.description == "denied");
        let ticket = Ticket { priority, created_at: db.now(), ..ticket };
        write!(db.store, |tx| {
            let id = tickets::file(tx, ticket).await?.id;
            for clock in clocks {
                clocks::save(tx, id, &clock).await?;
            }
            Ok(())
        })
        .unwrap();
    }
    let all = tickets::Filter::default();
    let listed = read!(db.store, |tx| tickets::list(tx, &all, 20).await).unwrap();
    assert_eq!(
        listed.iter().map(|ticket| ticket.description.as_str()).collect::<Vec<_>>(),
        ["gas", "urgent", "denied", "expected in two", "due in three", "expected in four", "older", "newer", "fixed"]
    );
    let all = tickets::Filter::default();
    let first = read!(db.store, |tx| tickets::list(tx, &all, 1).await).unwrap();
    assert_eq!(first[0].description, "gas", "what is dropped is the least urgent");
}

pub(crate) async fn a_ticket_has_one_open_appointment_and_keeps_the_others(db: Database) {
    let id = ticket(&db).await.id;
    let staff = db.staff("li").await;
    let window = |hours| {
        let from = db.now() + Duration::from_hours(hours);
        Window { from, until: from + Duration::from_hours(3) }
    };
    let offer = |hours| {
        Appointment::offer(db.clock.new_id(), id, vec![window(hours), window(hours + 24)], staff, db.now()).unwrap()
    };
    let first = offer(24);
    let stored = first.clone();
    write!(db.store, |tx| appointments::save(tx, &stored).await).unwrap();
    let first_id = first.id;
    assert_eq!(read!(db.store, |tx| appointments::find(tx, first_id).await).unwrap(), Some(first.clone()));
    let declined = first.end(Status::Declined, db.now()).unwrap();
    db.clock.advance(Duration::from_secs(1));
    let offered = offer(48);
    let taken = offered.offered[1];
    let second = offered.agree(taken, db.now()).unwrap();
    let (old, new) = (declined.clone(), second.clone());
    write!(db.store, |tx| {
        appointments::save(tx, &old).await?;
        appointments::save(tx, &new).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| appointments::open_of_ticket(tx, id).await).unwrap(), Some(second.clone()));
    assert_eq!(read!(db.store, |tx| appointments::of_ticket(tx, id).await).unwrap(), [second, declined]);
}

pub(crate) async fn a_link_is_found_by_its_hash_and_ends_with_its_ticket(db: Database) {
    let id = ticket(&db).await.id;
    let firm = Subcontractor::new(db.clock.new_id(), "安居防水");
    let link = JobLink {
        token_hash: "ab".repeat(32),
        ticket_id: id,
        subcontractor_id: firm.id,
        created_at: db.now(),
        expires_at: db.now() + Duration::from_hours(24),
        ended_at: None,
    };
    let stored = link.clone();
    write!(db.store, |tx| {
        subcontractors::save(tx, &firm).await?;
        job_links::insert(tx, &stored).await
    })
    .unwrap();
    let find = async |hash: &str| {
        let hash = hash.to_owned();
        read!(db.store, |tx| job_links::find(tx, &hash).await).unwrap()
    };
    assert_eq!(find(&link.token_hash).await, Some(link.clone()));
    assert_eq!(find("token").await, None);
    let now = db.now();
    assert_eq!(write!(db.store, |tx| job_links::end_of_ticket(tx, id, now).await).unwrap(), 1);
    assert_eq!(write!(db.store, |tx| job_links::end_of_ticket(tx, id, now).await).unwrap(), 0, "once");
    assert_eq!(find(&link.token_hash).await.unwrap().ended_at, Some(now));
}

pub(crate) async fn load_counts_open_tickets_and_an_event_is_found_by_what_it_holds(db: Database) {
    let (li, wang) = (db.staff("li").await, db.staff("wang").await);
    let now = db.now();
    for (who, cancelled) in [(li, false), (li, false), (li, true), (wang, false)] {
        let ticket = ticket(&db).await.assign(who, now).unwrap();
        let ticket = if cancelled { ticket.cancel(now).unwrap() } else { ticket };
        write!(db.store, |tx| tickets::update(tx, &ticket).await).unwrap();
    }
    let load = read!(db.store, |tx| tickets::load(tx).await).unwrap();
    assert_eq!(load, [(li, 2), (wang, 1)].into());
    let id = ticket(&db).await.id;
    let event = NewEvent {
        id: db.clock.new_id(),
        ticket_id: id,
        kind: "sla_warning".to_owned(),
        actor: Actor::System,
        body: r#"{"percent":50}"#.to_owned(),
        at: now,
    };
    write!(db.store, |tx| tickets::add_event(tx, &event).await).unwrap();
    let has = async |kind: &'static str, body: &'static str| {
        read!(db.store, |tx| tickets::has_event(tx, id, kind, body).await).unwrap()
    };
    assert!(has("sla_warning", r#"{"percent":50}"#).await);
    assert!(!has("sla_warning", r#"{"percent":80}"#).await && !has("sla_missed", r#"{"percent":50}"#).await);
}
