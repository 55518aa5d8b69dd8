//! Who is logged in: a 256-bit token in a cookie, its SHA-256 in the database.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::domain::staff::Staff as Person;
use crate::domain::time::Timestamp;
use crate::store::sessions::{self, Session};
use crate::store::staff;
use crate::web::error::WebError;
use crate::web::words::{Words, language_of};
use crate::web::{Web, cookie, secret};

/// Unused for this long, a log-in ends …
const IDLE: Duration = Duration::from_secs(8 * 60 * 60);
/// … and after this long in any case.
const ABSOLUTE: Duration = Duration::from_secs(24 * 60 * 60);
/// Its use is noted this often, not with every picture of a page.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// A member of staff who is logged in.
#[derive(Debug, Clone)]
pub(super) struct Staff {
    pub(super) person: Person,
    /// What every form must carry.
    pub(super) csrf: String,
    pub(super) words: Words,
    token_hash: String,
}

impl FromRequestParts<Web> for Staff {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Staff, WebError> {
        // The door of the console has looked already.
        if let Some(known) = parts.extensions.get::<Staff>() {
            return Ok(known.clone());
        }
        let token = cookie::read(&parts.headers, cookie_name(web)).ok_or(WebError::NotLoggedIn)?;
        let token_hash = secret::hash(token);
        let (session, person) = load(web, &token_hash).await?.ok_or(WebError::NotLoggedIn)?;
        note_use(web, &session).await?;
        Ok(Staff { person, csrf: session.csrf, words: web.words(language_of(&parts.headers)), token_hash })
    }
}

/// Begins a log-in; returns the `Set-Cookie` header.
pub(super) async fn begin(web: &Web, person: &Person) -> Result<String, WebError> {
    let (token, now) = (secret::mint()?, web.clock.now());
    let session = Session {
        token_hash: secret::hash(&token),
        staff_id: person.id,
        csrf: secret::mint()?,
        created_at: now,
        last_seen_at: now,
        expires_at: now + IDLE,
    };
    web.store.write(move |tx| Box::pin(async move { sessions::insert(tx, &session).await })).await?;
    Ok(set(web, &token, u32::try_from(ABSOLUTE.as_secs()).unwrap_or(u32::MAX)))
}

/// Ends a log-in; returns the `Set-Cookie` header that removes the token.
pub(super) async fn end(web: &Web, staff: Staff) -> Result<String, WebError> {
    web.store.write(move |tx| Box::pin(async move { sessions::end(tx, &staff.token_hash).await })).await?;
    Ok(set(web, "", 0))
}

async fn load(web: &Web, token_hash: &str) -> Result<Option<(Session, Person)>, WebError> {
    let (token_hash, now) = (token_hash.to_owned(), web.clock.now());
    web.store
        .read(|tx| {
            Box::pin(async move {
                let Some(session) = sessions::find(tx, &token_hash, now).await? else { return Ok(None) };
                Ok(staff::find(tx, session.staff_id).await?.map(|person| (session, person)))
            })
        })
        .await
}

async fn note_use(web: &Web, session: &Session) -> Result<(), WebError> {
    let now = web.clock.now();
    if now.since(session.last_seen_at) < NOTED_EVERY {
        return Ok(());
    }
    let (token_hash, until) = (session.token_hash.clone(), lasts_until(session.created_at, now));
    web.store.write(move |tx| Box::pin(async move { sessions::touch(tx, &token_hash, now, until).await })).await?;
    Ok(())
}

fn lasts_until(created_at: Timestamp, now: Timestamp) -> Timestamp {
    (now + IDLE).min(created_at + ABSOLUTE)
}

/// `__Host-` binds the cookie to this very host; browsers accept it on https only.
fn cookie_name(web: &Web) -> &'static str {
    if web.https() { "__Host-huifang_console" } else { "huifang_console" }
}

fn set(web: &Web, token: &str, seconds: u32) -> String {
    cookie::write(cookie_name(web), token, seconds, web.https())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_prolongs_a_log_in_but_never_beyond_a_day() {
        let hour = |h: u64| Timestamp(0) + Duration::from_secs(h * 3600);
        assert_eq!(lasts_until(hour(0), hour(2)), hour(10));
        assert_eq!(lasts_until(hour(0), hour(20)), hour(24));
    }
}
