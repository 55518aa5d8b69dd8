//! The looks `huifang check` takes, one function a thing. None leaves anything behind.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Finding;
use crate::catalog::lexicon;
use crate::cli::absent;
use crate::config::Config;
use crate::models::{FileFault, Manifest};
use crate::speech::Listener;
use crate::speech::decode::Caps;
use crate::speech::sandbox::Sandbox;
use crate::speech::whisper::Recogniser;
use crate::store::blobs::Blobs;
use crate::store::jobs::{self, JobStatus};
use crate::store::{Store, StoreError};
use crate::tagging::{Lexical, Tagger, TaggingFault};

/// Is the database there, and of this version?
pub(super) async fn database(config: &Config) -> Finding {
    const WHAT: &str = "database";
    const REMEDY: &str = "start the database or correct [database] url (HUIFANG_DATABASE__URL)";
    let url = &config.database.url;
    let place = url.to_string();
    if let Some(file) = absent(url) {
        return match can_be_made(&file) {
            Ok(()) => Finding::warning(WHAT, place, "is not there yet".to_owned(), "'huifang migrate' makes it"),
            Err(problem) => Finding::broken(WHAT, place, problem, REMEDY),
        };
    }
    let looked = async {
        let store = Store::open(url.expose()).await?;
        let migrated = store.is_migrated().await;
        store.close().await;
        migrated
    };
    match looked.await {
        Ok(true) => Finding::fine(WHAT, place, "reachable and up to date"),
        Ok(false) => Finding::broken(WHAT, place, "is not up to date".to_owned(), "run 'huifang migrate'"),
        Err(error) => Finding::broken(WHAT, place, error.to_string(), REMEDY),
    }
}

/// Is there work that was given up? Nothing to say where there is none, or no database.
pub(super) async fn given_up(config: &Config) -> Option<Finding> {
    let url = &config.database.url;
    if absent(url).is_some() {
        return None;
    }
    let store = Store::open(url.expose()).await.ok()?;
    let count = store.read(|tx| Box::pin(async move { jobs::count(tx, JobStatus::Dead).await })).await;
    store.close().await;
    let count = count.map_err(|_: StoreError| ()).ok().filter(|count| *count > 0)?;
    let remedy = "see 'huifang jobs list', put right what it names, then 'huifang jobs replay all'";
    Some(Finding::warning("jobs", url.to_string(), format!("{count} were given up"), remedy))
}

/// Can a file be written, read and removed where media are kept?
pub(super) async fn media(config: &Config) -> Finding {
    const WHAT: &str = "media";
    const KEY: &str = "check/probe.txt";
    const REMEDY: &str = "correct [media] url (HUIFANG_MEDIA__URL), the rights of that place, or the AWS_… variables";
    let place = &config.media.url;
    // Opening would make the directory.
    if let Some(directory) = absent_directory(place) {
        return match can_be_made(&directory) {
            Ok(()) => {
                Finding::warning(WHAT, place, "is not there yet".to_owned(), "it is made when the service starts")
            }
            Err(problem) => Finding::broken(WHAT, place, problem, REMEDY),
        };
    }
    let looked = async {
        let blobs = Blobs::open(place)?;
        blobs.put(KEY, Bytes::from_static(b"huifang check")).await?;
        let same = blobs.get(KEY).await? == "huifang check";
        blobs.delete(KEY).await?;
        Ok::<bool, crate::store::blobs::BlobError>(same)
    };
    match looked.await {
        Ok(true) => Finding::fine(WHAT, place, "can be written, read and removed from"),
        Ok(false) => Finding::broken(WHAT, place, "gives back other bytes than were put there".to_owned(), REMEDY),
        Err(error) => Finding::broken(WHAT, place, error.to_string(), REMEDY),
    }
}

/// Returns the whole path of a media store that is a directory and is not there.
fn absent_directory(url: &str) -> Option<PathBuf> {
    let directory = url.strip_prefix("file:")?;
    let directory = Path::new(directory.strip_prefix("//").unwrap_or(directory));
    (!directory.exists()).then(|| std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned()))
}

