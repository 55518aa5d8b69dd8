//! Conversations through Telegram.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;
use huifang::channel::Channels;
use huifang::channel::telegram::Telegram;
use huifang::desk::Desk;
use huifang::simulator::telegram::Person as Phone;
use huifang::store;
use huifang::store::outbox::Delivery;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fake_telegram::{FakeTelegram, Fault, SECRET_HEADER};
use crate::house::{House, LEAK, SURVEY, client, fixture, rows_of_the_web_chat, rows_of_the_web_chat_in};

pub const CHAT: i64 = 5_123_456_789;
const PUBLIC_URL: &str = "https://huifang.example.com";

/// Somebody with a telephone, and the service they write to.
pub struct Person {
    pub house: House,
    pub telegram: FakeTelegram,
    phone: Phone,
}

impl Person {
    /// Has never written.
    async fn new() -> Person {
        let telegram = FakeTelegram::start().await;
        let house = House::open(|_| channels(telegram.bot())).await;
        Person::at(house, telegram).await
    }

    /// Has scanned the QR code of the flat.
    pub async fn begin() -> Person {
        let mut person = Person::new().await;
        person.scans().await;
        person
    }

    async fn at(house: House, telegram: FakeTelegram) -> Person {
        let told = telegram.bot().register(PUBLIC_URL, &huifang::channel::telegram::Menu::new()).await;
        assert!(told.left.is_empty(), "{told:?}");
        let phone = Phone { chat: CHAT, name: "王".to_owned(), language: "zh-hans".to_owned() };
        Person { house, telegram, phone }
    }

    async fn scans(&mut self) {
        let start = format!("/start {}", self.house.token());
        self.says(&start).await;
    }

    fn message(&self, rest: &Value) -> Value {
        self.phone.writes(&self.telegram, 1_795_226_400, rest)
    }

    /// Presses a button of the newest message that has any.
    fn press(&self, label: &str) -> Value {
        let keys = self.phone.keys(&self.telegram);
        let key = keys.iter().find(|key| key.label == label);
        self.phone.presses(&self.telegram, key.unwrap_or_else(|| panic!("no button {label} in {keys:?}")))
    }

    pub fn membership(&self, before: &str, after: &str, date: i64) -> Value {
        let member = |status: &str| {
            let mut member = json!({ "user": { "id": 1, "is_bot": true, "first_name": "b" }, "status": status });
            if status == "kicked" {
                member["until_date"] = json!(0);
            }
            member
        };
        let person = json!({ "id": self.phone.chat, "is_bot": false, "first_name": "王" });
        let chat = json!({ "id": self.phone.chat, "type": "private", "first_name": "王" });
        let change = json!({ "chat": chat, "from": person, "date": date, "old_chat_member": member(before),
            "new_chat_member": member(after) });
        self.telegram.numbered("my_chat_member", change)
    }

    pub async fn delivered(&self, update: &Value) {
        assert_eq!(self.telegram.delivers(&self.house.url, update).await, StatusCode::OK, "{update}");
    }

    pub async fn sends(&mut self, rest: &Value) {
        let update = self.message(rest);
        self.delivered(&update).await;
        self.house.works().await;
    }

    pub async fn says(&mut self, text: &str) {
        self.sends(&json!({ "text": text })).await;
    }

    pub async fn taps(&mut self, label: &str) {
        let update = self.press(label);
        self.delivered(&update).await;
        self.house.works().await;
    }

