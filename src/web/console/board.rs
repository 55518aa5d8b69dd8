//! `GET /console`: what must be seen now, and the tickets.

mod rows;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use self::rows::{FlagRow, Names, TicketRow, flag_row, ticket_row};
use super::session::Staff;
use super::view::{Choice, Shell, Tag};
use crate::domain::access::Right;
use crate::domain::staff::Staff as Person;
use crate::domain::ticket::Status;
use crate::domain::understanding::Urgency;
use crate::store::{flags, tickets};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

const MOST_FLAGS: u32 = 100;
const MOST_TICKETS: u32 = 200;

/// What the list of tickets shows.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Filter {
    /// The name of a status, `all`, or nothing for the open ones.
    status: Option<String>,
    urgency: Option<String>,
    /// Only those of whoever asks.
    pub(super) mine: Option<String>,
}

pub(super) async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(filter): Query<Filter>,
) -> Result<Html<String>, WebError> {
    let page = BoardPage::load(&web, &staff, filter).await?;
    Ok(Html(page.render()?))
}

/// `GET /console/board`: the lists alone, for a page that is open.
pub(super) async fn lists(
    State(web): State<Web>,
    staff: Staff,
    Query(filter): Query<Filter>,
) -> Result<Html<String>, WebError> {
    let BoardPage { shell, filter, lacking, flags, tickets } = BoardPage::load(&web, &staff, filter).await?;
    Ok(Html(BoardLists { shell, filter, lacking, flags, tickets }.render()?))
}

/// A list that shows no more than a page can hold, and says so.
#[derive(Debug, Default)]
struct Part<Row> {
    rows: Vec<Row>,
    /// How many there are in all.
    count: u64,
    /// The line that says that these are not all.
    capped: Option<String>,
}

impl<Row> Part<Row> {
    fn of(rows: Vec<Row>, count: u64, w: &Words) -> Part<Row> {
        let shown = rows.len();
        let capped = (count > shown as u64).then(|| w.fill("web.console.visits.capped", "count", &shown.to_string()));
        Part { rows, count, capped }
    }
}

/// The board.
#[derive(Debug, Template)]
#[template(path = "console/board.html")]
pub(super) struct BoardPage {
    shell: Shell,
    filter: Filter,
    /// Keys of what the service does without.
    lacking: Vec<&'static str>,
    flags: Part<FlagRow>,
    tickets: Part<TicketRow>,
}

#[derive(Debug, Template)]
#[template(path = "console/board_lists.html")]
pub(super) struct BoardLists {
    shell: Shell,
    filter: Filter,
    /// Keys of what the service does without.
    lacking: Vec<&'static str>,
    flags: Part<FlagRow>,
    tickets: Part<TicketRow>,
}

impl BoardPage {
    async fn load(web: &Web, staff: &Staff, filter: Filter) -> Result<BoardPage, WebError> {
        let shell = Shell::of(staff, format!("/console{}", filter.query()), web.demo);
        let (w, now, wanted) = (staff.words.clone(), web.clock.now(), filter.wanted(&staff.person));
        let who = staff.person.clone();
        let (flags, tickets) = web
            .store
            .read(|tx| {
                Box::pin(async move {
                    let mut names = Names::load(tx).await?;
                    let mut flag_rows = Vec::new();
                    for flag in flags::list_within(tx, &wanted.within, MOST_FLAGS).await? {
                        flag_rows.push(flag_row(tx, &mut names, flag, &who, now, &w).await?);
                    }
                    let flag_rows = Part::of(flag_rows, flags::count_within(tx, &wanted.within).await?, &w);
                    let mut ticket_rows = Vec::new();
                    for ticket in tickets::list(tx, &wanted, MOST_TICKETS).await? {
                        ticket_rows.push(ticket_row(tx, &mut names, ticket, now, &w).await?);
                    }
                    let ticket_rows = Part::of(ticket_rows, tickets::count(tx, &wanted).await?, &w);
                    Ok::<_, WebError>((flag_rows, ticket_rows))
                })
            })
            .await?;
        Ok(BoardPage { shell, filter, lacking: web.models.lacking(), flags, tickets })
    }
}

