//! A WeChat Official Account with everything that can go wrong: copies, forgeries, refusals, a
//! platform that is away.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use huifang::channel::wechat::{Mode, Wechat, WechatConfig};
use huifang::channel::{Button, ChannelKind, Channels, Content, Inbound, Outgoing};
use huifang::clock::Clock;
use huifang::desk::Desk;
use huifang::domain::ids::OutboxId;
use huifang::store;
use huifang::store::outbox::Delivery;
use huifang::store::thread::Speaker;

use crate::fake_wechat::{FakeWechat, Follower, Push, deliver, seal, sign};
use crate::house::{House, START, client, fixture};

async fn house(wechat: &FakeWechat) -> House {
    House::open(wechat.channels(Mode::Secure)).await
}

/// Everything that was said in one person's conversation, by whom.
async fn thread(house: &House, openid: &str) -> Vec<(Speaker, String)> {
    let openid = openid.to_owned();
    let read = house.runner.store.read(|tx| {
        Box::pin(async move {
            let found = store::dialogues::find_by_address(tx, "wechat", &openid).await?.unwrap();
            let entries = store::thread::latest(tx, found.id, 200).await?;
            Ok::<_, store::StoreError>(entries.into_iter().map(|entry| (entry.speaker, entry.body)).collect())
        })
    });
    read.await.unwrap()
}

#[tokio::test]
async fn five_copies_that_arrive_together_and_out_of_order_are_applied_once() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let people: Vec<_> = (0..6).map(|n| Follower::of(&house, &format!("oPERSON{n}"), true)).collect();
    let mut copies: Vec<Push> = Vec::new();
    for person in &people {
        for words in ["厨房水龙头漏水", "三楼走廊灯不亮", "门锁坏了"] {
            let push = person.text(words);
            copies.extend(std::iter::repeat_n(push, 5));
        }
    }
    // Any order, the same at every run.
    let many = copies.len();
    let shuffled: Vec<_> = (0..many).map(|place| copies[(place * 37 + 11) % many].clone()).collect();
    let replies = join_all(shuffled.iter().map(|push| deliver(&house.url, push))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    for (push, reply) in shuffled.iter().zip(&replies) {
        let same = shuffled.iter().zip(&replies).filter(|(other, _)| other.body == push.body);
        assert!(same.into_iter().all(|(_, other)| other.text == reply.text), "each copy gets the same answer");
    }
    for person in &people {
        let thread = thread(&house, &person.openid).await;
        assert_eq!(thread.iter().filter(|(speaker, _)| *speaker == Speaker::Client).count(), 3);
        let answers = thread.iter().filter(|(speaker, _)| *speaker != Speaker::Client).count();
        assert!(answers >= 3, "{thread:?}");
    }
    house.works().await;
    assert_eq!(wechat.texts(), Vec::<String>::new(), "what went out in a response is not sent again");
}

#[tokio::test]
async fn a_repeated_push_gets_the_same_answer_and_is_never_refused_for_coming_late() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let person = Follower::of(&house, "oREPEAT", true);
    let push = person.text("厨房水龙头漏水");
    let first = person.deliver(&push).await.text.unwrap();
    for _ in 0..3 {
        house.clock.advance(Duration::from_secs(5));
        house.runner.run_until_idle().await;
        assert_eq!(person.deliver(&push).await.text.as_deref(), Some(first.as_str()));
    }
    assert_eq!(wechat.texts(), Vec::<String>::new());
    assert_eq!(thread(&house, "oREPEAT").await.len(), 2);
}

/// Somebody says hello, as it is handed to the service.
fn greeting(openid: &str) -> Inbound {
    Inbound {
        channel: ChannelKind::Wechat,
        address: openid.to_owned(),
        external_id: "m:1".to_owned(),
        language: None,
        content: Content::Text("您好".to_owned()),
    }
}

