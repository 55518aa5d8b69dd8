//! A row of the units (房号 / 设备).

use super::super::fault::{Fault, Faults, Problem};
use super::super::known::Known;
use super::super::line::{Line, Value};
use super::{Setting, handover, twice};
use crate::domain::ids::ProjectId;
use crate::domain::project::Unit;
use crate::domain::register::Column;

pub(super) fn take(line: &mut Line<'_>, known: &mut Known, setting: &Setting<'_>, notes: &mut Faults) {
    let (project, code) = (project(line, known), line.key(Column::Code));
    let (Some(project), Some(code)) = (project, code) else { return };
    shared(line, known, project, &code, notes);
    let label = line.text(Column::Label);
    let alias = label.clone().known().unwrap_or_else(|| code.clone());
    let make = || Unit { code: Some(code.clone()), ..Unit::new(setting.clock.new_id(), project, code.clone()) };
    let opened = known.units.open((project, code.clone()), Some((project, alias)), line.at, make);
    twice(line, Column::Code, opened.earlier);
    let [building, unit, room] = [Column::Building, Column::Unit, Column::Room].map(|column| line.text(column));
    let handover = handover(line, setting, notes);
    let first_use = line.day(Column::FirstUse);
    known.units.change(opened, |known| {
        building.put(&mut known.building);
        unit.put(&mut known.unit);
        room.put(&mut known.room);
        label.put_or(&mut known.label, code.clone());
        handover.put(&mut known.handover_at);
        match first_use {
            Value::Absent => {}
            Value::Clear => known.first_use_at = None,
            Value::Is((_, begin)) => known.first_use_at = Some(begin),
        }
        known.code = Some(code);
    });
}

/// Finds the one project a row belongs to.
pub(super) fn project(line: &mut Line<'_>, known: &Known) -> Option<ProjectId> {
    let code = line.key(Column::Project)?;
    if let Some(project) = known.projects.get(&code) {
        return Some(project.id);
    }
    if line.parts(&code).len() > 1 {
        line.fault(Column::Project, Problem::OneProject, &[]);
    } else {
        line.fault(Column::Project, Problem::UnknownProject, &[("value", &code)]);
    }
    None
}

/// The same code under two projects is two units, which is ordinary for flats; the first time is
/// told, in case it is one machine that stands in the wrong place.
fn shared(line: &Line<'_>, known: &mut Known, project: ProjectId, code: &str, notes: &mut Faults) {
    let first = *known.codes.entry(code.to_owned()).or_insert(project);
    let told = notes.list.iter().any(|note| note.problem == Problem::CodeShared);
    if first != project && !told {
        notes.add(Fault::at(line.place(Column::Code), Problem::CodeShared, &[("value", code)]));
    }
}
