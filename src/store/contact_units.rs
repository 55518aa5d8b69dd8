//! Who belongs to which unit: bound by the signed token of a QR code.

use sqlx::AssertSqlSafe;

use super::backend::by_database;
use super::contacts::ContactRow;
use super::tx::both;
use super::units::UnitRow;
use super::value::Row;
use super::{StoreError, Tx, bulk};
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

/// Binds many contacts to their units; those that are bound already stay as they are. Whoever was erased or
/// became part of somebody else meanwhile is bound to nothing.
pub async fn bind_all(tx: &mut Tx, pairs: &[(ContactId, UnitId)], now: Timestamp) -> Result<(), StoreError> {
    const BEFORE: &str = "INSERT INTO contact_units (contact_id, unit_id, bound_at) \
                          SELECT pair.column1, pair.column2, pair.column3 FROM (VALUES ";
    macro_rules! after {
        ($lock:literal) => {
            concat!(
                ") AS pair JOIN contacts c ON c.id = pair.column1 \
                 WHERE c.erased_at IS NULL AND c.merged_into IS NULL",
                $lock,
                " ON CONFLICT (contact_id, unit_id) DO NOTHING"
            )
        };
    }
    // Somebody may just be erased: then it is waited for.
    let after = by_database(tx, after!(""), after!(" FOR SHARE OF c"));
    for pairs in pairs.chunks(bulk::ROWS) {
        let sql = bulk::statement(BEFORE, pairs.len(), 3, after);
        both!(tx, |c| {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (contact, unit) in pairs {
                query = query.bind(contact.to_string()).bind(unit.to_string()).bind(now.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// Returns every contact with each of their units.
pub async fn pairs(tx: &mut Tx) -> Result<Vec<(ContactId, UnitId)>, StoreError> {
    const SQL: &str = "SELECT contact_id, unit_id FROM contact_units";
    let rows: Vec<(String, String)> = both!(tx, |c| sqlx::query_as(SQL).fetch_all(c).await)?;
    let read = |(contact, unit): (String, String)| {
        let at = Row { table: "contact_units", id: &contact };
        Ok((at.parse("contact_id", &contact)?, at.parse("unit_id", &unit)?))
    };
    rows.into_iter().map(read).collect()
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
                       c.phone_verified_at, c.merged_into, c.erased_at, c.created_at \
                       FROM contact_units b JOIN contacts c ON c.id = b.contact_id \
                       WHERE b.unit_id = $1 ORDER BY b.bound_at, c.id";
    let rows = both!(tx, |c| sqlx::query_as::<_, ContactRow>(SQL).bind(unit.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// Returns whom of a unit staff calls: the first bound whose number is known, else the first bound.
pub async fn to_call(tx: &mut Tx, unit: UnitId) -> Result<Option<Contact>, StoreError> {
    let known = contacts(tx, unit).await?;
    let by_phone = known.iter().find(|contact| contact.phone.is_some()).cloned();
    Ok(by_phone.or_else(|| known.into_iter().next()))
}
