//! `huifang check` on settings that look right and would not work: it says so, and the service does not start with them.
//! Object storage is a real HTTP server here, that keeps what it is given.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tempfile::TempDir;

/// Runs the program without models in `directory`; returns what it printed and with what it ended.
async fn huifang(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (String, Option<i32>) {
    let models = ["HUIFANG_SPEECH__MODEL", "HUIFANG_TAGGING__MODEL", "HUIFANG_TAGGING__NGRAMS"];
    let ended = tokio::process::Command::new(env!("CARGO_BIN_EXE_huifang"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(models.map(|name| (name, "")))
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8(ended.stdout).unwrap() + &String::from_utf8(ended.stderr).unwrap();
    (printed, ended.status.code())
}

/// What `check` prints with these settings, and with what it ends.
async fn check(variables: &[(&str, &str)]) -> (String, Option<i32>) {
    huifang(TempDir::new().unwrap().path(), variables, &["check"]).await
}

/// What the storage holds, by path.
type Kept = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// Answers as S3 does, for the one bucket `photos`.
async fn answer(State(kept): State<Kept>, method: Method, uri: Uri, body: Bytes) -> Response {
    let mut kept = kept.lock().unwrap();
    let path = uri.path().to_owned();
    if path != "/photos" && !path.starts_with("/photos/") {
        return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchBucket</Code></Error>").into_response();
    }
    match method {
        Method::PUT => {
            kept.insert(path, body);
            [(header::ETAG, "\"one\"")].into_response()
        }
        Method::GET => match kept.get(&path) {
            Some(bytes) => ([(header::ETAG, "\"one\"")], bytes.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        // Several are removed at once, named in the body.
        Method::POST if uri.query().is_some_and(|query| query.starts_with("delete")) => {
            let named = String::from_utf8(body.to_vec()).unwrap();
            kept.retain(|path, _| !named.contains(&format!("<Key>{}</Key>", path.trim_start_matches("/photos/"))));
            "<DeleteResult><Deleted><Key>check/probe.txt</Key></Deleted></DeleteResult>".into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// Starts the storage; returns its address and what it holds.
async fn storage() -> (String, Kept) {
    let kept = Kept::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(Arc::clone(&kept));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, kept)
}

fn bucket<'v>(url: &'v str, endpoint: &'v str) -> [(&'v str, &'v str); 6] {
    [
        ("HUIFANG_MEDIA__URL", url),
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "nobody"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ]
}

#[tokio::test]
async fn a_bucket_is_written_to_read_from_and_left_as_it_was() {
    let (endpoint, kept) = storage().await;
    let (found, code) = check(&bucket("s3:photos", &endpoint)).await;
    assert!(found.contains("\nok       media     s3:photos: can be written, read and removed from\n"), "{found}");
    assert_eq!(code, Some(0), "{found}");
    assert!(kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_said_and_what_can_be_done() {
    let (endpoint, _) = storage().await;
    let (found, code) = check(&bucket("s3:elsewhere", &endpoint)).await;
    assert!(found.contains("BROKEN   media     s3:elsewhere: ") && found.contains("NoSuchBucket"), "{found}");
    assert!(found.contains("or the AWS_… variables") && !found.contains("hunter2"), "{found}");
    assert_eq!(code, Some(1), "{found}");
}

#[tokio::test]
async fn a_group_in_telegram_needs_a_bot_and_a_number() {
    const TOKEN: (&str, &str) = ("HUIFANG_TELEGRAM__TOKEN", "123:abcdefghijklmnopqrstuvwxyz012345678");
    // Nobody is called.
    const API: (&str, &str) = ("HUIFANG_TELEGRAM__API_URL", "http://127.0.0.1:1");
    let chat = |chat| ("HUIFANG_ALERTS__TELEGRAM_CHAT", chat);
    let (found, code) = check(&[chat("-1001234567890")]).await;
    assert!(found.contains("[alerts]: telegram_chat needs [telegram] token\n"), "{found}");
    assert!(found.contains("\nBROKEN   alerts    ") && code == Some(1), "{found}");
    for wrong in ["abc", "@repairs", "-100 1234"] {
        let (found, _) = check(&[TOKEN, API, chat(wrong)]).await;
        assert!(found.contains("[alerts] telegram_chat: expected the number of a chat"), "{wrong}: {found}");
    }
    let (found, _) = check(&[TOKEN, API, chat("-1001234567890")]).await;
    assert!(found.contains("\nok       alerts    where staff is told: can be used\n"), "{found}");
    // And the service does not start with it.
    let directory = TempDir::new().unwrap();
    let set = [chat("-1001234567890"), ("HUIFANG_SERVER__LISTEN", "127.0.0.1:0")];
    let (printed, code) = huifang(directory.path(), &set, &["serve"]).await;
    assert!(printed.contains("huifang: [alerts]: telegram_chat needs [telegram] token"), "{printed}");
    assert_eq!(code, Some(1));
}

#[tokio::test]
async fn the_robot_is_known_by_its_key_or_its_whole_address() {
    let key = |key| ("HUIFANG_WECOM__ROBOT_KEY", key);
    for taken in ["693a91f6-7aaa-4bc4", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4"] {
        let (found, _) = check(&[key(taken)]).await;
        assert!(found.contains("\nok       alerts    where staff is told: can be used\n"), "{taken}: {found}");
    }
    let (found, code) = check(&[key("https://qyapi.weixin.qq.com/hunter2")]).await;
    assert!(found.contains("where staff is told: [wecom] robot_key: expected what follows key= "), "{found}");
    assert!(!found.contains("hunter2") && code == Some(1), "{found}");
}

#[tokio::test]
async fn places_that_are_not_there_are_told_from_those_that_cannot_be() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let looked = async |media: &str, database: &str| {
        let set = [("HUIFANG_MEDIA__URL", media), ("HUIFANG_DATABASE__URL", database)];
        huifang(directory.path(), &set, &["check"]).await
    };
    let (found, code) = looked("file:new/media", "sqlite:new/huifang.db").await;
    assert!(found.contains("\nwarning  media     file:new/media: is not there yet\n"), "{found}");
    assert!(found.contains("\nwarning  database  sqlite:new/huifang.db: is not there yet\n"), "{found}");
    assert_eq!(code, Some(0), "{found}");
    let (found, code) = looked("file:/proc/media", "sqlite:/proc/x/huifang.db").await;
    assert!(found.contains("\nBROKEN   media     file:/proc/media: nothing can be made in /proc: "), "{found}");
    assert!(found.contains("\nBROKEN   database  sqlite:/proc/x/huifang.db: nothing can be made in "), "{found}");
    assert_eq!(code, Some(1), "{found}");
    let (found, _) = looked("file:file/media", "sqlite:file/huifang.db").await;
    assert_eq!(found.matches("nothing can be made in ").count(), 2, "{found}");
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["file"], "looking leaves nothing behind");
}

#[tokio::test]
async fn a_directory_is_no_speech_model() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("speech")).unwrap();
    let (found, _) = huifang(directory.path(), &[("HUIFANG_SPEECH__MODEL", "speech")], &["check"]).await;
    assert!(found.contains("\nwarning  speech    speech: is a directory: name the file\n"), "{found}");
}
