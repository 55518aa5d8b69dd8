//! `huifang models list|verify|pull`: the models this version knows, whether their files are sound,
//! and how to come by the published ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::Config;
use crate::models::pull::{Order, Patience, pull};
use crate::models::{DIRECTORY, FileFault, Manifest, Model, ModelFile, Purpose};
use crate::tagging::bert::Bert;

mod progress;

use progress::Progress;

/// Models that are shipped or can be fetched
#[derive(Debug, clap::Subcommand)]
pub(super) enum Models {
    /// Lists the models: what they are for, size, licence, languages, whether they are here and in use
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Compares the files that are here with their known size and checksum
    Verify {
        #[command(flatten)]
        place: Place,
    },
    /// Fetches a published model; a broken download is taken up again
    Pull(Pull),
}

#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Directory of the models [default: where the shipped ones lie]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// What to fetch. Proxies are taken from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
#[derive(Debug, clap::Args)]
pub(super) struct Pull {
    /// Name of the model, as 'huifang models list' shows it
    name: String,
    /// Address of a mirror; it stands in for that of Hugging Face, the paths stay the same
    /// [default: `[models] mirror`]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// Directory of models to put it into [default: where the shipped ones lie]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// SHA-256 you vouch for, as NAME=HEX (once for each file), or HEX alone where only one is wanted
    #[arg(long, value_name = "NAME=HEX")]
    sha256: Vec<String>,
    /// Take files of which no checksum is known; the computed one is printed and kept beside each
    #[arg(long)]
    accept_unpinned: bool,
}

impl Models {
    /// Runs the command; fails when a file is missing or differs.
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let manifest = Manifest::embedded().context("models/manifest.toml, as compiled in")?;
        match self {
            Models::List { place } => list(&manifest, &place.directory(), config),
            Models::Verify { place } => verify(&manifest, place),
            Models::Pull(command) => command.run(&manifest, config).await,
        }
    }
}

impl Place {
    /// The shipped models are looked for as the configured ones are.
    fn directory(self) -> PathBuf {
        self.dir.unwrap_or_else(|| super::locate(DIRECTORY.into()))
    }
}

