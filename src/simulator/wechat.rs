//! A WeChat Official Account as a service sees it: what it calls (tokens, messages, files, menu,
//! codes) and what calls it (pushes of a [`Follower`], plain or sealed). The protocol is told in protocols §1.
//!
//! [`Account`] is the platform; how it is called stands in `wire`.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use serde_json::Value;

use super::tokens::Tokens;
use super::{listen, locked, serve};
use crate::channel::wechat::WechatConfig;
use crate::domain::secret::Secret;

mod follower;
mod push;
mod wire;

pub use follower::Follower;
pub use push::{Push, Reply, deliver, envelope, seal, sign};

/// What the account was set up with; all of it made up or published as an example.
pub const TOKEN: &str = "spamtest";
pub const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub const APP_ID: &str = "wx2c2769f8efd9abc2";
pub const APP_SECRET: &str = "a-secret-nobody-may-read";
pub const ACCOUNT: &str = "gh_10f6c3c3ac5a";

/// Everything the platform remembers.
#[derive(Default)]
struct Memory {
    tokens: Tokens,
    /// What was taken, in order: `custom/send`, `template/send`, `menu/create`, `qrcode/create`.
    taken: Vec<(&'static str, Value)>,
    files: HashMap<String, Vec<u8>>,
    fetched: Vec<String>,
    /// How many messages by a template somebody has agreed to.
    consents: HashMap<(String, String), u32>,
}

/// The platform. Cheap to clone; its clones are the same one.
#[derive(Clone)]
pub struct Account {
    /// Where it listens.
    pub url: String,
    memory: Arc<Mutex<Memory>>,
}

impl Account {
    /// Starts a platform, with `before` standing between it and whoever calls.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(before: impl FnOnce(&Account, Router) -> Router) -> io::Result<Account> {
        let (listener, url) = listen().await?;
        let account = Account { url, memory: Arc::default() };
        serve(listener, before(&account, wire::router(Arc::clone(&account.memory))));
        Ok(account)
    }

    /// How a service is set up to use it.
    pub fn config(&self) -> WechatConfig {
        WechatConfig {
            app_id: Some(APP_ID.to_owned()),
            app_secret: Some(Secret::new(APP_SECRET)),
            token: Some(Secret::new(TOKEN)),
            encoding_aes_key: Some(Secret::new(KEY)),
            original_id: Some(ACCOUNT.to_owned()),
            api_url: Some(self.url.clone()),
            ..WechatConfig::default()
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        locked(&self.memory)
    }

    /// The access token is replaced: the one in use is not valid any more.
    pub fn revoke(&self) {
        self.memory().tokens.replace();
    }

    /// Whether a call with this access token is let in.
    pub fn admits(&self, token: &str) -> bool {
        self.memory().tokens.judge(Some(token)).is_ok()
    }

    /// Somebody taps [允许] in the dialog of a template.
    pub fn is_allowed(&self, openid: &str, template: &str) {
        *self.memory().consents.entry((openid.to_owned(), template.to_owned())).or_default() += 1;
    }

    /// Keeps a file of a follower, as long as nobody takes it away.
    pub fn keeps(&self, media: &str, bytes: Vec<u8>) {
        self.memory().files.insert(media.to_owned(), bytes);
    }

    /// A file is not kept any longer.
    pub fn forgets(&self, media: &str) {
        self.memory().files.remove(media);
    }

    /// Which files were asked for.
    pub fn fetched(&self) -> Vec<String> {
        self.memory().fetched.clone()
    }

    /// How often the access token was asked for.
    pub fn token_calls(&self) -> u32 {
        self.memory().tokens.asked()
    }

    /// What was taken by one call so far.
    pub fn taken(&self, call: &str) -> Vec<Value> {
        self.memory().taken.iter().filter(|(name, _)| *name == call).map(|(_, body)| body.clone()).collect()
    }
}
