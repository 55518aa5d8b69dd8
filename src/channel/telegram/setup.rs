//! What is arranged with Telegram once: webhook, commands, and a look at how both stand
//! (protocols §3.1, §3.4).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use teloxide::payloads::{GetMe, GetWebhookInfo, SetMyCommands, SetWebhook};
use teloxide::types::{AllowedUpdate, BotCommand, User};

use super::{CALL, Mode, Telegram, WEBHOOK_PATH, fault};
use crate::channel::SendError;

/// The updates that [`super::update`] reads. Always said: what is left out stays as it was set
/// before, perhaps by another program.
pub(super) const ALLOWED: [AllowedUpdate; 4] =
    [AllowedUpdate::Message, AllowedUpdate::EditedMessage, AllowedUpdate::CallbackQuery, AllowedUpdate::MyChatMember];

/// The commands that Telegram offers, by the language they are for (`None`: everybody else).
pub type Menu = BTreeMap<Option<&'static str>, Vec<(String, String)>>;

/// What became of the arrangements.
#[derive(Debug, Default)]
pub struct Registered {
    /// The bot's name, where it is known.
    pub name: Option<String>,
    pub done: Vec<String>,
    /// What went wrong, or is for the operator to do.
    pub left: Vec<String>,
    /// Something did not work that may work later.
    pub again: bool,
}

/// How the webhook stands, as Telegram sees it. teloxide's own type fails on kinds of updates it
/// does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebhookState {
    /// Empty where none is set.
    pub url: String,
    pub pending_update_count: u64,
    /// Unix seconds.
    pub last_error_date: Option<i64>,
    pub last_error_message: Option<String>,
    pub max_connections: Option<u32>,
    pub allowed_updates: Vec<String>,
}

impl Telegram {
    /// Returns the bot's name, without `@`.
    ///
    /// # Errors
    /// When the token is wrong, or Telegram is out of reach.
    pub async fn name(&self) -> Result<String, SendError> {
        let me: User = self.api.call(&GetMe::new(), CALL).await.map_err(fault::of_sending)?;
        Ok(me.username.unwrap_or(me.first_name))
    }

    /// Returns how the webhook stands.
    ///
    /// # Errors
    /// When the token is wrong, or Telegram is out of reach.
    pub async fn webhook(&self) -> Result<WebhookState, SendError> {
        self.api.call(&GetWebhookInfo::new(), CALL).await.map_err(fault::of_sending)
    }

    /// Sets webhook (or takes it away, where updates are asked for) and commands. Each is tried,
    /// whatever becomes of the others; doing it again changes nothing.
    pub async fn register(&self, public_url: &str, menu: &Menu) -> Registered {
        let mut told = Registered::default();
        match self.name().await {
            Ok(name) => {
                told.done.push(format!("the bot is @{name}: people reach it at https://t.me/{name}"));
                told.name = Some(name);
            }
            Err(error) => {
                // Nothing else will work.
                told.fail("getMe", &error);
                return told;
            }
        }
        match self.mode {
            Mode::Polling => match self.delete_webhook().await {
                Ok(()) => told.done.push("no webhook: updates are asked for".to_owned()),
                Err(error) => told.fail("deleteWebhook", &error),
            },
            Mode::Webhook => self.register_webhook(public_url, &mut told).await,
        }
        for (language, commands) in menu {
            let mut payload = SetMyCommands::new(commands.iter().map(|(name, what)| BotCommand::new(name, what)));
            payload.language_code = language.map(str::to_owned);
            let named = language.unwrap_or("every other language");
            match self.api.call::<_, IgnoredAny>(&payload, CALL).await.map_err(fault::of_sending) {
                Ok(_) => told.done.push(format!("{} commands for {named}", commands.len())),
                Err(error) => told.fail(&format!("setMyCommands for {named}"), &error),
            }
        }
        told
    }

    /// Returns the webhook's address below the service's own.
    pub fn webhook_url(public_url: &str) -> String {
        format!("{}{WEBHOOK_PATH}", public_url.trim_end_matches('/'))
    }

    async fn register_webhook(&self, public_url: &str, told: &mut Registered) {
        let address = Telegram::webhook_url(public_url);
        let Ok(url) = reqwest::Url::parse(&address) else {
            told.left.push(format!("[server] public_url is no address: {public_url}"));
            return;
        };
        // A Bot API server of one's own may call by HTTP, Telegram's does not (§3.7).
        if url.scheme() != "https" && self.api.is_telegrams() {
            told.left.push(format!(
                "Telegram calls by HTTPS only, not {address}: set [server] public_url to an https address that the \
                 world can reach, or [telegram] mode = \"polling\""
            ));
            return;
        }
        let mut payload = SetWebhook::new(url);
        payload.secret_token = Some(self.secret.expose().to_owned());
        payload.allowed_updates = Some(ALLOWED.to_vec());
        payload.max_connections = Some(self.max_connections);
        match self.api.call::<_, IgnoredAny>(&payload, CALL).await.map_err(fault::of_sending) {
            Ok(_) => told.done.push(format!("Telegram calls {address}")),
            Err(error) => {
                told.fail(&format!("setWebhook to {address}"), &error);
                return;
            }
        }
        match self.webhook().await {
            Ok(state) if state.url == address => {
                if let Some(trouble) = state.last_error_message {
                    told.left.push(format!("the last call of the webhook failed, says Telegram: {trouble}"));
                }
            }
            Ok(_) => told.left.push("another program has set another webhook for the same bot".to_owned()),
            Err(error) => told.fail("getWebhookInfo", &error),
        }
    }
}

impl Registered {
    fn fail(&mut self, what: &str, error: &SendError) {
        self.left.push(format!("{what}: {error}"));
        self.again |= matches!(error, SendError::Later { .. } | SendError::Uncertain(_));
    }
}
