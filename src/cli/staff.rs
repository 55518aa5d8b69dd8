//! `huifang staff`: who may log in to the console, and whose account on a platform is whose.

use std::io::BufRead as _;

use anyhow::{Context as _, bail};

use crate::app::token_key;
use crate::channel::telegram::{Telegram, TelegramConfig};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::accounts::{AccountError, Entry, EntryFault, login_of, new_account};
use crate::desk::staff_leaves;
use crate::domain::ids::StaffId;
use crate::domain::staff::Role;
use crate::domain::token::STAFF_LINK_LASTS;
use crate::store::{self, Store, StoreError};
use crate::web::console::password;

/// Who may log in to the console
#[derive(Debug, clap::Subcommand)]
pub(super) enum StaffCommand {
    /// Adds somebody; the password is read from standard input
    Add {
        /// What they log in with
        login: String,
        /// What they are called
        #[arg(long)]
        name: Option<String>,
        /// What they do: agent, engineer, manager, headquarters, subcontractor or admin
        #[arg(long, default_value = "agent", value_parser = role)]
        role: Role,
        /// The region they look after; all when left out
        #[arg(long)]
        region: Option<String>,
    },
    /// Gives somebody a new password, read from standard input; an imported person's first one
    Password {
        /// What they log in with
        login: String,
    },
    /// Lists everybody
    List,
    /// Somebody has left: they may not log in; their open tickets go back to the pool, visits to nobody, clients to be won back to a manager or an agent
    Leave {
        /// What they log in with
        login: String,
    },
    /// Prints a link: whoever opens it in Telegram within a day may act on alerts there as this person
    Link {
        /// What they log in with
        login: String,
    },
    /// Takes every account on a platform from somebody
    Unlink {
        /// What they log in with
        login: String,
    },
}

impl StaffCommand {
    /// Runs the command.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let telegram = config.telegram.clone();
        // The first account is often what a new database begins with; the others are looked for in one.
        let store = match &self {
            StaffCommand::Add { .. } => super::migrated(&config).await?,
            StaffCommand::Password { .. }
            | StaffCommand::List
            | StaffCommand::Leave { .. }
            | StaffCommand::Link { .. }
            | StaffCommand::Unlink { .. } => super::existing(&config).await?,
        };
        match self {
            StaffCommand::Add { login, name, role, region } => {
                add(&store, &login, name, role, region.unwrap_or_default()).await?;
            }
            StaffCommand::Password { login } => set_password(&store, login).await?,
            StaffCommand::Link { login } => link(&store, &telegram, &login).await?,
            StaffCommand::Unlink { login } => {
                let id = known(&store, &login).await?;
                let taken = store.write(move |tx| Box::pin(async move { store::staff_accounts::unlink(tx, id).await }));
                let taken = taken.await?;
                super::print(format_args!("{login}: {taken} accounts taken away"))?;
            }
            StaffCommand::Leave { login } => {
                let (id, clock) = (known(&store, &login).await?, Clock::system());
                let left = store.write(move |tx| Box::pin(async move { staff_leaves(tx, &clock, id).await }));
                left.await?;
                super::print(format_args!("{login} may not log in; the running service takes their tickets back"))?;
            }
            StaffCommand::List => {
                let all = store.read(|tx| Box::pin(async move { store::staff::list(tx).await })).await;
                for staff in all.map_err(|error: StoreError| error)? {
                    let region = staff.region.as_deref().unwrap_or("all regions");
                    let active = if staff.active { "" } else { ", may not log in" };
                    super::print(format_args!(
                        "{}\t{}\t{}, {region}{active}",
                        staff.login,
                        staff.name,
                        staff.role.name()
                    ))?;
                }
            }
        }
        store.close().await;
        Ok(())
    }
}

async fn set_password(store: &Store, login: String) -> anyhow::Result<()> {
    let hash = typed_password(&login)?;
    let wanted = login.clone();
    let found = store
        .write(move |tx| {
            Box::pin(async move {
                let Some((staff, _)) = store::staff::by_login(tx, &wanted).await? else { return Ok(None) };
                store::staff::set_password(tx, staff.id, &hash).await?;
                // Whoever logged in with the old one is asked again.
                store::sessions::end_all(tx, staff.id).await?;
                Ok::<_, StoreError>(Some(staff.active))
            })
        })
        .await?;
    match found {
        None => bail!("nobody logs in as {login}; 'huifang staff list' shows everybody"),
        Some(true) => println!("{login} may log in with the new password"),
        Some(false) => println!("the password of {login} is set, but they may not log in: they have left"),
    }
    Ok(())
}

/// Reads a password from standard input and returns its hash.
fn typed_password(login: &str) -> anyhow::Result<String> {
    eprintln!("Password for {login} (at least {} characters), then Enter:", password::SHORTEST);
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).context("the password could not be read")?;
    let typed = typed.trim_end_matches(['\r', '\n']);
    if typed.chars().count() < password::SHORTEST {
        bail!("the password has fewer than {} characters; nothing was changed", password::SHORTEST);
    }
    password::hash(typed).context("the password could not be hashed")
}

async fn add(store: &Store, login: &str, name: Option<String>, role: Role, region: String) -> anyhow::Result<()> {
    let login = login_of(login)?;
    let hash = typed_password(&login)?;
    let entry = Entry {
        name: name.unwrap_or_else(|| login.clone()),
        role,
        region,
        team: String::new(),
        phone: String::new(),
        skills: Vec::new(),
        wecom: String::new(),
        mail: String::new(),
    };
    let (clock, wanted) = (Clock::system(), login.clone());
    let added = store.write(move |tx| Box::pin(async move { new_account(tx, &clock, &wanted, &entry, &hash).await }));
    match added.await {
        Ok(_) => println!("{login} may log in now"),
        Err(AccountError::Fault(EntryFault::LoginTaken)) => bail!("{login} is there already; choose another login"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn link(store: &Store, telegram: &TelegramConfig, login: &str) -> anyhow::Result<()> {
    let bot = Telegram::new(telegram)?.context("[telegram] has no token: 'huifang connect telegram' says more")?;
    let id = known(store, login).await?;
    let name = bot.name().await.context("the bot's name")?;
    let token = token_key(store).await?.sign_staff(id, Clock::system().now() + STAFF_LINK_LASTS);
    super::print(format_args!("https://t.me/{name}?start={token}"))?;
    eprintln!("Give this link to {login} alone: it works once, within a day.");
    Ok(())
}

/// Returns whoever logs in by that name.
async fn known(store: &Store, login: &str) -> anyhow::Result<StaffId> {
    let wanted = login.to_owned();
    let found = store.read(|tx| Box::pin(async move { store::staff::by_login(tx, &wanted).await })).await;
    let found = found.map_err(|error: StoreError| error)?;
    let (staff, _) = found.with_context(|| format!("there is no {login}: 'huifang staff list' names everybody"))?;
    Ok(staff.id)
}

fn role(text: &str) -> Result<Role, String> {
    let names: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
    Role::from_name(text).ok_or_else(|| format!("expected one of {}", names.join(", ")))
}
