//! Tickets (工单), their media and who did what to them when (问题台账).

mod events;
mod row;

use std::collections::{BTreeMap, BTreeSet};

pub use events::{NewEvent, TicketEvent, add_event, events, has_event};
use row::{TicketRow, select};

use super::backend::lock_row;
use super::media::{self, Media};
use super::scope::{open, ticket_within};
use super::tx::{Live, both};
use super::value::{Row, clean, clean_opt, json_of, name_of, name_of_opt};
use super::{Change, StoreError, Tx, dialogues};
use crate::domain::access::Scope;
use crate::domain::calendar;
use crate::domain::ids::{ContactId, MediaId, ProjectId, StaffId, TicketId, UnitId};
use crate::domain::ticket::{Status, Ticket, TicketKind, number_of};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Urgency};

/// Merges that are followed, one ticket having become part of the next.
pub const MOST_MERGES: usize = 64;

/// Which tickets a list shows; `None` means all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    pub status: Option<Status>,
    /// Only those still in the ledger, or only those struck off.
    pub open: Option<bool>,
    pub kind: Option<TicketKind>,
    pub category: Option<Category>,
    pub urgency: Option<Urgency>,
    pub project_id: Option<ProjectId>,
    pub unit_id: Option<UnitId>,
    pub assignee: Option<StaffId>,
    /// Created at or after.
    pub from: Option<Timestamp>,
    /// Created before.
    pub until: Option<Timestamp>,
    /// What whoever asks may see.
    pub within: Scope,
}

/// Stores a new ticket under the next number of the month in China it was created in
/// (`HF2611-0042`) and returns it with that number. Numbers have no gaps: one that is undone
/// is given again.
pub async fn file(tx: &mut Tx, ticket: Ticket) -> Result<Ticket, StoreError> {
    const SQL: &str = "INSERT INTO tickets (number, kind, contact_id, unit_id, project_id, dialogue_id, status, \
                       priority, category, urgency, location, component, symptom, since, wished_time, description, \
                       in_warranty, sentiment, keywords, assignee, unverified, created_at, updated_at, closed_at, \
                       cause, expected_at, rectified_at, subcontractor_id, merged_into, incident_id, reopened, id) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
                       $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)";
    let number = next_number(tx, ticket.created_at).await?;
    let ticket = Ticket { number, ..ticket };
    store(tx, SQL, &ticket).await?;
    Ok(ticket)
}

/// Stores a ticket as it now is. Load it with [`load_for_update`] first.
pub async fn update(tx: &mut Tx, ticket: &Ticket) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE tickets SET number = $1, kind = $2, contact_id = $3, unit_id = $4, project_id = $5, \
                       dialogue_id = $6, status = $7, priority = $8, category = $9, urgency = $10, location = $11, \
                       component = $12, symptom = $13, since = $14, wished_time = $15, description = $16, \
                       in_warranty = $17, sentiment = $18, keywords = $19, assignee = $20, unverified = $21, \
                       created_at = $22, updated_at = $23, closed_at = $24, cause = $25, expected_at = $26, \
                       rectified_at = $27, subcontractor_id = $28, merged_into = $29, incident_id = $30, \
                       reopened = $31 WHERE id = $32";
    if store(tx, SQL, ticket).await? == 0 {
        return Err(StoreError::Missing { table: "tickets", id: ticket.id.to_string() });
    }
    Ok(())
}

/// Returns one ticket.
pub async fn find(tx: &mut Tx, id: TicketId) -> Result<Option<Ticket>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Ticket::try_from).transpose()
}

/// Returns one ticket and holds it, and the conversation it belongs to, until the transaction
/// ends. The conversation comes first, in the one order that cannot deadlock with intake.
pub async fn load_for_update(tx: &mut Tx, id: TicketId) -> Result<Option<Ticket>, StoreError> {
    if let Some(dialogue) = find(tx, id).await?.and_then(|ticket| ticket.dialogue_id) {
        dialogues::lock(tx, dialogue).await?;
    }
    lock_row(tx, "SELECT id FROM tickets WHERE id = $1 FOR UPDATE", &id.to_string()).await?;
    find(tx, id).await
}

