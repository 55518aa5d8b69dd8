//! Staff outside Telegram: alerts by mail, by the company's app and in its group, with links that open
//! the buttons; and what becomes of an alert where one way after the other leads nowhere.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::future::join_all;
use huifang::channel::Channels;
use huifang::channel::mail::Mail;
use huifang::channel::wecom::Wecom;
use huifang::channel::wecom::robot::Robot;
use huifang::clock::Clock;
use huifang::desk::Desk;
use huifang::domain::alert::Rule;
use huifang::domain::alert::reach::Way;
use huifang::domain::ids::StaffId;
use huifang::domain::secret::Secret;
use huifang::domain::staff::Role;
use huifang::jobs::alert::Alerts;
use huifang::store::tickets::Filter;
use huifang::store::{self, StoreError};
use serde_json::json;

use crate::fake_mail::Server;
use crate::fake_telegram::FakeTelegram;
use crate::fake_wecom::FakeWecom;
use crate::house::{House, START, client};

const TELEGRAM: i64 = 71;

struct Office {
    house: House,
    telegram: FakeTelegram,
    wecom: FakeWecom,
    mail: Server,
}

impl Office {
    /// Everything is set up, and rules say where alerts go.
    async fn open(rules: &[&str], change: impl FnOnce(&mut Alerts)) -> Office {
        let (telegram, wecom) = (FakeTelegram::start().await, FakeWecom::start().await);
        let (mail, port) = Server::start().await;
        telegram.knows(TELEGRAM);
        let (bot, config) = (telegram.bot(), wecom.config());
        let url = Secret::new(format!("smtp://127.0.0.1:{port}"));
        let mut alerts = Alerts {
            mail: Some(Mail::new(&url, "bot@example.cn", Some("desk@example.cn")).unwrap()),
            robot: Robot::new(&config, Clock::manual(START)).unwrap(),
            rules: rules.iter().map(|rule| toml::from_str::<Rule>(rule).unwrap()).collect(),
            ..House::alerts()
        };
        change(&mut alerts);
        let channels = |clock: &Clock| Channels {
            telegram: Some(bot),
            wecom: Wecom::new(&config, clock.clone()).unwrap(),
            ..Channels::default()
        };
        Office { house: House::open_telling(channels, alerts).await, telegram, wecom, mail }
    }

