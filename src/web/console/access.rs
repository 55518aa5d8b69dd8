//! The door of the console: which right every page and every form needs, and whether whoever knocks
//! has it over the thing it is about. What the roles may is [`crate::domain::access`]'s.
//!
//! A route that stands in no line of [`ROUTES`] is open to those alone who may do everything; a test
//! holds that each has its line.

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::session::Staff;
use super::view::Shell;
use crate::domain::access::{Right, Scope, Thing};
use crate::domain::ids::{ContactId, DialogueId};
use crate::domain::staff::Staff as Person;
use crate::store::things::of_dialogue;
pub(super) use crate::store::things::{of_contact, of_flag, of_project, of_response, of_ticket, of_visit};
use crate::store::{Tx, contacts, dialogues, flags, incidents, media, recoveries, responses, tickets, visits};
use crate::web::Web;
use crate::web::error::{TAKEN, WebError};

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Whoever is logged in.
    LogIn,
    Right(Right),
}

/// Method, path and what is needed. What a list shows, each handler asks of [`Person::scope`].
const ROUTES: &[(&str, &str, Need)] = &[
    ("GET", "/console", Need::LogIn),
    ("GET", "/console/board", Need::LogIn),
    ("GET", "/console/events", Need::LogIn),
    ("POST", "/console/flags/{id}/seen", Need::Right(Right::Tickets)),
    ("GET", "/console/alerts/{id}", Need::Right(Right::Tickets)),
    // Which of its buttons count, the desk asks of the same table.
    ("POST", "/console/alerts/{id}", Need::Right(Right::Tickets)),
    ("GET", "/console/tickets/{id}", Need::Right(Right::Tickets)),
    ("GET", "/console/tickets/{id}/papers/{name}", Need::Right(Right::Tickets)),
    ("POST", "/console/tickets/{id}/take", Need::Right(Right::Take)),
    ("POST", "/console/tickets/{id}/accept", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/note", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/called", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/way", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/arrived", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/rectified", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/cause", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/clock", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/expected", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/appointment", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/withdraw", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/transfer", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/release", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/firm", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/recall", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/labels", Need::Right(Right::Work)),
    ("POST", "/console/tickets/{id}/assign", Need::Right(Right::Direct)),
    ("POST", "/console/tickets/{id}/merge", Need::Right(Right::Direct)),
    ("POST", "/console/tickets/{id}/split", Need::Right(Right::Direct)),
    ("POST", "/console/tickets/{id}/refuse", Need::Right(Right::Direct)),
    ("POST", "/console/tickets/{id}/close", Need::Right(Right::Direct)),
    ("GET", "/console/conversations/{id}", Need::Right(Right::Tickets)),
    ("POST", "/console/conversations/{id}/reply", Need::Right(Right::Work)),
    ("POST", "/console/conversations/{id}/handback", Need::Right(Right::Work)),
    ("GET", "/console/media/{id}", Need::Right(Right::Tickets)),
    ("POST", "/console/media/{id}/transcript", Need::Right(Right::Work)),
    ("GET", "/console/responses/{id}", Need::Right(Right::Recoveries)),
    ("GET", "/console/responses/{id}/papers/{name}", Need::Right(Right::Recoveries)),
    ("POST", "/console/responses/{id}/labels", Need::Right(Right::Recoveries)),
    ("POST", "/console/responses/{id}/offer", Need::Right(Right::Direct)),
    ("GET", "/console/recoveries", Need::Right(Right::Recoveries)),
    ("GET", "/console/recoveries/{id}", Need::Right(Right::Recoveries)),
    ("POST", "/console/recoveries/{id}/person", Need::Right(Right::Direct)),
    ("POST", "/console/recoveries/{id}/review", Need::Right(Right::Recoveries)),
    ("POST", "/console/recoveries/{id}/asked", Need::Right(Right::Recoveries)),
    ("POST", "/console/recoveries/{id}/visit", Need::Right(Right::Recoveries)),
    ("POST", "/console/recoveries/{id}/end", Need::Right(Right::Recoveries)),
    ("GET", "/console/visits", Need::Right(Right::Visits)),
    ("GET", "/console/visits/{id}", Need::Right(Right::Visits)),
    ("GET", "/console/visits/{id}/papers/{name}", Need::Right(Right::Visits)),
    ("POST", "/console/visits/{id}/record", Need::Right(Right::Visits)),
    ("POST", "/console/visits/{id}/given_up", Need::Right(Right::Visits)),
    ("GET", "/console/incidents", Need::Right(Right::Incidents)),
    ("GET", "/console/incidents/{id}", Need::Right(Right::Incidents)),
    ("POST", "/console/incidents/{id}/fixed", Need::Right(Right::Mend)),
    ("GET", "/console/ledger", Need::Right(Right::Ledger)),
    ("GET", "/console/ledger.csv", Need::Right(Right::Export)),
    ("GET", "/console/ledger.xlsx", Need::Right(Right::Export)),
    ("GET", "/console/contacts", Need::Right(Right::Clients)),
    ("GET", "/console/contacts/{id}", Need::Right(Right::Clients)),
    ("POST", "/console/contacts/{id}/unite", Need::Right(Right::Registers)),
    ("POST", "/console/contacts/{id}/part", Need::Right(Right::Registers)),
    ("POST", "/console/contacts/{id}/forget", Need::Right(Right::Registers)),
    ("GET", "/console/import", Need::Right(Right::Registers)),
    ("POST", "/console/import", Need::Right(Right::Registers)),
    ("POST", "/console/import/confirm", Need::Right(Right::Registers)),
    ("GET", "/console/import/template/{name}", Need::Right(Right::Registers)),
    ("GET", "/console/staff", Need::Right(Right::Accounts)),
    ("POST", "/console/staff", Need::Right(Right::Accounts)),
    ("GET", "/console/staff/{id}", Need::Right(Right::Accounts)),
    ("POST", "/console/staff/{id}/change", Need::Right(Right::Accounts)),
    ("POST", "/console/staff/{id}/password", Need::Right(Right::Accounts)),
    ("POST", "/console/staff/{id}/invite", Need::Right(Right::Accounts)),
    ("POST", "/console/staff/{id}/telegram", Need::Right(Right::Accounts)),
    ("POST", "/console/staff/{id}/unlink", Need::Right(Right::Accounts)),
    ("POST", "/console/staff/{id}/leave", Need::Right(Right::Accounts)),
    ("POST", "/console/staff/{id}/back", Need::Right(Right::Accounts)),
];

/// The places of the console, for its navigation: address, the key of its name, what it needs.
const PLACES: &[(&str, &str, Right)] = &[
    ("/console/visits", "web.console.visits.title", Right::Visits),
    ("/console/contacts", "web.console.contacts.title", Right::Clients),
    ("/console/ledger", "web.console.ledger.title", Right::Ledger),
    ("/console/recoveries", "web.console.recovery.title", Right::Recoveries),
    ("/console/incidents", "web.console.incident.title", Right::Incidents),
    ("/console/import", "web.console.import.title", Right::Registers),
    ("/console/staff", "web.console.staff.title", Right::Accounts),
];

/// Returns the places somebody may go to.
pub(super) fn places(person: &Person) -> Vec<(&'static str, &'static str)> {
    PLACES.iter().filter(|(_, _, right)| person.role.has(*right)).map(|(href, key, _)| (*href, *key)).collect()
}

/// What the door says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Admitted,
    /// It could be theirs to do, but somebody else has it by now.
    TooLate,
    Refused,
}

