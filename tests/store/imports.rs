//! An import beside what else happens at that moment: another import, somebody who is erased, an account
//! that is ended.

use std::sync::Arc;

use huifang::catalog::Catalog;
use huifang::desk::staff_leaves;
use huifang::domain::contact::Contact;
use huifang::domain::ids::{ContactId, ProjectId};
use huifang::domain::language::Language;
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::register::Register;
use huifang::register::{Importer, Report};
use huifang::store::{contact_units, contacts, erasures, projects, staff, units};
use jiff::tz::TimeZone;
use tokio::task::JoinHandle;

use crate::at_once::{are_waiting, holding, let_go};
use crate::database::{Database, read, write};

/// Somebody whose number is on record.
async fn known(db: &Database, phone: &str) -> ContactId {
    let new = Contact::new(db.clock.new_id(), Language::Chinese, db.now());
    let contact = Contact { phone: Some(phone.to_owned()), ..new };
    let id = contact.id;
    write!(db.store, |tx| contacts::insert(tx, &contact).await).unwrap();
    id
}

fn imports(db: &Database, file: &'static str, what: Register) -> JoinHandle<Report> {
    let importer = Importer {
        store: db.store.clone(),
        catalog: Arc::new(Catalog::embedded().unwrap()),
        clock: db.clock.clone(),
        zone: TimeZone::UTC,
        within: None,
    };
    tokio::spawn(async move { importer.import(file.into(), Some(what)).await.unwrap() })
}

pub(crate) async fn two_imports_at_once_double_nothing(db: Database) {
    const PEOPLE: &str = "手机号,姓名\n13800138000,王女士\n13900139000,李先生\n";
    let (who, now) = (known(&db, "13800138000").await, db.now());
    // Both are to change somebody who is just being changed.
    let held = holding!(db, |tx| contacts::consent(tx, who, now).await?);
    let both = [imports(&db, PEOPLE, Register::Contacts), imports(&db, PEOPLE, Register::Contacts)];
    are_waiting(&db, 2).await;
    let_go(held).await;
    for import in both {
        assert!(import.await.unwrap().written);
    }
    let people = read!(db.store, |tx| contacts::with_phone(tx).await).unwrap();
    let mut names: Vec<_> = people.into_iter().filter_map(|person| person.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["李先生", "王女士"]);
}

pub(crate) async fn an_import_brings_nothing_of_somebody_back_who_is_erased_meanwhile(db: Database) {
    const PEOPLE: &str = "手机号,姓名,项目编号,房号编号\n13800138000,王女士,CH-01,3-1201\n";
    let project: ProjectId = db.clock.new_id();
    let garden =
        Project { code: Some("CH-01".to_owned()), ..Project::new(project, "翠湖花园", ProjectKind::Housing) };
    let flat = Unit { code: Some("3-1201".to_owned()), ..Unit::new(db.clock.new_id(), project, "3-1201") };
    write!(db.store, |tx| {
        projects::insert(tx, &garden).await?;
        units::insert(tx, &flat).await
    })
    .unwrap();
    let (who, now) = (known(&db, "13800138000").await, db.now());
    let erased = holding!(db, |tx| erasures::empty_contact(tx, who, now).await?);
    let import = imports(&db, PEOPLE, Register::Contacts);
    are_waiting(&db, 1).await;
    let_go(erased).await;
    assert!(import.await.unwrap().written);
    let (found, homes) =
        read!(db.store, |tx| Ok((contacts::find(tx, who).await?, contact_units::list(tx, who).await?))).unwrap();
    let found = found.unwrap();
    assert_eq!((found.name, found.phone, homes), (None, None, vec![]));
}

pub(crate) async fn an_import_opens_no_account_that_is_ended_meanwhile(db: Database) {
    const STAFF: &str = "登录名,姓名\nwu,吴工\n";
    let (wu, clock) = (db.staff("wu").await, db.clock.clone());
    let ended = holding!(db, |tx| staff_leaves(tx, &clock, wu).await?);
    let import = imports(&db, STAFF, Register::Staff);
    are_waiting(&db, 1).await;
    let_go(ended).await;
    assert!(import.await.unwrap().written);
    let found = read!(db.store, |tx| staff::find(tx, wu).await).unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.active), ("吴工", false));
}
