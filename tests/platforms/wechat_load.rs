//! How long the platform waits for an acknowledgement while messages come at a steady rate. It is
//! measured, not held: the figure depends on the machine. Run it with
//! `cargo test --release --test platforms acknowledgements -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use huifang::channel::wechat::Mode;

use crate::fake_wechat::{FakeWechat, Follower};
use crate::house::{House, client};

const A_SECOND: u32 = 200;
const SECONDS: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; the figure depends on the machine"]
async fn acknowledgements_at_two_hundred_messages_a_second() {
    let wechat = FakeWechat::start().await;
    let house = House::open(wechat.channels(Mode::Secure)).await;
    let words = ["厨房水龙头漏水", "/survey", "5", "三楼走廊灯不亮了，麻烦来看看", "进度"];
    let client = client();
    let begun = Instant::now();
    let mut answers = Vec::new();
    for number in 0..A_SECOND * SECONDS {
        let person = Follower::of(&house, &format!("oLOAD{:04}", number % 500), true);
        let push = person.text(words[usize::try_from(number / 500).unwrap() % words.len()]);
        let (client, url) = (client.clone(), format!("{}/webhooks/wechat?{}", house.url, push.query));
        let due = begun + Duration::from_secs(1) * number / A_SECOND;
        // Sent when it is due, whatever became of those before.
        answers.push(tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            let sent = Instant::now();
            let answer = client.post(url).body(push.body).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.bytes().await.unwrap();
            sent.elapsed()
        }));
    }
    let mut took = Vec::new();
    for answer in answers {
        took.push(answer.await.unwrap());
    }
    took.sort_unstable();
    let at = |thousandths: usize| took[(took.len() * thousandths / 1000).min(took.len() - 1)];
    println!("{} messages: p50 {:?}, p99 {:?}, p99.9 {:?}, most {:?}", took.len(), at(500), at(990), at(999), at(1000));
    assert!(at(999) < Duration::from_secs(5), "the platform has hung up by then");
}
