//! Projects, units, contacts, staff and settings.

use std::time::Duration;

use huifang::domain::contact::Contact;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::language::Language;
use huifang::domain::project::{Project, ProjectKind, Tier, Unit, Upkeep};
use huifang::store::sessions::{self, Session};
use huifang::store::{
    alerts, contact_units, contacts, flags, identities, projects, settings, staff, staff_accounts, units,
};

use crate::database::{Database, is_missing, read, write};

fn project(db: &Database, name: &str) -> Project {
    Project {
        code: Some(format!("P-{name}")),
        region: "华东".to_owned(),
        tier: Tier::Flagship,
        handover_at: Some(db.now()),
        manager: Some("周经理".to_owned()),
        team: Some("一队".to_owned()),
        novel: true,
        maintained_until: Some(db.now() + Duration::from_hours(24 * 365)),
        maintained_every: Some(Upkeep::HalfYearly),
        vocabulary: vec!["锦绣花园".to_owned(), "三菱电梯".to_owned()],
        ..Project::new(db.clock.new_id(), name, ProjectKind::Housing)
    }
}

fn unit(db: &Database, project: &Project, label: &str) -> Unit {
    Unit {
        code: Some(format!("U-{label}")),
        building: Some("3".to_owned()),
        room: Some("502".to_owned()),
        handover_at: Some(db.now()),
        first_use_at: Some(db.now() + Duration::from_hours(48)),
        ..Unit::new(db.clock.new_id(), project.id, label)
    }
}

pub(crate) async fn a_project_and_its_units_come_back_as_they_were_stored(db: Database) {
    let engineer = db.staff("li").await;
    let garden = Project { engineer_id: Some(engineer), ..project(&db, "A 锦绣花园") };
    let plant = Project { handover_at: None, manager: None, maintained_every: None, ..project(&db, "B 厂房") };
    let (flat, machine) = (unit(&db, &garden, "3栋502"), unit(&db, &plant, "空压机 7"));
    let (all, both) = ((garden.clone(), plant.clone()), (flat.clone(), machine.clone()));
    write!(db.store, |tx| {
        projects::insert(tx, &all.0).await?;
        projects::insert(tx, &all.1).await?;
        units::insert(tx, &both.0).await?;
        units::insert(tx, &both.1).await
    })
    .unwrap();
    let (garden_id, flat_id, nobody) = (garden.id, flat.id, db.clock.new_id());
    let found = read!(db.store, |tx| Ok((
        projects::find(tx, garden_id).await?,
        projects::find(tx, nobody).await?,
        projects::list(tx).await?,
        units::find(tx, flat_id).await?,
        units::list(tx, Some(garden_id)).await?,
        units::list(tx, None).await?.len(),
    )))
    .unwrap();
    assert_eq!(found, (Some(garden.clone()), None, vec![garden, plant], Some(flat.clone()), vec![flat], 2));
}

pub(crate) async fn a_contact_is_bound_to_a_unit_once(db: Database) {
    let garden = project(&db, "锦绣花园");
    let flat = unit(&db, &garden, "3栋502");
    let (contact, unit_id, now) = (db.contact().await, flat.id, db.now());
    let stored = flat.clone();
    let bound = write!(db.store, |tx| {
        projects::insert(tx, &garden).await?;
        units::insert(tx, &stored).await?;
        Ok((
            contact_units::bind(tx, contact, unit_id, now).await?,
            contact_units::bind(tx, contact, unit_id, now).await?,
        ))
    })
    .unwrap();
    assert_eq!(bound, (true, false));
    let (of_contact, of_unit) = read!(db.store, |tx| Ok((
        contact_units::list(tx, contact).await?,
        contact_units::contacts(tx, unit_id).await?
    )))
    .unwrap();
    assert_eq!(of_contact, [flat]);
    assert_eq!(of_unit.iter().map(|person| person.id).collect::<Vec<_>>(), [contact]);
}

