//! `plans/visits.toml`: which follow-ups a unit gets, and when.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::calendar::time;
use super::document::{Source, Table};
use super::fault::Fault;
use super::files::Files;
use super::seasons;
use crate::domain::plan::{After, Edge, From, Instead, Line, Offset, Only, Outreach, Plans, When};
use crate::domain::project::{ProjectKind, Tier};
use crate::domain::season::Season;
use crate::domain::survey::Survey;
use crate::domain::visit::VisitKind;

const VISITS: &str = "plans/visits.toml";

/// What something that happens brings about; each must be there.
const AFTER: [(&str, VisitKind); 3] =
    [("post_repair", VisitKind::PostRepair), ("second", VisitKind::Second), ("special", VisitKind::Special)];

/// The longest span that is believed, in days and in months: ten years.
const MOST_DAYS: u32 = 3660;
const MOST_MONTHS: u32 = 120;

/// The surveys that are there, and where the plan names others.
struct Surveys<'s> {
    known: &'s BTreeMap<String, Survey>,
    missing: RefCell<BTreeMap<String, Vec<usize>>>,
}

/// Reads the plan; what it names must be there.
pub(super) fn read(
    files: &Files,
    seasons: Vec<Season>,
    surveys: &BTreeMap<String, Survey>,
    faults: &mut Vec<Fault>,
) -> Plans {
    let surveys = &Surveys { known: surveys, missing: RefCell::default() };
    let mut plans = Plans { seasons, ..Plans::default() };
    let Some(text) = files.required(VISITS, faults) else { return plans };
    let source = Source::new(VISITS, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    plans.at = time(&source, &table.string("at")).unwrap_or_default();
    [plans.spread_minutes, plans.horizon_days, plans.late_days] =
        ["spread_minutes", "horizon_days", "late_days"].map(|key| table.count(key));
    for entry in table.tables("instead") {
        let of = entry.strings("of");
        let missing = of.iter().filter(|of| !surveys.known.contains_key(&of.value));
        missing.for_each(|of| surveys.miss(&of.value, of.at));
        plans.instead.push(Instead {
            project_kinds: known(&source, &entry, "project_kinds"),
            of: of.into_iter().map(|of| of.value).collect(),
            survey: surveys.named(&entry, "survey"),
        });
        entry.finish();
    }
    for entry in table.tables("visit") {
        if let Some(line) = line(&source, &entry, &plans, surveys) {
            plans.lines.push(line);
        }
        entry.finish();
    }
    if let Some(after) = table.table("after") {
        for (name, kind) in AFTER {
            let Some(entry) = after.table(name) else {
                source.fault(after.at(), format!("there is no [after.{name}]"));
                continue;
            };
            let [days, latest_days] =
                ["days", "latest_days"].map(|key| span(&source, &entry, entry.count(key), MOST_DAYS));
            if latest_days < days {
                source.fault(entry.at(), "`latest_days` must not be before `days`");
            }
            plans.after.insert(kind, After { days, latest_days, survey: surveys.named(&entry, "survey") });
            entry.finish();
        }
        after.finish();
    } else {
        source.fault(table.at(), "[after.post_repair], [after.second] and [after.special] are missing");
    }
    match table.table("outreach") {
        Some(entry) => {
            let sample_percent = span(&source, &entry, entry.count("sample_percent"), 100);
            let silent_months = span(&source, &entry, entry.count("silent_months"), MOST_MONTHS);
            plans.outreach = Outreach {
                sample_percent,
                sample_seed: entry.string("sample_seed").value,
                sample_survey: surveys.named(&entry, "sample_survey"),
                silent_months,
                survey: surveys.named(&entry, "survey"),
            };
            entry.finish();
        }
        None => source.fault(table.at(), "[outreach] is missing"),
    }
    table.finish();
    surveys.report(&source);
    faults.extend(source.into_faults());
    plans
}

fn line(source: &Source<'_>, entry: &Table<'_, '_>, plans: &Plans, surveys: &Surveys<'_>) -> Option<Line> {
    let name = entry.string("kind");
    let kind = VisitKind::from_name(&name.value).filter(|kind| !brought_about(*kind));
    if kind.is_none() && !name.value.is_empty() {
        let known = VisitKind::ALL.into_iter().filter(|kind| !brought_about(*kind)).map(VisitKind::name);
        let known = known.collect::<Vec<_>>().join(", ");
        source.fault(name.at, format!("`{}` is no kind of visit that can be planned; known: {known}", name.value));
    }
    let id = entry.string("id");
    if id.value.contains(':') {
        source.fault(id.at, "`id` must not hold a `:`");
    }
    let project_kinds: Vec<ProjectKind> = known(source, entry, "project_kinds");
    let tiers: Vec<Tier> = known(source, entry, "tiers");
    let only = entry.optional_string("only").and_then(|only| match only.value.as_str() {
        "novel" => Some(Only::Novel),
        "maintained" => Some(Only::Maintained),
        "unmaintained" => Some(Only::Unmaintained),
        _ => {
            source.fault(only.at, "`only` must be \"novel\", \"maintained\" or \"unmaintained\"");
            None
        }
    });
    let when = when(source, entry, plans);
    let latest = offset(source, entry, ["latest_days", "latest_months"]);
    let line = Line {
        kind: kind?,
        id: id.value,
        project_kinds,
        tiers,
        only,
        when: when?,
        latest,
        survey: surveys.named(entry, "survey"),
    };
    if plans.lines.iter().any(|other| other.collides(&line)) {
        source.fault(id.at, format!("the visit {}:{} is there twice for the same projects", name.value, line.id));
    }
    Some(line)
}

fn when(source: &Source<'_>, entry: &Table<'_, '_>, plans: &Plans) -> Option<When> {
    let from = match entry.optional_string("from") {
        Some(from) if from.value == "first_use" => From::FirstUse,
        Some(from) if from.value != "handover" => {
            source.fault(from.at, "`from` must be \"handover\" or \"first_use\"");
            From::Handover
        }
        _ => From::Handover,
    };
    let once = offset(source, entry, ["after_days", "after_months"]).map(|offset| When::After { from, offset });
    let every = entry.optional_count("every_months").map(|months| {
        let months = span(source, entry, months, MOST_MONTHS);
        When::Every { months, times: span(source, entry, entry.count("times"), MOST_MONTHS) }
    });
    let season = entry.optional_string("season").map(|season| {
        if !plans.seasons.iter().any(|known| known.id == season.value) {
            source.fault(season.at, format!("there is no season `{}` in {}", season.value, seasons::FILE));
        }
        let edge = entry.string("edge");
        if !matches!(edge.value.as_str(), "before" | "after" | "") {
            source.fault(edge.at, "`edge` must be \"before\" or \"after\"");
        }
        let edge = if edge.value == "after" { Edge::After } else { Edge::Before };
        let days = span(source, entry, entry.count("days"), MOST_DAYS);
        When::Season { season: season.value, edge, days, years: span(source, entry, entry.count("years"), 10) }
    });
    let expiry = entry.optional_count("before_expiry_days");
    let expiry = expiry.map(|days| When::BeforeExpiry { days: span(source, entry, days, MOST_DAYS) });
    let upkeep = entry.flag("upkeep").then_some(When::Upkeep);
    let mut said = [once, every, season, expiry, upkeep].into_iter().flatten();
    let (first, second) = (said.next(), said.next());
    if first.is_none() || second.is_some() {
        source.fault(
            entry.at(),
            "a visit needs one of `after_days`, `after_months`, `every_months`, `season`, `before_expiry_days`, `upkeep`",
        );
    }
    first
}

fn offset(source: &Source<'_>, entry: &Table<'_, '_>, keys: [&'static str; 2]) -> Option<Offset> {
    let [days, months] = keys.map(|key| entry.optional_count(key));
    match (days, months) {
        (Some(_), Some(_)) => {
            source.fault(entry.at(), format!("only one of `{}` and `{}` may stand", keys[0], keys[1]));
            None
        }
        (Some(days), None) => Some(Offset::Days(span(source, entry, days, MOST_DAYS))),
        (None, Some(months)) => Some(Offset::Months(span(source, entry, months, MOST_MONTHS))),
        (None, None) => None,
    }
}

