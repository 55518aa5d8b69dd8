//! A report while it is put together: what each message adds to it.
//!
//! Nothing is said or filed here; [`super::repair`] leads the conversation. What names a place is [`place`]'s.

pub(super) mod place;

use std::collections::BTreeMap;

use self::place::{home_beside_fault, is_only_place, is_unknown, tells_the_way, tells_where};
use super::Words;
use super::additions::presses;
use super::address::{Correction, Home, address_in, correction, has_house_number, home_in, is_address, is_no_address};
use super::appointment::names_time;
use super::clause::asks;
use super::say::Arg;
use super::state::Report;
use crate::domain::ids::TicketId;
use crate::domain::script::{SlotId, normalised};
use crate::domain::understanding::{Category, Fault, Hazard, Intent, Understanding, Urgency};

/// The longest piece that several messages make together; the description has every word anyway.
const LONGEST_PIECE: usize = 60;
/// Between the places, parts or faults of several messages: a sign of any language.
const BESIDES: &str = " / ";
/// What follows a part of which it is said that it is not that: "不是灯的问题", "it's not the handle that leaks".
const CLEARED: [&str; 7] = ["的问题", "的事", "的原因", "的毛病", "'s fault", " that ", " which "];

impl Report {
    /// Takes in what was said: its words, and whatever was understood of the pieces.
    pub(super) fn take(&mut self, words: &Words, opening: bool) {
        let understood = &words.understood;
        self.keep(words);
        if self.corrects_address(words) {
            return;
        }
        let tells_what = opening || self.asked == Some(SlotId::Symptom);
        if tells_what && self.binding.is_none() && is_address(words) {
            return self.fill(SlotId::Address, Arg::Text(words.text.clone()));
        }
        let is_fault = is_fault(words) && !tells_the_way(words);
        if self.asked == Some(SlotId::Address) && (is_fault || corrects_a_room(words)) {
            // It says what is broken, or where, and leaves the question open.
            self.asked = None;
        }
        // "不对，是卫生间" in answer to the summary says another thing in place of the first.
        let denied = self.summarised && understood.affirmed == Some(false);
        let cleared = !opening && understood.component.as_deref().is_some_and(|part| is_cleared(&words.text, part));
        let replace = !cleared && (self.correcting || denied || understood.corrects || self.is_ruled_out(words));
        let own_words = self.asked == Some(SlotId::Place) && self.is_named_as_place(words);
        let told_where = self.asked == Some(SlotId::Place) && (understood.location.is_some() || own_words);
        let part = self.slots.get(&SlotId::Component).cloned();
        for (slot, value) in self.pieces_beside_home(words) {
            // The name of an estate or a room is no part that is broken.
            let of_the_name = told_where && !understood.corrects && slot != SlotId::Place;
            let not_so = cleared && matches!(slot, SlotId::Component | SlotId::Symptom);
            if of_the_name || not_so || self.asked == Some(SlotId::Address) {
                continue;
            }
            match (self.slots.get_mut(&slot), &value) {
                (Some(Arg::Text(said)), Arg::Text(more)) if !replace => join(said, more),
                (Some(_), _) if !replace => {}
                _ => {
                    self.slots.insert(slot, value);
                }
            }
        }
        if replace && understood.location.is_none() {
            self.rename_in_place(part);
        }
        // A room says nothing of the trade, whatever is guessed from it.
        let named = understood.symptom.is_some() || understood.component.is_some();
        let trade = named || self.asked == Some(SlotId::Symptom);
        if self.category.is_none() && !is_only_place(words) || replace && trade {
            self.category = understood.category.or(self.category);
        }
        self.urgency = self.urgency.max(understood.urgency);
        // A danger that was only asked about is followed when somebody says that there is one.
        self.hazard = self.hazard.or(understood.hazard.filter(|_| understood.urgency == Urgency::Emergency));
        // An emergency is one matter, however many things are broken by it.
        if self.urgency != Urgency::Emergency {
            self.tell_of(&understood.further, understood.corrects);
        }
        // A lift is its own place.
        if !self.has(SlotId::Place)
            && self.category == Some(Category::Elevator)
            && let Some(part) = self.slots.get(&SlotId::Component).cloned()
        {
            self.slots.insert(SlotId::Place, part);
        }
        self.take_answer(words, replace, own_words);
        // Whoever says something is broken has said what is wrong, if not in words we know.
        let told = understood.intent == Intent::RepairReport || understood.category.is_some();
        if opening && told && !is_only_place(words) {
            self.have_symptom(&words.text);
        }
        if self.asked.is_some() {
            self.asked = None;
            self.correcting = false;
        }
        self.summarised = false;
    }

