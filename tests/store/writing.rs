//! Transactions: what is kept, what is undone, and what a commit costs.

use futures_util::future::{join, join_all};
use huifang::store::{Store, StoreError, settings};
use tokio::sync::oneshot;

use crate::database::{Database, read, write};

async fn get(db: &Database, key: &'static str) -> Option<String> {
    read!(db.store, |tx| settings::get(tx, key).await).unwrap()
}

/// Holds the writer while `others` queue up behind it, so that they are taken as one group.
async fn together<T>(db: &Database, others: Vec<impl Future<Output = T>>) -> Vec<T> {
    let (release, released) = oneshot::channel::<()>();
    let (held, holding) = oneshot::channel();
    let holder = async {
        write!(db.store, |tx| {
            let _ = held.send(());
            let _ = released.await;
            settings::put(tx, "holder", "done").await
        })
        .unwrap();
    };
    let rest = async {
        holding.await.unwrap();
        // Each is polled once, and thereby queued, before the release is.
        join(join_all(others), async { release.send(()).unwrap() }).await.0
    };
    join(holder, rest).await.1
}

/// The caller's own error; `None` if it is not of our making.
#[derive(Debug, PartialEq)]
struct Refused(Option<&'static str>);

impl From<StoreError> for Refused {
    fn from(_: StoreError) -> Refused {
        Refused(None)
    }
}

pub(crate) async fn an_error_undoes_its_own_write_and_no_other(db: Database) {
    let writes = (0..9).map(|i| {
        let store = db.store.clone();
        async move {
            store
                .write(move |tx| {
                    Box::pin(async move {
                        settings::put(tx, &format!("key{i}"), "written").await?;
                        if i % 3 == 1 { Err(Refused(Some("by us"))) } else { Ok(i) }
                    })
                })
                .await
        }
    });
    let results = together(&db, writes.collect()).await;
    for (i, result) in (0..9).zip(results) {
        let there = read!(db.store, |tx| settings::get(tx, &format!("key{i}")).await).unwrap();
        match result {
            Ok(answer) => assert_eq!((answer, there.as_deref()), (i, Some("written"))),
            Err(cause) => {
                assert_eq!((cause, i % 3, there), (Refused(Some("by us")), 1, None));
            }
        }
    }
}

pub(crate) async fn a_panic_undoes_its_own_write_and_no_other(db: Database) {
    let writes = (0..3).map(|i| {
        let store = db.store.clone();
        async move {
            write!(store, |tx| {
                settings::put(tx, &format!("key{i}"), "written").await?;
                assert!(i != 1, "on purpose");
                Ok(())
            })
        }
    });
    let results = together(&db, writes.collect()).await;
    assert!(results[0].is_ok());
    assert!(matches!(results[1], Err(StoreError::Panicked)));
    assert!(results[2].is_ok());
    assert_eq!(get(&db, "key0").await.as_deref(), Some("written"));
    assert_eq!(get(&db, "key1").await, None);
    assert_eq!(get(&db, "key2").await.as_deref(), Some("written"));
}

pub(crate) async fn writes_that_wait_together_share_a_commit_on_sqlite(db: Database) {
    let before = db.store.write_counts();
    let writes = (0..50).map(|i| {
        let store = db.store.clone();
        async move { write!(store, |tx| settings::put(tx, &format!("key{i}"), "written").await) }
    });
    for result in together(&db, writes.collect()).await {
        result.unwrap();
    }
    let after = db.store.write_counts();
    assert_eq!(after.writes - before.writes, 51);
    // One for the holder and one for the fifty; Postgres groups them itself, unseen.
    assert_eq!(after.commits - before.commits, if db.is_sqlite() { 2 } else { 51 });
}

pub(crate) async fn what_was_written_is_there_after_reopening(db: Database) {
    write!(db.store, |tx| settings::put(tx, "key", "值").await).unwrap();
    db.store.close().await;
    let store = Store::open(&db.url).await.unwrap();
    assert_eq!(read!(store, |tx| settings::get(tx, "key").await).unwrap().as_deref(), Some("值"));
}

pub(crate) async fn a_read_sees_one_moment(db: Database) {
    write!(db.store, |tx| settings::put(tx, "key", "before").await).unwrap();
    let writer = db.store.clone();
    let (first, second) = read!(db.store, |tx| {
        let first = settings::get(tx, "key").await?;
        write!(writer, |tx| settings::put(tx, "key", "after").await)?;
        Ok((first, settings::get(tx, "key").await?))
    })
    .unwrap();
    assert_eq!((first.as_deref(), second.as_deref()), (Some("before"), Some("before")));
    assert_eq!(get(&db, "key").await.as_deref(), Some("after"));
}

pub(crate) async fn a_read_cannot_write(db: Database) {
    let refused = read!(db.store, |tx| settings::put(tx, "key", "value").await);
    assert!(matches!(refused, Err(StoreError::Database(_))));
    assert_eq!(get(&db, "key").await, None);
}

pub(crate) async fn a_commit_wakes_those_who_watch(db: Database) {
    let mut commits = db.store.commits();
    commits.mark_unchanged();
    write!(db.store, |tx| settings::get(tx, "key").await).unwrap();
    assert!(commits.has_changed().unwrap());
    commits.mark_unchanged();
    let _: Result<(), _> = write!(db.store, |tx| {
        settings::put(tx, "key", "value").await?;
        Err(StoreError::Closed)
    });
    assert!(!commits.has_changed().unwrap());
}

pub(crate) async fn a_closed_store_refuses(db: Database) {
    db.store.close().await;
    let refused = write!(db.store, |tx| settings::put(tx, "key", "value").await).unwrap_err();
    assert!(refused.is_transient(), "{refused}");
}

pub(crate) async fn what_was_begun_is_written_though_nobody_waits_for_it_any_more(db: Database) {
    let ((has_begun, begun), (go, goes)) = (oneshot::channel(), oneshot::channel::<()>());
    let (store, mut commits) = (db.store.clone(), db.store.commits());
    commits.mark_unchanged();
    let asks = tokio::spawn(async move {
        write!(store, |tx| {
            settings::put(tx, "key", "value").await?;
            has_begun.send(()).unwrap();
            goes.await.unwrap();
            Ok(())
        })
    });
    begun.await.unwrap();
    asks.abort();
    assert!(asks.await.unwrap_err().is_cancelled());
    go.send(()).expect("it goes on");
    commits.changed().await.unwrap();
    assert_eq!(get(&db, "key").await.as_deref(), Some("value"));
}
