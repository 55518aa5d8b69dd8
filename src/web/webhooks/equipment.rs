//! `POST /api/v1/events`: readings and alarms of machines, signed like everything of the HTTP
//! channel (`docs/http-channel.md`); nothing is parsed before the signature is found good. The id of
//! the request is its idempotency key: the same again is answered as before and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::routing::{Router, post};
use serde::{Deserialize, Serialize};

use super::http::{Fault, configured, stamp_of};
use crate::domain::equipment::Reading;
use crate::domain::time::Timestamp;
use crate::planner::Planner;
use crate::store::{StoreError, equipment};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::posted::whole;

/// Largest body, and the most events of one.
const LARGEST: usize = 256 * 1024;
const MOST_EVENTS: usize = 500;
/// Longest name of a project, unit or signal.
const LONGEST_NAME: usize = 100;
/// How long the answer to a request is remembered.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);
/// How far ahead of our clock a machine's may be.
const AHEAD: i64 = 5 * 60 * 1000;

pub(super) fn routes() -> Router<Web> {
    // The cap is ours: what is read is counted in `whole`.
    Router::new().route("/api/v1/events", post(take).layer(DefaultBodyLimit::disable()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Posted {
    events: Vec<Event>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    /// The operator's codes of project and unit.
    project: String,
    unit: String,
    signal: String,
    /// Left out for an alarm.
    value: Option<f64>,
    /// RFC 3339; left out for now.
    at: Option<String>,
}

/// What became of the events, in their order.
#[derive(Debug, Serialize, Deserialize)]
struct Taken {
    results: Vec<Outcome>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The rules that fired; none is the usual case.
    Taken(Vec<String>),
    /// No unit is called so.
    UnknownUnit,
}

async fn take(State(web): State<Web>, request: Request) -> Result<Json<Taken>, Fault> {
    let http = configured(&web)?;
    let stamp = stamp_of(request.headers(), &web)?;
    let body = whole(request.into_body(), LARGEST).await.map_err(|error| match error {
        WebError::BodyTooLarge => Fault::TooLarge(format!("at most {LARGEST} bytes of JSON")),
        other => other.into(),
    })?;
    let id = http.keys().verify(&stamp, &body)?.to_owned();
    let posted: Posted = serde_json::from_slice(&body).map_err(|error| Fault::Malformed(error.to_string()))?;
    if posted.events.len() > MOST_EVENTS {
        return Err(Fault::Malformed(format!("events: at most {MOST_EVENTS}")));
    }
    let now = web.clock.now();
    let mut read = Vec::new();
    for event in posted.events {
        let reading = reading(&event, now).map_err(|why| Fault::Malformed(why.to_owned()))?;
        read.push((event, reading));
    }
    let planner = Planner::new(web.intake.clone());
    let stored = web.store.write(move |tx| {
        Box::pin(async move {
            if let Some(before) = equipment::take_on(tx, &id, now).await? {
                return serde_json::from_str(&before).map_err(|_| corrupt(&id));
            }
            let (mut said, mut is_known) = (Vec::new(), Vec::new());
            for (event, reading) in read {
                let unit = equipment::unit_of(tx, &event.project, &event.unit).await?;
                is_known.push(unit.is_some());
                said.extend(unit.map(|unit| (unit, reading)));
            }
            let mut fired = planner.read_machines(tx, &said).await?.into_iter();
            let results = is_known.into_iter().map(|is_known| {
                if is_known { Outcome::Taken(fired.next().unwrap_or_default()) } else { Outcome::UnknownUnit }
            });
            let taken = Taken { results: results.collect() };
            let answer = serde_json::to_string(&taken).map_err(|error| StoreError::Encode(Arc::new(error)))?;
            equipment::answer(tx, &id, &answer, now - REMEMBERED).await?;
            Ok::<_, StoreError>(taken)
        })
    });
    Ok(Json(stored.await?))
}

fn corrupt(id: &str) -> StoreError {
    StoreError::Corrupt { table: "event_posts", column: "answer", id: id.to_owned() }
}

fn reading(event: &Event, now: Timestamp) -> Result<Reading, &'static str> {
    if [&event.project, &event.unit, &event.signal].iter().any(|name| name.is_empty() || name.len() > LONGEST_NAME) {
        return Err("project, unit and signal: expected 1 to 100 bytes");
    }
    if event.value.is_some_and(|value| !value.is_finite()) {
        return Err("value: expected a number");
    }
    let at = match &event.at {
        Some(text) => {
            let at: jiff::Timestamp = text.parse().map_err(|_| "at: expected a time like 2026-11-21T10:00:00+08:00")?;
            Timestamp(at.as_millisecond())
        }
        None => now,
    };
    if at.0 > now.0 + AHEAD {
        return Err("at: this is in the future");
    }
    Ok(Reading { signal: event.signal.clone(), value: event.value, at })
}
