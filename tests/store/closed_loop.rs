//! The ledger, recoveries and incidents.

use std::time::Duration;

use huifang::domain::access::Scope;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{ContactId, DialogueId, ProjectId, ResponseId, TicketId, UnitId, VisitId};
use huifang::domain::incident::{Incident, Status as IncidentStatus};
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::recovery::{Recovery, RootCause, Status};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::{Evidence, Ticket, TicketKind};
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::Category;
use huifang::domain::visit::{Visit, VisitKind};
use huifang::store::follow_ups;
use huifang::store::ledger::{self, Counts, Filter, Standing};
use huifang::store::offers::{self, Offer};
use huifang::store::responses::{self, NewResponse, Outcome};
use huifang::store::{
    self, contact_units, dialogues, flags, incidents, projects, recoveries, staff, tickets, units, visits,
};

use crate::database::{Database, read, write};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn project(db: &Database, name: &str, team: Option<&str>) -> ProjectId {
    let mut project = Project::new(db.clock.new_id(), name, ProjectKind::Housing);
    project.team = team.map(str::to_owned);
    let id = project.id;
    write!(db.store, |tx| projects::insert(tx, &project).await).unwrap();
    id
}

async fn unit(db: &Database, project: ProjectId, building: &str, room: &str) -> UnitId {
    let unit = Unit {
        building: Some(building.to_owned()),
        unit: Some("1单元".to_owned()),
        room: Some(room.to_owned()),
        ..Unit::new(db.clock.new_id(), project, format!("{building}{room}"))
    };
    let id = unit.id;
    write!(db.store, |tx| units::insert(tx, &unit).await).unwrap();
    id
}

async fn ticket(db: &Database, project: ProjectId, unit: Option<UnitId>, contact: ContactId) -> Ticket {
    let mut ticket = Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, db.now());
    ticket.project_id = Some(project);
    ticket.unit_id = unit;
    ticket.category = Some(Category::Leak);
    write!(db.store, |tx| tickets::file(tx, ticket).await).unwrap()
}

async fn stored(db: &Database, ticket: Ticket) {
    write!(db.store, |tx| tickets::update(tx, &ticket).await).unwrap();
}

async fn numbers(db: &Database, filter: Filter) -> Vec<String> {
    let now = db.now();
    let lines = read!(db.store, |tx| ledger::list(tx, &filter, now, 100).await).unwrap();
    lines.into_iter().map(|line| line.number).collect()
}

pub(crate) async fn the_ledger_counts_unverified_closures_apart_and_overdue_among_the_open(db: Database) {
    let (contact, place, by) = (db.contact().await, project(&db, "翠湖花园", None).await, db.staff("wang").await);
    let home = unit(&db, place, "3栋", "502").await;
    let note = || Evidence::of(Some("换了阀芯"), 0).unwrap();
    let now = db.now();
    let rectified = |ticket: Ticket| ticket.assign(by, now).unwrap().rectify(note(), now).unwrap();
    let open = ticket(&db, place, Some(home), contact).await;
    let late = ticket(&db, place, None, contact).await;
    let done = ticket(&db, place, None, contact).await;
    let silent = ticket(&db, place, None, contact).await;
    let withdrawn = ticket(&db, place, None, contact).await;
    let late_number = late.number.clone();
    stored(&db, Ticket { expected_at: Some(now - DAY), ..late.assign(by, now).unwrap() }).await;
    stored(&db, rectified(done).verify(now).unwrap().close(false, now).unwrap()).await;
    let silent_number = silent.number.clone();
    stored(&db, Ticket { expected_at: Some(now - DAY), ..rectified(silent).close(true, now).unwrap() }).await;
    stored(&db, withdrawn.cancel(now).unwrap()).await;
    let counts = read!(db.store, |tx| ledger::counts(tx, &Filter::default(), now).await).unwrap();
    let expected = Counts { all: 5, open: 2, overdue: 1, verified: 1, unverified: 1, ended: 1 };
    assert_eq!(counts, expected);
    let of = |standing| Filter { standing: Some(standing), ..Filter::default() };
    assert_eq!(numbers(&db, of(Standing::Overdue)).await, std::slice::from_ref(&late_number));
    assert_eq!(numbers(&db, of(Standing::Open)).await, [late_number, open.number.clone()]);
    assert_eq!(numbers(&db, of(Standing::Unverified)).await, [silent_number]);
    let lines = read!(db.store, |tx| ledger::list(tx, &Filter::default(), now, 100).await).unwrap();
    let line = lines.iter().find(|line| line.number == open.number).unwrap();
    assert_eq!(
        (line.project.as_deref(), line.unit.as_deref(), line.owner.as_deref()),
        (Some("翠湖花园"), Some("3栋502"), None)
    );
    let assigned = lines.iter().find(|line| line.expected_at.is_some() && line.closed_at.is_none()).unwrap();
    assert_eq!(assigned.owner.as_deref(), Some("wang"));
}

