//! Conversations in an app of WeCom.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::future::join_all;
use huifang::channel::wecom::robot::{Robot, escape};
use huifang::channel::wecom::{Wecom, WecomConfig};
use huifang::channel::{FetchError, SendError};
use huifang::clock::Clock;
use huifang::domain::secret::Secret;
use huifang::store::outbox::Delivery;
use insta::assert_snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fake_wecom::{CORP_ID, FakeWecom, Member, deliver, seal};
use crate::house::{House, LEAK, START, SURVEY, client, fixture, rows_of_the_web_chat};

async fn bound() -> (FakeWecom, House, Member) {
    let fake = FakeWecom::start().await;
    let house = fake.house().await;
    let member = Member::of(&house, "zhangsan");
    member.says(&format!("/start {}", house.token())).await.unwrap();
    house.works().await;
    (fake, house, member)
}

#[tokio::test]
async fn a_survey_and_a_voice_report_end_in_the_same_rows_as_on_the_web_chat() {
    let (fake, house, member) = bound().await;
    let mut transcript = String::new();
    for said in SURVEY {
        let answer = member.says(said).await.expect("an answer in the response");
        write!(transcript, "» {said}\n{answer}\n").unwrap();
        house.works().await;
    }
    assert_snapshot!(transcript, @r"
    » /survey
    想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
    （1/5）总体来说，您满意吗？
    1 分很不满意，5 分非常满意
    1 2 3 4 5
    » 2
    （2/5）响应快不快，到得及时吗？
    1 分很不满意，5 分非常满意
    1 2 3 4 5
    » 2
    （3/5）技术怎么样，问题解决了吗？
    1 分很不满意，5 分非常满意
    1 2 3 4 5
    » 3
    （4/5）师傅的沟通和态度怎么样？
    1 分很不满意，5 分非常满意
    1 2 3 4 5
    · 跳过
    » 4
    （5/5）您愿意把我们推荐给别人吗？
    0 分绝不推荐，10 分一定推荐
    0 1 2 3 4 5 6 7 8 9 10
    · 跳过
    » 3
    谢谢您。还有做得不够的地方，会有同事来向您了解。
    还有什么想说的？打字、语音都行，不说也没关系。
    » 师傅来得太慢，等了三天
    您的补充已记下，谢谢。
    ");
    assert!(fake.texts().is_empty() && fake.token_calls() == 0, "all went out in the responses");
    house.hears(LEAK);
    fake.keeps("voice-1", fixture("leak.amr"));
    let listening = member.deliver(&member.voice("voice-1")).await;
    assert_eq!(listening.as_deref(), Some("收到，正在听…"));
    house.works().await;
    assert_eq!(fake.fetched(), ["voice-1"]);
    assert_snapshot!(fake.texts().join("\n---\n"), @r"
    我听到：主卧卫生间天花板漏水
    请您看一下：
    类别：渗漏
    问题：漏水
    位置：主卧卫生间天花板
    部件：天花板
    附件：1 个
    这样提交可以吗？
    1. 提交
    2. 改一改
    3. 不报了
    ");
    member.says("提交").await.unwrap();
    house.works().await;
    assert_eq!(house.rows().await, rows_of_the_web_chat("leak.amr").await);
    assert_eq!(fake.token_calls(), 1);
}

#[tokio::test]
async fn the_url_is_verified_at_once_and_only_for_the_platform() {
    let (_, house, _) = bound().await;
    let time = house.clock.now().0 / 1000;
    let sealed = seal("1616140317555161061", time);
    let encrypt = sealed.body.split("<Encrypt><![CDATA[").nth(1).unwrap().split("]]>").next().unwrap().to_owned();
    let get = async |query: String| client().get(format!("{}/webhooks/wecom?{query}", house.url)).send().await.unwrap();
    let escaped: String = encrypt.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for echo in [&escaped, &encrypt] {
        let answer = get(format!("{}&echostr={echo}", sealed.query)).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert_eq!(answer.text().await.unwrap(), "1616140317555161061");
    }
    for query in [
        sealed.query.clone(),
        format!("{}&echostr=1616140317555161061", sealed.query),
        format!("{}&echostr={escaped}&echostr={escaped}", sealed.query),
        format!("{}&echostr={escaped}", sealed.query.replace("nonce=1", "nonce=2")),
    ] {
        let answer = get(query).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().len()), (403, 0));
    }
}

