//! `prompts/` as values: every sentence the service says, the surveys, the repair form and the
//! words that stand for commands.
//!
//! The files are data that operators may change; nothing here holds a sentence of its own. They
//! are parsed and checked once, at start, and every fault is reported with file and line, so that
//! while the service runs no text can be missing. Read [`crate::domain::script`] for what a
//! conversation sees of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

mod calendar;
mod care;
mod commands;
mod courtesies;
mod degrees;
mod dispatch;
mod document;
mod events;
mod faq;
pub mod fault;
mod files;
pub mod lexicon;
mod named;
mod plans;
mod register;
mod repair;
mod seasons;
mod sla;
mod surveys;
mod texts;
mod warranty;

use fault::Fault;
use files::Files;
use named::TextNames;
use texts::Texts;

use crate::domain::calendar::Calendar;
use crate::domain::department::Routes;
use crate::domain::equipment;
use crate::domain::incident;
use crate::domain::language::Language;
use crate::domain::plan::Plans;
use crate::domain::recovery;
use crate::domain::register::RegisterWords;
use crate::domain::script::Script;
use crate::domain::warranty::Rules as WarrantyRules;

/// Everything in `prompts/`, checked.
#[derive(Debug, Clone)]
pub struct Catalog {
    texts: Texts,
    script: Script,
    vocabulary: BTreeMap<Language, String>,
    calendar: Calendar,
    care: care::Care,
    sla: crate::domain::sla::Rules,
    dispatch: crate::domain::dispatch::Rules,
    plans: Plans,
    warranty: WarrantyRules,
    register: RegisterWords,
    events: Vec<equipment::Rule>,
}

impl Catalog {
    /// The prompts this program was built with.
    ///
    /// # Errors
    /// Every fault in them; the tests see to it that there is none.
    pub fn embedded() -> Result<Catalog, Vec<Fault>> {
        Catalog::of(&Files::embedded(), Vec::new())
    }

    /// The prompts of a directory: an operator's own copy of `prompts/`, complete.
    ///
    /// # Errors
    /// Every fault found, in the order of files and lines.
    pub fn from_dir(directory: &Path) -> Result<Catalog, Vec<Fault>> {
        let mut faults = Vec::new();
        let files = Files::of_directory(directory, &mut faults).map_err(|fault| vec![fault])?;
        Catalog::of(&files, faults)
    }

    /// Returns what conversations follow.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Returns which days are worked (`plans/calendar.toml`).
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Returns what follows a survey (`plans/recovery.toml`).
    pub fn recovery(&self) -> &recovery::Plan {
        &self.care.recovery
    }

    /// Returns when neighbours report one fault (`plans/incidents.toml`).
    pub fn incidents(&self) -> &incident::Rules {
        &self.care.incidents
    }

    /// Returns which department is told (`plans/departments.toml`).
    pub fn departments(&self) -> &Routes {
        &self.care.departments
    }

    /// Returns what clients are promised, and who is told before it is missed (`plans/sla.toml`).
    pub fn sla(&self) -> &crate::domain::sla::Rules {
        &self.sla
    }

    /// Returns who gets a ticket (`plans/dispatch.toml`).
    pub fn dispatch(&self) -> &crate::domain::dispatch::Rules {
        &self.dispatch
    }

    /// Returns the rules by which visits come about (`plans/visits.toml`, `plans/seasons.toml`).
    pub fn plans(&self) -> &Plans {
        &self.plans
    }

    /// Returns the warranty terms of the law and how a fault finds its component (`plans/warranty.toml`).
    pub fn warranty(&self) -> &WarrantyRules {
        &self.warranty
    }

    /// Returns what the sheets and columns of the registers are called (`register.toml`).
    pub fn register(&self) -> &RegisterWords {
        &self.register
    }

    /// Returns which equipment events bring something about (`plans/events.toml`).
    pub fn events(&self) -> &[equipment::Rule] {
        &self.events
    }

