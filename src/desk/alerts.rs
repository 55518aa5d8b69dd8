//! What staff does in Telegram: buttons below alerts, answers to clients, and whose account it is.
//!
//! Only accounts that were linked to an active member of staff may act, and what each may do is
//! [`super::acts`]'s. Who acts, what changes and what is said about it in the group commit together.

use std::collections::BTreeMap;

use super::acts::Tap;
use super::{Desk, DeskError, words};
use crate::channel::ChannelKind;
use crate::channel::telegram::staff::{Answer, StaffSays, What};
use crate::domain::alert::Act;
use crate::domain::ids::{FlagId, StaffId};
use crate::domain::language::Language;
use crate::domain::staff::Staff;
use crate::store::{self, StoreError};

/// Where this happens; the other places that get alerts only listen.
const CHANNEL: &str = "telegram";

/// What came of something that a member of staff may have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeardStaff {
    /// They are told this at once.
    Answered(Answer),
    /// It is done; a job says so where it matters.
    Done,
    /// It was nothing of staff's: a client, or people talking among themselves.
    NotStaff,
}

/// What an alert's button or an answer to it led to.
enum Done {
    /// It is done, perhaps by an earlier copy.
    By(Staff),
    /// The account is nobody's.
    Unknown,
    /// The message that was answered is no alert.
    NoAlert,
}

impl Desk {
    /// Carries out what somebody did in Telegram, if they are staff; returns what came of it.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored: it will come again.
    pub async fn hear_staff(&self, says: &StaffSays) -> Result<HeardStaff, StoreError> {
        debug_assert_eq!(ChannelKind::Telegram.name(), CHANNEL);
        let language = says.language.unwrap_or_default();
        match &says.what {
            What::Linked { chat, token } => {
                let text = match self.link_account(says.from, token, &says.external_id).await? {
                    Some(staff) => self.told(language, "alert.linked.done", &[("name", &staff.name)]),
                    None => self.told(language, "alert.refused.link", &[]),
                };
                Ok(HeardStaff::Answered(Answer::Say { chat: *chat, below: None, text }))
            }
            What::Pressed { query, act, flag } => {
                let done = self.act(says, *act, Some(*flag), None).await;
                let text = match done {
                    Ok(Done::By(staff)) => {
                        let key = format!("alert.done.{}", act.name());
                        self.told(language, &key, &[("name", &staff.name), ("number", "")])
                    }
                    Ok(Done::Unknown) => self.told(language, "alert.refused.unknown", &[]),
                    Ok(Done::NoAlert) => self.told(language, "alert.refused.gone", &[]),
                    Err(error) => self.refusal(language, error)?,
                };
                Ok(HeardStaff::Answered(Answer::Toast { query: query.clone(), text }))
            }
            What::Replied { chat, message, to, text } => {
                let at = (chat.to_string(), to.to_string());
                let found = self
                    .store
                    .read(|tx| Box::pin(async move { store::alerts::flag_of(tx, CHANNEL, &at.0, &at.1).await }));
                let done = self.act(says, Act::Reply, found.await?, Some(text)).await;
                let text = match done {
                    Ok(Done::By(_)) => return Ok(HeardStaff::Done),
                    Ok(Done::NoAlert) => return Ok(HeardStaff::NotStaff),
                    Ok(Done::Unknown) => self.told(language, "alert.refused.unknown", &[]),
                    Err(error) => self.refusal(language, error)?,
                };
                Ok(HeardStaff::Answered(Answer::Say { chat: *chat, below: Some(*message), text }))
            }
        }
    }

    async fn act(
        &self,
        says: &StaffSays,
        act: Act,
        flag: Option<FlagId>,
        said: Option<&str>,
    ) -> Result<Done, DeskError> {
        let Some(flag) = flag else { return Ok(Done::NoAlert) };
        let said = said.map(|said| words(said, "an answer")).transpose()?;
        let (this, account) = (self.clone(), says.from.to_string());
        let tap = Tap { flag, act, said, id: says.external_id.clone() };
        self.write(move |tx| {
            Box::pin(async move {
                let staff = match store::staff_accounts::find(tx, CHANNEL, &account).await? {
                    Some(staff) => store::staff::find(tx, staff).await?.filter(|staff| staff.active),
                    None => None,
                };
                let Some(staff) = staff else { return Ok(Done::Unknown) };
                this.tapped(tx, &staff, &tap).await?;
                Ok(Done::By(staff))
            })
        })
        .await
    }

    /// Says whose account this is; `None` if the token is not good, or was used by another account.
    async fn link_account(&self, account: i64, token: &str, id: &str) -> Result<Option<Staff>, StoreError> {
        let now = self.intake.clock.now();
        let Ok(staff) = self.intake.tokens.verify_staff(token, now) else { return Ok(None) };
        let (account, id) = (account.to_string(), id.to_owned());
        let linked = self.store.write(move |tx| {
            Box::pin(async move {
                let known = store::staff_accounts::find(tx, CHANNEL, &account).await?;
                let fresh = store::alerts::remember_act(tx, &id, now).await?;
                let staff = store::staff::find(tx, staff).await?.filter(|staff| staff.active);
                match staff {
                    Some(staff) if fresh || known == Some(staff.id) => {
                        store::staff_accounts::link(tx, CHANNEL, &account, staff.id, now).await?;
                        Ok::<_, StoreError>(Some(staff))
                    }
                    _ => Ok(None),
                }
            })
        });
        let linked = linked.await?;
        if let Some(StaffId(id)) = linked.as_ref().map(|staff| staff.id) {
            tracing::info!(staff.id = %id, "a Telegram account was linked to member of staff {id}");
        }
        Ok(linked)
    }

    fn refusal(&self, language: Language, error: DeskError) -> Result<String, StoreError> {
        let key = match error {
            DeskError::Store(error) => return Err(error),
            DeskError::Transition(_)
            | DeskError::OutOfTurn(_)
            | DeskError::Changed
            | DeskError::Clock(_)
            | DeskError::NotOne(_)
            | DeskError::IntoEnded(_)
            | DeskError::Day(_)
            | DeskError::TooLong(_)
            | DeskError::Appointment(_) => "alert.refused.not_now",
            DeskError::NotAllowed => "alert.refused.not_allowed",
            DeskError::NotFound("conversation") | DeskError::Unreachable => "alert.refused.no_client",
            DeskError::NotFound(_) | DeskError::Left | DeskError::Needed(_) => "alert.refused.gone",
        };
        Ok(self.told(language, key, &[]))
    }

    fn told(&self, language: Language, key: &str, args: &[(&str, &str)]) -> String {
        let args: BTreeMap<String, String> =
            args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.intake.catalog.text(language, key, &args).trim().to_owned()
    }
}
