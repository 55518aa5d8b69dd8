//! Reads out of the store what a paper is made from.

use serde_json::Value;

use crate::catalog::Catalog;
use crate::domain::ids::{ContactId, ProjectId, ResponseId, TicketId, UnitId};
use crate::domain::language::Language;
use crate::domain::paper::repair::{Moment, Repair};
use crate::domain::paper::visit::{Asked, Visit};
use crate::domain::survey::{Question, QuestionKind};
use crate::domain::ticket::Ticket;
use crate::store::responses::{Answer, Progress, Response};
use crate::store::{self, StoreError, Tx};

/// Events whose words were said to the client, or by the client, and may stand on a paper.
const WITH_WORDS: [&str; 1] = ["rectified"];

/// Returns what is known of a repair; `None` if there is no such ticket.
pub async fn repair(tx: &mut Tx, id: TicketId) -> Result<Option<Repair>, StoreError> {
    let Some(ticket) = store::tickets::find(tx, id).await? else { return Ok(None) };
    let place = Place::of(tx, ticket.project_id, ticket.unit_id, Some(ticket.contact_id)).await?;
    let assignee = match ticket.assignee {
        Some(id) => store::staff::find(tx, id).await?.map(|person| person.name),
        None => None,
    };
    let firm = match ticket.subcontractor_id {
        Some(id) => store::subcontractors::find(tx, id).await?.map(|firm| firm.name),
        None => None,
    };
    let photos = store::media::list_for_ticket(tx, id).await?.iter().filter(|file| file.kind == "photo").count();
    let events = store::tickets::events(tx, id).await?;
    let history = events.into_iter().map(|event| Moment {
        words: Some(event.body).filter(|_| WITH_WORDS.contains(&event.kind.as_str())).and_then(|body| words(&body)),
        event: event.kind,
        at: event.at,
    });
    let history = history.collect();
    let score = store::follow_ups::score_of_ticket(tx, id).await?;
    let Ticket { number, kind, status, unverified, category, urgency, .. } = ticket;
    Ok(Some(Repair {
        number,
        kind,
        status,
        unverified,
        category,
        urgency,
        project: place.project,
        unit: place.unit,
        contact: place.contact,
        phone: place.phone,
        location: ticket.location,
        component: ticket.component,
        description: ticket.description,
        in_warranty: ticket.in_warranty,
        cause: ticket.cause,
        reopened: ticket.reopened,
        assignee,
        firm,
        photos,
        score,
        history,
    }))
}

/// Returns what is known of a visit from its response; `None` if there is no such response.
pub async fn visit(
    tx: &mut Tx,
    catalog: &Catalog,
    language: Language,
    id: ResponseId,
) -> Result<Option<Visit>, StoreError> {
    let Some(response) = store::responses::find(tx, id).await? else { return Ok(None) };
    let own = store::follow_ups::of_response(tx, id).await?;
    let place = Place::of(tx, own.as_ref().map(|own| own.project), response.unit_id, response.contact_id).await?;
    let survey = catalog.script().surveys.get(&response.survey);
    let mut answers = Vec::new();
    let mut way = "chat";
    for answer in store::responses::answers(tx, id).await? {
        if answer.source == "staff" {
            way = "staff";
        }
        let question = survey.and_then(|survey| survey.question(&answer.question));
        answers.push(asked(catalog, language, question, answer));
    }
    let say = |key: &str| catalog.text(language, key, &std::collections::BTreeMap::new());
    let record = own.as_ref().and_then(|own| own.record.as_deref());
    let record: Value = record.and_then(|record| serde_json::from_str(record).ok()).unwrap_or_default();
    let said = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    let recorded = said("way").filter(|way| catalog.has(&format!("web.paper.way.{way}")));
    let Response { started_at, completed_at, score, band, nps, comment, progress, .. } = response;
    Ok(Some(Visit {
        survey: survey.map_or_else(|| response.survey.clone(), |survey| say(&survey.title_key)),
        project: place.project,
        unit: place.unit,
        contact: place.contact,
        phone: place.phone,
        at: completed_at.unwrap_or(started_at),
        complete: progress == Progress::Complete,
        way: recorded.unwrap_or_else(|| way.to_owned()),
        by: own.as_ref().and_then(|own| own.by.clone()),
        place: said("place"),
        note: said("note"),
        ticket: own.and_then(|own| own.ticket),
        answers,
        score,
        band,
        nps,
        comment,
    }))
}

/// Whom and what it is about, by name.
#[derive(Default)]
struct Place {
    project: Option<String>,
    unit: Option<String>,
    contact: Option<String>,
    phone: Option<String>,
}

impl Place {
    async fn of(
        tx: &mut Tx,
        project: Option<ProjectId>,
        unit: Option<UnitId>,
        contact: Option<ContactId>,
    ) -> Result<Place, StoreError> {
        let unit = match unit {
            Some(id) => store::units::find(tx, id).await?,
            None => None,
        };
        let project = match project.or(unit.as_ref().map(|unit| unit.project_id)) {
            Some(id) => store::projects::find(tx, id).await?.map(|project| project.name),
            None => None,
        };
        let contact = match contact {
            Some(id) => store::contacts::find(tx, id).await?,
            None => None,
        };
        let (contact, phone) = contact.map_or((None, None), |contact| (contact.name, contact.phone));
        Ok(Place { project, unit: unit.map(|unit| unit.label), contact, phone })
    }
}

fn asked(catalog: &Catalog, language: Language, question: Option<&Question>, answer: Answer) -> Asked {
    let say = |key: &str| catalog.text(language, key, &std::collections::BTreeMap::new());
    let value =
        answer.value.map(|value| match question.map(|question| (question.kind, question.labels_key.as_deref())) {
            Some((QuestionKind::YesNo, Some(stem))) => {
                say(&format!("{stem}.{}", if value > 0.0 { "yes" } else { "no" }))
            }
            Some((kind, _)) => kind.range().map_or_else(|| value.to_string(), |(_, most)| format!("{value} / {most}")),
            None => value.to_string(),
        });
    Asked {
        question: question.filter(|q| catalog.has(&q.prompt_key)).map_or(answer.question, |q| say(&q.prompt_key)),
        answer: value.unwrap_or_else(|| "-".to_owned()),
        words: answer.text.unwrap_or_default(),
    }
}

fn words(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    Some(body.get("text")?.as_str()?.to_owned()).filter(|words| !words.is_empty())
}
