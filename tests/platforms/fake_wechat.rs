//! The simulated WeChat as the tests use it: what goes wrong on purpose, and what no platform objects to but
//! we do.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use huifang::channel::Channels;
use huifang::channel::wechat::{Mode, Wechat, WechatConfig};
use huifang::clock::Clock;
use huifang::simulator::wechat::{self, Account};
pub use huifang::simulator::wechat::{ACCOUNT, APP_ID, APP_SECRET, KEY, Push, Reply, TOKEN, sign};
use serde_json::{Value, json};

use crate::house::House;

/// What goes wrong.
#[derive(Default)]
struct Between {
    away: bool,
    /// Error codes for the next messages.
    refusals: VecDeque<i64>,
    /// What becomes of the next messages by a template, whoever agreed to what.
    notices_refused: VecDeque<i64>,
}

/// The platform, and what stands between it and the service.
#[derive(Clone)]
pub struct FakeWechat {
    platform: Account,
    between: Arc<Mutex<Between>>,
}

impl Deref for FakeWechat {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.platform
    }
}

impl FakeWechat {
    pub async fn start() -> FakeWechat {
        let between: Arc<Mutex<Between>> = Arc::default();
        let state = Arc::clone(&between);
        let platform =
            Account::start(|platform, router| router.layer(from_fn_with_state((platform.clone(), state), pass)));
        FakeWechat { platform: platform.await.unwrap(), between }
    }

    /// The account as the program knows it.
    pub fn account(&self, clock: &Clock, mode: Mode) -> Wechat {
        Wechat::new(&WechatConfig { mode, ..self.config() }, clock.clone()).unwrap().unwrap()
    }

    pub fn channels(&self, mode: Mode) -> impl FnOnce(&Clock) -> Channels {
        let this = self.clone();
        move |clock| Channels { wechat: Some(this.account(clock, mode)), ..Channels::default() }
    }

    pub fn is_away(&self, away: bool) {
        self.between.lock().unwrap().away = away;
    }

    /// The next messages are refused with these codes.
    pub fn refuses(&self, codes: &[i64]) {
        self.between.lock().unwrap().refusals.extend(codes);
    }

    /// The next template or subscription messages are refused with these codes.
    pub fn refuses_notices(&self, codes: &[i64]) {
        self.between.lock().unwrap().notices_refused.extend(codes);
    }

    /// The words of the messages by a template that were taken so far.
    pub fn notices(&self, call: &str) -> Vec<String> {
        self.taken(call).iter().map(|body| body["data"]["thing1"]["value"].as_str().unwrap().to_owned()).collect()
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

fn errcode(code: i64, words: &str) -> Response {
    axum::Json(json!({ "errcode": code, "errmsg": format!("{words} rid: 6555-{code}") })).into_response()
}

/// Lets happen to a call what should.
async fn pass(
    State((platform, between)): State<(Account, Arc<Mutex<Between>>)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let call = parts.uri.path().trim_start_matches("/cgi-bin/").to_owned();
    if between.lock().unwrap().away {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if call == "stable_token" {
        let asked: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(asked["force_refresh"], false, "forcing takes the token from the other replicas");
    }
    let mut pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let known = pairs.any(|(name, token)| name == "access_token" && platform.admits(&token));
    let refused = |refusals: fn(&mut Between) -> &mut VecDeque<i64>| {
        known.then(|| refusals(&mut between.lock().unwrap()).pop_front()).flatten()
    };
    let refusal = match call.as_str() {
        "message/custom/send" => refused(|between| &mut between.refusals)
            .map(|code| errcode(code, "refused as the test says, hint: [someone's words]")),
        "message/template/send" | "message/subscribe/bizsend" => {
            refused(|between| &mut between.notices_refused).map(|code| errcode(code, "refused as the test says"))
        }
        _ => None,
    };
    match refusal {
        Some(refusal) => refusal,
        None => next.run(Request::from_parts(parts, Body::from(bytes))).await,
    }
}

/// A follower of the account.
pub struct Follower(wechat::Follower);

impl Deref for Follower {
    type Target = wechat::Follower;

    fn deref(&self) -> &wechat::Follower {
        &self.0
    }
}

impl Follower {
    pub fn of(house: &House, openid: &str, sealed: bool) -> Follower {
        Follower(wechat::Follower::new(&house.url, house.clock.clone(), openid, sealed))
    }

    pub async fn says(&self, text: &str) -> Option<String> {
        self.deliver(&self.text(text)).await.text
    }

    /// Taps an entry of a list that a customer-service message brought.
    pub async fn taps(&self, id: &str, label: &str) -> Option<String> {
        self.deliver(&self.tap(id, label)).await.text
    }

    pub async fn deliver(&self, push: &Push) -> Reply {
        whole(self.0.deliver(push).await.unwrap())
    }
}

/// A push in secure mode.
pub fn seal(inner: &str, time: &str) -> Push {
    wechat::seal(inner, time).unwrap()
}

pub async fn deliver(url: &str, push: &Push) -> Reply {
    whole(wechat::deliver(url, push).await.unwrap())
}

/// What looks like an answer is one that the platform shows.
fn whole(reply: Reply) -> Reply {
    let written = reply.status == 200 && reply.raw.trim_start().starts_with("<xml>");
    assert_eq!(reply.text.is_some(), written, "{}", reply.raw);
    reply
}
