//! Each rule of the clocks by its name, and what holds of every clock.

use jiff::civil::{Time, date, time};
use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn calendar() -> Calendar {
    Calendar {
        free: [date(2026, 11, 26)].into(),
        hours: [
            ("always".to_owned(), Hours::Always),
            ("office".to_owned(), Hours::Office { from: time(9, 0, 0, 0), to: time(18, 0, 0, 0) }),
            ("working_days".to_owned(), Hours::Office { from: Time::midnight(), to: Time::MAX }),
        ]
        .into(),
        ..Calendar::default()
    }
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp(format!("{text}+08:00").parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// The rules as they are delivered, without the catalog.
fn rules() -> Rules {
    let target = |minutes: i64, hours: &str| Target { budget_ms: minutes * MINUTE, hours: hours.to_owned() };
    let step = |percent, up_to: usize| Step { percent, tell: Level::ALL[..up_to].to_vec() };
    Rules {
        targets: [target(120, "office"), target(2880, "working_days"), target(10_080, "working_days")],
        steps: vec![step(50, 1), step(80, 2), step(100, 3)],
        overrides: vec![
            Override { tier: Some(Tier::Flagship), limits: [Some(HOUR), None, None], ..Override::default() },
            Override {
                urgency: Some(Urgency::Emergency),
                hours: Some("always".to_owned()),
                limits: [Some(15 * MINUTE), None, None],
                ..Override::default()
            },
        ],
        remind_owner_after_days: 3,
        close_unverified_after_days: 7,
    }
}

fn repair() -> Matter {
    Matter { kind: TicketKind::Repair, urgency: Urgency::Normal, tier: None, project: None, client: ContactRole::Owner }
}

fn due(matter: Matter, filed: &str) -> [Timestamp; 3] {
    let calendar = calendar();
    let terms = rules().terms(&matter, &calendar, &zone());
    ClockKind::ALL.map(|kind| Clock::start(kind, 0, &terms, at(filed)).due_at)
}

#[test]
fn phone_response_2_h_on_site_48_h_rectified_7_d() {
    // Monday 10:00; Thursday the 26th and the weekend are free.
    assert_eq!(
        due(repair(), "2026-11-23T10:00:00"),
        [at("2026-11-23T12:00:00"), at("2026-11-25T10:00:00"), at("2026-12-03T10:00:00")]
    );
}

#[test]
fn a_clock_stands_still_outside_its_calendar() {
    // Friday 17:30: half an hour is left of the day, the rest is Monday's.
    let [response, on_site, _] = due(repair(), "2026-11-20T17:30:00");
    assert_eq!((response, on_site), (at("2026-11-23T10:30:00"), at("2026-11-24T17:30:00")));
}

#[test]
fn an_emergency_runs_around_the_clock() {
    let gas = Matter { urgency: Urgency::Emergency, ..repair() };
    // Saturday night.
    assert_eq!(
        due(gas, "2026-11-21T23:50:00"),
        [at("2026-11-22T00:05:00"), at("2026-11-23T23:50:00"), at("2026-11-28T23:50:00")]
    );
}

#[test]
fn the_kind_of_client_changes_the_limits_and_a_later_rule_wins() {
    let flagship = Matter { tier: Some(Tier::Flagship), ..repair() };
    assert_eq!(due(flagship, "2026-11-23T10:00:00")[0], at("2026-11-23T11:00:00"));
    let both = Matter { urgency: Urgency::Emergency, ..flagship };
    assert_eq!(due(both, "2026-11-23T10:00:00")[0], at("2026-11-23T10:15:00"));
}

#[test]
fn warnings_come_at_50_80_and_100_percent_and_climb_from_engineer_to_headquarters() {
    let calendar = calendar();
    let rules = rules();
    let terms = rules.terms(&repair(), &calendar, &zone());
    let clock = Clock::start(ClockKind::Response, 0, &terms, at("2026-11-23T10:00:00"));
    let hours = terms.hours(ClockKind::Response);
    let mut told = 0;
    let mut ladder = Vec::new();
    while let Some((step, when)) = clock.next_step(told, &rules.steps, hours) {
        ladder.push((step.percent, step.tell.len(), when));
        told = step.percent;
    }
    assert_eq!(
        ladder,
        [(50, 1, at("2026-11-23T11:00:00")), (80, 2, at("2026-11-23T11:36:00")), (100, 3, at("2026-11-23T12:00:00")),]
    );
}

/// The three clocks of a ticket, moved by what happens to it.
struct Run {
    calendar: Calendar,
    rules: Rules,
    matter: Matter,
    clocks: Vec<Clock>,
}

impl Run {
    fn filed(when: &str) -> Run {
        let mut run = Run { calendar: calendar(), rules: rules(), matter: repair(), clocks: Vec::new() };
        run.happens(Moment::Filed, when);
        run
    }

    fn happens(&mut self, moment: Moment, when: &str) {
        let terms = self.rules.terms(&self.matter, &self.calendar, &zone());
        for changed in turn(&self.clocks, moment, &terms, at(when)) {
            self.clocks.retain(|clock| clock.kind != changed.kind);
            self.clocks.push(changed);
        }
    }

    fn running(&self) -> Vec<ClockKind> {
        let mut kinds: Vec<_> = self.clocks.iter().filter(|clock| clock.is_running()).map(|clock| clock.kind).collect();
        kinds.sort();
        kinds
    }

    fn clock(&self, kind: ClockKind) -> &Clock {
        self.clocks.iter().find(|clock| clock.kind == kind).unwrap()
    }
}

#[test]
fn an_answer_stops_the_first_clock_arrival_the_second_and_rectification_the_third() {
    use ClockKind::{OnSite, Rectified, Response};
    let mut run = Run::filed("2026-11-23T10:00:00");
    assert_eq!(run.running(), [Response, OnSite, Rectified]);
    run.happens(Moment::Answered, "2026-11-23T10:30:00");
    assert_eq!(run.running(), [OnSite, Rectified]);
    run.happens(Moment::Arrived, "2026-11-23T15:00:00");
    assert_eq!(run.running(), [Rectified]);
    run.happens(Moment::Rectified, "2026-11-23T16:00:00");
    assert_eq!(run.running(), []);
    assert_eq!(run.clock(Response).used_ms, 30 * MINUTE);
    assert_eq!(run.clock(Rectified).used_ms, 6 * HOUR);
}

#[test]
fn a_rejected_fix_begins_a_new_round_of_on_site_and_rectified() {
    use ClockKind::{OnSite, Rectified, Response};
    let mut run = Run::filed("2026-11-23T10:00:00");
    run.happens(Moment::Rectified, "2026-11-23T16:00:00");
    run.happens(Moment::Reopened, "2026-11-24T10:00:00");
    assert_eq!(run.running(), [OnSite, Rectified]);
    assert_eq!((run.clock(Rectified).round, run.clock(Rectified).used_ms), (1, 0));
    assert_eq!(run.clock(OnSite).due_at, at("2026-11-27T10:00:00"), "Thursday is free");
    assert_eq!(run.clock(Response).round, 0);
}

#[test]
fn a_complaint_needs_nobody_on_site_and_the_end_stops_every_clock() {
    let mut run = Run::filed("2026-11-23T10:00:00");
    run.matter.kind = TicketKind::Complaint;
    run.clocks.clear();
    run.happens(Moment::Filed, "2026-11-23T10:00:00");
    assert_eq!(run.running(), [ClockKind::Response, ClockKind::Rectified]);
    run.happens(Moment::Ended, "2026-11-23T11:00:00");
    assert_eq!(run.running(), []);
    let first = run.clocks.clone();
    run.happens(Moment::Ended, "2026-11-23T12:00:00");
    assert_eq!(run.clocks, first, "a clock stops once");
}

#[test]
fn a_paused_clock_warns_nobody_and_runs_on_with_what_it_had_left() {
    let calendar = calendar();
    let rules = rules();
    let terms = rules.terms(&repair(), &calendar, &zone());
    let hours = terms.hours(ClockKind::Response);
    let clock = Clock::start(ClockKind::Response, 0, &terms, at("2026-11-23T10:00:00"));
    let paused = clock.pause("owner away".to_owned(), hours, at("2026-11-23T10:30:00")).unwrap();
    assert_eq!(paused.next_step(0, &rules.steps, hours), None);
    assert_eq!(paused.used_ms(hours, at("2026-11-25T10:00:00")), 30 * MINUTE);
    assert!(paused.clone().pause("again".to_owned(), hours, at("2026-11-23T11:00:00")).is_err());
    let resumed = paused.resume(hours, at("2026-11-25T17:00:00")).unwrap();
    // An hour on Wednesday, Thursday is free, half an hour on Friday.
    assert_eq!((resumed.due_at, resumed.round), (at("2026-11-27T09:30:00"), 1));
    assert!(resumed.resume(hours, at("2026-11-25T17:00:00")).is_err());
}

#[test]
fn a_warning_reads_back_from_a_flag() {
    for (clock, up_to) in ClockKind::ALL.into_iter().zip(1..) {
        let notice = Notice { clock, percent: 80, tell: Level::ALL[..up_to].to_vec() };
        assert_eq!(notice.to_string().parse(), Ok(notice));
    }
    assert!("score=2 band=dissatisfied".parse::<Notice>().is_err());
}

#[test]
fn the_name_of_a_clock_is_the_one_it_is_serialised_as() {
    for kind in ClockKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        assert_eq!(ClockKind::from_name(kind.name()), Some(kind));
    }
    for level in Level::ALL {
        assert_eq!(serde_json::to_value(level).unwrap(), level.name());
    }
}

proptest! {
    /// However often a clock is paused, the working time it ran adds up to its budget at its deadline.
    #[test]
    fn pausing_never_loses_or_gains_working_time(
        kind in prop::sample::select(ClockKind::ALL.to_vec()),
        start in 0..30 * DAY,
        spans in prop::collection::vec((0..2 * DAY, 0..5 * DAY), 0..6),
    ) {
        let calendar = calendar();
        let terms = rules().terms(&repair(), &calendar, &zone());
        let hours = terms.hours(kind);
        let mut now = Timestamp(at("2026-11-01T00:00:00").0 + start);
        let mut clock = Clock::start(kind, 0, &terms, now);
        let mut ran = 0;
        for (run, rest) in spans {
            let until = Timestamp(now.0 + run);
            ran += hours.working_between(now, until);
            clock = clock.pause("waiting".to_owned(), hours, until).unwrap();
            prop_assert_eq!(clock.used_ms, ran);
            now = Timestamp(until.0 + rest);
            prop_assert_eq!(clock.used_ms(hours, now), ran, "nothing runs while it is paused");
            clock = clock.resume(hours, now).unwrap();
        }
        if ran <= clock.budget_ms {
            prop_assert_eq!(clock.used_ms(hours, clock.due_at), clock.budget_ms);
            prop_assert!(!clock.is_missed(hours, clock.due_at));
        } else {
            prop_assert!(clock.is_missed(hours, now));
        }
    }

    /// A ticket that becomes an emergency is due no later than before, and its clocks count around the clock.
    #[test]
    fn what_becomes_more_urgent_is_due_no_later(
        kind in prop::sample::select(ClockKind::ALL.to_vec()),
        start in 0..30 * DAY,
        run in 0..20 * DAY,
    ) {
        let calendar = calendar();
        let rules = rules();
        let mild = rules.terms(&repair(), &calendar, &zone());
        let terms = rules.terms(&Matter { urgency: Urgency::Emergency, ..repair() }, &calendar, &zone());
        let begun = Timestamp(at("2026-11-01T00:00:00").0 + start);
        let now = Timestamp(begun.0 + run);
        let clock = Clock::start(kind, 0, &mild, begun);
        let tightened = tighten(std::slice::from_ref(&clock), &[], &terms, now).remove(0);
        prop_assert_eq!(tightened.due_at, clock.due_at.min(Clock::start(kind, 0, &terms, now).due_at));
        prop_assert_eq!(tightened.reaches(100, terms.hours(kind)), tightened.due_at.max(now));
        prop_assert!(tightened.is_running() && tightened.round == 1);
        let stopped = clock.stop(mild.hours(kind), now);
        prop_assert_eq!(tighten(&[stopped], &[], &terms, now), []);
    }

    /// The rungs are reached in their order, each not before its share of the time is used.
    #[test]
    fn warnings_come_in_order_and_never_too_early(
        kind in prop::sample::select(ClockKind::ALL.to_vec()),
        start in 0..30 * DAY,
        paused in prop::option::of((0..3 * DAY, 0..5 * DAY)),
    ) {
        let calendar = calendar();
        let rules = rules();
        let terms = rules.terms(&repair(), &calendar, &zone());
        let hours = terms.hours(kind);
        let now = Timestamp(at("2026-11-01T00:00:00").0 + start);
        let mut clock = Clock::start(kind, 0, &terms, now);
        if let Some((run, rest)) = paused {
            let until = Timestamp(now.0 + run);
            clock = clock.pause("waiting".to_owned(), hours, until).unwrap();
            clock = clock.resume(hours, Timestamp(until.0 + rest)).unwrap();
        }
        let mut told = 0;
        let mut last = Timestamp(0);
        while let Some((step, when)) = clock.next_step(told, &rules.steps, hours) {
            prop_assert!(step.percent > told && when >= last);
            prop_assert!(clock.has_reached(step.percent, hours, when));
            if when > clock.started_at {
                prop_assert!(!clock.has_reached(step.percent, hours, Timestamp(when.0 - 1)));
            }
            (told, last) = (step.percent, when);
        }
        prop_assert_eq!(told, 100);
    }
}
