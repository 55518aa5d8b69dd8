//! What words say about the times that were offered for a visit, or about the one that is agreed. What is said and done
//! about it is decided in [`super`].

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::wish::{Wish, accepted, is_denied, is_refused, without_harmless};
use crate::domain::appointment::Window;
use crate::domain::calendar::{local, local_date};
use crate::domain::dialogue::Words;
use crate::domain::dialogue::clause::asks;
use crate::domain::dialogue::danger::BREAKS;
use crate::domain::dialogue::state::OfferedWindow;
use crate::domain::script::normalised;
use crate::domain::time::Timestamp;

/// So long, in bytes, are at most words that name a time and nothing else: fifteen Chinese characters.
const LONGEST_TIME: usize = 45;
/// So long, in bytes, are at most words that name one of several by where it stands: eight Chinese characters.
const LONGEST_PLACE: usize = 24;
/// In seconds.
const DAY: i64 = 24 * 60 * 60;
/// The clock that is farthest behind that of UTC, in seconds.
const FARTHEST_BEHIND: i64 = 10 * 60 * 60;
/// What says that each of them suits.
const ANY: [&str; 26] = [
    "都合适",
    "都没问",
    "都有空",
    "随时",
    "both work",
    "those work",
    "都行",
    "都可以",
    "都好",
    "都方便",
    "随便",
    "随你",
    "随您",
    "听你",
    "听您",
    "你们定",
    "你定",
    "您定",
    "any time",
    "anytime",
    "any of",
    "any day",
    "any works",
    "any is",
    "either",
    "whichever",
];
/// What tells of a day that lies behind.
const BEHIND: [&str; 12] =
    ["上周", "上个", "昨天", "还没", "没来", "报的", "报修", "交的", " ago", "yesterday", "last week", "hasn't"];
/// What asks for something, in whatever form: who comes, when, for how much.
const ASKING: [&str; 12] =
    ["几点", "什么", "何时", "哪天", "多久", "多少", "怎么", "贵姓", "谁", "哪位", "when ", "who "];
/// What asks whether a time suits the other side.
const ASKING_LEAVE: [&str; 13] = [
    "行吗",
    "可以吗",
    "可以么",
    "好吗",
    "成吗",
    "方便吗",
    "行不行",
    "可不可",
    "能不能",
    "能否",
    "can ",
    "could ",
    "possible",
];
/// What says that nobody is there to open.
const UNSUITED: [&str; 31] = [
    "不在家",
    "我不在",
    "人不在",
    "没空",
    "冇空",
    "没时间",
    "不得闲",
    "不方便",
    "里没人",
    "家没人",
    "要上班",
    "出差",
    "在外地",
    "not at home",
    "not home",
    "won't be at",
    "won't be home",
    "won't be there",
    "won't be here",
    "won't be around",
    "won't be in",
    "won't be avail",
    "can't make",
    "not available",
    "unavailable",
    "not free",
    "no time",
    "'m busy",
    "am busy",
    "be busy",
    "be away",
];
/// What says so of a time, and of other things as well: 颜色不合适.
const UNFIT: [&str; 3] = ["有事", "不合适", "can't do"];
/// What sounds like one of these and is none.
const NOT_OUT: [&str; 3] = ["no time limit", "no time pressure", "won't be incon"];
/// What speaks of the times that were offered, without naming one.
const OF_THEM: [&str; 12] =
    ["都", "两个", "时间", "合适", "方便", "either", "neither", "none of", "these", "those", "work for me", "suit"];
/// What turns all of them down.
const NONE: [&str; 5] = ["neither", "none of", "can't do either", "don't work", "doesn't work"];
/// What may not suit and is no time.
const PRICES: [&str; 5] = ["价", "费", "钱", "颜色", "price"];
/// What asks what is done if nobody is there.
const WHAT_THEN: [&str; 4] = ["怎么办", "咋办", "what if", "what happens"];
/// Who is there instead, or how to get in.
const INSTEAD: [&str; 12] =
    ["钥匙", "密码", "有人", "家人", "我妈", "我爸", "老公", "老婆", "key", "someone", "somebody", "neighbour"];
