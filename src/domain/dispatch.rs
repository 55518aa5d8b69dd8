//! Who gets a ticket (派单): rules by region, project, category, cause and urgency name whom to
//! look among; skill, region and load put those in order.
//!
//! The rules are data (`prompts/plans/dispatch.toml`). The first that matches and finds somebody
//! decides: given at once where it says so, otherwise the ticket lies in the pool and the console
//! shows the candidates with the reason. `crate::intake` asks when a ticket is filed.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::ids::StaffId;
use super::staff::{Role, Staff};
use super::ticket::{Cause, TicketKind};
use super::understanding::{Category, Urgency};

/// Candidates shown at most.
const MOST_CANDIDATES: usize = 5;

/// `prompts/plans/dispatch.toml`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// In order; the first that matches and finds somebody decides.
    pub rules: Vec<Rule>,
    /// Whoever has so many open tickets gets no more by a rule.
    pub most_open: u32,
    /// When the owner is reminded of an appointment, the evening before (local time).
    pub remind_at: jiff::civil::Time,
    /// Days after which a one-job link of a subcontractor is void.
    pub link_days: u32,
}

/// One rule; a condition that is left out always holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub kinds: Vec<TicketKind>,
    pub regions: Vec<String>,
    /// Codes or names of projects.
    pub projects: Vec<String>,
    pub categories: Vec<Category>,
    pub causes: Vec<Cause>,
    pub urgencies: Vec<Urgency>,
    pub to: Among,
    /// Given without anybody's doing.
    pub auto: bool,
}

/// Among whom a rule looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Among {
    /// The engineer responsible for the project.
    ProjectEngineer,
    /// Engineers of the region who say that they can do the trade.
    Skilled,
    /// Engineers of the region.
    Region,
    /// Managers of the region.
    Managers,
    /// The people of a team.
    Team(String),
    /// Whoever logs in by this name.
    Person(String),
}

/// Why somebody is a candidate; its text is `web.console.why.<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    ProjectEngineer,
    Skill,
    Region,
    Manager,
    Team,
    Named,
}

impl Why {
    /// Returns the name used in the history of a ticket and in keys of texts.
    pub fn name(self) -> &'static str {
        match self {
            Why::ProjectEngineer => "project_engineer",
            Why::Skill => "skill",
            Why::Region => "region",
            Why::Manager => "manager",
            Why::Team => "team",
            Why::Named => "named",
        }
    }
}

/// What decides who gets a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub kind: TicketKind,
    pub region: Option<&'a str>,
    /// Code and name of the project.
    pub project: [Option<&'a str>; 2],
    pub engineer: Option<StaffId>,
    pub category: Option<Category>,
    pub cause: Option<Cause>,
    pub urgency: Urgency,
}

/// A member of staff with their load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    pub person: Staff,
    /// Open tickets they have.
    pub open: u32,
}

/// Somebody who could take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub staff: StaffId,
    pub name: String,
    pub why: Why,
    pub open: u32,
}

/// Who a ticket goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Given to them now; `None`: it lies in the pool.
    pub given: Option<Candidate>,
    /// Who could take it, the likeliest first.
    pub candidates: Vec<Candidate>,
}

impl Rule {
    fn matches(&self, case: &Case<'_>) -> bool {
        let named = |names: &[String], is: Option<&str>| is.is_some_and(|is| names.iter().any(|name| name == is));
        (self.kinds.is_empty() || self.kinds.contains(&case.kind))
            && (self.regions.is_empty() || named(&self.regions, case.region))
            && (self.projects.is_empty() || case.project.iter().any(|project| named(&self.projects, *project)))
            && (self.categories.is_empty() || case.category.is_some_and(|is| self.categories.contains(&is)))
            && (self.causes.is_empty() || case.cause.is_some_and(|is| self.causes.contains(&is)))
            && (self.urgencies.is_empty() || self.urgencies.contains(&case.urgency))
    }

    /// Why somebody is meant by the rule; `None` if they are not.
    fn means(&self, person: &Staff, case: &Case<'_>) -> Option<Why> {
        let here = person.region.as_deref().is_none_or(|region| Some(region) == case.region);
        let (why, meant) = match &self.to {
            Among::ProjectEngineer => (Why::ProjectEngineer, case.engineer == Some(person.id)),
            Among::Skilled => {
                let skilled = case.category.is_some_and(|category| person.skills.contains(&category));
                (Why::Skill, skilled && here && person.role == Role::Engineer)
            }
            Among::Region => (Why::Region, here && person.role == Role::Engineer),
            Among::Managers => (Why::Manager, here && person.role == Role::Manager),
            Among::Team(team) => (Why::Team, person.team.as_ref() == Some(team)),
            Among::Person(login) => (Why::Named, person.login == *login),
        };
        (meant && person.active).then_some(why)
    }

    /// Those the rule means: who can do the trade first, then who has their own region, then the
    /// least load; the name makes the order certain.
    fn candidates(&self, case: &Case<'_>, hands: &[Hand]) -> Vec<Candidate> {
        let mut found: Vec<_> = hands.iter().filter_map(|hand| Some((hand, self.means(&hand.person, case)?))).collect();
        found.sort_by_key(|(hand, _)| {
            let can = case.category.is_some_and(|category| hand.person.skills.contains(&category));
            let own = hand.person.region.is_some();
            (Reverse(can), Reverse(own), hand.open, hand.person.name.clone(), hand.person.id)
        });
        let candidate = |(hand, why): (&Hand, Why)| Candidate {
            staff: hand.person.id,
            name: hand.person.name.clone(),
            why,
            open: hand.open,
        };
        found.into_iter().map(candidate).collect()
    }
}

