//! The commands of the `huifang` program, one a file.
//!
//! A command prints what was asked for on standard output; everything else goes to standard
//! error. The program ends with 0, with 1 when the command failed, and with 2 when it was not
//! understood. An error says what is wrong, where, and what would be right.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

use crate::config::{Config, DatabaseUrl, FILE_NAME};
use crate::store::Store;
use crate::telemetry;

mod analyze;
mod check;
mod connect;
mod demo;
mod eval;
mod export;
mod import;
mod jobs;
mod migrate;
mod models;
mod qr;
mod serve;
mod staff;
mod transcribe;

/// Follow-up, repair reports and closed-loop tickets for engineering works, by chat and voice (回访)
#[derive(Debug, Parser)]
#[command(name = "huifang", version, arg_required_else_help = true)]
struct Cli {
    /// Settings file [default: `HUIFANG_CONFIG`, else ./huifang.toml where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Check(check::Check),
    #[command(subcommand)]
    Connect(connect::Connect),
    Migrate(migrate::Migrate),
    Analyze(analyze::Analyze),
    Transcribe(transcribe::Transcribe),
    #[command(subcommand)]
    Eval(eval::Eval),
    #[command(subcommand)]
    Export(export::Export),
    Import(import::Import),
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    #[command(subcommand)]
    Models(models::Models),
    Qr(qr::Qr),
    #[command(subcommand)]
    Staff(staff::StaffCommand),
}

/// Runs the program: reads its arguments and settings, starts logging, carries the command out.
pub fn run() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        // `huifang … | head` is no failure.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("huifang: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::start()?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the threads")?;
        let settings = Settings { file: self.config };
        let code = runtime.block_on(async {
            match self.command {
                Command::Demo(command) => command.run(settings.load()?).await?,
                Command::Serve(command) => command.run(settings.load()?).await?,
                Command::Analyze(command) => return command.run(&settings.load()?.tagging).await,
                Command::Eval(command) => command.run(settings.load()?).await?,
                Command::Export(command) => command.run(settings.load()?).await?,
                Command::Import(command) => return command.run(settings.load()?).await,
                Command::Jobs(command) => command.run(settings.load()?).await?,
                Command::Qr(command) => command.run(settings.load()?).await?,
                Command::Staff(command) => command.run(settings.load()?).await?,
                Command::Check(command) => return command.run(&settings).await,
                Command::Connect(command) => return command.run(settings.load()?).await,
                Command::Migrate(command) => command.run(settings.load()?).await?,
                Command::Transcribe(command) => command.run(settings.load()?.speech).await?,
                Command::Models(command) => return command.run(&settings.load()?).await,
            }
            Ok(ExitCode::SUCCESS)
        });
        // Blocking work that outlived its deadline must not keep a failed command from ending.
        runtime.shutdown_background();
        code
    }
}

/// Where the settings of this run come from.
#[derive(Debug)]
struct Settings {
    file: Option<PathBuf>,
}

impl Settings {
    /// Returns the file that is read: the one named, else `huifang.toml` here if there is one.
    fn file(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os("HUIFANG_CONFIG").filter(|name| !name.is_empty());
        let named = self.file.clone().or_else(|| variable().map(PathBuf::from));
        named.or_else(|| Path::new(FILE_NAME).exists().then(|| PathBuf::from(FILE_NAME)))
    }

    fn load(&self) -> anyhow::Result<Config> {
        let variables = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        let mut config = Config::load(self.file().as_deref(), variables)?;
        config.speech.model = locate(config.speech.model);
        config.tagging.model = config.tagging.model.map(locate);
        config.tagging.ngrams = config.tagging.ngrams.map(locate);
        Ok(config)
    }
}

/// Finds a model that is named relative to where the program was built or installed, so that it is
/// found from any working directory; a path that exists nowhere stays as it was given.
fn locate(path: PathBuf) -> PathBuf {
    // An empty one is a model that is switched off.
    if path.is_absolute() || path.exists() || path.as_os_str().is_empty() {
        return path;
    }
    let program = std::env::current_exe().unwrap_or_default();
    program.ancestors().skip(1).map(|above| above.join(&path)).find(|there| there.exists()).unwrap_or(path)
}

/// Opens the database, made where there is none, and brings it up to date.
async fn migrated(config: &Config) -> anyhow::Result<Store> {
    let url = &config.database.url;
    let new = absent(url);
    let store = Store::open(url.expose()).await.with_context(|| format!("[database] url = {url}"))?;
    store.migrate().await.with_context(|| format!("[database] url = {url}"))?;
    // Whoever stands in the wrong folder sees it by this.
    if let Some(file) = new {
        eprintln!("made the database {}", file.display());
    }
    Ok(store)
}

/// Opens a database that must be there already, and brings it up to date.
async fn existing(config: &Config) -> anyhow::Result<Store> {
    is_there(&config.database.url)?;
    migrated(config).await
}

/// Opens a database that must be up to date already: whoever only looks changes nothing.
async fn up_to_date(config: &Config) -> anyhow::Result<Store> {
    let url = &config.database.url;
    is_there(url)?;
    let store = Store::open(url.expose()).await.with_context(|| format!("[database] url = {url}"))?;
    if !store.is_migrated().await.with_context(|| format!("[database] url = {url}"))? {
        bail!("the database is not up to date: 'huifang migrate' brings it there");
    }
    Ok(store)
}

fn is_there(url: &DatabaseUrl) -> anyhow::Result<()> {
    match absent(url) {
        None => Ok(()),
        Some(file) => bail!(
            "[database] url = {url}: there is no {}; go to the folder of the service, or let 'huifang migrate' make it",
            file.display()
        ),
    }
}

/// Returns the whole path of a database that is a file and is not there: opening would make it.
fn absent(url: &DatabaseUrl) -> Option<PathBuf> {
    let file = url.expose().strip_prefix("sqlite:")?;
    let file = Path::new(file.strip_prefix("//").unwrap_or(file));
    (!file.exists()).then(|| std::path::absolute(file).unwrap_or_else(|_| file.to_owned()))
}

/// Prints a line of what was asked for. Unlike `println!` it does not panic on a closed pipe.
fn print(line: impl std::fmt::Display) -> io::Result<()> {
    use io::Write as _;
    writeln!(io::stdout(), "{line}")
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[tokio::test]
    async fn looking_at_a_database_changes_nothing_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("huifang.db");
        let url = format!("sqlite:{}", file.display());
        let config = Config::load(None, [("HUIFANG_DATABASE__URL".to_owned(), url.clone())]).unwrap();
        for refused in [up_to_date(&config).await, existing(&config).await] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains(&format!("there is no {}; ", file.display())), "{refused}");
        }
        assert!(!file.exists(), "opening would have made it");
        let store = Store::open(&url).await.unwrap();
        let refused = up_to_date(&config).await.unwrap_err().to_string();
        assert_eq!(refused, "the database is not up to date: 'huifang migrate' brings it there");
        assert!(!store.is_migrated().await.unwrap());
        store.migrate().await.unwrap();
        up_to_date(&config).await.unwrap();
    }

    #[test]
    fn the_commands_are_declared_without_contradiction() {
        Cli::command().debug_assert();
    }
}
