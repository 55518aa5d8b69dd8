//! `huifang migrate`: brings the database up to date.

use crate::config::Config;

/// Makes the database, or brings it up to date; safe to repeat
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {}

impl Migrate {
    /// Runs the command.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let url = &config.database.url;
        let store = super::migrated(&config).await?;
        store.close().await;
        println!("{url} is up to date");
        Ok(())
    }
}
