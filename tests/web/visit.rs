//! A visit that staff makes and writes down, with photos and a recording. (The client's word on it, which
//! waits for the morning, is in `tests/platforms/record.rs`.)

use huifang::clock::Clock;
use huifang::domain::ids::{ContactId, ResponseId, UnitId, VisitId};
use huifang::domain::visit::{Reason, Visit, VisitKind};
use huifang::store::responses::{Answer, NewResponse};
use huifang::store::tickets::Filter;
use huifang::store::{self, Store, StoreError};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};

use crate::chromium::{PATIENCE, Stage, fixture};
use crate::console::Session;
use crate::demo::Demo;

/// Puts a visit to the visitor's flat on the call list of the running program.
async fn to_call(demo: &Demo) -> VisitId {
    to_call_with(demo, None).await
}

/// … with an anonymous response that is under way.
async fn to_call_with(demo: &Demo, response: Option<ResponseId>) -> VisitId {
    let path = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let clock = Clock::system();
    let (id, now) = (clock.new_id(), clock.now());
    let stored = store.write(move |tx| {
        Box::pin(async move {
            let unit = store::settings::get(tx, "demo_visitor_unit").await?.unwrap();
            let unit: UnitId = unit.parse().unwrap();
            let project = store::units::find(tx, unit).await?.unwrap().project_id;
            let key = format!("{unit}:special:{id}");
            let visit = Visit::planned(id, key, VisitKind::Special, project, "routine".to_owned(), now);
            let visit = Visit { unit_id: Some(unit), response_id: response, ..visit };
            if let Some(id) = response {
                let new = NewResponse {
                    id,
                    survey: "sample".to_owned(),
                    survey_version: 1,
                    contact_id: None,
                    unit_id: None,
                    project_id: Some(project),
                    dialogue_id: None,
                    started_at: now,
                };
                store::responses::start(tx, &new).await?;
            }
            store::visits::insert(tx, &visit.call(Reason::NotReachable, now).unwrap()).await
        })
    });
    stored.await.map_err(|error: StoreError| error).unwrap();
    store.close().await;
    id
}

