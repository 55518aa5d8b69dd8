//! How the bot is arranged with Telegram, how updates are asked for, and what the client keeps to.

use std::time::Duration;

use huifang::app::telegram::{menu, poll};
use huifang::catalog::Catalog;
use huifang::channel::telegram::{Limits, Menu, Mode, PollError, Telegram, TelegramConfig};
use huifang::channel::{Button, Channels, FetchError, Outgoing, SendError};
use huifang::clock::Clock;
use huifang::domain::ids::OutboxId;
use huifang::domain::secret::Secret;
use huifang::store::outbox::Delivery;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::fake_telegram::{AT_ONCE, FakeTelegram, Fault, TOKEN};
use crate::house::{House, START, program};

const CHAT: i64 = 77;

async fn send(bot: &Telegram, chat: &str, text: &str, buttons: &[Button]) -> Result<(), SendError> {
    send_as(bot, Clock::manual(START).new_id(), chat, text, buttons).await
}

async fn send_as(bot: &Telegram, id: OutboxId, chat: &str, text: &str, buttons: &[Button]) -> Result<(), SendError> {
    bot.send(&Outgoing { id, address: chat, text, buttons }).await
}

fn text(id: i64, words: &str) -> Value {
    json!({ "message_id": id, "date": 1, "text": words, "chat": { "id": CHAT, "type": "private", "first_name": "A" },
        "from": { "id": CHAT, "is_bot": false, "first_name": "A", "language_code": "en" } })
}

#[tokio::test]
async fn webhook_and_commands_are_registered_as_they_are_needed() {
    let telegram = FakeTelegram::start().await;
    let menu = menu(&Catalog::embedded().unwrap());
    let told = telegram.bot().register("https://huifang.example.com/", &menu).await;
    assert!(told.left.is_empty() && !told.again, "{told:?}");
    assert_eq!(told.name.as_deref(), Some("huifang_bot"));
    let mut webhook = telegram.webhook().unwrap();
    assert_eq!(webhook["secret_token"].take().as_str().unwrap().len(), 43);
    assert_eq!(
        webhook,
        json!({ "url": "https://huifang.example.com/webhooks/telegram", "max_connections": 40, "secret_token": null,
            "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"] })
    );
    let commands = telegram.commands();
    assert_eq!(commands.keys().map(String::as_str).collect::<Vec<_>>(), ["", "en", "zh"]);
    assert!(commands["zh"].to_string().contains("报修"));
    let state = telegram.bot().webhook().await.unwrap();
    assert_eq!(state.url, "https://huifang.example.com/webhooks/telegram");
}

#[tokio::test]
async fn what_cannot_be_registered_is_said_and_the_rest_is_done() {
    let telegram = FakeTelegram::start().await;
    let menu = menu(&Catalog::embedded().unwrap());
    let told = telegram.bot().register("http://10.0.0.1:8080", &menu).await;
    insta::assert_snapshot!(told.left.join("\n").replace(&telegram.url, "URL"), @"setWebhook to http://10.0.0.1:8080/webhooks/telegram: Telegram says 400 Bad Request: bad webhook: HTTPS url must be provided for webhook");
    assert_eq!((telegram.commands().len(), told.again), (3, false));
    telegram.fails("getMe", Fault::Error(401, "Unauthorized"));
    let told = telegram.bot().register("https://x.example.com", &menu).await;
    assert!(told.left[0].contains("put the token that @BotFather shows into [telegram] token"), "{told:?}");
    telegram.fails("setMyCommands", Fault::TooMany(9));
    let told = telegram.bot().register("https://x.example.com", &menu).await;
    assert!(told.again && told.left.len() == 1, "{told:?}");
    let official = TelegramConfig { token: Some(Secret::new(TOKEN)), ..TelegramConfig::default() };
    assert!(!format!("{told:?}{official:?}").contains(TOKEN));
}

