//! What goes wrong: tokens, duplicates, restarts, recordings without words, odd texts.

use std::time::Duration;

use crate::talk::Talk;
use huifang::channel::{ChannelKind, Content, Inbound, Refusal};
use huifang::domain::dialogue::NotHeard;
use huifang::domain::ids::MediaId;
use huifang::domain::media::MOST_CHARACTERS;
use huifang::store::transcripts::Heard;
use huifang::store::{self, thread};
use insta::assert_snapshot;

/// The recogniser gives a recording up: a person has to listen.
async fn is_given_up(talk: &mut Talk, media: MediaId) {
    let now = talk.clock.now();
    let noted = talk.store.write(move |tx| Box::pin(async move { store::transcripts::failed(tx, media, now).await }));
    noted.await.unwrap();
    talk.is_not_heard(media, NotHeard::Failed).await;
}

async fn open_flags(talk: &Talk) -> Vec<&'static str> {
    talk.flags().await.iter().map(|flag| flag.kind.name()).collect()
}

#[tokio::test]
async fn tokens_that_are_unknown_or_expired_are_answered_in_words() {
    let mut talk = Talk::begin().await;
    talk.says("/start abcdefgh").await;
    let old = talk.key.sign(talk.unit, talk.clock.now() - Duration::from_secs(60));
    talk.says(&format!("/start {old}")).await;
    let transcript = talk.transcript().replace(&old[..20], "TOKEN");
    assert_snapshot!(transcript.lines().filter(|line| !line.starts_with('»')).collect::<Vec<_>>().join("\n"), @r"
    这个二维码我不认识，可能没扫完整。请再扫一次，或者直接告诉我小区、楼栋和房号。
    这个二维码已过期。请扫门口最新的二维码，或者直接告诉我小区、楼栋和房号。
    ");
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
async fn a_message_whose_very_reading_fails_is_kept_and_shown_to_staff() {
    let mut talk = Talk::bound().await;
    let ticket = talk.reports_a_leak().await;
    // What a button and a token stand for cannot be read.
    talk.execute("UPDATE tickets SET status = 'none of ours'; UPDATE projects SET kind = 'none of ours'").await;
    let token = talk.key.sign(talk.unit, talk.clock.now() + Duration::from_secs(3600));
    let button = format!("fix:{}:yes", ticket.id);
    let contents = [Content::Choice(button.clone()), Content::Text(format!("/start {token}"))];
    for (id, content) in ["a", "b"].into_iter().zip(contents) {
        let (address, external_id) = ("somebody".to_owned(), id.to_owned());
        let inbound = Inbound { channel: ChannelKind::Web, address, external_id, language: None, content };
        assert_eq!(talk.intake.receive_or_park(inbound).await.unwrap(), None);
    }
    let dialogue = talk.dialogue().await;
    let kept = talk.store.read(move |tx| Box::pin(async move { thread::latest(tx, dialogue, 2).await })).await.unwrap();
    let kept: String = kept.into_iter().map(|entry| entry.body).collect();
    assert!(kept.contains(&button) && kept.contains("/start") && !kept.contains(&token), "{kept}");
    assert_eq!(open_flags(&talk).await.iter().filter(|kind| **kind == "person_requested").count(), 1);
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
    assert_snapshot!(talk.transcript(), @r"
    » 报修
      请说说哪里坏了、什么情况。打字、语音、照片都可以。
    -- restart --
    » 马桶堵了
      在哪个位置？
      [厨房] [卫生间] [客厅] [卧室] [阳台] [走廊/公共区域] [机房/设备] [其他位置]
    -- restart --
    » [卫生间]
      请您看一下：
      类别：给排水
      问题：堵了
      位置：卫生间
      部件：马桶
      这样提交可以吗？
      [提交] [改一改] [不报了]
    -- restart --
    » [提交]
      已登记，工单号 HF2611-0001。工作人员会尽快联系您，回复“进度”随时可查。
    ");
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
    assert_snapshot!(talk.transcript(), @r"
    » [语音]
      收到，正在听…
      没听清。请靠近手机再说一遍，或者打字告诉我。
    » [语音]
      收到，正在听…
      语音已收下，这次没能转成文字，会有同事来听。您也可以先打字告诉我。
    » [语音]
      收到，正在听…
      这段语音太长了，请控制在 10 分钟以内，分几段发也可以。
    ");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "voice_unheard"));
}

#[tokio::test]
async fn of_a_recording_that_is_understood_in_part_the_words_count_and_a_person_listens() {
    let mut talk = Talk::bound().await;
    let media = talk.sends_voice().await;
    talk.is_heard_so_far(media, "厨房水管漏水……", true).await;
    assert!(talk.transcript().contains("我听到：厨房水管漏水……"), "{}", talk.transcript());
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "voice_unheard"));
}

#[tokio::test]
async fn what_a_person_hears_in_a_recording_that_had_no_words_is_taken_as_just_said() {
    let mut talk = Talk::bound().await;
    let li = talk.hires("li", |_| {}).await;
    let media = talk.sends_voice().await;
    is_given_up(&mut talk, media).await;
    assert!(open_flags(&talk).await.contains(&"voice_unheard"));
    talk.transcript();

    talk.desk().correct_transcript(media, "厨房有很重的煤气味", li).await.unwrap();
    talk.hears().await;
    let transcript = talk.transcript();
    assert!(transcript.contains("我听到：厨房有很重的煤气味") && transcript.contains("闻到燃气味"), "{transcript}");
    let flags = open_flags(&talk).await;
    assert!(flags.contains(&"emergency") && !flags.contains(&"voice_unheard"), "{flags:?}");
    assert_eq!(talk.tickets().await.len(), 1);

    talk.desk().correct_transcript(media, "厨房有很重的燃气味", li).await.unwrap();
    talk.hears().await;
    assert_eq!(talk.transcript(), "", "what is written better later is no second message");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_person_goes_on_being_asked_to_listen_until_every_recording_is_written_down() {
    let mut talk = Talk::bound().await;
    let li = talk.hires("li", |_| {}).await;
    let (first, second) = (talk.sends_voice().await, talk.sends_voice().await);
    is_given_up(&mut talk, first).await;
    is_given_up(&mut talk, second).await;
    talk.desk().correct_transcript(first, "厨房水管漏水", li).await.unwrap();
    assert_eq!(open_flags(&talk).await, ["voice_unheard"]);
    talk.desk().correct_transcript(second, "昨天开始的", li).await.unwrap();
    assert!(!open_flags(&talk).await.contains(&"voice_unheard"));
}

#[tokio::test]
async fn words_for_a_recording_that_had_some_are_no_second_message() {
    let mut talk = Talk::bound().await;
    let li = talk.hires("li", |_| {}).await;
    let media = talk.sends_voice().await;
    let heard = Heard {
        text: "谢谢".to_owned(),
        raw_text: "謝謝".to_owned(),
        language: "zh-CN".to_owned(),
        confidence: 0.9,
        model: "tiny".to_owned(),
    };
    let now = talk.clock.now();
    let kept =
        talk.store.write(move |tx| Box::pin(async move { store::transcripts::heard(tx, media, &heard, now).await }));
    kept.await.unwrap();
    talk.is_heard(media, "谢谢").await;
    talk.transcript();
    talk.desk().correct_transcript(media, "厨房有很重的煤气味", li).await.unwrap();
    talk.hears().await;
    assert_eq!(talk.transcript(), "");
}

#[tokio::test]
async fn what_a_person_heard_is_kept_whole_or_refused() {
    let mut talk = Talk::bound().await;
    let li = talk.hires("li", |_| {}).await;
    let media = talk.sends_voice().await;
    let refused = talk.desk().correct_transcript(media, &"漏".repeat(MOST_CHARACTERS + 1), li).await.unwrap_err();
    assert_eq!(refused.to_string(), "what was said is too long");
    talk.desk().correct_transcript(media, &"漏".repeat(MOST_CHARACTERS), li).await.unwrap();
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
    assert_snapshot!(talk.transcript(), @r"
    » 
      没有收到内容，请再发一次。
    » 
      没有收到内容，请再发一次。
    » 😀😀😀
      谢谢您的肯定，我们会继续用心。
    » 漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏漏
      这段文字很长，我先原样存好了。请再用 4000 字以内说说要点，我好马上处理。
      文件太大了，请发 20 MB 以内的。
      这种文件我打不开。请发文字、照片或语音。
    ");
}

#[tokio::test]
async fn a_confirmation_from_a_stranger_closes_nothing_and_reopens_nothing() {
    let mut talk = Talk::bound().await;
    let engineer = talk.hires("li", |_| {}).await;
    let ticket = talk.reports_a_leak().await;
    talk.desk().take(ticket.id, engineer).await.unwrap();
    talk.desk().rectify(ticket.id, "换了阀芯", Vec::new(), engineer).await.unwrap();
    talk.hears().await;
    talk.moves_to("stranger");
    talk.says("你好").await;
    talk.transcript();
    talk.presses(&format!("fix:{}:yes", ticket.id)).await;
    talk.presses(&format!("fix:{}:no", ticket.id)).await;
    let said = talk.transcript();
    assert!(!said.contains(&ticket.number), "a stranger learns nothing: {said}");
    let still = talk.ticket(&ticket).await;
    assert_eq!((still.status, still.reopened), (huifang::domain::ticket::Status::Rectified, 0));
    // Whoever lives there, but did not report it, is no stranger to the flat, and yet not the one who is asked.
    talk.binds().await;
    talk.presses(&format!("fix:{}:yes", ticket.id)).await;
    assert_eq!(talk.ticket(&ticket).await.status, huifang::domain::ticket::Status::Rectified);
    talk.moves_to("somebody");
    talk.presses(&format!("fix:{}:yes", ticket.id)).await;
    assert_eq!(talk.ticket(&ticket).await.status, huifang::domain::ticket::Status::Closed);
}