pub(crate) async fn the_ledger_shows_what_was_chosen(db: Database) {
    let contact = db.contact().await;
    let (one, two) = (project(&db, "一", None).await, project(&db, "二", None).await);
    let first = ticket(&db, one, None, contact).await;
    db.clock.advance(DAY);
    let second = ticket(&db, two, None, contact).await;
    let crack = Ticket { category: Some(Category::Crack), ..ticket(&db, two, None, contact).await };
    stored(&db, crack.clone()).await;
    let now = db.now();
    let project = Filter { project_id: Some(one), ..Filter::default() };
    assert_eq!(numbers(&db, project).await, std::slice::from_ref(&first.number));
    let category = Filter { category: Some(Category::Crack), ..Filter::default() };
    assert_eq!(numbers(&db, category).await, std::slice::from_ref(&crack.number));
    let period = Filter { until: Some(now), ..Filter::default() };
    assert_eq!(numbers(&db, period).await, [first.number]);
    let both = Filter { project_id: Some(two), from: Some(now), ..Filter::default() };
    assert_eq!(numbers(&db, both).await, [crack.number, second.number]);
}

async fn response(db: &Database, unit: Option<UnitId>, contact: Option<ContactId>, score: f64) -> responses::Response {
    let new = NewResponse {
        id: db.clock.new_id(),
        survey: "maintenance".to_owned(),
        survey_version: 1,
        contact_id: contact,
        unit_id: unit,
        project_id: None,
        dialogue_id: None,
        started_at: db.now(),
    };
    let (id, now) = (new.id, db.now());
    let band = if score >= 4.0 { "satisfied" } else { "neutral" };
    let outcome = Outcome { score: Some(score), band: Some(band.to_owned()), nps: None };
    write!(db.store, |tx| {
        responses::start(tx, &new).await?;
        responses::complete(tx, id, &outcome, now).await?;
        responses::find(tx, id).await
    })
    .unwrap()
    .unwrap()
}

fn recovery(db: &Database, of: &responses::Response, deadline_at: Timestamp) -> Recovery {
    Recovery {
        id: db.clock.new_id(),
        response_id: of.id,
        contact_id: of.contact_id,
        unit_id: of.unit_id,
        project_id: None,
        status: Status::Open,
        person: None,
        deadline_at,
        root_cause: None,
        review: None,
        visit_id: None,
        first_score: 1.9,
        second_score: None,
        created_at: db.now(),
        ended_at: None,
    }
}

