//! What somebody at the console has before them stays: what they are writing, what they have chosen, where they
//! are in a list. In a real Chromium, for its scripts do that.

use reqwest::StatusCode;
use serde_json::json;

use crate::chromium::{Stage, Window};
use crate::console::Session;
use crate::demo::Demo;
use crate::work::page_of_assigned;

/// The note of a ticket, and what it is to be merged into and why.
const WRITTEN: &str =
    "return ['#note', '#into', '#merge-reason'].map((field) => document.querySelector(field)?.value ?? null)";
/// What the tab keeps of what was written.
const KEPT: &str = "return sessionStorage.getItem('huifang-written') ?? ''";
/// Whether the page is the one that was marked, and was not loaded anew.
const MARKED: &str = "return window.marked === true";

async fn mark(window: &Window) {
    window.run("window.marked = true").await;
}

#[tokio::test]
async fn what_was_written_outlives_a_refusal_another_form_and_a_log_in_that_ended_and_no_log_out() {
    let Some(stage) = Stage::set() else { return };
    let page = page_of_assigned(&stage.demo).await;
    let desk = stage.window(1280, 900, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.page.goto(&format!("{}{page}", stage.demo.url)).await.unwrap();
    desk.fill("#note", "先打电话").await;
    desk.run("document.querySelector('#into').closest('details').open = true").await;
    desk.fill("#into", "HF0001-0001").await;
    desk.fill("#merge-reason", "同一处漏水").await;
    desk.press("form[action$='/merge'] button").await;
    desk.reads("main", "没有这个编号的工单").await;
    desk.press("main .card a").await;
    desk.until(WRITTEN, &json!(["先打电话", "HF0001-0001", "同一处漏水"])).await;
    let unfolded = desk.run("return document.querySelector('#into').closest('details').open").await;
    assert_eq!(unfolded, json!(true), "it is seen that it is there");
    desk.picture("kept-1-after-a-refusal").await;

    desk.press("form[action$='/note'] button").await;
    desk.reads("ol[@class='history']", "先打电话").await;
    desk.until(WRITTEN, &json!(["", "HF0001-0001", "同一处漏水"])).await;

    desk.fill("#note", "再去一次").await;
    desk.page.delete_cookie("huifang_console").await.unwrap();
    desk.press("form[action$='/note'] button").await;
    desk.sees("#password").await;
    stage.enter(&desk, "demo").await;
    desk.sees("#note").await;
    desk.until(WRITTEN, &json!(["再去一次", "HF0001-0001", "同一处漏水"])).await;

    // Whoever logs in next at the same computer is somebody else.
    desk.page.delete_cookie("huifang_console").await.unwrap();
    desk.press("form[action$='/note'] button").await;
    desk.sees("#password").await;
    stage.enter(&desk, "wanglan").await;
    desk.sees("#note").await;
    desk.until(WRITTEN, &json!(["", "", ""])).await;
    let kept = desk.run(KEPT).await;
    assert!(!kept.as_str().unwrap().contains("再去一次"), "{kept}");
    desk.fill("#note", "交接班").await;
    assert!(desk.run(KEPT).await.as_str().unwrap().contains("交接班"));
    desk.press("form[action='/console/logout'] button").await;
    desk.sees("#password").await;
    let kept = desk.run(KEPT).await;
    assert!(!kept.as_str().unwrap().contains("交接班"), "{kept}");
    desk.close().await;
}

#[tokio::test]
async fn whoever_writes_is_told_that_the_ticket_has_changed_and_loses_neither_words_nor_choice() {
    let Some(stage) = Stage::set() else { return };
    let page = page_of_assigned(&stage.demo).await;
    let colleague = Session::begin(&stage.demo).await;
    let acts = async |act: &str| {
        let done = colleague.submit(&format!("{page}/{act}"), &[("csrf", colleague.csrf.as_str())]).await;
        assert_eq!(done.status(), StatusCode::SEE_OTHER, "{act}");
    };
    let desk = stage.window(1280, 900, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.page.goto(&format!("{}{page}", stage.demo.url)).await.unwrap();
    desk.reads("span[@id='live']", "实时").await;
    // It is folded up and left again: the choice alone keeps the page as it is.
    desk.run("document.querySelector('#staff').closest('details').open = true").await;
    desk.sees("#staff").await.select_by_index(1).await.unwrap();
    let choice = "const field = document.querySelector('#staff'); return field.value";
    let chosen = desk.run(choice).await;
    desk.run("document.querySelector('#staff').closest('details').open = false; document.activeElement.blur()").await;
    acts("way").await;
    desk.reads("p[@id='changed']", "这一页刚有变化").await;
    desk.reads("ol[@class='history']", "出发上门").await;
    assert_eq!(desk.run(choice).await, chosen);

    desk.fill("#note", "已带配件").await;
    acts("arrived").await;
    desk.reads("div[@class='title']", "已到场").await;
    desk.reads("p[@id='changed']", "这一页刚有变化").await;
    desk.picture("kept-2-changed-meanwhile").await;
    desk.is_sound().await;
    assert_eq!(desk.run("return document.querySelector('#note').value").await, json!("已带配件"));
    assert_eq!(desk.run(choice).await, chosen);

    let clear = "const put = (field, value) => { const it = document.querySelector(field); it.value = value; \
                 it.dispatchEvent(new Event('input', { bubbles: true })); it.blur(); }; \
                 put('#note', ''); put('#staff', '');";
    desk.run(clear).await;
    desk.until("return document.querySelector('#changed').textContent", &json!("")).await;
    desk.close().await;
}

#[tokio::test]
async fn a_list_is_filtered_by_what_was_meant_and_not_by_every_key_on_the_way() {
    let Some(stage) = Stage::set() else { return };
    let desk = stage.window(1280, 900, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.page.goto(&format!("{}/console/ledger", stage.demo.url)).await.unwrap();
    mark(&desk).await;
    desk.run("document.querySelector('#l-from').value = '2026-11-20'").await;
    // A driver types no single key into a day: this is what the browser tells the page of one.
    desk.run(
        "const field = document.querySelector('#l-from');
         field.focus();
         field.stepUp();
         for (const told of ['input', 'change']) field.dispatchEvent(new Event(told, { bubbles: true }))",
    )
    .await;
    let day = desk.run("return document.querySelector('#l-from').value").await;
    assert_ne!(day, json!("2026-11-20"), "a key changes the day");
    assert_eq!(desk.run(MARKED).await, json!(true), "the list is not fetched for each of them");
    assert!(desk.sees("#l-apply").await.is_displayed().await.unwrap(), "there is a button");
    desk.run("document.querySelector('#l-from').form.requestSubmit()").await;
    desk.until(MARKED, &json!(false)).await;
    desk.until("return document.activeElement.id", &json!("l-from")).await;
    let asked = desk.run("return new URLSearchParams(location.search).get('from')").await;
    assert_eq!(asked, day);

    desk.page.goto(&format!("{}/console", stage.demo.url)).await.unwrap();
    desk.sees("#f-status").await;
    mark(&desk).await;
    // In one step here and below: the board may be drawn anew at any time.
    let pressed = desk
        .run(
            "const field = document.querySelector('#f-status');
             field.focus();
             for (let key = 0; key < 2; key += 1) {
               field.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
               field.selectedIndex += 1;
               field.dispatchEvent(new Event('change', { bubbles: true }));
             }
             const kept = [field.value, window.marked === true];
             document.querySelector('#f-urgency').focus();
             return kept",
        )
        .await;
    let status = pressed[0].clone();
    assert_ne!(status, json!(""));
    assert_eq!(pressed[1], json!(true), "the second arrow is not cut off by the first");
    desk.until(MARKED, &json!(false)).await;
    desk.until("return document.activeElement.id", &json!("f-urgency")).await;
    assert_eq!(desk.run("return new URLSearchParams(location.search).get('status')").await, status);

    mark(&desk).await;
    desk.run(
        "const field = document.querySelector('#f-urgency');
         field.dispatchEvent(new Event('pointerdown', { bubbles: true }));
         field.focus();
         field.value = 'high';
         field.dispatchEvent(new Event('change', { bubbles: true }))",
    )
    .await;
    desk.until(MARKED, &json!(false)).await;
    desk.until("return document.activeElement.id", &json!("f-urgency")).await;
    desk.is_sound().await;
    desk.close().await;
}

#[tokio::test]
async fn a_board_that_is_drawn_anew_leaves_the_focus_and_the_flags_where_they_were() {
    let Some(stage) = Stage::set() else { return };
    let colleague = Session::begin(&stage.demo).await;
    let desk = stage.window(1280, 600, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.reads("span[@id='live']", "实时").await;
    let place = "return [document.querySelector('.flags').scrollTop, document.activeElement.getAttribute('href'),
                 document.activeElement.closest('[data-key]')?.dataset.key]";
    for link in [".tickets tbody tr:last-child th a", ".flag:nth-child(3) a"] {
        desk.run(&format!("document.querySelector('{link}').focus({{ preventScroll: true }})")).await;
        desk.run("document.querySelector('.flags').scrollTop = 60").await;
        desk.run("document.querySelector('.flag').dataset.old = 'yes'").await;
        let before = desk.run(place).await;
        assert_eq!(before[0], json!(60), "there are flags enough to scroll");
        // The first one is seen by somebody else, and goes.
        let first = desk.run("return document.querySelector('.flag').dataset.key").await;
        let seen = format!("/console/flags/{}/seen", first.as_str().unwrap());
        let fields = [("csrf", colleague.csrf.as_str()), ("back", "/console?status=all")];
        let done = colleague.submit(&seen, &fields).await;
        assert_eq!(done.headers()["location"], "/console?status=all", "they come back to what they had filtered");
        desk.until("return document.querySelector('.flag').dataset.old ?? ''", &json!("")).await;
        assert_eq!(desk.run(place).await, before, "{link}");
    }
    desk.is_sound().await;
    desk.close().await;
}

#[tokio::test]
async fn who_has_seen_a_flag_comes_back_to_the_board_and_nowhere_else() {
    let demo = Demo::start();
    let staff = Session::begin(&demo).await;
    let page = staff.get("/console?status=reported&urgency=high").await.text().await.unwrap();
    let back = page.split("name=\"back\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(back.starts_with("/console?status=reported&") && back.ends_with("urgency=high"), "{back}");
    let key = page.split("data-key=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for (back, to) in [("/console?mine=1", "/console?mine=1"), ("https://evil.example", "/console"), ("", "/console")] {
        let fields = [("csrf", staff.csrf.as_str()), ("back", back)];
        let done = staff.submit(&format!("/console/flags/{key}/seen"), &fields).await;
        assert_eq!(done.headers()["location"], to, "{back}");
    }
}
