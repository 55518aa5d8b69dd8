//! Fetching models from a server that behaves like servers do: it breaks off, knows no ranges,
//! changes the file, sends web pages. The server is real (HTTP over a socket), the disk is real.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod skipped;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use huifang::models::pull::{Order, Patience, PullError, Step, pull};
use huifang::models::{Labels, Manifest, Model, ModelFile, Purpose, sha256_of};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use self::skipped::skipped;

/// How the server answers.
#[derive(Clone)]
struct Manner {
    body: Arc<Vec<u8>>,
    /// Sends the files of this folder instead, by their names; an empty table where there is none.
    folder: Option<PathBuf>,
    ranges: bool,
    /// Sends a range of whatever it has by now, with or without `If-Range`.
    heedless: bool,
    etag: &'static str,
    kind: &'static str,
    /// A redirection leads to where it came from.
    status: StatusCode,
    /// Breaks off after so many bytes of an answer, so many times.
    breaks: (usize, usize),
    /// Does not say how much is to come.
    silent_about_size: bool,
    /// Holds the body back until a permit is there.
    gate: Option<Arc<Semaphore>>,
}

impl Manner {
    fn body_at(&self, path: &str) -> Vec<u8> {
        let Some(folder) = &self.folder else { return self.body.to_vec() };
        fs::read(folder.join(path.rsplit('/').next().unwrap())).unwrap_or_else(|_| b"{}".to_vec())
    }
}

/// What was asked: path, `Range`, `If-Range`.
type Asked = (String, Option<String>, Option<String>);

/// What the server is told and what it tells.
type Shared = (Arc<Mutex<Manner>>, Arc<Mutex<Vec<Asked>>>);

