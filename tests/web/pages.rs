//! The pages in a real Chromium: what a homeowner and a member of staff see and do, on a phone and
//! on a desk.

use serde_json::json;

use crate::chromium::{Stage, fixture};

#[tokio::test]
async fn the_homeowner_reports_a_leak_by_text_photo_and_voice_on_a_phone() {
    let Some(stage) = Stage::set() else { return };
    let phone = stage.window(390, 844, Some(&fixture("audio/leak.wav")), &["--accept-lang=zh-CN"]).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "的售后服务").await;
    assert_eq!(phone.run("return location.search").await, json!(""), "the token stays in the address bar");
    phone.picture("chat-1-welcome").await;
    phone.is_sound().await;

    phone.fill("#text", "厨房水龙头漏水").await;
    phone.press("#send").await;
    phone.reads("div[@class='msg you']", "厨房水龙头漏水").await;
    phone.sees(".choices button:enabled").await;
    phone.picture("chat-2-summary").await;

    phone.sees("#photos").await.send_keys(fixture("audio/photo.jpg").to_str().unwrap()).await.unwrap();
    phone.sees("#previews img").await;
    phone.picture("chat-3-photo-preview").await;
    phone.press("#send").await;
    phone.sees(".msg.you:not(.pending) .pics img").await;

    phone.press("#record").await;
    phone.holds("//output[number(substring-before(substring-after(., ':'), ' ')) >= 4]").await;
    phone.picture("chat-4-recording").await;
    phone.press("#stop").await;
    phone.sees(".msg.you .heard").await;
    assert!(phone.text(".msg.you .heard").await.contains("漏水"), "the transcript is shown below the recording");
    phone.picture("chat-5-heard").await;
    let plays =
        phone.run("const a = document.querySelector('.msg.you audio'); return a.readyState > 0 && !a.error").await;
    assert_eq!(plays, json!(true), "the person can listen to their own recording");

    phone.choose("提交").await;
    phone.reads("div[@id='log']", "HF").await;
    phone.picture("chat-6-ticket").await;
    let live = phone.run("return document.querySelectorAll('.choices button:enabled').length > 6").await;
    assert_eq!(live, json!(false), "buttons of older messages are inert");
    phone.is_sound().await;

    let before = phone.run("return document.querySelectorAll('#log .msg').length").await;
    phone.page.refresh().await.unwrap();
    phone.reads("div[@id='log']", "HF").await;
    assert_eq!(phone.run("return document.querySelectorAll('#log .msg').length").await, before, "a reload keeps all");
    phone.is_sound().await;
    phone.close().await;
}

#[tokio::test]
async fn two_clicks_on_the_microphone_begin_one_recording() {
    let Some(stage) = Stage::set() else { return };
    let phone = stage.window(390, 844, Some(&fixture("audio/leak.wav")), &["--accept-lang=zh-CN"]).await;
    for page in [stage.demo.homeowner.clone(), format!("{}/demo", stage.demo.url)] {
        phone.page.goto(&page).await.unwrap();
        phone.sees("#record").await;
        phone
            .run(
                "const { mediaDevices } = navigator; const ask = mediaDevices.getUserMedia.bind(mediaDevices); \
                 window.asked = 0; mediaDevices.getUserMedia = (wanted) => { window.asked += 1; return ask(wanted); }; \
                 const record = document.getElementById('record'); record.click(); record.click();",
            )
            .await;
        phone.sees("#recording:not([hidden])").await;
        assert_eq!(phone.run("return window.asked").await, json!(1), "{page}: nobody sees or stops the second");
        phone.press("#cancel").await;
        phone.sees("#recording[hidden]").await;
        phone.run("document.getElementById('record').click()").await;
        phone.sees("#recording:not([hidden])").await;
        phone.press("#cancel").await;
    }
    phone.close().await;
}

#[tokio::test]
async fn the_enter_that_takes_over_pinyin_sends_nothing() {
    let Some(stage) = Stage::set() else { return };
    let desk = stage.window(1280, 800, None, &["--accept-lang=zh-CN"]).await;
    for page in [stage.demo.homeowner.clone(), format!("{}/demo", stage.demo.url)] {
        desk.page.goto(&page).await.unwrap();
        desk.fill("#text", "楼道灯不亮").await;
        let enter = |code: u32| {
            format!(
                "const enter = new KeyboardEvent('keydown', {{ key: 'Enter', keyCode: {code}, bubbles: true, \
                 cancelable: true }}); const text = document.getElementById('text'); text.dispatchEvent(enter); \
                 return [enter.keyCode, text.value];"
            )
        };
        assert_eq!(desk.run(&enter(229)).await, json!([229, "楼道灯不亮"]), "{page}: half a message is sent");
        assert_eq!(desk.run(&enter(13)).await, json!([13, ""]), "{page}: it is sent");
    }
    desk.close().await;
}

