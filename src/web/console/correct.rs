//! Putting right what was recognised: the small form beside it, and what it says once somebody has.
//!
//! What the service does stays as it is; the correction is kept beside the original
//! ([`crate::store::corrections`]) and `huifang export corrections` makes training rows of it.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;

use super::csrf::Signed;
use super::view::{Choice, When};
use crate::domain::correction::{About, Labels};
use crate::domain::ids::{MediaId, StaffId};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Category, Intent, Sentiment, Urgency};
use crate::store::corrections::Verdict;
use crate::store::{Tx, corrections, staff};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/console/tickets/{id}/labels", post(ticket))
        .route("/console/responses/{id}/labels", post(response))
        .route("/console/media/{id}/transcript", post(transcript))
}

/// What was recognised in some words, or what a person says it should have been, with its form.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) action: String,
    pub(super) rows: Vec<LabelRow>,
    /// Who put it right last.
    pub(super) by: Option<Signature>,
}

/// One verdict.
#[derive(Debug, Clone)]
pub(super) struct LabelRow {
    /// Name of the field in the form.
    pub(super) field: &'static str,
    pub(super) title: String,
    /// What counts now.
    pub(super) value: String,
    /// What was recognised, where a person says otherwise.
    pub(super) original: Option<String>,
    pub(super) options: Vec<Choice>,
}

/// Who, and when.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub(crate) who: String,
    pub(crate) at: When,
}

impl Signature {
    pub(super) async fn of(tx: &mut Tx, by: StaffId, at: Timestamp, w: &Words) -> Result<Signature, WebError> {
        let who = staff::find(tx, by).await?.map(|person| person.name).unwrap_or_default();
        Ok(Signature { who, at: When::of(at, w) })
    }
}

impl Judged {
    /// Loads what counts of the words of a ticket or a response, of which `original` was recognised.
    pub(super) async fn load(
        tx: &mut Tx,
        about: About,
        original: Labels,
        w: &Words,
    ) -> Result<(Labels, Judged), WebError> {
        let action = match about {
            About::Ticket(id) => format!("/console/tickets/{id}/labels"),
            About::Response(id) => format!("/console/responses/{id}/labels"),
        };
        let Some(Verdict { corrected, by, at, .. }) = corrections::verdict(tx, about).await? else {
            return Ok((original, Judged { action, rows: rows(original, original, w), by: None }));
        };
        let by = Some(Signature::of(tx, by, at, w).await?);
        Ok((corrected, Judged { action, rows: rows(original, corrected, w), by }))
    }
}

/// Says what a correction in a ticket's history changed, one verdict a line.
pub(super) fn changes(body: &Value, w: &Words) -> Vec<String> {
    let changes = body.get("changes").and_then(Value::as_array).into_iter().flatten();
    changes
        .filter_map(|change| {
            let field = change.get("field")?.as_str()?;
            let value = |side: &str| said(field, change.get(side).and_then(Value::as_str), w);
            Some(format!("{}: {} → {}", title(field, w), value("from"), value("to")))
        })
        .collect()
}

