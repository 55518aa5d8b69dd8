//! Contact discipline: the one place that decides whether something may go out unasked, and when.
//!
//! Quiet hours, working days, at most one survey per contact in so many days, opt-out, the
//! platforms' windows, and when it is too late to ask at all. Every refusal names its [`Rule`], so
//! that "why not sent" can be shown. DOMAIN.md, "Contact discipline".
//!
//! What answers somebody who just wrote needs no leave; nor does a warning of danger.

use std::time::Duration;

use jiff::civil::time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::alert::QuietHours;
use super::calendar::{self, Calendar};
use super::ids::DialogueId;
use super::reach::{Shut, Window};
use super::time::Timestamp;

const DAY: Duration = Duration::from_secs(86_400);
/// After two months a survey asks about something nobody remembers.
pub const PATIENCE: Duration = DAY.saturating_mul(60);
/// How long a conversation that is busy with something else is left alone.
const WHILE_BUSY: Duration = Duration::from_secs(4 * 3600);

/// Rounds in which the rules may hand an instant on to each other: quiet hours to a free day and
/// back. Two suffice; the rest is for calendars nobody has thought of.
const MOST_ROUNDS: usize = 16;

/// The operator's rules (`[policy]`).
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub quiet: QuietHours,
    /// At most one survey per contact in this time (DOMAIN.md: 7 days).
    pub survey_gap: Duration,
    /// A survey that was held up for longer than this is not asked any more.
    pub patience: Duration,
}

/// What is to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A survey that was planned for then: on working days, within the hours, not too often.
    Survey { planned_at: Timestamp },
    /// A reminder or another word about a survey that was put already: within the hours.
    Reminder,
    /// News of a repair or an appointment: within the hours, to everybody.
    Notice,
}

/// What is known of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Who {
    /// They asked for no more surveys (退订).
    pub opted_out: bool,
    /// When a survey was last put to them, planned or not.
    pub last_survey_at: Option<Timestamp>,
    /// The conversation is in the middle of something else: a report, another survey, a member of staff.
    pub busy: bool,
}

/// May it go out?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Send,
    /// Not before then.
    Wait(Timestamp, Rule),
    Never(Rule),
}

/// Why something did not go out when it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    QuietHours,
    /// No working day.
    Holiday,
    /// There was a survey a few days ago.
    SurveyGap,
    /// 退订
    OptedOut,
    /// The conversation is busy with something else.
    Busy,
    /// It waited too long.
    TooLate,
    /// They blocked or unfollowed us there.
    Left,
    /// They never wrote there, so the platform lets us write nothing.
    NeverHeard,
    /// The platform's time after their last word is over.
    WindowOver,
    /// The platform's messages after their last word are used up.
    WindowUsedUp,
    /// No chat is known of anybody there.
    NoChat,
    /// Nobody is known there.
    NoContact,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 12] = [
        Rule::QuietHours,
        Rule::Holiday,
        Rule::SurveyGap,
        Rule::OptedOut,
        Rule::Busy,
        Rule::TooLate,
        Rule::Left,
        Rule::NeverHeard,
        Rule::WindowOver,
        Rule::WindowUsedUp,
        Rule::NoChat,
        Rule::NoContact,
    ];

    /// Returns the name used in the database and in texts (`web.console.rule.<name>`).
    pub fn name(self) -> &'static str {
        match self {
            Rule::QuietHours => "quiet_hours",
            Rule::Holiday => "holiday",
            Rule::SurveyGap => "survey_gap",
            Rule::OptedOut => "opted_out",
            Rule::Busy => "busy",
            Rule::TooLate => "too_late",
            Rule::Left => "left",
            Rule::NeverHeard => "never_heard",
            Rule::WindowOver => "window_over",
            Rule::WindowUsedUp => "window_used_up",
            Rule::NoChat => "no_chat",
            Rule::NoContact => "no_contact",
        }
    }
}

impl Default for Policy {
    /// DOMAIN.md's: 09:00–20:00 in China, 7 days, and two months until it is too late.
    fn default() -> Policy {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let quiet = QuietHours { from: time(20, 0, 0, 0), to: time(9, 0, 0, 0), zone };
        Policy { quiet, survey_gap: 7 * DAY, patience: PATIENCE }
    }
}

impl Policy {
    /// Decides whether it may go out to that person now. A wait names the instant at which no rule
    /// but the conversation itself can object any more, and the rule that objected first.
    pub fn decide(&self, what: What, who: &Who, calendar: &Calendar, now: Timestamp) -> Decision {
        let survey = match what {
            What::Survey { planned_at } => Some(planned_at),
            What::Reminder | What::Notice => None,
        };
        if who.opted_out && what != What::Notice {
            return Decision::Never(Rule::OptedOut);
        }
        if survey.is_some_and(|planned_at| now.since(planned_at) > self.patience) {
            return Decision::Never(Rule::TooLate);
        }
        if survey.is_some() && who.busy {
            return Decision::Wait(self.allowed(now + WHILE_BUSY, calendar), Rule::Busy);
        }
        let gap_ends = who.last_survey_at.filter(|_| survey.is_some()).map(|last| last + self.survey_gap);
        if let Some(end) = gap_ends.filter(|end| *end > now) {
            return Decision::Wait(self.allowed(end, calendar), Rule::SurveyGap);
        }
        if survey.is_some() && self.working(now, calendar).is_some() {
            return Decision::Wait(self.allowed(now, calendar), Rule::Holiday);
        }
        match self.quiet.end(now) {
            Some(_) if survey.is_some() => Decision::Wait(self.allowed(now, calendar), Rule::QuietHours),
            Some(morning) => Decision::Wait(morning, Rule::QuietHours),
            None => Decision::Send,
        }
    }

