//! `prompts/keywords/*.toml` → [`Lexicon`], every mistake named by file and line.
//!
//! A file holds `[concepts]` (name → words), `[misheard]` (word → what dictation makes of it) and `[[entry]]` blocks:
//! `means` and what that meaning needs, and `patterns`, a block of patterns parted by line ends or `;`. The language
//! of the patterns is described in [`crate::domain::lexicon::pattern`]. The files are built
//! into the program, so that it needs no working directory.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::fault::Fault;
use crate::domain::lexicon::pattern::Pattern;
use crate::domain::lexicon::{DangerKind, Entry, Lexicon, Meaning, PlaceKind, Reach};
use crate::domain::understanding::{Category, Intent, Urgency};

/// The files that are built in: path below `prompts/`, content.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("keywords/mood.zh.toml", include_str!("../../prompts/keywords/mood.zh.toml")),
    ("keywords/mood.en.toml", include_str!("../../prompts/keywords/mood.en.toml")),
    ("keywords/trades.zh.toml", include_str!("../../prompts/keywords/trades.zh.toml")),
    ("keywords/trades.en.toml", include_str!("../../prompts/keywords/trades.en.toml")),
    ("keywords/places.toml", include_str!("../../prompts/keywords/places.toml")),
    ("keywords/dangers.zh.toml", include_str!("../../prompts/keywords/dangers.zh.toml")),
    ("keywords/dangers.en.toml", include_str!("../../prompts/keywords/dangers.en.toml")),
    ("keywords/intents.zh.toml", include_str!("../../prompts/keywords/intents.zh.toml")),
    ("keywords/intents.en.toml", include_str!("../../prompts/keywords/intents.en.toml")),
    ("keywords/ratings.toml", include_str!("../../prompts/keywords/ratings.toml")),
    ("keywords/times.toml", include_str!("../../prompts/keywords/times.toml")),
];

/// Reads one file.
///
/// # Errors
/// The first mistake: broken TOML, an unknown meaning or key, a value that is missing or out of
/// range, a pattern that cannot be read.
pub fn parse(file: &str, text: &str) -> Result<Lexicon, Fault> {
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        Fault::at(file, text, offset, error.message())
    })?;
    let entries = raw.entry.into_iter().map(|entry| read_entry(file, text, &entry)).collect::<Result<_, _>>()?;
    Ok(Lexicon { concepts: raw.concepts, entries, misheard: raw.misheard })
}

/// Joins the files that are built in.
///
/// # Errors
/// As [`parse`], and a word list that is named but stands in no file.
pub fn embedded() -> Result<Lexicon, Fault> {
    join(EMBEDDED)
}

/// Joins files given as (path below `prompts/`, content).
///
/// # Errors
/// As [`embedded`].
pub fn join(files: &[(&str, &str)]) -> Result<Lexicon, Fault> {
    let mut lexicon = Lexicon::default();
    for (file, text) in files {
        lexicon.extend(parse(file, text)?);
    }
    for pattern in lexicon.entries.iter().flat_map(|entry| &entry.patterns) {
        if let Some(name) = pattern.concepts().find(|name| !lexicon.concepts.contains_key(*name)) {
            let file = files.iter().find(|(_, text)| text.contains(pattern.source()));
            let message = format!("no word list is named `{name}`; add it to [concepts] or correct the pattern");
            return Err(match file {
                Some((file, text)) => Fault::at(file, text, text.find(pattern.source()).unwrap_or(0), message),
                None => Fault::of_file("keywords", message),
            });
        }
    }
    Ok(lexicon)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default, deserialize_with = "word_lists")]
    concepts: BTreeMap<String, Vec<String>>,
    #[serde(default, deserialize_with = "word_lists")]
    misheard: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    entry: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    means: Spanned<String>,
    patterns: Spanned<String>,
    weight: Option<f64>,
    factor: Option<f64>,
    value: Option<f64>,
    #[serde(default)]
    ironic: bool,
    #[serde(default)]
    rest: bool,
    #[serde(default)]
    reach: Reach,
    category: Option<Category>,
    intent: Option<Intent>,
    level: Option<Urgency>,
    danger: Option<DangerKind>,
    place: Option<PlaceKind>,
    name: Option<String>,
}

fn word_lists<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let raw = BTreeMap::<String, String>::deserialize(from)?;
    Ok(raw.into_iter().map(|(name, block)| (name, parts(&block).map(|(_, part)| part.to_owned()).collect())).collect())
}

/// Parts a block at line ends and `;`, with the byte offset of each part.
fn parts(block: &str) -> impl Iterator<Item = (usize, &str)> {
    block
        .split(['\n', ';'])
        .map(|part| (part.as_ptr() as usize - block.as_ptr() as usize, part.trim()))
        .filter(|(_, part)| !part.is_empty())
}

