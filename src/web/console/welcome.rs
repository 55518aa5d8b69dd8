//! `/console/welcome/{token}`: whoever was invited chooses their password. The invitation is signed,
//! expires, and is over once the password is another ([`crate::desk::accounts`]).

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::password::SHORTEST;
use super::view::Shell;
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::language_of;

#[derive(Deserialize)]
pub(super) struct Chosen {
    password: String,
    again: String,
}

pub(super) async fn form(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    WelcomePage::load(&web, &headers, token).await?.drawn(StatusCode::OK)
}

pub(super) async fn choose(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(chosen): Form<Chosen>,
) -> Result<Response, WebError> {
    let mut page = WelcomePage::load(&web, &headers, token.clone()).await?;
    // Nothing is computed for a link that opens nothing.
    if page.login.is_none() {
        return page.drawn(StatusCode::GONE);
    }
    let w = &page.shell.w;
    if chosen.password != chosen.again {
        page.problem = Some(w.get("web.console.welcome.differ"));
        return page.drawn(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let hash = web.checker().hash(chosen.password).await.map_err(|cause| WebError::Internal(cause.to_string()))?;
    let Some(hash) = hash else {
        page.problem = Some(w.fill("web.console.staff.fault.password", "count", &SHORTEST.to_string()));
        return page.drawn(StatusCode::UNPROCESSABLE_ENTITY);
    };
    if web.desk.accept_invitation(&token, hash).await? {
        return Ok(Redirect::to("/console/login").into_response());
    }
    WelcomePage::load(&web, &headers, token).await?.drawn(StatusCode::GONE)
}

/// The page; without a login the link opens nothing any more.
#[derive(Debug, Template)]
#[template(path = "console/welcome.html")]
struct WelcomePage {
    shell: Shell,
    login: Option<String>,
    name: String,
    problem: Option<String>,
}

impl WelcomePage {
    async fn load(web: &Web, headers: &HeaderMap, token: String) -> Result<WelcomePage, WebError> {
        let mut shell = Shell::anonymous(web.words(language_of(headers)), web.demo);
        // Where a change of language leads: the link itself is a key and goes into no query.
        "/console/login".clone_into(&mut shell.here);
        let this = web.clone();
        let invited = web.store.read(|tx| Box::pin(async move { this.desk.invited(tx, &token).await })).await?;
        let (login, name) = invited.map(|staff| (staff.login, staff.name)).unzip();
        Ok(WelcomePage { shell, login, name: name.unwrap_or_default(), problem: None })
    }

    fn drawn(&self, status: StatusCode) -> Result<Response, WebError> {
        let status = if self.login.is_none() { StatusCode::GONE } else { status };
        Ok((status, Html(self.render()?)).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::{check, words};
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn the_page_is_drawn_in_every_language() {
        for language in Language::ALL {
            let shell = || Shell::anonymous(words(language), false);
            let problem = Some(words(language).get("web.console.welcome.differ"));
            let open = WelcomePage { shell: shell(), login: Some("li".to_owned()), name: "李工".to_owned(), problem };
            check("welcome", language, &open.render().unwrap());
            let shut = WelcomePage { shell: shell(), login: None, name: String::new(), problem: None };
            let shut = shut.render().unwrap();
            check("welcome_shut", language, &shut);
            assert!(!shut.contains("type=\"password\""));
        }
    }
}
