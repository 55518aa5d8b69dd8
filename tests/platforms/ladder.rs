//! A deadline climbs the ladder: whoever stands on a level is told where they are, each by themselves
//! and once, over restarts and refusals of the platform.

use std::time::Duration;

use huifang::channel::Channels;
use huifang::channel::mail::Mail;
use huifang::channel::wecom::Wecom;
use huifang::clock::Clock;
use huifang::domain::alert::reach::Way;
use huifang::domain::ids::StaffId;
use huifang::domain::secret::Secret;
use huifang::domain::staff::{Role, Staff};
use huifang::domain::time::Timestamp;
use huifang::jobs::alert::Alerts;
use huifang::store::{self, StoreError};
use serde_json::json;

use crate::fake_mail::Server;
use crate::fake_telegram::{FakeTelegram, Fault};
use crate::fake_wecom::FakeWecom;
use crate::house::{House, client};

const ENGINEER: i64 = 71;
const MANAGER: i64 = 72;
const ELSEWHERE: i64 = 73;
const HEADQUARTERS: i64 = 74;
const SECOND_PHONE: i64 = 75;

/// A local time of November 2026.
fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap();
    let written = format!("2026-11-{day}T{time}:00+08:00");
    Timestamp(written.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

async fn hires(house: &House, name: &str, role: Role, region: Option<&str>, accounts: &[i64]) -> StaffId {
    let new = Staff::new(house.clock.new_id(), name, role, house.clock.now());
    let staff = Staff { region: region.map(str::to_owned), ..new };
    let (id, now, accounts) = (staff.id, house.clock.now(), accounts.to_vec());
    let hired = house.runner.store.write(move |tx| {
        Box::pin(async move {
            store::staff::insert(tx, &staff, "no password").await?;
            for (account, later) in accounts.iter().zip(0..) {
                let at = now + Duration::from_secs(later);
                store::staff_accounts::link(tx, "telegram", &account.to_string(), staff.id, at).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    hired.await.unwrap();
    id
}

async fn client_says(house: &House, text: &str) {
    let body = json!({ "session": "a-session-of-a-client", "text": text, "language": "zh-CN" });
    client().post(format!("{}/chat/api/messages", house.url)).json(&body).send().await.unwrap();
    house.runner.run_until_idle().await;
}

/// Every job that falls due until then is done at its time.
async fn waits_until(house: &House, until: Timestamp) {
    loop {
        house.runner.run_until_idle().await;
        let next = house.runner.store.read(|tx| Box::pin(async move { store::jobs::next_run_at(tx).await })).await;
        let next = next.map_err(|error: StoreError| error).unwrap();
        match next.filter(|at| *at <= until) {
            Some(at) => house.clock.advance(at.since(house.clock.now())),
            None => break,
        }
    }
    house.clock.advance(until.since(house.clock.now()));
}

/// What came to a person about the first clock.
fn told(telegram: &FakeTelegram, chat: i64) -> Vec<String> {
    let texts = telegram.arrived(chat).into_iter().map(|message| message["text"].as_str().unwrap().to_owned());
    let lines = texts.filter_map(|text| text.lines().find(|line| line.starts_with("电话响应")).map(str::to_owned));
    lines.collect()
}

async fn house(telegram: &FakeTelegram) -> House {
    for chat in [ENGINEER, MANAGER, ELSEWHERE, HEADQUARTERS, SECOND_PHONE] {
        telegram.knows(chat);
    }
    let bot = telegram.bot();
    // Neither a group nor a rule: the ladder finds people by itself.
    House::open_with_alerts(|_| Channels { telegram: Some(bot), ..Channels::default() }, None, Vec::new()).await
}

async fn reports_a_leak(house: &House) {
    client_says(house, &format!("/start {}", house.token())).await;
    client_says(house, "主卧卫生间天花板在滴水").await;
    client_says(house, "提交").await;
}

#[tokio::test]
async fn each_level_of_the_ladder_is_told_by_itself_and_once_over_a_restart() {
    let telegram = FakeTelegram::start().await;
    let house = house(&telegram).await;
    let li = hires(&house, "李工", Role::Engineer, Some("华东"), &[ENGINEER]).await;
    hires(&house, "周敏", Role::Manager, Some("华东"), &[MANAGER]).await;
    hires(&house, "陈总", Role::Manager, Some("华南"), &[ELSEWHERE]).await;
    hires(&house, "吴总", Role::Headquarters, None, &[HEADQUARTERS]).await;
    reports_a_leak(&house).await;
    let given = house.runner.store.write(move |tx| {
        Box::pin(async move {
            let ticket = store::tickets::list(tx, &store::tickets::Filter::default(), 1).await?.remove(0);
            let ticket = ticket.assign(li, Timestamp(1)).unwrap();
            store::tickets::update(tx, &ticket).await
        })
    });
    given.await.map_err(|error: StoreError| error).unwrap();

    // Two office hours from Monday, nine o'clock.
    waits_until(&house, at("23 10:01")).await;
    let half = "电话响应时限已用 50%，请责任工程师 李工处理";
    assert_eq!(told(&telegram, ENGINEER), [half]);
    assert!(told(&telegram, MANAGER).is_empty() && told(&telegram, HEADQUARTERS).is_empty());

    let house = house.restart().await;
    waits_until(&house, at("23 10:37")).await;
    let most = "电话响应时限已用 80%，请责任工程师 李工 · 项目经理 周敏处理";
    assert_eq!(
        (told(&telegram, ENGINEER), told(&telegram, MANAGER)),
        (vec![half.into(), most.into()], vec![most.into()])
    );
    assert!(told(&telegram, HEADQUARTERS).is_empty());

    let house = house.restart().await;
    waits_until(&house, at("23 11:01")).await;
    let all = "电话响应时限已用 100%，请责任工程师 李工 · 项目经理 周敏 · 总部 吴总处理";
    assert_eq!(told(&telegram, ENGINEER), [half, most, all]);
    assert_eq!(told(&telegram, MANAGER), [most, all]);
    assert_eq!(told(&telegram, HEADQUARTERS), [all]);
    assert!(telegram.arrived(ELSEWHERE).is_empty(), "another region's manager");

    waits_until(&house, at("23 18:00")).await;
    assert_eq!(
        told(&telegram, ENGINEER).len() + told(&telegram, MANAGER).len() + told(&telegram, HEADQUARTERS).len(),
        6
    );
}

#[tokio::test]
async fn an_account_that_was_reached_is_not_written_to_again_because_another_was_not() {
    let telegram = FakeTelegram::start().await;
    let house = house(&telegram).await;
    hires(&house, "李工", Role::Manager, None, &[ENGINEER, SECOND_PHONE]).await;
    reports_a_leak(&house).await;
    telegram.fails("sendMessage", Fault::Slow(Duration::ZERO));
    telegram.fails("sendMessage", Fault::TooMany(1));
    waits_until(&house, at("23 10:30")).await;
    assert_eq!(told(&telegram, SECOND_PHONE).len(), 1, "the first to be tried");
    assert_eq!(told(&telegram, ENGINEER).len(), 1, "reached at the second attempt");
}

/// What the flags of a deadline say of whom they were told to.
async fn tellings(house: &House) -> String {
    let read = house.runner.store.read(|tx| {
        Box::pin(async move {
            let mut lines = Vec::new();
            for flag in store::flags::list_open(tx, 20).await? {
                for telling in store::alerts::tellings(tx, flag.id).await? {
                    let name = match telling.staff {
                        Some(id) => store::staff::find(tx, id).await?.map(|staff| staff.name),
                        None => None,
                    };
                    let missed = telling.missed.iter().map(|m| format!("{} {}", m.way.name(), m.why.name()));
                    let (name, way) = (name.as_deref().unwrap_or("-"), telling.way.map_or("-", Way::name));
                    lines.push(format!("{} {name}: {way} [{}]", flag.detail, missed.collect::<Vec<_>>().join(", ")));
                }
            }
            lines.sort();
            Ok::<_, StoreError>(lines.join("\n"))
        })
    });
    read.await.unwrap()
}

#[tokio::test]
async fn each_level_is_told_by_whatever_is_on_record_of_its_people() {
    let (telegram, wecom) = (FakeTelegram::start().await, FakeWecom::start().await);
    let (mail, port) = Server::start().await;
    telegram.knows(ENGINEER);
    let (bot, config) = (telegram.bot(), wecom.config());
    let url = Secret::new(format!("smtp://127.0.0.1:{port}"));
    let alerts = Alerts { mail: Some(Mail::new(&url, "bot@example.cn", None).unwrap()), ..House::alerts() };
    let channels = |clock: &Clock| Channels {
        telegram: Some(bot),
        wecom: Wecom::new(&config, clock.clone()).unwrap(),
        ..Channels::default()
    };
    let house = House::open_telling(channels, alerts).await;
    let li = hires(&house, "李工", Role::Engineer, Some("华东"), &[ENGINEER]).await;
    let zhou = hires(&house, "周敏", Role::Manager, Some("华东"), &[]).await;
    let wu = hires(&house, "吴总", Role::Headquarters, None, &[]).await;
    hires(&house, "郑总", Role::Headquarters, None, &[]).await;
    let given = house.runner.store.write(move |tx| {
        Box::pin(async move {
            store::staff_accounts::link(tx, "wecom", "ZhouMin", zhou, Timestamp(1)).await?;
            store::staff_accounts::link(tx, "mail", "wu@example.cn", wu, Timestamp(1)).await
        })
    });
    given.await.map_err(|error: StoreError| error).unwrap();
    reports_a_leak(&house).await;
    let given = house.runner.store.write(move |tx| {
        Box::pin(async move {
            let ticket = store::tickets::list(tx, &store::tickets::Filter::default(), 1).await?.remove(0);
            store::tickets::update(tx, &ticket.assign(li, Timestamp(1)).unwrap()).await
        })
    });
    given.await.map_err(|error: StoreError| error).unwrap();
    waits_until(&house, at("23 11:01")).await;
    assert_eq!((told(&telegram, ENGINEER).len(), wecom.cards().len(), mail.texts().len()), (3, 2, 1));
    insta::assert_snapshot!(tellings(&house).await, @r"
    clock=response percent=100 tell=engineer,manager,headquarters 吴总: mail [telegram not_on_record, wecom not_on_record]
    clock=response percent=100 tell=engineer,manager,headquarters 周敏: wecom [telegram not_on_record]
    clock=response percent=100 tell=engineer,manager,headquarters 李工: telegram []
    clock=response percent=100 tell=engineer,manager,headquarters 郑总: - [telegram not_on_record, wecom not_on_record, mail not_on_record]
    clock=response percent=50 tell=engineer 李工: telegram []
    clock=response percent=80 tell=engineer,manager 周敏: wecom [telegram not_on_record]
    clock=response percent=80 tell=engineer,manager 李工: telegram []
    ");
}

#[tokio::test]
async fn where_nobody_can_be_told_the_flag_says_so() {
    let house = House::open(|_| Channels::default()).await;
    reports_a_leak(&house).await;
    // From the engineer up to headquarters there is nobody.
    waits_until(&house, at("23 10:01")).await;
    hires(&house, "李工", Role::Manager, None, &[ENGINEER]).await;
    waits_until(&house, at("23 10:37")).await;
    insta::assert_snapshot!(tellings(&house).await, @r"
    clock=response percent=50 tell=engineer -: - []
    clock=response percent=80 tell=engineer,manager 李工: - [telegram not_set_up, wecom not_set_up, mail not_set_up]
    ");
}