pub(crate) async fn a_response_begins_one_recovery_and_they_are_listed_by_deadline(db: Database) {
    let now = db.now();
    let (first, second) = (response(&db, None, None, 1.9).await, response(&db, None, None, 1.5).await);
    let later = recovery(&db, &first, now + DAY * 7);
    let sooner = recovery(&db, &second, now + DAY);
    let again = Recovery { id: db.clock.new_id(), ..later.clone() };
    for (one, is_new) in [(later.clone(), true), (sooner.clone(), true), (again, false)] {
        assert_eq!(write!(db.store, |tx| recoveries::open(tx, &one).await).unwrap(), is_new);
    }
    let open = read!(db.store, |tx| recoveries::list(tx, true, 10).await).unwrap();
    assert_eq!(open, [sooner.clone(), later.clone()]);
    let reviewed = sooner.review(RootCause::Process, "派单太慢".to_owned()).unwrap();
    let (id, kept) = (reviewed.id, reviewed.clone());
    write!(db.store, |tx| recoveries::update(tx, &reviewed).await).unwrap();
    assert_eq!(read!(db.store, |tx| recoveries::find(tx, id).await).unwrap(), Some(kept));
    let (worked_on, untouched) = (second.id, first.id);
    assert!(!write!(db.store, |tx| recoveries::withdraw(tx, worked_on).await).unwrap(), "a review was held");
    assert!(write!(db.store, |tx| recoveries::withdraw(tx, untouched).await).unwrap());
}

pub(crate) async fn a_second_visit_leads_back_to_its_recovery_and_is_measured(db: Database) {
    let place = project(&db, "翠湖花园", None).await;
    let (first, now) = (response(&db, None, None, 1.9).await, db.now());
    let reviewed = recovery(&db, &first, now + DAY).review(RootCause::Human, "培训".to_owned()).unwrap();
    let (key, kind) = (format!("{place}:second:{}", reviewed.id), VisitKind::Second);
    let visit = Visit::planned(db.clock.new_id(), key, kind, place, "maintenance".to_owned(), now);
    let (begun, first_visit) = (reviewed.clone(), visit.clone());
    write!(db.store, |tx| {
        recoveries::open(tx, &begun).await?;
        visits::insert(tx, &first_visit).await
    })
    .unwrap();
    let another = Visit { id: db.clock.new_id(), ..visit.clone() };
    assert!(!write!(db.store, |tx| visits::insert(tx, &another).await).unwrap(), "one second visit only");
    let visiting = reviewed.visit(visit.id).unwrap();
    let id = visiting.id;
    let answer = response(&db, None, None, 4.5).await;
    db.execute(&format!("UPDATE visits SET response_id = '{}' WHERE id = '{}'", answer.id, visit.id)).await;
    write!(db.store, |tx| recoveries::update(tx, &visiting).await).unwrap();
    let answer = answer.id;
    let found = read!(db.store, |tx| recoveries::visited_by(tx, answer).await).unwrap().unwrap();
    assert_eq!(found.id, id);
    let ended = found.measure(4.5, now).unwrap();
    let kept = ended.clone();
    write!(db.store, |tx| recoveries::update(tx, &ended).await).unwrap();
    assert_eq!(read!(db.store, |tx| recoveries::measured(tx, &Scope::default()).await).unwrap(), [(1.9, 4.5)]);
    assert_eq!(read!(db.store, |tx| recoveries::list(tx, false, 10).await).unwrap(), [kept]);
    let follow_up = read!(db.store, |tx| follow_ups::of_response(tx, answer).await).unwrap().unwrap();
    assert_eq!((follow_up.kind.as_str(), follow_up.project), ("second", place));
}

