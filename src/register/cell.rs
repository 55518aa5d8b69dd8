//! One cell, and what may be read from it: texts, days, yes or no.

use jiff::civil::Date;

/// The longest text that is read of one cell, in characters.
pub const LONGEST_CELL: usize = 1000;

/// Excel's day 0 of the calendar that begins in 1900, leap day that never was included.
const EXCEL_EPOCH: Date = Date::constant(1899, 12, 30);
/// Numbers of days that are read as a date: 1954 to 2119. Others are taken for mistakes.
const LIKELY_DAYS: std::ops::RangeInclusive<i64> = 20_000..=80_000;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    Date(Date),
    Flag(bool),
    /// An error of the spreadsheet (`#REF!`).
    Error,
    /// More characters than [`LONGEST_CELL`].
    TooLong,
}

impl Cell {
    /// Returns a text as a cell: trimmed, and nothing where nothing stands.
    pub fn text(text: &str) -> Cell {
        let text = text.trim();
        if text.is_empty() {
            Cell::Empty
        } else if text.chars().nth(LONGEST_CELL).is_some() {
            Cell::TooLong
        } else {
            Cell::Text(text.to_owned())
        }
    }

    /// Returns what a person would read; `None` where nothing can be read.
    pub fn shown(&self) -> Option<String> {
        match self {
            Cell::Text(text) => Some(text.clone()),
            Cell::Number(number) => Some(plain(*number)),
            Cell::Date(date) => Some(date.to_string()),
            Cell::Flag(flag) => Some(flag.to_string()),
            Cell::Empty | Cell::Error | Cell::TooLong => None,
        }
    }

    /// Returns the day: a date of the spreadsheet, or one written out (`2026-11-21`, `2026/11/21`,
    /// `2026年11月21日`, `20261121`). Year first; a time behind it is not looked at.
    pub fn date(&self) -> Option<Date> {
        match self {
            Cell::Date(date) => Some(*date),
            Cell::Number(number) => written(&plain(*number)).or_else(|| of_days(*number)),
            Cell::Text(text) => written(text),
            Cell::Empty | Cell::Flag(_) | Cell::Error | Cell::TooLong => None,
        }
    }
}

/// Writes a whole number without a decimal point: `101`, not `101.0`.
fn plain(number: f64) -> String {
    // Rust writes a whole f64 without the point and never with an exponent.
    format!("{number}")
}

fn of_days(number: f64) -> Option<Date> {
    #[expect(clippy::cast_possible_truncation, reason = "out of range is refused below")]
    let days = number.floor() as i64;
    LIKELY_DAYS.contains(&days).then(|| EXCEL_EPOCH.checked_add(jiff::Span::new().days(days)).ok())?
}

fn written(text: &str) -> Option<Date> {
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, time.trim()),
        None => (text, ""),
    };
    if time.chars().any(|c| !c.is_ascii_digit() && !matches!(c, ':' | '.')) {
        // Perhaps spaces stand between the parts of the date itself.
        return written_parts(text);
    }
    written_parts(day)
}

fn written_parts(text: &str) -> Option<Date> {
    let digits = text.chars().all(|c| c.is_ascii_digit());
    if digits && text.len() == 8 {
        return Date::strptime("%Y%m%d", text).ok();
    }
    let separator = |c: char| matches!(c, '-' | '/' | '.' | '年' | '月' | '日' | '号' | ' ');
    if !text.chars().all(|c| c.is_ascii_digit() || separator(c)) {
        return None;
    }
    let mut parts = text.split(separator).filter(|part| !part.is_empty());
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_read_however_it_was_written() {
        for text in [
            "2026-11-21",
            "2026/11/21",
            "2026.11.21",
            "2026年11月21日",
            "2026 年 11 月 21 日",
            "20261121",
            "2026-11-21 00:00:00",
        ] {
            assert_eq!(Cell::text(text).date(), Some(date(2026, 11, 21)), "{text}");
        }
        assert_eq!(Cell::Number(46_347.0).date(), Some(date(2026, 11, 21)));
        assert_eq!(Cell::Number(20_261_121.0).date(), Some(date(2026, 11, 21)));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["21-11-2026", "2026-13-01", "2026-02-30", "明年", "2026", "26-11-21", "2026-11", "2026-11-21-3"]
        {
            assert_eq!(Cell::text(text).date(), None, "{text}");
        }
        assert_eq!(Cell::Number(5.0).date(), None);
        assert_eq!(Cell::Number(1e300).date(), None);
        assert_eq!(Cell::Number(f64::NAN).date(), None);
    }

    #[test]
    fn a_whole_number_is_shown_without_a_point() {
        assert_eq!(Cell::Number(101.0).shown().as_deref(), Some("101"));
        assert_eq!(Cell::Number(13_800_138_000.0).shown().as_deref(), Some("13800138000"));
        assert_eq!(Cell::Number(1.5).shown().as_deref(), Some("1.5"));
    }

    #[test]
    fn a_cell_of_spaces_is_empty_and_an_endless_one_is_not_kept() {
        assert_eq!(Cell::text(" \u{3000}\n"), Cell::Empty);
        assert_eq!(Cell::text(&"长".repeat(LONGEST_CELL)), Cell::Text("长".repeat(LONGEST_CELL)));
        assert_eq!(Cell::text(&"长".repeat(LONGEST_CELL + 1)), Cell::TooLong);
    }
}
