//! A message that was posted by a program of ours or of somebody else: its parts, the files taken
//! out of a multipart body with every cap applied while it is read, and what that is to a
//! conversation. The chat (`web/chat`) and the signed HTTP channel (`web/webhooks/http.rs`) add
//! who posts.

mod pace;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::Web;
use super::error::WebError;
use crate::channel::{Content, Inbound, Place, ReceivedFile, Refusal, RemoteFile};
use crate::domain::ids::DialogueId;
use crate::domain::language::Language;
use crate::domain::media::{MOST_CHARACTERS, MOST_MEGABYTES};
use crate::intake::{blob_key, kind};
use crate::store::StoreError;

/// Most bytes of one file.
pub(super) const LARGEST_FILE: usize = MOST_MEGABYTES * 1024 * 1024;
/// Most files of one message: what an album of the phone's gallery holds.
pub(super) const MOST_FILES: usize = 9;
/// A message with all its files; what is larger is cut off unread.
pub(super) const LARGEST_UPLOAD: usize = MOST_FILES * LARGEST_FILE + super::LARGEST_BODY;
/// Longest id, name, button or language tag; longer ones are not ours.
pub(super) const LONGEST_FIELD: usize = 200;
/// Longest further field of a form of the console: two hundred characters.
const LONGEST_FORM_FIELD: usize = 4 * LONGEST_FIELD;
/// Most of those.
const MOST_FORM_FIELDS: usize = 32;
/// Longest text that is read at all.
const MOST_TEXT_BYTES: usize = 1024 * 1024;
/// Longest message in JSON: such a text, with some characters written as `\u…`.
pub(super) const MOST_JSON_BYTES: usize = 2 * MOST_TEXT_BYTES;

/// One message as it was posted; its files lie in the media store, or soon will.
#[derive(Debug, Default)]
pub(super) struct Posted {
    /// The secret of a chat session.
    pub(super) session: Option<String>,
    /// What a form of the console carries: the token of the session, the ticket as it was shown.
    pub(super) csrf: Option<String>,
    pub(super) seen: Option<String>,
    /// What else a form of the console asks, by name.
    pub(super) fields: BTreeMap<String, String>,
    /// Whom an app posts for.
    pub(super) from: Option<String>,
    pub(super) id: Option<String>,
    pub(super) language: Option<Language>,
    pub(super) text: Option<String>,
    pub(super) choice: Option<String>,
    pub(super) place: Option<Place>,
    /// Files that lie elsewhere still.
    pub(super) remote: Vec<RemoteFile>,
    pub(super) files: Vec<ReceivedFile>,
    /// Why a file was not taken; the last reason is the one that is told.
    pub(super) refused: Option<Refusal>,
}

/// What became of a message that was handed over.
pub(super) struct Handed {
    /// All of it was here before; not so if any piece is new, since the program may have stopped between two pieces.
    pub(super) duplicate: bool,
    /// The conversation, unless all of it had to be put aside.
    pub(super) dialogue: Option<DialogueId>,
}

impl Posted {
    /// Reads a multipart body, in a place among the uploads. Files are stored one by one as they come
    /// in, so that no more than one is ever held in memory; the rest of one that is too large is read and
    /// thrown away, so that the sender gets to see the answer. Of a body that breaks off no file is kept.
    pub(super) async fn read_parts(web: &Web, request: Request) -> Result<Posted, WebError> {
        let (parts, _place) = form(web, request).await?;
        Posted::of_parts(web, parts).await
    }

    /// … one that is in memory already, in the place that was taken for it.
    pub(super) async fn read_held(web: &Web, request: Request) -> Result<Posted, WebError> {
        Posted::of_parts(web, multipart(request).await?).await
    }

    async fn of_parts(web: &Web, parts: Multipart) -> Result<Posted, WebError> {
        let mut posted = Posted::default();
        match posted.take_parts(web, parts).await {
            Ok(()) => Ok(posted),
            Err(error) => {
                posted.forget_files(web).await;
                Err(error)
            }
        }
    }

