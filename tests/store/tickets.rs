//! Tickets, flags and the change numbers by which lists follow them.

use std::time::Duration;

use futures_util::future::join_all;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::{ContactId, DialogueId, MediaId, TicketId};
use huifang::domain::ticket::{Actor, Cause, Status, Ticket, TicketKind};
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::{Category, Keyword, Sentiment, Urgency};
use huifang::store::media::{self, Media};
use huifang::store::tickets::{self, Filter, NewEvent};
use huifang::store::{StoreError, dialogues, flags};
use insta::{allow_duplicates, assert_snapshot};
use sqlx::{Connection, PgConnection};

use crate::database::{Database, is_missing, read, write};

fn report(db: &Database, contact: ContactId) -> Ticket {
    Ticket::reported(db.clock.new_id(), TicketKind::Repair, contact, db.now())
}

async fn file(db: &Database, ticket: Ticket) -> Ticket {
    write!(db.store, |tx| tickets::file(tx, ticket).await).unwrap()
}

async fn find(db: &Database, id: TicketId) -> Ticket {
    read!(db.store, |tx| tickets::find(tx, id).await).unwrap().unwrap()
}

pub(crate) async fn a_ticket_comes_back_as_it_was_filed_and_as_it_was_changed(db: Database) {
    let (contact, dialogue, engineer) = (db.contact().await, db.dialogue("owner").await, db.staff("li").await);
    let keyword = Keyword {
        text: "太慢".to_owned(),
        start: 3,
        end: 5,
        polarity: Sentiment::Negative,
        why: "太 + 慢 → negative".to_owned(),
    };
    let ticket = Ticket {
        dialogue_id: Some(dialogue),
        priority: 2,
        category: Some(Category::PlumbingDrain),
        urgency: Urgency::Emergency,
        location: Some("主卧卫生间".to_owned()),
        component: Some("水龙头".to_owned()),
        symptom: Some("漏水".to_owned()),
        since: Some("昨天晚上".to_owned()),
        wished_time: Some("周六上午".to_owned()),
        description: "水龙头漏水,太慢了 🚰".to_owned(),
        in_warranty: Some(true),
        sentiment: Sentiment::Negative,
        keywords: vec![keyword],
        cause: Some(Cause::Procurement),
        expected_at: Some(db.now() + Duration::from_hours(72)),
        rectified_at: Some(db.now() + Duration::from_hours(24)),
        merged_into: Some(file(&db, report(&db, contact)).await.id),
        incident_id: Some(db.clock.new_id()),
        reopened: 2,
        ..report(&db, contact)
    };
    let filed = file(&db, ticket).await;
    assert_eq!(find(&db, filed.id).await, filed);
    let changed = filed.assign(engineer, db.now() + Duration::from_mins(1)).unwrap();
    let stored = changed.clone();
    write!(db.store, |tx| tickets::update(tx, &stored).await).unwrap();
    let number = changed.number.clone();
    assert_eq!(read!(db.store, |tx| tickets::find_by_number(tx, &number).await).unwrap(), Some(changed));
}

pub(crate) async fn numbers_count_up_within_a_month_in_china(db: Database) {
    let contact = db.contact().await;
    let at = |millis| Ticket { created_at: Timestamp(millis), ..report(&db, contact) };
    // The last millisecond of October in China, and the first of November.
    let october = file(&db, at(1_793_462_399_999)).await;
    let november = file(&db, at(1_793_462_400_000)).await;
    let another = file(&db, at(1_793_462_400_001)).await;
    allow_duplicates! {
        assert_snapshot!([october.number, november.number, another.number].join(" "), @"HF2610-0001 HF2611-0001 HF2611-0002");
    }
}

pub(crate) async fn a_number_that_was_undone_is_given_again(db: Database) {
    let contact = db.contact().await;
    file(&db, report(&db, contact)).await;
    let undone = report(&db, contact);
    let result: Result<(), _> = write!(db.store, |tx| {
        assert_eq!(tickets::file(tx, undone).await?.number, "HF2611-0002");
        Err(StoreError::Closed)
    });
    assert!(result.is_err());
    assert_eq!(file(&db, report(&db, contact)).await.number, "HF2611-0002");
}

