//! `/t/{token}`: the progress of one ticket, behind a signed link and without a log-in.
//!
//! Phone first, and no more of a person than is needed: who holds the link may not be the owner. A
//! link that is expired, forged or belongs to nothing has a page of its own that says what to do.
//! The buttons go the way of the chat's ([`crate::intake::links`]).

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::error::{WebError, link_of};
use super::papers::{self, NO_ROBOTS, Shape, Wanted};
use super::words::{Words, language_of};
use super::{Web, range};
use crate::domain::calendar;
use crate::domain::dialogue::TokenFault;
use crate::domain::ids::{MediaId, ResponseId, TicketId};
use crate::domain::language::Language;
use crate::domain::paper::{Kind, Reader};
use crate::domain::progress::{self, Stage};
use crate::domain::ticket::{Status, Ticket};
use crate::domain::time::Timestamp;
use crate::intake::links::{Answered, awaits_verdict};
use crate::store::{Tx, follow_ups, media, tickets};

/// `/t` and everything below.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/t/{token}", get(show).post(answer))
        .route("/t/{token}/photos/{id}", get(photo))
        .route("/t/{token}/papers/{name}", get(paper))
        .route("/t/{token}/visits/{name}", get(visit))
}

#[derive(Debug, Deserialize)]
struct Asked {
    lang: Option<String>,
    /// An answer was just given.
    said: Option<String>,
}

impl Asked {
    fn words(&self, web: &Web, headers: &HeaderMap) -> Words {
        web.words(self.lang.as_deref().and_then(Language::from_tag).unwrap_or_else(|| language_of(headers)))
    }
}

async fn show(
    State(web): State<Web>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let w = asked.words(&web, &headers);
    let id = match web.opened(&token) {
        Ok(id) => id,
        Err(fault) => return refused(w, web.demo, Refused::from(fault), &token),
    };
    let said = asked.said.is_some();
    match ProgressPage::load(&web, w.clone(), id, token.clone(), said).await? {
        Some(page) => Ok(([NO_ROBOTS], Html(page.render()?)).into_response()),
        None => refused(w, web.demo, Refused::Unknown, &token),
    }
}

#[derive(Deserialize)]
struct Verdict {
    form: String,
    fixed: String,
}

/// Takes [已修好] or [没修好].
async fn answer(
    State(web): State<Web>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    form: Result<Form<Verdict>, FormRejection>,
) -> Result<Response, WebError> {
    let w = asked.words(&web, &headers);
    let id = match web.opened(&token) {
        Ok(id) => id,
        Err(fault) => return refused(w, web.demo, Refused::from(fault), &token),
    };
    let Form(verdict) = form.map_err(|_| WebError::BadRequest)?;
    let fixed = match verdict.fixed.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(WebError::BadRequest),
    };
    if web.intake.is_verdict(&verdict.form, id).is_err() {
        tracing::warn!(ticket.id = %id, "an answer on the progress page of ticket {id} did not carry its token");
        return refused(w, web.demo, Refused::Stale, &token);
    }
    let intake = web.intake.clone();
    let answered =
        web.store.write(move |tx| Box::pin(async move { intake.answer_by_link(tx, id, fixed).await })).await?;
    match answered {
        Answered::Noted => {
            let lang = asked.lang.map(|_| format!("&lang={}", w.tag())).unwrap_or_default();
            Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/t/{token}?said=1{lang}"))]).into_response())
        }
        Answered::TooLate => refused(w, web.demo, Refused::Changed, &token),
    }
}

