//! The contact (客户档案): a person we talk to, and what they agreed to.

use serde::{Deserialize, Serialize};

use super::ids::ContactId;
use super::language::Language;
use super::time::Timestamp;

/// What a person is to the works (DOMAIN.md, "Who").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ContactRole {
    /// 业主: lives or works there, or uses the machine.
    #[default]
    Owner,
    /// 客户: the contracting party.
    Client,
}

/// A person, known by as little as the conversation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub role: ContactRole,
    pub language: Language,
    /// When the person agreed to be contacted and recorded.
    pub consent_at: Option<Timestamp>,
    /// When the person asked for no more surveys (退订); repair notices still go out.
    pub surveys_stopped_at: Option<Timestamp>,
    /// When the person showed that the phone number is theirs.
    pub phone_verified_at: Option<Timestamp>,
    /// The contact that carries on, if two turned out to be one person.
    pub merged_into: Option<ContactId>,
    pub created_at: Timestamp,
}

impl Contact {
    /// Returns a contact of whom only the language is known.
    pub fn new(id: ContactId, language: Language, now: Timestamp) -> Contact {
        Contact {
            id,
            name: None,
            phone: None,
            role: ContactRole::Owner,
            language,
            consent_at: None,
            surveys_stopped_at: None,
            phone_verified_at: None,
            merged_into: None,
            created_at: now,
        }
    }
}
