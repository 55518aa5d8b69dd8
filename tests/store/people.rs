//! Projects, units, contacts, staff and settings.

use std::time::Duration;

use huifang::domain::access::Scope;
use huifang::domain::alert::reach::{Miss, Missed, Telling, Way};
use huifang::domain::contact::{self, Contact, Proof};
use huifang::domain::correction::{About, Labels};
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{ContactId, DialogueId, MergeId, RecoveryId, ResponseId, StaffId, VisitId};
use huifang::domain::language::Language;
use huifang::domain::project::{Project, ProjectKind, Tier, Unit, Upkeep};
use huifang::domain::recovery::{Recovery, Status};
use huifang::domain::ticket::{Ticket, TicketKind};
use huifang::domain::understanding::{Category, Intent, Sentiment, Urgency};
use huifang::domain::visit::{Visit, VisitKind};
use huifang::store::contact_merges::{self, Merge};
use huifang::store::corrections::{self, Verdict};
use huifang::store::dialogues::{self, NewDialogue};
use huifang::store::erasures::{self, Erasure, Of, Wish};
use huifang::store::offers::{self, Offer};
use huifang::store::responses::{self, NewResponse};
use huifang::store::sessions::{self, Session};
use huifang::store::transcripts::Hearing;
use huifang::store::{
    alerts, contact_units, contacts, flags, identities, inbox, media, projects, recoveries, settings, staff,
    staff_accounts, tickets, transcripts, units, visits,
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
        let known = contacts::find(tx, id).await?.unwrap();
        let (name, phone) = (Some("王女士".to_owned()), Some("13800000000".to_owned()));
        contacts::save_all(tx, &[&Contact { name, phone, ..known }]).await?;
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
    let in_use = async |login: &'static str| read!(db.store, |tx| staff::is_taken(tx, login).await).unwrap();
    assert_eq!((in_use("li").await, in_use("LI").await, in_use("l").await), (true, true, false));
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
    // What is on one way goes without the others.
    write!(db.store, |tx| {
        staff_accounts::link(tx, "mail", "wang@example.cn", wang, now).await?;
        staff_accounts::clear(tx, "telegram", wang).await
    })
    .unwrap();
    assert_eq!(find("72").await, None);
    assert_eq!(read!(db.store, |tx| staff_accounts::of(tx, "mail", wang).await).unwrap(), ["wang@example.cn"]);
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

pub(crate) async fn what_came_of_telling_somebody_is_kept_with_the_flag(db: Database) {
    let (id, li, now) = (db.clock.new_id(), db.staff("li").await, db.now());
    let flag = Flag::raised(id, FlagKind::SlaMissed, now);
    let missed = vec![Missed { way: Way::Telegram, why: Miss::NotOnRecord }];
    let vain = Telling { staff: Some(li), way: None, missed, at: now };
    let first = vain.clone();
    write!(db.store, |tx| {
        flags::raise(tx, &flag).await?;
        alerts::note_telling(tx, id, &first).await
    })
    .unwrap();
    let seq = read!(db.store, |tx| flags::last_seq(tx).await).unwrap();
    assert_eq!(read!(db.store, |tx| alerts::tellings(tx, id).await).unwrap(), std::slice::from_ref(&vain));
    // A later attempt takes its place, and whoever looks at the board sees it.
    let told = Telling { way: Some(Way::Mail), at: now + Duration::from_secs(1), ..vain };
    let nobody = Telling { staff: None, way: None, missed: Vec::new(), at: now };
    let both = [told.clone(), nobody.clone()];
    write!(db.store, |tx| {
        for telling in &both {
            alerts::note_telling(tx, id, telling).await?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| alerts::tellings(tx, id).await).unwrap(), [nobody, told]);
    assert!(read!(db.store, |tx| flags::last_seq(tx).await).unwrap() > seq);
}

pub(crate) async fn a_setting_is_replaced(db: Database) {
    assert_eq!(read!(db.store, |tx| settings::get(tx, "key").await).unwrap(), None);
    write!(db.store, |tx| settings::put(tx, "key", "first").await).unwrap();
    write!(db.store, |tx| settings::put(tx, "key", "second").await).unwrap();
    assert_eq!(read!(db.store, |tx| settings::get(tx, "key").await).unwrap().as_deref(), Some("second"));
}

/// A person with a name who lives in a flat and has a conversation and a ticket.
async fn neighbour(db: &Database, name: &str, phone: &str, label: &str) -> Contact {
    let mut person = Contact::new(db.clock.new_id(), Language::Chinese, db.now());
    (person.name, person.phone) = (Some(name.to_owned()), Some(phone.to_owned()));
    let garden = project(db, label);
    let flat = Unit { room: Some("502".to_owned()), ..unit(db, &garden, label) };
    let talk = NewDialogue { contact_id: Some(person.id), ..db.new_dialogue(name) };
    let mut ticket = Ticket::reported(db.clock.new_id(), TicketKind::Repair, person.id, db.now());
    ticket.dialogue_id = Some(talk.id);
    let (stored, now) = (person.clone(), db.now());
    write!(db.store, |tx| {
        projects::insert(tx, &garden).await?;
        units::insert(tx, &flat).await?;
        contacts::insert(tx, &stored).await?;
        contact_units::bind(tx, stored.id, flat.id, now).await?;
        dialogues::find_or_create(tx, &talk).await?;
        identities::link(tx, "web", &talk.address, stored.id, now).await?;
        tickets::file(tx, ticket).await.map(drop)
    })
    .unwrap();
    db.clock.advance(Duration::from_mins(1));
    person
}

/// Makes one of two: the first carries on.
async fn become_one(db: &Database, one: &Contact, two: &Contact, by: StaffId) -> MergeId {
    let (kept, gone) = contact::join(one.clone(), two.clone()).unwrap();
    assert_eq!((kept.id, gone.id), (one.id, two.id));
    let (id, now, before) = (db.clock.new_id(), db.now(), one.clone());
    write!(db.store, |tx| {
        contact_merges::lock(tx, kept.id, gone.id).await?;
        let moved = Some(contact_merges::carry_over(tx, before, &kept, gone.id, now).await?);
        let why = Proof::Staff;
        let merge = Merge { id, kept: kept.id, gone: gone.id, why, staff: Some(by), moved, at: now, undone_at: None };
        contact_merges::insert(tx, &merge).await
    })
    .unwrap();
    id
}

/// Takes the second out of the first again.
async fn come_apart(db: &Database, id: MergeId, two: &Contact, by: StaffId) {
    let (alone, now) = (two.clone(), db.now());
    write!(db.store, |tx| {
        let merge = contact_merges::load_for_update(tx, id).await?.unwrap();
        let moved = merge.moved.clone().unwrap();
        let now_kept = contacts::find(tx, merge.kept).await?.unwrap();
        let apart = contact::part(now_kept, moved.before.clone(), &alone);
        contact_merges::carry_back(tx, &merge, &moved, &apart).await?;
        contact_merges::undone(tx, id, by, now).await
    })
    .unwrap();
}

pub(crate) async fn everything_of_a_contact_goes_over_and_back(db: Database) {
    let one = neighbour(&db, "王敏", "13800138000", "A").await;
    let two = neighbour(&db, "小王", "13900139000", "B").await;
    let by = db.staff("li").await;
    // An import says of both that they live in one more flat, at one moment.
    let garden = project(&db, "C");
    let (shared, together) = (unit(&db, &garden, "C"), [one.id, two.id]);
    let (flat, imported) = (shared.id, db.now());
    write!(db.store, |tx| {
        projects::insert(tx, &garden).await?;
        units::insert(tx, &shared).await?;
        contact_units::bind_all(tx, &together.map(|who| (who, flat)), imported).await
    })
    .unwrap();
    let id = become_one(&db, &one, &two, by).await;
    // What everybody has: flats, conversations, tickets, and what their addresses lead to.
    let counts = async |id| {
        read!(db.store, |tx| Ok((
            contact_units::list(tx, id).await?.len(),
            dialogues::list_for_contact(tx, id).await?.len(),
            tickets::list_for_contact(tx, id, 9).await?.len(),
        )))
        .unwrap()
    };
    assert_eq!((counts(one.id).await, counts(two.id).await), ((3, 2, 2), (0, 0, 0)));
    let leads = async || read!(db.store, |tx| identities::find_contact(tx, "web", "小王").await).unwrap();
    assert_eq!(leads().await, Some(one.id));
    let two_id = two.id;
    let merged = read!(db.store, |tx| contacts::find(tx, two_id).await).unwrap().unwrap().merged_into;
    assert_eq!(merged, Some(one.id));

    come_apart(&db, id, &two, by).await;
    assert_eq!((counts(one.id).await, counts(two.id).await), ((2, 1, 1), (2, 1, 1)));
    assert_eq!(leads().await, Some(two.id));
    let (one_id, two_id) = (one.id, two.id);
    let both = read!(db.store, |tx| Ok((contacts::find(tx, one_id).await?, contacts::find(tx, two_id).await?)));
    assert_eq!(both.unwrap(), (Some(one), Some(two)));
    let kept = read!(db.store, |tx| contact_merges::list(tx, two_id).await).unwrap();
    assert_eq!((kept.len(), kept[0].staff, kept[0].undone_at), (1, Some(by), Some(db.now())));
}

/// What came of an answer.
#[derive(Clone, Copy)]
struct Aftermath {
    response: ResponseId,
    recovery: RecoveryId,
    second: VisitId,
}

/// Somebody answers in a conversation: they are offered something, are to be won back and to be visited again.
async fn answered(db: &Database, who: ContactId, talk: DialogueId) -> Aftermath {
    let (response, recovery): (ResponseId, RecoveryId) = (db.clock.new_id(), db.clock.new_id());
    let (offered, now) = (db.clock.new_id(), db.now());
    let project = read!(db.store, |tx| projects::list(tx).await).unwrap().remove(0).id;
    let (key, survey) = (format!("{response}:second:1"), "maintenance".to_owned());
    let visit = Visit::planned(db.clock.new_id(), key, VisitKind::Second, project, survey.clone(), now);
    let (second, visit) = (visit.id, Visit { contact_id: Some(who), ..visit });
    let new = NewResponse {
        id: response,
        survey,
        survey_version: 1,
        contact_id: Some(who),
        unit_id: None,
        project_id: None,
        dialogue_id: Some(talk),
        started_at: now,
    };
    let row = Recovery {
        id: recovery,
        response_id: response,
        contact_id: Some(who),
        unit_id: None,
        project_id: Some(project),
        status: Status::Visiting,
        person: None,
        deadline_at: now,
        root_cause: None,
        review: None,
        visit_id: Some(second),
        first_score: 1.9,
        second_score: None,
        created_at: now,
        ended_at: None,
    };
    let offer = Offer { response, contact: Some(who), name: "recommend".to_owned(), by: None, at: now };
    write!(db.store, |tx| {
        responses::start(tx, &new).await?;
        visits::insert(tx, &visit).await?;
        recoveries::open(tx, &row).await?;
        offers::note(tx, offered, &offer).await
    })
    .unwrap();
    Aftermath { response, recovery, second }
}

pub(crate) async fn what_came_of_answers_and_repairs_since_goes_back_with_them(db: Database) {
    let one = neighbour(&db, "王敏", "13800138000", "A").await;
    let two = neighbour(&db, "小王", "13900139000", "B").await;
    let by = db.staff("li").await;
    let own = async |who: ContactId| {
        read!(db.store, |tx| Ok((
            dialogues::list_for_contact(tx, who).await?.remove(0).id,
            tickets::list_for_contact(tx, who, 9).await?.remove(0).id,
        )))
        .unwrap()
    };
    let ((her_talk, _), (his_talk, his_ticket)) = (own(one.id).await, own(two.id).await);
    let id = become_one(&db, &one, &two, by).await;
    let (hers, his) = (answered(&db, one.id, her_talk).await, answered(&db, one.id, his_talk).await);
    let project = read!(db.store, |tx| projects::list(tx).await).unwrap().remove(0).id;
    let (key, survey) = ("repair".to_owned(), "post_repair".to_owned());
    let after = Visit::planned(db.clock.new_id(), key, VisitKind::PostRepair, project, survey, db.now());
    let after = Visit { contact_id: Some(one.id), ticket_id: Some(his_ticket), ..after };
    let repair = after.id;
    write!(db.store, |tx| visits::insert(tx, &after).await).unwrap();
    come_apart(&db, id, &two, by).await;
    let whose = async |after: Aftermath| {
        read!(db.store, |tx| Ok([
            recoveries::find(tx, after.recovery).await?.unwrap().contact_id,
            offers::of_response(tx, after.response).await?.remove(0).contact,
            visits::find(tx, after.second).await?.unwrap().contact_id,
        ]))
        .unwrap()
    };
    assert_eq!((whose(hers).await, whose(his).await), ([Some(one.id); 3], [Some(two.id); 3]));
    let asked = read!(db.store, |tx| visits::find(tx, repair).await).unwrap().unwrap().contact_id;
    assert_eq!(asked, Some(two.id), "whose repair it was");
}

pub(crate) async fn a_link_to_go_on_elsewhere_is_spent_once(db: Database) {
    let (one, two, now) = (db.dialogue("one").await, db.dialogue("two").await, db.now());
    let spend = async |by| write!(db.store, |tx| contact_merges::spend_link(tx, "hash", by, now).await).unwrap();
    assert_eq!((spend(one).await, spend(two).await, spend(one).await), (None, Some(one), Some(one)));
}

pub(crate) async fn people_are_found_by_the_beginning_of_name_number_or_flat(db: Database) {
    let wang = neighbour(&db, "王敏", "13800138000", "3栋502").await;
    let li = neighbour(&db, "Li Jing", "057188886666", "5栋%1").await;
    for (typed, expected) in [
        ("王", vec![wang.id]),
        ("敏", vec![]),
        ("li", vec![li.id]),
        ("LI jing", vec![li.id]),
        ("Li J", vec![li.id]),
        ("1380", vec![wang.id]),
        ("3栋", vec![wang.id]),
        ("5栋%", vec![li.id]),
        ("%", vec![]),
        ("_", vec![]),
        ("502", vec![wang.id, li.id]),
        (" ", vec![li.id, wang.id]),
    ] {
        let found = read!(db.store, |tx| contacts::search(tx, typed, &Scope::default(), 50).await).unwrap();
        let mut found: Vec<_> = found.into_iter().map(|contact| contact.id).collect();
        let mut expected = expected;
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{typed}");
    }
    let capped = read!(db.store, |tx| contacts::search(tx, "", &Scope::default(), 1).await).unwrap();
    assert_eq!(capped.iter().map(|contact| contact.id).collect::<Vec<_>>(), [li.id]);
}

pub(crate) async fn what_is_erased_is_empty_and_still_counts(db: Database) {
    let person = neighbour(&db, "王敏", "13800138000", "3栋502").await;
    let (who, now) = (person.id, db.now());
    let talk = read!(db.store, |tx| dialogues::list_for_contact(tx, who).await).unwrap().remove(0).id;
    let ticket = read!(db.store, |tx| tickets::list_for_contact(tx, who, 9).await).unwrap().remove(0).id;
    let by = db.staff("li").await;
    let seen = Labels {
        sentiment: Sentiment::Neutral,
        intent: Intent::RepairReport,
        category: Some(Category::Leak),
        urgency: Urgency::Normal,
    };
    let meant = Labels { category: Some(Category::Crack), ..seen };
    let verdict = Verdict {
        id: db.clock.new_id(),
        about: About::Ticket(ticket),
        words: "我是王敏，墙裂了".to_owned(),
        original: seen,
        corrected: meant,
        by,
        at: now,
    };
    let (file, message, id) = (db.clock.new_id(), db.clock.new_id(), db.clock.new_id());
    let new = Erasure {
        id,
        contact: who,
        dialogue: None,
        why: Wish::Client,
        staff: None,
        asked_at: now,
        due_at: now,
        done_at: None,
        messages: 0,
        files: 0,
    };
    write!(db.store, |tx| {
        let row = media::Media {
            id: file,
            kind: "voice".to_owned(),
            content_type: "audio/ogg".to_owned(),
            bytes: 10,
            sha256: "00".to_owned(),
            key: "aa/voice".to_owned(),
            dialogue_id: Some(talk),
            seconds: Some(2.0),
            created_at: now,
            remote: None,
            lost: None,
        };
        media::insert(tx, &row).await?;
        transcripts::pending(tx, file, Some("我是王敏"), now).await?;
        let said = inbox::NewInbound {
            id: message,
            channel: "web".to_owned(),
            external_id: "m:97531864:1".to_owned(),
            dialogue_id: talk,
            kind: "text".to_owned(),
            body: "{\"text\":\"我是王敏\"}".to_owned(),
            received_at: now,
        };
        inbox::remember(tx, &said).await?;
        corrections::add_verdict(tx, &verdict).await?;
        erasures::insert(tx, &new).await
    })
    .unwrap();
    let emptied = write!(db.store, |tx| {
        erasures::empty_file(tx, file).await?;
        let messages = erasures::empty_dialogue(tx, talk, "{}", now).await?;
        erasures::empty_responses(tx, Of::Contact(who)).await?;
        let tickets = erasures::empty_histories(tx, Of::Contact(who)).await?.len();
        erasures::empty_contact(tx, who, now).await?;
        erasures::count(tx, id, messages, 0).await?;
        Ok((messages, tickets, erasures::files_left(tx, talk).await?))
    })
    .unwrap();
    assert_eq!(emptied, (1, 1, vec!["aa/voice".to_owned()]));
    let again = write!(db.store, |tx| {
        erasures::file_deleted(tx, "aa/voice").await?;
        erasures::count(tx, id, 0, 1).await?;
        erasures::done(tx, id, now).await?;
        Ok((erasures::empty_dialogue(tx, talk, "{}", now).await?, erasures::files_left(tx, talk).await?))
    })
    .unwrap();
    assert_eq!(again, (0, Vec::<String>::new()));
    let brought = write!(db.store, |tx| media::brought(tx, file, "audio/ogg", 10, "00").await).unwrap();
    assert!(!brought, "its bytes came too late");
    let about = About::Ticket(ticket);
    let judged = read!(db.store, |tx| corrections::verdict(tx, about).await).unwrap().unwrap();
    assert_eq!((judged.words.as_str(), judged.original, judged.corrected), ("", seen, meant));
    // So it was left by versions before.
    db.execute("UPDATE corrections SET original = NULL").await;
    let judged = read!(db.store, |tx| corrections::verdicts(tx).await).unwrap().remove(0);
    assert_eq!((judged.original, judged.corrected), (meant, meant));
    let (found, address, heard, done) = read!(db.store, |tx| Ok((
        contacts::find(tx, who).await?.unwrap(),
        identities::find_contact(tx, "web", "王敏").await?,
        transcripts::find(tx, file).await?.unwrap(),
        erasures::list(tx, who).await?.remove(0),
    )))
    .unwrap();
    assert_eq!((found.name, found.phone, found.erased_at, address), (None, None, Some(now), None));
    assert_eq!((heard.recognition, heard.hearing), (None, Hearing::Failed), "nobody listens to it any more");
    assert_eq!((done.messages, done.files, done.done_at), (1, 1, Some(now)));
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE external_id LIKE '%97531864%'").await, 0);
    assert_eq!(db.number("SELECT COUNT(*) FROM dialogues WHERE address LIKE 'erased:%'").await, 1);
    assert_eq!(db.number("SELECT COUNT(*) FROM contact_units").await, 0);
}
