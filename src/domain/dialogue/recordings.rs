//! Photos and recordings: acknowledged at once, listened to, and what was heard taken as words.

use super::additions::shows_another;
use super::effect::{About, Effect};
use super::event::NotHeard;
use super::say::{Arg, Say};
use super::state::Activity;
use super::{Turn, Words, why_refused};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, TicketId};
use crate::domain::media::{MOST_MINUTES, Refusal};
use crate::domain::survey::AnswerSource;
use crate::domain::understanding::{Intent, Understanding, Urgency};

/// After so many recordings in a row without words a person is asked to listen.
const UNHEARD_BEFORE_HELP: u32 = 2;
/// Recordings without words of which it is known what they were sent to.
const MOST_AWAITED: usize = 20;

impl Turn<'_> {
    /// Photos came in.
    pub(super) fn photos(&mut self, media: Vec<MediaId>, caption: Option<(String, Understanding)>) {
        let caption =
            caption.map(|(text, understood)| Words { text, understood, source: AnswerSource::Words, media: None });
        if self.state.handed_over() {
            let Some(words) = caption else { return self.tell_staff_of_more() };
            if let Some(words) = self.danger_shown(words, media) {
                self.words(words);
            }
            return;
        }
        if let Some(ticket) = caption.as_ref().and_then(|words| self.fix_shown(words))
            && let Some(words) = caption
        {
            self.effect(Effect::AddToTicket { ticket, text: Some(words.text.clone()), media, location: None });
            if words.understood.affirmed == Some(false) {
                // The next photo belongs there as well, if they send several.
                self.remember_ticket(ticket);
            }
            return self.words(words);
        }
        if let Some(ticket) = caption.as_ref().and_then(|words| self.fix_denied_below(words))
            && let Some(words) = caption
        {
            return self.deny_fix(ticket, &words, media);
        }
        if let Some(ticket) = self.fix_asked(true).filter(|_| caption.is_none() && self.is_idle()) {
            return self.show_fix(ticket, media);
        }
        let is_told = caption.as_ref().is_some_and(|words| {
            self.adds_on(words) && !self.withdraws(words) && self.told_after_filing(words, media.clone())
        });
        if is_told {
            return;
        }
        if let Some(ticket) = caption.as_ref().filter(|words| self.adds_on(words)).and_then(|it| self.shown_on(it))
            && let Some(words) = caption
        {
            return self.show_with_words(ticket, words, media);
        }
        if let Some(recent) = self.recent_ticket().filter(|_| matches!(self.state.activity, Activity::Idle))
            && caption.is_none()
        {
            self.effect(Effect::AddToTicket { ticket: recent.ticket, text: None, media, location: None });
            return self.say(Say::new("report.added_to_ticket").arg("ticket", Arg::TicketNumber(recent.ticket)));
        }
        let mut report = match self.state.activity.clone() {
            Activity::Reporting(report) => report,
            Activity::Commenting(after) if self.ctx.now <= after.until && caption.is_none() => {
                self.effect(Effect::AddComment {
                    response: after.response,
                    text: String::new(),
                    media,
                    understood: Understanding::default(),
                });
                return self.say(Say::new("photo.added"));
            }
            Activity::Surveying(run) => {
                let mut report = self.new_report();
                report.resume = Some(Box::new(run));
                report
            }
            Activity::Idle | Activity::Commenting(_) => self.new_report(),
        };
        let Some(words) = caption else { return self.report_photos(report, media) };
        if words.understood.urgency == Urgency::Emergency && report.is_of_another_danger(&words.understood) {
            // They show the danger that is told of, not the one whose report is open.
            self.danger_shown(words, media);
            return;
        }
        self.keep_media(&mut report, media);
        self.state.activity = Activity::Reporting(report);
        self.words(words);
    }

    /// Returns the ticket that photos belong to whose words say whether it is fixed, as was asked last.
    fn fix_shown(&self, words: &Words) -> Option<TicketId> {
        let answers = self.is_idle() && words.understood.urgency != Urgency::Emergency;
        words.understood.affirmed.filter(|_| answers).and_then(|fixed| self.fix_asked(fixed))
    }

    /// Whether words below photos go on with what was filed before: nothing is going on, and they are neither a command
    /// nor danger, nor of another fault. What is shown after an alarm belongs to it all the same.
    fn adds_on(&self, words: &Words) -> bool {
        let another = shows_another(&words.text) && !words.understood.corrects;
        matches!(self.state.activity, Activity::Idle)
            && !(another && self.lately_alarmed().next().is_none())
            && words.understood.urgency != Urgency::Emergency
            && self.ctx.script.words.command(&words.text).is_none()
    }

    /// Photos of the fault that was just filed: its ticket has them, and their words. What they ask is answered, and staff
    /// is told that nobody need come.
    fn show_with_words(&mut self, ticket: TicketId, words: Words, media: Vec<MediaId>) {
        if self.only_shows(&words.text) && !self.withdraws(&words) {
            return self.add_to_ticket(ticket, &words, media);
        }
        let told = words.text.clone();
        self.words(words);
        // A complaint is a ticket of its own: it is what they show.
        let own = TicketId(self.ctx.fresh);
        let files = |effect: &Effect| matches!(effect, Effect::FileTicket { ticket, .. } if *ticket == own);
        let has_words =
            |effect: &Effect| matches!(effect, Effect::AddToTicket { text: Some(said), .. } if *said == told);
        let complained = self.effects.iter().any(files);
        let kept = complained || self.effects.iter().any(has_words);
        let (ticket, text) = (if complained { own } else { ticket }, (!kept).then_some(told));
        self.effect(Effect::AddToTicket { ticket, text, media, location: None });
    }

    /// Photos without words while it is asked whether a fault is fixed: they show how it is now.
    fn show_fix(&mut self, ticket: TicketId, media: Vec<MediaId>) {
        self.effect(Effect::AddToTicket { ticket, text: None, media, location: None });
        self.in_passing(Say::new("report.added_to_ticket").arg("ticket", Arg::TicketNumber(ticket)));
    }

    /// A voice message came in: acknowledged at once, heard later.
    pub(super) fn voice(&mut self, media: MediaId) {
        self.effect(Effect::Transcribe { media });
        self.state.listening.push(media);
        let asked = self.state.asked().unwrap_or_default();
        self.state.sent_to.insert(media, asked);
        if self.state.sent_to.len() > MOST_AWAITED {
            self.state.sent_to.pop_first();
        }
        if self.state.handed_over() {
            self.tell_staff_of_more();
        } else if let Activity::Reporting(report) = &self.state.activity {
            let mut report = report.clone();
            self.keep_media(&mut report, vec![media]);
            self.state.activity = Activity::Reporting(report);
        }
        self.in_passing(Say::new("voice.received"));
    }

    /// The words of a voice message are known; where some are not, a person listens too.
    pub(super) fn transcribed(&mut self, media: MediaId, text: String, understood: Understanding, in_part: bool) {
        if in_part {
            self.effect(Effect::Raise { kind: FlagKind::VoiceUnheard, about: About::Conversation });
        }
        self.state.listening.retain(|waiting| *waiting != media);
        self.state.unheard = 0;
        if !self.state.handed_over() {
            self.echo = Some(text.clone());
        }
        let sent_to = self.state.sent_to.remove(&media);
        let words = Words { text, understood, source: AnswerSource::Voice, media: Some(media) };
        match (sent_to, self.state.asked(), self.state.activity.clone()) {
            (Some(sent_to), Some(asked), Activity::Surveying(run)) if sent_to != asked && self.only_answers(&words) => {
                self.note_beside(run, &words, Say::new("voice.late"));
            }
            _ => self.words(words),
        }
    }

    /// Whether words can be nothing but an answer to a question of a survey: no command, no wish, no fault and no danger,
    /// and nothing else is asked.
    pub(super) fn only_answers(&self, words: &Words) -> bool {
        let said = &words.understood;
        if self.state.offers("danger:") || self.state.offers("fix:") {
            return false;
        }
        let own = matches!(said.intent, Intent::RepairReport | Intent::ProgressQuery | Intent::HumanAgent);
        let danger = said.urgency == Urgency::Emergency || said.danger_unsure;
        !self.state.handed_over() && !own && !danger && said.symptom.is_none() && self.command_in(words).is_none()
    }

    /// A voice message yielded no words: said so, kept, and a person listens where it matters.
    pub(super) fn not_heard(&mut self, media: MediaId, why: NotHeard) {
        self.state.listening.retain(|waiting| *waiting != media);
        self.state.sent_to.remove(&media);
        self.state.unheard = self.state.unheard.saturating_add(1);
        // What cannot be opened here may still be played elsewhere.
        let unheard = matches!(why, NotHeard::Failed | NotHeard::Unreadable);
        let person = unheard || self.state.unheard >= UNHEARD_BEFORE_HELP || self.state.handed_over();
        if person {
            self.effect(Effect::Raise { kind: FlagKind::VoiceUnheard, about: About::Conversation });
        }
        if self.state.handed_over() {
            return;
        }
        let say = match why {
            NotHeard::TooLong => Say::new("refused.too_long_recording").text("limit", MOST_MINUTES.to_string()),
            NotHeard::TooLarge => why_refused(Refusal::TooLarge),
            NotHeard::Unreadable => Say::new("refused.broken_file"),
            NotHeard::Lost => why_refused(Refusal::Lost),
            NotHeard::NoSpeech | NotHeard::Failed if person => Say::new("voice.failed"),
            NotHeard::NoSpeech | NotHeard::Failed => Say::new("voice.nothing"),
        };
        match self.state.activity.clone() {
            Activity::Surveying(run) => self.ask_again(run, Some(say)),
            Activity::Reporting(report) if !report.pieces.is_empty() || person => self.go_on_with(report, Some(say)),
            Activity::Reporting(report) => {
                self.remind_of(&report);
                self.say(say);
            }
            Activity::Idle | Activity::Commenting(_) => self.say(say),
        }
    }
}
