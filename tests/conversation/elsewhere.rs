//! One person on several channels: what makes two contacts one, what does not, and a conversation that
//! goes on elsewhere.

use std::time::Duration;

use huifang::channel::{ChannelKind, Content};
use huifang::desk::Desk;
use huifang::domain::contact::Contact;
use huifang::domain::dialogue::Event;
use huifang::domain::ids::ContactId;
use huifang::domain::language::Language;
use huifang::intake::links::Links;
use huifang::store::{self, StoreError};
use insta::assert_snapshot;

use crate::office::{at, window};
use crate::talk::Talk;

const HOUR: Duration = Duration::from_secs(3600);

/// The line that leads elsewhere, as it stands in the last answer.
fn link(transcript: &str) -> String {
    let line = transcript.lines().rev().find(|line| line.contains("/start c")).unwrap();
    line[line.find("/start c").unwrap()..].to_owned()
}

/// The transcript with what is signed left out.
fn readable(transcript: &str) -> String {
    let signed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let word = |word: &'_ str| {
        let (long, rest) = word.split_at(word.find(|c| !signed(c)).unwrap_or(word.len()));
        if long.len() > 40 { format!("TOKEN{rest}") } else { word.to_owned() }
    };
    let line = |line: &str| line.split_inclusive(|c| !signed(c)).map(word).collect::<String>();
    transcript.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Somebody of the operator's register, who lives in the flat.
async fn registered(talk: &Talk, phone: &str) -> ContactId {
    let mut contact = Contact::new(talk.clock.new_id(), Language::Chinese, talk.clock.now());
    (contact.name, contact.phone) = (Some("王敏".to_owned()), Some(phone.to_owned()));
    let (id, unit, now) = (contact.id, talk.unit, talk.clock.now());
    let stored = talk.store.write(move |tx| {
        Box::pin(async move {
            store::contacts::insert(tx, &contact).await?;
            store::contact_units::bind(tx, id, unit, now).await
        })
    });
    let stored: Result<bool, StoreError> = stored.await;
    assert!(stored.unwrap());
    talk.clock.advance(HOUR);
    id
}

