//! What a paper says: the confirmation that a repair is complete (《保修完成确认单》), the service
//! report and the record of a visit (《工程回访单》), as one structure without a layout.
//!
//! Written once here from plain facts; drawn twice, as a page (`crate::web`) and as a PDF
//! (`crate::papers`). Labels come from `prompts/` by key, so a paper exists in every language.
//! [`repair`] and [`visit`] write them.

pub mod repair;
pub mod visit;

use jiff::tz::TimeZone;

use super::calendar;
use super::ids::MediaId;
use super::ticket::Status;
use super::time::Timestamp;

/// Most pictures on one paper: six rows, two sheets. How many more there are is said.
const MOST_PICTURES: usize = 12;

/// Which paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 《保修完成确认单》
    Completion,
    /// The service report of a repair.
    Service,
    /// 《工程回访单》
    Visit,
}

impl Kind {
    /// Every paper.
    pub const ALL: [Kind; 3] = [Kind::Completion, Kind::Service, Kind::Visit];

    /// Returns the name used in addresses and file names; its title is `web.paper.<name>.title`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Completion => "completion",
            Kind::Service => "service",
            Kind::Visit => "visit",
        }
    }

    /// Says whether a ticket that stands there has this paper: the report of a repair exists once
    /// staff says that it is done, the confirmation once it is struck off.
    pub fn is_due(self, status: Status) -> bool {
        match self {
            Kind::Service => matches!(status, Status::Rectified | Status::Verified | Status::Closed),
            Kind::Completion => matches!(status, Status::Verified | Status::Closed),
            Kind::Visit => false,
        }
    }

    /// Returns the paper of that name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who will read it: what goes out behind a link shows less of a person than what staff sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Staff,
    /// Whoever holds the link: it may have been forwarded.
    Link,
}

/// A paper, ready to be laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    pub title: String,
    /// The number of the ticket, or when the visit was.
    pub number: String,
    pub blocks: Vec<Block>,
    /// Below the last block: when it was made, and by what.
    pub foot: String,
}

/// One part of a paper, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Heading(String),
    /// Labels and values, two to a row.
    Fields(Vec<Field>),
    /// A label and words that may be long.
    Text(Field),
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// Lines to sign on, side by side.
    Signatures(Vec<String>),
    /// Photos, two to a row.
    Pictures(Vec<Picture>),
}

/// A photo that belongs to what a paper is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    pub id: MediaId,
    pub by: Taker,
    /// When it was sent, or the visit was.
    pub at: Timestamp,
    /// Nothing is left of it: it was removed, or the platform it came by never gave it.
    pub gone: bool,
}

/// Who took a photo; the name where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taker {
    Client(Option<String>),
    /// Whoever came: a member of staff or a firm.
    Staff(Option<String>),
}

/// A photo on a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub id: MediaId,
    /// Which of them it is, who took it and when.
    pub caption: String,
    /// Why it cannot be shown; stands in its place.
    pub missing: Option<String>,
}

/// A label and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub label: String,
    pub value: String,
}

/// How words and times are put on paper.
pub struct Terms<'t> {
    /// Returns the text of a key in the reader's language.
    pub say: &'t dyn Fn(&str) -> String,
    pub zone: TimeZone,
    pub reader: Reader,
    /// When the paper is made.
    pub now: Timestamp,
}

