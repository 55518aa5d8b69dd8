//! Conversations in WeChat customer service, with everything that can go wrong on the way.

use std::time::Duration;

use futures_util::future::join_all;
use huifang::channel::Channels;
use huifang::channel::wecom::{Wecom, WecomConfig};
use huifang::clock::Clock;
use huifang::desk::Desk;
use huifang::domain::ids::DialogueId;
use huifang::domain::secret::Secret;
use huifang::store;
use huifang::store::outbox::Delivery;
use huifang::store::thread::Speaker;
use insta::assert_snapshot;
use serde_json::json;

use crate::fake_kf::{self, ACCOUNT, Customer};
use crate::fake_wecom::{CORP_ID, FakeWecom, deliver, seal};
use crate::house::{House, LEAK, SURVEY, fixture, rows_of_the_web_chat};

async fn begun(person: &str) -> (FakeWecom, House, Customer) {
    let fake = FakeWecom::start().await;
    let house = fake.house().await;
    let customer = Customer::of(&fake, &house, person);
    (fake, house, customer)
}

/// What the person said so far, in order.
async fn said(house: &House, person: &str) -> Vec<String> {
    let address = format!("{ACCOUNT}/{person}");
    let read = house.runner.store.read(|tx| {
        Box::pin(async move {
            let Some(found) = store::dialogues::find_by_address(tx, "wecom_kf", &address).await? else {
                return Ok(Vec::new());
            };
            let entries = store::thread::latest(tx, found.id, 200).await?;
            let own = entries.into_iter().filter(|entry| entry.speaker == Speaker::Client);
            let text = |body: &str| {
                serde_json::from_str::<serde_json::Value>(body).unwrap()["text"].as_str().map(str::to_owned)
            };
            Ok::<_, store::StoreError>(own.filter_map(|entry| text(&entry.body)).collect())
        })
    });
    read.await.unwrap()
}

async fn conversation(house: &House, person: &str) -> DialogueId {
    let address = format!("{ACCOUNT}/{person}");
    let found = house
        .runner
        .store
        .read(|tx| Box::pin(async move { store::dialogues::find_by_address(tx, "wecom_kf", &address).await }));
    found.await.unwrap().unwrap().id
}

/// Staff writes to somebody, and what is due is done.
async fn staff_writes(house: &House, person: &str, words: &str) {
    let dialogue = conversation(house, person).await;
    Desk::new(house.runner.intake.clone()).reply(dialogue, words, house.clock.new_id()).await.unwrap();
    house.works().await;
}

