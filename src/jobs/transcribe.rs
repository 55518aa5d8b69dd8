//! Listening to a recording: bytes from the media store, words into the conversation.
//!
//! Whatever goes wrong the recording is kept and the conversation is told, so that nobody waits
//! for an answer that never comes.

use anyhow::Context;

use super::fetch::{self, Absent};
use super::{Outcome, Runner};
use crate::domain::dialogue::{Event, NotHeard, State};
use crate::domain::ids::{DialogueId, MediaId, VisitId};
use crate::domain::job::Job;
use crate::domain::language::Language;
use crate::domain::media::Refusal;
use crate::domain::project::Project;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Understanding;
use crate::intake::{Intake, message};
use crate::planner::Planner;
use crate::speech::{Heard, Listener, SpeechError, Transcript};
use crate::store::jobs::{self, ClaimedJob};
use crate::store::transcripts::Hearing;
use crate::store::{self, StoreError, Tx};

/// Listening is tried so often; a recording that brings the process down is left alone then.
const TRIES: u32 = 3;
/// The same where a service on another machine listens, which may be away for some minutes.
const TRIES_REMOTE: u32 = 7;

/// Attempts of the job after which a person is told although the media store is still away: three quarters of an hour.
const ATTEMPTS_AT_STORE: u32 = 10;

/// The job whose turn it is to listen.
#[derive(Clone, Copy)]
pub(super) struct Turn<'c> {
    pub job: Job,
    pub claimed: &'c ClaimedJob,
    /// How often it has listened before.
    pub tries: u32,
}

impl Turn<'_> {
    /// Whether no attempt is left after this one: it tells whoever waits, whatever the others were spent on.
    fn is_last(&self) -> bool {
        self.claimed.attempt >= self.claimed.max_attempts
    }
}

/// What a recording came to.
enum Ear {
    Words(Box<(Transcript, Understanding, State)>),
    None(Silence),
}

/// What was in a recording.
enum Sound {
    Speech(Box<Transcript>),
    None(Silence),
}

/// A recording without words, or with none that we can read.
struct Silence {
    why: NotHeard,
    seconds: Option<f64>,
    /// Why its bytes cannot be had; yet to be noted.
    lost: Option<String>,
}

impl Silence {
    fn of(why: NotHeard) -> Silence {
        Silence { why, seconds: None, lost: None }
    }

    fn lost(why: Refusal, reason: String) -> Silence {
        let why = match why {
            Refusal::TooLarge => NotHeard::TooLarge,
            Refusal::UnknownKind => NotHeard::Unreadable,
            Refusal::Lost | Refusal::TooLong | Refusal::Empty => NotHeard::Lost,
        };
        Silence { lost: Some(reason), ..Silence::of(why) }
    }
}

