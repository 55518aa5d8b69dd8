//! The hours that words name by the clock: 三点半, 10点到11点, "at 10", "before 5 pm".

use std::ops::Range;

use super::days::{is_month, number, number_before, word_before};

/// In minutes.
const HALF_DAY: u64 = 12 * 60;
/// The first hour that is told in full, in minutes of the day: 13:00.
const AFTERNOON: u64 = 13 * 60;
const LAST_HOUR: u64 = 24;
const NOON: u64 = 12;
/// When somebody may come, in minutes of the day: of an hour that may be of either half, the other one is not meant.
const BY_DAY: Range<u64> = 7 * 60..21 * 60;
/// What stands before "o'clock", or behind "at".
const NUMBERS: [&str; 12] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
/// What "at one" may go on with, and is no hour then: "at one point".
const ONE: &str = "one";
/// What makes an hour of the number behind it, and says on which side of it a time lies …
const BEFORE: [&str; 4] = ["before", "by", "until", "till"];
const AFTER: [&str; 2] = ["after", "from"];
/// … or that it is about then.
const LED_BY: [&str; 3] = ["at", "around", "between"];
/// What leads from the first hour of a span to the last: "from 10 to 12" …
const ON_TO: [&str; 4] = ["to", "until", "till", "and"];
/// … also as a sign: 十点到十一点, "9:00-11:00".
const SPANS: [&str; 6] = ["到", "至", "-", "–", "—", "~"];
/// What makes no hour of the number before it: "after 2 weeks".
const COUNTED: [&str; 18] = [
    "am", "pm", "o", "of", "day", "days", "week", "weeks", "month", "months", "minute", "minutes", "min", "mins",
    "hour", "hours", "people", "times",
];
/// The halves of the day, as they stand behind an hour.
const HALVES: [(&str, Half); 2] = [("am", Half::Morning), ("pm", Half::Afternoon)];
/// Parts of the day, as they stand before one: 2点到下午5点.
const PARTS: [&str; 6] = ["上午", "下午", "中午", "早上", "晚上", "傍晚"];
/// Parts of an hour behind it, in minutes.
const PAST: [(&str, u64); 3] = [("半", 30), ("一刻", 15), ("三刻", 45)];
/// What ends an hour: 9点半.
const HOUR_ENDS: [char; 7] = ['点', '时', '钟', '整', '半', '刻', '分'];
/// What says behind an hour that a time lies before it …
const BEFORE_IT: [&str; 3] = ["前", "之前", "以前"];
/// … or not before it …
const AFTER_IT: [&str; 4] = ["后", "之后", "以后", "过后"];
/// … and what says so before it.
const AT_LATEST: &str = "最迟";
const AT_EARLIEST: &str = "最早";
/// What is put at an hour with 到 behind it: 改到十点.
const PUT: [char; 9] = ['改', '换', '推', '挪', '调', '约', '前', '后', '延'];
/// What follows one o'clock behind a day, where 一点 does not say "a little": 周一一点来.
const BEHIND_ONE: &str = "半钟整 左以之 前后过 来到可 行吧的 能在方,";

/// On which side of an hour a time lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    At,
    After,
    /// It ends a span of which the beginning is named as well.
    Until,
}

/// An hour as words name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hour {
    /// As it is said, in minutes; none if its number is not known.
    minutes: Option<u64>,
    /// Which half of the day is named with it.
    half: Option<Half>,
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

impl Hour {
    /// Whether it may lie within a window, which is in minutes of the day. The parts of the day that are named besides,
    /// in hours, tell 三点 at night from 三点 in the afternoon.
    pub(super) fn is_within(&self, window: &Range<u64>, parts: &[Range<u64>]) -> bool {
        self.may_be(parts).into_iter().any(|minutes| match self.side {
            Side::Before | Side::Until => window.start < minutes && minutes <= window.end,
            Side::At | Side::After => window.contains(&minutes),
        })
    }

    /// Whether it lies inside a window, and neither where it begins nor where it ends.
    pub(super) fn divides(&self, window: &Range<u64>, parts: &[Range<u64>]) -> bool {
        self.may_be(parts).into_iter().any(|minutes| window.start < minutes && minutes < window.end)
    }

