//! Whom staff alerts go to, and when: rules without hands. `crate::jobs` sends them; by which ways one
//! person is told says [`reach`].

pub mod reach;

use std::time::Duration;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::access::{Right, Thing};
use super::flag::FlagKind;
use super::ids::{FlagId, StaffId};
use super::staff::{Role, Staff};
use super::ticket::{Status, Ticket};
use super::time::Timestamp;
use super::understanding::Urgency;

/// What everything begins with that a button below an alert sends back.
const BUTTON: &str = "al";

/// How long the link in an alert to one person acts in their name: the two clocks that people hurry
/// for (call, on site: 48 h) and a day.
pub const LINK_LASTS: Duration = Duration::from_secs(3 * 86_400);

/// A place where staff reads alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A group in Telegram.
    Telegram,
    /// A group robot of WeCom (企业微信群机器人).
    Wecom,
    Mail,
    /// A program, by signed webhook.
    Webhook,
    /// Members of staff themselves, by whatever is on record of them; only where a rule says so.
    Staff,
}

impl Target {
    /// Every place.
    pub const ALL: [Target; 5] = [Target::Telegram, Target::Wecom, Target::Mail, Target::Webhook, Target::Staff];

    /// Returns the name used in the settings, the database and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Target::Telegram => "telegram",
            Target::Wecom => "wecom",
            Target::Mail => "mail",
            Target::Webhook => "webhook",
            Target::Staff => "staff",
        }
    }
}

/// What staff does about an alert where they read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// 接单: the ticket is theirs.
    Take,
    /// 已电话: they spoke to the client.
    Phoned,
    /// 已到场: they are at the place.
    Arrived,
    /// 申请延期: it takes longer; the manager decides.
    Extend,
    /// They have seen it: for what is no ticket.
    Seen,
    /// They answered the client.
    Reply,
}

impl Act {
    /// What stands below the alert of a ticket.
    pub const ON_TICKET: [Act; 4] = [Act::Phoned, Act::Arrived, Act::Extend, Act::Take];

    /// Returns the name used in the payload of buttons and jobs and in the keys of texts.
    pub fn name(self) -> &'static str {
        match self {
            Act::Take => "take",
            Act::Phoned => "phoned",
            Act::Arrived => "arrived",
            Act::Extend => "extend",
            Act::Seen => "seen",
            Act::Reply => "reply",
        }
    }

    /// Returns the act of that name.
    pub fn named(name: &str) -> Option<Act> {
        Act::ON_TICKET.into_iter().chain([Act::Seen, Act::Reply]).find(|known| known.name() == name)
    }

    /// … as far as it is a button: an answer is written, not pressed.
    pub fn from_name(name: &str) -> Option<Act> {
        Act::named(name).filter(|act| *act != Act::Reply)
    }

    /// Returns the rights of which one is needed, over what the alert is about ([`super::access`]).
    pub fn rights(self) -> &'static [Right] {
        match self {
            Act::Take => &[Right::Take],
            // Whoever is at the place of what nobody has takes it thereby.
            Act::Arrived => &[Right::Work, Right::Take],
            Act::Phoned | Act::Extend | Act::Reply => &[Right::Work],
            Act::Seen => &[Right::Tickets],
        }
    }

    /// Whether the role of somebody lets them do that about any of these things.
    pub fn is_open_to(self, person: &Staff, things: &[Thing]) -> bool {
        let may = |thing: &Thing| self.rights().iter().any(|right| person.may(*right, thing));
        person.active && things.iter().any(may)
    }

    /// Whether it would change anything, as the ticket stands: what has no such sense is not offered.
    pub fn makes_sense(self, ticket: &Ticket, person: &Staff) -> bool {
        let to_be_mended = ticket.status.is_to_be_mended();
        let theirs = ticket.assignee == Some(person.id) && ticket.status != Status::Reopened;
        match self {
            Act::Take => to_be_mended && !theirs,
            Act::Arrived => to_be_mended && ticket.status != Status::OnSite,
            Act::Extend => to_be_mended,
            Act::Phoned | Act::Reply => ticket.status.is_open(),
            Act::Seen => true,
        }
    }

    /// Returns what a button below the alert of `flag` sends back.
    pub fn button(self, flag: FlagId) -> String {
        format!("{BUTTON}:{}:{flag}", self.name())
    }

    /// Reads what a button below an alert sent back; whoever sends it is yet to be known.
    pub fn of_button(data: &str) -> Option<(Act, FlagId)> {
        let (act, flag) = data.strip_prefix(BUTTON)?.strip_prefix(':')?.split_once(':')?;
        Some((Act::from_name(act)?, flag.parse().ok()?))
    }
}

