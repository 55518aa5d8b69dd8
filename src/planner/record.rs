//! What staff writes down of a visit by phone or on site (回访记录表), and the client's word on it.

use std::time::Duration;

use crate::channel::ReceivedFile;
use crate::domain::calendar;
use crate::domain::dialogue::effect::About;
use crate::domain::dialogue::{Event, Say};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{ContactId, ResponseId, StaffId, VisitId};
use crate::domain::job::Job;
use crate::domain::media::{MOST_CHARACTERS, MediaKind};
use crate::domain::policy::{Decision, What, Who};
use crate::domain::score::{self, Band};
use crate::domain::survey::{Answer, AnswerSource, QuestionKind};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Awaiting;
use crate::domain::visit::{Reason, Record, Visit, Way};
use crate::store::transcripts::Hearing;
use crate::store::{self, StoreError, Tx};

use super::{Planner, PlannerError};

/// How far the clock of whoever writes may be ahead of ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);
/// Characters of a recording that the client is shown.
const MOST_HEARD: usize = 300;

/// What staff wrote down.
#[derive(Debug, Clone)]
pub struct Written {
    pub way: Way,
    /// When they spoke; `None` for now. Not in the future, but for what clocks differ.
    pub at: Option<Timestamp>,
    pub place: String,
    pub note: String,
    /// What was answered, by question.
    pub answers: Vec<(String, f64)>,
    /// Photos and recordings; their bytes lie in the media store.
    pub files: Vec<ReceivedFile>,
    /// Whom they spoke to; `None` for the visit's own contact, or whoever of the unit is called.
    pub contact: Option<ContactId>,
}

impl Planner {
    /// Keeps what a member of staff wrote down: the visit is done, the answers count as a response
    /// with all that follows from one, and the client is shown the record.
    ///
    /// # Errors
    /// [`PlannerError::Needed`] without a note, [`PlannerError::Ahead`] if they are still to speak,
    /// [`PlannerError::Visit`] if it is not open any more.
    pub async fn record(&self, tx: &mut Tx, id: VisitId, written: Written, by: StaffId) -> Result<(), PlannerError> {
        let now = self.now();
        let visit = self.open(tx, id).await?;
        let note: String = text::clean(&written.note).chars().take(MOST_CHARACTERS).collect();
        if note.is_empty() {
            return Err(PlannerError::Needed("a note"));
        }
        let at = written.at.unwrap_or(now);
        if at > now + CLOCKS_DIFFER {
            return Err(PlannerError::Ahead);
        }
        let place: String = text::clean(&written.place).chars().take(200).collect();
        let contact = match (written.contact.or(visit.contact_id), visit.unit_id) {
            (Some(contact), _) => Some(contact),
            // It was never sent; they spoke to whoever the page names.
            (None, Some(unit)) => store::contact_units::to_call(tx, unit).await?.map(|contact| contact.id),
            (None, None) => None,
        };
        let answered = self.respond(tx, &visit, contact, &written.answers, &note, by).await?;
        let anonymous = match answered {
            Some(id) => store::responses::is_anonymous(tx, id).await?,
            None => false,
        };
        let response = answered.filter(|_| !anonymous);
        let record = Record {
            way: written.way,
            at: at.min(now),
            place: (!place.is_empty()).then_some(place),
            note,
            media: self.intake.keep_record(tx, &visit, &written.files).await?,
            by,
            confirmed: None,
        };
        let before = visit.clone();
        let mut visit = store::visits::without_anonymous(tx, visit).await?.done(record, response, now)?;
        visit.contact_id = contact;
        visit.assignee = Some(by);
        store::visits::update(tx, &visit).await?;
        self.intake.visit_taken_over(tx, &before).await?;
        if let Some(answered) = answered {
            self.intake.care_for(tx, answered, now).await?;
        }
        self.intake.second_visit_ended(tx, &visit).await?;
        tracing::info!(visit.id = %id, staff.id = %by, "visit {id} was made and written down");
        if written.files.iter().all(|file| file.kind != MediaKind::Voice) {
            self.intake.owe(tx, Job::ShowRecord { visit: id }, now).await?;
        }
        Ok(())
    }

