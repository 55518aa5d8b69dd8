//! Personal data goes: of a person who wishes it, or of a conversation on a platform whose rule it is
//! (WeChat, when somebody unfollows). Tickets stay with unit, trade and dates, figures stay; names,
//! numbers, addresses, words, recordings and photos do not. What members of staff wrote themselves
//! stays theirs. Nobody is asked or called any more.
//!
//! It is done by [`Job::Erase`], which deletes the files as well. DOMAIN.md, "Contact discipline".

use std::time::Duration;

use super::message::{InboundBody, encode};
use super::{Intake, Scene};
use crate::channel::ChannelKind;
use crate::domain::dialogue::State;
use crate::domain::ids::{ContactId, DialogueId, ErasureId, StaffId};
use crate::domain::job::Job;
use crate::domain::privacy;
use crate::domain::ticket::Ticket;
use crate::domain::visit::{Reason, Visit};
use crate::store::erasures::{self, Erasure, Of, Wish};
use crate::store::{self, StoreError, Tx};

/// Visits of a person that are looked through for what was written down of them.
const MOST_VISITS: u32 = 1_000;

impl Intake {
    /// Takes on the removal of everything of the person of a conversation, as they wish.
    pub(super) async fn forget(&self, tx: &mut Tx, scene: &Scene) -> Result<(), StoreError> {
        self.owe_erasure(tx, scene.contact, None, Wish::Client, None, self.retention.on_request).await
    }

    /// Takes on the removal of a person on whose behalf a member of staff asks, at once.
    pub(crate) async fn forget_for(&self, tx: &mut Tx, contact: ContactId, by: StaffId) -> Result<(), StoreError> {
        self.owe_erasure(tx, contact, None, Wish::Staff, Some(by), Duration::ZERO).await
    }

    /// Somebody blocked or unfollowed us: where the platform wants their data gone, it goes.
    pub(super) async fn left(&self, tx: &mut Tx, scene: &Scene) -> Result<(), StoreError> {
        if scene.channel != ChannelKind::Wechat.name() {
            return Ok(());
        }
        let after = self.retention.after_leaving;
        self.owe_erasure(tx, scene.contact, Some(scene.dialogue), Wish::Left, None, after).await
    }

    /// Somebody took back what they had let us know through a platform: the conversation there is emptied
    /// at once. What else is known of them did not come from there.
    pub(super) async fn revoked(&self, tx: &mut Tx, scene: &Scene) -> Result<(), StoreError> {
        self.owe_erasure(tx, scene.contact, Some(scene.dialogue), Wish::Revoked, None, Duration::ZERO).await
    }

    async fn owe_erasure(
        &self,
        tx: &mut Tx,
        contact: ContactId,
        dialogue: Option<DialogueId>,
        why: Wish,
        staff: Option<StaffId>,
        after: Duration,
    ) -> Result<(), StoreError> {
        let (id, now) = (self.clock.new_id(), self.clock.now());
        let due_at = now + after;
        let new =
            Erasure { id, contact, dialogue, why, staff, asked_at: now, due_at, done_at: None, messages: 0, files: 0 };
        erasures::insert(tx, &new).await?;
        tracing::info!(contact.id = %contact, why = why.name(), "personal data of contact {contact} will be removed");
        self.owe(tx, Job::Erase { erasure: id }, due_at).await
    }

    /// Empties the rows; returns where the files lie that are to be deleted. Done again it finds them
    /// again. `None` if it is not wanted any more.
    pub(crate) async fn erase(&self, tx: &mut Tx, id: ErasureId) -> Result<Option<Vec<String>>, StoreError> {
        let Some(erasure) = erasures::find(tx, id).await?.filter(|erasure| erasure.done_at.is_none()) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let mut keys = Vec::new();
        match erasure.dialogue {
            Some(dialogue) => {
                let found = store::dialogues::load_for_update(tx, dialogue).await?;
                // They came back: what they agree to now counts. Who left again since has a time of grace anew.
                let left_at = found.and_then(|found| found.left_at);
                if erasure.why == Wish::Left && left_at.is_none_or(|left| left > erasure.asked_at) {
                    erasures::done(tx, id, now).await?;
                    return Ok(None);
                }
                keys.extend(self.empty_dialogue(tx, id, dialogue).await?);
                self.empty_words(tx, Of::Dialogue(dialogue)).await?;
                let contact = store::contacts::carrying_on(tx, erasure.contact).await?;
                if let Some(contact) = contact.filter(|_| erasure.why == Wish::Revoked) {
                    store::contacts::take_back_consent(tx, contact.id).await?;
                }
            }
            None => {
                let contact = store::contacts::carrying_on(tx, erasure.contact).await?;
                let Some(contact) = contact else { return Ok(None) };
                for dialogue in store::dialogues::list_for_contact(tx, contact.id).await? {
                    store::dialogues::lock(tx, dialogue.id).await?;
                    keys.extend(self.empty_dialogue(tx, id, dialogue.id).await?);
                }
                self.empty_words(tx, Of::Contact(contact.id)).await?;
                for listed in store::visits::list_for_contact(tx, contact.id, MOST_VISITS).await? {
                    let Some(mut visit) = store::visits::load_for_update(tx, listed.id).await? else { continue };
                    if let Some(record) = visit.record.as_mut() {
                        for media in &record.media {
                            erasures::empty_file(tx, *media).await?;
                            keys.extend(erasures::file_left(tx, *media).await?);
                        }
                        record.note.clear();
                        record.place = None;
                        store::visits::update(tx, &visit).await?;
                    }
                    self.end_visit(tx, visit).await?;
                }
                erasures::empty_contact(tx, contact.id, now).await?;
            }
        }
        Ok(Some(keys))
    }