/// Returns the ticket people call `number`, however they write it ([`number_of`]).
pub async fn find_by_number(tx: &mut Tx, number: &str) -> Result<Option<Ticket>, StoreError> {
    const SQL: &str = select!("WHERE number = $1");
    let Some(number) = number_of(number) else { return Ok(None) };
    let row = both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(number).fetch_optional(c).await)?;
    row.map(Ticket::try_from).transpose()
}

/// Returns the tickets that were closed at or after a time, the first closed first.
pub async fn closed_since(tx: &mut Tx, since: Timestamp, limit: u32) -> Result<Vec<Ticket>, StoreError> {
    const SQL: &str = select!("WHERE status = 'closed' AND closed_at >= $1 ORDER BY closed_at, id LIMIT $2");
    let rows =
        both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(since.0).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(Ticket::try_from).collect()
}

/// Returns tickets in the order of their ids, those after `last`.
pub async fn page(tx: &mut Tx, last: Option<TicketId>, limit: u32) -> Result<Vec<Ticket>, StoreError> {
    const SQL: &str = select!("WHERE id > $1 ORDER BY id LIMIT $2");
    let last = last.map(|id| id.to_string()).unwrap_or_default();
    let rows =
        both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(&last).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(Ticket::try_from).collect()
}

/// What a [`Filter`] lets through, as a piece of SQL; [`chosen`] binds it.
macro_rules! chosen_by {
    () => {
        concat!(
            "WHERE (CAST($1 AS TEXT) IS NULL OR status = $1) \
             AND (CAST($2 AS BIGINT) IS NULL OR $2 = CASE WHEN ",
            open!("tickets"),
            " THEN 1 ELSE 0 END) \
             AND (CAST($3 AS TEXT) IS NULL OR kind = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR category = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR urgency = $5) \
             AND (CAST($6 AS TEXT) IS NULL OR project_id = $6) \
             AND (CAST($7 AS TEXT) IS NULL OR unit_id = $7) \
             AND (CAST($8 AS TEXT) IS NULL OR assignee = $8) \
             AND created_at >= $9 AND created_at < $10 AND ",
            ticket_within!("tickets", "$11", "$12", "$13")
        )
    };
}

/// Binds a [`Filter`] to a query that holds [`chosen_by`].
macro_rules! chosen {
    ($query:expr, $filter:expr) => {
        $query
            .bind(name_of_opt($filter.status.as_ref())?)
            .bind($filter.open.map(i64::from))
            .bind(name_of_opt($filter.kind.as_ref())?)
            .bind(name_of_opt($filter.category.as_ref())?)
            .bind(name_of_opt($filter.urgency.as_ref())?)
            .bind($filter.project_id.map(|id| id.to_string()))
            .bind($filter.unit_id.map(|id| id.to_string()))
            .bind($filter.assignee.map(|id| id.to_string()))
            .bind($filter.from.map_or(i64::MIN, |at| at.0))
            .bind($filter.until.map_or(i64::MAX, |at| at.0))
            .bind($filter.within.owner.map(|id| id.to_string()))
            .bind(i64::from($filter.within.pool))
            .bind($filter.within.region.as_deref())
    };
}

