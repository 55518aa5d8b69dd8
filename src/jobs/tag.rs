//! The model's opinion on words that were stored with the rules' opinion alone.

use super::{Outcome, Runner};
use crate::domain::ids::{ResponseId, TicketId};
use crate::domain::understanding::Awaiting;
use crate::store::{self, StoreError};

impl Runner {
    pub(super) async fn tag_ticket(&self, id: TicketId) -> Outcome {
        let found = self.store.read(move |tx| {
            Box::pin(async move {
                let Some(ticket) = store::tickets::find(tx, id).await? else { return Ok(String::new()) };
                store::transcripts::corrected_words(tx, id, &ticket.description).await
            })
        });
        let words = match found.await {
            Ok(words) if words.is_empty() => return Outcome::Done,
            Ok(words) => words,
            Err(error) => return StoreError::into(error),
        };
        let judged = self.tagger.tag(&words, None, Awaiting::Nothing).await;
        let intake = self.intake.clone();
        let stored =
            self.store.write(move |tx| Box::pin(async move { intake.judge_ticket(tx, id, &judged).await })).await;
        stored.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    pub(super) async fn tag_response(&self, id: ResponseId) -> Outcome {
        let found = self.store.read(move |tx| Box::pin(async move { store::responses::find(tx, id).await })).await;
        let comment = match found {
            Ok(Some(response)) => response.comment.unwrap_or_default(),
            Ok(None) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        if comment.is_empty() {
            return Outcome::Done;
        }
        let judged = self.tagger.tag(&comment, None, Awaiting::Nothing).await;
        let intake = self.intake.clone();
        let stored =
            self.store.write(move |tx| Box::pin(async move { intake.judge_response(tx, id, &judged).await })).await;
        stored.map_or_else(Outcome::from, |()| Outcome::Done)
    }
}
