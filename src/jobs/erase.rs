//! Personal data goes: first the rows that say where the files lie, then the files, then it is noted
//! as done. Broken off anywhere it begins anew and finds what is left.

use super::{Outcome, Runner};
use crate::domain::ids::ErasureId;

impl Runner {
    pub(super) async fn erase(&self, id: ErasureId) -> Outcome {
        let intake = self.intake.clone();
        let emptied = self.store.write(move |tx| Box::pin(async move { intake.erase(tx, id).await })).await;
        let keys = match emptied {
            Ok(Some(keys)) => keys,
            Ok(None) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        for key in &keys {
            if let Err(error) = self.blobs.delete(key).await {
                return Outcome::Retry(anyhow::Error::new(error).context("a file could not be deleted"));
            }
        }
        let intake = self.intake.clone();
        let noted = self.store.write(move |tx| Box::pin(async move { intake.erased(tx, id, &keys).await })).await;
        noted.map_or_else(Outcome::from, |()| Outcome::Done)
    }
}
