//! What follows a report that was just filed: more of the same fault, a correction, a cry for haste.

use super::clause::{clauses, holds, is_denied_in_english, symptom_of};
use super::effect::{About, Effect};
use super::reading::calls_it_complaint;
use super::report::pieces_of;
use super::say::{Arg, Say};
use super::{OpenTicket, Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, TicketId};
use crate::domain::script::{Courtesy, FixWords, normalised};
use crate::domain::understanding::{Category, Intent, Understanding};

/// What asks for haste, in at most so many bytes: eight Chinese characters, four English words.
const PRESSING: [&str; 11] =
    ["快点", "快一点", "赶紧", "赶快", "快来", "加急", "催一下", "催催", "怎么还", "这么慢", "hurry"];
const LONGEST_CALL: usize = 24;
/// What is said of a visit, and not of the neighbourhood.
const OF_A_VISIT: [&str; 11] =
    ["师傅", "上门", "电话", "敲门", "门铃", "来之前", "call", "come", "ring", "knock", "technician"];
/// What is wished for that somebody brings along: "带个新软管来".
const BRINGS: [&str; 8] = ["带个", "带一", "带上", "带把", "带根", "带条", "带新", "bring "];
/// What says of the fault that a photo shows that it is another one …
const ANOTHER: [&str; 6] = ["再报", "另一", "另外", "也要修", "也坏", "顺便"];
/// … but not of these, which show the same from elsewhere.
const OF_THE_SAME: [&str; 7] =
    ["另一张", "外一张", "角度", "another photo", "another picture", "another angle", "another view"];
/// What says of haste that there is none.
const CALM: [&str; 9] = ["不用", "不必", "不需要", "无需", "用不着", "不要", "别", "没", "不急着"];

impl Turn<'_> {
    /// Adds words to the ticket filed a moment ago if they belong to it, as they were told that they may: what follows
    /// an alarm, "位置错了，是卫生间", "现在漏得更大了", "快点". `false` if they do not.
    pub(super) fn told_after_filing(&mut self, words: &Words, photos: Vec<MediaId>) -> bool {
        let Some(recent) = self.recent_ticket().filter(|recent| self.corrects(recent.ticket, words)) else {
            if self.told_after_alarm(words, photos.clone()) {
                return true;
            }
            let Some(ticket) = self.told_on(words) else { return false };
            if presses(words) && words.understood.is_surely_negative() {
                self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Ticket(ticket) });
            }
            self.add_to_ticket(ticket, words, photos);
            self.ask_fix_again(ticket, words);
            return true;
        };
        if let Some(place) = words.understood.location.clone().map(Arg::Text) {
            self.effect(Effect::CorrectPlace { ticket: recent.ticket, place });
        }
        self.add_to_ticket(recent.ticket, words, photos);
        true
    }

    /// "位置错了，是卫生间", "actually it's the bathroom tap": says another thing in place of what was filed. A fault of
    /// another trade is another one.
    fn corrects(&self, ticket: TicketId, words: &Words) -> bool {
        let said = &words.understood;
        let names = !pieces_of(said).is_empty() || words.text.contains(char::is_numeric);
        // One that is closed by now takes no more.
        let Some(open) = self.ctx.tickets.iter().find(|open| open.id == ticket) else { return false };
        let trades = said.category.zip(open.category).filter(|_| said.symptom.is_some());
        said.corrects && names && trades.is_none_or(|(now, then)| trade(now.name()) == trade(then))
    }

    /// Returns the ticket filed a moment ago if words tell more of its fault or ask for haste. A fault of another
    /// room or trade is another one.
    fn told_on(&self, words: &Words) -> Option<TicketId> {
        let recent = self.recent_ticket()?;
        let open = self.ctx.tickets.iter().find(|open| open.id == recent.ticket)?;
        let said = &words.understood;
        let fault = matches!(said.intent, Intent::RepairReport | Intent::Complaint | Intent::Smalltalk)
            && said.affirmed != Some(true)
            && said.symptom.is_some();
        (fault && is_not_another(open, said) || presses(words)).then_some(open.id)
    }

    /// Returns the ticket filed a moment ago if words below photos tell of nothing new: they only point, thank, ask how
    /// far it is, complain or say that nobody need come. A danger or another spot may be shown by any others.
    pub(super) fn shown_on(&self, words: &Words) -> Option<TicketId> {
        let recent = self.recent_ticket()?;
        let open = self.ctx.tickets.iter().find(|open| open.id == recent.ticket)?;
        let said = &words.understood;
        let asks = said.intent == Intent::ProgressQuery || complains(words);
        let belongs = asks || self.only_shows(&words.text) || self.withdraws(words);
        (belongs && !said.danger_unsure && is_not_another(open, said)).then_some(open.id)
    }

    /// Whether words below photos have nothing to say: "就是这里", "this is it", thanks.
    pub(super) fn only_shows(&self, text: &str) -> bool {
        let script = self.ctx.script;
        script.repair.shown.contains(&normalised(text)) || script.courtesy(text) == Some(Courtesy::Thanks)
    }

    /// Whether words tell of a fault that got worse.
    pub(super) fn tells_of_worse(&self, words: &Words) -> bool {
        symptom_of(words).is_some() && FixWords::any(&self.ctx.script.repair.fix.worse, &words.text)
    }

    /// "师傅来之前打个电话", "带个新软管来": who mends what is reported has to know it.
    pub(super) fn hear_suggestion(&mut self, words: &Words) {
        let text = normalised(&words.text);
        let of_visit = holds(&text, &OF_A_VISIT) || holds(&text, &BRINGS);
        let only = || match self.ctx.tickets {
            [only] => Some(only.id),
            _ => None,
        };
        let ticket = self.ticket_meant(words).or_else(only).filter(|_| of_visit);
        match ticket {
            Some(ticket) => self.add_to_ticket(ticket, words, Vec::new()),
            None => self.say(Say::new("suggestion.thanks")),
        }
    }

    /// Adds words, and photos with them, to a ticket under way, and says so.
    pub(super) fn add_to_ticket(&mut self, ticket: TicketId, words: &Words, photos: Vec<MediaId>) {
        self.effect(Effect::AddToTicket {
            ticket,
            text: Some(words.text.clone()),
            media: words.media.into_iter().chain(photos).collect(),
            location: words.understood.location.clone().map(Arg::Text),
        });
        self.say(Say::new("report.added_to_ticket").arg("ticket", Arg::TicketNumber(ticket)));
    }
}

