//! The progress page, the papers and the lists of the console, as the world meets them.

use huifang::domain::ids::TicketId;
use huifang::store::tickets::Filter;
use huifang::store::{self, Store, StoreError};
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::chat_api::client;
use crate::console::Session;
use crate::demo::Demo;

const SESSION: &str = "a-session-of-the-progress";

async fn says(demo: &Demo, id: &str, message: Value) -> String {
    says_in(demo, SESSION, id, message).await
}

async fn says_in(demo: &Demo, session: &str, id: &str, message: Value) -> String {
    let mut body = json!({ "session": session, "id": id });
    for (key, value) in message.as_object().unwrap() {
        body[key] = value.clone();
    }
    let answer = client().post(format!("{}/chat/api/messages", demo.url)).json(&body).send().await.unwrap();
    answer.text().await.unwrap()
}

fn photo() -> Vec<u8> {
    std::fs::read(crate::chromium::fixture("audio/photo.jpg")).unwrap()
}

/// Somebody who has scanned the code of the flat reports something, with a photo; returns the path of the progress.
async fn reports_with_a_photo(demo: &Demo, session: &'static str, words: &str) -> String {
    let token = demo.homeowner.split("t=").nth(1).unwrap();
    says_in(demo, session, "0", json!({ "text": format!("/start {token}") })).await;
    says_in(demo, session, "1", json!({ "text": words })).await;
    let form = Form::new().text("session", session).text("id", "2");
    let form = form.part("file", Part::bytes(photo()).file_name("before.jpg"));
    let sent = client().post(format!("{}/chat/api/messages", demo.url)).multipart(form).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::OK);
    let said = says_in(demo, session, "3", json!({ "text": "提交" })).await;
    links(&said).pop().unwrap_or_else(|| panic!("no link in {said}"))
}

