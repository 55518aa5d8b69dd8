//! An app that uses the signed HTTP channel: it signs what it posts, verifies what it is sent by
//! arithmetic of its own, shows each message once, and has files under addresses.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use huifang::channel::Channels;
use huifang::channel::http::{Http, HttpConfig};
use huifang::clock::Clock;
use huifang::domain::time::Timestamp;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::house::{House, client, serve};

pub const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What the app answers to a message.
#[derive(Debug, Clone)]
pub enum Manner {
    Status(u16),
    /// Busy; come again after so long.
    Busy(&'static str),
    Redirects,
}

#[derive(Default)]
struct Seen {
    /// Every message that came, with the id it came under.
    messages: Vec<Value>,
    /// What is answered next, before all is well again.
    manners: VecDeque<Manner>,
    files: BTreeMap<String, Vec<u8>>,
    fetched: Vec<String>,
    clock: Option<Clock>,
}

#[derive(Clone)]
pub struct App {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

impl App {
    pub async fn start() -> App {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let router = axum::Router::new()
            .route("/callback", post(called))
            .route("/elsewhere", post(elsewhere))
            .route("/files/{name}", get(file))
            .with_state(Arc::clone(&seen));
        App { url: serve(router).await, seen }
    }

    /// A house that posts its answers to this app.
    pub async fn house(&self) -> House {
        self.house_with(&format!("callback_url = \"{}/callback\"\nallow_private = true", self.url)).await
    }

    pub async fn house_with(&self, settings: &str) -> House {
        let config: HttpConfig = toml::from_str(&format!("secret = \"{SECRET}\"\n{settings}")).unwrap();
        House::open(|clock| {
            self.seen.lock().unwrap().clock = Some(clock.clone());
            Channels { http: Http::new(&config, clock.clone()).unwrap(), ..Channels::default() }
        })
        .await
    }

    /// The next messages are answered so, one by one.
    pub fn answers(&self, manners: impl IntoIterator<Item = Manner>) {
        self.seen.lock().unwrap().manners.extend(manners);
    }

    pub fn keeps(&self, name: &str, bytes: Vec<u8>) -> String {
        self.seen.lock().unwrap().files.insert(name.to_owned(), bytes);
        format!("{}/files/{name}", self.url)
    }

    /// Returns which files were asked for since the last look.
    pub fn fetched(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap().fetched)
    }

    /// Returns every message that came, also those that came again.
    pub fn messages(&self) -> Vec<Value> {
        let messages = self.seen.lock().unwrap().messages.clone();
        assert!(messages.iter().all(|message| message["to"].is_string()), "{messages:?}");
        messages
    }

    /// Returns what the person has seen: each message once.
    pub fn shown(&self) -> Vec<Value> {
        let mut known = HashSet::new();
        self.messages().into_iter().filter(|message| known.insert(message["id"].to_string())).collect()
    }

    /// Returns the id of the button with that label on the newest message that has buttons.
    pub fn button(&self, label: &str) -> String {
        let messages = self.shown();
        let choices = messages.iter().rev().find_map(|message| message["choices"].as_array().filter(|c| !c.is_empty()));
        let choice = choices.unwrap().iter().find(|choice| choice["label"] == label);
        choice.unwrap_or_else(|| panic!("no button {label}: {choices:?}"))["id"].as_str().unwrap().to_owned()
    }
}

/// Signs as the specification says, by hand.
pub fn sign(secret: &str, id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    let seconds = at.0 / 1000;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    let signature = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
    [("webhook-id", id.to_owned()), ("webhook-timestamp", seconds.to_string()), ("webhook-signature", signature)]
}

/// Posts a signed body.
pub async fn post_bytes(house: &House, id: &str, content_type: &str, body: Vec<u8>) -> reqwest::Response {
    post_to(house, "/webhooks/http", id, content_type, body).await
}

/// Posts readings and alarms of machines.
pub async fn post_events(house: &House, id: &str, events: &Value) -> reqwest::Response {
    let body = json!({ "events": events }).to_string().into_bytes();
    post_to(house, "/api/v1/events", id, "application/json", body).await
}

pub async fn post_to(house: &House, path: &str, id: &str, content_type: &str, body: Vec<u8>) -> reqwest::Response {
    let mut request = client().post(format!("{}{path}", house.url)).header(header::CONTENT_TYPE, content_type);
    for (name, value) in sign(SECRET, id, house.clock.now(), &body) {
        request = request.header(name, value);
    }
    request.body(body).send().await.unwrap()
}

pub async fn post_json(house: &House, id: &str, body: &Value) -> reqwest::Response {
    post_bytes(house, id, "application/json", body.to_string().into_bytes()).await
}

pub async fn post_form(house: &House, id: &str, form: Form) -> reqwest::Response {
    let content_type = format!("multipart/form-data; boundary={}", form.boundary());
    let mut body = form.into_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = futures_util::StreamExt::next(&mut body).await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    post_bytes(house, id, &content_type, bytes).await
}

/// Gets something signed: the text that is signed is path and query.
pub async fn get_signed(house: &House, target: &str) -> reqwest::Response {
    let mut request = client().get(format!("{}{target}", house.url));
    for (name, value) in sign(SECRET, "get-1", house.clock.now(), target.as_bytes()) {
        request = request.header(name, value);
    }
    request.send().await.unwrap()
}

async fn called(State(seen): State<Arc<Mutex<Seen>>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut seen = seen.lock().unwrap();
    let said = |name: &str| headers[name].to_str().unwrap().to_owned();
    let id = said("webhook-id");
    let now = seen.clock.as_ref().unwrap().now();
    let [_, (_, seconds), (_, signature)] = sign(SECRET, &id, now, &body);
    assert_eq!((said("webhook-timestamp"), said("webhook-signature")), (seconds, signature));
    let message: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(message["id"], json!(id));
    match seen.manners.pop_front() {
        Some(Manner::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Manner::Busy(wait)) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, wait)]).into_response(),
        Some(Manner::Redirects) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response(),
        None => {
            seen.messages.push(message);
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

/// Where nobody should come.
async fn elsewhere(State(seen): State<Arc<Mutex<Seen>>>) -> StatusCode {
    seen.lock().unwrap().messages.push(json!({ "id": "a redirect was followed" }));
    StatusCode::NO_CONTENT
}

async fn file(State(seen): State<Arc<Mutex<Seen>>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let mut seen = seen.lock().unwrap();
    assert!(!headers.contains_key("webhook-signature"), "a request to an address somebody chose was signed");
    seen.fetched.push(name.clone());
    match (name.as_str(), seen.files.get(&name)) {
        ("away", _) => (StatusCode::FOUND, [(header::LOCATION, "/files/leak.ogg")]).into_response(),
        ("busy", _) if seen.fetched.len() < 2 => StatusCode::BAD_GATEWAY.into_response(),
        ("endless", _) => {
            let piece = || Some((Ok::<_, std::io::Error>(Bytes::from(vec![0; 1 << 20])), ()));
            let pieces = futures_util::stream::unfold((), move |()| std::future::ready(piece()));
            axum::body::Body::from_stream(pieces).into_response()
        }
        (_, Some(bytes)) => bytes.clone().into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