pub(crate) async fn the_rate_of_recovery_is_counted_over_what_somebody_may_see(db: Database) {
    let (east, south) = (project(&db, "翠湖花园", None).await, project(&db, "南湾", None).await);
    db.execute(&format!("UPDATE projects SET region = '华东' WHERE id = '{east}'")).await;
    db.execute(&format!("UPDATE projects SET region = '华南' WHERE id = '{south}'")).await;
    let li = db.staff("li").await;
    for (place, person, second) in [(Some(east), Some(li), 4.5), (Some(south), None, 2.0), (None, None, 3.0)] {
        let first = response(&db, None, None, 1.9).await;
        let (deadline, ended) = (db.now() + DAY, Some(db.now()));
        let done = Recovery {
            project_id: place,
            person,
            status: Status::Recovered,
            second_score: Some(second),
            ended_at: ended,
            ..recovery(&db, &first, deadline)
        };
        write!(db.store, |tx| recoveries::open(tx, &done).await).unwrap();
    }
    let seconds = async |within: Scope| {
        let found = read!(db.store, |tx| recoveries::measured(tx, &within).await).unwrap();
        let mut seconds: Vec<_> = found.into_iter().map(|(_, second)| second).collect();
        seconds.sort_by(f64::total_cmp);
        seconds
    };
    let of = |region: &str| Scope { region: Some(region.to_owned()), ..Scope::default() };
    assert_eq!(seconds(Scope::default()).await, [2.0, 3.0, 4.5]);
    assert_eq!(seconds(of("华东")).await, [3.0, 4.5], "and of a project that nobody knows");
    assert_eq!(seconds(of("华南")).await, [2.0, 3.0]);
    assert_eq!(seconds(Scope { owner: Some(li), ..of("华东") }).await, [4.5]);
}

pub(crate) async fn whoever_has_the_fewest_recoveries_comes_first_by_load(db: Database) {
    let [busy, free] = ["busy", "free"].map(|login| Staff::new(db.clock.new_id(), login, Role::Agent, db.now()));
    let gone = Staff { active: false, ..Staff::new(db.clock.new_id(), "gone", Role::Agent, db.now()) };
    let first = response(&db, None, None, 1.9).await;
    let task = Recovery { person: Some(busy.id), ..recovery(&db, &first, db.now()) };
    let expected = [(busy.id, 1), (free.id, 0)];
    write!(db.store, |tx| {
        for person in [&busy, &free, &gone] {
            staff::insert(tx, person, "$argon2id$none").await?;
        }
        recoveries::open(tx, &task).await
    })
    .unwrap();
    let load = read!(db.store, |tx| recoveries::load_of(tx, Role::Agent).await).unwrap();
    assert_eq!(load, expected);
}

pub(crate) async fn the_visits_of_a_team_come_latest_first_with_their_projects(db: Database) {
    let (one, two) = (project(&db, "一", Some("甲")).await, project(&db, "二", Some("甲")).await);
    let other = project(&db, "三", Some("乙")).await;
    for (place, score) in [(one, 3.5), (other, 1.0), (two, 3.0)] {
        let home = unit(&db, place, "1栋", "101").await;
        response(&db, Some(home), None, score).await;
        db.clock.advance(DAY);
    }
    let nameless = response(&db, None, None, 2.0).await.id;
    write!(db.store, |tx| responses::set_place(tx, nameless, None, Some(one)).await).unwrap();
    let scores = read!(db.store, |tx| follow_ups::scores_of_team(tx, "甲", 10).await).unwrap();
    assert_eq!(scores, [(one, 2.0), (two, 3.0), (one, 3.5)]);
}

pub(crate) async fn the_mark_of_a_repair_is_that_of_the_fix_that_stands(db: Database) {
    let (contact, place, by) = (db.contact().await, project(&db, "翠湖花园", None).await, db.staff("wang").await);
    let fixed = async |ticket: Ticket| {
        db.clock.advance(DAY);
        let (now, note) = (db.now(), Evidence::of(Some("换了阀芯"), 0).unwrap());
        let ticket = ticket.assign(by, now).unwrap().rectify(note, now).unwrap();
        let ticket = ticket.verify(now).unwrap().close(false, now).unwrap();
        stored(&db, ticket.clone()).await;
        ticket
    };
    let asked = async |ticket: TicketId, score: f64| {
        db.clock.advance(DAY);
        let (answer, now) = (response(&db, None, Some(contact), score).await.id, db.now());
        let id: VisitId = db.clock.new_id();
        let (key, survey) = (format!("{ticket}:{id}"), "post_repair".to_owned());
        let visit = Visit::planned(id, key, VisitKind::PostRepair, place, survey, now);
        let visit = Visit { ticket_id: Some(ticket), response_id: Some(answer), ..visit };
        assert!(write!(db.store, |tx| visits::insert(tx, &visit).await).unwrap());
    };
    let mark = async |ticket: TicketId| read!(db.store, |tx| follow_ups::score_of_ticket(tx, ticket).await).unwrap();
    let first = fixed(ticket(&db, place, None, contact).await).await;
    let id = first.id;
    assert_eq!(mark(id).await, None);
    asked(id, 1.0).await;
    assert_eq!(mark(id).await, Some(1.0));
    fixed(first.reject_fix(db.now()).unwrap()).await;
    assert_eq!(mark(id).await, None, "nobody was asked about this one yet");
    asked(id, 5.0).await;
    assert_eq!(mark(id).await, Some(5.0));
}

