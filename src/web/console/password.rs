//! Passwords: argon2id (m = 19 MiB, t = 2, p = 1, as OWASP advises), a few at a time.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use tokio::sync::Semaphore;

/// Each check takes 19 MiB and some 30 ms of a core: more at once would starve the rest.
const AT_ONCE: usize = 2;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// The shortest password that is taken, in characters (OWASP ASVS 5.0, 6.2.1).
pub const SHORTEST: usize = 8;
/// Longer ones are refused before they cost anything.
pub(super) const LONGEST_PASSWORD: usize = 200;

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

/// Hashes a password with a fresh salt; returns the PHC string to store.
///
/// # Errors
/// If the machine gives no randomness for the salt.
pub fn hash(password: &str) -> Result<String, HashError> {
    let hash = argon2id()?.hash_password(password.as_bytes()).map_err(|cause| HashError(cause.to_string()))?;
    Ok(hash.to_string())
}

/// Checks passwords on blocking threads, at most [`AT_ONCE`] at a time.
#[derive(Debug, Clone)]
pub(in crate::web) struct Checker {
    permits: Arc<Semaphore>,
    /// Checked in place of an unknown account's hash, so that both take the same time.
    nobody: Arc<str>,
}

impl Checker {
    pub(in crate::web) fn new() -> Result<Checker, HashError> {
        Ok(Checker { permits: Arc::new(Semaphore::new(AT_ONCE)), nobody: hash("nobody has this password")?.into() })
    }

    /// Hashes a new password; `None` if it is too short or too long to be one.
    pub(super) async fn hash(&self, password: String) -> Result<Option<String>, HashError> {
        if password.chars().count() < SHORTEST || password.len() > LONGEST_PASSWORD {
            return Ok(None);
        }
        let closed = |cause: &dyn std::fmt::Display| HashError(cause.to_string());
        let _permit = self.permits.acquire().await.map_err(|cause| closed(&cause))?;
        tokio::task::spawn_blocking(move || hash(&password)).await.map_err(|cause| closed(&cause))?.map(Some)
    }

    /// Returns whether the password belongs to the hash; without a hash it takes as long and says no.
    pub(super) async fn check(&self, password: String, stored: Option<String>) -> bool {
        let Ok(_permit) = self.permits.acquire().await else { return false };
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let checked = tokio::task::spawn_blocking(move || verify(&password, &stored)).await;
        known && checked.unwrap_or(false)
    }
}

fn verify(password: &str, stored: &str) -> bool {
    let (Ok(stored), Ok(argon2)) = (PasswordHash::new(stored), argon2id()) else { return false };
    argon2.verify_password(password.as_bytes(), &stored).is_ok()
}

fn argon2id() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|cause| HashError(cause.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_passes_and_an_unknown_account_never_does() {
        let stored = hash("对的密码").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let checker = Checker::new().unwrap();
        assert!(checker.check("对的密码".to_owned(), Some(stored.clone())).await);
        assert!(!checker.check("错的密码".to_owned(), Some(stored)).await);
        assert!(!checker.check("x".to_owned(), Some("not a hash".to_owned())).await);
        assert!(!checker.check("nobody has this password".to_owned(), None).await);
    }
}
