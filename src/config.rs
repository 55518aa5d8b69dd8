//! What an operator can set: defaults ← `huifang.toml` ← `HUIFANG_…` variables.
//!
//! `huifang.example.toml` is the defaults: it is compiled in and read as the first layer, so what
//! the operator reads there is what the program does. An unknown key is refused, and every error
//! says where it is and what would be right. A setting that is blank is as if it were not given, unless
//! it overrides a default. Read [`sections`] next for the keys.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use toml::Table;

mod error;
mod known;
mod layer;
pub mod sections;

pub use error::{ConfigError, Origin};
pub use sections::{
    AlertsConfig, DatabaseConfig, DatabaseUrl, MediaConfig, ModelsConfig, PolicyConfig, ServerConfig, TaggingConfig,
};

use layer::Setting;

use crate::channel::http::HttpConfig;
use crate::channel::telegram::TelegramConfig;
use crate::channel::wechat::WechatConfig;
use crate::channel::wecom::WecomConfig;
use crate::speech::SpeechConfig;

/// The defaults, and the documentation of every key.
pub const EXAMPLE: &str = include_str!("../huifang.example.toml");

/// The name of the file that is read where none is named.
pub const FILE_NAME: &str = "huifang.toml";

/// All settings, checked as far as one setting can be checked alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub database: DatabaseConfig,
    pub media: MediaConfig,
    pub speech: SpeechConfig,
    pub tagging: TaggingConfig,
    #[serde(default)]
    pub models: ModelsConfig,
    pub policy: PolicyConfig,
    #[serde(default)]
    pub telegram: TelegramConfig,
    #[serde(default)]
    pub wechat: WechatConfig,
    #[serde(default)]
    pub wecom: WecomConfig,
    #[serde(default)]
    pub http: HttpConfig,
    #[serde(default)]
    pub alerts: AlertsConfig,
}

impl Config {
    /// Returns the defaults alone.
    ///
    /// # Errors
    /// Only when the compiled-in file is at fault, which a test rules out.
    pub fn builtin() -> Result<Config, ConfigError> {
        Ok(Layers::builtin()?.config)
    }

    /// Reads the defaults, then `file` (where there is one), then the variables among `variables`
    /// whose name begins with `HUIFANG_`.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut layers = Layers::builtin()?;
        if let Some(path) = file {
            let text = fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
                path: path.to_owned(),
                named_by: None,
                cause,
            })?;
            layers.apply(layer::from_text(&text, &path.display().to_string())?)?;
        }
        layers.apply(layer::from_variables(variables)?)?;
        Ok(layers.config)
    }
}

/// The tables as merged so far, and the settings they stand for.
struct Layers {
    /// What the compiled-in file sets.
    defaults: Table,
    merged: Table,
    config: Config,
}

impl Layers {
    fn builtin() -> Result<Layers, ConfigError> {
        let settings = layer::from_text(EXAMPLE, "huifang.example.toml (compiled in)")?;
        let mut merged = Table::new();
        for Setting { section, key, mut readings, .. } in settings {
            if let Some(value) = readings.pop() {
                put(&mut merged, &section, key, value);
            }
        }
        let config = Config::deserialize(merged.clone()).map_err(|error| ConfigError::Syntax {
            origin: Origin::File { name: "huifang.example.toml (compiled in)".to_owned(), line: 1 },
            reason: error.message().to_owned(),
        })?;
        Ok(Layers { defaults: merged.clone(), merged, config })
    }

    /// Puts each setting over what is there, one at a time, so that a bad value is told with its origin.
    fn apply(&mut self, settings: Vec<Setting>) -> Result<(), ConfigError> {
        for Setting { section, key, readings, origin } in settings {
            let mut reason = None;
            let mut accepted = false;
            for value in readings {
                let mut merged = self.merged.clone();
                if is_blank(&value) && !holds(&self.defaults, &section, &key) {
                    // Not only left alone: an empty variable takes back what the file says.
                    remove(&mut merged, &section, &key);
                } else {
                    put(&mut merged, &section, key.clone(), value);
                }
                match Config::deserialize(merged.clone()) {
                    Ok(config) => {
                        (self.merged, self.config) = (merged, config);
                        accepted = true;
                        break;
                    }
                    Err(error) => {
                        reason.get_or_insert_with(|| in_numbers(error.message()));
                    }
                }
            }
            if !accepted {
                return Err(ConfigError::Value { origin, section, key, reason: reason.unwrap_or_default() });
            }
        }
        Ok(())
    }
}

fn put(merged: &mut Table, section: &str, key: String, value: toml::Value) {
    let entry = merged.entry(section).or_insert_with(|| toml::Value::Table(Table::new()));
    if let toml::Value::Table(table) = entry {
        table.insert(key, value);
    }
}

fn remove(merged: &mut Table, section: &str, key: &str) {
    if let Some(toml::Value::Table(table)) = merged.get_mut(section) {
        table.remove(key);
    }
}

fn holds(table: &Table, section: &str, key: &str) -> bool {
    table.get(section).is_some_and(|body| body.get(key).is_some())
}

/// Whether a value says nothing: a text without a word, a table without a line.
fn is_blank(value: &toml::Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty()) || value.as_table().is_some_and(Table::is_empty)
}

/// Says by its bounds which number is expected, where serde names a type of Rust's.
fn in_numbers(reason: &str) -> String {
    let types = [("u8", u64::from(u8::MAX)), ("u16", u64::from(u16::MAX)), ("u32", u64::from(u32::MAX))];
    let named = types.into_iter().find_map(|(name, most)| {
        let head = reason.strip_suffix(name)?.strip_suffix("expected ")?;
        Some(format!("{head}expected a whole number from 0 to {most}"))
    });
    named.unwrap_or_else(|| reason.to_owned())
}

#[cfg(test)]
mod tests;
