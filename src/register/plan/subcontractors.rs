//! A row of the subcontractors (分包单位), with the projects in which the firm did its trades.

use super::super::fault::Problem;
use super::super::known::Known;
use super::super::line::Line;
use super::{Setting, twice};
use crate::domain::ids::SubcontractorId;
use crate::domain::register::{Column, ValueSet};
use crate::domain::subcontractor::Subcontractor;
use crate::domain::understanding::Category;

pub(super) fn take(line: &mut Line<'_>, known: &mut Known, setting: &Setting<'_>) {
    let Some(name) = line.key(Column::Name) else { return };
    let make = || Subcontractor::new(setting.clock.new_id(), name.clone());
    let opened = known.firms.open(name.clone(), None, line.at, make);
    twice(line, Column::Name, opened.earlier);
    let phone = line.phone(Column::Phone);
    let mail = line.mail(Column::Mail);
    let region = line.text(Column::Region);
    let trades = line.values(Column::Trades, ValueSet::Trade);
    let active = line.flag(Column::Active);
    known.firms.change(opened, |firm| {
        phone.put(&mut firm.phone);
        mail.put(&mut firm.mail);
        region.put(&mut firm.region);
        trades.put_or(&mut firm.trades, Vec::new());
        active.put_or(&mut firm.active, true);
    });
    let firm = known.firms.now(opened).map(|firm| (firm.id, firm.trades.clone()));
    let projects = line.list(Column::Projects);
    // A table takes no firm out of a project.
    let projects = line.required(Column::Projects, projects, false).unwrap_or_default();
    let Some((id, trades)) = firm else { return };
    for code in projects {
        engage(line, known, &code, &trades, id);
    }
}

/// Notes what the firm did in a project: its trades, or everything if it names none.
fn engage(line: &mut Line<'_>, known: &mut Known, code: &str, trades: &[Category], firm: SubcontractorId) {
    let Some(project) = known.projects.get(&code.to_owned()).map(|project| project.id) else {
        return line.fault(Column::Projects, Problem::UnknownProject, &[("value", code)]);
    };
    let trades: Vec<_> = if trades.is_empty() { vec![None] } else { trades.iter().copied().map(Some).collect() };
    for trade in trades {
        let opened = known.engagements.open((project, trade), None, line.at, || firm);
        // A project named twice in one row is the same firm again.
        if let Some(at) = opened.earlier.filter(|_| known.engagements.now(opened) != Some(&firm)) {
            let row = line.named(at);
            line.fault(Column::Projects, Problem::TradeTaken, &[("value", code), ("row", &row)]);
        }
        known.engagements.change(opened, |known| *known = firm);
    }
}
