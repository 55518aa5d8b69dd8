//! Several faults in one message: where each begins, so that every trade gets a report of its own.
//!
//! "厨房水管漏水，卧室空调不制冷" is work for two people, and what two rooms have of one trade is two things to mend
//! where different parts do different things, and words say that the second comes besides. What a leak has done to the floor is told as one with the leak: who
//! mends that has to see it. The words that lead on stand in `prompts/keywords/trades.*.toml`.
//!
//! Parts of two buildings, or two machines with numbers, are two things to mend whatever their trade: "1号电梯异响，2号电梯
//! 也异响". What is said once of both ("A栋和B栋的电梯都停了") stays one report, whose place names both: nobody has told
//! them apart. The number of a day counts nothing ("3号下午来过"): only what `prompts/keywords/places.toml` calls a place.

use super::category;
use super::matcher::Found;
use super::place;
use super::text::Text;
use crate::domain::lexicon::{Meaning, PlaceKind};
use crate::domain::understanding::{Category, differ};

/// A longer text is one story, told from several sides.
const LONGEST: usize = 300;
/// Nobody is asked about more of them one by one.
const MOST: usize = 4;

/// What a fault of the pipes does elsewhere …
const OF_WATER: [&str; 11] =
    ["冒水", "没水", "停水", "断水", "返水", "反水", "返味", "反味", "水小", "no water", "low pressure"];
/// … and one of the wires.
const OF_POWER: [&str; 6] = ["没电", "停电", "断电", "跳闸", "no power", "lost power"];
/// What joins two faults in English where it leads on from one told in full to another; else it joins places and parts.
const AND: [char; 5] = [' ', 'a', 'n', 'd', ' '];
/// What says something of a part that is named before it …
const SAYS: [&str; 8] = ["keeps", "won't", "doesn't", "don't", "can't", "isn't", "makes", "goes"];
/// … what is wrong with a part that "is" so: "is on the left" tells of none …
const WRONG: [&str; 26] = [
    "cold", "dead", "out", "stuck", "loud", "noisy", "off", "down", "loose", "broken", "cracked", "bent", "blocked",
    "clogged", "burnt", "jammed", "damaged", "faulty", "rattling", "humming", "leaking", "dripping", "lukewarm",
    "freezing", "wobbly", "rusty",
];
/// … and what says that it is all right.
const ALL_RIGHT: [&str; 9] = ["fine", "ok", "okay", "good", "working", "fixed", "new", "great", "right"];

/// How the number of a building or a machine is written; not that of a room: what rooms share is often one matter.
const COUNTED: [&str; 9] = ["号", "#", "栋", "幢", "座", "单元", "block ", "building ", "tower "];
const ROOMS: [char; 3] = ['房', '室', '户'];
/// What a building is called: of one, a part has to be named besides.
const BUILDINGS: [&str; 12] =
    ["楼", "栋", "幢", "座", "单元", "院", "厂房", "车间", "仓", "block ", "building ", "tower "];
/// How words begin that say behind the part of a building that it fails: "3号楼电梯不走了" …
const FAILS: [&str; 7] = ["不", "没", "老", "总", "一直", "又", "坏"];
/// … but for these …
const FAILS_NOT: [&str; 8] = ["不错", "不用", "不要", "不急", "没事", "没问题", "没坏", "没关系"];
/// … and what may stand before them.
const BEFORE_FAILS: [char; 9] = [' ', '的', '也', '都', '就', '现', '在', '今', '天'];
/// What is only heard of is nobody's to report.
const HEARSAY: [&str; 7] = ["听说", "听讲", "听闻", "据说", "邻居说", "群里说", "heard that "];

/// Part of the text that tells of a fault of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    /// It is of another building or machine than the one before.
    pub counted: bool,
}

/// Part of the text, with the fault that it tells of.
#[derive(Debug, Clone)]
struct Stretch {
    piece: Piece,
    matter: Option<Matter>,
}