/// What wishes another time, whether it names one or not.
const CHANGES: [&str; 14] = [
    "改时间",
    "改个时",
    "换时间",
    "换个时",
    "改约",
    "改期",
    "改天",
    "换一天",
    "往后推",
    "延期",
    "reschedul",
    "postpone",
    "another day",
    "another time",
];
/// What does so beside the time that it names.
const MOVES: [&str; 11] =
    ["改到", "改成", "改在", "换到", "换成", "推到", "挪到", "提前到", "move it", "change it to", "instead"];
/// What asks when somebody comes.
const WHEN: [&str; 6] = ["几点", "什么时", "何时", "哪天", "when", "what time"];
const COMING: [&str; 11] =
    ["来", "到", "上门", "约", "come", "coming", "arrive", "visit", "technician", "was that", "was it"];

/// What words say about the times of a meeting.
pub(super) struct Heard {
    text: String,
    /// What is left of the words without the times that they turn down.
    accepted: String,
    /// The time that is named in what is left …
    pub wish: Wish,
    /// … and in all of the words.
    pub named: Wish,
    /// The time zone in which the windows of the meeting are written, if their labels tell it.
    zone: Option<TimeZone>,
}

/// Which of the windows that were offered is meant.
pub(super) enum Picked<'m> {
    One(&'m OfferedWindow),
    /// More than one, and it is not said which.
    Several,
    None,
}

impl Heard {
    /// Reads words against the times that were offered for a meeting.
    pub(super) fn new(offered: &[OfferedWindow], words: &Words, now: Timestamp) -> Heard {
        let text = normalised(&words.text);
        let zone = offered.iter().find_map(zone_of);
        let today = zone.as_ref().and_then(|zone| local_date(now, zone)).unwrap_or(Date::ZERO);
        let accepted = accepted(&text, today);
        let (wish, named) = (Wish::named_in(&accepted, today), Wish::named_in(&text, today));
        Heard { text, accepted, wish, named, zone }
    }

    /// Whether the words tell of what lies behind; a day in them is no wish.
    pub(super) fn tells_of_past(&self) -> bool {
        self.has(&BEHIND)
    }

    /// Whether they turn something down.
    pub(super) fn denies(&self) -> bool {
        is_denied(&self.text)
    }

    /// Whether they say that nobody is there to open, or that a time they name does not suit.
    pub(super) fn finds_nobody(&self) -> bool {
        let unsuited = self.turns_down(&UNSUITED) || self.named.names_time() && self.turns_down(&UNFIT);
        unsuited && !self.has(&INSTEAD)
    }

    /// Whether they say, in answer to times that were offered, that none of them suits.
    pub(super) fn refuses_all(&self) -> bool {
        let of_them = |clause: &str| OF_THEM.iter().any(|word| clause.contains(word));
        let none = |clause: &str| NONE.iter().any(|word| clause.contains(word)) && !clause.contains("problem");
        let refused = |clause: &str| is_refused(clause) || none(clause);
        let all = self.text.split(BREAKS).any(|clause| of_them(clause) && refused(clause));
        let of_price = PRICES.iter().any(|word| self.text.contains(word));
        all || self.turns_down(&UNFIT) && !of_price
    }

    /// Whether they ask what is done if nobody is there.
    pub(super) fn asks_what_then(&self) -> bool {
        self.has(&WHAT_THEN)
    }

    /// Whether they ask when somebody comes.
    pub(super) fn asks_when(&self) -> bool {
        self.has(&WHEN) && self.has(&COMING)
    }

    /// Whether one of `parts` is said and meant: "我不在意" finds nobody out.
    fn turns_down(&self, parts: &[&str]) -> bool {
        let plain = NOT_OUT.iter().fold(without_harmless(&self.text), |text, harmless| text.replace(harmless, " "));
        parts.iter().any(|part| plain.contains(part))
    }

