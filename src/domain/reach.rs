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
}

/// Why a message did not go out, or may not have, though the window was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// The person blocked or unfollowed us.
    Left,
    /// Its channel is not set up, or no longer.
    NoChannel,
    /// The service stopped while it was sent.
    Interrupted,
    /// Its question was over or was asked again before it could go out.
    Superseded,
}

impl Unsent {
    const ALL: [Unsent; 4] = [Unsent::Left, Unsent::NoChannel, Unsent::Interrupted, Unsent::Superseded];

    /// Says it in the log and in the database.
    pub fn reason(self) -> &'static str {
        match self {
            Unsent::Left => "the person blocked or unfollowed us",
            Unsent::NoChannel => "the channel is not one of ours",
            Unsent::Interrupted => "the service stopped while it was sent",
            Unsent::Superseded => "its question was over or was asked again",
        }
    }

    /// Returns the name used in the keys of texts.
    pub fn name(self) -> &'static str {
        match self {
            Unsent::Left => "left",
            Unsent::NoChannel => "no_channel",
            Unsent::Interrupted => "interrupted",
            Unsent::Superseded => "superseded",
        }
    }
}

/// Reads a stored reason back: the name it has in the keys of texts, and what was added to it. `None` for what a
/// platform said.
pub fn read(reason: &str) -> Option<(&'static str, &str)> {
    let shut = [Shut::NeverHeard, Shut::TooLate, Shut::UsedUp].map(|shut| (shut.name(), shut.reason()));
    let unsent = Unsent::ALL.map(|unsent| (unsent.name(), unsent.reason()));
    shut.into_iter().chain(unsent).find_map(|(name, known)| Some((name, reason.strip_prefix(known)?)))
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
        assert_eq!(read(&told), Some(("too_late", "; a template told them of it")));
        assert_eq!(read(Unsent::Left.reason()), Some(("left", "")));
        assert_eq!(read("errcode 45047"), None);
    }
}
