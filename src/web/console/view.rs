//! What the pages of the console have in common, as plain values for templates.

use std::time::Duration;

use super::access;
use super::session::Staff;
use crate::domain::access::Right;
use crate::domain::calendar;
use crate::domain::score::Band;
use crate::domain::staff::Role;
use crate::domain::ticket::Status;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Urgency;
use crate::web::words::Words;

/// The frame of every page.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub(crate) w: Words,
    pub(crate) demo: bool,
    /// Path of this page; the actions of a page lie below it.
    pub(crate) here: String,
    pub(crate) who: Option<Who>,
}

/// Who is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// By this the script knows whose unsent words a tab holds.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) csrf: String,
    role: Role,
    /// Where they may go: address and the key of its name.
    pub(crate) places: Vec<(&'static str, &'static str)>,
}

impl Shell {
    pub(crate) fn anonymous(w: Words, demo: bool) -> Shell {
        Shell { w, demo, here: "/console".to_owned(), who: None }
    }

    /// What the forms of the page must carry; nothing where nobody is logged in.
    pub(crate) fn csrf(&self) -> &str {
        self.who.as_ref().map_or("", |who| who.csrf.as_str())
    }

    fn may(&self, right: Right) -> bool {
        self.who.as_ref().is_some_and(|who| who.role.has(right))
    }

    /// Whether whoever reads changes the registers: who is one person, who is forgotten.
    pub(crate) fn may_register(&self) -> bool {
        self.may(Right::Registers)
    }

    /// Whether whoever reads decides over others' work: whose it is, what is offered.
    pub(crate) fn may_direct(&self) -> bool {
        self.may(Right::Direct)
    }

    /// Whether whoever reads may say that a fault of several homes is mended.
    pub(crate) fn may_mend(&self) -> bool {
        self.may(Right::Mend)
    }

    /// Whether whoever reads may take the ledger away.
    pub(crate) fn may_export(&self) -> bool {
        self.may(Right::Export)
    }

    pub(super) fn of(staff: &Staff, here: String, demo: bool) -> Shell {
        let who = Who {
            id: staff.person.id.to_string(),
            name: staff.person.name.clone(),
            csrf: staff.csrf.clone(),
            role: staff.person.role,
            places: access::places(&staff.person),
        };
        Shell { w: staff.words.clone(), demo, here, who: Some(who) }
    }
}

/// An instant for people and for machines.
#[derive(Debug, Clone)]
pub(crate) struct When {
    /// RFC 3339.
    pub(crate) iso: String,
    /// `11-20 14:32`, in the zone of the page.
    pub(crate) local: String,
    /// `2026-11-20 14:32`, the same for what may lie years back.
    pub(crate) full: String,
}

impl When {
    pub(crate) fn of(at: Timestamp, w: &Words) -> When {
        let local = calendar::local(at, &w.zone);
        let (short, full) = (local.strftime("%m-%d %H:%M").to_string(), local.strftime("%Y-%m-%d %H:%M").to_string());
        When { iso: at.to_string(), local: short, full }
    }
}

/// Says how long ago something was, as roughly as people do.
pub(crate) fn age(span: Duration, w: &Words) -> String {
    let minutes = span.as_secs() / 60;
    let (unit, count) = match minutes {
        0 => return w.get("web.console.age.now"),
        1..60 => ("minutes", minutes),
        60..2880 => ("hours", minutes / 60),
        _ => ("days", minutes / 1440),
    };
    w.fill(&format!("web.console.age.{unit}"), "count", &count.to_string())
}

/// Says how long something takes or took; what is under a minute is no time that has passed.
pub(crate) fn span(span: Duration, w: &Words) -> String {
    if span.as_secs() < 60 { w.get("web.console.age.under_minute") } else { age(span, w) }
}

/// A name for style sheets and the key of its text.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) name: &'static str,
    pub(crate) key: String,
}

impl From<Urgency> for Tag {
    fn from(urgency: Urgency) -> Tag {
        let name = urgency.name();
        Tag { name, key: format!("urgency.{name}") }
    }
}

impl From<Status> for Tag {
    fn from(status: Status) -> Tag {
        let name = status.name();
        Tag { name, key: format!("web.console.status.{name}") }
    }
}

impl From<Band> for Tag {
    fn from(band: Band) -> Tag {
        let name = match band {
            Band::Dissatisfied => "dissatisfied",
            Band::Neutral => "neutral",
            Band::Satisfied => "satisfied",
        };
        Tag { name, key: format!("band.{name}") }
    }
}

