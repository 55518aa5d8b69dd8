//! Follow-up surveys.

use crate::talk::Talk;
use insta::assert_snapshot;

#[tokio::test]
async fn five_questions_take_five_taps() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for value in ["5", "4", "5", "5", "9"] {
        talk.taps(value).await;
    }
    assert_snapshot!(talk.transcript(), @"");
    let response = &talk.responses().await[0];
    assert_eq!((response.score, response.band.as_deref(), response.nps), (Some(4.7), Some("satisfied"), Some(9)));
    assert!(talk.taps <= 7, "{} taps", talk.taps);
}

#[tokio::test]
async fn digits_words_and_voice_are_answers_and_a_voice_is_read_back() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.says("2").await;
    talk.says("两分").await;
    talk.taps("对").await;
    talk.speaks("我打两分，师傅态度敷衍，希望改善").await;
    talk.taps("对").await;
    talk.says("跳过").await;
    talk.says("3").await;
    talk.speaks("等了三天才来人，太慢了").await;
    assert_snapshot!(talk.transcript(), @"");
    let response = &talk.responses().await[0];
    assert_eq!((response.score, response.band.as_deref(), response.nps), (Some(2.0), Some("dissatisfied"), Some(3)));
    assert_snapshot!(response.comment.as_deref().unwrap_or_default(), @"");
    let flags: Vec<_> = talk.flags().await.iter().map(|flag| flag.kind.name()).collect();
    assert_eq!(flags, ["negative_feedback"]);
    assert!(talk.taps <= 7);
}

#[tokio::test]
async fn an_answer_out_of_range_or_beside_the_point_is_asked_again_and_kept() {
    let mut talk = Talk::bound().await;
    talk.says("评价").await;
    talk.says("7").await;
    talk.says("今天天气不错").await;
    talk.says("三四分吧").await;
    talk.says("跳过").await;
    talk.taps("4").await;
    assert_snapshot!(talk.transcript(), @"");
}

#[tokio::test]
async fn a_high_score_with_words_that_contradict_it_is_flagged_for_a_call() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    for value in ["5", "5", "5", "5", "10"] {
        talk.taps(value).await;
    }
    talk.transcript();
    talk.says("就是卫生间还在漏水，气死人了").await;
    assert_snapshot!(talk.transcript(), @"");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "score_text_conflict"));
}

#[tokio::test]
async fn a_leak_reported_in_the_middle_of_a_survey_comes_first_and_the_survey_goes_on() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    talk.taps("3").await;
    talk.says("先不说这个，厨房水槽下面漏水了").await;
    talk.taps("提交").await;
    talk.taps("4").await;
    assert_snapshot!(talk.transcript(), @"");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_tap_on_an_earlier_question_corrects_it() {
    let mut talk = Talk::bound().await;
    talk.says("/survey").await;
    let five = talk.button("5");
    talk.taps("1").await;
    talk.presses(&five).await;
    talk.says("4").await;
    talk.says("取消").await;
    assert_snapshot!(talk.transcript(), @"");
}