pub(crate) async fn a_quality_client_is_one_whose_latest_survey_was_good(db: Database) {
    let (good, fallen) = (db.contact().await, db.contact().await);
    response(&db, None, Some(fallen), 5.0).await;
    db.clock.advance(DAY);
    response(&db, None, Some(fallen), 3.0).await;
    let best = response(&db, None, Some(good), 4.6).await;
    response(&db, None, None, 5.0).await;
    let clients = read!(db.store, |tx| follow_ups::quality_clients(tx, &Scope::default(), 10).await).unwrap();
    let found: Vec<_> = clients.iter().map(|client| (client.response, client.contact, client.stopped)).collect();
    assert_eq!(found, [(best.id, good, false)]);
}

pub(crate) async fn reports_of_a_building_become_an_incident_with_a_number_of_its_month(db: Database) {
    let place = project(&db, "翠湖花园", None).await;
    let (home, next) = (unit(&db, place, "3栋", "502").await, unit(&db, place, "3栋", "602").await);
    let elsewhere = unit(&db, place, "5栋", "101").await;
    let contact = db.contact().await;
    let one = ticket(&db, place, Some(home), contact).await;
    let two = ticket(&db, place, Some(next), contact).await;
    let (since, now) = (db.now() - DAY, db.now());
    let reports = read!(db.store, |tx| incidents::reports_since(tx, place, Category::Leak, since).await).unwrap();
    let found: Vec<(TicketId, Option<&str>)> = reports.iter().map(|r| (r.ticket, r.building.as_deref())).collect();
    assert_eq!(found, [(two.id, Some("3栋")), (one.id, Some("3栋"))]);
    let new = |n| Incident {
        id: n,
        number: String::new(),
        project_id: place,
        building: Some("3栋".to_owned()),
        category: Category::Leak,
        component: None,
        status: IncidentStatus::Open,
        opened_at: now,
        ended_at: None,
    };
    let (first, second) = (new(db.clock.new_id()), new(db.clock.new_id()));
    let member = one.id;
    let first: Incident = write!(db.store, |tx| {
        incidents::hold_project(tx, place).await?;
        let first = incidents::open(tx, first).await?;
        incidents::join(tx, member, first.id).await?;
        Ok(first)
    })
    .unwrap();
    let second = write!(db.store, |tx| incidents::open(tx, second).await).unwrap();
    assert!(first.number.starts_with("IN26") && first.number.ends_with("-01"), "{}", first.number);
    assert!(second.number.ends_with("-02"));
    let (id, number) = (first.id, first.number.clone());
    let found = read!(db.store, |tx| incidents::find_by_number(tx, &number).await).unwrap();
    assert_eq!(found.map(|found| found.id), Some(id));
    assert_eq!(read!(db.store, |tx| incidents::find_by_number(tx, "IN9912-01").await).unwrap(), None);
    let members = read!(db.store, |tx| incidents::reports_of(tx, id).await).unwrap();
    assert_eq!(members.iter().map(|report| report.ticket).collect::<Vec<_>>(), [one.id]);
    let around = read!(db.store, |tx| incidents::around(tx, next).await).unwrap();
    assert_eq!(around.len(), 2);
    assert!(read!(db.store, |tx| incidents::around(tx, elsewhere).await).unwrap().is_empty());
    let ended = Incident { status: IncidentStatus::Fixed, ended_at: Some(now), ..first.clone() };
    let kept = ended.clone();
    write!(db.store, |tx| incidents::update(tx, &ended).await).unwrap();
    assert_eq!(read!(db.store, |tx| incidents::find(tx, id).await).unwrap(), Some(kept));
    let listed = read!(db.store, |tx| incidents::list(tx, &Scope::default(), 10).await).unwrap();
    assert_eq!(listed.iter().map(|incident| incident.id).collect::<Vec<_>>(), [second.id, first.id]);
    let line = read!(db.store, |tx| ledger::list(tx, &Filter::default(), now, 10).await).unwrap();
    assert!(line.iter().any(|line| line.incident.as_ref() == Some(&first.number)));
}

