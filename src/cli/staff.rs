//! `huifang staff`: who may log in to the console.

use std::io::BufRead as _;

use anyhow::{Context as _, bail};

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::staff::{Role, Staff};
use crate::store::{self, Store, StoreError};
use crate::web::console::password;

/// The shortest password that is taken (OWASP ASVS 5.0, 6.2.1).
const SHORTEST: usize = 8;

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
        /// What they do
        #[arg(long, default_value = "agent", value_parser = role)]
        role: Role,
        /// The region they look after; all when left out
        #[arg(long)]
        region: Option<String>,
    },
    /// Lists everybody
    List,
}

impl StaffCommand {
    /// Runs the command.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let url = &config.database.url;
        let store = Store::open(url.expose()).await.with_context(|| format!("[database] url = {url}"))?;
        store.migrate().await.with_context(|| format!("[database] url = {url}"))?;
        match self {
            StaffCommand::Add { login, name, role, region } => add(&store, login, name, role, region).await?,
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

async fn add(
    store: &Store,
    login: String,
    name: Option<String>,
    role: Role,
    region: Option<String>,
) -> anyhow::Result<()> {
    eprintln!("Password for {login} (at least {SHORTEST} characters), then Enter:");
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).context("the password could not be read")?;
    let typed = typed.trim_end_matches(['\r', '\n']);
    if typed.chars().count() < SHORTEST {
        bail!("the password has fewer than {SHORTEST} characters; nothing was added");
    }
    let hash = password::hash(typed).context("the password could not be hashed")?;
    let clock = Clock::system();
    let taken = login.clone();
    let new = Staff::new(clock.new_id(), login, role, clock.now());
    let staff = Staff { name: name.unwrap_or_else(|| new.name.clone()), region, ..new };
    let added = store
        .write(move |tx| {
            Box::pin(async move {
                if store::staff::by_login(tx, &staff.login).await?.is_some() {
                    return Ok::<_, StoreError>(false);
                }
                store::staff::insert(tx, &staff, &hash).await?;
                Ok(true)
            })
        })
        .await?;
    if !added {
        bail!("{taken} is there already; choose another login");
    }
    println!("{taken} may log in now");
    Ok(())
}

fn role(text: &str) -> Result<Role, String> {
    let names: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
    Role::from_name(text).ok_or_else(|| format!("expected one of {}", names.join(", ")))
}
