//! What happens to one thing from two sides at once: two visits that fall due, an answer while staff
//! writes the call down, a ticket that is given to somebody while whoever had it leaves, one alert that two
//! take, two readings and two posts of a machine, two jobs of a lane, two replicas at their first start; and
//! what holds several things, in the order of everybody. Imports have a file of their own.

use std::sync::Arc;
use std::time::Duration;

use huifang::catalog::Catalog;
use huifang::channel::wecom::service::entry::Entry;
use huifang::channel::{ChannelKind, Channels, Content, Inbound};
use huifang::clock::Clock;
use huifang::desk::{Desk, DeskError, accounts, staff_leaves};
use huifang::domain::alert::Act;
use huifang::domain::equipment::Reading;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{ContactId, DialogueId, ProjectId, StaffId, UnitId};
use huifang::domain::incident::{self, Incident};
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::staff::Role;
use huifang::domain::ticket::{Ticket, TicketKind};
use huifang::domain::time::Timestamp;
use huifang::domain::token::TokenKey;
use huifang::domain::understanding::Category;
use huifang::domain::visit::{Reason, Record, Visit, VisitKind, VisitStatus, Way};
use huifang::intake::Intake;
use huifang::intake::service::Progress;
use huifang::jobs::Runner;
use huifang::planner::Planner;
use huifang::store::blobs::Blobs;
use huifang::store::jobs::{self, NewJob, Share};
use huifang::store::{
    StoreError, dialogues, equipment, flags, incidents, projects, settings, staff, tickets, units, visits,
};
use huifang::tagging::{Lexical, Tagger};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::database::{Database, read, write};

/// How many wait for a row that somebody else holds.
const WAITING: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// The owner of a flat, who scanned its code in the chat.
struct Owner {
    intake: Intake,
    project: ProjectId,
    unit: UnitId,
    contact: ContactId,
    dialogue: DialogueId,
}

impl Owner {
    async fn moves_in(db: &Database) -> Owner {
        let (catalog, key) = (Arc::new(Catalog::embedded().unwrap()), TokenKey::new([7; 32]));
        let phone = "110".to_owned();
        let intake = Intake::new(db.store.clone(), catalog, tagger(), db.clock.clone(), key.clone(), phone);
        let (project, unit): (ProjectId, UnitId) = (db.clock.new_id(), db.clock.new_id());
        let rows = (Project::new(project, "翠湖花园", ProjectKind::Housing), Unit::new(unit, project, "3-1201"));
        write!(db.store, |tx| {
            projects::insert(tx, &rows.0).await?;
            units::insert(tx, &rows.1).await
        })
        .unwrap();
        let token = key.sign(unit, Timestamp(db.now().0 + 1_000_000));
        says(&intake, "m0", &format!("/start {token}")).await;
        let found = read!(db.store, |tx| dialogues::find_by_address(tx, "web", "li").await).unwrap().unwrap();
        Owner { intake, project, unit, contact: found.contact_id.unwrap(), dialogue: found.id }
    }

    /// What they report in the chat, not stored yet.
    fn ticket(&self, db: &Database) -> Ticket {
        let ticket = Ticket::reported(db.clock.new_id(), TicketKind::Repair, self.contact, db.now());
        Ticket { dialogue_id: Some(self.dialogue), project_id: Some(self.project), ..ticket }
    }

    fn visit(&self, db: &Database, kind: VisitKind, name: &str) -> Visit {
        let key = format!("{}:{name}", self.unit);
        let visit = Visit::planned(db.clock.new_id(), key, kind, self.project, "maintenance".to_owned(), db.now());
        Visit { unit_id: Some(self.unit), ..visit }
    }
}

fn tagger() -> Arc<Tagger> {
    let lexicon = huifang::catalog::lexicon::embedded().unwrap();
    Arc::new(Tagger::by_rules(Lexical::new(&lexicon).unwrap()))
}

/// The jobs of the service, with nobody to send anything to.
fn runner(db: &Database, folder: &tempfile::TempDir) -> Runner {
    let (store, clock, tagger) = (db.store.clone(), db.clock.clone(), tagger());
    let catalog = Arc::new(Catalog::embedded().unwrap());
    let (c, t, key) = (Arc::clone(&catalog), Arc::clone(&tagger), TokenKey::new([7; 32]));
    let intake = Intake::new(store.clone(), c, t, clock.clone(), key, "110".to_owned());
    let blobs = Blobs::open(&format!("file:{}", folder.path().display())).unwrap();
    let (channels, alerts, listener) = (Channels::default(), None, None);
    Runner { store, clock, intake, blobs, channels, alerts, catalog, listener, tagger }
}

