//! The accounts of staff: an administrator makes, changes and ends them; whoever was invited chooses a
//! password; nobody else gets there.

use huifang::clock::Clock;
use huifang::domain::flag::{Flag, FlagKind};
use huifang::domain::staff::Role;
use huifang::domain::ticket::Status;
use huifang::store::tickets::Filter;
use huifang::store::{self, Store, StoreError};
use reqwest::StatusCode;

use crate::chat_api::client;
use crate::chromium::{Stage, Window};
use crate::console::Session;
use crate::demo::Demo;
use crate::roles::hires;

const DATA: &str = "data/huifang.db";

async fn store_of(demo: &Demo) -> Store {
    Store::open(&format!("sqlite:{}", demo.directory().join(DATA).display())).await.unwrap()
}

/// Somebody as they stand in the database, with how they are reached.
async fn row(demo: &Demo, login: &'static str) -> String {
    let store = store_of(demo).await;
    let read = store.read(|tx| {
        Box::pin(async move {
            let Some((staff, hash)) = store::staff::by_login(tx, login).await? else { return Ok("nobody".to_owned()) };
            let wecom = store::staff_accounts::of(tx, "wecom", staff.id).await?;
            let mail = store::staff_accounts::of(tx, "mail", staff.id).await?;
            let password = hash != store::staff::NO_PASSWORD;
            Ok::<_, StoreError>(format!(
                "{} {} {:?} {:?} {:?} {:?} {wecom:?} {mail:?} active={} password={password}",
                staff.name,
                staff.role.name(),
                staff.region,
                staff.team,
                staff.phone,
                staff.skills,
                staff.active
            ))
        })
    });
    let row = read.await.unwrap();
    store.close().await;
    row
}

