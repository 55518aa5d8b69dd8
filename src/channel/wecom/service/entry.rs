//! What an entry of the list means to us (protocols §2.5): a message, somebody coming in, or that
//! something of ours was not brought.
//!
//! What it does not know, and what the company's own people write there, is nothing to us: it is named
//! in the log by its type alone.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use uuid::Uuid;

use super::LONGEST_NAME;
use crate::channel::{ChannelKind, Content, Inbound, LONGEST_REFERENCE, MediaKind, Place, Refusal, RemoteFile};
use crate::domain::ids::OutboxId;
use crate::domain::reach::WELCOME_WITHIN;
use crate::domain::time::Timestamp;

/// Who an entry is from: somebody who uses WeChat …
const PERSON: i64 = 3;
/// … or the platform.
const PLATFORM: i64 = 4;

/// An entry that concerns us.
#[derive(Debug, Clone)]
pub struct Listed {
    pub at: Timestamp,
    pub what: Entry,
}

/// What it says.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Somebody wrote, or came in.
    Message(Inbound),
    /// What the platform took from us it did not bring after all.
    NotBrought { message: OutboxId, reason: &'static str },
}

impl Listed {
    /// Reads an entry of the list of an account; `None` if it is nothing to us.
    pub(super) fn read(value: &Value, open_kfid: &str) -> Option<Listed> {
        let id = name(value, "msgid")?;
        let at = Timestamp(value.get("send_time")?.as_i64()?.checked_mul(1000)?);
        let kind = name(value, "msgtype")?;
        let what = match value.get("origin").and_then(Value::as_i64) {
            Some(PERSON) => {
                let person = name(value, "external_userid")?;
                Some(Entry::Message(inbound(open_kfid, person, id, message(value, kind))))
            }
            Some(PLATFORM) if kind == "event" => event(value.get("event")?, open_kfid, id, at),
            _ => None,
        };
        if what.is_none() {
            tracing::info!("an entry of type {:?} in customer service was passed over", kind);
        }
        Some(Listed { at, what: what? })
    }
}

fn name<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str().filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME)
}

/// The same person has another conversation at every account: the address names both.
fn inbound(open_kfid: &str, person: &str, id: &str, content: Content) -> Inbound {
    Inbound {
        channel: ChannelKind::WecomKf,
        address: format!("{open_kfid}/{person}"),
        external_id: format!("m:{id}"),
        language: None,
        content,
    }
}

fn message(value: &Value, kind: &str) -> Content {
    let said = value.get(kind).unwrap_or(&Value::Null);
    match kind {
        "text" => match name(said, "menu_id") {
            Some(button) => Content::Choice(button.to_owned()),
            None => Content::Text(said.get("content").and_then(Value::as_str).unwrap_or_default().to_owned()),
        },
        "image" => file(said, MediaKind::Photo),
        "voice" => file(said, MediaKind::Voice),
        "location" => place(said).map_or(Content::Refused(Refusal::UnknownKind), Content::Place),
        // `video`, `file`, `link`, `business_card`, `miniprogram`, and whatever comes to be.
        _ => {
            tracing::info!("a message of type {kind:?} was answered with what we understand");
            Content::Refused(Refusal::UnknownKind)
        }
    }
}

fn file(said: &Value, kind: MediaKind) -> Content {
    let reference =
        said.get("media_id").and_then(Value::as_str).filter(|id| (1..=LONGEST_REFERENCE).contains(&id.len()));
    match reference {
        Some(reference) => {
            let file = RemoteFile { kind, reference: reference.to_owned(), recognition: None };
            Content::Remote { files: vec![file], caption: None }
        }
        None => Content::Refused(Refusal::UnknownKind),
    }
}

fn place(said: &Value) -> Option<Place> {
    let degrees = |key: &str, most: f64| said.get(key)?.as_f64().filter(|value| value.abs() <= most);
    let words = |key: &str| said.get(key).and_then(Value::as_str).filter(|words| !words.is_empty());
    Some(Place {
        latitude: degrees("latitude", 90.0)?,
        longitude: degrees("longitude", 180.0)?,
        label: words("name").or_else(|| words("address")).map(str::to_owned),
    })
}

fn event(event: &Value, open_kfid: &str, id: &str, at: Timestamp) -> Option<Entry> {
    match name(event, "event_type")? {
        "enter_session" => {
            let person = name(event, "external_userid")?;
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            let token = name(event, "scene_param").filter(|token| token.bytes().all(allowed)).map(str::to_owned);
            let welcome = name(event, "welcome_code").map(|code| (code.to_owned(), at + WELCOME_WITHIN));
            // Somebody who comes back says nothing by that.
            (token.is_some() || welcome.is_some())
                .then(|| Entry::Message(inbound(open_kfid, person, id, Content::Entered { token, welcome })))
        }
        "msg_send_fail" => {
            let message = OurId::read(name(event, "fail_msgid")?)?.message;
            let reason = match event.get("fail_type").and_then(Value::as_i64) {
                Some(1) => "the platform did not bring it: the account was removed",
                Some(2) => "the platform did not bring it: the app is switched off",
                Some(4) => "the platform did not bring it: the person wrote too long ago",
                Some(5) => "the platform did not bring it: the conversation had ended",
                Some(6) => "the platform did not bring it: all messages it allows were sent",
                Some(10) => "the platform did not bring it: the person refuses messages",
                _ => "the platform did not bring it, and does not say why",
            };
            Some(Entry::NotBrought { message, reason })
        }
        _ => None,
    }
}