    /// Has the client shown the record once every recording of the visit was listened to.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was stored.
    pub async fn record_heard(&self, tx: &mut Tx, id: VisitId) -> Result<(), StoreError> {
        let record = store::visits::find(tx, id).await?.and_then(|visit| visit.record);
        for media in record.into_iter().flat_map(|record| record.media) {
            let transcript = store::transcripts::find(tx, media).await?;
            if transcript.is_some_and(|transcript| transcript.hearing == Hearing::Pending) {
                return Ok(());
            }
        }
        self.intake.owe(tx, Job::ShowRecord { visit: id }, self.now()).await
    }

    /// Staff decides that nothing comes of a visit: nobody was reached, or it makes no sense.
    ///
    /// # Errors
    /// [`PlannerError::Visit`] if it is not open any more.
    pub async fn give_up(&self, tx: &mut Tx, id: VisitId, by: StaffId, not_reached: bool) -> Result<(), PlannerError> {
        let now = self.now();
        let before = self.open(tx, id).await?;
        let mut visit = if not_reached {
            before.clone().expire(now)?
        } else {
            store::visits::without_anonymous(tx, before.clone()).await?.skip(Reason::ByStaff, now)?
        };
        visit.assignee = Some(by);
        store::visits::update(tx, &visit).await?;
        // Who was not reached may still answer of themselves.
        if !not_reached {
            self.intake.visit_taken_over(tx, &before).await?;
        }
        self.intake.second_visit_ended(tx, &visit).await?;
        Ok(())
    }

    /// Shows the client what was written down, so that they say whether it is right; not to
    /// somebody who cannot be reached, and not at night.
    ///
    /// # Errors
    /// A [`PlannerError`] if nothing was stored.
    pub async fn show_record(&self, tx: &mut Tx, id: VisitId) -> Result<(), PlannerError> {
        let now = self.now();
        let Some(visit) = store::visits::find(tx, id).await? else { return Ok(()) };
        let (Some(record), Some(contact)) = (&visit.record, visit.contact_id) else { return Ok(()) };
        if record.confirmed.is_some() {
            return Ok(());
        }
        let Some(dialogue) = self.reachable(tx, contact).await? else { return Ok(()) };
        if let Decision::Wait(until, _) = self.intake.policy.decide(What::Notice, &Who::default(), self.calendar(), now)
        {
            self.intake.owe_again(tx, Job::ShowRecord { visit: id }, until).await?;
            return Ok(());
        }
        let key = match record.way {
            Way::Phone => "visit.record.phone",
            Way::OnSite => "visit.record.on_site",
        };
        let shown = self.record_in_words(tx, key, record).await?;
        self.intake.apply_here(tx, dialogue, Event::VisitRecorded { visit: id, shown }).await?;
        Ok(())
    }

    /// What the client is shown of a record: when and where, the note, what was heard, how many photos.
    async fn record_in_words(&self, tx: &mut Tx, key: &str, record: &Record) -> Result<Say, StoreError> {
        let time = calendar::local(record.at, self.intake.zone()).strftime("%Y-%m-%d %H:%M").to_string();
        let when = match &record.place {
            Some(place) => Say::new("visit.record.when_and_where").text("place", place.clone()),
            None => Say::new("visit.record.when"),
        };
        let mut lines = vec![
            Say::new(key),
            when.text("time", time),
            Say::new("visit.record.note").text("note", record.note.clone()),
        ];
        let mut photos = 0;
        for media in &record.media {
            match store::transcripts::find(tx, *media).await? {
                Some(transcript) => {
                    let words = transcript.words().unwrap_or_default();
                    let words: String = words.chars().take(MOST_HEARD).collect();
                    let heard = Say::new("visit.record.heard").text("text", words.clone());
                    lines.extend(Some(heard).filter(|_| !words.is_empty()));
                }
                None => photos += 1,
            }
        }
        if photos > 0 {
            lines.push(Say::new("visit.record.photos").text("count", photos.to_string()));
        }
        Ok(Say::lines(lines))
    }

