//! Standard Webhooks (<https://www.standardwebhooks.com>), version 1: who knows the secret signs
//! `id.timestamp.body`; both directions and every request to this service use it.
//!
//! It judges bytes and three headers and knows nothing of what the body says.

use std::time::Duration;

use data_encoding::{BASE64, BASE64_NOPAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// The id of a message: the same at every attempt.
pub const ID: &str = "webhook-id";
/// When the request was signed, in Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// One or more signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// How far a request's time may lie from ours, either way.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// What a written secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret, as the specification bounds them.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// Longest id that is taken.
const LONGEST_ID: usize = 200;
/// Most signatures of one request that are looked at.
const MOST_SIGNATURES: usize = 8;

/// A secret that is none. The secret is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    #[error("expected whsec_ and base64, as `echo whsec_$(openssl rand -base64 32)` makes it")]
    NotBase64,
    #[error("expected 24 to 64 bytes in base64, not {0}; `echo whsec_$(openssl rand -base64 32)` makes one")]
    Length(usize),
}

/// Why a request is not believed. One error: whoever forges learns nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not signed with the secret, or not within the last five minutes")]
pub struct NotSigned;

/// The secrets that are valid at present: one, or several while they are changed.
#[derive(Clone)]
pub struct Keys(Vec<Vec<u8>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

/// The three headers of a request, fresh and well formed, but not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    id: String,
    seconds: i64,
    signatures: String,
}

impl Stamp {
    /// Takes the three headers; does not look at any body, so that one that is too old or not
    /// signed at all need not be read.
    ///
    /// # Errors
    /// [`NotSigned`] if one is malformed or the time is not within [`TOLERANCE`] of `now`.
    pub fn of(id: &str, timestamp: &str, signatures: &str, now: Timestamp) -> Result<Stamp, NotSigned> {
        // A dot in the id would let another id and time be read out of the same signed text.
        let is_id = !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
        // `parse` alone would take a sign, and zeros in front.
        let plain = timestamp.bytes().all(|b| b.is_ascii_digit()) && !timestamp.starts_with('0');
        let seconds: i64 = timestamp.parse().map_err(|_| NotSigned)?;
        let skew = seconds.abs_diff(now.0.div_euclid(1000));
        if !is_id || !plain || skew > TOLERANCE.as_secs() {
            return Err(NotSigned);
        }
        Ok(Stamp { id: id.to_owned(), seconds, signatures: signatures.to_owned() })
    }
}

impl Keys {
    /// Reads secrets as they are written in the settings.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong with the first that is none.
    pub fn read<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Result<Keys, BadKey> {
        secrets.into_iter().map(|secret| key_of(secret.expose())).collect::<Result<_, _>>().map(Keys)
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Signs with every secret, so that the receiver may still know only the former one.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> String {
        let seconds = now.0.div_euclid(1000);
        let signed = self.0.iter().map(|key| format!("v1,{}", BASE64.encode(&mac(key, id, seconds, body))));
        signed.collect::<Vec<_>>().join(" ")
    }

    /// Returns the id of a request, if its body is signed by one of the secrets.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn verify<'t>(&self, stamp: &'t Stamp, body: &[u8]) -> Result<&'t str, NotSigned> {
        let versioned = stamp.signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
        let given: Vec<Vec<u8>> =
            versioned.take(MOST_SIGNATURES).filter_map(|text| BASE64.decode(text.as_bytes()).ok()).collect();
        let mut valid = false;
        for key in &self.0 {
            let right = mac(key, &stamp.id, stamp.seconds, body);
            for signature in &given {
                valid |= bool::from(right.as_slice().ct_eq(signature));
            }
        }
        if valid { Ok(&stamp.id) } else { Err(NotSigned) }
    }
}

fn key_of(written: &str) -> Result<Vec<u8>, BadKey> {
    let text = written.trim().strip_prefix(PREFIX).unwrap_or(written.trim());
    let bytes = BASE64_NOPAD.decode(text.trim_end_matches('=').as_bytes()).map_err(|_| BadKey::NotBase64)?;
    if LENGTHS.contains(&bytes.len()) { Ok(bytes) } else { Err(BadKey::Length(bytes.len())) }
}

