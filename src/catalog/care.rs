//! `plans/recovery.toml`, `plans/incidents.toml` and `plans/departments.toml`: what follows a
//! survey, when neighbours report one fault, and which department is told.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use super::files::Files;
use super::named::TextNames;
use crate::domain::department::{Line, Routes};
use crate::domain::incident::Rules;
use crate::domain::recovery::{Invitation, Plan};
use crate::domain::ticket::Cause;
use crate::domain::understanding::Category;

const RECOVERY: &str = "plans/recovery.toml";
const INCIDENTS: &str = "plans/incidents.toml";
const DEPARTMENTS: &str = "plans/departments.toml";

/// What the three files say.
#[derive(Debug, Clone)]
pub(super) struct Care {
    pub(super) recovery: Plan,
    pub(super) incidents: Rules,
    pub(super) departments: Routes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recovery {
    dissatisfied: Dissatisfied,
    neutral: Neutral,
    satisfied: Satisfied,
    team: Team,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dissatisfied {
    deadline_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Neutral {
    deadline_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Satisfied {
    offers: Vec<String>,
    /// Empty: all by hand.
    #[serde(default)]
    invite: String,
    #[serde(default)]
    invite_after_hours: u32,
    #[serde(default)]
    invite_again_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Team {
    review_below: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Incidents {
    window_days: u32,
    batch_homes: usize,
    by_riser: Vec<Category>,
    never: Vec<Category>,
    #[serde(default)]
    days: BTreeMap<Category, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Departments {
    complaint: Vec<Complaint>,
    praise: Praise,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Complaint {
    to: String,
    #[serde(default)]
    causes: Vec<Cause>,
    #[serde(default)]
    categories: Vec<Category>,
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Praise {
    to: String,
}

/// Reads the three files; `None` only with a fault.
pub(super) fn read(files: &Files, names: &mut TextNames, faults: &mut Vec<Fault>) -> Option<Care> {
    let (recovery, incidents, departments) = (
        parsed::<Recovery>(files, RECOVERY, faults),
        parsed::<Incidents>(files, INCIDENTS, faults),
        parsed::<Departments>(files, DEPARTMENTS, faults),
    );
    let (recovery, incidents, departments) = (recovery?, incidents?, departments?);
    if !(1.0..=5.0).contains(&recovery.team.review_below) {
        faults.push(Fault::of_file(RECOVERY, "review_below must lie on the scale from 1 to 5"));
    }
    if incidents.batch_homes < 2 {
        faults.push(Fault::of_file(INCIDENTS, "batch_homes must be 2 or more"));
    }
    for offer in &recovery.satisfied.offers {
        names.need(RECOVERY, format!("care.offer.{offer}"));
    }
    let satisfied = &recovery.satisfied;
    if !satisfied.invite.is_empty() && !satisfied.offers.contains(&satisfied.invite) {
        let known = satisfied.offers.join(", ");
        faults.push(Fault::of_file(RECOVERY, format!("invite names none of the offers ({known})")));
    }
    let invite = (!satisfied.invite.is_empty()).then(|| Invitation {
        name: satisfied.invite.clone(),
        after_hours: satisfied.invite_after_hours,
        again_days: satisfied.invite_again_days,
    });
    let told = departments.complaint.iter().map(|line| &line.to).chain([&departments.praise.to]);
    for name in told {
        names.need(DEPARTMENTS, format!("department.{name}"));
    }
    let line = |line: Complaint| Line {
        to: line.to,
        causes: line.causes,
        categories: line.categories,
        words: line.words.iter().map(|word| word.to_lowercase()).collect(),
    };
    Some(Care {
        recovery: Plan {
            deadline_days: recovery.dissatisfied.deadline_days,
            ask_days: recovery.neutral.deadline_days,
            offers: recovery.satisfied.offers,
            invite,
            review_below: recovery.team.review_below,
        },
        incidents: Rules {
            window_days: incidents.window_days,
            days: incidents.days,
            batch_homes: incidents.batch_homes,
            by_riser: incidents.by_riser.into_iter().collect(),
            never: incidents.never.into_iter().collect(),
        },
        departments: Routes {
            complaints: departments.complaint.into_iter().map(line).collect(),
            praise: departments.praise.to,
        },
    })
}

fn parsed<T: DeserializeOwned>(files: &Files, file: &str, faults: &mut Vec<Fault>) -> Option<T> {
    let text = files.required(file, faults)?;
    match toml::from_str(text) {
        Ok(read) => Some(read),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            faults.push(Fault::at(file, text, at, error.message()));
            None
        }
    }
}
