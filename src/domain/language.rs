//! The languages the service speaks.

use serde::{Deserialize, Serialize};

use super::han::is_han;

/// A language in which every sentence of `prompts/` exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub enum Language {
    /// Simplified Chinese, the default.
    #[default]
    #[serde(rename = "zh-CN", alias = "zh")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Language; 2] = [Language::Chinese, Language::English];

    /// Returns the BCP 47 tag: `zh-CN` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }

    /// Returns the language a BCP 47 tag or an `Accept-Language` entry stands for, if it is ours.
    pub fn from_tag(tag: &str) -> Option<Language> {
        let primary = tag.trim().split(['-', '_', ';']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" | "cn" => Some(Language::Chinese),
            "en" => Some(Language::English),
            _ => None,
        }
    }

    /// Guesses the language of a text by its script: any Han character makes it Chinese.
    pub fn of_text(text: &str) -> Option<Language> {
        if text.chars().any(is_han) {
            Some(Language::Chinese)
        } else if text.chars().any(|c| c.is_ascii_alphabetic()) {
            Some(Language::English)
        } else {
            None
        }
    }
}
