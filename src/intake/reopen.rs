//! What was held back because the platform's window was shut goes out when the person writes again
//! and thereby opens it.
//!
//! It goes as an answer to what they wrote, before the answers proper: in the response to it where
//! it fits, else by its job. What is too old stays withheld, and so does a question that has been
//! answered, has ended, or was just asked again. The window's cap is kept by `crate::jobs`: what it
//! has no room for is held back anew.

use std::collections::BTreeSet;

use super::response::body_of;
use super::{Intake, Scene};
use crate::channel::ChannelKind;
use crate::domain::dialogue::state::Standing;
use crate::domain::ids::InboxId;
use crate::domain::job::Job;
use crate::domain::reach::{STALE_AFTER, Unsent};
use crate::store::outbox::{self, Outbound};
use crate::store::{StoreError, Tx, jobs};

impl Intake {
    /// Has what could not be brought to somebody who writes tried at once: that they write shows that the
    /// platform is there again, and whatever they are answered waits behind it.
    pub(super) async fn send_what_waits(&self, tx: &mut Tx, scene: &Scene) -> Result<(), StoreError> {
        jobs::hasten(tx, &Job::lane_to(scene.dialogue), scene.now).await
    }

    /// Lets out what waits for a word of the person; `word` is that word, after its step was taken.
    pub(super) async fn send_what_was_shut_out(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        word: InboxId,
    ) -> Result<(), StoreError> {
        let Some(kind) = ChannelKind::from_name(&scene.channel).filter(|kind| kind.window().is_some()) else {
            return Ok(());
        };
        let waiting = outbox::shut_out(tx, scene.dialogue, scene.now - STALE_AFTER).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let run_at = scene.now + kind.answers_within().unwrap_or_default();
        let answers = outbox::answers(tx, word).await?;
        let mut asked = BTreeSet::new();
        for answer in &answers {
            asked.extend(question_of(scene, answer)?.map(|(buttons, _)| buttons));
        }
        let mut out = Vec::new();
        for row in waiting.into_iter().rev() {
            let stands = match question_of(scene, &row)? {
                // What was announced was begun by their word, or waits for the end of something else.
                None => !body_of(&row)?.notice,
                Some((buttons, standing)) => standing == Standing::Open && asked.insert(buttons),
            };
            if stands {
                out.push(row.id);
            } else {
                outbox::mark_withheld(tx, row.id, Unsent::Superseded.reason()).await?;
            }
        }
        for id in out.into_iter().rev() {
            outbox::let_out(tx, id, word).await?;
            // The job of before found the window shut, and is done.
            self.owe_again(tx, Job::Deliver { dialogue: scene.dialogue, message: id }, run_at).await?;
        }
        // In a lane what was owed first goes first, and the answers were.
        for answer in answers {
            let job = Job::Deliver { dialogue: scene.dialogue, message: answer.id };
            if let Some(key) = job.dedupe_key() {
                jobs::forget(tx, &key).await?;
            }
            self.owe(tx, job, run_at).await?;
        }
        Ok(())
    }
}

/// Returns the buttons below a message that asks something, and whether it still waits for the answer.
fn question_of(scene: &Scene, row: &Outbound) -> Result<Option<(Vec<String>, Standing)>, StoreError> {
    let buttons: Vec<String> = body_of(row)?.choices.into_iter().map(|button| button.id).collect();
    let mut standing = buttons.iter().map(|button| scene.state.standing(button));
    let standing = standing.find(|standing| *standing != Standing::NoQuestion);
    Ok(standing.map(|standing| (buttons, standing)))
}
