//! What a manager of one region may change: that region's projects and what belongs to them, its
//! people, and firms. Nobody makes themselves more than they are by a table.

use std::collections::{HashMap, HashSet};

use super::super::fault::{Fault, Faults, Problem};
use super::super::known::Known;
use super::super::shelf::Spot;
use super::super::table::Table;
use super::row_place;
use crate::domain::ids::{ContactId, ProjectId, UnitId};
use crate::domain::project::Project;
use crate::domain::staff::{Role, Staff};

/// Adds a fault for every row that reaches beyond a region.
pub(super) fn check(region: &str, tables: &[Table], known: &Known, faults: &mut Faults) {
    let mut beyond = |row: Spot| {
        faults.add(Fault::at(row_place(tables, row), Problem::OtherRegion, &[("region", region)]));
    };
    let far = |project: &Project| project.region != region;
    let distant: HashSet<ProjectId> =
        known.projects.all().filter(|project| far(project)).map(|project| project.id).collect();
    let is_far = |id: &ProjectId| distant.contains(id);
    let of_unit: HashMap<UnitId, ProjectId> = known.units.all().map(|unit| (unit.id, unit.project_id)).collect();
    let unit_is_far = |id: &UnitId| of_unit.get(id).is_some_and(is_far);
    for (row, before, now) in known.projects.touched() {
        if far(now) || before.is_some_and(far) {
            beyond(row);
        }
    }
    let elsewhere = |person: &Staff| {
        person.region.as_deref() != Some(region) || matches!(person.role, Role::Headquarters | Role::Admin)
    };
    for (row, before, now) in known.staff.touched() {
        if elsewhere(now) || before.is_some_and(elsewhere) {
            beyond(row);
        }
    }
    for (row, _, unit) in known.units.touched() {
        if is_far(&unit.project_id) {
            beyond(row);
        }
    }
    let homes = near_homes(known, |unit| !unit_is_far(unit));
    let lives_far = |id: &ContactId| homes.get(id) == Some(&false);
    for (row, _, contact) in known.contacts.touched() {
        if lives_far(&contact.id) {
            beyond(row);
        }
    }
    for (row, before, now) in known.firms.touched() {
        let other = |of: &Option<String>| of.as_deref().is_some_and(|of| of != region);
        if other(&now.region) || before.is_some_and(|before| other(&before.region)) {
            beyond(row);
        }
    }
    for (row, (project, _)) in known.engagements.touched_keys() {
        if is_far(project) {
            beyond(row);
        }
    }
    for (row, (project, _)) in known.terms.touched_keys() {
        if is_far(project) {
            beyond(row);
        }
    }
    for (row, (contact, unit)) in known.bindings.touched_keys() {
        if unit_is_far(unit) || lives_far(contact) {
            beyond(row);
        }
    }
    for (row, before, now) in known.staff.touched() {
        let near = !elsewhere(now) && !before.is_some_and(elsewhere);
        if near && gives_more(before, now) {
            faults.add(Fault::at(row_place(tables, row), Problem::MoreThanARegion, &[]));
        }
    }
}

/// Says of everybody with a home whether one of them is near. Whoever lives near as well is theirs;
/// whoever lives nowhere yet is nobody's. A home that only the file brings says nothing of somebody who
/// has one already: else a row would make another region's client theirs.
fn near_homes(known: &Known, is_near: impl Fn(&UnitId) -> bool) -> HashMap<ContactId, bool> {
    let mut homes: HashMap<ContactId, bool> = HashMap::new();
    for (contact, unit) in known.bindings.stored_keys() {
        *homes.entry(*contact).or_default() |= is_near(unit);
    }
    let settled: HashSet<ContactId> = homes.keys().copied().collect();
    for (_, (contact, unit)) in known.bindings.touched_keys() {
        if !settled.contains(contact) {
            *homes.entry(*contact).or_default() |= is_near(unit);
        }
    }
    homes
}

/// Whether somebody is made more than a region has to give: by a role that knows no regions, or by an
/// account that had ended, with the password it had.
fn gives_more(before: Option<&Staff>, now: &Staff) -> bool {
    let as_before = before.is_some_and(|before| before.role == now.role);
    let reopened = before.is_some_and(|before| !before.active && now.active);
    reopened || (now.role.knows_no_region() && !as_before)
}
