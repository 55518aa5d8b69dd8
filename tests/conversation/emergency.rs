//! Danger: safety words first, filed before anything is asked.

use std::time::Duration;

use crate::repair::next_door;
use crate::talk::Talk;
use huifang::channel::{Content, MediaKind};
use huifang::domain::dialogue::Event;
use huifang::domain::understanding::{Category, Hazard, Understanding, Urgency};
use insta::assert_snapshot;

/// Words of which the models cannot tell whether somebody is in danger.
async fn says_something_doubtful(talk: &mut Talk) {
    talk.says("/start").await;
    talk.transcript();
    let (dialogue, text) = (talk.dialogue().await, "墙上的裂缝好像变大了".to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let understood = Understanding { danger_unsure: true, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
}

#[tokio::test]
async fn gas_is_answered_with_safety_words_and_filed_at_once() {
    let mut talk = Talk::bound().await;
    talk.says("厨房有很重的煤气味").await;
    assert_snapshot!(talk.transcript(), @r"
    » 厨房有很重的煤气味
      闻到燃气味：别开关任何电器，别点火，别在屋里打电话。打开门窗，顺手能关就关燃气阀，马上离开，到室外再拨 400-000-0000。紧急工单 HF2611-0001 已登记，正在通知值班人员。
    ");
    let tickets = talk.tickets().await;
    assert_eq!((tickets.len(), talk.taps), (1, 0));
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "emergency"));
}

/// WeChat writes its own faces as a slash and signs.
#[tokio::test]
async fn gas_behind_a_face_of_wechat_is_no_command() {
    let mut talk = Talk::bound().await;
    talk.says("/::@煤气漏了，快来人").await;
    let transcript = talk.transcript();
    assert!(transcript.contains("闻到燃气味"), "{transcript}");
    assert_eq!(talk.tickets().await.len(), 1);
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "emergency"));
}

#[tokio::test]
async fn an_emergency_by_voice_without_a_place_is_filed_first_and_then_asked() {
    let mut talk = Talk::begin().await;
    talk.speaks("插座冒火花了").await;
    talk.says("客厅").await;
    talk.says("翠湖花园3栋").await;
    assert_snapshot!(talk.transcript(), @r"
    » [语音]
      收到，正在听…
      我听到：插座冒火花了
      着火先走：叫上家人，弯腰捂住口鼻，走楼梯，别乘电梯，随手关门，到安全处拨 119，再拨 400-000-0000。不要返回取东西。紧急工单 HF2611-0001 已登记，正在通知值班人员。
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 客厅
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 翠湖花园3栋
      已补充到工单 HF2611-0001。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn danger_breaks_the_silence_while_a_person_has_the_conversation() {
    let mut talk = Talk::bound().await;
    talk.says("人工").await;
    talk.says("在吗").await;
    talk.says("电梯里困了两个人").await;
    assert_snapshot!(talk.transcript(), @r"
    » 人工
      好的，转由工作人员回复您，自动回复先停下。夜里可能要等到早上；有危险请直接说，我马上处理。
    » 在吗
    » 电梯里困了两个人
      别慌，别扒门，别跳。按轿厢里的警铃或通话键，靠壁站稳等救援。请拨 400-000-0000，有人不适拨 120。紧急工单 HF2611-0001 已登记，正在通知值班人员。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
    assert!(talk.state().await.handed_over());
}

#[tokio::test]
async fn whether_anybody_is_in_danger_is_answered_in_plain_words_typed_or_spoken() {
    for (words, spoken) in [
        ("是", false),
        ("有", false),
        ("有", true),
        ("是的", true),
        ("有，两个", false),
        ("yes, my mum is inside", false),
        ("有，还在漏水", false),
        ("是的，还在漏", true),
    ] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        assert!(talk.transcript().contains("有没有人有危险"));
        if spoken {
            talk.speaks(words).await;
        } else {
            talk.says(words).await;
        }
        let tickets = talk.tickets().await;
        let said = talk.transcript();
        assert_eq!(tickets.iter().map(|ticket| ticket.urgency).collect::<Vec<_>>(), [Urgency::Emergency], "{said}");
        assert!(said.contains("400-000-0000"), "{said}");
    }
    for spoken in [false, true] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        if spoken {
            talk.speaks("没有").await;
        } else {
            talk.says("没有。").await;
        }
        let said = talk.transcript();
        talk.says("客厅").await;
        talk.says("好的").await;
        assert_eq!(talk.tickets().await.len(), 1, "the report goes on: {said}\n{}", talk.transcript());
        assert_ne!(talk.tickets().await[0].urgency, Urgency::Emergency);
    }
}

#[tokio::test]
async fn who_puts_off_the_question_whether_there_is_danger_is_asked_once_more() {
    for words in ["没空", "改天吧", "等一下"] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("有没有人有危险") && !said.contains("不急"), "{said}");
        talk.says("有危险").await;
        let urgent: Vec<_> = talk.tickets().await.iter().map(|ticket| ticket.urgency).collect();
        assert_eq!(urgent, [Urgency::Emergency], "{}", talk.transcript());
    }
}

