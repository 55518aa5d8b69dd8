//! How an Official Account is called: every call with the access token, every answer with HTTP 200 and an
//! `errcode` where it is a refusal (protocols §1.10).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::{APP_ID, APP_SECRET, Memory};
use crate::simulator::tokens::Unfit;
use crate::simulator::{locked, remember};

/// The longest text of a message, in bytes.
const LONGEST_TEXT: usize = 2_047;
/// The longest value of a template's field, in characters.
const LONGEST_FIELD: usize = 20;

type Shared = State<Arc<Mutex<Memory>>>;
type Pairs = Query<HashMap<String, String>>;

/// A refusal, which is an answer like any other: its code, and what it says.
struct Refusal(i64, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Refusal(code, words) = self;
        axum::Json(json!({ "errcode": code, "errmsg": format!("{words} rid: 6555-{code}") })).into_response()
    }
}

pub(super) fn router(memory: Arc<Mutex<Memory>>) -> Router {
    Router::new()
        .route("/cgi-bin/stable_token", post(stable_token))
        .route("/cgi-bin/message/custom/send", post(custom_send))
        .route("/cgi-bin/message/template/send", post(template_send))
        .route("/cgi-bin/message/subscribe/bizsend", post(subscribe_send))
        .route("/cgi-bin/menu/create", post(menu_create))
        .route("/cgi-bin/qrcode/create", post(qrcode_create))
        .route("/cgi-bin/media/get", get(media_get))
        .with_state(memory)
}

fn taken(memory: &Shared, call: &'static str, body: Value, answer: Value) -> Response {
    remember(&mut locked(memory).taken, (call, body));
    axum::Json(answer).into_response()
}

/// Looks at what every call has to bring.
fn admitted(memory: &Shared, pairs: &Pairs) -> Result<(), Refusal> {
    let judged = locked(memory).tokens.judge(pairs.get("access_token").map(String::as_str));
    judged.map_err(|unfit| match unfit {
        Unfit::Missing => Refusal(41001, "access_token missing"),
        Unfit::Void(_) => Refusal(40001, "invalid credential, access_token is invalid or not latest"),
    })
}

/// JSON in raw UTF-8; `\u` is what the platform chokes on.
fn read(bytes: &Bytes) -> Result<Value, Refusal> {
    if bytes.windows(2).any(|two| two == b"\\u") {
        return Err(Refusal(40033, "invalid charset"));
    }
    serde_json::from_slice(bytes).map_err(|_| Refusal(47001, "data format error"))
}

/// What a call brings, once it is let in.
fn brought(memory: &Shared, pairs: &Pairs, bytes: &Bytes) -> Result<Value, Refusal> {
    admitted(memory, pairs).and_then(|()| read(bytes))
}

async fn stable_token(memory: Shared, bytes: Bytes) -> Response {
    // Others get their turn, as they would on a network.
    tokio::task::yield_now().await;
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return Refusal(47001, "data format error").into_response();
    };
    let mut memory = locked(&memory);
    memory.tokens.ask();
    if body["appid"] != APP_ID {
        return Refusal(40013, "invalid appid").into_response();
    }
    if body["secret"] != APP_SECRET {
        return Refusal(40125, "invalid appsecret").into_response();
    }
    if body["force_refresh"] == true {
        memory.tokens.replace();
    }
    axum::Json(json!({ "access_token": memory.tokens.give(), "expires_in": 7200 })).into_response()
}

async fn custom_send(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    let body = match brought(&memory, &pairs, &bytes) {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let said = body["text"]["content"].as_str().or(body["msgmenu"]["head_content"].as_str()).unwrap_or_default();
    match said.len() {
        0 => Refusal(44004, "empty content").into_response(),
        1..=LONGEST_TEXT => taken(&memory, "custom/send", body, json!({ "errcode": 0, "errmsg": "ok" })),
        _ => Refusal(45002, "content size out of limit").into_response(),
    }
}

/// What both messages by a template have to look like.
fn notice(memory: &Shared, pairs: &Pairs, bytes: &Bytes) -> Result<Value, Refusal> {
    let body = brought(memory, pairs, bytes)?;
    let fits = |field: &Value| {
        let words = field["value"].as_str().unwrap_or_default();
        (1..=LONGEST_FIELD).contains(&words.chars().count())
    };
    if body["data"].as_object().is_none_or(|fields| fields.is_empty() || !fields.values().all(fits)) {
        return Err(Refusal(47003, "argument invalid! data.thing1.value invalid"));
    }
    Ok(body)
}

async fn subscribe_send(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    let body = match notice(&memory, &pairs, &bytes) {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let named = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let agreed = locked(&memory).consents.get_mut(&(named("touser"), named("template_id"))).is_some_and(|left| {
        let had = *left;
        *left = had.saturating_sub(1);
        had > 0
    });
    if !agreed {
        return Refusal(43101, "user refuse to accept the msg").into_response();
    }
    taken(&memory, "subscribe/bizsend", body, json!({ "errcode": 0, "errmsg": "ok" }))
}

async fn template_send(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    match notice(&memory, &pairs, &bytes) {
        Ok(body) => taken(&memory, "template/send", body, json!({ "errcode": 0, "errmsg": "ok", "msgid": 200 })),
        Err(refusal) => refusal.into_response(),
    }
}

async fn menu_create(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    match brought(&memory, &pairs, &bytes) {
        Ok(body) => taken(&memory, "menu/create", body, json!({ "errcode": 0, "errmsg": "ok" })),
        Err(refusal) => refusal.into_response(),
    }
}

async fn qrcode_create(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    match brought(&memory, &pairs, &bytes) {
        Ok(body) => {
            let url = "http://weixin.qq.com/q/02abc";
            taken(&memory, "qrcode/create", body, json!({ "ticket": "gQH+/w==", "url": url }))
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn media_get(memory: Shared, pairs: Pairs) -> Response {
    if let Err(refusal) = admitted(&memory, &pairs) {
        return refusal.into_response();
    }
    let media = pairs.get("media_id").cloned().unwrap_or_default();
    let mut memory = locked(&memory);
    remember(&mut memory.fetched, media.clone());
    match memory.files.get(&media) {
        Some(bytes) => {
            let name = format!("attachment; filename=\"{media}.amr\"");
            ([("content-type", "audio/amr"), ("content-disposition", &name)], bytes.clone()).into_response()
        }
        None => Refusal(40007, "invalid media_id").into_response(),
    }
}
