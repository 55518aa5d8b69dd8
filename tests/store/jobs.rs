//! Jobs: claimed once, in order, fenced, never lost.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use huifang::domain::ids::JobId;
use huifang::domain::job::Job;
use huifang::domain::time::Timestamp;
use huifang::store::jobs::{self, ClaimedJob, JobStatus, NewJob, Share};
use huifang::store::{Store, StoreError};

use crate::database::{Database, read, write};

const LEASE: Duration = Duration::from_mins(1);

fn job(db: &Database, kind: &str) -> NewJob {
    NewJob {
        id: db.clock.new_id(),
        kind: kind.to_owned(),
        payload: "{}".to_owned(),
        lane: None,
        dedupe_key: None,
        run_at: db.now(),
        max_attempts: 3,
        created_at: db.now(),
    }
}

fn in_lane(db: &Database, kind: &str) -> NewJob {
    NewJob { lane: Some("dialogue".to_owned()), ..job(db, kind) }
}

async fn enqueue(db: &Database, job: NewJob) -> bool {
    write!(db.store, |tx| jobs::enqueue(tx, &job).await).unwrap()
}

async fn claim_at(store: &Store, now: Timestamp, limit: u32) -> Vec<ClaimedJob> {
    write!(store, |tx| jobs::claim(tx, now, limit, LEASE, Share::All).await).unwrap()
}

async fn claim(db: &Database) -> Vec<String> {
    claim_at(&db.store, db.now(), 10).await.into_iter().map(|job| job.kind).collect()
}

async fn done(db: &Database, id: JobId, attempt: u32) -> bool {
    write!(db.store, |tx| jobs::done(tx, id, attempt).await).unwrap()
}

async fn claim_one(db: &Database) -> ClaimedJob {
    let mut claimed = claim_at(&db.store, db.now(), 1).await;
    claimed.pop().unwrap()
}

pub(crate) async fn a_row_of_recordings_or_photos_keeps_no_answer_waiting(db: Database) {
    for _ in 0..5 {
        enqueue(&db, job(&db, "transcribe")).await;
    }
    enqueue(&db, job(&db, "fetch")).await;
    enqueue(&db, job(&db, "deliver")).await;
    let now = db.now();
    let due = async |share| read!(db.store, |tx| jobs::is_due(tx, now, share).await).unwrap();
    let claim = async |share| {
        let claimed = write!(db.store, |tx| jobs::claim(tx, now, 2, LEASE, share).await).unwrap();
        claimed.into_iter().map(|job| job.kind).collect::<Vec<_>>()
    };
    assert_eq!(claim(Share::Quick).await, ["deliver"]);
    assert!(!due(Share::Quick).await);
    assert_eq!(claim(Share::Fetching).await, ["fetch"]);
    assert!(!due(Share::Fetching).await);
    assert_eq!(claim(Share::Long).await, ["transcribe", "transcribe"]);
    assert!(due(Share::Long).await && due(Share::All).await);
}

pub(crate) async fn a_job_that_waits_for_later_is_brought_forward_and_never_put_off(db: Database) {
    let later = db.now() + Duration::from_mins(60);
    let keyed = |kind: &str| NewJob { dedupe_key: Some(kind.to_owned()), run_at: later, ..job(&db, kind) };
    for kind in ["wanted", "left alone"] {
        assert!(enqueue(&db, keyed(kind)).await);
    }
    let now = db.now();
    let brings = async |key: &'static str, at| write!(db.store, |tx| jobs::bring_forward(tx, key, at).await).unwrap();
    brings("wanted", now).await;
    brings("wanted", later).await;
    brings("nobody's", now).await;
    assert_eq!(claim(&db).await, ["wanted"]);
    brings("wanted", now).await;
    assert_eq!(claim(&db).await, [""; 0], "one that runs is left to whoever has it");
}

pub(crate) async fn what_waits_behind_another_of_its_lane_is_not_due(db: Database) {
    enqueue(&db, in_lane(&db, "first")).await;
    enqueue(&db, in_lane(&db, "second")).await;
    let due = async || {
        let now = db.now();
        read!(db.store, |tx| jobs::is_due(tx, now, Share::Quick).await).unwrap()
    };
    let first = claim_one(&db).await;
    assert!(!due().await, "the first runs");
    let again = db.now() + Duration::from_secs(30);
    assert!(write!(db.store, |tx| jobs::retry(tx, first.id, 1, again, "HTTP 502").await).unwrap());
    assert!(!due().await, "the first waits for another attempt");
    db.clock.advance(Duration::from_secs(30));
    assert!(due().await);
    let first = claim_one(&db).await;
    assert!(done(&db, first.id, 2).await);
    assert!(due().await, "the second is next");
    assert_eq!(claim(&db).await, ["second"]);
    assert!(!due().await);
}

