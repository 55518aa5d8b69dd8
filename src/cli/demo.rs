//! `huifang demo`: the whole service on one machine with made-up data, ready to be looked at.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app::{self, App, Role, demo};
use crate::config::{Config, DatabaseUrl};

/// Starts everything with sample data and prints where to look
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Address and port to listen on (port 0: any free one)
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where everything is kept; made when absent
    #[arg(long, value_name = "DIRECTORY", default_value = "demo-data")]
    data_dir: PathBuf,
}

impl Demo {
    /// Runs until SIGINT or SIGTERM.
    pub(super) async fn run(self, mut config: Config) -> anyhow::Result<()> {
        let directory = &self.data_dir;
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let listener = TcpListener::bind(self.listen).await.with_context(|| {
            format!("cannot listen on {}: stop what listens there, or choose another --listen", self.listen)
        })?;
        config.server.listen = listener.local_addr()?;
        let file = directory.join("huifang.db");
        config.database.url =
            DatabaseUrl::try_from(format!("sqlite:{}", file.display())).map_err(anyhow::Error::msg)?;
        config.media.url = format!("file:{}", directory.join("media").display());
        let stage = demo::set_stage(&mut config, listener.local_addr()?).await?;
        let url = config.server.public_url();
        let app = App::build(&config, true).await?;
        let access = demo::prepare(&app, directory).await?;
        let app = app.with_stage(stage.at_flat(&access.token));
        println!("huifang demo (sample data, kept in {})", directory.display());
        println!();
        println!("  You are the homeowner   {url}/chat?t={}", access.token);
        println!("  You are the staff       {url}/console");
        println!("                          log in as {} with the password {}", access.login, access.password);
        println!("  Telegram and WeChat     {url}/demo");
        println!("                          simulated here: nothing reaches the real ones");
        println!();
        println!("Voice: the embedded model knows synthetic voices and the domain's sentences only; the chat page");
        println!("offers ready clips. A real voice needs a published Whisper model in [speech] model.");
        println!("Stop with Ctrl-C. The data stays; remove {} to begin anew.", directory.display());
        app.serve(Role::All, Some(listener), app::asked_to_stop()).await
    }
}
