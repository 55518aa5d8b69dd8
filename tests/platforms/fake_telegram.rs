//! The simulated Telegram as the tests use it: what goes wrong on purpose, and what was called.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use huifang::channel::telegram::{Limits, Telegram};
use huifang::simulator::telegram::{BotApi, asked};
pub use huifang::simulator::telegram::{SECRET_HEADER, TOKEN};
use serde_json::{Value, json};
use tokio::time::Instant;

/// No waiting between messages: what the pace is has tests of its own.
pub const AT_ONCE: Limits = Limits { gap: Duration::ZERO, chat_gap: Duration::ZERO, group_per_minute: usize::MAX };

/// What goes wrong once.
#[derive(Debug, Clone)]
pub enum Fault {
    /// 429 with so many seconds.
    TooMany(u64),
    /// An error in the Bot API's own words.
    Error(u16, &'static str),
    /// What a proxy in front says, in HTML.
    Proxy(u16),
    /// Done, but the connection breaks before the answer.
    HangsUp,
    /// Done, with an answer nobody has seen before.
    Odd,
    /// Done, but later.
    Slow(Duration),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub method: String,
    pub body: Value,
    pub at: Instant,
}

/// The platform, and what stands between it and the service.
#[derive(Clone)]
pub struct FakeTelegram {
    platform: BotApi,
    between: Arc<Mutex<Between>>,
}

#[derive(Default)]
struct Between {
    calls: Vec<Call>,
    faults: VecDeque<(&'static str, Fault)>,
    /// What was delivered to the webhook, and what it returned.
    delivered: Vec<Value>,
    returned: Vec<Value>,
}

impl Deref for FakeTelegram {
    type Target = BotApi;

    fn deref(&self) -> &BotApi {
        &self.platform
    }
}

impl FakeTelegram {
    pub async fn start() -> FakeTelegram {
        let between: Arc<Mutex<Between>> = Arc::default();
        let state = Arc::clone(&between);
        let platform = BotApi::start("huifang_bot", |router| router.layer(from_fn_with_state(state, pass))).await;
        FakeTelegram { platform: platform.unwrap(), between }
    }

    pub fn bot(&self) -> Telegram {
        Telegram::new(&self.config()).unwrap().unwrap().paced(AT_ONCE)
    }

    /// The next call of `method` goes wrong.
    pub fn fails(&self, method: &'static str, fault: Fault) {
        self.between.lock().unwrap().faults.push_back((method, fault));
    }

    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.between.lock().unwrap().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// Everything that went back and forth so far, for a reader who knows the Bot API.
    pub fn record(&self) -> Value {
        let between = self.between.lock().unwrap();
        let calls = between.calls.iter().map(|call| {
            let mut body = call.body.clone();
            body["method"] = json!(call.method);
            body
        });
        json!({ "updates": between.delivered, "calls": calls.collect::<Vec<_>>(), "responses": between.returned })
    }

    /// Calls the webhook at `house`, once; what it answers with is done.
    pub async fn delivers(&self, house: &str, update: &Value) -> StatusCode {
        self.between.lock().unwrap().delivered.push(update.clone());
        let delivered = self.deliver(house, update).await.unwrap();
        if delivered.status.is_success() && !delivered.body.is_empty() {
            let returned: Value = serde_json::from_slice(&delivered.body).unwrap();
            let method = returned["method"].as_str().unwrap();
            assert!(!method.starts_with("get"), "not allowed in a response");
            self.between.lock().unwrap().returned.push(returned);
        }
        delivered.status
    }
}

/// Notes a call, and lets happen to it what should.
async fn pass(State(between): State<Arc<Mutex<Between>>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let mut path = parts.uri.path().trim_start_matches('/').split('/');
    let (bot, method) = (path.next().unwrap_or_default().to_owned(), path.next().unwrap_or_default().to_owned());
    let fault = if bot == format!("bot{TOKEN}") {
        // A body of the type it says it has.
        let body = asked(&parts.headers, &bytes).unwrap();
        let mut between = between.lock().unwrap();
        between.calls.push(Call { method: method.clone(), body, at: Instant::now() });
        let at = between.faults.iter().position(|(named, _)| *named == method);
        at.and_then(|at| between.faults.remove(at)).map(|(_, fault)| fault)
    } else {
        None
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    let refused = |code: u16, words: String, retry_after: Option<u64>| {
        let mut answer = json!({ "ok": false, "error_code": code, "description": words });
        if let Some(seconds) = retry_after {
            answer["parameters"] = json!({ "retry_after": seconds });
        }
        (StatusCode::from_u16(code).unwrap(), axum::Json(answer)).into_response()
    };
    match fault {
        Some(Fault::TooMany(seconds)) => {
            let words = format!("Too Many Requests: retry after {seconds}");
            refused(429, words, Some(seconds))
        }
        Some(Fault::Error(code, words)) => refused(code, words.to_owned(), None),
        Some(Fault::Proxy(code)) => {
            let page = "<html><body><center>nginx</center></body></html>";
            (StatusCode::from_u16(code).unwrap(), page).into_response()
        }
        Some(Fault::HangsUp) => {
            assert!(next.run(request).await.status().is_success(), "done all the same");
            let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("hung up"))]);
            Body::from_stream(broken).into_response()
        }
        Some(Fault::Odd) => {
            assert!(next.run(request).await.status().is_success(), "done all the same");
            let odd = json!({ "ok": true, "result": { "message_id": "a word", "kind_of_2031": [1] } });
            axum::Json(odd).into_response()
        }
        Some(Fault::Slow(pause)) => {
            tokio::time::sleep(pause).await;
            next.run(request).await
        }
        None => next.run(request).await,
    }
}