impl Filter {
    fn wanted(&self, me: &Person) -> tickets::Filter {
        let named = |status: &Status| self.status.as_deref() == Some(status.name());
        let status = Status::ALL.into_iter().find(named);
        let all = self.status.as_deref() == Some("all");
        tickets::Filter {
            status,
            open: (status.is_none() && !all).then_some(true),
            urgency: URGENCIES.into_iter().find(|urgency| self.urgency.as_deref() == Some(urgency.name())),
            assignee: self.mine.is_some().then_some(me.id),
            within: me.scope(Right::Tickets).unwrap_or_default(),
            ..tickets::Filter::default()
        }
    }

    /// Returns the filter as a query, `?` included; nothing when nothing is filtered.
    fn query(&self) -> String {
        let plain =
            |value: &&String| !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let parts = [("status", &self.status), ("urgency", &self.urgency), ("mine", &self.mine)];
        let parts: Vec<_> = parts
            .into_iter()
            .filter_map(|(name, value)| value.as_ref().filter(plain).map(|value| format!("{name}={value}")))
            .collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    fn statuses(&self, w: &Words) -> Vec<Choice> {
        let chosen = self.status.as_deref().unwrap_or_default();
        let own = Status::ALL.into_iter().map(|status| (status.name(), Tag::from(status).key));
        let special = [("", "web.console.tickets.open_status"), ("all", "web.console.tickets.any_status")];
        let special = special.into_iter().map(|(name, key)| (name, key.to_owned()));
        special.chain(own).map(|(name, key)| choice(name, w.get(&key), chosen)).collect()
    }

    fn urgencies(&self, w: &Words) -> Vec<Choice> {
        let chosen = self.urgency.as_deref().unwrap_or_default();
        let any = std::iter::once(choice("", w.get("web.console.tickets.any_urgency"), chosen));
        any.chain(URGENCIES.into_iter().map(|u| choice(u.name(), w.get(&Tag::from(u).key), chosen))).collect()
    }
}

const URGENCIES: [Urgency; 4] = [Urgency::Emergency, Urgency::High, Urgency::Normal, Urgency::Low];

fn choice(value: &str, label: String, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), label, chosen: value == chosen }
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::{check, words};
    use super::super::view::{Link, When, age};
    use super::rows::tone;
    use super::*;
    use crate::domain::flag::FlagKind;
    use crate::domain::ids::StaffId;
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    fn part<Row>(rows: Vec<Row>) -> Part<Row> {
        let count = rows.len() as u64;
        Part::of(rows, count, &words(Language::English))
    }

    impl BoardPage {
        pub(super) fn sample(language: Language) -> BoardPage {
            let w = words(language);
            let at = When::of(Timestamp(1_795_000_000_000), &w);
            let minutes = |minutes: u64| age(std::time::Duration::from_secs(minutes * 60), &w);
            let flag = |kind: FlagKind, about: &str, said: &str, ago| FlagRow {
                id: format!("0192{ago}"),
                kind_key: format!("web.console.flag.{}", kind.name()),
                tone: tone(kind),
                about: about.to_owned(),
                words: Some(said.to_owned()).filter(|said| !said.is_empty()),
                detail: String::new(),
                unreached: (kind == FlagKind::PersonRequested)
                    .then(|| w.fill("web.console.flags.nobody", "people", "李工")),
                at: at.clone(),
                age: minutes(ago),
                ticket: Some(Link { href: "/console/tickets/1".to_owned(), label: "HF2611-0042".to_owned() }),
                incident: None,
                response: None,
                dialogue: Some("/console/conversations/1".to_owned()),
            };
            let row =
                |number: &str, urgency: Urgency, status: Status, place: &str, summary: &str, who: Option<&str>, ago| {
                    TicketRow {
                        href: "/console/tickets/1".to_owned(),
                        number: number.to_owned(),
                        urgency: urgency.into(),
                        status: status.into(),
                        open: status.is_open(),
                        late: status == Status::Assigned,
                        category_key: Some("category.leak".to_owned()),
                        summary: summary.to_owned(),
                        place: place.to_owned(),
                        assignee: who.map(str::to_owned),
                        at: at.clone(),
                        age: minutes(ago),
                    }
                };
            BoardPage {
                shell: Shell::sample(language, "/console"),
                filter: Filter::default(),
                lacking: vec!["web.console.lacking.speech", "web.console.lacking.mood"],
                flags: part(vec![
                    flag(FlagKind::Emergency, "王芳 · 云栖花园 3栋1单元502", "厨房有煤气味，头有点晕", 1),
                    flag(
                        FlagKind::NegativeFeedback,
                        "陈强 · 滨江厂房 2号冷水机组",
                        "我打两分，师傅敷衍了事，希望改进",
                        12,
                    ),
                    flag(FlagKind::PersonRequested, "云栖花园 1栋2单元1101", "", 130),
                ]),
                tickets: part(vec![
                    row(
                        "HF2611-0042",
                        Urgency::Emergency,
                        Status::Reported,
                        "云栖花园 3栋1单元502 · 厨房",
                        "煤气味",
                        None,
                        1,
                    ),
                    row(
                        "HF2611-0041",
                        Urgency::High,
                        Status::Assigned,
                        "云栖花园 3栋1单元402 · 主卧卫生间天花板",
                        "漏水",
                        Some("李师傅"),
                        190,
                    ),
                    row(
                        "HF2611-0033",
                        Urgency::Normal,
                        Status::Rectified,
                        "滨江厂房 · 2号冷水机组",
                        "空调噪音很大，夜里更明显，已经持续一个多星期了",
                        Some("张工"),
                        4000,
                    ),
                    row(
                        "HF2610-0107",
                        Urgency::Low,
                        Status::Reopened,
                        "云栖花园 2栋1单元301 · 客厅",
                        "瓷砖空鼓",
                        Some("李师傅"),
                        14000,
                    ),
                ]),
            }
        }
    }

    #[test]
    fn the_board_is_drawn_in_every_language() {
        for language in Language::ALL {
            check("board", language, &BoardPage::sample(language).render().unwrap());
        }
    }

    #[test]
    fn a_board_says_which_model_is_missing_and_otherwise_nothing() {
        let page = BoardPage::sample(Language::English);
        let drawn = page.render().unwrap();
        assert!(drawn.contains("Voice messages are kept") && drawn.contains("Moods and wishes are judged less well"));
        let drawn = BoardPage { lacking: Vec::new(), ..BoardPage::sample(Language::English) }.render().unwrap();
        assert!(!drawn.contains("class=\"lacking\""));
    }

    #[test]
    fn a_ticket_that_staff_is_late_with_is_marked_on_the_board() {
        let page = BoardPage::sample(Language::English).render().unwrap();
        let mark = "<span class=\"pill high\">overdue</span>";
        let marked: Vec<_> = page.split("<tr").filter(|row| row.contains(mark)).collect();
        assert!(matches!(&marked[..], [row] if row.contains("HF2611-0041")), "{marked:?}");
    }

    #[test]
    fn an_empty_board_says_so() {
        let page =
            BoardPage { flags: part(Vec::new()), tickets: part(Vec::new()), ..BoardPage::sample(Language::English) };
        let page = page.render().unwrap();
        assert!(page.contains("Nothing to be seen now.") && page.contains("No ticket matches."));
    }

    #[test]
    fn a_list_that_does_not_show_all_says_how_many_there_are() {
        let page = BoardPage::sample(Language::English);
        let flags = Part::of(page.flags.rows, 1234, &page.shell.w);
        let page = BoardPage { flags, ..BoardPage::sample(Language::English) }.render().unwrap();
        assert!(page.contains(">1234<") && page.contains("Only the first 3 are shown."), "{page}");
        assert!(!BoardPage::sample(Language::English).render().unwrap().contains("Only the first"));
    }

    #[test]
    fn the_open_tickets_are_shown_unless_somebody_asks_for_others() {
        let me = Person::new(StaffId(uuid::Uuid::nil()), "li", crate::domain::staff::Role::Manager, Timestamp(0));
        let wanted =
            |status: Option<&str>| Filter { status: status.map(str::to_owned), ..Filter::default() }.wanted(&me);
        assert_eq!((wanted(None).open, wanted(None).status), (Some(true), None));
        assert_eq!((wanted(Some("all")).open, wanted(Some("all")).status), (None, None));
        assert_eq!((wanted(Some("closed")).open, wanted(Some("closed")).status), (None, Some(Status::Closed)));
    }

    #[test]
    fn a_filter_comes_back_as_the_query_it_was_and_nothing_more() {
        let filter = Filter {
            status: Some("on_site".to_owned()),
            urgency: Some("\"><x".to_owned()),
            mine: Some("1".to_owned()),
        };
        assert_eq!(filter.query(), "?status=on_site&mine=1");
    }
}