    async fn take_parts(&mut self, web: &Web, mut parts: Multipart) -> Result<(), WebError> {
        let posted = self;
        while let Some(part) = parts.next_field().await.map_err(|cause| broken(&cause))? {
            match part.name().unwrap_or_default() {
                "session" => posted.session = Some(short(part).await?),
                "from" => posted.from = Some(short(part).await?),
                "id" => posted.id = Some(short(part).await?),
                "language" => posted.language = Language::from_tag(&short(part).await?),
                "choice" => posted.choice = Some(short(part).await?).filter(|choice| !choice.is_empty()),
                "csrf" => posted.csrf = Some(short(part).await?),
                "seen" => posted.seen = Some(short(part).await?),
                "text" | "note" => posted.text = Some(words(part).await?),
                "file" | "photo" | "voice" | "audio" | "image" => take_file(web, part, posted).await?,
                name => {
                    let name = name.to_owned();
                    if is_of_a_form(&name) && posted.fields.len() < MOST_FORM_FIELDS {
                        let bytes = bytes_of(part, LONGEST_FORM_FIELD).await?.ok_or(WebError::BadRequest)?;
                        let text = String::from_utf8(bytes.to_vec()).map_err(|_| WebError::BadRequest)?;
                        posted.fields.insert(name, text);
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns what to hand to the conversation, in order; never nothing. Each piece has a
    /// suffix that makes its message id its own.
    ///
    /// A text that is too long goes on whole: it is kept, and answered with the request for its gist.
    pub(super) fn contents(&self) -> Vec<(&'static str, Content)> {
        let text = self.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let is_long = text.as_ref().is_some_and(|text| text.chars().nth(MOST_CHARACTERS).is_some());
        let mut contents = Vec::new();
        if let Some(choice) = &self.choice {
            contents.push(("", Content::Choice(choice.clone())));
        } else if !self.files.is_empty() {
            let caption = text.clone().filter(|_| !is_long);
            contents.push(("", Content::Media { files: self.files.clone(), caption }));
            contents.extend(text.filter(|_| is_long).map(|text| ("#long", Content::Text(text))));
        } else if !self.remote.is_empty() {
            let caption = text.clone().filter(|_| !is_long);
            contents.push(("", Content::Remote { files: self.remote.clone(), caption }));
            contents.extend(text.filter(|_| is_long).map(|text| ("#long", Content::Text(text))));
        } else if let Some(text) = text {
            contents.push(("", Content::Text(text)));
        }
        contents.extend(self.place.clone().map(|place| ("#place", Content::Place(place))));
        if let Some(refusal) = self.refused {
            contents.push(("#refused", Content::Refused(refusal)));
        }
        if contents.is_empty() {
            contents.push(("", Content::Refused(Refusal::Empty)));
        }
        contents
    }

    /// Hands every piece of the message to the conversation, in order; one that cannot be taken in is put aside for
    /// staff. Files that are not the message's after that (it was here before) are removed; after an error they stay,
    /// since nobody knows whether the row that names them is on disk.
    pub(super) async fn hand_over(
        &self,
        web: &Web,
        inbound: impl Fn(&'static str, Content) -> Inbound,
    ) -> Result<Handed, StoreError> {
        let (mut handed, mut files_kept) = (Handed { duplicate: true, dialogue: None }, false);
        for (suffix, content) in self.contents() {
            let holds_files = matches!(content, Content::Media { .. });
            let received = web.intake.receive_or_park(inbound(suffix, content)).await?;
            let is_new = received.is_none_or(|received| !received.duplicate);
            files_kept |= holds_files && is_new;
            handed.duplicate &= !is_new;
            handed.dialogue = received.map(|received| received.dialogue).or(handed.dialogue);
        }
        if !files_kept {
            self.forget_files(web).await;
        }
        Ok(handed)
    }

    /// Removes files that belong to nothing: the message was refused, or was here before.
    pub(super) async fn forget_files(&self, web: &Web) {
        for file in &self.files {
            if let Err(cause) = web.blobs.delete(&blob_key(file.id)).await {
                tracing::warn!(%cause, media.id = %file.id, "a file that belongs to nothing could not be removed");
            }
        }
    }

    /// Removes the files of what an error ended, unless nobody knows whether it was stored.
    pub(super) async fn forget_refused(&self, web: &Web, error: &WebError) {
        if is_refusal(error) {
            self.forget_files(web).await;
        }
    }

    /// Says whether a file was larger than the cap.
    pub(super) fn is_too_large(&self) -> bool {
        self.refused == Some(Refusal::TooLarge)
    }
}

/// Whether an error says that nothing was stored. A failure of our own does not: the connection may
/// have broken while the transaction was committed, and evidence must not vanish from under its ticket.
/// A file that nobody knows of does less harm.
fn is_refusal(error: &WebError) -> bool {
    error.failure().is_none()
}

/// Whether a part is one of those that forms of the console have besides words and files.
fn is_of_a_form(name: &str) -> bool {
    matches!(name, "way" | "at" | "place") || name.starts_with("q_")
}

async fn take_file(web: &Web, part: Field<'_>, posted: &mut Posted) -> Result<(), WebError> {
    if posted.files.len() >= MOST_FILES {
        return Err(WebError::TooManyFiles(MOST_FILES));
    }
    let Some(bytes) = bytes_of(part, LARGEST_FILE).await? else {
        posted.refused = Some(Refusal::TooLarge);
        return Ok(());
    };
    if bytes.is_empty() {
        return Ok(());
    }
    let Some((kind, content_type)) = kind::of(&bytes) else {
        posted.refused.get_or_insert(Refusal::UnknownKind);
        return Ok(());
    };
    let file = ReceivedFile {
        id: web.clock.new_id(),
        kind,
        content_type: content_type.to_owned(),
        bytes: bytes.len() as u64,
        sha256: data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes)),
        recognition: None,
        remote: None,
    };
    web.blobs.put(&blob_key(file.id), bytes).await?;
    posted.files.push(file);
    Ok(())
}

/// Begins to read a form with files: it has to keep pace, and has a place among the uploads, which is held until it
/// is dropped. Every form that comes in from outside begins here.
pub(super) async fn form(web: &Web, request: Request) -> Result<(Multipart, OwnedSemaphorePermit), WebError> {
    let place = web.upload()?;
    let parts = multipart(request.map(|body| pace::PATIENT.keep(body))).await?;
    Ok((parts, place))
}

async fn multipart(request: Request) -> Result<Multipart, WebError> {
    Multipart::from_request(request, &()).await.map_err(|_| WebError::BadRequest)
}

/// Reads a part up to a cap; `None` when there was more, which is read and dropped.
pub(super) async fn bytes_of(mut part: Field<'_>, cap: usize) -> Result<Option<Bytes>, WebError> {
    let mut kept = Kept::up_to(cap);
    while let Some(chunk) = part.chunk().await.map_err(|cause| broken(&cause))? {
        kept.add(&chunk);
    }
    Ok(kept.bytes())
}

/// What is read and thrown away of a body beyond its cap, so that most senders get to see the answer.
const MOST_DISCARDED: usize = 8 * 1024 * 1024;

/// Reads a whole body up to a cap. One that does not end is not read to its end.
pub(super) async fn whole(body: Body, cap: usize) -> Result<Bytes, WebError> {
    let mut body = pace::PATIENT.keep(body).into_data_stream();
    let mut kept = Kept::up_to(cap);
    let mut read = 0;
    while let Some(chunk) = body.next().await {
        let chunk =
            chunk.map_err(|cause| if pace::is_too_slow(&cause) { WebError::TooSlow } else { WebError::BadRequest })?;
        read += chunk.len();
        if read > cap + MOST_DISCARDED {
            break;
        }
        kept.add(&chunk);
    }
    kept.bytes().ok_or(WebError::BodyTooLarge)
}

/// Bytes as they come in: all of them, or none once there are more than a cap.
struct Kept {
    cap: usize,
    bytes: Option<Vec<u8>>,
}

impl Kept {
    fn up_to(cap: usize) -> Kept {
        Kept { cap, bytes: Some(Vec::new()) }
    }

    fn add(&mut self, chunk: &[u8]) {
        self.bytes = self.bytes.take().filter(|bytes| bytes.len() + chunk.len() <= self.cap).map(|mut bytes| {
            bytes.extend_from_slice(chunk);
            bytes
        });
    }

    fn bytes(self) -> Option<Bytes> {
        self.bytes.map(Bytes::from)
    }
}

/// Reads a short field.
pub(super) async fn short(part: Field<'_>) -> Result<String, WebError> {
    let bytes = bytes_of(part, LONGEST_FIELD).await?.ok_or(WebError::BadRequest)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| WebError::BadRequest)
}

async fn words(part: Field<'_>) -> Result<String, WebError> {
    let bytes = bytes_of(part, MOST_TEXT_BYTES).await?.ok_or(WebError::BodyTooLarge)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Says what a body that breaks off, or is too large, is to the sender.
pub(super) fn broken(cause: &axum::extract::multipart::MultipartError) -> WebError {
    if pace::is_too_slow(cause) {
        WebError::TooSlow
    } else if cause.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        WebError::BodyTooLarge
    } else {
        WebError::BadRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::DeskError;

    #[test]
    fn the_evidence_of_a_fix_stays_where_nobody_knows_whether_it_was_stored() {
        for lost in [StoreError::Closed, StoreError::Panicked] {
            let lost = WebError::from(DeskError::from(lost));
            assert!(!is_refusal(&lost), "{lost}");
        }
        for refused in
            [WebError::Conflict, WebError::NotFound, WebError::BadRequest, WebError::BadFile, WebError::NotAllowed]
        {
            assert!(is_refusal(&refused), "{refused}");
        }
    }

    fn told(posted: &Posted) -> Vec<String> {
        posted.contents().into_iter().map(|(suffix, content)| format!("{suffix} {content:.30?}")).collect()
    }

    #[test]
    fn nothing_at_all_is_answered_as_nothing() {
        assert_eq!(told(&Posted { text: Some(" \n".to_owned()), ..Posted::default() }), [" Refused(Empty)"]);
    }

    #[test]
    fn a_text_that_is_too_long_goes_on_whole_and_apart_from_files() {
        let long = "漏".repeat(100_000);
        let mut posted = Posted { text: Some(long.clone()), ..Posted::default() };
        assert_eq!(posted.contents(), [("", Content::Text(long.clone()))]);
        let id = crate::domain::ids::MediaId(uuid::Uuid::from_u128(1));
        let (kind, content_type, sha256) = (crate::channel::MediaKind::Photo, "image/png".to_owned(), String::new());
        posted.files = vec![ReceivedFile { id, kind, content_type, bytes: 1, sha256, recognition: None, remote: None }];
        let files = posted.files.clone();
        let (photo, text) = (Content::Media { files, caption: None }, Content::Text(long));
        assert_eq!(posted.contents(), [("", photo), ("#long", text)]);
    }

    #[test]
    fn words_beside_a_file_that_was_refused_are_not_lost() {
        let posted = Posted { text: Some("漏水".to_owned()), refused: Some(Refusal::TooLarge), ..Posted::default() };
        assert_eq!(told(&posted), [" Text(\"漏水\")", "#refused Refused(TooLarge)"]);
    }
}
