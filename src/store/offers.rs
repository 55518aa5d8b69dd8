//! What satisfied clients were offered, each offer of a response once.

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::{ContactId, ResponseId, StaffId};
use crate::domain::time::Timestamp;

/// One thing that somebody was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub response: ResponseId,
    pub contact: Option<ContactId>,
    /// As in `care.offer.<name>`.
    pub name: String,
    /// `None`: the service did so by itself.
    pub by: Option<StaffId>,
    pub at: Timestamp,
}

/// Notes an offer under an id of its own; returns false if it was made after this response before.
pub async fn note(tx: &mut Tx, id: uuid::Uuid, offer: &Offer) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO offers (id, response_id, contact_id, name, by_staff, at) \
                       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (response_id, name) DO NOTHING";
    let inserted = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(offer.response.to_string())
        .bind(offer.contact.map(|id| id.to_string()))
        .bind(clean(&offer.name))
        .bind(offer.by.map(|id| id.to_string()))
        .bind(offer.at.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(inserted > 0)
}

/// Returns what was offered after a response, the first first.
pub async fn of_response(tx: &mut Tx, response: ResponseId) -> Result<Vec<Offer>, StoreError> {
    const SQL: &str = "SELECT id, response_id, contact_id, name, by_staff, at FROM offers \
                       WHERE response_id = $1 ORDER BY at, id";
    let rows = both!(tx, |c| sqlx::query_as::<_, OfferRow>(SQL).bind(response.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Offer::try_from).collect()
}

/// Returns when a contact was last offered anything.
pub async fn last_to(tx: &mut Tx, contact: ContactId) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT MAX(at) FROM offers WHERE contact_id = $1";
    let at: Option<i64> = both!(tx, |c| sqlx::query_scalar(SQL).bind(contact.to_string()).fetch_one(c).await)?;
    Ok(at.map(Timestamp))
}

/// Returns the latest answered survey of a contact.
pub async fn latest_answer(tx: &mut Tx, contact: ContactId) -> Result<Option<ResponseId>, StoreError> {
    const SQL: &str = "SELECT id FROM responses WHERE contact_id = $1 AND status = 'complete' AND score IS NOT NULL \
                       ORDER BY completed_at DESC, id DESC LIMIT 1";
    let id: Option<String> = both!(tx, |c| sqlx::query_scalar(SQL).bind(contact.to_string()).fetch_optional(c).await)?;
    id.map(|id| Row { table: "responses", id: &id }.parse("id", &id)).transpose()
}

#[derive(FromRow)]
struct OfferRow {
    id: String,
    response_id: String,
    contact_id: Option<String>,
    name: String,
    by_staff: Option<String>,
    at: i64,
}

impl TryFrom<OfferRow> for Offer {
    type Error = StoreError;

    fn try_from(row: OfferRow) -> Result<Offer, StoreError> {
        let at = Row { table: "offers", id: &row.id };
        Ok(Offer {
            response: at.parse("response_id", &row.response_id)?,
            contact: at.parse_opt("contact_id", row.contact_id.as_deref())?,
            by: at.parse_opt("by_staff", row.by_staff.as_deref())?,
            at: Timestamp(row.at),
            name: row.name,
        })
    }
}
