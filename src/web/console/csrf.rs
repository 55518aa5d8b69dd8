//! A form of a member of staff that carries the token of their session (ASVS 3.5.1).

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::session::Staff;
use crate::desk::By;
use crate::domain::time::Timestamp;
use crate::web::error::WebError;
use crate::web::posted::Posted;
use crate::web::{Web, secret};

/// The member of staff and what they submitted. There is no other way to take a console form.
pub(super) struct Signed<T>(pub(super) Staff, pub(super) T);

/// A form that says nothing besides the token.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
struct WithToken<T> {
    csrf: String,
    /// The ticket's last change, as the page showed it.
    seen: Option<String>,
    #[serde(flatten)]
    form: T,
}

/// Who acts on a ticket, which state of it they had before them, and what they submitted.
pub(super) struct Acting<T>(pub(super) By, pub(super) T);

/// The same with files: what was posted as `note` is its text, what else was asked its fields.
pub(super) struct Uploaded(pub(super) By, pub(super) Posted);

impl<T: DeserializeOwned> FromRequest<Web> for Signed<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Signed<T>, WebError> {
        let (staff, with) = read(request, web).await?;
        Ok(Signed(staff, with.form))
    }
}

impl<T: DeserializeOwned> FromRequest<Web> for Acting<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Acting<T>, WebError> {
        let (staff, with) = read(request, web).await?;
        Ok(Acting(by(&staff, with.seen.as_deref()), with.form))
    }
}

impl FromRequest<Web> for Uploaded {
    type Rejection = WebError;

    /// Takes a form with files, and one without as well: not every browser page has a file to send.
    async fn from_request(request: Request, web: &Web) -> Result<Uploaded, WebError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("multipart/form-data") {
            let (staff, with) = read::<Note>(request, web).await?;
            let Note { note, fields } = with.form;
            let posted = Posted { text: Some(note), fields, ..Posted::default() };
            return Ok(Uploaded(by(&staff, with.seen.as_deref()), posted));
        }
        let (mut parts, body) = request.into_parts();
        let staff = Staff::from_request_parts(&mut parts, web).await?;
        let posted = Posted::read_parts(web, Request::from_parts(parts, body)).await?;
        if let Err(refused) = check(&staff, posted.csrf.as_deref().unwrap_or_default()) {
            posted.forget_files(web).await;
            return Err(refused);
        }
        Ok(Uploaded(by(&staff, posted.seen.as_deref()), posted))
    }
}

#[derive(Deserialize)]
struct Note {
    note: String,
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

async fn read<T: DeserializeOwned>(request: Request, web: &Web) -> Result<(Staff, WithToken<T>), WebError> {
    let (mut parts, body) = request.into_parts();
    let staff = Staff::from_request_parts(&mut parts, web).await?;
    let request = Request::from_parts(parts, body);
    let Form(with) = Form::<WithToken<T>>::from_request(request, web).await.map_err(|_| WebError::BadRequest)?;
    check(&staff, &with.csrf)?;
    Ok((staff, with))
}

fn check(staff: &Staff, csrf: &str) -> Result<(), WebError> {
    if secret::same(csrf, &staff.csrf) {
        return Ok(());
    }
    tracing::warn!(staff.id = %staff.person.id, "a form without the right token was refused");
    Err(WebError::Forbidden)
}

fn by(staff: &Staff, seen: Option<&str>) -> By {
    By { staff: staff.person.id, seen: seen.and_then(|seen| seen.parse().ok()).map(Timestamp) }
}
