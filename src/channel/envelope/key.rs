//! One `EncodingAESKey`: how it is written, and the cipher it keys.
//!
//! AES-256-CBC with a fixed initial vector and a padding to 32 bytes, not to the cipher's 16: the
//! usual unpadders refuse half of it, so it is done by hand here (protocols §1.4).

use aes::Aes256;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use data_encoding::{BASE64, BASE64_NOPAD};

use super::Refused;
use crate::domain::secret::Secret;

/// Characters of a key as the console shows it.
pub const WRITTEN: usize = 43;
/// The most characters of the token that signs (protocols §1.1).
pub const TOKEN_LENGTH: usize = 32;
/// What plaintexts are padded to, in bytes.
const BLOCK: usize = 32;
/// Random bytes and length before the message.
const HEAD: usize = 16 + 4;

/// Makes up a key or a token: letters and digits, each as likely as any other.
///
/// # Errors
/// When the machine gives no randomness.
pub fn fresh(length: usize) -> Result<Secret, getrandom::Error> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut made = String::with_capacity(length);
    while made.len() < length {
        // Of the 64 values of six bits two are none of ours.
        let letters = super::random()?.into_iter().filter_map(|byte| LETTERS.get(usize::from(byte & 63)));
        made.extend(letters.take(length - made.len()).map(|letter| char::from(*letter)));
    }
    Ok(Secret::new(made))
}

/// Why a key cannot be used; the key is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not 43 characters.
    #[error("an EncodingAESKey has 43 characters, this one has {0}")]
    Length(usize),
    /// Something else than letters, digits, `+` and `/`.
    #[error("an EncodingAESKey consists of letters and digits")]
    Character,
    /// The token that signs is empty.
    #[error("the token is empty: anybody could sign with it")]
    NoToken,
}

/// A key of 32 bytes. Shows itself to nobody.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Reads a key as the platform's console shows it. Its last character holds two bits too many,
    /// which are dropped: Tencent's own sample keys have some set there.
    pub fn parse(written: &Secret) -> Result<Key, KeyFault> {
        let written = written.expose().trim();
        let length = written.chars().count();
        if length != WRITTEN {
            return Err(KeyFault::Length(length));
        }
        let mut lenient = BASE64_NOPAD.specification();
        lenient.check_trailing_bits = false;
        let decoded = lenient.encoding().ok().and_then(|base64| base64.decode(written.as_bytes()).ok());
        decoded.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(Key).ok_or(KeyFault::Character)
    }

    /// Decrypts base64 and takes the message out, if it is for `receive_id`.
    pub(super) fn open(&self, encrypt: &str, receive_id: &str) -> Result<String, Refused> {
        let mut bytes = BASE64.decode(encrypt.as_bytes()).map_err(|_| Refused)?;
        if bytes.is_empty() || !bytes.len().is_multiple_of(16) {
            return Err(Refused);
        }
        let (key, iv) = self.key_and_iv();
        let cipher = cbc::Decryptor::<Aes256>::new(key.into(), iv.into());
        let plain = cipher.decrypt_padded_mut::<NoPadding>(&mut bytes).map_err(|_| Refused)?;
        let (message, id) = take_apart(plain).ok_or(Refused)?;
        if id != receive_id.as_bytes() {
            return Err(Refused);
        }
        String::from_utf8(message.to_vec()).map_err(|_| Refused)
    }

    /// Encrypts a message for `receive_id` to base64.
    pub(super) fn seal(&self, message: &str, receive_id: &str, random: [u8; 16]) -> String {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut plain = Vec::with_capacity(HEAD + message.len() + receive_id.len() + BLOCK);
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(receive_id.as_bytes());
        let pad = BLOCK - plain.len() % BLOCK;
        // `pad` is 1..=32.
        plain.resize(plain.len() + pad, u8::try_from(pad).unwrap_or(0));
        self.encrypt(&plain)
    }

    /// Encrypts whole blocks.
    fn encrypt(&self, padded: &[u8]) -> String {
        let (key, iv) = self.key_and_iv();
        let cipher = cbc::Encryptor::<Aes256>::new(key.into(), iv.into());
        BASE64.encode(&cipher.encrypt_padded_vec_mut::<NoPadding>(padded))
    }

    /// The initial vector is the beginning of the key.
    fn key_and_iv(&self) -> (&[u8; 32], &[u8; 16]) {
        let iv = self.0.first_chunk().unwrap_or(&[0; 16]);
        (&self.0, iv)
    }
}

/// Takes `random(16) | length(4) | message | id | padding` apart into message and id.
fn take_apart(plain: &[u8]) -> Option<(&[u8], &[u8])> {
    let pad = *plain.last()?;
    if !(1..=32).contains(&pad) {
        return None;
    }
    let (body, padding) = plain.split_at_checked(plain.len().checked_sub(usize::from(pad))?)?;
    if padding.iter().any(|byte| *byte != pad) {
        return None;
    }
    let (head, rest) = body.split_at_checked(HEAD)?;
    let length = u32::from_be_bytes(*head.last_chunk()?);
    rest.split_at_checked(usize::try_from(length).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `random | length | message | id | padding`, any of them wrong.
    fn plain(length: u32, id: &str, padding: &[u8]) -> Vec<u8> {
        [&[7; 16], length.to_be_bytes().as_slice(), b"hello", id.as_bytes(), padding].concat()
    }

    #[test]
    fn a_key_that_was_made_up_is_a_key_and_no_two_are_alike() {
        let (one, other) = (fresh(WRITTEN).unwrap(), fresh(WRITTEN).unwrap());
        assert!(Key::parse(&one).is_ok() && one != other);
        assert!(one.expose().bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_eq!(fresh(TOKEN_LENGTH).unwrap().expose().len(), 32);
    }

    #[test]
    fn a_plaintext_that_is_put_together_wrongly_is_refused() {
        let key = Key::parse(&Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")).unwrap();
        let opened = |plain: &[u8]| key.open(&key.encrypt(plain), "wx1");
        assert_eq!(opened(&plain(5, "wx1", &[4; 4])).as_deref(), Ok("hello"));
        let mut uneven = [4; 4];
        uneven[0] = 3;
        let wrong = [
            ("a padding of nothing", plain(5, "wx1", &[0; 4])),
            ("a padding over 32", plain(5, "wx1", &[33; 36])),
            ("a padding that is longer than the text", plain(5, "wx1", &[4, 4, 4, 32])),
            ("a padding of several values", plain(5, "wx1", &uneven)),
            ("a length beyond the end", plain(u32::MAX, "wx1", &[4; 4])),
            ("a length that eats the id", plain(8, "wx1", &[4; 4])),
            ("a length that leaves words", plain(4, "wx1", &[4; 4])),
            ("nothing but padding", vec![16; 16]),
            ("less than a head", [[7; 16].as_slice(), &[0, 0, 0], &[13; 13]].concat()),
        ];
        for (what, plain) in wrong {
            assert_eq!(opened(&plain), Err(Refused), "{what}");
        }
        let not_words = [&[7; 16], [0, 0, 0, 2].as_slice(), b"\xff\xfe", b"wx1", &[7; 7]].concat();
        assert_eq!(opened(&not_words), Err(Refused));
    }
}