async fn says(intake: &Intake, id: &str, words: &str) {
    intake.receive(written("li", id, words)).await.unwrap();
}

/// A message of somebody.
fn written(address: &str, id: &str, words: &str) -> Inbound {
    Inbound {
        channel: ChannelKind::Web,
        address: address.to_owned(),
        external_id: id.to_owned(),
        language: None,
        content: Content::Text(words.to_owned()),
    }
}

/// A transaction that holds something until it is let go.
type Held = (oneshot::Sender<()>, JoinHandle<Result<(), StoreError>>);

/// Does something in a transaction, and holds what it held thereby. What the body names is moved into it.
macro_rules! holding {
    ($db:expr, |$tx:ident| $body:expr) => {{
        let ((is_held, held), (go, goes)) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel::<()>());
        let store = $db.store.clone();
        let holds = tokio::spawn(async move {
            crate::database::write!(store, |$tx| {
                $body;
                is_held.send(()).unwrap();
                goes.await.unwrap();
                Ok(())
            })
        });
        held.await.unwrap();
        (go, holds)
    }};
}
pub(crate) use holding;

/// Lets go of what is held, and waits until the transaction has ended.
pub(crate) async fn let_go((go, holds): Held) {
    go.send(()).unwrap();
    holds.await.unwrap().unwrap();
}

/// Waits until so many stand before a row that is held. On SQLite they stand before the database.
pub(crate) async fn are_waiting(db: &Database, count: i64) {
    let standing = async { while !db.is_sqlite() && db.number(WAITING).await < count {} };
    tokio::time::timeout(Duration::from_secs(60), standing).await.expect("they come to stand");
}

pub(crate) async fn of_two_visits_of_one_person_one_is_sent_and_one_waits(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let due = ["special:1", "special:2"].map(|name| {
        let visit = owner.visit(&db, VisitKind::Special, name);
        Visit { contact_id: Some(owner.contact), ..visit }
    });
    let (rows, dialogue) = (due.clone(), owner.dialogue);
    write!(db.store, |tx| {
        for visit in &rows {
            visits::insert(tx, visit).await?;
        }
        Ok(())
    })
    .unwrap();
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let holder = db.store.clone();
    let holds = tokio::spawn(async move {
        write!(holder, |tx| {
            dialogues::lock(tx, dialogue).await?;
            is_held.send(()).unwrap();
            goes.await.unwrap();
            Ok(())
        })
    });
    held.await.unwrap();
    let sends = due.map(|visit| {
        let (store, planner) = (db.store.clone(), Planner::new(owner.intake.clone()));
        tokio::spawn(async move { write!(store, |tx| planner.send(tx, visit.id).await) })
    });
    are_waiting(&db, 2).await;
    go.send(()).unwrap();
    holds.await.unwrap().unwrap();
    for sent in sends {
        sent.await.unwrap().unwrap();
    }
    let unit = owner.unit;
    let all = read!(db.store, |tx| visits::list_for_unit(tx, unit).await).unwrap();
    let mut stand: Vec<_> = all.iter().map(|visit| (visit.status.name(), visit.due_at > db.now())).collect();
    stand.sort_unstable();
    assert_eq!(stand, [("planned", true), ("sent", false)], "one survey at a time");
}

pub(crate) async fn an_answer_that_comes_while_staff_writes_the_call_down_does_not_undo_it(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let by = db.staff("wu").await;
    let visit = owner.visit(&db, VisitKind::First, "first:1").call(Reason::NotReachable, db.now()).unwrap();
    let (id, now) = (visit.id, db.now());
    write!(db.store, |tx| visits::insert(tx, &visit).await).unwrap();
    let record = Record {
        way: Way::Phone,
        at: now,
        place: None,
        note: "一切正常".to_owned(),
        media: vec![],
        by,
        confirmed: None,
    };
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let store = db.store.clone();
    let writes = tokio::spawn(async move {
        write!(store, |tx| {
            let visit = visits::load_for_update(tx, id).await?.unwrap();
            is_held.send(()).unwrap();
            goes.await.unwrap();
            visits::update(tx, &visit.done(record, None, now).unwrap()).await
        })
    });
    held.await.unwrap();
    let intake = owner.intake.clone();
    let answers = tokio::spawn(async move {
        for (n, words) in ["/survey", "5", "5", "5", "5", "跳过", "跳过"].into_iter().enumerate() {
            says(&intake, &format!("a{n}"), words).await;
        }
    });
    are_waiting(&db, 1).await;
    go.send(()).unwrap();
    writes.await.unwrap().unwrap();
    answers.await.unwrap();
    let found = read!(db.store, |tx| visits::find(tx, id).await).unwrap().unwrap();
    assert_eq!(
        (found.status, found.record.map(|record| record.note)),
        (VisitStatus::Done, Some("一切正常".to_owned()))
    );
    let complete = db.number("SELECT COUNT(*) FROM responses WHERE status = 'complete'").await;
    assert_eq!(complete, 1, "what was answered counts all the same");
}

