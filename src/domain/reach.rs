//! When a platform lets us write to somebody who did not just write to us.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// How the reason of a message begins that was held back because a window was shut: it goes out
/// when the person writes again …
pub const SHUT: &str = "window:";
/// … unless it is older than this: then it would only puzzle them. `prompts/web.*.toml` tells staff so.
pub const STALE_AFTER: Duration = Duration::from_secs(7 * 86_400);

/// A platform's rule: so many messages, so long after the person last wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub hours: u32,
    pub messages: u32,
}

/// Why a window is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// They never wrote.
    NeverHeard,
    /// They wrote too long ago.
    TooLate,
    /// All messages it allows have been sent.
    UsedUp,
}

impl Window {
    /// The customer-service messages of WeChat, after a message of the user (protocols §1.11).
    pub const WECHAT: Window = Window { hours: 48, messages: 5 };

    /// Says whether one more message may be sent, `sent` having been sent since the person last wrote.
    ///
    /// # Errors
    /// Why not; only a word from them opens the window again.
    pub fn admits(self, heard: Option<Timestamp>, sent: u32, now: Timestamp) -> Result<(), Shut> {
        let heard = heard.ok_or(Shut::NeverHeard)?;
        if now.0 - heard.0 >= i64::from(self.hours) * 3_600_000 {
            Err(Shut::TooLate)
        } else if sent >= self.messages {
            Err(Shut::UsedUp)
        } else {
            Ok(())
        }
    }
}

/// Characters of a notice to somebody whose window is shut: a field of a template holds no more
/// (protocols §1.12).
pub const LONGEST_NOTICE: usize = 20;

/// What a platform lets us send once, whatever its window says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermitKind {
    /// The greeting of somebody who opened a conversation of WeChat customer service (protocols §2.5).
    Welcome,
    /// A subscription message of WeChat, by a template the person agreed to (protocols §1.12).
    Subscription,
}

/// How long a greeting may be sent after the conversation was opened (protocols §2.5).
pub const WELCOME_WITHIN: Duration = Duration::from_secs(20);

impl Shut {
    /// Says it to staff and in the log.
    pub fn reason(self) -> &'static str {
        match self {
            Shut::NeverHeard => "window: the person never wrote here",
            Shut::TooLate => "window: the person wrote too long ago",
            Shut::UsedUp => "window: all messages the platform allows are sent",
        }
    }

    /// Returns the name used in the keys of texts.
    pub fn name(self) -> &'static str {
        match self {
            Shut::NeverHeard => "never_heard",
            Shut::TooLate => "too_late",
            Shut::UsedUp => "used_up",
        }
    }

    /// Reads a reason back: which it is, and what was added to it.
    pub fn read(reason: &str) -> Option<(Shut, &str)> {
        let all = [Shut::NeverHeard, Shut::TooLate, Shut::UsedUp];
        all.into_iter().find_map(|shut| Some((shut, reason.strip_prefix(shut.reason())?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_messages_within_two_days_of_the_last_word() {
        let (heard, hour) = (Some(Timestamp(0)), 3_600_000_i64);
        let admits = |sent, hours| Window::WECHAT.admits(heard, sent, Timestamp(hours * hour));
        assert_eq!(admits(0, 0), Ok(()));
        assert_eq!(admits(4, 47), Ok(()));
        assert_eq!(admits(5, 1), Err(Shut::UsedUp));
        assert_eq!(admits(0, 48), Err(Shut::TooLate));
        assert_eq!(Window::WECHAT.admits(None, 0, Timestamp(0)), Err(Shut::NeverHeard));
        let reasons = [Shut::NeverHeard, Shut::TooLate, Shut::UsedUp].map(Shut::reason);
        assert!(reasons.iter().all(|reason| reason.starts_with(SHUT)));
        let told = format!("{}; a template told them of it", Shut::TooLate.reason());
        assert_eq!(Shut::read(&told), Some((Shut::TooLate, "; a template told them of it")));
        assert_eq!(Shut::read("errcode 45047"), None);
    }
}
