//! The days that words name: by how far they lie ahead, by the weekday, by the date.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;

/// Days in which one that is named by its number is looked for: every date comes again within a year.
const MOST_DAYS: usize = 366;
/// Days, by how far they lie ahead; a name that has another in it stands first.
const AHEAD: [(&str, i64); 16] = [
    ("大后天", 3),
    ("后天", 2),
    ("后日", 2),
    ("明天", 1),
    ("明日", 1),
    ("听日", 1),
    ("明早", 1),
    ("明晚", 1),
    ("今天", 0),
    ("今日", 0),
    ("今早", 0),
    ("今晚", 0),
    ("day after tomorrow", 2),
    ("tomorrow", 1),
    ("today", 0),
    ("tonight", 0),
];
/// Weeks, by how far they lie ahead.
const WEEKS: [(&str, i64); 4] = [("下下", 2), ("下", 1), ("这", 0), ("本", 0)];
const DIGITS: [char; 9] = ['一', '二', '三', '四', '五', '六', '七', '八', '九'];
const WEEKDAYS: [[&str; 3]; 7] = [
    ["monday", "mondays", "mon"],
    ["tuesday", "tuesdays", "tue"],
    ["wednesday", "wednesdays", "wed"],
    ["thursday", "thursdays", "thu"],
    ["friday", "fridays", "fri"],
    ["saturday", "saturdays", "sat"],
    ["sunday", "sundays", "sun"],
];
const MONTHS: [[&str; 2]; 12] = [
    ["january", "jan"],
    ["february", "feb"],
    ["march", "mar"],
    ["april", "apr"],
    ["may", "may"],
    ["june", "jun"],
    ["july", "jul"],
    ["august", "aug"],
    ["september", "sep"],
    ["october", "oct"],
    ["november", "nov"],
    ["december", "dec"],
];
/// What a number is no day of the month before: 3号楼, "1st floor".
const NO_DATE: [char; 9] = ['楼', '线', '房', '院', '门', '店', '栋', '机', '单'];
const NO_DATE_LATIN: [&str; 4] = ["floor", "one", "option", "slot"];

/// Returns the days that words name, in the order of the ways to name one. Of several that may be meant it is the next:
/// 25号, 周五.
pub(super) fn named(words: &str, latin: &[&str], today: Date) -> Vec<Date> {
    let mut days = days_ahead(words, today);
    days.extend(weekdays(words, today));
    days.extend(latin_weekdays(latin, today));
    days.extend(dates(words, today));
    days.extend(latin_dates(latin, today));
    days
}

/// Returns "any time but wednesday" as "any time except wednesday".
pub(super) fn with_but_spelled(words: &str, today: Date) -> Option<String> {
    let (any, day) = words.split_once(" but ")?;
    let of_all = any.ends_with("any time") || any.ends_with("anytime") || any.ends_with("any day");
    let alone = !day.contains(' ') && !named(day, &[day], today).is_empty();
    (of_all && alone).then(|| format!("{any} except {day}"))
}

fn days_ahead(words: &str, today: Date) -> Vec<Date> {
    let (mut words, mut found) = (words.to_owned(), Vec::new());
    for (name, days) in AHEAD {
        if words.contains(name) {
            words = words.replace(name, " ");
            found.push(today.saturating_add(days.days()));
        }
    }
    found
}

/// Reads 周五, 这周五, 下周五, 周末 and 下周.
fn weekdays(words: &str, today: Date) -> Vec<Date> {
    let mut found = Vec::new();
    for (at, name) in words.match_indices('周') {
        let before = words.get(..at).unwrap_or_default();
        let after = words.get(at + name.len()..).unwrap_or_default();
        let which = after.chars().next().and_then(which_days);
        let week = WEEKS.iter().find(|(name, _)| before.ends_with(name)).map(|(_, ahead)| *ahead);
        match (week, which) {
            // What lies behind is no wish.
            _ if before.ends_with('上') => {}
            (Some(week), which) => found.extend(of_week(today, week, which.unwrap_or(0..7))),
            (None, Some(which)) => found.extend(coming(today, 0..7, &which)),
            (None, None) => {}
        }
    }
    found
}

