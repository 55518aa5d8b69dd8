//! `huifang connect`: introduces the service to a platform and says what is left to do there.
//!
//! It changes something at the platform (webhook, commands, menu) and nothing here: what belongs
//! into the settings is printed, also what it made up for them.

use std::fmt::Display;
use std::io::BufRead as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::Config;
use crate::domain::secret::Secret;

mod telegram;
mod wechat;
mod wecom;

/// Introduces the service to a platform: checks the credentials, sets webhook, menu and commands
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
    /// A WeChat Official Account; what the settings lack is read from standard input, or made up
    Wechat {
        /// Send a greeting to this follower, who wrote to the account within two days
        #[arg(long)]
        openid: Option<String>,
    },
    /// An app of WeCom; what the settings lack is read from standard input, or made up
    Wecom {
        /// Send a greeting to this member of the company
        #[arg(long, value_name = "USERID")]
        user: Option<String>,
        /// Have the robot of the group of staff say something
        #[arg(long)]
        robot: bool,
    },
}

impl Connect {
    /// Runs the command; fails when something did not work.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        match self {
            Connect::Telegram { polling, chat } => telegram::run(config, polling, chat).await,
            Connect::Wechat { openid } => wechat::run(config, openid).await,
            Connect::Wecom { user, robot } => wecom::run(config, user, robot).await,
        }
    }
}

/// Whether something failed of what was tried; it is printed as it goes.
#[derive(Debug, Default)]
struct Report {
    something_failed: bool,
}

impl Report {
    fn failed(&mut self, what: impl Display) -> anyhow::Result<()> {
        self.something_failed = true;
        Ok(super::print(format_args!("FAILED   {what}"))?)
    }

    /// Says what only a person can do.
    fn end(self, to_do: &[String]) -> anyhow::Result<ExitCode> {
        super::print("\nStill to do:")?;
        for line in to_do {
            super::print(format_args!("- {line}"))?;
        }
        Ok(if self.something_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Says what was done.
fn done(what: impl Display) -> anyhow::Result<()> {
    Ok(super::print(format_args!("ok       {what}"))?)
}

/// Reads a line that somebody types.
fn typed(what: &str) -> anyhow::Result<String> {
    eprintln!("{what}, then Enter:");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).with_context(|| format!("{what}: it could not be read"))?;
    Ok(typed.trim().to_owned())
}

fn typed_secret(what: &str) -> anyhow::Result<Secret> {
    typed(what).map(Secret::new)
}

/// Whether a setting is missing; an empty one is.
fn lacks(set: Option<&Secret>) -> bool {
    set.is_none_or(|secret| secret.expose().trim().is_empty())
}
