//! Reads out of the store what a paper is made from.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalog::Catalog;
use crate::domain::ids::{ContactId, MediaId, ProjectId, ResponseId, TicketId, UnitId, VisitId};
use crate::domain::language::Language;
use crate::domain::paper::repair::{Moment, Repair};
use crate::domain::paper::visit::{Asked, Visit};
use crate::domain::paper::{Photo, Reader, Taker};
use crate::domain::survey::{Question, QuestionKind};
use crate::domain::ticket::{Actor, Ticket};
use crate::domain::time::Timestamp;
use crate::domain::visit::{Record, Way};
use crate::store::media::Media;
use crate::store::responses::{Answer, Progress, Response};
use crate::store::tickets::TicketEvent;
use crate::store::{self, StoreError, Tx};

/// Events whose words were said to the client, or by the client, and may stand on a paper.
const WITH_WORDS: [&str; 1] = ["rectified"];
/// The kind of a file that a paper shows.
const PHOTO: &str = "photo";

/// Returns what is known of a repair; `None` if there is no such ticket. Behind a link are no words and photos
/// of other people whose tickets were merged into it.
pub async fn repair(tx: &mut Tx, id: TicketId, reader: Reader) -> Result<Option<Repair>, StoreError> {
    let Some(mut ticket) = store::tickets::find(tx, id).await? else { return Ok(None) };
    let place = Place::of(tx, ticket.project_id, ticket.unit_id, Some(ticket.contact_id)).await?;
    let assignee = match ticket.assignee {
        Some(id) => store::staff::find(tx, id).await?.map(|person| person.name),
        None => None,
    };
    let firm = match ticket.subcontractor_id {
        Some(id) => store::subcontractors::find(tx, id).await?.map(|firm| firm.name),
        None => None,
    };
    let events = store::tickets::events(tx, id).await?;
    let files = match reader {
        Reader::Staff => store::media::list_for_ticket(tx, id).await?,
        Reader::Link => store::tickets::media_for_owner(tx, &ticket).await?,
    };
    let others = store::tickets::of_others_within(tx, &ticket).await?;
    let photos = photos_of(tx, &files, &events, &others, place.contact.as_deref()).await?;
    if reader == Reader::Link {
        for other in &others {
            ticket.forget_words_of(other);
        }
    }
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
    let record: Option<Record> = record.and_then(|record| serde_json::from_str(record).ok());
    let made = Made::of(tx, record).await?;
    // Whoever was to call and reached nobody did not ask what was answered in the chat.
    let asked_by_staff = made.way.is_some() || way == "staff";
    let Response { started_at, completed_at, score, band, nps, comment, progress, .. } = response;
    Ok(Some(Visit {
        survey: survey.map_or_else(|| response.survey.clone(), |survey| say(&survey.title_key)),
        project: place.project,
        unit: place.unit,
        contact: place.contact,
        phone: place.phone,
        at: made.at.or(completed_at).unwrap_or(started_at),
        complete: progress == Progress::Complete,
        way: made.way.unwrap_or(way).to_owned(),
        by: own.as_ref().filter(|_| asked_by_staff).and_then(|own| own.by.clone()),
        place: made.place,
        note: made.note,
        photos: made.photos,
        heard: made.heard,
        client: made.client,
        ticket: own.and_then(|own| own.ticket),
        answers,
        score,
        band,
        nps,
        comment,
    }))
}

/// Returns what is known of a visit that staff made or a client answered; `None` before that.
pub async fn recorded(
    tx: &mut Tx,
    catalog: &Catalog,
    language: Language,
    id: VisitId,
) -> Result<Option<Visit>, StoreError> {
    let Some(own) = store::visits::find(tx, id).await? else { return Ok(None) };
    let own = store::visits::without_anonymous(tx, own).await?;
    if let Some(response) = own.response_id {
        return visit(tx, catalog, language, response).await;
    }
    let Some(record) = own.record else { return Ok(None) };
    let by = store::staff::find(tx, record.by).await?.map(|person| person.name);
    let ticket = match own.ticket_id {
        Some(ticket) => store::tickets::find(tx, ticket).await?.map(|ticket| ticket.number),
        None => None,
    };
    let place = Place::of(tx, Some(own.project_id), own.unit_id, own.contact_id).await?;
    let survey = catalog.script().surveys.get(&own.survey);
    let say = |key: &str| catalog.text(language, key, &std::collections::BTreeMap::new());
    let at = record.at;
    let made = Made::of(tx, Some(record)).await?;
    Ok(Some(Visit {
        survey: survey.map_or_else(|| own.survey.clone(), |survey| say(&survey.title_key)),
        project: place.project,
        unit: place.unit,
        contact: place.contact,
        phone: place.phone,
        at,
        complete: true,
        way: made.way.unwrap_or("staff").to_owned(),
        by,
        place: made.place,
        note: made.note,
        photos: made.photos,
        heard: made.heard,
        client: made.client,
        ticket,
        answers: Vec::new(),
        score: None,
        band: None,
        nps: None,
        comment: None,
    }))
}

