//! What the platform's error codes mean and what is done about each (protocols §1.10).
//!
//! Errors come with HTTP 200 as `{"errcode":…,"errmsg":"… rid: …"}`. The message is not repeated
//! (it can quote what was sent), but its `rid` is: the platform's support finds the call by it.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// The longest `rid` that is kept.
const LONGEST_RID: usize = 64;

/// What one platform's codes mean.
#[derive(Debug, PartialEq, Eq)]
pub struct Codes {
    /// The platform, as the operator calls it.
    pub name: &'static str,
    /// Code, what is done, and what the operator reads.
    pub table: &'static [(i64, Reaction, &'static str)],
}

/// A refusal of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    pub codes: &'static Codes,
    pub code: i64,
    /// By which the platform finds the call again.
    pub rid: Option<String>,
    /// Our own address as the platform sees it, where that is what it objects to.
    pub address: Option<String>,
}

/// What is done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Get another access token, once, and repeat the call.
    Renew,
    /// Try again, after so long if that is known.
    Wait(Option<Duration>),
    /// This person cannot be written to at present.
    Unreachable,
    /// … until they write again.
    Shut,
    /// The file is not there (any more).
    Gone,
    /// The operator has to change something; what waits is tried again meanwhile.
    Repair,
    /// Never again: it would be refused the same way.
    GiveUp,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Those of an Official Account.
#[rustfmt::skip]
pub static WECHAT: Codes = Codes { name: "WeChat", table: &[
    (-1, Reaction::Wait(None), "the platform is busy"),
    (40001, Reaction::Renew, "the app secret is wrong, or the access token is not the latest"),
    (40003, Reaction::Unreachable, "the openid is unknown; does it belong to another account?"),
    (40007, Reaction::Gone, "the file is gone (they are kept for three days), or belongs to another account"),
    (40013, Reaction::Repair, "the app_id is wrong: compare it with the console"),
    (40014, Reaction::Renew, "the access token is not valid"),
    (40033, Reaction::GiveUp, "a character is not allowed"),
    (40125, Reaction::Repair, "the app_secret is wrong: reset it in the console and set the new one"),
    (40164, Reaction::Repair, "this machine's address is not in the account's IP allow-list: add it in the console"),
    (40243, Reaction::Repair, "the app secret is frozen: unfreeze it in the console"),
    (42001, Reaction::Renew, "the access token has expired"),
    (43004, Reaction::Unreachable, "the person does not follow the account"),
    (43101, Reaction::Unreachable, "the person has not agreed to such messages"),
    (45002, Reaction::GiveUp, "the text is too long"),
    (45009, Reaction::Wait(Some(HOUR)), "the calls of this day are used up"),
    (45011, Reaction::Wait(Some(MINUTE)), "too many calls in this minute"),
    (45015, Reaction::Shut, "the window for messages is shut, or the person does not follow the account"),
    (45047, Reaction::Shut, "the messages that the window allows are used up"),
    (48001, Reaction::Repair, "the account has no right to this call: is it a verified service account?"),
    (48004, Reaction::Repair, "this call is banned for the account: the platform's letter in the console says why"),
    (50002, Reaction::Unreachable, "the person's account is restricted"),
    (61004, Reaction::Repair, "this machine's address is not registered with the platform"),
] };

impl Denied {
    /// Returns the refusal that an answer of the platform is; `None` if it is none.
    pub fn of(codes: &'static Codes, answer: &Value) -> Option<Denied> {
        let code = answer.get("errcode")?.as_i64().filter(|code| *code != 0)?;
        let said = answer.get("errmsg").and_then(Value::as_str).unwrap_or_default();
        let word = |text: &str| {
            let word: String = text
                .trim_start()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "-_.:".contains(*c))
                .take(LONGEST_RID)
                .collect();
            (!word.is_empty()).then_some(word)
        };
        let rid = said.rsplit_once("rid:").and_then(|(_, rid)| word(rid));
        let before = match code {
            40164 | 61004 => Some("invalid ip "),
            60020 => Some("from ip: "),
            _ => None,
        };
        let address = before.and_then(|before| said.split_once(before)).and_then(|(_, rest)| word(rest));
        Some(Denied { codes, code, rid, address })
    }

    /// Says what is to be done. A code that is not in the table is a fault of ours or something new:
    /// repeating it would not help.
    pub fn reaction(&self) -> Reaction {
        self.row().map_or(Reaction::GiveUp, |(reaction, _)| reaction)
    }

    fn row(&self) -> Option<(Reaction, &'static str)> {
        self.codes
            .table
            .iter()
            .find(|(code, ..)| *code == self.code)
            .map(|(_, reaction, meaning)| (*reaction, *meaning))
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning =
            self.row().map_or("look the code up in the platform's list of return codes", |(_, meaning)| meaning);
        write!(f, "{} answered {}: {meaning}", self.codes.name, self.code)?;
        if let Some(address) = &self.address {
            write!(f, " ({address})")?;
        }
        match &self.rid {
            Some(rid) => write!(f, "; rid {rid}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_and_repeats_nobodys_words() {
        let denied = |answer: Value| Denied::of(&WECHAT, &answer).unwrap();
        let window =
            denied(json!({"errcode": 45015, "errmsg": "response out of time limit hint: [secret] rid: 64a-1f"}));
        assert_eq!(window.reaction(), Reaction::Shut);
        insta::assert_snapshot!(window, @"WeChat answered 45015: the window for messages is shut, or the person does not follow the account; rid 64a-1f");
        let outside = denied(
            json!({"errcode": 40164, "errmsg": "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 6-2"}),
        );
        insta::assert_snapshot!(outside, @"WeChat answered 40164: this machine's address is not in the account's IP allow-list: add it in the console (203.0.113.7); rid 6-2");
        insta::assert_snapshot!(denied(json!({"errcode": 99999})), @"WeChat answered 99999: look the code up in the platform's list of return codes");
        assert_eq!(Denied::of(&WECHAT, &json!({"errcode": 0, "errmsg": "ok"})), None);
        assert_eq!(Denied::of(&WECHAT, &json!({"access_token": "t"})), None);
    }

    #[test]
    fn each_code_has_one_reaction() {
        let mut codes: Vec<_> = WECHAT.table.iter().map(|(code, ..)| *code).collect();
        codes.dedup();
        assert_eq!(codes.len(), WECHAT.table.len());
        let of = |code| Denied { codes: &WECHAT, code, rid: None, address: None }.reaction();
        assert!([40001, 40014, 42001].into_iter().all(|code| of(code) == Reaction::Renew));
        assert!([45015, 45047].into_iter().all(|code| of(code) == Reaction::Shut));
        assert!([43004, 40003].into_iter().all(|code| of(code) == Reaction::Unreachable));
        assert_eq!(of(-1), Reaction::Wait(None));
        assert_eq!(of(45011), Reaction::Wait(Some(MINUTE)));
        assert_eq!(of(40007), Reaction::Gone);
        assert_eq!(of(47001), Reaction::GiveUp);
    }
}
