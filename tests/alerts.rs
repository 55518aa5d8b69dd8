//! Staff is told of what it must see where staff is: by mail here, to a server that speaks SMTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use huifang::catalog::Catalog;
use huifang::channel::mail::Mail;
use huifang::channel::{ChannelKind, Channels, Content, Inbound};
use huifang::clock::Clock;
use huifang::domain::alert::{QuietHours, Rule, Target};
use huifang::domain::contact::Contact;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::ids::TicketId;
use huifang::domain::job::Job;
use huifang::domain::language::Language;
use huifang::domain::project::{Project, ProjectKind};
use huifang::domain::secret::Secret;
use huifang::domain::sla::{self, ClockKind};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::ticket::{Ticket, TicketKind};
use huifang::domain::time::Timestamp;
use huifang::domain::token::TokenKey;
use huifang::domain::understanding::Sentiment;
use huifang::intake::Intake;
use huifang::jobs::Runner;
use huifang::jobs::alert::Alerts;
use huifang::store::blobs::Blobs;
use huifang::store::{self, Store, StoreError};
use huifang::tagging::{Lexical, Tagger};
use jiff::civil;
use jiff::tz::TimeZone;

#[path = "platforms/fake_mail.rs"]
mod fake_mail;

use fake_mail::Server;

/// 2026-11-21, half past ten in the evening in Shanghai.
const EVENING: Timestamp = Timestamp(1_795_271_400_000);

struct House {
    runner: Runner,
    said: u32,
    _folder: tempfile::TempDir,
}

impl House {
    async fn with(port: u16, rules: Vec<Rule>) -> House {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let store = Store::open(&format!("sqlite:{}", at("huifang.db"))).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Clock::manual(EVENING);
        let catalog = Arc::new(Catalog::embedded().unwrap());
        let lexicon = huifang::catalog::lexicon::embedded().unwrap();
        let tagger = Arc::new(Tagger::by_rules(Lexical::new(&lexicon).unwrap()));
        let key = TokenKey::new([7; 32]);
        let intake =
            Intake::new(store.clone(), Arc::clone(&catalog), Arc::clone(&tagger), clock.clone(), key, "110".to_owned())
                .with_alerts();
        let url = Secret::new(format!("smtp://127.0.0.1:{port}"));
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let alerts = Alerts {
            telegram_chat: None,
            mail: Some(Mail::new(&url, "回访 <bot@example.cn>", Some("desk@example.cn, boss@example.cn")).unwrap()),
            robot: None,
            webhook: None,
            rules,
            quiet: QuietHours { from: civil::time(20, 0, 0, 0), to: civil::time(9, 0, 0, 0), zone },
            on_call: Some("Li Wei 139".to_owned()),
            language: Language::default(),
            ways: Vec::new(),
            public_url: "https://huifang.example.cn".to_owned(),
        };
        let blobs = Blobs::open(&format!("file:{}", at("media"))).unwrap();
        let (channels, alerts, listener) = (Channels::default(), Some(Arc::new(alerts)), None);
        let runner = Runner { store, clock, intake, blobs, channels, alerts, catalog, listener, tagger };
        House { runner, said: 0, _folder: folder }
    }

    async fn says(&mut self, words: &str) {
        self.said += 1;
        let inbound = Inbound {
            channel: ChannelKind::Web,
            address: "somebody".to_owned(),
            external_id: format!("m{}", self.said),
            language: None,
            content: Content::Text(words.to_owned()),
        };
        self.runner.intake.receive(inbound).await.unwrap();
        self.runner.run_until_idle().await;
    }

    /// A job that is due now.
    fn owed(&self, job: Job) -> store::jobs::NewJob {
        let clock = &self.runner.clock;
        store::jobs::NewJob {
            id: clock.new_id(),
            kind: job.name().to_owned(),
            payload: serde_json::to_string(&job).unwrap(),
            lane: job.lane(),
            dedupe_key: job.dedupe_key(),
            run_at: clock.now(),
            max_attempts: 1,
            created_at: clock.now(),
        }
    }

    /// Somebody of headquarters who is told by mail.
    async fn hires(&self, name: &str) {
        let clock = self.runner.clock.clone();
        let new = Staff::new(clock.new_id(), "wu", Role::Headquarters, clock.now());
        let staff = Staff { name: name.to_owned(), ..new };
        let hired = self.runner.store.write(move |tx| {
            Box::pin(async move {
                store::staff::insert(tx, &staff, "no password").await?;
                store::staff_accounts::link(tx, "mail", "wu@example.cn", staff.id, clock.now()).await
            })
        });
        hired.await.map_err(|error: StoreError| error).unwrap();
    }

