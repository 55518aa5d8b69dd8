//! The ledger (问题台账): one line a ticket, with the names that people know things by.

use sqlx::FromRow;

use super::scope::ticket_within;
use super::tx::both;
use super::value::{Row, name_of_opt};
use super::{StoreError, Tx};
use crate::domain::access::Scope;
use crate::domain::ids::{ProjectId, TicketId};
use crate::domain::ticket::{Cause, Status, TicketKind};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Urgency};

/// Which lines are shown; `None` means all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    pub project_id: Option<ProjectId>,
    pub category: Option<Category>,
    pub standing: Option<Standing>,
    /// Reported at or after.
    pub from: Option<Timestamp>,
    /// Reported before.
    pub until: Option<Timestamp>,
    /// What whoever asks may see.
    pub within: Scope,
}

/// What the ledger asks of a ticket. A closure without the owner's word is a class of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Still in the ledger.
    Open,
    /// Open, and past the date that staff expected.
    Overdue,
    /// Struck off (销号) on the owner's word.
    Verified,
    /// Struck off on the owner's silence.
    Unverified,
    /// Ended without a repair: rejected, cancelled, merged.
    Ended,
}

impl Standing {
    /// Every class, in the order in which a list offers them.
    pub const ALL: [Standing; 5] =
        [Standing::Open, Standing::Overdue, Standing::Verified, Standing::Unverified, Standing::Ended];

    /// Returns the name used in addresses; its text is `web.console.ledger.standing.<name>`.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Open => "open",
            Standing::Overdue => "overdue",
            Standing::Verified => "verified",
            Standing::Unverified => "unverified",
            Standing::Ended => "ended",
        }
    }

    /// Returns the class of that name.
    pub fn from_name(name: &str) -> Option<Standing> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub ticket: TicketId,
    pub number: String,
    pub kind: TicketKind,
    pub status: Status,
    pub unverified: bool,
    pub category: Option<Category>,
    pub urgency: Urgency,
    pub project: Option<String>,
    pub unit: Option<String>,
    pub location: Option<String>,
    pub description: String,
    /// Who has it: a member of staff, or else the firm that was sent.
    pub owner: Option<String>,
    pub cause: Option<Cause>,
    pub in_warranty: Option<bool>,
    /// The number of the incident it is part of.
    pub incident: Option<String>,
    pub reopened: u32,
    pub reported_at: Timestamp,
    pub expected_at: Option<Timestamp>,
    pub rectified_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
}

/// How many lines stand where. Unverified closures are counted apart and are in no other figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub all: u64,
    pub open: u64,
    /// Among the open ones.
    pub overdue: u64,
    pub verified: u64,
    pub unverified: u64,
    pub ended: u64,
}

macro_rules! standing {
    () => {
        "CASE WHEN t.status IN ('rejected', 'cancelled', 'merged') THEN 'ended' \
         WHEN t.status = 'closed' AND t.unverified = 1 THEN 'unverified' \
         WHEN t.status = 'closed' THEN 'verified' \
         WHEN t.expected_at IS NOT NULL AND t.expected_at < $1 AND t.status <> 'verified' \
         AND t.status <> 'rectified' THEN 'overdue' ELSE 'open' END"
    };
}

macro_rules! chosen {
    () => {
        concat!(
            "(CAST($2 AS TEXT) IS NULL OR t.project_id = $2) AND (CAST($3 AS TEXT) IS NULL OR t.category = $3) \
         AND t.created_at >= $4 AND t.created_at < $5 AND ",
            ticket_within!("t", "$6", "$7", "$8")
        )
    };
}

