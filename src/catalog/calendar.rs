//! `plans/calendar.toml`: which days are worked, and the hours clocks run by.

use jiff::civil::{Date, Time, Weekday};

use super::document::{Placed, Source, Table};
use super::fault::Fault;
use super::files::Files;
use crate::domain::calendar::{Calendar, Hours};

const FILE: &str = "plans/calendar.toml";

/// Days of the longest holiday that is believed.
const LONGEST: i32 = 15;

/// Reads the calendar; days that contradict each other are faults.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> Calendar {
    let mut calendar = Calendar::default();
    let Some(text) = files.required(FILE, faults) else { return calendar };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    for day in table.strings("fixed") {
        // 2024 is a leap year: every day of every year is one of its.
        match format!("2024-{}", day.value).parse::<Date>() {
            Ok(date) => drop(calendar.fixed.insert((date.month(), date.day()))),
            Err(_) => source.fault(day.at, format!("`{}` is no month and day; write it like \"10-01\"", day.value)),
        }
    }
    for entry in table.tables("hours") {
        hours(&source, &entry, &mut calendar);
        entry.finish();
    }
    let mut worked = Vec::new();
    for entry in table.tables("year") {
        year(&source, &entry, &mut calendar, &mut worked);
        entry.finish();
    }
    for day in &worked {
        contradiction(&source, &calendar, day);
    }
    calendar.worked = worked.into_iter().map(|day| day.value).collect();
    table.finish();
    faults.extend(source.into_faults());
    calendar
}

fn hours(source: &Source<'_>, entry: &Table<'_, '_>, calendar: &mut Calendar) {
    let id = entry.string("id");
    let [from, to] = ["from", "to"].map(|key| entry.optional_string(key).map(|text| time(source, &text)));
    let hours = match (from, to) {
        (None, None) => Hours::Always,
        (Some(Some(from)), Some(Some(to))) if from < to => Hours::Office { from, to },
        (Some(Some(_)), Some(Some(_))) => {
            return source.fault(entry.at(), format!("the hours `{}` end before they begin", id.value));
        }
        (Some(_), Some(_)) => return, // noted already
        _ => {
            return source.fault(entry.at(), format!("the hours `{}` need both `from` and `to`, or neither", id.value));
        }
    };
    if calendar.hours.insert(id.value.clone(), hours).is_some() {
        source.fault(id.at, format!("the hours `{}` are there twice", id.value));
    }
}

fn year(source: &Source<'_>, entry: &Table<'_, '_>, calendar: &mut Calendar, worked: &mut Vec<Placed<Date>>) {
    let year = i16::try_from(entry.count("year")).unwrap_or(i16::MAX);
    if !calendar.published.insert(year) {
        source.fault(entry.at(), format!("the year {year} is there twice"));
    }
    let holidays = entry.tables("holiday");
    if holidays.is_empty() {
        source
            .fault(entry.at(), format!("the year {year} has no [[year.holiday]]; leave it out until it is published"));
    }
    for holiday in holidays {
        // For whoever reads the file; nothing else shows it.
        let name = holiday.string("name").value;
        let [from, to] = ["from", "to"].map(|key| day(source, &holiday.string(key), year));
        for text in holiday.strings("working") {
            worked.extend(day(source, &text, year).map(|date| Placed { value: date, at: text.at }));
        }
        if let (Some(from), Some(to)) = (from, to) {
            match to.since(from).map(|span| span.get_days()) {
                Ok(days) if (0..LONGEST).contains(&days) => {
                    calendar
                        .free
                        .extend(std::iter::successors(Some(from), |day| day.tomorrow().ok().filter(|day| *day <= to)));
                }
                Ok(days) if days < 0 => source.fault(holiday.at(), format!("`{name}` ends before it begins")),
                _ => source.fault(holiday.at(), format!("`{name}` is longer than {LONGEST} days")),
            }
        }
        holiday.finish();
    }
}

/// A day that is worked although something else in the file says that it is not, or for no reason.
fn contradiction(source: &Source<'_>, calendar: &Calendar, day: &Placed<Date>) {
    let date = day.value;
    if calendar.free.contains(&date) || calendar.is_fixed(date) {
        source.fault(day.at, format!("{date} is both a holiday and a working day"));
    } else if !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
        source.fault(day.at, format!("{date} is no Saturday or Sunday: it is worked anyway"));
    }
}

/// A day of that year, or of the last or first days of its neighbours (a holiday may begin before New Year).
fn day(source: &Source<'_>, text: &Placed<String>, year: i16) -> Option<Date> {
    let day = text.value.parse::<Date>().ok();
    match day {
        // An empty text is noted already.
        None if !text.value.is_empty() => {
            source.fault(text.at, format!("`{}` is no date; write it like \"2026-10-01\"", text.value));
        }
        Some(date) if (date.year() - year).abs() > 1 => {
            source.fault(text.at, format!("{date} does not belong to the year {year}"));
        }
        _ => {}
    }
    day
}

/// A time of day; `24:00` is the end of it.
pub(super) fn time(source: &Source<'_>, text: &Placed<String>) -> Option<Time> {
    let whole = (text.value == "24:00").then_some(Time::MAX);
    let time = whole.or_else(|| Time::strptime("%H:%M", &text.value).ok());
    if time.is_none() && !text.value.is_empty() {
        source.fault(text.at, format!("`{}` is no time of day; write it like \"09:00\"", text.value));
    }
    time
}
