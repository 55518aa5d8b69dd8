//! Registers as an import writes them: many units and contacts at once, subcontractors and what each
//! of them did where, agreed warranty terms.

use huifang::domain::contact::{Contact, ContactRole};
use huifang::domain::language::Language;
use huifang::domain::project::{Project, ProjectKind, Unit, Upkeep};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::subcontractor::Subcontractor;
use huifang::domain::understanding::Category;
use huifang::domain::warranty::{Span, Term};
use huifang::store::{StoreError, contact_units, contacts, projects, staff, subcontractors, units, warranty_terms};

use crate::database::{Database, is_missing, read, write};

pub(crate) async fn a_firm_is_stored_once_and_changes(db: Database) {
    let firm = Subcontractor {
        phone: Some("13900000000".to_owned()),
        mail: Some("fang@example.com".to_owned()),
        region: Some("华东".to_owned()),
        trades: vec![Category::Leak, Category::Crack],
        ..Subcontractor::new(db.clock.new_id(), "安居防水")
    };
    let changed = Subcontractor { phone: None, active: false, ..firm.clone() };
    let (first, id) = (firm.clone(), firm.id);
    write!(db.store, |tx| subcontractors::save(tx, &first).await).unwrap();
    assert_eq!(read!(db.store, |tx| subcontractors::find(tx, id).await).unwrap(), Some(firm));
    let second = changed.clone();
    write!(db.store, |tx| subcontractors::save(tx, &second).await).unwrap();
    assert_eq!(read!(db.store, |tx| subcontractors::list(tx).await).unwrap(), [changed]);
    let namesake = Subcontractor::new(db.clock.new_id(), "安居防水");
    assert!(write!(db.store, |tx| subcontractors::save(tx, &namesake).await).is_err());
}

pub(crate) async fn the_firm_of_the_trade_answers_before_the_firm_for_everything(db: Database) {
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let id = project.id;
    let [general, roofer, late] =
        ["总包", "防水", "后来的防水"].map(|name| Subcontractor::new(db.clock.new_id(), name));
    let firms = [general, roofer, late];
    let [everything, roof, later] = firms.each_ref().map(|firm| firm.id);
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        for firm in &firms {
            subcontractors::save(tx, firm).await?;
        }
        subcontractors::engage(tx, id, None, everything).await?;
        subcontractors::engage(tx, id, Some(Category::Leak), roof).await
    })
    .unwrap();
    let answers = async |trade| {
        let firm = read!(db.store, |tx| subcontractors::responsible(tx, id, trade).await).unwrap();
        firm.map(|firm| firm.name)
    };
    assert_eq!(answers(Some(Category::Leak)).await.as_deref(), Some("防水"));
    assert_eq!(answers(Some(Category::Noise)).await.as_deref(), Some("总包"));
    assert_eq!(answers(None).await.as_deref(), Some("总包"));

    // Another firm takes its place; one that is given no more work is passed over.
    write!(db.store, |tx| subcontractors::engage(tx, id, Some(Category::Leak), later).await).unwrap();
    assert_eq!(answers(Some(Category::Leak)).await.as_deref(), Some("后来的防水"));
    let gone = Subcontractor { active: false, ..Subcontractor::new(later, "后来的防水") };
    write!(db.store, |tx| subcontractors::save(tx, &gone).await).unwrap();
    assert_eq!(answers(Some(Category::Leak)).await.as_deref(), Some("总包"));
    let named = read!(db.store, |tx| subcontractors::of_project(tx, id).await).unwrap();
    assert_eq!(named, [(None, everything), (Some(Category::Leak), later)]);
}

pub(crate) async fn an_agreed_term_takes_the_place_of_the_one_before(db: Database) {
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let id = project.id;
    let terms = [("fit_out", Span::Months(36)), ("heating", Span::Seasons(3)), ("structure", Span::DesignLife)]
        .map(|(component, span)| Term { component: component.to_owned(), span });
    let kept = terms.clone();
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        warranty_terms::save(tx, id, &Term { component: "heating".to_owned(), span: Span::Months(12) }).await?;
        for term in &kept {
            warranty_terms::save(tx, id, term).await?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| warranty_terms::of_project(tx, id).await).unwrap(), terms);
}

pub(crate) async fn many_units_are_stored_at_once_and_again(db: Database) {
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let id = project.id;
    // More than two statements carry, and a rest.
    let all: Vec<Unit> = (0..1201)
        .map(|number| Unit {
            code: Some(format!("1-{number:04}")),
            room: Some(number.to_string()),
            handover_at: Some(db.now()),
            ..Unit::new(db.clock.new_id(), id, format!("{number:04}"))
        })
        .collect();
    let changed: Vec<Unit> =
        all.iter().cloned().map(|unit| Unit { building: Some("1".to_owned()), handover_at: None, ..unit }).collect();
    let (first, second) = (all.clone(), changed.clone());
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        units::save_all(tx, &first.iter().collect::<Vec<_>>()).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| units::list(tx, Some(id)).await).unwrap(), all);
    let long = db.store.write_at_length(move |tx| {
        Box::pin(async move { units::save_all(tx, &second.iter().collect::<Vec<_>>()).await })
    });
    long.await.map_err(|error: StoreError| error).unwrap();
    assert_eq!(read!(db.store, |tx| units::list(tx, Some(id)).await).unwrap(), changed);
    let twin = Unit { id: db.clock.new_id(), ..all[0].clone() };
    assert!(write!(db.store, |tx| units::save_all(tx, &[&twin]).await).is_err(), "a code stands twice in a project");
}

