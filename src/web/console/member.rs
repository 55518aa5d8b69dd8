//! `/console/staff/{id}`: one member of staff: role, region, skills, how they are reached; password,
//! invitation, Telegram; leaving and coming back. What is done with the accounts decides
//! [`crate::desk::accounts`].

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::csrf::{Nothing, Signed};
use super::password::SHORTEST;
use super::session::Staff;
use super::staff::{regions, roles};
use super::view::{Choice, Shell};
use crate::desk::accounts::{AccountError, Entry};
use crate::domain::alert::reach::Way;
use crate::domain::ids::StaffId;
use crate::domain::staff::{Role, Staff as Person};
use crate::domain::understanding::Category;
use crate::store::{Tx, staff, staff_accounts};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// What the page may be asked to say after something was done.
const SAID: [&str; 6] = ["added", "changed", "password", "unlinked", "left", "back"];

/// The page and what can be done on it.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/console/staff/{id}", get(show))
        .route("/console/staff/{id}/change", post(change))
        .route("/console/staff/{id}/password", post(password))
        .route("/console/staff/{id}/invite", post(invite))
        .route("/console/staff/{id}/telegram", post(telegram))
        .route("/console/staff/{id}/unlink", post(unlink))
        .route("/console/staff/{id}/leave", post(leave))
        .route("/console/staff/{id}/back", post(back))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    said: Option<String>,
}

/// The form; each skill that is ticked comes as a field of its own, `skill_leak`.
#[derive(Debug, Clone, Deserialize)]
struct Written {
    name: String,
    role: String,
    region: String,
    team: String,
    phone: String,
    wecom: String,
    mail: String,
    #[serde(flatten)]
    ticks: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Password {
    password: String,
}

#[derive(Debug, Deserialize)]
struct Sure {
    sure: Option<String>,
}

async fn show(
    State(web): State<Web>,
    by: Staff,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let said = SAID.into_iter().find(|known| asked.said.as_deref() == Some(known));
    let said = said.map(|name| by.words.get(&format!("web.console.staff.said.{name}")));
    Ok(Html(MemberPage { said, ..MemberPage::load(&web, &by, member(&id)?).await? }.render()?))
}

async fn change(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, written): Signed<Written>,
) -> Result<Response, WebError> {
    let (id, entry) = (member(&id)?, written.entry()?);
    let done = web.desk.change_account(id, entry.clone(), by.person.id).await;
    answer(&web, &by, id, done, "changed", Some(entry)).await
}

async fn password(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, typed): Signed<Password>,
) -> Result<Response, WebError> {
    let id = member(&id)?;
    let hash = web.checker().hash(typed.password).await.map_err(|cause| WebError::Internal(cause.to_string()))?;
    let Some(hash) = hash else {
        let problem = Some(by.words.fill("web.console.staff.fault.password", "count", &SHORTEST.to_string()));
        let page = MemberPage { problem, ..MemberPage::load(&web, &by, id).await? };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response());
    };
    web.desk.set_password(id, hash, by.person.id).await?;
    Ok(back_to(id, "password").into_response())
}

/// Makes the link to choose a password: shown to be passed on by hand, and sent where there is a way.
async fn invite(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, Nothing {}): Signed<Nothing>,
) -> Result<Html<String>, WebError> {
    let page = MemberPage::load(&web, &by, member(&id)?).await?;
    let send = !page.ways.is_empty();
    let token = web.desk.invite_to_log_in(page.id, send, by.person.id).await?;
    let key = if send { "web.console.staff.invited_sent" } else { "web.console.staff.invited" };
    let link = format!("{}/console/welcome/{token}", web.public_url.trim_end_matches('/'));
    let hint = by.words.fill(key, "name", &page.entry.name);
    Ok(Html(MemberPage { link: Some((hint, link)), ..page }.render()?))
}

/// Makes the link by which they say whose Telegram it is.
async fn telegram(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, Nothing {}): Signed<Nothing>,
) -> Result<Html<String>, WebError> {
    let page = MemberPage::load(&web, &by, member(&id)?).await?;
    let Some(bot) = &web.channels.telegram else { return Err(WebError::NotFound) };
    let page = match bot.name().await {
        Ok(name) => {
            let link = format!("https://t.me/{name}?start={}", web.desk.telegram_token(page.id));
            let hint = by.words.fill("web.console.staff.telegram_link", "name", &page.entry.name);
            MemberPage { link: Some((hint, link)), ..page }
        }
        Err(error) => {
            tracing::warn!(%error, "the bot's name is not known: {error}");
            MemberPage { problem: Some(by.words.get("web.console.staff.fault.telegram")), ..page }
        }
    };
    Ok(Html(page.render()?))
}