struct Server {
    address: String,
    manner: Arc<Mutex<Manner>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    async fn start(size: usize) -> Server {
        let body: Vec<u8> = (0..size).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
        let manner = Arc::new(Mutex::new(Manner {
            body: Arc::new(body),
            folder: None,
            ranges: true,
            heedless: false,
            etag: "\"one\"",
            kind: "application/octet-stream",
            status: StatusCode::OK,
            breaks: (0, 0),
            silent_about_size: false,
            gate: None,
        }));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state((Arc::clone(&manner), Arc::clone(&asked)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Server { address, manner, asked }
    }

    fn set(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.manner.lock().unwrap());
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn sha256(&self) -> String {
        let place = TempDir::new().unwrap();
        let path = place.path().join("body");
        fs::write(&path, self.manner.lock().unwrap().body.as_slice()).unwrap();
        sha256_of(&path).unwrap()
    }

    fn body(&self) -> Vec<u8> {
        self.manner.lock().unwrap().body.to_vec()
    }

    /// A model of one file that this server has.
    fn model(&self, pinned: bool) -> Model {
        Model {
            name: "test".into(),
            purpose: Purpose::Speech,
            licence: "MIT".into(),
            languages: Vec::new(),
            note: String::new(),
            source: Some(format!("{}/owner/repo/resolve/main/", self.address)),
            speech: None,
            labels: None::<Labels>,
            files: vec![ModelFile {
                file: "speech/ggml-test.bin".into(),
                sha256: pinned.then(|| self.sha256()),
                size: pinned.then(|| self.body().len() as u64),
            }],
            metrics: Vec::new(),
        }
    }
}

async fn answer(State((manner, asked)): State<Shared>, headers: HeaderMap, request: Request) -> Response {
    let said = |name| headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap().to_owned());
    let (range, condition) = (said(header::RANGE), said(header::IF_RANGE));
    asked.lock().unwrap().push((request.uri().to_string(), range.clone(), condition.clone()));
    let mut now = manner.lock().unwrap();
    if now.status.is_redirection() {
        return (now.status, [(header::LOCATION, request.uri().to_string())]).into_response();
    }
    let body = now.body_at(request.uri().path());
    let same = now.heedless || condition.is_none_or(|tag| tag == now.etag);
    let start: Option<usize> = range
        .filter(|_| now.ranges && same)
        .map(|range| range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap());
    let total = body.len();
    if start.is_some_and(|start| start >= total) {
        return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    }
    let rest = body[start.unwrap_or(0)..].to_vec();
    let breaks = now.breaks.1 > 0;
    now.breaks.1 = now.breaks.1.saturating_sub(1);
    let (upto, gate, manner) = (now.breaks.0, now.gate.clone(), now.clone());
    drop(now);
    let mut response = Response::builder()
        .status(if start.is_some() && manner.status == StatusCode::OK {
            StatusCode::PARTIAL_CONTENT
        } else {
            manner.status
        })
        .header(header::ETAG, manner.etag)
        .header(header::CONTENT_TYPE, manner.kind);
    if let Some(start) = start {
        response = response.header(header::CONTENT_RANGE, format!("bytes {start}-{}/{total}", total - 1));
    }
    if !manner.silent_about_size {
        response = response.header(header::CONTENT_LENGTH, rest.len());
    }
    let pieces: Vec<Result<Bytes, std::io::Error>> = if breaks {
        vec![Ok(Bytes::copy_from_slice(&rest[..upto.min(rest.len())]))]
    } else {
        rest.chunks(16 * 1024).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
    };
    let broken = breaks.then(|| {
        futures_util::stream::once(async {
            // What came before is on the wire by then.
            tokio::task::yield_now().await;
            Err(std::io::Error::other("the line breaks"))
        })
    });
    let gated = futures_util::stream::once(async move {
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        Ok(Bytes::new())
    });
    response
        .body(Body::from_stream(
            gated.chain(futures_util::stream::iter(pieces)).chain(futures_util::stream::iter(broken).flatten()),
        ))
        .unwrap()
}

/// An order that does not wait between tries.
fn into(place: &TempDir) -> Order {
    Order {
        into: place.path().to_owned(),
        mirror: None,
        sha256: BTreeMap::new(),
        accept_unpinned: false,
        patience: Patience { tries: 3, pause: Duration::ZERO },
    }
}

async fn fetch(model: &Model, order: &Order) -> Result<PathBuf, PullError> {
    pull(model, order, &mut |_| {}).await
}

/// The error without addresses, ports and directories that change.
fn said(error: &PullError, server: &Server, place: &TempDir) -> String {
    error.to_string().replace(&server.address, "SERVER").replace(&place.path().display().to_string(), "DIR")
}

fn left(place: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(place.path().join("speech"))
        .map(|found| found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[tokio::test]
async fn a_model_comes_whole_and_a_second_time_not_at_all() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    let path = fetch(&server.model(true), &into(&place)).await.unwrap();
    assert_eq!(path, place.path().join("speech/ggml-test.bin"));
    assert_eq!(fs::read(&path).unwrap(), server.body());
    assert_eq!(left(&place), ["ggml-test.bin"], "nothing else stays");
    assert_eq!(server.asked(), [("/owner/repo/resolve/main/ggml-test.bin".to_owned(), None, None)]);
    let mut present = false;
    pull(&server.model(true), &into(&place), &mut |step| present |= matches!(step, Step::Present { .. }))
        .await
        .unwrap();
    assert!(present && server.asked().is_empty());
    fs::write(&path, "spoilt").unwrap();
    fetch(&server.model(true), &into(&place)).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), server.body(), "a file that is not right is replaced");
}

#[tokio::test]
async fn a_cut_connection_is_taken_up_where_it_broke() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    server.set(|manner| manner.breaks = (100_000, 2));
    let path = fetch(&server.model(true), &into(&place)).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), server.body());
    let asked: Vec<_> = server.asked().into_iter().map(|(_, range, condition)| (range, condition)).collect();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0], (None, None));
    assert!(asked[1].0.as_ref().is_some_and(|range| range.starts_with("bytes=")), "{asked:?}");
    assert_eq!(asked[1].1.as_deref(), Some("\"one\""), "only if it is the same file still");
}

