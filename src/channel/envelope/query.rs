//! The part of a push that stands in its URL: who signed what, and when.
//!
//! Nothing here is trusted before [`super`] has verified it; a key that comes twice is refused, so
//! that nobody signs one value and has another one read (protocols §6.4).

use super::{Refused, Signed};

/// Longest query that is read, in bytes; WeCom's encrypted `echostr` is the longest that is sent.
const LONGEST: usize = 2_048;

/// What the query of a push may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Signs `timestamp` and `nonce` alone (Official Account only).
    pub signature: Option<String>,
    /// Signs the encrypted text as well.
    pub msg_signature: Option<String>,
    pub timestamp: String,
    pub nonce: String,
    /// `aes` where the body is encrypted (Official Account only).
    pub encrypt_type: Option<String>,
    /// What a verification wants to have back; WeCom's is encrypted.
    pub echostr: Option<String>,
}

impl Query {
    /// Reads the query of a URL, without its question mark. Keys that mean nothing here (`openid`)
    /// are passed over.
    ///
    /// # Errors
    /// [`Refused`] when it is too long, when a key comes twice, or when `timestamp` or `nonce` is
    /// missing.
    pub fn parse(raw: &str) -> Result<Query, Refused> {
        if raw.len() > LONGEST {
            return Err(Refused);
        }
        let pairs: Vec<_> = form_urlencoded::parse(raw.as_bytes()).collect();
        let mut keys: Vec<_> = pairs.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|two| two.first() == two.last()) {
            return Err(Refused);
        }
        let mut query = Query::default();
        for (key, value) in pairs {
            let value = value.into_owned();
            match key.as_ref() {
                "signature" => query.signature = Some(value),
                "msg_signature" => query.msg_signature = Some(value),
                "timestamp" => query.timestamp = value,
                "nonce" => query.nonce = value,
                "encrypt_type" => query.encrypt_type = Some(value),
                "echostr" => query.echostr = Some(value),
                _ => {}
            }
        }
        if query.timestamp.is_empty() || query.nonce.is_empty() { Err(Refused) } else { Ok(query) }
    }

    /// Returns what signs an encrypted text.
    ///
    /// # Errors
    /// [`Refused`] without a `msg_signature`: `signature` does not stand in for it.
    pub fn signed(&self) -> Result<Signed<'_>, Refused> {
        let msg_signature = self.msg_signature.as_deref().ok_or(Refused)?;
        Ok(Signed { msg_signature, timestamp: &self.timestamp, nonce: &self.nonce })
    }

    /// Returns the encrypted `echostr` of WeCom. A sender that left a `+` as it is meant a `+`,
    /// though in a query it reads as a space.
    ///
    /// # Errors
    /// [`Refused`] where there is none.
    pub fn encrypted_echo(&self) -> Result<String, Refused> {
        self.echostr.as_deref().map(|echo| echo.replace(' ', "+")).ok_or(Refused)
    }

    /// Returns how many seconds lie between the request's own time and `now`, in either direction.
    ///
    /// # Errors
    /// [`Refused`] when its time is not a number.
    pub fn seconds_off(&self, now: crate::domain::time::Timestamp) -> Result<u64, Refused> {
        let said: i64 = self.timestamp.parse().map_err(|_| Refused)?;
        Ok(said.abs_diff(now.0 / 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_key_that_comes_twice_is_refused() {
        let query = Query::parse("signature=s&timestamp=1&nonce=n&openid=o&echostr=a%2Bb+c").unwrap();
        assert_eq!((query.signature.as_deref(), query.encrypted_echo().as_deref()), (Some("s"), Ok("a+b+c")));
        assert_eq!(query.signed().unwrap_err(), Refused);
        for wrong in ["timestamp=1&nonce=n&nonce=m", "timestamp=1&nonce=n&openid=a&openid=b", "timestamp=1", ""] {
            assert_eq!(Query::parse(wrong), Err(Refused), "{wrong}");
        }
        assert_eq!(Query::parse(&format!("timestamp=1&nonce={}", "n".repeat(LONGEST))), Err(Refused));
    }

    #[test]
    fn a_time_is_compared_in_both_directions() {
        let query = |timestamp: &str| Query { timestamp: timestamp.to_owned(), ..Query::default() };
        assert_eq!(query("1000").seconds_off(Timestamp(1_290_500)), Ok(290));
        assert_eq!(query("1000").seconds_off(Timestamp(990_000)), Ok(10));
        assert_eq!(query("-9223372036854775808").seconds_off(Timestamp(0)), Ok(1 << 63));
        assert_eq!(query("soon").seconds_off(Timestamp(0)), Err(Refused));
    }
}
