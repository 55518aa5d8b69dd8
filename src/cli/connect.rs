//! `huifang connect`: introduces the service to a platform and says what is left to do there.
//!
//! It changes something at the platform (webhook, commands) and nothing here: what belongs into the
//! settings is printed.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::app::telegram::menu;
use crate::catalog::Catalog;
use crate::channel::Outgoing;
use crate::channel::telegram::{Mode, Telegram, TelegramConfig};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::language::Language;
use crate::domain::secret::Secret;

/// Introduces the service to a platform: checks the credentials, sets webhook and commands
#[derive(Debug, clap::Subcommand)]
pub(super) enum Connect {
    /// A Telegram bot; its token comes from the settings, else from standard input
    Telegram {
        /// Ask Telegram for messages, instead of being called: for a machine the world cannot reach
        #[arg(long)]
        polling: bool,
        /// Send a greeting to this chat (a number), to see that it arrives
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        chat: Option<i64>,
    },
}

impl Connect {
    /// Runs the command; fails when something did not work.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        match self {
            Connect::Telegram { polling, chat } => telegram(config, polling, chat).await,
        }
    }
}

async fn telegram(config: Config, polling: bool, chat: Option<i64>) -> anyhow::Result<ExitCode> {
    let given = config.telegram.token.is_some();
    let token = if given { config.telegram.token.clone() } else { Some(typed_token()?) };
    let mode = if polling { Mode::Polling } else { config.telegram.mode };
    let public_url = config.server.public_url();
    let settings = TelegramConfig { token, mode, ..config.telegram };
    let bot = Telegram::new(&settings)?.context("there is no token: @BotFather gives one (/newbot)")?;
    let catalog = Catalog::embedded().map_err(|_| anyhow::anyhow!("the prompts are broken: run 'huifang check'"))?;
    let told = bot.register(&public_url, &menu(&catalog)).await;
    for done in &told.done {
        super::print(format_args!("ok       {done}"))?;
    }
    let mut failed = !told.left.is_empty();
    for left in &told.left {
        super::print(format_args!("FAILED   {left}"))?;
    }
    if let (Some(chat), Some(_)) = (chat, &told.name) {
        let language = Language::default();
        let greeting = catalog.text(language, "welcome.unbound", &BTreeMap::new());
        let id = Clock::system().new_id();
        match bot.send(&Outgoing { id, address: &chat.to_string(), text: &greeting, buttons: &[] }).await {
            Ok(()) => super::print(format_args!("ok       a greeting was sent to chat {chat}"))?,
            Err(error) => {
                failed = true;
                super::print(format_args!("FAILED   a greeting to chat {chat}: {error}"))?;
            }
        }
    }
    let Some(name) = told.name else { return Ok(ExitCode::FAILURE) };
    super::print("\nStill to do:")?;
    if !given {
        super::print("- put the token into a file and name it to the service: HUIFANG_TELEGRAM__TOKEN_FILE=FILE")?;
    }
    if mode != config.telegram.mode {
        super::print("- in huifang.toml: [telegram] mode = \"polling\"")?;
    }
    super::print("- at @BotFather: /setdescription and /setuserpic, so that people see whom they write to")?;
    super::print("- at @BotFather: /setjoingroups, Disable, unless a group of staff shall get alerts")?;
    super::print(format_args!("- write to the bot to see that it answers: https://t.me/{name}"))?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn typed_token() -> anyhow::Result<Secret> {
    eprintln!("Token of the bot, as @BotFather gives it, then Enter:");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).context("the token could not be read")?;
    Ok(Secret::new(typed.trim()))
}
