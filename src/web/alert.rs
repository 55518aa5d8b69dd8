//! `/a/{token}`: one alert for one member of staff, from a mail or a message of WeCom: what it is about,
//! and the buttons their role allows. The link is signed, names flag and person and expires; opening
//! it changes nothing, pressing is a POST, and a copy of a press changes nothing either.
//!
//! The same page behind the console's log-in stands at `console/alert.rs`: for what was sent to many.
//! What may be done decides [`crate::desk::acts`]. Neither telephone number nor name of the client is
//! shown: a mail can be forwarded.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::Deserialize;

use super::Web;
use super::console::view::excerpt;
use super::error::WebError;
use super::job::FaultPage;
use super::secret;
use super::words::{Words, language_of};
use crate::desk::DeskError;
use crate::desk::acts::OpenAlert;
use crate::domain::alert::Act;
use crate::domain::dialogue::TokenFault;
use crate::domain::ids::{FlagId, StaffId};
use crate::store::{Tx, projects, responses, units};

/// Characters of a client's words that the page repeats.
const EXCERPT: usize = 400;

/// `/a/…`
pub(super) fn routes() -> Router<Web> {
    Router::new().route("/a/{token}", get(show).post(press))
}

/// What the page says besides.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// The name of what was just done.
    done: Option<String>,
    #[serde(skip)]
    refused: Option<Refused>,
}

/// What was not done.
#[derive(Debug)]
struct Refused {
    /// Why, the end of a text's name.
    why: &'static str,
    /// The answer that was not sent: whoever wrote it finds it in the field again.
    answer: String,
}

/// What comes of a pressed button.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Done: back to the page.
    Done(Redirect),
    /// Nothing was done: the page, which says why.
    Refused(Asked),
}

/// A pressed button.
#[derive(Debug, Deserialize)]
pub(super) struct Pressed {
    act: String,
    /// When the page was drawn, in Unix milliseconds: the same press comes with the same.
    at: String,
    /// What the client is answered, where that is what is done.
    said: Option<String>,
}

async fn show(
    State(web): State<Web>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let w = web.words(language_of(&headers));
    match web.desk.alert_link(&token) {
        Ok((flag, staff)) => drawn(&web, w, flag, staff, format!("/a/{token}"), asked).await,
        Err(fault) => shut(w, Some(fault)),
    }
}

async fn press(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(pressed): Form<Pressed>,
) -> Result<Response, WebError> {
    let w = web.words(language_of(&headers));
    let (flag, staff) = match web.desk.alert_link(&token) {
        Ok(opened) => opened,
        Err(fault) => return shut(w, Some(fault)),
    };
    let here = format!("/a/{token}");
    match pressed.carry_out(&web, flag, staff, &here).await? {
        Outcome::Done(back) => Ok(back.into_response()),
        Outcome::Refused(asked) => drawn(&web, w, flag, staff, here, asked).await,
    }
}

async fn drawn(
    web: &Web,
    w: Words,
    flag: FlagId,
    staff: StaffId,
    here: String,
    asked: Asked,
) -> Result<Response, WebError> {
    match AlertPage::load(web, w.clone(), flag, staff, here, asked).await? {
        Some(page) => page.answer(),
        None => shut(w, None),
    }
}

/// Says why there is nothing to see.
fn shut(w: Words, fault: Option<TokenFault>) -> Result<Response, WebError> {
    let (status, name) = match fault {
        Some(TokenFault::Unknown) => (StatusCode::NOT_FOUND, "unknown"),
        Some(TokenFault::Expired) => (StatusCode::GONE, "expired"),
        None => (StatusCode::GONE, "not_yours"),
    };
    let message = w.get(&format!("web.alert.fault.{name}"));
    let page = FaultPage { title: "web.alert.fault.title", message, back: None, w };
    Ok((status, Html(page.render()?)).into_response())
}

