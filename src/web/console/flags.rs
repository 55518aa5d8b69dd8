//! `POST /console/flags/{id}/seen`

use axum::extract::{Path, State};
use axum::response::Redirect;

use super::actions::Back;
use super::csrf::Signed;
use super::language::within_console;
use crate::domain::ids::FlagId;
use crate::store::flags;
use crate::web::Web;
use crate::web::error::WebError;

/// Notes that somebody has seen it; that somebody else was faster is no error.
pub(super) async fn seen(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(staff, form): Signed<Back>,
) -> Result<Redirect, WebError> {
    let id: FlagId = id.parse().map_err(|_| WebError::NotFound)?;
    let (by, now) = (staff.person.id, web.clock.now());
    web.store.write(move |tx| Box::pin(async move { flags::see(tx, id, by, now).await })).await?;
    // The board they saw it on, filtered as it was.
    Ok(Redirect::to(within_console(form.back.as_deref())))
}
