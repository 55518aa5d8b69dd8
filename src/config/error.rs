//! What can be wrong with the settings, told so that the operator can put it right.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Where a setting was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line (from 1) of a file.
    File { name: String, line: usize },
    /// An environment variable.
    Variable(String),
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}{}: {cause}", path.display(), named_by.as_ref().map(|name| format!(" (named by {name})")).unwrap_or_default())]
    Unreadable { path: PathBuf, named_by: Option<String>, cause: io::Error },
    #[error("{origin}: {reason}")]
    Syntax { origin: Origin, reason: String },
    #[error("{origin}: `{name}` stands outside a section; every setting belongs below a [section]: {}", list(known))]
    NoSection { origin: Origin, name: String, known: &'static [&'static str] },
    #[error("{origin}: unknown section [{name}]{}; the sections are {}", suggestion(name, known), list(known))]
    UnknownSection { origin: Origin, name: String, known: &'static [&'static str] },
    #[error("{origin}: unknown key `{key}` in [{section}]{}; its keys are {}", suggestion(key, known), list(known))]
    UnknownKey { origin: Origin, section: String, key: String, known: &'static [&'static str] },
    #[error("{origin}: section and key are joined by two underscores: did you mean {meant}?")]
    Underscore { origin: Origin, meant: String },
    #[error("{origin}: [{section}] {key}: {reason}")]
    Value { origin: Origin, section: String, key: String, reason: String },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { name, line } => write!(f, "{name}:{line}"),
            Origin::Variable(name) => write!(f, "variable {name}"),
        }
    }
}

/// Names the known word nearest to a misspelt one, when one is near enough to be meant.
fn suggestion(word: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| format!(" (did you mean `{name}`?)"))
        .unwrap_or_default()
}

fn list(known: &[&str]) -> String {
    known.join(", ")
}
