//! Visits, why something was not sent, and machines under watch.

use huifang::domain::equipment::Watch;
use huifang::domain::ids::{ProjectId, StaffId, UnitId};
use huifang::domain::policy::Rule;
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::time::Timestamp;
use huifang::domain::visit::{Reason, Record, Visit, VisitKind, VisitStatus, Way};
use huifang::store::withheld::Withheld;
use huifang::store::{equipment, projects, staff, units, visits, withheld};

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
    assert_eq!(read!(db.store, |tx| visits::list_ended(tx, 5).await).unwrap(), [changed]);
    assert_eq!(read!(db.store, |tx| visits::count(tx).await).unwrap(), [(VisitStatus::Done, 1)]);
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
        write!(db.store, |tx| equipment::answer(tx, id, "{}", at, since).await).unwrap();
    }
    assert_eq!(read!(db.store, |tx| equipment::answered(tx, "p1").await).unwrap(), None, "long ago");
    assert_eq!(read!(db.store, |tx| equipment::answered(tx, "p2").await).unwrap().as_deref(), Some("{}"));
    let again = write!(db.store, |tx| equipment::answer(tx, "p2", "[]", Timestamp(901), Timestamp(0)).await);
    assert!(again.is_err(), "of two at once the second is told");
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
