//! Fetching a file from the platform it lies with, into the media store.
//!
//! What the platform no longer has, or did not give for hours, is noted with the reason, and with it
//! the person is asked to send it again; what is too large or no photo or recording, they are told.
//! Nothing is asked of the platform twice once the bytes are here.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Outcome, Runner};
use crate::channel::{ChannelKind, FetchError, Refusal};
use crate::domain::dialogue::Event;
use crate::domain::ids::{DialogueId, MediaId};
use crate::domain::reach::Unsent;
use crate::intake::kind;
use crate::store::jobs::ClaimedJob;
use crate::store::media::Media;
use crate::store::{self, StoreError, Tx};

/// Why a file is lost that the platform still has, for all we know.
pub(super) const GIVEN_UP: &str = "the platform did not give it for hours";

/// Why there are no bytes.
pub(super) enum Absent {
    /// The job ends as the outcome says: ask again, or leave it.
    Later(Outcome),
    /// There will never be any: what the person is told, and the reason. Yet to be noted, in the
    /// transaction that tells them.
    Lost(Refusal, String),
}

impl Runner {
    pub(super) async fn fetch(&self, dialogue: DialogueId, media: MediaId, job: &ClaimedJob) -> Outcome {
        let read = self.store.read(move |tx| {
            Box::pin(async move {
                let row = store::media::find(tx, media).await?;
                let found = store::dialogues::find(tx, dialogue).await?;
                Ok::<_, StoreError>((row, found))
            })
        });
        let (row, found) = match read.await {
            Ok((Some(row), Some(found))) => (row, found),
            Ok(_) => return Outcome::Fail(anyhow::anyhow!("file {media} or its conversation is not in the database")),
            Err(error) => return error.into(),
        };
        if !row.is_awaited() {
            return Outcome::Done;
        }
        let brought = if job.is_spent() {
            Err(Absent::Lost(Refusal::Lost, GIVEN_UP.to_owned()))
        } else {
            self.bring(&row, &found.channel).await
        };
        let (why, reason) = match brought {
            Ok(_) => return Outcome::Done,
            Err(Absent::Later(Outcome::Retry(_) | Outcome::RetryAfter(..))) if job.attempt >= job.max_attempts => {
                (Refusal::Lost, GIVEN_UP.to_owned())
            }
            Err(Absent::Later(outcome)) => return outcome,
            Err(Absent::Lost(why, reason)) => (why, reason),
        };
        let intake = self.intake.clone();
        let told = self.store.write(move |tx| {
            Box::pin(async move {
                let row = store::media::find(tx, media).await?;
                if !row.is_some_and(|row| row.is_awaited()) {
                    return Ok::<(), StoreError>(()); // the job ran twice
                }
                lose(tx, media, &reason).await?;
                intake.apply(tx, dialogue, Event::Refused(why)).await
            })
        });
        told.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// Fetches the bytes of a file and keeps them.
    pub(super) async fn bring(&self, row: &Media, channel: &str) -> Result<Bytes, Absent> {
        let (media, reference) = (row.id, row.remote.clone().unwrap_or_default());
        let Some(channel) = ChannelKind::from_name(channel) else {
            return Err(Absent::Lost(Refusal::Lost, Unsent::NoChannel.reason().to_owned()));
        };
        let bytes = match self.channels.fetch(channel, &reference).await {
            Ok(bytes) => bytes,
            Err(FetchError::Later { wait, reason }) => {
                return Err(Absent::Later(Outcome::later(wait, anyhow::anyhow!("file {media}: {reason}"))));
            }
            Err(error @ FetchError::Gone(_)) => return Err(Absent::Lost(Refusal::Lost, error.to_string())),
            Err(error @ FetchError::TooLarge) => return Err(Absent::Lost(Refusal::TooLarge, error.to_string())),
        };
        let content_type = match kind::of(&bytes) {
            Some((found, content_type)) if found.name() == row.kind => content_type,
            _ => {
                let reason = "its bytes are not what the platform said".to_owned();
                return Err(Absent::Lost(Refusal::UnknownKind, reason));
            }
        };
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if let Err(error) = self.blobs.put(&row.key, bytes.clone()).await {
            return Err(Absent::Later(Outcome::Retry(error.into())));
        }
        let stored = self.store.write(move |tx| {
            Box::pin(async move { store::media::brought(tx, media, content_type, length, &sha256).await })
        });
        if stored.await.map_err(|error| Absent::Later(error.into()))? {
            return Ok(bytes);
        }
        Err(Absent::Later(self.nobodys(row).await))
    }

    /// Somebody was forgotten while their file was fetched: it goes again, and nobody is told.
    async fn nobodys(&self, row: &Media) -> Outcome {
        match self.blobs.delete(&row.key).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Fail(anyhow::Error::new(error).context("a file could not be deleted")),
        }
    }
}

/// Notes that the bytes of a file cannot be had.
pub(super) async fn lose(tx: &mut Tx, media: MediaId, reason: &str) -> Result<(), StoreError> {
    tracing::warn!(media.id = %media, "file {media} is lost: {reason}");
    store::media::lose(tx, media, reason).await
}
