//! What may be sent once, and how far an account of customer service was read.

use std::time::Duration;

use huifang::domain::ids::DialogueId;
use huifang::domain::reach::PermitKind;
use huifang::domain::time::Timestamp;
use huifang::store::permits::{self, NewPermit};
use huifang::store::service_accounts;

use crate::database::{Database, read, write};

async fn grant(db: &Database, dialogue_id: DialogueId, kind: PermitKind, code: &str, ends_at: Option<Timestamp>) {
    let (id, granted_at) = (db.clock.new_id(), db.now());
    let new = NewPermit { id, dialogue_id, kind, code: code.to_owned(), granted_at, ends_at };
    write!(db.store, |tx| permits::grant(tx, &new).await).unwrap();
}

pub(crate) async fn a_permit_is_used_once_by_whoever_comes_first(db: Database) {
    let (dialogue, now) = (db.dialogue("somebody").await, db.now());
    for _ in 0..2 {
        grant(&db, dialogue, PermitKind::Subscription, "T1", None).await;
    }
    let take = |code: &'static str| {
        let store = db.store.clone();
        async move {
            write!(store, |tx| permits::take(tx, dialogue, PermitKind::Subscription, Some(code), now).await).unwrap()
        }
    };
    assert_eq!(take("T2").await, None, "another template");
    let taken = futures_util::future::join_all((0..5).map(|_| take("T1"))).await;
    let ids: std::collections::BTreeSet<_> = taken.iter().flatten().map(|permit| permit.id).collect();
    assert_eq!((ids.len(), taken.iter().flatten().count()), (2, 2));
    let first = *ids.first().unwrap();
    write!(db.store, |tx| permits::give_back(tx, first).await).unwrap();
    let has = async || {
        read!(db.store, |tx| permits::has(tx, dialogue, PermitKind::Subscription, Some("T1"), now).await).unwrap()
    };
    assert!(has().await);
    write!(db.store, |tx| permits::withdraw(tx, dialogue, "T1", now).await).unwrap();
    assert!(!has().await);
    assert_eq!(take("T1").await, None);
}

pub(crate) async fn a_permit_ends_at_its_time(db: Database) {
    let (dialogue, end) = (db.dialogue("somebody").await, db.now() + Duration::from_secs(20));
    grant(&db, dialogue, PermitKind::Welcome, "C", Some(end)).await;
    let take = async |at: Timestamp| {
        write!(db.store, |tx| permits::take(tx, dialogue, PermitKind::Welcome, None, at).await).unwrap()
    };
    assert_eq!(take(end).await, None);
    assert_eq!(take(Timestamp(end.0 - 1)).await.map(|taken| taken.code).as_deref(), Some("C"));
}

pub(crate) async fn reading_is_owed_once_until_it_is_begun_and_goes_on_where_it_ended(db: Database) {
    let now = db.now();
    let notice = async |at: Timestamp, token: &'static str| {
        let new = db.clock.new_id();
        write!(db.store, |tx| service_accounts::notice(tx, new, "wkA", token, at).await).unwrap()
    };
    let account = notice(now, "T1").await.unwrap();
    assert_eq!(notice(now, "T2").await, None);
    assert_eq!(notice(now + Duration::from_secs(601), "T3").await, Some(account), "it was never begun");
    let take_up = async || write!(db.store, |tx| service_accounts::begin(tx, account).await).unwrap().unwrap();
    let begun = take_up().await;
    assert_eq!((begun.open_kfid.as_str(), begun.read_to.as_str(), begun.token.as_deref()), ("wkA", "", Some("T3")));
    assert_eq!((begun.first_at, begun.noticed_at), (now, Some(now + Duration::from_secs(601))));
    assert_eq!(notice(now, "T4").await, Some(account));
    let read_on = async |from: &'static str, to: &'static str| {
        write!(db.store, |tx| service_accounts::read_on(tx, account, from, to).await).unwrap();
    };
    read_on("", "1").await;
    read_on("1", "2").await;
    // Whoever lags behind moves nothing back.
    read_on("", "1").await;
    assert_eq!(take_up().await.read_to, "2");
    assert_eq!(read!(db.store, |tx| service_accounts::list(tx).await).unwrap().len(), 1);
}
