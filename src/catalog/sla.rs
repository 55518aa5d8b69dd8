//! `plans/sla.toml`: what clients are promised, and who is told before and after it is missed.

use serde::Deserialize;
use toml::Spanned;

use super::fault::Fault;
use super::files::Files;
use crate::domain::calendar::Calendar;
use crate::domain::contact::ContactRole;
use crate::domain::project::{ProjectKind, Tier};
use crate::domain::sla::{Level, Override, Rules, Step, Target};
use crate::domain::understanding::Urgency;

const FILE: &str = "plans/sla.toml";

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    remind_owner_after_days: Spanned<u32>,
    close_unverified_after_days: u32,
    response: Limit,
    on_site: Limit,
    rectified: Limit,
    step: Vec<Rung>,
    #[serde(default, rename = "override")]
    overrides: Vec<Other>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    minutes: Spanned<u32>,
    hours: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rung {
    percent: Spanned<u32>,
    tell: Spanned<Vec<Level>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    urgency: Option<Urgency>,
    tier: Option<Tier>,
    project: Option<ProjectKind>,
    client: Option<ContactRole>,
    hours: Option<Spanned<String>>,
    response_minutes: Option<Spanned<u32>>,
    on_site_minutes: Option<Spanned<u32>>,
    rectified_minutes: Option<Spanned<u32>>,
}

/// Reads the rules; the hours they name must be in the calendar. Only called with faults if
/// something is wrong: the rules are then not used.
pub(super) fn read(files: &Files, calendar: &Calendar, faults: &mut Vec<Fault>) -> Option<Rules> {
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
    let mut millis = |minutes: &Spanned<u32>| {
        if *minutes.get_ref() == 0 {
            fault(minutes.span().start, "a limit must be a whole number of minutes from 1 up".to_owned());
        }
        i64::from(*minutes.get_ref()) * MINUTE
    };
    let targets = [&written.response, &written.on_site, &written.rectified]
        .map(|limit| Target { budget_ms: millis(&limit.minutes), hours: limit.hours.get_ref().clone() });
    let overrides = written
        .overrides
        .iter()
        .map(|other| Override {
            urgency: other.urgency,
            tier: other.tier,
            project: other.project,
            client: other.client,
            hours: other.hours.as_ref().map(|hours| hours.get_ref().clone()),
            limits: [&other.response_minutes, &other.on_site_minutes, &other.rectified_minutes]
                .map(|minutes| minutes.as_ref().map(&mut millis)),
        })
        .collect();
    let limits = [&written.response.hours, &written.on_site.hours, &written.rectified.hours];
    for hours in limits.into_iter().chain(written.overrides.iter().filter_map(|other| other.hours.as_ref())) {
        // A calendar without any hours is at fault itself.
        if !calendar.hours.is_empty() && !calendar.hours.contains_key(hours.get_ref()) {
            let known = calendar.hours.keys().cloned().collect::<Vec<_>>().join(", ");
            let message = format!("plans/calendar.toml has no hours `{}`; known: {known}", hours.get_ref());
            fault(hours.span().start, message);
        }
    }
    let mut before = 0;
    for rung in &written.step {
        if *rung.percent.get_ref() <= before {
            fault(rung.percent.span().start, format!("the steps must rise: {before} stands before it"));
        }
        before = *rung.percent.get_ref();
        if rung.tell.get_ref().is_empty() {
            fault(rung.tell.span().start, "a step must tell somebody".to_owned());
        }
    }
    if *written.remind_owner_after_days.get_ref() >= written.close_unverified_after_days {
        let at = written.remind_owner_after_days.span().start;
        fault(at, "`remind_owner_after_days` must be before `close_unverified_after_days`".to_owned());
    }
    let step = |rung: &Rung| Step { percent: *rung.percent.get_ref(), tell: rung.tell.get_ref().clone() };
    let steps = written.step.iter().map(step).collect();
    Some(Rules {
        targets,
        steps,
        overrides,
        remind_owner_after_days: *written.remind_owner_after_days.get_ref(),
        close_unverified_after_days: written.close_unverified_after_days,
    })
}