/// A fault that is told in full: what it does, and what or where it is.
#[derive(Debug, Clone)]
struct Matter {
    trade: Category,
    symptom: String,
    /// The trade that the symptom points to by itself.
    kind: Option<Category>,
    part: Option<String>,
    place: Option<String>,
    /// The number of the building or the machine: "3号楼2单元", "2号冷却塔".
    number: Option<String>,
}

impl Matter {
    /// Whether it is not mended with the one before: by other people, in another building, or, where it comes `besides`,
    /// another part in another room. Water that leaks in two rooms is one leak as often as not.
    fn is_apart_from(&self, before: &Matter, besides: bool) -> bool {
        let rooms = differ(self.place.as_deref(), before.place.as_deref());
        let parts = differ(self.part.as_deref(), before.part.as_deref());
        let does_else = differ(Some(&self.symptom), Some(&before.symptom));
        let leaks = [self.kind, before.kind] == [Some(Category::Leak); 2];
        let apart = !self.trade.is_work_of(before.trade) || besides && rooms && parts && does_else && !leaks;
        (apart || self.is_counted_beside(before)) && !self.has_one_cause_with(before)
    }

    /// Whether both are told of things that have a number, and not of the same one: "3号楼2单元" is in "3号楼".
    fn is_counted_beside(&self, before: &Matter) -> bool {
        let numbers = self.number.as_deref().zip(before.number.as_deref());
        let other = numbers.is_some_and(|(here, there)| !here.starts_with(there) && !there.starts_with(here));
        other && self.part.is_some() && before.part.is_some()
    }

    /// Whether one of both does what the other brings about: a pipe that burst leaves another room without water, and
    /// one fuse the lights and sockets of two.
    fn has_one_cause_with(&self, before: &Matter) -> bool {
        let shows = |matter: &Matter, effects: &[&str]| effects.iter().any(|effect| matter.symptom.contains(effect));
        let pipes = before.trade.is_work_of(Category::Leak) && shows(self, &OF_WATER);
        let wires = [self.trade, before.trade] == [Category::Electrical; 2];
        pipes || wires && (shows(self, &OF_POWER) || shows(before, &OF_POWER))
    }
}

/// Returns the pieces that tell of faults to be mended apart; nothing unless there are two.
pub(super) fn split(text: &Text, found: &[Found]) -> Vec<Piece> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let mut told: Vec<Stretch> = Vec::new();
    for (start, end) in pieces(text, found) {
        let within = within(found, start, end);
        let matter = fault_of(text, &within).or_else(|| thing_of(text, &within, end));
        let before = told.last().and_then(|stretch| stretch.matter.as_ref());
        let leads_on = |find: &Found| matches!(find.meaning, Meaning::Besides);
        let led = within.iter().any(leads_on) || is_numbered(text, start);
        let besides = led || text.span(start, end).contains(&'也');
        let known = matter.as_ref().zip(before).is_some_and(|(matter, before)| !matter.is_apart_from(before, besides));
        let counted = matter.as_ref().zip(before).is_some_and(|(matter, before)| matter.is_counted_beside(before));
        let follows = |find: &Found| matches!(find.meaning, Meaning::Therefore);
        // Without a word that leads on, only another room makes it another matter.
        let begins = led || is_joined(text, start) || place::read(text, &within).is_some();
        let begins = begins && !within.iter().any(follows) && !is_hearsay(text, start, end);
        let another = matter.is_some() && !known && begins;
        let full = told.len() == MOST;
        match told.last_mut() {
            Some(last) if last.matter.is_none() || !another || full => {
                last.piece.end = end;
                last.matter = last.matter.take().or(matter);
            }
            _ => told.push(Stretch { piece: Piece { start, end, counted }, matter }),
        }
    }
    if told.len() < 2 {
        return Vec::new();
    }
    told.iter().map(|told| Piece { start: behind_lead(text, found, told.piece.start), ..told.piece }).collect()
}