#[tokio::test]
async fn what_does_not_fit_into_the_response_is_brought_by_a_message() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let fields = greeting("oLONG");
    // Nothing the bot says is that long: the room is made small instead.
    let answered = house.runner.intake.receive_answered(fields.clone(), 10, || true).await.unwrap();
    assert_eq!(answered.text, None);
    assert_eq!(house.outbox(Delivery::Pending).await.len(), 1);
    house.works().await;
    assert_eq!(wechat.texts().len(), 1);
    // It was sent the other way: a repeated message has no answer any more.
    let again = house.runner.intake.receive_answered(fields.clone(), 2_047, || true).await.unwrap();
    assert!(again.received.duplicate && again.text.is_none());
    // So it does when its turn came too late, since whoever asked may have hung up.
    let waited = Inbound { external_id: "m:1b".to_owned(), ..fields.clone() };
    let none = house.runner.intake.receive_answered(waited, 2_047, || false).await.unwrap();
    assert!(none.text.is_none() && none.taken.is_empty());
    house.works().await;
    assert_eq!(wechat.texts().len(), 2);
    // An answer that came too late for the response goes the other way as well, even if its own job is done.
    let next = Inbound { external_id: "m:2".to_owned(), ..fields };
    let late = house.runner.intake.receive_answered(next, 2_047, || true).await.unwrap();
    assert!(late.text.is_some());
    house.works().await;
    assert_eq!(wechat.texts().len(), 2);
    house.runner.intake.answer_later(late.taken).await.unwrap();
    house.works().await;
    assert_eq!(wechat.texts().len(), 3);
    assert!(house.outbox(Delivery::Pending).await.is_empty());
}

#[tokio::test]
async fn an_answer_that_came_too_late_for_one_response_and_went_out_in_the_next_is_not_sent_again() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let intake = &house.runner.intake;
    // Both waited behind something slow; the first has run out of patience, the repetition has not.
    let first = intake.receive_answered(greeting("oSLOW"), 2_047, || true).await.unwrap();
    let second = intake.receive_answered(greeting("oSLOW"), 2_047, || true).await.unwrap();
    assert!(first.text.is_some() && first.text == second.text);
    intake.answer_later(first.taken).await.unwrap();
    assert!(house.outbox(Delivery::Pending).await.is_empty());
    house.works().await;
    assert_eq!(wechat.texts(), Vec::<String>::new());
    // Had the repetition come too late as well, it would be sent.
    intake.answer_later(second.taken).await.unwrap();
    house.works().await;
    assert_eq!(wechat.texts().len(), 1);
}

#[tokio::test]
async fn calls_that_fail_together_renew_the_access_token_once() {
    let (wechat, clock) = (FakeWechat::start().await, Clock::manual(START));
    let account = wechat.account(&clock, Mode::Secure);
    let id: OutboxId = clock.new_id();
    let send = || async {
        account.send(&Outgoing { id, address: "oPERSON", text: "您好", buttons: &[] }).await.map_err(|e| e.to_string())
    };
    assert!(join_all((0..10).map(|_| send())).await.iter().all(Result::is_ok));
    assert_eq!(wechat.token_calls(), 1);
    wechat.revoke();
    assert!(join_all((0..10).map(|_| send())).await.iter().all(Result::is_ok));
    assert_eq!(wechat.token_calls(), 2);
    assert_eq!(wechat.texts().len(), 20);
    clock.advance(Duration::from_secs(7_200));
    send().await.unwrap();
    assert_eq!(wechat.token_calls(), 3);
}

#[tokio::test]
async fn long_texts_are_cut_and_buttons_are_a_list_unless_they_are_marks() {
    let (wechat, clock) = (FakeWechat::start().await, Clock::manual(START));
    let account = wechat.account(&clock, Mode::Secure);
    let buttons = |labels: &[&str]| -> Vec<Button> {
        labels.iter().map(|label| Button { id: format!("id-{label}"), label: (*label).to_owned() }).collect()
    };
    let long = "很长的一句话。\n".repeat(300);
    for (text, labels) in
        [("提交吗？", &["提交", "修改"][..]), ("几分？", &["1", "2", "跳过"][..]), (long.as_str(), &[][..])]
    {
        let outgoing = Outgoing { id: clock.new_id(), address: "oPERSON", text, buttons: &buttons(labels) };
        account.send(&outgoing).await.unwrap();
    }
    let sent = wechat.taken("custom/send");
    assert_eq!(sent[0]["msgmenu"]["list"][1], serde_json::json!({ "id": "id-修改", "content": "修改" }));
    assert_eq!(sent[1]["text"]["content"], "几分？\n1 2\n· 跳过");
    assert_eq!(wechat.texts()[2..].concat().matches("很长的一句话。").count(), 300);
}

/// Has the bot say something that needs a customer-service message.
async fn owes_a_message(house: &House, wechat: &FakeWechat, openid: &str) {
    let person = Follower::of(house, openid, true);
    wechat.keeps("silence", fixture("silence.ogg"));
    house.hears("");
    assert!(person.deliver(&person.voice("silence", "silence")).await.text.is_some());
}

