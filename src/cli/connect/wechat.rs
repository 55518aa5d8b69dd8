//! `huifang connect wechat`: credentials, menu, a greeting, and what the platform's console wants to
//! have typed in.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;

use super::{Report, done, lacks, typed, typed_secret};
use crate::catalog::Catalog;
use crate::channel::Outgoing;
use crate::channel::envelope::key;
use crate::channel::wechat::connect::MenuLabels;
use crate::channel::wechat::{Mode, Wechat};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::language::Language;

pub(super) async fn run(config: Config, openid: Option<String>) -> anyhow::Result<ExitCode> {
    let public_url = config.server.public_url();
    let mut settings = config.wechat;
    let mut left = Vec::new();
    if settings.app_id.as_deref().is_none_or(str::is_empty) {
        let id = typed("AppID of the account, as its console shows it")?;
        left.push(format!("in huifang.toml: [wechat] app_id = {id:?}"));
        settings.app_id = Some(id);
    }
    if lacks(settings.app_secret.as_ref()) {
        settings.app_secret = Some(typed_secret("AppSecret of the account")?);
        left.push("put the AppSecret into a file: HUIFANG_WECHAT__APP_SECRET_FILE=FILE".to_owned());
    }
    if lacks(settings.token.as_ref()) {
        let made = key::fresh(key::TOKEN_LENGTH).context("the machine gives no randomness")?;
        left.push(format!("in huifang.toml: [wechat] token = {:?} (made just now)", made.expose()));
        settings.token = Some(made);
    }
    if settings.mode != Mode::Plain && lacks(settings.encoding_aes_key.as_ref()) {
        let made = key::fresh(key::WRITTEN).context("the machine gives no randomness")?;
        left.push(format!("in huifang.toml: [wechat] encoding_aes_key = {:?} (made just now)", made.expose()));
        settings.encoding_aes_key = Some(made);
    }
    let account = Wechat::new(&settings, Clock::system())?.context("[wechat] is empty")?;
    let mut report = Report::default();
    match account.check().await {
        Ok(()) => done("WeChat knows the account and gives access tokens")?,
        Err(error) => {
            report.failed(error)?;
            left.extend(account.to_do(&public_url));
            return report.end(&left);
        }
    }
    let catalog = Catalog::embedded().map_err(|_| anyhow::anyhow!("the prompts are broken: run 'huifang check'"))?;
    let labels = labels(&catalog);
    match account.create_menu(&labels).await {
        Ok(()) => done(format_args!("the menu: {}, {}, {}", labels.repair, labels.progress, labels.more))?,
        Err(error) => report.failed(format_args!("the menu: {error}"))?,
    }
    if let Some(openid) = &openid {
        let greeting = catalog.text(Language::default(), "welcome.unbound", &BTreeMap::new());
        let id = Clock::system().new_id();
        match account.send(&Outgoing { id, address: openid, text: &greeting, buttons: &[] }).await {
            Ok(()) => done("a greeting was sent")?,
            Err(error) => report.failed(format_args!("a greeting: {error}"))?,
        }
    }
    left.extend(account.to_do(&public_url));
    report.end(&left)
}

/// The menu in the language of most.
pub(super) fn labels(catalog: &Catalog) -> MenuLabels {
    let label = |key: &str| catalog.text(Language::default(), key, &BTreeMap::new());
    MenuLabels {
        repair: label("menu.report"),
        progress: label("menu.status"),
        survey: label("menu.survey"),
        human: label("menu.human"),
        more: label("menu.more"),
    }
}
