//! Fetching the files of a published model, so that a broken line costs nothing but time.
//!
//! A file grows as `NAME.part` beside its place, is hashed while it grows, and takes its name only
//! when size and checksum are right and it is on the disk. What is there of a part is used again
//! (`Range`, with `If-Range` where the server named a version), by a later run as well. One process
//! fetches a file at a time: the part is locked.

mod attempt;
mod error;
mod part;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, Url};

pub use self::error::PullError;
use self::part::Part;
use super::integrity::{record_of, recorded, sha256_of};
use super::manifest::{Model, ModelFile};
use crate::http;

/// How long a server may send nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest pause before another try.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What to fetch, and on what terms.
#[derive(Debug, Clone)]
pub struct Order {
    /// The directory of models; files go where the manifest says below it.
    pub into: PathBuf,
    /// What stands in for the host of the model's source, the path staying as it is.
    pub mirror: Option<String>,
    /// Checksums the operator vouches for, by name of the file; they go before the manifest's.
    pub sha256: BTreeMap<String, String>,
    /// Whether files may come of which no checksum is known.
    pub accept_unpinned: bool,
    pub patience: Patience,
}

/// How often and how soon to try again when a line is down or breaks.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Tries in a row that bring nothing new.
    pub tries: u32,
    /// The pause before the second; each further one is twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { tries: 6, pause: Duration::from_secs(1) }
    }
}

/// What is happening, for whoever watches.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// It was there already and is right.
    Present {
        file: &'a Path,
    },
    /// `done` bytes are there already; `total` where it is known.
    Receiving {
        file: &'a Path,
        done: u64,
        total: Option<u64>,
    },
    /// The server's answer makes what was there useless.
    Anew {
        file: &'a Path,
    },
    Waiting {
        file: &'a Path,
        why: &'a PullError,
        pause: Duration,
    },
    /// In place, with this checksum; `recorded` beside the file where the manifest has none.
    Arrived {
        file: &'a Path,
        sha256: &'a str,
        recorded: bool,
    },
}

/// One file to fetch.
struct Target<'a> {
    url: Url,
    /// The address as it may be shown and kept: without a password.
    shown: String,
    path: PathBuf,
    size: Option<u64>,
    sha256: Option<&'a str>,
    pinned: bool,
}

/// Fetches what is missing of a model and returns where its weights lie.
///
/// # Errors
/// [`PullError`] says what is wrong and what to do; what came so far stays for the next run, unless
/// it is known to be wrong.
pub async fn pull(
    model: &Model,
    order: &Order,
    watch: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<PathBuf, PullError> {
    let source = model.source.as_deref().ok_or_else(|| PullError::Shipped(model.name.clone()))?;
    let targets: Vec<Target<'_>> =
        model.files.iter().map(|file| target(source, file, order)).collect::<Result<_, _>>()?;
    if !order.accept_unpinned
        && let Some(open) = targets.iter().find(|target| target.sha256.is_none())
    {
        return Err(PullError::Unpinned { file: open.path.clone() });
    }
    // What is compressed on the way cannot be resumed; the client asks for nothing of the kind.
    let client = http::client(SILENCE).build().map_err(|error| PullError::Client(http::reason(error)))?;
    for target in &targets {
        fetch(&client, target, order.patience, watch).await?;
    }
    targets.into_iter().next().map(|target| target.path).ok_or_else(|| PullError::Shipped(model.name.clone()))
}

/// What an address that cannot be read is called.
const MIRROR: &str = "the mirror (--from, or [models] mirror)";

fn target<'a>(source: &str, file: &'a ModelFile, order: &'a Order) -> Result<Target<'a>, PullError> {
    let bad = |url: &str, reason: String| PullError::Address { url: url.to_owned(), reason };
    let url = format!("{source}{}", file.name());
    let mut url = Url::parse(&url).map_err(|error| bad(&url, error.to_string()))?;
    if let Some(mirror) = &order.mirror {
        let stand_in = format!("{}{}", mirror.trim_end_matches('/'), url.path());
        // Not repeated: it may hold a password.
        url = Url::parse(&stand_in).map_err(|error| bad(MIRROR, error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(bad(MIRROR, "expected https://… or http://…".to_owned()));
        }
    }
    let vouched = order.sha256.get(file.name()).or(file.sha256.as_ref());
    let mut shown = url.clone();
    // Only an address without a host cannot lose them, and none gets here.
    let _ = shown.set_password(None).and_then(|()| shown.set_username(""));
    Ok(Target {
        url,
        shown: shown.to_string(),
        path: file.below(&order.into),
        size: file.size,
        sha256: vouched.map(String::as_str),
        pinned: file.sha256.is_some(),
    })
}

async fn fetch(
    client: &Client,
    target: &Target<'_>,
    patience: Patience,
    watch: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<(), PullError> {
    let file = target.path.as_path();
    if let Some(known) = target.sha256.map(str::to_owned).or_else(|| recorded(file))
        && target.size.is_none_or(|size| file.metadata().is_ok_and(|found| found.len() == size))
        && sha256_of(file).is_ok_and(|found| found == known)
    {
        watch(Step::Present { file });
        return Ok(());
    }
    let mut part = Part::open(file, &target.shown, target.sha256.is_some())?;
    let found = loop {
        if let Err(error) = receive(client, target, patience, &mut part, watch).await {
            part.leave();
            return Err(error);
        }
        let found = part.sha256();
        let Some(known) = target.sha256.filter(|known| found != *known) else { break found };
        if !part.is_inherited() {
            part.discard()?;
            return Err(PullError::Hash { url: target.shown.clone(), found, known: known.to_owned() });
        }
        // What is wrong may be what another address sent before.
        part.begin_anew()?;
        watch(Step::Anew { file });
    };
    part.take_place()?;
    let recorded = !target.pinned;
    if recorded {
        let record = record_of(file);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        std::fs::write(&record, format!("{found}  {name}\n")).map_err(|cause| PullError::file(&record, cause))?;
    }
    watch(Step::Arrived { file, sha256: &found, recorded });
    Ok(())
}

/// Asks for what a part lacks until nothing is missing, or patience is at its end.
async fn receive(
    client: &Client,
    target: &Target<'_>,
    patience: Patience,
    part: &mut Part,
    watch: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<(), PullError> {
    let file = target.path.as_path();
    let (mut tries, mut best) = (0, part.len());
    while target.size.is_none_or(|size| part.len() != size) {
        let Err(error) = attempt::attempt(client, target, part, watch).await else { break };
        if part.len() > best {
            (tries, best) = (0, part.len());
        }
        tries += 1;
        if !error.may_pass() || tries >= patience.tries {
            return Err(error);
        }
        let pause = patience.pause.saturating_mul(1 << (tries - 1).min(10));
        let pause = pause.max(error.asked_to_wait().unwrap_or_default()).min(LONGEST_PAUSE);
        watch(Step::Waiting { file, why: &error, pause });
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