pub(crate) async fn many_contacts_are_stored_at_once_and_keep_what_they_agreed_to(db: Database) {
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let flat = Unit::new(db.clock.new_id(), project.id, "3栋502");
    let (unit, now) = (flat.id, db.now());
    let people: Vec<Contact> = (0..700)
        .map(|number| Contact {
            phone: Some(format!("138{number:08}")),
            ..Contact::new(db.clock.new_id(), Language::Chinese, now)
        })
        .collect();
    let (stored, first) = (people.clone(), people[0].id);
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        units::insert(tx, &flat).await?;
        contacts::save_all(tx, &stored.iter().collect::<Vec<_>>()).await?;
        contacts::consent(tx, first, now).await?;
        contacts::stop_surveys(tx, first, now).await
    })
    .unwrap();
    let mut expected = people.clone();
    let named = Contact { name: Some("王女士".to_owned()), role: ContactRole::Client, ..people[0].clone() };
    expected[0] = Contact { consent_at: Some(now), surveys_stopped_at: Some(now), ..named.clone() };
    let pairs: Vec<_> = people.iter().map(|person| (person.id, unit)).collect();
    let again = pairs.clone();
    write!(db.store, |tx| {
        contacts::save_all(tx, &[&named]).await?;
        contact_units::bind_all(tx, &again, now).await?;
        contact_units::bind_all(tx, &again, now).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| contacts::with_phone(tx).await).unwrap(), expected);
    let mut bound = read!(db.store, |tx| contact_units::pairs(tx).await).unwrap();
    bound.sort_unstable();
    assert_eq!(bound, pairs);
}

pub(crate) async fn whoever_was_erased_or_joined_to_somebody_is_left_as_they_are_by_the_registers(db: Database) {
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let flat = Unit::new(db.clock.new_id(), project.id, "3栋502");
    let (unit, now) = (flat.id, db.now());
    let new = || Contact::new(db.clock.new_id(), Language::Chinese, now);
    let here = Contact { phone: Some("13800138000".to_owned()), phone_verified_at: Some(now), ..new() };
    let gone = Contact { erased_at: Some(now), ..new() };
    let joined = Contact { merged_into: Some(here.id), ..new() };
    let all = [here.clone(), gone.clone(), joined.clone()];
    let said = all.clone().map(|person| Contact {
        name: Some("王女士".to_owned()),
        phone: Some("13900139000".to_owned()),
        ..person
    });
    let pairs = all.clone().map(|person| (person.id, unit));
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        units::insert(tx, &flat).await?;
        for person in &all {
            contacts::insert(tx, person).await?;
        }
        contacts::save_all(tx, &said.iter().collect::<Vec<_>>()).await?;
        contact_units::bind_all(tx, &pairs, now).await
    })
    .unwrap();
    // The number that they showed to be their own stays as well.
    let named = Contact { name: Some("王女士".to_owned()), ..here };
    for known in [named.clone(), gone, joined] {
        let id = known.id;
        assert_eq!(read!(db.store, |tx| contacts::find(tx, id).await).unwrap(), Some(known));
    }
    assert_eq!(read!(db.store, |tx| contact_units::pairs(tx).await).unwrap(), [(named.id, unit)]);
}

pub(crate) async fn a_project_and_a_person_change_and_the_password_stays(db: Database) {
    let id = db.staff("li").await;
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let changed = Project {
        code: Some("JX-01".to_owned()),
        region: "华东".to_owned(),
        engineer_id: Some(id),
        maintained_every: Some(Upkeep::Annual),
        ..project.clone()
    };
    let person = Staff {
        name: "李军".to_owned(),
        phone: Some("13900000000".to_owned()),
        team: Some("一队".to_owned()),
        skills: vec![Category::Leak],
        active: false,
        ..Staff::new(id, "li", Role::Engineer, db.now())
    };
    let (stored, member) = (changed.clone(), person.clone());
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        projects::update(tx, &stored).await?;
        staff::update(tx, &member).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| projects::list(tx).await).unwrap(), [changed]);
    let found = read!(db.store, |tx| staff::by_login(tx, "li").await).unwrap();
    assert_eq!(found, Some((person, "$argon2id$none".to_owned())));
    let nobody = Staff::new(db.clock.new_id(), "nobody", Role::Agent, db.now());
    assert!(is_missing(&write!(db.store, |tx| staff::update(tx, &nobody).await), "staff"));
}