/// Reads "Friday", "next Friday", which is either of two, "the weekend" and "next week".
fn latin_weekdays(words: &[&str], today: Date) -> Vec<Date> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let weekday = WEEKDAYS.iter().zip(1i8..).find(|(names, _)| names.contains(word)).map(|(_, day)| day - 1..day);
        let which = if word.starts_with("weekend") { Some(5..7) } else { weekday };
        match (which, word_before(words, at)) {
            (Some(_), "last") => {}
            (Some(which), "next") => found.extend(coming(today, 1..14, &which)),
            (Some(which), _) => found.extend(coming(today, 0..7, &which)),
            (None, "next") if *word == "week" => found.extend(of_week(today, 1, 0..7)),
            (None, "this") if *word == "week" => found.extend(of_week(today, 0, 0..7)),
            (None, _) => {}
        }
    }
    found
}

/// Returns the weekdays of a name behind 周, Monday at 0.
fn which_days(name: char) -> Option<Range<i8>> {
    let day = match name {
        '末' => return Some(5..7),
        '日' | '天' => 7,
        '1'..='7' => i8::try_from(name.to_digit(10)?).ok()?,
        _ => digit(name).filter(|day| *day <= 6)?,
    };
    Some(day - 1..day)
}

/// Returns the days of certain weekdays among those that lie so far ahead.
fn coming(today: Date, ahead: Range<i64>, which: &Range<i8>) -> Vec<Date> {
    let days = ahead.map(|days| today.saturating_add(days.days()));
    days.filter(|day| which.contains(&day.weekday().to_monday_zero_offset())).collect()
}

/// Returns the days of certain weekdays in the week that lies so far ahead.
fn of_week(today: Date, week: i64, which: Range<i8>) -> Vec<Date> {
    let monday = 7 * week - i64::from(today.weekday().to_monday_zero_offset());
    which.map(|day| today.saturating_add((monday + i64::from(day)).days())).collect()
}

/// Reads 25号, 25日 and 11月25日, in digits of either kind. 第二日 is the day after, or another.
fn dates(words: &str, today: Date) -> Vec<Date> {
    let mut found = Vec::new();
    for (at, sign) in words.match_indices(['号', '日']) {
        let after = words.get(at + sign.len()..).unwrap_or_default();
        let (before, day) = number_before(words.get(..at).unwrap_or_default());
        let month = before.strip_suffix('月').and_then(|before| number_before(before).1);
        let is_date = !after.starts_with(NO_DATE) && !before.ends_with('第');
        found.extend(day.filter(|_| is_date).and_then(|day| next_date(today, month, day)));
    }
    found
}

/// Reads "the 25th", "Nov 25", "25 November" and "25th of November".
fn latin_dates(words: &[&str], today: Date) -> Vec<Date> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let ordinal = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).and_then(number);
        let (next, behind) = (words.get(at + 1).copied().unwrap_or_default(), words.get(at + 2).copied());
        // "The 25th may suit" names no month.
        let behind = if next == "of" { behind } else { Some(next).filter(|word| *word != "may") };
        let month = month(word_before(words, at)).or_else(|| behind.and_then(month));
        let plain = number(word).filter(|_| month.is_some());
        let day = ordinal.or(plain).filter(|_| !NO_DATE_LATIN.contains(&next));
        found.extend(day.and_then(|day| next_date(today, month, day)));
    }
    found
}

pub(super) fn is_month(name: &str) -> bool {
    month(name).is_some()
}

fn month(name: &str) -> Option<i8> {
    MONTHS.iter().zip(1i8..).find(|(names, _)| names.contains(&name)).map(|(_, month)| month)
}

/// Returns the next day of that number, today included, in that month where one is named.
fn next_date(today: Date, month: Option<i8>, day: i8) -> Option<Date> {
    let mut days = std::iter::successors(Some(today), |date| date.tomorrow().ok()).take(MOST_DAYS);
    days.find(|date| date.day() == day && month.is_none_or(|month| date.month() == month))
}

