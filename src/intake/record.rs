//! Effects become rows, in the transaction that saves the state which decided them.

use serde_json::json;

use super::{Intake, Scene};
use crate::channel::ReceivedFile;
use crate::domain::dialogue::effect::About;
use crate::domain::dialogue::{Arg, Binding, Effect, TicketDraft, Timer};
use crate::domain::flag::FlagKind;
use crate::domain::house::House;
use crate::domain::ids::{DialogueId, MediaId, StaffId, TicketId, UnitId};
use crate::domain::job::Job;
use crate::domain::media::MediaKind;
use crate::domain::script::SlotId;
use crate::domain::sla::Moment;
use crate::domain::ticket::{Actor, InvalidTransition, Ticket, TicketKind};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Awaiting, Sentiment, Understanding};
use crate::domain::visit::Visit;
use crate::store::tickets::NewEvent;
use crate::store::{self, StoreError, Tx};

/// What [没修好] does to a ticket: its event, and what its clocks make of it.
const REOPENED: (&str, Moment) = ("reopened", Moment::Reopened);

impl Intake {
    /// Carries out one effect.
    pub(super) async fn record(&self, tx: &mut Tx, scene: &Scene, effect: Effect) -> Result<(), StoreError> {
        let now = scene.now;
        match effect {
            Effect::Say(say) => self.speak(tx, scene, &say).await,
            Effect::Transcribe { media } => {
                store::transcripts::pending(tx, media, None, now).await?;
                self.owe(tx, Job::Transcribe { dialogue: scene.dialogue, media, tries: 0 }, now).await
            }
            Effect::OpenResponse { response, survey, version, anonymous } => {
                self.open_response(tx, scene, response, (survey, version), anonymous).await
            }
            Effect::AnswerLate { response, visit } => self.visit_asked_again(tx, scene, response, visit).await,
            Effect::RecordAnswer { response, answer, media } => {
                self.record_answer(tx, scene, response, answer, media).await
            }
            Effect::CompleteResponse { response, score, band, nps } => {
                self.complete_response(tx, scene, response, (score, band, nps)).await
            }
            Effect::AbandonResponse { response } => {
                store::responses::expire(tx, response).await?;
                self.visit_left(tx, scene, response).await
            }
            // What was sent without words stays in the conversation, which staff reads beside the answers.
            Effect::AddComment { text, .. } if text.is_empty() => Ok(()),
            Effect::AddComment { response, text, .. } => self.add_comment(tx, scene, response, &text).await,
            Effect::FileTicket { ticket, draft } => self.file_ticket(tx, scene, ticket, draft).await,
            Effect::AddToTicket { ticket, text, media, location } => {
                self.add_to_ticket(tx, scene, ticket, text, &media, location).await
            }
            Effect::CorrectPlace { ticket, place } => self.correct_place(tx, scene, ticket, &place).await,
            Effect::LocateTicket { ticket, home } => self.locate_ticket(tx, scene, ticket, &home).await,
            Effect::ConfirmFix { ticket } => {
                let close = |ticket: Ticket, now| ticket.verify(now)?.close(false, now);
                self.verdict(tx, scene, ticket, ("verified", Moment::Ended), close).await
            }
            Effect::RejectFix { ticket } => self.verdict(tx, scene, ticket, REOPENED, Ticket::reject_fix).await,
            Effect::RejectRepair { response } => {
                let visit = store::visits::find_by_response(tx, response).await?;
                let Some(ticket) = visit.and_then(|visit| visit.ticket_id) else { return Ok(()) };
                self.verdict(tx, scene, ticket, REOPENED, Ticket::reject_fix).await?;
                self.raise(tx, Some(scene.dialogue), FlagKind::FixRejected, About::Ticket(ticket)).await
            }
            Effect::AgreeAppointment { appointment, window } => {
                self.agree_appointment(tx, scene, appointment, window).await
            }
            Effect::DeclineAppointment { appointment } => self.decline_appointment(tx, scene, appointment).await,
            Effect::CallOffAppointment { appointment } => self.call_off_appointment(tx, scene, appointment).await,
            Effect::WishTime { ticket, words } => self.wish_time(tx, scene, ticket, words).await,
            Effect::Raise { kind, about } => {
                // A flag about an anonymous response does not lead to the conversation either.
                let anonymous = match about {
                    About::Response(response) => store::responses::is_anonymous(tx, response).await?,
                    About::Conversation | About::Ticket(_) => false,
                };
                self.raise(tx, (!anonymous).then_some(scene.dialogue), kind, about).await
            }
            Effect::Remind { timer, after, anew } => self.remind(tx, scene, timer, now + after, anew).await,
            Effect::ConfirmVisit { visit, right } => self.visit_confirmed(tx, scene, visit, right).await,
            Effect::SetLanguage(language) => store::contacts::update_language(tx, scene.contact, language).await,
            Effect::StopSurveys(true) => store::contacts::stop_surveys(tx, scene.contact, now).await,
            Effect::StopSurveys(false) => store::contacts::resume_surveys(tx, scene.contact).await,
            Effect::Agree => store::contacts::consent(tx, scene.contact, now).await,
            Effect::Bind => match &scene.state.binding {
                Some(binding) => store::contact_units::bind(tx, scene.contact, binding.unit, now).await.map(drop),
                None => Ok(()),
            },
            Effect::Forget => self.forget(tx, scene).await,
        }
    }