impl Surveys<'_> {
    /// Returns the name of a survey; one that is not there is noted.
    fn named(&self, entry: &Table<'_, '_>, key: &'static str) -> String {
        let survey = entry.string(key);
        if !self.known.contains_key(&survey.value) && !survey.value.is_empty() {
            self.miss(&survey.value, survey.at);
        }
        survey.value
    }

    fn miss(&self, name: &str, at: usize) {
        self.missing.borrow_mut().entry(name.to_owned()).or_default().push(at);
    }

    /// Notes one fault for every survey that is missing, however many lines name it.
    fn report(&self, source: &Source<'_>) {
        for (name, places) in self.missing.borrow().iter() {
            let Some((first, others)) = places.split_first() else { continue };
            let others: Vec<String> = others.iter().map(|at| source.line(*at).to_string()).collect();
            let also = if others.is_empty() { String::new() } else { format!("; so says line {}", others.join(", ")) };
            source.fault(*first, format!("there is no survey `{name}`{also}"));
        }
    }
}

/// Names of plain values; those nobody knows are faults.
fn known<'de, T: Deserialize<'de>>(source: &Source<'_>, entry: &Table<'_, '_>, key: &'static str) -> Vec<T> {
    let mut values = Vec::new();
    for name in entry.strings(key) {
        let read = |text: String| T::deserialize(IntoDeserializer::<Error>::into_deserializer(text));
        match read(name.value.clone()) {
            Ok(value) => values.push(value),
            Err(error) => source.fault(name.at, format!("`{key}`: {error}")),
        }
    }
    values
}

fn span(source: &Source<'_>, entry: &Table<'_, '_>, value: u32, most: u32) -> u32 {
    if value > most {
        source.fault(entry.at(), format!("{value} is more than {most}, which is the most here"));
    }
    value.min(most)
}

/// Whether visits of a kind come about by something that happens, not by the plan.
fn brought_about(kind: VisitKind) -> bool {
    kind == VisitKind::Outreach || AFTER.iter().any(|(_, other)| *other == kind)
}
