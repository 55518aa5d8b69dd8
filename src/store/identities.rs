//! Which address on which channel is which contact.

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::ContactId;
use crate::domain::time::Timestamp;

/// Returns the contact behind an address.
pub async fn find_contact(tx: &mut Tx, channel: &str, address: &str) -> Result<Option<ContactId>, StoreError> {
    const SQL: &str = "SELECT contact_id FROM identities WHERE channel = $1 AND address = $2";
    let id: Option<String> =
        both!(tx, |c| sqlx::query_scalar(SQL).bind(channel).bind(clean(address)).fetch_optional(c).await)?;
    // The address is the person's; the row is named by its channel alone.
    id.map(|id| Row { table: "identities", id: channel }.parse("contact_id", &id)).transpose()
}

/// Says that an address is this contact, replacing what was known.
pub async fn link(
    tx: &mut Tx,
    channel: &str,
    address: &str,
    contact: ContactId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO identities (channel, address, contact_id, linked_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (channel, address) DO UPDATE \
                       SET contact_id = excluded.contact_id, linked_at = excluded.linked_at";
    both!(tx, |c| sqlx::query(SQL)
        .bind(channel)
        .bind(clean(address))
        .bind(contact.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}