    fn texts(&self) -> Vec<String> {
        let shown = self.telegram.arrived(self.phone.chat);
        shown.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    fn last(&self) -> String {
        self.texts().pop().unwrap_or_default()
    }

    async fn count(&self, status: Delivery) -> usize {
        self.house.outbox(status).await.len()
    }
}

fn channels(bot: Telegram) -> Channels {
    Channels { telegram: Some(bot), ..Channels::default() }
}

#[tokio::test]
async fn a_survey_by_buttons_and_a_voice_report_end_in_the_same_rows_as_on_the_web_chat() {
    let telegram = FakeTelegram::start().await;
    let house = House::open_with_model(|_| channels(telegram.bot())).await;
    let mut person = Person::at(house, telegram).await;
    person.scans().await;
    let (command, answers) = SURVEY.split_first().unwrap();
    let (remark, marks) = answers.split_last().unwrap();
    person.says(command).await;
    for mark in marks {
        person.taps(mark).await;
    }
    person.says(remark).await;
    let file = person.telegram.keeps("voice/file_7.oga", fixture("leak.ogg"));
    let voice = json!({ "file_id": file, "file_unique_id": "AgAD", "duration": 3, "mime_type": "audio/ogg" });
    person.sends(&json!({ "voice": voice })).await;
    assert!(person.last().contains(LEAK), "{}", person.last());
    person.taps("提交").await;
    let rows = person.house.rows().await;
    let web = House::open_with_model(|_| Channels::default()).await;
    assert_eq!(rows, rows_of_the_web_chat_in(web, "leak.ogg").await);
    assert!(rows.contains("HF2611-0001") && rows.contains("audio/ogg") && rows.contains("nps Some(3.0)"), "{rows}");
    assert_eq!(person.telegram.answered().len(), marks.len() + 1, "each pressed button is answered, in the response");
    assert!(person.telegram.calls("answerCallbackQuery").is_empty());
    let said = person.texts();
    assert_eq!(said.len(), person.telegram.calls("sendMessage").len());
    assert_eq!(person.count(Delivery::Sent).await, said.len(), "nothing twice, nothing left");
}

#[tokio::test]
async fn typed_marks_and_a_recording_sent_as_a_document_end_in_the_same_rows_too() {
    let mut person = Person::begin().await;
    for words in SURVEY {
        person.says(words).await;
    }
    person.house.hears(LEAK);
    let file = person.telegram.keeps("documents/file_3.amr", fixture("leak.amr"));
    person.sends(&json!({ "document": { "file_id": file, "file_unique_id": "A", "mime_type": "audio/amr" } })).await;
    person.taps("提交").await;
    assert_eq!(person.house.rows().await, rows_of_the_web_chat("leak.amr").await);
}

#[tokio::test]
async fn updates_that_come_five_times_at_once_and_out_of_order_are_applied_once() {
    let mut person = Person::begin().await;
    person.says("/survey").await;
    let tap = person.press("2");
    let words = person.message(&json!({ "text": "主卧卫生间天花板在滴水" }));
    let photo = person.telegram.keeps("photos/file_1.jpg", fixture("photo.jpg"));
    let size = json!({ "file_id": photo, "file_unique_id": "A", "width": 9, "height": 9 });
    let photo = person.message(&json!({ "photo": [size] }));
    let edit = json!({ "message_id": 101, "date": 1, "edit_date": 2, "text": "/help",
        "chat": words["message"]["chat"], "from": words["message"]["from"] });
    let edit = person.telegram.numbered("edited_message", edit);
    let left = person.membership("member", "kicked", 7);
    let back = person.membership("kicked", "member", 8);
    let mut deliveries = Vec::new();
    for round in 0..5 {
        let mut updates = vec![&tap, &words, &photo, &edit, &left, &back];
        updates.rotate_left(round);
        deliveries.extend(updates.into_iter().map(|update| person.telegram.delivers(&person.house.url, update)));
    }
    assert!(join_all(deliveries).await.iter().all(|status| *status == StatusCode::OK));
    let press = format!("cb:{}", tap["callback_query"]["id"].as_str().unwrap());
    let numbers = [&words, &photo].map(|update| format!("m:{CHAT}:{}", update["message"]["message_id"]));
    let others = [format!("edit:{CHAT}:101:2"), format!("member:{CHAT}:7:left"), format!("member:{CHAT}:8:back")];
    let ids: Vec<&str> =
        [press.as_str()].into_iter().chain(numbers.iter().chain(&others).map(String::as_str)).collect();
    assert_eq!(person.house.received("telegram", &ids).await, 6);
    let store = person.house.runner.store.clone();
    let thread = store.read(|tx| {
        Box::pin(async move {
            let found = huifang::store::dialogues::find_by_address(tx, "telegram", &CHAT.to_string()).await?.unwrap();
            huifang::store::thread::after(tx, found.id, 0, 100).await
        })
    });
    let came: Vec<_> = thread.await.unwrap().into_iter().filter_map(|entry| entry.external_id).collect();
    assert_eq!(came.len(), 2 + 6, "the scan, /survey, and each of the six once: {came:?}");
    assert_eq!(person.telegram.answered().len(), 5, "a copy of a press is answered too");
}

#[tokio::test]
async fn whoever_does_not_show_the_secret_is_refused_before_anything_is_read() {
    let person = Person::new().await;
    let url = format!("{}/webhooks/telegram", person.house.url);
    let webhook = person.telegram.webhook().unwrap();
    let secret = webhook["secret_token"].as_str().unwrap();
    let update = person.message(&json!({ "text": "hello" })).to_string();
    let post = |secrets: &[&str], body: String| {
        let request = client().post(&url).header("content-type", "application/json").body(body);
        let request = secrets.iter().fold(request, |request, secret| request.header(SECRET_HEADER, *secret));
        async move { request.send().await }
    };
    let status = |response: reqwest::Response| response.status().as_u16();
    let longer = format!("{secret}x");
    let wrong: [&[&str]; 7] =
        [&[], &[""], &["x"], &[&secret[1..]], &[longer.as_str()], &["x", secret], &[secret, secret]];
    for secrets in wrong {
        let response = post(secrets, update.clone()).await.unwrap();
        assert_eq!(response.status().as_u16(), 401, "{secrets:?}");
        assert!(response.bytes().await.unwrap().is_empty());
    }
    let large = format!("{{\"update_id\":1,\"x\":\"{}\"}}", "x".repeat(5 << 20));
    // What is answered before all is read may be followed by the end of the connection.
    assert!(post(&["x"], large.clone()).await.map_or(true, |response| status(response) == 401));
    assert!(post(&[secret], large).await.map_or(true, |response| status(response) == 413));
    for poison in ["", "{", "[]", "\u{feff}{}", "{\"update_id\":7}", "{\"message\":{\"text\":\"x\"}}"] {
        let response = post(&[secret], poison.to_owned()).await.unwrap();
        assert_eq!(status(response), 200, "{poison}: it would be sent for a day");
    }
    let no_text = client().post(&url).header(SECRET_HEADER, secret).body(b"\xff\xfe".to_vec()).send().await.unwrap();
    assert_eq!(status(no_text), 200);
    person.house.works().await;
    assert!(person.texts().is_empty(), "nothing of all that was taken in");
    assert_eq!(status(client().get(&url).send().await.unwrap()), 405);
    assert_eq!(status(post(&[secret], update).await.unwrap()), 200);
    person.house.works().await;
    assert_eq!(person.texts().len(), 1);
}

#[tokio::test]
async fn an_update_that_is_broken_off_is_not_taken_for_one_that_is_too_large() {
    let person = Person::new().await;
    let webhook = person.telegram.webhook().unwrap();
    let secret = webhook["secret_token"].as_str().unwrap();
    let address = person.house.url.strip_prefix("http://").unwrap();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let push = format!(
        "POST /webhooks/telegram HTTP/1.1\r\nhost: x\r\n{SECRET_HEADER}: {secret}\r\n\
         transfer-encoding: chunked\r\n\r\nno size of a piece\r\n"
    );
    connection.write_all(push.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(60), connection.read_exact(&mut answer));
    read.await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn a_database_that_fails_has_the_update_sent_again() {
    let mut person = Person::begin().await;
    let update = person.message(&json!({ "text": "/help" }));
    person.house.runner.store.close().await;
    let status = person.telegram.delivers(&person.house.url, &update).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    person.house = person.house.restart().await;
    person.delivered(&update).await;
    person.house.works().await;
    assert!(person.last().contains("报修"), "{}", person.last());
}

#[tokio::test]
async fn a_flood_is_waited_for_and_nothing_is_lost_or_sent_twice() {
    let mut person = Person::begin().await;
    let before = person.texts().len();
    person.telegram.fails("sendMessage", Fault::TooMany(40));
    person.says("/help").await;
    assert_eq!(person.texts().len(), before);
    person.house.clock.advance(Duration::from_secs(20));
    person.house.works().await;
    assert_eq!(person.telegram.calls("sendMessage").len(), before + 1, "not asked before the time");
    // The pace waits by the machine's clock, the job by the test's.
    person.house.clock.advance(Duration::from_secs(10));
    person.house.runner.channels = channels(person.telegram.bot());
    person.house.works().await;
    assert_eq!((person.texts().len(), person.telegram.calls("sendMessage").len()), (before + 1, before + 2));
    assert_eq!((person.count(Delivery::Pending).await, person.count(Delivery::Sent).await), (0, before + 1));
}

#[tokio::test]
async fn an_outage_of_an_hour_loses_nothing_and_sends_nothing_twice() {
    let mut person = Person::begin().await;
    let before = person.texts().len();
    for fault in [
        Fault::Error(500, "Internal Server Error"),
        Fault::Proxy(503),
        Fault::Error(401, "Unauthorized"),
        Fault::Error(404, "Not Found"),
        Fault::Error(500, "Internal Server Error: restart"),
        Fault::Proxy(503),
    ] {
        person.telegram.fails("sendMessage", fault);
    }
    person.says("/help").await;
    person.says("/privacy").await;
    for _ in 0..8 {
        assert!(person.house.flags().await.is_empty());
        person.house.clock.advance(Duration::from_secs(8 * 60));
        person.house.works().await;
    }
    let said = person.texts();
    assert_eq!(said.len(), before + 2);
    assert!(said[before].contains("按钮") && said[before + 1].contains("改进服务"), "in their order: {said:?}");
    assert_eq!(person.count(Delivery::Sent).await, before + 2);
}

#[tokio::test]
async fn whoever_writes_after_an_outage_is_answered_at_once_and_so_is_what_waited() {
    let mut person = Person::begin().await;
    let before = person.texts().len();
    for _ in 0..10 {
        person.telegram.fails("sendMessage", Fault::Error(500, "Internal Server Error"));
    }
    person.says("/help").await;
    while person.telegram.calls("sendMessage").len() < before + 10 {
        person.house.clock.advance(Duration::from_secs(600));
        person.house.works().await;
    }
    assert_eq!(person.texts().len(), before, "the next attempt is most of an hour away");
    person.says("/privacy").await;
    let said = person.texts();
    assert_eq!(said.len(), before + 2, "{said:?}");
    assert!(said[before].contains("按钮") && said[before + 1].contains("改进服务"), "in their order: {said:?}");
}

#[tokio::test]
async fn a_photo_that_is_fetched_while_its_owner_is_forgotten_does_not_stay() {
    let person = Person::begin().await;
    let photo = person.telegram.keeps("photos/file_1.jpg", fixture("photo.jpg"));
    let size = json!({ "file_id": photo, "file_unique_id": "A", "width": 9, "height": 9 });
    let update = person.message(&json!({ "photo": [size] }));
    person.delivered(&update).await;
    person.telegram.fails("getFile", Fault::Slow(Duration::from_millis(500)));
    let (runner, telegram) = (person.house.runner.clone(), person.telegram.clone());
    let forgotten = async {
        while telegram.calls("getFile").is_empty() {
            tokio::task::yield_now().await;
        }
        let found = runner.store.read(|tx| {
            Box::pin(async move { store::dialogues::find_by_address(tx, "telegram", &CHAT.to_string()).await })
        });
        let contact = found.await.unwrap().unwrap().contact_id.unwrap();
        let staff = person.house.hires("li", "李").await;
        Desk::new(runner.intake.clone()).forget(contact, staff).await.unwrap();
        runner.run_until_idle().await;
    };
    tokio::join!(runner.run_until_idle(), forgotten);
    person.house.works().await;
    assert_eq!(person.telegram.calls("getFile").len(), 1);
    assert_eq!(person.house.files_kept(), 0, "{}", person.house.rows().await);
    assert!(person.house.flags().await.is_empty());
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_was_not_written_to() {
    let mut person = Person::begin().await;
    let before = person.texts().len();
    let (working, mut away) = (person.telegram.bot(), person.telegram.config());
    away.api_url = "http://127.0.0.1:9".to_owned();
    person.house.runner.channels = channels(Telegram::new(&away).unwrap().unwrap());
    person.says("/help").await;
    let waiting = person.house.outbox(Delivery::Pending).await;
    assert_eq!(waiting.len(), 1, "not uncertain: it never left");
    person.house.runner.channels = channels(working);
    person.house.clock.advance(Duration::from_secs(3600));
    person.house.works().await;
    assert_eq!(person.texts().len(), before + 1);
}

#[tokio::test]
async fn a_message_of_which_nobody_knows_whether_it_arrived_is_marked_and_sent_again() {
    let person = Person::begin().await;
    for fault in [Fault::HangsUp, Fault::Proxy(502), Fault::Proxy(504)] {
        let before = person.texts().len();
        person.telegram.fails("sendMessage", fault.clone());
        let update = person.message(&json!({ "text": "/help" }));
        person.delivered(&update).await;
        person.house.runner.run_until_idle().await;
        assert_eq!(person.count(Delivery::Uncertain).await, 1, "{fault:?}");
        person.house.clock.advance(Duration::from_secs(60));
        person.house.works().await;
        let copies = if matches!(fault, Fault::HangsUp) { 2 } else { 1 };
        assert_eq!(person.texts().len(), before + copies, "{fault:?}: twice is better than never");
        assert_eq!(person.count(Delivery::Uncertain).await, 0);
    }
}

#[tokio::test]
async fn a_message_of_which_nobody_ever_learns_whether_it_arrived_is_shown_to_staff() {
    let person = Person::begin().await;
    for _ in 0..18 {
        person.telegram.fails("sendMessage", Fault::Proxy(502));
    }
    let update = person.message(&json!({ "text": "/help" }));
    person.delivered(&update).await;
    for _ in 0..17 {
        person.house.runner.run_until_idle().await;
        assert_eq!(person.house.flags().await, [""; 0]);
        person.house.clock.advance(Duration::from_secs(3600));
    }
    person.house.works().await;
    assert_eq!(person.count(Delivery::Uncertain).await, 1);
    assert_eq!(person.house.flags().await, ["delivery_failed"]);
}

#[tokio::test]
async fn a_message_whose_worker_is_killed_at_every_attempt_is_shown_to_staff_and_sent_no_more() {
    let person = Person::begin().await;
    let before = person.texts().len();
    person.delivered(&person.message(&json!({ "text": "/help" }))).await;
    person.house.is_killed_at_every_attempt().await;
    assert_eq!(person.house.flags().await, [""; 0]);
    person.house.runner.run_until_idle().await;
    assert_eq!(person.count(Delivery::Uncertain).await, 1);
    assert_eq!((person.texts().len(), person.house.flags().await), (before, vec!["delivery_failed"]));
}

#[tokio::test]
async fn a_photo_over_which_the_worker_is_killed_at_every_attempt_is_asked_for_again() {
    let person = Person::begin().await;
    let before = person.texts().len();
    let size = json!({ "file_id": "P", "file_unique_id": "A", "width": 9, "height": 9 });
    person.delivered(&person.message(&json!({ "photo": [size] }))).await;
    person.house.is_killed_at_every_attempt().await;
    person.house.works().await;
    assert_eq!(person.telegram.calls("getFile").len(), 0);
    let said = person.texts();
    assert!(said[before..].iter().any(|text| text.contains("取不到")), "{:?}", &said[before..]);
}

#[tokio::test]
async fn an_answer_that_holds_what_nobody_knows_is_a_success_all_the_same() {
    let mut person = Person::begin().await;
    let before = person.texts().len();
    person.telegram.fails("sendMessage", Fault::Odd);
    person.says("/help").await;
    person.house.clock.advance(Duration::from_secs(3600));
    person.house.works().await;
    assert_eq!(person.texts().len(), before + 1, "sent once");
    assert_eq!(person.count(Delivery::Sent).await, before + 1);
}

#[tokio::test]
async fn what_was_stored_before_a_restart_is_sent_after_it() {
    let mut person = Person::begin().await;
    let before = person.texts().len();
    let update = person.message(&json!({ "text": "/help" }));
    person.delivered(&update).await;
    assert_eq!(person.texts().len(), before, "acknowledged, not answered yet");
    person.house = person.house.restart().await;
    person.delivered(&update).await;
    person.house.works().await;
    assert_eq!(person.texts().len(), before + 1);
}

#[tokio::test]
async fn whoever_blocks_us_is_left_in_peace_and_staff_sees_what_was_not_brought() {
    let mut person = Person::begin().await;
    let before = person.texts().len();
    person.telegram.block(CHAT);
    person.says("/help").await;
    assert_eq!(person.count(Delivery::Withheld).await, 1);
    assert_eq!(person.house.flags().await, ["delivery_failed"]);
    let left = person.membership("member", "kicked", 1);
    person.delivered(&left).await;
    let asked = person.telegram.calls("sendMessage").len();
    let voice = person.message(&json!({ "text": "/privacy" }));
    person.telegram.unblock(CHAT);
    let back = person.membership("kicked", "member", 2);
    person.delivered(&back).await;
    person.house.works().await;
    assert_eq!(person.telegram.calls("sendMessage").len(), asked, "nobody said anything that wants an answer");
    person.delivered(&voice).await;
    person.house.works().await;
    assert_eq!(person.texts().len(), before + 1);
}

#[tokio::test]
async fn while_somebody_has_left_nothing_is_tried() {
    let person = Person::begin().await;
    let asked = person.telegram.calls("sendMessage").len();
    let words = person.message(&json!({ "text": "/help" }));
    person.delivered(&words).await;
    let left = person.membership("member", "kicked", 1);
    person.delivered(&left).await;
    person.house.works().await;
    assert_eq!(person.telegram.calls("sendMessage").len(), asked);
    assert_eq!(person.count(Delivery::Withheld).await, 1);
}

#[tokio::test]
async fn photos_places_cards_and_films_are_answered_in_words() {
    let mut person = Person::begin().await;
    let photo = person.telegram.keeps("photos/file_1.jpg", fixture("photo.jpg"));
    let size = json!({ "file_id": photo, "file_unique_id": "A", "width": 9, "height": 9 });
    person.sends(&json!({ "photo": [size], "caption": "厨房水槽下面漏水" })).await;
    assert!(person.last().contains("厨房水槽下面"), "{}", person.last());
    person.taps("提交").await;
    let rows = person.house.rows().await;
    assert!(rows.contains("photo image/jpeg"), "{rows}");
    let round = json!({ "file_id": "V", "file_unique_id": "A", "duration": 3, "length": 240 });
    person.sends(&json!({ "video_note": round })).await;
    assert!(person.last().contains("语音"), "{}", person.last());
    let file = person.telegram.keeps("voice/file_2.oga", fixture("leak.ogg"));
    person.telegram.forgets(&file);
    person.sends(&json!({ "voice": { "file_id": file, "file_unique_id": "A", "duration": 3 } })).await;
    assert!(person.last().contains("再发"), "{}", person.last());
}
