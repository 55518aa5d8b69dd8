//! The chat's JSON interface as a script uses it, with everything that can be wrong.

use std::path::Path;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::console::Session;
use crate::demo::Demo;

const SESSION: &str = "a-session-of-a-test";

pub fn client() -> Client {
    // Plain http; the client wants to know its way with TLS all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn post(demo: &Demo, body: &Value) -> Response {
    client().post(format!("{}/chat/api/messages", demo.url)).json(body).send().await.unwrap()
}

async fn say(demo: &Demo, id: &str, text: &str) -> Value {
    let answer = post(demo, &json!({ "session": SESSION, "id": id, "text": text, "language": "zh-CN" })).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

async fn upload(demo: &Demo, id: &str, parts: Vec<(&'static str, Vec<u8>)>) -> Response {
    let mut form = Form::new().text("session", SESSION).text("id", id.to_owned()).text("language", "zh-CN");
    for (name, bytes) in parts {
        form = form.part(name, Part::bytes(bytes).file_name("voice.ogg"));
    }
    client().post(format!("{}/chat/api/messages", demo.url)).multipart(form).send().await.unwrap()
}

async fn history(demo: &Demo) -> Vec<Value> {
    let url = format!("{}/chat/api/messages?session={SESSION}", demo.url);
    let mut answer: Value = client().get(url).send().await.unwrap().json().await.unwrap();
    answer["messages"].as_array_mut().map(std::mem::take).unwrap()
}

fn texts(answer: &Value) -> Vec<&str> {
    answer["messages"].as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap()).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

#[tokio::test]
async fn a_session_is_made_for_whoever_has_none_and_found_again_by_its_cookie() {
    let demo = Demo::start();
    let answer = post(&demo, &json!({ "text": "/start" })).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("huifang_chat=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body: Value = answer.json().await.unwrap();
    assert!(body["session"].as_str().unwrap().len() >= 43);
    let pair = cookie.split(';').next().unwrap();
    let past = client().get(format!("{}/chat/api/messages", demo.url)).header("cookie", pair).send().await.unwrap();
    let past: Value = past.json().await.unwrap();
    assert_eq!(past["messages"].as_array().unwrap().len(), 2);
    let none: Value =
        client().get(format!("{}/chat/api/messages", demo.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(none, json!({ "messages": [], "last_seq": 0 }));
    let database = std::fs::read(demo.directory().join("data/huifang.db")).unwrap();
    let wal = std::fs::read(demo.directory().join("data/huifang.db-wal")).unwrap_or_default();
    let secret = body["session"].as_str().unwrap().as_bytes();
    let holds = |file: &[u8]| file.windows(secret.len()).any(|window| window == secret);
    assert!(!holds(&database) && !holds(&wal), "the secret lies in the database");
}

#[tokio::test]
async fn a_repeated_message_gets_the_same_answers_and_nothing_is_done_twice() {
    let demo = Demo::start();
    say(&demo, "1", "/start").await;
    let first = say(&demo, "2", "厨房水龙头漏水").await;
    let again = say(&demo, "2", "厨房水龙头漏水").await;
    assert_eq!((first["duplicate"].clone(), again["duplicate"].clone()), (json!(false), json!(true)));
    assert_eq!(first["messages"], again["messages"]);
    let before = history(&demo).await.len();
    let voice = upload(&demo, "3", vec![("voice", fixture("audio/leak.ogg"))]).await;
    assert_eq!(voice.status(), StatusCode::OK);
    let files = demo.media_files();
    let again: Value = upload(&demo, "3", vec![("voice", fixture("audio/leak.ogg"))]).await.json().await.unwrap();
    assert_eq!(again["duplicate"], true);
    assert_eq!(demo.media_files(), files, "the second copy of the file was removed");
    assert_eq!(history(&demo).await.iter().filter(|message| message["id"] == "3").count(), 1);
    assert!(history(&demo).await.len() > before);
}

#[tokio::test]
async fn a_session_that_can_be_guessed_is_refused_in_the_language_of_the_person() {
    let demo = Demo::start();
    for session in ["short", "has spaces in the middle", "会话会话会话会话会话会话会话会话"] {
        let answer = client()
            .post(format!("{}/chat/api/messages", demo.url))
            .header("accept-language", "en")
            .json(&json!({ "session": session, "text": "hello" }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], "bad_session");
        assert!(body["error"]["message"].as_str().unwrap().contains("at least 16 characters"));
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_answered_politely_and_never_held_in_memory() {
    let demo = Demo::start();
    say(&demo, "1", "/start").await;
    let (before, files) = (demo.peak_mebibytes(), demo.media_files());
    let answer = upload(&demo, "2", vec![("file", vec![0xff; 30 * 1024 * 1024])]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "too_large");
    assert!(body["error"]["message"].as_str().unwrap().contains("20 MB"), "{body}");
    assert_eq!(texts(&body), [body["error"]["message"].as_str().unwrap()], "the chat says the same");
    assert!(demo.peak_mebibytes() - before < 60, "from {before} to {} MiB", demo.peak_mebibytes());
    assert_eq!(demo.media_files(), files);
    let next = say(&demo, "3", "厨房水龙头漏水").await;
    assert!(!next["messages"].as_array().unwrap().is_empty(), "the conversation goes on");
}

#[tokio::test]
async fn nothing_and_nonsense_are_answered_and_nothing_dies() {
    let demo = Demo::start();
    say(&demo, "start", "/start").await;
    let empty = say(&demo, "empty", " \n ").await;
    assert_eq!(texts(&empty).len(), 1);
    for (id, text) in [
        ("emoji", "😀😀"),
        ("bidi", "\u{202e}\u{202d}\u{0}\u{7}漏\u{200b}水"),
        ("command", "/nosuch"),
        ("zwj", "\u{200b}"),
    ] {
        assert!(!texts(&say(&demo, id, text).await).is_empty(), "{id} is answered");
    }
    let long = say(&demo, "long", &"漏水".repeat(50_000)).await;
    assert!(texts(&long).last().unwrap().contains("4000"), "{:?}", texts(&long));
    let kept = history(&demo).await.into_iter().find(|message| message["id"] == "long").unwrap();
    assert_eq!(kept["text"].as_str().unwrap().chars().count(), 100_000, "it is kept whole");
    let said = history(&demo).await.into_iter().find(|message| message["id"] == "bidi").unwrap();
    assert!(!said["text"].as_str().unwrap().contains(['\u{202e}', '\u{0}', '\u{7}']), "{said}");

    let photo: Value =
        upload(&demo, "renamed", vec![("voice", fixture("audio/photo.jpg"))]).await.json().await.unwrap();
    assert!(!texts(&photo).is_empty());
    let renamed = history(&demo).await.into_iter().find(|message| message["id"] == "renamed").unwrap();
    assert_eq!(renamed["media"][0]["kind"], "photo", "an image named .ogg is a photo");
    let odd: Value =
        upload(&demo, "odd", vec![("file", b"<svg onload=alert(1)>".to_vec())]).await.json().await.unwrap();
    assert_eq!(texts(&odd).len(), 1);

    for body in ["", "{", "[]", "{\"text\": 5}", "null"] {
        let url = format!("{}/chat/api/messages", demo.url);
        let answer = client().post(url).header("content-type", "application/json").body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "bad_request");
    }
    let ten = (0..10).map(|_| ("file", fixture("audio/photo.jpg"))).collect();
    assert_eq!(upload(&demo, "ten", ten).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let large = post(&demo, &json!({ "session": SESSION, "text": "x".repeat(2 * 1024 * 1024) })).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(!demo.log().contains("漏水"), "the log holds what somebody said");
}

#[tokio::test]
async fn a_recording_belongs_to_its_conversation_and_can_be_sought_in() {
    let demo = Demo::start();
    upload(&demo, "1", vec![("voice", fixture("audio/leak.ogg"))]).await;
    let message = history(&demo).await.into_iter().find(|message| message["id"] == "1").unwrap();
    assert_eq!(message["media"][0]["content_type"], "audio/ogg");
    let url = format!("{}{}", demo.url, message["media"][0]["url"].as_str().unwrap());
    let own = format!("{url}?session={SESSION}");
    let whole = client().get(&own).send().await.unwrap();
    assert_eq!(whole.headers()["content-type"], "audio/ogg");
    assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
    assert_eq!(whole.bytes().await.unwrap(), fixture("audio/leak.ogg"));
    let part = client().get(&own).header("range", "bytes=4-7").send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.unwrap(), fixture("audio/leak.ogg")[4..8]);
    for stranger in [url.clone(), format!("{url}?session=somebody-else-entirely")] {
        assert_eq!(client().get(stranger).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
    let staff = url.replace("/chat/media", "/console/media");
    assert_eq!(client().get(staff).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_live_connection_takes_up_where_it_broke_off() {
    let demo = Demo::start();
    let refused = client().get(format!("{}/chat/api/events", demo.url)).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    say(&demo, "1", "/start").await;
    let url = format!("{}/chat/api/events?session={SESSION}", demo.url);
    let mut live = client().get(&url).header("last-event-id", "1").send().await.unwrap();
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let console = Session::begin(&demo).await.get("/console/events").await;
    for (name, headers) in [("chat", live.headers()), ("console", console.headers())] {
        assert_eq!(headers["x-accel-buffering"], "no", "{name}: a proxy holds it back");
    }
    let first = next_event(&mut live).await;
    assert_eq!((first["seq"].clone(), first["from"].clone()), (json!(2), json!("bot")));
    say(&demo, "2", "/help").await;
    assert_eq!(next_event(&mut live).await["id"], "2", "other tabs see what was said in this one");
    assert_eq!(next_event(&mut live).await["from"], "bot");
}

async fn next_event(live: &mut Response) -> Value {
    let mut read = String::new();
    loop {
        let chunk = live.chunk().await.unwrap().expect("the connection stays open");
        read.push_str(std::str::from_utf8(&chunk).unwrap());
        if let Some(data) = read.lines().find_map(|line| line.strip_prefix("data: ")) {
            return serde_json::from_str(data).unwrap();
        }
    }
}