fn link_on(page: &str) -> String {
    page.split("id=\"link\"").nth(1).unwrap().split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The path of a link, whatever host it names.
fn path_of(link: &str) -> String {
    let rest = link.split("://").nth(1).unwrap();
    rest.get(rest.find('/').unwrap()..).unwrap().to_owned()
}

#[tokio::test]
async fn an_administrator_makes_changes_and_ends_an_account() {
    let demo = Demo::start();
    hires(&demo, &[("root", Role::Admin, None)]).await;
    let admin = Session::begin_as(&demo, "root").await;
    let csrf = admin.csrf.clone();
    let add = |login: &'static str, role: &'static str| {
        [
            ("csrf", csrf.clone()),
            ("name", "Li".to_owned()),
            ("login", login.to_owned()),
            ("role", role.to_owned()),
            ("region", String::new()),
        ]
    };
    let fields = |pairs: &[(&'static str, String)]| pairs.to_vec();
    let posts = async |path: String, pairs: Vec<(&'static str, String)>| {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        admin.submit(&path, &pairs).await
    };
    let bad = posts("/console/staff".to_owned(), fields(&add("li%20gong", "engineer"))).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let added = posts("/console/staff".to_owned(), fields(&add("li-gong", "engineer"))).await;
    let page = added.headers()["location"].to_str().unwrap().split('?').next().unwrap().to_owned();
    for login in ["li-gong", "Li-Gong"] {
        let twice = posts("/console/staff".to_owned(), fields(&add(login, "admin"))).await;
        assert_eq!(twice.status(), StatusCode::UNPROCESSABLE_ENTITY, "{login}");
    }
    assert_eq!(row(&demo, "li-gong").await, "Li engineer None None None [] [] [] active=true password=false");

    let entry = |wecom: &str, mail: &str, phone: &str| {
        let text = |text: &str| text.to_owned();
        vec![
            ("csrf", csrf.clone()),
            ("name", text("Li%20Gong")),
            ("role", text("manager")),
            ("region", text("East")),
            ("team", text("One")),
            ("phone", text(phone)),
            ("wecom", text(wecom)),
            ("mail", text(mail)),
            ("skill_leak", text("1")),
            ("skill_crack", text("1")),
        ]
    };
    let changed = posts(format!("{page}/change"), entry("LiGong", "li@example.cn", "13800138000")).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    let stands = row(&demo, "li-gong").await;
    insta::assert_snapshot!(stands, @r#"Li Gong manager Some("East") Some("One") Some("13800138000") [Leak, Crack] ["LiGong"] ["li@example.cn"] active=true password=false"#);
    for wrong in [("@all", "li@example.cn", ""), ("LiGong", "li", ""), ("LiGong", "li@example.cn", "12")] {
        let refused = posts(format!("{page}/change"), entry(wrong.0, wrong.1, wrong.2)).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    // One address, one person.
    let other = posts("/console/staff".to_owned(), fields(&add("wang", "agent"))).await;
    let other = other.headers()["location"].to_str().unwrap().split('?').next().unwrap().to_owned();
    let doubled = posts(format!("{other}/change"), entry("LiGong", "", "")).await;
    assert_eq!(doubled.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(row(&demo, "li-gong").await, stands, "what was refused changed nothing");

    let token = [("csrf", csrf.clone())].to_vec();
    let short = posts(format!("{page}/password"), vec![("csrf", csrf.clone()), ("password", "short".to_owned())]).await;
    assert_eq!(short.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let invited = posts(format!("{page}/invite"), token.clone()).await.text().await.unwrap();
    let welcome = path_of(&link_on(&invited));
    let chooses = async |password: &str, again: &str| {
        let body = format!("password={password}&again={again}");
        let request = client().post(format!("{}{welcome}", demo.url));
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    };
    assert_eq!(client().get(format!("{}{welcome}", demo.url)).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(chooses("correct-horse", "correct-house").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(chooses("short", "short").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(chooses("correct-horse", "correct-horse").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(chooses("correct-horse2", "correct-horse2").await.status(), StatusCode::GONE, "once");
    let li = Session::begin_with(&demo, "li-gong", "correct-horse").await;
    assert_eq!(li.get("/console/staff").await.status(), StatusCode::FORBIDDEN, "a manager makes no accounts");
    assert!(!li.get("/console").await.text().await.unwrap().contains("href=\"/console/staff\""));

    let unsure = posts(format!("{page}/leave"), token.clone()).await;
    assert_eq!(unsure.status(), StatusCode::BAD_REQUEST);
    let left = posts(format!("{page}/leave"), vec![("csrf", csrf.clone()), ("sure", "yes".to_owned())]).await;
    assert_eq!(left.status(), StatusCode::SEE_OTHER);
    assert_eq!(li.get("/console").await.status(), StatusCode::SEE_OTHER, "out at once");
    assert!(row(&demo, "li-gong").await.contains("active=false"));
    posts(format!("{page}/back"), token).await;
    assert!(row(&demo, "li-gong").await.contains("active=true"));
}

#[tokio::test]
async fn nobody_takes_away_their_own_rights_and_the_rest_goes_by_the_role() {
    let demo = Demo::start();
    hires(&demo, &[("root", Role::Admin, None)]).await;
    let admin = Session::begin_as(&demo, "root").await;
    let store = store_of(&demo).await;
    let found = store.read(|tx| Box::pin(async move { store::staff::by_login(tx, "root").await })).await;
    let me = found.map_err(|error: StoreError| error).unwrap().unwrap().0;
    store.close().await;
    assert_eq!(me.role, Role::Admin);
    let page = format!("/console/staff/{}", me.id);
    let own = [
        ("csrf", admin.csrf.as_str()),
        ("name", "Demo"),
        ("role", "engineer"),
        ("region", ""),
        ("team", ""),
        ("phone", ""),
        ("wecom", ""),
        ("mail", ""),
    ];
    assert_eq!(admin.submit(&format!("{page}/change"), &own).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let leave = [("csrf", admin.csrf.as_str()), ("sure", "yes")];
    assert_eq!(admin.submit(&format!("{page}/leave"), &leave).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(row(&demo, "root").await.contains(" admin "));
    // Without the token of the session nothing is done.
    assert_eq!(admin.submit(&format!("{page}/invite"), &[("csrf", "x")]).await.status(), StatusCode::FORBIDDEN);
    let stranger = client().get(format!("{}{page}", demo.url)).header("accept", "text/html").send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::SEE_OTHER);
}

async fn is_sound(window: &Window, name: &str) {
    window.picture(name).await;
    window.is_sound().await;
}

#[tokio::test]
async fn the_accounts_read_well_on_a_phone_and_at_a_desk() {
    let Some(stage) = Stage::set() else { return };
    hires(&stage.demo, &[("root", Role::Admin, None)]).await;
    for (width, height, language) in [(390, 844, "zh-CN"), (1280, 900, "en")] {
        let window = stage.window(width, height, None, &[&format!("--accept-lang={language}")]).await;
        window.page.goto(&format!("{}/console", stage.demo.url)).await.unwrap();
        window.fill("#login", "root").await;
        window.fill("#password", &stage.demo.password).await;
        window.press("main button[type=submit]").await;
        window.sees("#board").await;
        window.page.goto(&format!("{}/console/staff", stage.demo.url)).await.unwrap();
        window.run("document.querySelector('details').open = true").await;
        is_sound(&window, &format!("staff-1-list-{width}")).await;
        window.run("document.querySelector('tbody tr:nth-child(2) a').click()").await;
        window.page.wait().for_element(fantoccini::Locator::Css("#mail")).await.unwrap();
        is_sound(&window, &format!("staff-2-member-{width}")).await;
        window.press("form[action$='/invite'] button").await;
        window.page.wait().for_element(fantoccini::Locator::Css("#link")).await.unwrap();
        is_sound(&window, &format!("staff-3-invited-{width}")).await;
        let link = window.run("return document.querySelector('#link').value").await;
        window.page.goto(&format!("{}{}", stage.demo.url, path_of(link.as_str().unwrap()))).await.unwrap();
        is_sound(&window, &format!("staff-4-welcome-{width}")).await;
        let store = store_of(&stage.demo).await;
        let flag = store.write(|tx| {
            Box::pin(async move {
                let all = store::tickets::list(tx, &Filter { open: Some(true), ..Filter::default() }, 50).await?;
                let ticket = all.into_iter().find(|ticket| ticket.status == Status::Assigned).unwrap();
                let clock = Clock::system();
                let flag = Flag {
                    ticket_id: Some(ticket.id),
                    ..Flag::raised(clock.new_id(), FlagKind::SlaMissed, clock.now())
                };
                store::flags::raise(tx, &flag).await?;
                Ok::<_, StoreError>(flag.id)
            })
        });
        let flag = flag.await.unwrap();
        store.close().await;
        window.page.goto(&format!("{}/console/alerts/{flag}", stage.demo.url)).await.unwrap();
        is_sound(&window, &format!("staff-5-alert-{width}")).await;
        window.press("button[value='extend']").await;
        window.page.wait().for_element(fantoccini::Locator::Css(".note")).await.unwrap();
        is_sound(&window, &format!("staff-6-pressed-{width}")).await;
    }
}