pub(crate) async fn a_contact_keeps_language_consent_and_opt_out(db: Database) {
    let (id, now) = (db.contact().await, db.now());
    let later = now + Duration::from_mins(1);
    write!(db.store, |tx| {
        contacts::update_language(tx, id, Language::English).await?;
        contacts::update_person(tx, id, Some("王女士"), Some("13800000000")).await?;
        contacts::consent(tx, id, now).await?;
        contacts::consent(tx, id, later).await?;
        contacts::stop_surveys(tx, id, now).await?;
        contacts::stop_surveys(tx, id, later).await
    })
    .unwrap();
    let found = read!(db.store, |tx| contacts::find(tx, id).await).unwrap().unwrap();
    let expected = Contact {
        name: Some("王女士".to_owned()),
        phone: Some("13800000000".to_owned()),
        consent_at: Some(now),
        surveys_stopped_at: Some(now),
        ..Contact::new(id, Language::English, now)
    };
    assert_eq!(found, expected);
    write!(db.store, |tx| contacts::resume_surveys(tx, id).await).unwrap();
    assert_eq!(read!(db.store, |tx| contacts::find(tx, id).await).unwrap().unwrap().surveys_stopped_at, None);
    let nobody = db.clock.new_id();
    assert!(is_missing(&write!(db.store, |tx| contacts::stop_surveys(tx, nobody, now).await), "contacts"));
}

pub(crate) async fn an_address_leads_to_its_contact(db: Database) {
    let (first, second, now) = (db.contact().await, db.contact().await, db.now());
    write!(db.store, |tx| identities::link(tx, "web", "abc", first, now).await).unwrap();
    let find =
        async |channel: &'static str| read!(db.store, |tx| identities::find_contact(tx, channel, "abc").await).unwrap();
    assert_eq!((find("web").await, find("telegram").await), (Some(first), None));
    write!(db.store, |tx| identities::link(tx, "web", "abc", second, now).await).unwrap();
    assert_eq!(find("web").await, Some(second));
}

