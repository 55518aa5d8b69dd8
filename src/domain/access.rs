//! What each role may see and do in the console: one table, [`TABLE`], and what it means for one
//! thing. DOMAIN.md, "Who".
//!
//! `crate::web` asks here at the door of every page and for every list; nothing else decides it.

use super::ids::StaffId;
use super::staff::{Role, Staff};

/// What somebody may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See tickets, with what was said, the files and the papers.
    Tickets,
    /// Take a ticket from the pool.
    Take,
    /// Work a ticket: call, offer times, come, mend, answer the client, pass it on, send a firm.
    Work,
    /// Decide over others' work: assign, merge, split, refuse, close, hand out tasks, make offers.
    Direct,
    /// See visits and write down what was said.
    Visits,
    /// See answers to surveys, and win back those who were not satisfied.
    Recoveries,
    /// See faults of several homes.
    Incidents,
    /// Say that such a fault is mended, which tells all of them.
    Mend,
    /// See the ledger.
    Ledger,
    /// Take the ledger away as a file.
    Export,
    /// See clients with everything that is known of them.
    Clients,
    /// Change the registers, staff among them.
    Registers,
    /// Decide who may log in, as what, and by which ways they are told.
    Accounts,
}

impl Right {
    /// Every right.
    pub const ALL: [Right; 13] = [
        Right::Tickets,
        Right::Take,
        Right::Work,
        Right::Direct,
        Right::Visits,
        Right::Recoveries,
        Right::Incidents,
        Right::Mend,
        Right::Ledger,
        Right::Export,
        Right::Clients,
        Right::Registers,
        Right::Accounts,
    ];
}

/// How far a right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    Nothing,
    /// What is theirs.
    Own,
    /// What is theirs, and of their region what nobody has.
    OwnAndPool,
    /// What is of their region, or of none; everything for whoever looks after all regions.
    Region,
    Everything,
}

use Reach::{Everything, Nothing, Own, OwnAndPool, Region};

/// The table. Columns: 客服, 责任工程师, 项目经理, 总部, 分包单位, administrator, as in [`Role::ALL`].
/// A subcontractor's people need no log-in for a single job: that is what one-job links are for.
#[rustfmt::skip]
const TABLE: [(Right, [Reach; 6]); 13] = [
    //                   agent       engineer    manager  headquarters subcontractor admin
    (Right::Tickets,    [Everything, OwnAndPool, Region,  Everything,  Own,          Everything]),
    (Right::Take,       [Everything, OwnAndPool, Region,  Everything,  Nothing,      Everything]),
    (Right::Work,       [Everything, Own,        Region,  Everything,  Own,          Everything]),
    (Right::Direct,     [Everything, Nothing,    Region,  Everything,  Nothing,      Everything]),
    (Right::Visits,     [Everything, Own,        Region,  Everything,  Nothing,      Everything]),
    (Right::Recoveries, [Everything, Own,        Region,  Everything,  Nothing,      Everything]),
    (Right::Incidents,  [Everything, Region,     Region,  Everything,  Nothing,      Everything]),
    (Right::Mend,       [Nothing,    Nothing,    Region,  Everything,  Nothing,      Everything]),
    (Right::Ledger,     [Everything, OwnAndPool, Region,  Everything,  Own,          Everything]),
    (Right::Export,     [Nothing,    Nothing,    Region,  Everything,  Nothing,      Everything]),
    (Right::Clients,    [Everything, Nothing,    Region,  Everything,  Nothing,      Everything]),
    (Right::Registers,  [Nothing,    Nothing,    Region,  Everything,  Nothing,      Everything]),
    // Whoever makes accounts can make one that may do anything.
    (Right::Accounts,   [Nothing,    Nothing,    Nothing, Nothing,     Nothing,      Everything]),
];

/// Something a right is about, as far as the table asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thing {
    /// Whose it is.
    pub owners: Vec<StaffId>,
    /// Whether it waits for somebody to take it.
    pub in_pool: bool,
    /// `None` where nobody knows.
    pub region: Option<String>,
}

/// Which of many things a list may show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only what is theirs …
    pub owner: Option<StaffId>,
    /// … or, with that, what nobody has in the region.
    pub pool: bool,
    /// `None`: all regions.
    pub region: Option<String>,
}

impl Role {
    /// Returns how far a right of the role goes.
    pub fn reach(self, right: Right) -> Reach {
        let row = TABLE.iter().find(|(known, _)| *known == right);
        let column = Role::ALL.iter().position(|role| *role == self);
        row.zip(column).and_then(|((_, row), column)| row.get(column).copied()).unwrap_or(Nothing)
    }

    /// Whether the role has a right in every region, whichever its people look after.
    pub fn knows_no_region(self) -> bool {
        Right::ALL.into_iter().any(|right| self.reach(right) == Everything)
    }

