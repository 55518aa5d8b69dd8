//! What a message brings besides words: leave to write to the person once, or its withdrawal.

use super::Intake;
use crate::channel::Content;
use crate::domain::ids::DialogueId;
use crate::domain::reach::PermitKind;
use crate::domain::time::Timestamp;
use crate::store::permits::{self, NewPermit};
use crate::store::{StoreError, Tx};

/// Permits that a message grants or takes back.
#[derive(Debug, Default)]
pub(super) struct Change {
    granted: Vec<(PermitKind, String, Option<Timestamp>)>,
    withdrawn: Vec<String>,
}

impl Change {
    /// Reads them off a message; most bring none.
    pub(super) fn of(content: &Content) -> Change {
        match content {
            Content::Entered { welcome: Some((code, until)), .. } => {
                let granted = vec![(PermitKind::Welcome, code.clone(), Some(*until))];
                Change { granted, withdrawn: Vec::new() }
            }
            Content::Consent { granted, withdrawn } => {
                let granted = granted.iter().map(|template| (PermitKind::Subscription, template.clone(), None));
                Change { granted: granted.collect(), withdrawn: withdrawn.clone() }
            }
            _ => Change::default(),
        }
    }
}

impl Intake {
    /// Notes what a message that came for the first time grants or takes back.
    pub(super) async fn note_permits(
        &self,
        tx: &mut Tx,
        dialogue_id: DialogueId,
        change: Change,
        granted_at: Timestamp,
    ) -> Result<(), StoreError> {
        for (kind, code, ends_at) in change.granted {
            let id = self.clock.new_id();
            permits::grant(tx, &NewPermit { id, dialogue_id, kind, code, granted_at, ends_at }).await?;
        }
        for code in change.withdrawn {
            permits::withdraw(tx, dialogue_id, &code, granted_at).await?;
        }
        Ok(())
    }
}
