//! `/console/incidents`: faults of several homes, and the one button that tells everybody.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use super::access;
use super::csrf::Signed;
use super::session::Staff;
use super::view::{Fact, Link, Shell, Tag, When, building};
use crate::domain::access::Right;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{self, Incident, Report};
use crate::domain::staff::Staff as Person;
use crate::store::{Tx, incidents, projects, tickets, units};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

const MOST_SHOWN: u32 = 200;

/// The pages and what can be done on them.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/console/incidents", get(list))
        .route("/console/incidents/{id}", get(show))
        .route("/console/incidents/{id}/fixed", post(fixed))
}

/// Returns the way to an incident, for whoever may see it.
pub(super) async fn link(tx: &mut Tx, incident: &Incident, who: &Person) -> Result<Option<Link>, WebError> {
    let thing = access::of_project(tx, Some(incident.project_id)).await?;
    let href = format!("/console/incidents/{}", incident.id);
    Ok(who.may(Right::Incidents, &thing).then(|| Link { href, label: incident.number.clone() }))
}

async fn list(State(web): State<Web>, by: Staff) -> Result<Html<String>, WebError> {
    let shell = Shell::of(&by, "/console/incidents".to_owned(), web.demo);
    let batch = web.catalog.incidents().batch_homes;
    let w = by.words.clone();
    let within = by.person.scope(Right::Incidents).ok_or(WebError::NotFound)?;
    let rows = web.store.read(|tx| {
        Box::pin(async move {
            let mut rows = Vec::new();
            for incident in incidents::list(tx, &within, MOST_SHOWN).await? {
                let project = projects::find(tx, incident.project_id).await?.map(|project| project.name);
                let reports = incidents::reports_of(tx, incident.id).await?;
                rows.push(Row::of(&incident, project, &reports, batch, &w));
            }
            Ok::<_, WebError>(rows)
        })
    });
    Ok(Html(ListPage { rows: rows.await?, shell }.render()?))
}

async fn show(State(web): State<Web>, by: Staff, Path(id): Path<String>) -> Result<Html<String>, WebError> {
    let id: IncidentId = id.parse().map_err(|_| WebError::NotFound)?;
    let shell = Shell::of(&by, format!("/console/incidents/{id}"), web.demo);
    let (batch, w) = (web.catalog.incidents().batch_homes, by.words.clone());
    let found = web.store.read(|tx| {
        Box::pin(async move {
            let Some(incident) = incidents::find(tx, id).await? else { return Ok(None) };
            let project = projects::find(tx, incident.project_id).await?.map(|project| project.name);
            let reports = incidents::reports_of(tx, id).await?;
            let row = Row::of(&incident, project, &reports, batch, &w);
            let mut members = Vec::new();
            for report in reports {
                let Some(ticket) = tickets::find(tx, report.ticket).await? else { continue };
                let unit = match report.unit {
                    Some(unit) => units::find(tx, unit).await?.map(|unit| unit.label),
                    None => None,
                };
                members.push(Member {
                    href: format!("/console/tickets/{}", ticket.id),
                    number: ticket.number,
                    status: ticket.status.into(),
                    unit: unit.unwrap_or_default(),
                    at: When::of(ticket.created_at, &w),
                });
            }
            Ok::<_, WebError>(Some((incident, row, members)))
        })
    });
    let (incident, row, members) = found.await?.ok_or(WebError::NotFound)?;
    let facts = [
        Fact::known("web.console.ticket.project", Some(row.project.clone())),
        Fact::known("web.console.incident.building", Some(row.building.clone())),
        Fact::known("web.console.ticket.component", incident.component.clone()),
        Fact::known("web.console.incident.homes", Some(row.homes.to_string())),
        Fact::known("web.console.incident.opened", Some(When::of(incident.opened_at, &shell.w).full)),
        Fact::known("web.console.incident.ended", incident.ended_at.map(|at| When::of(at, &shell.w).full)),
    ];
    let page = IncidentPage {
        facts: facts.into_iter().flatten().collect(),
        open: incident.ended_at.is_none(),
        row,
        members,
        shell,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
struct Note {
    note: String,
}

async fn fixed(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, form): Signed<Note>,
) -> Result<Redirect, WebError> {
    let incident: IncidentId = id.parse().map_err(|_| WebError::NotFound)?;
    web.desk.incident_fixed(incident, &form.note, by.person.id).await?;
    Ok(Redirect::to(&format!("/console/incidents/{id}")))
}

/// The list of incidents.
#[derive(Debug, Template)]
#[template(path = "console/incidents.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
}