    /// Returns the first instant from `at` on that is a working day outside the quiet hours: the
    /// instant itself, if it is.
    pub fn allowed(&self, at: Timestamp, calendar: &Calendar) -> Timestamp {
        let mut at = at;
        for _ in 0..MOST_ROUNDS {
            let Some(later) = self.quiet.end(at).or_else(|| self.working(at, calendar)) else { break };
            at = later;
        }
        at
    }

    /// Returns the same time of the next working day; `None` if this is one.
    fn working(&self, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let local = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(self.quiet.zone.clone());
        let next = calendar.next_working_day(local.date());
        if next == local.date() { None } else { calendar::instant(next, local.time(), &self.quiet.zone) }
    }
}

/// One of a person's conversations, as far as reaching them goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub dialogue: DialogueId,
    /// The platform's window, if it has one.
    pub window: Option<Window>,
    /// What is sent there waits until they come and look (the chat page).
    pub fetched: bool,
    pub heard_at: Option<Timestamp>,
    pub left_at: Option<Timestamp>,
    /// Messages sent since they were last heard.
    pub sent: u32,
    /// Where the window is shut they can be told by a notice that there is something.
    pub notice: bool,
}

impl Line {
    /// Whether only a notice reaches the person here: they have to write first.
    pub fn needs_notice(&self, now: Timestamp) -> bool {
        self.notice
            && self.left_at.is_none()
            && self.window.is_some_and(|window| window.admits(self.heard_at, self.sent, now).is_err())
    }
}

/// Chooses the conversation that reaches a person best: one that is brought before one that waits
/// to be looked at (a notice in between), then the one they last wrote in.
///
/// # Errors
/// Why each of them cannot be used, in their order; none if there are none.
pub fn reach(lines: &[Line], now: Timestamp) -> Result<DialogueId, Vec<(DialogueId, Rule)>> {
    let verdicts: Vec<_> = lines.iter().map(|line| (line, admits(line, now))).collect();
    let open = verdicts.iter().filter(|(_, verdict)| verdict.is_ok()).map(|(line, _)| line);
    let brought = |line: &Line| (!line.fetched, !line.needs_notice(now));
    match open.max_by_key(|line| (brought(line), line.heard_at, std::cmp::Reverse(line.dialogue))) {
        Some(line) => Ok(line.dialogue),
        None => Err(verdicts.into_iter().filter_map(|(line, verdict)| Some((line.dialogue, verdict.err()?))).collect()),
    }
}

