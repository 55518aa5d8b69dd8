//! `register.toml`: what the sheets, columns and values of the registers may be called.

use std::collections::BTreeMap;

use super::document::{Placed, Source, Table};
use super::fault::Fault;
use super::files::Files;
use crate::domain::contact::ContactRole;
use crate::domain::language::Language;
use crate::domain::project::{ProjectKind, Tier, Upkeep};
use crate::domain::register::{Column, ColumnWords, Register, RegisterWords, SheetWords, ValueSet, compared};
use crate::domain::staff::Role;
use crate::domain::understanding::Category;

const FILE: &str = "register.toml";

/// How a period of a warranty term is counted.
const PERIODS: [&str; 4] = ["months", "years", "seasons", "design_life"];

/// Reads the words.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> RegisterWords {
    let Some(text) = files.required(FILE, faults) else { return RegisterWords::default() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let [clear, yes, no] =
        ["clear", "yes", "no"].map(|key| table.strings(key).into_iter().map(|word| word.value).collect());
    let separators = separators(&source, &table);
    let guide = both(&table.string("guide_zh"), &table.string("guide_en"));
    let mut sheets = Vec::new();
    for entry in table.tables("sheet") {
        sheets.extend(sheet(&source, &entry));
        entry.finish();
    }
    let mut values: BTreeMap<ValueSet, Vec<(String, Vec<String>)>> = BTreeMap::new();
    for entry in table.tables("value") {
        if let Some((set, id, words)) = value(&source, &entry) {
            values.entry(set).or_default().push((id, words));
        }
        entry.finish();
    }
    let words = RegisterWords { sheets, values, yes, no, clear, separators, guide };
    complete(&source, &table, &words);
    table.finish();
    faults.extend(source.into_faults());
    words
}

/// Line ends would not survive the trimming of [`Table::strings`].
fn separators(source: &Source<'_>, table: &Table<'_, '_>) -> Vec<String> {
    let read = table.raw_strings("separators");
    if read.is_empty() {
        source.fault(table.at(), "`separators` must name what stands between the entries of a list");
    }
    read
}

fn sheet(source: &Source<'_>, entry: &Table<'_, '_>) -> Option<SheetWords> {
    let id = entry.string("id");
    let register = Register::from_name(&id.value);
    if register.is_none() && !id.value.is_empty() {
        let known = known(Register::ALL.iter().map(|register| register.name()));
        source.fault(id.at, format!("unknown register `{}`; known: {known}", id.value));
    }
    let names = names(entry);
    let mut columns: Vec<ColumnWords> = Vec::new();
    let mut taken: BTreeMap<String, Column> = BTreeMap::new();
    for table in entry.tables("column") {
        if let Some(words) = column(source, &table, register?) {
            for name in words.names.values().flatten() {
                if taken.insert(compared(name), words.column).is_some_and(|before| before != words.column) {
                    source.fault(table.at(), format!("the heading `{name}` stands for two columns of this sheet"));
                }
            }
            columns.push(words);
        }
        table.finish();
    }
    for column in register?.columns() {
        if columns.iter().filter(|words| words.column == *column).count() != 1 {
            source.fault(entry.at(), format!("the sheet needs exactly one [[sheet.column]] `{}`", column.name()));
        }
    }
    Some(SheetWords { register: register?, names, columns })
}

fn column(source: &Source<'_>, table: &Table<'_, '_>, register: Register) -> Option<ColumnWords> {
    let id = table.string("id");
    let column = Column::from_name(&id.value).filter(|column| register.columns().contains(column));
    if column.is_none() && !id.value.is_empty() {
        let known = known(register.columns().iter().map(|column| column.name()));
        source.fault(id.at, format!("`{}` is no column of `{}`; it has {known}", id.value, register.name()));
    }
    let names = names(table);
    let about = both(&table.string("about_zh"), &table.string("about_en"));
    let example = table.string("example").value;
    Some(ColumnWords { column: column?, names, about, example })
}

fn names(table: &Table<'_, '_>) -> BTreeMap<Language, Vec<String>> {
    let list = |key| {
        let mut names: Vec<String> = table.strings(key).into_iter().map(|name| name.value).collect();
        if names.is_empty() {
            // Notes that it is missing.
            names.push(table.string(key).value);
        }
        names
    };
    [(Language::Chinese, list("zh")), (Language::English, list("en"))].into()
}

fn both(chinese: &Placed<String>, english: &Placed<String>) -> BTreeMap<Language, String> {
    [(Language::Chinese, chinese.value.clone()), (Language::English, english.value.clone())].into()
}

fn value(source: &Source<'_>, entry: &Table<'_, '_>) -> Option<(ValueSet, String, Vec<String>)> {
    let (of, id) = (entry.string("of"), entry.string("id"));
    let words: Vec<String> = entry.strings("words").into_iter().map(|word| word.value).collect();
    if words.is_empty() {
        source.fault(entry.at(), "`words` must name at least one word");
    }
    let Some(set) = ValueSet::from_name(&of.value) else {
        let known = known(ValueSet::ALL.iter().map(|set| set.name()));
        source.fault(of.at, format!("unknown set `{}`; known: {known}", of.value));
        return None;
    };
    if !members(set).contains(&id.value) {
        let known = members(set).join(", ");
        source.fault(id.at, format!("`{}` is no value of `{}`; known: {known}", id.value, of.value));
    }
    Some((set, id.value, words))
}