/// What an alert is about, as far as rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matter<'m> {
    pub kind: FlagKind,
    pub urgency: Urgency,
    pub region: Option<&'m str>,
}

impl Matter<'_> {
    /// Whether people may come to harm: then nobody's rest counts.
    pub fn is_emergency(&self) -> bool {
        self.kind == FlagKind::Emergency || self.urgency == Urgency::Emergency
    }
}

/// One line of the operator's list: such alerts go there. A condition that is left out always holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub to: Target,
    #[serde(default)]
    pub kinds: Vec<FlagKind>,
    #[serde(default)]
    pub regions: Vec<String>,
    /// At least so pressing.
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// Also in the quiet hours, without waiting for their end.
    #[serde(default)]
    pub at_night: bool,
    /// To [`Target::Staff`]: members of staff of these roles.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Who is called in such an emergency, instead of whoever is for all.
    #[serde(default)]
    pub on_call: Option<String>,
}

impl Rule {
    /// Whether this is about such alerts.
    pub fn wants(&self, matter: &Matter<'_>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&matter.kind))
            && (self.regions.is_empty() || matter.region.is_some_and(|at| self.regions.iter().any(|r| r == at)))
            && self.urgency.is_none_or(|least| matter.urgency >= least)
    }
}

/// The hours in which nothing is sent that can wait. Equal times: there are none.
#[derive(Debug, Clone, PartialEq)]
pub struct QuietHours {
    pub from: civil::Time,
    pub to: civil::Time,
    pub zone: TimeZone,
}

impl QuietHours {
    /// Returns when the quiet hours end that `now` lies in; `None` if it lies in none.
    pub fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let local = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(self.zone.clone());
        let (time, date) = (local.time(), local.date());
        let within = if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        };
        if !within {
            return None;
        }
        let date = if time < self.to { date } else { date.tomorrow().ok()? };
        let end = self.zone.to_ambiguous_zoned(date.to_datetime(self.to)).compatible().ok()?;
        Some(Timestamp(end.timestamp().as_millisecond()))
    }
}

/// Says where an alert goes and when, among the places that are set up. Without rules it goes to
/// all of them. What is no emergency waits for the end of the quiet hours, unless a rule says otherwise.
pub fn plan(
    set_up: &[Target],
    rules: &[Rule],
    quiet: &QuietHours,
    matter: &Matter<'_>,
    now: Timestamp,
) -> Vec<(Target, Timestamp)> {
    let morning = quiet.end(now).filter(|_| !matter.is_emergency()).unwrap_or(now);
    let when = |target: Target| {
        let mut wanting = rules.iter().filter(|rule| rule.to == target && rule.wants(matter)).peekable();
        if rules.is_empty() {
            return Some(morning);
        }
        wanting.peek()?;
        Some(if wanting.any(|rule| rule.at_night) { now } else { morning })
    };
    set_up.iter().filter_map(|target| Some((*target, when(*target)?))).collect()
}

