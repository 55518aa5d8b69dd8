//! `/webhooks/http`: the signed HTTP channel (`docs/http-channel.md`). Apps post messages, and
//! fetch or follow the answers where they take no webhooks.
//!
//! Every request is signed, also those that only read: there the text that is signed is path and
//! query. Nothing of a body is parsed before its signature is found good.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, OriginalUri, Query, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::channel::http::signature::{ID, NotSigned, SIGNATURE, Stamp, TIMESTAMP};
use crate::channel::http::{Http, wire};
use crate::channel::{ChannelKind, Inbound, Place, RemoteFile};
use crate::domain::language::Language;
use crate::intake::message::OutboundBody;
use crate::store::thread::{self, Entry, Speaker};
use crate::store::{StoreError, dialogues};
use crate::web::error::{COME_BACK, WebError};
use crate::web::live::{self, Found, Wake};
use crate::web::posted::{LARGEST_FILE, LONGEST_FIELD, MOST_FILES, MOST_JSON_BYTES, Posted, whole};
use crate::web::{LARGEST_BODY, Web};

/// Largest multipart body: it is held in memory until its signature is checked, so that it has room
/// for one file of the largest size, or several smaller ones.
const LARGEST_FORM: usize = LARGEST_FILE + LARGEST_BODY;
/// Most messages of one answer; ask again from the last one.
const MOST: u32 = 200;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        // The caps are ours: what is read is counted in `whole`.
        .route("/webhooks/http", post(take).layer(DefaultBodyLimit::disable()))
        .route("/webhooks/http/messages", get(list))
        .route("/webhooks/http/events", get(follow))
}

/// Why a request was not carried out. The words are for the app's developer.
pub(in crate::web) enum Fault {
    /// The channel is not configured.
    Off,
    NotSigned,
    Malformed(String),
    /// Larger than what is taken, in words.
    TooLarge(String),
    Unavailable,
}

impl Fault {
    fn too_large() -> Fault {
        Fault::TooLarge(format!("at most {MOST_JSON_BYTES} bytes of JSON, {LARGEST_FORM} of multipart"))
    }
}

impl From<NotSigned> for Fault {
    fn from(_: NotSigned) -> Fault {
        Fault::NotSigned
    }
}

impl From<StoreError> for Fault {
    fn from(cause: StoreError) -> Fault {
        tracing::error!(%cause, "a message by signed HTTP could not be stored or read");
        Fault::Unavailable
    }
}

impl From<WebError> for Fault {
    fn from(error: WebError) -> Fault {
        if let Some(cause) = error.failure() {
            tracing::error!(cause, "a message by signed HTTP could not be stored");
            return Fault::Unavailable;
        }
        match error {
            WebError::BodyTooLarge => Fault::too_large(),
            WebError::TooMany(_) => Fault::Unavailable,
            other => Fault::Malformed(other.to_string()),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Fault::Off => return StatusCode::NOT_FOUND.into_response(),
            Fault::NotSigned => (StatusCode::UNAUTHORIZED, "not_signed", NotSigned.to_string()),
            Fault::Malformed(why) => (StatusCode::BAD_REQUEST, "bad_request", why),
            Fault::TooLarge(most) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", most),
            Fault::Unavailable => {
                let message = "it is not certain that it was stored; send the same again".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            }
        };
        let mut response = (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, COME_BACK.into());
        }
        response
    }
}

/// `POST /webhooks/http`: answers 200 only when the message and everything it led to are on disk.
async fn take(State(web): State<Web>, request: Request) -> Result<Json<wire::Taken>, Fault> {
    let http = configured(&web)?;
    let stamp = stamp_of(request.headers(), &web)?;
    let (parts, body) = request.into_parts();
    let is_form = is_form(&parts.headers)?;
    let most = if is_form { LARGEST_FORM } else { MOST_JSON_BYTES };
    if said(&parts.headers, CONTENT_LENGTH).parse().is_ok_and(|length: usize| length > most) {
        return Err(Fault::too_large());
    }
    let _place = if is_form { Some(web.upload()?) } else { None };
    let body = whole(body, most).await?;
    let webhook_id = http.keys().verify(&stamp, &body)?;
    let posted = if is_form {
        Posted::read_held(&web, Request::from_parts(parts, Body::from(body))).await?
    } else {
        read_json(http, &body)?
    };
    let (address, external) = match named(&posted, webhook_id) {
        Ok(named) => named,
        Err(fault) => {
            posted.forget_files(&web).await;
            return Err(fault);
        }
    };
    let handed = posted.hand_over(&web, |suffix, content| Inbound {
        channel: ChannelKind::Http,
        address: address.clone(),
        external_id: format!("{external}{suffix}"),
        language: posted.language,
        content,
    });
    let duplicate = handed.await?.duplicate;
    let id = posted.id.clone().unwrap_or_else(|| webhook_id.to_owned());
    Ok(Json(wire::Taken { id, duplicate }))
}

fn is_form(headers: &HeaderMap) -> Result<bool, Fault> {
    match said(headers, CONTENT_TYPE) {
        form if form.starts_with("multipart/form-data") => Ok(true),
        json if json.starts_with("application/json") => Ok(false),
        _ => Err(malformed("expected application/json or multipart/form-data")),
    }
}

