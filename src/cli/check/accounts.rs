//! Do WeChat and WeCom know the accounts, and can they call us? Nothing is changed there. And can the
//! settings be used of the channels that nobody is asked about?

use super::Finding;
use crate::app;
use crate::channel::http::Http;
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
    let (mut wecom, mut service) = (None, None);
    match Wecom::new(&config.wecom, Clock::system()) {
        Ok(None) => {}
        Ok(Some(app)) => {
            let checked = app.check().await;
            service = if checked.is_ok() { customer_service(&app).await } else { None };
            wecom = Some(found("wecom", "[wecom]", checked, config));
        }
        Err(fault) => wecom = Some(Finding::broken("wecom", "[wecom]", fault.to_string(), "put that right")),
    }
    wechat.into_iter().chain(wecom).chain(service).collect()
}

/// Are `[http]` and `[alerts]` such that the service starts? Nothing for a section that is not set up.
pub(super) fn settings(config: &Config) -> Vec<Finding> {
    const FINE: &str = "can be used";
    const REMEDY: &str = "put that right: the service does not start with it";
    let http = match Http::new(&config.http, Clock::system()) {
        Ok(channel) => channel.map(|_| Finding::fine("http", "[http]", FINE)),
        Err(fault) => Some(Finding::broken("http", "[http]", fault.to_string(), REMEDY)),
    };
    let place = "where staff is told";
    let alerts = match app::alerts(config, &Clock::system()) {
        Ok(alerts) => alerts.map(|_| Finding::fine("alerts", place, FINE)),
        // It names the section: a robot is set up in that of its platform.
        Err(fault) => Some(Finding::broken("alerts", place, format!("{fault:#}"), REMEDY)),
    };
    http.into_iter().chain(alerts).collect()
}

/// Which accounts of customer service are ours? `None` where it is not in use.
async fn customer_service(app: &Wecom) -> Option<Finding> {
    const WHAT: &str = "wecom_kf";
    const PLACE: &str = "[wecom] customer service";
    match app.desks().await {
        Ok(desks) if desks.is_empty() && !app.has_service_secret() => None,
        Ok(desks) if desks.is_empty() => {
            let problem = "no account is open to it".to_owned();
            Some(Finding::warning(WHAT, PLACE, problem, "let the app manage the accounts by interface in its console"))
        }
        Ok(desks) => {
            let names: Vec<_> = desks.iter().map(|desk| desk.name.as_str()).collect();
            Some(Finding::fine(WHAT, PLACE, format!("answers for {}", names.join(", "))))
        }
        Err(_) if !app.has_service_secret() => None,
        Err(error @ ApiError::Denied(_)) => Some(Finding::broken(WHAT, PLACE, error.to_string(), REMEDY)),
        Err(error) => Some(Finding::warning(WHAT, PLACE, error.to_string(), "look again later")),
    }
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
