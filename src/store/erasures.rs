//! Personal data that is to be removed, or was; and the statements that remove it. What stays says
//! what happened and where, never who it was or what they said. DOMAIN.md, "Contact discipline".
//!
//! Rows are kept: figures and tickets hang on them. Files are deleted by whoever calls
//! (`crate::jobs`), after the rows that name them are emptied.

use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, FromRow};

use super::tx::both;
use super::value::{Row, clean, name_of};
use super::{StoreError, Tx};
use crate::domain::ids::{ContactId, DialogueId, ErasureId, MediaId, StaffId, TicketId};
use crate::domain::time::Timestamp;

/// What stands in place of why a file is not there.
const ERASED: &str = "erased";

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// The person, in the chat.
    Client,
    /// The platform's rule, when somebody unfollowed us there.
    Left,
    /// The person, by the platform: they took back what they had let us know there, or gave up their account.
    Revoked,
    /// A member of staff, for the person.
    Staff,
}

impl Wish {
    /// Returns the name used in the database and in texts (`web.console.contact.wish.<name>`).
    pub fn name(self) -> &'static str {
        match self {
            Wish::Client => "client",
            Wish::Left => "left",
            Wish::Revoked => "revoked",
            Wish::Staff => "staff",
        }
    }
}

/// One removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub id: ErasureId,
    pub contact: ContactId,
    /// The one conversation it is about; `None`: everything of the person.
    pub dialogue: Option<DialogueId>,
    pub why: Wish,
    pub staff: Option<StaffId>,
    pub asked_at: Timestamp,
    pub due_at: Timestamp,
    pub done_at: Option<Timestamp>,
    /// Messages that were emptied and files that were deleted.
    pub messages: u64,
    pub files: u64,
}

/// Whose rows: everything of a person, or of one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Contact(ContactId),
    Dialogue(DialogueId),
}

impl Of {
    fn by(self) -> (&'static str, String) {
        match self {
            Of::Contact(id) => ("contact_id", id.to_string()),
            Of::Dialogue(id) => ("dialogue_id", id.to_string()),
        }
    }
}

