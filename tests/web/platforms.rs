//! Telegram and WeChat in `huifang demo`: somebody with a telephone reports a leak by voice, through the
//! simulated platform, to the row of the ticket.

use std::time::Duration;

use huifang::domain::understanding::Category;
use huifang::store::tickets::Filter;
use huifang::store::{self, Store, StoreError};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::chat_api::client;
use crate::chromium::{Stage, Window};
use crate::demo::Demo;

/// Long enough for a recording to be heard on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Somebody on one of the platforms, by the page's own interface.
struct Telephone<'d> {
    demo: &'d Demo,
    platform: &'static str,
    seen: Vec<Value>,
}

impl Telephone<'_> {
    async fn does(&self, deed: &Value) -> StatusCode {
        let url = format!("{}/demo/api/{}", self.demo.url, self.platform);
        client().post(url).json(deed).send().await.unwrap().status()
    }

    async fn news(&self) -> Value {
        let url = format!("{}/demo/api/{}?after=0", self.demo.url, self.platform);
        client().get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Waits until a message of the other side says that; returns it.
    async fn sees(&mut self, words: &str) -> Value {
        let waits = async {
            loop {
                self.seen.clone_from(self.news().await["shown"].as_array().unwrap());
                let ours = self.seen.iter().filter(|message| message["theirs"] == false);
                if let Some(found) = ours.rev().find(|message| message["text"].as_str().unwrap().contains(words)) {
                    return found.clone();
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waits).await {
            Ok(found) => found,
            Err(late) => {
                panic!("{late}: nobody said {words} on {}: {:#?}\n{}", self.platform, self.seen, self.demo.log())
            }
        }
    }
}

/// The tickets that came of a channel: category, words, whether the flat is known, and what was heard.
async fn tickets(demo: &Demo, channel: &'static str) -> Vec<(Option<Category>, String, bool, Option<String>)> {
    let path = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let read = store.read(move |tx| {
        Box::pin(async move {
            let mut rows = Vec::new();
            for ticket in store::tickets::list(tx, &Filter::default(), 200).await? {
                let Some(dialogue) = ticket.dialogue_id else { continue };
                if store::dialogues::find(tx, dialogue).await?.is_none_or(|found| found.channel != channel) {
                    continue;
                }
                let mut heard = None;
                for media in store::media::list_for_ticket(tx, ticket.id).await? {
                    heard = store::transcripts::find(tx, media.id).await?.and_then(|heard| heard.text);
                }
                rows.push((ticket.category, ticket.description, ticket.unit_id.is_some(), heard));
            }
            Ok::<_, StoreError>(rows)
        })
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_leak_told_by_voice_to_the_simulated_platforms_becomes_a_ticket_of_the_flat() {
    let mut demo = Demo::start();
    for (platform, bot) in [("telegram", "bot"), ("wechat", "passive")] {
        let mut phone = Telephone { demo: &demo, platform, seen: Vec::new() };
        assert_eq!(phone.does(&json!("scan")).await, StatusCode::NO_CONTENT);
        let welcome = phone.sees("3栋2单元1201").await;
        assert_eq!(welcome["way"], bot, "{platform}");
        assert_eq!(phone.does(&json!({ "clip": "leak" })).await, StatusCode::NO_CONTENT);
        // What was heard comes when it has been heard: by the bot, or as a customer-service message.
        let summary = phone.sees("天花板").await;
        assert_eq!(summary["way"], if platform == "wechat" { "service" } else { "bot" });
        let keys = summary["keys"].as_array().unwrap();
        let submit = keys.iter().find(|key| key["label"] == "提交").unwrap_or_else(|| panic!("{summary}"));
        assert_eq!(phone.does(&json!({ "press": submit["id"] })).await, StatusCode::NO_CONTENT);
        phone.sees("HF").await;
        let rows = tickets(&demo, platform).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        let (category, description, bound, heard) = &rows[0];
        assert_eq!((*category, *bound), (Some(Category::Leak), true), "{rows:?}");
        assert!(description.contains("漏水") && heard.as_ref().is_some_and(|heard| heard.contains("漏水")), "{rows:?}");

        // The engineer sees both directions, decrypted.
        let news = phone.news().await;
        let wires = news["wires"].as_array().unwrap();
        let said = |to_service: bool, words: &str| {
            let holds =
                |wire: &&Value| wire["to_service"] == to_service && wire["said"].as_str().unwrap().contains(words);
            wires.iter().any(|wire| holds(&wire))
        };
        assert!(
            said(true, if platform == "wechat" { "<MsgType><![CDATA[voice]]>" } else { "\"voice\"" }),
            "{wires:#?}"
        );
        assert!(said(false, "天花板"), "{wires:#?}");
        assert_eq!(phone.does(&json!({ "press": "of nobody" })).await, StatusCode::NOT_FOUND);
        assert_eq!(phone.does(&json!({ "text": " " })).await, StatusCode::BAD_REQUEST);
    }
    // The next day the platforms begin anew, and the service remembers: nothing is taken for a copy.
    demo.restart();
    for platform in ["telegram", "wechat"] {
        let mut phone = Telephone { demo: &demo, platform, seen: Vec::new() };
        phone.does(&json!({ "text": "进度" })).await;
        phone.sees("HF").await;
    }
    let stray = client().get(format!("{}/demo/api/wecom", demo.url)).send().await.unwrap();
    assert_eq!(stray.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_demo_talks_to_no_platform_the_operators_own_settings_name() {
    // Whoever connects here was not meant to be asked.
    let outside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    outside.set_nonblocking(true).unwrap();
    let url = format!("http://{}", outside.local_addr().unwrap());
    let demo = Demo::start_with(&[
        ("HUIFANG_TELEGRAM__API_URL", url.as_ref()),
        ("HUIFANG_TELEGRAM__TOKEN", "1234567:a-token-of-their-own".as_ref()),
        ("HUIFANG_WECHAT__API_URL", url.as_ref()),
        ("HUIFANG_WECHAT__APP_ID", "wx1".as_ref()),
        ("HUIFANG_WECHAT__APP_SECRET", "a-secret-of-their-own".as_ref()),
        ("HUIFANG_WECHAT__TOKEN", "of-their-own".as_ref()),
        ("HUIFANG_WECHAT__ENCODING_AES_KEY", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".as_ref()),
        ("HUIFANG_ALERTS__WEBHOOK_URL", url.as_ref()),
        ("HUIFANG_ALERTS__WEBHOOK_SECRET", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".as_ref()),
    ]);
    for platform in ["telegram", "wechat"] {
        let mut phone = Telephone { demo: &demo, platform, seen: Vec::new() };
        phone.does(&json!("scan")).await;
        phone.sees("3栋2单元1201").await;
        // A flag would be told to staff: of the demo nobody is.
        phone.does(&json!({ "text": "有煤气味" })).await;
        phone.sees("燃气").await;
    }
    assert_eq!(outside.accept().map(drop).map_err(|error| error.kind()), Err(std::io::ErrorKind::WouldBlock));
}

#[tokio::test]
async fn a_telephone_set_to_english_is_answered_in_english() {
    let demo = Demo::start();
    let mut phone = Telephone { demo: &demo, platform: "telegram", seen: Vec::new() };
    let scans = client().post(format!("{}/demo/api/telegram", demo.url)).header("accept-language", "en-GB,en;q=0.9");
    assert_eq!(scans.json(&json!("scan")).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let welcome = phone.sees("3栋2单元1201").await;
    assert_eq!(welcome["keys"][0]["label"], "Report a repair", "{welcome}");
}

#[tokio::test]
async fn the_page_of_the_platforms_is_used_on_a_phone_and_looked_into_at_a_desk() {
    let Some(stage) = Stage::set() else { return };
    let see = async |window: &Window, platform: &str, name: &str| {
        window.page.goto(&format!("{}/demo?on={platform}", stage.demo.url)).await.unwrap();
        window.sees("#clips li").await;
        window.press("#scan").await;
        window.reads("div[@id='log']", "3栋2单元1201").await;
        window.fill("#text", "厨房水龙头漏水").await;
        window.press("#send").await;
        window.reads("div[@class='msg you']", "厨房水龙头漏水").await;
        window.reads("div[@id='log']", "这样提交可以吗").await;
        window.press("#clips summary").await;
        window.press("#clips li:first-child .send").await;
        window.reads("div[@id='log']", "天花板").await;
        window.press("#clips summary").await;
        window.picture(&format!("demo-{platform}-{name}")).await;
        window.is_sound().await;
    };
    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    for platform in ["telegram", "wechat"] {
        see(&phone, platform, "phone").await;
    }
    phone.press("#wires summary").await;
    phone.run("document.querySelector('#wires').scrollIntoView()").await;
    phone.reads("ol[@id='exchange']", "POST /webhooks/wechat").await;
    phone.picture("demo-wires-phone").await;
    phone.is_sound().await;
    phone.close().await;
    let desk = stage.window(1280, 800, None, &["--accept-lang=en"]).await;
    for platform in ["telegram", "wechat"] {
        desk.page.goto(&format!("{}/demo?on={platform}", stage.demo.url)).await.unwrap();
        desk.reads("div[@id='log']", "天花板").await;
        desk.sees("#exchange li").await;
        // Older messages keep their buttons, as on the platforms.
        desk.run(
            "[...document.querySelectorAll('.choices button')].filter(b => b.textContent === '提交').at(-1).click()",
        )
        .await;
        desk.reads("div[@id='log']", "HF").await;
        desk.picture(&format!("demo-{platform}-desk")).await;
        desk.is_sound().await;
    }
    desk.close().await;
}
