//! A paper as an answer: a page that can be printed, or a PDF. Both draw what
//! [`crate::domain::paper`] says; who may have which paper is decided where the address leads
//! (`progress`, `console`).

use askama::Template;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use axum::response::{Html, IntoResponse, Response};

use super::Web;
use super::error::WebError;
use super::words::Words;
use crate::domain::ids::{MediaId, ResponseId, TicketId, VisitId};
use crate::domain::paper::{Block, Kind, Paper, Reader, Terms, repair, visit};
use crate::papers::picture::{Album, Fault};
use crate::papers::{facts, pdf};
use crate::store::blobs::BlobError;
use crate::store::media;

/// Papers are for whoever holds the link, not for search engines.
pub(super) const NO_ROBOTS: (HeaderName, &str) = (HeaderName::from_static("x-robots-tag"), "noindex, nofollow");

/// How a paper is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) reader: Reader,
    pub(super) shape: Shape,
    /// The last part of the page's address; the file lies beside it.
    pub(super) here: &'w str,
    /// The page to go back to.
    pub(super) back: &'w str,
    /// Where this reader gets photos: an address that ends before the id.
    pub(super) photos: &'w str,
}

/// In which shape a paper is wanted: `completion` is a page, `completion.pdf` a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Page,
    Pdf,
}

impl Shape {
    /// Takes the last part of an address apart.
    pub(super) fn of(name: &str) -> (&str, Shape) {
        match name.strip_suffix(".pdf") {
            Some(stem) => (stem, Shape::Pdf),
            None => (name, Shape::Page),
        }
    }
}

/// Answers with a paper about a ticket, which exists only once there is something to say.
pub(super) async fn of_ticket(
    web: &Web,
    w: Words,
    ticket: TicketId,
    kind: Kind,
    wanted: Wanted<'_>,
) -> Result<Response, WebError> {
    let reader = wanted.reader;
    let found = web.store.read(|tx| Box::pin(async move { facts::repair(tx, ticket, reader).await })).await?;
    let found = found.filter(|repair| kind.is_due(repair.status)).ok_or(WebError::NotFound)?;
    let paper = web.on_paper(&w, reader, |terms| match kind {
        Kind::Completion => Some(repair::completion(&found, terms)),
        Kind::Service => Some(repair::service(&found, terms)),
        Kind::Visit => None,
    });
    let name = format!("{}-{}", kind.name(), found.number);
    answer(web, w, paper.ok_or(WebError::NotFound)?, &name, wanted).await
}

/// Answers with the record of a visit.
pub(super) async fn of_response(
    web: &Web,
    w: Words,
    response: ResponseId,
    wanted: Wanted<'_>,
) -> Result<Response, WebError> {
    let (catalog, language) = (std::sync::Arc::clone(&web.catalog), w.language);
    let found = web.store.read(|tx| Box::pin(async move { facts::visit(tx, &catalog, language, response).await }));
    record(web, w, found.await?, wanted).await
}

/// Answers with the record of a visit that was made or answered.
pub(super) async fn of_visit(web: &Web, w: Words, visit: VisitId, wanted: Wanted<'_>) -> Result<Response, WebError> {
    let (catalog, language) = (std::sync::Arc::clone(&web.catalog), w.language);
    let found = web.store.read(|tx| Box::pin(async move { facts::recorded(tx, &catalog, language, visit).await }));
    record(web, w, found.await?, wanted).await
}

async fn record(web: &Web, w: Words, found: Option<visit::Visit>, wanted: Wanted<'_>) -> Result<Response, WebError> {
    let found = found.ok_or(WebError::NotFound)?;
    let paper = web.on_paper(&w, wanted.reader, |terms| visit::record(&found, terms));
    let name = format!("{}-{}", Kind::Visit.name(), paper.number.replace([' ', ':'], "-"));
    answer(web, w, paper, &name, wanted).await
}