#[tokio::test]
async fn updates_are_asked_for_and_acknowledged_only_when_they_are_stored() {
    let telegram = FakeTelegram::start().await;
    telegram.set_webhook("https://elsewhere.example.com");
    telegram.knows(CHAT);
    let config = TelegramConfig { mode: Mode::Polling, ..telegram.config() };
    let bot = Telegram::new(&config).unwrap().unwrap().paced(AT_ONCE);
    let house = House::open(|_| Channels { telegram: Some(bot.clone()), ..Channels::default() }).await;
    let cancel = CancellationToken::new();
    let (intake, stop) = (house.runner.intake.clone(), cancel.clone());
    let asking = tokio::spawn(async move { poll(&bot, &intake, &stop).await });
    telegram.queue(json!({ "update_id": 5, "message": text(1, "/start") }));
    telegram.queue(json!({ "update_id": 6, "a_kind_of_2031": {} }));
    telegram.queue(json!({ "update_id": 7, "message": "broken" }));
    let query = json!({ "id": "43", "from": text(1, "")["from"], "chat_instance": "1", "data": "do:help" });
    telegram.queue(telegram.numbered("callback_query", query));
    until(|| telegram.waiting() == 0 && !telegram.answered().is_empty()).await;
    assert!(telegram.webhook().is_none(), "taken away, since updates are asked for");
    assert_eq!(house.received("telegram", &["m:77:1", "cb:43"]).await, 2);
    house.works().await;
    assert_eq!(telegram.arrived(CHAT).len(), 2);
    // Nothing is acknowledged that is not on disk.
    house.runner.store.close().await;
    let asked = telegram.calls("getUpdates").len();
    telegram.queue(json!({ "update_id": 892_252_999, "message": text(2, "/help") }));
    until(|| telegram.calls("getUpdates").len() > asked + 1).await;
    assert_eq!(telegram.waiting(), 1);
    cancel.cancel();
    asking.await.unwrap();
}

#[tokio::test]
async fn an_update_that_can_never_be_stored_is_shown_to_staff_and_holds_up_nobody() {
    let telegram = FakeTelegram::start().await;
    let another = CHAT + 1;
    telegram.knows(CHAT);
    telegram.knows(another);
    let house = House::open(|_| Channels { telegram: Some(telegram.bot()), ..Channels::default() }).await;
    telegram.bot().register("https://huifang.example.com", &Menu::new()).await;
    let update = |id: i64, message: Value| json!({ "update_id": id, "message": message });
    assert_eq!(telegram.delivers(&house.url, &update(5, text(1, "/start"))).await.as_u16(), 200);
    let dialogue = house.spoil("telegram", &CHAT.to_string()).await;
    let status = telegram.delivers(&house.url, &update(6, text(2, "厨房漏水"))).await;
    assert_eq!(status.as_u16(), 200, "it would be sent for a day");
    // And where updates are asked for.
    let config = TelegramConfig { mode: Mode::Polling, ..telegram.config() };
    let bot = Telegram::new(&config).unwrap().unwrap().paced(AT_ONCE);
    let mut of_another = text(1, "/start");
    (of_another["chat"]["id"], of_another["from"]["id"]) = (json!(another), json!(another));
    telegram.queue(update(7, text(3, "还在漏")));
    telegram.queue(update(8, of_another));
    let cancel = CancellationToken::new();
    let (intake, stop) = (house.runner.intake.clone(), cancel.clone());
    let asking = tokio::spawn(async move { poll(&bot, &intake, &stop).await });
    until(|| telegram.waiting() == 0).await;
    cancel.cancel();
    asking.await.unwrap();
    house.works().await;
    assert_eq!(telegram.arrived(another).len(), 1, "answered");
    assert_eq!(house.flags().await, ["person_requested"]);
    let said = house.said_in(dialogue).await;
    assert!(said.contains("厨房漏水") && said.contains("还在漏"), "{said}");
}

#[tokio::test]
async fn the_two_reasons_why_nobody_may_ask_are_told_apart() {
    let telegram = FakeTelegram::start().await;
    let bot = telegram.bot();
    telegram.set_webhook("https://x.example.com");
    assert!(matches!(bot.updates(0).await, Err(PollError::Webhook)));
    bot.delete_webhook().await.unwrap();
    let words = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    telegram.fails("getUpdates", Fault::Error(409, words));
    let error = bot.updates(0).await.unwrap_err();
    assert!(matches!(error, PollError::Another) && error.to_string().contains("one process only"));
    telegram.fails("getUpdates", Fault::TooMany(3));
    assert!(matches!(bot.updates(0).await, Err(PollError::Later { wait: Some(wait), .. }) if wait.as_secs() == 3));
}

#[tokio::test]
async fn a_bot_in_polling_mode_has_no_webhook_to_be_called() {
    let telegram = FakeTelegram::start().await;
    let config = TelegramConfig { mode: Mode::Polling, ..telegram.config() };
    let bot = Telegram::new(&config).unwrap();
    let house = House::open(|_| Channels { telegram: bot, ..Channels::default() }).await;
    let update = telegram.numbered("message", text(1, "/start"));
    assert_eq!(telegram.delivers(&house.url, &update).await.as_u16(), 404);
    let off = House::open(|_| Channels::default()).await;
    assert_eq!(telegram.delivers(&off.url, &update).await.as_u16(), 404);
    assert!(off.outbox(Delivery::Pending).await.is_empty());
}

