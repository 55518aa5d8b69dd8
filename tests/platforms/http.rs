//! The signed HTTP channel.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;
use huifang::store::outbox::Delivery;
use insta::assert_snapshot;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fake_http::{App, Manner, SECRET, get_signed, post_bytes, post_form, post_json, sign};
use crate::house::{House, LEAK, START, SURVEY, client, fixture, rows_of_the_web_chat};
use crate::skipped::skipped;

/// Somebody who uses the app.
struct Person {
    house: House,
    app: App,
    sent: u32,
}

impl Person {
    async fn begin() -> Person {
        let app = App::start().await;
        let mut person = Person { house: app.house().await, app, sent: 0 };
        person.says(&format!("/start {}", person.house.token())).await;
        person
    }

    async fn posts(&mut self, mut body: Value) -> Value {
        self.sent += 1;
        body["from"] = json!("u 1/王");
        let answer = post_json(&self.house, &format!("msg_{}", self.sent), &body).await;
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
        let answer = answer.json().await.unwrap();
        self.house.works().await;
        answer
    }

    async fn says(&mut self, text: &str) {
        self.posts(json!({ "text": text, "language": "zh" })).await;
    }

    async fn taps(&mut self, label: &str) {
        let choice = self.app.button(label);
        self.posts(json!({ "choice": choice })).await;
    }

    fn last(&self) -> String {
        self.app.shown().last().unwrap()["text"].as_str().unwrap().to_owned()
    }
}

async fn error_of(answer: reqwest::Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let said = |name: &str| body["error"][name].as_str().unwrap().to_owned();
    (status, said("code"), said("message"))
}

