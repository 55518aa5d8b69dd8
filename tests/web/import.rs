//! The import page: a table is checked, faults come back as a table, what is right is confirmed.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use tokio::io::AsyncWriteExt;

use crate::chromium::Stage;
use crate::console::Session;
use crate::demo::Demo;

const FAULTY: &str = "项目编号,项目名称,项目类型,区域,交付日期\nYX-03,云栖小筑,别墅,华东,明年\n";
const RIGHT: &str = "项目编号,项目名称,项目类型,区域,交付日期\nYX-03,云栖小筑,房建,华东,2026-05-20\n";

fn upload(csrf: &str, table: &str) -> Form {
    let file = Part::bytes(table.as_bytes().to_vec()).file_name("projects.csv");
    Form::new().text("csrf", csrf.to_owned()).text("kind", "").part("file", file)
}

fn hidden<'p>(page: &'p str, name: &str) -> Option<&'p str> {
    page.split(&format!("name=\"{name}\" value=\"")).nth(1)?.split('"').next()
}

/// How many tables wait for somebody to confirm them.
fn kept(demo: &Demo) -> usize {
    std::fs::read_dir(demo.directory().join("data/media/imports")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_table_is_checked_then_confirmed_and_only_what_was_checked_is_imported() {
    let demo = Demo::start();
    let manager = Session::begin(&demo).await;
    let check = async |table: &str| {
        let answer = manager.upload("/console/import", upload(&manager.csrf, table)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    };

    let page = check(FAULTY).await;
    assert!(page.contains("不认识“别墅”") && page.contains("C 项目类型") && page.contains("“明年”不是日期"), "{page}");
    assert_eq!(hidden(&page, "digest"), None, "a faulty table can be confirmed");
    assert_eq!(kept(&demo), 0, "names and numbers of a table that nobody can confirm");

    let page = check(RIGHT).await;
    assert_eq!(kept(&demo), 1);
    check(FAULTY).await;
    assert_eq!(kept(&demo), 0, "the one before was put aside as well");
    check(RIGHT).await;
    let digest = hidden(&page, "digest").unwrap().to_owned();
    let confirm = async |digest: &str| {
        let fields = [("csrf", manager.csrf.as_str()), ("digest", digest), ("kind", "")];
        manager.submit("/console/import/confirm", &fields).await.text().await.unwrap()
    };
    assert!(confirm(&"0".repeat(64)).await.contains("换过了"), "another file was taken for the one that was checked");
    assert!(confirm(&digest).await.contains("已导入"));
    assert!(confirm(&digest).await.contains("没有找到待导入的文件"));
    assert!(check(RIGHT).await.contains("没有要改的"));
    assert_eq!(kept(&demo), 0, "nothing is left to confirm");
}

#[tokio::test]
async fn only_managers_import_and_every_upload_carries_the_token() {
    let demo = Demo::start();
    let manager = Session::begin(&demo).await;
    let answer = manager.upload("/console/import", upload("made-up", RIGHT)).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let agent = Session::begin_as(&demo, "wanglan").await;
    for path in ["/console/import", "/console/import/template/all.xlsx"] {
        assert_eq!(agent.get(path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let answer = agent.upload("/console/import", upload(&agent.csrf, RIGHT)).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let fields = [("csrf", agent.csrf.as_str()), ("digest", "x"), ("kind", "")];
    assert_eq!(agent.submit("/console/import/confirm", &fields).await.status(), StatusCode::FORBIDDEN);
    assert!(!agent.get("/console").await.text().await.unwrap().contains("/console/import"));
}

#[tokio::test]
async fn a_table_is_not_read_while_as_many_uploads_are_as_there_is_room_for() {
    let demo = Demo::start();
    let manager = Session::begin(&demo).await;
    let address = demo.url.strip_prefix("http://").unwrap();
    let head = "POST /chat/api/messages HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\n\
                content-length: 1000\r\n\r\n--x\r\n";
    let wait = async || {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
    };
    let mut waiting = Vec::new();
    for _ in 0..16 {
        waiting.push(wait().await);
    }
    let check = || manager.upload("/console/import", upload(&manager.csrf, RIGHT));
    // A table that comes before all of them were taken up has the place of one: another waits instead.
    let refused = async {
        loop {
            let answer = check().await;
            if answer.status() != StatusCode::OK {
                return answer;
            }
            waiting.push(wait().await);
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(60), refused).await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "5");
    drop(waiting);
    let free = async { while check().await.status() != StatusCode::OK {} };
    tokio::time::timeout(Duration::from_secs(60), free).await.unwrap();
}

#[tokio::test]
async fn templates_come_as_files() {
    let demo = Demo::start();
    let manager = Session::begin(&demo).await;
    let book = manager.get("/console/import/template/all.xlsx").await;
    assert_eq!(book.headers()["content-disposition"], "attachment; filename=\"huifang-all.xlsx\"");
    assert!(book.bytes().await.unwrap().starts_with(b"PK"));
    let table = manager.get("/console/import/template/units.csv").await.text().await.unwrap();
    assert!(table.trim_start_matches('\u{feff}').starts_with("项目编号,房号编号,"), "{table}");
    assert_eq!(manager.get("/console/import/template/nothing.csv").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_manager_imports_a_table_at_a_desk_and_on_a_phone() {
    let Some(stage) = Stage::set() else { return };
    for (width, height, name) in [(1280, 900, "desk"), (390, 844, "phone")] {
        let window = stage.window(width, height, None, &["--accept-lang=zh-CN"]).await;
        stage.log_in(&window).await;
        window.page.goto(&format!("{}/console/import", stage.demo.url)).await.unwrap();
        window.picture(&format!("import-{name}-empty")).await;
        for (table, step, words) in [(FAULTY, "faults", "需要改正的地方"), (RIGHT, "right", "新增")] {
            let file = stage.demo.directory().join(format!("{name}.csv"));
            std::fs::write(&file, table).unwrap();
            window.sees("#file").await.send_keys(&file.display().to_string()).await.unwrap();
            window.press("#check").await;
            window.reads("main", words).await;
            window.picture(&format!("import-{name}-{step}")).await;
            let wide = window.run("return document.documentElement.scrollWidth > innerWidth").await;
            assert_eq!(wide, false, "the page is wider than the {name}");
        }
        if name == "desk" {
            window.press("#confirm").await;
            window.reads("main", "已导入").await;
        } else {
            window.reads("main", "没有要改的").await;
        }
        window.is_sound().await;
        window.close().await;
    }
}
