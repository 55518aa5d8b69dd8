//! `repair.toml`: what a repair report consists of and how the missing pieces are asked for.

use std::collections::BTreeSet;

use super::document::{Source, Table};
use super::fault::Fault;
use super::files::Files;
use super::named::TextNames;
use crate::domain::language::Language;
use crate::domain::script::{ChoiceDef, FixWords, RepairForm, Slot, SlotId, normalised};

const FILE: &str = "repair.toml";

/// Reads the form; the texts it names are noted in `names`.
pub(super) fn read(files: &Files, names: &mut TextNames, faults: &mut Vec<Fault>) -> RepairForm {
    let Some(text) = files.required(FILE, faults) else {
        return RepairForm {
            burst_seconds: 1,
            remind_after_minutes: 1,
            file_after_minutes: 1,
            slots: Vec::new(),
            over: BTreeSet::new(),
            withdrawn: BTreeSet::new(),
            hearsay: BTreeSet::new(),
            doubted: BTreeSet::new(),
            calm: BTreeSet::new(),
            shown: BTreeSet::new(),
            send: BTreeSet::new(),
            correcting: BTreeSet::new(),
            besides: BTreeSet::new(),
            fix: FixWords::default(),
        };
    };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let [burst_seconds, remind_after_minutes, file_after_minutes] =
        ["burst_seconds", "remind_after_minutes", "file_after_minutes"].map(|key| table.count(key));
    if file_after_minutes < remind_after_minutes {
        source.fault(table.at(), "`file_after_minutes` must not be before `remind_after_minutes`");
    }
    let mut slots: Vec<Slot> = Vec::new();
    for entry in table.tables("slot") {
        slots.extend(slot(&source, &entry, &slots, names));
        entry.finish();
    }
    for id in SlotId::ALL {
        if !slots.iter().any(|slot| slot.id == id) {
            source.fault(table.at(), format!("there is no [[slot]] with id = \"{}\"", id.name()));
        }
    }
    let [over, withdrawn, hearsay, doubted, calm, shown, send, correcting, besides] =
        ["over", "withdrawn", "hearsay", "doubted", "calm", "shown", "send", "correcting", "besides"]
            .map(|key| words(&table, key));
    let fix = fix_words(&table);
    table.finish();
    faults.extend(source.into_faults());
    RepairForm {
        burst_seconds,
        remind_after_minutes,
        file_after_minutes,
        slots,
        over,
        withdrawn,
        hearsay,
        doubted,
        calm,
        shown,
        send,
        correcting,
        besides,
        fix,
    }
}

fn fix_words(table: &Table<'_, '_>) -> FixWords {
    let Some(fix) = table.table("fix") else { return FixWords::default() };
    let [undone, worse, half, slips, fails, beside, supposes, puts_off, mended, polite] =
        ["undone", "worse", "half", "slips", "fails", "beside", "supposes", "puts_off", "mended", "polite"]
            .map(|key| words(&fix, key));
    fix.finish();
    FixWords { undone, worse, half, slips, fails, beside, supposes, puts_off, mended, polite }
}

/// Reads words of all languages.
fn words(table: &Table<'_, '_>, key: &'static str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    if let Some(entry) = table.table(key) {
        for language in Language::ALL {
            words.extend(entry.strings(language.tag()).iter().map(|said| normalised(&said.value)));
        }
        entry.finish();
    }
    words
}

fn slot(source: &Source<'_>, entry: &Table<'_, '_>, earlier: &[Slot], names: &mut TextNames) -> Option<Slot> {
    let name = entry.string("id");
    let id = SlotId::ALL.into_iter().find(|id| id.name() == name.value);
    if id.is_none() && !name.value.is_empty() {
        let known = SlotId::ALL.map(SlotId::name).join(", ");
        source.fault(name.at, format!("unknown slot `{}`; known: {known}", name.value));
    }
    if earlier.iter().any(|slot| Some(slot.id) == id) {
        source.fault(name.at, format!("the slot `{}` is there twice", name.value));
    }
    let required = entry.flag("required");
    let unbound_only = entry.flag("unbound_only");
    let [ask_key, label_key] = ["ask", "label"].map(|key| names.note(source, entry.string(key)));
    let mut choices: Vec<ChoiceDef> = Vec::new();
    for table in entry.tables("choices") {
        let choice = table.string("id");
        if choices.iter().any(|earlier| earlier.id == choice.value) {
            source.fault(choice.at, format!("the choice `{}` is there twice", choice.value));
        }
        let label_key = names.note(source, table.string("label"));
        table.finish();
        choices.push(ChoiceDef { id: choice.value, label_key });
    }
    Some(Slot { id: id?, required, unbound_only, ask_key, label_key, choices })
}