/// A member of staff takes a ticket and reports the fix, with a photo.
async fn mends(staff: &Session, console: &str) {
    let ticket_page = staff.get(console).await.text().await.unwrap();
    let choices = ticket_page.split("name=\"staff\"").nth(1).unwrap().split("value=\"").skip(1);
    let me = choices.map(|choice| choice.split('"').next().unwrap()).find(|who| !who.is_empty()).unwrap();
    let csrf = staff.csrf.clone();
    assert!(staff.post(&format!("{console}/assign"), &[("csrf", &csrf), ("staff", me)], &[]).await.is_redirection());
    let note = Form::new().text("csrf", csrf).text("note", "waterproofed");
    let note = note.part("photo", Part::bytes(photo()).file_name("after.jpg"));
    assert!(staff.upload(&format!("{console}/rectified"), note).await.status().is_redirection());
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
    mends(&staff, &console).await;

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
        assert_eq!((got.status(), got.bytes().await.unwrap().to_vec()), (StatusCode::OK, photo()));
        let elsewhere = client().get(format!("{}/t/{}/photos/{src}", demo.url, "A".repeat(48))).send().await.unwrap();
        assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
        assert_eq!(staff.get(&format!("{console}/papers/{name}")).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn neither_owner_nor_file_reads_that_time_ran_out_where_staff_closed_the_ticket_by_hand() {
    let demo = Demo::start();
    let path = reports_with_a_photo(&demo, "a-session-that-is-closed", "卫生间天花板渗水").await;
    let (_, first) = page(&demo, &path).await;
    let number = first.split("class=\"number\">").nth(1).unwrap().split('<').next().unwrap();
    let staff = Session::begin(&demo).await;
    let board = staff.get("/console/ledger").await.text().await.unwrap();
    let ticket = board.split("/console/tickets/").find(|part| part.contains(number)).unwrap();
    let console = format!("/console/tickets/{}", ticket.split('"').next().unwrap());
    mends(&staff, &console).await;
    let reason = [("csrf", staff.csrf.as_str()), ("reason", "told+us+by+phone")];
    assert!(staff.post(&format!("{console}/close"), &reason, &[]).await.is_redirection());
    let (_, closed) = page(&demo, &path).await;
    let (status, paper) = page(&demo, &format!("{path}/papers/completion")).await;
    assert_eq!(status, StatusCode::OK);
    for shown in [&closed, &paper] {
        assert!(!["未答复", "到期结案", "没有收到您的答复"].iter().any(|words| shown.contains(words)), "{shown}");
    }
    assert!(closed.contains("结案时您还没有在这里确认"), "{closed}");
    assert!(paper.contains("结案时业主未在系统中确认"), "{paper}");
    let (_, report) = page(&demo, &format!("{path}/papers/service")).await;
    assert!(report.contains("结案（业主未确认）"), "{report}");
}

#[tokio::test]
async fn what_a_neighbour_sent_before_their_ticket_was_merged_is_not_shown_behind_the_link_of_another() {
    let demo = Demo::start();
    let path = reports_with_a_photo(&demo, "a-session-of-an-owner", "楼道天花板滴水，邻居也看到了").await;
    let of_neighbour = reports_with_a_photo(&demo, "a-session-of-a-neighbour", "楼道漏水，我叫王小敏").await;
    let database = demo.directory().join("data/huifang.db");
    let store = Store::open(&format!("sqlite:{}", database.display())).await.unwrap();
    let found = store.read(|tx| {
        Box::pin(async move {
            let mut found = Vec::new();
            let all = store::tickets::list(tx, &Filter::default(), 200).await?;
            for words in ["邻居也看到了", "王小敏"] {
                let ticket = all.iter().find(|ticket| ticket.description.contains(words)).unwrap();
                let photo = store::media::list_for_ticket(tx, ticket.id).await?.remove(0).id.to_string();
                found.push((ticket.id, ticket.number.clone(), photo));
            }
            Ok::<_, StoreError>(found)
        })
    });
    let [(ticket, number, own), (neighbours, _, theirs)]: [(TicketId, String, String); 2] =
        found.await.unwrap().try_into().unwrap();
    store.close().await;

    let staff = Session::begin(&demo).await;
    let merge = [("csrf", staff.csrf.as_str()), ("into", number.as_str()), ("reason", "same")];
    assert!(staff.post(&format!("/console/tickets/{neighbours}/merge"), &merge, &[]).await.is_redirection());
    let console = format!("/console/tickets/{ticket}");
    mends(&staff, &console).await;

    // The neighbour reads how the other one stands, and nothing else of it.
    let (_, waits) = page(&demo, &of_neighbour).await;
    let stands = waits.split("<dt>并入的工单</dt>").nth(1).unwrap_or_else(|| panic!("{waits}"));
    assert!(stands.starts_with("<dd>已维修</dd>"), "{waits}");
    assert!(!waits.contains(&number) && !waits.contains(&own) && !waits.contains("<button"), "{waits}");
    let (_, shown) = page(&demo, &path).await;
    assert!(!shown.contains("并入的工单"), "{shown}");
    let (_, report) = page(&demo, &format!("{path}/papers/service")).await;
    for page in [&shown, &report] {
        assert!(page.contains(&own) && !page.contains(&theirs) && !page.contains("王小敏"), "{page}");
    }
    assert!(report.contains("邻居也看到了"), "{report}");
    for (photo, status) in [(&own, StatusCode::OK), (&theirs, StatusCode::NOT_FOUND)] {
        let answer = client().get(format!("{}{path}/photos/{photo}", demo.url)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{photo}");
    }
    let staffs = staff.get(&format!("{console}/papers/service")).await.text().await.unwrap();
    assert!(staffs.contains("王小敏") && staffs.contains(&theirs), "{staffs}");
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
        let (status, told) = page(&demo, &format!("/t/{made_up}/{below}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{below}");
        let back = format!("href=\"/t/{made_up}?lang=");
        assert!(told.contains(&back) && !told.contains("/console"), "{below} leads to what is no owner's: {told}");
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
