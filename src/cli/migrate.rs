//! `huifang migrate`: brings the database up to date.

use anyhow::Context as _;

use crate::config::Config;
use crate::store::Store;

/// Makes the database, or brings it up to date; safe to repeat
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {}

impl Migrate {
    /// Runs the command.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let url = &config.database.url;
        let store = Store::open(url.expose()).await.with_context(|| format!("[database] url = {url}"))?;
        store.migrate().await.with_context(|| format!("[database] url = {url}"))?;
        store.close().await;
        println!("{url} is up to date");
        Ok(())
    }
}
