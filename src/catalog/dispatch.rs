//! `plans/dispatch.toml`: who gets a ticket, and what goes with it.

use jiff::civil::Time;
use serde::Deserialize;
use toml::Spanned;

use super::fault::Fault;
use super::files::Files;
use crate::domain::dispatch::{Among, Rule, Rules};
use crate::domain::ticket::{Cause, TicketKind};
use crate::domain::understanding::{Category, Urgency};

const FILE: &str = "plans/dispatch.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    most_open: u32,
    remind_at: Spanned<String>,
    link_days: Spanned<u32>,
    rule: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    kinds: Vec<TicketKind>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    projects: Vec<String>,
    #[serde(default)]
    categories: Vec<Category>,
    #[serde(default)]
    causes: Vec<Cause>,
    #[serde(default)]
    urgencies: Vec<Urgency>,
    to: Spanned<To>,
    team: Option<String>,
    login: Option<String>,
    #[serde(default)]
    auto: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    ProjectEngineer,
    Skilled,
    Region,
    Managers,
    Team,
    Person,
}

/// Reads the rules; `None` where there is a fault that leaves none.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> Option<Rules> {
    let text = files.required(FILE, faults)?;
    let written: Written = match toml::from_str(text) {
        Ok(written) => written,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            faults.push(Fault::at(FILE, text, at, error.message()));
            return None;
        }
    };
    let mut fault = |at: usize, message: String| faults.push(Fault::at(FILE, text, at, message));
    let remind_at = Time::strptime("%H:%M", written.remind_at.get_ref());
    if remind_at.is_err() {
        let message = format!("`{}` is no time of day; write it like \"18:00\"", written.remind_at.get_ref());
        fault(written.remind_at.span().start, message);
    }
    if *written.link_days.get_ref() == 0 {
        fault(written.link_days.span().start, "a link must last a day at least".to_owned());
    }
    let mut rules = Vec::new();
    for line in written.rule {
        let at = line.to.span().start;
        let to = match (*line.to.get_ref(), line.team, line.login) {
            (To::ProjectEngineer, None, None) => Among::ProjectEngineer,
            (To::Skilled, None, None) => Among::Skilled,
            (To::Region, None, None) => Among::Region,
            (To::Managers, None, None) => Among::Managers,
            (To::Team, Some(team), None) => Among::Team(team),
            (To::Person, None, Some(login)) => Among::Person(login),
            (To::Team, ..) => {
                fault(at, "`to = \"team\"` needs `team`, and nothing else does".to_owned());
                continue;
            }
            (To::Person, ..) => {
                fault(at, "`to = \"person\"` needs `login`, and nothing else does".to_owned());
                continue;
            }
            (To::ProjectEngineer | To::Skilled | To::Region | To::Managers, ..) => {
                fault(at, "`team` and `login` go with `to = \"team\"` and `to = \"person\"` alone".to_owned());
                continue;
            }
        };
        rules.push(Rule {
            kinds: line.kinds,
            regions: line.regions,
            projects: line.projects,
            categories: line.categories,
            causes: line.causes,
            urgencies: line.urgencies,
            to,
            auto: line.auto,
        });
    }
    let (most_open, link_days) = (written.most_open, *written.link_days.get_ref());
    Some(Rules { rules, most_open, remind_at: remind_at.ok()?, link_days })
}