pub(crate) async fn staff_log_in_by_login_and_sessions_end(db: Database) {
    let (id, now) = (db.staff("li").await, db.now());
    write!(db.store, |tx| staff::set_password(tx, id, "$argon2id$new").await).unwrap();
    let (found, hash) = read!(db.store, |tx| staff::by_login(tx, "li").await).unwrap().unwrap();
    assert_eq!((found.id, hash.as_str()), (id, "$argon2id$new"));
    assert!(read!(db.store, |tx| staff::by_login(tx, "LI").await).unwrap().is_none());
    let again = huifang::domain::staff::Staff { id: db.clock.new_id(), ..found.clone() };
    assert!(write!(db.store, |tx| staff::insert(tx, &again, "x").await).is_err());
    assert_eq!(read!(db.store, |tx| staff::list(tx).await).unwrap(), [found]);

    let hour = Duration::from_hours(1);
    let session = Session {
        token_hash: "ab".repeat(32),
        staff_id: id,
        csrf: "token".to_owned(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + hour,
    };
    let stored = session.clone();
    write!(db.store, |tx| sessions::insert(tx, &stored).await).unwrap();
    let token = session.token_hash.clone();
    let find = async |at| {
        let token = token.clone();
        read!(db.store, |tx| sessions::find(tx, &token, at).await).unwrap()
    };
    assert_eq!(find(now).await, Some(session));
    assert_eq!(find(now + hour).await, None);
    let touched = token.clone();
    write!(db.store, |tx| sessions::touch(tx, &touched, now + hour, now + hour * 2).await).unwrap();
    assert!(find(now + hour).await.is_some());
    let ended = token.clone();
    write!(db.store, |tx| sessions::end(tx, &ended).await).unwrap();
    assert_eq!(find(now).await, None);
}

pub(crate) async fn somebody_who_may_no_longer_log_in_has_no_session(db: Database) {
    let (id, now) = (db.staff("li").await, db.now());
    let session = |token: &str| Session {
        token_hash: token.to_owned(),
        staff_id: id,
        csrf: "token".to_owned(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + Duration::from_secs(1),
    };
    let (first, second) = (session("first"), session("second"));
    write!(db.store, |tx| {
        sessions::insert(tx, &first).await?;
        sessions::insert(tx, &second).await?;
        staff::set_active(tx, id, false).await
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| sessions::find(tx, "first", now).await).unwrap(), None);
    let later = now + Duration::from_secs(1);
    assert_eq!(write!(db.store, |tx| sessions::sweep(tx, now).await).unwrap(), 0);
    assert_eq!(write!(db.store, |tx| sessions::sweep(tx, later).await).unwrap(), 2);
    write!(db.store, |tx| sessions::end_all(tx, id).await).unwrap();
}

pub(crate) async fn an_account_on_a_platform_is_one_member_of_staff(db: Database) {
    let (li, wang, now) = (db.staff("li").await, db.staff("wang").await, db.now());
    let find = async |address: &str| {
        let address = address.to_owned();
        read!(db.store, |tx| staff_accounts::find(tx, "telegram", &address).await).unwrap()
    };
    assert_eq!(find("71").await, None);
    write!(db.store, |tx| {
        staff_accounts::link(tx, "telegram", "71", li, now).await?;
        staff_accounts::link(tx, "telegram", "72", li, now).await
    })
    .unwrap();
    assert_eq!((find("71").await, find("72").await), (Some(li), Some(li)));
    write!(db.store, |tx| staff_accounts::link(tx, "telegram", "72", wang, now).await).unwrap();
    assert_eq!(find("72").await, Some(wang));
    assert_eq!(read!(db.store, |tx| staff_accounts::of(tx, "telegram", li).await).unwrap(), ["71"]);
    assert_eq!(write!(db.store, |tx| staff_accounts::unlink(tx, li).await).unwrap(), 1);
    assert_eq!((find("71").await, find("72").await), (None, Some(wang)));
}

pub(crate) async fn an_alert_is_found_by_its_message_and_an_act_is_remembered_once(db: Database) {
    let (id, now) = (db.clock.new_id(), db.now());
    let flag = Flag::raised(id, FlagKind::Emergency, now);
    write!(db.store, |tx| {
        flags::raise(tx, &flag).await?;
        alerts::note_message(tx, "telegram", "-100", "7", id, now).await?;
        alerts::note_message(tx, "telegram", "-100", "8", id, now + Duration::from_secs(1)).await
    })
    .unwrap();
    let of = async |chat: &str, message: &str| {
        let (chat, message) = (chat.to_owned(), message.to_owned());
        read!(db.store, |tx| alerts::flag_of(tx, "telegram", &chat, &message).await).unwrap()
    };
    assert_eq!((of("-100", "7").await, of("-100", "9").await, of("-200", "7").await), (Some(id), None, None));
    let latest = read!(db.store, |tx| alerts::message_of(tx, "telegram", "-100", id).await).unwrap();
    assert_eq!(latest.as_deref(), Some("8"));
    assert_eq!(read!(db.store, |tx| alerts::message_of(tx, "telegram", "71", id).await).unwrap(), None);
    assert!(write!(db.store, |tx| alerts::remember_act(tx, "cb:1", now).await).unwrap());
    assert!(!write!(db.store, |tx| alerts::remember_act(tx, "cb:1", now).await).unwrap());
}

pub(crate) async fn a_setting_is_replaced(db: Database) {
    assert_eq!(read!(db.store, |tx| settings::get(tx, "key").await).unwrap(), None);
    write!(db.store, |tx| settings::put(tx, "key", "first").await).unwrap();
    write!(db.store, |tx| settings::put(tx, "key", "second").await).unwrap();
    assert_eq!(read!(db.store, |tx| settings::get(tx, "key").await).unwrap().as_deref(), Some("second"));
}
