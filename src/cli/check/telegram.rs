//! Does Telegram know the bot, and does it call where it should? Nothing is changed there.

use super::Finding;
use crate::channel::telegram::{Mode, Telegram};
use crate::config::Config;

const WHAT: &str = "telegram";

/// Returns what was found; nothing where the channel is off.
pub(super) async fn look(config: &Config) -> Option<Finding> {
    let place = "[telegram]".to_owned();
    let bot = match Telegram::new(&config.telegram) {
        Ok(bot) => bot?,
        Err(fault) => return Some(Finding::broken(WHAT, place, fault.to_string(), "put that right")),
    };
    let name = match bot.name().await {
        Ok(name) => format!("@{name}"),
        Err(error) => {
            let remedy = "until then no message comes or goes by Telegram";
            return Some(Finding::broken(WHAT, place, error.to_string(), remedy));
        }
    };
    let state = match bot.webhook().await {
        Ok(state) => state,
        Err(error) => return Some(Finding::warning(WHAT, name, error.to_string(), "look again later")),
    };
    let waiting = state.pending_update_count;
    let wanted = match bot.mode() {
        Mode::Webhook => Telegram::webhook_url(&config.server.public_url()),
        Mode::Polling => String::new(),
    };
    Some(if state.url != wanted {
        let problem = match (state.url.is_empty(), bot.mode()) {
            (true, _) => format!("no webhook is set; {waiting} updates wait"),
            (false, Mode::Polling) => format!("a webhook is set, to {}, though mode is polling", state.url),
            (false, Mode::Webhook) => format!("Telegram calls {}, not {wanted}", state.url),
        };
        Finding::warning(WHAT, name, problem, "'huifang serve' sets it at its start, 'huifang connect telegram' now")
    } else if let Some(trouble) = state.last_error_message.filter(|_| waiting > 0) {
        let problem = format!("Telegram cannot deliver, {waiting} updates wait: {trouble}");
        Finding::warning(WHAT, name, problem, format!("see that the world reaches {wanted}"))
    } else {
        Finding::fine(WHAT, name, format!("known to Telegram; {waiting} updates wait"))
    })
}
