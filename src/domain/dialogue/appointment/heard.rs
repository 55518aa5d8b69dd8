//! What words say about the times that were offered for a visit, or about the one that is agreed. What is said and done
//! about it is decided in [`super`].

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::absence;
use super::calling::{Call, asks_how, call, is_polite};
use super::plain::{is_any, only_sets_time};
use super::standing::{AFTER_ALL, is_as_it_was, undoes_it};
use super::wish::{Parted, Wish, is_bare_place, is_denied, is_refused, parted};
use crate::domain::appointment::Window;
use crate::domain::calendar::{local, local_date};
use crate::domain::dialogue::Words;
use crate::domain::dialogue::clause::{asks, begins_with_plain_no, holds, without};
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
/// What scolds the times and asks nothing.
const SCOLDS: [&str; 6] = ["什么破", "什么鬼", "什么烂", "破时间", "烂时间", "stupid time"];
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
/// What speaks of the times that were offered, without naming one.
const OF_THEM: [&str; 12] =
    ["都", "两个", "时间", "合适", "方便", "either", "neither", "none of", "these", "those", "work for me", "suit"];
/// What turns all of them down.
const NONE: [&str; 5] = ["neither", "none of", "can't do either", "don't work", "doesn't work"];
/// What may not suit and is no time.
const PRICES: [&str; 5] = ["价", "费", "钱", "颜色", "price"];
/// What takes back what was said before, as a whole clause …
const TAKES_BACK: [&str; 12] =
    ["不对", "错了", "搞错了", "选错了", "点错了", "说错了", "等等", "算了", "sorry", "actually", "wait", "oops"];
