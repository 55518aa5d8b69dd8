//! Identifiers: UUIDv7 newtypes, so that a ticket can never be looked up by a contact's id.
//!
//! Ids are minted at the edge ([`crate::clock::Clock::new_id`]) and handed in; nothing in
//! `domain` makes one up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an identifier of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid identifier")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// A works project (工程项目).
    ProjectId,
    /// A flat, house or machine that belongs to a project (房号 / 设备).
    UnitId,
    /// A person we talk to (客户档案).
    ContactId,
    /// Two contacts that turned out to be one person.
    MergeId,
    /// A removal of personal data.
    ErasureId,
    /// One person's conversation on one channel.
    DialogueId,
    /// One message as it came in.
    InboxId,
    /// One message on its way out.
    OutboxId,
    /// An account of WeChat customer service (微信客服).
    ServiceAccountId,
    /// What a platform lets us send once.
    PermitId,
    /// A photo, voice message or file.
    MediaId,
    /// One client's answers to one survey (问卷答复).
    ResponseId,
    /// One repair or complaint from report to closure (工单).
    TicketId,
    /// Something staff must see now.
    FlagId,
    /// Something that staff put right.
    CorrectionId,
    /// A member of staff.
    StaffId,
    /// A piece of work the service owes.
    JobId,
    /// One follow-up that is or was due (回访).
    VisitId,
    /// A firm that did a trade in a project (分包单位).
    SubcontractorId,
    /// A time at which somebody comes to repair.
    AppointmentId,
    /// A dissatisfied client who is to be won back.
    RecoveryId,
    /// The same fault in the same place, reported by several.
    IncidentId,
}