    /// Whether a window can be taken for it. An hour, and the ends of a span, have to lie within. Where a time before or
    /// after an hour is named, half of the window or more has to be left on that side: 十点以后 takes one from 9 to 12, of
    /// which two hours of three are left, and one from 14 to 17; 十一点以后 and 十点前 do not take the first, since who
    /// comes then would as likely as not come at the wrong time.
    pub(super) fn is_held_by(&self, window: &Range<u64>, parts: &[Range<u64>]) -> bool {
        let meant = self.may_be_by_day(parts);
        let before = |minutes: u64| minutes.min(window.end).saturating_sub(window.start);
        let after = |minutes: u64| window.end.saturating_sub(minutes.max(window.start));
        let left = match self.side {
            Side::At | Side::Until => return self.is_within(window, parts),
            Side::Before => meant.iter().copied().min().map(before),
            Side::After => meant.iter().copied().max().map(after),
        };
        left.is_some_and(|left| 2 * left >= window.end.saturating_sub(window.start))
    }

    /// Returns the minutes of the day that may be meant.
    fn may_be(&self, parts: &[Range<u64>]) -> Vec<u64> {
        let Some(minutes) = self.minutes else { return Vec::new() };
        if minutes >= AFTERNOON {
            return vec![minutes];
        }
        let early = minutes % HALF_DAY;
        let both = vec![early, early + HALF_DAY];
        match self.half {
            Some(Half::Morning) => vec![early],
            Some(Half::Afternoon) => vec![early + HALF_DAY],
            None => {
                // 上午12点 is noon: a part that ends then has it, and none has midnight.
                let named = |minutes: &u64| {
                    let hour = minutes / 60;
                    let of = |part: &Range<u64>| part.contains(&hour) || hour == NOON && part.end == NOON;
                    hour > 0 && parts.iter().any(of)
                };
                let fitting: Vec<u64> = both.iter().copied().filter(named).collect();
                if fitting.is_empty() { both } else { fitting }
            }
        }
    }

    /// Returns those of them at which somebody may come, if there are any: both of 七点 and 八点, one of the others.
    fn may_be_by_day(&self, parts: &[Range<u64>]) -> Vec<u64> {
        let all = self.may_be(parts);
        let by_day: Vec<u64> = all.iter().copied().filter(|minutes| BY_DAY.contains(minutes)).collect();
        if by_day.is_empty() { all } else { by_day }
    }
}

/// Whether hours are those between which a window lies, and wish none within it: "9:00-12:00".
pub(super) fn are_those_of(hours: &[Hour], window: &Range<u64>, parts: &[Range<u64>]) -> bool {
    let lies = |side: Side, minutes: &u64| {
        let at = |hour: &Hour| hour.side == side && hour.may_be(parts).contains(minutes);
        hours.iter().any(at)
    };
    hours.len() == 2 && lies(Side::At, &window.start) && lies(Side::Until, &window.end)
}

/// Returns the hours that words name, of which each thing is spelled in one way; `latin` are those in Latin letters and
/// in figures.
pub(super) fn hours(words: &str, latin: &[&str]) -> Vec<Hour> {
    let signs = words.match_indices(['点', ':', '时']);
    let mut found: Vec<Hour> = signs.flat_map(|(at, sign)| hours_at(words, at, sign)).collect();
    found.extend((0..latin.len()).flat_map(|at| latin_hours(words, latin, at)));
    found
}

/// Reads 三点半, 两点以后, 10:30 and 8到10点 at the sign of the hour.
fn hours_at(words: &str, at: usize, sign: &str) -> Vec<Hour> {
    let around = words.get(..at).zip(words.get(at + sign.len()..));
    let Some((rest, hour)) = around.and_then(|(before, behind)| hour_between(before, sign, behind)) else {
        return Vec::new();
    };
    let begin = bare_begin(rest).filter(|_| hour.side == Side::Until);
    begin.into_iter().chain([hour]).collect()
}

/// Returns the hour whose number stands before a sign, and what stands before that.
fn hour_between<'w>(before: &'w str, sign: &str, behind: &str) -> Option<(&'w str, Hour)> {
    let (rest, hour) = number_behind_day(before);
    let figure = before.ends_with(|c: char| c.is_ascii_digit());
    // 一点 says "a little" as often.
    let spelled = sign == "点" && hour.is_some_and(|hour| hour != 1 || is_one_o_clock(rest, behind));
    // What stands behind a colon belongs to the hour before it.
    if !figure && !spelled || rest.ends_with(':') {
        return None;
    }
    let (past, behind) = minutes_past(behind);
    let behind = behind.trim_start_matches(['分', '钟', '整', ' ']);
    let half = HALVES.into_iter().find(|(name, _)| behind.starts_with(*name)).map(|(_, half)| half);
    let side = if begins_with(behind, &BEFORE_IT) {
        Side::Before
    } else if begins_with(behind, &AFTER_IT) {
        Side::After
    } else {
        let goes_on = begins_with(behind, &SPANS) || begins_with(behind, &ON_TO);
        match side_behind(rest) {
            Side::After if goes_on => Side::At,
            side => side,
        }
    };
    Some((rest, Hour { minutes: in_minutes(hour).map(|minutes| minutes + past), half, side }))
}

