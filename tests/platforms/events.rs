//! Readings and alarms of machines over HTTP: who may post, how much, and what comes of it.

use std::time::Duration;

use axum::http::StatusCode;
use huifang::domain::project::{Project, ProjectKind, Unit};
use huifang::domain::ticket::Ticket;
use huifang::domain::visit::{Visit, VisitKind};
use huifang::store;
use serde_json::{Value, json};

use crate::fake_http::{App, SECRET, post_events, post_to, sign};
use crate::house::{House, client};

const MINUTE: Duration = Duration::from_secs(60);

/// A house with one chiller, whose client uses the app.
struct Plant {
    house: House,
    unit: huifang::domain::ids::UnitId,
    posted: u32,
}

impl Plant {
    async fn begin() -> Plant {
        let house = App::start().await.house().await;
        let (project, unit) = (house.clock.new_id(), house.clock.new_id());
        let built = house.runner.store.write(move |tx| {
            Box::pin(async move {
                let row = Project {
                    code: Some("YY-07".to_owned()),
                    region: "华东".to_owned(),
                    ..Project::new(project, "滨江医院", ProjectKind::Equipment)
                };
                store::projects::insert(tx, &row).await?;
                let row = Unit { code: Some("CH-01".to_owned()), ..Unit::new(unit, project, "1号冷水机组") };
                store::units::insert(tx, &row).await
            })
        });
        built.await.unwrap();
        let plant = Plant { house, unit, posted: 0 };
        let hello = json!({ "from": "u1", "text": format!("/start {}", plant.house.token_of(unit)) });
        let body = hello.to_string().into_bytes();
        let answer = post_to(&plant.house, "/webhooks/http", "hello", "application/json", body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        plant
    }

    /// Posts readings of now; returns what became of each.
    async fn posts(&mut self, signal: &str, value: Value) -> Value {
        self.posted += 1;
        let mut event = json!({ "project": "YY-07", "unit": "CH-01", "signal": signal });
        if !value.is_null() {
            event["value"] = value;
        }
        let answer = post_events(&self.house, &format!("reading-{}", self.posted), &json!([event])).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Value>().await.unwrap()["results"].clone()
    }

    async fn special(&self) -> Vec<Visit> {
        let (store, unit) = (&self.house.runner.store, self.unit);
        let all = store.read(move |tx| Box::pin(async move { store::visits::list_for_unit(tx, unit).await }));
        all.await.unwrap().into_iter().filter(|visit| visit.kind == VisitKind::Special).collect()
    }

    async fn tickets(&self) -> Vec<Ticket> {
        let all = store::tickets::Filter::default();
        let store = &self.house.runner.store;
        store.read(|tx| Box::pin(async move { store::tickets::list(tx, &all, 50).await })).await.unwrap()
    }
}

async fn refused(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, format!("{}: {}", body["error"]["code"].as_str().unwrap(), body["error"]["message"].as_str().unwrap()))
}

#[tokio::test]
async fn a_reading_that_nobody_or_somebody_else_signed_is_refused() {
    let plant = Plant::begin().await;
    let url = format!("{}/api/v1/events", plant.house.url);
    let body = json!({ "events": [{ "project": "YY-07", "unit": "CH-01", "signal": "water_leak" }] }).to_string();
    assert_eq!(refused(client().post(&url).body(body.clone()).send().await.unwrap()).await.0, 401);
    let other = SECRET.replace("AAEC", "AAED");
    for (secret, at) in [(other.as_str(), plant.house.clock.now()), (SECRET, plant.house.clock.now() - 6 * MINUTE)] {
        let mut request = client().post(&url);
        for (name, value) in sign(secret, "e1", at, body.as_bytes()) {
            request = request.header(name, value);
        }
        assert_eq!(refused(request.body(body.clone()).send().await.unwrap()).await.0, 401);
    }
    let mut request = client().post(&url);
    for (name, value) in sign(SECRET, "e1", plant.house.clock.now(), body.as_bytes()) {
        request = request.header(name, value);
    }
    let changed = body.replace("CH-01", "CH-02");
    assert_eq!(refused(request.body(changed).send().await.unwrap()).await.0, 401, "changed on the way");
    assert!(plant.tickets().await.is_empty() && plant.special().await.is_empty());
}

