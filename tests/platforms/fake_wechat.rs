//! WeChat as this program sees it: what it calls (tokens, messages, files, menu, codes) and what
//! calls it (pushes of a follower, plain or sealed, repeated as the platform repeats them).

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use huifang::channel::Channels;
use huifang::channel::envelope::xml::{Fields, cdata};
use huifang::channel::envelope::{self, Envelope, KeyUsed, Signed};
use huifang::channel::wechat::{Mode, Wechat, WechatConfig};
use huifang::clock::Clock;
use huifang::domain::secret::Secret;
use serde_json::{Value, json};

use crate::house::{House, client, serve};

pub const TOKEN: &str = "spamtest";
pub const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub const APP_ID: &str = "wx2c2769f8efd9abc2";
pub const APP_SECRET: &str = "a-secret-nobody-may-read";
pub const ACCOUNT: &str = "gh_10f6c3c3ac5a";

/// Everything the platform remembers.
#[derive(Default)]
struct Memory {
    /// How often the access token has changed.
    generation: u32,
    token_calls: u32,
    away: bool,
    /// Error codes for the next messages.
    refusals: VecDeque<i64>,
    /// What was taken, in order: `custom/send`, `template/send`, `menu/create`, `qrcode/create`.
    taken: Vec<(&'static str, Value)>,
    files: HashMap<String, Vec<u8>>,
    fetched: Vec<String>,
    /// How many messages by a template somebody has agreed to.
    consents: HashMap<(String, String), u32>,
    /// What becomes of the next messages by a template, whoever agreed to what.
    notices_refused: VecDeque<i64>,
}

#[derive(Clone)]
pub struct FakeWechat {
    pub url: String,
    memory: Arc<Mutex<Memory>>,
}

impl FakeWechat {
    pub async fn start() -> FakeWechat {
        let memory: Arc<Mutex<Memory>> = Arc::default();
        let router = Router::new()
            .route("/cgi-bin/stable_token", post(stable_token))
            .route("/cgi-bin/message/custom/send", post(custom_send))
            .route("/cgi-bin/message/template/send", post(template_send))
            .route("/cgi-bin/message/subscribe/bizsend", post(subscribe_send))
            .route("/cgi-bin/menu/create", post(menu_create))
            .route("/cgi-bin/qrcode/create", post(qrcode_create))
            .route("/cgi-bin/media/get", get(media_get))
            .with_state(Arc::clone(&memory));
        FakeWechat { url: serve(router).await, memory }
    }

    pub fn config(&self) -> WechatConfig {
        WechatConfig {
            app_id: Some(APP_ID.to_owned()),
            app_secret: Some(Secret::new(APP_SECRET)),
            token: Some(Secret::new(TOKEN)),
            encoding_aes_key: Some(Secret::new(KEY)),
            original_id: Some(ACCOUNT.to_owned()),
            api_url: Some(self.url.clone()),
            ..WechatConfig::default()
        }
    }

    /// The account as the program knows it.
    pub fn account(&self, clock: &Clock, mode: Mode) -> Wechat {
        Wechat::new(&WechatConfig { mode, ..self.config() }, clock.clone()).unwrap().unwrap()
    }

    pub fn channels(&self, mode: Mode) -> impl FnOnce(&Clock) -> Channels {
        let this = self.clone();
        move |clock| Channels { wechat: Some(this.account(clock, mode)), ..Channels::default() }
    }

    /// The access token is replaced: the one in use is not valid any more.
    pub fn revoke(&self) {
        self.memory.lock().unwrap().generation += 1;
    }

    pub fn is_away(&self, away: bool) {
        self.memory.lock().unwrap().away = away;
    }

    /// The next messages are refused with these codes.
    pub fn refuses(&self, codes: &[i64]) {
        self.memory.lock().unwrap().refusals.extend(codes);
    }

    /// The next template or subscription messages are refused with these codes.
    pub fn refuses_notices(&self, codes: &[i64]) {
        self.memory.lock().unwrap().notices_refused.extend(codes);
    }

    /// Somebody taps [允许] in the dialog of a template.
    pub fn is_allowed(&self, openid: &str, template: &str) {
        *self.memory.lock().unwrap().consents.entry((openid.to_owned(), template.to_owned())).or_default() += 1;
    }