/// Lets in whoever may, and tells whoever may not so.
pub(super) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let staff = match Staff::from_request_parts(&mut parts, &web).await {
        Ok(staff) => staff,
        Err(error) => return error.into_response(),
    };
    let pattern = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let about = match about(&mut parts, &pattern).await {
        Ok(about) => about,
        Err(error) => return within(&web, &staff, error.into_response()),
    };
    let answer = match admitted(&web, &staff, &parts.method, &pattern, about).await {
        Ok(Answer::Admitted) => {
            // The handler need not look who it is once more.
            parts.extensions.insert(staff.clone());
            next.run(Request::from_parts(parts, body)).await
        }
        Ok(Answer::TooLate) => WebError::Because(StatusCode::CONFLICT, TAKEN).into_response(),
        Ok(Answer::Refused) => {
            let (id, method) = (staff.person.id, &parts.method);
            tracing::info!(staff.id = %id, http.method = %method, route = pattern, "refused by role");
            WebError::NotAllowed.into_response()
        }
        Err(error) => error.into_response(),
    };
    within(&web, &staff, answer)
}

/// Has what went wrong drawn for whoever is logged in, with their name and places.
fn within(web: &Web, staff: &Staff, mut answer: Response) -> Response {
    if answer.extensions().get::<WebError>().is_some() {
        answer.extensions_mut().insert(Shell::of(staff, "/console".to_owned(), web.demo));
    }
    answer
}