/// Takes note of a wish.
pub async fn insert(tx: &mut Tx, erasure: &Erasure) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO erasures (id, contact_id, dialogue_id, why, staff_id, asked_at, due_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let why = name_of(&erasure.why)?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(erasure.id.to_string())
        .bind(erasure.contact.to_string())
        .bind(erasure.dialogue.map(|id| id.to_string()))
        .bind(why)
        .bind(erasure.staff.map(|id| id.to_string()))
        .bind(erasure.asked_at.0)
        .bind(erasure.due_at.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns one removal.
pub async fn find(tx: &mut Tx, id: ErasureId) -> Result<Option<Erasure>, StoreError> {
    const SQL: &str = "SELECT id, contact_id, dialogue_id, why, staff_id, asked_at, due_at, done_at, messages, files \
                       FROM erasures WHERE id = $1";
    let row = both!(tx, |c| sqlx::query_as::<_, ErasureRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Erasure::try_from).transpose()
}

/// Returns the removals of a contact, the latest first.
pub async fn list(tx: &mut Tx, contact: ContactId) -> Result<Vec<Erasure>, StoreError> {
    const SQL: &str = "SELECT id, contact_id, dialogue_id, why, staff_id, asked_at, due_at, done_at, messages, files \
                       FROM erasures WHERE contact_id = $1 ORDER BY asked_at DESC, id DESC";
    let rows = both!(tx, |c| sqlx::query_as::<_, ErasureRow>(SQL).bind(contact.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Erasure::try_from).collect()
}

/// Adds to what was emptied and deleted.
pub async fn count(tx: &mut Tx, id: ErasureId, messages: u64, files: u64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE erasures SET messages = messages + $2, files = files + $3 WHERE id = $1";
    let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
    both!(tx, |c| sqlx::query(SQL)
        .bind(id.to_string())
        .bind(number(messages))
        .bind(number(files))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Notes that nothing is left to be removed.
pub async fn done(tx: &mut Tx, id: ErasureId, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE erasures SET done_at = $2 WHERE id = $1";
    both!(tx, |c| sqlx::query(SQL).bind(id.to_string()).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Returns the stored bodies of what a person sent in a conversation.
pub async fn bodies(tx: &mut Tx, dialogue: DialogueId) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT body FROM inbox WHERE dialogue_id = $1 ORDER BY seq";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).bind(dialogue.to_string()).fetch_all(c).await)?)
}

/// Empties a conversation: its messages, its address, where it stood. Nothing reaches anybody by it
/// any more; whoever writes from that address again begins anew. Returns how many messages it had.
pub async fn empty_dialogue(tx: &mut Tx, id: DialogueId, state: &str, now: Timestamp) -> Result<u64, StoreError> {
    // The platforms' ids of messages name the chat they came from.
    const INBOX: &str = "UPDATE inbox SET body = '{}', external_id = 'erased:' || id \
                         WHERE dialogue_id = $1 AND body <> '{}'";
    const OUTBOX: &str = "UPDATE outbox SET body = '{}', reason = CASE WHEN status = 'pending' THEN 'erased' \
                          ELSE reason END, status = CASE WHEN status = 'pending' THEN 'withheld' ELSE status END \
                          WHERE dialogue_id = $1 AND body <> '{}'";
    const PERMITS: &str = "DELETE FROM permits WHERE dialogue_id = $1";
    const ADDRESS: &str = "DELETE FROM identities WHERE EXISTS (SELECT 1 FROM dialogues d WHERE d.id = $1 \
                           AND d.channel = identities.channel AND d.address = identities.address)";
    const DIALOGUE: &str = "UPDATE dialogues SET address = 'erased:' || id, state = $2, handed_over = 0, \
                            left_at = COALESCE(left_at, $3) WHERE id = $1";
    let key = id.to_string();
    let mut messages = 0;
    both!(tx, |c| sqlx::query(PERMITS).bind(&key).execute(c).await.map(drop))?;
    for sql in [INBOX, OUTBOX] {
        messages += both!(tx, |c| sqlx::query(sql).bind(&key).execute(c).await.map(|done| done.rows_affected()))?;
    }
    both!(tx, |c| sqlx::query(ADDRESS).bind(&key).execute(c).await.map(drop))?;
    both!(tx, |c| sqlx::query(DIALOGUE).bind(&key).bind(clean(state)).bind(now.0).execute(c).await.map(drop))?;
    Ok(messages)
}

/// Empties what is known of a file and what was heard in it.
pub async fn empty_file(tx: &mut Tx, id: MediaId) -> Result<(), StoreError> {
    const FILE: &str = "UPDATE media SET sha256 = '', remote = NULL, lost = $2 WHERE id = $1";
    // Nobody listens to it any more, not even who has begun to.
    const HEARD: &str = "UPDATE transcripts SET text = NULL, raw_text = NULL, recognition = NULL, \
                         corrected_text = NULL, status = CASE WHEN status = 'pending' THEN 'failed' ELSE status END \
                         WHERE media_id = $1";
    const WORDING: &str = "UPDATE corrections SET original = NULL, corrected = '' WHERE media_id = $1";
    // Staff noted it, the client said it; and a ticket it went to by a merge may be somebody else's.
    const HISTORY: &str = "UPDATE ticket_events SET body = '{}' WHERE kind = 'heard_anew' \
                           AND ticket_id IN (SELECT ticket_id FROM ticket_media WHERE media_id = $1)";
    const TICKET: &str = "DELETE FROM ticket_media WHERE media_id = $1";
    let key = id.to_string();
    for sql in [HEARD, WORDING, HISTORY, TICKET] {
        both!(tx, |c| sqlx::query(sql).bind(&key).execute(c).await.map(drop))?;
    }
    both!(tx, |c| sqlx::query(FILE).bind(&key).bind(ERASED).execute(c).await.map(drop))?;
    Ok(())
}

/// Returns where the bytes of emptied files still lie.
pub async fn files_left(tx: &mut Tx, dialogue: DialogueId) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT key FROM media WHERE dialogue_id = $1 AND lost = $2 AND bytes > 0 ORDER BY id";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).bind(dialogue.to_string()).bind(ERASED).fetch_all(c).await)?)
}

/// Returns where the bytes of one emptied file still lie.
pub async fn file_left(tx: &mut Tx, id: MediaId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT key FROM media WHERE id = $1 AND lost = $2 AND bytes > 0";
    Ok(both!(tx, |c| sqlx::query_scalar(SQL).bind(id.to_string()).bind(ERASED).fetch_optional(c).await)?)
}

/// Notes that the bytes of a file are deleted.
pub async fn file_deleted(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE media SET bytes = 0, seconds = NULL WHERE key = $1 AND lost = $2";
    both!(tx, |c| sqlx::query(SQL).bind(key).bind(ERASED).execute(c).await.map(drop))?;
    Ok(())
}

/// Empties the words of the responses.
pub async fn empty_responses(tx: &mut Tx, of: Of) -> Result<(), StoreError> {
    let (column, id) = of.by();
    let those = format!("(SELECT id FROM responses WHERE {column} = $1)");
    for sql in [
        format!("UPDATE responses SET comment = NULL, keywords = '[]' WHERE {column} = $1"),
        format!("UPDATE answers SET text = NULL WHERE response_id IN {those}"),
        format!("UPDATE corrections SET words = NULL WHERE response_id IN {those}"),
    ] {
        both!(tx, |c| sqlx::query(AssertSqlSafe(sql)).bind(&id).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// Returns the tickets, and empties what the person added to them in their history.
pub async fn empty_histories(tx: &mut Tx, of: Of) -> Result<Vec<TicketId>, StoreError> {
    let (column, id) = of.by();
    let those = format!("SELECT id FROM tickets WHERE {column} = $1");
    for sql in [
        format!("UPDATE ticket_events SET body = '{{}}' WHERE actor = 'client' AND ticket_id IN ({those})"),
        format!("UPDATE corrections SET words = NULL WHERE ticket_id IN ({those})"),
    ] {
        both!(tx, |c| sqlx::query(AssertSqlSafe(sql)).bind(&id).execute(c).await.map(drop))?;
    }
    let sql = format!("{those} ORDER BY id");
    let rows: Vec<String> = both!(tx, |c| sqlx::query_scalar(AssertSqlSafe(sql)).bind(&id).fetch_all(c).await)?;
    rows.into_iter().map(|id| Row { table: "tickets", id: &id }.parse("id", &id)).collect()
}

/// Empties the words that staff judged where they hold those of a ticket that was merged into theirs.
pub async fn empty_judged_with(tx: &mut Tx, ticket: TicketId, merged: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE corrections SET words = NULL WHERE ticket_id = $1 AND words LIKE $2";
    let pattern = format!("%[{merged}]%");
    both!(tx, |c| sqlx::query(SQL).bind(ticket.to_string()).bind(pattern).execute(c).await.map(drop))?;
    Ok(())
}

/// Empties the person: those who became part of them as well, directly or by way of another, their flats and
/// what merges knew.
pub async fn empty_contact(tx: &mut Tx, id: ContactId, now: Timestamp) -> Result<(), StoreError> {
    macro_rules! whole {
        ($sql:literal) => {
            concat!(
                "WITH RECURSIVE whole(id) AS (SELECT CAST($1 AS TEXT) UNION \
                 SELECT c.id FROM contacts c JOIN whole w ON c.merged_into = w.id) ",
                $sql
            )
        };
    }
    const PERSON: &str = whole!(
        "UPDATE contacts SET name = NULL, phone = NULL, phone_verified_at = NULL, consent_at = NULL, \
         surveys_stopped_at = COALESCE(surveys_stopped_at, $2), erased_at = COALESCE(erased_at, $2) \
         WHERE id IN (SELECT id FROM whole)"
    );
    const ADDRESSES: &str = whole!("DELETE FROM identities WHERE contact_id IN (SELECT id FROM whole)");
    const UNITS: &str = whole!("DELETE FROM contact_units WHERE contact_id IN (SELECT id FROM whole)");
    const MERGES: &str = whole!(
        "UPDATE contact_merges SET moved = '' \
         WHERE kept_id IN (SELECT id FROM whole) OR gone_id IN (SELECT id FROM whole)"
    );
    let key = id.to_string();
    // The person first: from here on an import that would give them a flat waits, and then does not.
    both!(tx, |c| sqlx::query(PERSON).bind(&key).bind(now.0).execute(c).await.map(drop))?;
    for sql in [ADDRESSES, UNITS, MERGES] {
        both!(tx, |c| sqlx::query(sql).bind(&key).execute(c).await.map(drop))?;
    }
    Ok(())
}

#[derive(FromRow)]
struct ErasureRow {
    id: String,
    contact_id: String,
    dialogue_id: Option<String>,
    why: String,
    staff_id: Option<String>,
    asked_at: i64,
    due_at: i64,
    done_at: Option<i64>,
    messages: i64,
    files: i64,
}

impl TryFrom<ErasureRow> for Erasure {
    type Error = StoreError;

    fn try_from(row: ErasureRow) -> Result<Erasure, StoreError> {
        let at = Row { table: "erasures", id: &row.id };
        Ok(Erasure {
            id: at.parse("id", &row.id)?,
            contact: at.parse("contact_id", &row.contact_id)?,
            dialogue: at.parse_opt("dialogue_id", row.dialogue_id.as_deref())?,
            why: at.name("why", &row.why)?,
            staff: at.parse_opt("staff_id", row.staff_id.as_deref())?,
            asked_at: Timestamp(row.asked_at),
            due_at: Timestamp(row.due_at),
            done_at: row.done_at.map(Timestamp),
            messages: at.number("messages", row.messages)?,
            files: at.number("files", row.files)?,
        })
    }
}
