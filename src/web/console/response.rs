//! `GET /console/responses/{id}`: one client's answers to one survey.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;

use super::correct::Judged;
use super::marks::{self, Piece};
use super::session::Staff;
use super::thread::{self, Talk, Voice};
use super::ticket::KeywordRow;
use super::view::{Fact, Shell, Tag, When};
use crate::domain::correction::About;
use crate::domain::ids::ResponseId;
use crate::domain::score::Band;
use crate::domain::staff::Staff as Person;
use crate::domain::survey::{Question, QuestionKind, Survey};
use crate::store::responses::{self, Answer, Progress, Response};
use crate::store::{Tx, contacts, media, transcripts, units};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let id: ResponseId = id.parse().map_err(|_| WebError::NotFound)?;
    let shell = Shell::of(&staff, format!("/console/responses/{id}"), web.demo);
    let page = ResponsePage::load(&web, id, staff.person.clone(), shell).await?.ok_or(WebError::NotFound)?;
    Ok(Html(page.render()?))
}

/// The page of a response.
#[derive(Debug, Template)]
#[template(path = "console/response.html")]
pub(super) struct ResponsePage {
    shell: Shell,
    survey: String,
    /// Nothing while it is not finished.
    band: Option<Tag>,
    facts: Vec<Fact>,
    answers: Vec<AnswerRow>,
    comment: Vec<Piece>,
    keywords: Vec<KeywordRow>,
    /// Nothing where there are no words.
    judged: Option<Judged>,
    /// Nothing where the conversation is not theirs who look.
    talk: Option<Talk>,
}

/// One question and what was answered.
#[derive(Debug, Clone)]
struct AnswerRow {
    question: String,
    value: String,
    by_key: String,
    /// The words it was read from.
    said: Vec<Piece>,
    voice: Option<Voice>,
}

impl ResponsePage {
    async fn load(web: &Web, id: ResponseId, who: Person, shell: Shell) -> Result<Option<ResponsePage>, WebError> {
        let web_ = web.clone();
        web.store
            .read(|tx| {
                Box::pin(async move {
                    let Some(found) = responses::find(tx, id).await? else { return Ok(None) };
                    let survey = web_.catalog.script().surveys.get(&found.survey);
                    let mut answers = Vec::new();
                    for answer in responses::answers(tx, id).await? {
                        answers.push(answer_row(&web_, tx, survey, answer, &shell.w).await?);
                    }
                    let talk = match found.dialogue_id {
                        Some(dialogue) => thread::load(&web_, tx, dialogue, &who, &shell.w).await?,
                        None => None,
                    };
                    let talk = talk.filter(|talk| talk.may_answer);
                    let (words, recognised) = web_.desk.judged_response(&found);
                    let (_, judged) = Judged::load(tx, About::Response(id), recognised, &shell.w).await?;
                    let judged = (!words.is_empty()).then_some(judged);
                    Ok::<_, WebError>(Some(ResponsePage {
                        survey: survey.map_or_else(|| found.survey.clone(), |survey| shell.w.get(&survey.title_key)),
                        band: band_of(&found).map(Tag::from),
                        facts: facts(tx, &found, &shell.w).await?,
                        comment: marks::cut(found.comment.as_deref().unwrap_or_default(), &found.keywords, &shell.w),
                        keywords: KeywordRow::all(&found.keywords, &shell.w),
                        answers,
                        judged,
                        talk,
                        shell,
                    }))
                })
            })
            .await
    }
}

async fn facts(tx: &mut Tx, found: &Response, w: &Words) -> Result<Vec<Fact>, WebError> {
    let contact = match found.contact_id {
        Some(id) => contacts::find(tx, id).await?.and_then(|contact| contact.name),
        None => None,
    };
    let unit = match found.unit_id {
        Some(id) => units::find(tx, id).await?.map(|unit| unit.label),
        None => None,
    };
    let unfinished = (found.progress != Progress::Complete).then(|| w.get("web.console.response.unfinished"));
    let known = [
        Fact::known("web.console.response.score", found.score.map(|score| format!("{score:.2} / 5")).or(unfinished)),
        Fact::known("web.console.response.nps", found.nps.map(|nps| format!("{nps} / 10"))),
        Fact::known("web.console.ticket.contact", contact),
        Fact::known("web.console.ticket.unit", unit),
        Fact::known("web.console.response.at", Some(When::of(found.completed_at.unwrap_or(found.started_at), w).full)),
    ];
    Ok(known.into_iter().flatten().collect())
}

async fn answer_row(
    web: &Web,
    tx: &mut Tx,
    survey: Option<&Survey>,
    answer: Answer,
    w: &Words,
) -> Result<AnswerRow, WebError> {
    let mut voice = None;
    if let Some(id) = answer.media_id
        && let Some(file) = media::find(tx, id).await?
    {
        let heard = transcripts::find(tx, id).await?;
        voice = thread::files(web, tx, vec![(file, heard)], w).await?.0.pop();
    }
    let asked = survey.and_then(|survey| survey.question(&answer.question));
    let prompt = asked.and_then(|asked| w.find(&asked.prompt_key));
    let said =
        if voice.is_some() { Vec::new() } else { marks::cut(answer.text.as_deref().unwrap_or_default(), &[], w) };
    let value = answer.value.map(|value| {
        let most = asked.and_then(|asked| asked.kind.range()).map(|(_, most)| most).filter(|most| *most > 1.0);
        let label = asked.and_then(|asked| yes_or_no(asked, value, w));
        label.unwrap_or_else(|| most.map_or_else(|| value.to_string(), |most| format!("{value} / {most}")))
    });
    Ok(AnswerRow {
        question: prompt.unwrap_or(answer.question),
        value: value
            .unwrap_or_else(|| if said.is_empty() { w.get("web.console.response.none") } else { String::new() }),
        by_key: format!("web.console.response.by_{}", answer.source),
        said,
        voice,
    })
}

/// Returns what the client reads for a value of a question of yes or no; nothing of other questions.
pub(super) fn yes_or_no(asked: &Question, value: f64, w: &Words) -> Option<String> {
    let labels = asked.labels_key.as_deref().filter(|_| asked.kind == QuestionKind::YesNo)?;
    Some(w.get(&format!("{labels}.{}", if value > 0.0 { "yes" } else { "no" })))
}

fn band_of(found: &Response) -> Option<Band> {
    match found.band.as_deref()? {
        "satisfied" => Some(Band::Satisfied),
        "neutral" => Some(Band::Neutral),
        "dissatisfied" => Some(Band::Dissatisfied),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn the_page_is_drawn_in_every_language() {
        for language in Language::ALL {
            let page = ResponsePage {
                shell: Shell::sample(language, "/console/responses/1"),
                survey: "维保回访".to_owned(),
                band: Some(Band::Dissatisfied.into()),
                facts: vec![Fact::of("web.console.response.score", "1.90 / 5")],
                answers: vec![AnswerRow {
                    question: "响应速度您打几分？".to_owned(),
                    value: "2 / 5".to_owned(),
                    by_key: "web.console.response.by_voice".to_owned(),
                    said: Vec::new(),
                    voice: Some(Voice::sample()),
                }],
                comment: Voice::sample().transcript,
                keywords: vec![KeywordRow::sample()],
                judged: Some(Judged::sample(&super::super::view::samples::words(language))),
                talk: Some(Talk::sample(language)),
            };
            check("response", language, &page.render().unwrap());
        }
    }
}
