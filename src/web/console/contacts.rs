//! `GET /console/contacts`: finding people by the beginning of a name, a telephone number or a flat, and a
//! ticket by its number.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::access;
use super::session::Staff;
use super::view::{Shell, When};
use crate::domain::access::Right;
use crate::domain::contact::Contact;
use crate::domain::ids::TicketId;
use crate::store::{Tx, contact_units, contacts, dialogues, tickets};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// People a page shows.
const MOST: u32 = 50;
/// Characters that are looked for.
const LONGEST: usize = 40;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let asked: String = asked.q.trim().chars().take(LONGEST).collect();
    if let Some(ticket) = ticket_called(&web, &staff, asked.clone()).await? {
        return Ok(Redirect::to(&format!("/console/tickets/{ticket}")).into_response());
    }
    let shell = Shell::of(&staff, "/console/contacts".to_owned(), web.demo);
    let (begins, w) = (asked.clone(), shell.w.clone());
    let within = staff.person.scope(Right::Clients).ok_or(WebError::NotFound)?;
    let rows = web
        .store
        .read(|tx| {
            Box::pin(async move {
                let mut rows = Vec::new();
                for contact in contacts::search(tx, &begins, &within, MOST).await? {
                    rows.push(row(tx, contact, &w).await?);
                }
                Ok::<_, WebError>(rows)
            })
        })
        .await?;
    let capped = rows.len() >= MOST as usize;
    let capped = capped.then(|| shell.w.fill("web.console.visits.capped", "count", &MOST.to_string()));
    Ok(Html(ContactsPage { shell, asked, rows, capped }.render()?).into_response())
}

/// The ticket of a number, if whoever looks for it may see it.
async fn ticket_called(web: &Web, staff: &Staff, number: String) -> Result<Option<TicketId>, WebError> {
    let person = staff.person.clone();
    let found = web.store.read(|tx| {
        Box::pin(async move {
            let Some(ticket) = tickets::find_by_number(tx, &number).await? else { return Ok(None) };
            let seen = person.may(Right::Tickets, &access::of_ticket(tx, &ticket).await?);
            Ok::<_, WebError>(seen.then_some(ticket.id))
        })
    });
    found.await
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "console/contacts.html")]
struct ContactsPage {
    shell: Shell,
    asked: String,
    rows: Vec<Row>,
    capped: Option<String>,
}

/// One person in the list.
#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    phone: Option<String>,
    units: String,
    channels: String,
    since: When,
}

async fn row(tx: &mut Tx, contact: Contact, w: &Words) -> Result<Row, WebError> {
    let units = contact_units::list(tx, contact.id).await?.into_iter().map(|unit| unit.label);
    let channels = dialogues::list_for_contact(tx, contact.id).await?;
    let mut channels: Vec<_> =
        channels.iter().map(|talk| w.get(&format!("web.console.channel.{}", talk.channel))).collect();
    channels.sort();
    channels.dedup();
    Ok(Row {
        href: format!("/console/contacts/{}", contact.id),
        name: name(&contact, w),
        units: units.collect::<Vec<_>>().join(" · "),
        channels: channels.join(" · "),
        since: When::of(contact.created_at, w),
        phone: contact.phone,
    })
}

/// What a person is called on a page.
pub(super) fn name(contact: &Contact, w: &Words) -> String {
    let unknown =
        if contact.erased_at.is_some() { "web.console.contact.erased" } else { "web.console.conversation.stranger" };
    contact.name.clone().unwrap_or_else(|| w.get(unknown))
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    #[test]
    fn the_list_is_drawn_in_every_language() {
        for language in Language::ALL {
            let shell = Shell::sample(language, "/console/contacts");
            let row = |name: &str, phone: Option<&str>| Row {
                href: "/console/contacts/1".to_owned(),
                name: name.to_owned(),
                phone: phone.map(str::to_owned),
                units: "3栋2单元1201".to_owned(),
                channels: shell.w.get("web.console.channel.telegram"),
                since: When::of(Timestamp(1_795_226_400_000), &shell.w),
            };
            let rows = vec![row("王敏", Some("13800000000")), row("<b>", None)];
            let page = ContactsPage { asked: "王\"".to_owned(), rows, capped: None, shell };
            let drawn = page.render().unwrap();
            check("contacts", language, &drawn);
            assert!(!drawn.contains("<b>") && !drawn.contains("王\"\""));
        }
    }
}