/// Says which members of staff get an alert themselves, and when: those whom a rule to
/// [`Target::Staff`] names by their role, and who look after the region it is from or after all.
pub fn people(
    staff: &[Staff],
    rules: &[Rule],
    quiet: &QuietHours,
    matter: &Matter<'_>,
    now: Timestamp,
) -> Vec<(StaffId, Timestamp)> {
    let morning = quiet.end(now).filter(|_| !matter.is_emergency()).unwrap_or(now);
    let when = |person: &Staff| {
        let elsewhere = person.region.as_deref().zip(matter.region).is_some_and(|(theirs, its)| theirs != its);
        let names = |rule: &&Rule| {
            let named = rule.roles.is_empty() || rule.roles.contains(&person.role);
            rule.to == Target::Staff && named && rule.wants(matter)
        };
        let mut naming = rules.iter().filter(names).peekable();
        if elsewhere || !person.active {
            return None;
        }
        naming.peek()?;
        Some(if naming.any(|rule| rule.at_night) { now } else { morning })
    };
    staff.iter().filter_map(|person| Some((person.id, when(person)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ContactId, TicketId};
    use crate::domain::ticket::TicketKind;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn quiet() -> QuietHours {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        QuietHours { from: civil::time(20, 0, 0, 0), to: civil::time(9, 0, 0, 0), zone }
    }

    #[test]
    fn a_button_below_an_alert_comes_back_as_what_it_is_and_fits_telegram() {
        let flag = FlagId(uuid::Uuid::from_u128(7));
        for act in Act::ON_TICKET.into_iter().chain([Act::Seen]) {
            let data = act.button(flag);
            assert!(data.len() <= 64, "{data}");
            assert_eq!(Act::of_button(&data), Some((act, flag)));
        }
        for forged in ["al:take", "al:take:x", "al:reply:00000000-0000-0000-0000-000000000007", "do:report", ""] {
            assert_eq!(Act::of_button(forged), None, "{forged}");
        }
    }

    #[test]
    fn what_is_offered_is_what_the_role_allows_and_the_ticket_has_room_for() {
        let person = |number: u128, role: Role| Staff {
            region: Some("华东".to_owned()),
            ..Staff::new(StaffId(uuid::Uuid::from_u128(number)), role.name(), role, Timestamp(0))
        };
        let (li, wang) = (person(1, Role::Engineer), person(2, Role::Engineer));
        let new = Ticket::reported(
            TicketId(uuid::Uuid::from_u128(1)),
            TicketKind::Repair,
            ContactId(uuid::Uuid::from_u128(1)),
            Timestamp(0),
        );
        let offered = |ticket: &Ticket, person: &Staff| {
            let thing = Thing {
                owners: ticket.assignee.into_iter().collect(),
                in_pool: ticket.assignee.is_none() && ticket.status.is_open(),
                region: Some("华东".to_owned()),
            };
            let acts = Act::ON_TICKET
                .into_iter()
                .filter(|act| act.is_open_to(person, std::slice::from_ref(&thing)) && act.makes_sense(ticket, person));
            acts.map(Act::name).collect::<Vec<_>>().join(" ")
        };
        let theirs = new.clone().assign(li.id, Timestamp(1)).unwrap();
        let there = theirs.clone().arrive(Timestamp(2)).unwrap();
        let closed = theirs.clone().cancel(Timestamp(2)).unwrap();
        let left = Staff { active: false, ..li.clone() };
        let (manager, firm) = (person(3, Role::Manager), person(4, Role::Subcontractor));
        let table = [
            ("in the pool, an engineer", offered(&new, &li)),
            ("theirs", offered(&theirs, &li)),
            ("another's", offered(&theirs, &wang)),
            ("another's, the manager", offered(&theirs, &manager)),
            ("at the place", offered(&there, &li)),
            ("closed", offered(&closed, &li)),
            ("who has left", offered(&theirs, &left)),
            ("a firm", offered(&new, &firm)),
        ];
        let line = |(who, what): &(&str, String)| format!("{who}: {}", if what.is_empty() { "nothing" } else { what });
        let table: Vec<_> = table.iter().map(line).collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        in the pool, an engineer: arrived take
        theirs: phoned arrived extend
        another's: nothing
        another's, the manager: phoned arrived extend take
        at the place: phoned extend
        closed: nothing
        who has left: nothing
        a firm: nothing
        ");
    }

    #[test]
    fn quiet_hours_end_in_the_morning_of_the_right_day() {
        // 2026-11-21 22:30 and 2026-11-22 03:00 in Shanghai.
        assert_eq!(quiet().end(at("2026-11-21T14:30:00Z")), Some(at("2026-11-22T01:00:00Z")));
        assert_eq!(quiet().end(at("2026-11-21T19:00:00Z")), Some(at("2026-11-22T01:00:00Z")));
        assert_eq!(quiet().end(at("2026-11-21T01:00:00Z")), None);
        assert_eq!(quiet().end(at("2026-11-21T12:00:00Z")), Some(at("2026-11-22T01:00:00Z")));
        let none = QuietHours { to: civil::time(20, 0, 0, 0), ..quiet() };
        assert_eq!(none.end(at("2026-11-21T14:30:00Z")), None);
        let siesta = QuietHours { from: civil::time(12, 0, 0, 0), to: civil::time(14, 0, 0, 0), ..quiet() };
        assert_eq!(siesta.end(at("2026-11-21T05:00:00Z")), Some(at("2026-11-21T06:00:00Z")));
    }

    #[test]
    fn an_emergency_wakes_people_and_a_complaint_waits_for_the_morning() {
        let night = at("2026-11-21T19:00:00Z");
        let morning = at("2026-11-22T01:00:00Z");
        let complaint = Matter { kind: FlagKind::Complaint, urgency: Urgency::Normal, region: Some("华东") };
        let gas = Matter { kind: FlagKind::Emergency, urgency: Urgency::Emergency, region: None };
        let both = [Target::Telegram, Target::Mail];
        let plan = |rules: &[Rule], matter: &Matter<'_>| plan(&both, rules, &quiet(), matter, night);
        assert_eq!(plan(&[], &complaint), [(Target::Telegram, morning), (Target::Mail, morning)]);
        assert_eq!(plan(&[], &gas), [(Target::Telegram, night), (Target::Mail, night)]);
        let rule = |to| Rule {
            to,
            kinds: vec![],
            regions: vec![],
            urgency: None,
            at_night: false,
            roles: vec![],
            on_call: None,
        };
        let east = Rule { regions: vec!["华东".to_owned()], ..rule(Target::Mail) };
        let pressing = Rule { urgency: Some(Urgency::High), ..rule(Target::Telegram) };
        let rules = [east, pressing];
        assert_eq!(plan(&rules, &complaint), [(Target::Mail, morning)]);
        assert_eq!(plan(&rules, &gas), [(Target::Telegram, night)]);
        let awake = Rule { at_night: true, kinds: vec![FlagKind::Complaint], ..rule(Target::Mail) };
        assert_eq!(plan(&[awake], &complaint), [(Target::Mail, night)]);
        assert_eq!(plan(&[rule(Target::Wecom)], &gas), [], "not set up");
    }

    #[test]
    fn people_are_told_by_their_role_and_region() {
        let night = at("2026-11-21T19:00:00Z");
        let person = |number: u128, role, region: Option<&str>| {
            let new = Staff::new(StaffId(uuid::Uuid::from_u128(number)), number.to_string(), role, night);
            Staff { region: region.map(str::to_owned), ..new }
        };
        let mut staff = vec![
            person(1, Role::Manager, Some("华东")),
            person(2, Role::Manager, Some("华南")),
            person(3, Role::Manager, None),
            person(4, Role::Engineer, Some("华东")),
            person(5, Role::Manager, None),
        ];
        staff[4].active = false;
        let rules: Vec<Rule> = ["to = \"staff\"\nroles = [\"manager\"]\nat_night = true", "to = \"mail\""]
            .map(|rule| toml::from_str(rule).unwrap())
            .into();
        let matter = Matter { kind: FlagKind::Complaint, urgency: Urgency::Normal, region: Some("华东") };
        let told = |rules: &[Rule], matter: &Matter<'_>| {
            let told = people(&staff, rules, &quiet(), matter, night);
            told.into_iter().map(|(id, when)| (id.0.as_u128(), when == night)).collect::<Vec<_>>()
        };
        assert_eq!(told(&rules, &matter), [(1, true), (3, true)]);
        assert_eq!(told(&rules, &Matter { region: None, ..matter }), [(1, true), (2, true), (3, true)]);
        assert_eq!(told(&[], &matter), []);
        let all: Rule = toml::from_str("to = \"staff\"").unwrap();
        assert_eq!(told(&[all], &matter), [(1, false), (3, false), (4, false)], "what can wait, till the morning");
    }
}