#[tokio::test]
async fn a_long_text_goes_out_in_parts_and_what_is_out_is_not_sent_again() {
    let telegram = FakeTelegram::start().await;
    telegram.knows(CHAT);
    let bot = telegram.bot();
    let long = format!("{}\n\n{}\n\n{}", "甲😀".repeat(1_000), "乙😀".repeat(1_000), "丙😀".repeat(1_000));
    let buttons = [Button { id: "do:help".to_owned(), label: "好".to_owned() }];
    telegram.fails("sendMessage", Fault::Slow(Duration::ZERO));
    telegram.fails("sendMessage", Fault::Error(500, "Internal Server Error"));
    let id: OutboxId = Clock::manual(START).new_id();
    let error = send_as(&bot, id, "77", &long, &buttons).await.unwrap_err();
    assert!(matches!(error, SendError::Later { .. }));
    send_as(&bot, id, "77", &long, &buttons).await.unwrap();
    let parts = telegram.arrived(CHAT);
    let whole: String = parts.iter().map(|part| part["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n\n");
    assert_eq!((parts.len(), whole), (3, long.clone()));
    let keys: Vec<_> =
        parts.iter().map(|part| part["reply_markup"]["inline_keyboard"].as_array().unwrap().len()).collect();
    assert_eq!(keys, [0, 0, 1]);
    send_as(&bot, id, "77", "短", &[]).await.unwrap();
    assert_eq!(telegram.arrived(CHAT).len(), 4, "the count of parts is forgotten when all are out");
}

#[tokio::test]
async fn buttons_are_an_inline_keyboard_and_those_it_cannot_carry_are_words() {
    let telegram = FakeTelegram::start().await;
    telegram.knows(CHAT);
    let button = |id: &str, label: &str| Button { id: id.to_owned(), label: label.to_owned() };
    let bot = telegram.bot();
    send(&bot, "77", "怎么样？", &[button("q1:a:5", "很好"), button("q1:a:1", "不好")]).await.unwrap();
    send(&bot, "77", "怎么样？", &[button(&"x".repeat(65), "很好")]).await.unwrap();
    let calls = telegram.calls("sendMessage");
    let key = |label: &str, data: &str| json!({ "text": label, "callback_data": data });
    assert_eq!(
        calls[0].body,
        json!({ "chat_id": 77, "text": "怎么样？",
            "reply_markup": { "inline_keyboard": [[key("很好", "q1:a:5"), key("不好", "q1:a:1")]] } })
    );
    assert_eq!(calls[1].body, json!({ "chat_id": 77, "text": "怎么样？\n1. 很好" }));
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let telegram = FakeTelegram::start().await;
    let bot = telegram.bot();
    assert!(
        matches!(send(&bot, "77", "x", &[]).await, Err(SendError::Unreachable(why)) if why.contains("chat not found"))
    );
    telegram.knows(CHAT);
    telegram.block(CHAT);
    assert!(matches!(send(&bot, "77", "x", &[]).await, Err(SendError::Unreachable(why)) if why.contains("blocked")));
    telegram.unblock(CHAT);
    assert!(matches!(send(&bot, "77", " ", &[]).await, Err(SendError::Refused(_))));
    assert!(matches!(send(&bot, "somebody", "x", &[]).await, Err(SendError::Refused(_))));
    telegram.migrates(-5, -1_005);
    assert!(matches!(send(&bot, "-5", "x", &[]).await, Err(SendError::Moved { address }) if address == "-1005"));
    telegram.fails("sendMessage", Fault::Error(403, "Forbidden: user is deactivated"));
    assert!(matches!(send(&bot, "77", "x", &[]).await, Err(SendError::Unreachable(_))));
}

#[tokio::test]
async fn a_chat_is_written_to_once_a_second() {
    let telegram = FakeTelegram::start().await;
    telegram.knows(CHAT);
    telegram.is_strict();
    let bot = telegram.bot().paced(Limits::default());
    for _ in 0..3 {
        send(&bot, "77", "x", &[]).await.unwrap();
    }
    let calls = telegram.calls("sendMessage");
    assert_eq!(telegram.arrived(CHAT).len(), 3, "never told to wait");
    assert!(calls[2].at - calls[0].at >= Duration::from_millis(1_800));
    telegram.fails("sendMessage", Fault::TooMany(60));
    telegram.knows(78);
    assert!(matches!(send(&bot, "78", "x", &[]).await, Err(SendError::Later { wait: Some(_), .. })));
    let again = send(&bot, "78", "x", &[]).await;
    assert!(matches!(again, Err(SendError::Later { wait: Some(wait), .. }) if wait.as_secs() >= 58));
    assert_eq!(telegram.calls("sendMessage").len(), 4, "and not asked again before");
}

#[tokio::test]
async fn files_are_fetched_up_to_the_limit_and_the_token_is_told_to_nobody() {
    let telegram = FakeTelegram::start().await;
    let bot = telegram.bot();
    let file = telegram.keeps("voice/file 0.oga", b"OggS".to_vec());
    assert_eq!(bot.fetch(&file).await.unwrap().as_ref(), b"OggS");
    let large = telegram.keeps("documents/large", vec![0; (20 << 20) + 1]);
    assert!(matches!(bot.fetch(&large).await, Err(FetchError::TooLarge)));
    let gone = bot.fetch("no such file").await.unwrap_err();
    assert!(matches!(gone, FetchError::Gone(_)));
    telegram.fails("getFile", Fault::TooMany(7));
    assert!(matches!(bot.fetch(&file).await, Err(FetchError::Later { wait: Some(wait), .. }) if wait.as_secs() == 7));
    // A Bot API server of one's own that names places on its disk.
    telegram.is_local();
    assert_eq!(bot.fetch(&file).await.unwrap().as_ref(), b"OggS");
    let elsewhere = telegram.keeps("../secret", b"x".to_vec());
    let refused = bot.fetch(&elsewhere).await.unwrap_err().to_string();
    assert!(refused.contains("start it without --local"), "{refused}");
    telegram.fails("getFile", Fault::Proxy(502));
    let broken = bot.fetch(&file).await.unwrap_err().to_string();
    let away = TelegramConfig { api_url: "http://127.0.0.1:9".to_owned(), ..telegram.config() };
    let away = Telegram::new(&away).unwrap().unwrap();
    let unreached = away.fetch(&file).await.unwrap_err().to_string();
    assert!(unreached.contains("127.0.0.1:9 cannot be reached"), "{unreached}");
    let secret = TOKEN.split_once(':').unwrap().1;
    for said in [gone.to_string(), refused, broken, unreached, format!("{bot:?}")] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test]
async fn connect_introduces_the_bot_and_says_what_is_left_to_do() {
    let telegram = FakeTelegram::start().await;
    telegram.knows(CHAT);
    let said = huifang(&telegram, &[], &["connect", "telegram", "--chat", "77"], &format!("{TOKEN}\n")).await;
    insta::assert_snapshot!(said, @r"
    ok       the bot is @huifang_bot: people reach it at https://t.me/huifang_bot
    ok       Telegram calls https://huifang.example.com/webhooks/telegram
    ok       13 commands for every other language
    ok       13 commands for en
    ok       13 commands for zh
    ok       a greeting was sent to chat 77

    Still to do:
    - put the token into a file and name it to the service: HUIFANG_TELEGRAM__TOKEN_FILE=FILE
    - at @BotFather: /setdescription and /setuserpic, so that people see whom they write to
    - at @BotFather: /setjoingroups, Disable, unless a group of staff shall get alerts
    - write to the bot to see that it answers: https://t.me/huifang_bot
    exit 0
    ");
    assert_eq!(telegram.arrived(CHAT).len(), 1);
    let set = [("HUIFANG_TELEGRAM__TOKEN", TOKEN)];
    let said = huifang(&telegram, &set, &["connect", "telegram", "--polling", "--chat", "-5"], "").await;
    assert!(said.contains("ok       no webhook: updates are asked for"), "{said}");
    assert!(said.contains("FAILED   a greeting to chat -5: Telegram says 400 Bad Request: chat not found"), "{said}");
    assert!(said.contains("[telegram] mode = \"polling\"") && said.ends_with("exit 1"), "{said}");
    assert!(telegram.webhook().is_none());
    let said = huifang(&telegram, &[], &["connect", "telegram"], "999:wrong\n").await;
    assert!(said.starts_with("FAILED   getMe: Telegram does not know the bot (Unauthorized)"), "{said}");
    assert!(!said.contains("wrong"), "{said}");
}

#[tokio::test]
async fn check_tells_how_the_bot_stands() {
    let telegram = FakeTelegram::start().await;
    let line = async || {
        let said = huifang(&telegram, &[("HUIFANG_TELEGRAM__TOKEN", TOKEN)], &["check"], "").await;
        let at = said.find("telegram  @").unwrap_or_else(|| panic!("{said}"));
        said[at..].lines().next().unwrap().to_owned()
    };
    insta::assert_snapshot!(line().await, @"telegram  @huifang_bot: no webhook is set; 0 updates wait");
    telegram.set_webhook("https://elsewhere.example.com");
    insta::assert_snapshot!(line().await, @"telegram  @huifang_bot: Telegram calls https://elsewhere.example.com, not https://huifang.example.com/webhooks/telegram");
    telegram.set_webhook("https://huifang.example.com/webhooks/telegram");
    insta::assert_snapshot!(line().await, @"telegram  @huifang_bot: known to Telegram; 0 updates wait");
}

async fn huifang(telegram: &FakeTelegram, set: &[(&str, &str)], arguments: &[&str], typed: &str) -> String {
    let mut all = vec![("HUIFANG_TELEGRAM__API_URL", telegram.url.as_str())];
    all.extend(set);
    program(&all, arguments, typed).await
}

/// Waits for what happens by itself.
async fn until(done: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap();
}