#[tokio::test]
async fn a_refusal_is_acted_upon_by_its_code() {
    for (codes, brought, withheld, failed) in [
        (&[-1][..], 1, 0, 0),
        (&[45011, 45009, 42001][..], 1, 0, 0),
        (&[45015][..], 0, 1, 0),
        (&[45047][..], 0, 1, 0),
        (&[43004][..], 0, 1, 0),
        (&[48001, 40164][..], 1, 0, 0),
        (&[47001][..], 0, 0, 1),
    ] {
        let wechat = FakeWechat::start().await;
        let house = house(&wechat).await;
        wechat.refuses(codes);
        owes_a_message(&house, &wechat, "oREFUSED").await;
        for _ in 0..6 {
            house.works().await;
            house.clock.advance(Duration::from_secs(20 * 60));
        }
        assert_eq!(wechat.texts().len(), brought, "{codes:?}");
        let stands = async |status| house.outbox(status).await;
        assert_eq!(stands(Delivery::Withheld).await.len(), withheld, "{codes:?}");
        assert_eq!(stands(Delivery::Failed).await.len(), failed, "{codes:?}");
        assert!(stands(Delivery::Pending).await.is_empty(), "{codes:?}");
        let told = house.flags().await.contains(&"delivery_failed");
        assert_eq!(told, brought == 0, "staff sees what was not brought: {codes:?}");
        for row in stands(Delivery::Withheld).await.iter().chain(&stands(Delivery::Failed).await) {
            let reason = row.reason.clone().unwrap();
            assert!(reason.contains("rid 6555-") && !reason.contains("someone"), "{reason}");
        }
    }
}

#[tokio::test]
async fn outside_the_window_a_template_message_tells_of_what_waits() {
    for (template, told) in [(None, 0), (Some("TPL-1".to_owned()), 1)] {
        let wechat = FakeWechat::start().await;
        let config = WechatConfig { template_id: template, ..wechat.config() };
        let house = House::open(|clock| Channels {
            wechat: Wechat::new(&config, clock.clone()).unwrap(),
            ..Channels::default()
        });
        let house = house.await;
        owes_a_message(&house, &wechat, "oTEMPLATE").await;
        house.clock.advance(Duration::from_secs(49 * 3_600));
        house.works().await;
        assert_eq!(wechat.texts(), Vec::<String>::new());
        let templates = wechat.taken("template/send");
        assert_eq!(templates.len(), told);
        for body in &templates {
            let said = body["data"]["thing1"]["value"].as_str().unwrap();
            assert!(said.chars().count() <= 20 && !said.is_empty(), "{body}");
            assert_eq!((body["touser"].as_str(), body["template_id"].as_str()), (Some("oTEMPLATE"), Some("TPL-1")));
        }
        let withheld = house.outbox(Delivery::Withheld).await;
        let reason = withheld.first().unwrap().reason.clone().unwrap();
        assert!(reason.starts_with("window: ") && reason.contains("template") == (told == 1), "{reason}");
        assert!(house.flags().await.contains(&"delivery_failed"), "staff may telephone");
    }
}

/// Staff writes to somebody; nobody is there to have it brought at once.
async fn staff_writes(house: &House, openid: &str, words: &str) {
    let of = openid.to_owned();
    let read = house
        .runner
        .store
        .read(|tx| Box::pin(async move { store::dialogues::find_by_address(tx, "wechat", &of).await }));
    let dialogue = read.await.unwrap().unwrap().id;
    Desk::new(house.runner.intake.clone()).reply(dialogue, words, house.clock.new_id()).await.unwrap();
    house.works().await;
}

#[tokio::test]
async fn what_a_shut_window_held_back_is_sent_in_order_when_the_person_writes_again() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let person = Follower::of(&house, "oAGAIN", true);
    person.says("您好").await;
    house.clock.advance(Duration::from_secs(49 * 3_600));
    for words in ["师傅明天上午到", "请把水阀关上"] {
        staff_writes(&house, "oAGAIN", words).await;
    }
    assert_eq!(house.outbox(Delivery::Withheld).await.len(), 2);
    let push = person.text("好的，什么时候？");
    let said = person.deliver(&push).await.text.unwrap();
    let (first, second) = (said.find("师傅明天上午到").unwrap(), said.find("请把水阀关上").unwrap());
    assert!(first < second, "{said}");
    assert_eq!(person.deliver(&push).await.text.as_deref(), Some(said.as_str()), "a copy gets the same");
    house.works().await;
    assert_eq!(wechat.texts(), Vec::<String>::new(), "it went out in the response, and once");
    assert!(house.outbox(Delivery::Withheld).await.is_empty() && house.outbox(Delivery::Pending).await.is_empty());
}

