//! Conversations on a WeChat Official Account.

use huifang::channel::wechat::connect::MenuLabels;
use huifang::channel::wechat::{Lasting, Mode, Wechat, WechatConfig};
use huifang::clock::Clock;
use huifang::domain::secret::Secret;
use huifang::store::outbox::Delivery;
use insta::assert_snapshot;
use serde_json::json;
use std::fmt::Write as _;

use crate::fake_wechat::{FakeWechat, Follower, Push};
use crate::house::{House, LEAK, START, SURVEY, fixture, rows_of_the_web_chat, rows_of_the_web_chat_in};

/// Scans the code of the flat, answers a survey by digits, reports a leak by voice and submits.
async fn converse(house: &House, wechat: &FakeWechat, person: &Follower) -> String {
    let mut transcript = String::new();
    let mut note = |said: &str, answer: Option<String>| {
        writeln!(transcript, "» {said}").unwrap();
        transcript.push_str(&answer.map_or("(success)\n".to_owned(), |text| format!("{text}\n")));
    };
    let scanned = person.deliver(&person.event("subscribe", &format!("qrscene_{}", house.token()))).await;
    note("[follows by the code of the flat]", scanned.text);
    house.works().await;
    for said in SURVEY {
        note(said, person.says(said).await);
        house.works().await;
    }
    house.hears(LEAK);
    // What comes as 16 kHz is headerless here; the other recording is what is heard.
    wechat.keeps("wide", vec![0x1b; 400]);
    wechat.keeps("narrow", fixture("leak.amr"));
    note("[voice]", person.deliver(&person.voice("narrow", "wide")).await.text);
    house.works().await;
    let (brought, submit) = (wechat.texts(), wechat.entry("提交"));
    note("[提交]", person.taps(&submit, "提交").await);
    house.works().await;
    transcript.push_str("brought meanwhile:\n");
    transcript.push_str(&brought.join("\n"));
    transcript
}

#[tokio::test]
async fn a_survey_and_a_voice_report_end_in_the_same_rows_as_on_the_web_chat() {
    let expected = rows_of_the_web_chat("leak.amr").await;
    for mode in [Mode::Secure, Mode::Plain] {
        let wechat = FakeWechat::start().await;
        let house = House::open(wechat.channels(mode)).await;
        let person = Follower::of(&house, "oyORnuP8q7ou2gfYjqLzSIWZf0rs", mode == Mode::Secure);
        let transcript = converse(&house, &wechat, &person).await;
        assert_eq!(house.rows().await, expected, "{transcript}");
        assert_eq!(wechat.fetched(), ["wide", "narrow"]);
        assert!(house.outbox(Delivery::Pending).await.is_empty());
        // All but what the recording led to went out in the responses.
        assert_eq!(wechat.texts().len(), 1, "{:?}", wechat.texts());
        if mode == Mode::Secure {
            assert_snapshot!("wechat_conversation", transcript);
        }
    }
}

#[tokio::test]
async fn an_amr_recording_is_heard_by_the_model_as_on_the_web_chat() {
    let web = House::open_with_model(|_| huifang::channel::Channels::default()).await;
    let expected = rows_of_the_web_chat_in(web, "leak.amr").await;
    assert!(expected.contains("漏水"), "{expected}");
    let wechat = FakeWechat::start().await;
    let house = House::open_with_model(wechat.channels(Mode::Secure)).await;
    let person = Follower::of(&house, "oMODEL", true);
    converse(&house, &wechat, &person).await;
    assert_eq!(house.rows().await, expected);
}

#[tokio::test]
async fn scanning_tapping_and_leaving_are_understood() {
    let wechat = FakeWechat::start().await;
    let house = House::open(wechat.channels(Mode::Secure)).await;
    let person = &Follower::of(&house, "oEVENTS", true);
    let said = |push: Push| async move { person.deliver(&push).await.text.unwrap_or_default() };
    assert!(said(person.event("SCAN", &house.token())).await.contains("3栋2单元1201"));
    assert!(said(person.event("CLICK", "survey")).await.contains("（1/5）"));
    assert_eq!(person.deliver(&person.event("VIEW", "https://example.com/")).await.raw, "success");
    assert_eq!(person.deliver(&person.event("TEMPLATESENDJOBFINISH", "")).await.raw, "success");
    for kind in ["video", "shortvideo", "link", "hologram"] {
        let push = person.message(kind, "<MediaId>v</MediaId><Title>t</Title>");
        assert!(said(push).await.contains("请发文字、照片或语音"), "{kind}");
    }
    let place = person.message("location", "<Location_X>22.54</Location_X><Location_Y>113.95</Location_Y>");
    assert_eq!(person.deliver(&place).await.status, 200);
    // Nobody can be answered who has left; who comes back is heard again.
    assert_eq!(person.deliver(&person.event("unsubscribe", "")).await.raw, "success");
    house.clock.advance(std::time::Duration::from_secs(5));
    assert!(!said(person.event("subscribe", "")).await.is_empty());
}

#[tokio::test]
async fn an_account_is_connected_by_checking_it_and_setting_its_menu() {
    let (fake, clock) = (FakeWechat::start().await, Clock::manual(START));
    let account = fake.account(&clock, Mode::Secure);
    account.check().await.unwrap();
    let label = |text: &str| text.to_owned();
    let labels = MenuLabels {
        repair: label("报修"),
        progress: label("查进度"),
        survey: label("评价"),
        human: label("找人工"),
        more: label("帮助"),
    };
    account.create_menu(&labels).await.unwrap();
    let tap = |name: &str, key: &str| json!({ "type": "click", "name": name, "key": key });
    let more = json!({ "name": "帮助", "sub_button": [tap("评价", "survey"), tap("找人工", "human")] });
    let menu = json!({ "button": [tap("报修", "repair"), tap("查进度", "progress"), more] });
    assert_eq!(fake.taken("menu/create"), [menu]);
    let code = account.qr_code("room-42", Lasting::Days(7)).await.unwrap();
    assert_eq!(code.picture(), "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH%2B%2Fw%3D%3D");
    account.qr_code("room-43", Lasting::Always).await.unwrap();
    let scene = |name: &str| json!({ "scene": { "scene_str": name } });
    let days = json!({ "expire_seconds": 604_800, "action_name": "QR_STR_SCENE", "action_info": scene("room-42") });
    let always = json!({ "action_name": "QR_LIMIT_STR_SCENE", "action_info": scene("room-43") });
    assert_eq!(fake.taken("qrcode/create"), [days, always]);
    assert_eq!(fake.token_calls(), 1);
    let to_do = account.to_do("https://huifang.example.com").join("\n");
    assert!(to_do.contains("https://huifang.example.com/webhooks/wechat") && to_do.contains("secure mode"), "{to_do}");
    let wrong = WechatConfig { app_secret: Some(Secret::new("wrong")), ..fake.config() };
    let refused = Wechat::new(&wrong, clock).unwrap().unwrap().check().await.unwrap_err().to_string();
    assert_snapshot!(refused, @"WeChat answered 40125: the app_secret is wrong: reset it in the console and set the new one; rid 6555-40125");
}
