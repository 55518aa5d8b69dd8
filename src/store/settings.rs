//! Settings the service keeps for itself: keys, secrets it minted, marks of work done.

use super::tx::both;
use super::value::clean;
use super::{StoreError, Tx};

/// Returns the value stored under `key`.
pub async fn get(tx: &mut Tx, key: &str) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT value FROM settings WHERE key = $1";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).bind(key).fetch_optional(c).await)?)
}

/// Stores `value` under `key`, replacing what was there.
pub async fn put(tx: &mut Tx, key: &str, value: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO settings (key, value) VALUES ($1, $2) \
                       ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    both!(tx, |c| sqlx::query(SQL).bind(key).bind(clean(value)).execute(c).await.map(drop))?;
    Ok(())
}

/// Stores `value` under `key` where nothing is there yet, and returns what is there now: of several who do
/// so at once, all get the value of one.
pub async fn put_if_absent(tx: &mut Tx, key: &str, value: &str) -> Result<String, StoreError> {
    const SQL: &str = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    both!(tx, |c| sqlx::query(SQL).bind(key).bind(clean(value)).execute(c).await.map(drop))?;
    get(tx, key).await?.ok_or_else(|| StoreError::Missing { table: "settings", id: key.to_owned() })
}

/// Holds a key until the transaction ends, whether or not something is stored under it: of several who do what
/// it stands for, the others wait for the first.
pub async fn hold(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    // A row must be there to be held, and what it says stays.
    const SQL: &str = "INSERT INTO settings (key, value) VALUES ($1, '') \
                       ON CONFLICT (key) DO UPDATE SET value = settings.value";
    both!(tx, |c| sqlx::query(SQL).bind(key).execute(c).await.map(drop))?;
    Ok(())
}
