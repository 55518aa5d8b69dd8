//! What a push means to us (protocols §1.5–1.8).
//!
//! It reads fields that were verified. What it does not know is nothing to answer: it is
//! acknowledged, and named in the log by its type alone.

use sha2::{Digest, Sha256};

use super::reply::{Answer, Sealing};
use crate::channel::envelope::Refused;
use crate::channel::envelope::xml::Fields;
use crate::channel::{ChannelKind, Content, Inbound, LONGEST_REFERENCE, MediaKind, Place, Refusal, RemoteFile};

/// Longest openid, account id, event name or time; theirs are a quarter of it.
const LONGEST_NAME: usize = 128;
/// Longest scene of a QR code (protocols §1.14).
const LONGEST_SCENE: usize = 64;
/// Templates of one dialog; the platform shows three at a time.
const MOST_TEMPLATES: usize = 10;
/// What the scene begins with where scanning it made somebody follow us.
const SCENE_PREFIX: &str = "qrscene_";
/// What WeChat writes, in the language of the sender's app, as a text in the place of what it hands
/// on to no Official Account (a sticker, a card, a shared record): one a line.
const NOT_SHOWN: &str = include_str!("not_shown.txt");

/// The keys of our menu, and the command each stands for.
pub const MENU: [(&str, &str); 4] =
    [("repair", "/repair"), ("progress", "/progress"), ("survey", "/survey"), ("human", "/human")];

/// A verified push.
#[derive(Debug, Clone)]
pub struct Push {
    /// `None`: nothing that concerns a conversation; `success` answers it.
    pub inbound: Option<Inbound>,
    /// To whom an answer would go.
    pub reply: Answer,
}

impl Push {
    /// Reads a push.
    ///
    /// # Errors
    /// [`Refused`] when it does not say from whom to whom it is.
    pub(in crate::channel) fn read(fields: &Fields, sealing: Option<Sealing>) -> Result<Push, Refused> {
        let (to, from) = (name(fields, "ToUserName")?, name(fields, "FromUserName")?);
        let kind = name(fields, "MsgType")?;
        let read = if kind == "event" { event(fields, to, from)? } else { message(fields, kind, to, from) };
        let inbound = read.map(|(external_id, content)| Inbound {
            channel: ChannelKind::Wechat,
            address: if content == Content::Revoked { revoking(fields) } else { None }.unwrap_or(from).to_owned(),
            external_id,
            language: None,
            content,
        });
        Ok(Push { inbound, reply: Answer { to: from.to_owned(), from: to.to_owned(), sealing } })
    }
}

fn name<'f>(fields: &'f Fields, element: &str) -> Result<&'f str, Refused> {
    fields.get(element).filter(|text| text.len() <= LONGEST_NAME).ok_or(Refused)
}

/// The platform's number of a message can be the same for two people, so all three make the id.
fn message(fields: &Fields, kind: &str, to: &str, from: &str) -> Option<(String, Content)> {
    let Some(number) = fields.get("MsgId").filter(|number| number.len() <= LONGEST_NAME) else {
        tracing::info!("a push of type {} without a MsgId was acknowledged", shown(kind));
        return None;
    };
    let content = match kind {
        "text" => match fields.get("bizmsgmenuid") {
            Some(button) if button.len() <= LONGEST_NAME => Content::Choice(button.to_owned()),
            _ if fields.get("Content").is_some_and(|text| NOT_SHOWN.lines().any(|line| line == text)) => {
                Content::Refused(Refusal::UnknownKind)
            }
            _ => Content::Text(fields.raw("Content").unwrap_or_default().to_owned()),
        },
        "image" => file(fields, MediaKind::Photo, fields.get("MediaId").map(str::to_owned)),
        "voice" => file(fields, MediaKind::Voice, recording(fields)),
        "location" => place(fields).map_or(Content::Refused(Refusal::UnknownKind), Content::Place),
        // `video`, `shortvideo`, `link`, and whatever comes to be.
        _ => {
            tracing::info!("a message of type {} was answered with what we understand", shown(kind));
            Content::Refused(Refusal::UnknownKind)
        }
    };
    Some((format!("m:{to}:{from}:{number}"), content))
}

fn file(fields: &Fields, kind: MediaKind, reference: Option<String>) -> Content {
    match reference.filter(|reference| reference.len() <= LONGEST_REFERENCE) {
        Some(reference) => {
            let recognition = fields.get("Recognition").filter(|_| kind == MediaKind::Voice).map(str::to_owned);
            Content::Remote { files: vec![RemoteFile { kind, reference, recognition }], caption: None }
        }
        None => Content::Refused(Refusal::UnknownKind),
    }
}

