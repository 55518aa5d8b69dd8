//! WeCom as this program sees it: what it calls (token, messages, files, the robot of a group) and
//! what calls it (sealed pushes of a member of the company, repeated as the platform repeats them).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use huifang::channel::Channels;
use huifang::channel::envelope::xml::{Fields, cdata};
use huifang::channel::envelope::{self, Envelope, KeyUsed, Signed};
use huifang::channel::wecom::{Wecom, WecomConfig};
use huifang::clock::Clock;
use huifang::domain::secret::Secret;
use huifang::simulator::tokens::{Tokens, Unfit};
use serde_json::{Value, json};

use crate::fake_kf::{self, Desk};
use crate::house::{House, client, serve};

pub const TOKEN: &str = "QDG6eK";
pub const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
pub const CORP_ID: &str = "wx5823bf96d3bd56c7";
pub const SECRET: &str = "a-secret-nobody-may-read";
pub const ROBOT: &str = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";
pub const AGENT: u32 = 218;

#[derive(Default)]
struct Memory {
    tokens: Tokens,
    away: bool,
    /// Error codes for the next messages.
    refusals: VecDeque<i64>,
    /// Members of whom the platform says that they are out of reach.
    strangers: Vec<String>,
    messages: Vec<Value>,
    cards: Vec<Value>,
    files: BTreeMap<String, Vec<u8>>,
    fetched: Vec<String>,
    robot: Vec<Value>,
    menus: Vec<Value>,
    desk: Desk,
}

#[derive(Clone)]
pub struct FakeWecom {
    pub url: String,
    memory: Arc<Mutex<Memory>>,
}

type Shared = State<Arc<Mutex<Memory>>>;
type Pairs = Query<HashMap<String, String>>;

impl FakeWecom {
    pub async fn start() -> FakeWecom {
        let memory: Arc<Mutex<Memory>> = Arc::default();
        let router = Router::new()
            .route("/cgi-bin/gettoken", get(gettoken))
            .route("/cgi-bin/message/send", post(send))
            .route("/cgi-bin/media/get", get(media))
            .route("/cgi-bin/menu/create", post(menu))
            .route("/cgi-bin/webhook/send", post(robot))
            .route("/cgi-bin/kf/{*call}", post(service))
            .with_state(Arc::clone(&memory));
        FakeWecom { url: serve(router).await, memory }
    }

    pub fn config(&self) -> WecomConfig {
        WecomConfig {
            corp_id: Some(CORP_ID.to_owned()),
            agent_id: Some(AGENT),
            secret: Some(Secret::new(SECRET)),
            token: Some(Secret::new(TOKEN)),
            encoding_aes_key: Some(Secret::new(KEY)),
            robot_key: Some(Secret::new(ROBOT)),
            api_url: Some(self.url.clone()),
            ..WecomConfig::default()
        }
    }

    pub async fn house(&self) -> House {
        let config = self.config();
        House::open(|clock: &Clock| Channels {
            wecom: Wecom::new(&config, clock.clone()).unwrap(),
            ..Channels::default()
        })
        .await
    }

    /// Looks into customer service, or changes something there.
    pub fn at_desk<T>(&self, act: impl FnOnce(&mut Desk) -> T) -> T {
        act(&mut self.memory.lock().unwrap().desk)
    }

    /// The access token is taken back before its time.
    pub fn revoke(&self) {
        self.memory.lock().unwrap().tokens.replace();
    }

    pub fn is_away(&self, away: bool) {
        self.memory.lock().unwrap().away = away;
    }

    /// The next messages are refused with these codes.
    pub fn refuses(&self, codes: &[i64]) {
        self.memory.lock().unwrap().refusals.extend(codes);
    }

    pub fn knows_no(&self, member: &str) {
        self.memory.lock().unwrap().strangers.push(member.to_owned());
    }

    pub fn keeps(&self, media: &str, bytes: Vec<u8>) {
        self.memory.lock().unwrap().files.insert(media.to_owned(), bytes);
    }

    pub fn fetched(&self) -> Vec<String> {
        self.memory.lock().unwrap().fetched.clone()
    }

    pub fn token_calls(&self) -> u32 {
        self.memory.lock().unwrap().tokens.asked()
    }

    /// The texts that were brought by messages so far.
    pub fn texts(&self) -> Vec<String> {
        let memory = self.memory.lock().unwrap();
        memory.messages.iter().map(|body| body["text"]["content"].as_str().unwrap().to_owned()).collect()
    }

    /// The text cards that were brought so far, with whom each was for.
    pub fn cards(&self) -> Vec<Value> {
        self.memory.lock().unwrap().cards.clone()
    }

