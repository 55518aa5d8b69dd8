//! Which account on a platform is which member of staff.

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::StaffId;
use crate::domain::time::Timestamp;

/// Returns the member of staff behind an account, whether or not they still work here.
pub async fn find(tx: &mut Tx, channel: &str, address: &str) -> Result<Option<StaffId>, StoreError> {
    const SQL: &str = "SELECT staff_id FROM staff_accounts WHERE channel = $1 AND address = $2";
    let id: Option<String> =
        both!(tx, |c| sqlx::query_scalar(SQL).bind(channel).bind(clean(address)).fetch_optional(c).await)?;
    id.map(|id| Row { table: "staff_accounts", id: channel }.parse("staff_id", &id)).transpose()
}

/// Returns the accounts of a member of staff on a channel, the latest first.
pub async fn of(tx: &mut Tx, channel: &str, staff: StaffId) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT address FROM staff_accounts WHERE channel = $1 AND staff_id = $2 \
                       ORDER BY linked_at DESC, address";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).bind(channel).bind(staff.to_string()).fetch_all(c).await)?)
}

/// Says that an account is this member of staff, replacing what was known.
pub async fn link(tx: &mut Tx, channel: &str, address: &str, staff: StaffId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO staff_accounts (channel, address, staff_id, linked_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (channel, address) DO UPDATE \
                       SET staff_id = excluded.staff_id, linked_at = excluded.linked_at";
    both!(tx, |c| sqlx::query(SQL)
        .bind(channel)
        .bind(clean(address))
        .bind(staff.to_string())
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Takes what a member of staff has on one channel from them.
pub async fn clear(tx: &mut Tx, channel: &str, staff: StaffId) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM staff_accounts WHERE channel = $1 AND staff_id = $2";
    both!(tx, |c| sqlx::query(SQL).bind(channel).bind(staff.to_string()).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes every account from a member of staff; returns how many there were.
pub async fn unlink(tx: &mut Tx, staff: StaffId) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM staff_accounts WHERE staff_id = $1";
    Ok(both!(tx, |c| sqlx::query(SQL).bind(staff.to_string()).execute(c).await.map(|done| done.rows_affected()))?)
}