pub(crate) async fn the_one_worker_of_sqlite_takes_over_at_its_start_what_it_was_killed_over(db: Database) {
    enqueue(&db, job(&db, "listen")).await;
    let before = claim_one(&db).await;
    let now = db.now();
    let ended = write!(db.store, |tx| jobs::end_leases(tx, now).await).unwrap();
    let alone = db.store.backend() == "sqlite";
    assert_eq!(ended, u64::from(alone), "other workers may live on Postgres");
    if alone {
        let after = claim_one(&db).await;
        assert_eq!((after.id, after.attempt), (before.id, before.attempt + 1));
        assert!(!done(&db, before.id, before.attempt).await, "the old attempt is fenced off");
        assert!(done(&db, after.id, after.attempt).await);
    } else {
        assert!(claim(&db).await.is_empty());
    }
}

pub(crate) async fn a_job_with_the_same_key_is_not_taken_on_twice(db: Database) {
    let keyed = |kind| NewJob { dedupe_key: Some("visit:1".to_owned()), ..job(&db, kind) };
    assert!(enqueue(&db, keyed("first")).await);
    assert!(!enqueue(&db, keyed("second")).await);
    assert!(enqueue(&db, job(&db, "without a key")).await);
    assert!(enqueue(&db, job(&db, "without a key")).await);
    assert_eq!(claim(&db).await.len(), 3);
}

pub(crate) async fn a_job_exists_only_if_its_transaction_does(db: Database) {
    let undone = job(&db, "undone");
    let _: Result<(), _> = write!(db.store, |tx| {
        jobs::enqueue(tx, &undone).await?;
        Err(StoreError::Closed)
    });
    assert!(claim(&db).await.is_empty());
}

pub(crate) async fn jobs_are_claimed_when_due_in_order(db: Database) {
    let at = |kind, secs| NewJob { run_at: db.now() + Duration::from_secs(secs), ..job(&db, kind) };
    for planned in [at("third", 3), at("first", 1), at("second", 2)] {
        enqueue(&db, planned).await;
    }
    assert!(claim(&db).await.is_empty());
    db.clock.advance(Duration::from_secs(2));
    assert_eq!(claim(&db).await, ["first", "second"]);
    assert!(claim(&db).await.is_empty());
    db.clock.advance(Duration::from_secs(1));
    assert_eq!(claim(&db).await, ["third"]);
}

pub(crate) async fn a_lane_runs_one_job_at_a_time_in_order(db: Database) {
    enqueue(&db, in_lane(&db, "first")).await;
    enqueue(&db, in_lane(&db, "second")).await;
    enqueue(&db, NewJob { lane: Some("another".to_owned()), ..job(&db, "elsewhere") }).await;
    let claimed = claim_at(&db.store, db.now(), 10).await;
    assert_eq!(claimed.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["first", "elsewhere"]);
    assert!(claim(&db).await.is_empty());
    assert!(done(&db, claimed[0].id, 1).await);
    assert_eq!(claim(&db).await, ["second"]);
}

pub(crate) async fn a_job_waiting_for_another_attempt_holds_its_lane(db: Database) {
    enqueue(&db, in_lane(&db, "first")).await;
    enqueue(&db, in_lane(&db, "second")).await;
    let first = claim_one(&db).await;
    let again = db.now() + Duration::from_secs(30);
    assert!(write!(db.store, |tx| jobs::retry(tx, first.id, 1, again, "HTTP 502").await).unwrap());
    assert!(claim(&db).await.is_empty());
    db.clock.advance(Duration::from_secs(30));
    assert_eq!(claim(&db).await, ["first"]);
}