pub(super) fn word_before<'w>(words: &[&'w str], at: usize) -> &'w str {
    at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default()
}

/// Returns the number that words end with, and what stands before it.
pub(super) fn number_before(words: &str) -> (&str, Option<i8>) {
    let words = words.trim_end();
    let arabic = words.trim_end_matches(|c: char| c.is_ascii_digit());
    let han = words.trim_end_matches(|c: char| c == '十' || digit(c).is_some());
    let rest = if arabic.len() < words.len() { arabic } else { han };
    (rest, words.strip_prefix(rest).and_then(number))
}

/// Reads 25, 二十五, 十 and the like.
pub(super) fn number(written: &str) -> Option<i8> {
    let one = |digits: &str| {
        let mut digits = digits.chars();
        digits.next().filter(|_| digits.next().is_none()).and_then(digit)
    };
    match written.split_once('十') {
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { one(tens)? };
            Some(tens * 10 + if ones.is_empty() { 0 } else { one(ones)? })
        }
        None => written.parse().ok().or_else(|| one(written)),
    }
}

fn digit(c: char) -> Option<i8> {
    DIGITS.into_iter().zip(1i8..).find(|(digit, _)| *digit == c).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::wish::Wish;
    use crate::domain::script::normalised;

    /// Days of a time that is named on Saturday, 21 November 2026, as `11-25`.
    fn days(words: &str) -> String {
        let wish = Wish::named_in(&normalised(words), date(2026, 11, 21));
        let days = wish.days.iter().map(|day| format!("{:02}-{:02}", day.month(), day.day()));
        days.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_day_of_the_month_is_the_next_of_that_number() {
        let named = [
            ("25号", "11-25"),
            ("25日下午可以", "11-25"),
            ("二十五号吧", "11-25"),
            ("周三25号", "11-25 11-25"),
            ("21号", "11-21"),
            ("20号", "12-20"),
            ("31号", "12-31"),
            ("十号", "12-10"),
            ("12月1日", "12-01"),
            ("十二月三号上午", "12-03"),
            ("25號", "11-25"),
            ("the 25th", "11-25"),
            ("25th of November", "11-25"),
            ("Nov 25 is fine", "11-25"),
            ("3 Dec", "12-03"),
            ("the 2nd", "12-02"),
            ("the 25th may suit", "11-25"),
        ];
        for (words, expected) in named {
            assert_eq!(days(words), expected, "{words}");
        }
    }

    #[test]
    fn a_weekday_is_the_coming_one_unless_its_week_is_named() {
        let named = [
            ("周五吧", "11-27"),
            ("星期六上午", "11-21"),
            ("礼拜天", "11-22"),
            ("周末行吗", "11-21 11-22"),
            ("这周日", "11-22"),
            ("下周五", "11-27"),
            ("下个星期一", "11-23"),
            ("下下周一", "11-30"),
            ("周一周二都可以", "11-23 11-24"),
            ("下周", "11-23 11-24 11-25 11-26 11-27 11-28 11-29"),
            ("Friday", "11-27"),
            ("on Fri morning", "11-27"),
            ("next Monday", "11-23 11-30"),
            ("this weekend", "11-21 11-22"),
            ("next week", "11-23 11-24 11-25 11-26 11-27 11-28 11-29"),
            ("大后天", "11-24"),
            ("后天或者明天", "11-23 11-22"),
            ("the day after tomorrow", "11-23"),
        ];
        for (words, expected) in named {
            assert_eq!(days(words), expected, "{words}");
        }
    }

    #[test]
    fn what_only_looks_like_a_day_is_none() {
        for words in [
            "3号楼",
            "10号线",
            "上周五",
            "周到",
            "一周",
            "改第二日",
            "last Friday",
            "1st floor",
            "the second one",
            "45号",
        ] {
            assert_eq!(days(words), "", "{words}");
        }
    }
}