/// In which order tickets are to be done: what is an emergency, then what is urgent, then the rest. Among
/// these, what waits for the owner alone comes last, and a fix that was denied first; then what falls due
/// first, by a running clock or the day that staff named, and what has waited longest. Below all of them
/// stands what has ended, the latest first.
macro_rules! to_be_done {
    () => {
        concat!(
            " ORDER BY CASE WHEN NOT (",
            open!("tickets"),
            ") THEN 3 WHEN urgency = 'emergency' THEN 0 WHEN urgency = 'high' THEN 1 ELSE 2 END, \
             CASE WHEN status IN ('rectified', 'verified') THEN 1 ELSE 0 END, priority DESC, \
             CASE WHEN status IN ('reported', 'assigned', 'on_site', 'reopened') THEN COALESCE((SELECT MIN(CASE \
             WHEN tickets.expected_at < running.due_at THEN tickets.expected_at ELSE running.due_at END) \
             FROM ticket_clocks running WHERE running.ticket_id = tickets.id AND running.stopped_at IS NULL \
             AND running.paused_at IS NULL), expected_at) END NULLS LAST, CASE WHEN ",
            open!("tickets"),
            " THEN created_at ELSE -created_at END, CASE WHEN ",
            open!("tickets"),
            " THEN id END, id DESC"
        )
    };
}

/// Returns tickets in the order in which they are to be done.
pub async fn list(tx: &mut Tx, filter: &Filter, limit: u32) -> Result<Vec<Ticket>, StoreError> {
    const SQL: &str = select!(chosen_by!(), to_be_done!(), " LIMIT $14");
    let rows =
        both!(tx, |c| chosen!(sqlx::query_as::<_, TicketRow>(SQL), filter).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(Ticket::try_from).collect()
}

/// Counts the tickets that [`list`] would return without a limit.
pub async fn count(tx: &mut Tx, filter: &Filter) -> Result<u64, StoreError> {
    const SQL: &str = concat!("SELECT COUNT(*) FROM tickets ", chosen_by!());
    let count: i64 = both!(tx, |c| chosen!(sqlx::query_scalar(SQL), filter).fetch_one(c).await)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Returns what a contact still waits for, the latest first.
pub async fn open_for_contact(tx: &mut Tx, contact: ContactId) -> Result<Vec<Ticket>, StoreError> {
    const SQL: &str = select!("WHERE contact_id = $1 AND ", open!("tickets"), " ORDER BY created_at DESC, id DESC");
    let rows = both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(contact.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Ticket::try_from).collect()
}

/// Returns the tickets of a contact, the latest first.
pub async fn list_for_contact(tx: &mut Tx, contact: ContactId, limit: u32) -> Result<Vec<Ticket>, StoreError> {
    const SQL: &str = select!("WHERE contact_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2");
    let rows = both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL)
        .bind(contact.to_string())
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Ticket::try_from).collect()
}

/// Returns the tickets of other people that a ticket took in, directly or by way of another: what was
/// merged into it first, then what had been merged into that. Their words and files stand with its own.
pub async fn of_others_within(tx: &mut Tx, ticket: &Ticket) -> Result<Vec<Ticket>, StoreError> {
    // By their status, which has an index.
    const SQL: &str = select!("WHERE status = 'merged' AND merged_into = $1 ORDER BY created_at, id");
    let mut within = vec![ticket.clone()];
    let mut at = 0;
    while let Some(into) = within.get(at).map(|found| found.id.to_string()) {
        let rows = both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(&into).fetch_all(c).await)?;
        for row in rows {
            let merged = Ticket::try_from(row)?;
            if within.iter().all(|known| known.id != merged.id) {
                within.push(merged);
            }
        }
        at += 1;
    }
    within.retain(|found| found.contact_id != ticket.contact_id);
    Ok(within)
}

/// Returns the ticket that carries on with one that was merged, directly or by way of another.
pub async fn carrying_on(tx: &mut Tx, merged: &Ticket) -> Result<Option<Ticket>, StoreError> {
    let (mut next, mut found) = (merged.merged_into, None);
    for _ in 0..MOST_MERGES {
        let Some(id) = next else { break };
        found = find(tx, id).await?;
        next = found.as_ref().and_then(|ticket| ticket.merged_into);
    }
    Ok(found)
}

