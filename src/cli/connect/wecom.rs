//! `huifang connect wecom`: credentials, menu, a greeting, the robot, and what the platform's
//! console wants to have typed in.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;

use super::wechat::labels;
use super::{Report, done, lacks, typed, typed_secret};
use crate::catalog::Catalog;
use crate::channel::Outgoing;
use crate::channel::envelope::key;
use crate::channel::wecom::robot::Robot;
use crate::channel::wecom::{Wecom, WecomConfig};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::language::Language;

pub(super) async fn run(config: Config, user: Option<String>, robot: bool) -> anyhow::Result<ExitCode> {
    let public_url = config.server.public_url();
    let mut settings = config.wecom;
    let catalog = Catalog::embedded().map_err(|_| anyhow::anyhow!("the prompts are broken: run 'huifang check'"))?;
    let greeting = catalog.text(Language::default(), "welcome.unbound", &BTreeMap::new());
    let mut report = Report::default();
    if robot {
        match Robot::new(&settings, Clock::system())? {
            None => {
                report.failed("[wecom] robot_key is not set: add a robot to the group and copy what follows key=")?;
            }
            Some(robot) => match robot.say(&greeting).await {
                Ok(()) => done("the robot said something in its group")?,
                Err(error) => report.failed(format_args!("the robot: {error}"))?,
            },
        }
    }
    if robot && settings.corp_id.is_none() {
        return report.end(&["the app of [wecom] is not set up: alerts need only the robot".to_owned()]);
    }
    let mut left = completed(&mut settings)?;
    let app = Wecom::new(&settings, Clock::system())?.context("[wecom] is empty")?;
    match app.check().await {
        Ok(()) => done("WeCom knows the app and gives access tokens")?,
        Err(error) => {
            report.failed(error)?;
            left.extend(app.to_do(&public_url));
            return report.end(&left);
        }
    }
    let labels = labels(&catalog);
    match app.create_menu(&labels).await {
        Ok(()) => done(format_args!("the menu: {}, {}, {}", labels.repair, labels.progress, labels.more))?,
        Err(error) => report.failed(format_args!("the menu: {error}"))?,
    }
    match app.desks().await {
        Ok(desks) => {
            for desk in desks {
                match app.desk_link(&desk.open_kfid).await {
                    Ok(link) => done(format_args!("customer service {:?} is reached by {link}", desk.name))?,
                    Err(error) => {
                        report.failed(format_args!("the link to customer service {:?}: {error}", desk.name))?;
                    }
                }
            }
        }
        // Without a secret of its own it may just not be in use.
        Err(_) if !app.has_service_secret() => {}
        Err(error) => report.failed(format_args!("customer service: {error}"))?,
    }
    if let Some(user) = &user {
        let id = Clock::system().new_id();
        match app.send(&Outgoing { id, address: user, text: &greeting, buttons: &[] }).await {
            Ok(()) => done("a greeting was sent")?,
            Err(error) => report.failed(format_args!("a greeting: {error}"))?,
        }
    }
    left.extend(app.to_do(&public_url));
    report.end(&left)
}

/// Asks for what the settings lack, or makes it up where it is ours to choose; returns what has to
/// be written into them.
fn completed(settings: &mut WecomConfig) -> anyhow::Result<Vec<String>> {
    let mut left = Vec::new();
    if settings.corp_id.as_deref().is_none_or(str::is_empty) {
        let id = typed("CorpID of the company, as the console shows it")?;
        left.push(format!("in huifang.toml: [wecom] corp_id = {id:?}"));
        settings.corp_id = Some(id);
    }
    if settings.agent_id.is_none() {
        let id = typed("AgentId of the app")?;
        let id: u32 = id.parse().with_context(|| format!("AgentId: expected a number, not {id:?}"))?;
        left.push(format!("in huifang.toml: [wecom] agent_id = {id}"));
        settings.agent_id = Some(id);
    }
    if lacks(settings.secret.as_ref()) {
        settings.secret = Some(typed_secret("Secret of the app")?);
        left.push("put the Secret into a file: HUIFANG_WECOM__SECRET_FILE=FILE".to_owned());
    }
    if lacks(settings.token.as_ref()) {
        let made = key::fresh(key::TOKEN_LENGTH).context("the machine gives no randomness")?;
        left.push(format!("in huifang.toml: [wecom] token = {:?} (made just now)", made.expose()));
        settings.token = Some(made);
    }
    if lacks(settings.encoding_aes_key.as_ref()) {
        let made = key::fresh(key::WRITTEN).context("the machine gives no randomness")?;
        left.push(format!("in huifang.toml: [wecom] encoding_aes_key = {:?} (made just now)", made.expose()));
        settings.encoding_aes_key = Some(made);
    }
    Ok(left)
}