pub(crate) async fn numbers_have_no_gaps_and_no_twins_when_many_are_filed_at_once(db: Database) {
    let contact = db.contact().await;
    let filing = (0..30).map(|i| {
        let (store, ticket) = (db.store.clone(), report(&db, contact));
        tokio::spawn(async move {
            write!(store, |tx| {
                let filed = tickets::file(tx, ticket).await?;
                if i % 5 == 0 { Err(StoreError::Closed) } else { Ok(filed.number) }
            })
        })
    });
    let mut numbers: Vec<_> = join_all(filing).await.into_iter().filter_map(|number| number.unwrap().ok()).collect();
    numbers.sort();
    assert_eq!(numbers, (1..=24).map(|count| format!("HF2611-{count:04}")).collect::<Vec<_>>());
}

pub(crate) async fn a_ticket_changed_by_two_at_once_loses_neither_change(db: Database) {
    let contact = db.contact().await;
    let id = file(&db, Ticket { description: "0".to_owned(), ..report(&db, contact) }).await.id;
    let changes = (0..10).map(|_| {
        let store = db.store.clone();
        tokio::spawn(async move {
            write!(store, |tx| {
                let mut ticket = tickets::load_for_update(tx, id).await?.unwrap();
                tokio::task::yield_now().await;
                ticket.description = (ticket.description.parse::<u32>().unwrap() + 1).to_string();
                tickets::update(tx, &ticket).await
            })
        })
    });
    for change in join_all(changes).await {
        change.unwrap().unwrap();
    }
    assert_eq!(find(&db, id).await.description, "10");
}

/// Intake holds the dialogue and then changes its ticket; the desk starts from the ticket and
/// then writes to the dialogue. Both raise flags.
pub(crate) async fn staff_and_client_on_one_ticket_do_not_deadlock(db: Database) {
    let (contact, dialogue) = (db.contact().await, db.dialogue("owner").await);
    let id = file(&db, Ticket { dialogue_id: Some(dialogue), ..report(&db, contact) }).await.id;
    let both = (0..20).map(|i| {
        let (store, now) = (db.store.clone(), db.now());
        let flag = Flag::raised(db.clock.new_id(), FlagKind::FixRejected, now);
        tokio::spawn(async move {
            write!(store, |tx| {
                if i % 2 == 0 {
                    dialogues::load_for_update(tx, dialogue).await?;
                    flags::raise(tx, &flag).await?;
                    tokio::task::yield_now().await;
                    let ticket = tickets::load_for_update(tx, id).await?.unwrap();
                    tickets::update(tx, &ticket).await
                } else {
                    let ticket = tickets::load_for_update(tx, id).await?.unwrap();
                    tickets::update(tx, &ticket).await?;
                    tokio::task::yield_now().await;
                    flags::raise(tx, &flag).await?;
                    dialogues::save(tx, dialogue, "{}", false, now).await
                }
            })
        })
    });
    for done in join_all(both).await {
        done.unwrap().unwrap();
    }
}

