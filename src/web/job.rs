//! `/j/{token}`: one job of a subcontractor, worked on a phone without an account. The token is the
//! only key; what it opens, and for how long, `crate::desk::links` decides.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, RequestExt};
use serde::Deserialize;

use super::console::view::When;
use super::error::{WebError, link_of};
use super::posted::{LARGEST_UPLOAD, Posted};
use super::words::{Words, language_of};
use super::{Web, cookie, range, secret};
use crate::desk::links::{Job, Key, LinkError, LinkFault};
use crate::domain::ids::MediaId;
use crate::domain::media::MediaKind;
use crate::domain::ticket::Status;
use crate::store::{Tx, appointments, contacts, media, projects, units};

/// How long the phone that accepted is remembered, in seconds: longer than a link lives.
const REMEMBERED: u32 = 90 * 86_400;

/// `/j/…`
pub(super) fn routes() -> Router<Web> {
    let upload = DefaultBodyLimit::max(LARGEST_UPLOAD);
    Router::new()
        .route("/j/{token}", get(show))
        .route("/j/{token}/photos/{id}", get(photo))
        .route("/j/{token}/accept", post(accept))
        .route("/j/{token}/decline", post(decline))
        .route("/j/{token}/way", post(way))
        .route("/j/{token}/arrived", post(arrived))
        .route("/j/{token}/rectified", post(rectified).layer(upload))
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

#[derive(Deserialize)]
struct Note {
    note: String,
}

async fn show(State(web): State<Web>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, WebError> {
    let words = web.words(language_of(&headers));
    let key = key(&token, &headers);
    let (cookie, known) = (cookie_name(&key.token_hash), key.mark.is_some());
    let (this, w) = (web.clone(), words.clone());
    let page = web.store.read(|tx| {
        Box::pin(async move {
            let job = this.desk.job(tx, &key).await?;
            JobPage::of(&this, tx, job, format!("/j/{token}"), w).await.map_err(Refused::Web)
        })
    });
    match page.await {
        // By this it is known again if it accepts and our answer gets lost.
        Ok(page) if !page.accepted && !known => {
            let own = cookie::write(&cookie, &secret::mint()?, REMEMBERED, web.https());
            Ok(([(SET_COOKIE, own)], Html(page.render()?)).into_response())
        }
        Ok(page) => Ok(Html(page.render()?).into_response()),
        Err(refused) => refused.answer(words),
    }
}

/// A photo of the ticket, for whoever may see the job.
async fn photo(
    State(web): State<Web>,
    Path((token, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let id: MediaId = id.parse().map_err(|_| WebError::NotFound)?;
    let (this, key) = (web.clone(), key(&token, &headers));
    let found = web.store.read(|tx| {
        Box::pin(async move {
            let job = this.desk.job(tx, &key).await?;
            let files = media::list_for_ticket(tx, job.ticket.id).await?;
            let photo = |file: &media::Media| file.id == id && file.kind == MediaKind::Photo.name();
            Ok::<_, Refused>(files.into_iter().find(photo))
        })
    });
    let found = found.await.map_err(|refused| match refused {
        Refused::Link(_) => WebError::NotFound,
        Refused::Web(error) => error,
    });
    let file = found?.ok_or(WebError::NotFound)?;
    Ok(range::serve(&file.content_type, web.blobs.get(&file.key).await?, &headers))
}

async fn accept(State(web): State<Web>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, WebError> {
    match web.desk.firm_accepts(key(&token, &headers)).await {
        Ok(mark) => {
            let kept = cookie::write(&cookie_name(&secret::hash(&token)), &mark, REMEMBERED, web.https());
            Ok(([(SET_COOKIE, kept)], back(&token)).into_response())
        }
        Err(error) => Refused::from(error).answer(web.words(language_of(&headers))),
    }
}

async fn decline(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Reason>,
) -> Result<Response, WebError> {
    let w = web.words(language_of(&headers));
    match web.desk.firm_declines(key(&token, &headers), &form.reason).await {
        // The link has ended with it: to go back to the job would tell that somebody took it back.
        Ok(()) => Ok(Html(declined(w).render()?).into_response()),
        Err(error) => Refused::from(error).answer(w),
    }
}

fn declined(w: Words) -> FaultPage {
    FaultPage { title: "web.job.title", message: w.get("web.job.declined"), back: None, w }
}

async fn way(State(web): State<Web>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, WebError> {
    let done = web.desk.firm_sets_out(key(&token, &headers)).await;
    answer(&web, done, &token, &headers)
}

async fn arrived(State(web): State<Web>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, WebError> {
    let done = web.desk.firm_arrives(key(&token, &headers)).await;
    answer(&web, done, &token, &headers)
}

async fn rectified(State(web): State<Web>, Path(token): Path<String>, request: Request) -> Result<Response, WebError> {
    let headers = request.headers().clone();
    let key = key(&token, &headers);
    // Nothing is taken in from somebody whose link opens nothing.
    let (this, of) = (web.clone(), key.clone());
    let open = web.store.read(|tx| Box::pin(async move { this.desk.job(tx, &of).await.map(drop) }));
    if let Err(error) = open.await {
        return Refused::from(error).answer(web.words(language_of(&headers)));
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let posted = if kind.starts_with("multipart/form-data") {
        Posted::read_parts(&web, request).await?
    } else {
        let Form(note) = request.extract::<Form<Note>, _>().await.map_err(|_| WebError::BadRequest)?;
        Posted { text: Some(note.note), ..Posted::default() }
    };
    if posted.refused.is_some() {
        posted.forget_files(&web).await;
        return Err(WebError::BadFile);
    }
    let note = posted.text.clone().unwrap_or_default();
    let done = web.desk.firm_rectifies(key, &note, posted.files.clone()).await.map_err(Refused::from);
    match &done {
        Err(Refused::Link(_)) => posted.forget_files(&web).await,
        Err(Refused::Web(error)) => posted.forget_refused(&web, error).await,
        Ok(()) => {}
    }
    answer(&web, done, &token, &headers)
}

/// Why nothing is shown or done.
#[derive(Debug)]
enum Refused {
    Link(LinkFault),
    Web(WebError),
}

impl From<LinkError> for Refused {
    fn from(error: LinkError) -> Refused {
        match error {
            LinkError::Fault(fault) => Refused::Link(fault),
            LinkError::Desk(error) => Refused::Web(error.into()),
        }
    }
}

impl From<crate::store::StoreError> for Refused {
    fn from(error: crate::store::StoreError) -> Refused {
        Refused::Web(error.into())
    }
}

impl Refused {
    fn answer(self, w: Words) -> Result<Response, WebError> {
        let fault = match self {
            Refused::Link(fault) => fault,
            Refused::Web(error) => return Err(error),
        };
        let (status, name) = match fault {
            LinkFault::Unknown => (StatusCode::NOT_FOUND, "unknown"),
            LinkFault::Expired => (StatusCode::GONE, "expired"),
            LinkFault::Done => (StatusCode::GONE, "done"),
            LinkFault::Withdrawn => (StatusCode::GONE, "withdrawn"),
            LinkFault::Elsewhere => (StatusCode::FORBIDDEN, "elsewhere"),
        };
        let title = if fault == LinkFault::Done { "web.job.title" } else { "web.job.fault.title" };
        let message = w.get(&format!("web.job.fault.{name}"));
        let page = FaultPage { title, message, back: None, w };
        Ok((status, Html(page.render()?)).into_response())
    }
}

/// Draws an error that is none of the link's: what was handed in could not be taken.
pub(super) fn trouble(w: Words, title: &'static str, message: String, path: &str) -> String {
    let page = FaultPage { title, message, back: Some(link_of(path)), w };
    page.render().unwrap_or_default()
}

/// The page of a job.
#[derive(Debug, Template)]
#[template(path = "job.html")]
#[expect(clippy::struct_excessive_bools, reason = "independent parts of a page")]
struct JobPage {
    w: Words,
    here: String,
    number: String,
    status_key: String,
    firm: String,
    what: String,
    place: Vec<(&'static str, String)>,
    said: String,
    visit: Option<String>,
    wished: Option<String>,
    photos: Vec<String>,
    owner: Option<String>,
    /// Only for whoever accepted.
    phone: Option<String>,
    until: When,
    accepted: bool,
    can_arrive: bool,
    can_rectify: bool,
    on_the_way: bool,
    waiting: bool,
    again: bool,
}

/// What is said instead of a job, or of whatever else a link should have opened.
#[derive(Debug, Template)]
#[template(path = "job_fault.html")]
pub(super) struct FaultPage {
    pub(super) w: Words,
    pub(super) title: &'static str,
    pub(super) message: String,
    /// Where the job is, if its link is good.
    pub(super) back: Option<String>,
}

impl JobPage {
    async fn of(web: &Web, tx: &mut Tx, job: Job, here: String, w: Words) -> Result<JobPage, WebError> {
        let Job { ticket, firm, accepted, on_the_way, link } = job;
        let unit = match ticket.unit_id {
            Some(unit) => units::find(tx, unit).await?,
            None => None,
        };
        let project = match ticket.project_id {
            Some(project) => projects::find(tx, project).await?,
            None => None,
        };
        let owner = contacts::find(tx, ticket.contact_id).await?.filter(|_| accepted);
        let visit = appointments::open_of_ticket(tx, ticket.id).await?.and_then(|found| found.agreed);
        let files = media::list_for_ticket(tx, ticket.id).await?;
        let address: Vec<_> =
            project.map(|project| project.name).into_iter().chain(unit.map(|unit| unit.label)).collect();
        let trade = ticket.category.map(|category| w.get(&format!("category.{}", category.name())));
        let what = [trade, ticket.component.clone(), ticket.symptom.clone()].into_iter().flatten();
        let place = [("web.job.where", address.join(" ")), ("web.job.place", ticket.location.unwrap_or_default())];
        let working = matches!(ticket.status, Status::Assigned | Status::OnSite | Status::Reopened);
        Ok(JobPage {
            number: ticket.number,
            status_key: format!("web.job.status.{}", ticket.status.name()),
            firm: firm.name,
            what: what.collect::<Vec<_>>().join(" · "),
            place: place.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
            said: ticket.description,
            visit: visit.map(|window| web.intake.window_label(w.language, window)),
            wished: ticket.wished_time.filter(|_| visit.is_none()),
            photos: files
                .iter()
                .filter(|file| file.kind == MediaKind::Photo.name())
                .map(|file| format!("{here}/photos/{}", file.id))
                .collect(),
            owner: owner.as_ref().and_then(|owner| owner.name.clone()),
            phone: owner.and_then(|owner| owner.phone),
            until: When::of(link.expires_at, &w),
            accepted,
            can_arrive: accepted && matches!(ticket.status, Status::Assigned | Status::Reopened),
            can_rectify: accepted && working,
            on_the_way,
            waiting: matches!(ticket.status, Status::Rectified | Status::Verified),
            again: ticket.status == Status::Reopened,
            here,
            w,
        })
    }
}

fn answer(
    web: &Web,
    done: Result<(), impl Into<Refused>>,
    token: &str,
    headers: &HeaderMap,
) -> Result<Response, WebError> {
    match done {
        Ok(()) => Ok(back(token).into_response()),
        Err(error) => error.into().answer(web.words(language_of(headers))),
    }
}

fn key(token: &str, headers: &HeaderMap) -> Key {
    let token_hash = secret::hash(token);
    let mark = cookie::read(headers, &cookie_name(&token_hash)).map(str::to_owned);
    Key { token_hash, mark }
}

/// One a link, so that a phone may work several jobs.
fn cookie_name(token_hash: &str) -> String {
    format!("huifang_job_{}", token_hash.get(..12).unwrap_or_default())
}

fn back(token: &str) -> Redirect {
    Redirect::to(&format!("/j/{token}"))
}

#[cfg(test)]
mod tests {
    use super::super::console::view::samples::{check, words};
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    fn page(language: Language, accepted: bool, status: Status) -> JobPage {
        JobPage {
            w: words(language),
            here: "/j/token".to_owned(),
            number: "HF2611-0042".to_owned(),
            status_key: format!("web.job.status.{}", status.name()),
            firm: "安居防水".to_owned(),
            what: "渗漏 · 天花板 · 滴水".to_owned(),
            place: vec![("web.job.where", "云栖花园 3栋1单元502".to_owned()), ("web.job.place", "主卧".to_owned())],
            said: "主卧卫生间天花板在滴水，已经拿盆接了".to_owned(),
            visit: accepted.then(|| "11月24日（周二）09:00–12:00".to_owned()),
            wished: (!accepted).then(|| "周末".to_owned()),
            photos: vec!["/assets/icon.svg".to_owned()],
            owner: accepted.then(|| "王女士".to_owned()),
            phone: accepted.then(|| "139 0000 0000".to_owned()),
            until: When::of(Timestamp(1_795_000_000_000), &words(language)),
            accepted,
            can_arrive: accepted && status == Status::Assigned,
            can_rectify: accepted && status != Status::Rectified,
            on_the_way: false,
            waiting: status == Status::Rectified,
            again: status == Status::Reopened,
        }
    }

    #[test]
    fn the_page_is_drawn_in_every_language_at_every_stage() {
        for language in Language::ALL {
            check("job_new", language, &page(language, false, Status::Assigned).render().unwrap());
            check("job_accepted", language, &page(language, true, Status::Assigned).render().unwrap());
            let on_the_way = JobPage { on_the_way: true, ..page(language, true, Status::Assigned) }.render().unwrap();
            check("job_on_the_way", language, &on_the_way);
            assert!(!on_the_way.contains("/j/token/way") && on_the_way.contains("/j/token/arrived"), "told already");
            check("job_reopened", language, &page(language, true, Status::Reopened).render().unwrap());
            check("job_waiting", language, &page(language, true, Status::Rectified).render().unwrap());
            for fault in ["unknown", "expired", "done", "withdrawn", "elsewhere"] {
                let (w, title) = (words(language), "web.job.fault.title");
                let page = FaultPage { message: w.get(&format!("web.job.fault.{fault}")), title, back: None, w };
                check(&format!("job_{fault}"), language, &page.render().unwrap());
            }
            check("job_declined", language, &declined(words(language)).render().unwrap());
            let (w, message) = (words(language), words(language).get("web.error.bad_file"));
            let page = trouble(w, "web.error.not_done", message, "/j/token/rectified");
            check("job_trouble", language, &page);
            assert!(page.contains("href=\"/j/token\""), "the way back is the job");
            assert!(page.contains("data-refused"), "the script of the job keeps what was written");
        }
    }

    #[test]
    fn the_owners_phone_is_for_whoever_accepted() {
        let before = page(Language::Chinese, false, Status::Assigned).render().unwrap();
        assert!(!before.contains("139 0000 0000") && before.contains("/j/token/accept"));
        let after = page(Language::Chinese, true, Status::Assigned).render().unwrap();
        assert!(after.contains("tel:139 0000 0000") && !after.contains("/j/token/accept"));
    }
}
