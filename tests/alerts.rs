//! Staff is told of what it must see where staff is: by mail here, to a server that speaks SMTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use huifang::catalog::Catalog;
use huifang::channel::mail::Mail;
use huifang::channel::{ChannelKind, Channels, Content, Inbound};
use huifang::clock::Clock;
use huifang::domain::alert::{QuietHours, Rule, Target};
use huifang::domain::flag::FlagKind;
use huifang::domain::language::Language;
use huifang::domain::secret::Secret;
use huifang::domain::staff::{Role, Staff};
use huifang::domain::time::Timestamp;
use huifang::domain::token::TokenKey;
use huifang::intake::Intake;
use huifang::jobs::Runner;
use huifang::jobs::alert::Alerts;
use huifang::store::blobs::Blobs;
use huifang::store::{self, Store};
use huifang::tagging::{Lexical, Tagger};
use jiff::civil;
use jiff::tz::TimeZone;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// 2026-11-21, half past ten in the evening in Shanghai.
const EVENING: Timestamp = Timestamp(1_795_271_400_000);

/// A mail server that takes everything, or, while it is told so, nothing for the moment.
#[derive(Clone, Default)]
struct Server {
    letters: Arc<Mutex<Vec<String>>>,
    busy: Arc<Mutex<bool>>,
}

impl Server {
    async fn start() -> (Server, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server::default();
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move { this.talk(stream).await });
            }
        });
        (server, port)
    }

    /// RFC 5321, as much of it as a client without extensions needs.
    async fn talk(&self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.example.cn\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let answer = match line.split(' ').next()? {
                "MAIL" if *self.busy.lock().unwrap() => "451 come back later",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut letter = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        letter.push_str(&line);
                        letter.push('\n');
                    }
                    self.letters.lock().unwrap().push(letter);
                    "250 taken"
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }

    /// What the letters say, as their reader sees it.
    fn texts(&self) -> Vec<String> {
        let read = |letter: &String| {
            let (head, body) = letter.split_once("\n\n").unwrap();
            assert!(head.contains("Message-ID: <") && head.contains("base64"), "{head}");
            String::from_utf8(BASE64.decode(body.replace('\n', "").as_bytes()).unwrap()).unwrap().replace("\r\n", "\n")
        };
        self.letters.lock().unwrap().iter().map(read).collect()
    }
}

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
            mail: Some(Mail::new(&url, "回访 <bot@example.cn>", "desk@example.cn, boss@example.cn").unwrap()),
            robot: None,
            webhook: None,
            rules,
            quiet: QuietHours { from: civil::time(20, 0, 0, 0), to: civil::time(9, 0, 0, 0), zone },
            on_call: Some("Li Wei 139".to_owned()),
            language: Language::default(),
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

    async fn hours_pass(&self, hours: u64) {
        self.runner.clock.advance(Duration::from_secs(hours * 3600));
        self.runner.run_until_idle().await;
    }
}

/// The lines of a letter without the address of the page, which holds an id.
fn read(letter: &str) -> String {
    letter
        .lines()
        .filter(|line| !line.starts_with("https://huifang.example.cn/console/"))
        .collect::<Vec<_>>()
        .join("\n")
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
            Ok::<(), store::StoreError>(())
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
    *server.busy.lock().unwrap() = true;
    house.says("你们就是踢皮球，推来推去没人管").await;
    house.says("我要找人工").await;
    assert_eq!(server.texts(), [""; 0]);
    *server.busy.lock().unwrap() = false;
    house.hours_pass(1).await;
    let told = server.texts();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("【投诉】"), "{told:?}");
}
