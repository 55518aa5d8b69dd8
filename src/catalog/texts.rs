//! `texts.<language>.toml` and `web.<language>.toml`: every sentence the service says, and every
//! word of its pages, in every language.
//!
//! Tables only group: `[survey] progress` is the text `survey.progress`. A `{name}` is a
//! placeholder. Each text must exist in each language with the same placeholders.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::document::Source;
use super::fault::Fault;
use super::files::Files;
use crate::domain::language::Language;

/// The texts of all languages.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Texts {
    by_language: BTreeMap<Language, BTreeMap<String, Text>>,
}

/// One sentence, cut at its placeholders.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    parts: Vec<Part>,
    /// Line in the file of its language, for faults found later.
    line: u32,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Said(String),
    Placeholder(String),
}

impl Text {
    /// Returns the names in braces.
    pub(super) fn placeholders(&self) -> BTreeSet<&str> {
        let names = self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name.as_str()),
            Part::Said(_) => None,
        });
        names.collect()
    }

    /// Fills in the placeholders; one without an argument stays as `{name}`.
    pub(super) fn fill(&self, args: &BTreeMap<String, String>) -> String {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Said(said) => filled.push_str(said),
                Part::Placeholder(name) => {
                    let unfilled = || format!("{{{name}}}");
                    filled.push_str(&args.get(name).cloned().unwrap_or_else(unfilled));
                }
            }
        }
        filled
    }
}

impl Texts {
    /// Reads the file of every language and compares them.
    pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> Texts {
        let mut by_language = BTreeMap::new();
        for language in Language::ALL {
            let mut texts = BTreeMap::new();
            for stem in [CONVERSATION, PAGES] {
                let file = format!("{stem}.{}.toml", language.tag());
                if let Some(text) = files.required(&file, faults) {
                    let source = Source::new(&file, text);
                    collect(&source, source.parse().get_ref(), "", &mut texts);
                    faults.extend(source.into_faults());
                }
            }
            by_language.insert(language, texts);
        }
        let texts = Texts { by_language };
        texts.compare(faults);
        texts
    }

    /// Returns a text in one language.
    pub(super) fn get(&self, language: Language, key: &str) -> Option<&Text> {
        self.by_language.get(&language)?.get(key)
    }

    /// Returns the keys that some language has, in order.
    pub(super) fn keys(&self) -> BTreeSet<&str> {
        self.by_language.values().flat_map(BTreeMap::keys).map(String::as_str).collect()
    }

    /// Notes what one language has and another lacks.
    fn compare(&self, faults: &mut Vec<Fault>) {
        for (language, texts) in &self.by_language {
            for (key, text) in texts {
                for other in Language::ALL.into_iter().filter(|other| other != language) {
                    let here = file_of(key, *language);
                    match self.get(other, key) {
                        None => faults.push(Fault {
                            file: here,
                            line: text.line,
                            message: format!("`{key}` is missing in {}", file_of(key, other)),
                        }),
                        // Reported once, at the language that comes later.
                        Some(twin) if other < *language && twin.placeholders() != text.placeholders() => {
                            faults.push(Fault {
                                file: here,
                                line: text.line,
                                message: format!(
                                    "`{key}` has {}, but {}:{} has {}",
                                    named(text),
                                    file_of(key, other),
                                    twin.line,
                                    named(twin)
                                ),
                            });
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
}

/// What the bot says.
const CONVERSATION: &str = "texts";
/// What the web pages say: the texts under `web`.
const PAGES: &str = "web";

fn file_of(key: &str, language: Language) -> String {
    let stem = if key.starts_with("web.") { PAGES } else { CONVERSATION };
    format!("{stem}.{}.toml", language.tag())
}

fn named(text: &Text) -> String {
    let names: Vec<_> = text.placeholders().into_iter().map(|name| format!("{{{name}}}")).collect();
    if names.is_empty() { "no placeholder".to_owned() } else { names.join(" ") }
}

fn collect(source: &Source<'_>, table: &DeTable<'_>, group: &str, texts: &mut BTreeMap<String, Text>) {
    for (name, value) in table {
        let at = name.span().start;
        if !is_name(name.get_ref()) {
            source.fault(at, format!("`{}` must consist of a-z, 0-9 and _", name.get_ref()));
        }
        let key = if group.is_empty() { name.get_ref().to_string() } else { format!("{group}.{}", name.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) => collect(source, inner, &key, texts),
            DeValue::String(text) => match cut(text) {
                Ok(parts) => {
                    texts.insert(key, Text { parts, line: source.line(at) });
                }
                Err(problem) => source.fault(at, format!("`{key}` {problem}")),
            },
            _ => source.fault(at, format!("`{key}` must be a text")),
        }
    }
}

/// Cuts a text at its placeholders.
fn cut(text: &str) -> Result<Vec<Part>, &'static str> {
    if text.trim().is_empty() {
        return Err("is empty");
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or("has a { without its }")?;
        if !is_name(name) {
            return Err("has a placeholder whose name is not made of a-z, 0-9 and _");
        }
        if before.contains('}') {
            return Err("has a } without its {");
        }
        if !before.is_empty() {
            parts.push(Part::Said(before.to_owned()));
        }
        parts.push(Part::Placeholder(name.to_owned()));
        rest = behind;
    }
    if rest.contains('}') {
        return Err("has a } without its {");
    }
    if !rest.is_empty() {
        parts.push(Part::Said(rest.to_owned()));
    }
    Ok(parts)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