async fn unlink(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, Nothing {}): Signed<Nothing>,
) -> Result<Redirect, WebError> {
    let id = member(&id)?;
    web.desk.unlink_telegram(id, by.person.id).await?;
    Ok(back_to(id, "unlinked"))
}

async fn leave(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, form): Signed<Sure>,
) -> Result<Response, WebError> {
    let id = member(&id)?;
    // What cannot be taken back lightly wants a tick.
    if form.sure.as_deref() != Some("yes") {
        return Err(WebError::BadRequest);
    }
    let done = web.desk.end_account(id, by.person.id).await;
    answer(&web, &by, id, done, "left", None).await
}

async fn back(
    State(web): State<Web>,
    Path(id): Path<String>,
    Signed(by, Nothing {}): Signed<Nothing>,
) -> Result<Redirect, WebError> {
    let id = member(&id)?;
    web.desk.reopen_account(id, by.person.id).await?;
    Ok(back_to(id, "back"))
}

fn member(id: &str) -> Result<StaffId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
}

fn back_to(id: StaffId, said: &str) -> Redirect {
    Redirect::to(&format!("/console/staff/{id}?said={said}"))
}

/// Leads back to the page, or shows it with what is wrong and what was typed.
async fn answer(
    web: &Web,
    by: &Staff,
    id: StaffId,
    done: Result<(), AccountError>,
    said: &str,
    typed: Option<Entry>,
) -> Result<Response, WebError> {
    match done {
        Ok(()) => Ok(back_to(id, said).into_response()),
        Err(AccountError::Fault(fault)) => {
            let page = MemberPage::load(web, by, id).await?;
            let problem = Some(by.words.get(&format!("web.console.staff.fault.{}", fault.name())));
            let entry = typed.unwrap_or_else(|| page.entry.clone());
            let page = MemberPage { problem, ..page.with(entry) };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
        }
        Err(AccountError::Desk(error)) => Err(error.into()),
    }
}

impl Written {
    fn entry(self) -> Result<Entry, WebError> {
        let ticked = |category: &Category| self.ticks.contains_key(&field(*category));
        Ok(Entry {
            role: Role::from_name(&self.role).ok_or(WebError::BadRequest)?,
            skills: Category::ALL.into_iter().filter(ticked).collect(),
            name: self.name,
            region: self.region,
            team: self.team,
            phone: self.phone,
            wecom: self.wecom,
            mail: self.mail,
        })
    }
}

/// The field of a skill.
fn field(category: Category) -> String {
    format!("skill_{}", category.name())
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "console/member.html")]
#[expect(clippy::struct_excessive_bools, reason = "independent parts of a page")]
struct MemberPage {
    shell: Shell,
    id: StaffId,
    login: String,
    entry: Entry,
    roles: Vec<Choice>,
    regions: Vec<String>,
    skills: Vec<Choice>,
    /// By which ways they are on record.
    ways: Vec<Way>,
    active: bool,
    /// Whoever looks at it.
    own: bool,
    has_password: bool,
    linked: bool,
    /// Whether there is a bot to link with.
    has_bot: bool,
    said: Option<String>,
    problem: Option<String>,
    /// A link to be passed on, and what it is.
    link: Option<(String, String)>,
}

impl MemberPage {
    async fn load(web: &Web, by: &Staff, id: StaffId) -> Result<MemberPage, WebError> {
        let shell = Shell::of(by, format!("/console/staff/{id}"), web.demo);
        let found = web.store.read(|tx| {
            Box::pin(async move {
                let person = staff::find(tx, id).await?.ok_or(WebError::NotFound)?;
                let hash = staff::password_hash(tx, id).await?;
                let has_password = hash.is_some_and(|hash| hash != staff::NO_PASSWORD);
                Ok::<_, WebError>((addresses(tx, id).await?, person, has_password, regions(tx).await?))
            })
        });
        let (addresses, person, has_password, regions) = found.await?;
        let own = by.person.id == id;
        let page = MemberPage::of(shell, person, &addresses, own, has_password);
        Ok(MemberPage { regions, has_bot: web.channels.telegram.is_some(), ..page })
    }