fn said(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Returns whom a message is from, and by what it is known when it comes again.
fn named(posted: &Posted, webhook_id: &str) -> Result<(String, String), Fault> {
    let address = posted.from.as_deref().filter(|from| is_name(from));
    let address = address.ok_or_else(|| malformed("from: expected 1 to 200 bytes without control characters"))?;
    if posted.id.as_deref().is_some_and(|id| !is_name(id)) {
        return Err(malformed("id: expected 1 to 200 bytes without control characters"));
    }
    let external = match &posted.id {
        // Two people of the app may have messages of the same number; the length keeps a colon in a
        // name from being read as the one between name and number.
        Some(id) => format!("m:{}:{address}:{id}", address.len()),
        None => format!("w:{webhook_id}"),
    };
    Ok((address.to_owned(), external))
}

/// What an app asks for: the conversation of one of its people, from a place on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    from: String,
    #[serde(default)]
    after: i64,
}

/// `GET /webhooks/http/messages?from=…&after=…`: what was said to somebody so far.
async fn list(
    State(web): State<Web>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Json<wire::Page>, Fault> {
    let asked = asked(&web, &uri, &headers)?;
    Ok(Json(page(&web, asked.from, asked.after).await?))
}

/// `GET /webhooks/http/events?from=…&after=…`: the same, and what is said from now on as it is said.
async fn follow(State(web): State<Web>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Result<Response, Fault> {
    let Asked { from, after } = asked(&web, &uri, &headers)?;
    let looking = web.clone();
    let events = live::follow(Wake::of(&web), after, move |last| {
        let (web, from) = (looking.clone(), from.clone());
        async move {
            let page = page(&web, from, last).await?;
            let events = page.messages.iter().map(|message| live::event(message.seq.unwrap_or_default(), message));
            Ok(Found { events: events.collect(), last: page.last_seq })
        }
    });
    Ok(live::answer(events))
}

pub(in crate::web) fn configured(web: &Web) -> Result<&Http, Fault> {
    web.channels.http.as_ref().ok_or(Fault::Off)
}

/// Takes the three headers, each of which may be there once.
pub(in crate::web) fn stamp_of(headers: &HeaderMap, web: &Web) -> Result<Stamp, NotSigned> {
    let one = |name| {
        let mut said = headers.get_all(name).iter();
        match (said.next(), said.next()) {
            (Some(value), None) => value.to_str().map_err(|_| NotSigned),
            _ => Err(NotSigned),
        }
    };
    Stamp::of(one(ID)?, one(TIMESTAMP)?, one(SIGNATURE)?, web.clock.now())
}

fn asked(web: &Web, uri: &Uri, headers: &HeaderMap) -> Result<Asked, Fault> {
    let http = configured(web)?;
    let stamp = stamp_of(headers, web)?;
    let target = uri.path_and_query().map_or_else(|| uri.path(), |target| target.as_str());
    http.keys().verify(&stamp, target.as_bytes())?;
    let Query(asked) = Query::try_from_uri(uri).map_err(|error| Fault::Malformed(error.to_string()))?;
    Ok(asked)
}

fn read_json(http: &Http, body: &[u8]) -> Result<Posted, Fault> {
    let read: wire::Posted = serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))?;
    if read.media.len() > MOST_FILES {
        return Err(Fault::Malformed(format!("media: at most {MOST_FILES} files")));
    }
    let mut remote = Vec::new();
    for wire::Media { kind, url } in read.media {
        let reference = http.reference(&url).map_err(|why| Fault::Malformed(format!("media: {why}")))?;
        remote.push(RemoteFile { kind, reference, recognition: None });
    }
    let place = match read.place {
        Some(place) if place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0 => {
            Some(Place { latitude: place.latitude, longitude: place.longitude, label: place.label })
        }
        Some(_) => return Err(malformed("place: expected a latitude to ±90 and a longitude to ±180")),
        None => None,
    };
    if read.choice.as_ref().is_some_and(|choice| choice.len() > LONGEST_FIELD) {
        return Err(malformed("choice: expected the id of a button"));
    }
    Ok(Posted {
        from: Some(read.from),
        id: read.id,
        language: read.language.as_deref().and_then(Language::from_tag),
        text: read.text,
        choice: read.choice.filter(|choice| !choice.is_empty()),
        place,
        remote,
        ..Posted::default()
    })
}

/// Reads what was said to somebody after a place in the conversation.
async fn page(web: &Web, from: String, after: i64) -> Result<wire::Page, WebError> {
    let to = from.clone();
    let entries: Result<Vec<Entry>, StoreError> = web
        .store
        .read(|tx| {
            Box::pin(async move {
                match dialogues::find_by_address(tx, ChannelKind::Http.name(), &from).await? {
                    Some(dialogue) => thread::after(tx, dialogue.id, after, MOST).await,
                    None => Ok(Vec::new()),
                }
            })
        })
        .await;
    let entries = entries?;
    let last_seq = entries.last().map_or(after, |entry| entry.seq);
    let ours = entries.into_iter().filter(|entry| entry.speaker != Speaker::Client);
    let messages = ours.map(|entry| shown(&to, &entry)).collect::<Result<_, _>>()?;
    Ok(wire::Page { messages, last_seq })
}

fn shown(to: &str, entry: &Entry) -> Result<wire::Message, StoreError> {
    let corrupt = |_| StoreError::Corrupt { table: "outbox", column: "body", id: entry.id.to_string() };
    let body: OutboundBody = serde_json::from_str(&entry.body).map_err(corrupt)?;
    Ok(wire::Message {
        to: to.to_owned(),
        id: entry.id.to_string(),
        seq: Some(entry.seq),
        text: body.text,
        choices: body.choices,
        at: entry.at.to_string(),
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_FIELD && !text.chars().any(char::is_control)
}

fn malformed(why: &str) -> Fault {
    Fault::Malformed(why.to_owned())
}
