//! The console's doors: who gets in, what a form must carry, what every answer says to browsers.

use std::path::Path;

use futures_util::future::join_all;
use huifang::clock::Clock;
use huifang::domain::ticket::Status;
use huifang::store::outbox::{self, Author, Delivery, NewOutbound};
use huifang::store::{self, Store, StoreError};
use reqwest::{Client, RequestBuilder, Response, StatusCode};

use crate::chat_api::client;
use crate::demo::Demo;

pub struct Session {
    http: Client,
    url: String,
    cookie: String,
    pub csrf: String,
}

async fn log_in(demo: &Demo, password: &str) -> Response {
    log_in_as(demo, "demo", password).await
}

async fn log_in_as(demo: &Demo, login: &str, password: &str) -> Response {
    let fields = [("login", login), ("password", password), ("next", "/console")];
    form(client().post(format!("{}/console/login", demo.url)), &fields).send().await.unwrap()
}

/// Adds a form; the values of these tests need no escapes.
fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    request.header("content-type", "application/x-www-form-urlencoded").body(pairs.join("&"))
}

impl Session {
    pub async fn begin(demo: &Demo) -> Session {
        Session::begin_as(demo, "demo").await
    }

    /// Somebody else of the demo's staff, who all have one password.
    pub async fn begin_as(demo: &Demo, login: &str) -> Session {
        Session::begin_with(demo, login, &demo.password).await
    }

    /// Somebody with a password of their own.
    pub async fn begin_with(demo: &Demo, login: &str, password: &str) -> Session {
        let answer = log_in_as(demo, login, password).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let session = Session { http: client(), url: demo.url.clone(), cookie, csrf: String::new() };
        let page = session.get("/console").await.text().await.unwrap();
        let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        Session { csrf: token.to_owned(), ..session }
    }

    pub async fn get(&self, path: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        request.header("accept", "text/html").send().await.unwrap()
    }