impl Terms<'_> {
    /// Returns the text of a key below `web.paper.`.
    fn label(&self, key: &str) -> String {
        (self.say)(&format!("web.paper.{key}"))
    }

    /// Returns a field, empty values shown as a dash.
    fn field(&self, key: &str, value: Option<String>) -> Field {
        let value = value.filter(|value| !value.trim().is_empty()).unwrap_or_else(|| "-".to_owned());
        Field { label: self.label(key), value }
    }

    /// Writes an instant in the local time of the paper, to the minute.
    fn time(&self, at: Timestamp) -> String {
        calendar::local(at, &self.zone).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Writes a person's name: whole for staff, behind a link only its first character.
    fn name(&self, name: &str) -> String {
        match self.reader {
            Reader::Staff => name.to_owned(),
            Reader::Link => {
                let mut rest = name.chars();
                let first: String = rest.next().into_iter().collect();
                if rest.next().is_none() { first } else { format!("{first}**") }
            }
        }
    }

    /// Writes a telephone number: whole for staff, behind a link without its middle.
    fn phone(&self, phone: &str) -> String {
        let digits = phone.chars().count();
        match self.reader {
            Reader::Staff => phone.to_owned(),
            Reader::Link if digits < 8 => "*".repeat(digits),
            Reader::Link => {
                let start: String = phone.chars().take(3).collect();
                let end: String = phone.chars().skip(digits - 4).collect();
                format!("{start}****{end}")
            }
        }
    }

    /// Writes photos with a heading and who took them when; nothing where there are none.
    fn pictures(&self, photos: &[Photo]) -> Vec<Block> {
        if photos.is_empty() {
            return Vec::new();
        }
        let picture = |(photo, n): (&Photo, usize)| Picture {
            id: photo.id,
            caption: format!("{n}. {} · {}", self.taker(&photo.by), self.time(photo.at)),
            missing: photo.gone.then(|| self.label("picture.removed")),
        };
        let shown = photos.iter().zip(1..).take(MOST_PICTURES).map(picture).collect();
        let mut blocks = vec![Block::Heading(self.label("photos_heading")), Block::Pictures(shown)];
        let more = photos.len().saturating_sub(MOST_PICTURES);
        blocks.extend((more > 0).then(|| Block::Fields(vec![self.field("photos_more", Some(more.to_string()))])));
        blocks
    }

    fn taker(&self, by: &Taker) -> String {
        match by {
            Taker::Client(name) => [Some(self.label("contact")), name.as_deref().map(|name| self.name(name))]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
            Taker::Staff(name) => name.clone().unwrap_or_else(|| self.label("photo_staff")),
        }
    }

    fn foot(&self) -> String {
        format!("{} {}", self.label("made"), self.time(self.now))
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// Says the key itself, without what all have in common.
    pub(crate) fn key_itself(key: &str) -> String {
        key.strip_prefix("web.paper.").unwrap_or(key).to_owned()
    }

    pub(crate) fn terms(reader: Reader) -> Terms<'static> {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        Terms { say: &key_itself, zone, reader, now: Timestamp(1_795_226_400_000) }
    }

    /// Writes a paper out as plain lines.
    pub(crate) fn lines(paper: &Paper) -> String {
        let mut out = vec![format!("# {} [{}]", paper.title, paper.number)];
        for block in &paper.blocks {
            match block {
                Block::Heading(words) => out.push(format!("## {words}")),
                Block::Fields(fields) => out.extend(fields.iter().map(|f| format!("{}: {}", f.label, f.value))),
                Block::Text(field) => out.push(format!("{}:\n{}", field.label, field.value)),
                Block::Table { head, rows } => {
                    out.extend([head].into_iter().chain(rows).map(|row| format!("| {}", row.join(" | "))));
                }
                Block::Signatures(who) => out.push(format!("[{}]", who.join("] ["))),
                Block::Pictures(pictures) => out.extend(pictures.iter().map(|picture| {
                    let missing = picture.missing.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
                    format!("<{}>{missing}", picture.caption)
                })),
            }
        }
        out.push(paper.foot.clone());
        out.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::samples::terms;
    use super::*;

    #[test]
    fn behind_a_link_a_name_and_a_number_are_hidden_but_for_their_ends() {
        let link = terms(Reader::Link);
        assert_eq!((link.name("李静"), link.phone("13812345678")), ("李**".to_owned(), "138****5678".to_owned()));
        assert_eq!((link.name("李"), link.phone("110")), ("李".to_owned(), "***".to_owned()));
        let staff = terms(Reader::Staff);
        assert_eq!((staff.name("李静"), staff.phone("13812345678")), ("李静".to_owned(), "13812345678".to_owned()));
    }

    #[test]
    fn of_many_photos_twelve_are_shown_and_the_rest_is_counted() {
        let photo = |n: u128| Photo {
            id: MediaId(uuid::Uuid::from_u128(n)),
            by: Taker::Client(Some("李静".to_owned())),
            at: Timestamp(1_795_226_400_000),
            gone: n == 2,
        };
        let photos: Vec<_> = (1..=15).map(photo).collect();
        let blocks = terms(Reader::Link).pictures(&photos);
        let [Block::Heading(_), Block::Pictures(shown), Block::Fields(more)] = blocks.as_slice() else {
            panic!("{blocks:?}")
        };
        assert_eq!((shown.len(), more[0].value.as_str()), (12, "3"));
        assert_eq!(shown[0].caption, "1. contact 李** · 2026-11-21 10:00", "who holds a link reads no whole name");
        assert_eq!((shown[0].missing.as_deref(), shown[1].missing.as_deref()), (None, Some("picture.removed")));
        assert!(terms(Reader::Staff).pictures(&photos[..12]).len() == 2, "nothing is left out, so nothing is said");
        assert_eq!(terms(Reader::Staff).pictures(&[]), []);
    }

    #[test]
    fn a_paper_is_found_again_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(Kind::from_name("other"), None);
    }
}
