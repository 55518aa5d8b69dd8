//! The appointment (上门预约): up to three windows are offered, the owner picks one, and either
//! side may change it. `crate::store::appointments` keeps it, `dialogue::appointment` talks about it.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::calendar::{instant, local_date};
use super::ids::{AppointmentId, StaffId, TicketId};
use super::time::Timestamp;

/// Windows that are offered at most: as many buttons as are read on a phone.
pub const MOST_WINDOWS: usize = 3;
/// A window further ahead than this is a slip of the pen, in days.
const FURTHEST_DAYS: u64 = 90;
/// A window longer than this is no appointment, in hours.
const LONGEST_HOURS: u64 = 12;

/// A span in which somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Where an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The owner has not chosen yet.
    Offered,
    /// Both know when.
    Agreed,
    /// None suits the owner, or no longer.
    Declined,
    /// Somebody was there.
    Kept,
    /// Taken back by staff, or replaced by another.
    Cancelled,
}

impl Status {
    /// Returns the name used in the database and in templates.
    pub fn name(self) -> &'static str {
        match self {
            Status::Offered => "offered",
            Status::Agreed => "agreed",
            Status::Declined => "declined",
            Status::Kept => "kept",
            Status::Cancelled => "cancelled",
        }
    }

    /// Whether it still says when somebody comes, or may come to say it.
    pub fn is_open(self) -> bool {
        matches!(self, Status::Offered | Status::Agreed)
    }
}

/// Why windows cannot be offered, or one cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAppointment {
    #[error("an offer has one to {MOST_WINDOWS} windows")]
    Count,
    #[error("a window ends after it begins, within {LONGEST_HOURS} hours")]
    Length,
    #[error("a window lies ahead")]
    Past,
    #[error("a window lies within {FURTHEST_DAYS} days")]
    TooFar,
    #[error("an appointment that is {} cannot be changed", .0.name())]
    Ended(Status),
}

/// One appointment of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    pub id: AppointmentId,
    pub ticket_id: TicketId,
    pub status: Status,
    pub offered: Vec<Window>,
    pub agreed: Option<Window>,
    pub by_staff: Option<StaffId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Appointment {
    /// Offers windows, in the order of time; two that are the same count once.
    ///
    /// # Errors
    /// If there are none or too many, or one is no window that lies ahead, and not too far.
    pub fn offer(
        id: AppointmentId,
        ticket_id: TicketId,
        mut windows: Vec<Window>,
        by: StaffId,
        now: Timestamp,
    ) -> Result<Appointment, InvalidAppointment> {
        windows.sort_by_key(|window| (window.from, window.until));
        windows.dedup();
        if windows.is_empty() || windows.len() > MOST_WINDOWS {
            return Err(InvalidAppointment::Count);
        }
        for window in &windows {
            let length = window.until.since(window.from).as_secs();
            if length == 0 || length > LONGEST_HOURS * 3600 {
                return Err(InvalidAppointment::Length);
            }
            if window.until <= now {
                return Err(InvalidAppointment::Past);
            }
            if window.from.since(now).as_secs() > FURTHEST_DAYS * 24 * 3600 {
                return Err(InvalidAppointment::TooFar);
            }
        }
        Ok(Appointment {
            id,
            ticket_id,
            status: Status::Offered,
            offered: windows,
            agreed: None,
            by_staff: Some(by),
            created_at: now,
            updated_at: now,
        })
    }

    /// Takes one of the windows; another one may be taken instead as long as it lies ahead, and the one that was given
    /// back may be taken again.
    ///
    /// # Errors
    /// If the appointment has ended, or the window is none of those offered or is over.
    pub fn agree(self, window: Window, now: Timestamp) -> Result<Appointment, InvalidAppointment> {
        let again = self.status == Status::Declined && self.agreed == Some(window);
        if !self.status.is_open() && !again {
            return Err(InvalidAppointment::Ended(self.status));
        }
        if !self.offered.contains(&window) {
            return Err(InvalidAppointment::Count);
        }
        if window.until <= now {
            return Err(InvalidAppointment::Past);
        }
        Ok(Appointment { status: Status::Agreed, agreed: Some(window), updated_at: now, ..self })
    }

    /// Ends it.
    ///
    /// # Errors
    /// If it has ended already.
    pub fn end(self, how: Status, now: Timestamp) -> Result<Appointment, InvalidAppointment> {
        if self.status.is_open() {
            Ok(Appointment { status: how, updated_at: now, ..self })
        } else {
            Err(InvalidAppointment::Ended(self.status))
        }
    }
}

