//! `plans/events.toml`: which equipment events bring about a visit or a ticket.

use std::time::Duration;

use super::document::{Source, Table};
use super::fault::Fault;
use super::files::Files;
use crate::domain::equipment::{Brings, Rule, When};
use crate::domain::understanding::{Category, Urgency};

const FILE: &str = "plans/events.toml";

/// Reads the rules.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> Vec<Rule> {
    let Some(text) = files.required(FILE, faults) else { return Vec::new() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let mut rules: Vec<Rule> = Vec::new();
    for entry in table.tables("rule") {
        let id = entry.string("id");
        if rules.iter().any(|rule| rule.id == id.value) {
            source.fault(id.at, format!("the rule `{}` is there twice", id.value));
        }
        rules.extend(rule(&source, &entry, id.value));
        entry.finish();
    }
    table.finish();
    faults.extend(source.into_faults());
    rules
}

fn rule(source: &Source<'_>, entry: &Table<'_, '_>, id: String) -> Option<Rule> {
    let signal = entry.string("signal").value;
    let above = entry.number("above").map(|number| When::Above(number.value));
    let below = entry.number("below").map(|number| When::Below(number.value));
    let alarm = entry.flag("alarm").then_some(When::Alarm);
    let mut said = [above, below, alarm].into_iter().flatten();
    let (when, second) = (said.next(), said.next());
    if when.is_none() || second.is_some() {
        source.fault(entry.at(), "a rule needs one of `above`, `below` and `alarm = true`");
    }
    let lasts = Duration::from_secs(60 * u64::from(entry.optional_count("for_minutes").unwrap_or(0)));
    let cooldown = Duration::from_secs(3600 * u64::from(entry.count("cooldown_hours")));
    let category = entry.optional_string("category").and_then(|name| {
        let known = Category::ALL.into_iter().find(|category| category.name() == name.value);
        if known.is_none() {
            source.fault(name.at, format!("there is no category `{}`", name.value));
        }
        known
    });
    let urgency = entry.optional_string("urgency").and_then(|name| {
        let known = Urgency::ALL.into_iter().find(|urgency| urgency.name() == name.value);
        if known.is_none() {
            source.fault(name.at, format!("there is no urgency `{}`", name.value));
        }
        known
    });
    let brings = entry.string("brings");
    let brings = match brings.value.as_str() {
        "ticket" => Brings::Ticket { category, urgency: urgency.unwrap_or(Urgency::Normal) },
        "visit" => Brings::Visit,
        _ => {
            source.fault(brings.at, "`brings` must be \"visit\" or \"ticket\"");
            Brings::Visit
        }
    };
    Some(Rule { id, signal, when: when?, lasts, cooldown, brings })
}
