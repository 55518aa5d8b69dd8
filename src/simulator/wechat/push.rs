//! What the platform pushes to a service, and what it makes of the answer (protocols §1.4, §1.9).

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use reqwest::redirect::Policy;

use super::{ACCOUNT, APP_ID, KEY, TOKEN};
use crate::channel::envelope::xml::{Fields, cdata};
use crate::channel::envelope::{self, Envelope, KeyFault, KeyUsed, Signed};
use crate::domain::secret::Secret;
use crate::http;

/// How long the platform waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest text it brings, in bytes.
const LONGEST_TEXT: usize = 2_047;

/// One push, which can be delivered any number of times.
#[derive(Debug, Clone)]
pub struct Push {
    pub query: String,
    pub body: String,
    /// What it says, before it was sealed.
    pub inner: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub raw: String,
    /// The passive answer, decrypted if it was sealed; `None` where there is none, or one that is not whole.
    pub inner: Option<String>,
    /// What the platform shows of it.
    pub text: Option<String>,
    pub took: Duration,
}

/// The envelope of the account.
///
/// # Errors
/// Never with our own key.
pub fn envelope() -> Result<Envelope, KeyFault> {
    Envelope::new(&Secret::new(TOKEN), &Secret::new(KEY), None, APP_ID)
}

/// A push in plain mode.
pub fn sign(inner: &str, time: &str) -> Push {
    let signature = envelope::signature(&[TOKEN, time, "486452656"]);
    let query = format!("signature={signature}&timestamp={time}&nonce=486452656&openid=whoever");
    Push { query, body: inner.to_owned(), inner: inner.to_owned() }
}

/// A push in secure mode; `None` if the machine gives no randomness.
pub fn seal(inner: &str, time: &str) -> Option<Push> {
    let sealed = envelope().ok()?.seal(KeyUsed::Current, inner, time, "1320562132", envelope::random().ok()?);
    let signature = envelope::signature(&[TOKEN, time, "1320562132"]);
    let query = format!(
        "signature={signature}&timestamp={time}&nonce=1320562132&openid=whoever&encrypt_type=aes&msg_signature={}",
        sealed.signature
    );
    let body =
        format!("<xml><ToUserName>{}</ToUserName><Encrypt>{}</Encrypt></xml>", cdata(ACCOUNT), cdata(&sealed.encrypt));
    Some(Push { query, body, inner: inner.to_owned() })
}

/// Delivers a push to the service at `house`, once.
///
/// # Errors
/// When there is no answer in time.
pub async fn deliver(house: &str, push: &Push) -> Result<Reply, reqwest::Error> {
    let client = http::client(PATIENCE).redirect(Policy::none()).no_proxy().build()?;
    let begun = Instant::now();
    let address = format!("{house}/webhooks/wechat?{}", push.query);
    let request = client.post(address).timeout(PATIENCE).header("content-type", "text/xml").body(push.body.clone());
    let answer = request.send().await?;
    let (status, raw) = (answer.status(), answer.text().await?);
    let inner = opened(&raw);
    Ok(Reply { status, text: inner.as_deref().and_then(shown), inner, raw, took: begun.elapsed() })
}

/// Reads a passive answer as the platform does.
fn opened(raw: &str) -> Option<String> {
    let fields = Fields::parse(raw).ok()?;
    let Some(encrypt) = fields.get("Encrypt") else { return Some(raw.to_owned()) };
    let signed = Signed {
        msg_signature: fields.get("MsgSignature")?,
        timestamp: fields.get("TimeStamp")?,
        nonce: fields.get("Nonce")?,
    };
    Some(envelope().ok()?.open(signed, encrypt).ok()?.message)
}

fn shown(inner: &str) -> Option<String> {
    let fields = Fields::parse(inner).ok()?;
    if (fields.get("MsgType"), fields.get("FromUserName")) != (Some("text"), Some(ACCOUNT)) {
        return None;
    }
    fields.raw("Content").filter(|text| (1..=LONGEST_TEXT).contains(&text.len())).map(str::to_owned)
}
