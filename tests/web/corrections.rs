//! Staff puts right what was recognised; it is kept beside the original and comes out as training
//! rows that `huifang eval` reads.

use std::process::{Command, Output};
use std::time::Duration;

use huifang::store::{self, Store, StoreError};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::chat_api::client;
use crate::chromium::{Stage, Window};
use crate::console::Session;
use crate::demo::Demo;

/// Runs the program on the demo's data.
fn huifang(demo: &Demo, arguments: &[&str]) -> Output {
    let data = demo.directory().join("data");
    Command::new(env!("CARGO_BIN_EXE_huifang"))
        .args(arguments)
        .current_dir(demo.directory())
        .env("HUIFANG_DATABASE__URL", format!("sqlite:{}", data.join("huifang.db").display()))
        .env("HUIFANG_SPEECH__MODEL", concat!(env!("CARGO_MANIFEST_DIR"), "/models/speech/ggml-huifang-zh-en-q5_0.bin"))
        .env("HUIFANG_MEDIA__URL", format!("file:{}", data.join("media").display()))
        .output()
        .unwrap()
}

fn export(demo: &Demo, more: &[&str]) -> String {
    let ended = huifang(demo, &[&["export", "corrections"], more].concat());
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

/// Files a report by the chat and returns the path of its page.
async fn report(demo: &Demo, session: &Session, words: &str) -> String {
    let mut last = String::new();
    let token = demo.homeowner.split("t=").nth(1).unwrap();
    for (id, text) in [("1", format!("/start {token}")), ("2", words.to_owned()), ("3", "提交".to_owned())] {
        let body = json!({ "session": "a-session-of-a-test", "id": id, "text": text, "language": "zh-CN" });
        let answer = client().post(format!("{}/chat/api/messages", demo.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        last = answer.text().await.unwrap();
    }
    let number = last.split("HF").nth(1).expect("the ticket has a number");
    let number = format!("HF{}", number.chars().take(9).collect::<String>());
    let board = session.get("/console").await.text().await.unwrap();
    // A flag above the table may name it as well.
    let row = board.split("<tr").skip(1).find(|row| row.contains(&number)).expect("the ticket is on the board");
    row.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn corrected_labels_stand_beside_the_original_and_come_out_as_rows() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    let words = "卫生间墙角有点返潮，打13800138000找我";
    let ticket = report(&demo, &session, words).await;
    assert_eq!(export(&demo, &[]), "", "nothing was corrected yet");
    let page = session.get(&ticket).await.text().await.unwrap();
    assert!(page.contains("修改识别结果") && !page.contains("人工更正"), "{page}");

    let token = session.csrf.clone();
    let form = |category: &'static str| {
        vec![("sentiment", "negative"), ("intent", "complaint"), ("category", category), ("urgency", "high")]
    };
    let signed = |category| [form(category), vec![("csrf", token.as_str())]].concat();
    let labels = format!("{ticket}/labels");
    assert_eq!(session.post(&labels, &form("leak"), &[]).await, StatusCode::BAD_REQUEST);
    let forged = [form("leak"), vec![("csrf", "made-up")]].concat();
    assert_eq!(session.post(&labels, &forged, &[]).await, StatusCode::FORBIDDEN);
    assert_eq!(session.post(&labels, &signed("plumbing"), &[]).await, StatusCode::BAD_REQUEST);
    let nowhere = "/console/tickets/019a0000-0000-7000-8000-000000000000/labels";
    assert_eq!(session.post(nowhere, &signed("leak"), &[]).await, StatusCode::NOT_FOUND);
    assert_eq!(session.post(&labels, &signed(""), &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(session.post(&labels, &signed("crack"), &[]).await, StatusCode::SEE_OTHER);

    let page = session.get(&ticket).await.text().await.unwrap();
    let block = page.split("facts judged").nth(1).unwrap().split("</dl>").next().unwrap();
    let at = |words: &str| block.find(words).unwrap_or_else(|| panic!("{words} is not in {block}"));
    assert!(at("投诉") < at("系统识别: 报修"), "the corrected value first, the original beneath: {block}");
    assert!(at("开裂/空鼓") < at("系统识别: 渗漏"), "{block}");
    assert!(page.contains("人工更正") && page.contains("意图: 报修 → 投诉"), "the history says what was changed");
    assert!(page.contains("pill urgency high"), "the head of the page shows what counts");

    let rows = export(&demo, &[]);
    let row: Value = serde_json::from_str(rows.trim()).expect("one row: of two corrections the latest counts");
    assert_eq!(row["text"], "卫生间墙角有点返潮，打***找我");
    assert_eq!((&row["category"], &row["intent"], &row["lang"]), (&"crack".into(), &"complaint".into(), &"zh".into()));
    let tsv = export(&demo, &["--format", "tsv"]);
    assert_eq!(tsv, "zh\tneg\tcomplaint\tcrack\thigh\t卫生间墙角有点返潮，打***找我\n");

    export(&demo, &["--out", "rows.jsonl"]);
    let ended = huifang(&demo, &["eval", "domain", "rows.jsonl", "--rules-only", "--json"]);
    let measured: Value = serde_json::from_slice(&ended.stdout).expect("the rows are those eval reads");
    assert_eq!(measured["figures"]["category.accuracy"]["of"], 1);
    assert!(!demo.log().contains("返潮"), "nobody's words are in the log");
}

#[tokio::test]
async fn the_page_of_a_corrected_ticket_is_there_after_its_owner_was_forgotten() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    let ticket = report(&demo, &session, "厨房墙砖裂了一条缝，我姓王").await;
    let token = session.csrf.clone();
    let labels = [("sentiment", "negative"), ("intent", "complaint"), ("category", "crack"), ("urgency", "high")];
    let labels = [&labels[..], &[("csrf", token.as_str())]].concat();
    assert_eq!(session.post(&format!("{ticket}/labels"), &labels, &[]).await, StatusCode::SEE_OTHER);
    let data = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", data.display())).await.unwrap();
    let id = ticket.rsplit('/').next().unwrap().parse().unwrap();
    let found = store.read(|tx| Box::pin(async move { store::tickets::find(tx, id).await })).await;
    let found = found.map_err(|error: StoreError| error).unwrap().unwrap();
    store.close().await;
    let owner = format!("/console/contacts/{}", found.contact_id);
    let sure = [("csrf", token.as_str()), ("sure", "yes")];
    assert_eq!(session.post(&format!("{owner}/forget"), &sure, &[]).await, StatusCode::SEE_OTHER);
    let gone = async {
        while !session.get(&owner).await.text().await.unwrap().contains("资料已删除") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("they are forgotten at once");

    let page = session.get(&ticket).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(page.contains("意图: 报修 → 投诉") && !page.contains("我姓王"), "what staff put right stays: {page}");
    assert_eq!(export(&demo, &[]), "", "nobody's words come out");
}

#[tokio::test]
async fn the_comment_of_an_answer_can_be_judged_too_but_not_where_there_is_none() {
    let demo = Demo::start();
    let session = Session::begin(&demo).await;
    let board = session.get("/console").await.text().await.unwrap();
    let (mut with_words, mut without) = (Vec::new(), Vec::new());
    for rest in board.split("href=\"/console/responses/").skip(1) {
        let path = format!("/console/responses/{}", rest.split('"').next().unwrap());
        let page = session.get(&path).await.text().await.unwrap();
        if page.contains("facts judged") { with_words.push(path) } else { without.push(path) }
    }
    let fields = [
        ("csrf", session.csrf.as_str()),
        ("sentiment", "neutral"),
        ("intent", "suggestion"),
        ("category", ""),
        ("urgency", "low"),
    ];
    let path = with_words.first().expect("the demo has an answer with a comment");
    assert_eq!(session.post(&format!("{path}/labels"), &fields, &[]).await, StatusCode::SEE_OTHER);
    assert!(session.get(path).await.text().await.unwrap().contains("人工更正"));
    if let Some(path) = without.first() {
        assert_eq!(session.post(&format!("{path}/labels"), &fields, &[]).await, StatusCode::BAD_REQUEST);
    }
    let tsv = export(&demo, &["--format", "tsv"]);
    assert!(tsv.starts_with("zh\tneu\tsuggestion\t-\tlow\t") && tsv.lines().count() == 1, "{tsv}");
}

/// Opens a form and brings it into view.
async fn open(window: &Window, of: &str) {
    window.sees(of).await;
    window
        .run(&format!(
            "const d = document.querySelector(\"{of}\"); d.open = true; d.scrollIntoView({{block: 'center'}})"
        ))
        .await;
}

#[tokio::test]
async fn staff_puts_a_misheard_recording_right_and_the_ticket_is_judged_anew() {
    let Some(stage) = Stage::set() else { return };
    let phone = stage.window(390, 844, None, &["--accept-lang=zh-CN"]).await;
    phone.page.goto(&stage.demo.homeowner).await.unwrap();
    phone.reads("div[@id='log']", "的售后服务").await;
    phone.press("#clips summary").await;
    phone.press("#clips li:nth-child(1) .send").await;
    phone.sees(".msg.you .heard").await;
    phone.choose("提交").await;
    phone.reads("div[@id='log']", "HF").await;

    let desk = stage.window(1280, 1000, None, &["--accept-lang=zh-CN"]).await;
    stage.log_in(&desk).await;
    desk.reads("tr[contains(., '3栋2单元1201')]", "漏水").await;
    desk.run(
        "[...document.querySelectorAll('.tickets tbody tr')]\
         .find(row => row.textContent.includes('3栋2单元1201') && row.textContent.includes('漏水'))\
         .querySelector('th a').click()",
    )
    .await;
    open(&desk, "section[aria-labelledby=said] .voice details.correct").await;
    desk.picture("correct-1-transcript").await;
    desk.is_sound().await;
    desk.run("document.querySelector('section[aria-labelledby=said] .voice textarea').value = ''").await;
    desk.fill("section[aria-labelledby=said] .voice textarea", "主卧天花板漏水，师傅太敷衍了").await;
    desk.press("section[aria-labelledby=said] .voice details button").await;
    desk.reads("section[@aria-labelledby='said']", "人工更正").await;
    desk.reads("ol[@class='history']", "改正语音转写").await;
    // The job has judged the words a person heard.
    desk.reads("ul[@class='keywords']", "敷衍").await;
    desk.reads("section[@aria-labelledby='said']", "识别原文").await;
    open(&desk, "section[aria-labelledby=said] > details.correct").await;
    desk.picture("correct-2-labels").await;
    desk.is_sound().await;
    desk.run("document.querySelector('select[name=category]').value = 'crack'").await;
    desk.press("section[aria-labelledby=said] > details.correct button").await;
    desk.reads("dl[contains(@class, 'judged')]", "系统识别").await;
    desk.run("document.querySelector('.judged').scrollIntoView({block: 'center'})").await;
    desk.picture("correct-3-corrected").await;
    desk.is_sound().await;

    let small = stage.window(390, 844, None, &["--accept-lang=en"]).await;
    stage.log_in(&small).await;
    let here = desk.page.current_url().await.unwrap();
    small.page.goto(here.as_str()).await.unwrap();
    open(&small, "section[aria-labelledby=said] > details.correct").await;
    small.picture("correct-4-phone-labels").await;
    open(&small, "section[aria-labelledby=said] .voice details.correct").await;
    small.picture("correct-5-phone-transcript").await;
    small.is_sound().await;

    export(&stage.demo, &["--out", "rows.jsonl", "--media", "heard"]);
    let ended = huifang(&stage.demo, &["eval", "speech", "heard/recordings.tsv", "--json"]);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let measured: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((&measured["rows"], &measured["figures"]["zh.cer"]["of"]), (&1.into(), &13.into()));
    small.close().await;
    desk.close().await;
    phone.close().await;
}
