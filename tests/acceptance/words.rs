//! What the service is expected to say: the shipped texts, looked up rather than copied.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use huifang::catalog::Catalog;
use huifang::domain::language::Language;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded().unwrap());

/// Returns a text with its placeholders filled in.
pub(crate) fn text(language: Language, key: &str, args: &[(&str, &str)]) -> String {
    assert!(CATALOG.has(key), "there is no text {key}");
    let args: BTreeMap<String, String> =
        args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    CATALOG.text(language, key, &args)
}

/// Says whether something is written in a language, by its script.
pub(crate) fn is_in(language: Language, said: &str) -> bool {
    match language {
        Language::Chinese => Language::of_text(said) == Some(Language::Chinese),
        Language::English => Language::of_text(said) == Some(Language::English),
    }
}
