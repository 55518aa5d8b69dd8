//! Repair reports: words, voice and photos in any order become one report; what is missing is
//! asked piece by piece; a summary is agreed to; the ticket is filed.
//!
//! A message that names place and symptom needs one tap. Which pieces exist and which are
//! required is data ([`crate::domain::script::RepairForm`]).

use std::time::Duration;

use super::address::correction;
use super::effect::{Effect, TicketDraft, Timer};
use super::question::asks_how_far;
use super::say::{Arg, Say};
use super::state::{Activity, Binding, RecentTicket, Report};
use super::{Turn, Words};
use crate::domain::ids::{MediaId, TicketId};
use crate::domain::script::{Command, Slot, SlotId};
use crate::domain::ticket::TicketKind;
use crate::domain::understanding::{Category, Urgency};

/// How long after filing more words and photos go to the same ticket.
pub(super) const ADDITIONS_WINDOW: Duration = Duration::from_secs(10 * 60);
/// What the words for [`Command::Cancel`] mean that only put something off.
pub(super) const LATER: &str = "later";

impl Turn<'_> {
    /// Begins a report with what was said.
    pub(super) fn begin_report(&mut self, words: Option<&Words>) {
        let mut report = self.new_report();
        report.resume = self.suspended_survey();
        match words {
            Some(words) => report.take(words, true),
            None => report.asked = Some(SlotId::Symptom),
        }
        let cost = words.and_then(|words| self.cost_beside(words));
        self.go_on_with(report, cost);
    }

    /// Returns an empty report of the home that is spoken of.
    pub(super) fn new_report(&self) -> Report {
        Report { binding: self.state.binding.clone(), ..Report::new(TicketId(self.ctx.fresh)) }
    }

    /// Words while a report is put together.
    pub(super) fn report_words(&mut self, mut report: Report, words: &Words) {
        if let Some(at) = self.dropped(&report, words) {
            return self.drop_fault(report, at);
        }
        if !report.filed && self.gives_up(words) {
            return self.cancel_report(&report);
        }
        let summary = self.state.offers(&submit_id(&report));
        if summary && self.says_send(&words.text) {
            return self.submit(report);
        }
        match self.ctx.script.words.command(&words.text) {
            Some((Command::No, _)) if summary => return self.ask_what_to_correct(report),
            // To a place or a time it is no answer: the question stands.
            Some((Command::Yes | Command::No, _)) if report.asked != Some(SlotId::Severity) => {
                return self.go_on_with(report, None);
            }
            None if report.asked.is_some_and(|asked| asked != SlotId::Severity) && self.says_nothing(&words.text) => {
                return self.go_on_with(report, None);
            }
            _ => {}
        }
        if report.summarised && report.asked.is_none() && !report.correcting {
            match self.verdict_on_summary(&report, words) {
                Some(true) => return self.agree(report, words),
                Some(false) if self.agrees_and_repeats(words) => return self.agree(report, words),
                // "收费不" asks something else.
                Some(false) if self.answer_within(words).is_some() => {}
                Some(false) if words.text.chars().count() <= 4 && correction(&report, words).is_none() => {
                    return self.ask_what_to_correct(report);
                }
                _ => {}
            }
        }
        if !report.filed && asks_how_far(words) {
            return self.status();
        }
        if let Some(answer) = self.answer_within(words).filter(|_| !report.filed) {
            report.keep(words);
            return self.go_on_with(report, Some(answer));
        }
        if !report.filed {
            return self.more_words(report, words);
        }
        self.tell_others_where(&report, words);
        report.take(words, false);
        self.add_to_filed(&report, words);
        self.go_on_with(report, None);
    }

    /// A button of a report: `r<report>:<what>`, or `r<report>:<slot>:<value>`.
    pub(super) fn report_choice(&mut self, mut report: Report, what: &str, value: Option<&str>) {
        match (what, value) {
            ("submit" | "me_too", None) => self.submit(report),
            ("edit", None) => self.ask_what_to_correct(report),
            ("cancel", None) => self.cancel_report(&report),
            ("fix", Some(slot)) => {
                if let Some(slot) = self.slot_named(slot) {
                    report.asked = Some(slot.id);
                    report.correcting = true;
                    let say = Self::ask_slot(&report, &slot);
                    self.state.activity = Activity::Reporting(report);
                    self.say(say);
                } else {
                    self.go_on_with(report, None);
                }
            }
            (slot, Some(choice)) => {
                let picked = self
                    .slot_named(slot)
                    .and_then(|slot| slot.choices.into_iter().find(|known| known.id == choice).map(|c| (slot.id, c)));
                match picked {
                    Some((SlotId::Place, other)) if other.id == "other" => {
                        report.asked = Some(SlotId::Place);
                        // After an alarm words are no place by themselves: these are.
                        report.correcting |= report.filed;
                        self.state.activity = Activity::Reporting(report);
                        self.say(Say::new("report.ask_place_words"));
                    }
                    Some((slot, choice)) => {
                        report.fill(slot, Arg::Key(choice.label_key));
                        if report.filed {
                            let location = report.slots.get(&SlotId::Place).cloned();
                            self.effect(Effect::AddToTicket {
                                ticket: report.ticket,
                                text: None,
                                media: Vec::new(),
                                location,
                            });
                        }
                        self.go_on_with(report, None);
                    }
                    None => self.go_on_with(report, None),
                }
            }
            _ => self.go_on_with(report, None),
        }
    }

    /// Commands that mean something special within a report; `false` if this is none of them.
    pub(super) fn report_command(&mut self, report: &Report, command: Command, argument: Option<&str>) -> bool {
        match command {
            // What was said waits with the question that stands; a report left lying is filed in the end.
            Command::Cancel if argument == Some(LATER) && report.holds_something() => {
                // An emergency is in a hurry: what is missing is only asked once more.
                let first = (!report.filed).then(|| Say::new("report.no_hurry"));
                self.go_on_with(report.clone(), first);
                true
            }
            Command::Cancel => {
                self.cancel_report(report);
                true
            }
            Command::Skip => {
                let mut report = report.clone();
                match report.asked {
                    Some(slot) if !report.pieces.is_empty() => report.skip(slot),
                    _ => {}
                }
                self.go_on_with(report, None);
                true
            }
            Command::Edit | Command::Back => {
                self.ask_what_to_correct(report.clone());
                true
            }
            Command::Report => {
                self.go_on_with(report.clone(), None);
                true
            }
            Command::Yes
            | Command::No
            | Command::Start
            | Command::Help
            | Command::Status
            | Command::Survey
            | Command::Human
            | Command::Stop
            | Command::Resume
            | Command::Language
            | Command::Privacy
            | Command::Forget
            | Command::Elsewhere
            | Command::Reschedule
            | Command::Unknown => false,
        }
    }

    /// Photos: part of the report under way, of the ticket just filed, or the start of a report.
    pub(super) fn report_photos(&mut self, mut report: Report, media: Vec<MediaId>) {
        let burst = Duration::from_secs(u64::from(self.ctx.script.repair.burst_seconds));
        let album = report.photo_acknowledged.is_some_and(|last| self.ctx.now.since(last) < burst);
        report.photo_acknowledged = Some(self.ctx.now);
        self.keep_media(&mut report, media);
        if report.pieces.is_empty() {
            report.asked = Some(SlotId::Symptom);
            self.remind_of(&report);
            self.state.activity = Activity::Reporting(report);
            if !album {
                self.say(Say::new("photo.received"));
            }
        } else if album {
            self.state.activity = Activity::Reporting(report);
        } else {
            self.go_on_with(report, Some(Say::new("photo.added")));
        }
    }

    /// Photos and recordings join the report under way, and its ticket if that is filed already.
    pub(super) fn keep_media(&mut self, report: &mut Report, media: Vec<MediaId>) {
        if report.filed && !media.is_empty() {
            let (ticket, media) = (report.ticket, media.clone());
            self.effect(Effect::AddToTicket { ticket, text: None, media, location: None });
        }
        report.media.extend(media);
    }

    /// Asks for the next missing piece, or shows the summary; `first` is said before.
    pub(super) fn go_on_with(&mut self, mut report: Report, first: Option<Say>) {
        self.locate(&mut report);
        let mut lines: Vec<Say> = first.into_iter().collect();
        // A voice message of the same burst is still being heard: what it says may be what is missing.
        let hearing = report.media.iter().any(|media| self.state.listening.contains(media));
        if hearing {
            self.state.activity = Activity::Reporting(report);
            if !lines.is_empty() || self.echo.is_some() {
                self.say(Say::lines(lines));
            }
            return;
        }
        match self.missing(&report) {
            Some(slot) => {
                let fresh = report.asked.is_none();
                report.asked = Some(slot.id);
                lines.extend(self.known_around(&report).filter(|_| fresh));
                lines.push(Self::ask_slot(&report, &slot));
                self.remind_of(&report);
                self.state.activity = Activity::Reporting(report);
                self.say(Say::lines(lines));
            }
            None if report.filed => {
                self.finish_report(report, lines);
            }
            None => {
                report.asked = None;
                report.correcting = false;
                report.summarised = true;
                lines.push(self.summary(&report));
                self.remind_of(&report);
                self.state.activity = Activity::Reporting(report);
                self.say(Say::lines(lines));
            }
        }
    }

    /// Says that neighbours have reported the same, with a button that files this report as it is.
    fn known_around(&self, report: &Report) -> Option<Say> {
        let category = report.category.filter(|_| !report.filed)?;
        self.ctx.incidents.iter().find(|incident| incident.category == category)?;
        let known = Say::new("incident.known").arg("category", Arg::Key(format!("category.{}", category.name())));
        Some(known.choice(format!("r{}:me_too", report_tag(report.ticket)), "incident.me_too"))
    }

    /// Files what has been gathered.
    pub(super) fn file(&mut self, report: &Report, confirmed: bool) {
        self.effect(Effect::FileTicket {
            ticket: report.ticket,
            draft: TicketDraft {
                kind: TicketKind::Repair,
                category: report.category,
                urgency: report.urgency,
                description: report.pieces.join("\n"),
                slots: report.slots.clone(),
                media: report.media.clone(),
                binding: self.home_of(report).cloned(),
                confirmed,
            },
        });
        self.remember_ticket(report.ticket);
    }

    /// Returns the home that a report is about.
    pub(super) fn home_of<'r>(&'r self, report: &'r Report) -> Option<&'r Binding> {
        report.binding.as_ref().or(self.state.binding.as_ref())
    }

    /// Adds words to a ticket that is already filed.
    pub(super) fn add_to_filed(&mut self, report: &Report, words: &Words) {
        self.effect(Effect::AddToTicket {
            ticket: report.ticket,
            text: Some(words.text.clone()),
            media: words.media.into_iter().collect(),
            location: report.slots.get(&SlotId::Place).cloned(),
        });
    }

    /// A report was left unconfirmed for a while.
    pub(super) fn report_left(&mut self, ticket: TicketId, give_up: bool) {
        let Activity::Reporting(report) = self.state.activity.clone() else { return };
        if report.ticket != ticket {
            return;
        }
        if report.filed || !report.holds_something() {
            if give_up {
                self.leave_report(&report);
            }
        } else if give_up {
            self.file(&report.clone().with_all_that_was_said(), false);
            self.leave_report(&report);
            let filed = Say::new("report.filed_unconfirmed").arg("ticket", Arg::TicketNumber(ticket));
            self.say(filed.with_progress(ticket));
        } else {
            let say = Say::new("report.reminder");
            let summary = self.summary(&report);
            self.say(Say::lines(vec![say, summary]));
        }
    }

    pub(super) fn submit(&mut self, report: Report) {
        if !report.filed {
            self.file(&report, true);
        }
        let filed = Say::new("report.filed").arg("ticket", Arg::TicketNumber(report.ticket));
        let mut lines = vec![filed.with_progress(report.ticket)];
        if report.category == Some(Category::Leak) && report.urgency == Urgency::High {
            lines.push(Say::new("report.leak_advice"));
        }
        self.finish_report(report, lines);
    }

    fn finish_report(&mut self, report: Report, mut lines: Vec<Say>) {
        if lines.is_empty() {
            lines.push(Say::new("report.added_to_ticket").arg("ticket", Arg::TicketNumber(report.ticket)));
        }
        self.remember_ticket(report.ticket);
        if let Some(next) = report.next(TicketId(self.ctx.fresh)) {
            lines.push(Say::new("report.next").text("fault", next.pieces.join(" ")));
            return self.go_on_with(next, Some(Say::lines(lines)));
        }
        self.state.activity = Activity::Idle;
        if let Some(run) = report.resume {
            // What is said right after an alarm goes to its ticket.
            if self.lately_alarmed().next().is_some() {
                self.park(run);
                return self.say(Say::lines(lines));
            }
            lines.push(Say::new("survey.resumed"));
            return self.ask_again(*run, Some(Say::lines(lines)));
        }
        self.say(Say::lines(lines));
        self.begin_waiting_survey();
    }

    /// Stops asking; goes back to the survey if there was one, silently.
    pub(super) fn leave_report(&mut self, report: &Report) {
        self.state.activity = match &report.resume {
            Some(run) => Activity::Surveying((**run).clone()),
            None => Activity::Idle,
        };
    }

    pub(super) fn remember_ticket(&mut self, ticket: TicketId) {
        self.state.recent = Some(RecentTicket { ticket, until: self.ctx.now + ADDITIONS_WINDOW });
    }

    /// Has a report that is left lying recalled, and filed in the end.
    pub(super) fn remind_of(&mut self, report: &Report) {
        let ticket = report.ticket;
        self.wake_for(Timer::ReportReminder { ticket }, false);
        self.wake_for(Timer::ReportUnconfirmed { ticket }, false);
    }

    /// Returns the first required piece that the report does not have yet.
    fn missing(&self, report: &Report) -> Option<Slot> {
        let bound = self.state.binding.is_some();
        let slots = &self.ctx.script.repair.slots;
        if report.correcting
            && let Some(asked) = report.asked
        {
            return slots.iter().find(|slot| slot.id == asked).cloned();
        }
        slots
            .iter()
            .find(|slot| {
                let concerns = slot.required && (!slot.unbound_only || !bound);
                concerns && !report.has(slot.id) && !report.skipped.contains(&slot.id)
            })
            .cloned()
    }

    fn slot_named(&self, name: &str) -> Option<Slot> {
        self.ctx.script.repair.slots.iter().find(|slot| slot.id.name() == name).cloned()
    }

    fn ask_slot(report: &Report, slot: &Slot) -> Say {
        slot.choices.iter().fold(Say::new(slot.ask_key.clone()), |say, choice| {
            say.choice(choice_id(report, &format!("{}:{}", slot.id.name(), choice.id)), choice.label_key.clone())
        })
    }
}

/// Names a button of a report.
pub(super) fn choice_id(report: &Report, what: &str) -> String {
    format!("r{}:{what}", report_tag(report.ticket))
}

/// Names the button that files a report as its summary says.
pub(super) fn submit_id(report: &Report) -> String {
    choice_id(report, "submit")
}

/// Returns the last eight hex digits of a ticket's id.
pub(super) fn report_tag(ticket: TicketId) -> String {
    let hex = ticket.0.simple().to_string();
    hex.get(24..).unwrap_or(&hex).to_owned()
}
