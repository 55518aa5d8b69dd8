//! Members of staff and what they may do.

use serde::{Deserialize, Serialize};

use super::ids::StaffId;
use super::time::Timestamp;
use super::understanding::Category;

/// What a member of staff does (DOMAIN.md, "Who").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 客服 / 回访专员
    Agent,
    /// 责任工程师
    Engineer,
    /// 项目经理 / 主管
    Manager,
    /// 总部: looks after all regions.
    Headquarters,
    /// 分包单位
    Subcontractor,
    /// Runs the service itself.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Agent, Role::Engineer, Role::Manager, Role::Headquarters, Role::Subcontractor, Role::Admin];

    /// Returns the name used in the database, on the command line and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Engineer => "engineer",
            Role::Manager => "manager",
            Role::Headquarters => "headquarters",
            Role::Subcontractor => "subcontractor",
            Role::Admin => "admin",
        }
    }

    /// Returns the role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A member of staff; the password's hash stays in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub id: StaffId,
    /// What they log in with, unique.
    pub login: String,
    pub name: String,
    pub role: Role,
    /// The region they look after; `None` for all.
    pub region: Option<String>,
    pub phone: Option<String>,
    /// The team they belong to (班组 / 项目部).
    pub team: Option<String>,
    /// The trades they can repair; empty for all.
    pub skills: Vec<Category>,
    /// Whether they may log in.
    pub active: bool,
    pub created_at: Timestamp,
}

impl Staff {
    /// Returns somebody who may log in, called what they log in with.
    pub fn new(id: StaffId, login: impl Into<String>, role: Role, now: Timestamp) -> Staff {
        let login = login.into();
        Staff {
            id,
            name: login.clone(),
            login,
            role,
            region: None,
            phone: None,
            team: None,
            skills: Vec::new(),
            active: true,
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_role_is_the_one_it_is_serialised_as() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
    }
}
