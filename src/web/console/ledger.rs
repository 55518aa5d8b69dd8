//! `GET /console/ledger`: the ledger (问题台账) with what is overdue and what was struck off without
//! the owner's word, counted apart; and the same as CSV and XLSX.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::incidents::link;
use super::session::Staff;
use super::view::{Choice, Shell, Tag, excerpt};
use crate::domain::access::{Right, Scope};
use crate::domain::calendar::{self, by_when};
use crate::domain::staff::Staff as Person;
use crate::domain::ticket::is_late;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Category;
use crate::papers::ledger::{self as files, LedgerError, MOST_LINES};
use crate::store::ledger::{self, Counts, Filter, Line, Standing};
use crate::store::{Tx, incidents, projects};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// Lines a page shows; a download has them all.
const MOST_SHOWN: u32 = 300;
/// Characters of a person's words that a line shows.
const EXCERPT: usize = 60;

/// What was chosen above the list; empty means all.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    project: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    standing: String,
    /// First and last day, local: `2026-11-21`.
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

impl Chosen {
    /// Returns the same with the earlier day first: whoever took one field for the other means what lies between.
    fn in_order(self) -> Chosen {
        let days = self.from.parse::<Date>().ok().zip(self.until.parse::<Date>().ok());
        match days {
            Some((from, until)) if from > until => Chosen { from: self.until, until: self.from, ..self },
            Some(_) | None => self,
        }
    }

    fn filter(&self, zone: &TimeZone, within: Scope) -> Filter {
        let day = |text: &str, later: i32| {
            let date: Date = text.parse().ok()?;
            let date = (0..later).try_fold(date, |date, _| date.tomorrow().ok())?;
            let start = date.to_zoned(zone.clone()).ok()?;
            Some(Timestamp(start.timestamp().as_millisecond()))
        };
        Filter {
            project_id: self.project.parse().ok(),
            category: Category::ALL.into_iter().find(|category| category.name() == self.category),
            standing: Standing::from_name(&self.standing),
            from: day(&self.from, 0),
            until: day(&self.until, 1),
            within,
        }
    }

    fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("project", &self.project)
            .append_pair("category", &self.category)
            .append_pair("standing", &self.standing)
            .append_pair("from", &self.from)
            .append_pair("until", &self.until)
            .finish()
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(chosen): Query<Chosen>,
) -> Result<Html<String>, WebError> {
    let shell = Shell::of(&staff, "/console/ledger".to_owned(), web.demo);
    let (chosen, who) = (chosen.in_order(), staff.person.clone());
    let within = staff.person.scope(Right::Ledger).unwrap_or_default();
    let (filter, now) = (chosen.filter(web.intake.zone(), within), web.clock.now());
    let found = web.store.read(|tx| {
        Box::pin(async move {
            let lines = ledger::list(tx, &filter, now, MOST_SHOWN).await?;
            let known = incidents_of(tx, &lines, &who).await?;
            Ok::<_, WebError>((lines, known, ledger::counts(tx, &filter, now).await?, projects::list(tx).await?))
        })
    });
    let (lines, known, counts, projects) = found.await?;
    let w = &shell.w;
    let region = staff.person.scope(Right::Ledger).and_then(|scope| scope.region);
    let near = |project: &&crate::domain::project::Project| region.as_ref().is_none_or(|own| *own == project.region);
    let project = |project: &crate::domain::project::Project| Choice {
        value: project.id.to_string(),
        label: project.name.clone(),
        chosen: project.id.to_string() == chosen.project,
    };
    let category = |category: Category| Choice {
        value: category.name().to_owned(),
        label: w.get(&format!("category.{}", category.name())),
        chosen: category.name() == chosen.category,
    };
    let page = LedgerPage {
        projects: projects.iter().filter(near).map(project).collect(),
        categories: Category::ALL.into_iter().map(category).collect(),
        standings: tabs(&counts, &chosen, w),
        capped: (lines.len() == MOST_SHOWN as usize).then(|| MOST_SHOWN.to_string()),
        rows: lines.into_iter().map(|line| Row::of(line, &known, web.intake.zone(), now)).collect(),
        query: chosen.query(),
        chosen,
        shell,
    };
    Ok(Html(page.render()?))
}

pub(super) async fn csv(
    State(web): State<Web>,
    staff: Staff,
    Query(chosen): Query<Chosen>,
) -> Result<Response, WebError> {
    download(web, staff, chosen, "text/csv; charset=utf-8", "csv", files::csv).await
}

