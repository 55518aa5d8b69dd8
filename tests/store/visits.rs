//! Visits, why something was not sent, and machines under watch.

use huifang::domain::access::Scope;
use huifang::domain::contact::Contact;
use huifang::domain::equipment::Watch;
use huifang::domain::ids::{ProjectId, StaffId, TicketId, UnitId};
use huifang::domain::incident::{Incident, Status};
use huifang::domain::language::Language;
use huifang::domain::policy::Rule;
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::{Ticket, TicketKind};
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::Category;
use huifang::domain::visit::{Reason, Record, Visit, VisitKind, VisitStatus, Way};
use huifang::store::responses::{self, NewResponse, Outcome};
use huifang::store::withheld::Withheld;
use huifang::store::{
    contact_units, contacts, equipment, incidents, media, projects, staff, tickets, units, visits, withheld,
};

use crate::database::{Database, read, write};

/// A project `P-07` with the unit `CH-02`.
async fn machine(db: &Database) -> (ProjectId, UnitId) {
    let (project, unit): (ProjectId, UnitId) = (db.clock.new_id(), db.clock.new_id());
    let row =
        Project { code: Some("P-07".to_owned()), ..Project::new(project, "锦绣花园", ProjectKind::Equipment) };
    let machine = Unit { code: Some("CH-02".to_owned()), ..Unit::new(unit, project, "冷水机组") };
    write!(db.store, |tx| {
        projects::insert(tx, &row).await?;
        units::insert(tx, &machine).await
    })
    .unwrap();
    (project, unit)
}

fn first(db: &Database, project: ProjectId, unit: UnitId) -> Visit {
    let key = format!("{unit}:first:1");
    let visit = Visit::planned(db.clock.new_id(), key, VisitKind::First, project, "handover".to_owned(), Timestamp(10));
    Visit { unit_id: Some(unit), ..visit }
}

pub(crate) async fn a_visit_comes_back_as_it_was_stored_and_as_it_was_changed(db: Database) {
    let (project, unit) = machine(&db).await;
    let by: StaffId = db.clock.new_id();
    let person = Staff::new(by, "wu", Role::Agent, Timestamp(0));
    write!(db.store, |tx| staff::insert(tx, &person, "-").await).unwrap();
    let visit = first(&db, project, unit);
    let (id, stored) = (visit.id, visit.clone());
    assert!(write!(db.store, |tx| visits::insert(tx, &stored).await).unwrap());
    assert_eq!(read!(db.store, |tx| visits::find(tx, id).await).unwrap(), Some(visit.clone()));
    let record = Record {
        way: Way::OnSite,
        at: Timestamp(20),
        place: Some("机房".to_owned()),
        note: "一切正常".to_owned(),
        media: vec![db.clock.new_id()],
        by,
        confirmed: None,
    };
    let done = visit.call(Reason::NoContact, Timestamp(15)).unwrap().done(record, None, Timestamp(30)).unwrap();
    let changed = Visit { assignee: Some(by), ..done };
    let stored = changed.clone();
    write!(db.store, |tx| visits::update(tx, &stored).await).unwrap();
    assert_eq!(read!(db.store, |tx| visits::find(tx, id).await).unwrap(), Some(changed.clone()));
    assert_eq!(read!(db.store, |tx| visits::list_for_unit(tx, unit).await).unwrap(), std::slice::from_ref(&changed));
    assert_eq!(read!(db.store, |tx| visits::list_ended(tx, &Scope::default(), 5).await).unwrap(), [changed]);
    assert_eq!(read!(db.store, |tx| visits::count(tx, &Scope::default()).await).unwrap(), [(VisitStatus::Done, 1)]);
}

pub(crate) async fn a_visit_of_a_key_exists_once(db: Database) {
    let (project, unit) = machine(&db).await;
    let (one, other) = (first(&db, project, unit), first(&db, project, unit));
    let (id, key) = (one.id, one.key.clone());
    assert!(write!(db.store, |tx| visits::insert(tx, &one).await).unwrap());
    assert!(!write!(db.store, |tx| visits::insert(tx, &other).await).unwrap());
    let found = read!(db.store, |tx| visits::find_by_key(tx, &key).await).unwrap();
    assert_eq!(found.map(|visit| visit.id), Some(id));
    assert_eq!(read!(db.store, |tx| visits::last_heard(tx, unit).await).unwrap(), None);
}

