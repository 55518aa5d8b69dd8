//! WeChat customer service (微信客服): people who use WeChat write to an account of the company
//! (protocols §2.5).
//!
//! A push only says that there is something to read ([`Notice`]); [`Wecom::messages`] reads it, page by
//! page, and [`entry`] says what each entry means. What goes out is bound to the window of 48 hours and
//! five messages, but for the greeting of somebody who just came in. It remembers nothing: how far was
//! read is kept by `crate::store::service_accounts`.

pub mod entry;

use std::fmt;

use bytes::Bytes;
use serde_json::{Value, json};

use self::entry::{Listed, OurId};
use super::Wecom;
use super::send::MOST_BYTES;
use crate::channel::envelope::Refused;
use crate::channel::envelope::xml::Fields;
use crate::channel::wechat::ApiError;
use crate::channel::wechat::api::Api;
use crate::channel::wechat::reply::pieces;
use crate::channel::{FetchError, Outgoing, SendError, plain};
use crate::domain::reach::SHUT;

const SYNC: &str = "cgi-bin/kf/sync_msg";
const SEND: &str = "cgi-bin/kf/send_msg";
const WELCOME: &str = "cgi-bin/kf/send_msg_on_event";

/// Entries of a page: they are stored in one transaction.
const PAGE: u32 = 100;
/// Longest name, token or place that is taken (protocols §2.5: the token has 128 bytes, the place 64).
const LONGEST_NAME: usize = 128;
/// Most buttons of a list.
const MOST_BUTTONS: usize = 10;
/// The longest text above a list, in bytes.
const LONGEST_HEAD: usize = 1_024;
/// The longest button of a list, in bytes.
const LONGEST_BUTTON: usize = 128;
/// What the platform answers to a token that is older than ten minutes, or none of its own.
const STALE_TOKEN: i64 = 95_007;
/// … and to a place it does not know (any more), among other things.
const BAD_PARAMETER: i64 = 40_058;
/// What our links say of where somebody comes from; without it they carry no token.
const SCENE: &str = "huifang";
/// Accounts that are listed.
const MOST_ACCOUNTS: u32 = 100;

/// The platform says that an account has something to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub open_kfid: String,
    /// What it is read with, for ten minutes; later the platform allows fewer calls.
    pub token: String,
}

impl Notice {
    /// Reads a push; `None` if it is about something else.
    ///
    /// # Errors
    /// [`Refused`] when it does not say what to read.
    pub(super) fn read(fields: &Fields) -> Result<Option<Notice>, Refused> {
        if fields.get("Event").is_none_or(|event| !event.eq_ignore_ascii_case("kf_msg_or_event")) {
            return Ok(None);
        }
        let name = |element| fields.get(element).filter(|name| name.len() <= LONGEST_NAME).map(str::to_owned);
        let (open_kfid, token) = (name("OpenKfId").ok_or(Refused)?, name("Token").ok_or(Refused)?);
        Ok(Some(Notice { open_kfid, token }))
    }
}

/// A part of what was written to an account.
#[derive(Debug, Clone)]
pub struct Page {
    pub entries: Vec<Listed>,
    /// Up to where all is read with this page.
    pub read_to: String,
    /// Whether there is another one; this one may be empty all the same.
    pub more: bool,
}

/// An account of customer service, and where people reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    pub open_kfid: String,
    pub name: String,
}

/// The address by which people come to an account. One serves for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskLink(String);

impl DeskLink {
    /// Returns the address that binds whoever comes by it, by the token of a unit
    /// ([`crate::domain::token`], whose letters need no escaping).
    pub fn with(&self, token: &str) -> String {
        let mark = if self.0.contains('?') { '&' } else { '?' };
        format!("{}{mark}scene_param={token}", self.0)
    }
}

