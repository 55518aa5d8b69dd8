//! Asking for a person, complaints, praise, language, leaving.

use crate::talk::Talk;
use huifang::domain::dialogue::Event;
use insta::assert_snapshot;

#[tokio::test]
async fn a_request_for_a_person_stops_the_automaton_until_staff_hands_back() {
    let mut talk = Talk::bound().await;
    talk.says("你是机器人吧，我要跟真人说话").await;
    talk.says("厨房漏水").await;
    talk.sends_photo().await;
    let dialogue = talk.dialogue().await;
    talk.happens(dialogue, Event::HandedBack).await;
    assert_snapshot!(talk.transcript(), @"");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "person_requested"));
    assert!(talk.tickets().await.is_empty());
}

#[tokio::test]
async fn a_complaint_is_filed_without_a_tap_and_praise_is_passed_on() {
    let mut talk = Talk::bound().await;
    talk.says("你们就是踢皮球，推来推去没人管").await;
    talk.says("不过上次那位师傅很有礼貌，谢谢").await;
    talk.says("能不能周末也安排上门").await;
    assert_snapshot!(talk.transcript(), @"");
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
    assert_snapshot!(talk.transcript(), @"");
}
