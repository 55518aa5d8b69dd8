//! Customer-service messages out (protocols §1.11), files in (§1.13).

use bytes::Bytes;
use serde_json::{Value, json};

use super::Wechat;
use super::api::ApiError;
use super::reply::{MOST_BYTES, pieces};
use crate::channel::{FetchError, Outgoing, SendError, plain};

/// The call that brings a message.
const SEND: &str = "cgi-bin/message/custom/send";
/// How a recording in AMR begins, narrow or wide.
const AMR: &[u8] = b"#!AMR";

impl Wechat {
    /// Brings a message to somebody. Buttons become a list to tap on; marks are shorter as words.
    ///
    /// # Errors
    /// Why it was not brought. Of a text in several pieces the first may have been.
    pub async fn send(&self, message: &Outgoing<'_>) -> Result<(), SendError> {
        let api = &self.0.api;
        let tappable = !message.buttons.is_empty() && !plain::are_marks(message.buttons);
        if tappable && message.text.len() <= MOST_BYTES {
            let list: Vec<Value> =
                message.buttons.iter().map(|button| json!({ "id": button.id, "content": button.label })).collect();
            let menu = json!({ "head_content": message.text, "list": list, "tail_content": "" });
            let body = json!({ "touser": message.address, "msgtype": "msgmenu", "msgmenu": menu });
            api.post(SEND, &body).await?;
            return Ok(());
        }
        let text = plain::with_buttons(message.text, message.buttons);
        let calls = pieces(&text, MOST_BYTES)
            .into_iter()
            .map(|piece| (SEND, json!({ "touser": message.address, "msgtype": "text", "text": { "content": piece } })));
        api.post_pieces(calls.collect(), |_| Ok(())).await
    }

    /// Fetches a file of a message. Of a voice message the better recording is taken, unless the
    /// platform has it no more or it is not the AMR we can read; then the other one.
    ///
    /// # Errors
    /// Why it could not be fetched.
    pub async fn fetch(&self, reference: &str) -> Result<Bytes, FetchError> {
        let Some((better, other)) = reference.split_once(' ') else { return Ok(self.0.api.media(reference).await?) };
        match self.0.api.media(better).await {
            Ok(bytes) if bytes.starts_with(AMR) => return Ok(bytes),
            Ok(_) => {}
            Err(error) => match FetchError::from(error) {
                FetchError::Gone(_) | FetchError::TooLarge => {}
                later @ FetchError::Later { .. } => return Err(later),
            },
        }
        Ok(self.0.api.media(other).await?)
    }

    /// Makes a QR code that tells us `scene` when it is scanned: for good, or for some days.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn qr_code(&self, scene: &str, lasting: Lasting) -> Result<QrCode, ApiError> {
        let info = json!({ "scene": { "scene_str": scene } });
        let body = match lasting {
            Lasting::Always => json!({ "action_name": "QR_LIMIT_STR_SCENE", "action_info": info }),
            Lasting::Days(days) => {
                let seconds = u32::from(days.clamp(1, 30)) * 86_400;
                json!({ "expire_seconds": seconds, "action_name": "QR_STR_SCENE", "action_info": info })
            }
        };
        let made = self.0.api.post("cgi-bin/qrcode/create", &body).await?;
        let field = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
        match (field("ticket"), field("url")) {
            (Some(ticket), Some(url)) => Ok(QrCode { ticket, url }),
            _ => Err(ApiError::Unknown("WeChat made no QR code".to_owned())),
        }
    }
}

/// How long a QR code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// For good; an account may have 100 000 of them.
    Always,
    /// For so many days, at most 30.
    Days(u8),
}

/// A QR code of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrCode {
    pub ticket: String,
    /// What stands in the code, to be drawn as one.
    pub url: String,
}

impl QrCode {
    /// Returns where the platform shows the code as a picture; no token is needed.
    pub fn picture(&self) -> String {
        let ticket: String = form_urlencoded::byte_serialize(self.ticket.as_bytes()).collect();
        format!("https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket={ticket}")
    }
}
