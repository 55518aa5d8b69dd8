//! The access token that every call carries, got once and used until shortly before its end.
//!
//! It is the platform's `stable_token`: asked again while it is valid, the platform gives the same
//! one, so any number of replicas share it without knowing of each other. It is never forced to
//! change, which would take it from the others (protocols §1.10).

use tokio::sync::Mutex;

use super::api::ApiError;
use crate::clock::Clock;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// How long before its end a token is replaced, in seconds: as early as the platform renews it.
const EARLY: i64 = 300;

/// A token as the platform gave it.
pub(super) struct Fresh {
    pub token: Secret,
    /// What is left of its life, in seconds.
    pub seconds: i64,
}

/// The token in use. Whoever needs another one waits for whoever is asking for it already.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    token: Secret,
    until: Timestamp,
}

impl Tokens {
    /// Returns a token; `ask` is awaited only if there is none that lasts.
    ///
    /// # Errors
    /// What `ask` failed with.
    pub(super) async fn get(
        &self,
        clock: &Clock,
        ask: impl Future<Output = Result<Fresh, ApiError>>,
    ) -> Result<Secret, ApiError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| clock.now() < held.until) {
            return Ok(held.token.clone());
        }
        Ok(renewed(&mut held, clock, ask.await?))
    }

    /// Returns another token than `used`, which was refused. Of several whose calls failed with the
    /// same token only the first asks.
    ///
    /// # Errors
    /// What `ask` failed with.
    pub(super) async fn instead_of(
        &self,
        used: &Secret,
        clock: &Clock,
        ask: impl Future<Output = Result<Fresh, ApiError>>,
    ) -> Result<Secret, ApiError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.token != *used) {
            return Ok(held.token.clone());
        }
        // Forgotten first: if asking fails, nobody goes on with it.
        *held = None;
        Ok(renewed(&mut held, clock, ask.await?))
    }
}

fn renewed(held: &mut Option<Held>, clock: &Clock, fresh: Fresh) -> Secret {
    let Fresh { token, seconds } = fresh;
    let lasts = (seconds - EARLY).max(seconds / 2).max(0);
    let until = Timestamp(clock.now().0 + lasts * 1000);
    *held = Some(Held { token: token.clone(), until });
    token
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    struct Desk {
        clock: Clock,
        tokens: Tokens,
        asked: AtomicU32,
    }

    impl Desk {
        fn new() -> Desk {
            Desk { clock: Clock::manual(Timestamp(0)), tokens: Tokens::default(), asked: AtomicU32::new(0) }
        }

        async fn ask(&self) -> Result<Fresh, ApiError> {
            let count = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            Ok(Fresh { token: Secret::new(format!("token-{count}")), seconds: 7_200 })
        }

        async fn get(&self) -> Secret {
            self.tokens.get(&self.clock, self.ask()).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_and_replaced_before_its_end() {
        let desk = Desk::new();
        let all = futures_util::future::join_all((0..20).map(|_| desk.get())).await;
        assert!(all.iter().all(|token| *token == Secret::new("token-1")));
        desk.clock.advance(Duration::from_secs(6_899));
        assert_eq!(desk.get().await, Secret::new("token-1"));
        desk.clock.advance(Duration::from_secs(1));
        assert_eq!(desk.get().await, Secret::new("token-2"));
        assert_eq!(desk.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn calls_that_fail_together_renew_the_token_once() {
        let desk = Desk::new();
        let used = desk.get().await;
        let instead = || desk.tokens.instead_of(&used, &desk.clock, desk.ask());
        let all = futures_util::future::join_all((0..20).map(|_| instead())).await;
        assert!(all.into_iter().all(|token| token.unwrap() == Secret::new("token-2")));
        assert_eq!(desk.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_refused_token_is_forgotten_even_if_no_other_is_to_be_had() {
        let desk = Desk::new();
        let used = desk.get().await;
        let away = async { Err(ApiError::NotSent("away".to_owned())) };
        assert!(desk.tokens.instead_of(&used, &desk.clock, away).await.is_err());
        assert_eq!(desk.get().await, Secret::new("token-2"));
    }
}
