//! `commands.toml`: the words that are commands when they are the whole message.

use std::collections::BTreeMap;

use super::document::{Placed, Source, Table};
use super::fault::Fault;
use super::files::Files;
use super::named::TextNames;
use crate::domain::language::Language;
use crate::domain::script::{Command, CommandWords, normalised};

const FILE: &str = "commands.toml";

/// Reads the words; the descriptions of the commands are noted in `names`.
pub(super) fn read(files: &Files, names: &mut TextNames, faults: &mut Vec<Fault>) -> CommandWords {
    let Some(text) = files.required(FILE, faults) else { return CommandWords::default() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let mut words = Words { source: &source, found: CommandWords::default(), lines: BTreeMap::new() };
    for command in Command::ALL {
        let Some(entry) = table.table(command.name()) else {
            source.fault(table.at(), format!("there is no [{}]", command.name()));
            continue;
        };
        names.note(&source, Placed { value: format!("command.{}", command.name()), at: entry.at() });
        for slash in entry.strings("slash") {
            words.add_slash(command, &slash);
        }
        for language in Language::ALL {
            let listed = entry.strings(language.tag());
            if listed.is_empty() {
                source.fault(entry.at(), format!("[{}] has no words in `{}`", command.name(), language.tag()));
            }
            for word in listed {
                words.add(command, &word, None);
            }
        }
        if let Some(with) = entry.table("with") {
            for (word, argument) in with.all_strings() {
                words.add(command, &word, Some(argument));
            }
        }
        entry.finish();
    }
    let found = words.found;
    table.finish();
    faults.extend(source.into_faults());
    found
}

struct Words<'s, 't> {
    source: &'s Source<'t>,
    found: CommandWords,
    /// Where each plain word was met first.
    lines: BTreeMap<String, u32>,
}

impl Words<'_, '_> {
    /// A word may stand in several languages ("TD"), but for one command only.
    fn add(&mut self, command: Command, word: &Placed<String>, argument: Option<String>) {
        let plain = normalised(&word.value);
        if plain.is_empty() {
            self.source.fault(word.at, format!("`{}` consists of nothing that is compared", word.value));
        }
        let line = *self.lines.entry(plain.clone()).or_insert_with(|| self.source.line(word.at));
        let before = self.found.words.insert(plain, (command, argument.clone()));
        if before.is_some_and(|before| before != (command, argument)) {
            self.source.fault(word.at, format!("`{}` means something else in line {line} already", word.value));
        }
    }

    fn add_slash(&mut self, command: Command, word: &Placed<String>) {
        let latin = word.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !latin || word.value.len() > 32 {
            self.source
                .fault(word.at, format!("`{}` must be at most 32 of a-z, 0-9 and _ to work as /command", word.value));
        }
        if self.found.slashes.insert(word.value.clone(), command).is_some() {
            self.source.fault(word.at, format!("/{} is there twice", word.value));
        }
    }
}
