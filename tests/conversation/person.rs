//! Asking for a person, complaints, praise, language, leaving.

use std::time::Duration;

use crate::talk::Talk;
use huifang::domain::dialogue::Event;
use huifang::domain::flag::FlagKind;
use huifang::domain::ticket::Status;
use huifang::store;
use insta::assert_snapshot;

#[tokio::test]
async fn a_request_for_a_person_stops_the_automaton_until_staff_hands_back() {
    let mut talk = Talk::bound().await;
    talk.says("你是机器人吧，我要跟真人说话").await;
    talk.says("厨房漏水").await;
    talk.sends_photo().await;
    let dialogue = talk.dialogue().await;
    talk.happens(dialogue, Event::HandedBack).await;
    assert_snapshot!(talk.transcript(), @r"
    » 你是机器人吧，我要跟真人说话
      好的，转由工作人员回复您，自动回复先停下。夜里可能要等到早上；有危险请直接说，我马上处理。
    » 厨房漏水
    » [照片]
      人工服务到这里。还有什么，直接跟我说就行。
      [报修] [查进度] [评价] [找人工]
    ");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "person_requested"));
    assert!(talk.tickets().await.is_empty());
}

#[tokio::test]
async fn a_complaint_is_filed_without_a_tap_and_praise_is_passed_on() {
    let mut talk = Talk::bound().await;
    talk.says("你们就是踢皮球，推来推去没人管").await;
    talk.says("不过上次那位师傅很有礼貌，谢谢").await;
    talk.says("能不能周末也安排上门").await;
    assert_snapshot!(talk.transcript(), @r"
    » 你们就是踢皮球，推来推去没人管
      对不起，您的意见已转给负责人，编号 HF2611-0001，会有人联系您。
    » 不过上次那位师傅很有礼貌，谢谢
      谢谢您的肯定，我们会继续用心。
    » 能不能周末也安排上门
      我没看明白。您是要报修、查进度，还是找人工？
      [报修] [查进度] [评价] [找人工]
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn commands_and_plain_words_do_the_same() {
    let mut talk = Talk::begin().await;
    talk.says("/start").await;
    talk.says("/help").await;
    talk.says("/privacy").await;
    talk.says("/language").await;
    talk.taps("English").await;
    talk.says("/stop").await;
    talk.says("resume").await;
    talk.says("/cancel").await;
    talk.says("/frobnicate").await;
    assert_snapshot!(talk.transcript(), @r"
    » /start
      您好！这里是工程售后服务。哪里坏了、想查进度、想提意见，直接说就行，打字、语音、照片都可以。
      您发来的内容用于维修、回访和改进服务，继续就是同意；详情请回复“隐私”。
      [报修] [查进度] [评价] [找人工]
    » /help
      报修、查进度、评价、提意见，直接说就行：打字、语音、照片都可以。也可以点下面的按钮。
      [报修] [查进度] [评价] [找人工]
    » /privacy
      您发来的文字、语音、照片和评价，用于维修、回访和改进服务；经办的工作人员和维修单位看得到。想查看或更正，请回复“人工”；想删除，回复“删除我的资料”。
    » /language
      请选择语言。
      [中文] [English]
    » [English]
      All right, I will speak English with you.
    » /stop
      All right, no more follow-ups. You will still hear about your repairs; reply “resume” to hear from us again.
    » resume
      All right, follow-ups are back on. Reply “stop” at any time.
    » /cancel
      Nothing is under way right now. Just say what you need.
    » /frobnicate
      I do not know that command. Use a button below, or just say what you need.
      [Report a repair] [Progress] [Rate us] [Talk to a person]
    ");
}

#[tokio::test]
async fn what_messages_are_used_for_is_said_once_and_who_goes_on_has_agreed() {
    let mut talk = Talk::begin().await;
    talk.says("/start").await;
    assert!(talk.transcript().contains("继续就是同意"));
    let person = talk.whose().await;
    for asks in ["隐私", "/help", "/start", "/stop", "/language"] {
        talk.says(asks).await;
    }
    talk.taps("中文").await;
    assert_eq!(talk.contact(person).await.consent_at, None, "they have only asked");
    talk.says("不同意").await;
    talk.speaks("不同意").await;
    talk.says("删除我的资料").await;
    talk.taps("不删除").await;
    assert_eq!(talk.contact(person).await.consent_at, None, "they have said no");
    assert!(!talk.transcript().contains("继续就是同意"), "said twice");
    let now = talk.clock.now();
    talk.says("厨房水龙头滴水").await;
    talk.clock.advance(Duration::from_secs(60));
    talk.says("阳台的窗也关不上").await;
    assert_eq!(talk.contact(person).await.consent_at, Some(now), "the first time counts");
}

#[tokio::test]
async fn who_was_not_told_what_messages_are_used_for_has_agreed_to_nothing() {
    let mut talk = Talk::begin().await;
    talk.says("厨房水龙头滴水").await;
    talk.binds().await;
    talk.taps("提交").await;
    let person = talk.whose().await;
    assert!(!talk.transcript().contains("继续就是同意"), "nobody is told in the middle of a report");
    assert_eq!(talk.contact(person).await.consent_at, None);
    talk.says("/start").await;
    talk.taps("查进度").await;
    assert!(talk.contact(person).await.consent_at.is_some());
}

#[tokio::test]
async fn what_somebody_sends_while_staff_has_the_conversation_is_shown_to_staff_once_until_it_is_seen() {
    let mut talk = Talk::bound().await;
    let agent = talk.hires("li", |_| {}).await;
    talk.says("人工").await;
    for turn in 0..3 {
        let mut asked = talk.flags().await;
        asked.retain(|flag| flag.kind == FlagKind::PersonRequested);
        assert_eq!(asked.len(), 1, "turn {turn}");
        let (id, now) = (asked[0].id, talk.clock.now());
        let seen = talk.store.write(move |tx| Box::pin(async move { store::flags::see(tx, id, agent, now).await }));
        assert!(seen.await.unwrap());
        match turn {
            0 => {
                talk.says("厨房漏水").await;
                talk.says("还在漏").await;
            }
            1 => drop(talk.sends_photo().await),
            _ => talk.speaks("我在家等你们").await,
        }
    }
    assert_eq!(talk.flagged("person_requested").await.len(), 1);
    assert_snapshot!(talk.transcript(), @r"
    » 人工
      好的，转由工作人员回复您，自动回复先停下。夜里可能要等到早上；有危险请直接说，我马上处理。
    » 厨房漏水
    » 还在漏
    » [照片]
    » [语音]
      收到，正在听…
    ");
}

#[tokio::test]
async fn a_number_that_answers_staff_presses_no_button_of_what_was_asked_before() {
    let mut talk = Talk::bound().await;
    let agent = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, agent).await.unwrap();
    talk.desk().rectify(ticket.id, "重做防水", Vec::new(), agent).await.unwrap();
    let dialogue = talk.dialogue().await;
    talk.desk().reply(dialogue, "师傅来过几次？", agent).await.unwrap();
    talk.sends_voice().await;
    for number in ["1", "2"] {
        talk.says(number).await;
        assert_eq!(talk.ticket(&ticket).await.status, Status::Rectified, "{}", talk.transcript());
    }
    assert_eq!(talk.flagged("person_requested").await.len(), 1, "staff reads it");
    // The button's own words are an answer to it, and a number is one once the bot has spoken again.
    talk.says("已修好").await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Closed, "{}", talk.transcript());
    talk.desk().hand_back(dialogue, agent).await.unwrap();
    talk.says("1").await;
    assert!(talk.transcript().contains("哪里坏了、什么情况"));
}

#[tokio::test]
async fn commands_answers_and_buttons_are_read_in_traditional_characters_as_well() {
    let alike = [
        ("幫助", "帮助"),
        ("報修", "报修"),
        ("不報了", "不报了"),
        ("進度", "进度"),
        ("評價", "评价"),
        ("跳過", "跳过"),
        ("退訂", "退订"),
        ("恢復", "恢复"),
        ("停止回訪", "停止回访"),
        ("不要再發了", "不要再发了"),
        ("隱私", "隐私"),
        ("換渠道", "换渠道"),
        ("刪除我的資料", "删除我的资料"),
        ("改時間", "改时间"),
        ("語言", "语言"),
        ("英語", "英语"),
    ];
    let mut said: [Vec<String>; 2] = [vec![], vec![]];
    for (at, written) in said.iter_mut().enumerate() {
        let mut talk = Talk::bound().await;
        for (traditional, simplified) in alike {
            talk.says(if at == 0 { traditional } else { simplified }).await;
            let answer = talk.transcript();
            // Each conversation has a link of its own.
            let lines = answer.lines().skip(1).filter(|line| !line.contains("/start"));
            written.extend(lines.map(str::to_owned));
        }
    }
    assert_eq!(said[0], said[1]);
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水").await;
    talk.says("沒錯").await;
    assert_eq!(talk.tickets().await.len(), 1, "{}", talk.transcript());
    talk.says("退訂").await;
    let state = talk.state().await;
    assert!(state.surveys_stopped);
}

#[tokio::test]
async fn thanks_are_answered_in_passing_and_a_greeting_with_what_can_be_done() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.passes(60);
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "重做防水", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    for polite in ["谢谢", "收到！", "知道了", "謝謝", "再见", "Thank you."] {
        let fix = talk.state().await.offered;
        talk.transcript();
        talk.says(polite).await;
        let said = talk.transcript();
        assert!(said.contains("需要什么，随时跟我说") || said.contains("Just tell me"), "{said}");
        assert_eq!(talk.state().await.offered, fix, "what was asked still stands after {polite}");
    }
    for greeting in ["你好", "早上好", "hello"] {
        talk.says(greeting).await;
        let said = talk.transcript();
        assert!(said.contains("[报修]") || said.contains("[Report a repair]"), "{said}");
        assert!(!said.contains("没看明白") && !said.contains("did not understand"), "{said}");
    }
    assert_eq!(talk.ticket(&ticket).await.status, Status::Rectified);
}
