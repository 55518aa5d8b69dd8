//! What reaches a follower whose window is shut: subscription messages by their consent, template
//! messages, and a survey that is announced by one.

use std::time::Duration;

use huifang::channel::Channels;
use huifang::channel::wechat::{Wechat, WechatConfig};
use huifang::clock::Clock;
use huifang::desk::Desk;
use huifang::domain::visit::{Reason, VisitStatus};
use huifang::store;
use huifang::store::outbox::Delivery;
use insta::assert_snapshot;

use crate::fake_wechat::{FakeWechat, Follower};
use crate::house::House;

const TEMPLATE: &str = "TPL-1";
const SUBSCRIPTION: &str = "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc";
const ANNOUNCED: &str = "回访问卷，回复任意文字即可开始";

/// A house with what is set up of the two ways, and a follower who was bound to the flat three days
/// before a Tuesday morning.
async fn after_three_days(template: bool, subscription: bool) -> (FakeWechat, House, Follower) {
    let wechat = FakeWechat::start().await;
    let config = WechatConfig {
        template_id: template.then(|| TEMPLATE.to_owned()),
        subscription_id: subscription.then(|| SUBSCRIPTION.to_owned()),
        ..wechat.config()
    };
    let channels =
        |clock: &Clock| Channels { wechat: Wechat::new(&config, clock.clone()).unwrap(), ..Channels::default() };
    let house = House::open(channels).await;
    let person = Follower::of(&house, "oPERSON", true);
    person.deliver(&person.event("subscribe", &format!("qrscene_{}", house.token()))).await;
    person.says("您好").await;
    house.works().await;
    house.clock.advance(Duration::from_secs(72 * 3_600));
    (wechat, house, person)
}

async fn agrees(wechat: &FakeWechat, person: &Follower) {
    wechat.is_allowed(&person.openid, SUBSCRIPTION);
    let push = person.consent("popup", &[(SUBSCRIPTION, "accept"), ("another", "reject")]);
    // Repeated as the platform repeats it: it is one consent.
    for _ in 0..3 {
        assert_eq!(person.deliver(&push).await.raw, "success");
    }
}

/// Staff writes something longer than a notice; returns why it was held back.
async fn staff_writes(house: &House) -> String {
    let read = house
        .runner
        .store
        .read(|tx| Box::pin(async move { store::dialogues::find_by_address(tx, "wechat", "oPERSON").await }));
    let dialogue = read.await.unwrap().unwrap().id;
    let words = "师傅明天上午九点到，请留人在家，谢谢您。";
    Desk::new(house.runner.intake.clone()).reply(dialogue, words, house.clock.new_id()).await.unwrap();
    house.works().await;
    house.outbox(Delivery::Withheld).await.last().unwrap().reason.clone().unwrap()
}

#[tokio::test]
async fn a_consent_allows_one_subscription_message_and_then_the_template_message_is_next() {
    let (wechat, house, person) = after_three_days(true, true).await;
    agrees(&wechat, &person).await;
    let told = staff_writes(&house).await;
    assert_eq!(told, "window: the person wrote too long ago; a subscription message told them of it");
    assert_eq!(wechat.notices("subscribe/bizsend"), ["师傅明天上午九点到，请留人在家，谢谢您。"]);
    let told = staff_writes(&house).await;
    assert_eq!(told, "window: the person wrote too long ago; a template message told them of it");
    assert_eq!((wechat.notices("subscribe/bizsend").len(), wechat.notices("template/send").len()), (1, 1));
    // To agree opens no window.
    agrees(&wechat, &person).await;
    assert!(staff_writes(&house).await.ends_with("a subscription message told them of it"));
    assert_eq!(wechat.texts(), Vec::<String>::new());
}

#[tokio::test]
async fn a_consent_that_was_taken_back_or_is_unknown_to_the_platform_is_not_used() {
    let (wechat, house, person) = after_three_days(false, true).await;
    agrees(&wechat, &person).await;
    house.clock.advance(Duration::from_secs(1));
    person.deliver(&person.consent("change", &[(SUBSCRIPTION, "reject")])).await;
    assert_eq!(staff_writes(&house).await, "window: the person wrote too long ago");
    assert!(wechat.notices("subscribe/bizsend").is_empty());
    // To say no in the dialog takes nothing back.
    agrees(&wechat, &person).await;
    person.deliver(&person.consent("popup", &[(SUBSCRIPTION, "reject")])).await;
    wechat.refuses_notices(&[43101]);
    let told = staff_writes(&house).await;
    assert_snapshot!(told, @"window: the person wrote too long ago; nor was the subscription message brought: WeChat answered 43101: the person has not agreed to such messages; rid 6555-43101");
    assert_eq!(staff_writes(&house).await, "window: the person wrote too long ago", "a consent is used once");
    // What surely did not leave used nothing up.
    house.clock.advance(Duration::from_secs(1));
    agrees(&wechat, &person).await;
    wechat.refuses_notices(&[-1]);
    assert!(staff_writes(&house).await.contains("WeChat answered -1"));
    assert!(staff_writes(&house).await.ends_with("a subscription message told them of it"));
}