impl Rules {
    /// Decides who gets a ticket, and names who else could.
    pub fn decide(&self, case: &Case<'_>, hands: &[Hand]) -> Decision {
        let mut decision = Decision::default();
        let mut decided = false;
        for rule in self.rules.iter().filter(|rule| rule.matches(case)) {
            let found = rule.candidates(case, hands);
            // Too much on the desk is no reason to be left out of what people choose from.
            let free = found.iter().find(|candidate| candidate.open < self.most_open);
            if let Some(free) = free.filter(|_| !decided) {
                decided = true;
                decision.given = rule.auto.then(|| free.clone());
            }
            for candidate in found {
                if !decision.candidates.iter().any(|known| known.staff == candidate.staff) {
                    decision.candidates.push(candidate);
                }
            }
        }
        decision.candidates.truncate(MOST_CANDIDATES);
        decision
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;
    use uuid::Uuid;

    use super::*;
    use crate::domain::time::Timestamp;

    fn hand(id: u128, name: &str, open: u32) -> Hand {
        let mut person = Staff::new(StaffId(Uuid::from_u128(id)), name, Role::Engineer, Timestamp(0));
        person.region = Some("华东".to_owned());
        Hand { person, open }
    }

    fn rule(to: Among, auto: bool) -> Rule {
        let (kinds, regions, projects) = (Vec::new(), Vec::new(), Vec::new());
        let (categories, causes, urgencies) = (Vec::new(), Vec::new(), Vec::new());
        Rule { kinds, regions, projects, categories, causes, urgencies, to, auto }
    }

    fn rules(rules: Vec<Rule>) -> Rules {
        Rules { rules, most_open: 3, remind_at: civil::time(18, 0, 0, 0), link_days: 14 }
    }

    fn leak() -> Case<'static> {
        Case {
            kind: TicketKind::Repair,
            region: Some("华东"),
            project: [Some("CH-01"), Some("翠湖花园")],
            engineer: Some(StaffId(Uuid::from_u128(1))),
            category: Some(Category::Leak),
            cause: None,
            urgency: Urgency::Normal,
        }
    }

    fn told(decision: &Decision) -> String {
        let given = decision.given.as_ref().map_or("pool", |given| given.name.as_str());
        let others: Vec<_> =
            decision.candidates.iter().map(|who| format!("{} {} {}", who.name, who.why.name(), who.open)).collect();
        format!("{given} | {}", others.join(", "))
    }

    #[test]
    fn the_projects_engineer_comes_first_then_skill_then_the_region() {
        let mut plumber = hand(2, "wang", 1);
        plumber.person.skills = vec![Category::Leak];
        let hands = [hand(1, "li", 2), plumber, hand(3, "zhao", 0)];
        let rules =
            rules(vec![rule(Among::ProjectEngineer, true), rule(Among::Skilled, true), rule(Among::Region, false)]);
        let decided = |case: &Case<'_>| told(&rules.decide(case, &hands));
        assert_eq!(decided(&leak()), "li | li project_engineer 2, wang skill 1, zhao region 0");
        assert_eq!(decided(&Case { engineer: None, ..leak() }), "wang | wang skill 1, zhao region 0, li region 2");
        let noise = Case { engineer: None, category: Some(Category::Noise), ..leak() };
        assert_eq!(decided(&noise), "pool | zhao region 0, wang region 1, li region 2");
        assert_eq!(decided(&Case { engineer: None, region: Some("华南"), ..leak() }), "pool | ");
    }

    #[test]
    fn whoever_has_too_much_or_has_left_gets_nothing_by_a_rule() {
        let mut gone = hand(1, "li", 0);
        gone.person.active = false;
        let hands = [gone, hand(2, "wang", 3), hand(3, "zhao", 4)];
        let rules = rules(vec![rule(Among::ProjectEngineer, true), rule(Among::Region, true)]);
        assert_eq!(told(&rules.decide(&leak(), &hands)), "pool | wang region 3, zhao region 4");
    }

    #[test]
    fn the_least_load_decides_among_equals() {
        let hands = [hand(1, "li", 2), hand(2, "wang", 1), hand(3, "zhao", 1)];
        let rules = rules(vec![rule(Among::Region, true)]);
        assert_eq!(told(&rules.decide(&leak(), &hands)), "wang | wang region 1, zhao region 1, li region 2");
    }

    #[test]
    fn a_rule_holds_only_where_all_its_conditions_do() {
        let hands = [hand(1, "li", 0)];
        let of = |change: fn(&mut Rule)| {
            let mut rule = rule(Among::Person("li".to_owned()), true);
            change(&mut rule);
            told(&rules(vec![rule]).decide(&leak(), &hands))
        };
        let (found, none) = ("li | li named 0", "pool | ");
        assert_eq!(of(|_| {}), found);
        assert_eq!(of(|rule| rule.projects = vec!["翠湖花园".to_owned()]), found);
        assert_eq!(of(|rule| rule.projects = vec!["CH-01".to_owned()]), found);
        assert_eq!(of(|rule| rule.projects = vec!["CH-02".to_owned()]), none);
        assert_eq!(of(|rule| rule.regions = vec!["华南".to_owned()]), none);
        assert_eq!(of(|rule| rule.categories = vec![Category::Leak, Category::Crack]), found);
        assert_eq!(of(|rule| rule.categories = vec![Category::Crack]), none);
        assert_eq!(of(|rule| rule.causes = vec![Cause::Design]), none, "nobody knows the cause yet");
        assert_eq!(of(|rule| rule.urgencies = vec![Urgency::Emergency]), none);
        assert_eq!(of(|rule| rule.kinds = vec![TicketKind::Complaint]), none);
    }
}
