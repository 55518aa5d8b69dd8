//! Members of staff and the hashes of their passwords.

use sqlx::FromRow;

use super::backend::{lock_row, lock_rows};
use super::tx::both;
use super::value::{Row, clean, clean_opt, json_of, name_of};
use super::{StoreError, Tx};
use crate::domain::ids::StaffId;
use crate::domain::staff::Staff;
use crate::domain::time::Timestamp;

/// In place of a hash: nobody logs in before a password was set.
pub const NO_PASSWORD: &str = "!";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, login, name, role, region, phone, team, skills, password_hash, active, created_at FROM staff ",
            $rest
        )
    };
}

/// Inserts a member of staff with the hash (argon2id, PHC string) of their password.
pub async fn insert(tx: &mut Tx, staff: &Staff, password_hash: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO staff (id, login, name, role, region, phone, team, skills, password_hash, \
                       active, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (role, skills) = (name_of(&staff.role)?, json_of(&staff.skills)?);
    both!(tx, |c| sqlx::query(SQL)
        .bind(staff.id.to_string())
        .bind(clean(&staff.login))
        .bind(clean(&staff.name))
        .bind(role)
        .bind(clean_opt(staff.region.as_deref()))
        .bind(clean_opt(staff.phone.as_deref()))
        .bind(clean_opt(staff.team.as_deref()))
        .bind(skills)
        .bind(password_hash)
        .bind(i64::from(staff.active))
        .bind(staff.created_at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns one member of staff.
pub async fn find(tx: &mut Tx, id: StaffId) -> Result<Option<Staff>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, StaffRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Staff::try_from).transpose()
}

/// Returns one member of staff and holds them until the transaction ends: nobody else changes them meanwhile.
pub async fn load_for_update(tx: &mut Tx, id: StaffId) -> Result<Option<Staff>, StoreError> {
    lock_row(tx, "SELECT id FROM staff WHERE id = $1 FOR NO KEY UPDATE", &id.to_string()).await?;
    find(tx, id).await
}

/// Holds every member of staff until the transaction ends: an import changes many of them.
pub async fn hold_all(tx: &mut Tx) -> Result<(), StoreError> {
    lock_rows(tx, "SELECT id FROM staff ORDER BY id FOR NO KEY UPDATE").await
}

/// Returns whoever logs in as `login`, with the hash of their password.
pub async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<(Staff, String)>, StoreError> {
    const SQL: &str = select!("WHERE login = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, StaffRow>(SQL).bind(clean(login)).fetch_optional(c).await)?;
    row.map(|mut row| {
        let hash = std::mem::take(&mut row.password_hash);
        Ok((row.try_into()?, hash))
    })
    .transpose()
}

/// Returns whether somebody logs in by that name, be it in large letters or in small ones.
pub async fn is_taken(tx: &mut Tx, login: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM staff WHERE LOWER(login) = LOWER($1)";
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL).bind(clean(login)).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Returns the hash of somebody's password.
pub async fn password_hash(tx: &mut Tx, id: StaffId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT password_hash FROM staff WHERE id = $1";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).bind(id.to_string()).fetch_optional(c).await)?)
}

/// Returns every member of staff by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<Staff>, StoreError> {
    const SQL: &str = select!("ORDER BY name, login");
    let rows = both!(tx, |c| sqlx::query_as::<_, StaffRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(Staff::try_from).collect()
}

/// Stores somebody as they now are; the password stays. Load them with [`load_for_update`] first.
pub async fn update(tx: &mut Tx, staff: &Staff) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE staff SET login = $2, name = $3, role = $4, region = $5, phone = $6, team = $7, \
                       skills = $8, active = $9 WHERE id = $1";
    let (role, skills) = (name_of(&staff.role)?, json_of(&staff.skills)?);
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(staff.id.to_string())
        .bind(clean(&staff.login))
        .bind(clean(&staff.name))
        .bind(role)
        .bind(clean_opt(staff.region.as_deref()))
        .bind(clean_opt(staff.phone.as_deref()))
        .bind(clean_opt(staff.team.as_deref()))
        .bind(skills)
        .bind(i64::from(staff.active))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, staff.id)
}

/// Replaces the hash of somebody's password.
pub async fn set_password(tx: &mut Tx, id: StaffId, password_hash: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE staff SET password_hash = $2 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(password_hash)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Lets somebody log in, or no longer.
pub async fn set_active(tx: &mut Tx, id: StaffId, active: bool) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE staff SET active = $2 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(i64::from(active))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

fn found(changed: u64, id: StaffId) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::Missing { table: "staff", id: id.to_string() }) } else { Ok(()) }
}

#[derive(FromRow)]
struct StaffRow {
    id: String,
    login: String,
    name: String,
    role: String,
    region: Option<String>,
    phone: Option<String>,
    team: Option<String>,
    skills: String,
    password_hash: String,
    active: i64,
    created_at: i64,
}

impl TryFrom<StaffRow> for Staff {
    type Error = StoreError;

    fn try_from(row: StaffRow) -> Result<Staff, StoreError> {
        let at = Row { table: "staff", id: &row.id };
        Ok(Staff {
            id: at.parse("id", &row.id)?,
            role: at.name("role", &row.role)?,
            skills: at.json("skills", &row.skills)?,
            active: at.bool("active", row.active)?,
            created_at: Timestamp(row.created_at),
            login: row.login,
            name: row.name,
            region: row.region,
            phone: row.phone,
            team: row.team,
        })
    }
}