pub(crate) async fn an_offer_after_a_response_is_made_once(db: Database) {
    let (contact, li) = (db.contact().await, db.staff("li").await);
    let first = response(&db, None, Some(contact), 4.8).await;
    let offer =
        |name: &str, by| Offer { response: first.id, contact: Some(contact), name: name.to_owned(), by, at: db.now() };
    let (own, again, other) = (offer("recommend", None), offer("recommend", Some(li)), offer("upkeep", Some(li)));
    for (one, is_new) in [(own.clone(), true), (again, false), (other.clone(), true)] {
        let (id, name) = (db.clock.new_id(), one.name.clone());
        assert_eq!(write!(db.store, |tx| offers::note(tx, id, &one).await).unwrap(), is_new, "{name}");
    }
    let id = first.id;
    assert_eq!(read!(db.store, |tx| offers::of_response(tx, id).await).unwrap(), [own, other]);
    assert_eq!(read!(db.store, |tx| offers::last_to(tx, contact).await).unwrap(), Some(db.now()));
    let stranger = db.contact().await;
    assert_eq!(read!(db.store, |tx| offers::last_to(tx, stranger).await).unwrap(), None);
    assert_eq!(read!(db.store, |tx| offers::latest_answer(tx, contact).await).unwrap(), Some(id));
}

pub(crate) async fn a_list_holds_what_whoever_asks_may_see(db: Database) {
    let (contact, li, wang) = (db.contact().await, db.staff("li").await, db.staff("wang").await);
    let mut regions = Vec::new();
    for region in ["华东", "华南"] {
        let mut project = Project::new(db.clock.new_id(), region, ProjectKind::Housing);
        project.region = region.to_owned();
        regions.push(project.id);
        write!(db.store, |tx| projects::insert(tx, &project).await).unwrap();
    }
    let (east, south) = (regions[0], regions[1]);
    let pool = ticket(&db, east, None, contact).await;
    let lis = ticket(&db, south, None, contact).await.assign(li, db.now()).unwrap();
    let wangs = ticket(&db, east, None, contact).await.assign(wang, db.now()).unwrap();
    let far = ticket(&db, south, None, contact).await;
    let nowhere = Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, db.now());
    let nowhere = write!(db.store, |tx| tickets::file(tx, nowhere).await).unwrap();
    for ticket in [&lis, &wangs] {
        stored(&db, ticket.clone()).await;
    }
    let sees = async |within: Scope| {
        let (filter, lines) =
            (tickets::Filter { within: within.clone(), ..Default::default() }, Filter { within, ..Filter::default() });
        let asked = filter.clone();
        let listed = read!(db.store, |tx| tickets::list(tx, &filter, 50).await).unwrap();
        let mut listed: Vec<_> = listed.into_iter().map(|ticket| ticket.number).collect();
        let counted = read!(db.store, |tx| tickets::count(tx, &asked).await).unwrap();
        assert_eq!(counted, listed.len() as u64);
        listed.sort_unstable();
        let mut ledger = numbers(&db, lines.clone()).await;
        ledger.sort_unstable();
        assert_eq!(listed, ledger, "{lines:?}");
        let now = db.now();
        let counted = read!(db.store, |tx| ledger::counts(tx, &lines, now).await).unwrap();
        assert_eq!(counted.all, listed.len() as u64);
        listed
    };
    let named = |tickets: &[&Ticket]| {
        let mut numbers: Vec<_> = tickets.iter().map(|ticket| ticket.number.clone()).collect();
        numbers.sort_unstable();
        numbers
    };
    let region = Some("华东".to_owned());
    assert_eq!(sees(Scope::default()).await, named(&[&pool, &lis, &wangs, &far, &nowhere]));
    assert_eq!(sees(Scope { region: region.clone(), ..Scope::default() }).await, named(&[&pool, &wangs, &nowhere]));
    assert_eq!(sees(Scope { owner: Some(li), pool: false, region: None }).await, named(&[&lis]));
    assert_eq!(sees(Scope { owner: Some(li), pool: true, region }).await, named(&[&pool, &lis, &nowhere]));
}

