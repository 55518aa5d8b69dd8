//! A row of the staff (人员).
//!
//! Nobody gets a password by an import: somebody new can be given work at once, but logs in only after an
//! administrator set one or invited them, in the console or by `huifang staff`. Administrators are made and
//! unmade there alone, so that no file that passes through many hands can make one.

use super::super::fault::{Fault, Faults, Problem};
use super::super::known::Known;
use super::super::line::{Line, Value};
use super::super::table::Table;
use super::{Setting, row_place, twice};
use crate::domain::register::{Column, ValueSet};
use crate::domain::staff::{Role, Staff};

pub(super) fn take(line: &mut Line<'_>, known: &mut Known, setting: &Setting<'_>) {
    let Some(login) = line.key(Column::Login) else { return };
    let make = || Staff::new(setting.clock.new_id(), login.clone(), Role::Agent, setting.now);
    let opened = known.staff.open(login.clone(), None, line.at, make);
    twice(line, Column::Login, opened.earlier);
    let name = line.text(Column::Name);
    let role = line.value(Column::Role, ValueSet::Role);
    let role = line.required(Column::Role, role, opened.new);
    let region = line.text(Column::Region);
    let phone = line.phone(Column::Phone);
    let team = line.text(Column::Team);
    let skills = line.values(Column::Skills, ValueSet::Trade);
    let active = line.flag(Column::Active);
    let is_admin = !opened.new && known.staff.now(opened).is_some_and(|person| person.role == Role::Admin);
    if role.is_some_and(|role| is_admin != (role == Role::Admin)) {
        line.fault(Column::Role, Problem::Admin, &[]);
        return;
    }
    if is_admin && active == Value::Is(false) {
        line.fault(Column::Active, Problem::Admin, &[]);
        return;
    }
    known.staff.change(opened, |person| {
        name.put_or(&mut person.name, login);
        person.role = role.unwrap_or(person.role);
        region.put(&mut person.region);
        phone.put(&mut person.phone);
        team.put(&mut person.team);
        skills.put_or(&mut person.skills, Vec::new());
        active.put_or(&mut person.active, true);
    });
}

/// Tells of everybody who has left and is still the engineer of projects.
pub(super) fn check(tables: &[Table], known: &Known, notes: &mut Faults) {
    for (row, person) in known.staff.spoken_of().filter(|(_, person)| !person.active) {
        let count = known.projects.all().filter(|project| project.engineer_id == Some(person.id)).count();
        if count > 0 {
            let place = row_place(tables, row);
            notes.add(Fault::at(place, Problem::StillEngineer, &[("count", &count.to_string())]));
        }
    }
}