/// Returns the open tickets of other people that carry on with those of a contact, each once and after the one
/// of theirs that was merged into it, the latest first.
pub async fn shared_with(tx: &mut Tx, contact: ContactId) -> Result<Vec<(Ticket, Ticket)>, StoreError> {
    const SQL: &str = select!("WHERE contact_id = $1 AND status = 'merged' ORDER BY created_at DESC, id DESC");
    let rows = both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(contact.to_string()).fetch_all(c).await)?;
    let mut shared: Vec<(Ticket, Ticket)> = Vec::new();
    for row in rows {
        let theirs = Ticket::try_from(row)?;
        let Some(with) = carrying_on(tx, &theirs).await? else { continue };
        let is_new = shared.iter().all(|(_, known)| known.id != with.id);
        if with.status.is_open() && with.contact_id != contact && is_new {
            shared.push((theirs, with));
        }
    }
    Ok(shared)
}

/// Returns the files of a ticket that its owner may see, oldest first: not those of other people whose
/// tickets were merged into it.
pub async fn media_for_owner(tx: &mut Tx, ticket: &Ticket) -> Result<Vec<Media>, StoreError> {
    let mut theirs = BTreeSet::new();
    for other in of_others_within(tx, ticket).await? {
        theirs.extend(media::list_for_ticket(tx, other.id).await?.into_iter().map(|file| file.id));
    }
    let mut files = media::list_for_ticket(tx, ticket.id).await?;
    files.retain(|file| !theirs.contains(&file.id));
    Ok(files)
}

/// Returns how many open tickets each member of staff has.
pub async fn load(tx: &mut Tx) -> Result<BTreeMap<StaffId, u32>, StoreError> {
    const SQL: &str = concat!(
        "SELECT assignee, COUNT(*) FROM tickets WHERE assignee IS NOT NULL AND ",
        open!("tickets"),
        " GROUP BY assignee"
    );
    let rows: Vec<(String, i64)> = both!(tx, |c| sqlx::query_as(SQL).fetch_all(c).await)?;
    let read = |(id, count): (String, i64)| {
        let at = Row { table: "tickets", id: &id };
        Ok((at.parse("assignee", &id)?, at.number("assignee", count)?))
    };
    rows.into_iter().map(read).collect()
}

/// Returns the tickets that were filed or changed after change number `seq`, in that order.
pub async fn after_seq(tx: &mut Tx, seq: i64, limit: u32) -> Result<Vec<Change<Ticket>>, StoreError> {
    const SQL: &str = select!("WHERE seq > $1 ORDER BY seq LIMIT $2");
    let rows = both!(tx, |c| sqlx::query_as::<_, TicketRow>(SQL).bind(seq).bind(i64::from(limit)).fetch_all(c).await)?;
    rows.into_iter().map(|row| Ok(Change { seq: row.seq, record: row.try_into()? })).collect()
}

/// Adds a photo or a recording to a ticket; a second time changes nothing.
pub async fn attach_media(tx: &mut Tx, ticket: TicketId, media: MediaId) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO ticket_media (ticket_id, media_id) VALUES ($1, $2) \
                       ON CONFLICT (ticket_id, media_id) DO NOTHING";
    both!(tx, |c| sqlx::query(SQL).bind(ticket.to_string()).bind(media.to_string()).execute(c).await.map(drop))?;
    tx.changed(Live::Ticket, ticket.to_string());
    Ok(())
}

/// Returns the tickets a photo or a recording belongs to.
pub async fn of_media(tx: &mut Tx, media: MediaId) -> Result<Vec<TicketId>, StoreError> {
    const SQL: &str = "SELECT ticket_id FROM ticket_media WHERE media_id = $1 ORDER BY ticket_id";
    let ids: Vec<String> = both!(tx, |c| sqlx::query_scalar(SQL).bind(media.to_string()).fetch_all(c).await)?;
    ids.iter().map(|id| Row { table: "ticket_media", id }.parse("ticket_id", id)).collect()
}

