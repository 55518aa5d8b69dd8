//! The progress page, the papers and the lists of the console, as the world meets them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::chat_api::client;
use crate::console::Session;
use crate::demo::Demo;

const SESSION: &str = "a-session-of-the-progress";

async fn says(demo: &Demo, id: &str, message: Value) -> String {
    let mut body = json!({ "session": SESSION, "id": id });
    for (key, value) in message.as_object().unwrap() {
        body[key] = value.clone();
    }
    let answer = client().post(format!("{}/chat/api/messages", demo.url)).json(&body).send().await.unwrap();
    answer.text().await.unwrap()
}

/// Returns the paths of the progress links in an answer of the chat.
fn links(said: &str) -> Vec<String> {
    let found = said.match_indices("/t/").filter_map(|(at, _)| said.get(at..at + 51));
    found.map(str::to_owned).collect()
}

async fn page(demo: &Demo, path: &str) -> (StatusCode, String) {
    let answer = client().get(format!("{}{path}", demo.url)).header("accept-language", "zh").send().await.unwrap();
    assert_eq!(answer.headers().get("x-robots-tag").map(|value| value.to_str().unwrap()), Some("noindex, nofollow"));
    (answer.status(), answer.text().await.unwrap())
}

async fn press(demo: &Demo, path: &str, form: &str, fixed: &str) -> StatusCode {
    let request = client().post(format!("{}{path}", demo.url)).body(format!("form={form}&fixed={fixed}"));
    request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap().status()
}

#[tokio::test]
async fn an_owner_follows_a_ticket_by_its_link_confirms_the_fix_and_takes_the_papers_home() {
    let demo = Demo::start();
    let token = demo.homeowner.split("t=").nth(1).unwrap();
    says(&demo, "0", json!({ "text": format!("/start {token}") })).await;
    let asked = says(&demo, "1", json!({ "text": "卫生间天花板渗水，很严重" })).await;
    let said = says(&demo, "2", json!({ "text": "提交" })).await;
    let path = links(&said).pop().unwrap_or_else(|| panic!("no link in {said} after {asked}"));
    let (status, first) = page(&demo, &path).await;
    assert_eq!(status, StatusCode::OK);
    assert!(first.contains("已登记") && !first.contains("<button") && !first.contains("翠湖花园"), "{first}");

    let staff = Session::begin(&demo).await;
    let board = staff.get("/console/ledger").await.text().await.unwrap();
    let number = first.split("class=\"number\">").nth(1).unwrap().split('<').next().unwrap();
    let ticket = board.split("/console/tickets/").find(|part| part.contains(number)).unwrap();
    let ticket = ticket.split('"').next().unwrap().to_owned();
    let console = format!("/console/tickets/{ticket}");
    let ticket_page = staff.get(&console).await.text().await.unwrap();
    let me = ticket_page.split("name=\"staff\"").nth(1).unwrap().split("value=\"").nth(1).unwrap();
    let me = me.split('"').next().unwrap();
    let csrf = staff.csrf.clone();
    assert!(staff.post(&format!("{console}/assign"), &[("csrf", &csrf), ("staff", me)], &[]).await.is_redirection());
    let photo = std::fs::read(crate::chromium::fixture("audio/photo.jpg")).unwrap();
    let part = reqwest::multipart::Part::bytes(photo.clone()).file_name("after.jpg");
    let note = reqwest::multipart::Form::new().text("csrf", csrf.clone()).text("note", "waterproofed");
    let note = note.part("photo", part);
    assert!(staff.upload(&format!("{console}/rectified"), note).await.status().is_redirection());

    let (_, asks) = page(&demo, &path).await;
    let form = asks.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(press(&demo, &path, "made-up", "yes").await, StatusCode::FORBIDDEN);
    assert_eq!(press(&demo, &path, &form, "perhaps").await, StatusCode::BAD_REQUEST);
    assert_eq!(page(&demo, &format!("{path}/papers/service")).await.0, StatusCode::OK);
    assert_eq!(press(&demo, &path, &form, "yes").await, StatusCode::SEE_OTHER);
    assert_eq!(press(&demo, &path, &form, "no").await, StatusCode::CONFLICT, "answered already");
    let (_, done) = page(&demo, &path).await;
    assert!(done.contains("已完成") && done.contains("保修完成确认单"), "{done}");

    for name in ["completion", "service"] {
        let answer = client().get(format!("{}{path}/papers/{name}.pdf", demo.url)).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        let file = answer.bytes().await.unwrap();
        assert!(file.starts_with(b"%PDF-") && file.len() < 200_000, "{name} has {} bytes", file.len());
        assert!(file.windows(14).any(|part| part == b"/Subtype/Image"), "{name} shows the fix");
        // On the page the photo lies where whoever holds the link may get it, and nobody else.
        let (_, shown) = page(&demo, &format!("{path}/papers/{name}")).await;
        let photos = format!("{path}/photos/");
        let src = shown.split(&format!("<img src=\"{photos}")).nth(1).unwrap().split('"').next().unwrap();
        let got = client().get(format!("{}{photos}{src}", demo.url)).send().await.unwrap();
        assert_eq!((got.status(), got.bytes().await.unwrap().to_vec()), (StatusCode::OK, photo.clone()));
        let elsewhere = client().get(format!("{}/t/{}/photos/{src}", demo.url, "A".repeat(48))).send().await.unwrap();
        assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
        assert_eq!(staff.get(&format!("{console}/papers/{name}")).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_forged_link_opens_nothing_and_says_what_to_do() {
    let demo = Demo::start();
    let made_up = "A".repeat(48);
    let (status, told) = page(&demo, &format!("/t/{made_up}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(told.contains("链接打不开") && told.contains("进度"), "{told}");
    let unit = demo.homeowner.split("t=").nth(1).unwrap();
    assert_eq!(page(&demo, &format!("/t/{unit}")).await.0, StatusCode::NOT_FOUND, "the token of a flat");
    assert_eq!(press(&demo, &format!("/t/{made_up}"), &made_up, "yes").await, StatusCode::NOT_FOUND);
    for below in ["papers/service", "papers/completion.pdf", "photos/1", "visits/1"] {
        let answer = client().get(format!("{}/t/{made_up}/{below}", demo.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{below}");
    }
}

#[tokio::test]
async fn staff_sees_the_lists_of_the_closed_loop_and_takes_the_ledger_away() {
    let demo = Demo::start();
    let staff = Session::begin(&demo).await;
    for path in ["/console/ledger", "/console/recoveries", "/console/recoveries?list=quality", "/console/incidents"] {
        assert_eq!(staff.get(path).await.status(), StatusCode::OK, "{path}");
        let stranger = client().get(format!("{}{path}", demo.url)).send().await.unwrap();
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let csv = staff.get("/console/ledger.csv?standing=unverified").await.text().await.unwrap();
    assert!(csv.starts_with('\u{feff}') && csv.contains("编号"), "{csv}");
    let xlsx = staff.get("/console/ledger.xlsx").await;
    assert!(xlsx.headers()["content-disposition"].to_str().unwrap().ends_with(".xlsx\""));
    assert!(xlsx.bytes().await.unwrap().starts_with(b"PK"));
}