/// Kind and id of the thing a route is about; `None` for one that is about none. The id is the one the
/// handler gets, not what the address spells it as: `%30` there is a `0`.
async fn about(parts: &mut Parts, pattern: &str) -> Result<Option<(String, String)>, WebError> {
    if !pattern.contains("/{id}") {
        return Ok(None);
    }
    let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| WebError::NotFound)?;
    let id = params.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned());
    let (Some(kind), Some(id)) = (pattern.split('/').nth(2), id) else { return Err(WebError::NotFound) };
    Ok(Some((kind.to_owned(), id)))
}

async fn admitted(
    web: &Web,
    staff: &Staff,
    method: &Method,
    pattern: &str,
    about: Option<(String, String)>,
) -> Result<Answer, WebError> {
    let admitted_if = |may: bool| if may { Answer::Admitted } else { Answer::Refused };
    let Some(needed) = need(method, pattern) else {
        let everything = |right: &Right| staff.person.scope(*right).is_some_and(|scope| scope == Scope::default());
        return Ok(admitted_if(Right::ALL.iter().all(everything)));
    };
    let Need::Right(right) = needed else { return Ok(Answer::Admitted) };
    if !staff.person.role.has(right) {
        return Ok(Answer::Refused);
    }
    let Some((kind, id)) = about else { return Ok(Answer::Admitted) };
    let acts_on_ticket = kind == "tickets" && *method == Method::POST;
    let things = web.store.read(|tx| Box::pin(async move { things(tx, &kind, &id).await })).await?;
    // What is not there, the handler says.
    let Some(things) = things else { return Ok(Answer::Admitted) };
    let may = things.iter().any(|thing| staff.person.may(right, thing));
    let late = !may && acts_on_ticket && things.iter().any(|thing| might_have(&staff.person, right, thing));
    Ok(if late { Answer::TooLate } else { admitted_if(may) })
}

/// Whether somebody could do that with a thing if they had it, and could have seen it while nobody had it:
/// whoever acts on such a one was late by a moment.
fn might_have(person: &Person, right: Right, thing: &Thing) -> bool {
    let theirs = Thing { owners: vec![person.id], ..thing.clone() };
    let waiting = Thing { in_pool: true, ..thing.clone() };
    person.may(right, &theirs) && person.may(Right::Tickets, &waiting)
}

fn need(method: &Method, pattern: &str) -> Option<Need> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().find(|(known, path, _)| *known == method && *path == pattern).map(|(_, _, need)| *need)
}

/// Whether somebody has a right over a person, also one whom a form names besides the thing in its
/// address. Over whom there is not, nobody has.
pub(super) async fn may_contact(
    tx: &mut Tx,
    person: &Person,
    right: Right,
    contact: ContactId,
) -> Result<bool, WebError> {
    let things = things(tx, "contacts", &contact.to_string()).await?;
    Ok(things.is_some_and(|things| things.iter().any(|thing| person.may(right, thing))))
}

/// Whether somebody has a right over a conversation that stands on the page of something else.
pub(super) async fn may_dialogue(
    tx: &mut Tx,
    person: &Person,
    right: Right,
    dialogue: DialogueId,
) -> Result<bool, WebError> {
    Ok(of_dialogue(tx, dialogue).await?.iter().any(|thing| person.may(right, thing)))
}

