//! The papers of a ticket and of a visit, for staff: nothing of the person is hidden.

use axum::extract::{Path, State};
use axum::response::Response;

use super::session::Staff;
use crate::domain::ids::{ResponseId, TicketId, VisitId};
use crate::domain::paper::{Kind, Reader};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::papers::{self, Shape, Wanted};

/// Where staff gets photos.
const PHOTOS: &str = "/console/media/";

/// `GET /console/tickets/{id}/papers/{name}`
pub(super) async fn of_ticket(
    State(web): State<Web>,
    staff: Staff,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let id: TicketId = id.parse().map_err(|_| WebError::NotFound)?;
    let (here, shape) = Shape::of(&name);
    let kind = Kind::from_name(here).ok_or(WebError::NotFound)?;
    let back = format!("/console/tickets/{id}");
    let wanted = Wanted { reader: Reader::Staff, shape, here, back: &back, photos: PHOTOS };
    papers::of_ticket(&web, staff.words, id, kind, wanted).await
}

/// `GET /console/responses/{id}/papers/{name}`
pub(super) async fn of_response(
    State(web): State<Web>,
    staff: Staff,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let id: ResponseId = id.parse().map_err(|_| WebError::NotFound)?;
    let (here, shape) = Shape::of(&name);
    Kind::from_name(here).filter(|kind| *kind == Kind::Visit).ok_or(WebError::NotFound)?;
    let back = format!("/console/responses/{id}");
    let wanted = Wanted { reader: Reader::Staff, shape, here, back: &back, photos: PHOTOS };
    papers::of_response(&web, staff.words, id, wanted).await
}

/// `GET /console/visits/{id}/papers/{name}`
pub(super) async fn of_visit(
    State(web): State<Web>,
    staff: Staff,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let id: VisitId = id.parse().map_err(|_| WebError::NotFound)?;
    let (here, shape) = Shape::of(&name);
    Kind::from_name(here).filter(|kind| *kind == Kind::Visit).ok_or(WebError::NotFound)?;
    let back = format!("/console/visits/{id}");
    let wanted = Wanted { reader: Reader::Staff, shape, here, back: &back, photos: PHOTOS };
    papers::of_visit(&web, staff.words, id, wanted).await
}