pub(crate) async fn a_ticket_that_is_given_to_somebody_while_another_leaves_stays_with_them(db: Database) {
    let (wang, li, contact) = (db.staff("wang").await, db.staff("li").await, db.contact().await);
    let now = db.now();
    let ticket = Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, now);
    // Due by the clock of either database, whatever day it is.
    let (id, long_ago) = (ticket.id, Clock::manual(Timestamp(1)));
    write!(db.store, |tx| {
        let ticket = tickets::file(tx, ticket).await?;
        tickets::update(tx, &ticket.assign(wang, now).unwrap()).await?;
        staff_leaves(tx, &long_ago, wang).await
    })
    .unwrap();
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let store = db.store.clone();
    let gives = tokio::spawn(async move {
        write!(store, |tx| {
            let ticket = tickets::load_for_update(tx, id).await?.unwrap();
            is_held.send(()).unwrap();
            goes.await.unwrap();
            tickets::update(tx, &ticket.assign(li, now).unwrap()).await
        })
    });
    held.await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let runner = runner(&db, &folder);
    let empties = tokio::spawn(async move { runner.run_until_idle().await });
    are_waiting(&db, 1).await;
    go.send(()).unwrap();
    gives.await.unwrap().unwrap();
    assert_eq!(empties.await.unwrap(), 1);
    let found = read!(db.store, |tx| tickets::find(tx, id).await).unwrap().unwrap();
    assert_eq!(found.assignee, Some(li));
}

pub(crate) async fn of_two_readings_of_a_machine_one_brings_something_about(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let machine: UnitId = db.clock.new_id();
    // Nobody is known there, so staff is to call.
    let room = Unit::new(machine, owner.project, "机房");
    write!(db.store, |tx| units::insert(tx, &room).await).unwrap();
    let reading = |after| {
        let at = db.now() + Duration::from_secs(after);
        Reading { signal: "water_leak".to_owned(), value: None, at }
    };
    let (first, second) = (reading(0), reading(1));
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let (store, planner) = (db.store.clone(), Planner::new(owner.intake.clone()));
    let reads = tokio::spawn(async move {
        write!(store, |tx| {
            let unit = units::find(tx, machine).await?.unwrap();
            let fired = planner.read_machines(tx, &[(unit, first)]).await?;
            is_held.send(()).unwrap();
            goes.await.unwrap();
            Ok(fired)
        })
    });
    held.await.unwrap();
    let (store, planner) = (db.store.clone(), Planner::new(owner.intake.clone()));
    let reads_too = tokio::spawn(async move {
        write!(store, |tx| {
            let unit = units::find(tx, machine).await?.unwrap();
            planner.read_machines(tx, &[(unit, second)]).await
        })
    });
    are_waiting(&db, 1).await;
    go.send(()).unwrap();
    assert_eq!(reads.await.unwrap().unwrap(), [["water"]]);
    assert_eq!(reads_too.await.unwrap().unwrap(), [[""; 0]], "it has fired, and is silent for hours");
    assert_eq!(read!(db.store, |tx| visits::list_for_unit(tx, machine).await).unwrap().len(), 1);
}