/// An entry of a `<select>`.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) chosen: bool,
}

/// A link to something with a name.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) label: String,
}

/// A line of a list of facts.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) key: &'static str,
    pub(crate) value: String,
}

impl Fact {
    pub(crate) fn of(key: &'static str, value: impl Into<String>) -> Fact {
        Fact { key, value: value.into() }
    }

    /// A fact that is only shown when it is known.
    pub(crate) fn known(key: &'static str, value: Option<impl Into<String>>) -> Option<Fact> {
        value.map(|value| Fact::of(key, value)).filter(|fact| !fact.value.is_empty())
    }
}

/// Says which building something is about: one that the register knows by a bare number or letter is called
/// a building, as the labels of its flats do.
pub(crate) fn building(named: &str, w: &Words) -> String {
    let letters = named.chars().filter(|c| !c.is_ascii_digit()).count();
    let bare = !named.is_empty() && letters <= 1 && named.chars().all(|c| c.is_ascii_alphanumeric());
    if bare { w.fill("web.console.incident.called", "building", named) } else { named.to_owned() }
}

/// Returns the beginning of a text, on one line.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Values for drawing pages without a database.

    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::ids::StaffId;
    use crate::domain::language::Language;
    use crate::domain::staff::Staff as Person;

    pub(crate) fn words(language: Language) -> Words {
        let china = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        Words::new(Arc::new(Catalog::embedded().unwrap()), language, china)
    }

    impl Shell {
        pub(crate) fn sample(language: Language, here: &str) -> Shell {
            let person = Person::new(StaffId(uuid::Uuid::nil()), "li", Role::Admin, Timestamp(0));
            let who = Who {
                id: person.id.to_string(),
                name: "李静".to_owned(),
                csrf: "token".to_owned(),
                role: person.role,
                places: access::places(&person),
            };
            Shell { w: words(language), demo: true, here: here.to_owned(), who: Some(who) }
        }
    }

    /// Checks what every page must hold, and hands it to `HUIFANG_DRAW_INTO` for looking at.
    pub(crate) fn check(name: &str, language: Language, page: &str) {
        assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())), "{name} has no language");
        let missing = page.match_indices("web.").map(|(at, _)| &page[at..page.len().min(at + 40)]);
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new(), "{name} shows the key of a missing text");
        assert!(!page.contains("style=\"") && !page.contains(" on") || !page.contains("onclick"), "{name} is inline");
        if let Ok(folder) = std::env::var("HUIFANG_DRAW_INTO") {
            std::fs::write(format!("{folder}/{name}.{}.html", language.tag()), page).unwrap();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn ages_are_said_roughly() {
        let w = samples::words(Language::English);
        let said = |minutes: u64| age(Duration::from_secs(minutes * 60), &w);
        assert_eq!(
            [said(0), said(59), said(60), said(47 * 60), said(72 * 60)],
            ["now", "59 min", "1 h", "47 h", "3 d"]
        );
        assert_eq!(span(Duration::from_secs(59), &w), "under a minute");
        assert_eq!(span(Duration::from_secs(60), &w), "1 min");
    }

    #[test]
    fn times_are_shown_in_the_zone_of_the_page() {
        let said = |zone: &str| {
            let mut w = samples::words(Language::Chinese);
            w.zone = jiff::tz::TimeZone::get(zone).unwrap();
            let when = When::of(Timestamp(1_793_462_400_000), &w);
            assert_eq!(when.iso, "2026-10-31T16:00:00Z");
            (when.local, when.full)
        };
        assert_eq!(said("Asia/Shanghai"), ("11-01 00:00".to_owned(), "2026-11-01 00:00".to_owned()));
        assert_eq!(said("Asia/Urumqi"), ("10-31 22:00".to_owned(), "2026-10-31 22:00".to_owned()));
    }

    #[test]
    fn a_building_with_a_bare_number_is_called_a_building() {
        let said = |language| {
            ["2", "B", "12a", "3栋", "Tower 2", "A座", ""].map(|named| building(named, &samples::words(language)))
        };
        assert_eq!(said(Language::Chinese), ["2栋", "B栋", "12a栋", "3栋", "Tower 2", "A座", ""]);
        assert_eq!(said(Language::English)[..4], ["building 2", "building B", "building 12a", "3栋"]);
    }

    #[test]
    fn an_excerpt_is_one_line() {
        assert_eq!(excerpt("主卧\n漏水  很久了", 5), "主卧 漏水…");
        assert_eq!(excerpt("短", 5), "短");
    }
}