/// Returns when the owner is reminded of a window: at `at` on the evening before; `None` if that
/// time is over by now.
pub fn reminder(window: Window, at: Time, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let evening = local_date(window.from, zone)?.yesterday().ok()?;
    instant(evening, at, zone).filter(|when| *when > now)
}

#[cfg(test)]
mod tests {
    use jiff::civil;
    use uuid::Uuid;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(format!("{text}+08:00").parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn window(from: &str, until: &str) -> Window {
        Window { from: at(from), until: at(until) }
    }

    fn offer(windows: Vec<Window>) -> Result<Appointment, InvalidAppointment> {
        let [id, ticket, staff] = [1, 2, 3].map(Uuid::from_u128);
        let (id, ticket, staff) = (AppointmentId(id), TicketId(ticket), StaffId(staff));
        Appointment::offer(id, ticket, windows, staff, at("2026-11-21T10:00:00"))
    }

    fn morning(day: u8) -> Window {
        window(&format!("2026-11-{day}T09:00:00"), &format!("2026-11-{day}T12:00:00"))
    }

    #[test]
    fn up_to_3_windows_are_offered_in_the_order_of_time() {
        let offered = offer(vec![morning(24), morning(23), morning(24)]).unwrap().offered;
        assert_eq!(offered, [morning(23), morning(24)]);
        assert_eq!(offer(vec![]), Err(InvalidAppointment::Count));
        assert_eq!(offer((23..27).map(morning).collect()), Err(InvalidAppointment::Count));
    }

    #[test]
    fn a_window_lies_ahead_and_has_an_end() {
        assert_eq!(offer(vec![morning(20)]), Err(InvalidAppointment::Past));
        let backwards = window("2026-11-23T12:00:00", "2026-11-23T09:00:00");
        assert_eq!(offer(vec![backwards]), Err(InvalidAppointment::Length));
        let days = window("2026-11-23T09:00:00", "2026-11-24T09:00:00");
        assert_eq!(offer(vec![days]), Err(InvalidAppointment::Length));
        let next_year = window("2027-11-23T09:00:00", "2027-11-23T12:00:00");
        assert_eq!(offer(vec![next_year]), Err(InvalidAppointment::TooFar));
        let in_february = window("2027-02-19T09:00:00", "2027-02-19T12:00:00");
        assert!(offer(vec![in_february]).is_ok());
    }

    #[test]
    fn the_owner_may_take_another_window_until_the_appointment_has_ended() {
        let now = at("2026-11-21T11:00:00");
        let agreed = offer(vec![morning(23), morning(24)]).unwrap().agree(morning(23), now).unwrap();
        let moved = agreed.agree(morning(24), now).unwrap();
        assert_eq!((moved.status, moved.agreed), (Status::Agreed, Some(morning(24))));
        assert_eq!(moved.clone().agree(morning(25), now), Err(InvalidAppointment::Count), "never offered");
        let late = at("2026-11-24T13:00:00");
        assert_eq!(moved.clone().agree(morning(24), late), Err(InvalidAppointment::Past));
        let given_back = moved.clone().end(Status::Declined, now).unwrap();
        let declined = Err(InvalidAppointment::Ended(Status::Declined));
        assert_eq!(given_back.clone().agree(morning(23), now), declined, "not the one that was agreed");
        assert_eq!(given_back.agree(morning(24), now).unwrap(), moved);
        let ended = moved.end(Status::Cancelled, now).unwrap();
        assert_eq!(ended.clone().agree(morning(24), now), Err(InvalidAppointment::Ended(Status::Cancelled)));
        assert_eq!(ended.end(Status::Declined, now), Err(InvalidAppointment::Ended(Status::Cancelled)));
    }

    #[test]
    fn the_owner_is_reminded_on_the_evening_before_if_it_lies_ahead() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let six = civil::time(18, 0, 0, 0);
        let remind = |now: &str| reminder(morning(23), six, &zone, at(now));
        assert_eq!(remind("2026-11-21T10:00:00"), Some(at("2026-11-22T18:00:00")));
        assert_eq!(remind("2026-11-22T18:00:00"), None);
        assert_eq!(remind("2026-11-23T08:00:00"), None);
    }
}