    /// The time to call back about a repair is over.
    async fn deadline_passes(&self) {
        self.time_is_used(100, 1).await;
    }

    /// So much of the time to call back about a repair is used, says its job; returns the ticket and the clock.
    async fn time_is_used(&self, percent: u32, budget_ms: i64) -> (TicketId, sla::Clock) {
        let (clock, now) = (self.runner.clock.clone(), self.runner.clock.now());
        let contact = Contact::new(clock.new_id(), Language::Chinese, now);
        let ticket = Ticket::reported(clock.new_id(), TicketKind::Repair, contact.id, now);
        let (kind, round) = (ClockKind::Response, 0);
        let id = ticket.id;
        let owed = self.owed(Job::SlaWarning { ticket: id, clock: kind, round, percent });
        let runs = sla::Clock {
            kind,
            round,
            started_at: EVENING,
            due_at: now,
            budget_ms,
            used_ms: 0,
            paused_at: None,
            reason: None,
            stopped_at: None,
        };
        let kept = runs.clone();
        let stored = self.runner.store.write(move |tx| {
            Box::pin(async move {
                store::contacts::insert(tx, &contact).await?;
                let ticket = store::tickets::file(tx, ticket).await?;
                store::clocks::save(tx, ticket.id, &kept).await?;
                store::jobs::enqueue(tx, &owed).await
            })
        });
        assert!(stored.await.map_err(|error: StoreError| error).unwrap());
        self.runner.run_until_idle().await;
        (id, runs)
    }

    /// A flag is raised about an anonymous answer from a project.
    async fn hears_from_nobody(&self, project: Project, comment: &'static str) {
        let (clock, response) = (self.runner.clock.clone(), self.runner.clock.new_id());
        let mut flag = Flag::raised(clock.new_id(), FlagKind::NegativeFeedback, clock.now());
        flag.response_id = Some(response);
        let owed = self.owed(Job::Alert { flag: flag.id });
        let new = store::responses::NewResponse {
            id: response,
            survey: "sample".to_owned(),
            survey_version: 1,
            contact_id: None,
            unit_id: None,
            project_id: Some(project.id),
            dialogue_id: None,
            started_at: clock.now(),
        };
        let stored = self.runner.store.write(move |tx| {
            Box::pin(async move {
                store::projects::insert(tx, &project).await?;
                store::responses::start(tx, &new).await?;
                store::responses::add_comment(tx, response, comment, Sentiment::Negative, &[]).await?;
                store::flags::raise(tx, &flag).await?;
                store::jobs::enqueue(tx, &owed).await
            })
        });
        assert!(stored.await.map_err(|error: StoreError| error).unwrap());
        self.runner.run_until_idle().await;
    }

    async fn hours_pass(&self, hours: u64) {
        self.runner.clock.advance(Duration::from_secs(hours * 3600));
        self.runner.run_until_idle().await;
    }
}

/// The lines of a letter without the id in the address of the page.
fn read(letter: &str) -> String {
    let (before, id) = letter.trim_end().rsplit_once('/').unwrap();
    assert_eq!(id.len(), 36, "{letter}");
    format!("{before}/…")
}

