//! Why a model was not fetched, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::part::SPARE;

/// What kept a model from being fetched.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error("model {0} is part of the program's own files: there is nothing to fetch")]
    Shipped(String),
    #[error(
        "no checksum is known for {}: give the one you trust with --sha256 NAME=HEX, or take what comes with --accept-unpinned (its checksum is then printed and kept beside the file)",
        file.display()
    )]
    Unpinned { file: PathBuf },
    #[error("{url} is no address to fetch from: {reason}")]
    Address { url: String, reason: String },
    #[error("no HTTPS client can be made: {0}")]
    Client(String),
    #[error(
        "{url} cannot be reached: {reason}; see whether this machine may go there, set HTTPS_PROXY, or name a mirror with --from"
    )]
    Unreachable { url: String, reason: String },
    #[error("{url} sends on from one address to the next without end; name another mirror with --from")]
    Circle { url: String },
    /// `kept`: the next run goes on from there.
    #[error("the line to {url} broke {have} bytes into the file: {reason}; {}", again(*kept))]
    Broken { url: String, have: u64, kept: bool, reason: String },
    #[error("{url} is not there (HTTP 404); the mirror may lack it, or needs another base address")]
    NotFound { url: String },
    #[error("{url} answers HTTP {status}{}", hint(*status))]
    Status { url: String, status: u16, wait: Option<Duration> },
    #[error("{url} sends a web page, not a model: a log-in page of the network or of the mirror stands in between")]
    WebPage { url: String },
    #[error("{url} announces {announced} bytes, but the model has {known}: it is another file, or another version")]
    Announced { url: String, announced: u64, known: u64 },
    #[error("{url} sends more than the {known} bytes it should; what came was removed")]
    Longer { url: String, known: u64 },
    #[error("{url} is not the model: its sha256 is {found}, but {known} is right; what came was removed")]
    Hash { url: String, found: String, known: String },
    /// `to_come`: as far as it is known.
    #[error(
        "{} lacks room: {}, but {free} are free; make room or name another place with --into",
        place.display(),
        needed(*to_come)
    )]
    NoRoom { place: PathBuf, to_come: Option<u64>, free: u64 },
    #[error(
        "no room left for {}: {have} bytes are there and kept ({cause}); make room and give the same command again",
        path.display()
    )]
    Full { path: PathBuf, have: u64, cause: io::Error },
    #[error("{} cannot be written: {cause}; name another place with --into", path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("{} is being fetched by another process; wait until it is done", path.display())]
    Busy { path: PathBuf },
}

fn again(kept: bool) -> &'static str {
    if kept {
        "what has come is kept: give the same command again to go on from there"
    } else {
        "give the same command again"
    }
}

fn needed(to_come: Option<u64>) -> String {
    match to_come {
        Some(bytes) => format!("{bytes} bytes are to come and {SPARE} have to stay free"),
        None => format!("at least {SPARE} bytes have to stay free, and how much is to come is not known"),
    }
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": it wants a log-in or refuses this machine; name a mirror with --from",
        407 => ": the proxy wants a log-in (HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT)",
        429 | 500..=599 => ": it is overloaded or out of order; try again later, or name a mirror with --from",
        _ => "",
    }
}

impl PullError {
    pub(super) fn file(path: &Path, cause: io::Error) -> PullError {
        PullError::File { path: path.to_owned(), cause }
    }

    /// A failed write: a full disk is told from the rest.
    pub(super) fn write(path: &Path, have: u64, cause: io::Error) -> PullError {
        match cause.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                PullError::Full { path: path.to_owned(), have, cause }
            }
            _ => PullError::file(path, cause),
        }
    }

    /// Whether the same request may succeed a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            PullError::Unreachable { .. } | PullError::Broken { .. } => true,
            PullError::Status { status, .. } => matches!(status, 408 | 416 | 429 | 500 | 502..=504),
            _ => false,
        }
    }

    /// How long the server asks to be left alone.
    pub(super) fn asked_to_wait(&self) -> Option<Duration> {
        match self {
            PullError::Status { wait, .. } => *wait,
            _ => None,
        }
    }
}
