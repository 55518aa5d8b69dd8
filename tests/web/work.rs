//! A ticket worked to its end in a real Chromium: deadlines, a visit, a subcontractor by a link on
//! a phone, evidence by photo.

use huifang::clock::Clock;
use huifang::domain::subcontractor::Subcontractor;
use huifang::domain::ticket::Status;
use huifang::store::tickets::Filter;
use huifang::store::{Store, StoreError, subcontractors, tickets};
use reqwest::StatusCode;
use serde_json::json;

use crate::chat_api::client;
use crate::chromium::{Stage, Window, fixture};
use crate::console::Session;
use crate::demo::Demo;

/// A firm, put into the database of the running program.
async fn engages(stage: &Stage, name: &'static str) {
    let path = stage.demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let firm = Subcontractor::new(Clock::system().new_id(), name);
    let stored = store.write(move |tx| Box::pin(async move { subcontractors::save(tx, &firm).await }));
    stored.await.map_err(|error: StoreError| error).unwrap();
    store.close().await;
}

/// Gives a ticket to a firm; returns the address of its job.
async fn given_to_a_firm(demo: &Demo) -> String {
    let store = Store::open(&format!("sqlite:{}", demo.directory().join("data/huifang.db").display())).await.unwrap();
    let firm = Subcontractor::new(Clock::system().new_id(), "城东防水");
    let id = firm.id.to_string();
    let ticket = store.write(move |tx| {
        Box::pin(async move {
            subcontractors::save(tx, &firm).await?;
            let open = Filter { open: Some(true), ..Filter::default() };
            let all = tickets::list(tx, &open, 50).await?;
            Ok::<_, StoreError>(all.into_iter().find(|ticket| ticket.status == Status::Assigned).unwrap().id)
        })
    });
    let ticket = ticket.await.unwrap();
    store.close().await;
    let staff = Session::begin(demo).await;
    let fields = [("csrf", staff.csrf.as_str()), ("firm", id.as_str())];
    let page = staff.submit(&format!("/console/tickets/{ticket}/firm"), &fields).await.text().await.unwrap();
    let path = page.split("/j/").nth(1).unwrap().split(['"', '<']).next().unwrap();
    format!("{}/j/{path}", demo.url)
}

/// The page of a ticket that somebody has.
pub(crate) async fn page_of_assigned(demo: &Demo) -> String {
    let store = Store::open(&format!("sqlite:{}", demo.directory().join("data/huifang.db").display())).await.unwrap();
    let open = Filter { status: Some(Status::Assigned), ..Filter::default() };
    let ticket =
        store.read(move |tx| Box::pin(async move { tickets::list(tx, &open, 1).await })).await.unwrap().remove(0);
    store.close().await;
    format!("/console/tickets/{}", ticket.id)
}

#[tokio::test]
async fn the_clocks_of_a_ticket_that_is_struck_off_end_with_it_and_nothing_was_done_in_time() {
    let demo = Demo::start();
    let path = page_of_assigned(&demo).await;
    let staff = Session::begin(&demo).await;
    let refusal = [("csrf", staff.csrf.as_str()), ("how", "cancelled"), ("reason", "no-fault")];
    assert_eq!(staff.submit(&format!("{path}/refuse"), &refusal).await.status(), StatusCode::SEE_OTHER);
    let page = staff.get(&path).await.text().await.unwrap();
    let clocks = page.split("<ul class=\"clocks\">").nth(1).unwrap().split("</ul>").next().unwrap();
    let mended = clocks.split("<li").find(|clock| clock.contains("整改完成")).unwrap();
    assert!(mended.contains("随工单结束") && !mended.contains("按时完成"), "{clocks}");
}

#[tokio::test]
async fn whose_a_ticket_is_to_be_nobody_is_chosen_for_and_each_name_says_what_they_do() {
    let demo = Demo::start();
    let path = page_of_assigned(&demo).await;
    let page = Session::begin(&demo).await.get(&path).await.text().await.unwrap();
    let choices = page.split("<select id=\"staff\"").nth(1).unwrap().split("</select>").next().unwrap();
    assert!(choices.contains("<option value=\"\" disabled selected>请选择</option>"), "{choices}");
    assert_eq!(choices.matches(" selected").count(), 1, "{choices}");
    assert!(choices.contains(" · 责任工程师</option>"), "{choices}");
}

