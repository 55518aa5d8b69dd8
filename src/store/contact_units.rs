//! Who belongs to which unit: bound by the signed token of a QR code.

use super::contacts::ContactRow;
use super::tx::both;
use super::units::UnitRow;
use super::{StoreError, Tx};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, UnitId};
use crate::domain::project::Unit;
use crate::domain::time::Timestamp;

/// Binds a contact to a unit; returns false if they were bound already.
pub async fn bind(tx: &mut Tx, contact: ContactId, unit: UnitId, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO contact_units (contact_id, unit_id, bound_at) VALUES ($1, $2, $3) \
                       ON CONFLICT (contact_id, unit_id) DO NOTHING";
    let bound = both!(tx, |c| sqlx::query(SQL)
        .bind(contact.to_string())
        .bind(unit.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(bound > 0)
}

/// Returns the units of a contact, the latest bound first.
pub async fn list(tx: &mut Tx, contact: ContactId) -> Result<Vec<Unit>, StoreError> {
    const SQL: &str = "SELECT u.id, u.project_id, u.code, u.building, u.unit, u.room, u.label, u.handover_at, \
                       u.first_use_at \
                       FROM contact_units b JOIN units u ON u.id = b.unit_id \
                       WHERE b.contact_id = $1 ORDER BY b.bound_at DESC, u.id";
    let rows = both!(tx, |c| sqlx::query_as::<_, UnitRow>(SQL).bind(contact.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Unit::try_from).collect()
}

/// Returns the contacts of a unit, the first bound first.
pub async fn contacts(tx: &mut Tx, unit: UnitId) -> Result<Vec<Contact>, StoreError> {
    const SQL: &str = "SELECT c.id, c.name, c.phone, c.role, c.language, c.consent_at, c.surveys_stopped_at, \
                       c.phone_verified_at, c.merged_into, c.created_at \
                       FROM contact_units b JOIN contacts c ON c.id = b.contact_id \
                       WHERE b.unit_id = $1 ORDER BY b.bound_at, c.id";
    let rows = both!(tx, |c| sqlx::query_as::<_, ContactRow>(SQL).bind(unit.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Contact::try_from).collect()
}