    /// Returns a text with its placeholders filled in.
    ///
    /// For the keys the code uses nothing can be missing, since start-up refuses a catalog that
    /// lacks one ([`Catalog::check_keys`]); should it happen all the same, the key itself is
    /// shown and the log says so.
    pub fn text(&self, language: Language, key: &str, args: &BTreeMap<String, String>) -> String {
        let Some(text) = self.texts.get(language, key) else {
            tracing::error!(text.key = key, language = language.tag(), "there is no such text in prompts/");
            return key.to_owned();
        };
        if let Some(missing) = text.placeholders().into_iter().find(|name| !args.contains_key(*name)) {
            tracing::error!(
                text.key = key,
                text.placeholder = missing,
                "nothing was given for a placeholder of a text"
            );
        }
        text.fill(args)
    }

    /// Says whether there is such a text.
    pub fn has(&self, key: &str) -> bool {
        Language::ALL.into_iter().all(|language| self.texts.get(language, key).is_some())
    }

    /// Returns the placeholders of a text, `None` when there is no such text.
    pub fn placeholders(&self, key: &str) -> Option<BTreeSet<&str>> {
        self.texts.get(Language::default(), key).map(texts::Text::placeholders)
    }

    /// Returns the key of every text, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().into_iter()
    }

    /// Checks that there is a text for each of these keys, which the code says.
    ///
    /// # Errors
    /// One fault for each key without a text.
    pub fn check_keys(&self, keys: &[&str]) -> Result<(), Vec<Fault>> {
        let missing: Vec<_> = keys
            .iter()
            .filter(|key| !self.has(key))
            .map(|key| Fault::of_file("texts.*.toml", format!("there is no text `{key}`, which the service says")))
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }

    /// Returns the sentence of domain words that prepares speech recognition for a language.
    pub fn vocabulary(&self, language: Language) -> &str {
        self.vocabulary.get(&language).map_or("", String::as_str)
    }

    fn of(files: &Files, mut faults: Vec<Fault>) -> Result<Catalog, Vec<Fault>> {
        let texts = Texts::read(files, &mut faults);
        let mut names = TextNames::default();
        let script = Script {
            surveys: surveys::read(files, &mut names, &mut faults),
            repair: repair::read(files, &mut names, &mut faults),
            words: commands::read(files, &mut names, &mut faults),
            degrees: degrees::read(files, &mut faults),
            courtesies: courtesies::read(files, &mut faults),
            faq: faq::read(files, &mut names, &mut faults),
        };
        let calendar = calendar::read(files, &mut faults);
        let seasons = seasons::read(files, &mut faults);
        let warranty = warranty::read(files, seasons.clone(), &mut faults);
        let register = register::read(files, &mut faults);
        let care = care::read(files, &mut names, &mut faults);
        let sla = sla::read(files, &calendar, &mut faults);
        let dispatch = dispatch::read(files, &mut faults);
        let events = events::read(files, &mut faults);
        let plans = plans::read(files, seasons, &script.surveys, &mut faults);
        names.check(&texts, &mut faults);
        let vocabulary = Language::ALL.into_iter().map(|language| (language, vocabulary(files, language, &mut faults)));
        let vocabulary = vocabulary.collect();
        if let (true, Some(care), Some(sla), Some(dispatch)) = (faults.is_empty(), care, sla, dispatch) {
            return Ok(Catalog {
                texts,
                script,
                vocabulary,
                calendar,
                care,
                sla,
                dispatch,
                plans,
                warranty,
                register,
                events,
            });
        }
        faults.sort();
        faults.dedup();
        Err(faults)
    }
}

/// `speech/vocabulary.<language>.txt`: one sentence, given to Whisper before it listens.
fn vocabulary(files: &Files, language: Language, faults: &mut Vec<Fault>) -> String {
    let path = format!("speech/vocabulary.{}.txt", language.tag());
    let sentence = files.required(&path, faults).unwrap_or("-").trim();
    if sentence.is_empty() {
        faults.push(Fault::of_file(&path, "is empty; it must hold one sentence with the words of the trade"));
    } else if sentence.contains('\n') {
        faults.push(Fault { file: path, line: 2, message: "only one line may stand here".to_owned() });
    }
    sentence.to_owned()
}

#[cfg(test)]
mod tests;