#[tokio::test]
async fn a_report_begun_on_telegram_goes_on_on_the_web_and_nothing_is_doubled() {
    let mut talk = Talk::begin().await;
    talk.intake = talk.intake.clone().with_links(Links::At("https://huifang.example.com".to_owned()));
    talk.turns_to(ChannelKind::Telegram, "1111111").await;
    talk.binds().await;
    talk.says("厨房水龙头一直滴水，三天了").await;
    talk.sends_photo().await;
    let telegram = talk.whose().await;
    talk.says("换个渠道").await;
    let told = talk.transcript();
    let way = link(&told);
    assert_snapshot!(readable(&told), @r"
    -- telegram --
    » [扫码]
      您好！这里是 翠湖花园 3栋2单元1201 的售后服务。哪里坏了、想查进度、想提意见，直接说就行，打字、语音、照片都可以。
      您发来的内容用于维修、回访和改进服务，继续就是同意；详情请回复“隐私”。
      [报修] [查进度] [评价] [找人工]
    » 厨房水龙头一直滴水，三天了
      请您看一下：
      类别：渗漏
      问题：一直滴
      位置：厨房
      部件：水龙头
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [照片]
      照片已加上。
      请您看一下：
      类别：渗漏
      问题：一直滴
      位置：厨房
      部件：水龙头
      附件：1 个
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » 换个渠道
      想换个渠道接着聊，半小时内打开下面的链接就行，报修和评价都会跟过去。链接只给自己用，别转发。
      网页：https://huifang.example.com/chat?t=TOKEN
      微信等其他渠道：把这一行原样发给我们：/start TOKEN
      也可以点下面的按钮发来您的手机号：如果它登记在我们这里，我就知道您住哪一户。
      [发送我的手机号]
    ");

    talk.turns_to(ChannelKind::Web, "browser").await;
    talk.says("/start").await;
    assert_ne!(talk.whose().await, telegram);
    talk.says(&way).await;
    assert_eq!(talk.whose().await, telegram, "the one who was known first carries on");
    talk.taps("提交").await;
    let filed = talk.tickets().await;
    assert_eq!(filed.len(), 1);
    assert_eq!((filed[0].contact_id, talk.media_of(&filed[0]).await), (telegram, 1));

    // What was begun there would have come up there once more, and been filed without an answer.
    let (there, timers) = (filed[0].dialogue_id.unwrap(), talk.clock.clone());
    assert_eq!(there, talk.dialogue().await);
    talk.turns_to(ChannelKind::Telegram, "1111111").await;
    timers.advance(HOUR * 24);
    talk.says("谢谢").await;
    assert_eq!(talk.tickets().await.len(), 1);
    assert_snapshot!(readable(&talk.transcript()), @r"
    -- web --
    » /start
      您好！这里是工程售后服务。哪里坏了、想查进度、想提意见，直接说就行，打字、语音、照片都可以。
      您发来的内容用于维修、回访和改进服务，继续就是同意；详情请回复“隐私”。
      [报修] [查进度] [评价] [找人工]
    » /start TOKEN
      好的，我们在这里接着聊。
      请您看一下：
      类别：渗漏
      问题：一直滴
      位置：厨房
      部件：水龙头
      附件：1 个
      这样提交可以吗？
      [提交] [改一改] [不报了]
    » [提交]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
      详情：https://huifang.example.com/t/TOKEN
    -- telegram --
      您的对话已转到网页继续。如果不是您本人打开的，请马上回复“人工”。
    » 谢谢
      好的。需要什么，随时跟我说。
    ");
}

#[tokio::test]
async fn a_survey_half_answered_goes_on_elsewhere_and_its_end_is_told_there() {
    let mut talk = Talk::bound().await;
    talk.says("评价").await;
    talk.says("4").await;
    let (first, here) = (talk.responses().await, talk.dialogue().await);
    talk.says("/elsewhere").await;
    let way = link(&talk.transcript());
    talk.turns_to(ChannelKind::Wechat, "openid").await;
    talk.says(&way).await;
    assert_snapshot!(readable(&talk.transcript()), @r"
    -- wechat --
    » /start TOKEN
      好的，我们在这里接着聊。
      （2/5）响应快不快，到得及时吗？
      1 分很不满意，5 分非常满意
      [1] [2] [3] [4] [5]
    ");
    // The reminder was owed to the other conversation; it finds the question where it stands now.
    let timer = huifang::domain::dialogue::Timer::SurveyReminder { response: first[0].id };
    talk.happens(here, Event::Elapsed(timer)).await;
    assert_snapshot!(readable(&talk.transcript()), @r"
    上次的评价还没填完，方便的话接着填，一分钟就好。
    （2/5）响应快不快，到得及时吗？
    1 分很不满意，5 分非常满意
    [1] [2] [3] [4] [5]
    ");
    talk.says("5").await;
    assert_eq!(talk.responses().await.len(), 1);
}

#[tokio::test]
async fn an_appointment_that_went_along_ends_where_it_is_known_wherever_they_wrote_last() {
    for arrives in [true, false] {
        let mut talk = Talk::bound().await;
        let li = talk.hires("li", |_| {}).await;
        let ticket = talk.reports_a_leak().await;
        talk.desk().take(ticket.id, li).await.unwrap();
        talk.desk().agree(ticket.id, window("24 09:00", "24 12:00"), li).await.unwrap();
        talk.says("换渠道").await;
        let way = link(&talk.transcript());
        talk.turns_to(ChannelKind::Wechat, "openid").await;
        talk.says(&way).await;
        assert_eq!(talk.state().await.meetings.len(), 1, "it went along");
        talk.turns_to(ChannelKind::Web, "somebody").await;
        talk.says("谢谢").await;
        talk.transcript();
        if arrives {
            talk.desk().arrive(ticket.id, li).await.unwrap();
        } else {
            talk.desk().withdraw(ticket.id, li).await.unwrap();
        }
        talk.turns_to(ChannelKind::Wechat, "openid").await;
        let told = talk.transcript();
        assert_eq!(told.contains("原来约的时间取消了"), !arrives, "{told}");
        assert!(talk.state().await.meetings.is_empty(), "nobody is announced for the 24th");
    }
}

#[tokio::test]
async fn a_time_agreed_on_one_channel_is_over_there_when_it_is_taken_back_or_replaced_on_another() {
    for replaced in [true, false] {
        let mut talk = Talk::begin().await;
        talk.turns_to(ChannelKind::Telegram, "1111111").await;
        talk.binds().await;
        let li = talk.hires("li", |_| {}).await;
        let ticket = talk.reports_a_leak().await;
        talk.desk().take(ticket.id, li).await.unwrap();
        talk.says("换渠道").await;
        let way = link(&talk.transcript());
        talk.turns_to(ChannelKind::Web, "browser").await;
        talk.says(&way).await;
        talk.turns_to(ChannelKind::Telegram, "1111111").await;
        talk.says("谢谢").await;
        talk.desk().offer(ticket.id, vec![window("24 09:00", "24 12:00")], li).await.unwrap();
        talk.hears().await;
        talk.taps("11月24日（周二）09:00–12:00").await;
        talk.turns_to(ChannelKind::Web, "browser").await;
        talk.says("谢谢").await;
        if replaced {
            talk.desk().offer(ticket.id, vec![window("25 09:00", "25 12:00")], li).await.unwrap();
            talk.hears().await;
            assert!(talk.button("11月25日（周三）09:00–12:00").starts_with("appt:"));
        }
        talk.transcript();
        talk.desk().withdraw(ticket.id, li).await.unwrap();
        talk.hears().await;
        let here = talk.transcript();
        assert_eq!(here.contains("原来约的时间取消了"), replaced, "{here}");
        assert!(talk.state().await.meetings.is_empty(), "its buttons count no more");
        talk.turns_to(ChannelKind::Telegram, "1111111").await;
        talk.waits_until(at("24 10:00")).await;
        let there = talk.transcript();
        assert_eq!(there.contains("原来约的时间取消了"), !replaced, "{there}");
        assert!(!there.contains("提醒您"), "{there}");
        assert!(talk.state().await.meetings.is_empty());
    }
}

#[tokio::test]
async fn a_link_is_good_once_and_half_an_hour() {
    let mut talk = Talk::bound().await;
    talk.says("换渠道").await;
    let way = link(&talk.transcript());
    let owner = talk.whose().await;
    talk.says(&way).await;
    talk.turns_to(ChannelKind::Wechat, "openid").await;
    talk.says(&way).await;
    talk.says(&way).await;
    talk.turns_to(ChannelKind::Telegram, "666").await;
    talk.says(&way).await;
    assert_ne!(talk.whose().await, owner, "it was used before");
    talk.turns_to(ChannelKind::Web, "somebody").await;
    talk.says("换渠道").await;
    let told = talk.transcript();
    let late = link(&told);
    assert_snapshot!(readable(&told), @r"
    » /start TOKEN
      您已经在这里了，接着说就行。
    -- wechat --
    » /start TOKEN
      好的，我们在这里接着聊。
      [报修] [查进度] [评价] [找人工]
    » /start TOKEN
      您已经在这里了，接着说就行。
    -- telegram --
    » /start TOKEN
      这个链接用过了，或者已过期。请在原来的渠道回复“换渠道”，再要一个。
    -- web --
      您的对话已转到微信公众号继续。如果不是您本人打开的，请马上回复“人工”。
    » 换渠道
      想换个渠道接着聊，半小时内打开下面的链接就行，报修和评价都会跟过去。链接只给自己用，别转发。
      微信等其他渠道：把这一行原样发给我们：/start TOKEN
    ");
    talk.clock.advance(HOUR);
    talk.turns_to(ChannelKind::Telegram, "667").await;
    talk.says(&late).await;
    assert_ne!(talk.whose().await, owner);
    assert_snapshot!(readable(&talk.transcript()), @r"
    -- telegram --
    » /start TOKEN
      这个链接用过了，或者已过期。请在原来的渠道回复“换渠道”，再要一个。
    ");
}

#[tokio::test]
async fn two_people_of_one_flat_are_never_made_one_by_its_code() {
    let mut talk = Talk::bound().await;
    let wife = talk.whose().await;
    talk.turns_to(ChannelKind::Telegram, "1111111").await;
    talk.binds().await;
    talk.says("我也住这里").await;
    assert_ne!(talk.whose().await, wife);
    let unit = talk.unit;
    let people = talk.store.read(|tx| Box::pin(async move { store::contact_units::contacts(tx, unit).await })).await;
    assert_eq!(people.unwrap().len(), 2);
}

#[tokio::test]
async fn a_number_the_platform_vouches_for_makes_them_the_person_on_the_books() {
    let mut talk = Talk::begin().await;
    let known = registered(&talk, "13800138000").await;
    talk.turns_to(ChannelKind::Telegram, "1111111").await;
    talk.says("我的手机号是13800138000").await;
    assert_ne!(talk.whose().await, known, "a number that is typed shows nothing");
    talk.shows(Content::OwnNumber("8613800138000".to_owned()), "[手机号]").await;
    assert_eq!(talk.whose().await, known);
    let person = talk.contact(known).await;
    assert_eq!((person.name.as_deref(), person.phone_verified_at.is_some()), (Some("王敏"), true));
    assert_eq!(talk.state().await.binding.unwrap().unit, talk.unit);
    assert_snapshot!(readable(&talk.transcript()), @r"
    -- telegram --
    » 我的手机号是13800138000
      我没看明白。您是要报修、查进度，还是找人工？
      [报修] [查进度] [评价] [找人工]
    » [手机号]
      谢谢，手机号已核实，和我们登记的是同一位。
      您好！这里是 翠湖花园 3栋2单元1201 的售后服务。哪里坏了、想查进度、想提意见，直接说就行，打字、语音、照片都可以。
      您发来的内容用于维修、回访和改进服务，继续就是同意；详情请回复“隐私”。
      [报修] [查进度] [评价] [找人工]
    ");
}

#[tokio::test]
async fn an_emergency_filed_for_no_home_takes_the_one_that_a_number_or_another_channel_tells() {
    for with_staff in [false, true] {
        let mut talk = Talk::begin().await;
        registered(&talk, "13800138000").await;
        talk.turns_to(ChannelKind::Telegram, "1111111").await;
        if with_staff {
            talk.says("人工").await;
        }
        talk.says("有很重的煤气味").await;
        talk.shows(Content::OwnNumber("8613800138000".to_owned()), "[手机号]").await;
        let told: Vec<_> = talk.tickets().await.iter().map(|ticket| ticket.unit_id).collect();
        assert_eq!(told, [Some(talk.unit)], "{}", talk.transcript());

        let mut talk = Talk::bound().await;
        talk.turns_to(ChannelKind::Telegram, "1111111").await;
        if with_staff {
            talk.says("人工").await;
        }
        talk.says("有很重的煤气味").await;
        talk.says("换渠道").await;
        let way = link(&talk.transcript());
        talk.turns_to(ChannelKind::Web, "somebody").await;
        talk.says(&way).await;
        let told: Vec<_> = talk.tickets().await.iter().map(|ticket| ticket.unit_id).collect();
        assert_eq!(told, [Some(talk.unit)], "{}", talk.transcript());
    }
}

#[tokio::test]
async fn a_number_that_somebody_else_here_has_already_joins_nobody() {
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Telegram, "1111111").await;
    talk.shows(Content::OwnNumber("8613800138000".to_owned()), "[手机号]").await;
    let first = talk.whose().await;
    talk.turns_to(ChannelKind::Telegram, "2222222").await;
    talk.shows(Content::OwnNumber("+86 138 0013 8000".to_owned()), "[手机号]").await;
    assert_ne!(talk.whose().await, first, "a number changes hands");
    talk.shows(Content::OwnNumber("12".to_owned()), "[手机号]").await;
    assert_snapshot!(readable(&talk.transcript()), @r"
    -- telegram --
    » [手机号]
      谢谢，手机号已核实并记下。
    -- telegram --
    » [手机号]
      谢谢，手机号已核实并记下。
    » [手机号]
      这个号码我没认出来。您可以直接告诉我小区、楼栋和房号。
    ");
}

#[tokio::test]
async fn the_link_of_somebody_with_another_number_joins_nobody() {
    let mut talk = Talk::begin().await;
    talk.turns_to(ChannelKind::Telegram, "1111111").await;
    talk.shows(Content::OwnNumber("8613800138000".to_owned()), "[手机号]").await;
    talk.says("换渠道").await;
    let way = link(&talk.transcript());
    let first = talk.whose().await;
    talk.turns_to(ChannelKind::Http, "app").await;
    talk.shows(Content::OwnNumber("13900139000".to_owned()), "[手机号]").await;
    talk.says(&way).await;
    assert_ne!(talk.whose().await, first);
    assert_snapshot!(readable(&talk.transcript()), @r"
    -- http --
    » [手机号]
      谢谢，手机号已核实并记下。
    » /start TOKEN
      这个链接属于另一位用户，两边的资料没有合并。需要帮忙请回复“人工”。
    ");
}

#[tokio::test]
async fn staff_takes_two_apart_that_were_joined_and_each_has_their_own_again() {
    let mut talk = Talk::bound().await;
    let owner = talk.whose().await;
    talk.says("厨房漏水").await;
    talk.says("换渠道").await;
    let way = link(&talk.transcript());
    talk.turns_to(ChannelKind::Telegram, "1111111").await;
    talk.says("投诉，你们太慢了，一直没人管").await;
    let other = talk.whose().await;
    let complaint = talk.tickets().await[0].id;
    talk.says(&way).await;
    assert_eq!(talk.whose().await, owner);
    assert_eq!(talk.contact(other).await.merged_into, Some(owner));

    let (desk, by) = (Desk::new(talk.intake.clone()), talk.hires("li", |_| {}).await);
    let merges = talk.store.read(|tx| Box::pin(async move { store::contact_merges::list(tx, other).await })).await;
    let merge = merges.unwrap().remove(0);
    assert!(desk.part(talk.clock.new_id(), merge.id, by).await.is_err(), "somebody else's");
    desk.part(owner, merge.id, by).await.unwrap();
    assert_eq!(talk.whose().await, other);
    assert_eq!(talk.contact(other).await.merged_into, None);
    let ticket = talk.store.read(|tx| Box::pin(async move { store::tickets::find(tx, complaint).await })).await;
    assert_eq!(ticket.unwrap().unwrap().contact_id, other);
    assert!(desk.part(owner, merge.id, by).await.is_err(), "once");

    // Staff may say so as well, and what it says is kept.
    assert_eq!(desk.unite(other, owner, by).await.unwrap(), owner);
    assert!(desk.unite(other, owner, by).await.is_err(), "they are one already");
    let merges = talk.store.read(|tx| Box::pin(async move { store::contact_merges::list(tx, owner).await })).await;
    let said: Vec<_> =
        merges.unwrap().iter().map(|merge| (merge.why.name(), merge.staff, merge.undone_at.is_some())).collect();
    assert_eq!(said, [("staff", Some(by), false), ("link", None, true)]);
}
