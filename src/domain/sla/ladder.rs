//! Who stands on each level of the ladder, for one ticket: 责任工程师 → 项目经理 → 总部.
//!
//! Nobody is not an answer: where a level has no one, the next one up is told instead. Which level
//! is told when is data (`prompts/plans/sla.toml`); `crate::intake` tells them.

use super::Level;
use crate::domain::ids::StaffId;
use crate::domain::staff::{Role, Staff};

/// What decides whom a ticket concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Concern<'c> {
    /// Who has it.
    pub assignee: Option<StaffId>,
    /// The engineer responsible for the project.
    pub engineer: Option<StaffId>,
    /// The project's manager, by name.
    pub manager: Option<&'c str>,
    pub region: Option<&'c str>,
}

/// Returns whom a warning goes to that is for some levels, each person once and on the lowest.
pub fn people<'s>(levels: &[Level], staff: &'s [Staff], concern: &Concern<'_>) -> Vec<(Level, &'s Staff)> {
    let mut told: Vec<(Level, &Staff)> = Vec::new();
    for level in Level::ALL.into_iter().filter(|level| levels.contains(level)) {
        let upwards = Level::ALL.into_iter().filter(|higher| *higher >= level);
        let found = upwards.map(|level| on(level, staff, concern)).find(|found| !found.is_empty());
        for person in found.unwrap_or_default() {
            if !told.iter().any(|(_, known)| known.id == person.id) {
                told.push((level, person));
            }
        }
    }
    told
}

fn on<'s>(level: Level, staff: &'s [Staff], concern: &Concern<'_>) -> Vec<&'s Staff> {
    let active = || staff.iter().filter(|person| person.active);
    let by_id = |id: Option<StaffId>| id.and_then(|id| active().find(|person| person.id == id));
    let of_role = |role: Role| active().filter(move |person| person.role == role);
    match level {
        // Whoever has it; while nobody has, whoever is to take it.
        Level::Engineer => by_id(concern.assignee).or_else(|| by_id(concern.engineer)).into_iter().collect(),
        Level::Manager => {
            let own: Vec<_> =
                of_role(Role::Manager).filter(|person| concern.manager == Some(person.name.as_str())).collect();
            if !own.is_empty() {
                return own;
            }
            let here = |person: &&Staff| match (person.region.as_deref(), concern.region) {
                (Some(theirs), Some(its)) => theirs == its,
                // Whoever looks after all regions, or a ticket of which nobody knows the region.
                (None, _) | (_, None) => true,
            };
            of_role(Role::Manager).filter(here).collect()
        }
        Level::Headquarters => {
            let roles = [Role::Headquarters, Role::Admin];
            roles
                .into_iter()
                .map(|role| of_role(role).collect::<Vec<_>>())
                .find(|all| !all.is_empty())
                .unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::time::Timestamp;

    fn id(number: u128) -> StaffId {
        StaffId(Uuid::from_u128(number))
    }

    fn house() -> Vec<Staff> {
        let person = |number, name: &str, role, region: Option<&str>| Staff {
            region: region.map(str::to_owned),
            ..Staff::new(id(number), name, role, Timestamp(0))
        };
        vec![
            person(1, "li", Role::Engineer, Some("华东")),
            person(2, "zhou", Role::Manager, Some("华东")),
            person(3, "chen", Role::Manager, Some("华南")),
            person(4, "wu", Role::Headquarters, None),
            person(5, "wang", Role::Engineer, Some("华东")),
        ]
    }

    fn told(levels: &[Level], staff: &[Staff], concern: &Concern<'_>) -> String {
        let told = people(levels, staff, concern);
        told.iter().map(|(level, person)| format!("{} {}", level.name(), person.name)).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn each_level_is_told_its_own_people() {
        let concern = Concern { assignee: Some(id(1)), region: Some("华东"), ..Concern::default() };
        assert_eq!(told(&[Level::Engineer], &house(), &concern), "engineer li");
        assert_eq!(told(&[Level::Engineer, Level::Manager], &house(), &concern), "engineer li, manager zhou");
        assert_eq!(told(&Level::ALL, &house(), &concern), "engineer li, manager zhou, headquarters wu");
        let everywhere = Concern { region: None, ..concern };
        assert_eq!(told(&[Level::Manager], &house(), &everywhere), "manager zhou, manager chen");
    }

    #[test]
    fn the_projects_own_manager_comes_before_those_of_the_region() {
        let concern = Concern { manager: Some("chen"), region: Some("华东"), ..Concern::default() };
        assert_eq!(told(&[Level::Manager], &house(), &concern), "manager chen");
        let unknown = Concern { manager: Some("somebody else"), ..concern };
        assert_eq!(told(&[Level::Manager], &house(), &unknown), "manager zhou");
    }

    #[test]
    fn a_ticket_that_nobody_has_goes_to_the_projects_engineer_and_else_one_level_up() {
        let pool = Concern { region: Some("华东"), ..Concern::default() };
        assert_eq!(told(&[Level::Engineer], &house(), &Concern { engineer: Some(id(5)), ..pool }), "engineer wang");
        assert_eq!(told(&[Level::Engineer], &house(), &pool), "engineer zhou");
        assert_eq!(told(&Level::ALL, &house(), &pool), "engineer zhou, headquarters wu", "nobody is told twice");
        let mut house = house();
        house[1].active = false;
        assert_eq!(told(&[Level::Engineer], &house, &pool), "engineer wu", "whoever has left is not told");
        assert_eq!(told(&Level::ALL, &[], &pool), "");
    }
}