fn rows(original: Labels, now: Labels, w: &Words) -> Vec<LabelRow> {
    let options = |field: &'static str| -> Vec<Option<&'static str>> {
        match field {
            "sentiment" => Sentiment::ALL.map(Sentiment::name).map(Some).to_vec(),
            "intent" => Intent::ALL.map(Intent::name).map(Some).to_vec(),
            "category" => std::iter::once(None).chain(Category::ALL.map(Category::name).map(Some)).collect(),
            _ => Urgency::ALL.map(Urgency::name).map(Some).to_vec(),
        }
    };
    let row = |((field, value), (_, was)): ((&'static str, _), (_, _))| LabelRow {
        field,
        title: title(field, w),
        value: said(field, value, w),
        original: (was != value).then(|| said(field, was, w)),
        options: options(field)
            .into_iter()
            .map(|option| Choice {
                value: option.unwrap_or_default().to_owned(),
                label: said(field, option, w),
                chosen: option == value,
            })
            .collect(),
    };
    now.named().into_iter().zip(original.named()).map(row).collect()
}

fn title(field: &str, w: &Words) -> String {
    let key = match field {
        "sentiment" | "intent" => format!("web.console.correct.{field}"),
        _ => format!("web.console.ticket.{field}"),
    };
    w.find(&key).unwrap_or_else(|| field.to_owned())
}

/// Says a stored value in words.
fn said(field: &str, value: Option<&str>, w: &Words) -> String {
    let Some(value) = value else { return w.get("web.console.correct.none") };
    let group = match field {
        "sentiment" => "web.console.mark",
        "intent" => "web.console.intent",
        _ => field,
    };
    w.find(&format!("{group}.{value}")).unwrap_or_else(|| value.to_owned())
}

#[derive(Debug, Deserialize)]
struct LabelsForm {
    sentiment: Sentiment,
    intent: Intent,
    /// Empty: no trade is meant.
    category: String,
    urgency: Urgency,
}

impl LabelsForm {
    fn labels(self) -> Result<Labels, WebError> {
        let category = match self.category.as_str() {
            "" => None,
            name => {
                let known = Category::ALL.into_iter().find(|category| category.name() == name);
                Some(known.ok_or(WebError::BadRequest)?)
            }
        };
        Ok(Labels { sentiment: self.sentiment, intent: self.intent, category, urgency: self.urgency })
    }
}

#[derive(Deserialize)]
struct TranscriptForm {
    text: String,
    /// The page to come back to.
    back: Option<String>,
}

type Answer = Result<Redirect, WebError>;

async fn ticket(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<LabelsForm>) -> Answer {
    let about = About::Ticket(id.parse().map_err(|_| WebError::NotFound)?);
    web.desk.correct_labels(about, form.labels()?, by.person.id).await?;
    Ok(Redirect::to(&format!("/console/tickets/{id}")))
}

async fn response(State(web): State<Web>, Path(id): Path<String>, Signed(by, form): Signed<LabelsForm>) -> Answer {
    let about = About::Response(id.parse().map_err(|_| WebError::NotFound)?);
    web.desk.correct_labels(about, form.labels()?, by.person.id).await?;
    Ok(Redirect::to(&format!("/console/responses/{id}")))
}

async fn transcript(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, form): Signed<TranscriptForm>,
) -> Answer {
    let media: MediaId = id.parse().map_err(|_| WebError::NotFound)?;
    web.desk.correct_transcript(media, &form.text, by.person.id).await?;
    Ok(Redirect::to(super::language::within_console(form.back.as_deref())))
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::words;
    use super::*;
    use crate::domain::language::Language;

    impl Signature {
        pub(in crate::web::console) fn sample() -> Signature {
            Signature {
                who: "李静".to_owned(), at: When::of(Timestamp(1_795_000_000_000), &words(Language::Chinese))
            }
        }
    }

    impl Judged {
        pub(in crate::web::console) fn sample(w: &Words) -> Judged {
            let original = Labels {
                sentiment: Sentiment::Negative,
                intent: Intent::RepairReport,
                category: None,
                urgency: Urgency::Normal,
            };
            let corrected = Labels { category: Some(Category::PlumbingDrain), urgency: Urgency::High, ..original };
            let action = "/console/tickets/1/labels".to_owned();
            Judged { action, rows: rows(original, corrected, w), by: Some(Signature::sample()) }
        }
    }

    #[test]
    fn every_value_is_said_in_words_and_only_what_differs_has_an_original() {
        for language in Language::ALL {
            let w = words(language);
            let judged = Judged::sample(&w);
            let differing: Vec<_> =
                judged.rows.iter().filter(|row| row.original.is_some()).map(|row| row.field).collect();
            assert_eq!(differing, ["category", "urgency"]);
            for option in judged.rows.iter().flat_map(|row| &row.options) {
                assert!(!option.label.is_empty() && !option.label.contains('_'), "{language:?}: {option:?}");
            }
            assert!(judged.rows.iter().all(|row| row.options.iter().filter(|option| option.chosen).count() == 1));
        }
    }

    #[test]
    fn a_change_is_told_in_the_language_of_whoever_reads() {
        let body = serde_json::json!({ "changes": [{ "field": "category", "from": null, "to": "leak" }] });
        assert_eq!(changes(&body, &words(Language::English)), ["Category: none meant → Leak"]);
    }
}