pub(super) async fn xlsx(
    State(web): State<Web>,
    staff: Staff,
    Query(chosen): Query<Chosen>,
) -> Result<Response, WebError> {
    let content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    download(web, staff, chosen, content_type, "xlsx", files::xlsx).await
}

async fn download(
    web: Web,
    staff: Staff,
    chosen: Chosen,
    content_type: &'static str,
    end: &'static str,
    write: fn(&[Line], &files::Terms<'_>) -> Result<Vec<u8>, LedgerError>,
) -> Result<Response, WebError> {
    let within = staff.person.scope(Right::Export).unwrap_or_default();
    let (w, now, zone) = (staff.words, web.clock.now(), web.intake.zone().clone());
    let filter = chosen.in_order().filter(&zone, within);
    let lines = web.store.read(|tx| Box::pin(async move { ledger::list(tx, &filter, now, MOST_LINES).await })).await?;
    let day = local(now, &zone).chars().take(10).collect::<String>();
    let written = tokio::task::spawn_blocking(move || {
        let say = |key: &str| w.get(key);
        write(&lines, &files::Terms { say: &say, zone })
    });
    let bytes = match written.await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(cause)) => return Err(WebError::Internal(format!("ledger: {cause}"))),
        Err(cause) => return Err(WebError::Internal(format!("ledger: {cause}"))),
    };
    let name = format!("attachment; filename=\"ledger-{day}.{end}\"");
    Ok(([(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// The page of the ledger.
#[derive(Debug, Template)]
#[template(path = "console/ledger.html")]
struct LedgerPage {
    shell: Shell,
    chosen: Chosen,
    projects: Vec<Choice>,
    categories: Vec<Choice>,
    standings: Vec<TabRow>,
    rows: Vec<Row>,
    /// How many are shown, if there are more.
    capped: Option<String>,
    /// What was chosen, for the downloads.
    query: String,
}

/// One class of lines with its count.
#[derive(Debug)]
struct TabRow {
    href: String,
    label: String,
    count: u64,
    chosen: bool,
}

#[derive(Debug)]
struct Row {
    href: String,
    number: String,
    status: Tag,
    unverified: bool,
    late: bool,
    project: String,
    place: String,
    category_key: Option<String>,
    said: String,
    owner: String,
    reopened: u32,
    incident: Option<Shared>,
    reported: String,
    expected: String,
    done: String,
}

/// The fault of several homes that a line is part of; its page is there for whoever may see it.
#[derive(Debug)]
struct Shared {
    number: String,
    href: Option<String>,
}

/// Where the incidents of some lines are, by number, as far as somebody may see them.
type Links = BTreeMap<String, Option<String>>;

async fn incidents_of(tx: &mut Tx, lines: &[Line], who: &Person) -> Result<Links, WebError> {
    let mut known = Links::new();
    for number in lines.iter().filter_map(|line| line.incident.as_ref()) {
        if known.contains_key(number) {
            continue;
        }
        let found = match incidents::find_by_number(tx, number).await? {
            Some(incident) => link(tx, &incident, who).await?,
            None => None,
        };
        known.insert(number.clone(), found.map(|link| link.href));
    }
    Ok(known)
}

impl Row {
    fn of(line: Line, links: &Links, zone: &TimeZone, now: Timestamp) -> Row {
        let at = |at: Option<Timestamp>| at.map(|at| local(at, zone)).unwrap_or_default();
        Row {
            href: format!("/console/tickets/{}", line.ticket),
            status: line.status.into(),
            unverified: line.unverified,
            late: is_late(line.status, line.expected_at, line.rectified_at, now),
            project: line.project.unwrap_or_default(),
            place: [line.unit, line.location].into_iter().flatten().collect::<Vec<_>>().join(" "),
            category_key: line.category.map(|category| format!("category.{}", category.name())),
            said: excerpt(&line.description, EXCERPT),
            owner: line.owner.unwrap_or_default(),
            reopened: line.reopened,
            incident: line.incident.map(|number| Shared { href: links.get(&number).cloned().flatten(), number }),
            reported: at(Some(line.reported_at)),
            expected: line.expected_at.map(|at| by_when(at, zone)).unwrap_or_default(),
            done: at(line.rectified_at),
            number: line.number,
        }
    }
}

fn tabs(counts: &Counts, chosen: &Chosen, w: &Words) -> Vec<TabRow> {
    let tab = |name: &str, label: String, count| TabRow {
        href: format!("/console/ledger?{}", Chosen { standing: name.to_owned(), ..chosen.clone() }.query()),
        chosen: chosen.standing == name,
        label,
        count,
    };
    let all = tab("", w.get("web.console.ledger.count_all"), counts.all);
    let each = Standing::ALL.into_iter().map(|standing| {
        let count = match standing {
            Standing::Open => counts.open,
            Standing::Overdue => counts.overdue,
            Standing::Verified => counts.verified,
            Standing::Unverified => counts.unverified,
            Standing::Ended => counts.ended,
        };
        tab(standing.name(), w.get(&format!("web.console.ledger.standing.{}", standing.name())), count)
    });
    std::iter::once(all).chain(each).collect()
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    calendar::local(at, zone).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::{check, words};
    use super::*;
    use crate::domain::language::Language;
    use crate::papers::ledger::tests::line;

    #[test]
    fn the_page_is_drawn_in_every_language() {
        for language in Language::ALL {
            let counts = Counts { all: 9, open: 4, overdue: 2, verified: 3, unverified: 1, ended: 1 };
            let chosen = Chosen { standing: "overdue".to_owned(), ..Chosen::default() };
            let late = Line {
                status: crate::domain::ticket::Status::Assigned,
                unverified: false,
                expected_at: Some(Timestamp(1)),
                rectified_at: None,
                incident: Some("I2611-001".to_owned()),
                ..line()
            };
            let links = Links::from([("I2611-001".to_owned(), Some("/console/incidents/1".to_owned()))]);
            let rows = [line(), late].map(|line| Row::of(line, &links, &TimeZone::UTC, Timestamp(2)));
            assert_eq!(rows.each_ref().map(|row| row.late), [false, true]);
            let page = LedgerPage {
                shell: Shell::sample(language, "/console/ledger"),
                projects: vec![Choice { value: "1".to_owned(), label: "翠湖花园".to_owned(), chosen: true }],
                categories: Vec::new(),
                standings: tabs(&counts, &chosen, &words(language)),
                rows: rows.into(),
                capped: Some("300".to_owned()),
                query: chosen.query(),
                chosen,
            };
            let drawn = page.render().unwrap();
            assert!(drawn.contains("<a class=\"pill\" href=\"/console/incidents/1\">I2611-001</a>"), "{drawn}");
            check("ledger", language, &drawn);
        }
    }

    #[test]
    fn what_was_struck_off_was_not_mended_on_any_day() {
        let row = |line: Line| Row::of(line, &Links::new(), &TimeZone::UTC, Timestamp(2));
        assert_eq!(row(line()).done, "2026-11-22 02:00");
        let struck_off = Line { status: crate::domain::ticket::Status::Merged, rectified_at: None, ..line() };
        assert!(struck_off.closed_at.is_some());
        assert_eq!(row(struck_off).done, "");
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_what_lies_between_the_two_days() {
        let chosen = |from: &str, until: &str| {
            let given = Chosen { from: from.to_owned(), until: until.to_owned(), ..Chosen::default() };
            let chosen = given.in_order();
            [chosen.from, chosen.until]
        };
        assert_eq!(chosen("2026-12-01", "2026-01-31"), ["2026-01-31", "2026-12-01"]);
        for (from, until) in [("2026-01-31", "2026-12-01"), ("2026-12-01", ""), ("x", "2026-01-31"), ("b", "a")] {
            assert_eq!(chosen(from, until), [from, until]);
        }
    }

    #[test]
    fn a_period_takes_in_its_first_and_its_last_day_whole() {
        let chosen = Chosen { from: "2026-11-01".to_owned(), until: "2026-11-30".to_owned(), ..Chosen::default() };
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let filter = chosen.filter(&zone, Scope::default());
        assert_eq!(filter.from.unwrap().to_string(), "2026-10-31T16:00:00Z");
        assert_eq!(filter.until.unwrap().to_string(), "2026-11-30T16:00:00Z");
        let nonsense = Chosen { from: "yesterday".to_owned(), category: "x".to_owned(), ..Chosen::default() };
        assert_eq!(nonsense.filter(&zone, Scope::default()), Filter::default());
    }
}
