//! Equipment events: when a machine's readings and alarms bring about a visit or a ticket.
//!
//! The rules are data (`prompts/plans/events.toml`). What was last known of a unit under a rule is a
//! [`Watch`]; [`judge`] says what a new reading makes of it. A reading that arrives twice, or behind
//! a later one, changes nothing.

use std::time::Duration;

use super::time::Timestamp;
use super::understanding::{Category, Urgency};

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub id: String,
    /// The name programs send.
    pub signal: String,
    pub when: When,
    /// How long it must last.
    pub lasts: Duration,
    /// How long it is silent after it fired.
    pub cooldown: Duration,
    pub brings: Brings,
}

/// What a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    Above(f64),
    Below(f64),
    Alarm,
}

/// What a rule brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brings {
    /// A special visit (特殊回访).
    Visit,
    Ticket {
        category: Option<Category>,
        urgency: Urgency,
    },
}

/// What a machine says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub signal: String,
    /// `None` for an alarm.
    pub value: Option<f64>,
    pub at: Timestamp,
}

/// What is known of a unit under a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    /// The time of the last reading that counted.
    pub seen_at: Option<Timestamp>,
    /// Since when readings are beyond the threshold, without a break.
    pub beyond_since: Option<Timestamp>,
    pub fired_at: Option<Timestamp>,
}

/// Says what is known after a reading, and whether the rule fires.
pub fn judge(rule: &Rule, watch: Watch, reading: &Reading) -> (Watch, bool) {
    if reading.signal != rule.signal || watch.seen_at.is_some_and(|seen| reading.at <= seen) {
        return (watch, false);
    }
    let beyond = match (rule.when, reading.value) {
        (When::Above(most), Some(value)) => value > most,
        (When::Below(least), Some(value)) => value < least,
        (When::Alarm, None) => true,
        // An alarm rule may also be sent 1 and 0.
        (When::Alarm, Some(value)) => value > 0.0,
        (When::Above(_) | When::Below(_), None) => return (watch, false),
    };
    let beyond_since = beyond.then(|| watch.beyond_since.unwrap_or(reading.at));
    let lasted = beyond_since.is_some_and(|since| reading.at.since(since) >= rule.lasts);
    let silent = watch.fired_at.is_some_and(|fired| reading.at < fired + rule.cooldown);
    let fires = lasted && !silent;
    let fired_at = if fires { Some(reading.at) } else { watch.fired_at };
    (Watch { seen_at: Some(reading.at), beyond_since, fired_at }, fires)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn rule(when: When) -> Rule {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let (lasts, cooldown) = (minutes(10), minutes(120));
        Rule { id: "r".into(), signal: "vibration".into(), when, lasts, cooldown, brings: Brings::Visit }
    }

    /// At which minutes a rule fires, given (minute, value).
    fn fires(rule: &Rule, readings: &[(i64, Option<f64>)]) -> Vec<i64> {
        let mut watch = Watch::default();
        let mut fired = Vec::new();
        for (minute, value) in readings {
            let reading = Reading { signal: "vibration".into(), value: *value, at: Timestamp(minute * MINUTE) };
            let (next, is_met) = judge(rule, watch, &reading);
            watch = next;
            fired.extend(is_met.then_some(*minute));
        }
        fired
    }

    #[test]
    fn a_threshold_must_be_passed_for_the_whole_duration() {
        let above = rule(When::Above(7.0));
        let at = |value| move |minute: i64| (minute, Some(value));
        assert_eq!(fires(&above, &[0, 5, 9].map(at(8.0))), [0; 0]);
        assert_eq!(fires(&above, &[0, 5, 10].map(at(8.0))), [10]);
        assert_eq!(
            fires(&above, &[(0, Some(8.0)), (5, Some(6.0)), (10, Some(8.0)), (15, Some(8.0))]),
            [0; 0],
            "a break"
        );
        assert_eq!(fires(&above, &[0, 10].map(at(7.0))), [0; 0], "not beyond it");
        assert_eq!(fires(&rule(When::Below(7.0)), &[0, 10].map(at(6.9))), [10]);
    }

    #[test]
    fn within_the_cooldown_a_rule_is_silent() {
        let above = rule(When::Above(7.0));
        let all: Vec<_> = (0..30).map(|n| (n * 10, Some(9.0))).collect();
        assert_eq!(fires(&above, &all), [10, 130, 250]);
    }

    #[test]
    fn a_reading_that_comes_twice_or_late_changes_nothing() {
        let above = rule(When::Above(7.0));
        assert_eq!(fires(&above, &[(0, Some(8.0)), (10, Some(8.0)), (10, Some(8.0)), (4, Some(1.0))]), [10]);
    }

    #[test]
    fn an_alarm_fires_at_once_and_another_signal_not_at_all() {
        let alarm = Rule { lasts: Duration::ZERO, ..rule(When::Alarm) };
        assert_eq!(fires(&alarm, &[(3, None)]), [3]);
        assert_eq!(fires(&alarm, &[(3, Some(0.0)), (4, Some(1.0))]), [4]);
        assert_eq!(fires(&Rule { signal: "heat".into(), ..alarm }, &[(3, None)]), [0; 0]);
    }
}
