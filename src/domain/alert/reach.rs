//! How a member of staff is told by themselves: the ways there are, what is on record of them, and
//! what came of it. The order is the operator's; `crate::jobs` tells them.

use serde::{Deserialize, Serialize};

use crate::domain::ids::StaffId;
use crate::domain::time::Timestamp;

/// Longest address of a person on any of the ways, in bytes (RFC 5321, 4.5.3.1.3).
const LONGEST: usize = 254;
/// Longest id of a member of a company on WeCom, in bytes.
const LONGEST_USER: usize = 64;

/// A way to one member of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The accounts they linked.
    Telegram,
    /// A message of the company's app.
    Wecom,
    Mail,
}

impl Way {
    /// Every way, in the order in which they are tried where nothing else is set.
    pub const ALL: [Way; 3] = [Way::Telegram, Way::Wecom, Way::Mail];

    /// Returns the name used in the settings, the database and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Way::Telegram => "telegram",
            Way::Wecom => "wecom",
            Way::Mail => "mail",
        }
    }

    /// Reads an address as it is put on record; `None` if it is none. An account of Telegram is not
    /// written down by anybody: whoever it belongs to links it.
    pub fn address(self, text: &str) -> Option<String> {
        let text = text.trim();
        let plain = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
        let of_mail = |text: &str| {
            let (name, host) = text.split_once('@')?;
            let apart = |c: char| matches!(c, '<' | '>' | ',' | ';' | '"' | '@' | '(' | ')' | '\\' | ':');
            let good = !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
            (good && !name.contains(apart) && !host.contains(apart)).then(|| text.to_owned())
        };
        // `|` separates people and `@all` is everybody.
        let of_wecom = |text: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'@' | b'.');
            (text.len() <= LONGEST_USER && !text.starts_with('@') && text.bytes().all(known)).then(|| text.to_owned())
        };
        match self {
            _ if !plain => None,
            Way::Telegram => None,
            Way::Wecom => of_wecom(text),
            Way::Mail => of_mail(text),
        }
    }
}

/// Why a way did not lead to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Miss {
    /// Nothing is on record of them there.
    NotOnRecord,
    /// The service itself has no such way.
    NotSetUp,
    /// The platform did not take it.
    NotTaken,
}

impl Miss {
    /// Returns the name used in the database and in the keys of texts.
    pub fn name(self) -> &'static str {
        match self {
            Miss::NotOnRecord => "not_on_record",
            Miss::NotSetUp => "not_set_up",
            Miss::NotTaken => "not_taken",
        }
    }
}

/// A way that was tried in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    pub way: Way,
    pub why: Miss,
}

/// What came of telling one member of staff of a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// `None`: the step of the ladder has nobody on it.
    pub staff: Option<StaffId>,
    /// By which way they were told; `None`: by none, so far.
    pub way: Option<Way>,
    /// What was tried before, or in vain.
    pub missed: Vec<Missed>,
    pub at: Timestamp,
}

/// Returns the ways in the order of the settings, each once; all of them where nothing is set.
pub fn in_order(set: &[Way]) -> Vec<Way> {
    let set = if set.is_empty() { &Way::ALL } else { set };
    let mut order: Vec<Way> = Vec::new();
    for way in set {
        if !order.contains(way) {
            order.push(*way);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_way_and_of_a_reason_is_the_one_it_is_serialised_as() {
        for way in Way::ALL {
            assert_eq!(serde_json::to_value(way).unwrap(), way.name());
        }
        for why in [Miss::NotOnRecord, Miss::NotSetUp, Miss::NotTaken] {
            assert_eq!(serde_json::to_value(why).unwrap(), why.name());
        }
    }

    #[test]
    fn telegram_comes_first_then_wecom_then_mail_unless_the_operator_says_otherwise() {
        assert_eq!(in_order(&[]), [Way::Telegram, Way::Wecom, Way::Mail]);
        assert_eq!(in_order(&[Way::Mail, Way::Telegram, Way::Mail]), [Way::Mail, Way::Telegram]);
    }

    #[test]
    fn an_address_is_that_of_one_person() {
        assert_eq!(Way::Mail.address(" li@example.cn ").as_deref(), Some("li@example.cn"));
        for none in ["", "li", "li@", "@example.cn", "li@cn", "a@b.cn, c@d.cn", "李 <li@b.cn>", "a@b.cn\r\nBcc: x@y.cn"]
        {
            assert_eq!(Way::Mail.address(none), None, "{none}");
        }
        assert_eq!(Way::Wecom.address("LiGong_01").as_deref(), Some("LiGong_01"));
        for none in ["@all", "li|wang", "李工", "", &"x".repeat(65)] {
            assert_eq!(Way::Wecom.address(none), None, "{none}");
        }
        assert_eq!(Way::Telegram.address("12345"), None, "linked by whoever it belongs to");
    }
}
