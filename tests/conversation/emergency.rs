//! Danger: safety words first, filed before anything is asked.

use crate::talk::Talk;
use insta::assert_snapshot;

#[tokio::test]
async fn gas_is_answered_with_safety_words_and_filed_at_once() {
    let mut talk = Talk::bound().await;
    talk.says("厨房有很重的煤气味").await;
    assert_snapshot!(talk.transcript(), @"");
    let tickets = talk.tickets().await;
    assert_eq!((tickets.len(), talk.taps), (1, 0));
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "emergency"));
}

#[tokio::test]
async fn an_emergency_by_voice_without_a_place_is_filed_first_and_then_asked() {
    let mut talk = Talk::begin().await;
    talk.speaks("插座冒火花了").await;
    talk.says("客厅").await;
    talk.says("翠湖花园3栋").await;
    assert_snapshot!(talk.transcript(), @"");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn danger_breaks_the_silence_while_a_person_has_the_conversation() {
    let mut talk = Talk::bound().await;
    talk.says("人工").await;
    talk.says("在吗").await;
    talk.says("电梯里困了两个人").await;
    assert_snapshot!(talk.transcript(), @"");
    assert_eq!(talk.tickets().await.len(), 1);
    assert!(talk.state().await.handed_over());
}
