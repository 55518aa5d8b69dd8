//! The other side played by `aiogram`, which knows the Bot API independently of us: it reads the
//! updates of our fake platform, our calls and our webhook responses, and calls the fake itself.

use huifang::app::telegram::menu;
use huifang::catalog::Catalog;
use serde_json::json;

use crate::fake_telegram::{Fault, TOKEN};
use crate::house::fixture;
use crate::python;
use crate::telegram::{CHAT, Person};

#[tokio::test]
async fn aiogram_reads_what_we_say_and_what_our_platform_says() {
    let mut person = Person::begin().await;
    let menu = menu(&Catalog::embedded().unwrap());
    assert!(person.telegram.bot().register("https://huifang.example.com", &menu).await.left.is_empty());
    person.says("/survey").await;
    person.taps("2").await;
    let photo = person.telegram.keeps("photos/file_1.jpg", fixture("photo.jpg"));
    let size = json!({ "file_id": photo, "file_unique_id": "A", "width": 9, "height": 9 });
    person.sends(&json!({ "photo": [size], "caption": "厨房水槽下面漏水" })).await;
    person.sends(&json!({ "location": { "latitude": 31.2, "longitude": 121.4 } })).await;
    let left = person.membership("member", "kicked", 7);
    person.delivered(&left).await;
    let telegram = &person.telegram;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.json").display().to_string();
    std::fs::write(&record, telegram.record().to_string()).unwrap();
    let (blocked, moved) = (5, -6);
    telegram.knows(blocked);
    telegram.block(blocked);
    telegram.migrates(moved, -1006);
    for fault in [None, None, None, None, None, Some(Fault::TooMany(7))] {
        telegram.fails("sendMessage", fault.unwrap_or(Fault::Slow(std::time::Duration::ZERO)));
    }
    let (chat, blocked, moved) = (CHAT.to_string(), blocked.to_string(), format!("--moved={moved}"));
    let arguments = ["--record", &record, "--url", &telegram.url, "--token", TOKEN, "--file", &photo];
    let chats = ["--chat", &chat, "--blocked", &blocked, &moved];
    if let Some(said) = python::played("aiogram", "aiogram_client.py", &[&arguments[..], &chats].concat()).await {
        insta::assert_snapshot!("aiogram", said);
    }
}
