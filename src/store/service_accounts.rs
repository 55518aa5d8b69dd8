//! The accounts of WeChat customer service (微信客服), and how far the messages of each were read. The
//! place is moved in the transaction that stores what was read up to there.

use std::time::Duration;

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::ServiceAccountId;
use crate::domain::time::Timestamp;

/// What was owed for so long and not begun is owed again.
const OWED_FOR: Duration = Duration::from_secs(600);

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    pub id: ServiceAccountId,
    /// What the platform calls it.
    pub open_kfid: String,
    /// Up to where all was read; empty: nothing was yet.
    pub read_to: String,
    /// What the last notice brought, and when it came: good for ten minutes.
    pub token: Option<String>,
    pub noticed_at: Option<Timestamp>,
    /// When we first heard of it.
    pub first_at: Timestamp,
}

/// Notes that an account has something to be read. Returns its id if that has to be owed: once, until
/// it is begun.
pub async fn notice(
    tx: &mut Tx,
    new: ServiceAccountId,
    open_kfid: &str,
    token: &str,
    now: Timestamp,
) -> Result<Option<ServiceAccountId>, StoreError> {
    const KNOW: &str = "INSERT INTO service_accounts (id, open_kfid, token, noticed_at, first_at) \
                        VALUES ($1, $2, $3, $4, $4) \
                        ON CONFLICT (open_kfid) DO UPDATE SET token = excluded.token, noticed_at = excluded.noticed_at";
    const OWE: &str = "UPDATE service_accounts SET owed_at = $2 \
                       WHERE open_kfid = $1 AND (owed_at IS NULL OR owed_at < $3) RETURNING id";
    both!(tx, |c| sqlx::query(KNOW)
        .bind(new.to_string())
        .bind(clean(open_kfid))
        .bind(clean(token))
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    let owed: Option<String> = both!(tx, |c| sqlx::query_scalar(OWE)
        .bind(clean(open_kfid))
        .bind(now.0)
        .bind((now - OWED_FOR).0)
        .fetch_optional(c)
        .await)?;
    owed.map(|id| Row { table: "service_accounts", id: &id }.parse("id", &id)).transpose()
}

/// Begins to read: whatever is noticed from now on is owed anew.
pub async fn begin(tx: &mut Tx, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError> {
    const SQL: &str = "UPDATE service_accounts SET owed_at = NULL WHERE id = $1 \
                       RETURNING id, open_kfid, read_to, token, noticed_at, first_at";
    let row = both!(tx, |c| sqlx::query_as::<_, AccountRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(ServiceAccount::try_from).transpose()
}

/// Moves the place up to which all was read, unless somebody else has moved it meanwhile.
pub async fn read_on(tx: &mut Tx, id: ServiceAccountId, from: &str, to: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE service_accounts SET read_to = $3 WHERE id = $1 AND read_to = $2";
    both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).bind(clean(from)).bind(clean(to)).execute(c).await.map(drop))?;
    Ok(())
}

/// Returns every account.
pub async fn list(tx: &mut Tx) -> Result<Vec<ServiceAccount>, StoreError> {
    const SQL: &str = "SELECT id, open_kfid, read_to, token, noticed_at, first_at FROM service_accounts \
                       ORDER BY first_at, id";
    let rows = both!(tx, |c| sqlx::query_as::<_, AccountRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(ServiceAccount::try_from).collect()
}

#[derive(FromRow)]
struct AccountRow {
    id: String,
    open_kfid: String,
    read_to: String,
    token: Option<String>,
    noticed_at: Option<i64>,
    first_at: i64,
}

impl TryFrom<AccountRow> for ServiceAccount {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<ServiceAccount, StoreError> {
        Ok(ServiceAccount {
            id: Row { table: "service_accounts", id: &row.id }.parse("id", &row.id)?,
            noticed_at: row.noticed_at.map(Timestamp),
            first_at: Timestamp(row.first_at),
            open_kfid: row.open_kfid,
            read_to: row.read_to,
            token: row.token,
        })
    }
}
