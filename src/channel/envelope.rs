//! The signed and encrypted envelope in which WeChat and WeCom put their pushes, and in which they
//! want their answers (protocols §1.4, §2.1).
//!
//! It checks and opens what came, and seals what goes out. It knows nothing of messages, and it
//! tells nobody what was wrong with a request: there is one [`Refused`] for a bad signature, a bad
//! padding and another account's id, so that nobody learns from the difference. Read [`key`] for
//! the cipher, [`query`] and [`xml`] for how a request is taken apart.

pub mod key;
pub mod query;
pub mod xml;

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::domain::secret::Secret;
use key::Key;
use xml::cdata;

pub use key::KeyFault;

/// The request is not from the platform, not for us, or not whole; which of these is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is not a valid push")]
pub struct Refused;

/// What signs a request that carries an encrypted text: all of it from the URL.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'r> {
    pub msg_signature: &'r str,
    pub timestamp: &'r str,
    pub nonce: &'r str,
}

/// Which of the two keys a push was opened with; its answer is sealed with the same one
/// (protocols §1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUsed {
    Current,
    Previous,
}

/// A push that was verified and decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub message: String,
    pub key: KeyUsed,
}

/// An answer that was encrypted and signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Base64.
    pub encrypt: String,
    /// Lower-case hex.
    pub signature: String,
    pub timestamp: String,
    pub nonce: String,
}

/// Token, keys and the id of the account that pushes are for. Shows no secret.
#[derive(Debug, Clone)]
pub struct Envelope {
    token: Secret,
    current: Key,
    previous: Option<Key>,
    receive_id: String,
}

impl Envelope {
    /// Puts an envelope together. `receive_id` is the `AppID` of an Official Account, the `CorpID`
    /// of an app of WeCom.
    ///
    /// # Errors
    /// When a key is not 43 characters of base64, or the token is empty (an empty token would let
    /// anybody sign).
    pub fn new(
        token: &Secret,
        current: &Secret,
        previous: Option<&Secret>,
        receive_id: &str,
    ) -> Result<Envelope, KeyFault> {
        if token.expose().is_empty() {
            return Err(KeyFault::NoToken);
        }
        Ok(Envelope {
            token: token.clone(),
            current: Key::parse(current)?,
            previous: previous.map(Key::parse).transpose()?,
            receive_id: receive_id.to_owned(),
        })
    }

    /// Verifies and decrypts the text of an `Encrypt` element (or of WeCom's `echostr`).
    ///
    /// # Errors
    /// [`Refused`], whatever is wrong with it.
    pub fn open(&self, signed: Signed<'_>, encrypt: &str) -> Result<Opened, Refused> {
        let Signed { msg_signature, timestamp, nonce } = signed;
        if !is_signature(&[self.token.expose(), timestamp, nonce, encrypt], msg_signature) {
            return Err(Refused);
        }
        let opened = |key: &Key| key.open(encrypt, &self.receive_id);
        if let Ok(message) = opened(&self.current) {
            return Ok(Opened { message, key: KeyUsed::Current });
        }
        let message = self.previous.as_ref().ok_or(Refused).and_then(opened)?;
        Ok(Opened { message, key: KeyUsed::Previous })
    }

    /// Encrypts and signs an answer. `random` comes from [`random`]; tests give their own.
    pub fn seal(&self, key: KeyUsed, message: &str, timestamp: &str, nonce: &str, random: [u8; 16]) -> Sealed {
        let key = match (key, &self.previous) {
            (KeyUsed::Previous, Some(previous)) => previous,
            _ => &self.current,
        };
        let encrypt = key.seal(message, &self.receive_id, random);
        let signature = signature(&[self.token.expose(), timestamp, nonce, &encrypt]);
        Sealed { encrypt, signature, timestamp: timestamp.to_owned(), nonce: nonce.to_owned() }
    }
}

impl Sealed {
    /// Returns the answer as the platform reads it.
    pub fn to_xml(&self) -> String {
        format!(
            "<xml>\n<Encrypt>{}</Encrypt>\n<MsgSignature>{}</MsgSignature>\n<TimeStamp>{}</TimeStamp>\n\
             <Nonce>{}</Nonce>\n</xml>",
            cdata(&self.encrypt),
            cdata(&self.signature),
            self.timestamp,
            cdata(&self.nonce)
        )
    }
}

/// Returns the platform's signature over some texts: SHA-1 over all of them, sorted as bytes.
pub fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    let mut hash = Sha1::new();
    for part in parts {
        hash.update(part.as_bytes());
    }
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

/// Says whether `said` signs the parts, taking as long whatever is wrong. The platform writes
/// lower-case hex; nothing else is accepted.
pub fn is_signature(parts: &[&str], said: &str) -> bool {
    bool::from(signature(parts).as_bytes().ct_eq(said.as_bytes()))
}

/// Draws the sixteen bytes that begin an encrypted answer.
///
/// # Errors
/// When the machine gives no randomness.
pub fn random() -> Result<[u8; 16], getrandom::Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(random)
}

#[cfg(test)]
mod tests;