#[tokio::test]
async fn a_photo_that_is_still_made_smaller_when_the_words_are_sent_goes_with_the_next() {
    let Some(stage) = Stage::set() else { return };
    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "的售后服务").await;
    phone
        .run(
            "const read = window.createImageBitmap.bind(window); \
             const slow = new Promise((done) => (window.go = done)); \
             window.createImageBitmap = async (file) => { await slow; return read(file); };",
        )
        .await;
    phone.sees("#photos").await.send_keys(fixture("audio/photo.jpg").to_str().unwrap()).await.unwrap();
    phone.fill("#text", "厨房水龙头漏水").await;
    phone.press("#send").await;
    phone.reads("div[@class='msg you']", "厨房水龙头漏水").await;
    assert_eq!(phone.run("return document.querySelectorAll('#previews img').length").await, json!(0));
    phone.run("window.go()").await;
    phone.sees("#previews img").await;
    phone.press("#send").await;
    phone.sees(".msg.you:not(.pending) .pics img").await;
    phone.sees("#previews[hidden]").await;
    phone.is_sound().await;
    phone.close().await;
}

#[tokio::test]
async fn staff_sees_bad_feedback_arrive_live_and_works_the_ticket() {
    let Some(stage) = Stage::set() else { return };
    let desk = stage.window(1280, 800, None, &["--accept-lang=zh-CN"]).await;
    desk.page.goto(&format!("{}/console", stage.demo.url)).await.unwrap();
    desk.sees("#password").await;
    desk.picture("console-1-login").await;
    stage.log_in(&desk).await;
    desk.reads("span[@id='live']", "实时").await;
    desk.picture("console-2-board").await;
    desk.is_sound().await;

    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "的售后服务").await;
    phone.press("#clips summary").await;
    phone.picture("chat-7-clips").await;
    phone.press("#clips li:nth-child(3) .send").await;
    phone.sees(".msg.you .heard mark.negative").await;
    phone.picture("chat-8-dissatisfied").await;
    phone.fill("#text", "卧室空调不制冷，太差了").await;
    phone.press("#send").await;
    phone.choose("提交").await;
    phone.reads("div[@id='log']", "HF").await;
    phone.is_sound().await;

    desk.reads("ul[@class='flags']", "不满意").await;
    desk.picture("console-3-flag").await;
    desk.reads("tr[contains(., '3栋2单元1201')]", "不制冷").await;
    // Half a year of other people's tickets stands there too, emergencies first.
    desk.run(
        "[...document.querySelectorAll('.tickets tbody tr')]\
         .find(row => row.textContent.includes('3栋2单元1201') && row.textContent.includes('不制冷'))\
         .querySelector('th a').click()",
    )
    .await;
    desk.sees("#staff").await;
    desk.picture("console-4-ticket").await;
    desk.is_sound().await;
    // The project's engineer has it already.
    desk.reads("main", "已派单").await;
    desk.press("form[action$='/arrived'] button").await;
    desk.reads("main", "已到场").await;
    desk.fill("#reply", "您好，师傅已经到楼下了。").await;
    desk.press(".reply button").await;
    desk.reads("main", "现在由人工应答").await;
    phone.reads("div[@class='msg staff']", "师傅已经到楼下了").await;
    phone.picture("chat-9-staff").await;
    desk.fill("#reply", "还有别的").await;
    phone.fill("#text", "好的，谢谢").await;
    phone.press("#send").await;
    desk.reads("ol[@class='thread']", "好的，谢谢").await;
    let writing = "const it = document.getElementById('reply'); return [it.value, document.activeElement === it]";
    assert_eq!(desk.run(writing).await, json!(["还有别的", true]), "what is being written stays");
    desk.run("const it = document.getElementById('reply'); it.value = ''; it.blur();").await;
    desk.fill("#rectified-note", "更换压缩机电容，试机正常").await;
    desk.press("form[action$='/rectified'] button").await;
    desk.reads("main", "待业主确认").await;
    desk.run("window.scrollTo(0, 0)").await;
    desk.picture("console-5-rectified").await;
    desk.is_sound().await;

    let small = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&small).await;
    small.picture("console-6-phone").await;
    small.is_sound().await;
    small.close().await;
    phone.close().await;
    desk.close().await;
}

