//! A row of the contacts (客户档案): a person, and one unit of theirs.

use super::super::fault::{Fault, Faults, Problem};
use super::super::known::Known;
use super::super::line::{Line, Value};
use super::Setting;
use super::units;
use crate::domain::contact::{Contact, ContactRole};
use crate::domain::ids::UnitId;
use crate::domain::language::Language;
use crate::domain::register::{Column, ValueSet};

pub(super) fn take(line: &mut Line<'_>, known: &mut Known, setting: &Setting<'_>, notes: &mut Faults) {
    let phone = line.phone(Column::Phone);
    let Some(phone) = line.required(Column::Phone, phone, true) else { return };
    if let Some(count) = known.shared_phones.remove(&phone) {
        let note = Fault::at(line.place(Column::Phone), Problem::PhoneShared, &[("count", &count.to_string())]);
        notes.add(note);
    }
    let make = || Contact {
        phone: Some(phone.clone()),
        ..Contact::new(setting.clock.new_id(), Language::Chinese, setting.now)
    };
    let opened = known.contacts.open(phone.clone(), None, line.at, make);
    let name = line.text(Column::Name);
    let role = line.value(Column::Role, ValueSet::ContactRole);
    let language = line.value(Column::Language, ValueSet::Language);
    if let Value::Is(name) = &name {
        let (at, earlier) = known.named.entry(phone).or_insert_with(|| (line.at, name.clone()));
        // One number, two names: which of the two is meant only a person can say.
        if earlier != name {
            let row = line.named(*at);
            line.fault(Column::Name, Problem::OtherName, &[("row", &row)]);
            return;
        }
    }
    known.contacts.change(opened, |contact| {
        name.put(&mut contact.name);
        role.put_or(&mut contact.role, ContactRole::Owner);
        language.put_or(&mut contact.language, Language::Chinese);
    });
    let contact = known.contacts.now(opened).map(|contact| contact.id);
    match (contact, unit(line, known)) {
        (Some(contact), Value::Is(unit)) => {
            let bound = known.bindings.open((contact, unit), None, line.at, || ());
            super::twice(line, Column::Phone, bound.earlier);
        }
        _ => super::twice(line, Column::Phone, opened.earlier),
    }
}

/// Finds the unit a row names; nothing if it names none.
fn unit(line: &mut Line<'_>, known: &Known) -> Value<UnitId> {
    let (project, code) = (line.text(Column::Project), line.text(Column::Unit));
    for (column, value) in [(Column::Project, &project), (Column::Unit, &code)] {
        if *value == Value::Clear {
            // A table takes no home from anybody.
            line.fault(column, Problem::CannotBeCleared, &[]);
            return Value::Clear;
        }
    }
    match (project.known(), code.known()) {
        (None, None) => Value::Absent,
        (Some(_), None) => {
            line.fault(Column::Unit, Problem::Missing, &[]);
            Value::Clear
        }
        (None, Some(_)) => {
            line.fault(Column::Project, Problem::Missing, &[]);
            Value::Clear
        }
        (Some(_), Some(code)) => {
            let Some(project) = units::project(line, known) else { return Value::Clear };
            match known.units.get(&(project, code.clone())) {
                Some(unit) => Value::Is(unit.id),
                None => {
                    line.fault(Column::Unit, Problem::UnknownUnit, &[("value", &code)]);
                    Value::Clear
                }
            }
        }
    }
}