    /// Notes that the files are gone as well.
    pub(crate) async fn erased(&self, tx: &mut Tx, id: ErasureId, keys: &[String]) -> Result<(), StoreError> {
        for key in keys {
            erasures::file_deleted(tx, key).await?;
        }
        let files = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        erasures::count(tx, id, 0, files).await?;
        erasures::done(tx, id, self.clock.now()).await?;
        tracing::info!(erasure.id = %id, files, "personal data was removed: {id}");
        Ok(())
    }

    async fn empty_dialogue(
        &self,
        tx: &mut Tx,
        erasure: ErasureId,
        dialogue: DialogueId,
    ) -> Result<Vec<String>, StoreError> {
        let Some(found) = store::dialogues::find(tx, dialogue).await? else { return Ok(Vec::new()) };
        for body in erasures::bodies(tx, dialogue).await? {
            // A body nobody can read any more names no files either.
            let body: InboundBody = serde_json::from_str(&body).unwrap_or_default();
            for media in body.media {
                erasures::empty_file(tx, media.id).await?;
            }
        }
        let language = Intake::state_of(&found)?.language;
        let state = encode(&State { surveys_stopped: true, ..State::new(language) })?;
        let messages = erasures::empty_dialogue(tx, dialogue, &state, self.clock.now()).await?;
        erasures::count(tx, erasure, messages, 0).await?;
        erasures::files_left(tx, dialogue).await
    }

    /// Ends a visit that was still to be made: there is nobody any more to be asked or called.
    async fn end_visit(&self, tx: &mut Tx, visit: Visit) -> Result<(), StoreError> {
        let asked = visit.dialogue_id.zip(visit.response_id);
        let visit = store::visits::without_anonymous(tx, visit).await?;
        let Ok(skipped) = visit.skip(Reason::OptedOut, self.clock.now()) else { return Ok(()) };
        store::visits::update(tx, &skipped).await?;
        self.second_visit_ended(tx, &skipped).await?;
        let Some((dialogue, response)) = asked else { return Ok(()) };
        store::responses::expire(tx, response).await?;
        self.forget_timers(tx, dialogue, response).await
    }

    async fn empty_words(&self, tx: &mut Tx, of: Of) -> Result<(), StoreError> {
        erasures::empty_responses(tx, of).await?;
        for id in erasures::empty_histories(tx, of).await? {
            if let Some(ticket) = store::tickets::load_for_update(tx, id).await? {
                self.empty_copies(tx, &ticket).await?;
                store::tickets::update(tx, &nameless(ticket)).await?;
            }
        }
        Ok(())
    }

    /// Empties what a merge copied of a ticket's words into another, which may be somebody else's, and
    /// from there on.
    async fn empty_copies(&self, tx: &mut Tx, ticket: &Ticket) -> Result<(), StoreError> {
        let mut next = ticket.merged_into;
        for _ in 0..store::tickets::MOST_MERGES {
            let Some(id) = next else { break };
            let Some(mut with) = store::tickets::load_for_update(tx, id).await? else { break };
            next = with.merged_into;
            with.forget_words_of(ticket);
            store::tickets::update(tx, &with).await?;
            erasures::empty_judged_with(tx, id, &ticket.number).await?;
        }
        Ok(())
    }
}

/// A ticket without its owner's words: what is broken and where stays, so that it can be mended.
fn nameless(ticket: Ticket) -> Ticket {
    let masked = |text: Option<String>| text.map(|text| privacy::mask(&text));
    // Of somebody without a unit the place is an address that they wrote.
    let located = ticket.unit_id.is_some();
    Ticket {
        location: masked(ticket.location).filter(|_| located),
        component: masked(ticket.component),
        symptom: masked(ticket.symptom),
        since: None,
        wished_time: None,
        description: String::new(),
        keywords: Vec::new(),
        ..ticket
    }
}
