//! A ticket's row and how it becomes a [`Ticket`].

use sqlx::FromRow;

use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::value::Row;

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT id, number, kind, contact_id, unit_id, project_id, dialogue_id, status, priority, category, ",
            "urgency, location, component, symptom, since, wished_time, description, in_warranty, sentiment, ",
            "keywords, assignee, unverified, cause, expected_at, rectified_at, subcontractor_id, merged_into, ",
            "incident_id, reopened, created_at, updated_at, closed_at, seq FROM tickets ",
            $($rest)*
        )
    };
}
pub(super) use select;

#[derive(FromRow)]
pub(super) struct TicketRow {
    id: String,
    number: String,
    kind: String,
    contact_id: String,
    unit_id: Option<String>,
    project_id: Option<String>,
    dialogue_id: Option<String>,
    status: String,
    priority: i64,
    category: Option<String>,
    urgency: String,
    location: Option<String>,
    component: Option<String>,
    symptom: Option<String>,
    since: Option<String>,
    wished_time: Option<String>,
    description: String,
    in_warranty: Option<i64>,
    sentiment: String,
    keywords: String,
    assignee: Option<String>,
    unverified: i64,
    cause: Option<String>,
    expected_at: Option<i64>,
    rectified_at: Option<i64>,
    subcontractor_id: Option<String>,
    merged_into: Option<String>,
    incident_id: Option<String>,
    reopened: i64,
    created_at: i64,
    updated_at: i64,
    closed_at: Option<i64>,
    pub(super) seq: i64,
}

impl TryFrom<TicketRow> for Ticket {
    type Error = StoreError;

    fn try_from(row: TicketRow) -> Result<Ticket, StoreError> {
        let at = Row { table: "tickets", id: &row.id };
        Ok(Ticket {
            id: at.parse("id", &row.id)?,
            kind: at.name("kind", &row.kind)?,
            contact_id: at.parse("contact_id", &row.contact_id)?,
            unit_id: at.parse_opt("unit_id", row.unit_id.as_deref())?,
            project_id: at.parse_opt("project_id", row.project_id.as_deref())?,
            dialogue_id: at.parse_opt("dialogue_id", row.dialogue_id.as_deref())?,
            status: at.name("status", &row.status)?,
            priority: at.number("priority", row.priority)?,
            category: at.name_opt("category", row.category.as_deref())?,
            urgency: at.name("urgency", &row.urgency)?,
            in_warranty: row.in_warranty.map(|is| at.bool("in_warranty", is)).transpose()?,
            sentiment: at.name("sentiment", &row.sentiment)?,
            keywords: at.json("keywords", &row.keywords)?,
            assignee: at.parse_opt("assignee", row.assignee.as_deref())?,
            unverified: at.bool("unverified", row.unverified)?,
            cause: at.name_opt("cause", row.cause.as_deref())?,
            expected_at: row.expected_at.map(Timestamp),
            rectified_at: row.rectified_at.map(Timestamp),
            subcontractor_id: at.parse_opt("subcontractor_id", row.subcontractor_id.as_deref())?,
            merged_into: at.parse_opt("merged_into", row.merged_into.as_deref())?,
            incident_id: at.parse_opt("incident_id", row.incident_id.as_deref())?,
            reopened: at.number("reopened", row.reopened)?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            closed_at: row.closed_at.map(Timestamp),
            number: row.number,
            location: row.location,
            component: row.component,
            symptom: row.symptom,
            since: row.since,
            wished_time: row.wished_time,
            description: row.description,
        })
    }
}