async fn store(tx: &mut Tx, sql: &'static str, ticket: &Ticket) -> Result<u64, StoreError> {
    let id = ticket.id.to_string();
    let (kind, status) = (name_of(&ticket.kind)?, name_of(&ticket.status)?);
    let (category, urgency) = (name_of_opt(ticket.category.as_ref())?, name_of(&ticket.urgency)?);
    let (sentiment, keywords) = (name_of(&ticket.sentiment)?, json_of(&ticket.keywords)?);
    let cause = name_of_opt(ticket.cause.as_ref())?;
    let stored = both!(tx, |c| sqlx::query(sql)
        .bind(&ticket.number)
        .bind(kind)
        .bind(ticket.contact_id.to_string())
        .bind(ticket.unit_id.map(|id| id.to_string()))
        .bind(ticket.project_id.map(|id| id.to_string()))
        .bind(ticket.dialogue_id.map(|id| id.to_string()))
        .bind(status)
        .bind(i64::from(ticket.priority))
        .bind(category)
        .bind(urgency)
        .bind(clean_opt(ticket.location.as_deref()))
        .bind(clean_opt(ticket.component.as_deref()))
        .bind(clean_opt(ticket.symptom.as_deref()))
        .bind(clean_opt(ticket.since.as_deref()))
        .bind(clean_opt(ticket.wished_time.as_deref()))
        .bind(clean(&ticket.description))
        .bind(ticket.in_warranty.map(i64::from))
        .bind(sentiment)
        .bind(keywords)
        .bind(ticket.assignee.map(|id| id.to_string()))
        .bind(i64::from(ticket.unverified))
        .bind(ticket.created_at.0)
        .bind(ticket.updated_at.0)
        .bind(ticket.closed_at.map(|at| at.0))
        .bind(cause)
        .bind(ticket.expected_at.map(|at| at.0))
        .bind(ticket.rectified_at.map(|at| at.0))
        .bind(ticket.subcontractor_id.map(|id| id.to_string()))
        .bind(ticket.merged_into.map(|id| id.to_string()))
        .bind(ticket.incident_id.map(|id| id.to_string()))
        .bind(i64::from(ticket.reopened))
        .bind(&id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    tx.changed(Live::Ticket, id);
    Ok(stored)
}

/// The counter row stays locked until the commit, so a number that is undone leaves no gap.
async fn next_number(tx: &mut Tx, created_at: Timestamp) -> Result<String, StoreError> {
    let next = next_of_month(tx, "ticket", created_at).await?;
    Ok(format!("HF{}-{:04}", next.month, next.count))
}

/// A number within a month in China.
pub(super) struct MonthNumber {
    /// `2611`
    pub(super) month: String,
    pub(super) count: i64,
}

/// Draws the next number of a month for one kind of things; drawn numbers are locked until the commit.
pub(super) async fn next_of_month(tx: &mut Tx, what: &str, at: Timestamp) -> Result<MonthNumber, StoreError> {
    const SQL: &str = "INSERT INTO counters (name, value) VALUES ($1, 1) \
                       ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    let month = month_in_china(at);
    let counter = format!("{what}:{month}");
    let count: i64 = both!(tx, |c| sqlx::query_scalar(SQL).bind(counter).fetch_one(c).await)?;
    Ok(MonthNumber { month, count })
}

/// Year and month, `2611`, in Asia/Shanghai: UTC+8 all year round since 1992.
fn month_in_china(at: Timestamp) -> String {
    calendar::local(at, &jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).strftime("%y%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_midnight_in_china() {
        // 2026-10-31T15:59:59.999Z and one millisecond later.
        assert_eq!(month_in_china(Timestamp(1_793_462_399_999)), "2610");
        assert_eq!(month_in_china(Timestamp(1_793_462_400_000)), "2611");
    }
}