#[tokio::test]
async fn what_is_no_list_of_readings_is_refused_with_what_is_wrong() {
    let plant = Plant::begin().await;
    let event = |change: Value| {
        let mut event = json!({ "project": "YY-07", "unit": "CH-01", "signal": "vibration", "value": 9.5 });
        for (name, value) in change.as_object().unwrap() {
            event[name] = value.clone();
        }
        json!({ "events": [event] }).to_string()
    };
    let many: Vec<Value> = (0..501).map(|_| json!({ "project": "p", "unit": "u", "signal": "s" })).collect();
    let bodies = [
        "{".to_owned(),
        "[]".to_owned(),
        "\u{0}\u{ff}".to_owned(),
        json!({ "events": [] , "more": 1 }).to_string(),
        event(json!({ "colour": "red" })),
        event(json!({ "value": "9.5" })),
        event(json!({ "signal": "" })),
        event(json!({ "unit": "u".repeat(101) })),
        event(json!({ "at": "yesterday" })),
        event(json!({ "at": "2026-11-21T10:06:00+08:00" })),
        json!({ "events": many }).to_string(),
        format!("{{\"events\": [{}]}}", " ".repeat(300 * 1024)),
    ];
    let mut told = Vec::new();
    for (n, body) in bodies.into_iter().enumerate() {
        let answer =
            post_to(&plant.house, "/api/v1/events", &format!("bad-{n}"), "application/json", body.into_bytes()).await;
        let (status, said) = refused(answer).await;
        told.push(format!("{status} {said}"));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    400 bad_request: EOF while parsing an object at line 1 column 1
    400 bad_request: invalid length 0, expected struct Posted with 1 element at line 1 column 2
    400 bad_request: expected value at line 1 column 1
    400 bad_request: unknown field `more`, expected `events` at line 1 column 19
    400 bad_request: unknown field `colour`, expected one of `project`, `unit`, `signal`, `value`, `at` at line 1 column 20
    400 bad_request: invalid type: string "9.5", expected f64 at line 1 column 79
    400 bad_request: project, unit and signal: expected 1 to 100 bytes
    400 bad_request: project, unit and signal: expected 1 to 100 bytes
    400 bad_request: at: expected a time like 2026-11-21T10:00:00+08:00
    400 bad_request: at: this is in the future
    400 bad_request: events: at most 500
    413 too_large: at most 262144 bytes of JSON
    "#);
    assert!(plant.special().await.is_empty(), "not even the good half of a bad list");
}

#[tokio::test]
async fn equipment_that_nobody_knows_is_named_and_the_rest_is_taken() {
    let plant = Plant::begin().await;
    let events = json!([
        { "project": "YY-07", "unit": "CH-09", "signal": "water_leak" },
        { "project": "YY-08", "unit": "CH-01", "signal": "water_leak" },
        { "project": "YY-07", "unit": "CH-01", "signal": "colour", "value": 3 },
        { "project": "YY-07", "unit": "CH-01", "signal": "water_leak" },
    ]);
    let answer = post_events(&plant.house, "e1", &events).await;
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body, json!({ "results": ["unknown_unit", "unknown_unit", { "taken": [] }, { "taken": ["water"] }] }));
    assert_eq!(plant.tickets().await.len(), 1);
}

#[tokio::test]
async fn vibration_above_7_1_for_10_minutes_brings_a_special_visit_and_is_silent_for_72_hours() {
    let mut plant = Plant::begin().await;
    let quiet = json!([{ "taken": [] }]);
    let fired = json!([{ "taken": ["vibration"] }]);
    assert_eq!(plant.posts("vibration", json!(7.1)).await, quiet, "not beyond the threshold");
    plant.house.clock.advance(MINUTE);
    assert_eq!(plant.posts("vibration", json!(7.2)).await, quiet);
    plant.house.clock.advance(9 * MINUTE);
    assert_eq!(plant.posts("vibration", json!(8.0)).await, quiet, "nine minutes");
    plant.house.clock.advance(MINUTE);
    assert_eq!(plant.posts("vibration", json!(8.0)).await, fired, "ten minutes");
    plant.house.clock.advance((72 * 60 - 1) * MINUTE);
    assert_eq!(plant.posts("vibration", json!(8.0)).await, quiet, "the cooldown");
    plant.house.clock.advance(MINUTE);
    assert_eq!(plant.posts("vibration", json!(8.0)).await, fired);
    let special = plant.special().await;
    assert_eq!(special.len(), 2);
    assert!(special.iter().all(|visit| visit.survey == "equipment"), "{special:?}");
}

#[tokio::test]
async fn a_temperature_above_60_for_15_minutes_files_one_ticket_of_high_urgency() {
    let mut plant = Plant::begin().await;
    for _ in 0..3 {
        plant.posts("temperature", json!(66.5)).await;
        plant.house.clock.advance(5 * MINUTE);
    }
    assert!(plant.tickets().await.is_empty(), "ten minutes");
    assert_eq!(plant.posts("temperature", json!(66.5)).await, json!([{ "taken": ["too_hot"] }]));
    let [ticket] = plant.tickets().await.try_into().unwrap();
    assert_eq!(
        (ticket.unit_id, ticket.urgency.name(), ticket.category.unwrap().name()),
        (Some(plant.unit), "high", "hvac")
    );
}

#[tokio::test]
async fn the_same_post_again_is_answered_as_before_and_changes_nothing() {
    let plant = Plant::begin().await;
    let alarm = json!([{ "project": "YY-07", "unit": "CH-01", "signal": "extreme_weather" }]);
    let mut answers = Vec::new();
    for wait in [0, 1, 4] {
        plant.house.clock.advance(wait * MINUTE);
        answers.push(post_events(&plant.house, "storm-1", &alarm).await.text().await.unwrap());
    }
    assert_eq!(answers, [r#"{"results":[{"taken":["storm"]}]}"#; 3]);
    assert_eq!(plant.special().await.len(), 1);
    // Under another id it is another alarm, which the cooldown swallows.
    let other = post_events(&plant.house, "storm-2", &alarm).await.text().await.unwrap();
    assert_eq!(other, r#"{"results":[{"taken":[]}]}"#);
}