#[tokio::test]
async fn what_a_line_that_stays_broken_brought_is_there_for_the_next_run() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    server.set(|manner| manner.breaks = (100_000, 1));
    let hasty = Order { patience: Patience { tries: 1, pause: Duration::ZERO }, ..into(&place) };
    let error = fetch(&server.model(true), &hasty).await.unwrap_err();
    assert!(matches!(error, PullError::Broken { have: 100_000, .. }), "{error:?}");
    assert!(
        said(&error, &server, &place)
            .ends_with("what has come is kept: give the same command again to go on from there")
    );
    assert_eq!(left(&place), ["ggml-test.bin.part", "ggml-test.bin.part.from"]);
    server.asked();
    let path = fetch(&server.model(true), &hasty).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), server.body());
    let asked = server.asked();
    assert_eq!((asked.len(), asked[0].1.as_deref()), (1, Some("bytes=100000-")));
    assert_eq!(left(&place), ["ggml-test.bin"]);
}

#[tokio::test]
async fn nothing_is_said_to_be_kept_that_the_next_run_cannot_go_on_from() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    // A weak version says nothing of the bytes, and no checksum will.
    server.set(|manner| (manner.etag, manner.breaks) = ("W/\"one\"", (100_000, 1)));
    let patience = Patience { tries: 1, pause: Duration::ZERO };
    let error = fetch(&server.model(false), &Order { accept_unpinned: true, patience, ..into(&place) }).await;
    let error = error.unwrap_err();
    assert!(matches!(error, PullError::Broken { have: 100_000, kept: false, .. }), "{error:?}");
    assert!(error.to_string().ends_with("; give the same command again"), "{error}");
}

#[tokio::test]
async fn addresses_that_send_on_in_a_circle_are_told_and_nothing_is_left() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    server.set(|manner| manner.status = StatusCode::FOUND);
    let mut waits = 0;
    let watch = &mut |step: Step<'_>| waits += u32::from(matches!(step, Step::Waiting { .. }));
    let error = pull(&server.model(true), &into(&place), watch).await.unwrap_err();
    assert!(matches!(error, PullError::Circle { .. }), "{error:?}");
    let told = "SERVER/owner/repo/resolve/main/ggml-test.bin sends on from one address to the next without end; \
                name another mirror with --from";
    assert_eq!((said(&error, &server, &place).as_str(), waits), (told, 0));
    assert_eq!(left(&place), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_without_ranges_is_asked_for_all_of_it_again() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    server.set(|manner| (manner.ranges, manner.breaks) = (false, (100_000, 1)));
    let mut anew = 0;
    let path =
        pull(&server.model(true), &into(&place), &mut |step| anew += u32::from(matches!(step, Step::Anew { .. })))
            .await
            .unwrap();
    assert_eq!((anew, fs::read(&path).unwrap()), (1, server.body()));
}

#[tokio::test]
async fn an_answer_that_is_not_the_model_costs_nothing_of_what_has_come() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    let order = Order { patience: Patience { tries: 1, pause: Duration::ZERO }, ..into(&place) };
    let (model, body) = (server.model(true), server.body());
    server.set(|manner| manner.breaks = (100_000, 1));
    fetch(&model, &order).await.unwrap_err();
    server.set(|manner| (manner.ranges, manner.kind) = (false, "text/html"));
    let error = fetch(&model, &order).await.unwrap_err();
    assert!(matches!(error, PullError::WebPage { .. }), "{error}");
    server.set(|manner| (manner.kind, manner.body) = ("application/octet-stream", Arc::new(vec![3; 7_000])));
    let error = fetch(&model, &order).await.unwrap_err();
    assert!(matches!(error, PullError::Announced { announced: 7_000, .. }), "{error}");
    server.set(|manner| (manner.ranges, manner.body) = (true, Arc::new(body.clone())));
    server.asked();
    let path = fetch(&model, &order).await.unwrap();
    assert_eq!(server.asked()[0].1.as_deref(), Some("bytes=100000-"));
    assert_eq!(fs::read(path).unwrap(), body);
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_is_not_patched_together() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    let order = Order { accept_unpinned: true, patience: Patience { tries: 1, pause: Duration::ZERO }, ..into(&place) };
    server.set(|manner| manner.breaks = (100_000, 1));
    fetch(&server.model(false), &order).await.unwrap_err();
    server.set(|manner| (manner.etag, manner.body) = ("\"two\"", Arc::new(vec![9; 200_000])));
    let path = fetch(&server.model(false), &order).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), vec![9; 200_000]);
    assert_eq!(server.asked().last().unwrap().2.as_deref(), Some("\"one\""));
}

