//! Tickets with their history: who did what when, and what the client was told.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::super::past::{Step, StepEntry, TicketEntry};
use super::said::{Line, Spoken};
use super::{Person, Teller};
use crate::domain::dialogue::Choice;
use crate::domain::dialogue::say::Label;
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, StaffId};
use crate::domain::sla::Moment;
use crate::domain::ticket::{Actor, Evidence, Ticket, TicketKind};
use crate::domain::time::Timestamp;
use crate::domain::understanding::{Hazard, Sentiment, Understanding, Urgency};
use crate::intake::message::{Button, InboundBody, OutboundBody};
use crate::store::transcripts::Heard;
use crate::store::{self, Tx};

/// How long the service takes to answer.
const ANSWERED_AFTER: Duration = Duration::from_secs(2);

impl Teller {
    pub(super) async fn ticket(&mut self, tx: &mut Tx, entry: &TicketEntry) -> anyhow::Result<()> {
        let person = self.person(&entry.contact)?;
        let at = entry.at.on(self.midnight);
        let id = self.intake.clock.new_id();
        let mut ticket = Ticket::reported(id, entry.kind, person.contact, at);
        let media = match (&entry.words, &entry.voice) {
            (Some(words), None) => {
                ticket.description.clone_from(words);
                self.hear(&entry.contact, at, words);
                None
            }
            (None, Some(file)) => Some(self.spoken_report(tx, &mut ticket, entry, file, &person).await?),
            _ => anyhow::bail!("a report is either written or spoken"),
        };
        let read = self.understand(&ticket.description);
        describe(&mut ticket, entry, &read, &person);
        self.intake.judge_warranty(tx, &mut ticket).await?;
        let mut ticket = store::tickets::file(tx, ticket).await?;
        if let Some(media) = media {
            store::tickets::attach_media(tx, id, media).await?;
        }
        let body = json!({ "confirmed": true, "media": media.as_slice() });
        self.intake.note_event(tx, id, "reported", Actor::Client, body, at).await?;
        self.intake.clocks_turned(tx, &mut ticket, Moment::Filed, at).await?;
        self.answer_report(tx, &ticket, entry, &read, &person).await?;
        for step in &entry.steps {
            ticket = self.step(tx, ticket, entry, step, &person).await?;
        }
        store::tickets::update(tx, &ticket).await?;
        Ok(())
    }

    async fn spoken_report(
        &mut self,
        tx: &mut Tx,
        ticket: &mut Ticket,
        entry: &TicketEntry,
        file: &str,
        person: &Person,
    ) -> anyhow::Result<MediaId> {
        let at = ticket.created_at;
        let (media, words) = self.keep_recording(tx, file, person, at).await?;
        let heard = Heard {
            text: words.clone(),
            raw_text: words.clone(),
            language: super::LANGUAGE.tag().to_owned(),
            confidence: 1.0,
            model: "demo data".to_owned(),
        };
        store::transcripts::heard(tx, media.id, &heard, at).await?;
        let id = media.id;
        let body = InboundBody { media: vec![media], ..InboundBody::default() };
        self.spoken.push(Spoken { at, person: entry.contact.clone(), line: Line::Client(Box::new(body)) });
        self.say(&entry.contact, at + ANSWERED_AFTER, "voice.heard", &[("text", &words)]);
        ticket.description = words;
        Ok(id)
    }

    /// What the client is told, and what staff must see at once.
    async fn answer_report(
        &mut self,
        tx: &mut Tx,
        ticket: &Ticket,
        entry: &TicketEntry,
        read: &Understanding,
        person: &Person,
    ) -> anyhow::Result<()> {
        let number = ticket.number.as_str();
        let at = ticket.created_at + ANSWERED_AFTER;
        let flag = if ticket.urgency == Urgency::Emergency {
            let hazard = read.hazard.unwrap_or(Hazard::Other).name();
            let phone = self.intake.emergency_phone.clone();
            self.say(&entry.contact, at, &format!("emergency.{hazard}"), &[("phone", &phone), ("ticket", number)]);
            Some(FlagKind::Emergency)
        } else if ticket.kind == TicketKind::Complaint {
            self.say(&entry.contact, at, "complaint.filed", &[("ticket", number)]);
            Some(FlagKind::Complaint)
        } else {
            self.say(&entry.contact, at, "report.filed", &[("ticket", number)]);
            (ticket.sentiment == Sentiment::Negative).then_some(FlagKind::NegativeFeedback)
        };
        if let Some(kind) = flag {
            self.flag(tx, kind, person, ticket.created_at, |flag| flag.ticket_id = Some(ticket.id)).await?;
        }
        Ok(())
    }