#[tokio::test]
async fn a_survey_and_a_voice_report_end_in_the_same_rows_as_on_the_web_chat() {
    let (fake, house, customer) = begun("wmOWNER").await;
    customer.enters(Some(&house.token())).await;
    house.works().await;
    for said in SURVEY {
        customer.says(said).await;
        house.works().await;
    }
    house.hears(LEAK);
    fake.keeps("voice-1", fixture("leak.amr"));
    customer.writes("voice", &json!({ "media_id": "voice-1" }));
    customer.notifies().await;
    house.works().await;
    customer.taps("提交").await;
    house.works().await;
    assert_eq!(house.rows().await, rows_of_the_web_chat("leak.amr").await);
    let served = fake.served();
    assert!(served[0]["code"].is_string() && served[0]["touser"].is_null(), "greeted by the code: {}", served[0]);
    assert!(served[1..].iter().all(|body| body["touser"] == "wmOWNER" && body["open_kfid"] == ACCOUNT));
    let kinds: Vec<_> = served.iter().map(|body| body["msgtype"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"msgmenu") && kinds.contains(&"text"), "{kinds:?}");
    assert_snapshot!(fake.served_texts()[1..3].join("\n---\n"), @r"
    想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
    （1/5）总体来说，您满意吗？
    1 分很不满意，5 分非常满意
    1 2 3 4 5
    ---
    （2/5）响应快不快，到得及时吗？
    1 分很不满意，5 分非常满意
    1 2 3 4 5
    ");
    assert_eq!((fake.fetched(), house.flags().await.contains(&"delivery_failed")), (vec!["voice-1".to_owned()], false));
}

#[tokio::test]
async fn whoever_comes_in_is_greeted_within_twenty_seconds_or_when_they_write() {
    let (fake, house, customer) = begun("wmPROMPT").await;
    customer.enters(None).await;
    house.works().await;
    assert_eq!(fake.served().len(), 1);
    // Once: what we say next waits for their word.
    staff_writes(&house, "wmPROMPT", "您好，我是小李").await;
    assert_eq!((fake.served().len(), house.outbox(Delivery::Withheld).await.len()), (1, 1));
    customer.says("在吗").await;
    house.works().await;
    assert!(fake.served_texts().concat().contains("您好，我是小李"));

    let late = Customer::of(&fake, &house, "wmLATE");
    let before = fake.served().len();
    late.enters(Some(&house.token())).await;
    house.clock.advance(Duration::from_secs(21));
    house.works().await;
    assert_eq!(fake.served().len(), before, "the code is void");
    late.says("厨房漏水").await;
    house.works().await;
    let told = fake.served_texts()[before..].concat();
    assert!(told.contains("翠湖花园 3栋2单元1201"), "bound all the same, and told so now: {told}");
    // Who comes back without a code and a token says nothing by that.
    late.event("enter_session", &json!({ "scene": "" }));
    late.notifies().await;
    let before = fake.served().len();
    house.works().await;
    assert_eq!(fake.served().len(), before);
}

#[tokio::test]
async fn a_list_of_many_pages_is_read_to_its_end_once_and_in_order_however_often_it_is_announced() {
    let (fake, house, customer) = begun("wmMANY").await;
    let other = Customer::of(&fake, &house, "wmOTHER");
    fake.pages(3, true);
    for n in 1..=10 {
        customer.writes("text", &json!({ "content": format!("第{n}件事") }));
        other.writes("text", &json!({ "content": format!("另一件{n}") }));
    }
    let (first, second) = (customer.notice(), other.notice());
    let copies = (0..10).map(|n| if n % 2 == 0 { &first } else { &second });
    let answers = join_all(copies.map(|push| deliver(&house.url, push))).await;
    assert!(answers.iter().all(|(status, body)| (*status, body.as_str()) == (200, "")));
    house.works().await;
    assert_eq!(said(&house, "wmMANY").await, (1..=10).map(|n| format!("第{n}件事")).collect::<Vec<_>>());
    assert_eq!(said(&house, "wmOTHER").await.len(), 10);
    assert_eq!(fake.reads().len(), 14, "seven pages, an empty one before each; owed once however often announced");
    assert!(fake.reads().iter().all(|call| call["token"].is_string()));
    // Announced again it is read on from where it ended.
    deliver(&house.url, &first).await;
    house.works().await;
    assert_eq!(fake.reads().last().unwrap()["cursor"], "0.20");
    assert_eq!(said(&house, "wmMANY").await.len(), 10);
}

#[tokio::test]
async fn a_place_the_platform_forgot_and_a_token_that_ran_out_cost_nothing_and_double_nothing() {
    let (fake, house, customer) = begun("wmLOST").await;
    customer.says("厨房漏水").await;
    house.works().await;
    fake.forgets_places();
    customer.says("门锁坏了").await;
    house.works().await;
    assert_eq!(said(&house, "wmLOST").await, ["厨房漏水", "门锁坏了"]);
    customer.says("窗户关不严").await;
    house.clock.advance(Duration::from_secs(601));
    house.works().await;
    assert_eq!(said(&house, "wmLOST").await.len(), 3);
    assert!(fake.reads().last().unwrap()["token"].is_null(), "read without it, which is allowed more rarely");
    // A token that the platform takes for void earlier than we do.
    customer.writes("text", &json!({ "content": "还有" }));
    let notice = customer.notice();
    fake.forgets_tokens();
    assert_eq!(deliver(&house.url, &notice).await.0, 200);
    house.works().await;
    assert_eq!(said(&house, "wmLOST").await.len(), 4);
}

#[tokio::test]
async fn a_platform_that_is_away_for_an_hour_loses_nothing_and_hears_nothing_twice() {
    let (fake, house, customer) = begun("wmAWAY").await;
    fake.is_away(true);
    customer.says("厨房漏水").await;
    for _ in 0..12 {
        house.runner.run_until_idle().await;
        house.clock.advance(Duration::from_secs(5 * 60));
    }
    assert!(said(&house, "wmAWAY").await.is_empty());
    fake.is_away(false);
    // Who writes now does not wait for the next attempt at what came before.
    customer.says("还在漏").await;
    house.runner.run_until_idle().await;
    assert_eq!(said(&house, "wmAWAY").await, ["厨房漏水", "还在漏"]);
    customer.says("有人吗").await;
    fake.refuses(&[-1, 45009]);
    for _ in 0..6 {
        house.clock.advance(Duration::from_secs(20 * 60));
        house.works().await;
        fake.revoke();
    }
    assert_eq!(said(&house, "wmAWAY").await, ["厨房漏水", "还在漏", "有人吗"]);
    assert!(house.outbox(Delivery::Pending).await.is_empty() && house.flags().await.is_empty());
    let texts = fake.served_texts();
    let set: std::collections::BTreeSet<_> = texts.iter().collect();
    assert_eq!(set.len(), texts.len(), "{texts:?}");
}

#[tokio::test]
async fn what_was_written_while_nobody_was_here_comes_to_light_at_the_start() {
    let (fake, house, customer) = begun("wmNIGHT").await;
    customer.says("您好").await;
    house.works().await;
    customer.writes("text", &json!({ "content": "厨房漏水" }));
    // The platform's notice found nobody, three times.
    house.clock.advance(Duration::from_secs(3 * 3600));
    let (runner, stop) = (house.runner.clone(), tokio_util::sync::CancellationToken::new());
    let running = tokio::spawn(runner.run(stop.clone()));
    let heard = async {
        while said(&house, "wmNIGHT").await.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect("what was written comes to light");
    stop.cancel();
    running.await.unwrap();
    assert_eq!(said(&house, "wmNIGHT").await, ["您好", "厨房漏水"]);
    assert!(fake.reads().last().unwrap()["token"].is_null());
}

#[tokio::test]
async fn what_was_written_before_our_time_is_left_alone() {
    let (_, house, customer) = begun("wmEARLY").await;
    customer.writes("text", &json!({ "content": "上个月的事" }));
    house.clock.advance(Duration::from_secs(2 * 3600));
    customer.says("厨房漏水").await;
    house.works().await;
    assert_eq!(said(&house, "wmEARLY").await, ["厨房漏水"]);
}

#[tokio::test]
async fn what_was_written_before_our_time_is_left_alone_however_reading_goes_on() {
    let (fake, house, customer) = begun("wmBEFORE").await;
    fake.pages(3, false);
    for n in 1..=7 {
        customer.writes("text", &json!({ "content": format!("上个月的第{n}件事") }));
    }
    house.clock.advance(Duration::from_secs(2 * 3600));
    // The first page is stored, the second cannot be read.
    fake.falters_after(1);
    customer.says("厨房漏水").await;
    house.runner.run_until_idle().await;
    assert_eq!((fake.reads().len(), said(&house, "wmBEFORE").await.len()), (2, 0));
    house.works().await;
    assert_eq!(said(&house, "wmBEFORE").await, ["厨房漏水"]);
    fake.forgets_places();
    customer.says("门锁坏了").await;
    house.works().await;
    assert_eq!(said(&house, "wmBEFORE").await, ["厨房漏水", "门锁坏了"]);
    assert!(fake.reads().iter().rev().take(3).any(|call| call["cursor"] == ""), "read from the beginning");
}

#[tokio::test]
async fn the_window_of_48_hours_and_five_messages_is_kept_by_us_and_by_the_platform() {
    let (fake, house, customer) = begun("wmWINDOW").await;
    customer.says("您好").await;
    house.works().await;
    let long = |n: usize| format!("第{n}条。{}", "很长的说明，".repeat(106));
    for n in 1..=5 {
        staff_writes(&house, "wmWINDOW", &long(n)).await;
    }
    assert_eq!(fake.served().len(), 5);
    let withheld = house.outbox(Delivery::Withheld).await;
    assert_eq!(withheld.len(), 1, "the fifth found the window used up: the answer was the first");
    customer.says("好的").await;
    house.works().await;
    assert_eq!(fake.served_texts().iter().filter(|text| text.starts_with("第5条")).count(), 1);
    house.clock.advance(Duration::from_secs(48 * 3600));
    staff_writes(&house, "wmWINDOW", "师傅明天到").await;
    let reason = house.outbox(Delivery::Withheld).await[0].reason.clone().unwrap();
    assert_eq!(reason, "window: the person wrote too long ago");
    customer.says("什么时候来").await;
    house.works().await;
    assert_eq!(fake.served_texts().iter().filter(|text| text.contains("师傅明天到")).count(), 1);
    // The platform counts otherwise than we do: it is right.
    fake.refuses(&[95001]);
    staff_writes(&house, "wmWINDOW", "带好钥匙").await;
    let reason = house.outbox(Delivery::Withheld).await[0].reason.clone().unwrap();
    assert_snapshot!(reason, @"window: WeCom answered 95001: the messages that the window allows are used up");
}

#[tokio::test]
async fn what_the_window_held_back_comes_before_the_answer_to_what_opened_it() {
    let (fake, house, customer) = begun("wmORDER").await;
    customer.says("您好").await;
    house.works().await;
    house.clock.advance(Duration::from_secs(48 * 3600));
    for words in ["师傅明天上午到", "请把水阀关上"] {
        staff_writes(&house, "wmORDER", words).await;
    }
    let desk = Desk::new(house.runner.intake.clone());
    desk.hand_back(conversation(&house, "wmORDER").await, house.clock.new_id()).await.unwrap();
    let before = fake.served().len();
    customer.says("厨房漏水").await;
    house.works().await;
    let told = fake.served_texts()[before..].join("\n\n");
    assert!(told.starts_with("师傅明天上午到\n\n请把水阀关上\n\n"), "and then the answer: {told}");
    assert!(house.outbox(Delivery::Withheld).await.is_empty() && house.outbox(Delivery::Pending).await.is_empty());
}

#[tokio::test]
async fn what_goes_out_together_counts_once_and_fails_together() {
    let (fake, house, customer) = begun("wmPACKED").await;
    customer.says("您好").await;
    house.works().await;
    house.clock.advance(Duration::from_secs(48 * 3600));
    let words: Vec<_> = (1..=6).map(|n| format!("第{n}件事")).collect();
    for words in &words {
        staff_writes(&house, "wmPACKED", words).await;
    }
    assert_eq!(house.outbox(Delivery::Withheld).await.len(), 6);
    let before = fake.served().len();
    customer.says("好的").await;
    house.works().await;
    let packed = &fake.served_texts()[before];
    assert!(words.iter().all(|words| packed.contains(words)), "by one call: {packed}");
    staff_writes(&house, "wmPACKED", "师傅明天到").await;
    assert!(house.outbox(Delivery::Withheld).await.is_empty(), "the window allows five calls");
    let call = fake.served()[before]["msgid"].clone();
    customer.event("msg_send_fail", &json!({ "fail_msgid": call, "fail_type": 10 }));
    customer.notifies().await;
    house.works().await;
    let failed = house.outbox(Delivery::Failed).await;
    assert!(words.iter().all(|words| failed.iter().any(|row| row.body.contains(words))), "{failed:?}");
    assert!(!failed.iter().any(|row| row.body.contains("师傅明天到")));
}

#[tokio::test]
async fn what_goes_along_with_the_last_attempt_at_a_message_is_not_given_up_with_it() {
    let (fake, house, customer) = begun("wmLAST").await;
    customer.says("您好").await;
    house.works().await;
    fake.is_away(true);
    staff_writes(&house, "wmLAST", "师傅明天上午到").await;
    // Its attempts go on for some ten hours.
    let mut failed = Vec::new();
    for minutes in (10..=720).step_by(10) {
        house.clock.advance(Duration::from_mins(10));
        house.works().await;
        failed = house.outbox(Delivery::Failed).await;
        if minutes == 540 {
            assert!(failed.is_empty());
            staff_writes(&house, "wmLAST", "请把水阀关上").await;
        }
        if !failed.is_empty() {
            break;
        }
    }
    assert!(failed.len() == 1 && failed[0].body.contains("师傅明天上午到"), "{failed:?}");
    fake.is_away(false);
    house.clock.advance(Duration::from_hours(1));
    house.works().await;
    assert!(house.outbox(Delivery::Pending).await.is_empty());
    assert_eq!(fake.served_texts().last().map(String::as_str), Some("请把水阀关上"));
}

#[tokio::test]
async fn what_the_platform_took_and_did_not_bring_is_shown_to_staff() {
    let (fake, house, customer) = begun("wmREFUSES").await;
    customer.says("您好").await;
    house.works().await;
    let sent = fake.served()[0]["msgid"].clone();
    customer.event("msg_send_fail", &json!({ "fail_msgid": sent, "fail_type": 10 }));
    customer.event("msg_send_fail", &json!({ "fail_msgid": "somebody-elses", "fail_type": 10 }));
    customer.notifies().await;
    house.works().await;
    let failed = house.outbox(Delivery::Failed).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].reason.as_deref(), Some("the platform did not bring it: the person refuses messages"));
    assert!(house.flags().await.contains(&"delivery_failed"));
}