#[tokio::test]
async fn nor_by_a_server_that_does_not_heed_the_condition() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    let patience = |tries| Patience { tries, pause: Duration::ZERO };
    let order = Order { accept_unpinned: true, patience: patience(1), ..into(&place) };
    server.set(|manner| (manner.heedless, manner.breaks) = (true, (100_000, 1)));
    fetch(&server.model(false), &order).await.unwrap_err();
    server.set(|manner| (manner.etag, manner.body) = ("\"two\"", Arc::new(vec![9; 400_000])));
    let order = Order { patience: patience(2), ..order };
    let path = fetch(&server.model(false), &order).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), vec![9; 400_000]);
}

#[tokio::test]
async fn a_password_in_the_address_of_a_mirror_is_neither_shown_nor_kept() {
    let (server, place) = (Server::start(300_000).await, TempDir::new().unwrap());
    let mirror = server.address.replace("http://", "http://ci:secret@");
    let patience = Patience { tries: 1, pause: Duration::ZERO };
    let order = Order { accept_unpinned: true, mirror: Some(mirror), patience, ..into(&place) };
    server.set(|manner| manner.breaks = (100_000, 1));
    let error = fetch(&server.model(false), &order).await.unwrap_err().to_string();
    assert!(error.contains(&server.address) && !error.contains("secret"), "{error}");
    let kept = fs::read_to_string(place.path().join("speech/ggml-test.bin.part.from")).unwrap();
    assert!(!kept.contains("secret"), "{kept}");
}

#[tokio::test]
async fn a_wrong_checksum_removes_the_file_and_names_both() {
    let (server, place) = (Server::start(50_000).await, TempDir::new().unwrap());
    let model = server.model(true);
    let known = server.sha256();
    server.set(|manner| manner.body = Arc::new(vec![1; 50_000]));
    let error = fetch(&model, &into(&place)).await.unwrap_err();
    let found = server.sha256();
    assert!(error.to_string().contains(&known) && error.to_string().contains(&found), "{error}");
    assert_eq!(left(&place), Vec::<String>::new());
}

#[tokio::test]
async fn a_mirror_is_not_blamed_for_what_another_one_sent_before() {
    let (bad, good, place) = (Server::start(300_000).await, Server::start(300_000).await, TempDir::new().unwrap());
    let model = good.model(true);
    let hasty = Patience { tries: 1, pause: Duration::ZERO };
    let from = |server: &Server| Order { mirror: Some(server.address.clone()), patience: hasty, ..into(&place) };
    bad.set(|manner| (manner.body, manner.breaks) = (Arc::new(vec![1; 300_000]), (100_000, 1)));
    fetch(&model, &from(&bad)).await.unwrap_err();
    let path = fetch(&model, &from(&good)).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), good.body());
    let ranges: Vec<_> = good.asked().into_iter().map(|(_, range, _)| range).collect();
    assert_eq!(ranges, [Some("bytes=100000-".to_owned()), None], "the rest fits nothing, so all of it");

    fs::remove_file(&path).unwrap();
    bad.set(|manner| manner.breaks = (100_000, 1));
    fetch(&model, &from(&bad)).await.unwrap_err();
    bad.asked();
    let error = fetch(&model, &from(&bad)).await.unwrap_err();
    assert!(matches!(error, PullError::Hash { .. }), "{error}");
    assert_eq!((bad.asked().len(), left(&place)), (2, Vec::new()), "once from its beginning, and no more");
}

