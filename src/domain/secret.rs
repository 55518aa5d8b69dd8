//! A secret of the configuration: it shows itself to nobody and is compared in equal time.

use std::fmt;

use serde::Deserialize;
use subtle::ConstantTimeEq;

/// A password, key or token that an operator set.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret over.
    pub fn new(secret: impl Into<String>) -> Secret {
        Secret(secret.into())
    }

    /// Returns it in the clear: for the request it belongs into, never for a log or a page.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its duration how much was right. A secret that is empty matches nothing.
    pub fn matches(&self, said: &[u8]) -> bool {
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(said))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_whole_and_never_shown() {
        let secret = Secret::new("hunter2");
        assert!(secret.matches(b"hunter2") && !secret.matches(b"hunter") && !secret.matches(b""));
        assert!(!Secret::new("").matches(b""));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