#[tokio::test]
async fn a_survey_and_a_voice_report_end_in_the_same_rows_as_on_the_web_chat() {
    let mut person = Person::begin().await;
    let (command, answers) = SURVEY.split_first().unwrap();
    let (remark, marks) = answers.split_last().unwrap();
    person.says(command).await;
    for mark in marks {
        person.taps(mark).await;
    }
    person.says(remark).await;
    person.house.hears(LEAK);
    let voice = Form::new().text("from", "u 1/王").part("voice", Part::bytes(fixture("leak.ogg")).file_name("v"));
    assert_eq!(post_form(&person.house, "msg_voice", voice).await.status(), StatusCode::OK);
    person.house.works().await;
    assert!(person.last().contains(LEAK), "{}", person.last());
    person.taps("提交").await;
    let rows = person.house.rows().await;
    assert_eq!(rows, rows_of_the_web_chat("leak.ogg").await);
    assert_snapshot!(rows, @r#"
    HF2611-0001 (Some(Leak), High, Some("主卧卫生间天花板"), Some("天花板"), Some("漏水")) 主卧卫生间天花板漏水 Neutral true
      voice audio/ogg 7680 Some("主卧卫生间天花板漏水")
    maintenance Complete (Some(2.4), Some("neutral"), Some(3), Some("师傅来得太慢，等了三天"), Some(Negative))
      overall Some(2.0)
      speed Some(2.0)
      skill Some(3.0)
      communication Some(4.0)
      nps Some(3.0)
    "#);
    for message in person.app.messages() {
        assert_eq!(message["to"], "u 1/王");
        assert!(message["at"].as_str().unwrap().starts_with("2026-11-21T02:"), "{message}");
    }
    assert_eq!(person.app.messages(), person.app.shown(), "nothing came twice");
}

#[tokio::test]
async fn a_recording_and_a_photo_under_an_address_are_fetched_and_heard() {
    let mut person = Person::begin().await;
    person.house.hears(LEAK);
    let voice = person.app.keeps("leak.amr", fixture("leak.amr"));
    let photo = person.app.keeps("photo.jpg", fixture("photo.jpg"));
    let media = json!([{ "kind": "voice", "url": voice }, { "kind": "photo", "url": photo }]);
    person.posts(json!({ "media": media })).await;
    person.house.works().await;
    assert_eq!(person.app.fetched().len(), 2);
    person.taps("提交").await;
    let rows = person.house.rows().await;
    assert!(rows.contains("audio/amr") && rows.contains("image/jpeg") && rows.contains(LEAK), "{rows}");
}

#[tokio::test]
async fn a_file_that_is_not_there_or_leads_elsewhere_is_asked_for_again() {
    let mut person = Person::begin().await;
    person.app.keeps("leak.ogg", fixture("leak.ogg"));
    for name in ["gone", "away"] {
        let url = format!("{}/files/{name}", person.app.url);
        person.posts(json!({ "media": [{ "kind": "photo", "url": url }] })).await;
        assert!(person.last().contains("再发"), "{name}: {}", person.last());
        assert_eq!(person.app.fetched(), [name], "asked once, and nowhere else");
    }
    let busy = format!("{}/files/busy", person.app.url);
    person.app.keeps("busy", fixture("photo.jpg"));
    person.posts(json!({ "media": [{ "kind": "photo", "url": busy }] })).await;
    person.house.clock.advance(Duration::from_secs(30));
    person.house.works().await;
    assert_eq!(person.app.fetched().len(), 2, "what may pass is tried again");
}

#[tokio::test]
async fn of_a_file_that_is_too_large_or_of_no_kind_we_know_that_is_said() {
    for (kind, name, said) in [
        ("photo", "endless", "20 MB"),
        ("voice", "endless", "20 MB"),
        ("photo", "scan.tif", "这种文件我打不开"),
        ("voice", "scan.tif", "打不开"),
    ] {
        let mut person = Person::begin().await;
        person.app.keeps("scan.tif", b"II*\0\x08\0\0\0".to_vec());
        let url = format!("{}/files/{name}", person.app.url);
        person.posts(json!({ "media": [{ "kind": kind, "url": url }] })).await;
        let last = person.last();
        assert!(last.contains(said) && !last.contains("取不到"), "{kind} {name}: {last}");
        assert_eq!(person.app.fetched(), [name], "asked once");
    }
}

#[tokio::test]
async fn addresses_inside_are_not_connected_to() {
    let app = App::start().await;
    let house = app.house_with("").await;
    let post = async |id: &str, url: &str| {
        post_json(&house, id, &json!({ "from": "u1", "media": [{ "kind": "photo", "url": url }] })).await
    };
    for url in [
        &format!("{}/files/x", app.url),
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/",
        "file:///etc/passwd",
    ] {
        assert_eq!(post("m1", url).await.status(), StatusCode::BAD_REQUEST, "{url}");
    }
    // A name can be judged only when it is looked up.
    let number = app.url.rsplit(':').next().unwrap();
    assert_eq!(post("m2", &format!("https://localhost:{number}/files/x")).await.status(), StatusCode::OK);
    house.works().await;
    assert_eq!(app.fetched(), [""; 0]);
    let page: Value = get_signed(&house, "/webhooks/http/messages?from=u1").await.json().await.unwrap();
    assert!(page["messages"].to_string().contains("再发"), "{page}");
}

#[tokio::test]
async fn five_copies_at_once_and_out_of_order_are_applied_once() {
    let person = Person::begin().await;
    let texts = ["厨房水龙头漏水", "还有阳台窗户关不严", "尽快来"];
    let bodies: Vec<Value> = texts.iter().map(|text| json!({ "from": "u2", "text": text })).collect();
    let copies = (0..15).map(|copy| {
        let at = (copy * 7) % 3;
        let (house, body) = (&person.house, &bodies[at]);
        async move { post_json(house, &format!("copy_{at}"), body).await.json::<Value>().await.unwrap() }
    });
    let answers = join_all(copies).await;
    assert_eq!(answers.iter().filter(|answer| answer["duplicate"] == json!(false)).count(), 3);
    let page: Value = get_signed(&person.house, "/webhooks/http/messages?from=u2").await.json().await.unwrap();
    let before = page["messages"].as_array().unwrap().len();
    let again = post_json(&person.house, "copy_1", &bodies[1]).await.json::<Value>().await.unwrap();
    assert_eq!(again, json!({ "id": "copy_1", "duplicate": true }));
    let page: Value = get_signed(&person.house, "/webhooks/http/messages?from=u2").await.json().await.unwrap();
    assert_eq!(page["messages"].as_array().unwrap().len(), before);
    assert_eq!(person.house.received("http", &["w:copy_0", "w:copy_1", "w:copy_2"]).await, 3);
}

#[tokio::test]
async fn an_id_of_the_apps_own_makes_it_the_same_message_under_any_webhook_id() {
    let person = Person::begin().await;
    let body = json!({ "from": "u2", "id": "41", "text": "你好" });
    let other = json!({ "from": "u3", "id": "41", "text": "你好" });
    let colon = json!({ "from": "u2:4", "id": "1", "text": "你好" });
    let alike = json!({ "from": "u2", "id": "4:1", "text": "你好" });
    let told = [("a", &body, "41", false), ("b", &body, "41", true), ("c", &other, "41", false)];
    for (webhook_id, body, id, duplicate) in
        told.into_iter().chain([("d", &colon, "1", false), ("e", &alike, "4:1", false)])
    {
        let answer: Value = post_json(&person.house, webhook_id, body).await.json().await.unwrap();
        assert_eq!(answer, json!({ "id": id, "duplicate": duplicate }), "{webhook_id}");
    }
}

#[tokio::test]
async fn a_message_that_can_never_be_taken_in_is_shown_to_staff_and_holds_up_nobody() {
    let mut person = Person::begin().await;
    let dialogue = person.house.spoil("http", "u 1/王").await;
    let answer = person.posts(json!({ "text": "厨房漏水" })).await;
    assert_eq!(answer["duplicate"], false, "the app would send it for ever");
    person.says("还在漏").await;
    assert_eq!(person.house.flags().await, ["person_requested"]);
    let said = person.house.said_in(dialogue).await;
    assert!(said.contains("厨房漏水") && said.contains("还在漏"), "{said}");
}

#[tokio::test]
async fn whoever_does_not_know_the_secret_gets_one_and_the_same_answer() {
    let person = Person::begin().await;
    let house = &person.house;
    let now = house.clock.now();
    let body = json!({ "from": "victim", "text": "hello" }).to_string().into_bytes();
    let other = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let good = sign(SECRET, "m1", now, &body);
    let mut forgeries: Vec<(&str, Vec<(&str, String)>)> = vec![
        ("unsigned", Vec::new()),
        ("other secret", sign(other, "m1", now, &body).to_vec()),
        ("other body", sign(SECRET, "m1", now, b"{}").to_vec()),
        ("too old", sign(SECRET, "m1", now - Duration::from_secs(301), &body).to_vec()),
        ("too new", sign(SECRET, "m1", now + Duration::from_secs(301), &body).to_vec()),
    ];
    for at in 0..3 {
        let mut without = good.to_vec();
        without.remove(at);
        forgeries.push(("without a header", without));
        let mut twice = good.to_vec();
        twice.push(good[at].clone());
        forgeries.push(("a header twice", twice));
        let mut changed = good.to_vec();
        changed[at].1 = changed[at].1.replace(['1', 'm'], "2");
        forgeries.push(("a header changed", changed));
    }
    let mut answers = Vec::new();
    for (what, headers) in forgeries {
        let mut request =
            client().post(format!("{}/webhooks/http", house.url)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
        answers.push(answer.text().await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let target = "/webhooks/http/messages?from=victim";
    assert_eq!(client().get(format!("{}{target}", house.url)).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for target in ["messages?from=victim&after=0", "events?from=victim"] {
        let mut request = client().get(format!("{}/webhooks/http/{target}", house.url));
        for (name, value) in sign(SECRET, "m1", now, b"/webhooks/http/messages?from=somebody") {
            request = request.header(name, value);
        }
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{target}");
    }
    assert_eq!(house.received("http", &["w:m1", "w:2", "w:m2"]).await, 0);
}

#[tokio::test]
async fn what_is_signed_and_yet_no_message_is_refused_with_the_reason() {
    let person = Person::begin().await;
    let said = async |body: Value| error_of(post_json(&person.house, "m1", &body).await).await;
    let (status, code, why) = said(json!({ "from": "u1", "txt": "hello" })).await;
    assert_eq!((status, code.as_str()), (400, "bad_request"));
    assert!(why.contains("unknown field `txt`"), "{why}");
    for body in [
        json!({ "text": "hello" }),
        json!({ "from": "", "text": "hello" }),
        json!({ "from": "u\u{7}1", "text": "hello" }),
        json!({ "from": "u".repeat(201), "text": "hello" }),
        json!({ "from": "u1", "id": "", "text": "hello" }),
        json!({ "from": "u1", "place": { "latitude": 91, "longitude": 0 } }),
        json!({ "from": "u1", "media": [{ "kind": "video", "url": "https://a.example" }] }),
        json!({ "from": "u1", "media": vec![json!({ "kind": "photo", "url": "https://a.example/1" }); 10] }),
        json!([]),
    ] {
        assert_eq!(said(body.clone()).await.0, 400, "{body}");
    }
    // What we sent ourselves, sent back.
    let ours = person.app.messages()[0].clone();
    assert_eq!(said(ours).await.0, 400);
    let odd = post_bytes(&person.house, "m1", "text/plain", b"hello".to_vec()).await;
    assert_eq!(odd.status(), StatusCode::BAD_REQUEST);
    let form = post_bytes(&person.house, "m1", "multipart/form-data; boundary=x", b"--x\r\nnothing".to_vec()).await;
    assert_eq!(form.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn of_a_form_that_breaks_off_or_is_refused_no_file_is_kept() {
    let person = Person::begin().await;
    let part = |name: &str, bytes: &[u8]| {
        let head = format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        [head.as_bytes(), bytes, b"\r\n"].concat()
    };
    let photo = [part("from", b"u1"), part("photo", &fixture("photo.jpg"))].concat();
    let broken = [photo.clone(), part("text", b"half")].concat();
    let long = [photo.clone(), part("id", &[b'x'; 201]), b"--x--\r\n".to_vec()].concat();
    let nameless = [part("photo", &fixture("photo.jpg")), b"--x--\r\n".to_vec()].concat();
    let kind = "multipart/form-data; boundary=x";
    for body in [broken.clone(), long.clone(), nameless] {
        assert_eq!(post_bytes(&person.house, "m1", kind, body).await.status(), StatusCode::BAD_REQUEST);
    }
    for body in [broken, long] {
        let request = client().post(format!("{}/chat/api/messages", person.house.url)).header("content-type", kind);
        assert_eq!(request.body(body).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(person.house.files_kept(), 0);
    let whole = [photo, part("id", b"1"), b"--x--\r\n".to_vec()].concat();
    for copy in ["m2", "m3"] {
        assert_eq!(post_bytes(&person.house, copy, kind, whole.clone()).await.status(), StatusCode::OK);
        assert_eq!(person.house.files_kept(), 1, "of a copy nothing is kept either");
    }
}

#[tokio::test]
async fn no_more_uploads_are_read_at_once_than_there_is_room_for() {
    let person = Person::begin().await;
    let address = person.house.url.strip_prefix("http://").unwrap();
    let head = "POST /chat/api/messages HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\n\
                content-length: 1000\r\n\r\n--x\r\n";
    let wait = async || {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
    };
    let mut waiting = Vec::new();
    for _ in 0..16 {
        waiting.push(wait().await);
    }
    let form = || Form::new().text("session", "a-session-of-a-test").text("text", "您好");
    let post = || client().post(format!("{}/chat/api/messages", person.house.url)).multipart(form()).send();
    // One that comes before all of them were taken up has the place of one: another waits instead.
    let refused = async {
        loop {
            let answer = post().await.unwrap();
            if answer.status() != StatusCode::OK {
                return answer;
            }
            waiting.push(wait().await);
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(60), refused).await.expect("there is an end of room");
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "5");
    let json = client().post(format!("{}/chat/api/messages", person.house.url));
    assert_eq!(
        json.json(&json!({ "text": "您好" })).send().await.unwrap().status(),
        StatusCode::OK,
        "words go through"
    );
    drop(waiting);
    let free = async { while post().await.unwrap().status() != StatusCode::OK {} };
    tokio::time::timeout(Duration::from_secs(60), free).await.expect("who went away leaves room");
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_its_length_alone() {
    let person = Person::begin().await;
    let address = person.house.url.strip_prefix("http://").unwrap();
    for (kind, length) in [("application/json", 3_000_000), ("multipart/form-data; boundary=x", 40_000_000)] {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut head =
            format!("POST /webhooks/http HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n");
        for (name, value) in sign(SECRET, "m1", person.house.clock.now(), b"") {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        // Nothing of the body is sent, and the answer comes all the same.
        connection.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        connection.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413", "{kind}");
    }
    // One that lies about its length, or says none, is counted while it is read.
    let body = json!({ "from": "u1", "text": "x".repeat(3_000_000) }).to_string();
    let pieces = futures_util::stream::iter(
        body.into_bytes().chunks(65_536).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>(),
    );
    let mut request =
        client().post(format!("{}/webhooks/http", person.house.url)).header("content-type", "application/json");
    for (name, value) in sign(SECRET, "m1", person.house.clock.now(), b"") {
        request = request.header(name, value);
    }
    let answer = request.body(reqwest::Body::wrap_stream(pieces)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_app_that_is_away_for_an_hour_gets_everything_in_order_and_once() {
    let mut person = Person::begin().await;
    let before = person.app.messages().len();
    person.app.answers([Manner::Busy("600"), Manner::Status(502), Manner::Status(404), Manner::Redirects]);
    person.app.answers(vec![Manner::Status(500); 3]);
    person.says("厨房水龙头漏水").await;
    person.says("进度").await;
    assert_eq!(person.app.messages().len(), before);
    for _ in 0..30 {
        person.house.clock.advance(Duration::from_secs(300));
        person.house.works().await;
    }
    let after = person.app.messages();
    assert_eq!(after, person.app.shown(), "nothing came twice");
    assert!(after.len() >= before + 2, "{after:?}");
    let times: Vec<_> = after.iter().map(|message| message["id"].to_string()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(person.house.outbox(Delivery::Pending).await.is_empty());
}

#[tokio::test]
async fn what_the_app_says_is_gone_or_wrong_is_shown_to_staff() {
    for (status, delivery, reason) in [(410, Delivery::Withheld, "410"), (422, Delivery::Failed, "422")] {
        let mut person = Person::begin().await;
        person.app.answers([Manner::Status(status)]);
        person.says("/help").await;
        let left = person.house.outbox(delivery).await;
        assert_eq!(left.len(), 1, "{status}");
        assert!(left[0].reason.as_ref().unwrap().contains(reason), "{:?}", left[0].reason);
        assert!(person.house.flags().await.contains(&"delivery_failed"));
    }
}

#[tokio::test]
async fn an_app_that_falls_silent_in_the_middle_gets_the_same_message_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = App::start().await;
    let house = app.house_with(&format!("callback_url = \"{url}/callback\"\nallow_private = true")).await;
    let silent = tokio::spawn(async move {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 4096];
            let length = connection.read(&mut read).await.unwrap();
            let head = String::from_utf8_lossy(&read[..length]).into_owned();
            ids.push(head.lines().find(|line| line.starts_with("webhook-id")).unwrap().to_owned());
        }
        ids
    });
    post_json(&house, "m1", &json!({ "from": "u1", "text": "/help" })).await;
    house.works().await;
    assert_eq!(house.outbox(Delivery::Uncertain).await.len(), 1);
    house.clock.advance(Duration::from_secs(60));
    house.works().await;
    let ids = silent.await.unwrap();
    assert_eq!(ids[0], ids[1], "the app can tell that it is the same");
    // Nobody listens any more: that is known, and not uncertain.
    house.clock.advance(Duration::from_secs(60));
    house.works().await;
    assert_eq!(house.outbox(Delivery::Uncertain).await.len(), 1);
}

#[tokio::test]
async fn an_app_without_a_server_fetches_and_follows_its_messages() {
    let app = App::start().await;
    let house = app.house_with("").await;
    post_json(&house, "m1", &json!({ "from": "u1", "text": "/start", "language": "en" })).await;
    house.works().await;
    let page: Value = get_signed(&house, "/webhooks/http/messages?from=u1").await.json().await.unwrap();
    let messages = page["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["to"]), (1, &json!("u1")));
    assert!(!messages[0]["choices"].as_array().unwrap().is_empty());
    assert_eq!(messages[0]["at"], START.to_string());
    assert!(house.outbox(Delivery::Pending).await.is_empty(), "fetched is delivered");
    let after = page["last_seq"].as_i64().unwrap();
    let nothing: Value =
        get_signed(&house, &format!("/webhooks/http/messages?from=u1&after={after}")).await.json().await.unwrap();
    assert_eq!(nothing, json!({ "messages": [], "last_seq": after }));
    let nobody: Value = get_signed(&house, "/webhooks/http/messages?from=u2").await.json().await.unwrap();
    assert_eq!(nobody, json!({ "messages": [], "last_seq": 0 }));
    let mut live = get_signed(&house, &format!("/webhooks/http/events?from=u1&after={after}")).await;
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    post_json(&house, "m2", &json!({ "from": "u1", "text": "/help" })).await;
    let mut read = String::new();
    while !read.contains("\n\n") || !read.contains("data:") {
        read.push_str(&String::from_utf8_lossy(&live.chunk().await.unwrap().unwrap()));
    }
    assert!(read.contains("event: message") && read.contains("\"to\":\"u1\""), "{read}");
    for wrong in ["?after=1", "?from=u1&from=u2", "?from=u1&frm=2", "?from=u1&after=x", ""] {
        let answer = get_signed(&house, &format!("/webhooks/http/messages{wrong}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn without_a_secret_there_is_no_such_path() {
    let house = House::open(|_| huifang::channel::Channels::default()).await;
    assert_eq!(post_json(&house, "m1", &json!({ "from": "u1" })).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get_signed(&house, "/webhooks/http/messages?from=u1").await.status(), StatusCode::NOT_FOUND);
}

/// The clients of the documentation, run as a reader would run them. A machine without the
/// interpreter says so.
#[tokio::test]
async fn the_example_clients_say_something_and_hear_the_answer() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples");
    for (program, file) in [("python3", "http_client.py"), ("node", "http_client.mjs")] {
        if tokio::process::Command::new(program).arg("--version").stdout(Stdio::null()).status().await.is_err() {
            skipped(&format!("no {program} on this machine, {file} is not tried"));
            continue;
        }
        // These clients go by the machine's clock.
        let app = App::start().await;
        let house = app.house_with("").await;
        let now = huifang::clock::Clock::system().now();
        house.clock.advance(now.since(START));
        let ended = tokio::process::Command::new(program)
            .arg(examples.join(file))
            .args([&house.url, "u1", "/help"])
            .env("HUIFANG_SECRET", SECRET)
            .kill_on_drop(true)
            .output();
        let ended = tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(ended.status.success(), "{program}: {said}{}", String::from_utf8_lossy(&ended.stderr));
        let choices = said.lines().filter(|line| line.starts_with("  [")).count();
        assert!(said.contains("duplicate: false") && choices >= 4, "{program}: {said}");
        let forged = tokio::process::Command::new(program)
            .arg(examples.join(file))
            .args([&house.url, "u1", "/help"])
            .env("HUIFANG_SECRET", "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=")
            .output();
        assert!(!forged.await.unwrap().status.success(), "{program}: a wrong secret is told by the exit status");
    }
}

#[tokio::test]
async fn the_lines_for_a_shell_in_the_documentation_are_accepted() {
    let text = include_str!("../../docs/http-channel.md");
    let lines = text.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    for (program, asks) in [("curl", "--version"), ("openssl", "version")] {
        if tokio::process::Command::new(program)
            .arg(asks)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await
            .is_err()
        {
            skipped(&format!("no {program} on this machine, the lines for a shell are not tried"));
            return;
        }
    }
    let app = App::start().await;
    let house = app.house_with("").await;
    house.clock.advance(huifang::clock::Clock::system().now().since(START));
    let ended = tokio::process::Command::new("sh")
        .args(["-c", &lines.replace("https://huifang.example.com", &house.url)])
        .env("HUIFANG_SECRET", SECRET)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(said.contains("\"duplicate\":false"), "{said}{}", String::from_utf8_lossy(&ended.stderr));
}