/// Both recordings of a voice message, the better one first, with a space between: which container
/// the one with 16 kHz comes in is not documented, so the other is kept for when it cannot be read.
fn recording(fields: &Fields) -> Option<String> {
    let ids: Vec<_> = ["MediaId16K", "MediaId"].into_iter().filter_map(|element| fields.get(element)).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn place(fields: &Fields) -> Option<Place> {
    let degrees = |element: &str, most: f64| {
        let value: f64 = fields.get(element)?.parse().ok()?;
        (value.abs() <= most).then_some(value)
    };
    Some(Place {
        latitude: degrees("Location_X", 90.0)?,
        longitude: degrees("Location_Y", 180.0)?,
        label: fields.get("Label").map(str::to_owned),
    })
}

/// Events have no number: two of one person in one second differ in what they are about. That may be
/// the token of a QR code, which is not kept in the clear.
fn event(fields: &Fields, to: &str, from: &str) -> Result<Option<(String, Content)>, Refused> {
    let (event, at) = (name(fields, "Event")?, name(fields, "CreateTime")?);
    let key = fields.get("EventKey").unwrap_or_default();
    // WeChat writes SCAN and CLICK, some of its relatives click: case means nothing.
    let content = match event.to_ascii_lowercase().as_str() {
        "subscribe" => Some(start(key.strip_prefix(SCENE_PREFIX))),
        "scan" => Some(start(Some(key))),
        "unsubscribe" => Some(Content::Left),
        "user_authorization_revoke" | "user_authorization_cancellation" => revoking(fields).map(|_| Content::Revoked),
        "click" => MENU.iter().find(|(known, _)| *known == key).map(|(_, said)| Content::Text((*said).to_owned())),
        "subscribe_msg_popup_event" => consent(fields, "SubscribeMsgPopupEvent"),
        "subscribe_msg_change_event" => consent(fields, "SubscribeMsgChangeEvent"),
        "subscribe_msg_sent_event" => {
            for row in fields.rows("SubscribeMsgSentEvent").take(MOST_TEMPLATES) {
                let outcome = row.get("ErrorStatus").or_else(|| row.get("ErrorCode")).unwrap_or("unknown");
                tracing::info!("a subscription message ended with {}", shown(outcome));
            }
            None
        }
        "templatesendjobfinish" => {
            let outcome = fields.get("Status").unwrap_or("unknown");
            tracing::info!("a template message ended with {}", shown(outcome));
            None
        }
        _ => None,
    };
    if content.is_none() {
        tracing::info!("an event {} was acknowledged", shown(event));
    }
    let about = match &content {
        Some(Content::Consent { granted, withdrawn }) => format!("{granted:?}{withdrawn:?}"),
        Some(Content::Revoked) => revoking(fields).unwrap_or_default().to_owned(),
        _ => key.to_owned(),
    };
    let about = data_encoding::HEXLOWER.encode(&Sha256::digest(about.as_bytes())[..12]);
    Ok(content.map(|content| (format!("e:{to}:{from}:{at}:{event}:{about}"), content)))
}

/// What somebody agreed to in a dialog, one message a template, or wants no more of (protocols §1.7, §1.12).
/// To say no in the dialog takes nothing back that was agreed to before.
fn consent(fields: &Fields, list: &str) -> Option<Content> {
    let (mut granted, mut withdrawn) = (Vec::new(), Vec::new());
    for row in fields.rows(list).take(MOST_TEMPLATES) {
        let Some(template) = row.get("TemplateId").filter(|id| id.len() <= LONGEST_NAME) else { continue };
        match row.get("SubscribeStatusString") {
            Some("accept") => granted.push(template.to_owned()),
            Some("reject") if list == "SubscribeMsgChangeEvent" => withdrawn.push(template.to_owned()),
            _ => {}
        }
    }
    (!granted.is_empty() || !withdrawn.is_empty()).then_some(Content::Consent { granted, withdrawn })
}

/// Who took back what they had let the account know, or gave up using `WeChat`: the platform itself pushes
/// that, so they are not the sender. It wants their data deleted in good time (授权用户信息变更:
/// <https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html>). What of it they took back
/// (`RevokeInfo`: address, microphone, name and picture, photos …) is not looked at: whatever they wrote
/// may hold it.
fn revoking(fields: &Fields) -> Option<&str> {
    fields.get("OpenID").filter(|person| !person.is_empty() && person.len() <= LONGEST_NAME)
}

/// A scene is what we put into a QR code, or what somebody made up: only its letters are judged here.
fn start(scene: Option<&str>) -> Content {
    let ours = |scene: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        !scene.is_empty() && scene.len() <= LONGEST_SCENE && scene.bytes().all(allowed)
    };
    match scene.filter(ours) {
        Some(scene) => Content::Text(format!("/start {scene}")),
        None => Content::Text("/start".to_owned()),
    }
}

/// A type as the log may show it: short, and nothing that ends a line.
fn shown(kind: &str) -> String {
    format!("{:?}", kind.chars().take(40).collect::<String>())
}
