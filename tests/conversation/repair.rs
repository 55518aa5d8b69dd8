//! Repair reports.

use std::time::Duration;

use crate::talk::Talk;
use huifang::domain::dialogue::{Event, Timer};
use insta::assert_snapshot;

#[tokio::test]
async fn a_message_that_names_place_part_and_symptom_takes_one_tap() {
    let mut talk = Talk::bound().await;
    talk.says("主卧卫生间天花板在滴水，已经拿盆接了，麻烦尽快安排人来看看").await;
    talk.taps("提交").await;
    assert_snapshot!(talk.transcript(), @"");
    assert!(talk.taps <= 2);
    let ticket = &talk.tickets().await[0];
    assert_snapshot!(format!("{:?} {:?} {:?} {:?}", ticket.category, ticket.urgency, ticket.location, ticket.symptom), @"");
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
    assert_snapshot!(talk.transcript(), @"");
    let tickets = talk.tickets().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(talk.media_of(&tickets[0]).await, 3);
    assert!(talk.taps <= 4);
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
    assert_snapshot!(talk.transcript(), @"");
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
    assert_snapshot!(talk.transcript(), @"");
    assert_eq!(talk.tickets().await.len(), 1);
}

#[tokio::test]
async fn a_photo_after_filing_goes_to_the_same_ticket() {
    let mut talk = Talk::bound().await;
    talk.says("阳台窗户关不严").await;
    talk.taps("提交").await;
    talk.transcript();
    talk.sends_photo().await;
    assert_snapshot!(talk.transcript(), @"");
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
    assert_snapshot!(talk.transcript(), @"");
    assert!(talk.flags().await.iter().any(|flag| flag.kind.name() == "fix_rejected"));
}

#[tokio::test]
async fn it_works_in_english() {
    let mut talk = Talk::bound().await;
    talk.says("The kitchen tap is dripping since yesterday").await;
    talk.taps("Send").await;
    talk.says("status").await;
    assert_snapshot!(talk.transcript(), @"");
}