/// Whether a path that is not there can be made, with the directories above it; says why not. It is tried, since
/// rights do not tell everything (`/proc`).
fn can_be_made(path: &Path) -> Result<(), String> {
    let Some(above) = path.ancestors().skip(1).find(|above| above.exists()) else { return Ok(()) };
    let probe = above.join(format!(".huifang-check-{}", std::process::id()));
    let tried = fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe));
    tried.map_err(|cause| format!("nothing can be made in {}: {cause}", above.display()))
}

/// Does the speech model load, or the recognition service answer?
pub(super) async fn speech(config: &Config) -> Finding {
    const WHAT: &str = "speech";
    const REMEDY: &str = "correct [speech] model (HUIFANG_SPEECH__MODEL); until then recordings wait for a person";
    if config.speech.service_url.is_some() {
        return speech_service(config).await;
    }
    let path = &config.speech.model;
    if config.speech.is_off() {
        return Finding::fine(WHAT, "[speech] model", "switched off; recordings wait for a person");
    }
    let place = path.display().to_string();
    if !path.is_file() {
        let problem = if path.is_dir() { "is a directory: name the file" } else { "is not there" };
        return Finding::warning(WHAT, place, problem.to_owned(), REMEDY);
    }
    let manifest = Manifest::embedded().ok();
    if let Some(Err(fault)) = manifest.as_ref().map(|manifest| manifest.check_thoroughly(path)) {
        return Finding::warning(WHAT, place, fault.fault.to_string(), fault.remedy);
    }
    let known = manifest.and_then(|manifest| manifest.model_of(path).cloned());
    let traits = known.as_ref().and_then(|model| model.speech).unwrap_or_default();
    match Recogniser::load(path, traits, config.speech.threads) {
        Ok(_) => {
            let name =
                known.map_or_else(|| "a model not listed in models/manifest.toml".to_owned(), |model| model.name);
            Finding::fine(WHAT, place, format!("loads ({name})"))
        }
        Err(fault) => Finding::warning(WHAT, place, fault.to_string(), REMEDY),
    }
}

async fn speech_service(config: &Config) -> Finding {
    const WHAT: &str = "speech";
    const PLACE: &str = "[speech] service_url";
    let listener = match Listener::new(&config.speech, std::env::current_exe().unwrap_or_default()) {
        Ok(listener) => listener,
        Err(error) => {
            let remedy = "put that right; until then recordings wait for a person";
            return Finding::warning(WHAT, PLACE, error.to_string(), remedy);
        }
    };
    match listener.try_out().await {
        Ok(()) => Finding::fine(WHAT, listener.model(), "the recognition service answers"),
        Err(fault) => Finding::warning(WHAT, PLACE, fault.to_string(), fault.remedy()),
    }
}

/// Does the confined child process decode a recording?
pub(super) async fn decoder() -> Finding {
    const WHAT: &str = "decoder";
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            return Finding::broken(WHAT, "this program", error.to_string(), "start it by a path that can be read");
        }
    };
    let place = program.display().to_string();
    match Sandbox::new(program, Caps::default()).decode(&silence()).await {
        Ok(decoded) if decoded.confined => Finding::fine(WHAT, place, "decodes in a confined process"),
        Ok(_) => Finding::warning(
            WHAT,
            place,
            "decodes, but this kernel has Landlock in part or not at all: a decoder's bug could open TCP connections or, \
             without any, read files of this user"
                .to_owned(),
            "use Linux 6.12 or newer with Landlock enabled, or let the service run as a user of its own",
        ),
        Err(error) => Finding::broken(WHAT, place, error.to_string(), "see that this program may start itself"),
    }
}