/// What a page is about: any of them suffices. `None` if there is no such thing; what is no id at all
/// is refused here, for nobody has a right over it.
async fn things(tx: &mut Tx, kind: &str, id: &str) -> Result<Option<Vec<Thing>>, WebError> {
    let one = |thing| Some(vec![thing]);
    macro_rules! found {
        ($module:ident) => {{
            let id = id.parse().map_err(|_| WebError::NotFound)?;
            let Some(found) = $module::find(tx, id).await? else { return Ok(None) };
            found
        }};
    }
    Ok(match kind {
        "tickets" => {
            let ticket = found!(tickets);
            one(of_ticket(tx, &ticket).await?)
        }
        "conversations" => {
            let dialogue = found!(dialogues);
            Some(of_dialogue(tx, dialogue.id).await?)
        }
        "contacts" => {
            let contact = found!(contacts);
            let now = contacts::carrying_on(tx, contact.id).await?.map_or(contact.id, |contact| contact.id);
            Some(of_contact(tx, now).await?)
        }
        "responses" => {
            let response = found!(responses);
            one(of_response(tx, response.id).await?)
        }
        "recoveries" => {
            let recovery = found!(recoveries);
            let mut thing = of_project(tx, recovery.project_id).await?;
            thing.owners = recovery.person.into_iter().collect();
            one(thing)
        }
        "visits" => {
            let visit = found!(visits);
            one(of_visit(tx, &visit).await?)
        }
        "incidents" => {
            let incident = found!(incidents);
            one(of_project(tx, Some(incident.project_id)).await?)
        }
        "flags" | "alerts" => {
            let flag = found!(flags);
            Some(of_flag(tx, &flag).await?)
        }
        "media" => {
            let file = found!(media);
            let mut all = match file.dialogue_id {
                Some(dialogue) => of_dialogue(tx, dialogue).await?,
                None => Vec::new(),
            };
            for ticket in tickets::of_media(tx, file.id).await? {
                if let Some(ticket) = tickets::find(tx, ticket).await? {
                    all.push(of_ticket(tx, &ticket).await?);
                }
            }
            for response in responses::of_media(tx, file.id).await? {
                all.push(of_response(tx, response).await?);
            }
            // What staff brought from a visit belongs to none of them.
            if let Some(visit) = visits::of_media(tx, file.id).await? {
                all.push(of_visit(tx, &visit).await?);
            }
            Some(all)
        }
        _ => one(Thing::default()),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Pages of those who are not logged in yet.
    const OPEN: [(&str, &str); 6] = [
        ("GET", "/console/login"),
        ("POST", "/console/login"),
        ("POST", "/console/logout"),
        ("GET", "/console/welcome/{token}"),
        ("POST", "/console/welcome/{token}"),
        ("GET", "/console/language/{tag}"),
    ];

    /// Every route that is written down in the sources of the console.
    fn written() -> BTreeSet<(String, String)> {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut files: Vec<_> =
            std::fs::read_dir(sources.join("console")).unwrap().map(|file| file.unwrap().path()).collect();
        files.push(sources.join("console.rs"));
        let mut routes = BTreeSet::new();
        for file in files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
            let text = std::fs::read_to_string(&file).unwrap();
            for route in text.split(".route(").skip(1) {
                let Some((_, rest)) = route.split_once('"') else { continue };
                let Some((path, handlers)) = rest.split_once('"') else { continue };
                if !path.starts_with("/console") {
                    continue;
                }
                let line: String = handlers.lines().take(3).collect();
                for (method, word) in [("GET", "get("), ("POST", "post("), ("POST", "upload")] {
                    if line.contains(word) {
                        routes.insert((method.to_owned(), path.to_owned()));
                    }
                }
            }
        }
        routes
    }

    #[test]
    fn every_route_of_the_console_stands_in_the_table() {
        let written = written();
        let known: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| (*method, *path)).chain(OPEN).collect();
        let known: BTreeSet<_> = known.into_iter().map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
        assert!(written.len() > 50, "only {} routes were found", written.len());
        let missing: Vec<_> = written.difference(&known).collect();
        assert_eq!(missing, Vec::<&(String, String)>::new(), "routes without a line in ROUTES");
        let gone: Vec<_> = known.difference(&written).collect();
        assert_eq!(gone, Vec::<&(String, String)>::new(), "lines of ROUTES without a route");
        assert_eq!(known.len(), ROUTES.len() + OPEN.len(), "a line stands twice");
    }

    #[test]
    fn a_place_needs_what_its_page_needs() {
        for (href, _, right) in PLACES {
            assert_eq!(need(&Method::GET, href), Some(Need::Right(*right)), "{href}");
            assert_eq!(need(&Method::HEAD, href), Some(Need::Right(*right)), "{href}");
        }
    }
}
