//! How long the platform waits for an acknowledgement while messages come at a steady rate, both
//! cores listen to recordings, and the jobs of what came in are done. It is measured, not held: the
//! figure depends on the machine. Run it with
//! `cargo test --release --test platforms acknowledgements -- --ignored --nocapture`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use huifang::channel::wechat::Mode;
use huifang::domain::language::Language;
use huifang::speech::{Listener, SpeechConfig};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fake_wechat::{FakeWechat, Follower};
use crate::house::{House, client, fixture};

const A_SECOND: u32 = 200;
const SECONDS: u32 = 30;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; the figure depends on the machine"]
async fn acknowledgements_at_two_hundred_messages_a_second_while_whisper_is_busy_on_both_cores() {
    let wechat = FakeWechat::start().await;
    let house = House::open(wechat.channels(Mode::Secure)).await;
    let over = CancellationToken::new();
    let jobs = tokio::spawn(house.runner.clone().run(over.clone()));
    let clock = house.clock.clone();
    let time = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            clock.advance(Duration::from_secs(1));
        }
    });
    let heard = Arc::new(AtomicU32::new(0));
    let ears = listens_on_both_cores(&heard, &over);

    let words = ["厨房水龙头漏水", "/survey", "5", "三楼走廊灯不亮了，麻烦来看看", "进度", "谢谢"];
    let client = client();
    let begun = Instant::now() + Duration::from_secs(1);
    let mut answers = JoinSet::new();
    for number in 0..A_SECOND * SECONDS {
        let person = Follower::of(&house, &format!("oLOAD{:04}", number % 1000), true);
        let push = person.text(words[usize::try_from(number / 1000).unwrap() % words.len()]);
        let (client, url) = (client.clone(), format!("{}/webhooks/wechat?{}", house.url, push.query));
        let due = begun + Duration::from_secs(1) * number / A_SECOND;
        // Sent when it is due, whatever became of those before, and waited for from then on.
        answers.spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            let answer = client.post(url).body(push.body).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.bytes().await.unwrap();
            due.elapsed()
        });
    }
    let mut took = answers.join_all().await;
    took.sort_unstable();
    let heard = heard.load(Ordering::Relaxed);
    over.cancel();
    ears.join_all().await;
    jobs.await.unwrap();
    time.abort();

    let at = |thousandths: usize| took[(took.len() * thousandths / 1000).min(took.len() - 1)];
    println!(
        "{} messages, {heard} recordings heard beside them: p50 {:?}, p99 {:?}, p99.9 {:?}, most {:?}",
        took.len(),
        at(500),
        at(990),
        at(999),
        at(1000)
    );
    assert!(heard > 0, "nobody listened meanwhile");
    assert!(at(999) < Duration::from_millis(200), "p99.9 is {:?}", at(999));
}

/// Two recognitions at any time, one after the other, by the model that comes with the program.
fn listens_on_both_cores(heard: &Arc<AtomicU32>, over: &CancellationToken) -> JoinSet<()> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/speech/ggml-huifang-zh-en-q5_0.bin");
    let config = SpeechConfig { model, permits: 2, deadline_seconds: 600, ..SpeechConfig::default() };
    let listener = Listener::new(&config, PathBuf::from(env!("CARGO_BIN_EXE_huifang"))).unwrap();
    let mut ears = JoinSet::new();
    for _ in 0..2 {
        let (listener, heard, over) = (listener.clone(), Arc::clone(heard), over.clone());
        ears.spawn(async move {
            while !over.is_cancelled() {
                listener.listen(&fixture("leak.wav"), None, Language::Chinese).await.unwrap();
                heard.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    ears
}