/// What we call a piece of a message towards the platform: letters, digits, `-` and `_`, at most 32.
pub(super) struct OurId {
    pub message: OutboxId,
    pub piece: usize,
}

impl fmt::Display for OurId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", BASE64URL_NOPAD.encode(self.message.0.as_bytes()), self.piece)
    }
}

impl OurId {
    fn read(text: &str) -> Option<OurId> {
        // The id itself may hold a `-`.
        let (id, piece) = text.rsplit_once('-')?;
        let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).ok()?;
        Some(OurId { message: OutboxId(Uuid::from_slice(&bytes).ok()?), piece: piece.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Option<Entry> {
        Listed::read(value, "wkA").map(|listed| listed.what)
    }

    fn content(msgtype: &str, rest: Value) -> Content {
        let mut value = json!({ "msgid": "m1", "open_kfid": "wkA", "external_userid": "wmB", "send_time": 1_615_478_585,
            "origin": 3, "msgtype": msgtype });
        value[msgtype] = rest;
        match read(&value) {
            Some(Entry::Message(inbound)) => {
                assert_eq!((inbound.address.as_str(), inbound.external_id.as_str()), ("wkA/wmB", "m:m1"));
                inbound.content
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_people_send_is_read_by_its_type() {
        assert_eq!(content("text", json!({ "content": "漏水" })), Content::Text("漏水".to_owned()));
        assert_eq!(content("text", json!({ "content": "好", "menu_id": "a:1" })), Content::Choice("a:1".to_owned()));
        let here = json!({ "latitude": 23.106, "longitude": 113.324, "name": "广州塔", "address": "x" });
        let Content::Place(place) = content("location", here) else { panic!("no place") };
        assert_eq!(place.label.as_deref(), Some("广州塔"));
        let Content::Remote { files, .. } = content("voice", json!({ "media_id": "M" })) else { panic!("no file") };
        assert_eq!((files[0].kind, files[0].reference.as_str()), (MediaKind::Voice, "M"));
        for (kind, rest) in [
            ("video", json!({ "media_id": "M" })),
            ("channels_shop_order", json!({})),
            ("image", json!({})),
            ("location", json!({ "latitude": 991.0, "longitude": 0.0 })),
        ] {
            assert_eq!(content(kind, rest), Content::Refused(Refusal::UnknownKind), "{kind}");
        }
    }

    #[test]
    fn what_is_none_of_a_persons_is_passed_over() {
        let entry = |origin: i64, msgtype: &str, event: Value| {
            read(&json!({ "msgid": "m1", "external_userid": "wmB", "send_time": 1, "origin": origin,
                "msgtype": msgtype, "text": { "content": "x" }, "event": event }))
        };
        assert!(entry(5, "text", json!({})).is_none(), "a colleague in the platform's own program");
        for event in ["servicer_status_change", "session_status_change", "a_kind_of_2031"] {
            assert!(entry(4, "event", json!({ "event_type": event })).is_none(), "{event}");
        }
        let came = |event: Value| entry(4, "event", event);
        assert!(came(json!({ "event_type": "enter_session", "external_userid": "wmB" })).is_none());
        let by_link = json!({ "event_type": "enter_session", "external_userid": "wmB", "scene": "huifang",
            "scene_param": "TOKEN-1", "welcome_code": "C" });
        let Some(Entry::Message(inbound)) = came(by_link) else { panic!("nobody came") };
        let welcome = Some(("C".to_owned(), Timestamp(21_000)));
        assert_eq!(inbound.content, Content::Entered { token: Some("TOKEN-1".to_owned()), welcome });
        for broken in [json!({}), json!({ "msgid": "", "send_time": 1, "msgtype": "text" }), json!(["x"]), json!(null)]
        {
            assert!(read(&broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn what_was_not_brought_is_known_by_the_name_we_gave_it() {
        let message = OutboxId(Uuid::from_u128(0xF0F0_0000_FFFF_FBFF_0000_0000_0000_0001));
        let ours = OurId { message, piece: 1 }.to_string();
        assert!(
            ours.len() <= 32 && ours.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            "{ours}"
        );
        let failed = json!({ "event_type": "msg_send_fail", "fail_msgid": ours, "fail_type": 10 });
        let listed = read(&json!({ "msgid": "m", "send_time": 1, "origin": 4, "msgtype": "event", "event": failed }));
        let Some(Entry::NotBrought { message: known, reason }) = listed else { panic!("{listed:?}") };
        assert_eq!((known, reason.ends_with("refuses messages")), (message, true));
        assert!(OurId::read("theirs").is_none() && OurId::read("a-b-c").is_none());
    }
}
