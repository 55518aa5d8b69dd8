//! One source of settings, read into a flat list with the place each was written at.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Value;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::{ConfigError, Origin};
use super::known;

/// One `key = value` of a section.
pub(super) struct Setting {
    pub(super) section: String,
    pub(super) key: String,
    /// What the value may mean, likeliest first: a variable is text, but may stand for a number.
    pub(super) readings: Vec<Value>,
    pub(super) origin: Origin,
}

/// Reads a TOML file's `text`; `name` is how errors call it.
pub(super) fn from_text(text: &str, name: &str) -> Result<Vec<Setting>, ConfigError> {
    let at = |byte: usize| Origin::File {
        name: name.to_owned(),
        line: text.get(..byte).unwrap_or(text).matches('\n').count() + 1,
    };
    let syntax = |error: &toml::de::Error, byte: usize| ConfigError::Syntax {
        origin: at(error.span().map_or(byte, |span| span.start)),
        reason: error.message().to_owned(),
    };
    let root = DeTable::parse(text).map_err(|error| syntax(&error, 0))?;
    let mut settings = Vec::new();
    for (section, body) in root.into_inner() {
        let place = section.span().start;
        let section = section.into_inner().into_owned();
        let DeValue::Table(body) = body.into_inner() else {
            return Err(ConfigError::NoSection { origin: at(place), name: section, known: known::sections() });
        };
        check_section(&section, || at(place))?;
        for (key, value) in body {
            let origin = at(key.span().start);
            let place = value.span().start;
            let key = key.into_inner().into_owned();
            check_key(&section, &key, &origin)?;
            let value = Value::deserialize(ValueDeserializer::from(value)).map_err(|error| syntax(&error, place))?;
            settings.push(Setting { section: section.clone(), key, readings: vec![value], origin });
        }
    }
    Ok(settings)
}

/// Reads the variables that are settings: `HUIFANG_SECTION__KEY`, or `…_FILE` for a file that holds the value. Where both
/// are given the file counts, in whatever order they come: an image sets defaults, and who runs it adds secrets.
pub(super) fn from_variables(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<Setting>, ConfigError> {
    let (mut settings, mut from_files) = (Vec::new(), Vec::new());
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix("HUIFANG_") else { continue };
        let path = rest.to_ascii_lowercase();
        let origin = Origin::Variable(name.clone());
        let Some((section, key)) = path.split_once("__") else {
            check_underscores(&path, &origin)?;
            continue;
        };
        check_section(section, || origin.clone())?;
        let (key, text, found) = match key.strip_suffix("_file") {
            Some(stem) if known::keys(section).is_some_and(|keys| keys.contains(&stem)) => {
                (stem, read_value(PathBuf::from(value), &name)?, &mut from_files)
            }
            _ => (key, value, &mut settings),
        };
        check_key(section, key, &origin)?;
        found.push(Setting { section: section.to_owned(), key: key.to_owned(), readings: readings(text), origin });
    }
    settings.append(&mut from_files);
    Ok(settings)
}

fn check_section(section: &str, origin: impl Fn() -> Origin) -> Result<(), ConfigError> {
    if known::keys(section).is_none() {
        let known = known::sections();
        return Err(ConfigError::UnknownSection { origin: origin(), name: section.to_owned(), known });
    }
    Ok(())
}

fn check_key(section: &str, key: &str, origin: &Origin) -> Result<(), ConfigError> {
    match known::keys(section) {
        Some(known) if !known.contains(&key) => Err(ConfigError::UnknownKey {
            origin: origin.clone(),
            section: section.to_owned(),
            key: key.to_owned(),
            known,
        }),
        _ => Ok(()),
    }
}

/// `HUIFANG_DATABASE_URL` would be ignored in silence; nobody who writes it wants that.
fn check_underscores(path: &str, origin: &Origin) -> Result<(), ConfigError> {
    for section in known::sections() {
        if let Some(key) = path.strip_prefix(section).and_then(|rest| rest.strip_prefix('_')) {
            let meant = format!("HUIFANG_{}__{}", section.to_ascii_uppercase(), key.to_ascii_uppercase());
            return Err(ConfigError::Underscore { origin: origin.clone(), meant });
        }
    }
    Ok(())
}

fn read_value(path: PathBuf, variable: &str) -> Result<String, ConfigError> {
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(cause) => Err(ConfigError::Unreadable { path, named_by: Some(variable.to_owned()), cause }),
    }
}

fn readings(text: String) -> Vec<Value> {
    let as_toml = DeValue::parse(&text).ok().and_then(|value| Value::deserialize(ValueDeserializer::from(value)).ok());
    let mut readings = vec![Value::String(text)];
    // A quoted text is taken as it stands: only numbers and truth values have a second reading.
    readings.extend(as_toml.filter(|value| matches!(value, Value::Integer(_) | Value::Float(_) | Value::Boolean(_))));
    readings
}