#[tokio::test]
async fn odd_entries_and_odd_pushes_are_answered_let_be_or_refused() {
    let (fake, house, customer) = begun("wmODD").await;
    customer.writes("channels_shop_order", &json!({ "order_id": "1" }));
    customer.writes("image", &json!({ "media_id": "gone" }));
    customer.event("session_status_change", &json!({ "change_type": 1 }));
    customer.list(json!({ "msgid": "5", "origin": 5, "msgtype": "text", "text": { "content": "同事说" } }));
    customer.list(json!({ "msgid": "", "origin": 3 }));
    customer.list(json!({ "a": 1 }));
    customer.notifies().await;
    house.works().await;
    let texts = fake.served_texts().join("\n");
    assert!(texts.contains("文字、语音和照片") || texts.contains("语音"), "{texts}");
    assert!(texts.contains("再发"), "{texts}");
    assert!(!said(&house, "wmODD").await.contains(&"同事说".to_owned()));

    let time = house.clock.now().0 / 1000;
    let notice = |rest: &str| {
        format!(
            "<xml><ToUserName>{CORP_ID}</ToUserName><CreateTime>{time}</CreateTime><MsgType>event</MsgType>\
             <Event>kf_msg_or_event</Event>{rest}</xml>"
        )
    };
    let (token, account) = ("<Token>T</Token>", "<OpenKfId>wkX</OpenKfId>");
    let long = format!("<Token>{}</Token>{account}", "T".repeat(129));
    for (what, inner) in [
        ("no token", notice(account)),
        ("no account", notice(token)),
        ("a token too long", notice(&long)),
        ("another company", notice(&format!("{token}{account}")).replace(CORP_ID, "ww0")),
    ] {
        assert_eq!(deliver(&house.url, &seal(&inner, time)).await, (403, String::new()), "{what}");
    }
    let old = seal(&notice(&format!("{token}{account}")), time - 301);
    assert_eq!(deliver(&house.url, &old).await.0, 403);
    // An account nobody opened to us: tried again, shown to staff in the end, and nothing else stands still.
    assert_eq!(deliver(&house.url, &seal(&notice(&format!("{token}{account}")), time)).await.0, 200);
    customer.says("厨房漏水").await;
    house.works().await;
    assert_eq!(said(&house, "wmODD").await, ["厨房漏水"]);
}