impl Runner {
    pub(super) async fn transcribe(&self, dialogue: DialogueId, media: MediaId, turn: Turn<'_>) -> Outcome {
        let ear = match self.hear(dialogue, media, turn).await {
            Ok(Some(ear)) => ear,
            Ok(None) => return Outcome::Done,
            Err(outcome) => return outcome,
        };
        let intake = self.intake.clone();
        let now = self.clock.now();
        let stored = self.store.write(move |tx| {
            Box::pin(async move {
                // Asked again, with the conversation held: the job may have run twice, or the person was
                // forgotten while we listened.
                store::dialogues::lock(tx, dialogue).await?;
                if !is_awaited(tx, media).await? {
                    return Ok::<(), StoreError>(());
                }
                match ear {
                    Ear::Words(heard) => {
                        let (transcript, understood, state) = *heard;
                        keep_words(tx, media, &transcript, now).await?;
                        // The question may have changed while we listened.
                        let found = store::dialogues::load_for_update(tx, dialogue).await?;
                        let current = found.as_ref().map(Intake::state_of).transpose()?;
                        let understood = match current {
                            Some(current) if current.awaiting() != state.awaiting() => {
                                intake.understand(&transcript.text, &current)
                            }
                            _ => understood,
                        };
                        let event = Event::Transcribed {
                            media,
                            text: transcript.text,
                            understood,
                            in_part: transcript.in_part,
                        };
                        intake.apply(tx, dialogue, event).await
                    }
                    Ear::None(silence) => {
                        keep_silence(tx, media, &silence, now).await?;
                        intake.apply(tx, dialogue, Event::NotHeard { media, why: silence.why }).await
                    }
                }
            })
        });
        stored.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// Listens. `None` when there is nothing left to do.
    async fn hear(&self, dialogue: DialogueId, media: MediaId, turn: Turn<'_>) -> Result<Option<Ear>, Outcome> {
        let read = self.store.read(move |tx| {
            Box::pin(async move {
                let row = store::media::find(tx, media).await?;
                let transcript = store::transcripts::find(tx, media).await?;
                let found = store::dialogues::find(tx, dialogue).await?;
                let state = found.as_ref().map(Intake::state_of).transpose()?;
                let project = match state.as_ref().and_then(|state| state.binding.as_ref()) {
                    Some(binding) => store::projects::find(tx, binding.project).await?,
                    None => None,
                };
                let channel = found.map(|found| found.channel).unwrap_or_default();
                Ok::<_, StoreError>((row, transcript, state, project, channel))
            })
        });
        let (Some(row), Some(transcript), Some(state), project, channel) = read.await.map_err(Outcome::from)? else {
            return Err(Outcome::Fail(anyhow::anyhow!("recording {media} or its conversation is not in the database")));
        };
        if transcript.hearing != Hearing::Pending {
            return Ok(None);
        }
        let vocabulary = self.vocabulary(state.language, project.as_ref());
        match self.listen(&row, &channel, &vocabulary, state.language, turn).await? {
            Sound::Speech(transcript) => {
                let understood = self.tagger.tag(&transcript.text, Some(state.language), state.awaiting()).await;
                Ok(Some(Ear::Words(Box::new((*transcript, understood, state)))))
            }
            Sound::None(silence) => Ok(Some(Ear::None(silence))),
        }
    }

    /// Listens to what staff recorded of a visit: the words are kept beside it, no conversation is told.
    pub(super) async fn hear_record(&self, visit: VisitId, media: MediaId, turn: Turn<'_>) -> Outcome {
        let read = self.store.read(move |tx| {
            Box::pin(async move {
                let row = store::media::find(tx, media).await?;
                let transcript = store::transcripts::find(tx, media).await?;
                let visit = store::visits::find(tx, visit).await?;
                let project = match &visit {
                    Some(visit) => store::projects::find(tx, visit.project_id).await?,
                    None => None,
                };
                let contact = match visit.and_then(|visit| visit.contact_id) {
                    Some(contact) => store::contacts::find(tx, contact).await?,
                    None => None,
                };
                let language = contact.map(|contact| contact.language).unwrap_or_default();
                Ok::<_, StoreError>((row, transcript, project, language))
            })
        });
        let (row, transcript, project, language) = match read.await {
            Ok((Some(row), Some(transcript), project, language)) => (row, transcript, project, language),
            Ok(_) => return Outcome::Fail(anyhow::anyhow!("recording {media} is not in the database")),
            Err(error) => return error.into(),
        };
        let sound = if transcript.hearing == Hearing::Pending {
            match self.listen(&row, "", &self.vocabulary(language, project.as_ref()), language, turn).await {
                Ok(sound) => Some(sound),
                Err(outcome) => return outcome,
            }
        } else {
            None
        };
        let (planner, now) = (Planner::new(self.intake.clone()), self.clock.now());
        let stored = self.store.write(move |tx| {
            Box::pin(async move {
                let awaited = is_awaited(tx, media).await?;
                match sound.filter(|_| awaited) {
                    Some(Sound::Speech(transcript)) => keep_words(tx, media, &transcript, now).await?,
                    Some(Sound::None(silence)) => keep_silence(tx, media, &silence, now).await?,
                    None => {}
                }
                planner.record_heard(tx, visit).await
            })
        });
        stored.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// Returns the words that prepare recognition: of the trade, and of the project.
    fn vocabulary(&self, language: Language, project: Option<&Project>) -> String {
        let mut vocabulary = self.catalog.vocabulary(language).to_owned();
        for name in project.iter().flat_map(|project| &project.vocabulary) {
            vocabulary.push(' ');
            vocabulary.push_str(name);
        }
        vocabulary
    }

    /// Fetches the bytes of a recording and listens to them.
    async fn listen(
        &self,
        row: &store::media::Media,
        channel: &str,
        vocabulary: &str,
        language: Language,
        turn: Turn<'_>,
    ) -> Result<Sound, Outcome> {
        let media = row.id;
        let given_up = |why| Ok(Sound::None(Silence::of(why)));
        if turn.is_last() && row.is_awaited() {
            return Ok(Sound::None(Silence::lost(Refusal::Lost, fetch::GIVEN_UP.to_owned())));
        }
        let most = if self.listener.as_ref().is_some_and(Listener::is_remote) { TRIES_REMOTE } else { TRIES };
        if turn.is_last() || turn.tries >= most {
            let (attempts, tries) = (turn.claimed.attempt, turn.tries);
            tracing::error!(
                media.id = %media,
                "recording {media} was listened to {tries} times, at attempt {attempts} of its job; a person has to listen"
            );
            return given_up(NotHeard::Failed);
        }
        let bytes = if row.is_awaited() {
            match self.bring(row, channel).await {
                Ok(bytes) => bytes,
                Err(Absent::Later(outcome)) => return Err(outcome),
                Err(Absent::Lost(why, reason)) => return Ok(Sound::None(Silence::lost(why, reason))),
            }
        } else if row.lost.is_some() {
            return given_up(NotHeard::Lost);
        } else {
            match self.blobs.get(&row.key).await.with_context(|| format!("recording {media}")) {
                Ok(bytes) => bytes,
                // A store that is away may come back: this was no try. But whoever spoke waits.
                Err(error) if turn.claimed.attempt < ATTEMPTS_AT_STORE => return Err(Outcome::Retry(error)),
                Err(error) => {
                    tracing::error!(media.id = %media, "recording {media} could not be read, a person has to listen: {error:#}");
                    return given_up(NotHeard::Failed);
                }
            }
        };
        // Only now: what lies with a platform is kept even where a person has to listen to it.
        let Some(listener) = &self.listener else { return given_up(NotHeard::Failed) };
        self.note_try(turn).await.map_err(Outcome::from)?;
        match listener.listen(&bytes, Some(vocabulary), language).await {
            Ok(Heard::Speech(transcript)) => Ok(Sound::Speech(Box::new(transcript))),
            Ok(Heard::Nothing { seconds }) => {
                Ok(Sound::None(Silence { seconds: Some(seconds), ..Silence::of(NotHeard::NoSpeech) }))
            }
            Err(error) => {
                tracing::warn!(media.id = %media, "recording {media} was not heard: {error}");
                match error {
                    SpeechError::TooLong { seconds, .. } => {
                        Ok(Sound::None(Silence { seconds: Some(seconds), ..Silence::of(NotHeard::TooLong) }))
                    }
                    SpeechError::TooLarge { .. }
                    | SpeechError::UnknownFormat
                    | SpeechError::Unsupported(_)
                    | SpeechError::Damaged(_) => given_up(NotHeard::Unreadable),
                    // Somebody speaks, or may have: who says what nobody writes down is listened to.
                    SpeechError::Unclear
                    | SpeechError::Remnant
                    | SpeechError::ModelMissing(_)
                    | SpeechError::ModelUnusable { .. }
                    | SpeechError::NotAsKnown(_)
                    | SpeechError::Refused(_) => given_up(NotHeard::Failed),
                    SpeechError::Later { wait, .. } => Err(Outcome::later(wait, error.into())),
                    SpeechError::Deadline | SpeechError::Broken(_) => Err(Outcome::Retry(error.into())),
                }
            }
        }
    }

    /// Notes that a recording is listened to once more, before it is: it may bring the process down.
    async fn note_try(&self, turn: Turn<'_>) -> Result<(), StoreError> {
        let (id, attempt) = (turn.claimed.id, turn.claimed.attempt);
        let payload = message::encode(&turn.job.tried())?;
        let noted = self.store.write(move |tx| Box::pin(async move { jobs::rewrite(tx, id, attempt, &payload).await }));
        noted.await.map(drop)
    }
}

/// Whether a recording still waits to be heard.
async fn is_awaited(tx: &mut Tx, media: MediaId) -> Result<bool, StoreError> {
    let transcript = store::transcripts::find(tx, media).await?;
    Ok(transcript.is_some_and(|transcript| transcript.hearing == Hearing::Pending))
}

/// Stores the words of a recording.
async fn keep_words(tx: &mut Tx, media: MediaId, heard: &Transcript, now: Timestamp) -> Result<(), StoreError> {
    store::media::set_seconds(tx, media, heard.seconds).await?;
    let row = store::transcripts::Heard {
        text: heard.text.clone(),
        raw_text: heard.raw_text.clone(),
        language: heard.language.tag().to_owned(),
        confidence: f64::from(heard.confidence),
        model: heard.model.clone(),
    };
    store::transcripts::heard(tx, media, &row, now).await
}

/// Stores that a recording has no words, or none that we can read.
async fn keep_silence(tx: &mut Tx, media: MediaId, silence: &Silence, now: Timestamp) -> Result<(), StoreError> {
    if let Some(seconds) = silence.seconds {
        store::media::set_seconds(tx, media, seconds).await?;
    }
    if let Some(reason) = &silence.lost {
        fetch::lose(tx, media, reason).await?;
    }
    if silence.why == NotHeard::NoSpeech {
        store::transcripts::nothing(tx, media, now).await
    } else {
        store::transcripts::failed(tx, media, now).await
    }
}