pub(crate) async fn of_two_jobs_of_a_lane_one_runs_and_one_waits_for_it_even_if_its_worker_dies(db: Database) {
    const LEASE: Duration = Duration::from_mins(1);
    let (now, soon) = (db.now(), db.now() + Duration::from_secs(1));
    let job = |kind: &str, run_at| NewJob {
        id: db.clock.new_id(),
        kind: kind.to_owned(),
        payload: "{}".to_owned(),
        lane: Some("visit".to_owned()),
        dedupe_key: None,
        run_at,
        max_attempts: 3,
        created_at: now,
    };
    let owed = [job("planned earlier", soon), job("wanted at once", now)];
    write!(db.store, |tx| {
        for job in &owed {
            jobs::enqueue(tx, job).await?;
        }
        Ok(())
    })
    .unwrap();
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let store = db.store.clone();
    let claims = tokio::spawn(async move {
        write!(store, |tx| {
            let claimed = jobs::claim(tx, now, 2, LEASE, Share::All).await?;
            is_held.send(()).unwrap();
            goes.await.unwrap();
            Ok(claimed)
        })
    });
    held.await.unwrap();
    let store = db.store.clone();
    let claims_too = tokio::spawn(async move { write!(store, |tx| jobs::claim(tx, soon, 2, LEASE, Share::All).await) });
    are_waiting(&db, 1).await;
    go.send(()).unwrap();
    let running = claims.await.unwrap().unwrap();
    assert_eq!(running.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["wanted at once"]);
    // On Postgres a unique index refuses it, and the runner looks again.
    assert!(claims_too.await.unwrap().unwrap_or_default().is_empty());
    let claim = async |at| write!(db.store, |tx| jobs::claim(tx, at, 2, LEASE, Share::All).await).unwrap();
    assert!(claim(soon).await.is_empty());

    let later = soon + LEASE;
    let again = claim(later).await;
    assert_eq!(again.iter().map(|job| (job.id, job.attempt)).collect::<Vec<_>>(), [(running[0].id, 2)]);
    write!(db.store, |tx| jobs::done(tx, again[0].id, 2).await).unwrap();
    let last = claim(later).await;
    assert_eq!(last.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["planned earlier"]);
}

pub(crate) async fn a_setting_that_two_make_is_that_of_the_first_for_both(db: Database) {
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let store = db.store.clone();
    let makes = tokio::spawn(async move {
        write!(store, |tx| {
            let kept = settings::put_if_absent(tx, "key", "first").await?;
            is_held.send(()).unwrap();
            goes.await.unwrap();
            Ok(kept)
        })
    });
    held.await.unwrap();
    let store = db.store.clone();
    let makes_too = tokio::spawn(async move { write!(store, |tx| settings::put_if_absent(tx, "key", "second").await) });
    are_waiting(&db, 1).await;
    go.send(()).unwrap();
    assert_eq!(makes.await.unwrap().unwrap(), "first");
    assert_eq!(makes_too.await.unwrap().unwrap(), "first");
}

pub(crate) async fn of_two_equal_posts_of_events_the_second_is_answered_as_the_first(db: Database) {
    let now = db.now();
    let first = holding!(db, |tx| {
        assert_eq!(equipment::take_on(tx, "p1", now).await?, None);
        equipment::answer(tx, "p1", "{}", Timestamp(0)).await?;
    });
    let store = db.store.clone();
    let second = tokio::spawn(async move { write!(store, |tx| equipment::take_on(tx, "p1", now).await) });
    are_waiting(&db, 1).await;
    let_go(first).await;
    assert_eq!(second.await.unwrap().unwrap().as_deref(), Some("{}"));
}

pub(crate) async fn of_two_who_take_one_alert_one_has_the_ticket_and_the_other_is_told(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let (ticket, people) = (owner.ticket(&db), [db.staff("wang").await, db.staff("li").await]);
    let id = ticket.id;
    let raised = Flag::raised(db.clock.new_id(), FlagKind::TicketReturned, db.now());
    let flag = Flag { ticket_id: Some(id), ..raised };
    let alert = flag.id;
    write!(db.store, |tx| {
        tickets::file(tx, ticket).await?;
        flags::raise(tx, &flag).await
    })
    .unwrap();
    let held = holding!(db, |tx| tickets::load_for_update(tx, id).await?);
    let takes = people.map(|who| {
        let desk = Desk::new(owner.intake.clone());
        tokio::spawn(async move { desk.act_on_alert(alert, who, Act::Take, None, format!("tap:{who}")).await })
    });
    are_waiting(&db, 2).await;
    let_go(held).await;
    let mut theirs: Vec<StaffId> = Vec::new();
    for took in takes {
        match took.await.unwrap() {
            Ok(person) => theirs.push(person.id),
            Err(refused) => assert!(matches!(refused, DeskError::NotAllowed), "{refused}"),
        }
    }
    let found = read!(db.store, |tx| tickets::find(tx, id).await).unwrap().unwrap();
    assert_eq!(theirs, Vec::from_iter(found.assignee), "whoever is told that it is theirs has it");
}

