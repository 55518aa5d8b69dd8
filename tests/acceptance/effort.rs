//! How many taps it takes. A button is one tap, sending a text one, a recording two (record, send).

use tempfile::TempDir;

use crate::person::Person;
use crate::records::Records;
use crate::service::Service;

#[tokio::test]
async fn a_report_takes_two_taps_a_survey_seven_and_a_report_by_voice_four() {
    let directory = TempDir::new().unwrap();
    let service = Service::start(directory.path()).await;
    let records = Records::of(service.directory()).await;

    let mut writer = Person::bound(&service, "place-part-symptom").await;
    writer.says("厨房水槽下面的水管漏水").await;
    writer.taps("提交").await;
    writer.hears("已登记，工单号").await;
    assert_eq!(records.tickets(&writer).await.len(), 1);
    assert!(writer.taps <= 2, "{} taps", writer.taps);

    let mut client = Person::bound(&service, "five-questions").await;
    for label in ["评价", "5", "4", "5", "4", "10"] {
        client.taps(label).await;
    }
    client.hears("谢谢您的认可").await;
    assert!(records.responses(&client).await[0].completed_at.is_some());
    assert!(client.taps <= 7, "{} taps", client.taps);

    let mut speaker = Person::bound(&service, "voice-only").await;
    speaker.speaks("leak.ogg").await;
    speaker.hears("这样提交可以吗？").await;
    speaker.taps("提交").await;
    speaker.hears("已登记，工单号").await;
    assert_eq!(records.tickets(&speaker).await.len(), 1);
    assert!(speaker.taps <= 4, "{} taps", speaker.taps);
    println!("taps: report {}, survey {}, report by voice {}", writer.taps, client.taps, speaker.taps);
}