#[tokio::test]
async fn of_what_a_shut_window_held_back_no_more_goes_out_at_once_than_the_window_allows() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let person = Follower::of(&house, "oMANY", true);
    person.says("您好").await;
    house.clock.advance(Duration::from_secs(49 * 3_600));
    // Each fits into a response or a message, and no two are put together.
    let long = |n: u32| format!("第{n}条。{}", "很长的说明，".repeat(106));
    for n in 1..=7 {
        staff_writes(&house, "oMANY", &long(n)).await;
    }
    assert_eq!(house.outbox(Delivery::Withheld).await.len(), 7);
    let first = person.says("好的").await.unwrap();
    assert_eq!(first, long(1), "one fits into the response");
    house.works().await;
    assert_eq!(wechat.texts(), (2..=6).map(long).collect::<Vec<_>>(), "five messages, as many as the window allows");
    assert_eq!(house.outbox(Delivery::Withheld).await.len(), 1);
    assert_eq!(person.says("还有吗").await, Some(long(7)));
    house.works().await;
    assert_eq!(wechat.texts().len(), 5);
    assert!(house.outbox(Delivery::Withheld).await.is_empty());
}

#[tokio::test]
async fn what_was_held_back_more_than_a_week_ago_stays_where_it_is() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let person = Follower::of(&house, "oOLD", true);
    person.says("您好").await;
    house.clock.advance(Duration::from_secs(49 * 3_600));
    staff_writes(&house, "oOLD", "师傅明天上午到").await;
    house.clock.advance(Duration::from_secs(8 * 86_400));
    let said = person.says("您好").await.unwrap_or_default();
    house.works().await;
    assert!(!said.contains("师傅明天上午到") && wechat.texts().is_empty(), "{said}");
    let withheld = house.outbox(Delivery::Withheld).await;
    assert!(withheld[0].reason.as_deref().unwrap().starts_with("window: "), "{withheld:?}");
}

#[tokio::test]
async fn a_question_that_was_held_back_is_not_asked_when_it_is_over() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let person = Follower::of(&house, "oOVER", true);
    assert!(person.says("/survey").await.unwrap().contains("分"));
    house.clock.advance(Duration::from_secs(73 * 3_600));
    house.works().await;
    let reminder = house.outbox(Delivery::Withheld).await;
    assert_eq!(reminder.len(), 1, "the reminder found the window shut");
    // The first question is answered unasked: only the second is put.
    let said = person.says("4").await.unwrap();
    house.works().await;
    assert!(!said.contains("还没") && wechat.texts().is_empty(), "{said}");
    let left = house.outbox(Delivery::Withheld).await;
    assert_eq!(left[0].reason.as_deref(), Some("its question was over or was asked again"));
}

#[tokio::test]
async fn a_window_that_the_platform_shut_earlier_is_no_different() {
    // After a scan it is open for a minute only, which we do not count.
    let wechat = FakeWechat::start().await;
    let config = WechatConfig { template_id: Some("TPL-1".to_owned()), ..wechat.config() };
    let channels =
        |clock: &Clock| Channels { wechat: Wechat::new(&config, clock.clone()).unwrap(), ..Channels::default() };
    let house = House::open(channels).await;
    wechat.refuses(&[45015]);
    owes_a_message(&house, &wechat, "oMINUTE").await;
    house.works().await;
    assert_eq!(wechat.taken("template/send").len(), 1);
    let withheld = house.outbox(Delivery::Withheld).await;
    let reason = withheld.first().unwrap().reason.clone().unwrap();
    assert!(reason.starts_with("window: ") && reason.contains("45015"), "{reason}");
    assert!(reason.ends_with("a template message told them of it"), "{reason}");
    let person = Follower::of(&house, "oMINUTE", true);
    let held_back = serde_json::from_str::<serde_json::Value>(&withheld[0].body).unwrap();
    let said = person.says("您好").await.unwrap();
    assert!(said.starts_with(held_back["text"].as_str().unwrap()), "{said}");
}

