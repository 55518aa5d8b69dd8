//! Faults that wait behind a report: what is told of while another one is agreed to waits with them, and any of them may
//! be dropped. They come with a message ([`crate::domain::understanding::Fault`]) and are reported one after the other.

use super::clause::{DRIPS, asks, clauses, fault_stands, holds, symptom_of, without};
use super::danger::BREAKS;
use super::report::place::{describes_place, is_all_of, tells_the_way};
use super::say::{Arg, Say};
use super::state::{Activity, Report};
use super::summary::{behind_afterthought, is_afterthought};
use super::{Turn, Words};
use crate::domain::ids::TicketId;
use crate::domain::script::{Command, FixWords, SlotId, is_one_word, normalised};
use crate::domain::understanding::{Category, Fault, differ};

/// How faults are counted, the one that stands first …
const NTH: [[&str; 3]; 4] =
    [["第一", "第1", "first"], ["第二", "第2", "second"], ["第三", "第3", "third"], ["第四", "第4", "fourth"]];
/// … and what they are called, which "第二天" is not.
const COUNTED: [&str; 6] = ["个", "项", "单", "件", "处", "条"];
/// What says in English, before its name, that a fault is wanted no more; a longer one before what it begins with.
const DROPS: [&str; 8] =
    ["cancel ", "forget about ", "forget ", "never mind ", "drop ", "skip ", "no need for ", "don't report "];
/// What may stand beside that name.
const AROUND: [&str; 6] = ["the", "my", "that", "one", "in", "please"];
/// What says behind its name that it is wanted no more, besides the words for a report that is.
const DROPPED: [&str; 4] = ["不用管", "不报", "不用报", "别报"];
/// What says so only of a fault that is counted: "第二个不用了", not "旧灯不要了".
const NTH_DROPPED: [&str; 2] = ["不用", "不要"];
/// What points to it in Chinese.
const POINTING: [&str; 3] = ["的", "那个", "这个"];
/// What says that words tell of the cause of the fault that stands.
const CAUSES: [&str; 7] = ["因为", "造成", "引起", "导致", "泡的", "because", "from the"];
/// What leads on to a fault besides, also where it is of the same part.
const LEADS_ON: [&str; 5] = ["也", "还有", "另外", "also", "as well"];
/// What says before words that end a report that all of them are meant; a longer one before what it begins with.
const ALL_OF: [&str; 10] =
    ["两个都", "三个都", "几个都", "这些都", "全部都", "全都", "全部", "都", "全", "all of them "];
/// What says so behind them.
const ALL_OF_THEM: [&str; 5] = [" all of them", " both of them", " all", " both", " everything"];