pub(crate) async fn an_account_that_is_ended_while_it_is_changed_stays_ended(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let (wu, by, clock) = (db.staff("wu").await, db.staff("boss").await, db.clock.clone());
    let entry = accounts::Entry {
        name: "吴工".to_owned(),
        role: Role::Engineer,
        region: String::new(),
        team: String::new(),
        phone: String::new(),
        skills: vec![],
        wecom: String::new(),
        mail: String::new(),
    };
    let ends = holding!(db, |tx| staff_leaves(tx, &clock, wu).await?);
    let desk = Desk::new(owner.intake);
    let changes = tokio::spawn(async move { desk.change_account(wu, entry, by).await });
    are_waiting(&db, 1).await;
    let_go(ends).await;
    changes.await.unwrap().unwrap();
    let found = read!(db.store, |tx| staff::find(tx, wu).await).unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.active), ("吴工", false));
}

pub(crate) async fn a_shared_fault_that_two_say_is_mended_is_told_once(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let (ticket, by, project) = (owner.ticket(&db), db.staff("wu").await, owner.project);
    let shared = Incident {
        id: db.clock.new_id(),
        number: String::new(),
        project_id: project,
        building: None,
        category: Category::Leak,
        component: None,
        status: incident::Status::Open,
        opened_at: db.now(),
        ended_at: None,
    };
    let id = shared.id;
    write!(db.store, |tx| {
        let ticket = tickets::file(tx, ticket).await?;
        incidents::open(tx, shared).await?;
        incidents::join(tx, ticket.id, id).await
    })
    .unwrap();
    let held = holding!(db, |tx| incidents::hold_project(tx, project).await?);
    let both = [(); 2].map(|()| {
        let desk = Desk::new(owner.intake.clone());
        tokio::spawn(async move { desk.incident_fixed(id, "换了立管", by).await })
    });
    are_waiting(&db, 2).await;
    let_go(held).await;
    for said in both {
        said.await.unwrap().unwrap();
    }
    let told = db.number("SELECT COUNT(*) FROM outbox WHERE body LIKE '%IN2611-01%'").await;
    assert_eq!(told, 1);
}

pub(crate) async fn a_machine_and_its_owner_who_report_at_once_do_not_wait_for_each_other(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let (ticket, dialogue, unit) = (owner.ticket(&db), owner.dialogue, owner.unit);
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let store = db.store.clone();
    let reports = tokio::spawn(async move {
        write!(store, |tx| {
            dialogues::lock(tx, dialogue).await?;
            is_held.send(()).unwrap();
            goes.await.unwrap();
            tickets::file(tx, ticket).await
        })
    });
    held.await.unwrap();
    let (store, planner) = (db.store.clone(), Planner::new(owner.intake.clone()));
    let alarm = Reading { signal: "water_leak".to_owned(), value: None, at: db.now() };
    let alarms = tokio::spawn(async move {
        write!(store, |tx| {
            let unit = units::find(tx, unit).await?.unwrap();
            planner.read_machines(tx, &[(unit, alarm)]).await
        })
    });
    are_waiting(&db, 1).await;
    go.send(()).unwrap();
    assert_eq!(reports.await.unwrap().unwrap().number, "HF2611-0001");
    assert_eq!(alarms.await.unwrap().unwrap(), [["water"]]);
    assert_eq!(db.number("SELECT COUNT(*) FROM tickets").await, 2);
}

pub(crate) async fn a_page_of_several_conversations_does_not_wait_in_a_ring_with_who_holds_one(db: Database) {
    let owner = Owner::moves_in(&db).await;
    let other = owner.intake.receive(written("zhao", "m1", "你好")).await.unwrap().dialogue;
    let mut both = [(owner.dialogue, "li"), (other, "zhao")];
    both.sort_unstable();
    let [(first, earlier), (last, later)] = both;
    // The page begins with what everybody else holds last.
    let entries = [later, earlier].map(|who| Entry::Message(written(who, &format!("page:{who}"), "在吗")));
    let progress = Progress { account: db.clock.new_id(), from: String::new(), to: String::new() };
    let ((is_held, held), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let store = db.store.clone();
    let holds = tokio::spawn(async move {
        write!(store, |tx| {
            dialogues::lock(tx, first).await?;
            is_held.send(()).unwrap();
            goes.await.unwrap();
            dialogues::lock(tx, last).await
        })
    });
    held.await.unwrap();
    let reads = tokio::spawn(async move { owner.intake.receive_page(entries.into(), progress).await });
    are_waiting(&db, 1).await;
    go.send(()).unwrap();
    holds.await.unwrap().unwrap();
    reads.await.unwrap().unwrap();
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE external_id LIKE 'page:%'").await, 2);
}
