//! A person's page in a real Chromium: found by the flat, joined with who they are elsewhere, taken
//! apart, forgotten.

use serde_json::json;

use crate::chromium::{Stage, Window};
use crate::console::Session;
use crate::demo::Demo;

async fn unfold(window: &Window, form: &str) {
    let script = format!("document.querySelector(\"form[action$='/{form}']\").closest('details').open = true");
    window.run(&script).await;
}

#[tokio::test]
async fn staff_finds_a_person_joins_parts_and_forgets_them() {
    let Some(stage) = Stage::set() else { return };
    let owner = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    owner.page.goto(&stage.demo.homeowner).await.unwrap();
    owner.reads("div[@id='log']", "的售后服务").await;
    owner.fill("#text", "厨房水龙头漏水，请找王先生").await;
    owner.press("#send").await;
    owner.choose("提交").await;
    owner.reads("div[@id='log']", "HF").await;
    owner.fill("#text", "换渠道").await;
    owner.press("#send").await;
    owner.reads("div[@id='log']", "网页：").await;
    owner.picture("contact-1-elsewhere").await;
    let link = owner
        .run("return [...document.querySelectorAll('#log a')].map(a => a.href).find(h => h.includes('/chat?t=c'))")
        .await;

    // The same person on another device.
    let second = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    second.page.goto(link.as_str().unwrap()).await.unwrap();
    second.reads("div[@id='log']", "我们在这里接着聊").await;
    second.picture("contact-2-here").await;
    owner.reads("div[@id='log']", "您的对话已转到").await;

    let desk = stage.window(1280, 900, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.page.goto(&format!("{}/console/contacts", stage.demo.url)).await.unwrap();
    desk.reads("main", "最近加入的客户").await;
    desk.picture("contact-3-list").await;
    desk.is_sound().await;
    desk.fill("input[name=q]", "3栋2单元1201").await;
    desk.press("form[role=search] button").await;
    desk.reads("table", "3栋2单元1201").await;
    let tokens = desk
        .run("return [...document.querySelectorAll('tbody tr')].map(tr => tr.textContent).filter(t => t.includes('网页')).length")
        .await;
    assert!(tokens.as_u64().unwrap() >= 1);
    desk.picture("contact-4-found").await;
    // The one who came last is the visitor of this test.
    desk.run("[...document.querySelectorAll('tbody tr')].filter(tr => tr.textContent.includes('网页')).pop().querySelector('a').click()").await;
    desk.reads("section[@aria-labelledby='one']", "本人打开链接后合并").await;
    desk.reads("section[@aria-labelledby='history']", "HF").await;
    let ways = desk.run("return document.querySelectorAll(\"section[aria-labelledby=ways] li\").length").await;
    assert_eq!(ways, json!(2));
    desk.picture("contact-5-person").await;
    desk.is_sound().await;
    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&phone).await;
    let here = desk.run("return location.href").await;
    phone.page.goto(here.as_str().unwrap()).await.unwrap();
    phone.reads("section[@aria-labelledby='one']", "本人打开链接后合并").await;
    phone.picture("contact-6-person-phone").await;
    phone.is_sound().await;

    desk.press("form[action$='/part'] button").await;
    desk.reads("section[@aria-labelledby='one']", "已拆开").await;
    unfold(&desk, "forget").await;
    desk.picture("contact-7-forget").await;
    desk.press("form[action$='/forget'] input[type=checkbox]").await;
    desk.press("form[action$='/forget'] button").await;
    desk.reads("section[@aria-labelledby='personal']", "员工代为要求删除").await;
    desk.page.refresh().await.unwrap();
    desk.holds("//h1[contains(., '资料已删除')]").await;
    desk.picture("contact-8-forgotten").await;
    desk.is_sound().await;
    owner.page.refresh().await.unwrap();
    owner.reads("div[@id='log']", "这里是工程售后服务").await;
    for window in [owner, second, desk, phone] {
        window.close().await;
    }
}

#[tokio::test]
async fn the_history_of_a_person_calls_a_survey_by_its_title() {
    let demo = Demo::start();
    let (contact, response) = crate::visit::unfixed(&demo).await;
    let session = Session::begin(&demo).await;
    let page = session.get(&format!("/console/contacts/{contact}")).await.text().await.unwrap();
    let link = page.split(&format!("/console/responses/{response}\"")).nth(1);
    let link = link.unwrap_or_else(|| panic!("not there: {page}")).split("</a>").next().unwrap();
    assert!(link.contains("维修回访") && !link.contains("post_repair"), "{link}");
}
