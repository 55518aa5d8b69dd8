//! A row of the warranty terms (保修条款): what a contract agrees beyond the law.

use super::super::fault::Problem;
use super::super::known::Known;
use super::super::line::Line;
use super::{Setting, twice, units};
use crate::domain::language::Language;
use crate::domain::register::{Column, compared};
use crate::domain::warranty::{Component, Rules};

pub(super) fn take(line: &mut Line<'_>, known: &mut Known, setting: &Setting<'_>) {
    let project = units::project(line, known);
    let component = component(line, setting.rules);
    let span = line.period(Column::Period);
    let (Some(project), Some(component), Some(span)) = (project, component, span) else { return };
    if setting.rules.is_shorter(span, component.span) {
        line.fault(Column::Period, Problem::ShorterThanLaw, &[]);
    }
    let opened = known.terms.open((project, component.id.clone()), None, line.at, || span);
    twice(line, Column::Component, opened.earlier);
    known.terms.change(opened, |known| *known = span);
}

fn component<'r>(line: &mut Line<'_>, rules: &'r Rules) -> Option<&'r Component> {
    let said = line.key(Column::Component)?;
    let name = compared(&said);
    let called = |component: &&Component| {
        let mut names = component.names.values().chain(&component.also).chain([&component.id]);
        names.any(|other| compared(other) == name)
    };
    let found = rules.components.iter().find(called);
    if found.is_none() {
        let names = rules.components.iter().filter_map(|component| component.names.get(&Language::Chinese));
        let known = names.map(String::as_str).collect::<Vec<_>>().join(", ");
        line.fault(Column::Component, Problem::UnknownComponent, &[("value", &said), ("known", &known)]);
    }
    found
}
