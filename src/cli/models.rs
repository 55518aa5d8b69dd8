//! `huifang models list|verify`: the models this version knows.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::speech::manifest::Manifest;

/// Models that are shipped or known
#[derive(Debug, clap::Subcommand)]
pub(super) enum Models {
    /// Lists the models, what they are for and their licence
    List,
    /// Compares the files with their known size and checksum
    Verify {
        /// Directory of the models
        #[arg(long, value_name = "DIR", default_value = "models")]
        dir: PathBuf,
    },
}

impl Models {
    /// Runs the command; fails when a file is missing or differs.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let manifest = Manifest::embedded().context("models/manifest.toml, as compiled in")?;
        match self {
            Models::List => {
                for model in &manifest.models {
                    let megabytes = model.files.iter().map(|file| file.size).sum::<u64>() / 1_000_000;
                    super::print(format_args!(
                        "{} ({}, {megabytes} MB, {})",
                        model.name, model.purpose, model.licence
                    ))?;
                    super::print(format_args!("    {}", model.note))?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Models::Verify { dir } => {
                let mut code = ExitCode::SUCCESS;
                for file in manifest.models.iter().flat_map(|model| &model.files) {
                    let path = dir.join(&file.file);
                    let verdict = match file.verify(&dir) {
                        Ok(true) => "ok".to_owned(),
                        Ok(false) => "DIFFERS from the file this version was made with".to_owned(),
                        Err(error) => format!("cannot be read: {error}"),
                    };
                    if verdict != "ok" {
                        code = ExitCode::FAILURE;
                    }
                    super::print(format_args!("{}: {verdict}", path.display()))?;
                }
                Ok(code)
            }
        }
    }
}
