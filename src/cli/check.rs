//! `huifang check`: says whether this machine, with these settings, can run the service.
//!
//! Everything is looked at even when something is broken, so that one run tells all of it. What
//! is merely missing (a model) is a warning, since the service runs without; what would keep it
//! from starting is broken and makes the command fail.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::tz::TimeZone;

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::sections::POLICE;
use crate::domain::calendar::{self, Calendar};
use crate::domain::time::Timestamp;

use super::Settings;

mod accounts;
mod probe;
mod telegram;

/// Checks settings, database, media store, prompts, models, the decoder and channels; changes nothing
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Also read every known model that is here and compare its checksum (directory of the models)
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

/// Digits of the shortest telephone numbers, such as 110.
const SHORTEST_PHONE: usize = 3;

/// What was found about one thing.
struct Finding {
    what: &'static str,
    /// The file, address or setting it is about.
    place: String,
    verdict: Verdict,
}

enum Verdict {
    Fine(String),
    /// The service runs, but does less.
    Warning {
        problem: String,
        remedy: String,
    },
    /// The service does not start, or loses something.
    Broken {
        problem: String,
        remedy: String,
    },
}

impl Check {
    /// Runs the command; fails when something is broken.
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<ExitCode> {
        let mut findings = prompts(Clock::system().now());
        match settings.load() {
            Ok(config) => {
                let place = settings.file().map_or_else(|| "defaults".to_owned(), |file| file.display().to_string());
                findings.push(Finding::fine("settings", place, "understood"));
                findings.extend(all(&config).await);
            }
            Err(error) => findings.push(Finding {
                what: "settings",
                place: "cannot be used".to_owned(),
                verdict: Verdict::Broken {
                    problem: format!("{error:#}"),
                    remedy: "put that right; every key is explained in huifang.example.toml".to_owned(),
                },
            }),
        }
        if let Some(directory) = &self.models {
            findings.extend(probe::known_models(directory));
        }
        for finding in &findings {
            super::print(finding)?;
        }
        let broken = findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Broken { .. })).count();
        let warnings = findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Warning { .. })).count();
        super::print(format_args!("{} checks, {broken} broken, {warnings} warnings", findings.len()))?;
        Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn all(config: &Config) -> Vec<Finding> {
    let mut findings = vec![
        address(config),
        probe::database(config).await,
        probe::media(config).await,
        probe::speech(config).await,
        probe::decoder().await,
    ];
    findings.extend(probe::tagging(config));
    findings.push(emergencies(config));
    findings.extend(probe::given_up(config).await);
    findings.extend(telegram::look(config).await);
    findings.extend(accounts::look(config).await);
    findings.extend(accounts::settings(config));
    findings
}

fn prompts(now: Timestamp) -> Vec<Finding> {
    match Catalog::embedded() {
        Ok(catalog) => {
            let fine = Finding::fine("prompts", "prompts/ (compiled in)", "complete in every language");
            std::iter::once(fine).chain(working_days(catalog.calendar(), now)).collect()
        }
        Err(faults) => {
            let faults: Vec<_> = faults.iter().map(|fault| format!("prompts/{fault}")).collect();
            let remedy = "put these right and build again";
            vec![Finding::broken("prompts", "prompts/ (compiled in)", faults.join("\n"), remedy)]
        }
    }
}

/// Where links and QR codes lead.
fn address(config: &Config) -> Finding {
    const WHAT: &str = "address";
    let (place, url) = ("[server] public_url", config.server.public_url());
    if let Some(why) = config.server.unreachable() {
        let problem = format!("{why}: links and QR codes lead to {url}");
        let remedy = "set it to how people reach this server before real people write";
        return Finding::warning(WHAT, place, problem, remedy);
    }
    if config.server.has_path() {
        let problem = format!("{url} has a path, and every page stands at the root of its host");
        return Finding::warning(WHAT, place, problem, "leave the path out: the service needs a host of its own");
    }
    Finding::fine(WHAT, place, url)
}

/// Whom somebody in danger is told to call.
fn emergencies(config: &Config) -> Finding {
    let place = "[policy] emergency_phone";
    match &config.policy.emergency_phone {
        Some(phone) if phone.chars().filter(|c| c.is_numeric()).count() >= SHORTEST_PHONE => {
            Finding::fine("emergency", place, phone)
        }
        Some(phone) => Finding::broken(
            "emergency",
            place,
            format!("is no telephone number: people in danger are told to call {phone}"),
            "set the number of your own service at any hour",
        ),
        None => Finding::warning(
            "emergency",
            place,
            format!("is not set: people in danger are told to call {POLICE}, the police"),
            "set the number of your own service at any hour before real people write",
        ),
    }
}

/// Whether the working days of this year and the next are published.
fn working_days(calendar: &Calendar, now: Timestamp) -> Option<Finding> {
    let year = calendar::local_date(now, &TimeZone::UTC)?.year();
    let missing: Vec<_> =
        [year, year.saturating_add(1)].into_iter().filter(|year| !calendar.is_published(*year)).collect();
    let place = "prompts/plans/calendar.toml";
    if missing.is_empty() {
        return Some(Finding::fine("calendar", place, "working days known for this year and the next"));
    }
    let years = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let problem = format!("no arrangement for {years}: only weekends and statutory days of fixed date count as free");
    let remedy =
        "add the year's block once the State Council has published it (in the November before), and build again";
    Some(Finding::warning("calendar", place, problem, remedy))
}

impl Finding {
    fn fine(what: &'static str, place: impl Into<String>, state: impl Into<String>) -> Finding {
        Finding { what, place: place.into(), verdict: Verdict::Fine(state.into()) }
    }

    fn warning(what: &'static str, place: impl Into<String>, problem: String, remedy: impl Into<String>) -> Finding {
        Finding { what, place: place.into(), verdict: Verdict::Warning { problem, remedy: remedy.into() } }
    }

    fn broken(what: &'static str, place: impl Into<String>, problem: String, remedy: impl Into<String>) -> Finding {
        Finding { what, place: place.into(), verdict: Verdict::Broken { problem, remedy: remedy.into() } }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, state, remedy) = match &self.verdict {
            Verdict::Fine(state) => ("ok", state, None),
            Verdict::Warning { problem, remedy } => ("warning", problem, Some(remedy)),
            Verdict::Broken { problem, remedy } => ("BROKEN", problem, Some(remedy)),
        };
        let state = state.replace('\n', "\n                   ");
        write!(f, "{mark:<8} {what:<9} {place}: {state}", what = self.what, place = self.place)?;
        match remedy {
            Some(remedy) => write!(f, "\n                   → {remedy}"),
            None => Ok(()),
        }
    }
}