/// One incident with the tickets it is made of.
#[derive(Debug, Template)]
#[template(path = "console/incident.html")]
struct IncidentPage {
    shell: Shell,
    row: Row,
    facts: Vec<Fact>,
    members: Vec<Member>,
    open: bool,
}

#[derive(Debug)]
struct Row {
    href: String,
    number: String,
    category_key: String,
    status: &'static str,
    status_key: String,
    project: String,
    building: String,
    homes: usize,
    /// So many homes that the whole batch may have it.
    batch: bool,
    at: When,
}

impl Row {
    fn of(incident: &Incident, project: Option<String>, reports: &[Report], batch: usize, w: &Words) -> Row {
        let homes = incident::homes(reports);
        Row {
            href: format!("/console/incidents/{}", incident.id),
            number: incident.number.clone(),
            category_key: format!("category.{}", incident.category.name()),
            status: if incident.ended_at.is_some() { "closed" } else { "reported" },
            status_key: format!("web.console.incident.status.{}", incident.status.name()),
            project: project.unwrap_or_default(),
            building: building(incident.building.as_deref().unwrap_or_default(), w),
            batch: homes >= batch,
            homes,
            at: When::of(incident.opened_at, w),
        }
    }
}

#[derive(Debug)]
struct Member {
    href: String,
    number: String,
    status: Tag,
    unit: String,
    at: When,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::view::samples::{check, words};
    use super::*;
    use crate::domain::ids::{ContactId, ProjectId, TicketId, UnitId};
    use crate::domain::incident::Status;
    use crate::domain::language::Language;
    use crate::domain::ticket;
    use crate::domain::time::Timestamp;
    use crate::domain::understanding::Category;

    fn row() -> Row {
        row_in("3栋")
    }

    fn row_in(building: &str) -> Row {
        let incident = Incident {
            id: IncidentId(Uuid::from_u128(1)),
            number: "IN2611-01".to_owned(),
            project_id: ProjectId(Uuid::from_u128(2)),
            building: Some(building.to_owned()),
            category: Category::Leak,
            component: None,
            status: Status::Open,
            opened_at: Timestamp(1_795_226_400_000),
            ended_at: None,
        };
        let report = |home: u128, n: u128| Report {
            ticket: TicketId(Uuid::from_u128(n)),
            contact: ContactId(Uuid::from_u128(n)),
            unit: Some(UnitId(Uuid::from_u128(home))),
            building: None,
            riser: None,
            component: None,
            status: ticket::Status::Reported,
            incident: None,
            at: Timestamp(0),
        };
        Row::of(
            &incident,
            Some("翠湖花园".to_owned()),
            &[report(7, 1), report(8, 2), report(7, 3)],
            2,
            &words(Language::Chinese),
        )
    }

    #[test]
    fn a_home_that_reported_twice_is_counted_once() {
        assert_eq!((row().homes, row().batch), (2, true));
    }

    #[test]
    fn a_building_that_the_register_knows_by_its_number_alone_is_called_one() {
        assert_eq!([row_in("2").building, row_in("3栋").building], ["2栋", "3栋"]);
    }

    #[test]
    fn the_pages_are_drawn_in_every_language() {
        for language in Language::ALL {
            let list = ListPage { shell: Shell::sample(language, "/console/incidents"), rows: vec![row()] };
            check("incidents", language, &list.render().unwrap());
            let member = Member {
                href: "/console/tickets/1".to_owned(),
                number: "HF2611-0042".to_owned(),
                status: ticket::Status::Reported.into(),
                unit: "3栋1单元502".to_owned(),
                at: When::of(Timestamp(0), &words(language)),
            };
            let page = IncidentPage {
                shell: Shell::sample(language, "/console/incidents/1"),
                row: row(),
                facts: vec![Fact::of("web.console.incident.homes", "2")],
                members: vec![member],
                open: true,
            };
            check("incident", language, &page.render().unwrap());
        }
    }
}