#[tokio::test]
async fn the_pages_fit_the_smallest_phone_and_speak_english_in_the_dark() {
    let Some(stage) = Stage::set() else { return };
    let dark = ["--accept-lang=en", "--force-dark-mode", "--blink-settings=preferredColorScheme=0"];
    let phone = stage.window(320, 568, None, &dark).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "after-sales service").await;
    assert_eq!(phone.run("return matchMedia('(prefers-color-scheme: dark)').matches").await, json!(true));
    phone.picture("dark-1-chat").await;
    phone.is_sound().await;
    stage.log_in(&phone).await;
    phone.picture("dark-2-board").await;
    phone.is_sound().await;
    phone.close().await;
    let desk = stage.window(1280, 800, None, &dark).await;
    stage.log_in(&desk).await;
    desk.picture("dark-3-desk").await;
    desk.is_sound().await;
    desk.press(".bar nav a[hreflang]").await;
    desk.reads("h1", "要马上看的").await;
    desk.close().await;
}

#[tokio::test]
async fn what_was_written_without_a_connection_is_sent_once_when_it_is_back() {
    let Some(stage) = Stage::set() else { return };
    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "的售后服务").await;
    phone.offline(true).await;
    phone.fill("#text", "楼道灯不亮").await;
    phone.press("#send").await;
    phone.sees(".msg.failed button").await;
    phone.sees("#offline:not([hidden])").await;
    phone.picture("chat-10-offline").await;
    phone.offline(false).await;
    phone.complaints().await; // the browser rightly says that the network was gone
    phone.press(".msg.failed button").await;
    phone.sees(".msg.you:not(.failed):not(.pending)").await;
    phone.sees("#offline[hidden]").await;
    phone.page.refresh().await.unwrap();
    phone.reads("div[@class='msg you']", "楼道灯不亮").await;
    let said = phone.run("return document.querySelectorAll('.msg.you').length").await;
    assert_eq!(said, json!(1), "sent once");
    phone.is_sound().await;
    phone.close().await;
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_stays_where_it_stood() {
    let Some(stage) = Stage::set() else { return };
    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "的售后服务").await;
    let lost = "const fetched = window.fetch.bind(window); window.fetch = async (...asked) => { \
                const answer = await fetched(...asked); if (asked[1]?.method !== 'POST') return answer; \
                window.fetch = fetched; window.lost = true; throw new TypeError('the answer is lost'); };";
    phone.run(lost).await;
    phone.fill("#text", "厨房水龙头漏水").await;
    phone.press("#send").await;
    // The events bring it, with its answer.
    let submit = "//button[not(@disabled) and normalize-space(.)='提交']";
    phone.holds(submit).await;
    assert_eq!(phone.run("return window.lost").await, json!(true));
    assert_eq!(phone.run("return document.querySelectorAll('.msg.failed').length").await, json!(0));
    assert_eq!(phone.run("return sessionStorage.getItem('huifang-unsent')").await, json!("[]"), "it is stored");
    let order = "return [...document.querySelectorAll('#log .msg')].map((box) => box.dataset.id)";
    let before = phone.run(order).await;
    phone.page.refresh().await.unwrap();
    phone.holds(submit).await;
    assert_eq!(phone.run(order).await, before, "it does not move to the end");
    phone.is_sound().await;
    phone.close().await;
}

#[tokio::test]
async fn where_a_proxy_holds_the_events_back_the_answer_stands_last_and_its_buttons_work() {
    let Some(stage) = Stage::set() else { return };
    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    let silent = "window.EventSource = class { constructor() { this.on = {}; window.held = this; } \
                  addEventListener(kind, hear) { this.on[kind] = hear; } };";
    phone.begins_with(silent).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "的售后服务").await;
    phone.fill("#text", "厨房水龙头漏水").await;
    phone.press("#send").await;
    phone.sees(".msg.you:not(.pending) ~ .msg.bot .choices button:enabled").await;
    let newest = "return document.getElementById('log').lastElementChild.className";
    assert_eq!(phone.run(newest).await, json!("msg bot"), "the answer stands above what it answers");
    phone.choose("提交").await;
    phone.reads("div[@id='log']", "HF").await;
    assert_eq!(phone.run(newest).await, json!("msg bot"));

    let order = "return [...document.querySelectorAll('#log .msg')].map((box) => box.dataset.id)";
    let before = phone.run(order).await;
    let released = "return fetch('/chat/api/messages?after=0').then((answer) => answer.json()).then((past) => \
                    past.messages.forEach((one) => window.held.on.message({ data: JSON.stringify(one) })))";
    phone.run(released).await;
    let (before, after) = (before.as_array().unwrap(), phone.run(order).await);
    let still: Vec<_> = after.as_array().unwrap().iter().filter(|id| before.contains(id)).collect();
    assert_eq!(still, before.iter().collect::<Vec<_>>(), "each stands where it stood, and once");
    let kept = phone.run("return document.querySelectorAll(\"[data-seq$='.5']\").length").await;
    assert_eq!(kept, json!(0), "each has its own place now");
    phone.is_sound().await;
    phone.close().await;
}
