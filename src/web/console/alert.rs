//! `/console/alerts/{id}`: the page of an alert that was sent to many (a group, a mailing list, a
//! program): whoever opens it logs in, since what is done has to stand under a person. What it shows
//! and does is `web/alert.rs`'s.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};

use super::csrf::Signed;
use super::session::Staff;
use crate::domain::ids::FlagId;
use crate::web::Web;
use crate::web::alert::{AlertPage, Asked, Outcome, Pressed};
use crate::web::error::WebError;

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    drawn(&web, staff, id.parse().map_err(|_| WebError::NotFound)?, asked).await
}

pub(super) async fn press(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(staff, pressed): Signed<Pressed>,
) -> Result<Response, WebError> {
    let flag: FlagId = id.parse().map_err(|_| WebError::NotFound)?;
    match pressed.carry_out(&web, flag, staff.person.id, &address(flag)).await? {
        Outcome::Done(back) => Ok(back.into_response()),
        Outcome::Refused(asked) => drawn(&web, staff, flag, asked).await,
    }
}

async fn drawn(web: &Web, staff: Staff, flag: FlagId, asked: Asked) -> Result<Response, WebError> {
    let page = AlertPage::load(web, staff.words, flag, staff.person.id, address(flag), asked).await?;
    page.ok_or(WebError::NotFound)?.of_session(staff.csrf).answer()
}

fn address(flag: FlagId) -> String {
    format!("/console/alerts/{flag}")
}
