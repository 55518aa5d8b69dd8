//! The words of a page in one language, for templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use jiff::tz::TimeZone;

use super::cookie;
use crate::catalog::Catalog;
use crate::domain::language::Language;

/// The cookie in which a person's choice of language for the pages is kept.
pub(super) const LANGUAGE_COOKIE: &str = "huifang_language";

/// Says the texts of `prompts/` in one language.
#[derive(Debug, Clone)]
pub struct Words {
    catalog: Arc<Catalog>,
    pub language: Language,
    /// In which times are said: the policy's.
    pub zone: TimeZone,
}

impl Words {
    /// The words of one language, with times as in one zone.
    pub fn new(catalog: Arc<Catalog>, language: Language, zone: TimeZone) -> Words {
        Words { catalog, language, zone }
    }

    /// Returns a text without placeholders.
    pub fn get(&self, key: &str) -> String {
        self.catalog.text(self.language, key, &BTreeMap::new())
    }

    /// Returns a text with its one placeholder filled in.
    pub fn fill(&self, key: &str, name: &str, value: &str) -> String {
        self.catalog.text(self.language, key, &BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    /// Returns a text with its placeholders filled in.
    pub fn say(&self, key: &str, args: &BTreeMap<String, String>) -> String {
        self.catalog.text(self.language, key, args)
    }

    /// Returns a text if there is one under this key: for keys made from stored data.
    pub fn find(&self, key: &str) -> Option<String> {
        self.catalog.has(key).then(|| self.get(key))
    }

    /// Returns the texts under a group as JSON, for the script of a page.
    pub fn json_of(&self, group: &str) -> String {
        let prefix = format!("{group}.");
        let texts: BTreeMap<&str, String> = self
            .catalog
            .keys()
            .filter_map(|key| key.strip_prefix(prefix.as_str()).map(|name| (name, self.get(key))))
            .collect();
        serde_json::to_string(&texts).unwrap_or_default()
    }

    /// Returns the BCP 47 tag of the language.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// Returns the tag of the other language, to switch to.
    pub fn other_tag(&self) -> &'static str {
        self.other().tag()
    }

    /// Returns the name of the other language in that language.
    pub fn other_name(&self) -> String {
        self.get(match self.other() {
            Language::Chinese => "language.chinese",
            Language::English => "language.english",
        })
    }

    fn other(&self) -> Language {
        Language::ALL.into_iter().find(|language| *language != self.language).unwrap_or_default()
    }
}

/// Returns the language a request asks for: the person's choice, else the browser's first that we speak.
pub(super) fn language_of(headers: &HeaderMap) -> Language {
    let chosen = cookie::read(headers, LANGUAGE_COOKIE).and_then(Language::from_tag);
    chosen.or_else(|| accepted(headers)).unwrap_or_default()
}

fn accepted(headers: &HeaderMap) -> Option<Language> {
    let wanted = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    wanted.split(',').find_map(Language::from_tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(accept: &'static str, cookie: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, accept.parse().unwrap());
        headers.insert("cookie", cookie.parse().unwrap());
        headers
    }

    #[test]
    fn the_first_language_we_speak_is_taken_and_a_choice_outranks_it() {
        assert_eq!(language_of(&HeaderMap::new()), Language::Chinese);
        assert_eq!(language_of(&headers("fr-FR,en;q=0.8,zh;q=0.5", "")), Language::English);
        assert_eq!(language_of(&headers("zh-TW", "huifang_language=en")), Language::English);
        assert_eq!(language_of(&headers("en", "huifang_language=xx")), Language::English);
    }

    #[test]
    fn the_script_gets_its_sentences_as_json() {
        let words = Words::new(Arc::new(Catalog::embedded().unwrap()), Language::English, TimeZone::UTC);
        let texts: BTreeMap<String, String> = serde_json::from_str(&words.json_of("web.chat.script")).unwrap();
        assert_eq!(texts["retry"], "Send again");
        assert_eq!(words.other_name(), "中文");
    }
}
