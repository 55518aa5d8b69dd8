//! A report while it is put together: what each message adds to it.
//!
//! Nothing is said or filed here; [`super::repair`] leads the conversation.

use std::collections::BTreeMap;

use super::Words;
use super::additions::{presses, urges};
use super::address::{
    Correction, Home, address_in, correction, has_house_number, home_in, is_address, is_no_address, is_one,
};
use super::appointment::names_time;
use super::clause::{asks, holds};
use super::say::Arg;
use super::state::Report;
use crate::domain::han::is_han;
use crate::domain::ids::TicketId;
use crate::domain::script::{SlotId, normalised};
use crate::domain::understanding::{Category, Fault, Hazard, Intent, Understanding, Urgency};

/// The longest answer that is taken whole as the name of a place.
const LONGEST_PLACE: usize = 40;
/// The longest piece that several messages make together; the description has every word anyway.
const LONGEST_PIECE: usize = 60;
/// Between the places, parts or faults of several messages: a sign of any language.
const BESIDES: &str = " / ";
/// How answers begin that name no place …
const NO_PLACE: [&str; 8] = ["没", "还没", "搞错", "都", "no ", "not ", "nobody", "it's not"];
/// … nor do these, unless the place was asked for in words of their own; all parted by bars: what people say of
/// themselves, want or ask …
const OF_THEMSELVES: &str = "我在|我现|我正|我要|我想|我们在|你|您|师傅|能不|能来|能否|可以|可不|什么|怎么|为什|几点|多久|请|\
    麻烦|等我|等会|等一";
/// … what they do or when it suits, wherever it stands …
const OF_TIME: &str = "上班|下班|开会|出差|外地|周后|天后|月后|下个月|月底|以后|之后|再说|过几天|过两天|没空";
/// … and the same in English: first words …
const NO_PLACE_BEGINS: &str = "i|i'm|im|i'll|i've|we|we're|we'll|you|your|he|she|they|it|there|how|what|what's|when|\
    why|who|can|could|would|will|should|do|does|did|is|are|don't|please|come|call|send|maybe|let|as|any|anytime|anyone|\
    anybody|someone|somebody|nothing|whatever|still|sorry|help|urgent|asap|idk|dunno";
/// … and any of them.
const NO_PLACE_HOLDS: &str = "is|are|was|were|be|been|am|isn't|aren't|wasn't|weren't|will|won't|would|can|can't|could|\
    has|have|had|do|does|don't|doesn't|did|didn't|never|came|work|works|need|needs|want|wants|week|weeks|day|days|\
    month|months|hour|hours|minute|minutes|sec|moment|while|bit|soon|later|away|time";
/// What may stand before a place in English …
const IT_IS: [&str; 4] = ["it's ", "it is ", "its ", "that's "];
/// … and before the words that lead to one, parted by bars …
const NEARLY: &str = "just|right|somewhere|probably";
/// … which are these …
const TO_A_PLACE: &str = "in|inside|into|at|on|onto|by|near|next|close|behind|under|underneath|beneath|below|above|\
    over|beside|between|outside|opposite|around|across|against|along|from|up|down|the|a|an";
