//! A year after handover, for one flat and one chiller, told as it happened: plan, voice, flag,
//! dispatch, appointment, repair, no and yes of the owner, second visit, the machine's own word on its
//! vibration and heat, the visit after the rain and the one before the warranty of the cooling ends,
//! ledger and papers. The clock jumps from one due job to the next.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use axum::http::StatusCode;
use huifang::channel::http::{Http, HttpConfig};
use huifang::channel::{Channels, MediaKind, ReceivedFile};
use huifang::desk::Desk;
use huifang::domain::appointment::Window;
use huifang::domain::ids::{ProjectId, StaffId, TicketId, UnitId};
use huifang::domain::project::{Project, ProjectKind, Unit, Upkeep};
use huifang::domain::recovery::{self, Recovery, RootCause};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::Ticket;
use huifang::domain::time::Timestamp;
use huifang::intake::blob_key;
use huifang::store;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::fake_http::{SECRET, post_events};
use crate::fake_telegram::FakeTelegram;
use crate::house::{House, client, fixture};

const OWNER: i64 = 5_123_456_789;
const HOSPITAL: i64 = 5_987_654_321;

struct Year {
    house: House,
    telegram: FakeTelegram,
    desk: Desk,
    engineer: StaffId,
    seen: BTreeMap<i64, usize>,
    flags: usize,
    queries: u32,
    told: String,
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn at(text: &str) -> Timestamp {
    let local: DateTime = text.parse().unwrap();
    Timestamp(local.to_zoned(zone()).unwrap().timestamp().as_millisecond())
}

fn shown(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.0).unwrap();
    instant.to_zoned(zone()).strftime("%Y-%m-%d").to_string()
}

impl Year {
    async fn begin() -> Year {
        let telegram = FakeTelegram::start().await;
        let signed: HttpConfig = toml::from_str(&format!("secret = \"{SECRET}\"")).unwrap();
        let house = House::open(|clock| Channels {
            telegram: Some(telegram.bot()),
            http: Http::new(&signed, clock.clone()).unwrap(),
            ..Channels::default()
        })
        .await;
        telegram.bot().register("https://huifang.example.com", &huifang::channel::telegram::Menu::new()).await;
        let desk = Desk::new(house.runner.intake.clone());
        let engineer = house.clock.new_id();
        let year =
            Year { house, telegram, desk, engineer, seen: BTreeMap::new(), flags: 0, queries: 0, told: String::new() };
        year.hires("li", "李工", Role::Engineer, engineer).await;
        year.hires("zhou", "周经理", Role::Manager, year.house.clock.new_id()).await;
        year.house.runner.keep_planning().await.unwrap();
        year
    }

    async fn hires(&self, login: &str, name: &str, role: Role, id: StaffId) {
        let new = Staff::new(id, login, role, self.house.clock.now());
        let staff = Staff { name: name.to_owned(), region: Some("华东".to_owned()), ..new };
        let store = &self.house.runner.store;
        store.write(move |tx| Box::pin(async move { store::staff::insert(tx, &staff, "none").await })).await.unwrap();
    }

    async fn builds(&self, project: Project, unit: Unit) -> UnitId {
        let id = unit.id;
        let row = Unit { project_id: project.id, ..unit };
        let built = self.house.runner.store.write(move |tx| {
            Box::pin(async move {
                store::projects::insert(tx, &project).await?;
                store::units::insert(tx, &row).await
            })
        });
        built.await.unwrap();
        id
    }

    /// Lets time pass to an instant, job by job.
    async fn until(&mut self, target: Timestamp) {
        loop {
            let due = self.house.runner.store.read(|tx| Box::pin(async move { store::jobs::next_run_at(tx).await }));
            let Some(next) = due.await.unwrap().filter(|next| *next <= target) else { break };
            self.goes_to(next);
            self.house.runner.run_until_idle().await;
            self.listens().await;
        }
        self.goes_to(target);
    }

    fn goes_to(&self, instant: Timestamp) {
        let ahead = u64::try_from(instant.0 - self.house.clock.now().0).unwrap_or_default();
        self.house.clock.advance(Duration::from_millis(ahead));
    }

    async fn listens(&mut self) {
        let now = shown(self.house.clock.now());
        for chat in [OWNER, HOSPITAL] {
            let arrived = self.telegram.arrived(chat);
            let seen = self.seen.insert(chat, arrived.len()).unwrap_or_default();
            for message in &arrived[seen..] {
                let text = message["text"].as_str().unwrap_or_default().replace('\n', " / ");
                let keys = message["reply_markup"]["inline_keyboard"].as_array().cloned().unwrap_or_default();
                let keys = keys.iter().flat_map(|row| row.as_array().cloned().unwrap_or_default());
                let keys: Vec<String> = keys.map(|key| format!("[{}]", key["text"].as_str().unwrap())).collect();
                let who = if chat == OWNER { "→ 业主" } else { "→ 医院" };
                let _ = writeln!(self.told, "{now} {who}: {text} {}", keys.concat());
            }
        }
        let flags = self.house.flags().await;
        for flag in flags.iter().take(flags.len().saturating_sub(self.flags)) {
            let _ = writeln!(self.told, "{now} !! {flag}");
        }
        self.flags = flags.len();
    }

