//! One person on several channels: contacts that become one, and conversations that go on elsewhere.
//!
//! Whether two contacts are one person is decided by [`contact::join`]; what shows it is a number the
//! platform vouches for, a link opened on another channel, or a member of staff. The QR code of a flat
//! shows nothing of the kind: two people live there.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Intake, Scene};
use crate::channel::ChannelKind;
use crate::domain::contact::{self, Contact, NotOne, Proof};
use crate::domain::dialogue::say::Arg;
use crate::domain::dialogue::{Binding, Door, Event, Say, TokenFault};
use crate::domain::ids::{ContactId, DialogueId, MergeId, StaffId};
use crate::domain::phone;
use crate::domain::project::Unit;
use crate::domain::time::Timestamp;
use crate::store::contact_merges::Merge;
use crate::store::dialogues::Dialogue;
use crate::store::{self, StoreError, Tx};

/// How long a link to go on elsewhere works: long enough to pick up another device.
const LINK_WORKS_FOR: Duration = Duration::from_secs(30 * 60);
/// Where the bot's name lies in the settings table, once Telegram has said it.
pub(crate) const TELEGRAM_NAME: &str = "telegram_name";
/// Conversations that are followed, one having gone on in the next.
const MOST_MOVES: usize = 16;

/// A link that was opened here, of a conversation elsewhere.
pub(super) struct Opened {
    pub from: DialogueId,
    pub token_hash: String,
}

impl Intake {
    /// Reads the token by which a conversation goes on elsewhere.
    pub(super) fn opened(&self, token: &str, now: Timestamp) -> Result<Opened, TokenFault> {
        let from = self.tokens.verify_elsewhere(token, now)?;
        let token_hash = data_encoding::HEXLOWER.encode(&Sha256::digest(token.trim().as_bytes()));
        Ok(Opened { from, token_hash })
    }

    /// What leads through a door with this conversation, if the door is open from here.
    pub(super) async fn elsewhere(&self, tx: &mut Tx, scene: &Scene, door: Door) -> Result<Option<String>, StoreError> {
        let token = self.tokens.sign_elsewhere(scene.dialogue, scene.now + LINK_WORKS_FOR);
        Ok(match door {
            Door::Web => self.address_for(&scene.channel).map(|base| format!("{base}/chat?t={token}")),
            Door::Telegram if scene.channel == ChannelKind::Telegram.name() => None,
            Door::Telegram => {
                let name = store::settings::get(tx, TELEGRAM_NAME).await?;
                name.map(|name| format!("https://t.me/{name}?start={token}"))
            }
            Door::Words => Some(format!("/start {token}")),
        })
    }

    /// A link from another channel was opened here: both contacts are one person, and what was left
    /// there goes on here, unless this conversation is in the middle of something itself.
    pub(super) async fn go_on_from(&self, tx: &mut Tx, scene: &mut Scene, opened: &Opened) -> Result<(), StoreError> {
        if opened.from == scene.dialogue {
            return self.happen(tx, scene, Event::Notified(Say::new("elsewhere.same"))).await;
        }
        match store::contact_merges::spend_link(tx, &opened.token_hash, scene.dialogue, scene.now).await? {
            None => {}
            Some(by) if by == scene.dialogue => {
                return self.happen(tx, scene, Event::Notified(Say::new("elsewhere.same"))).await;
            }
            Some(_) => return self.happen(tx, scene, Event::Notified(Say::new("elsewhere.expired"))).await,
        }
        let Some(left) = store::dialogues::load_for_update(tx, opened.from).await? else {
            return self.happen(tx, scene, Event::Notified(Say::new("elsewhere.expired"))).await;
        };
        let mut there = self.scene(tx, left).await?;
        if there.contact != scene.contact {
            let Ok(kept) = self.unite(tx, scene.contact, there.contact, Proof::Link, None).await? else {
                return self.happen(tx, scene, Event::Notified(Say::new("elsewhere.refused"))).await;
            };
            (scene.contact, there.contact) = (kept, kept);
        }
        if !scene.state.takes_over() {
            return self.happen(tx, scene, Event::Notified(Say::new("elsewhere.joined"))).await;
        }
        let left = there.state.hand_on(scene.dialogue);
        self.happen(tx, scene, Event::CameFrom(Box::new(left))).await?;
        let channel = Arg::Key(format!("channel.{}", scene.channel));
        self.happen(tx, &mut there, Event::Notified(Say::new("elsewhere.gone").arg("channel", channel))).await?;
        self.save(tx, &there).await
    }

    /// The platform vouched for the person's number: it is theirs, and whoever we knew by it alone is
    /// they. Somebody who is known on this channel by another address is left alone, and so are
    /// several of one number: staff sees them side by side.
    pub(super) async fn number_shown(&self, tx: &mut Tx, scene: &mut Scene, number: &str) -> Result<(), StoreError> {
        // Telegram leaves the sign out in front of the country code.
        let Some(phone) = phone::normalised(number).or_else(|| phone::normalised(&format!("+{number}"))) else {
            return self.happen(tx, scene, Event::Notified(Say::new("number.unreadable"))).await;
        };
        store::contacts::show_phone(tx, scene.contact, &phone, scene.now).await?;
        let mut others = store::contacts::of_phone(tx, &phone).await?;
        others.retain(|other| other.id != scene.contact);
        let mut joined = false;
        if let [other] = others.as_slice()
            && !self.is_here(tx, other, &scene.channel).await?
            && let Ok(kept) = self.unite(tx, scene.contact, other.id, Proof::Phone, None).await?
        {
            (scene.contact, joined) = (kept, true);
        }
        let mut binding = None;
        if scene.state.binding.is_none()
            && let Some(unit) = store::contact_units::list(tx, scene.contact).await?.into_iter().next()
        {
            binding = Some(Intake::binding_of(tx, unit).await?);
        }
        self.happen(tx, scene, Event::NumberShown { joined, binding }).await
    }