#[tokio::test]
async fn an_emergency_is_never_called_no_hurry() {
    for words in ["等一下", "没空"] {
        let mut talk = Talk::bound().await;
        talk.says("我家煤气漏了").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("在哪个位置？") && !said.contains("不急"), "{said}");
    }
    let mut talk = Talk::bound().await;
    talk.says("厨房有很重的煤气味").await;
    talk.transcript();
    talk.says("等一下").await;
    assert!(!talk.transcript().contains("不急"));
    assert!(talk.tickets().await[0].description.ends_with("等一下"));
}

/// Words that name a danger and are only asked about.
async fn smells_smoke_from_the_air_conditioner(talk: &mut Talk) {
    talk.says("/start").await;
    talk.transcript();
    let (dialogue, text) = (talk.dialogue().await, "卧室空调里好像有点烟".to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let (category, hazard) = (Some(Category::Hvac), Some(Hazard::Fire));
    let urgency = Urgency::Normal;
    let understood = Understanding { category, hazard, urgency, danger_unsure: true, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
}

#[tokio::test]
async fn a_danger_that_was_asked_about_is_followed_by_its_name_and_only_where_there_is_one() {
    let mut talk = Talk::bound().await;
    smells_smoke_from_the_air_conditioner(&mut talk).await;
    talk.taps("有危险").await;
    assert!(talk.transcript().contains("着火先走"), "the trade of an air conditioner names no danger");
    let mut talk = Talk::bound().await;
    smells_smoke_from_the_air_conditioner(&mut talk).await;
    talk.taps("没有").await;
    talk.transcript();
    talk.says("厨房有很重的煤气味").await;
    let said = talk.transcript();
    assert!(said.contains("闻到燃气味") && !said.contains("着火先走"), "{said}");
}

#[tokio::test]
async fn a_no_that_begins_like_a_yes_alarms_nobody() {
    for words in ["没问题", "嗯，没有危险", "嗯，没有", "已经好了", "不漏了"] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.says(words).await;
        assert!(talk.flagged("emergency").await.is_empty(), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn an_emergency_told_again_is_one_ticket_and_one_alert() {
    let mut talk = Talk::bound().await;
    talk.says("厨房有很重的煤气味").await;
    talk.says("太慢了，你们怎么还不来人！").await;
    talk.says("煤气味很重，越来越大了").await;
    let photo =
        Content::Media { files: vec![talk.file(MediaKind::Photo)], caption: Some("煤气味好重".to_owned()) };
    talk.shows(photo, "[照片] 煤气味好重").await;
    assert_snapshot!(talk.transcript(), @r"
    » 厨房有很重的煤气味
      闻到燃气味：别开关任何电器，别点火，别在屋里打电话。打开门窗，顺手能关就关燃气阀，马上离开，到室外再拨 400-000-0000。紧急工单 HF2611-0001 已登记，正在通知值班人员。
    » 太慢了，你们怎么还不来人！
      让您久等了。已转告负责人，请他们尽快处理工单 HF2611-0001。
      您的工单：
      HF2611-0001 其他（厨房）：已登记
    » 煤气味很重，越来越大了
      闻到燃气味：别开关任何电器，别点火，别在屋里打电话。打开门窗，顺手能关就关燃气阀，马上离开，到室外再拨 400-000-0000。紧急工单 HF2611-0001 已登记，正在通知值班人员。
    » [照片] 煤气味好重
      闻到燃气味：别开关任何电器，别点火，别在屋里打电话。打开门窗，顺手能关就关燃气阀，马上离开，到室外再拨 400-000-0000。紧急工单 HF2611-0001 已登记，正在通知值班人员。
    ");
    let all = talk.tickets().await;
    let tickets: Vec<_> = all.iter().filter(|ticket| ticket.urgency == Urgency::Emergency).collect();
    assert_eq!(tickets.len(), 1);
    assert_snapshot!(tickets[0].description, @r"
    厨房有很重的煤气味
    太慢了，你们怎么还不来人！
    煤气味很重，越来越大了
    煤气味好重
    ");
    assert_eq!(talk.media_of(tickets[0]).await, 1);
    assert_eq!(talk.flags().await.iter().filter(|flag| flag.kind.name() == "emergency").count(), 1);
    // Another danger has everybody told anew.
    talk.says("电梯里困了两个人").await;
    assert_eq!(talk.flags().await.iter().filter(|flag| flag.kind.name() == "emergency").count(), 2);
}

#[tokio::test]
async fn an_emergency_while_staff_has_the_conversation_keeps_its_photo_and_the_survey() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.taps("4").await;
    talk.says("人工").await;
    talk.transcript();
    let photo =
        Content::Media { files: vec![talk.file(MediaKind::Photo)], caption: Some("插座冒火花了".to_owned()) };
    talk.shows(photo, "[照片] 插座冒火花了").await;
    talk.says("还在冒火花").await;
    let dialogue = talk.dialogue().await;
    talk.happens(dialogue, Event::HandedBack).await;
    assert_snapshot!(talk.transcript(), @r"
    » [照片] 插座冒火花了
      着火先走：叫上家人，弯腰捂住口鼻，走楼梯，别乘电梯，随手关门，到安全处拨 119，再拨 400-000-0000。不要返回取东西。紧急工单 HF2611-0001 已登记，正在通知值班人员。
    » 还在冒火花
      着火先走：叫上家人，弯腰捂住口鼻，走楼梯，别乘电梯，随手关门，到安全处拨 119，再拨 400-000-0000。不要返回取东西。紧急工单 HF2611-0001 已登记，正在通知值班人员。
      人工服务到这里。还有什么，直接跟我说就行。
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
    let tickets = talk.tickets().await;
    assert_eq!((tickets.len(), talk.media_of(&tickets[0]).await), (1, 1));
}

#[tokio::test]
async fn an_alarm_is_no_answer_to_where_which_is_asked_again_and_kept() {
    let mut talk = Talk::begin().await;
    talk.says("插座冒火花了").await;
    talk.says("客厅").await;
    talk.transcript();
    talk.says("插座又冒火花了，快来人！").await;
    talk.says("火越来越大了，快来人！").await;
    talk.says("翠湖花园3栋").await;
    assert_snapshot!(talk.transcript(), @r"
    » 插座又冒火花了，快来人！
      着火先走：叫上家人，弯腰捂住口鼻，走楼梯，别乘电梯，随手关门，到安全处拨 119，再拨 400-000-0000。不要返回取东西。紧急工单 HF2611-0001 已登记，正在通知值班人员。
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 火越来越大了，快来人！
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 翠湖花园3栋
      已补充到工单 HF2611-0001。
    ");
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!(ticket.location.as_deref(), Some("客厅"));
    assert!(ticket.description.ends_with("翠湖花园3栋"), "{}", ticket.description);

    let mut talk = Talk::bound().await;
    talk.says("有很重的煤气味").await;
    talk.transcript();
    talk.says("煤气味很重，越来越大了").await;
    let said = talk.transcript();
    assert!(said.contains("煤气") && said.contains("在哪个位置？"), "{said}");
    assert_eq!(talk.tickets().await[0].location, None);
    // An alarm that does name the place answers the question.
    talk.says("厨房里煤气味很重").await;
    let said = talk.transcript();
    assert!(said.contains("燃气阀") && !said.contains("在哪个位置？"), "{said}");
    assert_eq!(talk.tickets().await[0].location.as_deref(), Some("厨房里"));
}

#[tokio::test]
async fn another_danger_while_the_first_is_still_asked_about_has_its_own_words_ticket_and_alert() {
    let mut talk = Talk::begin().await;
    talk.says("水漫到客厅了，快淹了").await;
    talk.transcript();
    talk.says("有人触电了").await;
    talk.says("翠湖花园3栋").await;
    assert_snapshot!(talk.transcript(), @r"
    » 有人触电了
      当心触电：别碰漏电的地方和积水。能安全够到电箱就拉下总闸；有人触电，断电前不要用手拉，立刻拨 120。再拨 400-000-0000。紧急工单 HF2611-0002 已登记，正在通知值班人员。
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 翠湖花园3栋
      已补充到工单 HF2611-0002。
    ");
    let tickets = talk.tickets().await;
    let told: Vec<_> = tickets.iter().map(|ticket| (ticket.urgency, ticket.location.as_deref())).collect();
    assert_eq!(told, [(Urgency::Emergency, Some("客厅")), (Urgency::Emergency, Some("客厅"))]);
    assert_eq!(talk.flagged("emergency").await.len(), 2);
}

#[tokio::test]
async fn who_comes_back_to_the_first_danger_adds_to_its_ticket_while_the_address_is_still_asked_for() {
    let mut talk = Talk::begin().await;
    talk.says("水漫到客厅了，快淹了").await;
    talk.says("有人触电了").await;
    talk.transcript();
    talk.says("水漫得更高了，已经淹到膝盖，水还在涨").await;
    assert_snapshot!(talk.transcript(), @r"
    » 水漫得更高了，已经淹到膝盖，水还在涨
      自家漏水先关总水阀；楼上漏下来的，请楼上和物业马上关水。灯、插座、电器沾了水别碰，别蹚水，站在干处拉下电闸，够不着就离开；别站在鼓起的吊顶下面。请拨 400-000-0000。紧急工单 HF2611-0001 已登记，正在通知值班人员。
      请告诉我小区、楼栋和房号，方便师傅上门。
    ");
    talk.says("翠湖花园3栋").await;
    let mut tickets = talk.tickets().await;
    tickets.sort_by_key(|ticket| ticket.number.clone());
    let [flood, shock] = tickets.try_into().unwrap();
    assert!(flood.description.contains("水还在涨"), "{}", flood.description);
    for ticket in [&flood, &shock] {
        assert!(ticket.description.ends_with("翠湖花园3栋"), "whoever comes must find both: {}", ticket.description);
    }
    assert_eq!(talk.flagged("emergency").await.len(), 2);
}

#[tokio::test]
async fn who_comes_back_to_the_first_of_two_dangers_in_a_known_home_adds_to_its_ticket() {
    let mut talk = Talk::bound().await;
    talk.says("客厅水漫了，快淹了").await;
    talk.says("客厅有人触电了").await;
    talk.says("水漫得更高了，已经淹到膝盖，水还在涨").await;
    assert_eq!((talk.tickets().await.len(), talk.flagged("emergency").await.len()), (2, 2), "{}", talk.transcript());
    // A quarter of an hour later it may be another one.
    talk.clock.advance(Duration::from_secs(15 * 60));
    talk.says("水管又爆了，客厅全是水").await;
    assert_eq!((talk.tickets().await.len(), talk.flagged("emergency").await.len()), (3, 3), "{}", talk.transcript());
}

#[tokio::test]
async fn a_code_that_is_scanned_answers_the_address_once_nobody_is_in_danger() {
    let mut talk = Talk::begin().await;
    says_something_doubtful(&mut talk).await;
    talk.transcript();
    talk.binds().await;
    talk.taps("没有").await;
    assert_snapshot!(talk.transcript(), @r"
    » [扫码]
      您好！这里是 翠湖花园 3栋2单元1201 的售后服务。哪里坏了、想查进度、想提意见，直接说就行，打字、语音、照片都可以。
      先确认一下：现在有没有人有危险？
      [有危险] [没有]
    » [没有]
      好的，没事就好。
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    ");
    // Who comes back hours later is not asked again.
    let mut talk = Talk::begin().await;
    says_something_doubtful(&mut talk).await;
    talk.clock.advance(Duration::from_secs(5 * 60 * 60));
    talk.transcript();
    talk.binds().await;
    assert!(!talk.transcript().contains("有危险"), "asked hours ago");
}

#[tokio::test]
async fn an_emergency_filed_before_the_code_was_scanned_takes_its_home_and_whoever_looks_after_it() {
    let mut talk = Talk::begin().await;
    let engineer = talk.hires("wang", |person| person.region = Some("华东".to_owned())).await;
    talk.execute(&format!("UPDATE projects SET engineer_id = '{engineer}'")).await;
    talk.says("有很重的煤气味").await;
    let filed = talk.tickets().await.remove(0);
    assert_eq!((filed.unit_id, filed.project_id, filed.assignee), (None, None, None));
    talk.binds().await;
    talk.taps("厨房").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!((ticket.unit_id, ticket.assignee), (Some(talk.unit), Some(engineer)), "{}", talk.transcript());
    assert!(ticket.project_id.is_some());
    assert_eq!(ticket.location.as_deref(), Some("厨房"));
    let history = talk.history(&ticket).await;
    assert!(history.contains(r#"added client {"text":"翠湖花园 3栋2单元1201"}"#), "{history}");
}

#[tokio::test]
async fn a_code_that_is_scanned_says_where_each_danger_is_that_was_told_of_also_to_staff() {
    let mut talk = Talk::begin().await;
    talk.says("水漫到客厅了，快淹了").await;
    talk.says("有人触电了").await;
    talk.binds().await;
    let told: Vec<_> = talk.tickets().await.iter().map(|ticket| ticket.unit_id).collect();
    assert_eq!(told, [Some(talk.unit); 2], "{}", talk.transcript());
    let mut talk = Talk::begin().await;
    talk.says("人工").await;
    talk.says("有很重的煤气味").await;
    talk.binds().await;
    assert_eq!(talk.tickets().await[0].unit_id, Some(talk.unit), "{}", talk.transcript());
    // An address that was told in words stands.
    let mut talk = Talk::begin().await;
    talk.says("插座冒火花了").await;
    talk.says("客厅").await;
    talk.says("阳光花园3栋502").await;
    talk.binds().await;
    assert_eq!(talk.tickets().await[0].unit_id, None, "{}", talk.transcript());
}

#[tokio::test]
async fn a_danger_that_is_asked_about_stays_with_the_home_it_was_told_of() {
    let mut talk = Talk::bound().await;
    says_something_doubtful(&mut talk).await;
    let (_, token) = next_door(&talk).await;
    talk.shows(Content::Text(format!("/start {token}")), "[扫码]").await;
    talk.taps("有危险").await;
    let filed: Vec<_> = talk.tickets().await.iter().map(|ticket| (ticket.unit_id, ticket.urgency)).collect();
    assert_eq!(filed, [(Some(talk.unit), Urgency::Emergency)], "{}", talk.transcript());
}

#[tokio::test]
async fn a_photo_of_a_second_danger_goes_to_its_ticket() {
    let mut talk = Talk::begin().await;
    talk.says("水漫到客厅了，快淹了").await;
    let photo =
        Content::Media { files: vec![talk.file(MediaKind::Photo)], caption: Some("有人触电了".to_owned()) };
    talk.shows(photo, "[照片] 有人触电了").await;
    let mut tickets = talk.tickets().await;
    tickets.sort_by_key(|ticket| ticket.number.clone());
    let [flood, shock] = tickets.try_into().unwrap();
    assert_eq!((talk.media_of(&flood).await, talk.media_of(&shock).await), (0, 1), "{}", talk.transcript());
}

#[tokio::test]
async fn what_is_said_after_an_alarm_is_no_place_by_itself_and_goes_to_its_ticket() {
    let mut talk = Talk::bound().await;
    talk.says("有很重的煤气味").await;
    talk.says("关不掉总阀").await;
    talk.says("快点").await;
    assert_eq!(talk.tickets().await[0].location, None, "{}", talk.transcript());
    talk.says("卫生间").await;
    talk.says("有个老人心脏不好").await;
    let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption: Some("就是这里".to_owned()) };
    talk.shows(photo, "[照片] 就是这里").await;
    let said = talk.transcript();
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!((ticket.location.as_deref(), talk.media_of(&ticket).await), (Some("卫生间"), 1), "{said}");
    for words in ["关不掉总阀", "快点", "有个老人心脏不好", "就是这里"] {
        assert!(ticket.description.contains(words), "{words}: {}", ticket.description);
    }
    assert_eq!(talk.flagged("emergency").await.len(), 1);
    // A quarter of an hour later it is another matter.
    talk.passes(15);
    talk.says("客厅插座没电了").await;
    assert!(talk.transcript().contains("[提交]"));
}

#[tokio::test]
async fn after_an_alarm_a_place_that_nobody_knows_counts_where_words_were_asked_for() {
    let mut talk = Talk::bound().await;
    talk.says("有很重的煤气味").await;
    talk.taps("其他位置").await;
    talk.says("我妈那儿").await;
    assert_eq!(talk.tickets().await[0].location.as_deref(), Some("我妈那儿"), "{}", talk.transcript());
}

#[tokio::test]
async fn the_question_about_danger_is_answered_by_its_own_word() {
    for words in ["很危险", "有点危险", "很危险，老人在里面", "不过还是很危险", "yes it is dangerous"]
    {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!((ticket.urgency, ticket.location.as_deref()), (Urgency::Emergency, None), "{said}");
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
    for words in ["没危险", "没有危险", "没有人有危险。", "暂时没有", "没人", "nobody is in danger"]
    {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("在哪个位置？") || said.contains("Where"), "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn what_is_said_instead_of_an_answer_about_danger_is_kept_and_is_no_place() {
    for words in ["不知道啊", "没有人受伤，就是怕掉下来", "不知道有没有危险"] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("在哪个位置？"), "{said}");
        talk.says("客厅").await;
        talk.taps("提交").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.location.as_deref(), Some("客厅"), "{}", talk.transcript());
        assert!(ticket.description.contains(words), "{}", ticket.description);
    }
}

#[tokio::test]
async fn who_asks_for_haste_after_an_alarm_has_told_no_address() {
    let mut talk = Talk::begin().await;
    talk.says("插座冒火花了").await;
    talk.says("客厅").await;
    talk.transcript();
    talk.says("快点").await;
    let said = talk.transcript();
    assert!(said.contains("请告诉我小区、楼栋和房号"), "{said}");
    talk.says("翠湖花园3栋").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert!(ticket.description.ends_with("快点\n翠湖花园3栋"), "{}", ticket.description);
}

#[tokio::test]
async fn who_asks_back_about_danger_is_asked_once_more_and_what_they_asked_is_kept() {
    for words in ["is it dangerous?", "should I be worried", "这个危不危险", "会不会掉下来？", "什么时候能来？"]
    {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("有没有人有危险") || said.contains("in danger right now"), "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
        talk.presses("danger:yes").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.urgency, Urgency::Emergency, "{}", talk.transcript());
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
    // Who says no first has answered.
    for words in ["没有，什么时候能来？", "no, is it dangerous?"] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("在哪个位置？") || said.contains("Where is it?"), "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn what_is_asked_instead_of_an_answer_about_danger_is_answered_and_danger_asked_once_more_only() {
    for (words, answer) in [
        ("多少钱啊", "都不收费"),
        ("how much will it cost?", "repair and visit are free"),
        ("今天能来吗", "有没有人有危险"),
    ] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(answer), "{said}");
        assert!(said.contains("有没有人有危险") || said.contains("in danger right now"), "{said}");
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("在哪个位置？") || said.contains("Where is it?"), "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn harm_that_is_told_where_danger_is_asked_is_a_yes() {
    let said = [
        "我头晕",
        "小孩在旁边",
        "有一点",
        "可能有吧",
        "maybe",
        "my kid is in there",
        "I feel dizzy",
        "没有，但我头疼",
        "没有，就是我头晕",
        "no but my head hurts",
        "流鼻血了",
    ];
    for words in said {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.says(words).await;
        let said = talk.transcript();
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.urgency, Urgency::Emergency, "{words}: {said}");
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
    // Words that are in doubt themselves are one, too.
    let mut talk = Talk::bound().await;
    says_something_doubtful(&mut talk).await;
    let (dialogue, text) = (talk.dialogue().await, "墙皮往下掉得更多".to_owned());
    let understood = talk.intake.understand(&text, &talk.state().await);
    let understood = Understanding { danger_unsure: true, ..understood };
    talk.happens(dialogue, Event::Text { text, understood }).await;
    assert_eq!(talk.flagged("emergency").await.len(), 1, "{}", talk.transcript());
}

#[tokio::test]
async fn who_names_no_danger_or_denies_it_alarms_nobody() {
    let said = [
        "你说什么危险",
        "什么危险",
        "what danger",
        "没人不舒服",
        "孩子不在旁边",
        "老人在楼下",
        "没什么危险",
        "老人在家",
        "没有，不头疼",
        "没有，就怕老人头晕",
        "没有，会不会中毒？",
    ];
    for words in said {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.says(words).await;
        assert!(talk.flagged("emergency").await.is_empty(), "{words}: {}", talk.transcript());
    }
    // Who is at home may be in danger: that is asked once more.
    let mut talk = Talk::bound().await;
    says_something_doubtful(&mut talk).await;
    talk.transcript();
    talk.says("老人在家").await;
    assert!(talk.transcript().contains("有没有人有危险"));
}

#[tokio::test]
async fn a_cry_for_help_after_an_alarm_is_no_wish_for_the_menu() {
    for words in ["help", "help!!", "please help me", "帮助", "帮帮我！", "救命啊", "快帮帮我们"] {
        let mut talk = Talk::bound().await;
        talk.says("电梯里困了两个人").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("400-000-0000") && !said.contains("[找人工]"), "{said}");
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
        assert!(!talk.state().await.handed_over(), "{said}");
    }
    // With a slash it is a command, and later it is another matter.
    let mut talk = Talk::bound().await;
    talk.says("电梯里困了两个人").await;
    talk.says("/help").await;
    assert!(talk.transcript().contains("[找人工]"));
    talk.says("菜单").await;
    assert!(talk.transcript().contains("[找人工]"));
    talk.passes(15);
    talk.says("帮助").await;
    assert!(talk.transcript().contains("[找人工]"));
}

#[tokio::test]
async fn a_cry_for_help_says_that_there_is_danger_where_that_is_asked() {
    for words in ["help", "救命", "帮帮我"] {
        let mut talk = Talk::bound().await;
        says_something_doubtful(&mut talk).await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.urgency, Urgency::Emergency, "{}", talk.transcript());
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
}