    /// Whether they have a right over anything at all.
    pub fn has(self, right: Right) -> bool {
        self.reach(right) != Nothing
    }
}

impl Staff {
    /// Whether they may do that with this.
    pub fn may(&self, right: Right, thing: &Thing) -> bool {
        self.scope(right).is_some_and(|scope| scope.holds(thing))
    }

    /// Returns what a list shows them; `None`: nothing.
    pub fn scope(&self, right: Right) -> Option<Scope> {
        let region = self.region.clone();
        match self.role.reach(right) {
            Nothing => None,
            Own => Some(Scope { owner: Some(self.id), pool: false, region: None }),
            OwnAndPool => Some(Scope { owner: Some(self.id), pool: true, region }),
            Region => Some(Scope { owner: None, pool: false, region }),
            Everything => Some(Scope::default()),
        }
    }
}

impl Scope {
    /// Whether a thing is within it.
    pub fn holds(&self, thing: &Thing) -> bool {
        let near = self.region.is_none() || thing.region.is_none() || self.region == thing.region;
        match self.owner {
            None => near,
            Some(owner) => thing.owners.contains(&owner) || (self.pool && thing.in_pool && near),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::time::Timestamp;

    fn person(number: u128, role: Role, region: Option<&str>) -> Staff {
        let new = Staff::new(StaffId(Uuid::from_u128(number)), role.name(), role, Timestamp(0));
        Staff { region: region.map(str::to_owned), ..new }
    }

    fn thing(owner: Option<u128>, region: Option<&str>) -> Thing {
        let owners: Vec<_> = owner.into_iter().map(|number| StaffId(Uuid::from_u128(number))).collect();
        Thing { in_pool: owners.is_empty(), owners, region: region.map(str::to_owned) }
    }

    #[test]
    fn every_right_has_a_line_and_every_role_a_column() {
        for right in Right::ALL {
            assert_eq!(TABLE.iter().filter(|(known, _)| *known == right).count(), 1, "{right:?}");
            assert_eq!(Role::Admin.reach(right), Everything);
            let own = if right == Right::Accounts { Nothing } else { Everything };
            assert_eq!(Role::Headquarters.reach(right), own, "all but the accounts");
        }
    }

    #[test]
    fn an_engineer_has_their_own_tickets_and_the_pool_of_the_region() {
        let li = person(1, Role::Engineer, Some("华东"));
        let sees = |thing: &Thing| li.may(Right::Tickets, thing);
        assert!(sees(&thing(Some(1), Some("华南"))), "theirs, wherever");
        assert!(sees(&thing(None, Some("华东"))) && sees(&thing(None, None)), "the pool");
        assert!(!sees(&thing(None, Some("华南"))) && !sees(&thing(Some(2), Some("华东"))));
        assert!(li.may(Right::Take, &thing(None, Some("华东"))) && !li.may(Right::Work, &thing(None, Some("华东"))));
        assert!(!li.may(Right::Direct, &thing(Some(1), None)) && li.may(Right::Work, &thing(Some(1), None)));
    }

    #[test]
    fn a_manager_has_their_region_and_an_agent_all_customer_work() {
        let zhou = person(1, Role::Manager, Some("华东"));
        for right in Right::ALL.into_iter().filter(|right| *right != Right::Accounts) {
            assert!(zhou.may(right, &thing(Some(2), Some("华东"))), "{right:?}");
            assert!(!zhou.may(right, &thing(Some(2), Some("华南"))), "{right:?}");
            assert!(person(1, Role::Manager, None).may(right, &thing(Some(2), Some("华南"))), "all regions");
        }
        let wang = person(3, Role::Agent, None);
        let may = |right| wang.may(right, &thing(Some(2), Some("华南")));
        assert!([Right::Tickets, Right::Work, Right::Direct, Right::Recoveries, Right::Clients].into_iter().all(may));
        assert!(![Right::Mend, Right::Export, Right::Registers].into_iter().any(may));
    }

    #[test]
    fn accounts_are_for_administrators_alone() {
        let may = |role: Role| person(1, role, None).may(Right::Accounts, &thing(None, None));
        assert_eq!(Role::ALL.into_iter().filter(|role| may(*role)).collect::<Vec<_>>(), [Role::Admin]);
    }

    #[test]
    fn a_subcontractor_sees_what_is_theirs_and_nothing_else() {
        let firm = person(1, Role::Subcontractor, None);
        let all = |thing: Thing| Right::ALL.into_iter().filter(|right| firm.may(*right, &thing)).collect::<Vec<_>>();
        assert_eq!(all(thing(Some(1), None)), [Right::Tickets, Right::Work, Right::Ledger]);
        assert_eq!(all(thing(None, None)), []);
    }
}