#[tokio::test]
async fn what_a_firm_hands_in_without_note_or_photo_is_not_done_and_it_is_told_what_is_missing() {
    let demo = Demo::start();
    let job = given_to_a_firm(&demo).await;
    let first = client().get(&job).send().await.unwrap();
    let own = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    client().post(format!("{job}/accept")).header("cookie", &own).send().await.unwrap();
    let hands_in = client().post(format!("{job}/rectified")).header("cookie", &own).body("note=+");
    let answer = hands_in.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let told = answer.text().await.unwrap();
    assert!(told.contains("没有办成") && told.contains("附上照片") && !told.contains("打不开"), "{told}");
    let nowhere = client().get(format!("{job}/photos/none")).header("cookie", &own).send().await.unwrap();
    assert!(nowhere.text().await.unwrap().contains("打不开这一页"), "what is only looked for is not done either");
}

#[tokio::test]
async fn a_firm_that_declines_is_told_that_this_is_noted() {
    let demo = Demo::start();
    let job = given_to_a_firm(&demo).await;
    let declines = client().post(format!("{job}/decline")).body("reason=no+time");
    let answer = declines.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let told = answer.text().await.unwrap();
    assert!(told.contains("已登记您不接这单") && !told.contains("收回"), "{told}");
    assert_eq!(client().get(&job).send().await.unwrap().status(), StatusCode::GONE, "the link is closed");
}

#[tokio::test]
async fn a_firm_whose_answer_was_lost_on_the_way_opens_its_job_again_and_nobody_else_does() {
    let demo = Demo::start();
    let job = given_to_a_firm(&demo).await;
    let path = job.split("/j/").nth(1).unwrap();

    let first = client().get(&job).send().await.unwrap();
    let own = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let again = client().get(&job).header("cookie", &own).send().await.unwrap();
    assert!(!again.headers().contains_key("set-cookie"), "a telephone keeps what it has");
    // What this answers never gets to the telephone.
    client().post(format!("{job}/accept")).header("cookie", &own).send().await.unwrap();
    let open = async |cookie: &str| client().get(&job).header("cookie", cookie).send().await.unwrap();
    assert!(open(&own).await.text().await.unwrap().contains("/arrived"), "it is theirs");
    let (name, _) = own.split_once('=').unwrap();
    for stranger in [format!("{name}=another"), "none=at-all".to_owned()] {
        assert_eq!(open(&stranger).await.status(), StatusCode::FORBIDDEN, "{stranger}");
    }
    client().post(format!("{job}/way")).header("cookie", &own).send().await.unwrap();
    let told = open(&own).await.text().await.unwrap();
    assert!(told.contains("已登记您在路上") && !told.contains(&format!("{path}/way")), "{told}");
}

async fn unfold(window: &Window, form: &str) {
    let script = format!("document.querySelector(\"form[action$='/{form}']\").closest('details').open = true");
    window.run(&script).await;
}