    /// Owes a waking of the conversation at that time. `anew`: one like it that was done does not count.
    async fn remind(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        timer: Timer,
        at: Timestamp,
        anew: bool,
    ) -> Result<(), StoreError> {
        let at = match timer {
            // Days later: it must not fall into somebody's night.
            Timer::SurveyReminder { .. } | Timer::SurveyExpiry { .. } => self.policy.quiet.end(at).unwrap_or(at),
            Timer::ReportReminder { .. } | Timer::ReportUnconfirmed { .. } | Timer::AppointmentEve { .. } => at,
        };
        let job = Job::Wake { dialogue: scene.dialogue, timer };
        if let Some(done) = job.dedupe_key().filter(|_| anew) {
            store::jobs::forget(tx, &done).await?;
        }
        self.owe(tx, job, at).await
    }

    async fn file_ticket(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: TicketId,
        draft: TicketDraft,
    ) -> Result<(), StoreError> {
        let language = scene.state.language;
        let mut slots = draft.slots;
        let mut piece = async |tx: &mut Tx, slot: SlotId| -> Result<Option<String>, StoreError> {
            match slots.remove(&slot) {
                Some(arg) => self.argument(tx, language, &arg).await.map(Some),
                None => Ok(None),
            }
        };
        let mut ticket = Ticket::reported(id, draft.kind, scene.contact, scene.now);
        ticket.location = piece(tx, SlotId::Place).await?;
        ticket.component = piece(tx, SlotId::Component).await?;
        ticket.symptom = piece(tx, SlotId::Symptom).await?;
        ticket.since = piece(tx, SlotId::Since).await?;
        ticket.wished_time = piece(tx, SlotId::WishedTime).await?;
        if let Some(address) = piece(tx, SlotId::Address).await? {
            ticket.location = Some(match ticket.location.take() {
                Some(place) => format!("{address} {place}"),
                None => address,
            });
        }
        if let Some(home) = &draft.binding {
            ticket.unit_id = Intake::home_meant(tx, home, ticket.location.as_deref()).await?;
            ticket.project_id = Some(home.project);
        }
        ticket.dialogue_id = Some(scene.dialogue);
        ticket.category = draft.category;
        ticket.urgency = draft.urgency;
        let judged = self.tagger.understand(&draft.description, Some(language), Awaiting::Nothing);
        // Nobody is told of a mood that is only guessed before the model has judged it: a calm report sounds bad as well.
        let displeased = judged.sentiment == Sentiment::Negative && (judged.names_bad() || judged.is_surely_negative());
        ticket.sentiment = judged.sentiment;
        ticket.keywords = judged.keywords;
        ticket.description = draft.description;
        let body = json!({ "confirmed": draft.confirmed, "media": draft.media });
        let ticket = self.file(tx, ticket, &draft.media, Actor::Client, body).await?;
        if ticket.kind == TicketKind::Repair && displeased {
            self.raise(tx, Some(scene.dialogue), FlagKind::NegativeFeedback, About::Ticket(id)).await?;
        }
        if ticket.kind == TicketKind::Repair {
            self.owe(tx, Job::Neighbours { ticket: id }, scene.now).await?;
        }
        Ok(())
    }

