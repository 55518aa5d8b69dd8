//! `huifang connect telegram`: token, webhook, commands, a greeting.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;

use super::{Report, done};
use crate::app::telegram::menu;
use crate::catalog::Catalog;
use crate::channel::Outgoing;
use crate::channel::telegram::{Mode, Telegram, TelegramConfig};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::language::Language;

pub(super) async fn run(config: Config, polling: bool, chat: Option<i64>) -> anyhow::Result<ExitCode> {
    let given = config.telegram.token.is_some();
    let token = if given {
        config.telegram.token.clone()
    } else {
        Some(super::typed_secret("Token of the bot, as @BotFather gives it")?)
    };
    let mode = if polling { Mode::Polling } else { config.telegram.mode };
    let public_url = config.server.public_url();
    let settings = TelegramConfig { token, mode, ..config.telegram };
    let bot = Telegram::new(&settings)?.context("there is no token: @BotFather gives one (/newbot)")?;
    let catalog = Catalog::embedded().map_err(|_| anyhow::anyhow!("the prompts are broken: run 'huifang check'"))?;
    let told = bot.register(&public_url, &menu(&catalog)).await;
    let mut report = Report::default();
    for what in &told.done {
        done(what)?;
    }
    for left in &told.left {
        report.failed(left)?;
    }
    if let (Some(chat), Some(_)) = (chat, &told.name) {
        let language = Language::default();
        let greeting = catalog.text(language, "welcome.unbound", &BTreeMap::new());
        let id = Clock::system().new_id();
        match bot.send(&Outgoing { id, address: &chat.to_string(), text: &greeting, buttons: &[] }).await {
            Ok(()) => done(format_args!("a greeting was sent to chat {chat}"))?,
            Err(error) => report.failed(format_args!("a greeting to chat {chat}: {error}"))?,
        }
    }
    let Some(name) = told.name else { return Ok(ExitCode::FAILURE) };
    let mut left = Vec::new();
    if !given {
        left.push("put the token into a file and name it to the service: HUIFANG_TELEGRAM__TOKEN_FILE=FILE".to_owned());
    }
    if mode != config.telegram.mode {
        left.push("in huifang.toml: [telegram] mode = \"polling\"".to_owned());
    }
    left.push("at @BotFather: /setdescription and /setuserpic, so that people see whom they write to".to_owned());
    left.push("at @BotFather: /setjoingroups, Disable, unless a group of staff shall get alerts".to_owned());
    left.push(format!("write to the bot to see that it answers: https://t.me/{name}"));
    report.end(&left)
}
