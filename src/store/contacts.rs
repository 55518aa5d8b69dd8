//! Contacts: people, their language and what they agreed to.

/// A statement that reads whole contacts; its source names them `c`.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.name, c.phone, c.role, c.language, c.consent_at, c.surveys_stopped_at, ",
            "c.phone_verified_at, c.merged_into, c.erased_at, c.created_at FROM ",
            $rest
        )
    };
}

mod search;

pub use search::search;

use sqlx::{AssertSqlSafe, FromRow};

use super::tx::both;
use super::value::{Row, clean, clean_opt, name_of};
use super::{StoreError, Tx, bulk};
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::domain::language::Language;
use crate::domain::time::Timestamp;

/// Merges that are followed, one contact having become part of the next.
const MOST_MERGES: usize = 64;

/// Inserts a contact.
pub async fn insert(tx: &mut Tx, contact: &Contact) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO contacts \
                       (id, name, phone, role, language, consent_at, surveys_stopped_at, phone_verified_at, \
                       merged_into, erased_at, created_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let role = name_of(&contact.role)?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(contact.id.to_string())
        .bind(clean_opt(contact.name.as_deref()))
        .bind(clean_opt(contact.phone.as_deref()))
        .bind(role)
        .bind(contact.language.tag())
        .bind(contact.consent_at.map(|at| at.0))
        .bind(contact.surveys_stopped_at.map(|at| at.0))
        .bind(contact.phone_verified_at.map(|at| at.0))
        .bind(contact.merged_into.map(|id| id.to_string()))
        .bind(contact.erased_at.map(|at| at.0))
        .bind(contact.created_at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Stores many contacts: new ones whole, of known ones what an operator's register says. Consent,
/// opt-outs and what was verified stay as they are, and so does whoever was erased or became part of
/// somebody else meanwhile.
pub async fn save_all(tx: &mut Tx, contacts: &[&Contact]) -> Result<(), StoreError> {
    const BEFORE: &str = "INSERT INTO contacts (id, name, phone, role, language, created_at) VALUES ";
    const AFTER: &str = " ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
                         phone = CASE WHEN contacts.phone_verified_at IS NULL THEN excluded.phone \
                         ELSE contacts.phone END, role = excluded.role, language = excluded.language \
                         WHERE contacts.erased_at IS NULL AND contacts.merged_into IS NULL";
    for contacts in contacts.chunks(bulk::ROWS) {
        let sql = bulk::statement(BEFORE, contacts.len(), 6, AFTER);
        let roles = contacts.iter().map(|contact| name_of(&contact.role)).collect::<Result<Vec<_>, _>>()?;
        both!(tx, |c| {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (contact, role) in contacts.iter().zip(roles) {
                query = query
                    .bind(contact.id.to_string())
                    .bind(clean_opt(contact.name.as_deref()))
                    .bind(clean_opt(contact.phone.as_deref()))
                    .bind(role)
                    .bind(contact.language.tag())
                    .bind(contact.created_at.0);
            }
            query.execute(c).await.map(drop)
        })?;
    }
    Ok(())
}

/// Returns everybody who has a telephone number and was not merged into somebody else, the
/// earliest first.
pub async fn with_phone(tx: &mut Tx) -> Result<Vec<Contact>, StoreError> {
    const SQL: &str = select!("contacts c WHERE phone IS NOT NULL AND merged_into IS NULL ORDER BY created_at, id");
    let rows = both!(tx, |c| sqlx::query_as::<_, ContactRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// Returns one contact.
pub async fn find(tx: &mut Tx, id: ContactId) -> Result<Option<Contact>, StoreError> {
    const SQL: &str = select!("contacts c WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, ContactRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Contact::try_from).transpose()
}

/// Stores the language a person chose.
pub async fn update_language(tx: &mut Tx, id: ContactId, language: Language) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET language = $2 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(language.tag())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Returns whoever carries on for a contact by now: themselves, or whom they became part of, who may have
/// become part of yet another.
pub async fn carrying_on(tx: &mut Tx, id: ContactId) -> Result<Option<Contact>, StoreError> {
    let mut found = find(tx, id).await?;
    for _ in 0..MOST_MERGES {
        let Some(into) = found.as_ref().and_then(|contact| contact.merged_into) else { break };
        found = find(tx, into).await?;
    }
    Ok(found)
}

/// Returns everybody with a telephone number who carries on by themselves, the earliest first.
pub async fn of_phone(tx: &mut Tx, phone: &str) -> Result<Vec<Contact>, StoreError> {
    const SQL: &str = select!("contacts c WHERE phone = $1 AND merged_into IS NULL ORDER BY created_at, id");
    let rows = both!(tx, |c| sqlx::query_as::<_, ContactRow>(SQL).bind(clean(phone)).fetch_all(c).await)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// Stores a number that was shown to be the person's own.
pub async fn show_phone(tx: &mut Tx, id: ContactId, phone: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET phone = $2, phone_verified_at = $3 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(clean(phone))
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Stores everything that is known of a person but the language.
pub(super) async fn update_facts(tx: &mut Tx, contact: &Contact) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET name = $2, phone = $3, role = $4, consent_at = $5, \
                       surveys_stopped_at = $6, phone_verified_at = $7 WHERE id = $1";
    let role = name_of(&contact.role)?;
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(contact.id.to_string())
        .bind(clean_opt(contact.name.as_deref()))
        .bind(clean_opt(contact.phone.as_deref()))
        .bind(role)
        .bind(contact.consent_at.map(|at| at.0))
        .bind(contact.surveys_stopped_at.map(|at| at.0))
        .bind(contact.phone_verified_at.map(|at| at.0))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, contact.id)
}

/// Says which contact carries on instead of this one, or that it does by itself again.
pub(super) async fn set_merged(tx: &mut Tx, id: ContactId, into: Option<ContactId>) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET merged_into = $2 WHERE id = $1";
    let changed = both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(into.map(|id| id.to_string()))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

/// Notes that the person agreed to what their messages are used for; the first time counts.
pub async fn consent(tx: &mut Tx, id: ContactId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET consent_at = COALESCE(consent_at, $2) WHERE id = $1";
    at(tx, SQL, id, Some(now)).await
}

/// Notes that the person took back what they had agreed to.
pub async fn take_back_consent(tx: &mut Tx, id: ContactId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET consent_at = $2 WHERE id = $1";
    at(tx, SQL, id, None).await
}

/// Stops surveys to this person (退订); the first time counts.
pub async fn stop_surveys(tx: &mut Tx, id: ContactId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET surveys_stopped_at = COALESCE(surveys_stopped_at, $2) WHERE id = $1";
    at(tx, SQL, id, Some(now)).await
}

/// Lets surveys go to this person again.
pub async fn resume_surveys(tx: &mut Tx, id: ContactId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contacts SET surveys_stopped_at = $2 WHERE id = $1";
    at(tx, SQL, id, None).await
}

async fn at(tx: &mut Tx, sql: &'static str, id: ContactId, at: Option<Timestamp>) -> Result<(), StoreError> {
    let at = at.map(|at| at.0);
    let changed = both!(tx, |c| sqlx::query(sql)
        .bind(id.to_string())
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    found(changed, id)
}

fn found(changed: u64, id: ContactId) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::Missing { table: "contacts", id: id.to_string() }) } else { Ok(()) }
}

#[derive(FromRow)]
pub(super) struct ContactRow {
    id: String,
    name: Option<String>,
    phone: Option<String>,
    role: String,
    language: String,
    consent_at: Option<i64>,
    surveys_stopped_at: Option<i64>,
    phone_verified_at: Option<i64>,
    merged_into: Option<String>,
    erased_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<ContactRow> for Contact {
    type Error = StoreError;

    fn try_from(row: ContactRow) -> Result<Contact, StoreError> {
        let at = Row { table: "contacts", id: &row.id };
        Ok(Contact {
            id: at.parse("id", &row.id)?,
            role: at.name("role", &row.role)?,
            language: Language::from_tag(&row.language).ok_or_else(|| at.corrupt("language"))?,
            consent_at: row.consent_at.map(Timestamp),
            surveys_stopped_at: row.surveys_stopped_at.map(Timestamp),
            phone_verified_at: row.phone_verified_at.map(Timestamp),
            merged_into: at.parse_opt("merged_into", row.merged_into.as_deref())?,
            erased_at: row.erased_at.map(Timestamp),
            created_at: Timestamp(row.created_at),
            name: row.name,
            phone: row.phone,
        })
    }
}