pub(crate) async fn lists_show_what_the_filter_asks_for_and_emergencies_first(db: Database) {
    let (contact, engineer) = (db.contact().await, db.staff("li").await);
    let closed = report(&db, contact).cancel(db.now()).unwrap();
    file(&db, Ticket { description: "closed".to_owned(), ..closed }).await;
    let plain = file(&db, Ticket { description: "plain".to_owned(), ..report(&db, contact) }).await;
    let urgent = Ticket { urgency: Urgency::Emergency, description: "gas".to_owned(), ..report(&db, contact) };
    file(&db, Ticket { category: Some(Category::Other), ..urgent }).await;
    db.clock.advance(Duration::from_secs(1));
    let late = report(&db, contact).assign(engineer, db.now()).unwrap();
    file(&db, Ticket { description: "assigned".to_owned(), ..late }).await;
    let cutoff = db.now();
    let filters = [
        Filter::default(),
        Filter { open: Some(true), ..Filter::default() },
        Filter { open: Some(false), ..Filter::default() },
        Filter { status: Some(Status::Reported), ..Filter::default() },
        Filter { assignee: Some(engineer), ..Filter::default() },
        Filter { urgency: Some(Urgency::Emergency), category: Some(Category::Other), ..Filter::default() },
        Filter { kind: Some(TicketKind::Complaint), ..Filter::default() },
        Filter { from: Some(cutoff), ..Filter::default() },
        Filter { until: Some(cutoff), open: Some(true), ..Filter::default() },
    ];
    let mut lines = Vec::new();
    for filter in filters {
        let found = read!(db.store, |tx| tickets::list(tx, &filter, 10).await).unwrap();
        lines.push(found.into_iter().map(|ticket| ticket.description).collect::<Vec<_>>().join(", "));
    }
    allow_duplicates! {
        assert_snapshot!(lines.join("\n"), @r"
    gas, plain, assigned, closed
    gas, plain, assigned
    closed
    gas, plain
    assigned
    gas

    assigned
    gas, plain
    ");
    }
    let open = read!(db.store, |tx| tickets::open_for_contact(tx, contact).await).unwrap();
    assert_eq!(open.len(), 3);
    assert_eq!(open.last().unwrap().id, plain.id);
}

pub(crate) async fn a_merged_ticket_leads_to_the_open_one_of_somebody_else_that_carries_on(db: Database) {
    let (contact, other) = (db.contact().await, db.contact().await);
    let last = file(&db, report(&db, other)).await;
    let into = async |contact: ContactId, target: &Ticket| {
        let merged = report(&db, contact).merge(target.id, db.now()).unwrap();
        file(&db, merged).await
    };
    let between = into(other, &last).await;
    let (first, second) = (into(contact, &between).await, into(contact, &last).await);
    let own = file(&db, report(&db, contact)).await;
    into(contact, &own).await;
    let merged = first.clone();
    let on = read!(db.store, |tx| tickets::carrying_on(tx, &merged).await).unwrap();
    assert_eq!(on.as_ref(), Some(&last));
    let shared = async || read!(db.store, |tx| tickets::shared_with(tx, contact).await).unwrap();
    let found: Vec<_> = shared().await.into_iter().map(|(theirs, with)| (theirs.id, with.id)).collect();
    assert!(found == [(first.id, last.id)] || found == [(second.id, last.id)], "once, and nothing of their own");
    let closed = last.cancel(db.now()).unwrap();
    write!(db.store, |tx| tickets::update(tx, &closed).await).unwrap();
    assert!(shared().await.is_empty());
}

pub(crate) async fn history_is_numbered_and_says_who(db: Database) {
    let (contact, engineer) = (db.contact().await, db.staff("li").await);
    let ticket_id = file(&db, report(&db, contact)).await.id;
    for (kind, actor) in [("reported", Actor::Client), ("assigned", Actor::Staff(engineer)), ("warned", Actor::System)]
    {
        let event = NewEvent {
            id: db.clock.new_id(),
            ticket_id,
            kind: kind.to_owned(),
            actor,
            body: "{}".to_owned(),
            at: db.now(),
        };
        write!(db.store, |tx| tickets::add_event(tx, &event).await).unwrap();
    }
    let history = read!(db.store, |tx| tickets::events(tx, ticket_id).await).unwrap();
    let told: Vec<_> = history.iter().map(|event| (event.seq, event.kind.as_str(), event.actor)).collect();
    assert_eq!(
        told,
        [(1, "reported", Actor::Client), (2, "assigned", Actor::Staff(engineer)), (3, "warned", Actor::System)]
    );
}

pub(crate) async fn media_are_attached_once(db: Database) {
    let (contact, dialogue) = (db.contact().await, db.dialogue("owner").await);
    let ticket = file(&db, report(&db, contact)).await.id;
    let voice = Media {
        id: db.clock.new_id::<MediaId>(),
        kind: "voice".to_owned(),
        content_type: "audio/ogg".to_owned(),
        bytes: 4096,
        sha256: "00".repeat(32),
        key: "2026/11/voice.ogg".to_owned(),
        dialogue_id: Some(dialogue),
        seconds: None,
        created_at: db.now(),
        remote: None,
        lost: None,
    };
    let (id, stored) = (voice.id, voice.clone());
    write!(db.store, |tx| {
        media::insert(tx, &stored).await?;
        tickets::attach_media(tx, ticket, id).await?;
        tickets::attach_media(tx, ticket, id).await?;
        media::set_seconds(tx, id, 3.25).await
    })
    .unwrap();
    let listed = read!(db.store, |tx| media::list_for_ticket(tx, ticket).await).unwrap();
    assert_eq!(listed, [Media { seconds: Some(3.25), ..voice }]);
}

pub(crate) async fn an_unseen_flag_about_the_same_is_found_however_many_are_newer(db: Database) {
    let contact = db.contact().await;
    let (ticket, staff) = (file(&db, report(&db, contact)).await.id, db.staff("li").await);
    let raised = |kind: FlagKind, ticket_id: Option<TicketId>| Flag {
        ticket_id,
        ..Flag::raised(db.clock.new_id(), kind, db.now())
    };
    let old = raised(FlagKind::Complaint, Some(ticket));
    let newer: Vec<Flag> = (0..250).map(|_| raised(FlagKind::Complaint, None)).collect();
    let (id, now, kept) = (old.id, db.now(), old.clone());
    write!(db.store, |tx| {
        flags::raise(tx, &kept).await?;
        for flag in &newer {
            flags::raise(tx, flag).await?;
        }
        Ok::<_, StoreError>(())
    })
    .unwrap();
    let like = read!(db.store, |tx| flags::unseen_like(tx, &old).await).unwrap();
    assert_eq!(like.iter().map(|flag| flag.id).collect::<Vec<_>>(), [id]);
    let other_kind = raised(FlagKind::FixRejected, Some(ticket));
    assert!(read!(db.store, |tx| flags::unseen_like(tx, &other_kind).await).unwrap().is_empty());
    let nothing = raised(FlagKind::Complaint, None);
    assert_eq!(read!(db.store, |tx| flags::unseen_like(tx, &nothing).await).unwrap().len(), 250);
    assert!(write!(db.store, |tx| flags::see(tx, id, staff, now).await).unwrap());
    let again = raised(FlagKind::Complaint, Some(ticket));
    assert!(read!(db.store, |tx| flags::unseen_like(tx, &again).await).unwrap().is_empty());
}

pub(crate) async fn a_flag_is_seen_once(db: Database) {
    let (first, second) = (db.staff("li").await, db.staff("wang").await);
    let flag = Flag { detail: "score=2".to_owned(), ..Flag::raised(db.clock.new_id(), FlagKind::Complaint, db.now()) };
    let (id, now) = (flag.id, db.now());
    write!(db.store, |tx| flags::raise(tx, &flag).await).unwrap();
    assert_eq!(read!(db.store, |tx| flags::list_open(tx, 9).await).unwrap().len(), 1);
    assert!(write!(db.store, |tx| flags::see(tx, id, first, now).await).unwrap());
    assert!(!write!(db.store, |tx| flags::see(tx, id, second, now).await).unwrap());
    assert!(read!(db.store, |tx| flags::list_open(tx, 9).await).unwrap().is_empty());
    let seen = read!(db.store, |tx| flags::find(tx, id).await).unwrap().unwrap();
    assert_eq!((seen.seen_by, seen.seen_at, seen.detail.as_str()), (Some(first), Some(now), "score=2"));
}

pub(crate) async fn a_change_comes_again_under_a_higher_number(db: Database) {
    let contact = db.contact().await;
    let first = file(&db, report(&db, contact)).await;
    let second = file(&db, report(&db, contact)).await;
    let seen = read!(db.store, |tx| tickets::after_seq(tx, 0, 9).await).unwrap();
    assert_eq!(seen.iter().map(|change| change.record.id).collect::<Vec<_>>(), [first.id, second.id]);
    let last = seen.last().unwrap().seq;
    assert_eq!(read!(db.store, |tx| flags::last_seq(tx).await).unwrap(), last);
    let event = NewEvent {
        id: db.clock.new_id(),
        ticket_id: first.id,
        kind: "note".to_owned(),
        actor: Actor::System,
        body: "{}".to_owned(),
        at: db.now(),
    };
    write!(db.store, |tx| tickets::add_event(tx, &event).await).unwrap();
    let news = read!(db.store, |tx| tickets::after_seq(tx, last, 9).await).unwrap();
    assert_eq!(news.iter().map(|change| change.record.id).collect::<Vec<_>>(), [first.id]);
}

/// A transaction that drew its number early and commits late must not be overtaken by one a
/// reader sees first.
pub(crate) async fn a_reader_of_changes_misses_none_while_others_write(db: Database) {
    let contact = db.contact().await;
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let store = db.store.clone();
            let now = db.now();
            let raised: Vec<_> = (0..25)
                .map(|_| (report(&db, contact), Flag::raised(db.clock.new_id(), FlagKind::Complaint, now)))
                .collect();
            tokio::spawn(async move {
                for (ticket, flag) in raised {
                    write!(store, |tx| {
                        flags::raise(tx, &flag).await?;
                        tokio::task::yield_now().await;
                        tickets::file(tx, ticket).await
                    })
                    .unwrap();
                }
            })
        })
        .collect();
    let (mut flags_seen, mut tickets_seen) = (Vec::new(), Vec::new());
    loop {
        let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let after = flags_seen.last().copied().unwrap_or(0);
        let news = read!(db.store, |tx| flags::after_seq(tx, after, 1000).await).unwrap();
        flags_seen.extend(news.iter().map(|change| change.seq));
        let after = tickets_seen.last().copied().unwrap_or(0);
        let news = read!(db.store, |tx| tickets::after_seq(tx, after, 1000).await).unwrap();
        tickets_seen.extend(news.iter().map(|change| change.seq));
        if finished {
            break;
        }
    }
    assert_eq!((flags_seen.len(), tickets_seen.len()), (100, 100));
    let mut all = [flags_seen, tickets_seen].concat();
    all.sort_unstable();
    assert_eq!(all, (1..=200).collect::<Vec<i64>>());
}

