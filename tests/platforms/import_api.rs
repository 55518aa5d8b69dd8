//! The registers over HTTP: signed as every program signs, all or nothing, each fault with its place,
//! twice is once.

use huifang::store;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use reqwest::multipart::{Form, Part};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::fake_http::{App, SECRET, sign};
use crate::house::{House, client};
use crate::openapi::{agrees, description, schema_of};

const PATH: &str = "/api/v1/import";
const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const FAULTY: &str = "项目编号,项目名称,项目类型,区域,交付日期\nYX-03,云栖小筑,别墅,华东,明年\n";
const RIGHT: &str = "项目编号,项目名称,项目类型,区域,交付日期\nYX-03,云栖小筑,房建,华东,2026-05-20\n";

async fn send(house: &House, query: &str, kind: &str, body: &[u8], secret: &str) -> reqwest::Response {
    let mut request = client().post(format!("{}{PATH}{query}", house.url)).header(CONTENT_TYPE, kind);
    for (name, value) in sign(secret, "import-1", house.clock.now(), body) {
        request = request.header(name, value);
    }
    request.header(ACCEPT_LANGUAGE, "zh-CN").body(body.to_vec()).send().await.unwrap()
}

async fn imports(house: &House, query: &str, kind: &str, body: impl AsRef<[u8]>) -> (u16, Value) {
    let answer = send(house, query, kind, body.as_ref(), SECRET).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn projects(house: &House) -> Vec<String> {
    let read = house.runner.store.read(|tx| Box::pin(async move { store::projects::list(tx).await })).await;
    read.map_err(|error: store::StoreError| error).unwrap().into_iter().filter_map(|project| project.code).collect()
}

/// The sheet of projects and, in the second row of units, a project that is not there.
fn workbook(project: &str) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, rows) in [
        ("项目", vec![vec!["项目编号", "项目名称", "项目类型", "区域"], vec!["YX-03", "云栖小筑", "房建", "华东"]]),
        (
            "房号设备",
            vec![
                vec!["项目编号", "房号编号", "名称"],
                vec!["YX-03", "1-101", "1栋101"],
                vec![project, "1-102", "1栋102"],
            ],
        ),
    ] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_table_comes_over_the_api_as_by_the_command_and_twice_is_once() {
    let house = App::start().await.house().await;
    let document = description(&house.url).await;
    let before = projects(&house).await;
    let counted = |new: u8, same: u8| json!([{ "register": "projects", "new": new, "changed": 0, "same": same }]);

    let (status, told) = imports(&house, "?dry_run=true", CSV, RIGHT).await;
    assert_eq!((status, &told["written"], &told["counts"]), (200, &json!(false), &counted(1, 0)), "{told}");
    assert_eq!(projects(&house).await, before, "a dry run does nothing");

    let (status, told) = imports(&house, "", CSV, RIGHT).await;
    assert_eq!((status, &told["written"], &told["counts"]), (200, &json!(true), &counted(1, 0)), "{told}");
    agrees(&document, schema_of(&document, PATH, "post", "200"), &told, "import");
    assert!(projects(&house).await.contains(&"YX-03".to_owned()));
    let after = projects(&house).await;
    let (_, told) = imports(&house, "", CSV, RIGHT).await;
    assert_eq!(told["counts"], counted(0, 1), "{told}");
    assert_eq!(projects(&house).await, after, "twice is once");
}

#[tokio::test]
async fn every_fault_of_a_workbook_is_told_with_its_place_and_nothing_is_changed() {
    let house = App::start().await.house().await;
    let document = description(&house.url).await;
    let before = projects(&house).await;
    let (status, told) = imports(&house, "", CSV, FAULTY).await;
    assert_eq!((status, &told["written"]), (422, &json!(false)));
    agrees(&document, schema_of(&document, PATH, "post", "422"), &told, "import");
    let first = &told["faults"][0];
    assert_eq!([&first["row"], &first["column"], &first["heading"]], [&json!(2), &json!("C"), &json!("项目类型")]);
    assert_eq!(first["code"], "not_a_value");
    assert!(first["message"].as_str().unwrap().contains("不认识“别墅”"), "{first}");
    assert_eq!(told["faults"][1]["code"], "not_a_date");

    let (status, told) = imports(&house, "", XLSX, workbook("YX-99")).await;
    let fault = &told["faults"][0];
    assert_eq!(
        (status, &fault["sheet"], &fault["row"], &fault["code"]),
        (422, &json!("房号设备"), &json!(3), &json!("unknown_project"))
    );
    assert_eq!(projects(&house).await, before, "not even the sheet without a fault");

    let (status, told) = imports(&house, "", XLSX, workbook("YX-03")).await;
    assert_eq!((status, &told["written"]), (200, &json!(true)), "{told}");
}

#[tokio::test]
async fn a_form_names_the_register_where_the_headings_do_not() {
    let house = App::start().await.house().await;
    let posted = async |form: Form| {
        let kind = format!("multipart/form-data; boundary={}", form.boundary());
        let mut body = form.into_stream();
        let mut bytes = Vec::new();
        while let Some(piece) = futures_util::StreamExt::next(&mut body).await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        imports(&house, "", &kind, bytes).await
    };
    let file = || Part::bytes(RIGHT.as_bytes().to_vec()).file_name("projects.csv");
    let (status, told) = posted(Form::new().text("kind", "projects").part("file", file())).await;
    assert_eq!((status, &told["written"]), (200, &json!(true)), "{told}");
    let (status, told) = posted(Form::new().text("kind", "villages").part("file", file())).await;
    assert_eq!((status, &told["error"]["code"]), (400, &json!("bad_request")));
    assert!(told["error"]["message"].as_str().unwrap().contains("projects, units"), "{told}");
    let (status, told) = posted(Form::new().text("kind", "projects")).await;
    assert_eq!((status, &told["error"]["message"]), (400, &json!("file: expected a table")));
}

#[tokio::test]
async fn whoever_does_not_know_the_secret_imports_nothing_and_no_more_than_the_cap_is_read() {
    let house = App::start().await.house().await;
    let before = projects(&house).await;
    let stranger = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(send(&house, "", CSV, RIGHT.as_bytes(), stranger).await.status(), 401);
    let unsigned = client().post(format!("{}{PATH}", house.url)).header(CONTENT_TYPE, CSV).body(RIGHT).send().await;
    assert_eq!(unsigned.unwrap().status(), 401);
    assert_eq!(send(&house, "", "application/json", b"{}", SECRET).await.status(), 400);
    assert_eq!(
        send(&house, "?dry=true", CSV, RIGHT.as_bytes(), SECRET).await.status(),
        400,
        "a misspelt dry run imports nothing"
    );
    let large = vec![b'a'; 33 * 1024 * 1024];
    let refused = send(&house, "", CSV, &large, SECRET).await;
    assert_eq!(refused.status(), 413);
    assert!(refused.text().await.unwrap().contains("33554432"));
    assert_eq!(projects(&house).await, before);
}