#[tokio::test]
async fn a_push_that_is_repeated_is_answered_alike_and_applied_once() {
    let (fake, house, member) = bound().await;
    let pushes: Vec<_> = ["厨房水龙头漏水", "阳台窗户关不严"]
        .map(|text| member.message("text", &format!("<Content>{text}</Content>")))
        .into();
    let clicks = [member.event("click", "progress"), member.event("click", "repair")];
    let all: Vec<_> = pushes.iter().chain(&clicks).collect();
    // Five copies each, at once, in no order.
    let copies = (0..20).map(|copy| all[(copy * 7) % 4]).collect::<Vec<_>>();
    let answers = join_all(copies.iter().map(|push| deliver(&house.url, push))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    let rows = house.rows().await;
    let sent = house.outbox(Delivery::Sent).await.len();
    let again = member.deliver(&pushes[0]).await;
    assert!(again.is_some_and(|text| !text.is_empty()), "the answer is given again: the first may not have arrived");
    assert_eq!((house.rows().await, house.outbox(Delivery::Sent).await.len()), (rows, sent));
    house.works().await;
    assert!(fake.texts().is_empty(), "nothing that went out in a response is sent again: {:?}", fake.texts());
}

#[tokio::test]
async fn what_a_member_does_beside_writing_is_understood_or_let_be() {
    let (_, house, member) = bound().await;
    let greeted = member.deliver(&member.event("subscribe", "")).await.unwrap();
    house.clock.advance(Duration::from_secs(1));
    assert!(!greeted.is_empty());
    for event in ["enter_agent", "view", "LOCATION", "template_card_event", "something_new"] {
        assert_eq!(member.deliver(&member.event(event, "")).await, None, "{event}");
    }
    let mut said = String::new();
    for key in ["repair", "progress", "survey", "human"] {
        house.clock.advance(Duration::from_secs(1));
        let answer = member.deliver(&member.event("click", key)).await;
        writeln!(said, "{key}: {}", answer.unwrap().lines().next().unwrap()).unwrap();
    }
    assert_snapshot!(said, @r"
    repair: 请说说哪里坏了、什么情况。打字、语音、照片都可以。
    progress: 您目前没有未完成的工单。
    survey: 想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
    human: 好的，转由工作人员回复您，自动回复先停下。夜里可能要等到早上；有危险请直接说，我马上处理。
    ");
    assert_eq!(member.deliver(&member.event("click", "theirs")).await, None);
    let place =
        "<Location_X>31.2304</Location_X><Location_Y>121.4737</Location_Y><Scale>15</Scale><Label>人民广场</Label>";
    assert_eq!(deliver(&house.url, &member.message("location", place)).await.0, 200);
    let video = member.message("video", "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>");
    assert_eq!(deliver(&house.url, &video).await.0, 200);
    assert_eq!(member.deliver(&member.event("unsubscribe", "")).await, None);
}

#[tokio::test]
async fn what_is_forged_old_too_large_or_hostile_is_refused_and_leaves_nothing() {
    let (_, house, member) = bound().await;
    let good = member.message("text", "<Content>hello</Content>");
    let time = house.clock.now().0 / 1000;
    let inner = |to: &str| {
        format!(
            "<xml><ToUserName>{to}</ToUserName><FromUserName>x</FromUserName><CreateTime>1</CreateTime>\
                 <MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>"
        )
    };
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><Content>&b;</Content></xml>"#;
    let with = |query: Option<String>, body: Option<String>| crate::fake_wecom::Push {
        query: query.unwrap_or(good.query.clone()),
        body: body.unwrap_or(good.body.clone()),
    };
    for (what, push, status) in [
        ("another nonce", with(Some(good.query.replace("nonce=1", "nonce=2")), None), 403),
        ("signature instead", with(Some(good.query.replace("msg_signature", "signature")), None), 403),
        ("a key twice", with(Some(format!("{}&nonce=1", good.query)), None), 403),
        ("cut off", with(None, Some(good.body[..good.body.len() / 2].to_owned())), 403),
        ("in the clear", with(None, Some(inner(CORP_ID))), 403),
        ("old", seal(&inner(CORP_ID), time - 301), 403),
        ("for another company", seal(&inner("wx0"), time), 403),
        ("an entity bomb inside", seal(bomb, time), 403),
        ("an entity bomb outside", with(None, Some(bomb.to_owned())), 403),
    ] {
        let (got, body) = deliver(&house.url, &push).await;
        assert_eq!((got, body.as_str()), (status, ""), "{what}");
    }
    // Five megabytes are refused by their announcement: nothing of them is sent here.
    let begun = std::time::Instant::now();
    let mut connection = tokio::net::TcpStream::connect(house.url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!("POST /webhooks/wecom?{} HTTP/1.1\r\nhost: x\r\ncontent-length: 5000000\r\n\r\n", good.query);
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(house.received("wecom", &[&format!("m:{CORP_ID}:x:1"), "m:wx0:x:1"]).await, 0);
}

#[tokio::test]
async fn an_answer_that_comes_later_goes_by_the_platform_whatever_ails_it() {
    let (fake, house, member) = bound().await;
    house.hears(LEAK);
    fake.keeps("v", fixture("leak.amr"));
    member.deliver(&member.voice("v")).await;
    fake.is_away(true);
    for _ in 0..8 {
        house.clock.advance(Duration::from_secs(600));
        house.works().await;
    }
    assert!(fake.texts().is_empty() && fake.fetched().is_empty());
    fake.is_away(false);
    fake.refuses(&[-1, 45009, 60020]);
    for _ in 0..8 {
        house.clock.advance(Duration::from_secs(900));
        house.works().await;
        // Taken back in between: one new token is asked for, and the call repeated.
        fake.revoke();
    }
    let texts = fake.texts();
    assert_eq!(texts.iter().filter(|text| text.contains(LEAK)).count(), 1, "{texts:?}");
    assert!(house.outbox(Delivery::Pending).await.is_empty());
}

#[tokio::test]
async fn a_member_who_is_gone_is_told_to_staff_and_a_lost_file_to_the_member() {
    let (fake, house, member) = bound().await;
    member.deliver(&member.message("image", "<PicUrl>http://x</PicUrl><MediaId>nowhere</MediaId>")).await;
    house.works().await;
    assert!(fake.texts().iter().any(|text| text.contains("再发")), "{:?}", fake.texts());
    fake.knows_no("zhangsan");
    house.hears(LEAK);
    fake.keeps("v", fixture("leak.amr"));
    member.deliver(&member.voice("v")).await;
    house.works().await;
    let withheld = house.outbox(Delivery::Withheld).await;
    assert_eq!(withheld.len(), 1);
    assert!(withheld[0].reason.as_ref().unwrap().contains("not in the company"), "{:?}", withheld[0].reason);
    assert!(house.flags().await.contains(&"delivery_failed"));
}

#[tokio::test]
async fn a_long_text_goes_in_pieces_and_one_token_serves_calls_at_once() {
    let fake = FakeWecom::start().await;
    let wecom = Wecom::new(&fake.config(), Clock::manual(START)).unwrap().unwrap();
    let long = "漏水".repeat(800);
    let outgoing = |address| huifang::channel::Outgoing {
        id: huifang::domain::ids::OutboxId(uuid::Uuid::from_u128(1)),
        address,
        text: &long,
        buttons: &[],
    };
    let message = outgoing("zhangsan");
    let sent = join_all((0..5).map(|_| wecom.send(&message))).await;
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!((fake.token_calls(), fake.texts().len()), (1, 15));
    assert_eq!(fake.texts().concat().chars().count(), 5 * 1_600);
    fake.revoke();
    assert!(join_all((0..5).map(|_| wecom.send(&message))).await.iter().all(Result::is_ok));
    assert_eq!(fake.token_calls(), 2, "calls that failed together asked once");
    for everybody in ["@all", "zhangsan|lisi"] {
        assert!(matches!(wecom.send(&outgoing(everybody)).await, Err(SendError::Refused(_))), "{everybody}");
    }
    assert!(matches!(wecom.fetch("nowhere").await, Err(FetchError::Gone(_))));
    fake.refuses(&[60020]);
    let told = wecom.send(&message).await.unwrap_err().to_string();
    assert_snapshot!(told, @"WeCom answered 60020: this machine's address is not among the app's trusted ones: add it in the console (203.0.113.7)");
    let wrong = WecomConfig { secret: Some(Secret::new("wrong")), ..fake.config() };
    let refused = Wecom::new(&wrong, Clock::manual(START)).unwrap().unwrap().check().await.unwrap_err().to_string();
    assert_snapshot!(refused, @"WeCom answered 40001: the secret is wrong: copy that of this app from the console");
}

#[tokio::test]
async fn the_robot_says_what_staff_should_know_twenty_times_a_minute() {
    let fake = FakeWecom::start().await;
    let clock = Clock::manual(START);
    let robot = Robot::new(&fake.config(), clock.clone()).unwrap().unwrap();
    let alert = format!("**HF2611-0001** 紧急\n> {}", escape("漏水了 <@all> [点我](http://x)"));
    robot.say(&alert).await.unwrap();
    robot.say(&"漏".repeat(3_000)).await.unwrap();
    assert_snapshot!(fake.alerts()[0], @r"
    **HF2611-0001** 紧急
    > 漏水了 ＜＠all＞ ［点我］（http://x）
    ");
    for _ in 2..20 {
        robot.say("再来一条").await.unwrap();
    }
    let SendError::Later { wait, .. } = robot.say("太多了").await.unwrap_err() else { panic!("not later") };
    assert_eq!((wait, fake.alerts().len()), (Some(Duration::from_secs(60)), 20));
    clock.advance(Duration::from_secs(60));
    fake.refuses(&[45009]);
    let SendError::Later { wait, .. } = robot.say("限流").await.unwrap_err() else { panic!("not later") };
    assert_eq!(wait, Some(Duration::from_secs(60)));
    let wrong = WecomConfig { robot_key: Some(Secret::new("sk-hunter2")), ..fake.config() };
    let told = Robot::new(&wrong, clock).unwrap().unwrap().say("x").await.unwrap_err().to_string();
    assert!(!told.contains("hunter2"), "{told}");
    assert_snapshot!(told, @"WeCom answered 93000: the robot_key is wrong, or the robot was taken out of its group");
}
