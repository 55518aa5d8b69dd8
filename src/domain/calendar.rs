//! Working days and working hours: statutory Chinese holidays with the weekend days that are
//! worked instead (调休), and the arithmetic of clocks that stand still outside working hours.
//!
//! The days come from `prompts/plans/calendar.toml` (`crate::catalog`); nothing here knows a date
//! by itself. A year without a published arrangement follows the plain rules: weekends and the
//! statutory days of fixed date are free ([`Calendar::is_published`] tells which it is).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Zoned;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::time::Timestamp;

/// Days that are looked through at most: no run of free days is longer, and a clock that needs
/// more than ten years of working days is a mistake.
const MOST_DAYS: usize = 3660;

/// Which days are worked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Statutory days of fixed date, as (month, day).
    pub fixed: BTreeSet<(i8, i8)>,
    /// Years whose arrangement is published.
    pub published: BTreeSet<i16>,
    /// Free by arrangement, weekends within included.
    pub free: BTreeSet<Date>,
    /// Weekend days that are worked (调休).
    pub worked: BTreeSet<Date>,
    /// When somebody works, by the name the settings and plans use.
    pub hours: BTreeMap<String, Hours>,
}

/// When somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Every hour of every day.
    Always,
    /// Between two times on working days; [`Time::MAX`] stands for the end of the day (24:00).
    Office { from: Time, to: Time },
}

impl Calendar {
    /// Whether the day is worked. A weekend day that is worked instead of another counts.
    pub fn is_working_day(&self, date: Date) -> bool {
        if self.worked.contains(&date) {
            return true;
        }
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !self.free.contains(&date) && !self.is_fixed(date)
    }

    /// Whether the day is a statutory holiday of fixed date, whatever the arrangement of its year.
    pub fn is_fixed(&self, date: Date) -> bool {
        self.fixed.contains(&(date.month(), date.day()))
    }

    /// Returns the day itself if it is worked, otherwise the next one that is.
    pub fn next_working_day(&self, date: Date) -> Date {
        let days = std::iter::successors(Some(date), |date| date.tomorrow().ok());
        days.take(MOST_DAYS).find(|date| self.is_working_day(*date)).unwrap_or(date)
    }

    /// Returns the day itself if it is worked, otherwise the last one before that is.
    pub fn last_working_day(&self, date: Date) -> Date {
        let days = std::iter::successors(Some(date), |date| date.yesterday().ok());
        days.take(MOST_DAYS).find(|date| self.is_working_day(*date)).unwrap_or(date)
    }

    /// Whether the arrangement of a year is known; without it only the plain rules hold.
    pub fn is_published(&self, year: i16) -> bool {
        self.published.contains(&year)
    }

    /// Returns the hours of that name in a time zone; `None` if the calendar has none of that name.
    pub fn working_hours(&self, name: &str, zone: &TimeZone) -> Option<WorkingHours<'_>> {
        let hours = *self.hours.get(name)?;
        Some(WorkingHours { calendar: self, hours, zone: zone.clone() })
    }
}

/// Hours on a calendar in a time zone: what an SLA clock runs by.
#[derive(Debug, Clone)]
pub struct WorkingHours<'c> {
    pub calendar: &'c Calendar,
    pub hours: Hours,
    pub zone: TimeZone,
}

impl WorkingHours<'_> {
    /// Returns the instant at which so many working milliseconds after `from` are over. Work that
    /// ends with the day ends at its close, not at the next opening. Nothing to add outside
    /// working hours leads to the next opening; a negative number counts as none.
    pub fn add_working(&self, from: Timestamp, millis: i64) -> Timestamp {
        let mut left = millis.max(0);
        let mut end = from;
        for (open, close) in self.spans(from) {
            let begin = open.max(from);
            let within = close.0.saturating_sub(begin.0);
            if left <= within {
                return Timestamp(begin.0.saturating_add(left));
            }
            left -= within;
            end = close;
        }
        end
    }

    /// Returns the working milliseconds from `a` to `b`; none if `b` is not later.
    pub fn working_between(&self, a: Timestamp, b: Timestamp) -> i64 {
        let spans = self.spans(a).take_while(|(open, _)| *open < b);
        spans.map(|(open, close)| close.min(b).0.saturating_sub(open.max(a).0).max(0)).sum()
    }

    /// The spans of work that end after an instant, in order.
    fn spans(&self, from: Timestamp) -> Box<dyn Iterator<Item = (Timestamp, Timestamp)> + '_> {
        let Hours::Office { from: opens, to: closes } = self.hours else {
            return Box::new(std::iter::once((from, Timestamp(i64::MAX))));
        };
        let days = std::iter::successors(local_date(from, &self.zone), |date| date.tomorrow().ok()).take(MOST_DAYS);
        let worked = days.filter(|date| self.calendar.is_working_day(*date));
        let spans =
            worked.filter_map(move |date| Some((instant(date, opens, &self.zone)?, close(date, closes, &self.zone)?)));
        Box::new(spans.filter(move |(_, close)| *close > from))
    }
}

