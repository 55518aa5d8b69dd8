//! How many messages a second the store takes in durably, and in how many commits.
//!
//! One message is what the intake writes for it: the message itself, the dialogue's state, an
//! answer and a job, in one transaction. `cargo bench --bench store` measures SQLite in a
//! temporary folder (`TMPDIR` chooses the disk); `-- postgres://…` measures a migrated
//! Postgres. On SQLite writes that wait together share a commit, so the figure grows with
//! the number of callers while the number of commits does not.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first error")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use huifang::clock::Clock;
use huifang::domain::ids::DialogueId;
use huifang::store::dialogues::NewDialogue;
use huifang::store::inbox::NewInbound;
use huifang::store::jobs::NewJob;
use huifang::store::outbox::{Author, Delivery, NewOutbound};
use huifang::store::{Store, StoreError, dialogues, inbox, jobs, outbox};

const SPAN: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let url = given.unwrap_or_else(|| format!("sqlite:{}/bench.db", folder.path().display()));
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    println!("{:>8} {:>12} {:>10} {:>9} {:>9}", "callers", "messages/s", "commits/s", "p50 ms", "p99 ms");
    for callers in [1, 8, 64, 256] {
        let before = store.write_counts();
        let began = Instant::now();
        let runs = (0..callers).map(|_| tokio::spawn(messages(store.clone(), began)));
        let mut waits: Vec<Duration> = join_all(runs).await.into_iter().flat_map(Result::unwrap).collect();
        let (seconds, after) = (began.elapsed().as_secs_f64(), store.write_counts());
        waits.sort_unstable();
        let percentile = |p: usize| waits.get(waits.len() * p / 100).map_or(0.0, |w| w.as_secs_f64() * 1000.0);
        println!(
            "{callers:>8} {:>12.0} {:>10.0} {:>9.2} {:>9.2}",
            waits.len() as f64 / seconds,
            (after.commits - before.commits) as f64 / seconds,
            percentile(50),
            percentile(99)
        );
    }
}

/// Writes messages one after the other, as one conversation does; returns how long each took.
async fn messages(store: Store, began: Instant) -> Vec<Duration> {
    let clock = Clock::system();
    let new = NewDialogue {
        id: clock.new_id(),
        channel: "bench".to_owned(),
        address: clock.new_id::<DialogueId>().to_string(),
        contact_id: None,
        state: "{}".to_owned(),
        now: clock.now(),
    };
    let work = new.clone();
    let opened: Result<_, StoreError> =
        store.write(move |tx| Box::pin(async move { dialogues::find_or_create(tx, &work).await })).await;
    let dialogue = opened.unwrap().id;
    let mut waits = Vec::new();
    while began.elapsed() < SPAN {
        let asked = Instant::now();
        message(&store, &clock, dialogue).await.unwrap();
        waits.push(asked.elapsed());
    }
    waits
}

async fn message(store: &Store, clock: &Clock, dialogue_id: DialogueId) -> Result<(), StoreError> {
    let now = clock.now();
    let body = r#"{"text":"主卧卫生间天花板漏水,昨天晚上开始的,麻烦尽快安排师傅过来看看"}"#.to_owned();
    let incoming = NewInbound {
        id: clock.new_id(),
        channel: "bench".to_owned(),
        external_id: clock.new_id::<DialogueId>().to_string(),
        dialogue_id,
        kind: "text".to_owned(),
        body: body.clone(),
        received_at: now,
    };
    let outgoing = NewOutbound {
        id: clock.new_id(),
        dialogue_id,
        author: Author::Bot,
        body: body.clone(),
        status: Delivery::Pending,
        not_before: None,
        created_at: now,
        reply_to: None,
    };
    let job = NewJob {
        id: clock.new_id(),
        kind: "deliver".to_owned(),
        payload: format!("\"{}\"", outgoing.id),
        lane: Some(dialogue_id.to_string()),
        dedupe_key: None,
        run_at: now,
        max_attempts: 10,
        created_at: now,
    };
    store
        .write(move |tx| {
            Box::pin(async move {
                dialogues::load_for_update(tx, dialogue_id).await?;
                inbox::remember(tx, &incoming).await?;
                outbox::push(tx, &outgoing).await?;
                jobs::enqueue(tx, &job).await?;
                dialogues::save(tx, dialogue_id, &body, false, now).await
            })
        })
        .await
}