impl fmt::Display for DeskLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Wecom {
    /// Reads what was written to an account since a place; from the beginning (three days at most)
    /// where that is empty or the platform does not know it any more.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn messages(&self, open_kfid: &str, read_to: &str, token: Option<&str>) -> Result<Page, ApiError> {
        let (mut place, mut token) = (read_to, token);
        loop {
            match self.sync(open_kfid, place, token).await {
                Err(ApiError::Denied(denied)) if denied.code == STALE_TOKEN && token.is_some() => token = None,
                Err(ApiError::Denied(denied)) if denied.code == BAD_PARAMETER && !place.is_empty() => {
                    tracing::warn!("WeCom does not know how far {open_kfid} was read: it is read from the beginning");
                    place = "";
                }
                outcome => return outcome,
            }
        }
    }

    async fn sync(&self, open_kfid: &str, read_to: &str, token: Option<&str>) -> Result<Page, ApiError> {
        // `voice_format` 0 is AMR: the other one is SILK, which is not read.
        let mut body = json!({ "cursor": read_to, "limit": PAGE, "voice_format": 0, "open_kfid": open_kfid });
        if let Some(token) = token {
            body["token"] = json!(token);
        }
        let answer = self.service().post(SYNC, &body).await?;
        let next = answer.get("next_cursor").and_then(Value::as_str).filter(|place| place.len() <= LONGEST_NAME);
        let listed = answer.get("msg_list").and_then(Value::as_array);
        Ok(Page {
            entries: listed.into_iter().flatten().filter_map(|value| Listed::read(value, open_kfid)).collect(),
            read_to: next.unwrap_or(read_to).to_owned(),
            more: answer.get("has_more").and_then(Value::as_i64) == Some(1),
        })
    }

    /// Brings a message to somebody, its buttons as a list to tap on; `welcome` is the code by which
    /// they are greeted.
    ///
    /// # Errors
    /// Why it was not brought. Of a text in several pieces the first may have been.
    pub async fn send_as_service(&self, message: &Outgoing<'_>, welcome: Option<&str>) -> Result<(), SendError> {
        let Some((open_kfid, person)) = message.address.split_once('/') else {
            return Err(SendError::Refused("the address is not that of one person at one account".to_owned()));
        };
        let contents = match menu(message) {
            Some(menu) => vec![json!({ "msgtype": "msgmenu", "msgmenu": menu })],
            None => pieces(&plain::with_buttons(message.text, message.buttons), MOST_BYTES)
                .into_iter()
                .map(|piece| json!({ "msgtype": "text", "text": { "content": piece } }))
                .collect(),
        };
        let calls = contents.into_iter().enumerate().map(|(place, mut body)| {
            body["msgid"] = json!(OurId { message: message.id, piece: place }.to_string());
            match welcome.filter(|_| place == 0) {
                Some(code) => {
                    body["code"] = json!(code);
                    (WELCOME, body)
                }
                None => {
                    body["touser"] = json!(person);
                    body["open_kfid"] = json!(open_kfid);
                    (SEND, body)
                }
            }
        });
        match self.service().post_pieces(calls.collect(), |_| Ok(())).await {
            // The code was used, or came too late: what they write next opens the window.
            Err(SendError::Refused(reason)) if welcome.is_some() => {
                Err(SendError::Unreachable(format!("{SHUT} the greeting was not taken: {reason}")))
            }
            outcome => outcome,
        }
    }

    /// Fetches a file of a message.
    ///
    /// # Errors
    /// Why it could not be fetched.
    pub async fn fetch_of_service(&self, reference: &str) -> Result<Bytes, FetchError> {
        Ok(self.service().media(reference).await?)
    }

    /// Says whether customer service was given a secret of its own: then it is surely in use.
    pub fn has_service_secret(&self) -> bool {
        self.0.service.is_some()
    }

    /// Returns the accounts we may use.
    ///
    /// # Errors
    /// What the platform objects to.
    pub async fn desks(&self) -> Result<Vec<Desk>, ApiError> {
        let body = json!({ "offset": 0, "limit": MOST_ACCOUNTS });
        let answer = self.service().post("cgi-bin/kf/account/list", &body).await?;
        let listed = answer.get("account_list").and_then(Value::as_array);
        let desk = |value: &Value| {
            let word = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
            Some(Desk { open_kfid: word("open_kfid")?, name: word("name").unwrap_or_default() })
        };
        Ok(listed.into_iter().flatten().filter_map(desk).collect())
    }

    /// Returns the address by which people come to an account.
    ///
    /// # Errors
    /// What the platform objects to.
    pub async fn desk_link(&self, open_kfid: &str) -> Result<DeskLink, ApiError> {
        let body = json!({ "open_kfid": open_kfid, "scene": SCENE });
        let made = self.service().post("cgi-bin/kf/add_contact_way", &body).await?;
        let url = made.get("url").and_then(Value::as_str);
        let url = url.ok_or_else(|| ApiError::Unknown("WeCom made no link to the account".to_owned()))?;
        Ok(DeskLink(url.to_owned()))
    }

    /// Customer service may have a secret of its own, and thereby other access tokens.
    fn service(&self) -> &Api {
        self.0.service.as_ref().unwrap_or(&self.0.api)
    }
}

/// Writes a message with buttons as a list to tap on, if it makes one: marks are shorter as words.
fn menu(message: &Outgoing<'_>) -> Option<Value> {
    let buttons = message.buttons;
    let fit = message.text.len() <= LONGEST_HEAD && (1..=MOST_BUTTONS).contains(&buttons.len());
    let short = buttons.iter().all(|button| button.id.len() <= LONGEST_BUTTON && button.label.len() <= LONGEST_BUTTON);
    if !fit || !short || plain::are_marks(buttons) {
        return None;
    }
    let list: Vec<Value> = buttons
        .iter()
        .map(|button| json!({ "type": "click", "click": { "id": button.id, "content": button.label } }))
        .collect();
    Some(json!({ "head_content": message.text, "list": list }))
}