/// Does the keyword lexicon compile, and the sentiment model load and judge?
pub(super) fn tagging(config: &Config) -> Vec<Finding> {
    const LEXICON: &str = "prompts/keywords (compiled in)";
    const REMEDY: &str =
        "correct [tagging] model and ngrams (HUIFANG_TAGGING__MODEL, __NGRAMS); until then the others judge without it";
    let lexical = match lexicon::embedded() {
        Ok(words) => Lexical::new(&words).map_err(|error| error.to_string()),
        Err(fault) => Err(format!("prompts/{fault}")),
    };
    let lexical = match lexical {
        Ok(lexical) => lexical,
        Err(problem) => return vec![Finding::broken("lexicon", LEXICON, problem, "put this right and build again")],
    };
    let named = [("sentiment", &config.tagging.model, "model"), ("n-grams", &config.tagging.ngrams, "ngrams")];
    let (_, faults) = Tagger::open(lexical, &config.tagging.judges());
    let mut findings = vec![Finding::fine("lexicon", LEXICON, "understood")];
    for (what, path, key) in named {
        let Some(path) = path else {
            findings.push(Finding::fine(what, format!("[tagging] {key}"), "switched off; the others judge without it"));
            continue;
        };
        let file = if key == "model" { path.join("model.safetensors") } else { path.clone() };
        if let Some(Err(fault)) = Manifest::embedded().ok().map(|manifest| manifest.check_thoroughly(&file)) {
            let place = fault.path.display().to_string();
            findings.push(Finding::warning(what, place, fault.fault.to_string(), fault.remedy));
            continue;
        }
        let fault = faults.iter().find(|fault| match fault {
            TaggingFault::Model(_) => key == "model",
            TaggingFault::Ngrams(_) => key == "ngrams",
        });
        let place = path.display().to_string();
        findings.push(match fault {
            None => Finding::fine(what, place, "loads"),
            Some(fault) => Finding::warning(what, place, fault.to_string(), REMEDY),
        });
    }
    findings
}

/// Are the known models that are in a directory as they should be?
pub(super) fn known_models(directory: &Path) -> Vec<Finding> {
    const WHAT: &str = "models";
    let manifest = match Manifest::embedded() {
        Ok(manifest) => manifest,
        Err(error) => {
            let place = "models/manifest.toml (compiled in)";
            return vec![Finding::broken(WHAT, place, error.to_string(), "put it right and build again")];
        }
    };
    let mut findings = Vec::new();
    for model in manifest.models.iter().filter(|model| model.is_in(directory)) {
        for file in &model.files {
            let path = file.below(directory);
            let place = path.display().to_string();
            findings.push(match file.verify(&path, true) {
                Ok(()) => Finding::fine(WHAT, place, "has the known checksum"),
                Err(fault @ FileFault::Unpinned { .. }) => {
                    Finding::warning(WHAT, place, fault.to_string(), "compare it with one you trust")
                }
                Err(fault) => Finding::broken(WHAT, place, fault.to_string(), model.remedy(Some(directory))),
            });
        }
    }
    if findings.is_empty() {
        let problem = "holds no known model".to_owned();
        let remedy = "name the directory that speech/ and sentiment/ lie in";
        findings.push(Finding::broken(WHAT, directory.display().to_string(), problem, remedy));
    }
    findings
}

/// A tenth of a second of silence as WAV: 16 kHz, mono, 16 bits.
fn silence() -> Vec<u8> {
    const SAMPLES: u32 = 1600;
    let mut wav = Vec::with_capacity(44 + 2 * SAMPLES as usize);
    wav.extend(b"RIFF");
    wav.extend((36 + 2 * SAMPLES).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    for field in [1_u16, 1] {
        wav.extend(field.to_le_bytes()); // PCM, one channel
    }
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(32_000_u32.to_le_bytes());
    for field in [2_u16, 16] {
        wav.extend(field.to_le_bytes()); // bytes a frame, bits a sample
    }
    wav.extend(b"data");
    wav.extend((2 * SAMPLES).to_le_bytes());
    wav.resize(44 + 2 * SAMPLES as usize, 0);
    wav
}
