//! Tells the half year of [`super::past`] to the database, in the transaction of the caller.
//!
//! Whatever the service decides by rule is decided by the same rule here: scores and bands
//! ([`crate::domain::score`]), the ticket's transitions ([`crate::domain::ticket`]), what is
//! understood from words (the tagger's rules). Nothing is owed afterwards: no job, no message to
//! be sent.

mod responses;
mod said;
mod talks;
mod tickets;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use self::said::Spoken;
use super::past::{self, ContactEntry, Past};
use crate::channel::ChannelKind;
use crate::domain::contact::Contact;
use crate::domain::dialogue::{Binding, State};
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::{ContactId, DialogueId, MediaId};
use crate::domain::language::Language;
use crate::domain::media::MediaKind;
use crate::domain::staff::Staff;
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Awaiting, Understanding};
use crate::intake::message::{MediaRef, encode};
use crate::intake::{Intake, blob_key};
use crate::store::{self, Tx};

const LANGUAGE: Language = Language::Chinese;
/// How long it takes until somebody looks at a flag.
const LOOKED_AFTER: Duration = Duration::from_secs(50 * 60);

/// A flat or a machine, and who repairs there.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub binding: Binding,
    pub engineer: Staff,
}

/// A built-in clip that somebody sent; its bytes lie in the media store already.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub id: MediaId,
    /// What is said in it.
    pub words: String,
    pub bytes: store::blobs::Bytes,
}

/// What there is before the half year is told.
pub(super) struct Setting {
    pub now: Timestamp,
    /// By label.
    pub places: BTreeMap<String, Place>,
    /// By login.
    pub staff: BTreeMap<String, Staff>,
    /// By file name.
    pub recordings: BTreeMap<String, Recording>,
}

pub(super) struct Teller {
    intake: Intake,
    setting: Setting,
    midnight: Timestamp,
    first_line: Staff,
    /// Flags raised from then on are unseen.
    unseen_from: Timestamp,
    people: BTreeMap<String, Person>,
    spoken: Vec<Spoken>,
}

/// Somebody of the half year, and where their conversation stands.
#[derive(Debug, Clone)]
struct Person {
    contact: ContactId,
    dialogue: DialogueId,
    place: Place,
    state: State,
}

impl Teller {
    pub(super) fn new(intake: Intake, past: &Past, setting: Setting) -> anyhow::Result<Teller> {
        let first_line = setting.staff.get(&past.first_line).cloned();
        let midnight = past::midnight(setting.now);
        Ok(Teller {
            first_line: first_line.with_context(|| format!("no member of staff logs in as {}", past.first_line))?,
            unseen_from: past::days_before(midnight, past.unseen_days),
            midnight,
            people: BTreeMap::new(),
            spoken: Vec::new(),
            intake,
            setting,
        })
    }

    /// Writes everything.
    pub(super) async fn tell(mut self, tx: &mut Tx, past: &Past) -> anyhow::Result<()> {
        for entry in &past.contact {
            self.meet(tx, entry, past.bound_at.on(self.midnight)).await?;
        }
        for entry in &past.ticket {
            self.ticket(tx, entry).await.with_context(|| format!("the ticket of {}", entry.contact))?;
        }
        for entry in &past.response {
            self.response(tx, entry).await.with_context(|| format!("the response of {}", entry.contact))?;
        }
        for entry in &past.talk {
            self.talk(tx, entry).await.with_context(|| format!("the talk with {}", entry.contact))?;
        }
        self.put_into_words(tx).await
    }

    async fn meet(&mut self, tx: &mut Tx, entry: &ContactEntry, at: Timestamp) -> anyhow::Result<()> {
        let place = self.setting.places.get(&entry.unit).cloned();
        let place = place.with_context(|| format!("assets/demo/register.toml has no unit {}", entry.unit))?;
        let mut contact = Contact::new(self.intake.clock.new_id(), LANGUAGE, at);
        contact.name = Some(entry.name.clone());
        contact.consent_at = Some(at);
        store::contacts::insert(tx, &contact).await?;
        store::contact_units::bind(tx, contact.id, place.binding.unit, at).await?;
        // No browser has such an address: nobody can come in as this person.
        let (channel, address) = (ChannelKind::Web.name(), format!("demo-{}", self.people.len() + 1));
        store::identities::link(tx, channel, &address, contact.id, at).await?;
        let mut state = State::new(LANGUAGE);
        state.binding = Some(place.binding.clone());
        let dialogue = store::dialogues::NewDialogue {
            id: self.intake.clock.new_id(),
            channel: channel.to_owned(),
            address,
            contact_id: Some(contact.id),
            state: encode(&state)?,
            now: at,
        };
        let dialogue = store::dialogues::find_or_create(tx, &dialogue).await?.id;
        self.people.insert(entry.name.clone(), Person { contact: contact.id, dialogue, place, state });
        Ok(())
    }

    fn person(&self, name: &str) -> anyhow::Result<Person> {
        self.people.get(name).cloned().with_context(|| format!("{name} is no contact"))
    }

    fn understand(&self, words: &str) -> Understanding {
        self.intake.tagger.understand(words, Some(LANGUAGE), Awaiting::Nothing)
    }

    /// Raises a flag; an old one has been seen.
    async fn flag(
        &self,
        tx: &mut Tx,
        kind: FlagKind,
        person: &Person,
        at: Timestamp,
        about: impl FnOnce(&mut Flag),
    ) -> anyhow::Result<()> {
        let mut flag = Flag::raised(self.intake.clock.new_id(), kind, at);
        flag.dialogue_id = Some(person.dialogue);
        if at < self.unseen_from {
            flag.seen_at = Some(at + LOOKED_AFTER);
            flag.seen_by = Some(self.first_line.id);
        }
        about(&mut flag);
        store::flags::raise(tx, &flag).await?;
        Ok(())
    }

    /// Stores what is known of a recording; returns how a message names it.
    async fn keep_recording(
        &self,
        tx: &mut Tx,
        file: &str,
        person: &Person,
        at: Timestamp,
    ) -> anyhow::Result<(MediaRef, String)> {
        let recording = self.setting.recordings.get(file).with_context(|| format!("{file} is not built in"))?;
        let content_type = "audio/ogg".to_owned();
        let media = store::media::Media {
            id: recording.id,
            kind: MediaKind::Voice.name().to_owned(),
            content_type: content_type.clone(),
            bytes: u64::try_from(recording.bytes.len())?,
            sha256: data_encoding::HEXLOWER.encode(&Sha256::digest(&recording.bytes)),
            key: blob_key(recording.id),
            dialogue_id: Some(person.dialogue),
            seconds: None,
            created_at: at,
            remote: None,
            lost: None,
        };
        store::media::insert(tx, &media).await?;
        store::transcripts::pending(tx, recording.id, None, at).await?;
        Ok((MediaRef { id: recording.id, kind: MediaKind::Voice, content_type }, recording.words.clone()))
    }
}