    /// The menus that were set so far.
    pub fn menus(&self) -> Vec<Value> {
        self.memory.lock().unwrap().menus.clone()
    }

    /// What the robot said so far.
    pub fn alerts(&self) -> Vec<String> {
        let memory = self.memory.lock().unwrap();
        memory.robot.iter().map(|body| body["markdown"]["content"].as_str().unwrap().to_owned()).collect()
    }
}

fn errcode(code: i64) -> Response {
    let words = format!("refused, hint: [1630000000-{code}], from ip: 203.0.113.7, more info at https://open.work");
    axum::Json(json!({ "errcode": code, "errmsg": words })).into_response()
}

fn admitted(memory: &Memory, pairs: &HashMap<String, String>) -> Result<(), Response> {
    if memory.away {
        return Err(StatusCode::BAD_GATEWAY.into_response());
    }
    // Customer service may have an access token of its own.
    let shown = pairs.get("access_token").map(|token| token.trim_start_matches("kf-"));
    memory.tokens.judge(shown).map_err(|unfit| match unfit {
        Unfit::Missing => errcode(41001),
        Unfit::Void(changes) => errcode(if changes.is_multiple_of(2) { 42001 } else { 40014 }),
    })
}

async fn gettoken(State(memory): Shared, Query(pairs): Pairs) -> Response {
    tokio::task::yield_now().await;
    let mut memory = memory.lock().unwrap();
    if memory.away {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    memory.tokens.ask();
    let said = |name: &str| pairs.get(name).map(String::as_str);
    if said("corpid") != Some(CORP_ID) {
        return errcode(40013);
    }
    let kind = match said("corpsecret") {
        Some(SECRET) => "",
        Some(fake_kf::SECRET) => "kf-",
        _ => return errcode(40001),
    };
    let token = format!("{kind}{}", memory.tokens.give());
    axum::Json(json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200 })).into_response()
}