/// Returns the lines of the ledger as it is at `now`, the latest reported first.
pub async fn list(tx: &mut Tx, filter: &Filter, now: Timestamp, limit: u32) -> Result<Vec<Line>, StoreError> {
    const SQL: &str = concat!(
        "SELECT t.id, t.number, t.kind, t.status, t.unverified, t.category, t.urgency, p.name AS project, \
         u.label AS unit, t.location, t.description, COALESCE(s.name, f.name) AS owner, t.cause, t.in_warranty, \
         i.number AS incident, t.reopened, t.created_at, t.expected_at, t.rectified_at, t.closed_at FROM tickets t \
         LEFT JOIN projects p ON p.id = t.project_id LEFT JOIN units u ON u.id = t.unit_id \
         LEFT JOIN staff s ON s.id = t.assignee LEFT JOIN subcontractors f ON f.id = t.subcontractor_id \
         LEFT JOIN incidents i ON i.id = t.incident_id WHERE ",
        chosen!(),
        " AND (CAST($9 AS TEXT) IS NULL OR $9 = ",
        standing!(),
        " OR ($9 = 'open' AND 'overdue' = ",
        standing!(),
        ")) ORDER BY t.created_at DESC, t.id DESC LIMIT $10"
    );
    let category = name_of_opt(filter.category.as_ref())?;
    let rows = both!(tx, |c| sqlx::query_as::<_, LineRow>(SQL)
        .bind(now.0)
        .bind(filter.project_id.map(|id| id.to_string()))
        .bind(category)
        .bind(filter.from.map_or(i64::MIN, |at| at.0))
        .bind(filter.until.map_or(i64::MAX, |at| at.0))
        .bind(filter.within.owner.map(|id| id.to_string()))
        .bind(i64::from(filter.within.pool))
        .bind(filter.within.region.as_deref())
        .bind(filter.standing.map(Standing::name))
        .bind(i64::from(limit))
        .fetch_all(c)
        .await)?;
    rows.into_iter().map(Line::try_from).collect()
}

/// Counts the lines of the ledger as it is at `now`, whatever their standing.
pub async fn counts(tx: &mut Tx, filter: &Filter, now: Timestamp) -> Result<Counts, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        standing!(),
        " AS standing, COUNT(*) AS lines FROM tickets t WHERE ",
        chosen!(),
        " GROUP BY 1"
    );
    let category = name_of_opt(filter.category.as_ref())?;
    let rows: Vec<(String, i64)> = both!(tx, |c| sqlx::query_as(SQL)
        .bind(now.0)
        .bind(filter.project_id.map(|id| id.to_string()))
        .bind(category)
        .bind(filter.from.map_or(i64::MIN, |at| at.0))
        .bind(filter.until.map_or(i64::MAX, |at| at.0))
        .bind(filter.within.owner.map(|id| id.to_string()))
        .bind(i64::from(filter.within.pool))
        .bind(filter.within.region.as_deref())
        .fetch_all(c)
        .await)?;
    let mut counts = Counts::default();
    for (standing, lines) in rows {
        let lines = u64::try_from(lines).unwrap_or_default();
        counts.all += lines;
        match Standing::from_name(&standing) {
            Some(Standing::Open) => counts.open += lines,
            Some(Standing::Overdue) => {
                counts.open += lines;
                counts.overdue += lines;
            }
            Some(Standing::Verified) => counts.verified += lines,
            Some(Standing::Unverified) => counts.unverified += lines,
            Some(Standing::Ended) => counts.ended += lines,
            None => {}
        }
    }
    Ok(counts)
}

#[derive(FromRow)]
struct LineRow {
    id: String,
    number: String,
    kind: String,
    status: String,
    unverified: i64,
    category: Option<String>,
    urgency: String,
    project: Option<String>,
    unit: Option<String>,
    location: Option<String>,
    description: String,
    owner: Option<String>,
    cause: Option<String>,
    in_warranty: Option<i64>,
    incident: Option<String>,
    reopened: i64,
    created_at: i64,
    expected_at: Option<i64>,
    rectified_at: Option<i64>,
    closed_at: Option<i64>,
}

impl TryFrom<LineRow> for Line {
    type Error = StoreError;

    fn try_from(row: LineRow) -> Result<Line, StoreError> {
        let at = Row { table: "tickets", id: &row.id };
        Ok(Line {
            ticket: at.parse("id", &row.id)?,
            kind: at.name("kind", &row.kind)?,
            status: at.name("status", &row.status)?,
            unverified: at.bool("unverified", row.unverified)?,
            category: at.name_opt("category", row.category.as_deref())?,
            urgency: at.name("urgency", &row.urgency)?,
            cause: at.name_opt("cause", row.cause.as_deref())?,
            in_warranty: row.in_warranty.map(|value| at.bool("in_warranty", value)).transpose()?,
            reopened: at.number("reopened", row.reopened)?,
            reported_at: Timestamp(row.created_at),
            expected_at: row.expected_at.map(Timestamp),
            rectified_at: row.rectified_at.map(Timestamp),
            closed_at: row.closed_at.map(Timestamp),
            number: row.number,
            project: row.project,
            unit: row.unit,
            location: row.location,
            description: row.description,
            owner: row.owner,
            incident: row.incident,
        })
    }
}
