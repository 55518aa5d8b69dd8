//! `/console/staff`: who works here, as what, and how each is reached; somebody new. For those alone
//! whom the table of rights lets ([`super::access`]). One person's page is [`super::member`].

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::csrf::Signed;
use super::session::Staff;
use super::view::{Choice, Shell};
use crate::desk::accounts::{AccountError, Entry};
use crate::domain::alert::reach::Way;
use crate::domain::staff::{Role, Staff as Person};
use crate::store::{StoreError, Tx, projects, staff, staff_accounts};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// The list, and what makes an account.
pub(super) fn routes() -> Router<Web> {
    Router::new().route("/console/staff", get(list).post(add))
}

#[derive(Debug, Clone, Default, Deserialize)]
struct New {
    login: String,
    name: String,
    role: String,
    #[serde(default)]
    region: String,
}

async fn list(State(web): State<Web>, by: Staff) -> Result<Html<String>, WebError> {
    Ok(Html(StaffPage::load(&web, &by, New::default(), None).await?.render()?))
}

async fn add(State(web): State<Web>, Signed(by, new): Signed<New>) -> Result<Response, WebError> {
    let role = Role::from_name(&new.role).ok_or(WebError::BadRequest)?;
    let entry = Entry {
        name: new.name.clone(),
        role,
        region: new.region.clone(),
        team: String::new(),
        phone: String::new(),
        skills: Vec::new(),
        wecom: String::new(),
        mail: String::new(),
    };
    match web.desk.open_account(&new.login, entry, by.person.id).await {
        Ok(id) => Ok(Redirect::to(&format!("/console/staff/{id}?said=added")).into_response()),
        Err(AccountError::Fault(fault)) => {
            let problem = Some(by.words.get(&format!("web.console.staff.fault.{}", fault.name())));
            let page = StaffPage::load(&web, &by, new, problem).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
        }
        Err(AccountError::Desk(error)) => Err(error.into()),
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "console/staff.html")]
struct StaffPage {
    shell: Shell,
    rows: Vec<Row>,
    new: New,
    roles: Vec<Choice>,
    regions: Vec<String>,
    problem: Option<String>,
}

/// One person in the list.
#[derive(Debug)]
struct Row {
    href: String,
    name: String,
    login: String,
    role_key: String,
    region: Option<String>,
    team: Option<String>,
    ways: String,
    active: bool,
    has_password: bool,
}

impl StaffPage {
    async fn load(web: &Web, by: &Staff, new: New, problem: Option<String>) -> Result<StaffPage, WebError> {
        let shell = Shell::of(by, "/console/staff".to_owned(), web.demo);
        let w = by.words.clone();
        let found = web.store.read(|tx| {
            Box::pin(async move {
                let mut rows = Vec::new();
                for person in staff::list(tx).await? {
                    let ways = ways(tx, &person, &w).await?;
                    let hash = staff::password_hash(tx, person.id).await?;
                    rows.push(Row::of(person, &ways, hash.is_some_and(|hash| hash != staff::NO_PASSWORD)));
                }
                // Those who left stand below.
                rows.sort_by_key(|row| !row.active);
                Ok::<_, WebError>((rows, regions(tx).await?))
            })
        });
        let (rows, regions) = found.await?;
        let roles = roles(Role::from_name(&new.role).unwrap_or(Role::Engineer), &shell.w);
        Ok(StaffPage { shell, rows, new, roles, regions, problem })
    }
}

impl Row {
    fn of(person: Person, ways: &[String], has_password: bool) -> Row {
        Row {
            href: format!("/console/staff/{}", person.id),
            name: person.name,
            login: person.login,
            role_key: format!("web.console.staff.role.{}", person.role.name()),
            region: person.region,
            team: person.team,
            ways: ways.join(" · "),
            active: person.active,
            has_password,
        }
    }
}

/// Returns the names of the ways by which somebody is on record.
async fn ways(tx: &mut Tx, person: &Person, w: &Words) -> Result<Vec<String>, StoreError> {
    let mut ways = Vec::new();
    for way in Way::ALL {
        if !staff_accounts::of(tx, way.name(), person.id).await?.is_empty() {
            ways.push(w.get(&format!("web.console.way.{}", way.name())));
        }
    }
    Ok(ways)
}

/// Returns the roles to choose from.
pub(super) fn roles(chosen: Role, w: &Words) -> Vec<Choice> {
    let choice = |role: Role| Choice {
        value: role.name().to_owned(),
        label: w.get(&format!("web.console.staff.role.{}", role.name())),
        chosen: role == chosen,
    };
    Role::ALL.map(choice).into()
}

/// Returns the regions of the projects, to be offered.
pub(super) async fn regions(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let mut regions: Vec<_> = projects::list(tx).await?.into_iter().map(|project| project.region).collect();
    regions.sort();
    regions.dedup();
    regions.retain(|region| !region.is_empty());
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::ids::StaffId;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    #[test]
    fn the_list_is_drawn_in_every_language() {
        for language in Language::ALL {
            let shell = Shell::sample(language, "/console/staff");
            let person = |login: &str, name: &str, role, region: Option<&str>| Person {
                name: name.to_owned(),
                region: region.map(str::to_owned),
                team: Some("维保一班".to_owned()),
                ..Person::new(StaffId(uuid::Uuid::from_u128(1)), login, role, Timestamp(0))
            };
            let way = |way: Way| shell.w.get(&format!("web.console.way.{}", way.name()));
            let left = Person { active: false, ..person("zhao", "赵工", Role::Engineer, Some("华东")) };
            let page = StaffPage {
                rows: vec![
                    Row::of(person("li", "李工<b>", Role::Engineer, Some("华东")), &[way(Way::Telegram)], true),
                    Row::of(person("wu", "吴总", Role::Headquarters, None), &[], false),
                    Row::of(left, &[way(Way::Wecom), way(Way::Mail)], true),
                ],
                new: New { login: "\"x".to_owned(), ..New::default() },
                roles: roles(Role::Engineer, &shell.w),
                regions: vec!["华东".to_owned()],
                problem: Some(shell.w.get("web.console.staff.fault.login")),
                shell,
            };
            let drawn = page.render().unwrap();
            check("staff", language, &drawn);
            assert!(!drawn.contains("<b>") && !drawn.contains("value=\"\"x"));
        }
    }
}