/// … or at the beginning of one, before what is meant instead.
const RATHER: [&str; 18] = [
    "不对",
    "错了",
    "还是",
    "换成",
    "换到",
    "换",
    "改成",
    "改到",
    "改",
    "应该是",
    "no ",
    "nope ",
    "sorry ",
    "actually ",
    "rather ",
    "make it ",
    "i meant ",
    "i mean ",
];
/// What may stand there besides, and behind it.
const THEN: [&str; 7] = ["那就", "我要", "我选", "就", "是", "要", "选"];
const INSTEAD: [&str; 5] = [" instead", " rather", " after all", " actually", " sorry"];
/// What says of a time that it suits, among words that scold.
const TAKES: [&str; 7] = ["可以", "行", "吧", "就", "fine", "ok", "works"];
/// What stands for all that is not named.
const OTHER: [&str; 8] = ["其他", "其它", "其余", "别的", "另", "other", "rest", "else"];
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
    /// What is named in what they turn down.
    refused: Vec<Wish>,
    /// Whether they speak of a fault, a part or a room as well.
    names_thing: bool,
    /// The day on which it is said.
    today: Date,
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
        let Parted { accepted, mut refused } = parted(&text, today);
        let (wish, named) = (Wish::named_in(&accepted, today), Wish::named_in(&text, today));
        if refused.is_empty() && is_any(&accepted) && holds(&accepted, &OTHER) {
            // "其他都行" turns down what it does not name.
            refused.push(Wish::default());
        }
        let said = &words.understood;
        let names_thing =
            said.symptom.is_some() || said.component.is_some() || said.location.is_some() || said.category.is_some();
        Heard { text, accepted, wish, named, refused, names_thing, today, zone }
    }

    /// Takes the time at which who lives there is out for one that suits, where somebody else is in: "25号我出差，我妈在家".
    pub(super) fn with_who_is_in(mut self) -> Heard {
        if self.is_out() && absence::is_stood_in_for(&self.text) && !self.wish.names_any() {
            self.wish = self.named.clone();
        }
        self
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
        self.is_out() && !absence::is_stood_in_for(&self.text)
    }

    /// Whether they say that who lives there is out, and that somebody else opens, or that it is not sure or not all of
    /// them who are out: "我在外地，爸妈在家", "可能走不开", "我老婆出差了".
    pub(super) fn leaves_somebody(&self) -> bool {
        self.is_out() && absence::is_stood_in_for(&self.text)
            || absence::may_be_out(&self.text, self.named.names_time())
    }

    /// Whether it may be that nobody opens, and nobody else is said to be in: "可能没空".
    pub(super) fn may_find_nobody(&self) -> bool {
        absence::may_find_nobody(&self.text, self.named.names_time())
    }

    fn is_out(&self) -> bool {
        absence::is_out(&self.text, self.named.names_time())
    }

    /// Whether they say, in answer to times that were offered, that none of them suits.
    pub(super) fn refuses_all(&self) -> bool {
        let of_them = |clause: &str| holds(clause, &OF_THEM);
        let none = |clause: &str| holds(clause, &NONE) && !clause.contains("problem");
        let refused = |clause: &str| is_refused(clause) || none(clause);
        let all = self.text.split(BREAKS).any(|clause| of_them(clause) && refused(clause));
        let of_price = holds(&self.text, &PRICES);
        all || absence::is_unfit(&self.text) && !of_price
    }

    /// Whether they ask what is done if nobody is there.
    pub(super) fn asks_what_then(&self) -> bool {
        absence::asks_what_then(&self.text)
    }

    /// Whether they ask when somebody comes.
    pub(super) fn asks_when(&self) -> bool {
        self.has(&WHEN) && self.has(&COMING)
    }

    fn has(&self, parts: &[&str]) -> bool {
        holds(&self.text, parts)
    }

    fn takes_any(&self) -> bool {
        is_any(&self.accepted)
    }

    /// Whether some of the times that were offered are turned down, and others are left.
    pub(super) fn leaves_some(&self, offered: &[OfferedWindow], now: Timestamp) -> bool {
        let ahead = offered.iter().filter(|one| now < one.window.until);
        let refused: Vec<bool> = ahead.map(|one| self.refuses(one, offered)).collect();
        refused.contains(&true) && refused.contains(&false)
    }

    /// Whether they want the time back that was given back: "没事了，照旧", "算了，就25号吧".
    pub(super) fn keeps_time(&self) -> bool {
        self.wish.names_time() || is_as_it_was(&self.text) || self.text.contains(AFTER_ALL)
    }

    /// Whether they say that a time stands as it was, and name no other: "ok never mind, as agreed then".
    pub(super) fn stays_as_it_was(&self, window: Window) -> bool {
        self.says_of(window, |clause| is_as_it_was(clause) && !is_denied(clause))
    }

    /// Whether they say that a time that was given back a moment ago was better kept.
    pub(super) fn is_wanted_back(&self, window: Window) -> bool {
        self.stays_as_it_was(window) || self.says_of(window, undoes_it)
    }

    /// Whether a clause says something of a window, no other day is named and nothing else is asked.
    fn says_of(&self, window: Window, says: impl Fn(&str) -> bool) -> bool {
        let day = self.day_of(window);
        let own = self.named.days.iter().all(|named| Some(*named) == day);
        own && !self.has(&ASKING) && self.text.split(BREAKS).any(says)
    }

    /// Returns how their clauses call off the visit of a window, as far as they do; of a question only the polite ones.
    pub(super) fn calls(&self, window: Window, questioned: bool) -> impl Iterator<Item = Call<'_>> {
        let (day, today) = (self.day_of(window), self.today);
        let told = self.text.split(BREAKS).filter(move |clause| !questioned || is_polite(clause));
        told.filter_map(move |clause| call(clause, day, today))
    }

    /// Whether they ask how a visit is called off.
    pub(super) fn asks_how_to_call_off(&self) -> bool {
        self.text.split(BREAKS).any(asks_how)
    }

    /// Whether the hours that they wish lie within a window, and no other day is named: "能不能11点来".
    pub(super) fn wishes_within(&self, window: Window) -> bool {
        let Some((day, span)) = self.day_of(window).zip(self.span_of(window)) else { return false };
        let own = self.named.days.iter().all(|named| *named == day);
        let hours = &self.wish.hours;
        let within = hours.iter().all(|hour| hour.is_within(&span, &self.wish.parts));
        own && within && !hours.is_empty() && !self.gives_back()
    }

    /// Whether they only set a time, whatever they sound like: "有事打我电话，25号可以", "直接来就行".
    pub(super) fn only_sets_time(&self) -> bool {
        only_sets_time(&self.text, self.today)
    }

    /// Whether they scold the times that were offered and take none: "什么破时间，25号我上班".
    pub(super) fn scolds(&self) -> bool {
        let takes = |clause: &str| {
            let said = holds(clause, &TAKES) && !is_denied(clause);
            said && Wish::named_in(clause, self.today).names_any()
        };
        self.has(&SCOLDS) && !self.text.split(BREAKS).any(takes)
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
        let plain = without(&self.text, &SCOLDS);
        holds(&plain, &ASKING) && !self.takes_any() || questioned && !self.has(&ASKING_LEAVE) && !self.named.names_any()
    }

    /// Whether another time than the agreed one is wished.
    pub(super) fn moves(&self) -> bool {
        let other = self.asks_leave() || self.has(&MOVES) || self.denies();
        self.gives_back() || other && self.wish.names_time() || self.swaps()
    }

    /// Whether they only name one of several in place of the one that was taken: "不对，第一个"; not "不对，是第二单元".
    pub(super) fn swaps(&self) -> bool {
        let told: Vec<&str> = self.text.split(BREAKS).map(str::trim).filter(|clause| !clause.is_empty()).collect();
        let Some((last, before)) = told.split_last() else { return false };
        let meant = INSTEAD.iter().find_map(|part| last.strip_suffix(part));
        let mut rest = meant.unwrap_or(last);
        let mut rather = meant.is_some() || !before.is_empty();
        loop {
            rest = if let Some(behind) = past(rest, &RATHER) {
                rather = true;
                behind.trim_start()
            } else if let Some(behind) = past(rest, &THEN) {
                behind.trim_start()
            } else {
                break;
            };
        }
        let known = rather && before.iter().all(|clause| takes_back(clause));
        known && self.wish.places.len() == 1 && !self.names_thing && is_bare_place(rest)
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
        let left = |one: &&OfferedWindow| self.suits(one) && !self.refuses(one, offered);
        let suiting: Vec<&OfferedWindow> = offered.iter().filter(left).collect();
        if self.takes_any() && offered.iter().any(|one| self.refuses(one, offered)) {
            // Of those that are not turned down one must be left.
            let ahead: Vec<_> = suiting.into_iter().filter(|one| now < one.window.until).collect();
            return if let [only] = ahead.as_slice() { Picked::One(only) } else { Picked::Several };
        }
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
        self.begins(offered).is_some_and(|(day, hour)| self.wish.fits(day, hour))
    }

    /// Whether a window may be among those that words turn down, and is not named as one that suits.
    fn refuses(&self, one: &OfferedWindow, offered: &[OfferedWindow]) -> bool {
        let begins = self.begins(one);
        let is_named = |refused: &Wish| {
            let by_place = refused.places.iter().any(|place| place.among(offered) == Some(one));
            let of_time = refused.places.is_empty() || refused.names_time();
            by_place || of_time && begins.is_none_or(|(day, hour)| refused.may_fit(day, hour))
        };
        let chosen = !self.wish.places.is_empty() || begins.is_some_and(|(day, _)| self.wish.days.contains(&day));
        !chosen && self.refused.iter().any(is_named)
    }

    /// Returns the day and the hour in which a window begins.
    fn begins(&self, offered: &OfferedWindow) -> Option<(Date, u64)> {
        let begins = local(offered.window.from, self.zone.as_ref()?);
        Some((begins.date(), u64::try_from(begins.hour()).ok()?))
    }

    /// Whether the words name the day of a window.
    pub(super) fn names_day_of(&self, window: Window) -> bool {
        self.day_of(window).is_some_and(|day| self.named.days.contains(&day))
    }

    /// Returns a window in minutes of the day on which it begins.
    fn span_of(&self, window: Window) -> Option<Range<u64>> {
        let begins = local(window.from, self.zone.as_ref()?);
        let from = u64::try_from(begins.hour()).ok()? * 60 + u64::try_from(begins.minute()).ok()?;
        Some(from..from + window.until.since(window.from).as_secs() / 60)
    }

    fn day_of(&self, window: Window) -> Option<Date> {
        self.zone.as_ref().and_then(|zone| local_date(window.from, zone))
    }
}

/// Returns what stands behind one of `parts` where words begin with it.
fn past<'w>(words: &'w str, parts: &[&str]) -> Option<&'w str> {
    parts.iter().find_map(|part| words.strip_prefix(part))
}

/// Whether a clause only takes back what was said before: "不对", "no", "不是第二个".
fn takes_back(clause: &str) -> bool {
    let other = clause.strip_prefix("不是").or_else(|| clause.strip_prefix("not "));
    let plain_no = begins_with_plain_no(clause) && !clause.contains(' ');
    TAKES_BACK.contains(&clause) || plain_no || other.is_some_and(is_bare_place)
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
