//! The contact (客户档案): a person we talk to, what they agreed to, and when two of them are one.
//!
//! Two contacts are joined by a telephone number that was shown to be somebody's own, by a link the
//! person opened on another channel ([`super::token`]), or by a member of staff; never by the flat
//! they live in. `crate::intake` stores it.

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub id: ContactId,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub role: ContactRole,
    pub language: Language,
    /// When the person agreed to what their messages are used for.
    pub consent_at: Option<Timestamp>,
    /// When the person asked for no more surveys (退订); repair notices still go out.
    pub surveys_stopped_at: Option<Timestamp>,
    /// When the person showed that the phone number is theirs.
    pub phone_verified_at: Option<Timestamp>,
    /// The contact that carries on, if two turned out to be one person.
    pub merged_into: Option<ContactId>,
    /// When everything personal was removed.
    pub erased_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// By what two contacts were found to be one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The platform vouched for a number that the other contact has.
    Phone,
    /// They opened, on one channel, the link they were given on another.
    Link,
    /// A member of staff says so.
    Staff,
}

impl Proof {
    /// Returns the name used in the database and in texts (`web.console.contact.proof.<name>`).
    pub fn name(self) -> &'static str {
        match self {
            Proof::Phone => "phone",
            Proof::Link => "link",
            Proof::Staff => "staff",
        }
    }
}

/// Why two contacts are not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOne {
    #[error("they are the same contact already")]
    Same,
    #[error("one of them is part of another contact")]
    Merged,
    #[error("the personal data of one of them was removed")]
    Erased,
    #[error("each has shown a telephone number of their own")]
    OtherPhone,
}

/// Joins two contacts: returns the one that carries on, with what it knows now, and the other as it
/// was. The earlier known carries on; what it lacks it takes from the other; of what they agreed to
/// the first day counts, and so does a wish for no more surveys by either.
///
/// # Errors
/// Why they are not one person.
pub fn join(one: Contact, two: Contact) -> Result<(Contact, Contact), NotOne> {
    if one.id == two.id {
        return Err(NotOne::Same);
    }
    if one.merged_into.is_some() || two.merged_into.is_some() {
        return Err(NotOne::Merged);
    }
    if one.erased_at.is_some() || two.erased_at.is_some() {
        return Err(NotOne::Erased);
    }
    let both_shown = one.phone_verified_at.is_some() && two.phone_verified_at.is_some();
    if both_shown && one.phone != two.phone {
        return Err(NotOne::OtherPhone);
    }
    let swap = (two.created_at, two.id) < (one.created_at, one.id);
    let (kept, gone) = if swap { (two, one) } else { (one, two) };
    // A number that was shown to be somebody's own outranks one that was written down.
    let by_gone = gone.phone_verified_at.is_some() && kept.phone_verified_at.is_none();
    let phone = if by_gone { gone.phone.clone() } else { kept.phone.clone().or_else(|| gone.phone.clone()) };
    let first = |one: Option<Timestamp>, two: Option<Timestamp>| one.into_iter().chain(two).min();
    let joined = Contact {
        name: kept.name.clone().or_else(|| gone.name.clone()),
        phone,
        role: if gone.role == ContactRole::Client { ContactRole::Client } else { kept.role },
        consent_at: first(kept.consent_at, gone.consent_at),
        surveys_stopped_at: first(kept.surveys_stopped_at, gone.surveys_stopped_at),
        phone_verified_at: kept.phone_verified_at.or(gone.phone_verified_at),
        ..kept
    };
    Ok((joined, gone))
}

/// Takes two contacts apart again: returns what `kept` knows without the other. `before` is what it
/// knew when they were joined; what was learnt since stays.
pub fn part(kept: Contact, before: Contact, gone: &Contact) -> Contact {
    fn back<T: PartialEq>(now: T, then: &T, before: T) -> T {
        if now == *then { before } else { now }
    }
    let Ok((joined, _)) = join(before.clone(), gone.clone()) else { return kept };
    Contact {
        name: back(kept.name, &joined.name, before.name),
        phone: back(kept.phone, &joined.phone, before.phone),
        role: back(kept.role, &joined.role, before.role),
        consent_at: back(kept.consent_at, &joined.consent_at, before.consent_at),
        surveys_stopped_at: back(kept.surveys_stopped_at, &joined.surveys_stopped_at, before.surveys_stopped_at),
        phone_verified_at: back(kept.phone_verified_at, &joined.phone_verified_at, before.phone_verified_at),
        ..kept
    }
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
            erased_at: None,
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn contact(n: u128) -> Contact {
        let at = i64::try_from(n).unwrap();
        Contact::new(ContactId(Uuid::from_u128(n)), Language::Chinese, Timestamp(at))
    }

    fn registered() -> Contact {
        let (name, phone) = (Some("王敏".to_owned()), Some("13800138000".to_owned()));
        Contact { name, phone, role: ContactRole::Client, consent_at: Some(Timestamp(7)), ..contact(5) }
    }

    #[test]
    fn the_earlier_contact_carries_on_and_takes_what_it_lacks() {
        let chat = Contact { surveys_stopped_at: Some(Timestamp(9)), ..contact(3) };
        for (one, two) in [(chat.clone(), registered()), (registered(), chat.clone())] {
            let (kept, gone) = join(one, two).unwrap();
            assert_eq!((kept.id, &gone), (chat.id, &registered()));
            assert_eq!((kept.name.as_deref(), kept.phone.as_deref()), (Some("王敏"), Some("13800138000")));
            assert_eq!(kept.role, ContactRole::Client);
            assert_eq!((kept.consent_at, kept.surveys_stopped_at), (Some(Timestamp(7)), Some(Timestamp(9))));
        }
    }

    #[test]
    fn a_number_shown_to_be_ones_own_outranks_one_that_was_written_down() {
        let shown =
            Contact { phone: Some("13900139000".to_owned()), phone_verified_at: Some(Timestamp(9)), ..contact(8) };
        let (kept, _) = join(registered(), shown).unwrap();
        assert_eq!((kept.phone.as_deref(), kept.phone_verified_at), (Some("13900139000"), Some(Timestamp(9))));
    }

    #[test]
    fn people_with_a_number_of_their_own_each_are_two() {
        let shown = |contact: Contact, phone: &str| Contact {
            phone: Some(phone.to_owned()),
            phone_verified_at: Some(Timestamp(1)),
            ..contact
        };
        let (one, two) = (shown(contact(1), "13800138000"), shown(contact(2), "13900139000"));
        assert_eq!(join(one.clone(), two).unwrap_err(), NotOne::OtherPhone);
        assert!(join(one.clone(), shown(contact(2), "13800138000")).is_ok());
        assert_eq!(join(one.clone(), one.clone()).unwrap_err(), NotOne::Same);
        let part_of = Contact { merged_into: Some(one.id), ..contact(3) };
        assert_eq!(join(one.clone(), part_of).unwrap_err(), NotOne::Merged);
        assert_eq!(join(Contact { erased_at: Some(Timestamp(1)), ..contact(4) }, one).unwrap_err(), NotOne::Erased);
    }

    #[test]
    fn taken_apart_they_are_as_before_but_for_what_was_learnt_since() {
        let before = contact(3);
        let (joined, gone) = join(before.clone(), registered()).unwrap();
        assert_eq!(part(joined.clone(), before.clone(), &gone), before);
        let renamed = Contact { name: Some("王小敏".to_owned()), ..joined };
        let apart = part(renamed, before, &gone);
        assert_eq!((apart.name.as_deref(), apart.phone, apart.role), (Some("王小敏"), None, ContactRole::Owner));
    }
}