impl Web {
    /// Writes a paper in the words and the local time of whoever asks.
    fn on_paper<T>(&self, w: &Words, reader: Reader, write: impl FnOnce(&Terms<'_>) -> T) -> T {
        let say = |key: &str| w.get(key);
        write(&Terms { say: &say, zone: self.intake.zone().clone(), reader, now: self.clock.now() })
    }
}

async fn answer(web: &Web, w: Words, mut paper: Paper, name: &str, wanted: Wanted<'_>) -> Result<Response, WebError> {
    match wanted.shape {
        Shape::Page => {
            let (back, pdf) = (wanted.back.to_owned(), format!("{}.pdf", wanted.here));
            let page = PaperPage { w, paper, back, pdf, photos: wanted.photos.to_owned() };
            Ok(([NO_ROBOTS], Html(page.render()?)).into_response())
        }
        Shape::Pdf => {
            let _place = web.paper()?;
            let album = collect(web, &w, &mut paper).await?;
            let language = w.language;
            let written = tokio::task::spawn_blocking(move || pdf::write(&paper, language, &album)).await;
            let bytes = match written {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(cause)) => return Err(WebError::Internal(format!("paper: {cause}"))),
                Err(cause) => return Err(WebError::Internal(format!("paper: {cause}"))),
            };
            let file = format!("attachment; filename=\"{name}.pdf\"");
            let about = [(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, file)];
            Ok(([NO_ROBOTS], about, bytes).into_response())
        }
    }
}

/// Fetches the pictures of a paper for its file. One that cannot be shown is named on the paper.
async fn collect(web: &Web, w: &Words, paper: &mut Paper) -> Result<Album, WebError> {
    let mut album = Album::default();
    for block in &mut paper.blocks {
        let Block::Pictures(pictures) = block else { continue };
        for picture in pictures {
            if picture.missing.is_some() {
                continue;
            }
            let id = picture.id;
            if let Err(fault) = add(web, &mut album, id).await? {
                tracing::info!(media.id = %id, fault = fault.name(), "photo {id} cannot be shown on a paper");
                picture.missing = Some(w.get(&format!("web.paper.picture.{}", fault.name())));
            }
        }
    }
    Ok(album)
}

async fn add(web: &Web, album: &mut Album, id: MediaId) -> Result<Result<(), Fault>, WebError> {
    let file = web.store.read(|tx| Box::pin(async move { media::find(tx, id).await })).await?;
    let Some(file) = file else { return Ok(Err(Fault::Broken)) };
    if let Err(fault) = album.takes(file.bytes) {
        return Ok(Err(fault));
    }
    match web.blobs.get(&file.key).await {
        Ok(bytes) => Ok(album.add(id, &bytes)),
        Err(BlobError::Missing(_)) => Ok(Err(Fault::Broken)),
        Err(cause) => Err(cause.into()),
    }
}

/// A paper as a page.
#[derive(Debug, Template)]
#[template(path = "paper.html")]
struct PaperPage {
    w: Words,
    paper: Paper,
    /// The page to go back to.
    back: String,
    /// Address of the file, relative to this page.
    pdf: String,
    /// Where the photos lie: an address that ends before the id.
    photos: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use crate::web::console::view::samples::{check, words};

    #[test]
    fn the_page_of_a_paper_is_drawn_in_every_language_and_holds_all_it_says() {
        for language in Language::ALL {
            let w = words(language);
            let say = |key: &str| w.get(key);
            let zone = jiff::tz::TimeZone::UTC;
            let now = crate::domain::time::Timestamp(1_795_226_400_000);
            let terms = Terms { say: &say, zone, reader: Reader::Staff, now };
            let paper = repair::completion(&repair::tests::repair(), &terms);
            let (back, pdf) = ("/console".to_owned(), "completion.pdf".to_owned());
            let photos = "/console/media/".to_owned();
            let page = PaperPage { w: w.clone(), paper, back, pdf, photos }.render().unwrap();
            check("paper", language, &page);
            for words in ["HF2611-0042", "更换地漏", "completion.pdf", "13812345678"] {
                assert!(page.contains(words), "{words}");
            }
        }
    }
}