    /// Whether words rule out the part behind the one that they name: "it's the pipe not the tap".
    fn is_ruled_out(&self, words: &Words) -> bool {
        let Some(Arg::Text(part)) = self.slots.get(&SlotId::Component) else { return false };
        let (text, part) = (normalised(&words.text), normalised(part));
        let other = words.understood.component.as_deref().is_some_and(|named| normalised(named) != part);
        other && !part.is_empty() && ["不是", "not the "].iter().any(|no| text.ends_with(&format!("{no}{part}")))
    }

    /// Names a part that took the place of another one in the place as well, where that ends or begins with it:
    /// "bedroom door", "shower in the bathroom".
    fn rename_in_place(&mut self, before: Option<Arg>) {
        let part = self.slots.get(&SlotId::Component);
        let (Some(Arg::Text(old)), Some(Arg::Text(new))) = (before, part) else { return };
        let Some(Arg::Text(place)) = self.slots.get(&SlotId::Place) else { return };
        let ends = place.strip_suffix(old.as_str()).filter(|room| !room.trim().is_empty());
        let begins = place.strip_prefix(old.as_str()).filter(|behind| behind.starts_with(' '));
        let renamed = ends.map(|room| format!("{room}{new}")).or_else(|| begins.map(|behind| format!("{new}{behind}")));
        if let Some(renamed) = renamed {
            self.slots.insert(SlotId::Place, Arg::Text(renamed));
        }
    }

    /// Takes what puts the address right that was told with this report; it is asked for where words only say that it is
    /// wrong. `false` if they are about something else.
    fn corrects_address(&mut self, words: &Words) -> bool {
        match correction(self, words) {
            Some(Correction::To(address)) => self.fill(SlotId::Address, Arg::Text(address)),
            Some(Correction::Unknown) => (self.asked, self.correcting) = (Some(SlotId::Address), true),
            None => return false,
        }
        self.summarised = false;
        true
    }

    /// Returns the pieces that words name. From somebody whose home is not known the address among them is kept as such.
    fn pieces_beside_home(&mut self, words: &Words) -> BTreeMap<SlotId, Arg> {
        let mut pieces = pieces_of(&words.understood);
        let wanted = self.binding.is_none() && !self.filed && !self.has(SlotId::Address);
        if wanted
            && self.asked != Some(SlotId::Address)
            && let Some(Home { address, place }) = home_in(words)
        {
            if let Some(place) = place {
                pieces.remove(&SlotId::Place);
                pieces.extend(place.room.map(|room| (SlotId::Place, Arg::Text(room))));
            }
            let of_the_name = |part: &Arg| matches!(part, Arg::Text(part) if address.contains(part.as_str()));
            if pieces.get(&SlotId::Component).is_some_and(of_the_name) {
                pieces.remove(&SlotId::Component);
            }
            self.slots.insert(SlotId::Address, Arg::Text(address));
        }
        pieces
    }

    /// Lets faults wait that were told of besides, each once; an edited message tells of them anew.
    pub(super) fn tell_of(&mut self, faults: &[Fault], anew: bool) {
        if anew && !faults.is_empty() {
            self.further.clear();
        }
        for fault in faults {
            if !self.further.iter().any(|known| known.is_same(fault)) {
                self.further.push(fault.clone());
            }
        }
    }

    /// Keeps what was said, and its recording, without reading anything out of it.
    pub(super) fn keep(&mut self, words: &Words) {
        self.pieces.push(words.text.clone());
        if let Some(media) = words.media.filter(|media| !self.media.contains(media)) {
            self.media.push(media);
        }
    }