#[tokio::test]
async fn customer_service_may_have_a_secret_of_its_own() {
    let fake = FakeWecom::start().await;
    fake.at_desk(|desk| desk.own_secret = true);
    let config = WecomConfig { kf_secret: Some(Secret::new(fake_kf::SECRET)), ..fake.config() };
    let open = |clock: &Clock| Channels { wecom: Wecom::new(&config, clock.clone()).unwrap(), ..Channels::default() };
    let house = House::open(open).await;
    let customer = Customer::of(&fake, &house, "wmOWN");
    customer.says("您好").await;
    house.works().await;
    assert_eq!(fake.served().len(), 1);
    let wecom = house.runner.channels.wecom.as_ref().unwrap();
    let desks = wecom.desks().await.unwrap();
    assert_eq!(desks[0].open_kfid, ACCOUNT);
    let link = wecom.desk_link(ACCOUNT).await.unwrap();
    assert_eq!(link.with("TOKEN-1"), "https://work.weixin.qq.com/kf/AJ2GCA?enc_scene=ENC&scene_param=TOKEN-1");
    let wrong = Wecom::new(&fake.config(), house.clock.clone()).unwrap().unwrap();
    assert_snapshot!(wrong.desks().await.unwrap_err().to_string(), @"WeCom answered 48002: the app has no right to this call: give it in the console");
}