/// Returns the number that words end with, and what stands before it. The first sign behind 周 belongs to the day:
/// 周二十点 is at ten.
fn number_behind_day(words: &str) -> (&str, Option<i8>) {
    let words = words.trim_end();
    if let Some(rest) = words.strip_suffix('两') {
        return (rest, Some(2));
    }
    let (rest, hour) = number_before(words);
    let mut told = words.strip_prefix(rest).unwrap_or_default().chars();
    let of_day = told.next().is_some_and(|first| rest.ends_with('周') && !first.is_ascii());
    match told.as_str() {
        hour if of_day && !hour.is_empty() => (words.strip_suffix(hour).unwrap_or(rest), number(hour)),
        _ => (rest, hour),
    }
}

/// Whether 一点 is an hour by what stands before and behind it: 下午一点, 周一一点来; not 今天一点水都没有.
fn is_one_o_clock(before: &str, behind: &str) -> bool {
    let mut signs = before.trim_end_matches([' ', ',']).chars().rev();
    let of_day = matches!(signs.next(), Some('号' | '天')) || signs.next() == Some('周');
    let ends = behind.chars().next().is_none_or(|next| BEHIND_ONE.contains(next));
    before.trim_end().ends_with('午') || of_day && ends
}

/// Returns the side that is told by what stands before an hour. 到 ends a span only behind its first hour; else somebody
/// is there up to then, unless something is put there: 改到十点.
fn side_behind(rest: &str) -> Side {
    let led = without_part(rest.trim_end());
    let spanned = |signs: &[&str]| signs.iter().find_map(|sign| led.strip_suffix(*sign));
    match (spanned(&SPANS), spanned(&ON_TO)) {
        (Some(begin), _) | (None, Some(begin)) if ends_with_hour(begin) => Side::Until,
        (Some(begin), _) if begin.ends_with(PUT) => Side::At,
        (Some(_), _) => Side::Before,
        (None, _) if led.ends_with(AT_LATEST) => Side::Before,
        (None, _) if led.ends_with(AT_EARLIEST) => Side::After,
        (None, _) => side_of(led.rsplit(' ').next().unwrap_or_default()),
    }
}

/// Returns the hour without a sign that begins a span: 8 in 8到10点.
fn bare_begin(rest: &str) -> Option<Hour> {
    let led = without_part(rest.trim_end());
    let begin = SPANS.iter().find_map(|sign| led.strip_suffix(*sign))?;
    let (rest, hour) = number_behind_day(begin);
    let minutes = in_minutes(hour.filter(|_| !rest.ends_with([':', '点', '周'])))?;
    Some(Hour { minutes: Some(minutes), half: None, side: Side::At })
}

/// Whether words end with an hour: 8点, 八, 9:30, "10am"; not 周二.
fn ends_with_hour(words: &str) -> bool {
    let words = words.trim_end();
    let (rest, number) = number_behind_day(words);
    let counts = number.is_some() && !rest.ends_with('周');
    counts || words.ends_with(HOUR_ENDS) || HALVES.iter().any(|(name, _)| words.ends_with(name))
}

fn without_part(words: &str) -> &str {
    PARTS.iter().find_map(|part| words.strip_suffix(*part)).unwrap_or(words)
}

fn begins_with(words: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| words.starts_with(*part))
}

/// Returns the minutes that stand behind the sign of an hour, and what follows them.
fn minutes_past(behind: &str) -> (u64, &str) {
    let rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    let figures = behind.strip_suffix(rest).and_then(|figures| figures.parse::<u64>().ok());
    let figures = figures.filter(|minutes| *minutes < 60);
    match figures {
        Some(minutes) => (minutes, rest),
        None => PAST
            .iter()
            .find_map(|(name, minutes)| behind.strip_prefix(name).map(|rest| (*minutes, rest)))
            .unwrap_or((0, behind)),
    }
}

/// An hour among words in Latin letters and in figures.
struct Told<'w> {
    /// Its number as it is written.
    figure: &'w str,
    hour: i8,
    half: Option<Half>,
    /// Where its first word stands …
    first: usize,
    /// … and its last.
    last: usize,
}

impl Told<'_> {
    /// Whether it is a number alone, which a word before it makes an hour.
    fn is_bare(&self) -> bool {
        self.first == self.last && self.half.is_none()
    }
}

