//! The contact (客户档案): a person we talk to, and what they agreed to.

use super::ids::ContactId;
use super::language::Language;
use super::time::Timestamp;

/// A person, known by as little as the conversation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub language: Language,
    /// When the person agreed to be contacted and recorded.
    pub consent_at: Option<Timestamp>,
    /// When the person asked for no more surveys (退订); repair notices still go out.
    pub surveys_stopped_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl Contact {
    /// Returns a contact of whom only the language is known.
    pub fn new(id: ContactId, language: Language, now: Timestamp) -> Contact {
        Contact { id, name: None, phone: None, language, consent_at: None, surveys_stopped_at: None, created_at: now }
    }
}