#[tokio::test]
async fn a_complaint_waits_for_the_morning_and_an_emergency_does_not() {
    let (server, port) = Server::start().await;
    let mut house = House::with(port, Vec::new()).await;
    house.says("你们就是踢皮球，推来推去没人管").await;
    assert_eq!(server.texts(), [""; 0]);
    house.says("厨房燃气泄漏，味道很大").await;
    let told = server.texts();
    assert!(!told.is_empty() && told.iter().all(|letter| letter.contains("紧急险情")), "{told:?}");
    assert!(told[0].contains("https://huifang.example.cn/console/"), "{told:?}");
    assert!(told[0].contains("值班：Li Wei 139"), "{told:?}");
    house.hours_pass(11).await;
    let told = server.texts();
    let complaint = told.iter().find(|letter| letter.contains("投诉")).unwrap();
    insta::assert_snapshot!(read(complaint), @r"
    【投诉】HF2611-0001
    原话：“你们就是踢皮球，推来推去没人管”
    打开处理（要登录工作台）：https://huifang.example.cn/console/alerts/…
    ");
}

#[tokio::test]
async fn what_somebody_has_seen_meanwhile_is_not_told_again() {
    let (server, port) = Server::start().await;
    let mut house = House::with(port, Vec::new()).await;
    house.says("你们就是踢皮球，推来推去没人管").await;
    let clock = house.runner.clock.clone();
    let staff = Staff { name: "小王".to_owned(), ..Staff::new(clock.new_id(), "wang", Role::Agent, clock.now()) };
    let seen = house.runner.store.write(move |tx| {
        Box::pin(async move {
            store::staff::insert(tx, &staff, "hash").await?;
            for flag in store::flags::list_open(tx, 10).await? {
                store::flags::see(tx, flag.id, staff.id, EVENING).await?;
            }
            Ok::<(), StoreError>(())
        })
    });
    seen.await.unwrap();
    house.hours_pass(11).await;
    assert_eq!(server.texts(), [""; 0]);
}

#[tokio::test]
async fn rules_say_what_goes_where_and_a_busy_server_is_asked_again() {
    let (server, port) = Server::start().await;
    let kinds = vec![FlagKind::Complaint];
    let rule =
        Rule { to: Target::Mail, kinds, regions: vec![], urgency: None, at_night: true, roles: vec![], on_call: None };
    let mut house = House::with(port, vec![rule]).await;
    server.busy.store(true, Ordering::Relaxed);
    house.says("你们就是踢皮球，推来推去没人管").await;
    house.says("我要找人工").await;
    assert_eq!(server.texts(), [""; 0]);
    server.busy.store(false, Ordering::Relaxed);
    house.hours_pass(1).await;
    let told = server.texts();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("【投诉】"), "{told:?}");
}

#[tokio::test]
async fn an_anonymous_answer_is_told_where_its_project_lies_and_nowhere_else() {
    for (region, told) in [("华东", 1), ("华南", 0)] {
        let (server, port) = Server::start().await;
        let rule = Rule {
            to: Target::Mail,
            kinds: vec![],
            regions: vec![region.to_owned()],
            urgency: None,
            at_night: true,
            roles: vec![],
            on_call: None,
        };
        let house = House::with(port, vec![rule]).await;
        let project = Project {
            region: "华东".to_owned(),
            ..Project::new(house.runner.clock.new_id(), "翠湖花园", ProjectKind::Housing)
        };
        house.hears_from_nobody(project, "物业根本不管").await;
        let letters = server.texts();
        assert_eq!(letters.len(), told, "{region}: {letters:?}");
        assert!(letters.iter().all(|letter| letter.contains("翠湖花园")), "{letters:?}");
    }
}

#[tokio::test]
async fn a_missed_deadline_wakes_whom_a_rule_wakes_and_lets_the_others_sleep() {
    for (at_night, told) in [(true, 1), (false, 0)] {
        let (server, port) = Server::start().await;
        let rule = Rule {
            to: Target::Staff,
            kinds: vec![FlagKind::SlaMissed],
            regions: vec![],
            urgency: None,
            at_night,
            roles: vec![],
            on_call: None,
        };
        let house = House::with(port, vec![rule]).await;
        house.hires("吴总").await;
        // Two o'clock in the morning.
        house.runner.clock.advance(Duration::from_secs(7 * 1800));
        house.deadline_passes().await;
        house.runner.clock.advance(Duration::from_secs(60));
        house.runner.run_until_idle().await;
        assert_eq!(server.texts().len(), told, "{:?}", server.texts());
        house.hours_pass(8).await;
        let letters = server.texts();
        assert!(letters.len() == 1 && letters[0].contains("吴总"), "once: {letters:?}");
    }
}

impl House {
    /// So many minutes pass, and the work of them is done as it falls due.
    async fn minutes_pass(&self, minutes: u64) {
        for _ in 0..minutes / 5 {
            self.runner.clock.advance(Duration::from_secs(300));
            self.runner.run_until_idle().await;
        }
    }

    async fn given_up(&self) -> u64 {
        let dead = store::jobs::JobStatus::Dead;
        let counted = self.runner.store.read(|tx| Box::pin(async move { store::jobs::count(tx, dead).await }));
        counted.await.unwrap()
    }
}

fn to_the_list(kind: FlagKind) -> Rule {
    let (regions, roles) = (Vec::new(), Vec::new());
    Rule { to: Target::Mail, kinds: vec![kind], regions, urgency: None, at_night: false, roles, on_call: None }
}

