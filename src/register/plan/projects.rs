//! A row of the projects (工程项目).

use super::super::fault::{Fault, Faults, Problem};
use super::super::known::Known;
use super::super::line::{Line, Value};
use super::{Setting, handover, twice};
use crate::domain::project::{Project, ProjectKind, Tier};
use crate::domain::register::{Column, ValueSet};

pub(super) fn take(line: &mut Line<'_>, known: &mut Known, setting: &Setting<'_>, notes: &mut Faults) {
    let Some(code) = line.key(Column::Code) else { return };
    let name = line.text(Column::Name);
    let alias = name.clone().known();
    let make =
        || Project { code: Some(code.clone()), ..Project::new(setting.clock.new_id(), "", ProjectKind::Housing) };
    let opened = known.projects.open(code.clone(), alias, line.at, make);
    twice(line, Column::Code, opened.earlier);
    let name = line.required(Column::Name, name, opened.new);
    let kind = line.value(Column::Kind, ValueSet::Kind);
    let kind = line.required(Column::Kind, kind, opened.new);
    let region = line.text(Column::Region);
    let region = line.required(Column::Region, region, opened.new);
    let tier = line.value(Column::Tier, ValueSet::Tier);
    let faults = line.faults.count();
    let handover = handover(line, setting, notes);
    let unread = line.faults.count() > faults;
    let manager = line.text(Column::Manager);
    let team = line.text(Column::Team);
    let engineer = engineer(line, known);
    let novel = line.flag(Column::Novel);
    let until = line.day(Column::MaintainedUntil);
    let every = line.value(Column::MaintainedEvery, ValueSet::Upkeep);
    let vocabulary = line.list(Column::Vocabulary);
    known.projects.change(opened, |project| {
        project.code = Some(code);
        project.name = name.unwrap_or_else(|| std::mem::take(&mut project.name));
        project.kind = kind.unwrap_or(project.kind);
        project.region = region.unwrap_or_else(|| std::mem::take(&mut project.region));
        tier.put_or(&mut project.tier, Tier::Standard);
        handover.put(&mut project.handover_at);
        manager.put(&mut project.manager);
        team.put(&mut project.team);
        engineer.put(&mut project.engineer_id);
        novel.put_or(&mut project.novel, false);
        match until {
            Value::Absent => {}
            Value::Clear => project.maintained_until = None,
            Value::Is((_, begin)) => project.maintained_until = Some(begin),
        }
        every.put(&mut project.maintained_every);
        vocabulary.put_or(&mut project.vocabulary, Vec::new());
    });
    // A date that was given and cannot be read is a fault already.
    if !unread && known.projects.now(opened).is_some_and(|project| project.handover_at.is_none()) {
        notes.add(Fault::at(line.place(Column::Handover), Problem::HandoverMissing, &[]));
    }
}

/// Finds the engineer by login. Somebody who has left cannot be responsible.
fn engineer(line: &mut Line<'_>, known: &Known) -> Value<crate::domain::ids::StaffId> {
    match line.text(Column::Engineer) {
        Value::Absent => Value::Absent,
        Value::Clear => Value::Clear,
        Value::Is(login) => match known.staff.get(&login) {
            Some(person) if person.active => Value::Is(person.id),
            Some(_) => {
                line.fault(Column::Engineer, Problem::StaffLeft, &[("value", &login)]);
                Value::Absent
            }
            None => {
                line.fault(Column::Engineer, Problem::UnknownStaff, &[("value", &login)]);
                Value::Absent
            }
        },
    }
}