impl Pressed {
    /// Does it in the name of a member of staff.
    pub(super) async fn carry_out(
        self,
        web: &Web,
        flag: FlagId,
        staff: StaffId,
        here: &str,
    ) -> Result<Outcome, WebError> {
        // An answer comes with its words.
        let act = Act::named(&self.act).filter(|act| *act != Act::Reply || self.said.is_some());
        let act = act.ok_or(WebError::BadRequest)?;
        let at: i64 = self.at.parse().map_err(|_| WebError::BadRequest)?;
        // Other words, written on a page that was gone back to, are another answer.
        let words = self.said.as_deref().map(|said| format!(":{}", secret::hash(said))).unwrap_or_default();
        let id = format!("page:{flag}:{staff}:{}:{at}{words}", act.name());
        let why = match web.desk.act_on_alert(flag, staff, act, self.said.as_deref(), id).await {
            Ok(_) => return Ok(Outcome::Done(Redirect::to(&format!("{here}?done={}", act.name())))),
            Err(DeskError::NotAllowed) => "not_allowed",
            Err(DeskError::Store(error)) => return Err(error.into()),
            Err(DeskError::NotFound(_)) => "gone",
            Err(DeskError::Needed(_)) => "empty",
            Err(_) => "not_now",
        };
        let refused = Refused { why, answer: self.said.unwrap_or_default() };
        Ok(Outcome::Refused(Asked { done: None, refused: Some(refused) }))
    }
}

/// The page of an alert.
#[derive(Debug, Template)]
#[template(path = "alert.html")]
pub(super) struct AlertPage {
    w: Words,
    here: String,
    /// Where there is a session.
    csrf: Option<String>,
    at: i64,
    kind_key: String,
    number: String,
    status_key: Option<String>,
    place: Vec<String>,
    said: Option<String>,
    who: String,
    buttons: Vec<Button>,
    may_reply: bool,
    /// What was written and not sent.
    answer: String,
    done: Option<String>,
    problem: Option<String>,
    console: String,
}

#[derive(Debug)]
struct Button {
    act: &'static str,
    label: String,
    primary: bool,
}

impl AlertPage {
    /// Reads an alert for somebody; `None` if it is not for them.
    pub(super) async fn load(
        web: &Web,
        w: Words,
        flag: FlagId,
        staff: StaffId,
        here: String,
        asked: Asked,
    ) -> Result<Option<AlertPage>, WebError> {
        let (this, at) = (web.clone(), web.clock.now().0);
        let found = web.store.read(|tx| {
            Box::pin(async move {
                match this.desk.alert(tx, flag, staff).await? {
                    Some(open) => Ok::<_, WebError>(Some((place_and_words(tx, &open).await?, open))),
                    None => Ok(None),
                }
            })
        });
        Ok(found.await?.map(|((place, said), open)| AlertPage::of(w, open, place, said, here, at, asked)))
    }

    /// Draws it: 409 where what was asked for was refused.
    pub(super) fn answer(self) -> Result<Response, WebError> {
        let status = if self.problem.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
        Ok((status, Html(self.render()?)).into_response())
    }

    /// The page of whoever is logged in: its form carries the session's token.
    pub(super) fn of_session(self, csrf: String) -> AlertPage {
        AlertPage { csrf: Some(csrf), ..self }
    }

    fn of(
        w: Words,
        open: OpenAlert,
        place: Vec<String>,
        said: Option<String>,
        here: String,
        at: i64,
        asked: Asked,
    ) -> AlertPage {
        let OpenAlert { staff, flag, ticket, acts, may_reply } = open;
        let console = match (flag.ticket_id, flag.response_id, flag.dialogue_id) {
            (Some(ticket), _, _) => format!("/console/tickets/{ticket}"),
            (None, Some(response), _) => format!("/console/responses/{response}"),
            (None, None, Some(dialogue)) => format!("/console/conversations/{dialogue}"),
            (None, None, None) => "/console".to_owned(),
        };
        let nobodys = ticket.as_ref().is_some_and(|ticket| ticket.assignee.is_none());
        let status_key = ticket.as_ref().map(|ticket| format!("web.console.status.{}", ticket.status.name()));
        let number = ticket.map(|ticket| ticket.number).unwrap_or_default();
        let done = asked.done.as_deref().and_then(Act::named).map(|act| {
            let args = BTreeMap::from([("name".to_owned(), staff.name.clone()), ("number".to_owned(), number.clone())]);
            w.say(&format!("alert.done.{}", act.name()), &args).trim().to_owned()
        });
        let problem = asked.refused.as_ref().map(|refused| w.get(&format!("alert.refused.{}", refused.why)));
        // What nobody has is to be taken first.
        let first = acts.iter().find(|act| nobodys && **act == Act::Take).or(acts.first()).copied();
        let button = |act: Act| Button {
            act: act.name(),
            label: w.get(&format!("alert.button.{}", act.name())),
            primary: Some(act) == first,
        };
        AlertPage {
            kind_key: format!("web.console.flag.{}", flag.kind.name()),
            buttons: acts.into_iter().map(button).collect(),
            who: w.fill("web.alert.who", "name", &staff.name),
            answer: asked.refused.map(|refused| refused.answer).unwrap_or_default(),
            csrf: None,
            problem,
            may_reply,
            status_key,
            console,
            number,
            place,
            said,
            done,
            here,
            at,
            w,
        }
    }
}

