//! What the program says about itself: log lines on standard error.
//!
//! Text for a person at a terminal, one JSON object a line for everything else. No line may
//! hold what a client said or a phone number; ids are enough to look that up.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Our own doings, and of the libraries only what went wrong. `whisper_rs` passes on every line
/// that whisper.cpp prints while it loads a model.
const DEFAULT_FILTER: &str = "warn,huifang=info,whisper_rs=error";

/// Why logging cannot be set up as asked for.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("variable HUIFANG_LOG: expected levels such as \"info\" or \"huifang=debug,warn\"")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("variable HUIFANG_LOG_FORMAT: expected \"text\" or \"json\", not {0:?}")]
    Format(String),
    #[error("logging is already set up")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts logging for the rest of the program, as `HUIFANG_LOG` and `HUIFANG_LOG_FORMAT` say.
/// Without them: text on a terminal, else JSON.
pub fn start() -> Result<(), TelemetryError> {
    let filter = match env::var("HUIFANG_LOG") {
        Ok(levels) if !levels.is_empty() => EnvFilter::builder().parse(levels)?,
        _ => EnvFilter::builder().parse(DEFAULT_FILTER)?,
    };
    let terminal = io::stderr().is_terminal();
    let json = match env::var("HUIFANG_LOG_FORMAT").as_deref() {
        Ok("json") => true,
        Ok("text") => false,
        Ok("") | Err(_) => !terminal,
        Ok(other) => return Err(TelemetryError::Format(other.to_owned())),
    };
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = if json { lines.json().flatten_event(true).boxed() } else { lines.with_ansi(terminal).boxed() };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(())
}
