//! Which of the windows that were offered words mean, and which they turn down.

use jiff::civil::Date;

use super::Heard;
use crate::domain::calendar::local;
use crate::domain::dialogue::appointment::wish::Wish;
use crate::domain::dialogue::state::OfferedWindow;
use crate::domain::time::Timestamp;

/// Which of the windows that were offered is meant.
pub(in crate::domain::dialogue::appointment) enum Picked<'m> {
    One(&'m OfferedWindow),
    /// More than one, and it is not said which.
    Several,
    None,
}

impl Heard {
    /// Whether some of the times that were offered are turned down, and others are left.
    pub(in crate::domain::dialogue::appointment) fn leaves_some(
        &self,
        offered: &[OfferedWindow],
        now: Timestamp,
    ) -> bool {
        let ahead = offered.iter().filter(|one| now < one.window.until);
        let refused: Vec<bool> = ahead.map(|one| self.refuses(one, offered)).collect();
        refused.contains(&true) && refused.contains(&false)
    }

    /// Returns the window that words name clearly: by where it stands, by its day and part of the day, or as any of
    /// them.
    pub(in crate::domain::dialogue::appointment) fn picked<'m>(
        &self,
        offered: &'m [OfferedWindow],
        now: Timestamp,
    ) -> Picked<'m> {
        let left = |one: &&OfferedWindow| self.suits(one) && !self.refuses(one, offered);
        let suiting: Vec<&OfferedWindow> = offered.iter().filter(left).collect();
        if self.takes_any() && offered.iter().any(|one| self.refuses(one, offered)) {
            // Of those that are not turned down one must be left.
            let ahead: Vec<_> = suiting.into_iter().filter(|one| now < one.window.until).collect();
            return if let [only] = ahead.as_slice() { Picked::One(only) } else { Picked::Several };
        }
        let ahead = || suiting.iter().copied().find(|offered| now < offered.window.until);
        let hourly = !self.wish.hours.is_empty();
        let one = match (self.wish.places.as_slice(), suiting.as_slice()) {
            (_, []) => return Picked::None,
            // Any of them that an hour is named for may still not suit as a whole.
            ([], _) if self.takes_any() && !hourly => ahead(),
            ([], _) if !self.wish.names_time() => return Picked::None,
            ([], [only]) => Some(*only),
            // "第二个，三点" is the second of those that were offered.
            ([place], _) if hourly => place.among(offered).filter(left),
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
        let window = self.day_of(offered.window).zip(self.span_of(offered.window));
        window.is_some_and(|(day, span)| self.wish.fits(day, &span))
    }

    /// Whether a window may be among those that words turn down, and is not named as one that suits. An hour that is
    /// turned down beside one that suits turns no window down: "10点不行，11点可以".
    fn refuses(&self, one: &OfferedWindow, offered: &[OfferedWindow]) -> bool {
        let begins = self.begins(one);
        let is_named = |refused: &Wish| {
            let by_place = refused.places.iter().any(|place| place.among(offered) == Some(one));
            let of_hour = !refused.hours.is_empty() && !self.wish.hours.is_empty();
            let of_time = (refused.places.is_empty() || refused.names_time()) && !of_hour;
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
}
