//! A visit that staff recorded, as its client meets it: shown with what was heard in the recording,
//! and confirmed in the chat.

use huifang::channel::{MediaKind, ReceivedFile};
use huifang::domain::ids::{StaffId, VisitId};
use huifang::domain::language::Language;
use huifang::domain::paper;
use huifang::domain::visit::{Reason, Record, Visit, VisitKind, Way};
use huifang::intake::blob_key;
use huifang::papers::facts;
use huifang::planner::Planner;
use huifang::planner::record::Written;
use huifang::store;
use huifang::store::transcripts::Hearing;
use serde_json::json;

use crate::fake_http::{App, post_json};
use crate::house::{House, LEAK, START, fixture};

async fn file(house: &House, kind: MediaKind, content_type: &str, name: &str) -> ReceivedFile {
    let bytes = fixture(name);
    let file = ReceivedFile {
        id: house.clock.new_id(),
        kind,
        content_type: content_type.to_owned(),
        bytes: bytes.len() as u64,
        sha256: "0".repeat(64),
        recognition: None,
        remote: None,
    };
    house.runner.blobs.put(&blob_key(file.id), bytes.into()).await.unwrap();
    file
}

/// A visit to the flat of the house that is on the call list.
async fn to_call(house: &House) -> VisitId {
    let (id, unit, now) = (house.clock.new_id(), house.unit(), house.clock.now());
    let stored = house.runner.store.write(move |tx| {
        Box::pin(async move {
            let project = store::units::find(tx, unit).await?.unwrap().project_id;
            let key = format!("{unit}:special:{id}");
            let visit = Visit::planned(id, key, VisitKind::Special, project, "routine".to_owned(), now);
            let visit = Visit { unit_id: Some(unit), ..visit }.call(Reason::Unanswered, now).unwrap();
            store::visits::insert(tx, &visit).await
        })
    });
    assert!(stored.await.unwrap());
    id
}

async fn records(house: &House, visit: VisitId, by: StaffId, files: Vec<ReceivedFile>) {
    let written = Written {
        way: Way::OnSite,
        at: Some(START),
        place: "3栋2单元1201 主卧".to_owned(),
        note: "卫生间门口有渗水痕迹".to_owned(),
        answers: vec![("function".to_owned(), 3.0)],
        files,
        contact: None,
    };
    let planner = Planner::new(house.runner.intake.clone());
    let stored =
        house.runner.store.write(move |tx| Box::pin(async move { planner.record(tx, visit, written, by).await }));
    stored.await.unwrap();
    house.works().await;
}

async fn record_of(house: &House, visit: VisitId) -> Record {
    let found = house.runner.store.read(move |tx| Box::pin(async move { store::visits::find(tx, visit).await }));
    found.await.unwrap().unwrap().record.unwrap()
}

async fn begin() -> (App, House, StaffId, VisitId) {
    let app = App::start().await;
    let house = app.house().await;
    let hello = json!({ "from": "u1", "text": format!("/start {}", house.token()), "language": "zh" });
    post_json(&house, "hello", &hello).await;
    house.works().await;
    let by = house.hires("wu", "吴工").await;
    let visit = to_call(&house).await;
    (app, house, by, visit)
}

fn last(app: &App) -> String {
    app.shown().last().unwrap()["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_recorded_visit_is_shown_with_what_was_heard_and_the_client_confirms_it() {
    let (app, house, by, visit) = begin().await;
    house.hears(LEAK);
    let photo = file(&house, MediaKind::Photo, "image/jpeg", "photo.jpg").await;
    let voice = file(&house, MediaKind::Voice, "audio/ogg", "leak.ogg").await;
    let heard = voice.id;
    records(&house, visit, by, vec![photo, voice]).await;
    insta::assert_snapshot!(last(&app), @r"
    我们上门回访的记录如下，请看对不对：
    时间：2026-11-21 10:00，地点：3栋2单元1201 主卧
    卫生间门口有渗水痕迹
    录音里听到：主卧卫生间天花板漏水
    照片 1 张
    ");
    assert_eq!(record_of(&house, visit).await.confirmed, None);
    let yes = json!({ "from": "u1", "choice": app.button("没错") });
    post_json(&house, "yes", &yes).await;
    house.works().await;
    let record = record_of(&house, visit).await;
    assert_eq!((record.confirmed, record.at, record.media.len()), (Some(true), START, 2));
    let transcript =
        house.runner.store.read(move |tx| Box::pin(async move { store::transcripts::find(tx, heard).await }));
    let transcript = transcript.await.unwrap().unwrap();
    assert_eq!((transcript.hearing, transcript.text.as_deref()), (Hearing::Heard, Some(LEAK)));
    let catalog = std::sync::Arc::clone(&house.runner.catalog);
    let paper = house
        .runner
        .store
        .read(move |tx| Box::pin(async move { facts::recorded(tx, &catalog, Language::Chinese, visit).await }));
    let paper = paper.await.unwrap().unwrap();
    assert_eq!((paper.photos.len(), paper.heard.as_slice(), paper.client), (1, &[LEAK.to_owned()][..], Some("right")));
    assert_eq!(
        (paper.place.as_deref(), paper.by.as_deref(), paper.at),
        (Some("3栋2单元1201 主卧"), Some("吴工"), START)
    );
    let say = |key: &str| house.runner.catalog.text(Language::Chinese, key, &std::collections::BTreeMap::new());
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let terms = paper::Terms { say: &say, zone, reader: paper::Reader::Staff, now: START };
    let written = format!("{:?}", paper::visit::record(&paper, &terms));
    assert!(written.contains(LEAK) && written.contains("记录属实"), "{written}");
}

#[tokio::test]
async fn a_recording_without_words_is_kept_for_a_person_and_the_record_shown_without_it() {
    let (app, house, by, visit) = begin().await;
    let silence = file(&house, MediaKind::Voice, "audio/ogg", "silence.ogg").await;
    let broken =
        ReceivedFile { content_type: "audio/ogg".to_owned(), ..file(&house, MediaKind::Voice, "", "photo.jpg").await };
    let ids = [silence.id, broken.id];
    records(&house, visit, by, vec![silence, broken]).await;
    assert!(!last(&app).contains("录音"), "{}", last(&app));
    let mut hearing = Vec::new();
    for id in ids {
        let found = house.runner.store.read(move |tx| Box::pin(async move { store::transcripts::find(tx, id).await }));
        hearing.push(found.await.unwrap().unwrap().hearing);
    }
    assert_eq!(hearing, [Hearing::Nothing, Hearing::Failed]);
    let no = json!({ "from": "u1", "choice": app.button("不对") });
    post_json(&house, "no", &no).await;
    house.works().await;
    assert_eq!(record_of(&house, visit).await.confirmed, Some(false));
    assert!(house.flags().await.contains(&"person_requested"), "staff is told that it is not right");
}