    /// Whether a contact has a conversation on a channel.
    async fn is_here(&self, tx: &mut Tx, contact: &Contact, channel: &str) -> Result<bool, StoreError> {
        let dialogues = store::dialogues::list_for_contact(tx, contact.id).await?;
        Ok(dialogues.iter().any(|dialogue| dialogue.channel == channel))
    }

    /// Makes one contact of two, if they are one person; returns the one that carries on.
    pub(crate) async fn unite(
        &self,
        tx: &mut Tx,
        one: ContactId,
        two: ContactId,
        why: Proof,
        staff: Option<StaffId>,
    ) -> Result<Result<ContactId, NotOne>, StoreError> {
        store::contact_merges::lock(tx, one, two).await?;
        let missing = |id: ContactId| StoreError::Missing { table: "contacts", id: id.to_string() };
        let first = store::contacts::find(tx, one).await?.ok_or_else(|| missing(one))?;
        let second = store::contacts::find(tx, two).await?.ok_or_else(|| missing(two))?;
        let (kept, gone) = match contact::join(first.clone(), second.clone()) {
            Ok(joined) => joined,
            Err(refused) => return Ok(Err(refused)),
        };
        let before = if kept.id == first.id { first } else { second };
        let now = self.clock.now();
        let moved = store::contact_merges::carry_over(tx, before, &kept, gone.id, now).await?;
        let id = self.clock.new_id();
        let (kept, gone, moved) = (kept.id, gone.id, Some(moved));
        let merge = Merge { id, kept, gone, why, staff, moved, at: now, undone_at: None };
        store::contact_merges::insert(tx, &merge).await?;
        Ok(Ok(kept))
    }

    /// Takes a contact apart from one it was joined with. Returns whether that could be done.
    pub(crate) async fn part(&self, tx: &mut Tx, of: ContactId, id: MergeId, by: StaffId) -> Result<bool, StoreError> {
        let Some(merge) = store::contact_merges::load_for_update(tx, id).await? else { return Ok(false) };
        // Who may act on one contact need not be allowed to act on another.
        if ![merge.kept, merge.gone].contains(&of) {
            return Ok(false);
        }
        let (Some(moved), None) = (&merge.moved, merge.undone_at) else { return Ok(false) };
        store::contact_merges::lock(tx, merge.kept, merge.gone).await?;
        let kept = store::contacts::find(tx, merge.kept).await?;
        let gone = store::contacts::find(tx, merge.gone).await?;
        let (Some(kept), Some(gone)) = (kept, gone) else { return Ok(false) };
        // Whoever became part of yet another since is taken out of that one first.
        if kept.merged_into.is_some() || gone.merged_into != Some(kept.id) {
            return Ok(false);
        }
        let alone = Contact { merged_into: None, ..gone };
        let kept = contact::part(kept, moved.before.clone(), &alone);
        store::contact_merges::carry_back(tx, &merge, moved, &kept).await?;
        for id in &moved.dialogues {
            self.stay_here(tx, *id).await?;
        }
        for dialogue in store::dialogues::list_for_contact(tx, merge.kept).await? {
            self.stay_here(tx, dialogue.id).await?;
        }
        store::contact_merges::undone(tx, id, by, self.clock.now()).await?;
        tracing::info!(merge.id = %id, staff.id = %by, "merge {id} was undone");
        Ok(true)
    }

    /// News for a conversation no longer goes to where it went on.
    async fn stay_here(&self, tx: &mut Tx, id: DialogueId) -> Result<(), StoreError> {
        let Some(found) = store::dialogues::load_for_update(tx, id).await? else { return Ok(()) };
        let mut state = Intake::state_of(&found)?;
        if state.continued_in.take().is_none() {
            return Ok(());
        }
        let handed_over = state.handed_over();
        store::dialogues::save(tx, id, &super::message::encode(&state)?, handed_over, self.clock.now()).await
    }

    /// Returns the conversation, held, that an event happens to: this one, or the one in which the
    /// person went on. What began here and stands here still is answered here; news go to where they
    /// were heard last, or can still be reached.
    pub(crate) async fn where_now(
        &self,
        tx: &mut Tx,
        dialogue: DialogueId,
        event: Option<&Event>,
    ) -> Result<Option<Dialogue>, StoreError> {
        let mut here = store::dialogues::load_for_update(tx, dialogue).await?;
        for _ in 0..MOST_MOVES {
            let Some(found) = &here else { break };
            let state = Intake::state_of(found)?;
            let Some(next) = state.continued_in else { break };
            if event.is_some_and(|event| state.awaits(event)) {
                break;
            }
            let Some(there) = store::dialogues::load_for_update(tx, next).await? else { break };
            let begun_here = matches!(
                event,
                Some(
                    Event::Elapsed(_)
                        | Event::SurveyWithdrawn { .. }
                        | Event::AppointmentWithdrawn { .. }
                        | Event::Transcribed { .. }
                        | Event::NotHeard { .. }
                )
            );
            let back_here = found.left_at.is_none() && found.heard_at > there.heard_at;
            if !begun_here && (back_here || there.left_at.is_some()) {
                break;
            }
            here = Some(there);
        }
        Ok(here)
    }

    /// Says which unit somebody belongs to, as people call it.
    pub(super) async fn binding_of(tx: &mut Tx, unit: Unit) -> Result<Binding, StoreError> {
        let project = store::projects::find(tx, unit.project_id).await?;
        let label = match project {
            Some(project) => format!("{} {}", project.name, unit.label),
            None => unit.label,
        };
        Ok(Binding { unit: unit.id, project: unit.project_id, label })
    }
}
