//! The site under strain: more live connections than there is room for, and a database that does not answer.

use std::time::Duration;

use axum::http::StatusCode;
use huifang::channel::Channels;
use reqwest::Response;
use serde_json::{Value, json};

use crate::fake_http::{App, get_signed, post_json};
use crate::house::{House, client};

const SESSION: &str = "a-session-of-a-test";

/// Opens a live connection of the chat.
async fn follows(house: &House, session: &str, after: i64) -> Response {
    let url = format!("{}/chat/api/events?session={session}&after={after}", house.url);
    client().get(url).send().await.unwrap()
}

async fn says(house: &House, id: &str, text: &str) -> Response {
    let said = json!({ "session": SESSION, "id": id, "text": text });
    client().post(format!("{}/chat/api/messages", house.url)).json(&said).send().await.unwrap()
}

async fn code_of(answer: Response) -> String {
    let body: Value = answer.json().await.unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_follows_its_conversation_a_few_times_at_once_and_no_more() {
    let house = House::open(|_| Channels::default()).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        let live = follows(&house, SESSION, 0).await;
        assert_eq!(live.status(), StatusCode::OK);
        open.push(live);
    }
    let refused = follows(&house, SESSION, 0).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(code_of(refused).await, "too_many");
    assert_eq!(follows(&house, "somebody-else-entirely", 0).await.status(), StatusCode::OK);
    drop(open.pop());
    let free = async { while follows(&house, SESSION, 0).await.status() != StatusCode::OK {} };
    tokio::time::timeout(Duration::from_secs(60), free).await.unwrap();
}

#[tokio::test]
async fn a_live_connection_of_the_chat_ends_after_ten_minutes_and_the_next_goes_on() {
    let house = House::open(|_| Channels::default()).await;
    says(&house, "first", "/start").await;
    let mut live = follows(&house, SESSION, 0).await;
    house.clock.advance(Duration::from_secs(10 * 60));
    let mut read = String::new();
    let end = async {
        while let Some(chunk) = live.chunk().await.unwrap() {
            read.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    tokio::time::timeout(Duration::from_secs(60), end).await.unwrap();
    let last = read.lines().filter_map(|line| line.strip_prefix("id: ")?.parse::<i64>().ok()).max().unwrap();
    says(&house, "second", "/help").await;
    let mut next = follows(&house, SESSION, last).await;
    let chunk = tokio::time::timeout(Duration::from_secs(60), next.chunk()).await.unwrap().unwrap().unwrap();
    let chunk = String::from_utf8_lossy(&chunk);
    assert!(chunk.contains("\"id\":\"second\"") && !chunk.contains("\"id\":\"first\""), "{chunk}");
}

#[tokio::test]
async fn while_the_database_does_not_answer_everybody_is_told_to_come_back() {
    let house = App::start().await.house().await;
    house.runner.store.close().await;
    let history = client().get(format!("{}/chat/api/messages?session={SESSION}", house.url)).send().await.unwrap();
    let signed = post_json(&house, "m1", &json!({ "from": "u1", "text": "您好" })).await;
    let fetched = get_signed(&house, "/webhooks/http/messages?from=u1").await;
    let said = says(&house, "1", "您好").await;
    for (name, answer) in [("said", said), ("read", history), ("signed", signed), ("fetched", fetched)] {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{name}");
        assert_eq!(answer.headers()["retry-after"], "5", "{name}");
        assert_eq!(code_of(answer).await, "unavailable", "{name}");
    }
    for path in ["/j/a-link", "/j/a-link/photos/019a0000-0000-7000-8000-000000000000"] {
        let asked = client().get(format!("{}{path}", house.url)).header("accept-language", "zh-CN");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.headers()["retry-after"], "5", "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("系统现在有点忙"), "{page}");
    }
}
