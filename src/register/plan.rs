//! What a file would make of the registers: every row applied to what is known, with every fault.
//!
//! Nothing is written here. Sheets are taken in the order in which they refer to each other, so
//! that a workbook may bring a project and its flats at once.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::fault::{Fault, Faults, Place, Problem};
use super::known::Known;
use super::line::{Line, Value};
use super::shelf::Spot;
use super::table::Table;
use crate::clock::Clock;
use crate::domain::register::{Column, Register, RegisterWords};
use crate::domain::time::Timestamp;
use crate::domain::warranty::Rules;

mod contacts;
mod projects;
mod region;
mod staff;
mod subcontractors;
mod terms;
mod units;

/// The registers in the order in which they refer to each other.
const ORDER: [Register; 6] = [
    Register::Staff,
    Register::Projects,
    Register::Subcontractors,
    Register::Units,
    Register::Contacts,
    Register::Terms,
];

/// How far ahead a handover may lie: what is being built is handed over within two years, and
/// anything later is taken for a slip of the pen.
const FARTHEST_YEARS: i16 = 2;

/// What rows are understood by.
pub(super) struct Setting<'a> {
    pub(super) words: &'a RegisterWords,
    pub(super) rules: &'a Rules,
    pub(super) zone: &'a TimeZone,
    pub(super) clock: &'a Clock,
    pub(super) now: Timestamp,
    pub(super) today: Date,
    /// Whose region alone may be changed; `None`: all.
    pub(super) within: Option<&'a str>,
}

/// Applies every row of every table. Faults keep the file from being written, notes do not.
pub(super) fn apply(
    tables: &[Table],
    known: &mut Known,
    setting: &Setting<'_>,
    faults: &mut Faults,
    notes: &mut Faults,
) {
    for register in ORDER {
        for (index, table) in tables.iter().enumerate().filter(|(_, table)| table.register == register) {
            for row in &table.rows {
                let at = Spot { table: index, row: row.number };
                let mut line = Line { tables, table, row, at, words: setting.words, zone: setting.zone, faults };
                match register {
                    Register::Staff => staff::take(&mut line, known, setting),
                    Register::Projects => projects::take(&mut line, known, setting, notes),
                    Register::Subcontractors => subcontractors::take(&mut line, known, setting),
                    Register::Units => units::take(&mut line, known, setting, notes),
                    Register::Contacts => contacts::take(&mut line, known, setting, notes),
                    Register::Terms => terms::take(&mut line, known, setting),
                }
            }
        }
    }
    if let Some(region) = setting.within {
        region::check(region, tables, known, faults);
    }
    staff::check(tables, known, notes);
}

/// Reads the day something was or will be handed over.
fn handover(line: &mut Line<'_>, setting: &Setting<'_>, notes: &mut Faults) -> Value<Timestamp> {
    let (date, begin) = match line.day(Column::Handover) {
        Value::Is(read) => read,
        Value::Clear => return Value::Clear,
        Value::Absent => return Value::Absent,
    };
    let farthest = setting.today.checked_add(jiff::Span::new().years(FARTHEST_YEARS)).unwrap_or(setting.today);
    let said = date.to_string();
    if date > farthest {
        let args = [("value", said.as_str()), ("years", &FARTHEST_YEARS.to_string())];
        line.fault(Column::Handover, Problem::HandoverTooFar, &args);
        return Value::Absent;
    }
    if date > setting.today {
        notes.add(Fault::at(line.place(Column::Handover), Problem::HandoverAhead, &[("value", &said)]));
    }
    Value::Is(begin)
}

/// Notes that a row speaks of what an earlier one speaks of already.
fn twice(line: &mut Line<'_>, column: Column, earlier: Option<Spot>) {
    if let Some(at) = earlier {
        let row = line.named(at);
        line.fault(column, Problem::Twice, &[("row", &row)]);
    }
}

/// Returns where a row begins.
fn row_place(tables: &[Table], at: Spot) -> Place {
    let sheet = tables.get(at.table).and_then(|table| table.sheet.clone());
    Place { sheet, row: Some(at.row), ..Place::default() }
}