pub(crate) async fn a_unit_is_planned_when_it_is_new_when_it_changed_and_when_its_turn_has_come(db: Database) {
    let (project, unit) = machine(&db).await;
    let due = async |at| read!(db.store, |tx| visits::units_to_plan(tx, at, 10).await).unwrap();
    assert_eq!(due(Timestamp(0)).await, [(unit, true)], "new");
    write!(db.store, |tx| visits::plan_next(tx, unit, Timestamp(500)).await).unwrap();
    assert_eq!(due(Timestamp(499)).await, []);
    assert_eq!(due(Timestamp(500)).await, [(unit, false)], "its turn");
    let row = Unit { code: Some("CH-02".to_owned()), ..Unit::new(unit, project, "二号机组") };
    write!(db.store, |tx| units::save_all(tx, &[&row]).await).unwrap();
    assert_eq!(due(Timestamp(0)).await, [(unit, true)], "its register changed");
    write!(db.store, |tx| visits::plan_next(tx, unit, Timestamp(500)).await).unwrap();
    write!(db.store, |tx| visits::plan_all_anew(tx).await).unwrap();
    assert_eq!(due(Timestamp(0)).await, [(unit, true)], "all of them");
}

pub(crate) async fn a_post_of_events_is_answered_once_and_forgotten_in_time(db: Database) {
    let posts = [("p1", Timestamp(100)), ("p2", Timestamp(900))];
    for (id, at) in posts {
        let since = Timestamp(at.0 - 700);
        let before = write!(db.store, |tx| {
            let before = equipment::take_on(tx, id, at).await?;
            equipment::answer(tx, id, "{}", since).await?;
            Ok(before)
        });
        assert_eq!(before.unwrap(), None, "{id}");
    }
    let again =
        async |id: &'static str| write!(db.store, |tx| equipment::take_on(tx, id, Timestamp(901)).await).unwrap();
    assert_eq!(again("p1").await, None, "long ago");
    assert_eq!(again("p2").await.as_deref(), Some("{}"));
}

pub(crate) async fn why_something_was_not_sent_is_kept_and_listed(db: Database) {
    let (project, unit) = machine(&db).await;
    let visit = first(&db, project, unit);
    let id = visit.id;
    write!(db.store, |tx| visits::insert(tx, &visit).await).unwrap();
    let refusal = |rule, at, until: Option<i64>| Withheld {
        visit_id: Some(id),
        contact_id: None,
        rule,
        detail: "telegram".to_owned(),
        until: until.map(Timestamp),
        at: Timestamp(at),
    };
    let rows = [refusal(Rule::Holiday, 1, Some(9)), refusal(Rule::OptedOut, 2, None)];
    for (n, row) in rows.iter().enumerate() {
        let (name, row) = (uuid::Uuid::from_u128(n as u128 + 1), row.clone());
        write!(db.store, |tx| withheld::note(tx, name, &row).await).unwrap();
    }
    let [holiday, stopped] = rows;
    let listed = read!(db.store, |tx| withheld::list(tx, Some(id), None, 5).await).unwrap();
    assert_eq!(listed, [stopped.clone(), holiday]);
    assert_eq!(read!(db.store, |tx| withheld::list(tx, None, None, 1).await).unwrap(), [stopped]);
}

/// A project in a region with one unit, one person, one incident and visits: `n` to call, `n` ended,
/// `n` withheld.
async fn region(db: &Database, name: &str, n: i64, engineer: Option<StaffId>) -> ProjectId {
    let (project, unit): (ProjectId, UnitId) = (db.clock.new_id(), db.clock.new_id());
    let row =
        Project { region: name.to_owned(), engineer_id: engineer, ..Project::new(project, name, ProjectKind::Housing) };
    write!(db.store, |tx| {
        projects::insert(tx, &row).await?;
        units::insert(tx, &Unit::new(unit, project, "1-101")).await
    })
    .unwrap();
    for n in 0..n {
        let key = |what: &str| format!("{unit}:{what}:{n}");
        let plan = |key| {
            Visit::planned(db.clock.new_id(), key, VisitKind::First, project, "handover".to_owned(), Timestamp(n))
        };
        let called = plan(key("call")).call(Reason::NoContact, Timestamp(n)).unwrap();
        let ended = plan(key("ended")).skip(Reason::ByStaff, Timestamp(1_000_000 - n)).unwrap();
        let kept = plan(key("kept"));
        let refusal = Withheld {
            visit_id: Some(kept.id),
            contact_id: None,
            rule: Rule::Holiday,
            detail: String::new(),
            until: None,
            at: Timestamp(1_000_000 - n),
        };
        let noted: uuid::Uuid = kept.id.0;
        let incident = Incident {
            id: db.clock.new_id(),
            number: String::new(),
            project_id: project,
            building: None,
            category: Category::Leak,
            component: None,
            status: Status::Open,
            opened_at: Timestamp(1_790_000_000_000 - n),
            ended_at: None,
        };
        let mut person = Contact::new(db.clock.new_id(), Language::Chinese, db.now());
        person.name = Some(format!("王 {name}"));
        write!(db.store, |tx| {
            for visit in [&called, &ended, &kept] {
                visits::insert(tx, visit).await?;
            }
            withheld::note(tx, noted, &refusal).await?;
            incidents::open(tx, incident).await?;
            contacts::insert(tx, &person).await?;
            contact_units::bind(tx, person.id, unit, Timestamp(0)).await.map(drop)
        })
        .unwrap();
    }
    project
}

