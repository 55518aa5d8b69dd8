//! `huifang serve`: the service itself.

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app::{self, App, Role};
use crate::config::Config;

/// Runs the service
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// What this process does; several may share one PostgreSQL
    #[arg(long, value_enum, default_value = "all")]
    role: Role,
}

impl Serve {
    /// Runs until SIGINT or SIGTERM.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let address = config.server.listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}: choose another [server] listen"))?;
        let app = App::build(&config, false).await?;
        tracing::info!("listening on http://{address}");
        app.serve(self.role, listener, app::asked_to_stop()).await
    }
}
