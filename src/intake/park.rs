//! A message that cannot be taken in however often it comes: the state of its conversation cannot be
//! read, or its reading or its step ends in a fault. It is put into the thread as it came, without being
//! understood, and shown to staff, so that it neither holds up whoever writes after it nor is lost.

use super::read::SHOWN;
use super::{Intake, Received, message};
use crate::channel::Inbound;
use crate::domain::dialogue::effect::About;
use crate::domain::flag::FlagKind;
use crate::domain::job::Job;
use crate::domain::media::MediaKind;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Takes a message in as [`Intake::receive`] does, or puts it aside for staff where that fails
    /// for a reason that lies in the message or its conversation: `None` then.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing can be stored now: the channel must not acknowledge the message.
    pub async fn receive_or_park(&self, inbound: Inbound) -> Result<Option<Received>, StoreError> {
        let error = match self.receive(inbound.clone()).await {
            Ok(received) => return Ok(Some(received)),
            Err(error) => error,
        };
        if !error.is_local() {
            return Err(error);
        }
        let channel = inbound.channel.name();
        tracing::error!(%error, channel, "a message by {channel} is put aside for staff: {error}");
        let this = self.clone();
        match self.store.write(move |tx| Box::pin(async move { this.park(tx, inbound).await })).await {
            Err(error) if error.is_local() => {
                tracing::error!(%error, channel, "a message by {channel} was passed over: {error}");
                Ok(None)
            }
            outcome => outcome.map(|()| None),
        }
    }

    /// Stores what a message holds; its conversation stays where it stands.
    async fn park(&self, tx: &mut Tx, inbound: Inbound) -> Result<(), StoreError> {
        let now = self.clock.now();
        let found = self.find_or_begin(tx, &inbound, now).await?;
        let (id, state, handed_over) = (found.id, found.state, found.handed_over);
        let heard = Intake::heard(&inbound.content);
        // Not read: that may be what fails.
        let (mut body, files) = self.as_sent(&inbound.content, inbound.language.unwrap_or_default());
        let shows_token = |words: &String| words.starts_with(['/', '／']) && self.token_in(words).is_some();
        if body.text.as_ref().is_some_and(shows_token) {
            body.text = Some(SHOWN.to_owned());
        }
        let stored = store::inbox::NewInbound {
            id: self.clock.new_id(),
            channel: inbound.channel.name().to_owned(),
            external_id: inbound.external_id,
            dialogue_id: id,
            kind: body.kind().to_owned(),
            body: message::encode(&body)?,
            received_at: now,
        };
        if store::inbox::remember(tx, &stored).await?.is_some() {
            return Ok(());
        }
        self.keep_files(tx, id, &files, now).await?;
        for voice in files.iter().filter(|file| file.kind == MediaKind::Voice) {
            // No job listens to it: a person does.
            store::transcripts::failed(tx, voice.id, now).await?;
            if voice.remote.is_some() {
                self.owe(tx, Job::Fetch { dialogue: id, media: voice.id }, now).await?;
            }
        }
        if let Some(heard) = heard {
            store::dialogues::save_heard(tx, id, &state, handed_over, now, heard).await?;
        }
        self.raise(tx, Some(id), FlagKind::PersonRequested, About::Conversation).await
    }
}
