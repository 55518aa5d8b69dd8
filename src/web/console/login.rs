//! `/console/login` and `/console/logout`.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::csrf::{Nothing, Signed};
use super::language::within_console;
use super::password::LONGEST_PASSWORD;
use super::session;
use super::view::Shell;
use crate::domain::staff::Staff as Person;
use crate::store::staff;
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::peer::Peer;
use crate::web::words::language_of;

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    login: String,
    password: String,
    next: Option<String>,
}

pub(super) async fn form(
    State(web): State<Web>,
    Query(next): Query<Next>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    LoginPage::of(&web, &headers, next.next.as_deref()).drawn(StatusCode::OK)
}

/// Logs somebody in, and says no more than that it did not work when it did not.
pub(super) async fn submit(
    State(web): State<Web>,
    Peer(peer): Peer,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, WebError> {
    let login = given.login.trim().to_owned();
    let mut page = LoginPage::of(&web, &headers, given.next.as_deref());
    let attempt = match web.throttle().begin(&login, &peer, web.clock.now()) {
        Ok(attempt) => attempt,
        Err(wait) => {
            let seconds = wait.as_secs().max(1).to_string();
            page.problem = Some(page.shell.w.fill("web.console.login.slow", "seconds", &seconds));
            return page.drawn(StatusCode::TOO_MANY_REQUESTS);
        }
    };
    let person = match recognised(&web, &login, given.password).await {
        Ok(Some(person)) => person,
        Ok(None) => {
            tracing::warn!(peer, "a log-in to the console failed");
            page.problem = Some(page.shell.w.get("web.console.login.failed"));
            page.login = login;
            return page.drawn(StatusCode::UNAUTHORIZED);
        }
        Err(cause) => {
            web.throttle().unchecked(attempt);
            return Err(cause);
        }
    };
    web.throttle().succeeded(attempt);
    tracing::info!(staff.id = %person.id, peer, "logged in to the console");
    let cookie = session::begin(&web, &person).await?;
    Ok(([(SET_COOKIE, cookie)], Redirect::to(within_console(given.next.as_deref()))).into_response())
}

pub(super) async fn leave(
    State(web): State<Web>,
    Signed(staff, Nothing {}): Signed<Nothing>,
) -> Result<Response, WebError> {
    let cookie = session::end(&web, staff).await?;
    Ok(([(SET_COOKIE, cookie)], Redirect::to("/console/login")).into_response())
}

async fn recognised(web: &Web, login: &str, password: String) -> Result<Option<Person>, WebError> {
    if password.len() > LONGEST_PASSWORD {
        return Ok(None);
    }
    let login = login.to_owned();
    let found = web.store.read(|tx| Box::pin(async move { staff::by_login(tx, &login).await })).await?;
    let (person, hash) = found.filter(|(person, _)| person.active).unzip();
    Ok(if web.checker().check(password, hash).await { person } else { None })
}

/// The log-in page.
#[derive(Debug, Template)]
#[template(path = "console/login.html")]
pub(super) struct LoginPage {
    pub(super) shell: Shell,
    pub(super) problem: Option<String>,
    pub(super) login: String,
    pub(super) next: String,
}

impl LoginPage {
    fn of(web: &Web, headers: &HeaderMap, next: Option<&str>) -> LoginPage {
        let mut shell = Shell::anonymous(web.words(language_of(headers)), web.demo);
        "/console/login".clone_into(&mut shell.here);
        LoginPage { shell, problem: None, login: String::new(), next: within_console(next).to_owned() }
    }

    fn drawn(&self, status: StatusCode) -> Result<Response, WebError> {
        Ok((status, Html(self.render()?)).into_response())
    }
}