pub(crate) async fn what_waits_for_another_attempt_is_hastened_but_not_before_the_pause_that_was_asked_for(
    db: Database,
) {
    let elsewhere = NewJob { lane: Some("another".to_owned()), ..job(&db, "elsewhere") };
    for new in [elsewhere, in_lane(&db, "first"), in_lane(&db, "second")] {
        enqueue(&db, new).await;
    }
    let [elsewhere, first] = claim_at(&db.store, db.now(), 10).await.try_into().unwrap();
    let (now, in_an_hour) = (db.now(), db.now() + Duration::from_hours(1));
    let pause = now + Duration::from_mins(1);
    write!(db.store, |tx| {
        jobs::retry(tx, first.id, 1, in_an_hour, "HTTP 502").await?;
        jobs::retry(tx, elsewhere.id, 1, in_an_hour, "HTTP 502").await
    })
    .unwrap();
    let hasten = async || {
        let now = db.now();
        write!(db.store, |tx| jobs::hasten(tx, "dialogue", now).await).unwrap();
    };
    hasten().await;
    let again = claim_one(&db).await;
    assert_eq!((again.id, again.attempt, again.max_attempts), (first.id, 2, first.max_attempts + 1));
    assert!(claim(&db).await.is_empty(), "another lane is not hastened");

    let error = "HTTP 429";
    write!(db.store, |tx| jobs::retry_after(tx, first.id, 2, in_an_hour, pause, error).await).unwrap();
    hasten().await;
    hasten().await;
    assert!(claim(&db).await.is_empty(), "the other end asked for a minute");
    db.clock.advance(Duration::from_mins(1));
    let again = claim_one(&db).await;
    assert_eq!((again.id, again.attempt, again.max_attempts), (first.id, 3, first.max_attempts + 2));
    // A reminder that is planned for later is not hastened, nor what nobody has tried yet.
    assert!(done(&db, first.id, 3).await);
    enqueue(&db, NewJob { run_at: in_an_hour, ..in_lane(&db, "remind") }).await;
    hasten().await;
    assert_eq!(claim(&db).await, ["second"]);
}

pub(crate) async fn a_reminder_for_later_does_not_hold_its_lane(db: Database) {
    let tomorrow = db.now() + Duration::from_hours(24);
    enqueue(&db, NewJob { run_at: tomorrow, ..in_lane(&db, "remind") }).await;
    enqueue(&db, in_lane(&db, "deliver")).await;
    assert_eq!(claim(&db).await, ["deliver"]);
}

pub(crate) async fn a_worker_that_lost_its_lease_cannot_finish_the_job(db: Database) {
    enqueue(&db, job(&db, "slow")).await;
    let late = claim_one(&db).await;
    db.clock.advance(LEASE);
    let successor = claim_one(&db).await;
    assert_eq!((late.id, late.attempt, successor.attempt), (successor.id, 1, 2));
    let (id, now) = (late.id, db.now());
    assert!(write!(db.store, |tx| jobs::rewrite(tx, id, 2, "tried once").await).unwrap());
    assert!(!done(&db, id, 1).await);
    assert!(!write!(db.store, |tx| jobs::renew(tx, id, 1, now, LEASE).await).unwrap());
    assert!(!write!(db.store, |tx| jobs::retry(tx, id, 1, now, "late").await).unwrap());
    assert!(!write!(db.store, |tx| jobs::dead(tx, id, 1, "late").await).unwrap());
    assert!(!write!(db.store, |tx| jobs::rewrite(tx, id, 1, "late").await).unwrap());
    db.clock.advance(LEASE);
    let last = claim_one(&db).await;
    assert_eq!((last.id, last.payload.as_str()), (id, "tried once"));
    assert!(done(&db, id, 3).await);
    assert!(!done(&db, id, 3).await);
}

pub(crate) async fn a_renewed_lease_keeps_the_job(db: Database) {
    enqueue(&db, job(&db, "long")).await;
    let running = claim_one(&db).await;
    db.clock.advance(LEASE / 2);
    let now = db.now();
    assert!(write!(db.store, |tx| jobs::renew(tx, running.id, 1, now, LEASE).await).unwrap());
    db.clock.advance(LEASE / 2 + LEASE / 4);
    assert!(claim(&db).await.is_empty());
    db.clock.advance(LEASE / 4);
    assert_eq!(claim(&db).await, ["long"]);
}

pub(crate) async fn a_job_whose_worker_vanishes_on_the_last_attempt_is_claimed_once_more_to_tell_of_it(db: Database) {
    enqueue(&db, NewJob { max_attempts: 2, ..in_lane(&db, "poison") }).await;
    enqueue(&db, in_lane(&db, "behind it")).await;
    for attempt in 1..=3 {
        let running = claim_one(&db).await;
        assert_eq!((running.kind.as_str(), running.attempt, running.is_spent()), ("poison", attempt, attempt == 3));
        db.clock.advance(LEASE);
    }
    assert_eq!(claim(&db).await, ["behind it"]);
    let dead = read!(db.store, |tx| jobs::list_dead(tx, 10).await).unwrap();
    assert_eq!((dead.len(), dead[0].kind.as_str(), dead[0].attempt), (1, "poison", 3));
    assert_eq!(dead[0].last_error.as_deref(), Some("the worker vanished on the last attempt, and once more"));
}