/// The end of a day's work; that of a whole day is where the next one begins.
fn close(date: Date, closes: Time, zone: &TimeZone) -> Option<Timestamp> {
    if closes == Time::MAX {
        instant(date.tomorrow().ok()?, Time::midnight(), zone)
    } else {
        instant(date, closes, zone)
    }
}

/// Returns an instant in local time, to be shown; one that no calendar holds is the beginning of 1970.
pub fn local(at: Timestamp, zone: &TimeZone) -> Zoned {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone())
}

/// Returns the local date of an instant; `None` beyond what a calendar holds.
pub fn local_date(at: Timestamp, zone: &TimeZone) -> Option<Date> {
    Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone()).date())
}

/// Returns the local day that an instant ends, or lies in: what is to be done by then is to be done on
/// that day at the latest.
pub fn last_day(until: Timestamp, zone: &TimeZone) -> Date {
    local(Timestamp(until.0.saturating_sub(1)), zone).date()
}

/// Whether an instant is the end of a local day (and the beginning of the next).
pub fn ends_a_day(at: Timestamp, zone: &TimeZone) -> bool {
    let at = local(at, zone);
    at.start_of_day().is_ok_and(|start| start == at)
}

/// Days ahead for which something can be promised: a leap year, and the rest of today.
const MOST_DAYS_AHEAD: u64 = 367;

/// Why nothing can be promised for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDay {
    #[error("the day is over")]
    Over,
    #[error("the day lies more than a year ahead")]
    TooFar,
}

/// Returns until when something is promised, if that lies ahead and within a year: a wrong year is easily typed.
pub fn promised(until: Timestamp, now: Timestamp) -> Result<Timestamp, InvalidDay> {
    if until <= now {
        Err(InvalidDay::Over)
    } else if until.since(now) > Duration::from_secs(MOST_DAYS_AHEAD * 24 * 60 * 60) {
        Err(InvalidDay::TooFar)
    } else {
        Ok(until)
    }
}