    /// Takes words that we do not know for what was asked. `own_words`: they may well name a place.
    fn take_answer(&mut self, words: &Words, replace: bool, own_words: bool) {
        let understood = &words.understood;
        let asked_where = matches!(self.asked, Some(SlotId::Place | SlotId::Address));
        // "什么时候能来？", "快来人！" is kept with the report, but answers nothing: the question is asked again.
        // So is "关不掉总阀" after an alarm: only a place that we know, or one they were asked to put into words, is one.
        let no_address = self.asked == Some(SlotId::Address) && (is_no_address(words) || tells_the_way(words));
        let no_place = asked_where && (is_outcry(&words.text) || self.filed && presses(words)) || no_address;
        match self.asked.filter(|_| !is_counter_question(words) && !no_place) {
            Some(SlotId::Symptom)
                if understood.symptom.is_none() && (replace || !self.has(SlotId::Symptom)) && !is_only_place(words) =>
            {
                self.fill(SlotId::Symptom, Arg::Text(words.text.clone()));
            }
            Some(SlotId::Place) if own_words && (!self.filed || self.correcting) => {
                self.fill(SlotId::Place, Arg::Text(words.text.clone()));
            }
            Some(slot @ (SlotId::Place | SlotId::Address)) if !self.filed && is_unknown(words) => self.skip(slot),
            Some(SlotId::Address) => {
                // "电梯坏了要爬楼，3栋502" says more than that.
                let address = home_beside_fault(words).unwrap_or_else(|| words.text.clone());
                self.fill(SlotId::Address, Arg::Text(address));
            }
            Some(slot @ (SlotId::Component | SlotId::Since | SlotId::Severity | SlotId::WishedTime)) => {
                self.fill(slot, Arg::Text(words.text.clone()));
            }
            Some(SlotId::Symptom | SlotId::Place) | None => {}
        }
    }

    /// Takes words whole for the place, which they were asked to put into their own. `false` if they name none.
    pub(super) fn take_place(&mut self, words: &Words) -> bool {
        if !self.may_be_place(words) || is_counter_question(words) || is_outcry(&words.text) {
            return false;
        }
        self.keep(words);
        self.fill(SlotId::Place, Arg::Text(words.text.clone()));
        self.summarised = false;
        true
    }

    /// Whether anything was said or shown that would be lost with it.
    pub(super) fn holds_something(&self) -> bool {
        !self.pieces.is_empty() || !self.media.is_empty()
    }

    /// Whether an emergency that is filed already is another one than these words tell of.
    pub(super) fn is_of_another_danger(&self, understood: &Understanding) -> bool {
        let named = |hazard: Option<Hazard>| hazard.filter(|hazard| *hazard != Hazard::Other);
        let both = named(self.hazard).zip(named(understood.hazard));
        self.filed && both.is_some_and(|(known, other)| known != other)
    }

    /// Begins the report of another danger in the same home. `there`: what was said of where in it holds for both.
    pub(super) fn with_another_danger(self, ticket: TicketId, there: bool) -> Report {
        let mut slots = self.slots;
        slots.retain(|slot, _| *slot == SlotId::Address || *slot == SlotId::Place && there);
        Report { slots, resume: self.resume, binding: self.binding, ..Report::new(ticket) }
    }

    /// Whether words tell of a fault that is for other people than this one, which is not filed yet.
    pub(super) fn is_for_others(&self, understood: &Understanding) -> bool {
        let trades = self.category.zip(understood.category);
        !self.filed && self.has(SlotId::Symptom) && trades.is_some_and(|(known, told)| !told.is_work_of(known))
    }

    /// Returns the report of the next fault that was told of with this one, in the same home.
    pub(super) fn next(&self, ticket: TicketId) -> Option<Report> {
        let (fault, further) = self.further.split_first().filter(|_| ticket != self.ticket)?;
        let Fault { text, category, urgency, location, component, symptom } = fault.clone();
        let told = [(SlotId::Place, location), (SlotId::Component, component), (SlotId::Symptom, symptom)];
        let told = told.into_iter().filter_map(|(slot, said)| Some((slot, Arg::Text(said?))));
        // They live at one address, and a time that is wished is wished for all of it, unless a fault has its own.
        let wished = self.slots.get(&SlotId::WishedTime).filter(|wished| self.is_wished_for(&text, wished));
        let wished = wished.map(|wished| (SlotId::WishedTime, wished.clone()));
        let home = self.slots.get(&SlotId::Address).map(|home| (SlotId::Address, home.clone()));
        Some(Report {
            pieces: vec![text],
            category,
            urgency,
            media: self.media.clone(),
            slots: told.chain(home).chain(wished).collect(),
            resume: self.resume.clone(),
            binding: self.binding.clone(),
            further: further.to_vec(),
            gone: self.gone.saturating_add(1),
            ..Report::new(ticket)
        })
    }