impl Turn<'_> {
    /// Whether words lead on to a fault for other people than the one that is agreed to, and tell of it in full.
    pub(super) fn is_other_matter(&self, report: &Report, words: &Words) -> bool {
        let said = &words.understood;
        let leads_on = FixWords::any(&self.ctx.script.repair.besides, &words.text) || is_afterthought(&words.text);
        // "Oh and the hallway radiator is cold": what is wrong with it may be said in words we do not know.
        let told = match symptom_of(words) {
            Some(_) => said.location.is_some() || said.component.is_some(),
            None => said.location.is_some() && said.component.is_some(),
        };
        leads_on && told && is_apart(report, words)
    }

    /// Lets a fault wait that was told in answer to a question of another one's report, and asks once more. A room that
    /// is told before it or behind it answers: "卫生间，卧室的窗户也关不上", "冰箱不制冷了，厨房".
    pub(super) fn wait_and_ask_again(&mut self, mut report: Report, words: &Words) {
        let known = report.further.len();
        report.unread = 0;
        let Some((room, fault)) = room_beside(&report, words) else {
            self.let_wait(&mut report, words);
            let told = |fault: &Fault| Say::new("report.further").text("fault", fault.text.clone());
            let waits = report.further.get(known).map(told);
            return self.go_on_with(report, waits);
        };
        report.pieces.push(room.clone());
        report.fill(SlotId::Place, Arg::Text(room));
        self.let_wait(&mut report, &Words { text: fault, ..words.clone() });
        self.go_on_with(report, None);
    }

    /// Lets the fault that words tell of wait for a report of its own.
    pub(super) fn let_wait(&self, report: &mut Report, words: &Words) {
        let said = &words.understood;
        let text = self.behind_lead(self.behind_yes(words.text.trim())).to_owned();
        let fault = Fault {
            // Whoever says something is broken has said what is wrong, if not in words we know.
            symptom: said.symptom.clone().or_else(|| Some(text.clone())),
            text,
            category: said.category,
            urgency: said.urgency,
            location: said.location.clone(),
            component: said.component.clone(),
        };
        report.tell_of(&[fault], false);
        report.tell_of(&said.further, false);
        let recording = words.media.filter(|media| !report.media.contains(media));
        report.media.extend(recording);
    }

    /// Returns what is said behind what leads on to another matter: "另外".
    pub(super) fn behind_lead<'t>(&self, text: &'t str) -> &'t str {
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
        let besides = &self.ctx.script.repair.besides;
        let led = |lead: &String| {
            let begins = text.get(..lead.len()).filter(|head| head.eq_ignore_ascii_case(lead));
            begins.and_then(|head| text.strip_prefix(head)).filter(|rest| !is_one_word(lead, rest))
        };
        let text = besides.iter().find_map(led).unwrap_or(text);
        text.trim_start_matches(|c: char| !c.is_alphanumeric())
    }

    /// Returns what is said behind a yes, or behind what brings something else up.
    fn behind_yes<'t>(&self, text: &'t str) -> &'t str {
        let head = text.split([',', '，']).next().filter(|head| head.len() < text.len());
        let yes = |head: &&str| matches!(self.ctx.script.words.command(head), Some((Command::Yes, _)));
        let text = head.filter(yes).and_then(|head| text.strip_prefix(head)).unwrap_or(text);
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
        behind_afterthought(text).unwrap_or(text).trim_start_matches(|c: char| !c.is_alphanumeric())
    }

    /// Returns which of several faults is wanted no more, counted from the one that stands: "第二个不用报了",
    /// "灯不用修了", "never mind the light".
    pub(super) fn dropped(&self, report: &Report, words: &Words) -> Option<usize> {
        let said = &words.understood;
        // What was mended last month, or waits for another time, is told of for another reason.
        let stands = said.since.is_some()
            || said.wished_time.is_some()
            || self.persists(words)
            || fault_stands(words, |clause| self.named_before_end(clause).is_some());
        if report.filed || report.further.is_empty() || asks(&words.text) || stands {
            return None;
        }
        let told = clauses(&words.text);
        // "灯又亮了，不用管了": the clause before says which.
        let before = std::iter::once("").chain(told.iter().map(String::as_str));
        told.iter().zip(before).find_map(|(clause, before)| {
            let named = match self.named_before_end(clause) {
                Some("") => self.ended(before),
                named => named,
            };
            named.and_then(|named| which_of(report, named)).or_else(|| dropped_in_english(report, clause))
        })
    }

    /// Returns what a clause names before words that say that it is wanted no more. Who only tells what others said, or
    /// wonders, ends nothing: "邻居说没事了".
    fn named_before_end<'c>(&self, clause: &'c str) -> Option<&'c str> {
        let known = &self.ctx.script.repair;
        let is_counted = |named: &str| NTH.iter().flatten().any(|word| counts(named, word));
        let ends = |named: &str, rest: &str| {
            let bare = rest.trim_end_matches('了');
            DROPPED.contains(&bare)
                || NTH_DROPPED.contains(&bare) && is_counted(named)
                || known.over.contains(rest)
                || self.cancels(rest) && rest.contains('报')
        };
        let mut parts = clause.char_indices().filter_map(|(at, _)| clause.split_at_checked(at));
        let (named, _) = parts.find(|(named, rest)| ends(named, rest.trim_start()))?;
        let cited = !named.starts_with('我') && FixWords::any(&known.hearsay, named);
        (!cited && !FixWords::any(&known.doubted, named)).then_some(named)
    }

    /// Returns what a clause names of which it says that it ended: "灯又亮了", "空调好了".
    fn ended<'c>(&self, clause: &'c str) -> Option<&'c str> {
        let again = || clause.strip_suffix('了').and_then(|told| told.split_once('又')).map(|(named, _)| named);
        self.named_before_end(clause).or_else(again).or_else(|| clause.strip_suffix("好了"))
    }

    /// Leaves out one of several faults, and goes on with the others.
    pub(super) fn drop_fault(&mut self, mut report: Report, at: usize) {
        if let Some(waits) = at.checked_sub(1).filter(|waits| *waits < report.further.len()) {
            let fault = report.further.remove(waits);
            report.gone = report.gone.saturating_add(1);
            return self.go_on_with(report, Some(Say::new("report.dropped").text("fault", fault.text)));
        }
        let Some(next) = report.next(TicketId(self.ctx.fresh)) else { return self.cancel_report(&report) };
        let follows = Say::new("report.next").text("fault", next.pieces.join(" "));
        self.go_on_with(next, Some(Say::lines(vec![Say::new("report.cancelled_one"), follows])));
    }

    /// Lets a report go, with the faults that wait behind it.
    pub(super) fn cancel_report(&mut self, report: &Report) {
        self.leave_report(report);
        self.say(Say::new("report.cancelled"));
        if matches!(self.state.activity, Activity::Idle) {
            self.begin_waiting_survey();
        }
    }
}