pub(crate) async fn a_job_is_given_up_after_its_attempts_and_can_be_replayed(db: Database) {
    let (now, mut id) = (db.now(), None);
    let owed = NewJob::owed(db.clock.new_id(), &Job::Replan, now, now).unwrap();
    let at_first = owed.max_attempts;
    enqueue(&db, NewJob { max_attempts: 2, ..owed }).await;
    for attempt in 1..=2 {
        let running = claim_one(&db).await;
        id = Some(running.id);
        assert!(write!(db.store, |tx| jobs::retry(tx, running.id, attempt, now, "HTTP 500").await).unwrap());
    }
    assert!(claim(&db).await.is_empty());
    assert_eq!(read!(db.store, |tx| jobs::count(tx, JobStatus::Dead).await).unwrap(), 1);
    let id = id.unwrap();
    assert!(write!(db.store, |tx| jobs::replay(tx, id, now).await).unwrap());
    assert!(!write!(db.store, |tx| jobs::replay(tx, id, now).await).unwrap());
    let replayed = claim_one(&db).await;
    assert_eq!((replayed.id, replayed.attempt, replayed.max_attempts), (id, 3, 2 + at_first));
    assert!(write!(db.store, |tx| jobs::dead(tx, id, 3, "no such chat").await).unwrap());
    let dead = read!(db.store, |tx| jobs::list_dead(tx, 10).await).unwrap();
    assert_eq!(dead[0].last_error.as_deref(), Some("no such chat"));
    assert!(write!(db.store, |tx| jobs::replay(tx, id, now).await).unwrap());
    assert_eq!(claim_one(&db).await.max_attempts, 3 + at_first, "no more each time");
}

pub(crate) async fn workers_that_claim_at_once_never_share_a_job_or_a_lane(db: Database) {
    for i in 0..60 {
        let lane = (i % 2 == 0).then(|| format!("lane{}", i % 10));
        enqueue(&db, NewJob { lane, ..job(&db, "work") }).await;
    }
    let mut claimed = HashSet::new();
    while claimed.len() < 60 {
        let workers = (0..6).map(|_| {
            let (store, now) = (db.store.clone(), db.now());
            tokio::spawn(async move { claim_at(&store, now, 7).await })
        });
        let round: Vec<ClaimedJob> = join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
        assert!(!round.is_empty(), "{} of 60 claimed and no more", claimed.len());
        let lanes: Vec<_> = round.iter().filter_map(|job| job.lane.clone()).collect();
        assert_eq!(lanes.iter().collect::<HashSet<_>>().len(), lanes.len());
        for running in round {
            assert!(claimed.insert(running.id), "claimed twice");
            assert!(done(&db, running.id, running.attempt).await);
        }
    }
}

pub(crate) async fn the_runner_knows_when_there_is_next_something_to_do(db: Database) {
    let next = async || read!(db.store, |tx| jobs::next_run_at(tx).await).unwrap();
    assert_eq!(next().await, None);
    let (now, soon) = (db.now(), db.now() + Duration::from_secs(10));
    enqueue(&db, NewJob { run_at: soon, ..job(&db, "soon") }).await;
    assert_eq!(next().await, Some(soon));
    enqueue(&db, job(&db, "now")).await;
    assert_eq!(next().await, Some(now));
    claim_one(&db).await;
    assert_eq!(next().await, Some(soon));
    // What stands behind another of its lane is not to be had before that one.
    enqueue(&db, in_lane(&db, "first")).await;
    enqueue(&db, in_lane(&db, "second")).await;
    let first = claim_one(&db).await;
    assert_eq!(next().await, Some(soon));
    let sooner = db.now() + Duration::from_secs(5);
    assert!(write!(db.store, |tx| jobs::retry(tx, first.id, 1, sooner, "HTTP 502").await).unwrap());
    assert_eq!(next().await, Some(sooner));
    let clock = write!(db.store, |tx| jobs::database_now(tx).await).unwrap();
    assert_eq!(clock.is_none(), db.is_sqlite());
}

pub(crate) async fn a_thousand_done_jobs_are_swept_and_the_dead_stay(db: Database) {
    let many: Vec<_> = (0..1000).map(|_| job(&db, "done")).collect();
    write!(db.store, |tx| {
        for job in &many {
            jobs::enqueue(tx, job).await?;
        }
        Ok(())
    })
    .unwrap();
    let claimed = claim_at(&db.store, db.now(), 1001).await;
    assert_eq!(claimed.len(), 1000);
    write!(db.store, |tx| {
        jobs::dead(tx, claimed[0].id, 1, "given up").await?;
        for job in &claimed[1..] {
            jobs::done(tx, job.id, 1).await?;
        }
        Ok(())
    })
    .unwrap();
    let (now, later) = (db.now(), db.now() + Duration::from_millis(1));
    assert_eq!(write!(db.store, |tx| jobs::sweep_done(tx, now).await).unwrap(), 0);
    assert_eq!(write!(db.store, |tx| jobs::sweep_done(tx, later).await).unwrap(), 999);
    assert_eq!(db.number("SELECT COUNT(*) FROM jobs").await, 1);
}
