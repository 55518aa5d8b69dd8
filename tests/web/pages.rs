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
    phone.reads("div[@id='log']", "HF2").await;
    phone.picture("chat-6-ticket").await;
    let live = phone.run("return document.querySelectorAll('.choices button:enabled').length > 6").await;
    assert_eq!(live, json!(false), "buttons of older messages are inert");
    phone.is_sound().await;

    let before = phone.run("return document.querySelectorAll('#log .msg').length").await;
    phone.page.refresh().await.unwrap();
    phone.reads("div[@id='log']", "HF2").await;
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
    phone.reads("div[@id='log']", "HF2").await;
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
    phone.fill("#text", "好的，谢谢").await;
    phone.press("#send").await;
    desk.reads("ol[@class='thread']", "好的，谢谢").await;
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