#[tokio::test]
async fn answers_that_are_no_model_are_told_apart() {
    let (server, place) = (Server::start(5_000).await, TempDir::new().unwrap());
    let (model, order) = (server.model(true), into(&place));
    let mut answers = Vec::new();
    server.set(|manner| manner.status = StatusCode::NOT_FOUND);
    answers.push(said(&fetch(&model, &order).await.unwrap_err(), &server, &place));
    assert_eq!(server.asked().len(), 1, "asking again does not help");
    server.set(|manner| manner.status = StatusCode::FORBIDDEN);
    answers.push(said(&fetch(&model, &order).await.unwrap_err(), &server, &place));
    server.set(|manner| manner.status = StatusCode::SERVICE_UNAVAILABLE);
    server.asked();
    answers.push(said(&fetch(&model, &order).await.unwrap_err(), &server, &place));
    assert_eq!(server.asked().len(), 3, "this may pass");
    server.set(|manner| (manner.status, manner.kind) = (StatusCode::OK, "text/html; charset=utf-8"));
    answers.push(said(&fetch(&model, &order).await.unwrap_err(), &server, &place));
    let page = b"  <!DOCTYPE html><title>Log in</title>".to_vec();
    server.set(|manner| (manner.kind, manner.body) = ("application/octet-stream", Arc::new(page)));
    let unpinned = Order { accept_unpinned: true, ..into(&place) };
    answers.push(said(&fetch(&server.model(false), &unpinned).await.unwrap_err(), &server, &place));
    server.set(|manner| manner.body = Arc::new(vec![3; 7_000]));
    answers.push(said(&fetch(&model, &order).await.unwrap_err(), &server, &place));
    server.set(|manner| manner.silent_about_size = true);
    answers.push(said(&fetch(&model, &order).await.unwrap_err(), &server, &place));
    insta::assert_snapshot!(answers.join("\n"), @r"
    SERVER/owner/repo/resolve/main/ggml-test.bin is not there (HTTP 404); the mirror may lack it, or needs another base address
    SERVER/owner/repo/resolve/main/ggml-test.bin answers HTTP 403: it wants a log-in or refuses this machine; name a mirror with --from
    SERVER/owner/repo/resolve/main/ggml-test.bin answers HTTP 503: it is overloaded or out of order; try again later, or name a mirror with --from
    SERVER/owner/repo/resolve/main/ggml-test.bin sends a web page, not a model: a log-in page of the network or of the mirror stands in between
    SERVER/owner/repo/resolve/main/ggml-test.bin sends a web page, not a model: a log-in page of the network or of the mirror stands in between
    SERVER/owner/repo/resolve/main/ggml-test.bin announces 7000 bytes, but the model has 5000: it is another file, or another version
    SERVER/owner/repo/resolve/main/ggml-test.bin sends more than the 5000 bytes it should; what came was removed
    ");
}

#[tokio::test]
async fn a_server_nobody_answers_at_is_named_with_what_can_be_done() {
    let (server, place) = (Server::start(10).await, TempDir::new().unwrap());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let order = Order { mirror: Some(format!("http://{free}")), ..into(&place) };
    let mut waits = 0;
    let error = pull(&server.model(true), &order, &mut |step| waits += u32::from(matches!(step, Step::Waiting { .. })))
        .await
        .unwrap_err();
    assert_eq!(waits, 2, "three tries");
    assert_eq!(left(&place), Vec::<String>::new(), "nothing has come");
    let text = error.to_string();
    assert!(text.contains("onnection refused") && text.contains("HTTPS_PROXY") && text.contains("--from"), "{text}");
}

#[tokio::test]
async fn a_mirror_stands_in_for_the_host_and_keeps_the_path() {
    let (server, place) = (Server::start(5_000).await, TempDir::new().unwrap());
    let mut model = server.model(true);
    model.source = Some("https://huggingface.example/owner/repo/resolve/main/".to_owned());
    let order = Order { mirror: Some(format!("{}/hub/", server.address)), ..into(&place) };
    fetch(&model, &order).await.unwrap();
    assert_eq!(server.asked()[0].0, "/hub/owner/repo/resolve/main/ggml-test.bin");
    let order = Order { mirror: Some("ftp://there".to_owned()), ..into(&place) };
    assert!(matches!(fetch(&model, &order).await, Err(PullError::Address { .. })));
    let order = Order { mirror: Some("htps://ci:secret@there".to_owned()), ..into(&place) };
    let error = fetch(&model, &order).await.unwrap_err().to_string();
    assert!(error.contains("--from") && !error.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_file_without_a_known_checksum_comes_only_if_that_is_accepted_and_then_is_pinned() {
    let (server, place) = (Server::start(5_000).await, TempDir::new().unwrap());
    let model = server.model(false);
    let error = fetch(&model, &into(&place)).await.unwrap_err();
    assert!(matches!(error, PullError::Unpinned { .. }) && server.asked().is_empty(), "{error}");
    let trusting = Order { accept_unpinned: true, ..into(&place) };
    let path = fetch(&model, &trusting).await.unwrap();
    assert_eq!(left(&place), ["ggml-test.bin", "ggml-test.bin.sha256"]);
    let record = fs::read_to_string(place.path().join("speech/ggml-test.bin.sha256")).unwrap();
    assert_eq!(record, format!("{}  ggml-test.bin\n", server.sha256()), "as sha256sum writes it");
    model.files[0].verify(&path, true).unwrap();
    let _ = server.asked();
    fetch(&model, &trusting).await.unwrap();
    assert!(server.asked().is_empty(), "it is here, as its record says");
    fs::write(&path, "changed").unwrap();
    model.files[0].verify(&path, true).unwrap_err();
    let vouched = Order { sha256: BTreeMap::from([("ggml-test.bin".into(), "0".repeat(64))]), ..into(&place) };
    assert!(matches!(fetch(&model, &vouched).await, Err(PullError::Hash { .. })), "what is vouched for is held to");
}

#[tokio::test]
async fn two_at_once_do_not_write_the_same_file() {
    let (server, place) = (Server::start(50_000).await, TempDir::new().unwrap());
    let gate = Arc::new(Semaphore::new(0));
    server.set(|manner| manner.gate = Some(Arc::clone(&gate)));
    let (model, order) = (server.model(true), into(&place));
    let begun = Arc::new(tokio::sync::Notify::new());
    let first = {
        let (model, order, begun) = (model.clone(), order.clone(), Arc::clone(&begun));
        tokio::spawn(async move {
            pull(&model, &order, &mut |step| {
                if matches!(step, Step::Receiving { .. }) {
                    begun.notify_one();
                }
            })
            .await
        })
    };
    begun.notified().await;
    let second = fetch(&model, &order).await.unwrap_err();
    assert!(matches!(second, PullError::Busy { .. }), "{second}");
    gate.add_permits(1);
    let path = first.await.unwrap().unwrap();
    assert_eq!(fs::read(path).unwrap(), server.body());
    fetch(&model, &order).await.expect("the lock went with the part");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_said() {
    let (server, place) = (Server::start(10).await, TempDir::new().unwrap());
    // Root may write anywhere; a file where the directory should be stops everybody.
    fs::write(place.path().join("speech"), "in the way").unwrap();
    let error = fetch(&server.model(true), &into(&place)).await.unwrap_err();
    assert!(matches!(error, PullError::File { .. }) && error.to_string().contains("--into"), "{error}");
    let read_only = Order { into: PathBuf::from("/proc/sys/huifang"), ..into(&place) };
    assert!(matches!(fetch(&server.model(true), &read_only).await, Err(PullError::File { .. })));
    assert!(server.asked().is_empty(), "nothing is fetched that could not be kept");
}

/// A small file system of its own, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        let place = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(place.path())
            .output();
        mounted.is_ok_and(|ended| ended.status.success()).then_some(SmallDisk(place))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[tokio::test]
async fn a_disk_without_room_is_noticed_before_the_first_byte() {
    let Some(disk) = SmallDisk::mount("1m") else {
        skipped("no small file system can be mounted here (not root, or no right to)");
        return;
    };
    let server = Server::start(2_000_000).await;
    let error = fetch(&server.model(true), &into(&disk.0)).await.unwrap_err();
    assert!(matches!(error, PullError::NoRoom { to_come: Some(2_000_000), .. }), "{error}");
    assert!(error.to_string().contains("2000000 bytes are to come and 16777216 have to stay free, but "), "{error}");
    assert_eq!(left(&disk.0), Vec::<String>::new());
    server.set(|manner| manner.silent_about_size = true);
    let order = Order { accept_unpinned: true, ..into(&disk.0) };
    let error = fetch(&server.model(false), &order).await.unwrap_err();
    assert!(matches!(error, PullError::NoRoom { to_come: None, .. }), "{error}");
    assert!(error.to_string().contains("lacks room: at least 16777216 bytes have to stay free"), "{error}");
}

#[tokio::test]
async fn a_disk_that_fills_up_keeps_the_part() {
    let Some(disk) = SmallDisk::mount("20m") else {
        skipped("no small file system can be mounted here (not root, or no right to)");
        return;
    };
    let server = Server::start(30_000_000).await;
    // Nothing is announced, so that nothing can be known beforehand.
    server.set(|manner| manner.silent_about_size = true);
    let order = Order { accept_unpinned: true, ..into(&disk.0) };
    let error = fetch(&server.model(false), &order).await.unwrap_err();
    let PullError::Full { have, .. } = error else { panic!("{error}") };
    assert!(have > 15_000_000, "{have}");
    assert_eq!(fs::metadata(disk.0.path().join("speech/ggml-test.bin.part")).unwrap().len(), have);
}

/// Runs the program with no variables but those given.
async fn huifang(directory: &Path, variables: &[(&str, String)], arguments: &[&str], small_files: bool) -> Output {
    let program = env!("CARGO_BIN_EXE_huifang");
    let mut command = if small_files {
        // A file may have 512 kB; the signal that would end the program is turned into an error.
        let mut shell = tokio::process::Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\"", program]);
        shell
    } else {
        tokio::process::Command::new(program)
    };
    let variables = variables.iter().map(|(name, value)| (*name, value));
    command.args(arguments).current_dir(directory).env_clear().envs(variables).output().await.unwrap()
}

#[tokio::test]
async fn the_program_says_what_is_wrong_and_ends_with_1() {
    let (server, place) = (Server::start(5_000_000).await, TempDir::new().unwrap());
    let said = |output: &Output| String::from_utf8(output.stderr.clone()).unwrap();
    let ended = huifang(place.path(), &[], &["models", "pull", "whisper-smal"], false).await;
    assert!(!ended.status.success() && said(&ended).contains("did you mean whisper-small?"), "{}", said(&ended));
    let ended = huifang(place.path(), &[], &["models", "pull", "distilbert-multilingual"], false).await;
    assert!(!ended.status.success() && said(&ended).contains("--accept-unpinned"), "{}", said(&ended));
    let other = "0".repeat(64);
    let ended = huifang(place.path(), &[], &["models", "pull", "whisper-tiny", "--sha256", &other], false).await;
    let refused = said(&ended);
    assert!(!ended.status.success() && refused.contains("the ggml-tiny.bin of whisper-tiny has "), "{refused}");
    let ended = huifang(place.path(), &[], &["models", "pull", "huifang-zh-en"], false).await;
    assert!(!ended.status.success() && said(&ended).contains("nothing to fetch"), "{}", said(&ended));
    let arguments = ["models", "pull", "whisper-tiny", "--into", "m", "--from", &server.address];
    let ended = huifang(place.path(), &[], &arguments, false).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(said(&ended).contains("announces 5000000 bytes, but the model has 77691713"), "{}", said(&ended));
}

#[tokio::test]
async fn a_file_that_grows_too_large_for_this_process_keeps_its_part() {
    let (server, place) = (Server::start(3_000_000).await, TempDir::new().unwrap());
    let arguments =
        ["models", "pull", "distilbert-multilingual", "--accept-unpinned", "--into", "m", "--from", &server.address];
    let ended = huifang(place.path(), &[], &arguments, true).await;
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("no room left for") && said.contains("give the same command again"), "{said}");
    let part = place.path().join("m/sentiment/distilbert-multilingual/model.safetensors.part");
    assert!(fs::metadata(&part).unwrap().len() > 400_000);
}

#[tokio::test]
async fn a_pulled_model_comes_by_the_proxy_and_the_lines_that_put_it_to_use_are_printed() {
    // A proxy for http:// is asked with the whole address; our server answers any.
    let (proxy, place) = (Server::start(0).await, TempDir::new().unwrap());
    let sentiment = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/sentiment");
    proxy.set(|manner| manner.folder = Some(sentiment.clone()));
    let variables = [("http_proxy", proxy.address.clone()), ("HUIFANG_MODELS__MIRROR", "http://mirror.invalid".into())];
    let arguments = ["models", "pull", "distilbert-multilingual", "--accept-unpinned", "--into", "m"];
    let ended = huifang(place.path(), &variables, &arguments, false).await;
    let (lines, said) = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert!(ended.status.success(), "{said}");
    let asked = proxy.asked();
    assert_eq!(asked.len(), 4, "weights, configuration, vocabulary, tokenizer");
    assert!(asked[0].0.starts_with("http://mirror.invalid/lxyuan/"), "{asked:?}");
    let directory = place.path().canonicalize().unwrap().join("m/sentiment/distilbert-multilingual");
    assert_eq!(lines, format!("[tagging]\nmodel = \"{}\"\n", directory.display()));
    let sha256 = sha256_of(&sentiment.join("model.safetensors")).unwrap();
    assert!(said.contains(&sha256), "the checksum is printed: {said}");
    let listed = huifang(place.path(), &[], &["models", "list", "--dir", "m"], false).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    let line = listed.lines().find(|line| line.starts_with("distilbert-multilingual")).unwrap();
    assert!(line.contains(" yes "), "{line}");
    assert!(listed.contains("synthetic voices") && listed.contains("models pull"), "{listed}");
}

#[tokio::test]
async fn a_classifier_that_came_and_cannot_be_used_is_not_put_to_use() {
    let (server, place) = (Server::start(3_000).await, TempDir::new().unwrap());
    let arguments =
        ["models", "pull", "distilbert-multilingual", "--accept-unpinned", "--into", "m", "--from", &server.address];
    let ended = huifang(place.path(), &[], &arguments, false).await;
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), ended.stdout), (Some(1), Vec::new()), "{said}");
    assert!(said.contains("huifang: distilbert-multilingual came, and cannot be used: sentiment model: "), "{said}");
}