/// … and how many words name one without them.
const FEW_WORDS: usize = 3;
/// What says that somebody cannot tell where it is, in at most so many bytes: eight Chinese characters.
const UNKNOWN: [&str; 8] = ["不知道", "不清楚", "不晓得", "不确定", "说不清", "don't know", "not sure", "no idea"];
const LONGEST_UNKNOWN: usize = 24;
/// What may stand before a place that is all that is said.
const IN_THE: [&str; 6] = ["in the ", "the ", "in my ", "my ", "在", "我家"];

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
        if self.asked == Some(SlotId::Address) && (is_fault(words) || corrects_a_room(words)) {
            // It says what is broken, or where, and leaves the question open.
            self.asked = None;
        }
        // "不对，是卫生间" in answer to the summary says another thing in place of the first.
        let denied = self.summarised && understood.affirmed == Some(false);
        let replace = self.correcting || denied || understood.corrects;
        let own_words = self.asked == Some(SlotId::Place) && self.is_named_as_place(words);
        let told_where = self.asked == Some(SlotId::Place) && (understood.location.is_some() || own_words);
        let part = self.slots.get(&SlotId::Component).cloned();
        for (slot, value) in self.pieces_beside_home(words) {
            // The name of an estate or a room is no part that is broken.
            let of_the_name = told_where && !understood.corrects && slot != SlotId::Place;
            if of_the_name || self.asked == Some(SlotId::Address) {
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
        let no_address = self.asked == Some(SlotId::Address) && is_no_address(words);
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
            Some(
                slot @ (SlotId::Address | SlotId::Component | SlotId::Since | SlotId::Severity | SlotId::WishedTime),
            ) => self.fill(slot, Arg::Text(words.text.clone())),
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

    /// Whether words name a place that we do not know: "炉子旁边". After an alarm they were asked for words of their own.
    fn is_named_as_place(&self, words: &Words) -> bool {
        self.may_be_place(words) && (self.filed || sounds_like_place(&words.text))
    }

    /// Whether words may name a place that we do not know. What is broken or what it does is none, nor is "推不上去",
    /// "没人受伤", "👌".
    fn may_be_place(&self, words: &Words) -> bool {
        let said = &words.understood;
        let text = normalised(&words.text);
        let is_all = |part: &str| normalised(part) == text && !self.has(SlotId::Component);
        let is_part = said.component.as_deref().is_some_and(is_all);
        let is_else = said.symptom.is_some() || said.since.is_some() || said.wished_time.is_some();
        let denies = NO_PLACE.iter().any(|beginning| text.starts_with(beginning));
        said.location.is_none()
            && !is_else
            && !is_part
            && !denies
            && !urges(&words.text)
            && !text.replace("不锈钢", "").contains('不')
            && text.contains(char::is_alphabetic)
            && words.text.chars().count() <= LONGEST_PLACE
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
    let answers = words.understood.location.as_deref().is_some_and(has_house_number) || address_in(words).is_some();
    asks(&words.text) || !answers && matches!(words.understood.intent, Intent::ProgressQuery | Intent::Complaint)
}

/// "快来人！" is no place and no address, unless it has a number or a building in it.
fn is_outcry(said: &str) -> bool {
    said.trim_end().ends_with(['!', '！']) && !has_house_number(said)
}

/// Whether words sound like a place rather than like what somebody does or when it suits them: "I'm at work", "how
/// about in two weeks", "我在上班". In English a few words name one, or what leads to it.
fn sounds_like_place(text: &str) -> bool {
    let text = normalised(text);
    if names_time(&text) {
        return false;
    }
    if text.contains(is_han) {
        let begins = OF_THEMSELVES.split('|').any(|begin| text.starts_with(begin));
        return !begins && !OF_TIME.split('|').any(|time| text.contains(time));
    }
    let bare = IT_IS.iter().find_map(|lead| text.strip_prefix(lead));
    let told: Vec<&str> = bare.unwrap_or(&text).split_whitespace().collect();
    // "It's urgent" tells of no place, "it's right behind the boiler" does.
    let is_led = told.iter().find(|word| !is_one(NEARLY, word)).is_some_and(|lead| is_one(TO_A_PLACE, lead));
    let is_named = is_led || bare.is_none() && told.len() <= FEW_WORDS;
    let of_somebody = told.first().is_some_and(|first| is_one(NO_PLACE_BEGINS, first));
    is_named && !of_somebody && !told.iter().any(|word| is_one(NO_PLACE_HOLDS, word))
}

/// "卧室", "in the bedroom": where, and nothing of what is wrong there.
fn is_only_place(words: &Words) -> bool {
    words.understood.location.as_deref().is_some_and(|place| is_all_of(&words.text, place))
}

/// Whether a text is a place and no more than what leads to one.
pub(super) fn is_all_of(text: &str, place: &str) -> bool {
    let (text, place) = (normalised(text), normalised(place));
    let bare = IN_THE.iter().find_map(|small| text.strip_prefix(small)).unwrap_or(&text);
    place == bare || place == text
}

/// "不知道": the report goes on without the place or the address.
fn is_unknown(words: &Words) -> bool {
    let text = normalised(&words.text);
    let terse = text.len() <= LONGEST_UNKNOWN && pieces_of(&words.understood).is_empty();
    terse && holds(&text, &UNKNOWN)
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