/// Reads "at 10", "11am", "3 pm", "ten o'clock" and "from 10 to 12" at the last word of each hour. What is written with a
/// colon is read there.
fn latin_hours(words: &str, latin: &[&str], at: usize) -> Vec<Hour> {
    let Some(told) = told_at(latin, at).filter(|told| is_whole(words, latin, told)) else { return Vec::new() };
    let begin = begin_of(words, latin, &told);
    let side = if begin.is_some() { Some(Side::Until) } else { latin_side(words, latin, &told) };
    let hour = |side| Hour { minutes: in_minutes(Some(told.hour)), half: told.half, side };
    begin.into_iter().chain(side.map(hour)).collect()
}

/// Returns the hour of which a word is the last.
fn told_at<'w>(latin: &[&'w str], last: usize) -> Option<Told<'w>> {
    let word = *latin.get(last)?;
    let halved = HALVES.into_iter().find_map(|(name, half)| Some((word.strip_suffix(name)?, half)));
    let (figure, half, first) = match halved {
        Some(("", half)) => (word_before(latin, last), Some(half), last.checked_sub(1)?),
        Some((figure, half)) => (figure, Some(half), last),
        None if word == "clock" => (*latin.get(last.checked_sub(2)?)?, None, last.checked_sub(2)?),
        None if word == ONE => return None,
        None => (word, None, last),
    };
    let named = || NUMBERS.iter().zip(1i8..).find(|(name, _)| **name == figure).map(|(_, hour)| hour);
    let hour = number(figure).or_else(named)?;
    Some(Told { figure, hour, half, first, last })
}

/// Whether nothing beside it makes another thing of an hour: minutes, days, a month.
fn is_whole(words: &str, latin: &[&str], told: &Told) -> bool {
    let next = latin.get(told.last + 1).copied().unwrap_or_default();
    let of_colon = words.contains(&format!(":{}", told.figure));
    let before_colon = words.contains(&format!("{}:", told.figure));
    // "At 10 may be too early" names no month.
    let of_else = COUNTED.contains(&next) || is_month(next) && next != "may";
    !of_colon && !(told.is_bare() && (before_colon || of_else))
}

/// Returns the side that is told by the word before an hour; none if it makes no hour of a bare number.
fn latin_side(words: &str, latin: &[&str], told: &Told) -> Option<Side> {
    let led_by = word_before(latin, told.first);
    let linked = ON_TO.contains(&led_by);
    let begin = told.first.checked_sub(if linked { 2 } else { 1 }).filter(|at| is_led(latin, *at));
    if begin.is_some() && (linked || is_joined(words, led_by, told.figure)) {
        return Some(Side::Until);
    }
    let next = latin.get(told.last + 1).copied().unwrap_or_default();
    match side_of(led_by) {
        Side::After if ON_TO.contains(&next) => Some(Side::At),
        Side::At if told.is_bare() && !LED_BY.contains(&led_by) => None,
        side => Some(side),
    }
}

/// Returns the bare hour that begins a span whose end alone tells the half of the day: 8 in "8-10am".
fn begin_of(words: &str, latin: &[&str], told: &Told) -> Option<Hour> {
    told.half?;
    let led_by = word_before(latin, told.first);
    let linked = ON_TO.contains(&led_by) && led_by != "and";
    let at = told.first.checked_sub(if linked { 2 } else { 1 })?;
    let begin = told_at(latin, at).filter(Told::is_bare)?;
    let spans = linked && !is_led(latin, at) || is_joined(words, begin.figure, told.figure);
    let hour = Hour { minutes: in_minutes(Some(begin.hour)), half: None, side: Side::At };
    spans.then_some(hour)
}

/// Whether an hour ends at a word, and more than its number says so.
fn is_led(latin: &[&str], at: usize) -> bool {
    let leads = |word: &str| LED_BY.contains(&word) || side_of(word) != Side::At;
    told_at(latin, at).is_some_and(|told| !told.is_bare() || leads(word_before(latin, told.first)))
}

/// Whether nothing but the sign of a span stands between two words.
fn is_joined(words: &str, before: &str, behind: &str) -> bool {
    let words = words.replace(' ', "");
    !before.is_empty() && SPANS.iter().any(|sign| words.contains(&format!("{before}{sign}{behind}")))
}

fn side_of(led_by: &str) -> Side {
    if BEFORE.contains(&led_by) {
        Side::Before
    } else if AFTER.contains(&led_by) {
        Side::After
    } else {
        Side::At
    }
}

fn in_minutes(hour: Option<i8>) -> Option<u64> {
    hour.and_then(|hour| u64::try_from(hour).ok()).filter(|hour| *hour <= LAST_HOUR).map(|hour| hour * 60)
}