    async fn hires(&self, login: &str, name: &str, role: Role, ways: &[(Way, &str)]) -> StaffId {
        let id = self.house.hires_as(login, name, role).await;
        let ways: Vec<_> = ways.iter().map(|(way, address)| (way.name(), (*address).to_owned())).collect();
        let now = self.house.clock.now();
        let kept = self.house.runner.store.write(move |tx| {
            Box::pin(async move {
                for (way, address) in ways {
                    store::staff_accounts::link(tx, way, &address, id, now).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        kept.await.unwrap();
        id
    }

    async fn client_says(&self, text: &str) {
        let body = json!({ "session": "a-session-of-a-client", "text": text, "language": "zh-CN" });
        client().post(format!("{}/chat/api/messages", self.house.url)).json(&body).send().await.unwrap();
        self.house.works().await;
    }

    async fn complains(&self) {
        self.client_says("你们就是踢皮球，推来推去没人管").await;
    }

    /// The history of the only ticket: what, and by whom.
    async fn history(&self) -> String {
        let read = self.house.runner.store.read(|tx| {
            Box::pin(async move {
                let ticket = store::tickets::list(tx, &Filter::default(), 10).await?.remove(0);
                let mut lines = Vec::new();
                for event in store::tickets::events(tx, ticket.id).await? {
                    let who = match event.actor {
                        huifang::domain::ticket::Actor::Staff(id) => {
                            store::staff::find(tx, id).await?.map(|staff| staff.name).unwrap_or_default()
                        }
                        other => other.to_string(),
                    };
                    lines.push(format!("{} {who}", event.kind));
                }
                Ok::<_, StoreError>(lines.join(", "))
            })
        });
        read.await.unwrap()
    }

    /// What is known of whom the latest flag was told to.
    async fn told(&self) -> String {
        let read = self.house.runner.store.read(|tx| {
            Box::pin(async move {
                let flag = store::flags::list_open(tx, 10).await?.remove(0);
                let mut lines = String::new();
                for telling in store::alerts::tellings(tx, flag.id).await? {
                    let name = match telling.staff {
                        Some(id) => store::staff::find(tx, id).await?.map(|staff| staff.name),
                        None => None,
                    };
                    let missed = telling.missed.iter().map(|m| format!("{} {}", m.way.name(), m.why.name()));
                    let missed = missed.collect::<Vec<_>>().join(", ");
                    let _ = writeln!(lines, "{name:?} by {:?}, not by [{missed}]", telling.way.map(Way::name));
                }
                Ok::<_, StoreError>(lines)
            })
        });
        read.await.unwrap()
    }

    /// Opens the page behind a link; returns status and page.
    async fn opens(&self, path: &str) -> (u16, String) {
        let answer = client().get(format!("{}{path}", self.house.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Presses a button of a page that was opened; returns the page that comes of it.
    async fn presses(&self, path: &str, page: &str, act: &str) -> String {
        let answer = self.posts(path, act, &drawn_at(page)).await;
        self.follows(answer).await
    }

    /// The page a press leads to, or that says why nothing was done.
    async fn follows(&self, answer: reqwest::Response) -> String {
        let next = answer.headers().get("location").map(|next| next.to_str().unwrap().to_owned());
        self.house.works().await;
        match next {
            Some(next) => self.opens(&next).await.1,
            None => answer.text().await.unwrap(),
        }
    }

    /// Answers the client from a page that was opened; returns the page that comes of it.
    async fn answers(&self, path: &str, page: &str, said: &str) -> String {
        let request = client().post(format!("{}{path}", self.house.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(format!("act=reply&at={}&said={said}", drawn_at(page))).send().await.unwrap();
        self.follows(answer).await
    }

    async fn posts(&self, path: &str, act: &str, at: &str) -> reqwest::Response {
        let request = client().post(format!("{}{path}", self.house.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(format!("act={act}&at={at}")).send().await.unwrap()
    }
}

/// What a page carries so that the same press is known as such.
fn drawn_at(page: &str) -> String {
    page.split("name=\"at\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The path of the personal link in a text.
fn link_in(text: &str) -> String {
    let link = text.split("https://huifang.example.com").nth(1).unwrap();
    link.split_whitespace().next().unwrap().to_owned()
}

/// The buttons, the outcome and the problem of a page; why there is none.
fn seen_on(page: &str) -> String {
    let mut lines = String::new();
    if page.contains("这个链接打不开提醒") {
        return page.split("<p>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    }
    for line in page.lines().map(str::trim) {
        let words = line.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
        if line.starts_with("<p class=\"note\"") || line.starts_with("<p class=\"problem\"") {
            let _ = writeln!(lines, "{words}");
        }
        let buttons = line.split("<button").skip(1).filter_map(|button| button.split(['>', '<']).nth(1));
        for button in buttons {
            let _ = write!(lines, "[{button}]");
        }
    }
    lines.trim_end().to_owned()
}

const TO_STAFF: &str = "to = \"staff\"";

#[tokio::test]
async fn a_mail_to_one_person_carries_a_link_that_acts_in_their_name_and_once() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    office.hires("li", "李工", Role::Engineer, &[(Way::Mail, "li@example.cn")]).await;
    office.complains().await;
    let letter = office.mail.texts().pop().unwrap();
    let path = link_in(&letter);
    insta::assert_snapshot!(letter.replace(&path, "/a/…"), @r"
    【投诉】HF2611-0001
    原话：“你们就是踢皮球，推来推去没人管”
    打开处理（只给您本人，3 天内有效，请勿转发）：https://huifang.example.com/a/…
    ");
    let (status, page) = office.opens(&path).await;
    assert_eq!(
        (status, seen_on(&page).as_str()),
        (200, "[已到场][接单]"),
        "nobody has it yet: the role table says take it first"
    );
    office.opens(&path).await;
    assert_eq!(office.history().await, "reported client", "looking changes nothing");

    let page = office.presses(&path, &page, "take").await;
    let mut transcript = format!("接单\n{}\n", seen_on(&page));
    // A copy of a press changes nothing, however often and at once it comes.
    let at = drawn_at(&page);
    let copies = join_all((0..5).map(|_| office.posts(&path, "phoned", &at))).await;
    assert!(copies.iter().all(|answer| answer.status() == 303));
    let (_, page) = office.opens(&path).await;
    let _ = writeln!(transcript, "已电话 ×5\n{}", seen_on(&page));
    for act in ["arrived", "extend"] {
        let page = office.presses(&path, &page, act).await;
        let _ = writeln!(transcript, "{act}\n{}", seen_on(&page));
    }
    insta::assert_snapshot!(transcript, @r"
    接单
    李工 接单 HF2611-0001
    [已电话][已到场][申请延期][发送]
    已电话 ×5
    [已电话][已到场][申请延期][发送]
    arrived
    李工 已到场 HF2611-0001
    [已电话][申请延期][发送]
    extend
    李工 申请延期，等负责人定 HF2611-0001
    [已电话][申请延期][发送]
    ");
    insta::assert_snapshot!(office.history().await, @"reported client, assigned 李工, called 李工, on_site 李工, extension_requested 李工");
}

#[tokio::test]
async fn the_client_is_answered_from_the_page_of_an_alert_once_by_whoever_has_the_ticket() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    office.hires("li", "李工", Role::Engineer, &[(Way::Mail, "li@example.cn")]).await;
    office.complains().await;
    let path = link_in(&office.mail.texts().pop().unwrap());
    let (_, page) = office.opens(&path).await;
    assert!(!page.contains("name=\"said\""), "nobody's ticket: it is taken first");
    let early = office.answers(&path, &page, "hello").await;
    assert!(early.contains("readonly>hello</textarea>"), "what was written is not lost: {early}");
    let mut transcript = format!("too early: {}\n", seen_on(&early));
    let page = office.presses(&path, &page, "take").await;
    let _ = writeln!(transcript, "nothing said: {}", seen_on(&office.answers(&path, &page, "%20").await));
    for _ in 0..2 {
        let said = "%E6%88%91%E5%8D%81%E5%88%86%E9%92%9F%E5%90%8E%E5%88%B0"; // 我十分钟后到
        let _ = writeln!(transcript, "said: {}", seen_on(&office.answers(&path, &page, said).await));
    }
    insta::assert_snapshot!(transcript, @r"
    too early: 这一步您的角色做不了：工单是别人的、不在您的区域，或不归您办。没人接的工单，请先点接单。
    [已到场][接单]
    nothing said: 还没写要回复什么。
    [已电话][已到场][申请延期][发送]
    said: 李工 的回复已发给客户 HF2611-0001
    [已电话][已到场][申请延期][发送]
    said: 李工 的回复已发给客户 HF2611-0001
    [已电话][已到场][申请延期][发送]
    ");
    let (_, chat) = office.opens("/chat/api/messages?session=a-session-of-a-client").await;
    assert_eq!(chat.matches("我十分钟后到").count(), 1, "{chat}");
    office.answers(&path, &page, "tomorrow-at-nine").await;
    let (_, chat) = office.opens("/chat/api/messages?session=a-session-of-a-client").await;
    assert_eq!(chat.matches("tomorrow-at-nine").count(), 1, "other words on a page that was gone back to: {chat}");
}

#[tokio::test]
async fn a_link_opens_nothing_that_is_forged_too_old_or_of_somebody_who_left() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    let li = office.hires("li", "李工", Role::Engineer, &[(Way::Mail, "li@example.cn")]).await;
    office.complains().await;
    let path = link_in(&office.mail.texts().pop().unwrap());
    let (_, page) = office.opens(&path).await;
    let at = drawn_at(&page);
    // The progress link of a client and the code of a flat are for other things.
    let forged = format!("{}AAAA", &path[..path.len() - 4]);
    for wrong in [forged, format!("/a/{}", office.house.token()), "/a/x".to_owned()] {
        assert_eq!(office.opens(&wrong).await.0, 404, "{wrong}");
        assert_eq!(office.posts(&wrong, "take", &at).await.status(), 404, "{wrong}");
    }
    for (act, at) in [("reply", at.as_str()), ("close", &at), ("take", "now")] {
        assert_eq!(office.posts(&path, act, at).await.status(), 400, "{act} {at}");
    }
    for active in [false, true] {
        let store = &office.house.runner.store;
        store.write(move |tx| Box::pin(async move { store::staff::set_active(tx, li, active).await })).await.unwrap();
        let (status, _) = office.opens(&path).await;
        assert_eq!(status, if active { 200 } else { 410 });
        let answer = office.posts(&path, "take", &at).await;
        assert_eq!(answer.status(), if active { 303 } else { 410 });
    }
    assert_eq!(office.history().await, "reported client, assigned 李工");
    office.house.clock.advance(Duration::from_secs(3 * 86_400 + 1));
    let (status, page) = office.opens(&path).await;
    assert!(status == 410 && page.contains("链接已过期"), "{page}");
    assert_eq!(office.posts(&path, "phoned", &at).await.status(), 410);
}

#[tokio::test]
async fn a_link_offers_what_the_role_allows_and_refuses_the_rest() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    for (login, name, role) in [
        ("li", "李工", Role::Engineer),
        ("wang", "小王", Role::Engineer),
        ("zhou", "周经理", Role::Manager),
        ("firm", "安居防水", Role::Subcontractor),
    ] {
        let address = format!("{login}@example.cn");
        office.hires(login, name, role, &[(Way::Mail, &address)]).await;
    }
    office.complains().await;
    let mut paths = std::collections::BTreeMap::new();
    for letter in office.mail.texts() {
        let path = link_in(&letter);
        let (_, page) = office.opens(&path).await;
        let who = page.split("以 ").nth(1).map_or("安居防水", |rest| rest.split(' ').next().unwrap_or_default());
        paths.insert(who.to_owned(), (path, page));
    }
    let (li, before) = paths["李工"].clone();
    let (wang, of_wang) = paths["小王"].clone();
    office.presses(&li, &before, "take").await;
    let mut table = String::new();
    for (name, (path, _)) in &paths {
        let (status, page) = office.opens(path).await;
        let _ = writeln!(table, "{name}: {status} {}", seen_on(&page));
    }
    // The page was open while somebody else was faster.
    let _ = writeln!(table, "小王 takes it: {}", seen_on(&office.presses(&wang, &of_wang, "take").await));
    insta::assert_snapshot!(table, @r"
    周经理: 200 [已电话][已到场][申请延期][接单][发送]
    安居防水: 410 这条提醒不在了，或者已不归您处理。请到工作台看看。
    小王: 410 这条提醒不在了，或者已不归您处理。请到工作台看看。
    李工: 200 [已电话][已到场][申请延期][发送]
    小王 takes it: 这条提醒不在了，或者已不归您处理。请到工作台看看。
    ");
    assert_eq!(office.history().await, "reported client, assigned 李工");
}

#[tokio::test]
async fn a_member_of_the_company_gets_a_card_and_its_group_a_link_that_wants_a_log_in() {
    let office = Office::open(&[TO_STAFF, "to = \"wecom\""], |_| {}).await;
    office.hires("li", "李工", Role::Engineer, &[(Way::Wecom, "LiGong"), (Way::Mail, "li@example.cn")]).await;
    office.client_says("你们就是踢皮球 <a href=\"http://x\">点</a>，推来推去没人管").await;
    let card = office.wecom.cards().pop().unwrap();
    let path = link_in(card["textcard"]["url"].as_str().unwrap());
    insta::assert_snapshot!(card.to_string().replace(&path, "/a/…"), @r#"{"agentid":218,"msgtype":"textcard","textcard":{"btntxt":"去处理","description":"原话：“你们就是踢皮球 ＜a href=\"http://x\"＞点＜/a＞，推来推去没人管”","title":"【投诉】HF2611-0001","url":"https://huifang.example.com/a/…"},"touser":"LiGong"}"#);
    let (status, page) = office.opens(&path).await;
    assert_eq!((status, seen_on(&page).as_str()), (200, "[已到场][接单]"));
    assert_eq!(office.mail.texts(), [""; 0], "the first way that takes it");
    let group = office.wecom.alerts().pop().unwrap();
    let console = link_in(&group.replace(')', " "));
    assert!(console.starts_with("/console/alerts/") && !group.contains("/a/"), "{group}");
    // Whoever holds it is nobody before they logged in.
    let answer = client().get(format!("{}{console}", office.house.url)).header("accept", "text/html").send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.headers()["location"].to_str().unwrap(), format!("/console/login?next={console}"));
    assert_eq!(office.posts(&console, "take", "1").await.headers()["location"], "/console/login?next=/console");
    assert_eq!(office.history().await, "reported client");
}

#[tokio::test]
async fn what_is_sent_to_many_leads_to_the_log_in() {
    let office = Office::open(&["to = \"mail\""], |_| {}).await;
    office.hires("li", "李工", Role::Engineer, &[(Way::Mail, "li@example.cn")]).await;
    office.complains().await;
    let letters = office.mail.texts();
    assert!(letters.len() == 1 && link_in(&letters[0]).starts_with("/console/alerts/"), "{letters:?}");
}

#[tokio::test]
async fn the_first_way_that_takes_an_alert_is_the_last_that_is_tried() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    let all = [(Way::Telegram, "71"), (Way::Wecom, "LiGong"), (Way::Mail, "li@example.cn")];
    office.hires("li", "李工", Role::Engineer, &all).await;
    office.complains().await;
    let counts = (office.telegram.arrived(TELEGRAM).len(), office.wecom.cards().len(), office.mail.texts().len());
    assert_eq!(counts, (1, 0, 0));
    insta::assert_snapshot!(office.told().await, @r#"Some("李工") by Some("telegram"), not by []"#);
}

#[tokio::test]
async fn the_operator_may_set_another_order() {
    let ways = |alerts: &mut Alerts| alerts.ways = vec![Way::Mail, Way::Telegram];
    let office = Office::open(&[TO_STAFF], ways).await;
    let all = [(Way::Telegram, "71"), (Way::Wecom, "LiGong"), (Way::Mail, "li@example.cn")];
    office.hires("li", "李工", Role::Engineer, &all).await;
    office.complains().await;
    let counts = (office.telegram.arrived(TELEGRAM).len(), office.wecom.cards().len(), office.mail.texts().len());
    assert_eq!(counts, (0, 0, 1));
}

#[tokio::test]
async fn where_one_way_leads_nowhere_the_next_is_tried_and_the_flag_says_what_was_missed() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    // Nobody in Telegram has that number, and the app is not for everybody.
    let all = [(Way::Telegram, "404"), (Way::Wecom, "LiGong"), (Way::Mail, "li@example.cn")];
    office.hires("li", "李工", Role::Engineer, &all).await;
    office.hires("wang", "小王", Role::Engineer, &[(Way::Wecom, "XiaoWang")]).await;
    office.hires("wu", "吴总", Role::Headquarters, &[]).await;
    office.wecom.knows_no("LiGong");
    office.wecom.knows_no("XiaoWang");
    office.complains().await;
    assert_eq!(office.mail.texts().len(), 1);
    insta::assert_snapshot!(office.told().await, @r#"
    Some("李工") by Some("mail"), not by [telegram not_taken, wecom not_taken]
    Some("小王") by None, not by [telegram not_on_record, wecom not_taken, mail not_on_record]
    Some("吴总") by None, not by [telegram not_on_record, wecom not_on_record, mail not_on_record]
    "#);
}

#[tokio::test]
async fn a_way_that_is_out_of_order_is_asked_once_more_and_then_the_next_one_is() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    office.hires("li", "李工", Role::Engineer, &[(Way::Wecom, "LiGong"), (Way::Mail, "li@example.cn")]).await;
    office.wecom.is_away(true);
    office.complains().await;
    office.house.clock.advance(Duration::from_secs(60));
    office.house.works().await;
    assert_eq!((office.wecom.cards().len(), office.mail.texts().len()), (0, 1));
    insta::assert_snapshot!(office.told().await, @r#"Some("李工") by Some("mail"), not by [telegram not_on_record, wecom not_taken]"#);
    office.wecom.is_away(false);
    office.house.clock.advance(Duration::from_secs(3600));
    office.house.works().await;
    assert_eq!(office.wecom.cards().len(), 0, "told once");
}

#[tokio::test]
async fn an_invitation_reaches_a_new_colleague_by_what_is_on_record_and_works_once() {
    let office = Office::open(&[TO_STAFF], |_| {}).await;
    let admin = office.hires("admin", "管理员", Role::Admin, &[]).await;
    let li = office.hires("li", "李工", Role::Engineer, &[(Way::Mail, "li@example.cn")]).await;
    let desk = Desk::new(office.house.runner.intake.clone());
    desk.invite_to_log_in(li, true, admin).await.unwrap();
    office.house.works().await;
    let letter = office.mail.texts().pop().unwrap();
    let path = link_in(&letter);
    insta::assert_snapshot!(letter.replace(&path, "/console/welcome/…"), @r"
    李工，您好。您的回访工作台账号是 li，请设置自己的密码。
    打开设置（只给您本人，3 天内有效，用一次）：https://huifang.example.com/console/welcome/…
    ");
    let (status, page) = office.opens(&path).await;
    assert!(status == 200 && page.contains("value=\"li\""), "{page}");
    let choose = async |path: &str| {
        let request = client().post(format!("{}{path}", office.house.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body("password=correct-horse&again=correct-horse").send().await.unwrap().status().as_u16()
    };
    // A link for something else opens no account.
    let token = office.house.staff_token(li);
    assert_eq!(choose(&format!("/console/welcome/{token}")).await, 410);
    assert_eq!((choose(&path).await, choose(&path).await), (303, 410));
    let wu = office.hires("wu", "吴总", Role::Headquarters, &[]).await;
    let token = desk.invite_to_log_in(wu, false, admin).await.unwrap();
    office.house.clock.advance(Duration::from_secs(3 * 86_400 + 1));
    assert_eq!(choose(&format!("/console/welcome/{token}")).await, 410, "too old");
}
