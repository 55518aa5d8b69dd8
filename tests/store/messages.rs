//! Conversations: the inbox, the outbox and the state between them.

use futures_util::future::join_all;
use huifang::domain::ids::{DialogueId, InboxId, OutboxId};
use huifang::store::dialogues;
use huifang::store::inbox::{self, NewInbound};
use huifang::store::outbox::{self, Author, Delivery, NewOutbound};
use huifang::store::thread::{self, Entry, Speaker};
use insta::{allow_duplicates, assert_snapshot};

use crate::database::{Database, is_missing, read, write};

fn inbound(db: &Database, dialogue_id: DialogueId, external_id: &str) -> NewInbound {
    NewInbound {
        id: db.clock.new_id(),
        channel: "web".to_owned(),
        external_id: external_id.to_owned(),
        dialogue_id,
        kind: "text".to_owned(),
        body: format!("{{\"text\":\"{external_id}\"}}"),
        received_at: db.now(),
    }
}

fn outbound(db: &Database, dialogue_id: DialogueId, body: &str, status: Delivery) -> NewOutbound {
    NewOutbound {
        id: db.clock.new_id(),
        dialogue_id,
        author: Author::Bot,
        body: body.to_owned(),
        status,
        not_before: None,
        created_at: db.now(),
        reply_to: None,
    }
}

/// Returns whether the message was new.
async fn remember(db: &Database, message: NewInbound) -> bool {
    write!(db.store, |tx| inbox::remember(tx, &message).await).unwrap().is_none()
}

async fn push(db: &Database, message: NewOutbound) -> i64 {
    write!(db.store, |tx| outbox::push(tx, &message).await).unwrap()
}

async fn after(db: &Database, dialogue: DialogueId, seq: i64) -> Vec<Entry> {
    read!(db.store, |tx| thread::after(tx, dialogue, seq, 1000).await).unwrap()
}

pub(crate) async fn a_second_copy_of_the_same_message_is_ignored(db: Database) {
    let dialogue = db.dialogue("owner").await;
    assert!(remember(&db, inbound(&db, dialogue, "m1")).await);
    assert!(!remember(&db, inbound(&db, dialogue, "m1")).await);
    assert!(remember(&db, inbound(&db, dialogue, "m2")).await);
    assert_eq!(after(&db, dialogue, 0).await.len(), 2);
}

pub(crate) async fn copies_that_arrive_together_are_stored_once(db: Database) {
    let dialogue = db.dialogue("owner").await;
    let copies = (0..20).map(|_| {
        let (store, message) = (db.store.clone(), inbound(&db, dialogue, "m1"));
        tokio::spawn(async move { write!(store, |tx| inbox::remember(tx, &message).await).unwrap() })
    });
    let stored = join_all(copies).await.into_iter().filter(|known| known.as_ref().unwrap().is_none()).count();
    assert_eq!(stored, 1);
    assert_eq!(after(&db, dialogue, 0).await.len(), 1);
}

pub(crate) async fn the_same_id_on_another_channel_is_another_message(db: Database) {
    let dialogue = db.dialogue("owner").await;
    assert!(remember(&db, inbound(&db, dialogue, "7")).await);
    assert!(remember(&db, NewInbound { channel: "telegram".to_owned(), ..inbound(&db, dialogue, "7") }).await);
}

pub(crate) async fn one_address_has_one_dialogue_even_when_it_writes_twice_at_once(db: Database) {
    let first = (0..10).map(|_| {
        let (store, new) = (db.store.clone(), db.new_dialogue("owner"));
        tokio::spawn(async move { write!(store, |tx| dialogues::find_or_create(tx, &new).await).unwrap().id })
    });
    let mut ids: Vec<_> = join_all(first).await.into_iter().map(Result::unwrap).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(db.number("SELECT COUNT(*) FROM dialogues").await, 1);
}