/// One of the photos about this ticket: of the fault, of the fix, of a visit that followed. Not of another
/// person's home, whose ticket was merged into this one.
async fn photo(
    State(web): State<Web>,
    Path((token, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let ticket = web.opened(&token).map_err(|_| WebError::NotFound)?;
    let id: MediaId = id.parse().map_err(|_| WebError::NotFound)?;
    let file = web
        .store
        .read(|tx| {
            Box::pin(async move {
                let files = match tickets::find(tx, ticket).await? {
                    Some(ticket) => tickets::media_for_owner(tx, &ticket).await?,
                    None => Vec::new(),
                };
                match files.into_iter().find(|file| file.id == id) {
                    Some(file) => Ok(Some(file)),
                    None => media::of_visit_about(tx, id, ticket).await,
                }
            })
        })
        .await?;
    let file = file.filter(|file| file.kind == "photo").ok_or(WebError::NotFound)?;
    let bytes = web.blobs.get(&file.key).await?;
    Ok(([NO_ROBOTS], range::serve(&file.content_type, bytes, &headers)).into_response())
}

async fn paper(
    State(web): State<Web>,
    Path((token, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let w = asked.words(&web, &headers);
    let ticket = web.opened(&token).map_err(|_| WebError::NotFound)?;
    let (here, shape) = Shape::of(&name);
    let kind = Kind::from_name(here).ok_or(WebError::NotFound)?;
    let (back, photos) = (format!("/t/{token}"), format!("/t/{token}/photos/"));
    let wanted = Wanted { reader: Reader::Link, shape, here, back: &back, photos: &photos };
    papers::of_ticket(&web, w, ticket, kind, wanted).await
}

/// The record of a visit about this ticket, and of no other.
async fn visit(
    State(web): State<Web>,
    Path((token, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let w = asked.words(&web, &headers);
    let ticket = web.opened(&token).map_err(|_| WebError::NotFound)?;
    let (here, shape) = Shape::of(&name);
    let id: ResponseId = here.parse().map_err(|_| WebError::NotFound)?;
    let about = web.store.read(|tx| Box::pin(async move { follow_ups::of_ticket(tx, ticket).await })).await?;
    if !about.contains(&id) {
        return Err(WebError::NotFound);
    }
    let (back, photos) = (format!("/t/{token}"), format!("/t/{token}/photos/"));
    let wanted = Wanted { reader: Reader::Link, shape, here, back: &back, photos: &photos };
    papers::of_response(&web, w, id, wanted).await
}

impl Web {
    fn opened(&self, token: &str) -> Result<TicketId, TokenFault> {
        self.intake.opens(token)
    }

    /// Writes an instant in local time, to the minute.
    fn local(&self, at: Timestamp) -> String {
        calendar::local(at, self.intake.zone()).strftime("%m-%d %H:%M").to_string()
    }

    /// Writes a span in local time; its day only once where it ends on the same.
    fn span(&self, from: Timestamp, until: Timestamp) -> (String, String) {
        let (from, until) = (self.local(from), self.local(until));
        let same = from.split(' ').next() == until.split(' ').next();
        let end = until.split(' ').next_back().filter(|_| same).map(str::to_owned);
        (from, end.unwrap_or(until))
    }
}

/// Why a link or an answer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Expired,
    Unknown,
    Stale,
    Changed,
}

impl From<TokenFault> for Refused {
    fn from(fault: TokenFault) -> Refused {
        match fault {
            TokenFault::Unknown => Refused::Unknown,
            TokenFault::Expired => Refused::Expired,
        }
    }
}

fn refused(w: Words, demo: bool, why: Refused, token: &str) -> Result<Response, WebError> {
    let (status, name) = match why {
        Refused::Expired => (StatusCode::GONE, "expired"),
        Refused::Unknown => (StatusCode::NOT_FOUND, "unknown"),
        Refused::Stale => (StatusCode::FORBIDDEN, "stale"),
        Refused::Changed => (StatusCode::CONFLICT, "changed"),
    };
    let again = matches!(why, Refused::Stale | Refused::Changed).then(|| format!("/t/{token}"));
    let key = format!("web.progress.refused.{name}");
    let page = RefusedPage { title: w.get(&format!("{key}_title")), message: w.get(&key), again, w, demo };
    Ok((status, [NO_ROBOTS], Html(page.render()?)).into_response())
}

/// Draws an error that is none of the link's: a paper or a photo that does not open.
pub(super) fn trouble(w: Words, demo: bool, title: &str, message: String, path: &str) -> impl IntoResponse {
    let page = RefusedPage { title: w.get(title), message, again: Some(link_of(path)), w, demo };
    ([NO_ROBOTS], Html(page.render().unwrap_or_default()))
}

/// The page of a link that leads nowhere, or of an answer that came too late.
#[derive(Debug, Template)]
#[template(path = "progress_refused.html")]
struct RefusedPage {
    w: Words,
    demo: bool,
    title: String,
    message: String,
    /// Back to the progress, where there is one.
    again: Option<String>,
}

/// The page of a ticket's progress.
#[derive(Debug, Template)]
#[template(path = "progress.html")]
struct ProgressPage {
    w: Words,
    demo: bool,
    here: String,
    number: String,
    about: String,
    steps: Vec<StepRow>,
    appointment: Option<(String, String)>,
    /// How the ticket stands that this one was merged into: the key of its step.
    carried_on: Option<String>,
    /// Addresses.
    photos: Vec<String>,
    /// What the buttons carry, when the owner is asked.
    ask: Option<String>,
    said: bool,
    unverified: bool,
    papers: Vec<PaperRow>,
}

#[derive(Debug)]
struct StepRow {
    key: String,
    stage: Stage,
    /// For machines and for people.
    at: Option<(String, String)>,
}

#[derive(Debug)]
struct PaperRow {
    title: String,
    href: String,
}

impl ProgressPage {
    async fn load(
        web: &Web,
        w: Words,
        id: TicketId,
        token: String,
        said: bool,
    ) -> Result<Option<ProgressPage>, WebError> {
        let found = web.store.read(|tx| Box::pin(async move { Found::load(tx, id).await })).await?;
        let Some(found) = found else { return Ok(None) };
        let here = format!("/t/{token}");
        let ticket = &found.ticket;
        let history: Vec<_> = found.history.iter().map(|(name, at)| (name.as_str(), *at)).collect();
        let steps = progress::steps(ticket.status, &history).into_iter().map(|step| StepRow {
            key: format!("web.progress.step.{}", step.name),
            stage: step.stage,
            at: step.at.map(|at| (at.to_string(), web.local(at))),
        });
        let about = match (ticket.category, ticket.kind) {
            (Some(category), _) => w.get(&format!("category.{}", category.name())),
            (None, kind) => w.get(&format!("web.console.kind.{}", kind.name())),
        };
        // Of somebody else's ticket that theirs was merged into: how it stands, and no more.
        let status = found.carried_on.unwrap_or(ticket.status);
        let coming = found.coming.filter(|_| matches!(status, Status::Assigned | Status::Reopened | Status::Reported));
        Ok(Some(ProgressPage {
            number: ticket.number.clone(),
            about,
            steps: steps.collect(),
            appointment: coming.map(|(from, until)| web.span(from, until)),
            carried_on: found.carried_on.map(|status| format!("web.progress.step.{}", progress::step_of(status))),
            photos: found.photos.iter().map(|id| format!("{here}/photos/{id}")).collect(),
            ask: awaits_verdict(ticket).then(|| web.intake.verdict_token(id, web.clock.now())),
            said,
            unverified: ticket.unverified && ticket.status == Status::Closed,
            papers: found.papers(&here, &w),
            here,
            w,
            demo: web.demo,
        }))
    }
}

/// What the page is made from.
struct Found {
    ticket: Ticket,
    history: Vec<(String, Timestamp)>,
    photos: Vec<MediaId>,
    coming: Option<(Timestamp, Timestamp)>,
    /// How the ticket stands that this one was merged into.
    carried_on: Option<Status>,
    visits: Vec<ResponseId>,
}

impl Found {
    async fn load(tx: &mut Tx, id: TicketId) -> Result<Option<Found>, WebError> {
        let Some(ticket) = tickets::find(tx, id).await? else { return Ok(None) };
        let files = tickets::media_for_owner(tx, &ticket).await?;
        let events = tickets::events(tx, id).await?;
        let with = tickets::carrying_on(tx, &ticket).await?;
        // Who comes to a neighbour's home, and when, is the neighbour's to know.
        let coming = match with.as_ref().unwrap_or(&ticket) {
            visited if visited.contact_id == ticket.contact_id => follow_ups::agreed_visit(tx, visited.id).await?,
            _ => None,
        };
        Ok(Some(Found {
            ticket,
            history: events.into_iter().map(|event| (event.kind, event.at)).collect(),
            photos: files
                .iter()
                .filter(|f| f.kind == "photo" && !f.is_awaited() && f.lost.is_none())
                .map(|f| f.id)
                .collect(),
            coming,
            carried_on: with.map(|with| with.status),
            visits: follow_ups::of_ticket(tx, id).await?,
        }))
    }

    fn papers(&self, here: &str, w: &Words) -> Vec<PaperRow> {
        let title = |kind: Kind| w.get(&format!("web.paper.{}.title", kind.name()));
        let own = [Kind::Completion, Kind::Service].into_iter().filter(|kind| kind.is_due(self.ticket.status));
        let own = own.map(|kind| PaperRow { title: title(kind), href: format!("{here}/papers/{}", kind.name()) });
        let visits =
            self.visits.iter().map(|id| PaperRow { title: title(Kind::Visit), href: format!("{here}/visits/{id}") });
        own.chain(visits).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::console::view::samples::{check, words};

    fn page(language: Language, asks: bool) -> ProgressPage {
        let row = |name: &str, stage, at: Option<&str>| StepRow {
            key: format!("web.progress.step.{name}"),
            stage,
            at: at.map(|at| ("2026-11-21T02:00:00Z".to_owned(), at.to_owned())),
        };
        ProgressPage {
            w: words(language),
            demo: true,
            here: "/t/abc".to_owned(),
            number: "HF2611-0042".to_owned(),
            about: "渗漏".to_owned(),
            steps: vec![
                row("reported", Stage::Done, Some("11-21 10:00")),
                row("assigned", Stage::Done, Some("11-21 10:05")),
                row("rectified", Stage::Now, Some("11-22 15:30")),
                row("closed", Stage::Ahead, None),
            ],
            appointment: Some(("11-22 14:00".to_owned(), "11-22 16:00".to_owned())),
            carried_on: None,
            photos: vec!["/assets/icon.svg".to_owned(); 2],
            ask: asks.then(|| "token".to_owned()),
            said: !asks,
            unverified: false,
            papers: vec![PaperRow { title: "维修服务报告".to_owned(), href: "/t/abc/papers/service".to_owned() }],
        }
    }

    #[test]
    fn the_page_is_drawn_in_every_language_with_and_without_the_question() {
        for language in Language::ALL {
            let asks = page(language, true).render().unwrap();
            assert_eq!(asks.matches("<button").count(), 2);
            assert!(asks.contains("noindex") && asks.contains("aria-current=\"step\""));
            check("progress", language, &asks);
            let rests = page(language, false).render().unwrap();
            assert_eq!(rests.matches("<button").count(), 0);
            check("progress_said", language, &rests);
        }
    }

    #[test]
    fn whose_ticket_was_merged_reads_how_the_other_one_stands() {
        for (language, says) in [(Language::Chinese, "已派单"), (Language::English, "Assigned")] {
            let carried_on = Some("web.progress.step.assigned".to_owned());
            let steps = Vec::new();
            let merged = ProgressPage { steps, carried_on, ..page(language, false) }.render().unwrap();
            assert!(merged.contains(&format!("<dd>{says}</dd>")), "{merged}");
            assert!(!page(language, false).render().unwrap().contains(&format!("<dd>{says}</dd>")));
        }
    }

    #[test]
    fn whoever_is_asked_again_reads_of_no_answer() {
        for language in Language::ALL {
            // The address still holds what was said the first time.
            let again = ProgressPage { said: true, ..page(language, true) }.render().unwrap();
            assert!(again.contains("<button") && !again.contains("role=\"status\""), "{again}");
            assert!(page(language, false).render().unwrap().contains("role=\"status\""));
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_has_a_page_that_says_what_to_do() {
        for language in Language::ALL {
            for (why, status) in [
                (Refused::Expired, StatusCode::GONE),
                (Refused::Unknown, StatusCode::NOT_FOUND),
                (Refused::Stale, StatusCode::FORBIDDEN),
                (Refused::Changed, StatusCode::CONFLICT),
            ] {
                let answer = refused(words(language), false, why, "abc").unwrap();
                assert_eq!(answer.status(), status);
                assert_eq!(answer.headers()["x-robots-tag"], "noindex, nofollow");
            }
        }
    }
}
