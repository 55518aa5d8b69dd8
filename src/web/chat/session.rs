//! Who is chatting: a secret that only the browser (or a script) holds. The database knows its
//! SHA-256, which is the address of the conversation on the web channel.

use axum::http::HeaderMap;

use crate::web::{cookie, secret};

/// The cookie that carries the secret.
pub(super) const COOKIE: &str = "huifang_chat";
/// A year: somebody who comes back with next winter's leak finds their conversation.
const LIFETIME_SECONDS: u32 = 365 * 24 * 60 * 60;
const SHORTEST: usize = 16;
const LONGEST: usize = 200;

/// The session given by the client is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadSession;

/// One person's conversation on the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChatSession {
    secret: String,
}

impl ChatSession {
    /// Takes the session of a request: what it says itself, else its cookie.
    ///
    /// # Errors
    /// [`BadSession`] if what it says itself is not 16 to 200 characters of `A-Z a-z 0-9 _ -`. A
    /// cookie that is not is ignored: the person could not mend it.
    pub(super) fn of(given: Option<&str>, headers: &HeaderMap) -> Result<Option<ChatSession>, BadSession> {
        if let Some(given) = given.filter(|given| !given.is_empty()) {
            return parse(given).map(Some).ok_or(BadSession);
        }
        Ok(cookie::read(headers, COOKIE).and_then(parse))
    }

    /// Begins a new one.
    pub(super) fn begin() -> Result<ChatSession, secret::NoRandomness> {
        Ok(ChatSession { secret: secret::mint()? })
    }

    /// Returns the secret, to hand it to its owner.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// Returns the address on the web channel.
    pub(super) fn address(&self) -> String {
        secret::hash(&self.secret)
    }

    /// Returns the `Set-Cookie` header that keeps it. `Lax`: the link in a QR code must find it.
    pub(super) fn cookie(&self, https: bool) -> String {
        cookie::write(COOKIE, &self.secret, LIFETIME_SECONDS, https)
    }
}

fn parse(text: &str) -> Option<ChatSession> {
    let allowed = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    (allowed && (SHORTEST..=LONGEST).contains(&text.len())).then(|| ChatSession { secret: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_long_and_plain_or_refused() {
        let none = HeaderMap::new();
        assert!(ChatSession::of(Some("abcdefgh-1234_678"), &none).unwrap().is_some());
        for odd in ["short", "abcdefghabcdefg!", "会话会话会话会话会话会话", "a b c d e f g h i j k"] {
            assert_eq!(ChatSession::of(Some(odd), &none), Err(BadSession), "{odd}");
        }
        assert_eq!(ChatSession::of(None, &none), Ok(None));
    }

    #[test]
    fn a_broken_cookie_begins_anew_and_a_good_one_is_taken() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "huifang_chat=short".parse().unwrap());
        assert_eq!(ChatSession::of(None, &headers), Ok(None));
        let session = ChatSession::begin().unwrap();
        headers.insert("cookie", session.cookie(false).split(';').next().unwrap().parse().unwrap());
        assert_eq!(ChatSession::of(None, &headers), Ok(Some(session)));
    }

    #[test]
    fn the_address_does_not_reveal_the_secret() {
        let session = ChatSession::begin().unwrap();
        assert!(!session.address().contains(session.secret()));
        assert_eq!(session.address().len(), 64);
    }
}