    fn has(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.text.contains(part))
    }

    fn takes_any(&self) -> bool {
        ANY.iter().any(|any| self.accepted.contains(any))
    }

    /// Whether a time, or one of several, is named and hardly anything else.
    pub(super) fn is_plain_time(&self) -> bool {
        let placed = !self.named.places.is_empty() && self.text.len() <= LONGEST_PLACE;
        placed || self.named.names_time() && self.text.len() <= LONGEST_TIME
    }

    /// Whether a time that is not turned down, or an earlier or later one, is named and hardly anything else.
    pub(super) fn is_plain_wish(&self) -> bool {
        (self.wish.names_time() || self.wish.shifted) && self.text.len() <= LONGEST_TIME
    }

    /// Whether a time is named, whatever else is.
    pub(super) fn is_about_time(&self, words: &Words) -> bool {
        words.understood.wished_time.is_some() || self.is_plain_time()
    }

    /// Whether something else is asked than whether a time suits: "师傅贵姓", "要收费吗".
    pub(super) fn asks_else(&self, words: &Words) -> bool {
        let questioned = asks(&words.text);
        self.has(&ASKING) && !self.takes_any() || questioned && !self.has(&ASKING_LEAVE) && !self.named.names_any()
    }

    /// Whether another time than the agreed one is wished.
    pub(super) fn moves(&self) -> bool {
        let other = self.asks_leave() || self.has(&MOVES) || self.denies();
        self.gives_back() || other && self.wish.names_time()
    }

    /// Whether they only ask for it to be sooner or later: "能提前一点吗".
    pub(super) fn shifts(&self) -> bool {
        self.asks_leave() && self.wish.shifted && !self.wish.names_time() && self.text.len() <= LONGEST_TIME
    }

    fn asks_leave(&self) -> bool {
        let may = self.text.contains('能') && !self.text.contains("可能");
        self.has(&ASKING_LEAVE) || may && self.text.ends_with('吗')
    }

    /// Whether they wish another time than the agreed one, and need not say which.
    pub(super) fn gives_back(&self) -> bool {
        self.has(&CHANGES)
    }

    /// Returns the window that words name clearly: by where it stands, by its day and part of the day, or as any of
    /// them.
    pub(super) fn picked<'m>(&self, offered: &'m [OfferedWindow], now: Timestamp) -> Picked<'m> {
        let suiting: Vec<&OfferedWindow> = offered.iter().filter(|offered| self.suits(offered)).collect();
        let ahead = || suiting.iter().copied().find(|offered| now < offered.window.until);
        let one = match (self.wish.places.as_slice(), suiting.as_slice()) {
            (_, []) => return Picked::None,
            ([], _) if self.takes_any() => ahead(),
            ([], _) if !self.wish.names_time() => return Picked::None,
            ([], [only]) => Some(*only),
            ([place], _) => place.among(&suiting).copied(),
            (_, _) => None,
        };
        one.map_or(Picked::Several, Picked::One)
    }

    /// Whether a window is among those that words name; each is where they name no time, and wish no other.
    fn suits(&self, offered: &OfferedWindow) -> bool {
        if !self.wish.names_time() {
            return !self.wish.shifted || !self.wish.places.is_empty() || self.takes_any();
        }
        let begins = self.zone.as_ref().and_then(|zone| {
            let begins = local(offered.window.from, zone);
            Some((begins.date(), u64::try_from(begins.hour()).ok()?))
        });
        begins.is_some_and(|(day, hour)| self.wish.fits(day, hour))
    }

    /// Whether the words name the day of a window.
    pub(super) fn names_day_of(&self, window: Window) -> bool {
        let day = self.zone.as_ref().and_then(|zone| local_date(window.from, zone));
        day.is_some_and(|day| self.named.days.contains(&day))
    }
}

/// Returns the time zone in which a window is written: as far from UTC as the clock on its label.
fn zone_of(offered: &OfferedWindow) -> Option<TimeZone> {
    let universal = offered.window.from.0.div_euclid(1000).rem_euclid(DAY);
    let ahead = (begins_at(&offered.label)? - universal + FARTHEST_BEHIND).rem_euclid(DAY) - FARTHEST_BEHIND;
    Some(TimeZone::fixed(Offset::from_seconds(i32::try_from(ahead).ok()?).ok()?))
}

/// Reads the time of day at which a window begins from its label, which is written in the time of the place; in
/// seconds.
fn begins_at(label: &str) -> Option<i64> {
    let (before, after) = label.split_once(':')?;
    let hours: i64 = before.get(before.len().checked_sub(2)?..)?.parse().ok()?;
    let minutes: i64 = after.get(..2)?.parse().ok()?;
    Some(hours * 3600 + minutes * 60)
}