/// What staff recorded of a visit, as a paper says it; nothing where the client answered alone.
#[derive(Default)]
struct Made {
    way: Option<&'static str>,
    at: Option<Timestamp>,
    place: Option<String>,
    note: Option<String>,
    photos: Vec<Photo>,
    heard: Vec<String>,
    client: Option<&'static str>,
}

impl Made {
    async fn of(tx: &mut Tx, record: Option<Record>) -> Result<Made, StoreError> {
        let Some(record) = record else { return Ok(Made::default()) };
        let (mut photos, mut heard) = (Vec::new(), Vec::new());
        let by = store::staff::find(tx, record.by).await?.map(|person| person.name);
        for media in &record.media {
            let Some(file) = store::media::find(tx, *media).await? else { continue };
            if file.kind == PHOTO {
                photos.push(photo(&file, Taker::Staff(by.clone()), record.at));
            } else if let Some(transcript) = store::transcripts::find(tx, *media).await? {
                heard.extend(transcript.words().map(str::to_owned));
            }
        }
        let way = match record.way {
            Way::Phone => "phone",
            Way::OnSite => "on_site",
        };
        let client = match record.confirmed {
            None => "open",
            Some(true) => "right",
            Some(false) => "wrong",
        };
        let (at, client) = (Some(record.at), Some(client));
        Ok(Made { way: Some(way), at, place: record.place, note: Some(record.note), photos, heard, client })
    }
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

/// Returns the photos among the files of a ticket: the owner's, those of others whose tickets were merged into
/// it, and those whoever mended it took of the fix.
async fn photos_of(
    tx: &mut Tx,
    files: &[Media],
    events: &[TicketEvent],
    others: &[Ticket],
    owner: Option<&str>,
) -> Result<Vec<Photo>, StoreError> {
    let mut evidence: BTreeMap<MediaId, (Option<String>, Timestamp)> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == "rectified") {
        let by = match event.actor {
            Actor::Staff(id) => store::staff::find(tx, id).await?.map(|person| person.name),
            Actor::Firm(id) => store::subcontractors::find(tx, id).await?.map(|firm| firm.name),
            Actor::Client | Actor::Bot | Actor::System => None,
        };
        evidence.extend(media(&event.body).into_iter().map(|id| (id, (by.clone(), event.at))));
    }
    let mut theirs: BTreeMap<MediaId, Option<String>> = BTreeMap::new();
    for other in others {
        let name = store::contacts::find(tx, other.contact_id).await?.and_then(|contact| contact.name);
        let sent = store::media::list_for_ticket(tx, other.id).await?;
        // What came by way of another ticket is listed there too: whose it is comes later.
        theirs.extend(sent.into_iter().map(|file| (file.id, name.clone())));
    }
    let photos = files.iter().filter(|file| file.kind == PHOTO).map(|file| match evidence.get(&file.id) {
        Some((by, at)) => photo(file, Taker::Staff(by.clone()), *at),
        None => {
            let name = theirs.get(&file.id).cloned().unwrap_or_else(|| owner.map(str::to_owned));
            photo(file, Taker::Client(name), file.created_at)
        }
    });
    Ok(photos.collect())
}

fn photo(file: &Media, by: Taker, at: Timestamp) -> Photo {
    Photo { id: file.id, by, at, gone: file.lost.is_some() || file.is_awaited() }
}

/// Returns the files an event names.
fn media(body: &str) -> Vec<MediaId> {
    let body: Option<Value> = serde_json::from_str(body).ok();
    let named = body.as_ref().and_then(|body| body.get("media")?.as_array()).into_iter().flatten();
    named.filter_map(|id| id.as_str()?.parse().ok()).collect()
}

fn words(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    Some(body.get("text")?.as_str()?.to_owned()).filter(|words| !words.is_empty())
}