pub(crate) async fn open_flags_are_listed_and_counted_as_the_table_of_rights_says(db: Database) {
    let (li, wang, zhao) = (db.staff("li").await, db.staff("wang").await, db.staff("zhao").await);
    let mut homes = Vec::new();
    for (region, engineer) in [("华东", Some(li)), ("华南", None)] {
        let mut project = Project::new(db.clock.new_id(), region, ProjectKind::Housing);
        project.region = region.to_owned();
        project.engineer_id = engineer;
        let id = project.id;
        write!(db.store, |tx| projects::insert(tx, &project).await).unwrap();
        homes.push((id, unit(&db, id, "3栋", "502").await));
    }
    let now = db.now();
    let mut about: Vec<(Option<TicketId>, Option<ResponseId>, Option<DialogueId>)> = vec![(None, None, None)];
    for (n, (project, home)) in homes.iter().copied().enumerate() {
        let contact = db.contact().await;
        let dialogue = db.dialogue(&format!("owner-{n}")).await;
        write!(db.store, |tx| {
            contact_units::bind(tx, contact, home, now).await?;
            dialogues::set_contact(tx, dialogue, contact).await
        })
        .unwrap();
        let pool = ticket(&db, project, Some(home), contact).await;
        let wangs = ticket(&db, project, None, contact).await.assign(wang, now).unwrap();
        let done = ticket(&db, project, None, contact).await.cancel(now).unwrap();
        for changed in [&wangs, &done] {
            stored(&db, changed.clone()).await;
        }
        about.extend([pool.id, wangs.id, done.id].map(|id| (Some(id), None, Some(dialogue))));
        let (of_home, of_nowhere) =
            (response(&db, Some(home), Some(contact), 2.0).await, response(&db, None, Some(contact), 2.0).await);
        let won = Recovery { person: Some(zhao), ..recovery(&db, &of_nowhere, now) };
        write!(db.store, |tx| {
            recoveries::open(tx, &won).await?;
            recoveries::update(tx, &won).await
        })
        .unwrap();
        let anonymous = NewResponse {
            id: db.clock.new_id(),
            survey: "sample".to_owned(),
            survey_version: 1,
            contact_id: None,
            unit_id: None,
            project_id: Some(project),
            dialogue_id: None,
            started_at: now,
        };
        let nameless = anonymous.id;
        write!(db.store, |tx| responses::start(tx, &anonymous).await).unwrap();
        about.extend([of_home.id, of_nowhere.id, nameless].map(|id| (None, Some(id), None)));
        let mut flag = Flag::raised(db.clock.new_id(), FlagKind::NegativeFeedback, now);
        flag.response_id = Some(nameless);
        let [thing] = read!(db.store, |tx| store::things::of_flag(tx, &flag).await).unwrap().try_into().unwrap();
        let (region, engineer) = [("华东", Some(li)), ("华南", None)][n];
        assert_eq!((thing.region.as_deref(), thing.owners.first().copied()), (Some(region), engineer), "nameless");
        about.push((None, None, Some(dialogue)));
    }
    about.push((None, None, Some(db.dialogue("stranger").await)));
    let mut all = Vec::new();
    for (n, (ticket_id, response_id, dialogue_id)) in about.into_iter().enumerate() {
        let kind = if n % 5 == 2 { FlagKind::Emergency } else { FlagKind::SlaMissed };
        let flag = Flag { ticket_id, response_id, dialogue_id, ..Flag::raised(db.clock.new_id(), kind, db.now()) };
        db.clock.advance(Duration::from_secs(1));
        all.push(flag.clone());
        write!(db.store, |tx| flags::raise(tx, &flag).await).unwrap();
    }
    // Emergencies first, then the latest.
    all.sort_by_key(|flag| (flag.kind != FlagKind::Emergency, std::cmp::Reverse(flag.created_at)));
    let mut scopes = vec![Scope::default()];
    for region in [None, Some("华东"), Some("华南")].map(|region| region.map(str::to_owned)) {
        scopes.push(Scope { region: region.clone(), ..Scope::default() });
        for owner in [li, wang, zhao] {
            for pool in [false, true] {
                scopes.push(Scope { owner: Some(owner), pool, region: region.clone() });
            }
        }
    }
    let mut sizes = Vec::new();
    for within in scopes {
        let mut expected = Vec::new();
        for flag in all.clone() {
            let asked = flag.clone();
            let things = read!(db.store, |tx| store::things::of_flag(tx, &asked).await).unwrap();
            if things.iter().any(|thing| within.holds(thing)) {
                expected.push(flag.id);
            }
        }
        let scope = within.clone();
        let (listed, count, first) = read!(db.store, |tx| {
            let listed = flags::list_within(tx, &scope, 50).await?;
            Ok((listed, flags::count_within(tx, &scope).await?, flags::list_within(tx, &scope, 1).await?))
        })
        .unwrap();
        let listed: Vec<_> = listed.iter().map(|flag| flag.id).collect();
        assert_eq!(listed, expected, "{within:?}");
        assert_eq!(count, expected.len() as u64);
        assert_eq!(first.first().map(|flag| flag.id), expected.first().copied());
        sizes.push(expected.len());
    }
    sizes.dedup();
    assert!(sizes.len() > 4, "the scopes differ: {sizes:?}");
}