#[tokio::test]
async fn a_warning_of_the_night_is_told_in_the_morning_unless_its_clock_has_stopped() {
    for (stopped_at, paused_at, told) in [(None, None, 2), (Some(EVENING), None, 0), (None, Some(EVENING), 2)] {
        let (server, port) = Server::start().await;
        let house = House::with(port, vec![to_the_list(FlagKind::SlaWarning)]).await;
        house.hires("吴总").await;
        // Of a hundred hours: the next step is days away.
        let (ticket, runs) = house.time_is_used(80, 100 * 3_600_000).await;
        let changed = sla::Clock { stopped_at, paused_at, ..runs };
        let saved = house
            .runner
            .store
            .write(move |tx| Box::pin(async move { store::clocks::save(tx, ticket, &changed).await }));
        saved.await.map_err(|error: StoreError| error).unwrap();
        assert_eq!(server.texts(), [""; 0], "it waits for the morning");
        house.hours_pass(11).await;
        let letters = server.texts();
        assert_eq!(letters.len(), told, "to the list and to whoever stands on the ladder: {letters:?}");
    }
}

#[tokio::test]
async fn what_the_engineer_has_seen_in_the_evening_headquarters_is_told_in_the_morning_all_the_same() {
    for (seen_by, ended, told) in
        [(Some("wang"), false, 1), (Some("wang"), true, 0), (Some("wu"), false, 0), (None, true, 0)]
    {
        let (server, port) = Server::start().await;
        let house = House::with(port, vec![to_the_list(FlagKind::Emergency)]).await;
        house.hires("吴总").await;
        let (ticket, _) = house.time_is_used(100, 1).await;
        let clock = house.runner.clock.clone();
        let night = house.runner.store.write(move |tx| {
            Box::pin(async move {
                let engineer = Staff::new(clock.new_id(), "wang", Role::Engineer, clock.now());
                store::staff::insert(tx, &engineer, "no password").await?;
                if let Some(login) = seen_by {
                    let (person, _) = store::staff::by_login(tx, login).await?.unwrap();
                    for flag in store::flags::list_open(tx, 9).await? {
                        store::flags::see(tx, flag.id, person.id, EVENING).await?;
                    }
                }
                if ended {
                    let open = store::tickets::load_for_update(tx, ticket).await?.unwrap();
                    store::tickets::update(tx, &open.cancel(EVENING).unwrap()).await?;
                    store::flags::clocks_ended(tx, ticket, EVENING).await?;
                }
                Ok::<(), StoreError>(())
            })
        });
        night.await.unwrap();
        assert_eq!(server.texts(), [""; 0], "it waits for the morning");
        house.hours_pass(11).await;
        let letters = server.texts();
        assert_eq!(letters.len(), told, "{seen_by:?}, ended: {ended}: {letters:?}");
    }
}

#[tokio::test]
async fn an_emergency_is_told_even_by_a_server_that_was_away_for_an_hour() {
    let (server, port) = Server::start().await;
    let mut house = House::with(port, vec![to_the_list(FlagKind::Emergency)]).await;
    server.busy.store(true, Ordering::Relaxed);
    house.says("厨房燃气泄漏，味道很大").await;
    house.minutes_pass(60).await;
    assert_eq!(server.texts(), [""; 0]);
    server.busy.store(false, Ordering::Relaxed);
    house.minutes_pass(180).await;
    assert_eq!(server.texts().len(), 1, "told, and once: {:?}", server.texts());
    assert_eq!(house.given_up().await, 0);
}

#[tokio::test]
async fn what_a_server_that_was_away_did_not_take_in_the_evening_waits_for_the_morning() {
    let (server, port) = Server::start().await;
    let mut house = House::with(port, vec![to_the_list(FlagKind::Complaint)]).await;
    house.hours_pass(21).await; // half past seven in the evening
    server.busy.store(true, Ordering::Relaxed);
    house.says("你们就是踢皮球，推来推去没人管").await;
    house.minutes_pass(60).await;
    server.busy.store(false, Ordering::Relaxed);
    house.minutes_pass(12 * 60).await;
    assert_eq!(server.texts(), [""; 0], "nobody is woken by it");
    house.minutes_pass(60).await;
    assert_eq!(server.texts().len(), 1);
    assert_eq!(house.given_up().await, 0);
}