/// Returns where a stretch goes on behind what leads on to it: "还有", "2.", "and" are no part of what follows.
fn behind_lead(text: &Text, found: &[Found], at: usize) -> usize {
    let leads_on = |find: &&Found| matches!(find.meaning, Meaning::Besides) && find.start == at;
    let word = found.iter().filter(leads_on).map(|find| find.end).max();
    let number = is_numbered(text, at).then_some(at + 2);
    let joint = is_joined(text, at).then_some(at + AND.len() - 1);
    word.max(number).max(joint).unwrap_or(at)
}

/// Cuts the text at its clauses, at the numbers of a list, and where somebody leads on to another matter within one.
fn pieces(text: &Text, found: &[Found]) -> Vec<(usize, usize)> {
    let led_on = |at| found.iter().any(|find| matches!(find.meaning, Meaning::Besides) && find.start == at);
    let clause = |at: usize| !text.same_clause(at - 1, at) && !is_behind_number(text, at);
    let mut starts: Vec<usize> =
        (0..text.len()).filter(|&at| at == 0 || clause(at) || led_on(at) || is_numbered(text, at)).collect();
    starts.push(text.len());
    let clauses = starts.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
    clauses.flat_map(|(start, end)| parted(text, found, start, end)).collect()
}

/// Cuts a piece at each "and", and before each number of a building or a machine, between two faults that are told in
/// full, the second with a part of its own before what it does: what "leaks and drips on the floor" is one. What is wrong
/// with the first may be said in words we do not know.
fn parted(text: &Text, found: &[Found], start: usize, end: usize) -> Vec<(usize, usize)> {
    let mut cuts = Vec::new();
    let mut begin = start;
    for at in start + 1..end {
        if !is_joined(text, at) && !is_counted_from(text, found, at) {
            continue;
        }
        let (first, second) = (within(found, begin, at), within(found, at, end));
        let other = fault_of(text, &second).filter(|_| has_subject(text, &second));
        let apart = |other: Matter| {
            let is_other = |thing: Matter| !other.trade.is_work_of(thing.trade) || other.is_counted_beside(&thing);
            fault_of(text, &first).is_some() || thing_of(text, &first, at).is_some_and(is_other)
        };
        if other.is_some_and(apart) {
            cuts.push((begin, at));
            begin = at;
        }
    }
    cuts.push((begin, end));
    cuts
}

/// Whether a part is named before what it does, or at the beginning of it: "light is out".
fn has_subject(text: &Text, found: &[Found]) -> bool {
    let trade = category::read(text, found);
    trade.component.zip(trade.symptom).is_some_and(|(part, symptom)| part.start <= symptom.start)
}

/// Whether the word here is an "and" between two others.
fn is_joined(text: &Text, at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| *text.span(before, before + AND.len()) == AND)
}

/// Whether the number of an item in a list stands here: "2. ", "3、".
fn is_numbered(text: &Text, at: usize) -> bool {
    let counts = text.char(at).is_ascii_digit() && !text.char(at + 2).is_ascii_digit();
    let begins = !text.before(at).is_ascii_alphanumeric() && !matches!(text.before(at), '.' | '-' | '、');
    counts && begins && matches!(text.char(at + 1), '.' | '、' | ')')
}

/// Whether nothing but spaces stands between here and the number of an item: its mark ends no clause.
fn is_behind_number(text: &Text, at: usize) -> bool {
    let is_near = |number: usize| is_numbered(text, number) && text.span(number + 2, at).iter().all(|c| *c == ' ');
    (2..=3).filter_map(|back| at.checked_sub(back)).any(is_near)
}

/// Whether the number of a building or a machine begins here: neither within a place, nor behind another piece of one, nor
/// as one that is only heard of.
fn is_counted_from(text: &Text, found: &[Found], at: usize) -> bool {
    let begins = |find: &Found| find.start == at && is_number(text, find);
    let goes_on = |find: &Found| matches!(find.meaning, Meaning::Place { .. }) && find.start < at && at <= find.end;
    found.iter().any(begins) && !found.iter().any(goes_on) && !place::is_behind(text, at, &HEARSAY)
}