    async fn sends(&mut self, chat: i64, rest: &Value, said: &str) {
        let mut message = json!({ "date": 1_795_226_400, "chat": { "id": chat, "type": "private", "first_name": "王" },
            "from": { "id": chat, "is_bot": false, "first_name": "王", "language_code": "zh-hans" } });
        for (name, value) in rest.as_object().unwrap() {
            message[name] = value.clone();
        }
        let update = self.telegram.numbered("message", message);
        self.delivered(chat, &update, said).await;
    }

    async fn delivered(&mut self, chat: i64, update: &Value, said: &str) {
        let now = shown(self.house.clock.now());
        let who = if chat == OWNER { "业主" } else { "医院" };
        let _ = writeln!(self.told, "{now} {who}: {said}");
        assert_eq!(self.telegram.delivers(&self.house.url, update).await, StatusCode::OK);
        self.house.works().await;
        self.listens().await;
    }

    async fn says(&mut self, chat: i64, text: &str) {
        self.sends(chat, &json!({ "text": text }), text).await;
    }

    async fn scans(&mut self, chat: i64, token: &str) {
        self.sends(chat, &json!({ "text": format!("/start {token}") }), "[扫码]").await;
    }

    async fn speaks(&mut self, chat: i64, words: &str) {
        self.house.hears(words);
        let file = self.telegram.keeps("voice/file_7.oga", fixture("leak.ogg"));
        let voice = json!({ "voice": { "file_id": file, "file_unique_id": "A", "duration": 3 } });
        self.sends(chat, &voice, &format!("[语音] {words}")).await;
    }