#[tokio::test]
async fn a_survey_is_announced_by_a_notice_and_goes_on_when_the_person_writes_back() {
    let (wechat, house, person) = after_three_days(true, false).await;
    let visit = house.owes_a_visit("maintenance").await;
    assert_eq!(wechat.notices("template/send"), [ANNOUNCED]);
    assert_eq!(house.visit(visit).await, (VisitStatus::Sent, None));
    assert!(house.outbox(Delivery::Withheld).await.is_empty() && house.flags().await.is_empty());
    // Brought up once more, once; by day.
    house.clock.advance(Duration::from_secs(60 * 3_600));
    house.works().await;
    assert_eq!(house.visit(visit).await.0, VisitStatus::Sent, "ten in the evening");
    house.clock.advance(Duration::from_secs(12 * 3_600));
    house.works().await;
    assert_eq!(house.visit(visit).await.0, VisitStatus::Reminded);
    house.clock.advance(Duration::from_secs(72 * 3_600));
    house.works().await;
    assert_eq!(wechat.notices("template/send"), [ANNOUNCED, ANNOUNCED]);
    let said = person.says("好").await.unwrap();
    assert_snapshot!(said, @r"
    您好！翠湖花园 3栋2单元1201 最近情况有些特殊，我们来确认一下是否一切正常。
    想听听您对我们服务的看法，五个小问题，一分钟就好。点按钮、打字、语音都行。
    （1/5）总体来说，您满意吗？
    1 分很不满意，5 分非常满意
    1 2 3 4 5
    ");
    for answer in ["5", "5", "4", "5", "9"] {
        person.says(answer).await.unwrap();
    }
    house.works().await;
    assert_eq!(house.visit(visit).await, (VisitStatus::Answered, None));
    assert!(house.rows().await.starts_with("maintenance"), "{}", house.rows().await);
    assert!(wechat.texts().is_empty() && house.outbox(Delivery::Withheld).await.is_empty());
}

#[tokio::test]
async fn a_report_comes_before_the_survey_that_was_announced() {
    let (wechat, house, person) = after_three_days(false, true).await;
    agrees(&wechat, &person).await;
    let visit = house.owes_a_visit("maintenance").await;
    assert_eq!(wechat.notices("subscribe/bizsend"), [ANNOUNCED]);
    let said = person.says("厨房水龙头漏水").await.unwrap();
    assert!(said.contains("漏水") && !said.contains("1/5"), "{said}");
    house.works().await;
    let said = person.says("提交").await.unwrap();
    house.works().await;
    let all = format!("{said}{}", wechat.texts().concat());
    assert!(all.contains("1/5"), "{all}");
    assert_eq!(house.visit(visit).await.0, VisitStatus::Sent);
}

#[tokio::test]
async fn a_survey_that_cannot_be_announced_is_given_to_a_person() {
    let (wechat, house, person) = after_three_days(true, false).await;
    wechat.refuses_notices(&[43004]);
    let visit = house.owes_a_visit("maintenance").await;
    assert_eq!(house.visit(visit).await, (VisitStatus::Call, Some(Reason::NotReachable)));
    assert!(house.flags().await.is_empty(), "the call list is where it is seen");
    // Who writes after all is asked all the same, and saves the call.
    let said = person.says("在吗").await.unwrap();
    assert!(said.contains("1/5") && !said.contains(ANNOUNCED), "{said}");
    for answer in ["5", "5", "4", "5", "9"] {
        person.says(answer).await.unwrap();
    }
    assert_eq!(house.visit(visit).await.0, VisitStatus::Answered);

    let (_, house, _) = after_three_days(false, true).await;
    let visit = house.owes_a_visit("maintenance").await;
    assert_eq!(house.visit(visit).await, (VisitStatus::Call, Some(Reason::NotReachable)), "nobody agreed to anything");
}

#[tokio::test]
async fn nobody_answers_an_announced_survey_for_two_weeks_or_wants_none() {
    let (wechat, house, person) = after_three_days(true, false).await;
    let visit = house.owes_a_visit("maintenance").await;
    for _ in 0..15 {
        house.clock.advance(Duration::from_secs(86_400));
        house.works().await;
    }
    assert_eq!(house.visit(visit).await, (VisitStatus::Call, Some(Reason::Unanswered)));
    assert_eq!(wechat.notices("template/send").len(), 2, "announced and brought up once more");
    let said = person.says("您好").await.unwrap_or_default();
    assert!(!said.contains("1/5") && !said.contains(ANNOUNCED), "it is over: {said}");
    house.clock.advance(Duration::from_secs(2 * 86_400));
    let visit = house.owes_a_visit("maintenance").await;
    assert_eq!(house.visit(visit).await.0, VisitStatus::Sent);
    person.says("退订").await;
    assert_eq!(house.visit(visit).await, (VisitStatus::Skipped, Some(Reason::OptedOut)));
}
