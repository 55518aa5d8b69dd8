//! The JSON of the signed HTTP channel, both ways (`docs/http-channel.md`): a stable interface.

use serde::{Deserialize, Serialize};

use crate::channel::Button;
use crate::domain::media::MediaKind;

/// A message as an app posts it. A key that is not known is refused: it is misspelt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posted {
    /// Whom the app posts for, in its own terms.
    pub from: String,
    /// The app's own id of the message; else that is the request's `webhook-id`.
    pub id: Option<String>,
    /// A BCP 47 tag.
    pub language: Option<String>,
    pub text: Option<String>,
    /// The id of a button that was pressed.
    pub choice: Option<String>,
    pub place: Option<Place>,
    #[serde(default)]
    pub media: Vec<Media>,
}

/// A photo or recording that lies with the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    pub kind: MediaKind,
    pub url: String,
}

/// A place on the map, in degrees.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub latitude: f64,
    pub longitude: f64,
    pub label: Option<String>,
}

/// What became of a posted message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    pub id: String,
    /// It was here before; nothing was done again.
    pub duplicate: bool,
}

/// A message to one of the app's people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// For whom, as the app called them in `from`.
    pub to: String,
    /// The same at every attempt.
    pub id: String,
    /// Its place in the conversation, where messages are fetched: give the last one to `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    pub text: String,
    /// Buttons: post the id of the pressed one as `choice`.
    pub choices: Vec<Button>,
    /// When it was said: RFC 3339, UTC.
    pub at: String,
}

/// A part of a conversation, as it is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Give it to `after` to read on.
    pub last_seq: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posted_message_is_read_and_a_misspelt_key_is_named() {
        let posted: Posted =
            serde_json::from_str(r#"{"from":"u1","media":[{"kind":"voice","url":"https://a.example/1.amr"}]}"#)
                .unwrap();
        assert_eq!((posted.from.as_str(), posted.media[0].kind), ("u1", MediaKind::Voice));
        let error = serde_json::from_str::<Posted>(r#"{"from":"u1","txt":"hello"}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `txt`"), "{error}");
    }

    #[test]
    fn what_we_send_cannot_be_posted_back_to_us() {
        let message = Message {
            to: "u1".to_owned(),
            id: "1".to_owned(),
            seq: None,
            text: "hello".to_owned(),
            choices: Vec::new(),
            at: String::new(),
        };
        let json = serde_json::to_string(&message).unwrap();
        assert!(serde_json::from_str::<Posted>(&json).is_err(), "{json}");
    }
}