    async fn taps(&mut self, chat: i64, label: &str) {
        let shown = self.telegram.arrived(chat);
        let mut keys = shown.iter().rev().map(|message| message["reply_markup"]["inline_keyboard"].clone());
        let keys = keys.find(|rows| rows.as_array().is_some_and(|rows| !rows.is_empty())).unwrap();
        let found = keys.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap().clone());
        let found: Vec<Value> = found.collect();
        let key = found.iter().find(|key| key["text"].as_str().unwrap().starts_with(label));
        let key = key.unwrap_or_else(|| panic!("no {label} in {found:?}\n{}", self.told));
        self.queries += 1;
        let query = json!({ "id": format!("43{}", self.queries), "chat_instance": "-1", "data": key["callback_data"],
            "from": { "id": chat, "is_bot": false, "first_name": "王", "language_code": "zh-hans" },
            "message": { "message_id": 1, "date": 0, "chat": { "id": chat, "type": "private", "first_name": "王" } } });
        let update = self.telegram.numbered("callback_query", query);
        self.delivered(chat, &update, &format!("[{label}]")).await;
    }

    /// The machine says what it measures, every five minutes.
    async fn measures(&mut self, signal: &str, values: &[f64]) {
        for value in values {
            self.queries += 1;
            let event = json!([{ "project": "YY-07", "unit": "CH-01", "signal": signal, "value": value }]);
            let answer = post_events(&self.house, &format!("reading-{}", self.queries), &event).await;
            let said: Value = answer.json().await.unwrap();
            let fired = said["results"][0]["taken"].as_array().unwrap();
            let fired = fired.iter().fold(String::new(), |all, rule| all + " !! " + rule.as_str().unwrap());
            let _ = writeln!(self.told, "{} 机组: {signal} {value}{fired}", shown(self.house.clock.now()));
            self.house.clock.advance(Duration::from_secs(300));
        }
        self.house.works().await;
        self.listens().await;
    }

    async fn answers(&mut self, chat: i64, taps: &[&str], words: &str) {
        for tap in taps {
            self.taps(chat, tap).await;
        }
        self.says(chat, words).await;
    }

    fn notes(&mut self, what: &str) {
        let _ = writeln!(self.told, "{} 员工: {what}", shown(self.house.clock.now()));
    }

    async fn photo(&self) -> ReceivedFile {
        let bytes = fixture("photo.jpg");
        let file = ReceivedFile {
            id: self.house.clock.new_id(),
            kind: MediaKind::Photo,
            content_type: "image/jpeg".to_owned(),
            bytes: bytes.len() as u64,
            sha256: "0".repeat(64),
            recognition: None,
            remote: None,
        };
        self.house.runner.blobs.put(&blob_key(file.id), bytes.into()).await.unwrap();
        file
    }

    async fn recoveries(&self, under_way: bool) -> Vec<Recovery> {
        let store = &self.house.runner.store;
        store.read(move |tx| Box::pin(async move { store::recoveries::list(tx, under_way, 9).await })).await.unwrap()
    }

    async fn ledger(&self) -> Vec<store::ledger::Line> {
        let (store, now) = (&self.house.runner.store, self.house.clock.now());
        let all = store::ledger::Filter::default();
        store.read(move |tx| Box::pin(async move { store::ledger::list(tx, &all, now, 9).await })).await.unwrap()
    }

    async fn tickets(&self) -> Vec<Ticket> {
        let all = store::tickets::Filter::default();
        let store = &self.house.runner.store;
        store.read(|tx| Box::pin(async move { store::tickets::list(tx, &all, 50).await })).await.unwrap()
    }

    async fn ticket_of(&self, unit: UnitId) -> TicketId {
        self.tickets().await.iter().find(|ticket| ticket.unit_id == Some(unit)).unwrap().id
    }

    async fn visits(&self, unit: UnitId) -> String {
        let store = &self.house.runner.store;
        let found = store.read(|tx| Box::pin(async move { store::visits::list_for_unit(tx, unit).await }));
        let mut visits = found.await.unwrap();
        visits.sort_by_key(|visit| visit.planned_at);
        visits.iter().fold(String::new(), |mut rows, visit| {
            let (kind, status) = (visit.kind.name(), visit.status.name());
            let sent = visit.sent_at.map(shown).unwrap_or_default();
            let _ = writeln!(rows, "{} {kind} {} {status} {sent}", shown(visit.planned_at), visit.survey);
            rows
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_a_flat_and_a_chiller() {
    let mut year = Year::begin().await;
    let handover = Some(at("2026-11-20T10:00"));
    let project: ProjectId = year.house.clock.new_id();
    let flat = Project {
        code: Some("JS-01".to_owned()),
        region: "华东".to_owned(),
        handover_at: handover,
        engineer_id: Some(year.engineer),
        ..Project::new(project, "江畔名苑", ProjectKind::Housing)
    };
    let id = year.house.clock.new_id();
    let unit = Unit { building: Some("1".to_owned()), ..Unit::new(id, project, "1栋602") };
    let flat = year.builds(flat, unit).await;
    let project: ProjectId = year.house.clock.new_id();
    let chiller = Project {
        code: Some("YY-07".to_owned()),
        region: "华东".to_owned(),
        // Before the summer, so that its second cooling season under warranty ends within the year.
        handover_at: Some(at("2026-05-20T10:00")),
        engineer_id: Some(year.engineer),
        maintained_until: Some(at("2027-11-20T10:00")),
        maintained_every: Some(Upkeep::HalfYearly),
        ..Project::new(project, "滨江医院冷水机组", ProjectKind::Equipment)
    };
    let id = year.house.clock.new_id();
    let unit = Unit {
        code: Some("CH-01".to_owned()),
        first_use_at: Some(at("2026-11-23T10:00")),
        ..Unit::new(id, project, "1号冷水机组")
    };
    let chiller = year.builds(chiller, unit).await;
    let tokens = [year.house.token_of(flat), year.house.token_of(chiller)];
    year.scans(OWNER, &tokens[0]).await;
    year.scans(HOSPITAL, &tokens[1]).await;
    year.until(at("2026-11-30T20:30")).await;
    year.answers(HOSPITAL, &["4", "5", "5", "跳过", "9"], "交底很细致").await;
    year.until(at("2026-12-11T20:30")).await;
    year.speaks(OWNER, "两分，墙上有裂缝").await;
    year.taps(OWNER, "对").await;
    year.taps(OWNER, "2").await;
    year.taps(OWNER, "3").await;
    year.says(OWNER, "主卧卫生间天花板漏水，昨晚开始的").await;
    year.taps(OWNER, "提交").await;
    year.until(at("2026-12-12T09:30")).await;
    let ticket = year.ticket_of(flat).await;
    let by = year.engineer;
    year.desk.called(ticket, "约上门时间", by).await.unwrap();
    year.notes("已电话");
    let window = |from: &str, until: &str| Window { from: at(from), until: at(until) };
    let offered = vec![window("2026-12-13T09:00", "2026-12-13T11:00"), window("2026-12-13T14:00", "2026-12-13T16:00")];
    year.desk.offer(ticket, offered, by).await.unwrap();
    year.notes("给出上门时间");
    year.house.works().await;
    year.listens().await;
    year.taps(OWNER, "12月13日").await;
    year.until(at("2026-12-13T13:30")).await;
    year.desk.on_the_way(ticket, by).await.unwrap();
    year.until(at("2026-12-13T14:05")).await;
    year.desk.arrive(ticket, by).await.unwrap();
    year.until(at("2026-12-13T15:30")).await;
    let photo = year.photo().await;
    year.desk.rectify(ticket, "楼上地漏重新打胶", vec![photo], by).await.unwrap();
    year.until(at("2026-12-13T18:30")).await;
    year.taps(OWNER, "没修好").await;
    year.until(at("2026-12-14T10:00")).await;
    year.desk.accept(ticket, by).await.unwrap();
    year.desk.arrive(ticket, by).await.unwrap();
    let photo = year.photo().await;
    year.desk.rectify(ticket, "楼上卫生间防水重做，闭水试验合格", vec![photo], by).await.unwrap();
    year.until(at("2026-12-14T19:00")).await;
    year.taps(OWNER, "已修好").await;

    let [recovery] = year.recoveries(true).await.try_into().unwrap();
    year.until(at("2026-12-16T10:00")).await;
    year.desk.review(recovery.id, RootCause::Process, "防水交接未做闭水试验，补入交接清单", by).await.unwrap();
    year.notes("专项复盘");
    year.desk.second_visit(recovery.id, by).await.unwrap();
    // The visit after the repair comes first; a week later the second one.
    year.until(at("2026-12-18T20:30")).await;
    for answer in ["已修好", "5"] {
        year.taps(OWNER, answer).await;
    }
    year.until(at("2026-12-28T20:30")).await;
    for answer in ["5", "5", "9"] {
        year.taps(OWNER, answer).await;
    }
    let [recovered] = year.recoveries(false).await.try_into().unwrap();
    assert_eq!(recovered.status, recovery::Status::Recovered, "{}", year.told);
    assert!(recovered.first_score <= 2.0 && recovered.second_score.unwrap() >= 4.0, "{recovered:?}");

    // The machine speaks for itself: vibration brings a visit, heat a ticket.
    year.until(at("2027-06-16T10:00")).await;
    year.measures("vibration", &[6.8, 7.6, 8.1, 8.3]).await;
    year.until(at("2027-06-18T20:30")).await;
    year.answers(HOSPITAL, &["4", "4", "8"], "换季开机时声音大，现在好了").await;
    year.until(at("2027-07-12T14:00")).await;
    year.measures("temperature", &[58.0, 63.0, 66.0, 67.0, 68.0]).await;
    let hot = year.ticket_of(chiller).await;
    year.until(at("2027-07-12T16:00")).await;
    year.desk.accept(hot, by).await.unwrap();
    year.desk.arrive(hot, by).await.unwrap();
    let photo = year.photo().await;
    year.desk.rectify(hot, "冷凝器清洗，温度恢复正常", vec![photo], by).await.unwrap();
    year.notes("冷凝器清洗，传照片");
    year.until(at("2027-07-12T18:00")).await;
    year.taps(HOSPITAL, "已修好").await;
    year.until(at("2027-07-19T20:30")).await;
    for answer in ["已修好", "5"] {
        year.taps(HOSPITAL, answer).await;
    }
    // After the rain, and before the warranty of the cooling ends.
    year.until(at("2027-07-27T20:30")).await;
    year.answers(OWNER, &["4", "5", "9"], "外墙没有渗水").await;
    year.until(at("2027-09-01T20:30")).await;
    year.answers(HOSPITAL, &["5", "5", "9"], "接水盘的密封条请在到期前换一下").await;

    year.until(at("2027-11-25T12:00")).await;
    insta::assert_snapshot!("year", year.told);
    insta::assert_snapshot!("visits", format!("{}\n{}", year.visits(flat).await, year.visits(chiller).await));
    let ledger = year.ledger().await;
    let closed: Vec<_> = ledger.iter().filter(|line| line.status.name() == "closed").collect();
    assert_eq!((closed.len(), ledger.len()), (2, 2), "both struck off");
    assert!(closed.iter().all(|line| line.expected_at.unwrap() > line.closed_at.unwrap()), "in time");
    assert!(closed.iter().all(|line| line.in_warranty == Some(true) && !line.unverified));
    let line = closed.iter().find(|line| line.reopened == 1).unwrap();
    assert_eq!(line.owner.as_deref(), Some("李工"));
    for paper in ["papers/completion", "papers/service"] {
        let page = format!("{}/t/{}/{paper}.pdf", year.house.url, year.house.progress_token(ticket));
        let answer = client().get(&page).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{paper}");
        assert!(answer.bytes().await.unwrap().starts_with(b"%PDF-"));
    }
}