/// Has the person of some ticket answer after a repair that it did not hold.
pub(crate) async fn unfixed(demo: &Demo) -> (ContactId, ResponseId) {
    let path = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let clock = Clock::system();
    let (id, now) = (clock.new_id(), clock.now());
    let stored = store.write(move |tx| {
        Box::pin(async move {
            let contact = store::tickets::list(tx, &Filter::default(), 1).await?.remove(0).contact_id;
            let new = NewResponse {
                id,
                survey: "post_repair".to_owned(),
                survey_version: 1,
                contact_id: Some(contact),
                unit_id: None,
                project_id: None,
                dialogue_id: None,
                started_at: now,
            };
            store::responses::start(tx, &new).await?;
            for (question, value) in [("fixed", 0.0), ("score", 2.0)] {
                let row = Answer {
                    response_id: id,
                    question: question.to_owned(),
                    value: Some(value),
                    text: None,
                    source: "staff".to_owned(),
                    media_id: None,
                    answered_at: now,
                };
                store::responses::answer(tx, &row).await?;
            }
            Ok::<_, StoreError>((contact, id))
        })
    });
    let answered = stored.await.unwrap();
    store.close().await;
    answered
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

#[tokio::test]
async fn a_visit_on_site_is_written_down_with_photos_and_a_recording() {
    let Some(stage) = Stage::set() else { return };
    let id = to_call(&stage.demo).await;
    let desk = stage.window(1280, 900, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    let page = format!("{}/console/visits/{id}", stage.demo.url);
    desk.page.goto(&page).await.unwrap();
    desk.run("document.querySelector('#way').value = 'on_site'").await;
    desk.fill("#place", "3栋2单元1201 主卧").await;
    desk.run("document.querySelector('#q-function').value = '4'; document.querySelector('#q-appearance').value = '4'")
        .await;
    desk.fill("#note", "卫生间门口有渗水痕迹，已拍照").await;
    desk.sees("#photos").await.send_keys(fixture("audio/photo.jpg").to_str().unwrap()).await.unwrap();
    desk.sees("#recording").await.send_keys(fixture("audio/leak.ogg").to_str().unwrap()).await.unwrap();
    desk.is_sound().await;
    desk.run("document.querySelector('#write').scrollIntoView()").await;
    desk.picture("visit-1-form").await;
    let phone = stage.window(390, 844, None, &["--accept-lang=en"]).await;
    stage.log_in(&phone).await;
    phone.page.goto(&page).await.unwrap();
    phone.is_sound().await;
    phone.run("document.querySelector('#write').scrollIntoView()").await;
    phone.picture("visit-2-form-on-a-phone").await;
    desk.press("form[action$='/record'] button.primary").await;
    desk.reads("main", "卫生间门口有渗水痕迹").await;

    let recorded = "return document.querySelector('section[aria-labelledby=record]').innerText";
    let heard = async {
        while !desk.run(recorded).await.as_str().unwrap().contains("漏水") {
            desk.page.refresh().await.unwrap();
            desk.sees("section[aria-labelledby=record]").await;
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("the transcript reaches the page");
    desk.sees("section[aria-labelledby=record] audio").await;
    desk.is_sound().await;
    desk.picture("visit-3-recorded").await;
    phone.page.refresh().await.unwrap();
    phone.is_sound().await;
    phone.picture("visit-4-recorded-on-a-phone").await;
    desk.press("a[href$='/papers/visit']").await;
    for words in ["上门", "3栋2单元1201 主卧", "卫生间门口有渗水痕迹", "漏水", "待客户确认"] {
        desk.reads("body", words).await;
    }
    let drawn = "return [...document.querySelectorAll('.pictures img')].map(i => i.complete && i.naturalWidth > 0)";
    let drawing = async {
        while desk.run(drawn).await != serde_json::json!([true]) {
            desk.run("return new Promise(done => setTimeout(done, 50))").await;
        }
    };
    tokio::time::timeout(PATIENCE, drawing).await.expect("the photo is drawn");
    desk.is_sound().await;
    desk.picture("visit-5-paper").await;
    desk.run("document.querySelector('.pictures').scrollIntoView()").await;
    desk.picture("visit-6-paper-photos").await;
    phone.page.goto(&format!("{page}/papers/visit")).await.unwrap();
    phone.is_sound().await;
    phone.run("document.querySelector('.pictures').scrollIntoView()").await;
    phone.picture("visit-7-paper-on-a-phone").await;
    let session = Session::begin(&stage.demo).await;
    let pdf = session.get(&format!("/console/visits/{id}/papers/visit.pdf")).await.bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let (photo, has) = (bytes("audio/photo.jpg"), |part: &[u8]| pdf.windows(part.len()).any(|bytes| bytes == part));
    let scan = photo.windows(2).position(|bytes| bytes == [0xff, 0xda]).unwrap();
    assert!(has(&photo[scan..]), "the photo itself stands in the file");
    for window in [desk, phone] {
        window.close().await;
    }
}

#[tokio::test]
async fn the_page_of_an_answer_says_whether_it_is_fixed_in_the_words_of_the_buttons() {
    let demo = Demo::start();
    let (_, response) = unfixed(&demo).await;
    let session = Session::begin(&demo).await;
    let page = session.get(&format!("/console/responses/{response}")).await.text().await.unwrap();
    let answer = page.split("问题修好了吗？").nth(1).unwrap_or_else(|| panic!("not asked: {page}"));
    let answer = answer.split("</li>").next().unwrap();
    assert!(answer.contains("<strong>没修好</strong>"), "{answer}");
    assert!(page.contains("<strong>2 / 5</strong>"), "{page}");
}

#[tokio::test]
async fn the_page_of_a_visit_does_not_lead_to_the_anonymous_answers_that_are_being_given() {
    let demo = Demo::start();
    let response = Clock::system().new_id();
    let id = to_call_with(&demo, Some(response)).await;
    let session = Session::begin(&demo).await;
    let page = session.get(&format!("/console/visits/{id}")).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(!page.contains(&response.to_string()) && !page.contains("/papers/visit"), "{page}");
    let paper = session.get(&format!("/console/visits/{id}/papers/visit")).await;
    assert_eq!(paper.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_photo_that_is_broken_missing_or_no_picture_for_a_pdf_is_named_and_the_paper_comes_all_the_same() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    let id = to_call(&demo).await;
    let whole = bytes("audio/photo.jpg");
    let form = Form::new().text("csrf", session.csrf.clone()).text("way", "on_site").text("note", "已拍照");
    let form = [whole.clone(), whole[..900].to_vec(), b"RIFF\0\0\0\0WEBPVP8 ".to_vec(), [&whole[..], b"lost"].concat()]
        .into_iter()
        .fold(form, |form, file| form.part("photo", Part::bytes(file).file_name("f")));
    let done = session.upload(&format!("/console/visits/{id}/record"), form).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let shards = std::fs::read_dir(demo.directory().join("data/media")).unwrap();
    let files = shards.flat_map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap());
    let lost = files.map(|file| file.unwrap().path()).find(|file| std::fs::read(file).unwrap().ends_with(b"lost"));
    std::fs::remove_file(lost.unwrap()).unwrap();
    let page = session.get(&format!("/console/visits/{id}/papers/visit")).await.text().await.unwrap();
    assert_eq!(page.matches("<img src=\"/console/media/").count(), 4, "a browser says itself what it cannot show");
    let pdf = session.get(&format!("/console/visits/{id}/papers/visit.pdf")).await;
    assert_eq!(pdf.status(), StatusCode::OK);
    let pdf = pdf.bytes().await.unwrap();
    let count = |part: &[u8]| pdf.windows(part.len()).filter(|bytes| *bytes == part).count();
    assert_eq!(count(b"/Subtype/Image"), 1, "of four one is left");
    if let Ok(folder) = std::env::var("HUIFANG_PICTURES") {
        std::fs::write(format!("{folder}/visit-8-broken.pdf"), &pdf).unwrap();
    }
}

#[tokio::test]
async fn a_visit_was_made_now_or_earlier_and_a_clock_that_is_a_little_ahead_is_no_fault() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    let china = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let in_minutes = |minutes: i64| {
        let at = jiff::Timestamp::from_millisecond(Clock::system().now().0 + minutes * 60_000).unwrap();
        at.to_zoned(china.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
    };
    let records = async |at: &str| {
        let id = to_call(&demo).await;
        let fields = [("csrf", session.csrf.as_str()), ("way", "phone"), ("note", "ok"), ("at", at)];
        session.submit(&format!("/console/visits/{id}/record"), &fields).await
    };
    for at in [in_minutes(20), "2299-01-02T10:00".to_owned()] {
        let refused = records(&at).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{at}");
        assert!(refused.text().await.unwrap().contains("回访时间还没到"), "{at}");
    }
    assert_eq!(records("22999-01-02T10:00").await.status(), StatusCode::BAD_REQUEST, "no year that there is");
    for at in [in_minutes(3), in_minutes(-90), String::new()] {
        assert_eq!(records(&at).await.status(), StatusCode::SEE_OTHER, "{at}");
    }
    let id = to_call(&demo).await;
    let page = session.get(&format!("/console/visits/{id}")).await.text().await.unwrap();
    let field = page.split("<input id=\"at\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(field.contains("max=\"9999-12-31T23:59\""), "how long the page was open does not matter: {field}");
}

#[tokio::test]
async fn the_answers_of_a_visit_come_back_with_its_note_when_a_photo_is_refused() {
    let Some(stage) = Stage::set() else { return };
    let id = to_call(&stage.demo).await;
    let junk = stage.demo.directory().join("photo.jpg");
    std::fs::write(&junk, b"#!/bin/sh").unwrap();
    let desk = stage.window(1280, 900, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.page.goto(&format!("{}/console/visits/{id}", stage.demo.url)).await.unwrap();
    desk.sees("#way").await.select_by_value("on_site").await.unwrap();
    desk.sees("#q-function").await.select_by_value("4").await.unwrap();
    desk.fill("#note", "窗户关不严").await;
    desk.sees("#photos").await.send_keys(junk.to_str().unwrap()).await.unwrap();
    desk.press("form[action$='/record'] button.primary").await;
    desk.reads("main", "照片打不开").await;
    desk.press("main .card a").await;
    let shown = "return ['#way', '#q-function', '#note'].map((field) => document.querySelector(field)?.value)";
    desk.until(shown, &serde_json::json!(["on_site", "4", "窗户关不严"])).await;
    desk.press("form[action$='/record'] button.primary").await;
    desk.reads("section[@aria-labelledby='record']", "窗户关不严").await;
    let kept = desk.run("return sessionStorage.getItem('huifang-written')").await;
    assert!(!kept.as_str().unwrap().contains("窗户关不严"), "what has arrived is forgotten: {kept}");
    desk.close().await;
}

#[tokio::test]
async fn what_cannot_be_taken_with_a_visit_is_told_and_leaves_no_file() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    let id = to_call(&demo).await;
    let path = format!("/console/visits/{id}/record");
    let form =
        |note: &str| Form::new().text("csrf", session.csrf.clone()).text("way", "phone").text("note", note.to_owned());
    let file = |bytes: Vec<u8>| Part::bytes(bytes).file_name("f");
    let kept = demo.media_files();
    let cases = [
        (form("ok").part("photo", file(b"#!/bin/sh".to_vec())), StatusCode::UNPROCESSABLE_ENTITY),
        (form("ok").part("photo", file(vec![0xff; 21 * 1024 * 1024])), StatusCode::UNPROCESSABLE_ENTITY),
        (form(" ").part("photo", file(bytes("audio/photo.jpg"))), StatusCode::BAD_REQUEST),
        (form("ok").text("way", "by pigeon").part("photo", file(bytes("audio/photo.jpg"))), StatusCode::BAD_REQUEST),
        (form("ok").text("place", "地".repeat(400)), StatusCode::BAD_REQUEST),
        (
            Form::new().text("csrf", "wrong").text("way", "phone").part("photo", file(bytes("audio/photo.jpg"))),
            StatusCode::FORBIDDEN,
        ),
    ];
    for (n, (form, status)) in cases.into_iter().enumerate() {
        assert_eq!(session.upload(&path, form).await.status(), status, "case {n}");
        assert_eq!(demo.media_files(), kept, "case {n}");
    }
    let many = (0..10).fold(form("ok"), |form, _| form.part("photo", file(bytes("audio/photo.jpg"))));
    let refused = session.upload(&path, many).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let told = refused.text().await.unwrap();
    assert!(!told.contains("web.error.") && told.contains("一次最多交 9 个文件"), "{told}");
    assert_eq!(demo.media_files(), kept, "ten photos");
    // Without files, as a plain form; then it is done, and what comes later is told so.
    let fields = [("csrf", session.csrf.as_str()), ("way", "phone"), ("note", "ok")];
    assert_eq!(session.submit(&path, &fields).await.status(), StatusCode::SEE_OTHER);
    let late = session.upload(&path, form("ok").part("photo", file(bytes("audio/photo.jpg")))).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert_eq!(demo.media_files(), kept);
}
