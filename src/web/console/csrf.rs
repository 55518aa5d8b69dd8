//! A form of a member of staff that carries the token of their session (ASVS 3.5.1).

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::session::Staff;
use crate::web::error::WebError;
use crate::web::{Web, secret};

/// The member of staff and what they submitted. There is no other way to take a console form.
pub(super) struct Signed<T>(pub(super) Staff, pub(super) T);

/// A form that says nothing besides the token.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
struct WithToken<T> {
    csrf: String,
    #[serde(flatten)]
    form: T,
}

impl<T: DeserializeOwned> FromRequest<Web> for Signed<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, web: &Web) -> Result<Signed<T>, WebError> {
        let (mut parts, body) = request.into_parts();
        let staff = Staff::from_request_parts(&mut parts, web).await?;
        let request = Request::from_parts(parts, body);
        let Form(with) = Form::<WithToken<T>>::from_request(request, web).await.map_err(|_| WebError::BadRequest)?;
        if !secret::same(&with.csrf, &staff.csrf) {
            tracing::warn!(staff.id = %staff.person.id, "a form without the right token was refused");
            return Err(WebError::Forbidden);
        }
        Ok(Signed(staff, with.form))
    }
}