#[cfg(test)]
mod tests {
    use super::super::wish::Wish;
    use crate::domain::script::normalised;

    /// Whether every hour that words name lies within a window, in hours of the day.
    fn within(words: &str, from: u64, until: u64) -> bool {
        let wish = Wish::named_in(&normalised(words), jiff::civil::date(2026, 11, 21));
        let window = from * 60..until * 60;
        !wish.hours.is_empty() && wish.hours.iter().all(|hour| hour.is_within(&window, &wish.parts))
    }

    #[test]
    fn an_hour_within_a_morning_is_told_from_one_outside_of_it() {
        for words in [
            "能不能11点来",
            "十点半可以吗",
            "上午十一点",
            "10点以后来",
            "11点之前能到吗",
            "12点前到就行",
            "10点到12点之间",
            "9:30",
            "can he come at 11?",
            "11am works",
            "at 10:30 am",
            "before 12",
            "after 10",
            "ten o'clock",
            "around 11 o'clock",
        ] {
            assert!(within(words, 9, 12), "{words}");
        }
        for words in [
            "能不能12点来",
            "9点之前来",
            "12点以后",
            "下午三点",
            "晚上10点",
            "两点",
            "11点或者14点",
            "can he come at 3?",
            "at 11 pm",
            "10:30 pm",
            "after 12",
            "before 9",
            "the clock is broken",
            "早一点",
            "Wednesday",
        ] {
            assert!(!within(words, 9, 12), "{words}");
        }
    }

    #[test]
    fn a_bare_hour_is_one_of_the_afternoon_if_that_is_when_somebody_comes() {
        for words in ["三点能来吗", "3点半", "at 4", "15:00", "下午4点", "一点不行的话，四点", "改到三点", "周三三点"]
        {
            assert!(within(words, 14, 17), "{words}");
        }
        for words in ["上午三点", "3 am", "at 6", "10点"] {
            assert!(!within(words, 14, 17), "{words}");
        }
    }

    /// Whether a window that is offered holds every hour that words name, in hours of the day.
    fn held(words: &str, from: u64, until: u64) -> bool {
        let wish = Wish::named_in(&normalised(words), jiff::civil::date(2026, 11, 21));
        let window = from * 60..until * 60;
        !wish.hours.is_empty() && wish.hours.iter().all(|hour| hour.is_held_by(&window, &wish.parts))
    }

    #[test]
    fn a_window_holds_the_hour_and_the_span_that_lie_within_it() {
        for words in [
            "周二十点",
            "下周二十一点半",
            "周日9点",
            "10点到11点",
            "10-11点",
            "九到十点",
            "9:00–12:00",
            "上午9点到上午11点",
            "上午9点到12点",
            "上午11点到12点",
            "改到10点",
            "Tuesday at 10",
            "at ten",
            "10-11am",
            "10am - 12pm",
            "from 10 to 12",
            "between 9 and 11",
            "9:30 to 11:00",
        ] {
            assert!(held(words, 9, 12), "{words}");
        }
        for words in [
            "周二二十点",
            "周二八点",
            "12点",
            "8点到10点",
            "8-10点",
            "八到十点",
            "11点到13点",
            "11:00-13:00",
            "上午11点到下午1点",
            "8 to 10am",
            "8-10am",
            "from 11 to 1",
            "between 1 and 3",
            "周一一点",
        ] {
            assert!(!held(words, 9, 12), "{words}");
        }
    }

    #[test]
    fn a_window_holds_a_time_before_or_after_an_hour_if_half_of_it_or_more_is_left() {
        for words in [
            "九点以后",
            "10点以后",
            "10点半后",
            "after 10",
            "from 10",
            "11点前",
            "12点之前",
            "before 12",
            "by 11",
            "until 11",
            "最晚十一点",
            "最早十点",
            "我在家到11点",
            "下午5点前",
        ] {
            assert!(held(words, 9, 12), "{words}");
        }
        for words in [
            "11点以后",
            "12点以后",
            "五点以后",
            "八点以后",
            "after 5",
            "after 11",
            "from 11",
            "十点前",
            "只有十点前",
            "9点前",
            "八点前",
            "before 9",
            "by 10",
            "until 10",
            "最晚十点",
            "到10点",
        ] {
            assert!(!held(words, 9, 12), "{words}");
        }
        for words in ["10点以后", "三点以后", "after 3", "5点前", "before 5"] {
            assert!(held(words, 14, 17), "{words}");
        }
        for words in ["五点以后", "after 5", "三点前", "before 3"] {
            assert!(!held(words, 14, 17), "{words}");
        }
    }
}
