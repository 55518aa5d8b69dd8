//! Contacts in staff's hands: two that are one person, two that are not, and those who wish to be
//! forgotten. Who may do it is decided at the door (`crate::web`).

use std::collections::BTreeSet;

use super::{Desk, DeskError};
use crate::domain::contact::Proof;
use crate::domain::ids::{ContactId, MergeId, StaffId};
use crate::store::{self, StoreError, Tx};

impl Desk {
    /// Makes one contact of two; returns the one that carries on.
    ///
    /// # Errors
    /// [`DeskError::NotOne`] says why they are not one person.
    pub async fn unite(&self, one: ContactId, two: ContactId, by: StaffId) -> Result<ContactId, DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                for id in [one, two] {
                    store::contacts::find(tx, id).await?.ok_or(DeskError::NotFound("contact"))?;
                }
                hold_talks(tx, &[one, two]).await?;
                Ok(this.intake.unite(tx, one, two, Proof::Staff, Some(by)).await??)
            })
        })
        .await
    }

    /// Takes a contact apart from one it was joined with.
    ///
    /// # Errors
    /// [`DeskError::Changed`] if that was done already, cannot be done any more, or was somebody else's.
    pub async fn part(&self, contact: ContactId, merge: MergeId, by: StaffId) -> Result<(), DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = store::contacts::carrying_on(tx, contact).await?.map_or(contact, |kept| kept.id);
                hold_talks(tx, &[now]).await?;
                if this.intake.part(tx, contact, merge, by).await? { Ok(()) } else { Err(DeskError::Changed) }
            })
        })
        .await
    }

    /// Has everything personal of a contact removed.
    ///
    /// # Errors
    /// [`DeskError::NotFound`].
    pub async fn forget(&self, contact: ContactId, by: StaffId) -> Result<(), DeskError> {
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                store::contacts::find(tx, contact).await?.ok_or(DeskError::NotFound("contact"))?;
                Ok(this.intake.forget_for(tx, contact, by).await?)
            })
        })
        .await
    }
}

/// Holds the conversations of people before anybody holds these themselves, as whoever writes to us does.
async fn hold_talks(tx: &mut Tx, of: &[ContactId]) -> Result<(), StoreError> {
    let mut talks = BTreeSet::new();
    for contact in of {
        talks.extend(store::dialogues::list_for_contact(tx, *contact).await?.into_iter().map(|talk| talk.id));
    }
    store::dialogues::lock_all(tx, &talks).await
}