pub(crate) async fn a_region_fills_its_lists_though_others_have_more_rows_than_the_cap(db: Database) {
    const CAP: u32 = 5;
    let (li, wang) = (db.staff("li").await, db.staff("wang").await);
    let north = region(&db, "华北", 4, Some(li)).await;
    // Of the other there are more rows than the cap, and its rows come first in every order.
    let east = region(&db, "华东", 9, None).await;
    let seen = async |within: Scope, typed: &'static str| {
        let found = read!(db.store, |tx| {
            let mut projects =
                [visits::list(tx, VisitStatus::Call, &within, CAP).await?, visits::list_ended(tx, &within, CAP).await?]
                    .map(|found| found.into_iter().map(|visit| visit.project_id).collect::<Vec<_>>())
                    .to_vec();
            let mut refused = Vec::new();
            for row in withheld::list_of_visits(tx, &within, CAP).await? {
                refused.push(visits::find(tx, row.visit_id.unwrap()).await?.unwrap().project_id);
            }
            projects.push(refused);
            let counted = visits::count(tx, &within).await?;
            let planned = counted.iter().find(|(status, _)| *status == VisitStatus::Planned).map_or(0, |(_, n)| *n);
            let incidents = incidents::list(tx, &within, CAP).await?;
            let people = contacts::search(tx, typed, &within, CAP).await?;
            Ok((projects, planned, incidents, people))
        });
        found.unwrap()
    };
    let of = |region: &str| Scope { region: Some(region.to_owned()), ..Scope::default() };
    for typed in ["", "王"] {
        let (visits, planned, incidents, people) = seen(of("华北"), typed).await;
        assert_eq!(visits, vec![vec![north; 4]; 3]);
        assert_eq!((planned, incidents.len(), people.len()), (4, 4, 4), "{typed:?}");
        assert!(incidents.iter().all(|incident| incident.project_id == north));
        assert!(people.iter().all(|person| person.name.as_deref() == Some("王 华北")));
        let (visits, planned, incidents, people) = seen(of("华东"), typed).await;
        assert_eq!((visits, planned), (vec![vec![east; 5]; 3], 9));
        assert_eq!((incidents.len(), people.len()), (5, 5));
        let (visits, planned, incidents, people) = seen(Scope::default(), typed).await;
        assert!(visits.iter().all(|list| list.len() == 5));
        assert_eq!((planned, incidents.len(), people.len()), (13, 5, 5));
    }
    // What is somebody's own: the engineer of the project has its visits, whoever else has none.
    let own = |owner| Scope { owner: Some(owner), ..Scope::default() };
    let (visits, planned, _, people) = seen(own(li), "").await;
    assert_eq!((visits, planned, people.len()), (vec![vec![north; 4]; 3], 4, 0));
    let (visits, planned, _, _) = seen(own(wang), "").await;
    assert_eq!((visits, planned), (vec![vec![]; 3], 0));
    // … until a visit is given to them, or a person's ticket.
    let id = read!(db.store, |tx| visits::list(tx, VisitStatus::Call, &Scope::default(), 1).await).unwrap()[0].id;
    let contact = read!(db.store, |tx| contacts::search(tx, "王", &Scope::default(), 1).await).unwrap()[0].id;
    write!(db.store, |tx| {
        let visit = visits::load_for_update(tx, id).await?.unwrap();
        visits::update(tx, &Visit { assignee: Some(wang), ..visit }).await?;
        let ticket = Ticket::reported(TicketId(contact.0), TicketKind::Repair, contact, Timestamp(1_790_000_000_000));
        let ticket = tickets::file(tx, ticket).await?;
        tickets::update(tx, &ticket.assign(wang, Timestamp(1_790_000_000_001)).unwrap()).await
    })
    .unwrap();
    let (visits, _, _, people) = seen(own(wang), "王").await;
    assert_eq!((visits[0].len(), people.len()), (1, 1));
}