    /// The words of the messages by a template that were taken so far.
    pub fn notices(&self, call: &str) -> Vec<String> {
        self.taken(call).iter().map(|body| body["data"]["thing1"]["value"].as_str().unwrap().to_owned()).collect()
    }

    pub fn keeps(&self, media: &str, bytes: Vec<u8>) {
        self.memory.lock().unwrap().files.insert(media.to_owned(), bytes);
    }

    /// Which files were asked for.
    pub fn fetched(&self) -> Vec<String> {
        self.memory.lock().unwrap().fetched.clone()
    }

    pub fn token_calls(&self) -> u32 {
        self.memory.lock().unwrap().token_calls
    }

    /// What was taken by one call so far.
    pub fn taken(&self, call: &str) -> Vec<Value> {
        let memory = self.memory.lock().unwrap();
        memory.taken.iter().filter(|(name, _)| *name == call).map(|(_, body)| body.clone()).collect()
    }

    /// The texts that were brought by customer-service messages so far.
    pub fn texts(&self) -> Vec<String> {
        let text = |body: &Value| {
            let said = body["text"]["content"].as_str().or(body["msgmenu"]["head_content"].as_str());
            said.unwrap().to_owned()
        };
        self.taken("custom/send").iter().map(text).collect()
    }

    /// The id of an entry of the newest list to tap on.
    pub fn entry(&self, label: &str) -> String {
        let sent = self.taken("custom/send");
        let list = sent.iter().rev().find_map(|body| body["msgmenu"]["list"].as_array()).unwrap();
        let entry = list.iter().find(|entry| entry["content"] == label);
        entry.unwrap_or_else(|| panic!("no {label} in {list:?}"))["id"].as_str().unwrap().to_owned()
    }
}

type Shared = State<Arc<Mutex<Memory>>>;
type Pairs = Query<HashMap<String, String>>;

fn errcode(code: i64, words: &str) -> Response {
    axum::Json(json!({ "errcode": code, "errmsg": format!("{words} rid: 6555-{code}") })).into_response()
}

fn taken(memory: &Shared, call: &'static str, body: Value, answer: Value) -> Response {
    memory.lock().unwrap().taken.push((call, body));
    axum::Json(answer).into_response()
}

/// Looks at what every call has to bring.
fn admitted(memory: &Shared, pairs: &Pairs) -> Result<(), Response> {
    let memory = memory.lock().unwrap();
    if memory.away {
        return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    match pairs.get("access_token") {
        None => Err(errcode(41001, "access_token missing")),
        Some(token) if *token == format!("token-{}", memory.generation) => Ok(()),
        Some(_) => Err(errcode(40001, "invalid credential, access_token is invalid or not latest")),
    }
}

/// JSON in raw UTF-8; `\u` is what the platform chokes on.
fn read(bytes: &Bytes) -> Result<Value, Response> {
    if bytes.windows(2).any(|two| two == b"\\u") {
        return Err(errcode(40033, "invalid charset"));
    }
    serde_json::from_slice(bytes).map_err(|_| errcode(47001, "data format error"))
}

async fn stable_token(memory: Shared, bytes: Bytes) -> Response {
    // Others get their turn, as they would on a network.
    tokio::task::yield_now().await;
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    let mut memory = memory.lock().unwrap();
    if memory.away {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    memory.token_calls += 1;
    if body["appid"] != APP_ID {
        return errcode(40013, "invalid appid");
    }
    if body["secret"] != APP_SECRET {
        return errcode(40125, "invalid appsecret");
    }
    assert_eq!(body["force_refresh"], false, "forcing takes the token from the other replicas");
    let token = format!("token-{}", memory.generation);
    axum::Json(json!({ "access_token": token, "expires_in": 7200 })).into_response()
}

async fn custom_send(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    let read = admitted(&memory, &pairs).and_then(|()| read(&bytes));
    let body = match read {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    if let Some(code) = memory.lock().unwrap().refusals.pop_front() {
        return errcode(code, "refused as the test says, hint: [someone's words]");
    }
    let said = body["text"]["content"].as_str().or(body["msgmenu"]["head_content"].as_str()).unwrap_or_default();
    match said.len() {
        0 => errcode(44004, "empty content"),
        1..2048 => taken(&memory, "custom/send", body, json!({ "errcode": 0, "errmsg": "ok" })),
        _ => errcode(45002, "content size out of limit"),
    }
}

/// What both messages by a template have to look like.
fn notice(memory: &Shared, pairs: &Pairs, bytes: &Bytes) -> Result<Value, Response> {
    let body = admitted(memory, pairs).and_then(|()| read(bytes))?;
    if let Some(code) = memory.lock().unwrap().notices_refused.pop_front() {
        return Err(errcode(code, "refused as the test says"));
    }
    let fields = body["data"].as_object().unwrap();
    let fits = |field: &Value| (1..=20).contains(&field["value"].as_str().unwrap().chars().count());
    if fields.is_empty() || !fields.values().all(fits) {
        return Err(errcode(47003, "argument invalid! data.thing1.value invalid"));
    }
    Ok(body)
}

async fn subscribe_send(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    let body = match notice(&memory, &pairs, &bytes) {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let named = |key: &str| body[key].as_str().unwrap().to_owned();
    let left = memory.lock().unwrap().consents.get_mut(&(named("touser"), named("template_id"))).map(|left| {
        let had = *left;
        *left = had.saturating_sub(1);
        had
    });
    if left.is_none_or(|left| left == 0) {
        return errcode(43101, "user refuse to accept the msg");
    }
    taken(&memory, "subscribe/bizsend", body, json!({ "errcode": 0, "errmsg": "ok" }))
}

async fn template_send(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    match notice(&memory, &pairs, &bytes) {
        Ok(body) => taken(&memory, "template/send", body, json!({ "errcode": 0, "errmsg": "ok", "msgid": 200 })),
        Err(refusal) => refusal,
    }
}

async fn menu_create(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    match admitted(&memory, &pairs).and_then(|()| read(&bytes)) {
        Ok(body) => taken(&memory, "menu/create", body, json!({ "errcode": 0, "errmsg": "ok" })),
        Err(refusal) => refusal,
    }
}

async fn qrcode_create(memory: Shared, pairs: Pairs, bytes: Bytes) -> Response {
    match admitted(&memory, &pairs).and_then(|()| read(&bytes)) {
        Ok(body) => {
            let url = "http://weixin.qq.com/q/02abc";
            taken(&memory, "qrcode/create", body, json!({ "ticket": "gQH+/w==", "url": url }))
        }
        Err(refusal) => refusal,
    }
}

async fn media_get(memory: Shared, pairs: Pairs) -> Response {
    if let Err(refusal) = admitted(&memory, &pairs) {
        return refusal;
    }
    let media = pairs.get("media_id").cloned().unwrap_or_default();
    let mut memory = memory.lock().unwrap();
    memory.fetched.push(media.clone());
    match memory.files.get(&media) {
        Some(bytes) => {
            let name = format!("attachment; filename=\"{media}.amr\"");
            ([("content-type", "audio/amr"), ("content-disposition", &name)], bytes.clone()).into_response()
        }
        None => errcode(40007, "invalid media_id"),
    }
}

/// One push, which can be delivered any number of times.
#[derive(Clone)]
pub struct Push {
    pub query: String,
    pub body: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub raw: String,
    /// The passive text, decrypted if it was sealed.
    pub text: Option<String>,
    pub took: Duration,
}

static NEXT: AtomicU64 = AtomicU64::new(24_539_567_282_716_641);

/// A follower of the account.
pub struct Follower {
    pub openid: String,
    url: String,
    clock: Clock,
    sealed: bool,
}

impl Follower {
    pub fn of(house: &House, openid: &str, sealed: bool) -> Follower {
        Follower { openid: openid.to_owned(), url: house.url.clone(), clock: house.clock.clone(), sealed }
    }

    pub async fn says(&self, text: &str) -> Option<String> {
        self.deliver(&self.text(text)).await.text
    }

    pub fn text(&self, text: &str) -> Push {
        self.message("text", &format!("<Content>{}</Content>", cdata(text)))
    }

    /// Taps an entry of a list that a customer-service message brought.
    pub async fn taps(&self, id: &str, label: &str) -> Option<String> {
        let rest = format!("<Content>{}</Content><bizmsgmenuid>{id}</bizmsgmenuid>", cdata(label));
        self.deliver(&self.message("text", &rest)).await.text
    }

    pub fn voice(&self, narrow: &str, wide: &str) -> Push {
        let rest = format!(
            "<MediaId>{}</MediaId><Format>amr</Format><MediaId16K>{}</MediaId16K><Recognition><![CDATA[]]></Recognition>",
            cdata(narrow),
            cdata(wide)
        );
        self.message("voice", &rest)
    }

    pub fn message(&self, kind: &str, rest: &str) -> Push {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        self.push(&format!("<MsgType>{}</MsgType>{rest}<MsgId>{number}</MsgId>", cdata(kind)))
    }

    pub fn event(&self, name: &str, key: &str) -> Push {
        let key = format!("<EventKey>{}</EventKey>", cdata(key));
        self.push(&format!("<MsgType><![CDATA[event]]></MsgType><Event>{}</Event>{key}", cdata(name)))
    }

    /// What was answered in the dialog of a subscription message, or changed in the settings later.
    pub fn consent(&self, event: &str, answers: &[(&str, &str)]) -> Push {
        let list = answers.iter().fold(String::new(), |list, (template, said)| {
            let (template, said) = (cdata(template), cdata(said));
            format!(
                "{list}<List><TemplateId>{template}</TemplateId><SubscribeStatusString>{said}</SubscribeStatusString>\
                     <PopupScene>2</PopupScene></List>"
            )
        });
        let (name, element) = match event {
            "popup" => ("subscribe_msg_popup_event", "SubscribeMsgPopupEvent"),
            _ => ("subscribe_msg_change_event", "SubscribeMsgChangeEvent"),
        };
        let name = cdata(name);
        self.push(&format!("<MsgType><![CDATA[event]]></MsgType><Event>{name}</Event><{element}>{list}</{element}>"))
    }

    fn push(&self, rest: &str) -> Push {
        let time = self.clock.now().0 / 1000;
        let inner = format!(
            "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{time}</CreateTime>{rest}</xml>",
            cdata(ACCOUNT),
            cdata(&self.openid)
        );
        if self.sealed { seal(&inner, &time.to_string()) } else { sign(&inner, &time.to_string()) }
    }

    pub async fn deliver(&self, push: &Push) -> Reply {
        deliver(&self.url, push).await
    }
}

pub fn envelope() -> Envelope {
    Envelope::new(&Secret::new(TOKEN), &Secret::new(KEY), None, APP_ID).unwrap()
}

/// A push in plain mode.
pub fn sign(inner: &str, time: &str) -> Push {
    let signature = envelope::signature(&[TOKEN, time, "486452656"]);
    let query = format!("signature={signature}&timestamp={time}&nonce=486452656&openid=whoever");
    Push { query, body: inner.to_owned() }
}

/// A push in secure mode.
pub fn seal(inner: &str, time: &str) -> Push {
    let sealed = envelope().seal(KeyUsed::Current, inner, time, "1320562132", envelope::random().unwrap());
    let signature = envelope::signature(&[TOKEN, time, "1320562132"]);
    let query = format!(
        "signature={signature}&timestamp={time}&nonce=1320562132&openid=whoever&encrypt_type=aes&msg_signature={}",
        sealed.signature
    );
    let body =
        format!("<xml><ToUserName>{}</ToUserName><Encrypt>{}</Encrypt></xml>", cdata(ACCOUNT), cdata(&sealed.encrypt));
    Push { query, body }
}

pub async fn deliver(url: &str, push: &Push) -> Reply {
    let begun = Instant::now();
    let address = format!("{url}/webhooks/wechat?{}", push.query);
    let answer =
        client().post(address).header("content-type", "text/xml").body(push.body.clone()).send().await.unwrap();
    let status = answer.status();
    let raw = answer.text().await.unwrap();
    Reply { status, text: text_of(&raw), raw, took: begun.elapsed() }
}

/// Reads a passive answer as the platform does.
fn text_of(raw: &str) -> Option<String> {
    let mut fields = Fields::parse(raw).ok()?;
    if let Some(encrypt) = fields.get("Encrypt") {
        let part = |name: &str| fields.get(name).unwrap();
        let signed = Signed { msg_signature: part("MsgSignature"), timestamp: part("TimeStamp"), nonce: part("Nonce") };
        fields = Fields::parse(&envelope().open(signed, encrypt).unwrap().message).unwrap();
    }
    assert_eq!((fields.get("MsgType"), fields.get("FromUserName")), (Some("text"), Some(ACCOUNT)));
    let text = fields.raw("Content").unwrap().to_owned();
    assert!(!text.is_empty() && text.len() < 2048);
    Some(text)
}