/// Whether words tell of a fault for other people in full where the place or the address of one was asked for: "and the
/// bedroom window won't close". Who tells of the same again, names the place first, or says by a fault where it is,
/// answers: "卧室，窗户那里漏", "马桶漏水的那个厕所".
pub(super) fn is_told_instead(report: &Report, words: &Words) -> bool {
    let said = &words.understood;
    let asked = match report.asked {
        Some(SlotId::Place) => true,
        Some(SlotId::Address) => !words.text.contains(char::is_numeric) && !tells_the_way(words),
        _ => false,
    };
    let Some(symptom) = symptom_of(words).filter(|_| asked && !report.correcting) else { return false };
    let named = said.location.is_some() || said.component.is_some();
    let answers = repeats(report, words, &symptom) || answers_first(words, &symptom) || describes_place(words);
    let shares = report.asked == Some(SlotId::Place) && shares_part(report, words);
    named && !answers && !shares && is_apart(report, words)
}

/// Whether words say by another fault where the part of the report is: "墙面开裂", "厨房的墙渗水". What a word leads on to
/// is a fault besides.
fn shares_part(report: &Report, words: &Words) -> bool {
    let Some(part) = text_of(report, SlotId::Component).map(normalised).filter(|part| !part.is_empty()) else {
        return false;
    };
    let (said, text) = (&words.understood, normalised(&words.text));
    let same = |other: String| other.contains(part.as_str()) || part.contains(other.as_str());
    let named = said.component.as_deref().map(normalised).filter(|other| !other.is_empty()).is_some_and(same);
    said.location.is_some() && (named || text.contains(part.as_str())) && !holds(&text, &LEADS_ON)
}

/// Whether the fault that words tell of is for other people than the one that is reported, and not the cause of it.
/// What water has done to a wall or a floor is seen by who mends the leak.
fn is_apart(report: &Report, words: &Words) -> bool {
    let said = &words.understood;
    let denies = said.corrects || said.affirmed == Some(false);
    let text = normalised(&words.text);
    let causes = holds(&text, &CAUSES);
    let wet = report.category.is_some_and(|category| category.is_work_of(Category::Leak));
    let done_by_it = wet && matches!(said.category, Some(Category::Crack | Category::FloorTile));
    !denies && !causes && !done_by_it && report.is_for_others(said)
}

/// Whether a symptom is that of the report, told again of the same part. Water that drips is one thing, wherever it is
/// seen.
fn repeats(report: &Report, words: &Words, symptom: &str) -> bool {
    let Some(known) = text_of(report, SlotId::Symptom).map(normalised) else { return false };
    let part = text_of(report, SlotId::Component);
    let drips = holds(&known, &DRIPS) && holds(symptom, &DRIPS);
    let same = !differ(Some(known.as_str()), Some(symptom)) && !differ(part, words.understood.component.as_deref());
    drips || same
}

/// Whether words begin with the place, in a clause of its own, and tell of the fault behind it.
fn answers_first(words: &Words, symptom: &str) -> bool {
    let told = clauses(&words.text);
    let place = words.understood.location.as_deref().map(normalised);
    let first = told.first().filter(|_| told.len() > 1).zip(place);
    first.is_some_and(|(first, place)| first.contains(place.as_str()) && !first.contains(symptom))
}