#[tokio::test]
async fn the_list_says_of_the_model_that_is_used_whether_it_is_whole() {
    let place = TempDir::new().unwrap();
    let name = "ggml-huifang-zh-en-q5_0.bin";
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/speech").join(name);
    fs::create_dir(place.path().join("own")).unwrap();
    fs::copy(shipped, place.path().join("own").join(name)).unwrap();
    let variables = [("HUIFANG_SPEECH__MODEL", format!("own/{name}"))];
    let listed = async || {
        // Nothing is in the directory that is looked at beside.
        let ended = huifang(place.path(), &variables, &["models", "list", "--dir", "m"], false).await;
        let listed = String::from_utf8(ended.stdout).unwrap();
        let line = listed.lines().find(|line| line.starts_with("huifang-zh-en ")).unwrap();
        let columns: Vec<String> = line.split_whitespace().skip(4).take(2).map(str::to_owned).collect();
        (columns[0].clone(), columns[1].clone())
    };
    assert_eq!(listed().await, ("yes".to_owned(), "yes".to_owned()));
    fs::write(place.path().join("own").join(name), "cut off").unwrap();
    assert_eq!(listed().await, ("-".to_owned(), "broken".to_owned()));
    fs::remove_file(place.path().join("own").join(name)).unwrap();
    assert_eq!(listed().await, ("-".to_owned(), "broken".to_owned()), "named, and not there");
}

#[test]
fn every_published_model_can_be_asked_for_at_an_address() {
    for model in &Manifest::embedded().unwrap().models {
        let Some(source) = &model.source else { continue };
        for file in &model.files {
            format!("{source}{}", file.name()).parse::<axum::http::Uri>().unwrap();
        }
    }
}