fn mac(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length: this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const NOW: Timestamp = Timestamp(1_614_265_330_000);

    fn keys(secrets: &[&str]) -> Keys {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        Keys::read(&secrets).unwrap()
    }

    fn verify(id: &str, at: &str, signatures: &str, body: &[u8], now: Timestamp) -> bool {
        let stamp = Stamp::of(id, at, signatures, now);
        stamp.is_ok_and(|stamp| keys(&[SECRET]).verify(&stamp, body).is_ok_and(|known| known == id))
    }

    #[test]
    fn the_example_of_the_specification_is_made_and_taken() {
        assert_eq!(keys(&[SECRET]).sign(MESSAGE, NOW, BODY), SIGNED);
        assert!(verify(MESSAGE, AT, SIGNED, BODY, NOW));
        assert!(verify(MESSAGE, AT, &format!("v1a,AAAA v1,AAAA {SIGNED} v2,x"), BODY, NOW));
    }

    #[test]
    fn while_secrets_change_both_sign_and_both_are_taken() {
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let both = keys(&[other, SECRET]).sign(MESSAGE, NOW, BODY);
        assert_eq!(both.split(' ').count(), 2);
        for known in [other, SECRET] {
            let stamp = Stamp::of(MESSAGE, AT, &both, NOW).unwrap();
            assert_eq!(keys(&[known]).verify(&stamp, BODY), Ok(MESSAGE));
            let one = keys(&[known]).sign(MESSAGE, NOW, BODY);
            let stamp = Stamp::of(MESSAGE, AT, &one, NOW).unwrap();
            assert_eq!(keys(&[other, SECRET]).verify(&stamp, BODY), Ok(MESSAGE));
        }
        let stamp = Stamp::of(MESSAGE, AT, &both, NOW).unwrap();
        assert_eq!(keys(&[]).verify(&stamp, BODY), Err(NotSigned));
    }

    #[test]
    fn five_minutes_either_way_and_not_a_second_more() {
        for (offset, good) in [(-301, false), (-300, true), (300, true), (301, false)] {
            assert_eq!(verify(MESSAGE, AT, SIGNED, BODY, Timestamp(NOW.0 + offset * 1000)), good, "{offset} s");
        }
        for at in ["", "+1614265330", "01614265330", "1614265330.0", "-1", "9223372036854775808", "1614265330 "] {
            assert!(!verify(MESSAGE, at, SIGNED, BODY, NOW), "{at:?}");
        }
    }

    #[test]
    fn a_dot_cannot_be_moved_from_the_body_into_the_id() {
        let id = format!("{MESSAGE}.{AT}");
        let signed = keys(&[SECRET]).sign(MESSAGE, NOW, format!("{AT}.{{}}").as_bytes());
        assert_eq!(Stamp::of(&id, AT, &signed, NOW), Err(NotSigned));
        for id in ["", "a b", "a\n", "ä", &"a".repeat(201)] {
            assert_eq!(Stamp::of(id, AT, SIGNED, NOW), Err(NotSigned), "{id:?}");
        }
    }

    #[test]
    fn a_secret_is_base64_of_24_to_64_bytes_with_or_without_its_prefix_and_padding() {
        let read = |written: &str| Keys::read(&[Secret::new(written)]).map(|keys| keys.0.concat());
        let key = read(SECRET).unwrap();
        assert_eq!((key.len(), read("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap()), (24, key));
        let odd = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert_eq!(read(odd).unwrap(), read(&format!("{odd}=")).unwrap());
        assert_eq!(read("whsec_c2hvcnQ="), Err(BadKey::Length(5)));
        assert_eq!(read("whsec_"), Err(BadKey::Length(0)));
        assert_eq!(read("whsec_hunter2hunter2hunter2hunter2!"), Err(BadKey::NotBase64));
        assert!(!format!("{:?} {}", keys(&[SECRET]), BadKey::NotBase64).contains("MfKQ"));
    }

    proptest! {
        #[test]
        fn whatever_is_changed_by_a_bit_is_not_believed(at in 0..(BODY.len() + MESSAGE.len() + 32) * 8) {
            let (mut body, mut id) = (BODY.to_vec(), MESSAGE.as_bytes().to_vec());
            let mut signature = BASE64.decode(&SIGNED.as_bytes()[3..]).unwrap();
            let (byte, bit) = (at / 8, 1 << (at % 8));
            if let Some(byte) = body.get_mut(byte) {
                *byte ^= bit;
            } else if let Some(byte) = id.get_mut(byte - BODY.len()) {
                *byte ^= bit;
            } else {
                signature[byte - BODY.len() - MESSAGE.len()] ^= bit;
            }
            let id = String::from_utf8_lossy(&id).into_owned();
            let signature = format!("v1,{}", BASE64.encode(&signature));
            prop_assert!(!verify(&id, AT, &signature, &body, NOW));
        }

        #[test]
        fn no_headers_whatever_panic_or_pass(id in ".{0,40}", at in "[0-9]{0,12}|.{0,12}", signature in ".{0,80}") {
            prop_assert!(!verify(&id, &at, &signature, BODY, NOW));
        }

        #[test]
        fn what_is_signed_is_believed(id in "[!-\\-/-~]{1,200}", body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let signed = keys(&[SECRET]).sign(&id, NOW, &body);
            prop_assert!(verify(&id, AT, &signed, &body, NOW));
        }
    }
}