    /// Whether a time that was wished with this report is wished for a fault as well whose words name no other.
    fn is_wished_for(&self, fault: &str, wished: &Arg) -> bool {
        let Arg::Text(time) = wished else { return false };
        let is_since = self.slots.get(&SlotId::Since) == Some(wished);
        !is_since && (fault.contains(time.as_str()) || !names_time(fault))
    }

    /// Returns the report with the words of the faults that will not get one of their own.
    pub(super) fn with_all_that_was_said(mut self) -> Report {
        for Fault { text, .. } in std::mem::take(&mut self.further) {
            if !self.pieces.iter().any(|piece| piece.contains(&text)) {
                self.pieces.push(text);
            }
        }
        self
    }

    /// Makes sure that it says what is wrong: in words we do not know, if need be.
    pub(super) fn have_symptom(&mut self, words: &str) {
        if !self.has(SlotId::Symptom) {
            self.slots.insert(SlotId::Symptom, Arg::Text(words.to_owned()));
        }
    }

    pub(super) fn fill(&mut self, slot: SlotId, value: Arg) {
        self.slots.insert(slot, value);
        self.asked = None;
        self.correcting = false;
    }

    pub(super) fn skip(&mut self, slot: SlotId) {
        self.skipped.push(slot);
        self.asked = None;
        self.correcting = false;
    }

    pub(super) fn has(&self, slot: SlotId) -> bool {
        self.slots.contains_key(&slot)
    }
}

/// "厨房", and a message later "主卧卫生间": both, unless one of them says what the other does.
fn join(said: &mut String, more: &str) {
    if more.contains(said.as_str()) {
        more.clone_into(said);
    } else if !said.contains(more) && said.chars().count() + more.chars().count() < LONGEST_PIECE {
        said.push_str(BESIDES);
        said.push_str(more);
    }
}

/// Whether somebody asks instead of answering.
fn is_counter_question(words: &Words) -> bool {
    // "3栋2单元1201" and "翡翠湾12-1801" answer, whatever else they may sound like.
    let home = words.understood.location.as_deref().is_some_and(has_house_number) || address_in(words).is_some();
    let answers = home || tells_where(&words.text);
    asks(&words.text) || !answers && matches!(words.understood.intent, Intent::ProgressQuery | Intent::Complaint)
}

/// "快来人！" is no place and no address, unless it has a number or a building in it.
fn is_outcry(said: &str) -> bool {
    said.trim_end().ends_with(['!', '！']) && !has_house_number(said)
}

/// Whether words say of a part that it is not that which is broken, and name nothing in its place.
fn is_cleared(text: &str, part: &str) -> bool {
    let (text, part) = (normalised(text), normalised(part));
    let not_it = ["不是", "not the ", "not "].map(|no| format!("{no}{part}"));
    not_it.iter().any(|not_it| {
        text.split_once(not_it.as_str()).is_some_and(|(_, behind)| CLEARED.iter().any(|end| behind.starts_with(end)))
    })
}

/// "不是厨房，是卫生间" where the address is asked for: it puts right what was said before.
fn corrects_a_room(words: &Words) -> bool {
    let said = &words.understood;
    said.corrects && !words.text.contains(char::is_numeric) && !pieces_of(said).is_empty()
}

/// "厨房水管漏水" is no address: what is broken, and no number.
fn is_fault(words: &Words) -> bool {
    words.understood.symptom.is_some() && !words.text.contains(char::is_numeric)
}

/// Returns the pieces of a report that an utterance names.
pub(super) fn pieces_of(understood: &Understanding) -> BTreeMap<SlotId, Arg> {
    let Understanding { location, component, symptom, since, wished_time, .. } = understood;
    [
        (SlotId::Place, location),
        (SlotId::Component, component),
        (SlotId::Symptom, symptom),
        (SlotId::Since, since),
        (SlotId::WishedTime, wished_time),
    ]
    .into_iter()
    .filter_map(|(slot, said)| said.clone().map(|said| (slot, Arg::Text(said))))
    .collect()
}