fn list(manifest: &Manifest, directory: &Path, config: &Config) -> anyhow::Result<ExitCode> {
    let is_whole = |model: &Model, place: &dyn Fn(&ModelFile) -> PathBuf| {
        model.files.iter().all(|file| file.verify(&place(file), false).is_ok())
    };
    let row = |name: &str, purpose: &str, size: &str, here: &str, used: &str, licence: &str, languages: &str| {
        format!("{name:<28} {purpose:<9} {size:>8}  {here:<4} {used:<6} {licence:<17} {languages}")
    };
    super::print(row("NAME", "PURPOSE", "SIZE", "HERE", "IN USE", "LICENCE", "LANGUAGES"))?;
    for model in &manifest.models {
        let purpose = model.purpose.to_string();
        let size = model.size().map_or_else(|| "?".to_owned(), |bytes| format!("{} MB", (bytes + 500_000) / 1_000_000));
        let used = used_at(manifest, model, config);
        let used = used.map(|weights| is_whole(model, &|file| weights.with_file_name(file.name())));
        let is_here = used == Some(true) || is_whole(model, &|file| file.below(directory));
        let here = if is_here { "yes" } else { "-" };
        let used = used.map_or("-", |whole| if whole { "yes" } else { "broken" });
        super::print(row(&model.name, &purpose, &size, here, used, &model.licence, &model.languages.join(", ")))?;
        super::print(format_args!("    {}", model.note))?;
        for metric in &model.metrics {
            super::print(format_args!("    {}: {} ({}, {})", metric.figure, metric.value, metric.data, metric.date))?;
        }
    }
    super::print(
        "\nThe models that come with the program know synthetic voices and sentences of this domain only. Real voices \
         need a published one: 'huifang models pull NAME', for Mandarin whisper-small-q5_1 or larger.",
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Returns where the settings have the weights of a model, if they name it.
fn used_at(manifest: &Manifest, model: &Model, config: &Config) -> Option<PathBuf> {
    let named = match model.purpose {
        Purpose::Speech if config.speech.service_url.is_some() => Vec::new(),
        Purpose::Speech => vec![config.speech.model.clone()],
        Purpose::Sentiment => {
            let network = config.tagging.model.as_ref().map(|folder| folder.join("model.safetensors"));
            network.into_iter().chain(config.tagging.ngrams.clone()).collect()
        }
    };
    let is_of_it = |path: &PathBuf| {
        let known = manifest.known_as(path).or_else(|| manifest.model_of(path));
        known.is_some_and(|known| known.name == model.name)
    };
    named.into_iter().find(is_of_it)
}

fn verify(manifest: &Manifest, place: Place) -> anyhow::Result<ExitCode> {
    let default_place = place.dir.is_none();
    let directory = place.directory();
    // The shipped ones are wanted where they lie by default, and nowhere else.
    let wanted = |model: &&Model| model.is_in(&directory) || (default_place && model.source.is_none());
    let models: Vec<&Model> = manifest.models.iter().filter(wanted).collect();
    anyhow::ensure!(
        !models.is_empty(),
        "no known model is in {}: name the directory that speech/ and sentiment/ lie in",
        directory.display()
    );
    let mut code = ExitCode::SUCCESS;
    for model in models {
        for file in &model.files {
            let path = file.below(&directory);
            let verdict = match file.verify(&path, true) {
                Ok(()) => "ok".to_owned(),
                Err(fault @ FileFault::Unpinned { .. }) => fault.to_string(),
                Err(fault) => {
                    code = ExitCode::FAILURE;
                    format!("{fault}; {}", model.remedy(Some(&directory)))
                }
            };
            super::print(format_args!("{}: {verdict}", path.display()))?;
        }
    }
    Ok(code)
}

impl Pull {
    async fn run(self, manifest: &Manifest, config: &Config) -> anyhow::Result<ExitCode> {
        let model = manifest.named(&self.name).with_context(|| unknown(manifest, &self.name))?;
        let order = Order {
            sha256: self.checksums(model)?,
            into: self.into.unwrap_or_else(|| super::locate(DIRECTORY.into())),
            mirror: self.from.or_else(|| config.models.mirror.clone()),
            accept_unpinned: self.accept_unpinned,
            patience: Patience::default(),
        };
        let mut progress = Progress::on_stderr();
        let weights = pull(model, &order, &mut |step| progress.tell(step)).await?;
        let weights = weights.canonicalize().unwrap_or(weights);
        let (section, path) = match model.purpose {
            Purpose::Speech => ("speech", weights.as_path()),
            Purpose::Sentiment => ("tagging", weights.parent().unwrap_or(&weights)),
        };
        if order.accept_unpinned && model.purpose == Purpose::Sentiment {
            let (folder, labels) = (path.to_owned(), config.tagging.labels.clone());
            let looked = tokio::task::spawn_blocking(move || Bert::load(&folder, labels.as_ref()).map(drop));
            looked.await?.with_context(|| format!("{} came, and cannot be used", model.name))?;
        }
        super::print(format_args!("[{section}]\nmodel = \"{}\"", path.display()))?;
        eprintln!("These two lines in huifang.toml put {} to use.", model.name);
        Ok(ExitCode::SUCCESS)
    }

    /// Reads `--sha256`.
    fn checksums(&self, model: &Model) -> anyhow::Result<BTreeMap<String, String>> {
        let mut checksums = BTreeMap::new();
        for given in &self.sha256 {
            let (name, hex) = match given.split_once('=') {
                Some(pair) => pair,
                None => {
                    let open: Vec<&str> =
                        model.files.iter().filter(|file| file.sha256.is_none()).map(ModelFile::name).collect();
                    let only = match (model.files.as_slice(), open.as_slice()) {
                        ([file], _) => file.name(),
                        (_, [name]) => name,
                        _ => anyhow::bail!("--sha256: say which file it is of: {}", open.join(", ")),
                    };
                    (only, given.as_str())
                }
            };
            let hex = hex.to_ascii_lowercase();
            anyhow::ensure!(
                hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "--sha256 {given}: expected 64 hexadecimal digits"
            );
            let file = model.files.iter().find(|file| file.name() == name);
            let file = file.with_context(|| format!("--sha256 {given}: {} has no file {name}", model.name))?;
            // Such a file would come, and be refused as another one wherever it is used.
            if let Some(known) = file.sha256.as_deref().filter(|known| !hex.eq_ignore_ascii_case(known)) {
                anyhow::bail!("--sha256 {given}: the {name} of {} has {known}; leave it out", model.name);
            }
            checksums.insert(name.to_owned(), hex);
        }
        Ok(checksums)
    }
}

fn unknown(manifest: &Manifest, name: &str) -> String {
    let known: Vec<&str> =
        manifest.models.iter().filter(|model| model.source.is_some()).map(|model| model.name.as_str()).collect();
    let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let near = near.filter(|known| known.contains(name) || strsim::damerau_levenshtein(name, known) <= 3);
    let meant = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
    format!("no model is called {name}{meant}; those that can be fetched are {}", known.join(", "))
}
