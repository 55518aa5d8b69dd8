//! Emergencies: safety words and the telephone first, the ticket filed before anything is asked,
//! staff told at once, in whatever else was going on and also while a person has the conversation.
//! What only may be one is asked about in [`super::doubt`].

use super::effect::{About, Effect};
use super::repair::ADDITIONS_WINDOW;
use super::say::{Arg, Say};
use super::state::{Activity, Alarmed, Report};
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, TicketId};
use crate::domain::script::{SlotId, normalised};
use crate::domain::understanding::{Category, Hazard, Intent, Understanding, Urgency};

/// What stands between the clauses of an utterance.
pub(super) const BREAKS: [char; 8] = [',', '，', '.', '。', '!', '！', ';', '；'];
/// Cries for help …
const CRIES: [&str; 10] = ["help", "sos", "救命", "帮助", "帮帮我", "帮帮忙", "帮我", "救我", "救救我", "救人"];
/// … what may stand before a Chinese one and behind it …
const BEFORE: [char; 4] = ['快', '请', '来', '人'];
const BEHIND: [char; 6] = ['啊', '呀', '吧', '啦', '哪', '们'];
/// … and what may stand with an English one.
const WITH_IT: [&str; 5] = ["me", "us", "please", "somebody", "someone"];

impl Turn<'_> {
    /// Acts on words that tell of danger. Returns them when they do not.
    pub(super) fn danger(&mut self, words: Words) -> Option<Words> {
        self.danger_shown(words, Vec::new())
    }

    /// The same for words below photos.
    pub(super) fn danger_shown(&mut self, words: Words, photos: Vec<MediaId>) -> Option<Words> {
        if words.understood.urgency != Urgency::Emergency {
            return Some(words);
        }
        if let Some((ticket, hazard)) = self.told_before(&words) {
            self.tell_more(ticket, hazard, &words, photos);
            return None;
        }
        let (mut report, resume) = match std::mem::replace(&mut self.state.activity, Activity::Idle) {
            Activity::Reporting(report) if report.is_of_another_danger(&words.understood) => {
                let there = words.understood.location.is_none();
                (report.with_another_danger(TicketId(self.ctx.fresh), there), None)
            }
            // An everyday fault that was being told of is filed as it stands: somebody else mends it, and elsewhere.
            Activity::Reporting(report) if report.is_for_others(&words.understood) => {
                self.file(&report.clone().with_all_that_was_said(), false);
                (report.with_another_danger(TicketId(self.ctx.fresh), false), None)
            }
            // Whoever calls for help answers no question: the words are taken for no place and no address.
            Activity::Reporting(report) => (Report { asked: None, correcting: false, ..report }, None),
            Activity::Surveying(run) => (self.new_report(), Some(Box::new(run))),
            Activity::Idle | Activity::Commenting(_) => (self.new_report(), None),
        };
        if report.resume.is_none() {
            report.resume = resume;
        }
        report.take(&words, true);
        self.keep_media(&mut report, photos);
        self.alarm(report, &words);
        None
    }

    /// Returns the emergency filed a moment ago, and its danger, if these words tell of the same one.
    fn told_before(&self, words: &Words) -> Option<(TicketId, Hazard)> {
        let hazard = words.understood.hazard.unwrap_or_else(|| hazard_of(&words.understood));
        let named_before =
            || self.lately_alarmed().find(|alarmed| alarmed.hazard == hazard).map(|alarmed| (alarmed.ticket, hazard));
        match &self.state.activity {
            // Back to a danger that was told of before the one whose report is open, which else takes the words itself.
            Activity::Reporting(report) if report.filed => {
                named_before().filter(|_| report.is_of_another_danger(&words.understood))
            }
            _ => named_before().or_else(|| {
                let alarmed = self.state.alarmed.filter(|alarmed| self.ctx.now <= alarmed.until)?;
                let vague = hazard == Hazard::Other || alarmed.hazard == Hazard::Other;
                let known = if alarmed.hazard == Hazard::Other { hazard } else { alarmed.hazard };
                vague.then_some((alarmed.ticket, known))
            }),
        }
    }

    /// The emergencies of which everybody was told a moment ago, the last first.
    pub(super) fn lately_alarmed(&self) -> impl Iterator<Item = Alarmed> + '_ {
        let all = self.state.alarmed.iter().chain(self.state.alarmed_before.iter().rev());
        all.copied().filter(|alarmed| self.ctx.now <= alarmed.until)
    }

    /// Adds what is said after an alarm to its ticket, if it tells of no danger: "有个老人心脏不好". `false` if nobody
    /// was alarmed lately, or they ask how far it is or for a person, or only thank.
    pub(super) fn told_after_alarm(&mut self, words: &Words, photos: Vec<MediaId>) -> bool {
        let asks = matches!(words.understood.intent, Intent::ProgressQuery | Intent::HumanAgent);
        let kind = self.ctx.script.courtesy(&words.text).is_some();
        let alarmed = self.lately_alarmed().next().filter(|_| !asks && !kind);
        let Some(Alarmed { ticket, .. }) = alarmed else { return false };
        self.add_to_ticket(ticket, words, photos);
        true
    }

    /// Adds to an emergency that everybody was told of, and says the safety words once more.
    fn tell_more(&mut self, ticket: TicketId, hazard: Hazard, words: &Words, photos: Vec<MediaId>) {
        let mut media: Vec<_> = words.media.into_iter().chain(photos).collect();
        if let Activity::Reporting(report) = self.state.activity.clone()
            && report.pieces.is_empty()
        {
            // A photo sent before the words shows what they tell of.
            media.extend(report.media.iter().filter(|file| words.media != Some(**file)));
            self.leave_report(&report);
        }
        self.effect(Effect::AddToTicket { ticket, text: Some(words.text.clone()), media, location: None });
        self.alarmed(ticket, hazard);
        let safety = safety_words(hazard, ticket);
        if self.state.handed_over() { self.say(safety) } else { self.aside(safety) }
    }

    /// Adds the address that answers the question of one emergency to all they told of a moment ago: it holds for each.
    pub(super) fn tell_others_where(&mut self, report: &Report, words: &Words) {
        let others = self.lately_alarmed().map(|alarmed| alarmed.ticket).filter(|ticket| *ticket != report.ticket);
        for ticket in others.collect::<Vec<_>>() {
            if report.asked == Some(SlotId::Address) {
                let text = Some(words.text.clone());
                self.effect(Effect::AddToTicket { ticket, text, media: Vec::new(), location: None });
            }
        }
    }

    /// Has the home that is known by now noted with an emergency that was filed before it was, and with the others
    /// told of lately: it holds for each. An address that was told in words stands.
    pub(super) fn locate(&mut self, report: &mut Report) {
        if report.filed && report.binding.is_none() && !report.has(SlotId::Address) {
            report.binding.clone_from(&self.state.binding);
            self.locate_alarmed(Some(report.ticket));
        }
    }

    /// The same while staff has the conversation: no report is open then that asks for the address.
    pub(super) fn locate_alarmed(&mut self, open: Option<TicketId>) {
        let Some(home) = self.state.binding.clone() else { return };
        let lately = self.lately_alarmed().map(|alarmed| alarmed.ticket).filter(|ticket| Some(*ticket) != open);
        let tickets: Vec<TicketId> = open.into_iter().chain(lately).collect();
        for ticket in tickets {
            self.effect(Effect::LocateTicket { ticket, home: home.clone() });
        }
    }

    /// Takes a cry for help for what it is: more of what everybody was told of a moment ago, with the safety words once
    /// more, or a yes to the question about danger. `false` if there was neither: "help" asks for the menu then.
    pub(super) fn cries_for_help(&mut self, words: &Words) -> bool {
        if !is_cry(&words.text) {
            return false;
        }
        if self.is_danger_asked() {
            self.confirm_danger(words.clone());
            return true;
        }
        let Some(Alarmed { ticket, hazard, .. }) = self.lately_alarmed().next() else { return false };
        if self.state.handed_over() {
            self.tell_staff_of_more();
        }
        self.tell_more(ticket, hazard, words, Vec::new());
        true
    }

    fn alarmed(&mut self, ticket: TicketId, hazard: Hazard) {
        let mut before: Vec<Alarmed> = self.lately_alarmed().filter(|alarmed| alarmed.ticket != ticket).collect();
        before.reverse();
        self.state.alarmed_before = before;
        self.state.alarmed = Some(Alarmed { ticket, hazard, until: self.ctx.now + ADDITIONS_WINDOW });
    }

    /// Files the report as an emergency, has everybody told, and says the safety words.
    pub(super) fn alarm(&mut self, mut report: Report, words: &Words) {
        report.have_symptom(&words.text);
        if report.filed {
            // Said once is enough to have everybody move; more words go to the same ticket.
            self.add_to_filed(&report, words);
        } else {
            report = report.with_all_that_was_said();
            self.file(&report, false);
            report.filed = true;
            self.effect(Effect::Raise { kind: FlagKind::Emergency, about: About::Ticket(report.ticket) });
        }
        let hazard = report.hazard.unwrap_or_else(|| hazard_of(&words.understood));
        self.alarmed(report.ticket, hazard);
        let safety = safety_words(hazard, report.ticket);
        if self.state.handed_over() {
            // Staff asks the rest.
            self.leave_report(&report);
            self.say(safety);
        } else {
            self.go_on_with(report, Some(safety));
        }
    }
}