    /// Returns a visit, held after the conversation its survey went to.
    async fn open(&self, tx: &mut Tx, id: VisitId) -> Result<Visit, PlannerError> {
        if let Some(dialogue) = store::visits::find(tx, id).await?.and_then(|visit| visit.dialogue_id) {
            store::dialogues::lock(tx, dialogue).await?;
        }
        let found = store::visits::load_for_update(tx, id).await?;
        Ok(found.ok_or_else(|| StoreError::Missing { table: "visits", id: id.to_string() })?)
    }

    /// Stores what was answered as a response, if anything was.
    async fn respond(
        &self,
        tx: &mut Tx,
        visit: &Visit,
        contact: Option<ContactId>,
        answers: &[(String, f64)],
        note: &str,
        by: StaffId,
    ) -> Result<Option<ResponseId>, PlannerError> {
        let Some(survey) = self.intake.catalog.script().surveys.get(&visit.survey) else { return Ok(None) };
        let accepted = answers.iter().filter_map(|(id, value)| Some((survey.question(id)?, *value)));
        let accepted: Vec<_> = accepted.filter(|(question, value)| question.accepts(*value)).collect();
        if accepted.is_empty() {
            return Ok(None);
        }
        let (now, id) = (self.now(), self.intake.clock.new_id::<ResponseId>());
        let now = if survey.anonymous { self.intake.day_of(now) } else { now };
        let new = store::responses::NewResponse {
            id,
            survey: survey.id.clone(),
            survey_version: survey.version,
            contact_id: contact.filter(|_| !survey.anonymous),
            unit_id: visit.unit_id.filter(|_| !survey.anonymous),
            project_id: survey.anonymous.then_some(visit.project_id),
            dialogue_id: None,
            started_at: now,
        };
        store::responses::start(tx, &new).await?;
        let mut given = Vec::new();
        for (question, value) in accepted {
            let row = store::responses::Answer {
                response_id: id,
                question: question.id.clone(),
                value: Some(value),
                text: None,
                source: "staff".to_owned(),
                media_id: None,
                answered_at: now,
            };
            store::responses::answer(tx, &row).await?;
            let source = AnswerSource::Button;
            given.push(Answer { question: question.id.clone(), value: Some(value), text: None, source });
        }
        let score = score::weighted_mean(survey, &given);
        let band = score.map(Band::of);
        let value_of = |kind: QuestionKind| {
            let question = survey.questions.iter().find(|question| question.kind == kind)?;
            given.iter().find(|answer| answer.question == question.id)?.value
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "accepted as a whole number 0–10")]
        let nps = value_of(QuestionKind::Nps).map(|nps| nps as u8);
        let outcome = store::responses::Outcome { score, band: band.map(|band| band.name().to_owned()), nps };
        store::responses::complete(tx, id, &outcome, now).await?;
        let judged = self.intake.tagger.understand(note, None, Awaiting::Nothing);
        store::responses::add_comment(tx, id, note, judged.sentiment, &judged.keywords).await?;
        let unfixed = value_of(QuestionKind::YesNo) == Some(0.0);
        if band == Some(Band::Dissatisfied) || unfixed {
            self.intake.raise(tx, None, FlagKind::NegativeFeedback, About::Response(id)).await?;
        }
        if let Some(ticket) = visit.ticket_id.filter(|_| unfixed) {
            self.intake.fix_did_not_hold(tx, ticket, by).await?;
        }
        Ok(Some(id))
    }
}
