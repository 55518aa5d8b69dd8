//! `GET /console/conversations/{id}`: everything said with one person on one channel.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;

use super::session::Staff;
use super::thread::{self, Talk};
use super::view::{Fact, Link, Shell};
use crate::domain::contact::Contact;
use crate::domain::ids::DialogueId;
use crate::domain::staff::Staff as Person;
use crate::store::{contact_units, contacts, dialogues, tickets};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let id: DialogueId = id.parse().map_err(|_| WebError::NotFound)?;
    let shell = Shell::of(&staff, format!("/console/conversations/{id}"), web.demo);
    let page = ConversationPage::load(&web, id, staff.person.clone(), shell).await?.ok_or(WebError::NotFound)?;
    Ok(Html(page.render()?))
}

/// The page of a conversation.
#[derive(Debug, Template)]
#[template(path = "console/conversation.html")]
pub(super) struct ConversationPage {
    shell: Shell,
    heading: String,
    facts: Vec<Fact>,
    tickets: Vec<Link>,
    talk: Talk,
}

impl ConversationPage {
    async fn load(web: &Web, id: DialogueId, who: Person, shell: Shell) -> Result<Option<ConversationPage>, WebError> {
        let web_ = web.clone();
        web.store
            .read(|tx| {
                Box::pin(async move {
                    let Some(talk) = thread::load(&web_, tx, id, &who, &shell.w).await? else { return Ok(None) };
                    let Some(dialogue) = dialogues::find(tx, id).await? else { return Ok(None) };
                    let (mut contact, mut units, mut open) = (None, Vec::new(), Vec::new());
                    if let Some(id) = dialogue.contact_id {
                        contact = contacts::find(tx, id).await?;
                        units = contact_units::list(tx, id).await?;
                        open = tickets::open_for_contact(tx, id).await?;
                    }
                    let labels = units.into_iter().map(|unit| unit.label).collect::<Vec<_>>().join(" · ");
                    let tickets = open
                        .into_iter()
                        .map(|ticket| Link { href: format!("/console/tickets/{}", ticket.id), label: ticket.number });
                    let name = contact.as_ref().and_then(|contact| contact.name.clone());
                    let heading = heading(name, &shell.w);
                    let facts = facts(contact.as_ref(), labels);
                    Ok::<_, WebError>(Some(ConversationPage {
                        heading,
                        facts,
                        tickets: tickets.collect(),
                        talk,
                        shell,
                    }))
                })
            })
            .await
    }
}

fn heading(name: Option<String>, w: &Words) -> String {
    let name = name.unwrap_or_else(|| w.get("web.console.conversation.stranger"));
    w.fill("web.console.conversation.with", "name", &name)
}

fn facts(contact: Option<&Contact>, units: String) -> Vec<Fact> {
    let phone = contact.and_then(|contact| contact.phone.clone());
    let name = contact.and_then(|contact| contact.name.clone());
    [
        Fact::known("web.console.ticket.contact", name),
        Fact::known("web.console.ticket.phone", phone),
        Fact::known("web.console.ticket.unit", Some(units)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::{check, words};
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn the_page_is_drawn_in_every_language() {
        for language in Language::ALL {
            let page = ConversationPage {
                shell: Shell::sample(language, "/console/conversations/1"),
                heading: heading(Some("王芳".to_owned()), &words(language)),
                facts: facts(None, "3栋1单元502".to_owned()),
                tickets: vec![Link { href: "/console/tickets/1".to_owned(), label: "HF2611-0042".to_owned() }],
                talk: Talk::sample(language),
            };
            check("conversation", language, &page.render().unwrap());
        }
    }
}