/// Whether a message is nothing but a cry for help: "help!!", "please help me", "救命啊".
fn is_cry(text: &str) -> bool {
    let said = normalised(text);
    let told = || said.split(|c: char| c == ' ' || BREAKS.contains(&c)).filter(|word| !word.is_empty());
    let cries = |word: &str| CRIES.contains(&word.trim_start_matches(BEFORE).trim_end_matches(BEHIND));
    told().any(cries) && told().all(|word| cries(word) || WITH_IT.contains(&word))
}

fn safety_words(hazard: Hazard, ticket: TicketId) -> Say {
    Say::new(format!("emergency.{}", hazard.name()))
        .arg("phone", Arg::EmergencyPhone)
        .arg("ticket", Arg::TicketNumber(ticket))
}

/// Falls back on the trade where the danger itself was not named.
pub(super) fn hazard_of(understood: &Understanding) -> Hazard {
    match understood.category {
        Some(Category::Electrical) => Hazard::Electric,
        Some(Category::FireSafety) => Hazard::Fire,
        Some(Category::Leak | Category::PlumbingDrain) => Hazard::Flood,
        Some(Category::Elevator) => Hazard::Lift,
        Some(Category::Crack) => Hazard::Falling,
        Some(
            Category::Hvac
            | Category::Heating
            | Category::DoorWindow
            | Category::FloorTile
            | Category::Noise
            | Category::Other,
        )
        | None => Hazard::Other,
    }
}