pub(crate) async fn a_file_of_a_record_leads_to_its_visit_and_to_whoever_has_its_ticket(db: Database) {
    let (project, unit) = machine(&db).await;
    let contact = db.contact().await;
    let ticket = Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, db.now());
    let (ticket, other): (TicketId, TicketId) =
        (write!(db.store, |tx| tickets::file(tx, ticket).await).unwrap().id, db.clock.new_id());
    let visit = Visit { ticket_id: Some(ticket), ..first(&db, project, unit) };
    let (id, response) = (visit.id, db.clock.new_id());
    let files = [db.clock.new_id(), db.clock.new_id()];
    let row = |id| media::Media {
        id,
        kind: "photo".to_owned(),
        content_type: "image/jpeg".to_owned(),
        bytes: 10,
        sha256: "00".to_owned(),
        key: "00/00".to_owned(),
        dialogue_id: None,
        seconds: None,
        created_at: Timestamp(1),
        remote: None,
        lost: None,
    };
    let rows = files.map(row);
    write!(db.store, |tx| {
        visits::insert(tx, &visit).await?;
        for row in &rows {
            media::insert(tx, row).await?;
        }
        media::is_of_visit(tx, files[0], id).await
    })
    .unwrap();
    let found = async |file| read!(db.store, |tx| visits::of_media(tx, file).await).unwrap().map(|visit| visit.id);
    assert_eq!((found(files[0]).await, found(files[1]).await), (Some(id), None));
    let behind = async |file, ticket| {
        read!(db.store, |tx| media::of_visit_about(tx, file, ticket).await).unwrap().map(|file| file.id)
    };
    assert_eq!(behind(files[0], ticket).await, None, "nothing was answered yet, so there is no paper either");
    let new = NewResponse {
        id: response,
        survey: "post_repair".to_owned(),
        survey_version: 1,
        contact_id: Some(contact),
        unit_id: Some(unit),
        project_id: None,
        dialogue_id: None,
        started_at: Timestamp(2),
    };
    write!(db.store, |tx| {
        responses::start(tx, &new).await?;
        responses::complete(tx, response, &Outcome { score: None, band: None, nps: None }, Timestamp(3)).await?;
        let visit = visits::load_for_update(tx, id).await?.unwrap();
        visits::update(tx, &Visit { response_id: Some(response), ..visit }).await
    })
    .unwrap();
    assert_eq!(behind(files[0], ticket).await, Some(files[0]));
    assert_eq!((behind(files[0], other).await, behind(files[1], ticket).await), (None, None));
}

pub(crate) async fn an_answer_saves_the_call_that_was_to_ask_for_it_and_no_other(db: Database) {
    let (project, unit) = machine(&db).await;
    let (husband, wife) = (db.contact().await, db.contact().await);
    let second = Visit {
        kind: VisitKind::Second,
        key: format!("{unit}:second:1"),
        contact_id: Some(husband),
        ..first(&db, project, unit).call(Reason::Unanswered, Timestamp(20)).unwrap()
    };
    let id = second.id;
    write!(db.store, |tx| visits::insert(tx, &second).await).unwrap();
    let found = async |contact, survey: &'static str| {
        let found = read!(db.store, |tx| visits::find_to_call(tx, unit, contact, survey).await).unwrap();
        found.map(|visit| visit.id)
    };
    assert_eq!(found(Some(wife), "handover").await, None, "whether he was won back she cannot say");
    assert_eq!(found(Some(husband), "maintenance").await, None, "other questions");
    assert_eq!(found(None, "sample").await, None, "of nobody known, to other questions");
    assert_eq!(found(Some(husband), "handover").await, Some(id));
    let of_the_flat = Visit { due_at: Timestamp(99), ..first(&db, project, unit) };
    let of_the_flat = of_the_flat.call(Reason::Unanswered, Timestamp(99)).unwrap();
    let other = of_the_flat.id;
    write!(db.store, |tx| visits::insert(tx, &of_the_flat).await).unwrap();
    assert_eq!(found(Some(wife), "maintenance").await, Some(other), "of the flat anybody may speak");
}

pub(crate) async fn a_machine_is_found_by_its_codes_and_watched(db: Database) {
    let (_, unit) = machine(&db).await;
    let found = read!(db.store, |tx| equipment::unit_of(tx, "P-07", "CH-02").await).unwrap();
    assert_eq!(found.map(|found| found.id), Some(unit));
    assert_eq!(read!(db.store, |tx| equipment::unit_of(tx, "P-08", "CH-02").await).unwrap(), None);
    assert_eq!(read!(db.store, |tx| equipment::watch(tx, unit, "heat").await).unwrap(), Watch::default());
    for seen in [1, 2] {
        let watch = Watch { seen_at: Some(Timestamp(seen)), beyond_since: Some(Timestamp(1)), fired_at: None };
        write!(db.store, |tx| equipment::keep(tx, unit, "heat", watch).await).unwrap();
        assert_eq!(read!(db.store, |tx| equipment::watch(tx, unit, "heat").await).unwrap(), watch);
    }
}