pub(crate) async fn a_dialogue_comes_back_as_it_was_saved(db: Database) {
    let id = db.dialogue("owner").await;
    let contact = db.contact().await;
    db.clock.advance(std::time::Duration::from_secs(5));
    let now = db.now();
    write!(db.store, |tx| {
        dialogues::save(tx, id, r#"{"v":1,"at":"menu"}"#, true, now).await?;
        dialogues::set_contact(tx, id, contact).await
    })
    .unwrap();
    let (found, listed, of_contact) = read!(db.store, |tx| Ok((
        dialogues::find_by_address(tx, "web", "owner").await?.unwrap(),
        dialogues::list(tx, true, 10).await?,
        dialogues::list_for_contact(tx, contact).await?
    )))
    .unwrap();
    assert_eq!((found.id, found.state.as_str(), found.handed_over), (id, r#"{"v":1,"at":"menu"}"#, true));
    assert_eq!((found.contact_id, found.updated_at), (Some(contact), now));
    assert_eq!((&listed, &of_contact), (&vec![found.clone()], &vec![found]));
    let other = db.clock.new_id::<DialogueId>();
    let saved = write!(db.store, |tx| dialogues::save(tx, other, "{}", false, now).await);
    assert!(is_missing(&saved, "dialogues"));
}

/// Ten writers each read a number out of the state and put back one more.
pub(crate) async fn steps_of_one_dialogue_do_not_overtake_each_other(db: Database) {
    let id = db.dialogue("owner").await;
    write!(db.store, |tx| dialogues::save(tx, id, "0", false, crate::database::START).await).unwrap();
    let steps = (0..10).map(|_| {
        let (store, now) = (db.store.clone(), db.now());
        tokio::spawn(async move {
            write!(store, |tx| {
                let count: u32 = dialogues::load_for_update(tx, id).await?.unwrap().state.parse().unwrap();
                tokio::task::yield_now().await;
                dialogues::save(tx, id, &(count + 1).to_string(), false, now).await
            })
            .unwrap();
        })
    });
    for step in join_all(steps).await {
        step.unwrap();
    }
    let state = read!(db.store, |tx| dialogues::find(tx, id).await).unwrap().unwrap().state;
    assert_eq!(state, "10");
}

pub(crate) async fn a_thread_shows_what_came_in_and_went_out_in_order(db: Database) {
    let dialogue = db.dialogue("owner").await;
    let elsewhere = db.dialogue("neighbour").await;
    remember(&db, inbound(&db, dialogue, "hello")).await;
    push(&db, outbound(&db, dialogue, r#"{"say":"welcome"}"#, Delivery::Sent)).await;
    remember(&db, inbound(&db, elsewhere, "another")).await;
    remember(&db, inbound(&db, dialogue, "report")).await;
    push(&db, NewOutbound { author: Author::Staff, ..outbound(&db, dialogue, "{}", Delivery::Pending) }).await;
    let lines = |entries: &[Entry]| {
        let line = |e: &Entry| format!("{} {:?} {:?} {} {:?}", e.seq, e.speaker, e.kind, e.body, e.delivery);
        entries.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let all = after(&db, dialogue, 0).await;
    allow_duplicates! {
        assert_snapshot!(lines(&all), @r#"
    1 Client Some("text") {"text":"hello"} None
    2 Bot None {"say":"welcome"} Some(Sent)
    3 Client Some("text") {"text":"report"} None
    4 Staff None {} Some(Pending)
    "#);
    }
    assert_eq!(after(&db, dialogue, 2).await.first().unwrap().seq, 3);
    let latest = read!(db.store, |tx| thread::latest(tx, dialogue, 2).await).unwrap();
    assert_eq!(
        latest.iter().map(|e| (e.seq, e.speaker)).collect::<Vec<_>>(),
        [(3, Speaker::Client), (4, Speaker::Staff)]
    );
}

pub(crate) async fn what_was_held_back_was_not_said(db: Database) {
    let dialogue = db.dialogue("owner").await;
    let message = outbound(&db, dialogue, "{}", Delivery::Pending);
    let id = message.id;
    push(&db, message).await;
    assert_eq!(after(&db, dialogue, 0).await.len(), 1);
    write!(db.store, |tx| outbox::mark_withheld(tx, id, "quiet hours").await).unwrap();
    assert_eq!(after(&db, dialogue, 0).await.len(), 0);
    let kept = read!(db.store, |tx| outbox::find(tx, id).await).unwrap().unwrap();
    assert_eq!((kept.status, kept.reason.as_deref()), (Delivery::Withheld, Some("quiet hours")));
    assert!(read!(db.store, |tx| thread::latest(tx, dialogue, 9).await).unwrap().is_empty());
    // Staff sees it, and why.
    let shown = read!(db.store, |tx| thread::latest_for_staff(tx, dialogue, 9).await).unwrap();
    let shown: Vec<_> = shown.iter().map(|entry| (entry.delivery, entry.reason.as_deref())).collect();
    assert_eq!(shown, [(Some(Delivery::Withheld), Some("quiet hours"))]);
}

pub(crate) async fn a_reader_of_a_thread_misses_nothing_while_others_write(db: Database) {
    let dialogue = db.dialogue("owner").await;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = db.store.clone();
            let messages: Vec<_> = (0..25)
                .map(|i| {
                    let out = outbound(&db, dialogue, "{}", Delivery::Sent);
                    (inbound(&db, dialogue, &format!("{writer}.{i}")), out)
                })
                .collect();
            tokio::spawn(async move {
                for (incoming, outgoing) in messages {
                    write!(store, |tx| inbox::remember(tx, &incoming).await).unwrap();
                    write!(store, |tx| outbox::push(tx, &outgoing).await).unwrap();
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    loop {
        let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
        seen.extend(after(&db, dialogue, seen.last().copied().unwrap_or(0)).await.iter().map(|entry| entry.seq));
        if finished {
            break;
        }
    }
    assert_eq!(seen, (1..=200).collect::<Vec<i64>>());
}

pub(crate) async fn a_nul_character_does_not_stop_a_message(db: Database) {
    let dialogue = db.dialogue("own\0er").await;
    assert!(remember(&db, NewInbound { body: "漏\0水".to_owned(), ..inbound(&db, dialogue, "m\0") }).await);
    assert_eq!(after(&db, dialogue, 0).await[0].body, "漏水");
    assert_eq!(db.dialogue("own\0er").await, dialogue);
}

pub(crate) async fn the_fate_of_a_sent_message_is_kept(db: Database) {
    let dialogue = db.dialogue("owner").await;
    let message = outbound(&db, dialogue, "{}", Delivery::Pending);
    let id = message.id;
    push(&db, message).await;
    let now = db.now();
    let first = write!(db.store, |tx| {
        let first = outbox::begin_attempt(tx, id).await?;
        outbox::mark_uncertain(tx, id, "timed out after the request had left").await?;
        Ok(first)
    });
    let second = write!(db.store, |tx| {
        let second = outbox::begin_attempt(tx, id).await?;
        outbox::mark_sent(tx, id, now).await?;
        Ok(second)
    });
    assert_eq!((first.unwrap(), second.unwrap()), (1, 2));
    let (kept, pending) =
        read!(db.store, |tx| Ok((outbox::find(tx, id).await?.unwrap(), outbox::list(tx, Delivery::Pending, 9).await?)))
            .unwrap();
    assert_eq!((kept.status, kept.attempt, kept.sent_at, kept.reason), (Delivery::Sent, 2, Some(now), None));
    assert!(pending.is_empty());
}

/// Has a message answered: the answers are sent in the response to it.
async fn answered(db: &Database, dialogue: DialogueId, answers: usize) -> (InboxId, Vec<OutboxId>) {
    let word = inbound(db, dialogue, "m1");
    let (reply_to, mut ids) = (Some(word.id), Vec::new());
    remember(db, word).await;
    for _ in 0..answers {
        let answer = NewOutbound { reply_to, ..outbound(db, dialogue, "{}", Delivery::Pending) };
        ids.push(answer.id);
        push(db, answer).await;
    }
    (reply_to.unwrap(), ids)
}

pub(crate) async fn an_answer_that_was_taken_again_is_put_back_by_the_later_alone(db: Database) {
    let dialogue = db.dialogue("owner").await;
    let (word, ids) = answered(&db, dialogue, 1).await;
    let (id, now) = (ids[0], db.now());
    let attempts = write!(db.store, |tx| {
        let first = outbox::take_answers(tx, word, now).await?;
        let again = outbox::take_answers(tx, word, now).await?;
        Ok((first[0].attempt, again[0].attempt))
    });
    let (first, again) = attempts.unwrap();
    let back = async |attempt| write!(db.store, |tx| outbox::put_back(tx, id, attempt).await).unwrap();
    assert!(!back(first).await, "it went out in the second response");
    assert!(back(again).await && !back(again).await);
    let kept = read!(db.store, |tx| outbox::find(tx, id).await).unwrap().unwrap();
    assert_eq!((kept.status, kept.sent_at, kept.reason), (Delivery::Pending, None, None));
}

pub(crate) async fn messages_that_went_out_together_are_one_call(db: Database) {
    let dialogue = db.dialogue("owner").await;
    let (_, ids) = answered(&db, dialogue, 4).await;
    let now = db.now();
    let (alone, first, rest) = (ids[0], ids[1], ids[2..].to_vec());
    let with = rest.clone();
    let counted = write!(db.store, |tx| {
        outbox::mark_sent(tx, alone, now).await?;
        outbox::mark_sent(tx, first, now).await?;
        for id in with {
            outbox::mark_sent_with(tx, id, first, now).await?;
        }
        outbox::count_sent_since(tx, dialogue, now).await
    });
    assert_eq!(counted.unwrap(), 2);
    let together = async |id| {
        let read = read!(db.store, |tx| {
            let row = outbox::find(tx, id).await?.unwrap();
            outbox::sent_with(tx, &row).await
        });
        read.unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!((together(first).await, together(alone).await), (rest, Vec::new()));
}
