//! Finding people by the beginning of a name, a telephone number, or a flat.

use super::{Contact, ContactRow};
use crate::domain::access::Scope;
use crate::store::backend::{begins, by_database};
use crate::store::scope::contact_within;
use crate::store::tx::both;
use crate::store::value::clean;
use crate::store::{StoreError, Tx};

/// The people of whom something begins so.
macro_rules! people {
    ($database:ident, $source:literal, $column:literal) => {
        concat!(
            select!($source),
            begins!($database, $column, "$1"),
            " AND c.merged_into IS NULL AND ",
            contact_within!("c", "$3", "$4"),
            " LIMIT $2"
        )
    };
}

/// By name, number, flat and room: a statement each, since each goes by its own index.
macro_rules! statements {
    ($database:ident) => {
        [
            people!($database, "contacts c WHERE ", "c.name"),
            people!($database, "contacts c WHERE ", "c.phone"),
            people!(
                $database,
                "units u JOIN contact_units b ON b.unit_id = u.id JOIN contacts c ON c.id = b.contact_id WHERE ",
                "u.label"
            ),
            people!(
                $database,
                "units u JOIN contact_units b ON b.unit_id = u.id JOIN contacts c ON c.id = b.contact_id WHERE ",
                "u.room"
            ),
        ]
    };
}

/// Returns those within a scope who carry on by themselves and whose name, number or flat begins with
/// `begins`, at most `limit`; without anything to look for, those who came last.
pub async fn search(tx: &mut Tx, begins: &str, within: &Scope, limit: u32) -> Result<Vec<Contact>, StoreError> {
    const LATEST: &str = concat!(
        select!("contacts c WHERE c.merged_into IS NULL AND "),
        contact_within!("c", "$2", "$3"),
        " ORDER BY c.id DESC LIMIT $1"
    );
    const SQLITE: [&str; 4] = statements!(sqlite);
    const POSTGRES: [&str; 4] = statements!(postgres);
    let (begins, most) = (begins.trim(), i64::from(limit));
    let (owner, region) = (within.owner.map(|id| id.to_string()), within.region.as_deref());
    let mut rows: Vec<ContactRow> = Vec::new();
    if begins.is_empty() {
        rows = both!(tx, |c| sqlx::query_as(LATEST).bind(most).bind(&owner).bind(region).fetch_all(c).await)?;
    } else {
        let pattern = format!("{}%", escaped(&clean(begins)));
        for sql in by_database(tx, SQLITE, POSTGRES) {
            let found: Vec<ContactRow> = both!(tx, |c| sqlx::query_as(sql)
                .bind(&pattern)
                .bind(most)
                .bind(&owner)
                .bind(region)
                .fetch_all(c)
                .await)?;
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
