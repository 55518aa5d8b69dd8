//! `huifang serve`: the service itself.

use std::net::SocketAddr;

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
        let listener = match self.role {
            Role::All | Role::Web => Some(bind(address).await?),
            Role::Worker => None,
        };
        let app = App::build(&config, false).await?;
        match &listener {
            Some(_) => tracing::info!("listening on http://{address}"),
            None => tracing::info!("doing jobs; a worker listens nowhere"),
        }
        app.serve(self.role, listener, app::asked_to_stop()).await
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen on {address}: choose another [server] listen"))
}