    async fn step(
        &mut self,
        tx: &mut Tx,
        ticket: Ticket,
        entry: &TicketEntry,
        step: &StepEntry,
        person: &Person,
    ) -> anyhow::Result<Ticket> {
        let after = Duration::try_from_secs_f64(step.hours * 3600.0).context("`hours` of a step")?;
        let at = ticket.created_at + after;
        let engineer = &person.place.engineer;
        let note = json!({ "text": step.text });
        let staff = |id: StaffId| Actor::Staff(id);
        let first_line = staff(self.first_line.id);
        if step.step == Step::Assigned {
            // Who gives it to somebody has called the client first.
            self.intake.note_event(tx, ticket.id, "called", first_line, json!({}), at).await?;
        }
        let (mut ticket, event, actor, body) = match step.step {
            Step::Assigned => (ticket.assign(engineer.id, at)?, "assigned", first_line, json!({ "to": engineer.name })),
            Step::OnSite => (ticket.arrive(at)?, "on_site", staff(engineer.id), json!({})),
            Step::Rectified => {
                let evidence = Evidence::of(step.text.as_deref(), 0).context("a fix needs a note")?;
                let ticket = ticket.rectify(evidence, at)?;
                self.ask_whether_fixed(&ticket, &entry.contact, at);
                (ticket, "rectified", staff(engineer.id), note)
            }
            Step::Confirmed => {
                self.fix_verdict(&ticket, &entry.contact, true, at);
                (ticket.verify(at)?.close(false, at)?, "verified", Actor::Client, json!({}))
            }
            Step::Verified => (ticket.verify(at)?, "verified", Actor::Client, note),
            Step::RejectedFix => {
                self.fix_verdict(&ticket, &entry.contact, false, at);
                self.flag(tx, FlagKind::FixRejected, person, at, |flag| flag.ticket_id = Some(ticket.id)).await?;
                (ticket.reject_fix(at)?, "reopened", Actor::Client, json!({}))
            }
            Step::ClosedUnverified => (ticket.close(true, at)?, "closed_unverified", first_line, note),
            Step::Rejected => (ticket.reject(at)?, "rejected", first_line, note),
            Step::Cancelled => (ticket.cancel(at)?, "cancelled", first_line, note),
        };
        self.intake.note_event(tx, ticket.id, event, actor, body, at).await?;
        if let Some(moment) = moment_of(step.step) {
            self.intake.clocks_turned(tx, &mut ticket, moment, at).await?;
        }
        Ok(ticket)
    }

    fn ask_whether_fixed(&mut self, ticket: &Ticket, person: &str, at: Timestamp) {
        let choices = ["yes", "no"].map(|verdict| Button {
            id: format!("fix:{}:{verdict}", ticket.id),
            label: self.text(&format!("fix.{verdict}"), &[]),
        });
        let text = self.text("fix.ask", &[("ticket", &ticket.number)]);
        let body = OutboundBody { text, choices: choices.clone().into(), ..OutboundBody::default() };
        self.spoken.push(Spoken { at, person: person.to_owned(), line: Line::Bot(body) });
        if let Some(person) = self.people.get_mut(person) {
            person.state.fix_to_confirm = Some(ticket.id);
            person.state.offered = choices.map(|Button { id, label }| Choice { id, label: Label::Text(label) }).into();
        }
    }

    fn fix_verdict(&mut self, ticket: &Ticket, person: &str, fixed: bool, at: Timestamp) {
        let (verdict, answer) = if fixed { ("yes", "fix.verified") } else { ("no", "fix.reopened") };
        let label = self.text(&format!("fix.{verdict}"), &[]);
        self.pressed(person, at, format!("fix:{}:{verdict}", ticket.id), label);
        self.say(person, at + ANSWERED_AFTER, answer, &[("ticket", &ticket.number)]);
        if let Some(person) = self.people.get_mut(person) {
            person.state.fix_to_confirm = None;
            person.state.offered.clear();
        }
    }
}

/// What a step is to the clocks of its ticket.
fn moment_of(step: Step) -> Option<Moment> {
    match step {
        Step::Assigned => Some(Moment::Answered),
        Step::OnSite => Some(Moment::Arrived),
        Step::Rectified => Some(Moment::Rectified),
        Step::RejectedFix => Some(Moment::Reopened),
        Step::Verified => None,
        Step::Confirmed | Step::ClosedUnverified | Step::Rejected | Step::Cancelled => Some(Moment::Ended),
    }
}

/// What the ticket says: tapped before read.
fn describe(ticket: &mut Ticket, entry: &TicketEntry, read: &Understanding, person: &Person) {
    let tapped = |tapped: &Option<String>, read: &Option<String>| tapped.clone().or_else(|| read.clone());
    ticket.unit_id = Some(person.place.binding.unit);
    ticket.project_id = Some(person.place.binding.project);
    ticket.dialogue_id = Some(person.dialogue);
    ticket.urgency = entry.urgency.unwrap_or(read.urgency);
    ticket.sentiment = read.sentiment;
    ticket.keywords.clone_from(&read.keywords);
    if ticket.kind == TicketKind::Repair {
        ticket.category = entry.category.or(read.category);
        ticket.location = tapped(&entry.location, &read.location);
        ticket.component = tapped(&entry.component, &read.component);
        ticket.symptom = tapped(&entry.symptom, &read.symptom);
        ticket.since.clone_from(&read.since);
        ticket.wished_time.clone_from(&read.wished_time);
    }
}
