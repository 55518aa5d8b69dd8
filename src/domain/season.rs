//! Seasons by region: when the rain falls, when a house is heated and cooled.
//!
//! One file (`prompts/plans/seasons.toml`) says when; the visit plan ([`super::plan`]) and the
//! warranty terms that count seasons ([`super::warranty`]) read the same dates.

use jiff::civil::Date;

/// A season that comes back every year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// `rain`, `heating`, `cooling`.
    pub id: String,
    pub dates: Vec<SeasonDates>,
}

/// From when to when a season lasts in some regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeasonDates {
    /// Parts of the names of regions; empty for every other.
    pub regions: Vec<String>,
    /// First day, as (month, day).
    pub from: (i8, i8),
    /// Last day, which belongs to it; before `from` if it lasts over New Year.
    pub to: (i8, i8),
    /// Whether visits are planned around it; a warranty term counts it in any case.
    pub visited: bool,
}

/// Returns when a season is in a region; `None` where it does not take place.
pub fn dates_in<'s>(seasons: &'s [Season], season: &str, region: &str) -> Option<&'s SeasonDates> {
    let season = seasons.iter().find(|known| known.id == season)?;
    let named = season.dates.iter().find(|dates| dates.regions.iter().any(|name| region.contains(name.as_str())));
    named.or_else(|| season.dates.iter().find(|dates| dates.regions.is_empty()))
}

impl SeasonDates {
    /// Returns the first and the last day of the season that begins in a year.
    pub fn beginning_in(&self, year: i16) -> Option<(Date, Date)> {
        let from = Date::new(year, self.from.0, self.from.1).ok()?;
        let year = if self.to < self.from { year.checked_add(1)? } else { year };
        Some((from, Date::new(year, self.to.0, self.to.1).ok()?))
    }

    /// Returns the last day of the `count`-th season that begins on `day` or later. One that is
    /// running on that day is not counted, in favour of the owner.
    pub fn end_of(&self, count: u32, day: Date) -> Option<Date> {
        let (first, _) = self.beginning_in(day.year())?;
        let next = if first >= day { first.year() } else { first.year().checked_add(1)? };
        let year = next.checked_add(i16::try_from(count).ok()?)?.checked_sub(1)?;
        self.beginning_in(year).map(|(_, last)| last)
    }
}