/// Returns the room with which an answer begins or ends to the question where it is, and what is said beside that.
fn room_beside(report: &Report, words: &Words) -> Option<(String, String)> {
    if report.asked != Some(SlotId::Place) {
        return None;
    }
    let said = &words.understood;
    let told = words.text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let first = || {
        let room = said.room.as_deref()?;
        told.split_once(BREAKS).filter(|(first, _)| is_all_of(first, room)).map(|(_, behind)| (room, behind))
    };
    let last = || {
        let (before, last) = told.rsplit_once(BREAKS)?;
        let rooms = [said.room.as_deref(), said.location.as_deref()];
        rooms.into_iter().flatten().find(|room| is_all_of(last, room)).map(|room| (room, before))
    };
    first().or_else(last).map(|(room, fault)| (room.to_owned(), fault.trim().to_owned()))
}

/// Returns what a report says of a piece in the owner's words.
fn text_of(report: &Report, slot: SlotId) -> Option<&str> {
    match report.slots.get(&slot) {
        Some(Arg::Text(said)) => Some(said.as_str()),
        _ => None,
    }
}

/// Returns the one fault that is named: by its place in the row, its part, or its room.
fn which_of(report: &Report, named: &str) -> Option<usize> {
    if let Some(at) = NTH.iter().position(|nth| nth.iter().any(|word| counts(named, word))) {
        return (at <= report.further.len() && report.gone == 0).then_some(at);
    }
    let [parts, rooms] = names_in(report);
    let faults = parts.iter().zip(&rooms).enumerate();
    let mut found = faults.filter(|(_, (part, room))| is_name_of(part.as_deref(), room.as_deref(), named));
    let (at, _) = found.next()?;
    found.next().is_none().then_some(at)
}

/// Whether a fault is counted with a word: "第二个", not "第二天".
fn counts(named: &str, word: &str) -> bool {
    named.split_once(word).is_some_and(|(_, behind)| {
        word.is_ascii() || behind.is_empty() || COUNTED.iter().any(|counted| behind.starts_with(counted))
    })
}

/// Returns the parts and the rooms of all faults, those of the one that stands first.
fn names_in(report: &Report) -> [Vec<Option<String>>; 2] {
    let stands = |slot: SlotId| text_of(report, slot).map(str::to_owned);
    let parts = report.further.iter().map(|fault| fault.component.clone());
    let rooms = report.further.iter().map(|fault| fault.location.clone());
    [
        std::iter::once(stands(SlotId::Component)).chain(parts).collect(),
        std::iter::once(stands(SlotId::Place)).chain(rooms).collect(),
    ]
}

/// Returns the fault that an English clause drops: it holds its name, and nothing else. "Drop by the kitchen first"
/// drops none.
fn dropped_in_english(report: &Report, clause: &str) -> Option<usize> {
    let rest = DROPS.iter().find_map(|drops| clause.strip_prefix(drops))?;
    let names: Vec<String> =
        names_in(report).iter().flatten().flatten().flat_map(|name| words_of(&normalised(name))).collect();
    let counted = |word: &str| NTH.iter().any(|nth| nth.contains(&word));
    let is_known = |word: &String| AROUND.contains(&word.as_str()) || counted(word) || names.contains(word);
    which_of(report, rest).filter(|_| words_of(rest).iter().all(is_known))
}

fn words_of(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Whether words name the part of a fault that waits, and not of the one that stands: they put nothing right in that.
pub(super) fn is_of_waiting(report: &Report, words: &Words) -> bool {
    let Some(part) = words.understood.component.as_deref() else { return false };
    let is_of = |known: &Option<String>| known.is_some() && !differ(known.as_deref(), Some(part));
    let [parts, _] = names_in(report);
    parts.split_first().is_some_and(|(stands, wait)| !is_of(stands) && wait.iter().any(is_of))
}

/// Whether nothing but the part and the room of one fault is named: "灯", "客厅的灯"; "灯泡" and "旧灯" are none.
fn is_name_of(part: Option<&str>, room: Option<&str>, named: &str) -> bool {
    let known = [part, room].into_iter().flatten().map(normalised).filter(|name| !name.is_empty());
    let other = known.fold(named.to_owned(), |left, name| left.replacen(&name, " ", 1));
    let left = without(&other, &POINTING);
    other != named && words_of(&left).iter().all(|word| AROUND.contains(&word.as_str()))
}

/// Returns a clause without what says that it is about all of them.
pub(super) fn without_all(clause: &str) -> &str {
    let bare = ALL_OF.iter().find_map(|all| clause.strip_prefix(all)).unwrap_or(clause);
    ALL_OF_THEM.iter().find_map(|all| bare.strip_suffix(all)).unwrap_or(bare)
}