fn admits(line: &Line, now: Timestamp) -> Result<(), Rule> {
    if line.left_at.is_some() {
        return Err(Rule::Left);
    }
    let Some(window) = line.window.filter(|_| !line.needs_notice(now)) else { return Ok(()) };
    window.admits(line.heard_at, line.sent, now).map_err(|shut| match shut {
        Shut::NeverHeard => Rule::NeverHeard,
        Shut::TooLate => Rule::WindowOver,
        Shut::UsedUp => Rule::WindowUsedUp,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    fn policy() -> Policy {
        Policy::default()
    }

    fn calendar() -> Calendar {
        let free = (1..=7).map(|day| date(2026, 10, day)).collect();
        Calendar { free, worked: [date(2026, 10, 10)].into(), ..Calendar::default() }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp(format!("{text}:00+08:00").parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn decide(who: Who, now: &str) -> Decision {
        policy().decide(What::Survey { planned_at: at(now) }, &who, &calendar(), at(now))
    }

    #[test]
    fn nothing_is_asked_before_nine_and_after_twenty() {
        let anybody = Who::default();
        assert_eq!(decide(anybody, "2026-09-29T09:00"), Decision::Send);
        assert_eq!(decide(anybody, "2026-09-29T19:59"), Decision::Send);
        let morning = Decision::Wait(at("2026-09-30T09:00"), Rule::QuietHours);
        assert_eq!(decide(anybody, "2026-09-29T20:00"), morning);
        assert_eq!(decide(anybody, "2026-09-30T08:59"), morning);
        // The evening before the holidays: the next morning is none of theirs.
        assert_eq!(decide(anybody, "2026-09-30T21:00"), Decision::Wait(at("2026-10-08T09:00"), Rule::QuietHours));
        let reminder = |now| policy().decide(What::Reminder, &anybody, &calendar(), at(now));
        assert_eq!(reminder("2026-10-01T03:00"), Decision::Wait(at("2026-10-01T09:00"), Rule::QuietHours));
        assert_eq!(reminder("2026-10-01T12:00"), Decision::Send, "on a holiday too: it was asked before");
    }

    #[test]
    fn a_visit_due_on_national_day_is_sent_behind_it() {
        let wait = |now, until| assert_eq!(decide(Who::default(), now), Decision::Wait(at(until), Rule::Holiday));
        wait("2026-10-01T10:30", "2026-10-08T10:30");
        wait("2026-10-07T23:00", "2026-10-08T09:00");
        wait("2026-10-11T10:30", "2026-10-12T10:30");
        assert_eq!(decide(Who::default(), "2026-10-10T10:30"), Decision::Send, "a Saturday that is worked");
    }

    #[test]
    fn at_most_one_survey_per_contact_in_seven_days() {
        let asked = Who { last_survey_at: Some(at("2026-09-21T10:00")), ..Who::default() };
        assert_eq!(decide(asked, "2026-09-24T10:00"), Decision::Wait(at("2026-09-28T10:00"), Rule::SurveyGap));
        assert_eq!(decide(asked, "2026-09-28T10:00"), Decision::Send);
        // The gap ends within the holidays.
        let asked = Who { last_survey_at: Some(at("2026-09-25T10:00")), ..Who::default() };
        assert_eq!(decide(asked, "2026-09-29T10:00"), Decision::Wait(at("2026-10-08T10:00"), Rule::SurveyGap));
    }

    #[test]
    fn stop_ends_surveys_and_never_repair_notices() {
        let stopped = Who { opted_out: true, last_survey_at: Some(at("2026-09-29T09:00")), busy: true };
        assert_eq!(decide(stopped, "2026-09-29T10:00"), Decision::Never(Rule::OptedOut));
        let said = |what, now| policy().decide(what, &stopped, &calendar(), at(now));
        assert_eq!(said(What::Reminder, "2026-09-29T10:00"), Decision::Never(Rule::OptedOut));
        assert_eq!(said(What::Notice, "2026-09-29T10:00"), Decision::Send);
        assert_eq!(said(What::Notice, "2026-09-29T22:00"), Decision::Wait(at("2026-09-30T09:00"), Rule::QuietHours));
    }

    #[test]
    fn a_conversation_that_is_busy_is_left_alone_for_a_while() {
        let busy = Who { busy: true, ..Who::default() };
        assert_eq!(decide(busy, "2026-09-29T10:00"), Decision::Wait(at("2026-09-29T14:00"), Rule::Busy));
        assert_eq!(decide(busy, "2026-09-30T18:00"), Decision::Wait(at("2026-10-08T09:00"), Rule::Busy));
    }

    #[test]
    fn what_waited_for_two_months_is_not_asked_any_more() {
        let asked = |now| {
            let what = What::Survey { planned_at: at("2026-07-01T10:00") };
            policy().decide(what, &Who::default(), &calendar(), at(now))
        };
        assert_eq!(asked("2026-08-28T10:00"), Decision::Send);
        assert_eq!(asked("2026-08-31T10:01"), Decision::Never(Rule::TooLate));
    }

    #[test]
    fn the_line_that_is_brought_and_was_last_heard_reaches_best() {
        let now = at("2026-09-29T10:00");
        let line = |n: u128, heard: &str| Line {
            dialogue: DialogueId(Uuid::from_u128(n)),
            window: None,
            fetched: false,
            heard_at: Some(at(heard)),
            left_at: None,
            sent: 0,
            notice: false,
        };
        let telegram = line(1, "2026-03-01T10:00");
        let wechat = Line { window: Some(Window::WECHAT), ..line(2, "2026-09-28T10:00") };
        let page = Line { fetched: true, ..line(3, "2026-09-29T09:00") };
        let id = |line: &Line| line.dialogue;
        assert_eq!(reach(&[telegram, wechat, page], now), Ok(id(&wechat)), "the window is open and it was heard last");
        let later = now + DAY;
        assert_eq!(reach(&[telegram, wechat, page], later), Ok(id(&telegram)), "48 hours are over");
        let gone = Line { left_at: Some(now), ..telegram };
        assert_eq!(reach(&[gone, wechat, page], later), Ok(id(&page)), "better than nothing");
        let silent = Line { heard_at: None, ..wechat };
        let used_up = Line { sent: 5, ..wechat };
        assert_eq!(
            reach(&[gone, silent, used_up], now),
            Err(vec![(id(&gone), Rule::Left), (id(&silent), Rule::NeverHeard), (id(&used_up), Rule::WindowUsedUp)])
        );
        let told = Line { notice: true, ..wechat };
        assert_eq!(reach(&[told, page], later), Ok(id(&told)), "a notice before a page that waits to be looked at");
        assert_eq!(reach(&[told, telegram], later), Ok(id(&telegram)));
        assert!(told.needs_notice(later) && !told.needs_notice(now));
        let gone = Line { left_at: Some(now), ..told };
        assert_eq!(reach(&[gone], later), Err(vec![(id(&gone), Rule::Left)]));
        assert_eq!(reach(&[], now), Err(vec![]));
    }

    #[test]
    fn the_name_of_a_rule_is_the_one_it_is_serialised_as() {
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
        }
    }
}