#[tokio::test]
async fn a_platform_that_is_away_for_an_hour_loses_nothing() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    wechat.is_away(true);
    for n in 0..5 {
        owes_a_message(&house, &wechat, &format!("oAWAY{n}")).await;
    }
    for _ in 0..12 {
        house.runner.run_until_idle().await;
        house.clock.advance(Duration::from_secs(5 * 60));
    }
    assert_eq!(wechat.texts(), Vec::<String>::new());
    wechat.is_away(false);
    for _ in 0..8 {
        house.clock.advance(Duration::from_secs(20 * 60));
        house.works().await;
    }
    let mut told: Vec<_> =
        wechat.taken("custom/send").iter().map(|body| body["touser"].as_str().unwrap().to_owned()).collect();
    told.sort_unstable();
    assert_eq!(told, (0..5).map(|n| format!("oAWAY{n}")).collect::<Vec<_>>(), "each is told, and once");
    assert!(house.outbox(Delivery::Pending).await.is_empty() && house.flags().await.is_empty());
}

#[tokio::test]
async fn a_file_the_platform_no_longer_has_is_asked_for_again() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let person = Follower::of(&house, "oGONE", true);
    person.deliver(&person.voice("gone", "gone-too")).await;
    person.deliver(&person.message("image", "<PicUrl>http://x</PicUrl><MediaId>no-picture</MediaId>")).await;
    house.works().await;
    assert_eq!(wechat.fetched(), ["gone-too", "gone", "no-picture"]);
    let texts = wechat.texts().join("\n");
    assert!(texts.contains("取不到"), "{texts}");
}

#[tokio::test]
async fn hostile_pushes_are_refused_fast_and_alike() {
    let wechat = FakeWechat::start().await;
    let house = house(&wechat).await;
    let person = Follower::of(&house, "oHOSTILE", true);
    let good = person.text("您好");
    let time = (START.0 / 1000).to_string();
    let inner = "<xml><ToUserName>gh_10f6c3c3ac5a</ToUserName><FromUserName>oX</FromUserName>\
                 <CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>";
    let bomb = format!("<!DOCTYPE a [<!ENTITY b \"{}\">]><xml><Encrypt>&b;</Encrypt></xml>", "&c;".repeat(1_000));
    let old = (START.0 / 1000 - 301).to_string();
    let body = |body: String| Push { body, ..good.clone() };
    let query = |query: String| Push { query, ..good.clone() };
    let refused = [
        ("a wrong signature", query(good.query.replace("msg_signature=", "msg_signature=0"))),
        ("no signature", query(format!("timestamp={time}&nonce=1&encrypt_type=aes"))),
        ("nothing", Push { query: String::new(), body: String::new(), ..good.clone() }),
        ("a plain push in secure mode", sign(inner, &time)),
        ("a push of five minutes ago", seal(inner, &old)),
        ("a key twice", query(format!("{}&timestamp={time}", good.query))),
        ("a text that goes on", body(good.body.replacen("]]></Encrypt>", "AAAA]]></Encrypt>", 1))),
        ("a body that was cut", body(good.body[..good.body.len() / 2].to_owned())),
        ("a document type", body(bomb)),
        ("a document type inside", seal(&format!("<!DOCTYPE xml SYSTEM \"http://127.0.0.1/\">{inner}"), &time)),
        ("not XML", body("{\"Encrypt\":\"\"}".to_owned())),
        ("for another account", seal(&inner.replace("gh_10f6c3c3ac5a", "gh_1"), &time)),
    ];
    for (what, push) in &refused {
        let mut fastest = Duration::MAX;
        for _ in 0..5 {
            let reply = deliver(&house.url, push).await;
            assert_eq!((reply.status.as_u16(), reply.raw.as_str()), (403, ""), "{what}");
            fastest = fastest.min(reply.took);
        }
        assert!(fastest < Duration::from_millis(50), "{what} took {fastest:?}");
    }
    assert_eq!(person.deliver(&good).await.status, 200);
    let address = format!("{}/webhooks/wechat?{}", house.url, good.query);
    // Refused by its length: the answer may come before the body has left.
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        let large = client().post(&address).body(vec![b'<'; 5 * 1024 * 1024]).send().await;
        assert!(large.is_err() || large.is_ok_and(|answer| answer.status() == 413));
        fastest = fastest.min(begun.elapsed());
    }
    assert!(fastest < Duration::from_millis(50), "5 MB took {fastest:?}");
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'<'; 64 * 1024]));
    let endless = client().post(&address).body(reqwest::Body::wrap_stream(endless)).send().await;
    assert!(endless.is_err() || endless.is_ok_and(|answer| answer.status() == 413));
}

#[tokio::test]
async fn a_channel_that_is_off_is_not_there() {
    let house = House::open(|_| Channels::default()).await;
    let address = format!("{}/webhooks/wechat", house.url);
    assert_eq!(client().get(&address).send().await.unwrap().status(), 404);
    assert_eq!(client().post(&address).body("<xml/>").send().await.unwrap().status(), 404);
}