#[tokio::test]
async fn a_leak_is_visited_mended_by_a_firm_and_confirmed() {
    let Some(stage) = Stage::set() else { return };
    engages(&stage, "城东防水").await;
    let owner = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    owner.page.goto(&stage.demo.homeowner).await.unwrap();
    owner.reads("div[@id='log']", "的售后服务").await;
    owner
        .run(
            "window.swapped = []; new MutationObserver(changes => changes.forEach(change => change.removedNodes.forEach(\
             node => node.matches('.bot') && window.swapped.push(node.textContent))))\
             .observe(document.querySelector('#log'), { childList: true })",
        )
        .await;
    owner.fill("#text", "主卧卫生间天花板在滴水").await;
    owner.press("#send").await;
    owner.choose("提交").await;
    owner.reads("div[@id='log']", "HF").await;

    let desk = stage.window(1280, 900, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.reads("tr[contains(., '3栋2单元1201')]", "滴水").await;
    desk.run(
        "[...document.querySelectorAll('.tickets tbody tr')]\
         .find(row => row.textContent.includes('3栋2单元1201') && row.textContent.includes('滴水'))\
         .querySelector('th a').click()",
    )
    .await;
    desk.reads("section[@aria-labelledby='clocks']", "电话响应").await;
    // The project's engineer has it already.
    desk.reads("main", "已派单").await;
    desk.picture("work-1-given").await;
    desk.is_sound().await;
    desk.press("form[action$='/called'] button").await;
    desk.reads("section[@aria-labelledby='clocks']", "按时完成").await;

    unfold(&desk, "appointment").await;
    let tomorrow = "const day = new Date(Date.now() + 36 * 3600e3).toISOString().slice(0, 10); const put = (name, value) => \
                    (document.querySelector(`[name=${name}]`).value = value); put('day1', day); put('from1', '09:00'); \
                    put('until1', '12:00'); put('day2', day); put('from2', '14:00'); put('until2', '17:00');";
    desk.run(tomorrow).await;
    desk.picture("work-2-offer").await;
    desk.is_sound().await;
    desk.press("form[action$='/appointment'] button.primary").await;
    desk.reads("main", "已发给业主选").await;
    owner.reads("div[@id='log']", "您看哪个方便").await;
    owner.run("[...document.querySelectorAll('.choices button:enabled')].find(b => b.textContent.includes('09:00')).click()").await;
    owner.reads("div[@id='log']", "师傅会按时上门").await;
    owner.picture("work-3-agreed").await;
    desk.reads("main", "已约好上门").await;

    unfold(&desk, "firm").await;
    desk.press("form[action$='/firm'] button").await;
    desk.sees("#link").await;
    let link = desk.run("return document.querySelector('#link').value").await;
    desk.picture("work-4-link").await;
    desk.is_sound().await;

    let firm = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    firm.page.goto(link.as_str().unwrap()).await.unwrap();
    firm.reads("main", "滴水").await;
    firm.picture("work-5-job").await;
    firm.is_sound().await;
    firm.press("form[action$='/accept'] button").await;
    firm.sees("form[action$='/arrived'] button").await;
    firm.picture("work-6-accepted").await;
    firm.is_sound().await;
    let other = stage.window(390, 844, None, &["--accept-lang=en"]).await;
    other.page.goto(link.as_str().unwrap()).await.unwrap();
    other.reads("main", "accepted on another phone").await;
    other.picture("work-7-passed-on").await;
    other.close().await;
    firm.press("form[action$='/arrived'] button").await;
    firm.reads("main", "已到场").await;
    firm.fill("#note", "重做了防水层").await;
    firm.sees("#photo").await.send_keys(fixture("audio/photo.jpg").to_str().unwrap()).await.unwrap();
    firm.press("form[action$='/rectified'] button").await;
    firm.reads("main", "等业主确认").await;
    firm.picture("work-8-waiting").await;
    firm.is_sound().await;
    let shown =
        firm.run("const i = document.querySelector('.photos img'); return i.complete && i.naturalWidth > 0").await;
    assert_eq!(shown, json!(true), "the photo is the evidence");

    owner.choose("已修好").await;
    owner.reads("div[@id='log']", "完成").await;
    assert_eq!(owner.run("return window.swapped").await, json!([]), "what is drawn stays under the finger");
    firm.page.refresh().await.unwrap();
    firm.reads("main", "这个任务已经完成").await;
    firm.complaints().await; // the browser rightly says that the page is gone
    desk.page.back().await.unwrap();
    desk.page.refresh().await.unwrap();
    desk.reads("main", "已销号").await;
    desk.run("window.scrollTo(0, 0)").await;
    desk.picture("work-9-closed").await;
    desk.is_sound().await;
    for window in [owner, desk, firm] {
        window.close().await;
    }
}