/// Whether words may be about the fault of a ticket: one of another room or trade is another one.
pub(super) fn is_not_another(open: &OpenTicket, said: &Understanding) -> bool {
    let (here, there) = (said.location.as_deref(), open.location.as_deref());
    let same_room = here.is_none_or(|here| there.is_some_and(|there| there.contains(here) || here.contains(there)));
    let same_trade = said.category.is_none_or(|now| Some(trade(now.name())) == open.category.map(trade));
    same_room && same_trade
}

/// Whether words are a complaint that calls itself one.
fn complains(words: &Words) -> bool {
    words.understood.intent == Intent::Complaint && calls_it_complaint(words)
}

/// Whether words below a photo say that it shows another fault: "这个也要修", "another one".
pub(super) fn shows_another(text: &str) -> bool {
    let said = normalised(text);
    let in_english = said.split([' ', ',', '.']).any(|word| matches!(word, "another" | "too"));
    (holds(&said, &ANOTHER) || in_english) && !holds(&said, &OF_THE_SAME)
}

/// Water that leaks is a fault of the pipes as well: which of both it is told as depends on the wording.
pub(super) fn trade(category: &str) -> &str {
    if category == Category::PlumbingDrain.name() { Category::Leak.name() } else { category }
}

/// "快点" asks for haste and tells of nothing new.
pub(super) fn presses(words: &Words) -> bool {
    let said = normalised(&words.text);
    let asks = matches!(words.understood.intent, Intent::ProgressQuery | Intent::HumanAgent);
    let terse = said.len() <= LONGEST_CALL && pieces_of(&words.understood).is_empty();
    terse && !asks && urges(&words.text)
}

/// Whether a text asks for haste: not "不用加急", "no hurry", nor "师傅快来了".
pub(super) fn urges(text: &str) -> bool {
    let counts = |word: &str, before: &str, behind: &str| {
        let calm = CALM.iter().any(|calm| before.ends_with(calm));
        let near = word.ends_with('来') && behind.starts_with('了');
        !calm && !near && !is_denied_in_english(before.replace("need to", "").trim_end())
    };
    let pressed = |clause: &String| {
        PRESSING.iter().any(|word| clause.split_once(word).is_some_and(|(before, behind)| counts(word, before, behind)))
    };
    clauses(text).iter().any(pressed)
}