    /// Sends a form with a file.
    pub async fn upload(&self, path: &str, parts: reqwest::multipart::Form) -> Response {
        let request = self.http.post(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        request.multipart(parts).send().await.unwrap()
    }

    /// Sends a form and returns the page that comes of it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self.http.post(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        form(request, fields).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> StatusCode {
        let request = self.http.post(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let mut request = form(request, fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status()
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_log_in() {
    let demo = Demo::start();
    let id = "019a0000-0000-7000-8000-000000000000";
    let pages = ["", "/board", "/events", &format!("/tickets/{id}"), &format!("/responses/{id}")];
    let more = [format!("/conversations/{id}"), format!("/media/{id}")];
    for path in pages.into_iter().chain(more.iter().map(String::as_str)) {
        let url = format!("{}/console{path}", demo.url);
        assert_eq!(client().get(&url).send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        let asked = client().get(&url).header("accept", "text/html").header("cookie", "huifang_console=made-up");
        let asked = asked.send().await.unwrap();
        assert_eq!(asked.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(asked.headers()["location"].to_str().unwrap().starts_with("/console/login?next="));
    }
    for action in ["assign", "note", "arrived", "rectified", "close", "labels"] {
        let url = format!("{}/console/tickets/{id}/{action}", demo.url);
        let answer = form(client().post(url), &[("csrf", "x")]).send().await.unwrap();
        assert_eq!(answer.headers()["location"], "/console/login?next=/console", "{action}");
    }
}

#[tokio::test]
async fn words_that_were_not_brought_stay_in_the_conversation_and_say_so() {
    let demo = Demo::start();
    let path = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let pushed = store.write(move |tx| {
        Box::pin(async move {
            let open = store::tickets::Filter { open: Some(true), ..store::tickets::Filter::default() };
            let tickets = store::tickets::list(tx, &open, 50).await?;
            let ticket = tickets.into_iter().find(|ticket| ticket.dialogue_id.is_some()).unwrap();
            let mut ids = Vec::new();
            for said in ["到了窗口外", "被平台拒绝", "不知到没到", "已经送到了"] {
                let new = NewOutbound {
                    id: Clock::system().new_id(),
                    dialogue_id: ticket.dialogue_id.unwrap(),
                    author: Author::Staff,
                    body: serde_json::json!({ "text": said }).to_string(),
                    status: Delivery::Pending,
                    not_before: None,
                    created_at: Clock::system().now(),
                    reply_to: None,
                };
                outbox::push(tx, &new).await?;
                ids.push(new.id);
            }
            outbox::mark_withheld(tx, ids[0], "window: the person wrote too long ago").await?;
            outbox::mark_failed(tx, ids[1], "errcode 45047").await?;
            outbox::mark_uncertain(tx, ids[2], "no answer in 10 s").await?;
            outbox::mark_sent(tx, ids[3], Clock::system().now()).await?;
            Ok::<_, StoreError>((ticket.id, ticket.dialogue_id.unwrap()))
        })
    });
    let (ticket, dialogue) = pushed.await.unwrap();
    store.close().await;
    let staff = Session::begin(&demo).await;
    for page in [format!("/console/conversations/{dialogue}"), format!("/console/tickets/{ticket}")] {
        let page = staff.get(&page).await.text().await.unwrap();
        let lines: Vec<_> =
            page.split("<li class=\"staff").skip(1).map(|line| line.split("</li>").next().unwrap()).collect();
        let line =
            |said: &str| *lines.iter().find(|line| line.contains(said)).unwrap_or_else(|| panic!("{said}: {page}"));
        assert!(line("到了窗口外").contains("未发出") && line("到了窗口外").contains("对方太久没有来消息"));
        assert!(line("被平台拒绝").contains("发送失败") && line("被平台拒绝").contains("errcode 45047"));
        assert!(line("不知到没到").contains("不确定是否送达"));
        assert!(!line("已经送到了").contains("class=\"delivery"));
    }
}

#[tokio::test]
async fn models_that_are_not_what_they_should_be_are_told_and_the_service_runs_without() {
    let sound = Demo::start();
    let page = Session::begin(&sound).await.get("/console/board").await.text().await.unwrap();
    assert!(!page.contains("class=\"lacking\""), "nothing is missing");
    let place = tempfile::tempdir().unwrap();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let speech = place.path().join("ggml-huifang-zh-en-q5_0.bin");
    let bytes = std::fs::read(models.join("speech/ggml-huifang-zh-en-q5_0.bin")).unwrap();
    std::fs::write(&speech, &bytes[..bytes.len() / 2]).unwrap();
    let sentiment = place.path().join("sentiment");
    std::fs::create_dir(&sentiment).unwrap();
    for name in ["config.json", "vocab.txt", "model.safetensors"] {
        std::fs::copy(models.join("sentiment").join(name), sentiment.join(name)).unwrap();
    }
    let mut weights = std::fs::read(sentiment.join("model.safetensors")).unwrap();
    *weights.last_mut().unwrap() ^= 1;
    std::fs::write(sentiment.join("model.safetensors"), weights).unwrap();
    let demo = Demo::start_with(&[("HUIFANG_SPEECH__MODEL", &speech), ("HUIFANG_TAGGING__MODEL", &sentiment)]);
    let page = Session::begin(&demo).await.get("/console/board").await.text().await.unwrap();
    assert!(page.contains("语音识别没有启用") && page.contains("情感模型不能用"), "{page}");
    let log = demo.log();
    assert!(log.contains(&format!("{} has {} bytes, but", speech.display(), bytes.len() / 2)), "{log}");
    assert!(log.contains("model.safetensors has sha256") && log.contains("take the file from the release"), "{log}");
}

#[tokio::test]
async fn speech_recognition_that_is_switched_off_is_no_failure() {
    let demo = Demo::start_with(&[("HUIFANG_SPEECH__MODEL", Path::new(""))]);
    let page = Session::begin(&demo).await.get("/console/board").await.text().await.unwrap();
    assert!(page.contains("语音识别已关闭") && !page.contains("huifang check"), "{page}");
    let log = demo.log();
    assert!(log.contains("speech recognition is switched off") && !log.contains("no speech recognition"), "{log}");
}

#[tokio::test]
async fn guessing_passwords_takes_ever_longer_and_says_nothing() {
    let demo = Demo::start();
    for _ in 0..5 {
        let answer = log_in(&demo, "wrong").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(answer.text().await.unwrap().contains("账号或密码不对"));
    }
    assert_eq!(log_in(&demo, "wrong").await.status(), StatusCode::TOO_MANY_REQUESTS);
    let right = log_in(&demo, &demo.password).await;
    assert_eq!(right.status(), StatusCode::TOO_MANY_REQUESTS, "the right one has to wait as well");
    assert!(!demo.log().contains("wrong") && !demo.log().contains(&demo.password));
}

#[tokio::test]
async fn of_passwords_that_are_guessed_all_at_once_no_more_are_checked_than_one_after_another() {
    let demo = Demo::start();
    let answers = join_all((0..20).map(|_| log_in(&demo, "wrong"))).await;
    let count = |status: StatusCode| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!((count(StatusCode::UNAUTHORIZED), count(StatusCode::TOO_MANY_REQUESTS)), (5, 15));
}

#[tokio::test]
async fn an_answer_that_is_sent_twice_reaches_the_client_once() {
    let demo = Demo::start();
    let path = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let open = store::tickets::Filter { open: Some(true), ..store::tickets::Filter::default() };
    let tickets = store.read(move |tx| Box::pin(async move { store::tickets::list(tx, &open, 50).await }));
    let dialogue = tickets.await.unwrap().into_iter().find_map(|ticket| ticket.dialogue_id).unwrap();
    store.close().await;
    let page = format!("/console/conversations/{dialogue}");
    let staff = Session::begin(&demo).await;
    let at = async || {
        let page = staff.get(&page).await.text().await.unwrap();
        page.split("name=\"at\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let says = async |at: &str, text: &str| {
        let fields = [("csrf", staff.csrf.as_str()), ("at", at), ("text", text)];
        assert_eq!(staff.submit(&format!("{page}/reply"), &fields).await.status(), StatusCode::SEE_OTHER, "{text}");
    };
    let told = async |text: &str| staff.get(&page).await.text().await.unwrap().matches(text).count();
    let drawn = at().await;
    says(&drawn, "nine-tomorrow").await;
    says(&drawn, "nine-tomorrow").await;
    assert_eq!(told("nine-tomorrow").await, 1, "a double click");
    says(&drawn, "ten-tomorrow").await;
    assert_eq!(told("ten-tomorrow").await, 1, "other words on a page that was gone back to");
    says(&at().await, "nine-tomorrow").await;
    assert_eq!(told("nine-tomorrow").await, 2, "the same words from a new page are meant");
}

#[tokio::test]
async fn whoever_guesses_behind_the_proxy_locks_nobody_out_but_themselves() {
    let demo = Demo::start();
    let tries = async |from: &str, login: &str, password: &str| {
        let fields = [("login", login), ("password", password), ("next", "/console")];
        let request = client().post(format!("{}/console/login", demo.url)).header("x-forwarded-for", from);
        form(request, &fields).send().await.unwrap().status()
    };
    for n in 0..25 {
        tries("1.2.3.4", &format!("account{n}"), "wrong").await;
    }
    assert_eq!(tries("1.2.3.4", "demo", &demo.password).await, StatusCode::TOO_MANY_REQUESTS);
    let pretends = tries("9.9.9.9, 1.2.3.4", "demo", &demo.password).await;
    assert_eq!(pretends, StatusCode::TOO_MANY_REQUESTS, "what the proxy did not write is not believed");
    assert_eq!(tries("5.6.7.8", "demo", &demo.password).await, StatusCode::SEE_OTHER);
}

/// Does something on the page of a ticket as a browser does; returns what stands on the page that comes of it.
async fn does(session: &Session, page: &str, act: &str, fields: &[(&str, &str)]) -> String {
    let request = session.http.post(format!("{}{page}/{act}", session.url)).header("cookie", &session.cookie);
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", session.csrf.as_str())]).collect();
    let request = request.header("referer", format!("{}{page}", session.url));
    form(request, &fields).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong_to_whoever_is_logged_in_and_leads_back() {
    let demo = Demo::start();
    let path = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let open = store::tickets::Filter { open: Some(true), ..store::tickets::Filter::default() };
    let tickets = store.read(move |tx| Box::pin(async move { store::tickets::list(tx, &open, 200).await })).await;
    let mut tickets = tickets.unwrap();
    store.close().await;
    tickets.retain(|ticket| ticket.status == Status::Assigned);
    let [first, ended] = [tickets.remove(0), tickets.remove(0)];
    let staff = Session::begin(&demo).await;
    let (page, of_ended) = (format!("/console/tickets/{}", first.id), format!("/console/tickets/{}", ended.id));
    does(&staff, &of_ended, "refuse", &[("how", "cancelled"), ("reason", "withdrawn")]).await;

    let nobody = "019a0000-0000-7000-8000-000000000000";
    let past = [("day1", "2020-01-02"), ("from1", "09:00"), ("until1", "10:00")];
    let half = [("day2", "2020-01-02")];
    let half = [&past[..], &half[..]].concat();
    let into = |number: &'static str| [("into", number), ("reason", "same")];
    let of_one_that_ended = [("into", ended.number.as_str()), ("reason", "same")];
    for (act, fields, told) in [
        ("appointment", &past[..], "约的时间已经过去了"),
        ("appointment", &half[..], "有一行时间没填完整"),
        ("merge", &into("HF0001-0001")[..], "没有这个编号的工单"),
        ("merge", &of_one_that_ended[..], "那张工单已经结束"),
        ("transfer", &[("staff", nobody), ("reason", "holiday")][..], "这位同事已经离开"),
        ("expected", &[("day", "2020-01-02")][..], "日期已经过去了"),
        ("expected", &[("day", "2199-01-02")][..], "在一年以后"),
    ] {
        let shown = does(&staff, &page, act, fields).await;
        assert!(shown.contains(told) && shown.contains("没有办成"), "{act}: {shown}");
        assert!(shown.contains("/console/logout") && shown.contains("/console/ledger"), "{act}: {shown}");
        assert!(shown.contains(&format!("href=\"{page}\"")), "{act}: {shown}");
    }
    let shown = does(&staff, &of_ended, "arrived", &[]).await;
    assert!(shown.contains("现在做不了这一步"), "{shown}");
    let shown = does(&staff, &of_ended, "expected", &[("day", "2199-01-02")]).await;
    assert!(shown.contains("现在做不了这一步"), "nothing is expected of what has ended: {shown}");
}

#[tokio::test]
async fn a_review_without_its_cause_is_refused_and_says_that_it_is_missing() {
    let demo = Demo::start();
    let staff = Session::begin(&demo).await;
    let review = [("csrf", staff.csrf.as_str()), ("review", "late")];
    for fields in [review.to_vec(), [&review[..], &[("cause", "")]].concat()] {
        let page = "/console/recoveries/019a0000-0000-7000-8000-000000000000/review";
        let refused = staff.submit(page, &fields).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{fields:?}");
        let told = refused.text().await.unwrap();
        assert!(told.contains("请先选根本原因") && told.contains("没有办成"), "{told}");
    }
}

#[tokio::test]
async fn whoever_was_logged_out_meanwhile_comes_back_to_where_they_were() {
    let demo = Demo::start();
    let page = "/console/tickets/019a0000-0000-7000-8000-000000000000";
    let answer = async |referer: String| {
        let request = client().post(format!("{}{page}/note", demo.url)).header("referer", referer);
        let answer = form(request, &[("csrf", "x"), ("note", "called")]).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(answer(format!("{}{page}?from=board", demo.url)).await, format!("/console/login?next={page}"));
    assert_eq!(answer(format!("https://evil.example{page}")).await, "/console/login?next=/console");
}

#[tokio::test]
async fn a_day_that_was_promised_is_shown_as_that_day() {
    let demo = Demo::start();
    let path = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let open = store::tickets::Filter { open: Some(true), ..store::tickets::Filter::default() };
    let tickets = store.read(move |tx| Box::pin(async move { store::tickets::list(tx, &open, 1).await }));
    let ticket = tickets.await.unwrap().remove(0);
    store.close().await;
    let staff = Session::begin(&demo).await;
    let page = format!("/console/tickets/{}", ticket.id);
    let today = jiff::Timestamp::from_millisecond(Clock::system().now().0).unwrap();
    let today = today.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).date();
    let day = today.checked_add(jiff::Span::new().days(30)).unwrap().to_string();
    let promise = [("csrf", staff.csrf.as_str()), ("day", day.as_str())];
    assert_eq!(staff.submit(&format!("{page}/expected"), &promise).await.status(), StatusCode::SEE_OTHER);
    let shown = staff.get(&page).await.text().await.unwrap();
    assert!(shown.contains(&format!("<dd>{day}</dd>")) && shown.contains(&format!("value=\"{day}\"")), "{shown}");
    assert!(shown.matches(&day).count() > 2, "the history names the day: {shown}");
    let ledger = staff.get("/console/ledger?standing=open").await.text().await.unwrap();
    let line = ledger.split("<tr").find(|line| line.contains(&ticket.number)).unwrap();
    assert!(line.contains(&format!(">{day}<")), "{line}");
}

#[tokio::test]
async fn a_form_without_its_token_or_from_another_site_is_refused() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    let token = session.csrf.clone();
    assert_eq!(session.post("/console/logout", &[("csrf", "made-up")], &[]).await, StatusCode::FORBIDDEN);
    assert_eq!(session.post("/console/logout", &[], &[]).await, StatusCode::BAD_REQUEST);
    let elsewhere = [("origin", "https://evil.example")];
    assert_eq!(session.post("/console/logout", &[("csrf", &token)], &elsewhere).await, StatusCode::FORBIDDEN);
    let cross = [("sec-fetch-site", "cross-site")];
    assert_eq!(session.post("/console/logout", &[("csrf", &token)], &cross).await, StatusCode::FORBIDDEN);
    assert_eq!(session.get("/console").await.status(), StatusCode::OK);
    assert_eq!(session.post("/console/logout", &[("csrf", &token)], &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(session.get("/console").await.status(), StatusCode::SEE_OTHER, "logged out on the server as well");
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_it_may_do() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    for path in ["/chat", "/console", "/console/login", "/assets/chat.js", "/healthz", "/nowhere", "/chat/api/nowhere"]
    {
        let answer = session.get(path).await;
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        let stored = headers["cache-control"].to_str().unwrap();
        assert_eq!(stored, if path.starts_with("/assets") { "no-cache" } else { "no-store" }, "{path}");
    }
}

#[tokio::test]
async fn health_readiness_and_metrics_are_there_for_machines() {
    let demo = Demo::start();
    let get = async |path: &str| client().get(format!("{}{path}", demo.url)).send().await.unwrap();
    assert_eq!(get("/healthz").await.status(), StatusCode::OK);
    assert_eq!(get("/readyz").await.status(), StatusCode::OK);
    assert_eq!(get("/").await.headers()["location"], "/chat");
    for id in ["1", "1", "2"] {
        let body = serde_json::json!({ "session": "a-session-of-a-test", "id": id, "text": "/help" });
        client().post(format!("{}/chat/api/messages", demo.url)).json(&body).send().await.unwrap();
    }
    let metrics = get("/metrics").await.text().await.unwrap();
    for line in [
        "huifang_inbound_received_total{channel=\"web\"} 3",
        "huifang_inbound_duplicates_total{channel=\"web\"} 1",
        "huifang_inbound_applied_total{channel=\"web\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
    }
}