/// Whether a piece of a place is the number of a building or a machine.
fn is_number(text: &Text, find: &Found) -> bool {
    let words: String = text.span(find.start, find.end).iter().collect();
    let counts = COUNTED.iter().any(|counted| words.contains(counted)) && !words.ends_with(ROOMS);
    matches!(find.meaning, Meaning::Place { kind: PlaceKind::Number }) && counts
}

/// Returns the number of the building or the machine that is named first, with what adjoins it: "3号楼2单元".
fn number_of(text: &Text, found: &[Found]) -> Option<String> {
    let mut numbers = found.iter().filter(|find| is_number(text, find));
    let first = numbers.next()?;
    let reach = |end: usize, find: &Found| if find.start <= end { end.max(find.end) } else { end };
    let end = numbers.fold(first.end, reach);
    Some(text.span(first.start, end).iter().collect())
}

/// Whether words only tell what others say.
fn is_hearsay(text: &Text, start: usize, end: usize) -> bool {
    let words: String = text.span(start, end).iter().collect();
    HEARSAY.iter().any(|hearsay| words.contains(hearsay))
}

/// Returns what was found between two positions.
fn within<'m>(found: &[Found<'m>], start: usize, end: usize) -> Vec<Found<'m>> {
    found.iter().filter(|find| start <= find.start && find.end <= end).copied().collect()
}

/// Returns the part in a room or a building of which something is said in words we do not know: before an "and" ("the
/// hallway radiator is cold and the tap drips"), or behind a number ("3号楼电梯不走了").
fn thing_of(text: &Text, found: &[Found], end: usize) -> Option<Matter> {
    let trade = category::read(text, found);
    let part = trade.component.filter(|_| trade.symptom.is_none())?;
    let number = number_of(text, found);
    let words = |start, end| text.span(start, end).iter().collect::<String>();
    let behind = words(part.end, end);
    let (start, stop) = place::read(text, found)?;
    let says = |known: &[&str]| behind.split_whitespace().any(|word| known.contains(&word));
    let is_so = says(&["is", "are", "has", "have"]) && says(&WRONG);
    let told = is_joined(text, end) && (says(&SAYS) || is_so) && !says(&ALL_RIGHT);
    let told = told || number.is_some() && fails(&behind);
    let place = Some(words(start, stop));
    let part = Some(words(part.start, part.end));
    let trade = trade.category.filter(|_| told)?;
    Some(Matter { trade, symptom: String::new(), kind: None, part, place, number })
}

/// Whether words behind a part say in Chinese that it fails.
fn fails(behind: &str) -> bool {
    let said = behind.trim_start_matches(BEFORE_FAILS);
    let begins = |known: &[&str]| known.iter().any(|word| said.starts_with(word));
    begins(&FAILS) && !begins(&FAILS_NOT)
}

/// Returns the fault that is told in full, if one is.
fn fault_of(text: &Text, found: &[Found]) -> Option<Matter> {
    let trade = category::read(text, found);
    let words = |(start, end)| text.span(start, end).iter().collect::<String>();
    let symptom = trade.symptom?;
    let kind = match symptom.meaning {
        Meaning::Symptom { category, .. } => *category,
        _ => None,
    };
    let number = number_of(text, found);
    let is_machine = |number: &String| !BUILDINGS.iter().any(|building| number.contains(building));
    let part = trade.component.map(|find| words((find.start, find.end)));
    let part = part.or_else(|| number.clone().filter(is_machine));
    let place = place::read(text, found).map(words);
    if part.is_none() && place.is_none() {
        return None;
    }
    // What has a number is a thing to mend, whoever does it.
    let trade = trade.category.or(number.as_ref().map(|_| Category::Other))?;
    Some(Matter { trade, symptom: words((symptom.start, symptom.end)), kind, part, place, number })
}