/// Says by when something is to be done: a promised day by its date, not as midnight of the day after.
pub fn by_when(until: Timestamp, zone: &TimeZone) -> String {
    if ends_a_day(until, zone) {
        return last_day(until, zone).to_string();
    }
    local(until, zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Returns the instant of a local date and time; where a clock change skips it, the one after.
pub fn instant(date: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    /// Two weeks of September and October 2026 as they were arranged.
    fn calendar() -> Calendar {
        let free = (1..=7).map(|day| date(2026, 10, day)).collect();
        let office = Hours::Office { from: time(9, 0, 0, 0), to: time(18, 0, 0, 0) };
        Calendar {
            fixed: [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)].into(),
            published: [2026].into(),
            free,
            worked: [date(2026, 9, 20), date(2026, 10, 10)].into(),
            hours: [("office".to_owned(), office), ("always".to_owned(), Hours::Always)].into(),
        }
    }

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp(format!("{text}+08:00").parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    const HOUR: i64 = 3_600_000;

    #[test]
    fn what_is_promised_lies_ahead_and_within_a_year() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let at = |date: Date| instant(date, Time::midnight(), &zone).unwrap();
        let now = at(date(2026, 11, 21));
        assert_eq!(promised(at(date(2026, 11, 22)), now), Ok(at(date(2026, 11, 22))), "by the end of today");
        assert_eq!(promised(now, now), Err(InvalidDay::Over));
        assert_eq!(promised(at(date(2027, 11, 22)), now), Ok(at(date(2027, 11, 22))));
        assert_eq!(promised(at(date(2036, 1, 2)), now), Err(InvalidDay::TooFar));
    }

    #[test]
    fn what_is_due_at_the_end_of_a_day_is_due_on_that_day() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let said = |date: Date, hour: i8| by_when(instant(date, Time::constant(hour, 0, 0, 0), &zone).unwrap(), &zone);
        assert_eq!(said(date(2026, 12, 1), 0), "2026-11-30");
        assert_eq!(said(date(2026, 12, 1), 14), "2026-12-01 14:00");
        // Where clocks skip midnight the day before ends an hour later, by the clock.
        let havana = TimeZone::get("America/Havana").unwrap();
        let skipped = instant(date(2026, 3, 8), Time::midnight(), &havana).unwrap();
        assert_eq!(by_when(skipped, &havana), "2026-03-07");
    }

    #[test]
    fn a_weekend_day_that_is_worked_instead_is_a_working_day() {
        assert!(calendar().is_working_day(date(2026, 9, 20)));
        assert!(calendar().is_working_day(date(2026, 10, 10)));
        assert!(!calendar().is_working_day(date(2026, 9, 19)));
        assert!(!calendar().is_working_day(date(2026, 10, 11)));
    }

    #[test]
    fn the_day_after_national_day_week_is_the_next_working_day() {
        assert_eq!(calendar().next_working_day(date(2026, 10, 1)), date(2026, 10, 8));
        assert_eq!(calendar().next_working_day(date(2026, 10, 8)), date(2026, 10, 8));
        assert_eq!(calendar().last_working_day(date(2026, 10, 7)), date(2026, 9, 30));
    }

    #[test]
    fn a_year_not_yet_published_follows_weekends_and_fixed_days() {
        let calendar = calendar();
        assert!(!calendar.is_published(2031));
        assert!(!calendar.is_working_day(date(2031, 10, 1)), "a Wednesday");
        assert!(calendar.is_working_day(date(2031, 10, 6)), "nobody knows yet");
        assert!(!calendar.is_working_day(date(2031, 10, 4)), "a Saturday");
    }

    #[test]
    fn working_hours_stand_still_over_night_and_over_holidays() {
        let (calendar, zone) = (calendar(), shanghai());
        let office = calendar.working_hours("office", &zone).unwrap();
        let added = |from: &str, hours: i64| office.add_working(at(from), hours * HOUR);
        assert_eq!(added("2026-09-30T17:00:00", 2), at("2026-10-08T10:00:00"));
        assert_eq!(added("2026-09-30T17:00:00", 1), at("2026-09-30T18:00:00"), "at its close");
        assert_eq!(added("2026-10-02T12:00:00", 0), at("2026-10-08T09:00:00"));
        assert_eq!(added("2026-10-09T17:00:00", 2), at("2026-10-10T10:00:00"), "a Saturday that is worked");
        assert_eq!(added("2026-10-10T17:30:00", 1), at("2026-10-12T09:30:00"));
        assert_eq!(office.working_between(at("2026-09-30T12:00:00"), at("2026-10-08T10:00:00")), 7 * HOUR);
        assert_eq!(added("2026-10-10T09:00:00", 0), at("2026-10-10T09:00:00"), "somebody works");
        assert_eq!(added("2026-10-10T18:00:00", 0), at("2026-10-12T09:00:00"), "nobody works any more");
    }

    #[test]
    fn whole_working_days_join_without_a_gap() {
        let (mut calendar, zone) = (calendar(), shanghai());
        calendar.hours.insert("days".to_owned(), Hours::Office { from: Time::midnight(), to: Time::MAX });
        let days = calendar.working_hours("days", &zone).unwrap();
        // Thursday noon; Saturday the 10th is worked, Sunday is not.
        assert_eq!(days.add_working(at("2026-10-08T12:00:00"), 72 * HOUR), at("2026-10-12T12:00:00"));
        assert_eq!(days.working_between(at("2026-10-08T12:00:00"), at("2026-10-12T12:00:00")), 72 * HOUR);
    }

    #[test]
    fn around_the_clock_every_millisecond_counts() {
        let (calendar, zone) = (calendar(), shanghai());
        let always = calendar.working_hours("always", &zone).unwrap();
        assert_eq!(always.add_working(at("2026-10-01T03:00:00"), 48 * HOUR), at("2026-10-03T03:00:00"));
        assert_eq!(always.working_between(at("2026-10-01T03:00:00"), at("2026-10-03T03:00:00")), 48 * HOUR);
        assert_eq!(always.working_between(at("2026-10-03T03:00:00"), at("2026-10-01T03:00:00")), 0);
        assert!(calendar.working_hours("siesta", &zone).is_none());
    }

    #[test]
    fn hours_survive_a_clock_change() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00; the day before is free anyway.
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let calendar = calendar();
        let office = calendar.working_hours("office", &zone).unwrap();
        let friday: jiff::Timestamp = "2026-03-27T17:00:00+01:00".parse().unwrap();
        let monday: jiff::Timestamp = "2026-03-30T10:00:00+02:00".parse().unwrap();
        let ends = office.add_working(Timestamp(friday.as_millisecond()), 2 * HOUR);
        assert_eq!(ends, Timestamp(monday.as_millisecond()));
    }

    #[test]
    fn nonsense_instants_end_without_a_panic() {
        let (calendar, zone) = (calendar(), shanghai());
        let office = calendar.working_hours("office", &zone).unwrap();
        for instant in [i64::MIN, i64::MAX] {
            let instant = Timestamp(instant);
            assert_eq!(office.add_working(instant, i64::MAX), instant);
            assert_eq!(office.working_between(instant, Timestamp(0)), 0);
        }
        assert!(office.add_working(at("2026-10-01T00:00:00"), i64::MAX) > at("2035-10-01T00:00:00"));
    }

    proptest! {
        #[test]
        fn what_was_added_lies_between(start in 0_i64..200 * 24 * HOUR, millis in 0_i64..400 * HOUR, always: bool) {
            let (calendar, zone) = (calendar(), shanghai());
            let hours = calendar.working_hours(if always { "always" } else { "office" }, &zone).unwrap();
            let from = Timestamp(at("2026-06-01T00:00:00").0 + start);
            let end = hours.add_working(from, millis);
            prop_assert!(end >= from);
            prop_assert_eq!(hours.working_between(from, end), millis);
            prop_assert!(hours.add_working(from, millis + 1) > end);
        }
    }
}