async fn place_and_words(tx: &mut Tx, open: &OpenAlert) -> Result<(Vec<String>, Option<String>), WebError> {
    let response = match open.flag.response_id {
        Some(response) => responses::find(tx, response).await?,
        None => None,
    };
    let ticket = open.ticket.as_ref();
    let unit = match ticket.and_then(|ticket| ticket.unit_id).or(response.as_ref().and_then(|found| found.unit_id)) {
        Some(unit) => units::find(tx, unit).await?,
        None => None,
    };
    let project = match &unit {
        Some(unit) => projects::find(tx, unit.project_id).await?,
        None => None,
    };
    let parts = [
        project.map(|project| project.name),
        unit.map(|unit| unit.label),
        ticket.and_then(|ticket| ticket.location.clone()),
    ];
    let said = ticket.map(|ticket| ticket.description.clone()).or(response.and_then(|found| found.comment));
    let said = said.map(|said| excerpt(&said, EXCERPT)).filter(|said| !said.is_empty());
    Ok((parts.into_iter().flatten().filter(|part| !part.is_empty()).collect(), said))
}

#[cfg(test)]
mod tests {
    use super::super::console::view::samples::{check, words};
    use super::*;
    use crate::domain::language::Language;

    fn page(language: Language) -> AlertPage {
        let w = words(language);
        let button = |act: Act| Button {
            act: act.name(),
            label: w.get(&format!("alert.button.{}", act.name())),
            primary: act == Act::Phoned,
        };
        AlertPage {
            here: "/a/token".to_owned(),
            csrf: None,
            at: 1_795_226_400_000,
            kind_key: "web.console.flag.sla_warning".to_owned(),
            number: "HF2611-0042".to_owned(),
            status_key: Some("web.console.status.reported".to_owned()),
            place: vec!["云栖花园".to_owned(), "3栋1单元502".to_owned(), "主卧".to_owned()],
            said: Some("主卧卫生间天花板在滴水，<b>已经拿盆接了".to_owned()),
            who: w.fill("web.alert.who", "name", "李工"),
            buttons: Act::ON_TICKET.map(button).into(),
            may_reply: true,
            answer: String::new(),
            done: None,
            problem: None,
            console: "/console/tickets/1".to_owned(),
            w,
        }
    }

    #[test]
    fn the_page_is_drawn_in_every_language() {
        for language in Language::ALL {
            let open = page(language).render().unwrap();
            check("alert", language, &open);
            assert!(
                !open.contains("<b>") && !open.contains("csrf") && open.contains("name=\"at\" value=\"1795226400000\"")
            );
            let pressed =
                AlertPage { done: Some("李工 已电话联系客户 HF2611-0042".to_owned()), ..page(language) };
            check("alert_done", language, &pressed.render().unwrap());
            let w = words(language);
            let refused = AlertPage {
                problem: Some(w.get("alert.refused.not_allowed")),
                buttons: Vec::new(),
                may_reply: false,
                csrf: Some("token".to_owned()),
                ..page(language)
            };
            let refused = refused.render().unwrap();
            check("alert_refused", language, &refused);
            assert!(!refused.contains("<form"), "nothing to press");
            for may_reply in [true, false] {
                let answer = "我<b>十分钟后到".to_owned();
                let kept = AlertPage { may_reply, answer, ..page(language) }.render().unwrap();
                assert!(kept.contains("我&#60;b&#62;十分钟后到</textarea>"), "what was written is not lost: {kept}");
            }
            for fault in ["unknown", "expired", "not_yours"] {
                let (w, title) = (words(language), "web.alert.fault.title");
                let page = FaultPage { message: w.get(&format!("web.alert.fault.{fault}")), title, back: None, w };
                check(&format!("alert_{fault}"), language, &page.render().unwrap());
            }
        }
    }
}