/// Notes registers and values without words, and words that stand for two values.
fn complete(source: &Source<'_>, table: &Table<'_, '_>, words: &RegisterWords) {
    for register in Register::ALL.iter().filter(|register| words.sheet(**register).is_none()) {
        source.fault(table.at(), format!("there is no [[sheet]] with id = \"{}\"", register.name()));
    }
    for set in ValueSet::ALL {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        let values = words.values.get(set).map(Vec::as_slice).unwrap_or_default();
        for (id, word) in values.iter().flat_map(|(id, words)| words.iter().map(move |word| (id, word))) {
            if let Some(before) = taken.insert(compared(word), id).filter(|before| before != id) {
                let name = set.name();
                source.fault(table.at(), format!("`{word}` stands for both `{before}` and `{id}` of `{name}`"));
            }
        }
        for id in members(*set).iter().filter(|id| !values.iter().any(|(known, _)| known == *id)) {
            source.fault(table.at(), format!("there is no [[value]] of = \"{}\", id = \"{id}\"", set.name()));
        }
    }
}

/// The ids of a set: what the database calls its values.
fn members(set: ValueSet) -> Vec<String> {
    fn named<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Vec<String> {
        let name = |value: T| serde_json::to_value(value).ok()?.as_str().map(str::to_owned);
        values.into_iter().filter_map(name).collect()
    }
    match set {
        ValueSet::Kind => {
            named([ProjectKind::Housing, ProjectKind::Infrastructure, ProjectKind::Industrial, ProjectKind::Equipment])
        }
        ValueSet::Tier => named([Tier::Flagship, Tier::Standard]),
        ValueSet::Upkeep => named([Upkeep::Quarterly, Upkeep::HalfYearly, Upkeep::Annual]),
        ValueSet::ContactRole => named([ContactRole::Owner, ContactRole::Client]),
        ValueSet::Language => named(Language::ALL),
        ValueSet::Role => named(Role::ALL),
        ValueSet::Trade => named(Category::ALL),
        ValueSet::Period => PERIODS.map(str::to_owned).to_vec(),
    }
}

fn known<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded() -> RegisterWords {
        let mut faults = Vec::new();
        let words = read(&Files::embedded(), &mut faults);
        assert_eq!(faults, []);
        words
    }

    #[test]
    fn sheets_columns_and_values_are_found_by_chinese_and_english_names() {
        let words = embedded();
        assert_eq!(words.register("房号"), Some(Register::Units));
        assert_eq!(words.register("房号设备"), Some(Register::Units));
        assert_eq!(words.register("WARRANTY TERMS"), Some(Register::Terms));
        assert!(words.is_guide("说明") && words.is_guide("guide"));
        let units = words.sheet(Register::Units).unwrap();
        assert_eq!(units.column("交付日期 *"), Some(Column::Handover));
        assert_eq!(units.column("first use"), Some(Column::FirstUse));
        assert_eq!(units.column("备注"), None);
        assert_eq!(words.value(ValueSet::Trade, "给排水"), Some("plumbing_drain"));
        assert_eq!(words.value(ValueSet::Trade, "plumbing_drain"), Some("plumbing_drain"));
        assert_eq!(words.value(ValueSet::Role, "Engineer"), Some("engineer"));
        assert_eq!(words.value(ValueSet::Tier, "豪华"), None);
        assert_eq!(words.separators.last().map(String::as_str), Some("\n"));
    }

    #[test]
    fn what_is_missing_or_ambiguous_is_named() {
        let text = r#"
clear = ["-"]
yes = ["是"]
no = ["否"]
separators = [";"]
guide_zh = "说明"
guide_en = "Guide"
[[sheet]]
id = "terms"
zh = ["保修条款"]
en = ["Terms"]
[[sheet.column]]
id = "project"
zh = ["项目"]
en = ["Project"]
about_zh = "必填"
about_en = "Required"
example = "CH-01"
[[sheet.column]]
id = "period"
zh = ["项目"]
en = ["Period"]
about_zh = "必填"
about_en = "Required"
example = "8年"
[[sheet.column]]
id = "colour"
zh = ["颜色"]
en = ["Colour"]
about_zh = "x"
about_en = "x"
example = "x"
[[value]]
of = "tier"
id = "flagship"
words = ["样板"]
[[value]]
of = "tier"
id = "standard"
words = ["样板"]
"#;
        let mut faults = Vec::new();
        read(&Files::of([(FILE, text)]), &mut faults);
        let told: Vec<_> =
            faults.iter().map(ToString::to_string).filter(|fault| !fault.contains("there is no [[")).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        register.toml:19: the heading `项目` stands for two columns of this sheet
        register.toml:27: `colour` is no column of `terms`; it has project, component, period
        register.toml:8: the sheet needs exactly one [[sheet.column]] `component`
        register.toml:1: `样板` stands for both `flagship` and `standard` of `tier`
        ");
        let missing = faults.len() - told.len();
        let values: usize = ValueSet::ALL.iter().map(|set| members(*set).len()).sum();
        assert_eq!(missing, Register::ALL.len() - 1 + values - 2);
    }
}