/// A reader that has seen number n never sees a lower one afterwards: whoever draws a number
/// waits until all lower ones are committed. SQLite has one writer, so there it cannot happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_does_not_overtake_one_with_a_lower_number() {
    let Some(db) = crate::database::postgres().await else { return };
    let slow = Flag::raised(db.clock.new_id(), FlagKind::Complaint, db.now());
    let quick = Flag::raised(db.clock.new_id(), FlagKind::Emergency, db.now());
    write!(db.store, |tx| flags::raise(tx, &slow).await).unwrap();
    // Another replica changes the first flag again and takes its time to commit.
    let mut replica = PgConnection::connect(&db.url).await.unwrap();
    let mut change = replica.begin().await.unwrap();
    let draw = "WITH drawn AS (UPDATE counters SET value = value + 1 WHERE name = 'changes' RETURNING value) \
                UPDATE flags SET seq = drawn.value FROM drawn";
    sqlx::query(draw).execute(&mut *change).await.unwrap();
    let store = db.store.clone();
    let raising = tokio::spawn(async move { write!(store, |tx| flags::raise(tx, &quick).await) });
    let waiting = "SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
                   WHERE a.datname = current_database() AND NOT l.granted";
    while db.number(waiting).await == 0 {
        assert!(!raising.is_finished(), "it did not wait");
    }
    let seen = read!(db.store, |tx| flags::after_seq(tx, 1, 9).await).unwrap();
    assert!(seen.is_empty());
    change.commit().await.unwrap();
    raising.await.unwrap().unwrap();
    let seen = read!(db.store, |tx| flags::after_seq(tx, 1, 9).await).unwrap();
    let order: Vec<_> = seen.iter().map(|change| (change.seq, change.record.kind)).collect();
    assert_eq!(order, [(2, FlagKind::Complaint), (3, FlagKind::Emergency)]);
}

pub(crate) async fn a_bad_stored_value_is_named_by_table_column_and_row(db: Database) {
    let contact = db.contact().await;
    let id = file(&db, report(&db, contact)).await.id;
    db.execute("UPDATE tickets SET status = 'lost'").await;
    let refused = read!(db.store, |tx| tickets::find(tx, id).await).unwrap_err();
    assert_eq!(refused.to_string(), format!("the stored value of tickets.status in row {id} is not valid"));
    db.execute("UPDATE tickets SET status = 'closed', keywords = '{'").await;
    let refused = read!(db.store, |tx| tickets::find(tx, id).await).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { table: "tickets", column: "keywords", .. }));
}

pub(crate) async fn a_ticket_that_is_not_there_cannot_be_changed(db: Database) {
    let ticket = report(&db, db.contact().await);
    assert!(is_missing(&write!(db.store, |tx| tickets::update(tx, &ticket).await), "tickets"));
    let nowhere = Ticket { dialogue_id: Some(db.clock.new_id::<DialogueId>()), ..report(&db, db.contact().await) };
    let refused = write!(db.store, |tx| tickets::file(tx, nowhere).await).unwrap_err();
    assert!(!refused.is_transient(), "a foreign key that leads nowhere: {refused}");
}
