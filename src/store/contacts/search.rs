//! Finding people by the beginning of a name, a telephone number, or a flat.

use super::{Contact, ContactRow};
use crate::store::tx::both;
use crate::store::value::clean;
use crate::store::{StoreError, Tx};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.name, c.phone, c.role, c.language, c.consent_at, c.surveys_stopped_at, ",
            "c.phone_verified_at, c.merged_into, c.erased_at, c.created_at ",
            $rest
        )
    };
}

/// Returns those who carry on by themselves and whose name, number or flat begins with `begins`, at
/// most `limit` of each; without anything to look for, those who came last. Each statement goes by an
/// index.
pub async fn search(tx: &mut Tx, begins: &str, limit: u32) -> Result<Vec<Contact>, StoreError> {
    const LATEST: &str = select!("FROM contacts c WHERE c.merged_into IS NULL ORDER BY c.id DESC LIMIT $1");
    const NAME: &str = select!("FROM contacts c WHERE c.name LIKE $1 ESCAPE '\\' AND c.merged_into IS NULL LIMIT $2");
    const PHONE: &str = select!("FROM contacts c WHERE c.phone LIKE $1 ESCAPE '\\' AND c.merged_into IS NULL LIMIT $2");
    const LABEL: &str = select!(
        "FROM units u JOIN contact_units b ON b.unit_id = u.id JOIN contacts c ON c.id = b.contact_id \
         WHERE u.label LIKE $1 ESCAPE '\\' AND c.merged_into IS NULL LIMIT $2"
    );
    const ROOM: &str = select!(
        "FROM units u JOIN contact_units b ON b.unit_id = u.id JOIN contacts c ON c.id = b.contact_id \
         WHERE u.room LIKE $1 ESCAPE '\\' AND c.merged_into IS NULL LIMIT $2"
    );
    let (begins, most) = (begins.trim(), i64::from(limit));
    let mut rows: Vec<ContactRow> = Vec::new();
    if begins.is_empty() {
        rows = both!(tx, |c| sqlx::query_as(LATEST).bind(most).fetch_all(c).await)?;
    } else {
        let pattern = format!("{}%", escaped(&clean(begins)));
        for sql in [NAME, PHONE, LABEL, ROOM] {
            let found: Vec<ContactRow> =
                both!(tx, |c| sqlx::query_as(sql).bind(&pattern).bind(most).fetch_all(c).await)?;
            rows.extend(found);
        }
    }
    let mut found: Vec<Contact> = Vec::new();
    for row in rows {
        let contact = Contact::try_from(row)?;
        if !found.iter().any(|known| known.id == contact.id) {
            found.push(contact);
        }
    }
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// What somebody typed means itself, not a pattern.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}