fn read_entry(file: &str, text: &str, raw: &RawEntry) -> Result<Entry, Fault> {
    let block_start = raw.patterns.span().start;
    let mut patterns = Vec::new();
    for (offset, part) in parts(raw.patterns.get_ref()) {
        let pattern = part.parse::<Pattern>().map_err(|error| {
            // Three quotes and a line end stand before the block's first character.
            Fault::at(file, text, block_start + offset + 4, format!("pattern `{part}`: {error}"))
        })?;
        patterns.push(pattern);
    }
    if patterns.is_empty() {
        return Err(Fault::at(file, text, block_start, "an entry needs at least one pattern"));
    }
    Ok(Entry { meaning: read_meaning(file, text, raw)?, patterns })
}

fn read_meaning(file: &str, text: &str, raw: &RawEntry) -> Result<Meaning, Fault> {
    let fault = |message: String| Fault::at(file, text, raw.means.span().start, message);
    let missing = |key: &str| fault(format!("`{}` needs the key `{key}`", raw.means.get_ref()));
    let number = |key: &str, value: Option<f64>, low: f64, high: f64| match value {
        None => Err(missing(key)),
        Some(value) if (low..=high).contains(&value) => Ok(value),
        Some(value) => Err(fault(format!("`{key}` is {value}, but must lie between {low} and {high}"))),
    };
    let weight = || number("weight", raw.weight, -5.0, 5.0);
    let danger = || raw.danger.ok_or_else(|| missing("danger"));
    Ok(match raw.means.get_ref().as_str() {
        "emotion" => Meaning::Emotion { weight: weight()?, ironic: raw.ironic },
        "negator" => Meaning::Negator { factor: number("factor", raw.factor, -1.0, 0.0)? },
        "degree" => Meaning::Degree { factor: number("factor", raw.factor, 0.1, 3.0)? },
        "filler" => Meaning::Filler,
        "mask" => Meaning::Mask,
        "contrast" => Meaning::Contrast,
        "concession" => Meaning::Concession,
        "wish" => Meaning::Wish,
        "sarcasm" => Meaning::Sarcasm { weight: weight()? },
        "component" => {
            Meaning::Component { category: raw.category.ok_or_else(|| missing("category"))?, weight: weight()? }
        }
        "symptom" => Meaning::Symptom { category: raw.category, weight: weight()? },
        "besides" => Meaning::Besides,
        "therefore" => Meaning::Therefore,
        "place" => Meaning::Place { kind: raw.place.ok_or_else(|| missing("place"))? },
        "danger" => Meaning::Danger { level: raw.level.ok_or_else(|| missing("level"))?, kind: danger()? },
        "guard" => Meaning::Guard { kind: danger()?, reach: raw.reach },
        "intent" => Meaning::Intent { intent: raw.intent.ok_or_else(|| missing("intent"))?, weight: weight()? },
        "since" => Meaning::Since,
        "wished_time" => Meaning::WishedTime,
        "yes" => Meaning::Yes,
        "no" => Meaning::No,
        "aspect" => Meaning::Aspect { name: raw.name.clone().ok_or_else(|| missing("name"))? },
        "rating" => Meaning::Rating,
        "correction" => Meaning::Correction,
        "not_mine" => Meaning::NotMine,
        "recommend" => Meaning::Recommend,
        "maximum" => Meaning::Maximum,
        "minimum" => Meaning::Minimum,
        "deduct" => Meaning::Deduct,
        "everything" => Meaning::Everything { rest: raw.rest },
        "homophone" => Meaning::Homophone { value: number("value", raw.value, 0.0, 10.0)? },
        "unit" => Meaning::Unit,
        other => return Err(fault(format!("`{other}` is no meaning that the lexicon knows"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_are_built_in_have_no_fault() {
        let lexicon = embedded().map_err(|fault| fault.to_string()).expect("no fault");
        assert!(lexicon.entries.len() > 100, "{}", lexicon.entries.len());
    }

    #[test]
    fn faults_name_the_file_and_the_line() {
        let shown = |text: &str| parse("keywords/x.toml", text).expect_err("a fault").to_string();
        assert_eq!(
            shown("[[entry]]\nmeans = 'mood'\npatterns = 'x'\n"),
            "keywords/x.toml:2: `mood` is no meaning that the lexicon knows"
        );
        assert_eq!(
            shown("\n[[entry]]\nmeans = 'emotion'\nweight = 9.0\npatterns = 'x'\n"),
            "keywords/x.toml:3: `weight` is 9, but must lie between -5 and 5"
        );
        assert_eq!(
            shown("[[entry]]\nmeans = 'filler'\npatterns = '''\n好\n坏||'''\n"),
            "keywords/x.toml:5: pattern `坏||`: an alternative is empty"
        );
        assert!(shown("[[entry]]\nmeans = 'filler'\npattern = 'x'\n").starts_with("keywords/x.toml:"));
    }

    #[test]
    fn a_word_list_that_stands_nowhere_is_a_fault() {
        let text = "[[entry]]\nmeans = 'filler'\npatterns = '''\n好\n@gas ~3 味'''\n";
        let fault = join(&[("keywords/x.toml", text)]).expect_err("a fault");
        assert_eq!((fault.line, fault.message.contains("`gas`")), (5, true), "{fault}");
    }
}