async fn send(State(memory): Shared, Query(pairs): Pairs, bytes: Bytes) -> Response {
    let mut memory = memory.lock().unwrap();
    if let Err(refusal) = admitted(&memory, &pairs) {
        return refusal;
    }
    if let Some(code) = memory.refusals.pop_front() {
        return errcode(code);
    }
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(body["agentid"], AGENT);
    let card = body["msgtype"] == "textcard";
    let parts = if card {
        let card = &body["textcard"];
        vec![(&card["title"], 128), (&card["description"], 512), (&card["url"], 2048), (&card["btntxt"], 16)]
    } else {
        assert_eq!(body["msgtype"], "text");
        vec![(&body["text"]["content"], 2048)]
    };
    for (text, most) in parts {
        // The platform would cut it off without a word.
        let bytes = text.as_str().unwrap().len();
        assert!((1..=most).contains(&bytes), "{bytes} bytes");
    }
    let to = body["touser"].as_str().unwrap().to_owned();
    if memory.strangers.contains(&to) {
        return axum::Json(json!({ "errcode": 0, "errmsg": "ok", "invaliduser": to })).into_response();
    }
    if card {
        memory.cards.push(body);
    } else {
        memory.messages.push(body);
    }
    axum::Json(json!({ "errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "x" })).into_response()
}

async fn media(State(memory): Shared, Query(pairs): Pairs) -> Response {
    let mut memory = memory.lock().unwrap();
    if let Err(refusal) = admitted(&memory, &pairs) {
        return refusal;
    }
    let id = pairs["media_id"].clone();
    memory.fetched.push(id.clone());
    match memory.files.get(&id) {
        Some(bytes) => ([("content-type", "audio/amr")], bytes.clone()).into_response(),
        None => errcode(40007),
    }
}

async fn menu(State(memory): Shared, Query(pairs): Pairs, bytes: Bytes) -> Response {
    let mut memory = memory.lock().unwrap();
    if let Err(refusal) = admitted(&memory, &pairs) {
        return refusal;
    }
    if pairs.get("agentid").and_then(|id| id.parse().ok()) != Some(AGENT) {
        return errcode(40056);
    }
    memory.menus.push(serde_json::from_slice(&bytes).unwrap());
    axum::Json(json!({ "errcode": 0, "errmsg": "ok" })).into_response()
}

async fn service(State(memory): Shared, Path(call): Path<String>, Query(pairs): Pairs, bytes: Bytes) -> Response {
    let mut memory = memory.lock().unwrap();
    if let Err(refusal) = admitted(&memory, &pairs) {
        return refusal;
    }
    if memory.desk.own_secret != pairs["access_token"].starts_with("kf-") {
        return errcode(48002);
    }
    if let Some(code) = memory.refusals.pop_front() {
        return errcode(code);
    }
    match memory.desk.perform(&call, &serde_json::from_slice(&bytes).unwrap()) {
        Ok(mut answer) => {
            (answer["errcode"], answer["errmsg"]) = (json!(0), json!("ok"));
            axum::Json(answer).into_response()
        }
        Err(code) => errcode(code),
    }
}

async fn robot(State(memory): Shared, Query(pairs): Pairs, bytes: Bytes) -> Response {
    let mut memory = memory.lock().unwrap();
    if pairs.get("key").map(String::as_str) != Some(ROBOT) {
        return errcode(93000);
    }
    if let Some(code) = memory.refusals.pop_front() {
        return errcode(code);
    }
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    assert!(body["markdown"]["content"].as_str().unwrap().len() <= 4096);
    memory.robot.push(body);
    axum::Json(json!({ "errcode": 0, "errmsg": "ok" })).into_response()
}

/// One push, which can be delivered any number of times.
#[derive(Clone)]
pub struct Push {
    pub query: String,
    pub body: String,
}

static NEXT: AtomicU64 = AtomicU64::new(4_561_255_354_251_345_929);

/// A member of the company.
pub struct Member {
    pub id: String,
    url: String,
    clock: Clock,
}

impl Member {
    pub fn of(house: &House, id: &str) -> Member {
        Member { id: id.to_owned(), url: house.url.clone(), clock: house.clock.clone() }
    }

    pub async fn says(&self, text: &str) -> Option<String> {
        self.deliver(&self.message("text", &format!("<Content>{}</Content>", cdata(text)))).await
    }

    pub fn message(&self, kind: &str, rest: &str) -> Push {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        self.push(&format!("<MsgType>{}</MsgType>{rest}<MsgId>{number}</MsgId>", cdata(kind)))
    }

    pub fn voice(&self, media: &str) -> Push {
        self.message("voice", &format!("<MediaId>{}</MediaId><Format>amr</Format>", cdata(media)))
    }

    pub fn event(&self, name: &str, key: &str) -> Push {
        let key = format!("<EventKey>{}</EventKey>", cdata(key));
        self.push(&format!("<MsgType><![CDATA[event]]></MsgType><Event>{}</Event>{key}", cdata(name)))
    }

    fn push(&self, rest: &str) -> Push {
        let time = self.clock.now().0 / 1000;
        let inner = format!(
            "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{time}</CreateTime>{rest}\
             <AgentID>{AGENT}</AgentID></xml>",
            cdata(CORP_ID),
            cdata(&self.id)
        );
        seal(&inner, time)
    }

    /// Delivers a push and reads the passive answer as the platform does.
    pub async fn deliver(&self, push: &Push) -> Option<String> {
        let (status, raw) = deliver(&self.url, push).await;
        assert_eq!(status, 200, "{raw}");
        text_of(&raw)
    }
}

pub fn envelope() -> Envelope {
    Envelope::new(&Secret::new(TOKEN), &Secret::new(KEY), None, CORP_ID).unwrap()
}

pub fn seal(inner: &str, time: i64) -> Push {
    let sealed = envelope().seal(KeyUsed::Current, inner, &time.to_string(), "1372623149", envelope::random().unwrap());
    let query = format!("msg_signature={}&timestamp={time}&nonce=1372623149", sealed.signature);
    let (to, encrypt) = (cdata(CORP_ID), cdata(&sealed.encrypt));
    let body =
        format!("<xml><ToUserName>{to}</ToUserName><AgentID>{AGENT}</AgentID><Encrypt>{encrypt}</Encrypt></xml>");
    Push { query, body }
}

/// Returns the status and the body as it came.
pub async fn deliver(url: &str, push: &Push) -> (u16, String) {
    let address = format!("{url}/webhooks/wecom?{}", push.query);
    let answer =
        client().post(address).header("content-type", "text/xml").body(push.body.clone()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn text_of(raw: &str) -> Option<String> {
    if raw.is_empty() {
        return None;
    }
    let outer = Fields::parse(raw).unwrap();
    let part = |name: &str| outer.get(name).unwrap();
    let signed = Signed { msg_signature: part("MsgSignature"), timestamp: part("TimeStamp"), nonce: part("Nonce") };
    let fields = Fields::parse(&envelope().open(signed, part("Encrypt")).unwrap().message).unwrap();
    assert_eq!((fields.get("MsgType"), fields.get("FromUserName")), (Some("text"), Some(CORP_ID)));
    Some(fields.raw("Content").unwrap().to_owned())
}
