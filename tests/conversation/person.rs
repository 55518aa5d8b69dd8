//! Asking for a person, complaints, praise, language, leaving.

use std::time::Duration;

use crate::office::window;
use crate::talk::Talk;
use huifang::domain::dialogue::{Activity, Event};
use huifang::domain::flag::FlagKind;
use huifang::domain::ticket::{Status, Ticket};
use huifang::domain::understanding::{Intent, Sentiment, Understanding};
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

/// Words that the models take for displeasure, by how they are worded alone.
async fn sounds_displeased(talk: &mut Talk, words: &str) {
    let (dialogue, text) = (talk.dialogue().await, words.to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let (intent, sentiment) = (Intent::SurveyAnswer, Sentiment::Negative);
    let understood = Understanding { intent, sentiment, confidence: 0.95, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
}

#[tokio::test]
async fn what_only_sounds_displeased_and_says_little_is_no_complaint() {
    for words in ["so the thing is", "half of it", "😡", "how's my repair going", "修得怎么样了"] {
        let mut talk = Talk::bound().await;
        sounds_displeased(&mut talk, words).await;
        assert!(talk.tickets().await.is_empty(), "{}", talk.transcript());
        assert_eq!(talk.flagged("negative_feedback").await.len(), usize::from(words == "😡"));
    }
    // What says more in plain words is one.
    for words in ["你们来了三趟都弄成那样", "you came three times and it is always the same"] {
        let mut talk = Talk::bound().await;
        sounds_displeased(&mut talk, words).await;
        assert_eq!(talk.flagged("complaint").await.len(), 1, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn what_only_sounds_displeased_goes_to_the_repair_that_is_open() {
    for words in ["oh no it's out again", "怎么老是弄成这样啊", "😡"] {
        let mut talk = Talk::bound().await;
        talk.reports_a_leak().await;
        talk.passes(60);
        sounds_displeased(&mut talk, words).await;
        let said = talk.transcript();
        let [leak] = talk.tickets().await.try_into().unwrap();
        assert!(leak.description.ends_with(words) && said.contains(&leak.number), "{said}");
        assert_eq!(talk.flagged("negative_feedback").await.len(), 1, "{said}");
    }
    // Who names what is bad complains of that, and who asks how it goes is told.
    let mut talk = Talk::bound().await;
    talk.reports_a_leak().await;
    talk.passes(60);
    talk.says("师傅态度很差").await;
    assert_eq!(talk.flagged("complaint").await.len(), 1, "{}", talk.transcript());
    for (words, told) in [("how's my repair going", "Your tickets:"), ("修得怎么样了", "您的工单：")] {
        let mut talk = Talk::bound().await;
        let leak = talk.reports_a_leak().await;
        talk.passes(60);
        sounds_displeased(&mut talk, words).await;
        let said = talk.transcript();
        assert!(said.contains(told) && said.contains(&leak.number), "{said}");
        assert_eq!(talk.tickets().await.len(), 1, "{said}");
    }
}

#[tokio::test]
async fn who_asks_how_well_or_for_how_much_it_is_mended_does_not_ask_how_far_it_is() {
    for words in ["装修质量怎么样", "你们维修水平怎么样", "维修费怎么样", "how's the weather going"]
    {
        let mut talk = Talk::bound().await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("没有未完成的工单") && !said.contains("no open tickets"), "{words}: {said}");
    }
}

#[tokio::test]
async fn who_is_tired_of_waiting_after_a_complaint_waits_for_the_repair() {
    let mut talk = Talk::bound().await;
    let leak = talk.reports_a_leak().await;
    talk.passes(60);
    talk.says("你们就是踢皮球，推来推去没人管").await;
    assert_eq!(talk.tickets().await.len(), 2, "{}", talk.transcript());
    talk.says("等了三个小时了还没人来").await;
    let said = talk.transcript();
    assert!(said.contains("让您久等了"), "{said}");
    assert!(talk.ticket(&leak).await.description.ends_with("等了三个小时了还没人来"), "{said}");
}

#[tokio::test]
async fn a_new_fault_told_with_praise_once_another_is_mended_is_a_report_of_its_own() {
    for words in ["great, now the glass is cracked", "太棒了，现在玻璃裂了"] {
        let mut talk = Talk::bound().await;
        let engineer = talk.hires("li", |_| {}).await;
        talk.says("阳台的门关不上").await;
        talk.taps("提交").await;
        let door = talk.tickets().await.remove(0);
        talk.desk().take(door.id, engineer).await.unwrap();
        talk.desk().rectify(door.id, "换了合页", Vec::new(), engineer).await.unwrap();
        talk.hears().await;
        talk.taps("已修好").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("在哪个位置？") || said.contains("Where is it?"), "{said}");
        let door = talk.ticket(&door).await;
        assert_eq!((door.status, door.description.as_str()), (Status::Closed, "阳台的门关不上"), "{said}");
    }
    // Praise may name what was mended.
    for words in ["great job with the leaking tap", "师傅很好，厨房水管漏水修得很快"] {
        let mut talk = Talk::bound().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("谢谢您的肯定") || said.contains("good to hear"), "{said}");
    }
}

/// Words that the models take for something, whatever they are.
async fn is_taken_for(talk: &mut Talk, words: &str, intent: Intent, sentiment: Sentiment) {
    let (dialogue, text) = (talk.dialogue().await, words.to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let understood = Understanding { intent, sentiment, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
}

#[tokio::test]
async fn what_is_only_taken_for_praise_is_not_thanked_for_and_no_fault_is_lost() {
    let mut talk = Talk::bound().await;
    is_taken_for(&mut talk, "喂，小伙子，厨房那个水龙头一直这样子", Intent::Praise, Sentiment::Positive).await;
    let said = talk.transcript();
    assert!(!said.contains("谢谢您的肯定"), "{said}");
    assert!(matches!(talk.state().await.activity, Activity::Reporting(_)), "{said}");
    assert!(talk.flagged("praise").await.is_empty(), "{said}");
    // What names no part is asked about.
    for words in ["喂，小伙子，那个东西一直低着", "it vibrates all day long"] {
        let mut talk = Talk::bound().await;
        is_taken_for(&mut talk, words, Intent::Praise, Sentiment::Positive).await;
        let said = talk.transcript();
        assert!(said.contains("没看明白") || said.contains("did not quite get that"), "{said}");
        assert!(talk.flagged("praise").await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn what_is_told_after_a_complaint_belongs_to_it() {
    let mut talk = Talk::bound().await;
    talk.says("我要投诉").await;
    let complaint = talk.tickets().await.remove(0);
    let more = [
        ("师傅在屋里抽烟，还骂人", Intent::Complaint, Sentiment::Negative),
        ("昨天上午，姓李的师傅", Intent::ProgressQuery, Sentiment::Neutral),
        ("以后换个人过来", Intent::Smalltalk, Sentiment::Neutral),
    ];
    for (words, intent, sentiment) in more {
        talk.transcript();
        is_taken_for(&mut talk, words, intent, sentiment).await;
        let said = talk.transcript();
        assert!(said.contains(&format!("已补充到工单 {}", complaint.number)), "{said}");
        let [kept] = talk.tickets().await.try_into().unwrap();
        assert!(kept.description.ends_with(words), "{}", kept.description);
    }
    // Who asks is told, and praise is none of it.
    talk.says("进度").await;
    assert!(talk.transcript().contains("您的工单"));
    talk.says("上次那位师傅很有礼貌，谢谢").await;
    assert!(talk.transcript().contains("谢谢您的肯定"));
    // What is to be mended is reported.
    talk.says("厨房水龙头漏水").await;
    assert!(matches!(talk.state().await.activity, Activity::Reporting(_)), "{}", talk.transcript());
}

#[tokio::test]
async fn after_a_while_another_complaint_is_one_of_its_own() {
    let mut talk = Talk::bound().await;
    talk.says("我要投诉").await;
    talk.passes(11);
    is_taken_for(&mut talk, "师傅态度很差，还骂人", Intent::Complaint, Sentiment::Negative).await;
    assert_eq!(talk.tickets().await.len(), 2, "{}", talk.transcript());
}

/// A talk with a leak and times that were offered for it.
async fn with_times() -> (Talk, Ticket) {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    let windows = vec![window("23 09:00", "23 12:00"), window("24 09:00", "24 12:00")];
    talk.desk().offer(ticket.id, windows, engineer).await.unwrap();
    talk.hears().await;
    // What was filed a moment ago takes more of the fault.
    talk.passes(30);
    talk.transcript();
    (talk, ticket)
}

#[tokio::test]
async fn what_is_told_before_a_visit_reaches_who_comes() {
    let told = [
        ("门禁密码1234", Intent::Smalltalk),
        ("家里有狗，别怕", Intent::Smalltalk),
        ("孩子睡觉，别按门铃", Intent::Smalltalk),
        ("让师傅带个新软管", Intent::ProgressQuery),
        ("the dog is friendly", Intent::Smalltalk),
    ];
    for (words, intent) in told {
        let (mut talk, ticket) = with_times().await;
        talk.taps("11月24日（周二）09:00–12:00").await;
        talk.transcript();
        is_taken_for(&mut talk, words, intent, Sentiment::Neutral).await;
        let said = talk.transcript();
        assert!(said.contains(&ticket.number) && said.contains("09:00–12:00"), "{words}: {said}");
        assert!(talk.ticket(&ticket).await.description.ends_with(words), "{words}: {said}");
    }
    // Questions and what says nothing are for nobody who comes.
    for (words, intent) in [
        ("进度", Intent::ProgressQuery),
        ("查一下，让我知道修到哪了", Intent::ProgressQuery),
        ("嘿嘿", Intent::Smalltalk),
        ("hmm", Intent::Smalltalk),
    ] {
        let (mut talk, ticket) = with_times().await;
        talk.taps("11月24日（周二）09:00–12:00").await;
        is_taken_for(&mut talk, words, intent, Sentiment::Neutral).await;
        assert!(!talk.ticket(&ticket).await.description.ends_with(words), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn what_is_told_beside_times_that_were_offered_is_kept_and_they_are_offered_again() {
    let (mut talk, ticket) = with_times().await;
    is_taken_for(&mut talk, "家里有狗，别怕", Intent::Smalltalk, Sentiment::Neutral).await;
    let said = talk.transcript();
    assert!(said.contains("已补充到工单") && said.contains("[11月24日（周二）09:00–12:00]"), "{said}");
    assert!(talk.ticket(&ticket).await.description.ends_with("家里有狗，别怕"), "{said}");
}

#[tokio::test]
async fn a_ticket_that_is_closed_by_now_is_corrected_no_more() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let leak = talk.reports_a_leak().await;
    talk.desk().take(leak.id, engineer).await.unwrap();
    talk.desk().rectify(leak.id, "换了接头", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.taps("已修好").await;
    talk.transcript();
    talk.says("位置错了，是阳台").await;
    let said = talk.transcript();
    let closed = talk.ticket(&leak).await;
    assert_eq!((closed.status, &closed.description), (Status::Closed, &leak.description), "{said}");
    assert!(!said.contains("已补充到工单"), "{said}");
}
