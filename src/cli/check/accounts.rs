//! Do WeChat and WeCom know the accounts, and can they call us? Nothing is changed there.

use super::Finding;
use crate::channel::wechat::connect::is_callable;
use crate::channel::wechat::{ApiError, Wechat};
use crate::channel::wecom::Wecom;
use crate::clock::Clock;
use crate::config::Config;

const REMEDY: &str = "until then no message comes or goes by this channel";

/// Returns what was found; nothing for a channel that is off.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let wechat = match Wechat::new(&config.wechat, Clock::system()) {
        Ok(None) => None,
        Ok(Some(account)) => Some(found("wechat", "[wechat]", account.check().await, config)),
        Err(fault) => Some(Finding::broken("wechat", "[wechat]", fault.to_string(), "put that right")),
    };
    let wecom = match Wecom::new(&config.wecom, Clock::system()) {
        Ok(None) => None,
        Ok(Some(app)) => Some(found("wecom", "[wecom]", app.check().await, config)),
        Err(fault) => Some(Finding::broken("wecom", "[wecom]", fault.to_string(), "put that right")),
    };
    wechat.into_iter().chain(wecom).collect()
}

fn found(what: &'static str, place: &str, checked: Result<(), ApiError>, config: &Config) -> Finding {
    let public_url = config.server.public_url();
    match checked {
        Ok(()) if is_callable(&public_url) => {
            Finding::fine(what, place, format!("gives access tokens; it calls {public_url}/webhooks/{what}"))
        }
        Ok(()) => {
            let problem = format!("gives access tokens, but calls no such address as {public_url}");
            Finding::warning(what, place, problem, "set [server] public_url to https on port 443 or http on port 80")
        }
        Err(error @ ApiError::Denied(_)) => Finding::broken(what, place, error.to_string(), REMEDY),
        Err(error) => Finding::warning(what, place, error.to_string(), "look again later"),
    }
}
