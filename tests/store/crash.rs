//! The promise behind every acknowledgement: a process that is killed in the middle of its
//! work loses nothing that was answered, and leaves nothing half done.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use huifang::store::{Store, settings};

use crate::database::{Database, read, write};

const URL: &str = "HUIFANG_TEST_CRASH_URL";
const ROUND: &str = "HUIFANG_TEST_CRASH_ROUND";
const WRITERS: usize = 16;

pub(crate) async fn nothing_acknowledged_is_lost_when_the_process_is_killed(db: Database) {
    db.store.close().await;
    let mut acknowledged = Vec::new();
    for (round, kill_after) in [1, 40, 150, 333, 700].into_iter().enumerate() {
        acknowledged.extend(killed_run(&db.url, round, kill_after));
        let store = Store::open(&db.url).await.unwrap();
        for key in &acknowledged {
            let (key, named) = (key.clone(), key);
            let (one, two) = read!(store, |tx| Ok((
                settings::get(tx, &format!("one:{key}")).await?,
                settings::get(tx, &format!("two:{key}")).await?
            )))
            .unwrap();
            assert!(one.is_some() && two.is_some(), "{named} was acknowledged and is lost");
        }
        store.close().await;
        let ones = db.number("SELECT COUNT(*) FROM settings WHERE key LIKE 'one:%'").await;
        let twos = db.number("SELECT COUNT(*) FROM settings WHERE key LIKE 'two:%'").await;
        assert_eq!(ones, twos, "half of a write survived");
        if db.is_sqlite() {
            let problems = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
            assert_eq!(db.number(problems).await, 0);
        }
    }
    assert!(acknowledged.len() >= 1224);
}

/// Runs the writer below in a process of its own, kills it after so many acknowledgements, and
/// returns every key it had acknowledged by then.
fn killed_run(url: &str, round: usize, kill_after: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::the_writer_that_is_killed", "--ignored", "--nocapture"])
        .env(URL, url)
        .env(ROUND, round.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The last line may be cut off by the kill: the marks on both ends show it.
        if let Some(key) = line.unwrap().strip_prefix("<").and_then(|rest| rest.strip_suffix(">")) {
            acknowledged.push(key.to_owned());
            if acknowledged.len() == kill_after {
                child.kill().unwrap();
            }
        }
    }
    child.wait().unwrap();
    assert!(acknowledged.len() >= kill_after, "the writer ended by itself");
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that `nothing_acknowledged_is_lost_when_the_process_is_killed` starts and kills"]
async fn the_writer_that_is_killed() {
    let store = Store::open(&std::env::var(URL).unwrap()).await.unwrap();
    let round = std::env::var(ROUND).unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, round) = (store.clone(), round.clone());
            tokio::spawn(async move {
                for count in 0_u64.. {
                    let key = format!("{round}.{writer}.{count}");
                    let written = key.clone();
                    write!(store, |tx| {
                        settings::put(tx, &format!("one:{written}"), "1").await?;
                        settings::put(tx, &format!("two:{written}"), "2").await
                    })
                    .unwrap();
                    writeln!(std::io::stdout(), "<{key}>").unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}