pub(crate) async fn what_warned_of_a_clock_is_put_away_with_its_ticket(db: Database) {
    let contact = db.contact().await;
    let place = project(&db, "翠湖花园", None).await;
    let (done, other) = (ticket(&db, place, None, contact).await.id, ticket(&db, place, None, contact).await.id);
    let mut raised = Vec::new();
    for (kind, about) in [
        (FlagKind::Emergency, done),
        (FlagKind::SlaWarning, done),
        (FlagKind::SlaMissed, done),
        (FlagKind::SlaMissed, other),
    ] {
        let flag = Flag { ticket_id: Some(about), ..Flag::raised(db.clock.new_id(), kind, db.now()) };
        raised.push(flag.id);
        write!(db.store, |tx| flags::raise(tx, &flag).await).unwrap();
    }
    let (seq, now) = (read!(db.store, |tx| flags::last_seq(tx).await).unwrap(), db.now());
    write!(db.store, |tx| flags::clocks_ended(tx, done, now).await).unwrap();
    let open = read!(db.store, |tx| flags::list_within(tx, &Scope::default(), 9).await).unwrap();
    let open: Vec<_> = open.into_iter().map(|flag| flag.id).collect();
    assert_eq!(open, [raised[0], raised[3]], "an emergency is seen by somebody, and the other ticket goes on");
    let changed = read!(db.store, |tx| flags::after_seq(tx, seq, 9).await).unwrap();
    let changed: Vec<_> = changed.into_iter().map(|change| (change.record.seen_at, change.record.seen_by)).collect();
    assert_eq!(changed, [(Some(now), None); 2], "the board hears of it");
}