    /// Returns the home that a report is about: their own, unless the place names another one of the project ("我妈住2栋
    /// 1单元902"). None is better than the wrong one where that is not known; the place has the address.
    async fn home_meant(tx: &mut Tx, home: &Binding, place: Option<&str>) -> Result<Option<UnitId>, StoreError> {
        let Some(meant) = place.and_then(House::named_in) else { return Ok(Some(home.unit)) };
        let own = store::units::find(tx, home.unit).await?.as_ref().and_then(House::of);
        if own.is_none_or(|own| own.is(&meant)) {
            return Ok(Some(home.unit));
        }
        let units = store::units::list(tx, Some(home.project)).await?;
        let mut named = units.iter().filter(|unit| House::of(unit).is_some_and(|house| house.is(&meant)));
        let only = named.next().filter(|_| named.next().is_none());
        Ok(only.map(|unit| unit.id))
    }

    /// Where no home is known, the place that a ticket has may hold the address: the right one is put beside it.
    async fn correct_place(&self, tx: &mut Tx, scene: &Scene, id: TicketId, place: &Arg) -> Result<(), StoreError> {
        let Some(mut ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        if ticket.contact_id != scene.contact {
            // Whoever shares a ticket says where it is in their home, not in the other's.
            return Ok(());
        }
        let place = self.argument(tx, scene.state.language, place).await?;
        let homeless = ticket.unit_id.is_none();
        ticket.location = Some(match ticket.location.take().filter(|_| homeless) {
            Some(before) => format!("{before} / {place}"),
            None => place,
        });
        ticket.updated_at = scene.now;
        store::tickets::update(tx, &ticket).await
    }

    /// Moves a ticket on the owner's word. A verdict that no longer fits is noted, not lost.
    async fn verdict(
        &self,
        tx: &mut Tx,
        scene: &Scene,
        id: TicketId,
        verdict: (&str, Moment),
        change: impl FnOnce(Ticket, Timestamp) -> Result<Ticket, InvalidTransition>,
    ) -> Result<(), StoreError> {
        let Some(ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        if ticket.contact_id != scene.contact {
            if Intake::shared_by(tx, &ticket, scene.contact).await?.is_none() {
                return Ok(()); // a forged button: not this person's ticket
            }
            if verdict != REOPENED {
                // Whoever shares a ticket may say that it is not mended; that it is, its owner says.
                return self.note_event(tx, id, "verified_by_another", Actor::Client, json!({}), scene.now).await;
            }
        }
        let before = ticket.clone();
        let moved = self.judge_fix(tx, ticket, Actor::Client, scene.now, verdict, change).await?;
        if moved && verdict == REOPENED { self.tell_reopened(tx, &before, scene.contact).await } else { Ok(()) }
    }

    /// Opens a ticket again whose owner told staff that the fix did not hold, as their own word would.
    pub(crate) async fn fix_did_not_hold(&self, tx: &mut Tx, id: TicketId, by: StaffId) -> Result<(), StoreError> {
        let Some(ticket) = store::tickets::load_for_update(tx, id).await? else { return Ok(()) };
        let before = ticket.clone();
        if self.judge_fix(tx, ticket, Actor::Staff(by), self.clock.now(), REOPENED, Ticket::reject_fix).await? {
            self.tell_reopened(tx, &before, before.contact_id).await?;
        }
        self.raise(tx, before.dialogue_id, FlagKind::FixRejected, About::Ticket(id)).await
    }

    /// Moves a ticket by a verdict, or notes that it came too late. Returns whether it was moved.
    async fn judge_fix(
        &self,
        tx: &mut Tx,
        ticket: Ticket,
        actor: Actor,
        now: Timestamp,
        (event, moment): (&str, Moment),
        change: impl FnOnce(Ticket, Timestamp) -> Result<Ticket, InvalidTransition>,
    ) -> Result<bool, StoreError> {
        let id = ticket.id;
        let Ok(mut ticket) = change(ticket, now) else {
            self.note_event(tx, id, &format!("{event}_too_late"), actor, json!({}), now).await?;
            return Ok(false);
        };
        store::tickets::update(tx, &ticket).await?;
        self.ticket_moved(tx, &mut ticket, moment).await?;
        self.note_event(tx, id, event, actor, json!({}), now).await?;
        Ok(true)
    }

    pub(crate) async fn note_event(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        kind: &str,
        actor: Actor,
        body: serde_json::Value,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let event = NewEvent {
            id: self.clock.new_id(),
            ticket_id: ticket,
            kind: kind.to_owned(),
            actor,
            body: body.to_string(),
            at: now,
        };
        store::tickets::add_event(tx, &event).await.map(drop)
    }
}

impl Intake {
    /// Stores the model's verdict on a ticket's words; a negative one is shown to staff.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn judge_ticket(&self, tx: &mut Tx, id: TicketId, judged: &Understanding) -> Result<(), StoreError> {
        let found = store::tickets::load_for_update(tx, id).await?;
        // Without words the person was forgotten while the model read them.
        let Some(mut ticket) = found.filter(|ticket| !ticket.description.is_empty()) else { return Ok(()) };
        ticket.sentiment = judged.sentiment;
        ticket.keywords.clone_from(&judged.keywords);
        self.judge_warranty(tx, &mut ticket).await?;
        store::tickets::update(tx, &ticket).await?;
        if judged.sentiment == Sentiment::Negative && ticket.kind == TicketKind::Repair {
            self.raise(tx, ticket.dialogue_id, FlagKind::NegativeFeedback, About::Ticket(id)).await?;
        }
        Ok(())
    }
}

impl Intake {
    /// Stores what is known of the files of a message. Bytes that still lie with the platform are
    /// fetched by a job.
    pub(super) async fn keep_files(
        &self,
        tx: &mut Tx,
        dialogue: DialogueId,
        files: &[ReceivedFile],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for file in files {
            let row = media_row(file, Some(dialogue), now);
            store::media::insert(tx, &row).await?;
            if file.kind == MediaKind::Voice {
                store::transcripts::pending(tx, file.id, file.recognition.as_deref(), now).await?;
            } else if file.remote.is_some() {
                // A recording is fetched by the job that listens to it.
                self.owe(tx, Job::Fetch { dialogue, media: file.id }, now).await?;
            }
        }
        Ok(())
    }
}

impl Intake {
    /// Keeps photos of what staff or a firm did with a ticket; returns their ids.
    pub(crate) async fn keep_evidence(
        &self,
        tx: &mut Tx,
        ticket: &Ticket,
        photos: &[ReceivedFile],
    ) -> Result<Vec<MediaId>, StoreError> {
        let now = self.clock.now();
        for photo in photos {
            store::media::insert(tx, &media_row(photo, ticket.dialogue_id, now)).await?;
            store::tickets::attach_media(tx, ticket.id, photo.id).await?;
        }
        Ok(photos.iter().map(|photo| photo.id).collect())
    }
}

impl Intake {
    /// Keeps photos and recordings that staff made of a visit; what was said in them is listened to.
    pub(crate) async fn keep_record(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        files: &[ReceivedFile],
    ) -> Result<Vec<MediaId>, StoreError> {
        let now = self.clock.now();
        for file in files {
            store::media::insert(tx, &media_row(file, visit.dialogue_id, now)).await?;
            store::media::is_of_visit(tx, file.id, visit.id).await?;
            if file.kind == MediaKind::Voice {
                store::transcripts::pending(tx, file.id, None, now).await?;
                self.owe(tx, Job::HearRecord { visit: visit.id, media: file.id, tries: 0 }, now).await?;
            }
        }
        Ok(files.iter().map(|file| file.id).collect())
    }
}

fn media_row(file: &ReceivedFile, dialogue: Option<DialogueId>, now: Timestamp) -> store::media::Media {
    store::media::Media {
        id: file.id,
        kind: file.kind.name().to_owned(),
        content_type: file.content_type.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
        key: blob_key(file.id),
        dialogue_id: dialogue,
        seconds: None,
        created_at: now,
        remote: file.remote.clone(),
        lost: None,
    }
}

/// Returns where the bytes of a file lie in the media store: two levels, so no folder grows large.
pub fn blob_key(media: MediaId) -> String {
    let hex = media.0.simple().to_string();
    let shard = hex.get(30..).unwrap_or("00");
    format!("{shard}/{hex}")
}
