//! What goes wrong: tokens, duplicates, restarts, recordings without words, odd texts.

use std::time::Duration;

use crate::talk::Talk;
use huifang::channel::{Content, Refusal};
use huifang::domain::dialogue::NotHeard;
use insta::assert_snapshot;

#[tokio::test]
async fn tokens_that_are_unknown_or_expired_are_answered_in_words() {
    let mut talk = Talk::begin().await;
    talk.says("/start abcdefgh").await;
    let old = talk.key.sign(talk.unit, talk.clock.now() - Duration::from_secs(60));
    talk.says(&format!("/start {old}")).await;
    let transcript = talk.transcript().replace(&old[..20], "TOKEN");
    assert_snapshot!(transcript.lines().filter(|line| !line.starts_with('»')).collect::<Vec<_>>().join("\n"), @"");
}

#[tokio::test]
async fn a_message_delivered_twice_is_applied_once() {
    let mut talk = Talk::bound().await;
    let confirm = Content::Text("阳台窗户关不严".to_owned());
    assert!(!talk.send_as("a", confirm.clone()).await);
    assert!(talk.send_as("a", confirm).await);
    let submit = Content::Choice(talk.button("提交"));
    assert!(!talk.send_as("b", submit.clone()).await);
    assert!(talk.send_as("b", submit.clone()).await);
    // The same button once more, from a second tab.
    assert!(!talk.send_as("c", submit).await);
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_restart_at_any_point_goes_on_where_it_was() {
    let mut talk = Talk::bound().await;
    talk.says("报修").await;
    talk.restart().await;
    talk.says("马桶堵了").await;
    talk.restart().await;
    talk.taps("卫生间").await;
    talk.restart().await;
    talk.taps("提交").await;
    assert_snapshot!(talk.transcript(), @"");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_recording_without_words_is_kept_and_twice_in_a_row_a_person_listens() {
    let mut talk = Talk::bound().await;
    let first = talk.sends_voice().await;
    talk.is_not_heard(first, NotHeard::NoSpeech).await;
    let second = talk.sends_voice().await;
    talk.is_not_heard(second, NotHeard::NoSpeech).await;
    let third = talk.sends_voice().await;
    talk.is_not_heard(third, NotHeard::TooLong).await;
    assert_snapshot!(talk.transcript(), @"");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "voice_unheard"));
}

#[tokio::test]
async fn odd_messages_get_a_polite_answer() {
    let mut talk = Talk::bound().await;
    talk.says("").await;
    talk.says("\u{202e}\u{0}\u{7}").await;
    talk.says("😀😀😀").await;
    talk.says(&"漏".repeat(100_000)).await;
    talk.send_as("x1", Content::Refused(Refusal::TooLarge)).await;
    talk.send_as("x2", Content::Refused(Refusal::UnknownKind)).await;
    assert_snapshot!(talk.transcript(), @"");
}
