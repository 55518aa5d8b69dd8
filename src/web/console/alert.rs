//! `/console/alerts/{id}`: the page of an alert that was sent to many (a group, a mailing list, a
//! program): whoever opens it logs in, since what is done has to stand under a person. What it shows
//! and does is `web/alert.rs`'s.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Redirect};

use super::csrf::Signed;
use super::session::Staff;
use crate::domain::ids::FlagId;
use crate::web::Web;
use crate::web::alert::{AlertPage, Asked, Pressed};
use crate::web::error::WebError;

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let flag: FlagId = id.parse().map_err(|_| WebError::NotFound)?;
    let here = format!("/console/alerts/{flag}");
    let page = AlertPage::load(&web, staff.words.clone(), flag, staff.person.id, here, asked).await?;
    let page = page.ok_or(WebError::NotFound)?;
    Ok(Html(page.of_session(staff.csrf).render()?))
}

pub(super) async fn press(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(staff, pressed): Signed<Pressed>,
) -> Result<Redirect, WebError> {
    let flag: FlagId = id.parse().map_err(|_| WebError::NotFound)?;
    pressed.carry_out(&web, flag, staff.person.id, &format!("/console/alerts/{flag}")).await
}
