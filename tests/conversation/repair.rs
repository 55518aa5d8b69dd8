//! Repair reports.

use std::time::Duration;

use crate::office::{at, window};
use crate::talk::Talk;
use huifang::channel::{ChannelKind, Content, MediaKind};
use huifang::domain::dialogue::{Activity, Event, Timer};
use huifang::domain::ids::UnitId;
use huifang::domain::project::Unit;
use huifang::domain::ticket::Status;
use huifang::domain::understanding::Category;
use huifang::store;
use insta::assert_snapshot;

#[tokio::test]
async fn a_message_that_names_place_part_and_symptom_takes_one_tap() {
    let mut talk = Talk::bound().await;
    talk.says("主卧卫生间天花板在滴水，已经拿盆接了，麻烦尽快安排人来看看").await;
    talk.taps("提交").await;
    assert_snapshot!(talk.transcript(), @r"
    » 主卧卫生间天花板在滴水，已经拿盆接了，麻烦尽快安排人来看看
      请您看一下：
      类别：渗漏
      问题：滴水
      位置：主卧卫生间天花板
      部件：天花板
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
      等师傅时：接住水，挪开怕水的东西；水靠近灯或插座，关掉那一路电，别碰。楼上漏下来的，请楼上先停水。漏得更大，马上告诉我。
    ");
    assert!(talk.taps <= 2);
    let ticket = &talk.tickets().await[0];
    assert_snapshot!(format!("{:?} {:?} {:?} {:?}", ticket.category, ticket.urgency, ticket.location, ticket.symptom), @r#"Some(Leak) High Some("主卧卫生间天花板") Some("滴水")"#);
    assert_eq!(ticket.unit_id, Some(talk.unit));
}

#[tokio::test]
async fn photo_voice_and_words_within_seconds_are_one_report() {
    let mut talk = Talk::bound().await;
    talk.sends_photo().await;
    let voice = talk.sends_voice().await;
    talk.sends_photo().await;
    talk.is_heard(voice, "厨房水槽下面漏水，昨天晚上开始的").await;
    talk.taps("提交").await;
    assert_snapshot!(talk.transcript(), @r"
    » [照片]
      照片收到了。这是哪里，出了什么问题？打字、语音都行。
    » [语音]
      收到，正在听…
    » [照片]
      我听到：厨房水槽下面漏水，昨天晚上开始的
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房水槽下面
      开始时间：昨天晚上
      附件：3 个
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    let tickets = talk.tickets().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(talk.media_of(&tickets[0]).await, 3);
    assert!(talk.taps <= 4);
}

#[tokio::test]
async fn a_second_place_joins_the_first_and_a_denial_takes_its_place() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水龙头漏水").await;
    talk.says("主卧卫生间天花板也漏水").await;
    talk.says("不对，是阳台的水管漏水").await;
    assert_snapshot!(talk.transcript(), @r"
    » 厨房水龙头漏水
      请您看一下：
      类别：给排水
      问题：漏水
      位置：厨房
      部件：水龙头
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » 主卧卫生间天花板也漏水
      请您看一下：
      类别：给排水
      问题：漏水
      位置：厨房 / 主卧卫生间天花板
      部件：水龙头 / 天花板
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » 不对，是阳台的水管漏水
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：阳台
      部件：水管
      这样提交可以吗？
      [提交] [改一改] [不报了]
    ");
}

#[tokio::test]
async fn missing_pieces_are_asked_one_by_one() {
    let mut talk = Talk::begin().await;
    talk.says("报修").await;
    talk.says("漏水了").await;
    talk.taps("厨房").await;
    talk.says("翠湖花园3栋2单元1201").await;
    talk.taps("改一改").await;
    talk.taps("位置").await;
    talk.says("主卧的飘窗").await;
    talk.taps("提交").await;
    talk.says("进度").await;
    assert_snapshot!(talk.transcript(), @r"
    » 报修
      请说说哪里坏了、什么情况。打字、语音、照片都可以。
    » 漏水了
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » [厨房]
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 翠湖花园3栋2单元1201
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房
      地址：翠湖花园3栋2单元1201
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [改一改]
      要改哪一项？
      [问题] [位置] [地址]
    » [位置]
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 主卧的飘窗
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：主卧的飘窗
      地址：翠湖花园3栋2单元1201
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
    » 进度
      您的工单：
      HF2611-0001 渗漏（翠湖花园3栋2单元1201 主卧的飘窗）：已登记
    ");
    assert_eq!(talk.tickets().await[0].location.as_deref(), Some("翠湖花园3栋2单元1201 主卧的飘窗"));
}

#[tokio::test]
async fn a_report_nobody_confirms_is_recalled_and_then_filed_as_it_is() {
    let mut talk = Talk::bound().await;
    talk.says("客厅插座没电了").await;
    let dialogue = talk.dialogue().await;
    let state = talk.state().await;
    let huifang::domain::dialogue::Activity::Reporting(report) = state.activity else { panic!("{:?}", state.activity) };
    talk.clock.advance(Duration::from_secs(1800));
    talk.happens(dialogue, Event::Elapsed(Timer::ReportReminder { ticket: report.ticket })).await;
    talk.clock.advance(Duration::from_secs(5400));
    talk.happens(dialogue, Event::Elapsed(Timer::ReportUnconfirmed { ticket: report.ticket })).await;
    assert_snapshot!(talk.transcript(), @r"
    » 客厅插座没电了
      请您看一下：
      类别：电气
      问题：没电了
      位置：客厅
      部件：插座
      这样提交可以吗？
      [提交] [改一改] [不报了]
      您刚才说的问题还没提交，要现在提交吗？
      请您看一下：
      类别：电气
      问题：没电了
      位置：客厅
      部件：插座
      这样提交可以吗？
      [提交] [改一改] [不报了]
      您上次说的问题我先替您登记了，工单号 HF2611-0001。有要改的，直接说就行。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_survey_that_is_wished_for_during_a_report_waits_for_its_end() {
    for (label, tickets) in [("提交", 1), ("不报了", 0)] {
        let mut talk = Talk::bound().await;
        talk.says("厨房漏水").await;
        talk.says("评价").await;
        let so_far = talk.transcript();
        assert!(!so_far.contains("（1/"), "{so_far}");
        talk.taps(label).await;
        assert_eq!(talk.tickets().await.len(), tickets);
        let then = talk.transcript();
        assert!(then.contains("（1/"), "{then}");
        talk.taps("4").await;
        assert_eq!(talk.responses().await.len(), 1);
    }
}

#[tokio::test]
async fn a_survey_that_is_wished_for_during_a_report_that_is_left_lying_begins_when_it_is_filed() {
    let mut talk = Talk::bound().await;
    talk.says("厨房漏水").await;
    talk.says("评价").await;
    talk.waits_until(at("21 13:00")).await;
    let then = talk.transcript();
    assert_eq!(talk.tickets().await.len(), 1, "{then}");
    assert!(then.contains("（1/") && talk.state().await.invited.is_none(), "{then}");
}

#[tokio::test]
async fn a_yes_that_says_the_fault_again_agrees_with_the_summary() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水龙头漏水").await;
    talk.says("对，还在漏").await;
    assert_eq!(talk.tickets().await.len(), 1, "{}", talk.transcript());
}

#[tokio::test]
async fn what_is_said_besides_a_yes_is_kept_and_shown_first_where_it_names_something_new() {
    for (words, place) in [("是的，还有阳台水管也漏水", "阳台"), ("对了，还有地漏也堵了", "地漏")]
    {
        let mut talk = Talk::bound().await;
        talk.says("厨房水龙头漏水").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("这样提交可以吗？") && said.matches(place).count() >= 2, "{said}");
        assert!(talk.tickets().await.is_empty(), "{said}");
        talk.says("好的").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.description, format!("厨房水龙头漏水\n{words}"));
        assert_eq!(ticket.symptom.as_deref().map(|symptom| symptom.starts_with("漏水")), Some(true));
    }
    for words in ["好的，麻烦周六上午来", "对，还在漏"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水龙头漏水").await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.description, format!("厨房水龙头漏水\n{words}"));
    }
    // A yes and nothing else is no part of the report.
    let mut talk = Talk::bound().await;
    talk.says("厨房水龙头漏水").await;
    talk.says("好的，谢谢").await;
    assert_eq!(talk.tickets().await[0].description, "厨房水龙头漏水");
}

#[tokio::test]
async fn who_says_that_it_is_over_or_a_mistake_has_nothing_filed() {
    for words in [
        "算了不报了",
        "没事了，已经好了",
        "修好了，不用来了",
        "不用了，已经修好了",
        "取消，搞错了",
        "发错了",
        "Never mind, it's fixed",
        "Never mind, it works again",
    ] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水").await;
        talk.says(words).await;
        assert_eq!(talk.state().await.activity, Activity::Idle, "{}", talk.transcript());
        talk.waits_until(at("21 13:00")).await;
        assert!(talk.tickets().await.is_empty(), "{}", talk.transcript());
    }
    // It broke again, or somewhere else: the report goes on.
    for words in ["修好了，又漏水了", "搞错了，是卫生间", "没空，周六上午来吧"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水").await;
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("这次不报"), "{said}");
    }
    // It is only put off: it waits.
    for words in ["没空，晚点再说", "not now, maybe later"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水").await;
        talk.says(words).await;
        assert!(matches!(talk.state().await.activity, Activity::Reporting(_)), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_survey_that_waits_behind_a_report_is_not_begun_anew() {
    let mut talk = Talk::bound().await;
    talk.says("评价").await;
    talk.taps("4").await;
    talk.says("厨房水管漏水").await;
    talk.says("评价").await;
    talk.taps("提交").await;
    let then = talk.transcript();
    assert!(then.contains("我们接着刚才的评价。"), "{then}");
    // A report of which nothing was said is let go for it.
    talk.says("报修").await;
    talk.says("评价").await;
    let then = talk.transcript();
    assert!(then.contains("（2/"), "{then}");
    assert_eq!((talk.tickets().await.len(), talk.responses().await.len()), (1, 1));
}

#[tokio::test]
async fn a_photo_after_filing_goes_to_the_same_ticket() {
    let mut talk = Talk::bound().await;
    talk.says("阳台窗户关不严").await;
    talk.taps("提交").await;
    talk.transcript();
    talk.sends_photo().await;
    assert_snapshot!(talk.transcript(), @r"
    » [照片]
      已补充到工单 HF2611-0001。
    ");
    let tickets = talk.tickets().await;
    assert_eq!((tickets.len(), talk.media_of(&tickets[0]).await), (1, 1));
}

#[tokio::test]
async fn the_owner_decides_whether_it_is_fixed() {
    let mut talk = Talk::bound().await;
    talk.says("阳台窗户关不严").await;
    talk.taps("提交").await;
    talk.transcript();
    let ticket = talk.tickets().await.remove(0);
    let dialogue = talk.dialogue().await;
    let claimed = Event::FixClaimed { ticket: ticket.id, number: ticket.number.clone() };
    talk.happens(dialogue, claimed).await;
    talk.says("没修好").await;
    assert_snapshot!(talk.transcript(), @r"
      工单 HF2611-0001 的师傅说已经修好，您看修好了吗？
      [已修好] [没修好]
    » 没修好
      抱歉没修好。工单 HF2611-0001 已重新打开并提高优先级，正在通知主管。
    ");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "fix_rejected"));
}

#[tokio::test]
async fn it_works_in_english() {
    let mut talk = Talk::bound().await;
    talk.says("The kitchen tap is dripping since yesterday").await;
    talk.taps("Send").await;
    talk.says("status").await;
    assert_snapshot!(talk.transcript(), @r"
    » The kitchen tap is dripping since yesterday
      Please check:
      Type: Plumbing and drains
      Problem: drip
      Place: kitchen
      Part: tap
      Since: since yesterday
      Shall I send it like this?
      [Send] [Change] [Do not report]
    » [Send]
      Filed as HF2611-0001. Someone will contact you soon; reply “status” to see how far it is.
    » status
      Your tickets:
      HF2611-0001 Plumbing and drains (kitchen): filed
    ");
}

#[tokio::test]
async fn a_question_in_between_is_kept_and_is_no_address() {
    let mut talk = Talk::begin().await;
    talk.says("厨房水管漏水").await;
    talk.says("你们多久能来人看看？").await;
    talk.says("阳光花园3栋502").await;
    assert_snapshot!(talk.transcript(), @r"
    » 厨房水管漏水
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 你们多久能来人看看？
      请告诉我小区、楼栋和房号，方便师傅上门。
    » 阳光花园3栋502
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房
      地址：阳光花园3栋502
      部件：水管
      这样提交可以吗？
      [提交] [改一改] [不报了]
    ");
}

#[tokio::test]
async fn an_address_told_in_place_of_a_code_is_kept_for_the_report_that_follows() {
    let mut talk = Talk::begin().await;
    talk.says("/start nonsense").await;
    assert!(talk.transcript().contains("直接告诉我小区、楼栋和房号"));
    talk.says("翠湖花园3栋2单元1201").await;
    talk.says("厨房水管漏水").await;
    talk.taps("提交").await;
    let ticket = talk.tickets().await.remove(0);
    assert_eq!(ticket.location.as_deref(), Some("翠湖花园3栋2单元1201 厨房"), "{}", talk.transcript());
    assert_eq!(ticket.symptom.as_deref(), Some("漏水"));
}

#[tokio::test]
async fn the_summary_is_agreed_to_or_denied_in_plain_words() {
    let mut talk = Talk::bound().await;
    talk.says("阳台窗户关不严").await;
    talk.transcript();
    talk.says("不对").await;
    talk.says("不用了").await;
    talk.speaks("好的").await;
    assert_snapshot!(talk.transcript(), @r"
    » 不对
      要改哪一项？
      [问题] [位置] [部件]
    » 不用了
      请您看一下：
      类别：门窗
      问题：关不严
      位置：阳台窗户
      部件：窗户
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [语音]
      收到，正在听…
      我听到：好的
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_plain_yes_is_no_place_and_loses_no_report() {
    let mut talk = Talk::bound().await;
    talk.says("漏水了").await;
    talk.says("好的").await;
    talk.says("厨房").await;
    talk.taps("改一改").await;
    talk.taps("位置").await;
    talk.says("好的").await;
    talk.says("阳台").await;
    talk.says("好的").await;
    assert_snapshot!(talk.transcript(), @r"
    » 漏水了
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 好的
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 厨房
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：厨房
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [改一改]
      要改哪一项？
      [问题] [位置]
    » [位置]
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 好的
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    » 阳台
      请您看一下：
      类别：渗漏
      问题：漏水
      位置：阳台
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » 好的
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    assert_eq!(talk.tickets().await[0].location.as_deref(), Some("阳台"));
}

#[tokio::test]
async fn a_report_that_is_only_a_photo_is_recalled_and_then_filed() {
    let mut talk = Talk::bound().await;
    talk.sends_photo().await;
    talk.waits_until(at("21 13:00")).await;
    assert_snapshot!(talk.transcript(), @r"
    » [照片]
      照片收到了。这是哪里，出了什么问题？打字、语音都行。
      您刚才说的问题还没提交，要现在提交吗？
      请您看一下：
      附件：1 个
      这样提交可以吗？
      [提交] [改一改] [不报了]
      您上次说的问题我先替您登记了，工单号 HF2611-0001。有要改的，直接说就行。
    ");
    let tickets = talk.tickets().await;
    assert_eq!((tickets.len(), talk.media_of(&tickets[0]).await), (1, 1));
}

#[tokio::test]
async fn the_recall_of_a_photo_is_answered_in_plain_words() {
    let mut talk = Talk::bound().await;
    talk.sends_photo().await;
    talk.waits_until(at("21 10:45")).await;
    talk.transcript();
    talk.says("好的").await;
    assert_snapshot!(talk.transcript(), @r"
    » 好的
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_draft_whose_time_passes_while_staff_has_the_conversation_is_filed_after_it_is_given_back() {
    let mut talk = Talk::bound().await;
    talk.says("客厅插座没电了").await;
    talk.says("人工").await;
    talk.waits_until(at("21 15:00")).await;
    assert!(talk.tickets().await.is_empty());
    let dialogue = talk.dialogue().await;
    talk.happens(dialogue, Event::HandedBack).await;
    talk.transcript();
    talk.waits_until(at("21 18:00")).await;
    assert_snapshot!(talk.transcript(), @r"
    您刚才说的问题还没提交，要现在提交吗？
    请您看一下：
    类别：电气
    问题：没电了
    位置：客厅
    部件：插座
    这样提交可以吗？
    [提交] [改一改] [不报了]
    您上次说的问题我先替您登记了，工单号 HF2611-0001。有要改的，直接说就行。
    ");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_survey_whose_reminder_falls_due_while_staff_has_the_conversation_is_brought_up_after_it() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.says("人工").await;
    talk.waits_until(at("24 10:00")).await;
    let dialogue = talk.dialogue().await;
    talk.happens(dialogue, Event::HandedBack).await;
    talk.transcript();
    talk.waits_until(at("30 10:00")).await;
    assert_snapshot!(talk.transcript(), @r"
    上次的评价还没填完，方便的话接着填，一分钟就好。
    （1/5）总体来说，您满意吗？
    1 分很不满意，5 分非常满意
    [1] [2] [3] [4] [5]
    ");
}

#[tokio::test]
async fn a_plain_yes_or_no_belongs_to_what_was_asked_last_and_not_to_a_fix_asked_about_before() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let fixed = talk.reports_a_leak().await;
    talk.says("阳台窗户关不严").await;
    talk.taps("提交").await;
    let other = talk.tickets().await.into_iter().find(|ticket| ticket.id != fixed.id).unwrap();
    talk.desk().take(fixed.id, engineer).await.unwrap();
    talk.desk().take(other.id, engineer).await.unwrap();
    talk.desk().rectify(fixed.id, "重做防水", Vec::new(), engineer).await.unwrap();
    talk.desk().offer(other.id, vec![window("23 09:00", "23 12:00")], engineer).await.unwrap();
    talk.hears().await;
    talk.transcript();
    talk.says("好的").await;
    assert_snapshot!(talk.transcript(), @r"
    » 好的
      好的，工单 HF2611-0002 约在 11月23日（周一）09:00–12:00，师傅会按时上门。
      [改时间]
    ");
    assert_eq!(talk.ticket(&fixed).await.status, Status::Rectified);
    // At the end of a survey there is nothing more to say: no verdict either.
    talk.says("/survey").await;
    for value in ["5", "5", "5", "5", "10"] {
        talk.taps(value).await;
    }
    talk.transcript();
    talk.says("没有了").await;
    assert_snapshot!(talk.transcript(), @r"
    » 没有了
      好的。需要什么，随时跟我说。
    ");
    assert_eq!(talk.ticket(&fixed).await.status, Status::Rectified);
}

#[tokio::test]
async fn a_fix_asked_about_last_is_answered_in_plain_words_and_after_its_ticket_ended_no_more() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "重做防水", Vec::new(), engineer).await.unwrap();
    talk.says("不是").await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Reopened);

    // Closed on silence: that all is well closes nothing anew; that it is not was asked for.
    for (words, status) in [("好的", Status::Closed), ("没有", Status::Closed), ("还没修好", Status::Reopened)]
    {
        let mut talk = Talk::bound().await;
        let engineer = talk.hires("li", |_| {}).await;
        let ticket = talk.reports_a_leak().await;
        talk.desk().take(ticket.id, engineer).await.unwrap();
        talk.desk().rectify(ticket.id, "重做防水", Vec::new(), engineer).await.unwrap();
        talk.waits_until(at("30 12:00")).await;
        assert_eq!(talk.ticket(&ticket).await.status, Status::Closed);
        assert_eq!(talk.state().await.fix_to_confirm, None);
        talk.transcript();
        talk.says(words).await;
        assert_eq!(talk.ticket(&ticket).await.status, status, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn where_buttons_are_numbered_words_their_number_is_the_button_and_not_a_mark() {
    let mut talk = Talk::bound().await;
    talk.turns_to(ChannelKind::Wechat, "openid").await;
    talk.says("/survey").await;
    talk.says("总体来说我觉得四分吧").await;
    talk.transcript();
    talk.says("1").await;
    talk.says("3").await;
    assert_snapshot!(talk.transcript(), @r"
    » 1
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    » 3
      （3/5）技术怎么样，问题解决了吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
    let id = talk.responses().await[0].id;
    let found = talk.store.read(|tx| Box::pin(async move { store::responses::answers(tx, id).await })).await;
    let found: Vec<_> = found.map_err(|error: store::StoreError| error).unwrap();
    assert_eq!(found.iter().map(|answer| answer.value).collect::<Vec<_>>(), [Some(4.0), Some(3.0)]);
}

#[tokio::test]
async fn the_number_before_a_button_counts_however_it_is_typed() {
    for number in ["１", "1.", "1、", "1）"] {
        let mut talk = Talk::bound().await;
        talk.turns_to(ChannelKind::Wechat, "openid").await;
        talk.says("/survey").await;
        talk.says("总体来说我觉得应该可以打五分吧").await;
        assert!(talk.transcript().contains("[对] [改]"));
        talk.says(number).await;
        let id = talk.responses().await[0].id;
        let found = talk.store.read(|tx| Box::pin(async move { store::responses::answers(tx, id).await })).await;
        let found: Vec<_> = found.map_err(|error: store::StoreError| error).unwrap();
        let values: Vec<_> = found.iter().map(|answer| answer.value).collect();
        assert_eq!(values, [Some(5.0)], "{number}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn a_number_presses_its_button_as_a_sign_or_a_word_as_well() {
    for number in ["2️⃣", "②", "二", "第二个", "选2", "选第二项", "２"] {
        let mut talk = Talk::bound().await;
        talk.says("漏水了").await;
        talk.says(number).await;
        talk.taps("提交").await;
        let place = talk.tickets().await.remove(0).location;
        assert_eq!(place.as_deref(), Some("卫生间"), "{number}: {}", talk.transcript());
    }
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "重做防水", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.says("2️⃣").await;
    assert_eq!(talk.ticket(&ticket).await.status, Status::Reopened, "{}", talk.transcript());
}

#[tokio::test]
async fn a_number_of_people_or_of_a_building_presses_no_button() {
    for number in ["两个", "2个", "二号楼", "11", "零"] {
        let mut talk = Talk::bound().await;
        talk.says("漏水了").await;
        talk.says(number).await;
        assert!(!talk.transcript().contains("位置：卫生间"), "{number}");
    }
}

#[tokio::test]
async fn a_fix_that_was_denied_is_not_called_done_by_its_old_button() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "重做防水", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    let fixed = talk.button("已修好");
    talk.taps("没修好").await;
    talk.desk().offer(ticket.id, vec![window("23 09:00", "23 12:00")], engineer).await.unwrap();
    talk.hears().await;
    talk.transcript();
    talk.presses(&fixed).await;
    assert_eq!(
        talk.transcript().lines().last(),
        Some("  这个按钮已经过时了。请点最新一条消息下面的按钮，或者直接说。")
    );
    assert_eq!(talk.ticket(&ticket).await.status, Status::Reopened);
    assert_eq!(talk.state().await.meetings.len(), 1, "somebody still comes");
    assert_eq!(talk.flagged("person_requested").await.len(), 1, "staff hears that it may be done");
    assert!(talk.history(&ticket).await.contains("verified_too_late client"));
    talk.taps("11月23日（周一）09:00–12:00").await;
    assert!(talk.transcript().contains("师傅会按时上门"));
    // Once it is closed, the button says what it always said.
    talk.desk().assign(ticket.id, engineer, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "又做了一遍", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    for _ in 0..2 {
        talk.transcript();
        talk.presses(&fixed).await;
        assert!(talk.transcript().contains("完成"));
        assert_eq!(talk.ticket(&ticket).await.status, Status::Closed);
    }
}

#[tokio::test]
async fn a_photo_whose_words_say_that_the_fix_did_not_hold_belongs_to_its_ticket_and_opens_it_again() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.passes(60);
    talk.desk().rectify(ticket.id, "重做防水", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    let caption = Some("没修好，还在漏水".to_owned());
    let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption };
    talk.shows(photo, "[照片] 没修好，还在漏水").await;
    talk.sends_photo().await;
    assert_eq!(talk.tickets().await.len(), 1, "{}", talk.transcript());
    let ticket = talk.ticket(&ticket).await;
    assert_eq!((ticket.status, talk.media_of(&ticket).await), (Status::Reopened, 2), "{}", talk.transcript());
    assert!(ticket.description.ends_with("没修好，还在漏水"), "{}", ticket.description);
    assert_eq!(talk.flagged("fix_rejected").await.len(), 1);
}

/// The flat next door, and what its code says.
pub(crate) async fn next_door(talk: &Talk) -> (UnitId, String) {
    let id = flat(talk, "3栋2单元1202").await;
    (id, talk.key.sign(id, talk.clock.now() + Duration::from_secs(3600)))
}

/// Another flat of the same project.
async fn flat(talk: &Talk, label: &'static str) -> UnitId {
    let (id, home) = (talk.clock.new_id::<UnitId>(), talk.unit);
    let settled = talk.store.write(move |tx| {
        Box::pin(async move {
            let own = store::units::find(tx, home).await?.unwrap();
            store::units::insert(tx, &Unit::new(id, own.project_id, label)).await
        })
    });
    settled.await.unwrap();
    id
}

#[tokio::test]
async fn a_report_of_one_home_is_filed_for_it_before_another_one_is_spoken_of() {
    let mut talk = Talk::bound().await;
    let (other, token) = next_door(&talk).await;
    talk.says("厨房水管漏水").await;
    talk.transcript();
    talk.shows(Content::Text(format!("/start {token}")), "[扫码]").await;
    talk.says("客厅插座没电了").await;
    talk.taps("提交").await;
    assert_snapshot!(talk.transcript(), @r"
    » [扫码]
      您上次说的问题我先替您登记了，工单号 HF2611-0001。有要改的，直接说就行。
      您好！这里是 翠湖花园 3栋2单元1202 的售后服务。哪里坏了、想查进度、想提意见，直接说就行，打字、语音、照片都可以。
      [报修] [查进度] [评价] [找人工]
    » 客厅插座没电了
      请您看一下：
      类别：电气
      问题：没电了
      位置：客厅
      部件：插座
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0002。工作人员会尽快联系您，回复“进度”随时可查。
    ");
    let mut tickets = talk.tickets().await;
    tickets.sort_by_key(|ticket| ticket.number.clone());
    let filed: Vec<_> = tickets.iter().map(|ticket| (ticket.unit_id, ticket.location.as_deref())).collect();
    assert_eq!(filed, [(Some(talk.unit), Some("厨房")), (Some(other), Some("客厅"))]);
}

#[tokio::test]
async fn a_report_begun_before_any_code_was_scanned_takes_the_home_that_is_scanned() {
    let mut talk = Talk::begin().await;
    talk.says("厨房水管漏水").await;
    talk.binds().await;
    talk.taps("提交").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!(ticket.unit_id, Some(talk.unit), "{}", talk.transcript());
}

#[tokio::test]
async fn an_emergency_stays_with_its_home_and_is_still_asked_about_when_another_code_is_scanned() {
    let mut talk = Talk::bound().await;
    let (_, token) = next_door(&talk).await;
    talk.says("有很重的煤气味").await;
    talk.transcript();
    talk.shows(Content::Text(format!("/start {token}")), "[扫码]").await;
    let said = talk.transcript();
    assert!(said.contains("在哪个位置？"), "{said}");
    assert_eq!(talk.tickets().await[0].unit_id, Some(talk.unit));
}

#[tokio::test]
async fn a_first_report_that_asks_when_somebody_comes_is_a_report() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水了，什么时候能来修？").await;
    talk.taps("提交").await;
    assert_eq!(talk.tickets().await.len(), 1);
    // Whoever asks again asks about that one.
    talk.transcript();
    talk.says("漏水什么时候能修好？").await;
    let said = talk.transcript();
    assert!(said.contains("HF2611-0001") && !said.contains("提交"), "{said}");
}

#[tokio::test]
async fn what_goes_on_with_a_report_that_was_just_filed_goes_to_its_ticket() {
    let mut talk = Talk::bound().await;
    talk.reports_a_leak().await;
    for words in ["现在漏水更大了", "快点"] {
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("已补充到工单 HF2611-0001"), "{said}");
    }
    let caption = Some("漏水更大了".to_owned());
    let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption };
    talk.shows(photo, "[照片] 漏水更大了").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!(talk.media_of(&ticket).await, 1, "{}", talk.transcript());
    assert!(ticket.description.ends_with("现在漏水更大了\n快点\n漏水更大了"), "{}", ticket.description);
    // Another room, another trade: another report.
    for words in ["厨房漏水了", "窗户关不严"] {
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("已补充"), "{said}");
        talk.says("取消").await;
    }
}

#[tokio::test]
async fn a_photo_whose_words_tell_of_nothing_new_after_filing_goes_to_the_same_ticket() {
    for words in ["这是照片", "就是这个位置", "如图", "谢谢", "This is it", "this is the spot"] {
        let mut talk = Talk::bound().await;
        talk.reports_a_leak().await;
        let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption: Some(words.to_owned()) };
        talk.shows(photo, words).await;
        let said = talk.transcript();
        assert!(said.contains("HF2611-0001"), "{said}");
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(talk.media_of(&ticket).await, 1, "{said}");
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
    // Another room is another fault, and a question is answered.
    let mut talk = Talk::bound().await;
    talk.reports_a_leak().await;
    let caption = Some("什么时候来".to_owned());
    let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption };
    talk.shows(photo, "[照片] 什么时候来").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!(talk.media_of(&ticket).await, 1, "{}", talk.transcript());
    assert!(ticket.description.ends_with("什么时候来"), "{}", ticket.description);
    let caption = Some("阳台的窗户".to_owned());
    let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption };
    talk.shows(photo, "[照片] 阳台的窗户").await;
    assert_eq!(talk.media_of(&ticket).await, 1, "{}", talk.transcript());
}

/// Sends a photo with words below it.
async fn shows_with(talk: &mut Talk, words: &str) {
    let photo = Content::Media { files: vec![talk.file(MediaKind::Photo)], caption: Some(words.to_owned()) };
    talk.shows(photo, words).await;
}

#[tokio::test]
async fn a_photo_of_another_fault_begins_another_report() {
    for words in ["再报一个", "另一处", "这个也要修", "another one"] {
        let mut talk = Talk::bound().await;
        let ticket = talk.reports_a_leak().await;
        shows_with(&mut talk, words).await;
        assert_eq!(talk.media_of(&ticket).await, 0, "{}", talk.transcript());
        let state = talk.state().await;
        let Activity::Reporting(report) = state.activity else { panic!("{words}") };
        assert_eq!(report.media.len(), 1, "{words}");
    }
    // What tells of a danger or another spot is not swallowed by the ticket that was filed.
    for words in ["有危险", "小孩摔了", "还有一处", "这边也有", "第二个", "one more", "this is the other tap"]
    {
        let mut talk = Talk::bound().await;
        let ticket = talk.reports_a_leak().await;
        shows_with(&mut talk, words).await;
        assert_eq!(talk.media_of(&ticket).await, 0, "{words}: {}", talk.transcript());
    }
    // Another photo shows the same one.
    let mut talk = Talk::bound().await;
    let ticket = talk.reports_a_leak().await;
    shows_with(&mut talk, "另一张照片").await;
    assert_eq!(talk.media_of(&ticket).await, 1, "{}", talk.transcript());
}

#[tokio::test]
async fn a_photo_that_shows_that_nobody_need_come_goes_to_the_ticket_and_staff_is_told() {
    for words in ["不用来了", "已经好了"] {
        let mut talk = Talk::bound().await;
        talk.reports_a_leak().await;
        shows_with(&mut talk, words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(talk.media_of(&ticket).await, 1, "{}", talk.transcript());
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_photo_with_a_complaint_goes_to_the_ticket_of_the_complaint() {
    let mut talk = Talk::bound().await;
    let leak = talk.reports_a_leak().await;
    shows_with(&mut talk, "我要投诉师傅骂人").await;
    let tickets = talk.tickets().await;
    let complaint = tickets.iter().find(|ticket| ticket.id != leak.id).unwrap();
    assert_eq!((talk.media_of(complaint).await, talk.media_of(&leak).await), (1, 0), "{}", talk.transcript());
}

#[tokio::test]
async fn a_correction_of_a_report_that_was_just_filed_takes_the_place_of_what_was_filed() {
    for words in ["改一下，是阳台", "位置错了，是阳台漏水", "不对，是阳台"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水").await;
        talk.waits_until(at("21 12:05")).await;
        talk.says(words).await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        let said = talk.transcript();
        assert!(said.contains("已补充到工单 HF2611-0001"), "{said}");
        assert!(ticket.location.as_deref().is_some_and(|place| place.contains("阳台") && !place.contains("厨房")));
        assert!(ticket.description.ends_with(words), "{}", ticket.description);
    }
}

#[tokio::test]
async fn words_that_only_ask_for_the_report_to_be_sent_send_it() {
    let chinese = [
        "提交吧",
        "嗯提交吧",
        "可以提交",
        "好的就这样提交",
        "提交一下",
        "确认提交",
        "就这样",
        "好吧",
        "没问题提交吧",
        "发吧",
        "嗯嗯",
        "👌",
        "好的，提交吧，谢谢",
    ];
    let english = ["Send it", "Looks good, send it", "submit", "go", "OK, please send it", "Yes, that's right"];
    let chinese = chinese.map(|words| ("厨房水管漏水", words));
    let english = english.map(|words| ("The kitchen tap is dripping", words));
    for (fault, words) in chinese.into_iter().chain(english) {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.says(words).await;
        let tickets = talk.tickets().await;
        assert_eq!(tickets.len(), 1, "{}", talk.transcript());
        assert_eq!(tickets[0].description, fault);
    }
    for words in ["先别提交", "不要提交", "提交了吗", "发一下师傅电话"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水").await;
        talk.says(words).await;
        assert!(talk.tickets().await.is_empty(), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_fault_a_courtesy_or_a_denial_is_no_place() {
    for words in ["滴水", "空调", "都不热", "推不上去", "没人受伤", "嗯嗯", "👌", "谢谢", "搞错了，是地漏堵了", "Send"]
    {
        let mut talk = Talk::bound().await;
        talk.says("漏水了").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("在哪个位置？"), "{said}");
        talk.taps("厨房").await;
        talk.taps("提交").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.location.as_deref(), Some("厨房"), "{words}");
        match words {
            "空调" => assert_eq!(ticket.component.as_deref(), Some("空调")),
            "搞错了，是地漏堵了" => {
                let named = (ticket.component.as_deref(), ticket.symptom.as_deref());
                assert_eq!(named, (Some("地漏"), Some("堵了")));
            }
            _ => {}
        }
    }
    // Words that we do not know may be a place, and who cannot tell is not asked again.
    for (words, place) in [("炉子旁边", Some("炉子旁边")), ("不知道", None)] {
        let mut talk = Talk::bound().await;
        talk.says("漏水了").await;
        talk.says(words).await;
        talk.taps("提交").await;
        assert_eq!(talk.tickets().await[0].location.as_deref(), place, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn what_people_do_want_or_have_time_for_is_no_place_and_is_kept() {
    for words in [
        "I'm at work",
        "I'm not home now",
        "how about in two weeks",
        "in two weeks",
        "please don't come, I have covid",
        "can you come tonight",
        "it's urgent",
        "我在上班",
        "我现在不在家",
        "两周后",
        "两周后行吗",
        "我在上班，我去门口",
    ] {
        let english = words.is_ascii();
        let mut talk = Talk::bound().await;
        talk.says(if english { "the shower drain is blocked" } else { "马桶堵了" }).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("Where is it?") || said.contains("在哪个位置？"), "{said}");
        talk.says(if english { "bathroom obviously" } else { "在卫生间" }).await;
        talk.says("submit").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.location.as_deref(), Some(if english { "bathroom" } else { "卫生间" }));
        assert!(ticket.description.contains(words), "{}", ticket.description);
    }
    // A few words may be one, what leads to one is, and whatever was asked for in words of their own.
    for (words, own) in [
        ("bathrom", false),
        ("behind the cooker", false),
        ("it's right behind the boiler", false),
        ("in the corner where the old cooker stood", false),
        ("where my bike usually stands", true),
        ("where the washing machine is", false),
        ("work room", false),
        ("the day room", false),
        ("second one from the left", false),
        ("上班的地方", false),
        ("开会的地方", false),
        ("请看照片，门口那盏", false),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(if words.is_ascii() { "the shower drain is blocked" } else { "马桶堵了" }).await;
        if own {
            talk.taps("Somewhere else").await;
        }
        talk.says(words).await;
        talk.says("submit").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.location.as_deref(), Some(words), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_time_that_is_wished_for_is_kept_as_it_was_said() {
    for (words, time) in [
        ("any time after 5pm", "any time after 5pm"),
        ("can you come tonight", "can you come tonight"),
        ("周六 morning ok?", "周六 morning"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says("the kitchen tap drips").await;
        talk.says(words).await;
        talk.says("submit").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.wished_time.as_deref(), Some(time), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_correction_within_a_report_takes_the_place_of_what_was_said() {
    let mut talk = Talk::bound().await;
    talk.says("The kitchen tap is dripping").await;
    for (words, place) in [
        ("actually it's the bathroom tap", "Place: bathroom"),
        ("no wait, I meant the living room", "Place: living room"),
        ("Not the living room, the kitchen", "Place: kitchen"),
        // What adds to it does not.
        ("Actually the balcony too", "Place: kitchen / balcony"),
    ] {
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.lines().any(|line| line.trim() == place), "{said}");
    }
    talk.says("Can you come on Saturday morning?").await;
    talk.transcript();
    talk.says("Can you come on Sunday instead?").await;
    let said = talk.transcript();
    assert!(said.contains("on Sunday") && !said.contains("on Saturday"), "{said}");

    for words in ["不是卫生间，是厨房", "其实是厨房", "说错了，是厨房"] {
        let mut talk = Talk::bound().await;
        talk.says("卫生间水管漏水").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.lines().any(|line| line.trim() == "位置：厨房"), "{said}");
    }
}

#[tokio::test]
async fn a_part_that_is_said_to_be_another_one_is_put_right_in_the_place_as_well() {
    for (fault, words, place, part) in [
        (
            "the kitchen sink is leaking",
            "it's not the sink, it's the dishwasher",
            "Place: kitchen dishwasher",
            "Part: dishwasher",
        ),
        (
            "the shower in the guest bathroom has no hot water",
            "actually it's not the shower, it's the basin tap",
            "Place: basin tap in the guest bathroom",
            "Part: basin tap",
        ),
        ("bedroom door doesn't close", "I mean the window", "Place: bedroom window", "Part: window"),
        // What is named as a whole stays where it is.
        ("balcony door doesn't close", "I mean the window", "Place: balcony door", "Part: window"),
        ("厨房水槽堵了", "不是水槽，是洗碗机", "位置：厨房洗碗机", "部件：洗碗机"),
        ("卧室的门关不上", "我是说窗户", "位置：卧室的窗户", "部件：窗户"),
        ("卧室的门关不上", "我是说客厅的窗户", "位置：客厅的窗户", "部件：窗户"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(fault).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        for line in [place, part] {
            assert!(said.lines().any(|known| known.trim() == line), "{line}: {said}");
        }
    }
    // The question that stands is not answered by it, and the ticket that was just filed takes it.
    let mut talk = Talk::bound().await;
    talk.says("the toilet is leaking").await;
    talk.transcript();
    talk.says("it's actually the sink not the toilet").await;
    assert!(talk.transcript().contains("Where is it?"));
    talk.says("in the kitchen").await;
    let said = talk.transcript();
    assert!(said.contains("Part: sink\n") && said.contains("Place: kitchen\n"), "{said}");
    let mut talk = Talk::bound().await;
    talk.says("the bathroom toilet is leaking").await;
    talk.taps("Send").await;
    talk.says("it's actually the sink not the toilet").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert!(ticket.description.ends_with("the sink not the toilet"), "{}", talk.transcript());
}

#[tokio::test]
async fn a_message_that_is_edited_takes_the_place_of_what_it_was() {
    let mut talk = Talk::bound().await;
    talk.says("kitchen tap drips").await;
    talk.transcript();
    talk.shows(Content::Edited("bathroom tap drips".to_owned()), "[edited] bathroom tap drips").await;
    let said = talk.transcript();
    assert!(said.lines().any(|line| line.trim() == "Place: bathroom"), "{said}");
    talk.taps("Send").await;
    assert_eq!(talk.tickets().await[0].location.as_deref(), Some("bathroom"));
}

#[tokio::test]
async fn a_correction_in_english_reaches_the_ticket_that_was_just_filed_and_another_fault_does_not() {
    let mut talk = Talk::bound().await;
    talk.says("The kitchen tap is dripping").await;
    talk.taps("Send").await;
    talk.says("Sorry, I meant the living room").await;
    assert_eq!(talk.tickets().await[0].location.as_deref(), Some("living room"), "{}", talk.transcript());
    talk.says("Actually my bedroom window doesn't close").await;
    let said = talk.transcript();
    assert!(said.contains("Shall I send it like this?"), "{said}");
    assert_eq!(talk.tickets().await[0].location.as_deref(), Some("living room"), "{said}");
}

#[tokio::test]
async fn an_address_in_english_is_no_fault_for_the_garden_in_it() {
    let mut talk = Talk::begin().await;
    talk.says("I live in Building 2, Room 501, Jade Lake Garden").await;
    let said = talk.transcript();
    assert!(said.contains("Please tell me what is broken"), "{said}");
    talk.says("The kitchen tap drips").await;
    talk.taps("Send").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!(ticket.component.as_deref(), Some("tap"));
    assert!(ticket.location.as_deref().is_some_and(|place| place.contains("Room 501") && place.ends_with("kitchen")));
}

#[tokio::test]
async fn a_question_that_is_often_asked_is_answered_within_a_report_and_the_report_goes_on() {
    let mut talk = Talk::bound().await;
    talk.says("漏水了").await;
    for (asked, answer) in [
        ("怎么收费", "维修和上门都不收费"),
        ("多少钱", "维修和上门都不收费"),
        ("要自己出钱吗", "维修和上门都不收费"),
        ("在不在保", "从竣工验收日算起"),
        ("哪里可以看进度", "您目前没有未完成的工单"),
    ] {
        talk.transcript();
        talk.says(asked).await;
        let said = talk.transcript();
        assert!(said.contains(answer) && said.contains("在哪个位置？"), "{said}");
    }
    talk.says("厨房").await;
    talk.transcript();
    talk.says("要收费吗？").await;
    let said = talk.transcript();
    assert!(said.contains("维修和上门都不收费") && said.contains("这样提交可以吗？"), "{said}");
    // What tells of the fault is no mere question.
    talk.says("水管也漏水，要收费吗").await;
    let said = talk.transcript();
    assert!(said.contains("部件：水管"), "{said}");
}

#[tokio::test]
async fn a_report_for_another_flat_is_filed_for_that_one_or_for_none() {
    let mut talk = Talk::bound().await;
    let other = flat(&talk, "2栋1单元902").await;
    talk.says("帮我妈妈家报修，她住2栋1单元902，阳台门关不上").await;
    assert!(talk.transcript().contains("位置：2栋1单元902"));
    talk.taps("提交").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!(ticket.unit_id, Some(other));

    // A flat that nobody knows is not taken for the caller's own, and the address stays.
    let mut talk = Talk::bound().await;
    talk.says("我妈住1栋2单元501，主卧暖气不热").await;
    talk.taps("提交").await;
    let [ticket] = talk.tickets().await.try_into().unwrap();
    assert_eq!((ticket.unit_id, ticket.location.as_deref()), (None, Some("1栋2单元501")), "{}", talk.transcript());
    assert!(ticket.project_id.is_some());

    // Their own, told again.
    let mut talk = Talk::bound().await;
    talk.says("3栋2单元1201厨房水管漏水").await;
    talk.taps("提交").await;
    assert_eq!(talk.tickets().await[0].unit_id, Some(talk.unit), "{}", talk.transcript());
}

#[tokio::test]
async fn whoever_has_no_time_now_keeps_the_report_and_whoever_cancels_it_drops_it() {
    for (report, words, told) in [
        ("厨房水管漏水", "改天吧", "您说的先留着"),
        ("厨房水管漏水", "等会儿再说", "您说的先留着"),
        ("漏水了", "明天再说", "您说的先留着"),
        ("漏水了", "先这样吧", "您说的先留着"),
        ("The kitchen tap drips", "Not now", "what you told me waits"),
    ] {
        let mut talk = Talk::bound().await;
        talk.says(report).await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(told), "{said}");
        assert!(matches!(talk.state().await.activity, Activity::Reporting(_)), "{words}");
        talk.says("取消").await;
        assert_eq!(talk.state().await.activity, Activity::Idle, "{words}");
    }
    let mut talk = Talk::bound().await;
    talk.says("漏水了").await;
    talk.says("forget it").await;
    assert_eq!(talk.state().await.activity, Activity::Idle, "{}", talk.transcript());
    // Where nothing is told yet nothing is kept.
    let mut talk = Talk::bound().await;
    talk.says("报修").await;
    talk.says("晚点再说").await;
    assert_eq!(talk.state().await.activity, Activity::Idle, "{}", talk.transcript());
}

#[tokio::test]
async fn an_address_told_with_the_fault_is_taken_as_the_address() {
    for (words, address, place) in [
        ("我是阳光花园3栋502的，厨房水龙头漏水", "地址：阳光花园3栋502", "位置：厨房"),
        ("翡翠湾3栋502厨房水龙头漏水", "地址：翡翠湾3栋502", "位置：厨房"),
        ("我住云栖花园，3栋502，厨房水龙头漏水", "地址：云栖花园，3栋502", "位置：厨房"),
        (
            "I live in Maple Court, building 5, apartment 31, kitchen tap leaks",
            "Address: Maple Court, building 5, apartment 31",
            "Place: kitchen",
        ),
        ("I'm at 12 Oak Lane, flat 3, kitchen tap leaks", "Address: 12 Oak Lane, flat 3", "Place: kitchen"),
    ] {
        let mut talk = Talk::begin().await;
        talk.says(words).await;
        let said = talk.transcript();
        for line in [address, place] {
            assert!(said.lines().any(|known| known.trim() == line), "{line}: {said}");
        }
    }
    // What is no home, or has no name, is asked for.
    for words in [
        "厨房的2个水龙头漏水，3个阀门也漏水",
        "我家3室2厅，客厅灯不亮",
        "120平的房子，2室1厅，厨房漏水",
        "3栋502厨房水龙头漏水",
        "楼上阳光花园3栋602漏水到我家厨房吊顶",
        "我妈住金色家园6号楼402，厨房水管漏水",
        "the neighbour in flat 12, Rose Tower is renovating, the kitchen tap drips",
        "It's a house with 4 bedrooms and 2 baths, the kitchen tap drips",
    ] {
        let mut talk = Talk::begin().await;
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("地址：") && !said.contains("Address:"), "{said}");
        assert!(!said.contains("这样提交可以吗？") && !said.contains("Shall I send it"), "{said}");
    }
}

#[tokio::test]
async fn an_address_that_is_told_where_a_place_or_an_address_is_asked_for_answers() {
    let mut talk = Talk::begin().await;
    talk.says("水龙头漏水").await;
    talk.says("翡翠湾7号楼1203客厅").await;
    let said = talk.transcript();
    assert!(said.contains("位置：客厅\n") && said.contains("地址：翡翠湾7号楼1203\n"), "{said}");

    let mut talk = Talk::begin().await;
    talk.says("厨房水管漏水").await;
    talk.says("翡翠湾12-1801").await;
    let said = talk.transcript();
    assert!(said.contains("地址：翡翠湾12-1801\n"), "{said}");
}

#[tokio::test]
async fn an_address_is_put_right_at_the_summary_and_asked_for_where_it_is_only_wrong() {
    for (words, address) in [
        ("不对，地址是9栋1单元102", "地址：阳光花园9栋1单元102\n"),
        ("房号错了，是102", "地址：阳光花园3栋102\n"),
        ("地址是翡翠湾9栋102", "地址：翡翠湾9栋102\n"),
    ] {
        let mut talk = Talk::begin().await;
        talk.says("我住阳光花园3栋502，厨房水管漏水").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains(address) && said.contains("位置：厨房\n"), "{said}");
    }
    // The home of who has the key is another one.
    for words in ["钥匙在我妈家，世纪城2栋301", "钥匙在物业，世纪城2栋301"] {
        let mut talk = Talk::begin().await;
        talk.says("我住阳光花园3栋502，厨房水管漏水").await;
        talk.transcript();
        talk.says(words).await;
        assert!(!talk.transcript().contains("地址：世纪城"), "{words}");
    }
    let mut talk = Talk::begin().await;
    talk.says("我住阳光花园3栋502，厨房水管漏水").await;
    talk.transcript();
    talk.says("地址错了").await;
    let said = talk.transcript();
    assert!(said.contains("请告诉我小区、楼栋和房号"), "{said}");
    talk.says("翡翠湾9栋102").await;
    assert!(talk.transcript().contains("地址：翡翠湾9栋102\n"));
}

#[tokio::test]
async fn a_question_or_praise_of_something_else_files_nothing() {
    for words in ["为什么要我确认", "遥控器没问题", "the remote works fine"] {
        let mut talk = Talk::bound().await;
        talk.says("卧室空调不制冷").await;
        talk.says(words).await;
        assert!(talk.tickets().await.is_empty(), "{}", talk.transcript());
    }
    for words in ["我这边没问题", "完全没问题", "核对过了没问题", "地址没问题", "ok that works"]
    {
        let mut talk = Talk::bound().await;
        talk.says("卧室空调不制冷").await;
        talk.says(words).await;
        assert_eq!(talk.tickets().await.len(), 1, "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_call_for_haste_is_no_place_and_what_holds_for_the_whole_home_is_one() {
    for (words, asked) in [("快点来啊，冷死了", true), ("哪里都没电", false)] {
        let mut talk = Talk::bound().await;
        talk.says("停电了").await;
        talk.transcript();
        talk.says(words).await;
        assert_eq!(talk.transcript().contains("在哪个位置？"), asked, "{words}");
    }
}

#[tokio::test]
async fn what_plainly_is_no_address_leaves_the_question_for_it_open() {
    for words in ["你们什么时候来", "快点", "师傅怎么联系我"] {
        let mut talk = Talk::begin().await;
        talk.says("厨房水管漏水").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(!said.contains("这样提交可以吗？"), "{said}");
    }
}

#[tokio::test]
async fn who_wants_to_report_something_in_english_is_asked_what_it_is() {
    for words in ["I want to report a problem", "something is broken", "need a repair", "I'd like to report an issue"] {
        let mut talk = Talk::bound().await;
        talk.says("/language en").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("Please tell me what is broken"), "{said}");
        assert!(talk.tickets().await.is_empty());
    }
}

#[tokio::test]
async fn the_whole_home_is_a_place() {
    for words in ["全屋", "整个家", "到处都是", "everywhere", "the whole flat"] {
        let mut talk = Talk::bound().await;
        talk.says("漏水了").await;
        talk.says(words).await;
        talk.says("submit").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.location.as_deref(), Some(words), "{}", talk.transcript());
    }
}

#[tokio::test]
async fn who_is_not_understood_at_the_summary_is_told_what_can_be_answered() {
    let mut talk = Talk::bound().await;
    talk.says("厨房水龙头漏水").await;
    talk.says("我家的猫叫咪咪").await;
    talk.transcript();
    talk.says("它特别喜欢晒太阳").await;
    let said = talk.transcript();
    assert!(said.contains("要提交请回“提交”") && !said.contains("请您看一下"), "{said}");
    talk.says("提交").await;
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn what_a_repair_costs_is_answered_however_it_is_asked_and_the_report_goes_on() {
    for asked in [
        "收费不",
        "收费吗要是要钱我就不修了",
        "要钱我就不修了",
        "要钱的话，那就不修了",
        "这个要不要钱",
        "保修期内免费吧",
        "使唔使钱",
    ] {
        let mut talk = Talk::bound().await;
        talk.says("漏水了").await;
        talk.transcript();
        talk.says(asked).await;
        let said = talk.transcript();
        assert!(said.contains("维修和上门都不收费") && said.contains("在哪个位置？"), "{asked}: {said}");
        talk.says("厨房").await;
        talk.transcript();
        talk.says(asked).await;
        let said = talk.transcript();
        assert!(said.contains("维修和上门都不收费") && said.contains("这样提交可以吗？"), "{asked}: {said}");
        talk.taps("提交").await;
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert_eq!(ticket.location.as_deref(), Some("厨房"), "{asked}");
        assert!(ticket.description.contains(asked), "{}", ticket.description);
    }
    // With the fault it is answered as well.
    let mut talk = Talk::bound().await;
    talk.says("厨房水管漏水，要收费吗").await;
    let said = talk.transcript();
    assert!(said.contains("维修和上门都不收费") && said.contains("部件：水管"), "{said}");
    // Who has decided is not asked again.
    talk.says("不修了").await;
    assert!(talk.transcript().contains("这次不报"));
}

#[tokio::test]
async fn who_makes_the_cost_a_condition_calls_nothing_off_and_who_has_decided_does() {
    for words in [
        "要钱我就不修了",
        "要收费就不用修了",
        "要钱的话，那就不修了",
        "不修了，如果要钱的话",
        "if it costs anything, cancel it",
    ] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水").await;
        talk.taps("提交").await;
        talk.transcript();
        talk.says(words).await;
        let said = talk.transcript();
        assert!(said.contains("维修和上门都不收费") || said.contains("repair and visit are free"), "{words}: {said}");
        let [ticket] = talk.tickets().await.try_into().unwrap();
        assert!(talk.history(&ticket).await.contains(words), "{words}");
        assert!(talk.flags().await.is_empty(), "{words}");
    }
    for words in ["收费太贵了，不用修了", "师傅说要收费，那就不用修了"] {
        let mut talk = Talk::bound().await;
        talk.says("厨房水管漏水").await;
        talk.taps("提交").await;
        talk.says(words).await;
        assert_eq!(talk.flagged("person_requested").await.len(), 1, "{words}: {}", talk.transcript());
    }
}

#[tokio::test]
async fn what_is_to_be_brought_along_is_kept_with_a_repair_and_another_idea_is_not() {
    let mut talk = Talk::bound().await;
    for fault in ["客厅灯不亮", "厨房水管漏水"] {
        talk.says(fault).await;
        talk.taps("提交").await;
    }
    for words in ["建议师傅下次带个新软管", "建议下次带个新水龙头", "建议多装几盏路灯"] {
        talk.says(words).await;
    }
    let tickets = talk.tickets().await;
    let pipe = tickets.iter().find(|ticket| ticket.category == Some(Category::Leak)).unwrap();
    let history = talk.history(pipe).await;
    assert!(history.contains("建议师傅下次带个新软管") && history.contains("建议下次带个新水龙头"), "{history}");
    assert!(!history.contains("路灯"), "{history}");
}
