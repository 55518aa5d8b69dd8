//! What words say about the times that were offered for a visit, or about the one that is agreed. What is said and done
//! about it is decided in [`super`], which of several windows is meant in [`picked`].

mod picked;

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

pub(super) use self::picked::Picked;
use super::absence;
use super::calling::{Call, asks_how, call, is_polite, keeps_away_else_when, leaves_undone};
use super::change::{moves, names_place_instead, wants_another, wants_no_other};
use super::clock;
use super::excuse::is_excuse;
use super::plain::{is_any, is_plain, only_sets_time};
use super::standing::{AFTER_ALL, is_as_it_was, returns_to_it, undoes_it};
use super::wish::{Parted, Wish, is_denied, is_refused, only_refuses, parted};
use crate::domain::appointment::Window;
use crate::domain::calendar::{local, local_date};
use crate::domain::dialogue::Words;
use crate::domain::dialogue::clause::{asks, holds, without};
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
const ASKING_LEAVE: [&str; 15] = [
    "行吗",
    "得吗",
    "得唔得",
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
/// What stands in a question beside a time that is wished: "周三还有师傅吗"; not "周三还来吗".
const ASKED_WITH: [&str; 10] = ["师傅", "请问", "还有", "好不", "要不", "改", "换", "约", "到", "吗"];
/// What speaks of the times that were offered, without naming one.
const OF_THEM: [&str; 12] =
    ["都", "两个", "时间", "合适", "方便", "either", "neither", "none of", "these", "those", "work for me", "suit"];
/// What turns all of them down.
const NONE: [&str; 5] = ["neither", "none of", "can't do either", "don't work", "doesn't work"];
/// What may not suit and is no time.
const PRICES: [&str; 5] = ["价", "费", "钱", "颜色", "price"];
/// What says of a time that it suits, among words that scold.
const TAKES: [&str; 7] = ["可以", "行", "吧", "就", "fine", "ok", "works"];
/// What stands for all that is not named.
const OTHER: [&str; 8] = ["其他", "其它", "其余", "别的", "另", "other", "rest", "else"];
/// What asks when somebody comes.
const WHEN: [&str; 6] = ["几点", "什么时", "何时", "哪天", "when", "what time"];
const COMING: [&str; 11] =
    ["来", "到", "上门", "约", "come", "coming", "arrive", "visit", "technician", "was that", "was it"];
/// What sets an hour for who comes …
const COME_THEN: [&str; 4] = ["来", "吧", "come", "please"];
/// … unless it tells of who is in.
const AT_HOME: [&str; 3] = ["在", "home", "free"];

/// Words that are written without their apostrophe, and with it.
const BARE: [(&str, &str); 5] =
    [("cant", "can't"), ("wont", "won't"), ("dont", "don't"), ("doesnt", "doesn't"), ("isnt", "isn't")];

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

impl Heard {
    /// Reads words against the times that were offered for a meeting.
    pub(super) fn new(offered: &[OfferedWindow], words: &Words, now: Timestamp) -> Heard {
        let text = with_apostrophes(&normalised(&words.text));
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

    /// Whether they say no more than that the day of a window does not suit: "明天上班"; not "明天下午上班" of a morning.
    pub(super) fn excuses(&self, window: Window) -> bool {
        let span = self.span_of(window);
        let touches = |part: &Range<u64>| {
            span.as_ref().is_some_and(|span| part.start * 60 < span.end && span.start < part.end * 60)
        };
        let parts = &self.named.parts;
        let then = self.named.hours.is_empty() && (parts.is_empty() || parts.iter().any(touches));
        self.names_day_of(window) && then && is_excuse(&self.text)
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
        self.stays_as_it_was(window) || self.says_of(window, undoes_it) || self.returns_to(window)
    }

    /// Whether they come back to the day of a window, and to no time beside it: "还是周三吧", not "还是周三下午吧".
    fn returns_to(&self, window: Window) -> bool {
        let Some((day, span)) = self.day_of(window).zip(self.span_of(window)) else { return false };
        let own = !self.wish.days.is_empty() && self.named.days.iter().all(|named| *named == day);
        let told = returns_to_it(&self.text) && !self.denies() && !asks(&self.text) && !self.has(&ASKING);
        own && told && !self.names_thing && !self.gives_back() && self.wish.fits(day, &span)
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

    /// Whether it is not the visit of a window that they do without: "no need to come on Thursday, Wednesday is fine".
    pub(super) fn leaves_visit(&self, window: Window) -> bool {
        let (day, today) = (self.day_of(window), self.today);
        let taken = day.is_some_and(|day| self.wish.days.contains(&day));
        let other = |clause| taken && keeps_away_else_when(clause, day, today);
        self.text.split(BREAKS).any(|clause| leaves_undone(clause) || other(clause))
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

    /// Whether they name an hour with no day or its own that lies inside a window, so that some of it is left on either
    /// side: "nobody home until 10" of one from 9 to 12.
    pub(super) fn divides(&self, window: Window) -> bool {
        let Some((day, span)) = self.day_of(window).zip(self.span_of(window)) else { return false };
        let own = self.named.days.iter().all(|named| *named == day);
        own && self.named.hours.iter().any(|hour| hour.divides(&span, &self.named.parts))
    }

    /// Whether a clause of them names a day, and not that of a window.
    pub(super) fn is_of_other_day(&self, clause: &str, window: Window) -> bool {
        let days = Wish::named_in(clause, self.today).days;
        !days.is_empty() && !self.day_of(window).is_some_and(|day| days.contains(&day))
    }

    /// Whether a clause of them only says when to come, and that is outside a window: "晚上来吧".
    pub(super) fn sets_other_hour(&self, clause: &str, window: Window) -> bool {
        let Some((day, span)) = self.day_of(window).zip(self.span_of(window)) else { return false };
        let wish = Wish { shifted: false, ..Wish::named_in(clause, self.today) };
        let told = holds(clause, &COME_THEN) && !holds(clause, &AT_HOME) && is_plain(clause);
        told && !(wish.hours.is_empty() && wish.parts.is_empty()) && !wish.fits(day, &span)
    }

    /// Whether an hour by the clock is named, whatever is said of it.
    pub(super) fn names_hour(&self) -> bool {
        !self.named.hours.is_empty()
    }

    /// Whether an hour is named with a window, and not the window itself by those between which it lies.
    pub(super) fn names_hour_of(&self, window: Window) -> bool {
        let is_whole = |span: Range<u64>| clock::are_those_of(&self.named.hours, &span, &self.named.parts);
        self.names_hour() && !self.span_of(window).is_some_and(is_whole)
    }

    /// Whether another window can be meant in place of the one that is agreed on: who names no day speaks of its day.
    pub(super) fn may_mean(&self, other: Window, agreed: Window) -> bool {
        let told = !self.wish.days.is_empty() || !self.wish.places.is_empty() || self.takes_any();
        told || self.day_of(other) == self.day_of(agreed)
    }

    /// Whether a clause of them only says that the time does not suit: "呢个时间唔得".
    pub(super) fn only_refuses(&self) -> bool {
        self.text.len() <= LONGEST_TIME && self.text.split(BREAKS).any(only_refuses)
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
        let questioned = asks(&words.text) && !self.has(&ASKING_LEAVE);
        let plain = without(&self.text, &SCOLDS);
        // A time in a question is wished where leave is asked, or nothing else is.
        let only = || is_plain(&without(&self.text, &ASKED_WITH)) && !self.text.ends_with("来吗");
        let wished = || self.named.names_any() && (self.text.is_ascii() || self.asks_leave() || only());
        holds(&plain, &ASKING) && !self.takes_any() || questioned && !wished()
    }

    /// Whether another time than the agreed one is wished.
    pub(super) fn moves(&self) -> bool {
        let moved = || self.text.split(BREAKS).any(|clause| moves(clause, self.today));
        let other = self.asks_leave() || self.denies() || moved();
        self.gives_back() || other && self.wish.names_time() || self.swaps()
    }

    /// Whether they only name one of several in place of the one that was taken: "不对，第一个".
    pub(super) fn swaps(&self) -> bool {
        self.wish.places.len() == 1 && !self.names_thing && names_place_instead(&self.text)
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
        self.text.split(BREAKS).any(wants_another)
    }

    /// Whether they say in short that no other time is wished: "不用改时间了".
    pub(super) fn wants_no_other(&self) -> bool {
        self.text.len() <= LONGEST_TIME && self.text.split(BREAKS).any(wants_no_other)
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

fn with_apostrophes(text: &str) -> String {
    let known = |word: &str| BARE.iter().find(|(bare, _)| *bare == word).map(|(_, spelled)| *spelled);
    text.split(' ').map(|word| known(word).unwrap_or(word)).collect::<Vec<_>>().join(" ")
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