    fn of(
        shell: Shell,
        person: Person,
        addresses: &BTreeMap<Way, String>,
        own: bool,
        has_password: bool,
    ) -> MemberPage {
        let on = |way: Way| addresses.get(&way).cloned().unwrap_or_default();
        let entry = Entry {
            name: person.name,
            role: person.role,
            region: person.region.unwrap_or_default(),
            team: person.team.unwrap_or_default(),
            phone: person.phone.unwrap_or_default(),
            skills: person.skills,
            wecom: on(Way::Wecom),
            mail: on(Way::Mail),
        };
        let page = MemberPage {
            shell,
            id: person.id,
            login: person.login,
            entry: entry.clone(),
            roles: Vec::new(),
            regions: Vec::new(),
            skills: Vec::new(),
            ways: addresses.keys().copied().collect(),
            active: person.active,
            own,
            has_password,
            linked: addresses.contains_key(&Way::Telegram),
            has_bot: false,
            said: None,
            problem: None,
            link: None,
        };
        page.with(entry)
    }

    /// The page with what was typed.
    fn with(self, entry: Entry) -> MemberPage {
        let (roles, skills) = (roles(entry.role, &self.shell.w), skills(&entry.skills, &self.shell.w));
        MemberPage { entry, roles, skills, ..self }
    }

    /// The names of the ways by which they are on record.
    fn reached(&self) -> String {
        let name = |way: &Way| self.shell.w.get(&format!("web.console.way.{}", way.name()));
        self.ways.iter().map(name).collect::<Vec<_>>().join(" · ")
    }
}

fn skills(chosen: &[Category], w: &Words) -> Vec<Choice> {
    let choice = |category: Category| Choice {
        value: field(category),
        label: w.get(&format!("category.{}", category.name())),
        chosen: chosen.contains(&category),
    };
    Category::ALL.map(choice).into()
}

async fn addresses(tx: &mut Tx, id: StaffId) -> Result<BTreeMap<Way, String>, WebError> {
    let mut found = BTreeMap::new();
    for way in Way::ALL {
        if let Some(address) = staff_accounts::of(tx, way.name(), id).await?.into_iter().next() {
            found.insert(way, address);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    fn page(language: Language) -> MemberPage {
        let person = Person {
            name: "李工<b>".to_owned(),
            region: Some("华东".to_owned()),
            team: Some("维保一班".to_owned()),
            phone: Some("13800138000".to_owned()),
            skills: vec![Category::Leak],
            ..Person::new(StaffId(uuid::Uuid::from_u128(1)), "li", Role::Engineer, Timestamp(0))
        };
        let addresses = [(Way::Telegram, "71".to_owned()), (Way::Mail, "li@example.cn".to_owned())].into();
        let shell = Shell::sample(language, "/console/staff/1");
        let page = MemberPage::of(shell, person, &addresses, false, true);
        MemberPage { regions: vec!["华东".to_owned()], has_bot: true, ..page }
    }

    #[test]
    fn a_member_of_staff_is_drawn_in_every_language() {
        for language in Language::ALL {
            let drawn = page(language).render().unwrap();
            check("member", language, &drawn);
            assert!(!drawn.contains("<b>") && drawn.contains("/leave\"") && !drawn.contains("/back\""));
            let w = page(language).shell.w;
            let link = ("link".to_owned(), "https://huifang.example.cn/console/welcome/token".to_owned());
            let said = Some(w.get("web.console.staff.said.added"));
            let left = MemberPage { active: false, has_password: false, link: Some(link), said, ..page(language) };
            let drawn = left.render().unwrap();
            check("member_left", language, &drawn);
            assert!(!drawn.contains("/leave\"") && drawn.contains("/back\"") && !drawn.contains("/invite\""));
            let problem = Some(w.get("web.console.staff.fault.own"));
            let own = MemberPage { own: true, problem, ..page(language) }.render().unwrap();
            check("member_own", language, &own);
            assert!(!own.contains("/leave\""), "nobody takes themselves out");
        }
    }
}
