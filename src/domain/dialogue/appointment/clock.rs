//! The hours that words name by the clock: 三点半, "at 10", "before 5 pm".

use std::ops::Range;

use super::days::{number, number_before, word_before};

/// In minutes.
const HALF_DAY: u64 = 12 * 60;
/// The first hour that is told in full, in minutes of the day: 13:00.
const AFTERNOON: u64 = 13 * 60;
const LAST_HOUR: u64 = 24;
/// What stands before "o'clock".
const NUMBERS: [&str; 12] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
/// What makes an hour of the number behind it, and says on which side of it a time lies …
const BEFORE: [&str; 2] = ["before", "by"];
const AFTER: &str = "after";
/// … or that it is about then.
const LED_BY: [&str; 2] = ["at", "around"];
/// The halves of the day, as they stand behind an hour.
const HALVES: [(&str, Half); 2] = [("am", Half::Morning), ("pm", Half::Afternoon)];
/// Parts of an hour behind it, in minutes.
const PAST: [(&str, u64); 3] = [("半", 30), ("一刻", 15), ("三刻", 45)];
/// What says behind an hour that a time lies before it …
const BEFORE_IT: [&str; 3] = ["前", "之前", "以前"];
/// … or not before it.
const AFTER_IT: [&str; 4] = ["后", "之后", "以后", "过后"];
/// What ends a span with the hour behind it: 十点到十一点, "9:00-11:00".
const SPANS: [char; 4] = ['到', '至', '-', '~'];

/// On which side of an hour a time lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    At,
    After,
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
            Side::Before => window.start < minutes && minutes <= window.end,
            Side::At | Side::After => window.contains(&minutes),
        })
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
                let named = |minutes: &u64| parts.iter().any(|part| part.contains(&(minutes / 60)));
                let fitting: Vec<u64> = both.iter().copied().filter(named).collect();
                if fitting.is_empty() { both } else { fitting }
            }
        }
    }
}

/// Returns the hours that words name, of which each thing is spelled in one way; `latin` are those in Latin letters and
/// in figures.
pub(super) fn hours(words: &str, latin: &[&str]) -> Vec<Hour> {
    let signs = words.match_indices(['点', ':', '时']);
    let mut found: Vec<Hour> = signs.filter_map(|(at, sign)| hour_at(words, at, sign)).collect();
    found.extend(latin.iter().enumerate().filter_map(|(at, word)| latin_hour(words, latin, at, word)));
    found
}

/// Reads 三点半, 两点以后 and 10:30 at their sign.
fn hour_at(words: &str, at: usize, sign: &str) -> Option<Hour> {
    let (before, behind) = (words.get(..at)?, words.get(at + sign.len()..)?);
    let (rest, hour) = match before.strip_suffix('两') {
        Some(rest) => (rest, Some(2)),
        None => number_before(before),
    };
    let figure = before.ends_with(|c: char| c.is_ascii_digit());
    // 一点 says "a little" as often.
    let spelled = sign == "点" && hour.is_some_and(|hour| hour != 1 || rest.ends_with('午'));
    // What stands behind a colon belongs to the hour before it.
    if !figure && !spelled || rest.ends_with(':') {
        return None;
    }
    let (past, behind) = minutes_past(behind);
    let behind = behind.trim_start_matches(['分', '钟', '整', ' ']);
    let half = HALVES.into_iter().find(|(name, _)| behind.starts_with(*name)).map(|(_, half)| half);
    let led_by = rest.trim_end().rsplit(' ').next().unwrap_or_default();
    let side = if BEFORE_IT.iter().any(|word| behind.starts_with(*word)) || rest.trim_end().ends_with(SPANS) {
        Side::Before
    } else if AFTER_IT.iter().any(|word| behind.starts_with(*word)) {
        Side::After
    } else {
        side_of(led_by)
    };
    Some(Hour { minutes: in_minutes(hour).map(|minutes| minutes + past), half, side })
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

/// Reads "at 10", "11am", "3 pm" and "ten o'clock" at their last word. What is written with a colon is read there.
fn latin_hour(words: &str, latin: &[&str], at: usize, word: &str) -> Option<Hour> {
    let earlier = |places: usize| at.checked_sub(places).and_then(|at| latin.get(at)).copied().unwrap_or_default();
    let before = word_before(latin, at);
    if let Some((figure, half)) = HALVES.into_iter().find_map(|(name, half)| Some((word.strip_suffix(name)?, half))) {
        let (figure, led_by) = if figure.is_empty() { (before, earlier(2)) } else { (figure, before) };
        let is_hour = number(figure).is_some() && !words.contains(&format!(":{figure}"));
        return is_hour.then(|| Hour { minutes: in_minutes(number(figure)), half: Some(half), side: side_of(led_by) });
    }
    if word == "clock" {
        let named = NUMBERS.iter().zip(1i8..).find(|(name, _)| **name == earlier(2)).map(|(_, hour)| hour);
        let hour = number(earlier(2)).or(named);
        return Some(Hour { minutes: in_minutes(hour), half: None, side: side_of(earlier(3)) });
    }
    let led = BEFORE.contains(&before) || before == AFTER || LED_BY.contains(&before);
    let is_hour = led && number(word).is_some() && !words.contains(&format!("{word}:"));
    is_hour.then(|| Hour { minutes: in_minutes(number(word)), half: None, side: side_of(before) })
}

fn side_of(led_by: &str) -> Side {
    if BEFORE.contains(&led_by) {
        Side::Before
    } else if led_by == AFTER {
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
        for words in ["三点能来吗", "3点半", "at 4", "15:00", "下午4点", "一点不行的话，四点"] {
            assert!(within(words, 14, 17), "{words}");
        }
        for words in ["上午三点", "3 am", "at 6", "10点"] {
            assert!(!within(words, 14, 17), "{words}");
        }
    }
}
