//! The address of a home within what is said: "我是阳光花园3栋502的，厨房水龙头漏水". A wrong one costs a journey, so
//! only what has a name and the numbers of a home is taken; what is less is asked for.

use super::Words;
use super::additions::presses;
use super::clause::{asks_in_words, clauses, holds};
use super::say::Arg;
use super::state::Report;
use crate::domain::script::{SlotId, normalised};
use crate::domain::understanding::{Understanding, Urgency};

/// What parts an address from what is said beside it.
const BREAKS: [char; 9] = [',', '，', '。', ';', '；', '!', '！', '\n', '、'];
/// How an address may begin …
const LIVES_AT: [&str; 8] = ["i live in", "i live at", "my address", "address", "我住", "我家住", "家住", "地址"];
/// … and a clause of one within what is said.
const IS_AT: [&str; 7] = ["i'm at", "i am at", "my flat is", "my home is", "we live in", "we live at", "at "];
/// How words end that lead to the name of an estate: "我住", "我家在", "地址是".
const LEADS: [&str; 4] = ["住", "家", "我", "地址"];
/// What stands between them and the name, or before any name.
const BEFORE_NAME: [char; 7] = ['住', '在', '是', '址', '到', ':', '：'];
/// How the name of an estate ends.
const ESTATES: &str = "园|苑|城|府|湾|庭|邸|郡|墅|新村|小区|公馆|公寓|大厦|广场";
/// The shortest name: "隔壁" and "小区" are none.
const SHORTEST_NAME: usize = 3;
/// What speaks of somebody and names no estate: "我们小区".
const OF_SOMEBODY: [char; 8] = ['我', '你', '您', '他', '她', '们', '这', '那'];
/// What stands behind the number of a building, and of what is between it and the flat; parted by bars.
const BUILDINGS: &str = "单元|号楼|栋|幢|座|楼|弄";
const BETWEEN: &str = "单元|号楼|号院|栋|幢|座|楼|弄|层|号";
/// What may stand behind the number of a flat …
const FLATS: [char; 4] = ['室', '户', '房', '号'];
/// … and what may not: it counts something else, or is a day or an hour.
const COUNTED: [char; 24] = [
    '个', '次', '度', '平', '米', '元', '块', '分', '秒', '点', '年', '月', '日', '天', '台', '盏', '只', '扇', '处',
    '家', '人', '号', '楼', '厅',
];
/// What may stand between the numbers.
const JOINTS: [char; 6] = [' ', '-', ',', '，', '、', '第'];
/// Digits of the number of a building and of a flat.
const LONGEST_BUILDING: usize = 3;
const LONGEST_FLAT: usize = 4;

/// What a flat is called in English, before its number; parted by bars …
const UNITS: &str = "flat|apartment|apt|unit|suite|room";
/// … what else has a number …
const BLOCKS: &str = "building|block|tower|floor|level";
/// … and how the name of a street or an estate ends.
const STREETS: &str = "street|st|lane|road|rd|avenue|ave|court|close|drive|way|block|building|tower|towers|gardens|heights|\
    residences|mansions|estate|garden";
/// What makes no name of the word behind it: "in the building".
const NO_NAME: &str = "the|this|that|my|our|your|a|an|in|on|of|at|same|whole|back|front|it|is";

/// What is said of a home that is not that of the fault, or not theirs; parted by bars.
const OTHER_HOMES: &str = "楼上|楼下|隔壁|对门|邻居|妈|爸|父母|婆婆|朋友|上次|跑到|以前|租在|neighbour|neighbor|mother|mum|\
    parents|above|below|upstairs|downstairs|next door|last time";
/// What counts buildings and nothing else; parted by bars.
const HOUSES: &str = "号楼|栋|幢|座";
/// What calls an address wrong.
const WRONG: [&str; 4] = ["错", "不对", "不是", "wrong"];
/// What names an address and no place in a home.
const ADDRESS: [&str; 8] = ["地址", "房号", "门牌", "楼栋", "楼号", "室号", "房间号", "address"];
/// What names the number of a flat.
const FLAT_NUMBER: [&str; 4] = ["房号", "门牌", "室号", "房间号"];
/// What makes numbers those of something else.
const OTHER_NUMBERS: [&str; 8] = ["工单", "单号", "编号", "号码", "电话", "手机", "型号", "ticket"];

/// Where somebody lives who writes from no known home, and the room of the fault where the words for it were taken for
/// the address.
pub(super) struct Home {
    pub(super) address: String,
    /// `None` where the place that was understood is none of the address.
    pub(super) place: Option<Place>,
}

/// What the place is that was understood as part of the address.
pub(super) struct Place {
    /// The room beside the address, if one was named.
    pub(super) room: Option<String>,
}

/// What words say of an address that was told before.
pub(super) enum Correction {
    /// It is this one.
    To(String),
    /// It is wrong, and they do not say which it is.
    Unknown,
}

/// Returns the home that is told of beside a fault.
pub(super) fn home_in(words: &Words) -> Option<Home> {
    let said = &words.understood;
    let address = address_in(words).filter(|_| said.urgency != Urgency::Emergency)?;
    let place = place_beside(said, &address);
    Some(Home { address, place })
}

/// Returns an address with the name of a street or an estate and the numbers of a home. Where another home may be meant
/// it is asked for.
pub(super) fn address_in(words: &Words) -> Option<String> {
    let text = words.text.to_lowercase();
    let other_home = OTHER_HOMES.split('|').any(|other| text.contains(other));
    if other_home || holds(&text, &OTHER_NUMBERS) {
        return None;
    }
    in_chinese(&words.text).or_else(|| in_english(words))
}

/// Whether an answer to the question for the address plainly is none: "你们什么时候来", "快点".
pub(super) fn is_no_address(words: &Words) -> bool {
    !has_house_number(&words.text) && (presses(words) || asks_in_words(&words.text))
}

/// Whether a text has a number or a building in it.
pub(super) fn has_house_number(said: &str) -> bool {
    said.contains(|c: char| c.is_numeric() || matches!(c, '栋' | '幢' | '座' | '号' | '室'))
}

/// "翠湖花园3栋2单元1201": building and room, and nothing of what is broken there.
pub(super) fn is_address(words: &Words) -> bool {
    let said = &words.understood;
    let text = words.text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let numbers = text.split(|c: char| !c.is_numeric()).filter(|number| !number.is_empty()).count();
    let begin = normalised(text);
    let other = holds(&begin, &OTHER_NUMBERS);
    let lives = LIVES_AT.iter().any(|beginning| begin.starts_with(beginning));
    let place = said.location.as_deref().filter(|place| lives || text.ends_with(place));
    // The garden of an estate's name is no part that is broken.
    let is_written = |part: &str| lives && part.starts_with(char::is_uppercase);
    let is_name = |part: &str| is_written(part) || place.is_some_and(|place| place.contains(part));
    let part = said.component.as_deref().filter(|part| !is_name(part));
    let all = place.is_some() && numbers >= 2 && said.symptom.is_none() && part.is_none();
    // A cry for help may have no symptom that we know.
    all && !other && said.urgency != Urgency::Emergency
}

/// Returns what words say of the address that was told with a report: another one, other numbers, or that it is wrong.
pub(super) fn correction(report: &Report, words: &Words) -> Option<Correction> {
    let said = &words.understood;
    let Some(Arg::Text(known)) = report.slots.get(&SlotId::Address) else { return None };
    if report.filed || report.asked.is_some() || said.symptom.is_some() {
        return None;
    }
    let text = normalised(&words.text);
    let denies = said.corrects || said.affirmed == Some(false);
    let named = names_address(&text);
    // The home of who has the key is told of as well.
    if let Some(address) = address_in(words).filter(|address| denies || named || is_all(words, address)) {
        return Some(Correction::To(address));
    }
    if !named || !denies {
        return None;
    }
    let other = with_numbers(known, &text).or_else(|| with_flat(known, &text)).map(Correction::To);
    let is_wrong = said.location.is_none() && clauses(&words.text).iter().any(|clause| calls_wrong(clause));
    other.or_else(|| is_wrong.then_some(Correction::Unknown))
}

fn names_address(text: &str) -> bool {
    has_number(text, "flat") || holds(text, &ADDRESS)
}

/// "地址错了": of the address, in one clause.
fn calls_wrong(clause: &str) -> bool {
    names_address(clause) && holds(clause, &WRONG)
}

/// Whether words are nothing but an address, and what leads to it.
fn is_all(words: &Words, address: &str) -> bool {
    bare(words.text.trim_matches(|c: char| !c.is_alphanumeric())) == address
}

/// Returns an address with other numbers in place of its own: "不对，地址是9栋1单元102".
fn with_numbers(known: &str, text: &str) -> Option<String> {
    let (_, old) = numbers_in(known)?;
    let (_, new) = numbers_in(text)?;
    Some(known.replacen(old, new, 1))
}

/// Returns an address with another number of the flat: "房号错了，是102".
fn with_flat(known: &str, text: &str) -> Option<String> {
    let (before, old) = numbers_in(known)?;
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    let only = numbers.next().filter(|_| holds(text, &FLAT_NUMBER))?;
    let building = old.trim_end_matches(|c: char| !c.is_ascii_digit()).trim_end_matches(|c: char| c.is_ascii_digit());
    let behind = known.strip_prefix(before)?.strip_prefix(old)?;
    let ends = clauses(text).iter().any(|clause| clause.trim_end_matches('室').ends_with(only));
    let fits = ends && numbers.next().is_none() && (2..=LONGEST_FLAT).contains(&only.len());
    fits.then(|| format!("{before}{building}{only}{behind}"))
}

/// Returns the place of the fault where the words for it were understood as part of the address.
fn place_beside(said: &Understanding, address: &str) -> Option<Place> {
    let place = said.location.as_deref()?;
    if address.contains(place) {
        // "我住云栖花园，3栋502": the garden is no room.
        return Some(Place { room: said.room.clone().filter(|room| !address.contains(room.as_str())) });
    }
    let parts = place.char_indices().filter_map(|(at, _)| place.split_at_checked(at));
    let mut ends = parts.filter(|(within, _)| !within.is_empty() && address.ends_with(within));
    let (_, room) = ends.next_back()?;
    let room = room.trim_start_matches(['的', ' ', '-']);
    Some(Place { room: Some(room.to_owned()).filter(|room| !room.is_empty()) })
}

/// An address in Chinese: the name of an estate, and the numbers behind it.
fn in_chinese(text: &str) -> Option<String> {
    let (before, numbers) = numbers_in(text)?;
    let behind = text.strip_prefix(before)?.strip_prefix(numbers)?;
    if [before, behind].into_iter().any(numbers_building) {
        // Of two homes either may be meant.
        return None;
    }
    let (name, dashed) = (name_before(before)?, !numbers.contains(|c: char| !c.is_ascii_digit() && c != '-'));
    let from = before.rfind(name)?;
    let told = before.get(from..)?;
    // Numbers with dashes alone may be anything.
    (!dashed || is_estate(name)).then(|| format!("{told}{numbers}"))
}

/// Whether a text has the number of a building in it: "3栋", "12-1801".
fn numbers_building(text: &str) -> bool {
    let counts = |house: &str| {
        let mut befores = text.match_indices(house).filter_map(|(at, _)| text.get(..at));
        befores.any(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric()))
    };
    HOUSES.split('|').any(counts) || numbers_in(text).is_some()
}

/// Returns the name of the estate at the end of a text: one that is led to, or that ends as they do.
fn name_before(text: &str) -> Option<&str> {
    let close = text.trim_end_matches('的');
    let near = close.trim_end_matches(JOINTS);
    let clause = near.rsplit(BREAKS).next().unwrap_or_default();
    let bounds = |c: char| BEFORE_NAME.contains(&c) || c.is_whitespace();
    let name = clause.rsplit(bounds).next().unwrap_or_default();
    let lead = clause.strip_suffix(name).unwrap_or_default();
    let name = ["我们家", "我家", "我"].iter().find_map(|own| name.strip_prefix(own)).unwrap_or(name);
    let leading = lead.trim_end_matches(|c: char| c.is_whitespace() || [':', '：', '在', '是'].contains(&c));
    let is_led = near == close && LEADS.iter().any(|lead| leading.ends_with(lead));
    let denied = ["不是", "不在"].iter().any(|denial| lead.ends_with(denial));
    let whole = name.chars().count() >= SHORTEST_NAME && !name.contains(OF_SOMEBODY);
    (whole && !denied && (is_led || is_estate(name))).then_some(name)
}

fn is_estate(name: &str) -> bool {
    ESTATES.split('|').any(|end| name.ends_with(end))
}

/// Returns the numbers of a home, building and flat, and what stands before them: "3栋2单元1201", "12-1801".
fn numbers_in(text: &str) -> Option<(&str, &str)> {
    let mut last = ' ';
    text.char_indices().find_map(|(at, c)| {
        let begins = c.is_ascii_alphanumeric() && !last.is_ascii_alphanumeric() && last != '-';
        last = c;
        let (before, numbers) = text.split_at_checked(at).filter(|_| begins)?;
        let behind = behind_numbers(numbers).or_else(|| behind_dashes(numbers))?;
        Some((before, numbers.strip_suffix(behind)?))
    })
}

/// Returns what stands behind the numbers with which a text begins: "3栋2单元1201室".
fn behind_numbers(text: &str) -> Option<&str> {
    behind_part(text, BUILDINGS).and_then(behind_building)
}

/// The same for those behind the building: "2单元1201", "502号".
fn behind_building(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(JOINTS);
    behind_part(rest, BETWEEN).and_then(behind_building).or_else(|| behind_flat(rest))
}

/// Returns what stands behind a number and one of the words for what has it.
fn behind_part<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let (number, rest) = split_number(text, |c| c.is_ascii_alphanumeric());
    let fits = (1..=LONGEST_BUILDING).contains(&number.len());
    words.split('|').find_map(|word| rest.strip_prefix(word)).filter(|_| fits)
}

/// Returns what stands behind the number of a flat: "502", "502室", "3户".
fn behind_flat(text: &str) -> Option<&str> {
    let (number, rest) = split_number(text, |c| c.is_ascii_digit());
    let named = rest.strip_prefix(FLATS).filter(|rest| !rest.starts_with(|c: char| COUNTED.contains(&c)));
    let rest = named.unwrap_or(rest);
    let shortest = if named.is_some() { 1 } else { 2 };
    let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || named.is_none() && COUNTED.contains(&c));
    (ends && (shortest..=LONGEST_FLAT).contains(&number.len())).then_some(rest)
}

/// Returns what stands behind numbers with dashes: "12-1801", "12-1-1801".
fn behind_dashes(text: &str) -> Option<&str> {
    let (dashed, rest) = split_number(text, |c| c.is_ascii_digit() || c == '-');
    let numbers: Vec<usize> = dashed.split('-').map(str::len).collect();
    let fits = match numbers.as_slice() {
        [building, flat] => (1..=LONGEST_BUILDING).contains(building) && (3..=LONGEST_FLAT).contains(flat),
        [building, unit, flat] => {
            (1..=LONGEST_BUILDING).contains(building) && (1..=2).contains(unit) && (3..=LONGEST_FLAT).contains(flat)
        }
        _ => false,
    };
    let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || COUNTED.contains(&c));
    (fits && ends).then(|| rest.strip_prefix(FLATS).unwrap_or(rest))
}

/// Parts a text behind the signs with which it begins.
fn split_number(text: &str, is_sign: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c: char| !is_sign(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// An address in English, in clauses of its own: "I'm at 12 Oak Lane, flat 3, the tap leaks".
fn in_english(words: &Words) -> Option<String> {
    let text = words.text.replace(". ", "; ");
    let clauses = text.split(BREAKS).map(str::trim).filter(|clause| !clause.is_empty());
    let clauses = clauses.skip_while(|clause| !is_of_home(words, clause));
    let run: Vec<&str> = clauses.take_while(|clause| is_of_home(words, clause)).collect();
    let whole = run.iter().any(|clause| has_number(clause, UNITS)) && run.iter().any(|clause| names_street(clause));
    whole.then(|| bare(&run.join(", ")).to_owned())
}

/// Whether a clause is of an address in English, and nothing of a fault or a time is in it.
fn is_of_home(words: &Words, clause: &str) -> bool {
    let said = &words.understood;
    let part = said.component.as_deref().filter(|part| !part.starts_with(char::is_uppercase));
    let told = [&said.symptom, &said.since, &said.wished_time].into_iter().flatten().map(String::as_str);
    let tells = told.chain(part).any(|part| clause.contains(part));
    let names = has_number(clause, UNITS) || has_number(clause, BLOCKS) || names_street(clause);
    !tells && names && begins_address(clause)
}

/// Whether a clause begins as those of an address do: with a number, what has one, a name, or "I live in".
fn begins_address(clause: &str) -> bool {
    let lower = clause.to_lowercase();
    let words = spoken(clause);
    let starts = words.first().is_some_and(|word| {
        word.starts_with(|c: char| c == '#' || c.is_ascii_digit()) || is_one(UNITS, word) || is_one(BLOCKS, word)
    });
    let mut name = words.iter().take_while(|word| word.starts_with(char::is_uppercase) && !is_one(NO_NAME, word));
    let led = LIVES_AT.iter().chain(&IS_AT).any(|lead| lower.starts_with(lead));
    starts || led || name.any(|word| is_one(STREETS, word))
}

/// Whether one of these words stands in a clause with a number behind it: "flat 3", "apt #12".
fn has_number(clause: &str, known: &str) -> bool {
    let words = spoken(clause);
    let is_number = |word: &str| {
        let number = word.trim_start_matches('#');
        number.len() <= LONGEST_FLAT && number.starts_with(|c: char| c.is_ascii_digit())
    };
    words.windows(2).any(|pair| matches!(pair, [word, number] if is_one(known, word) && is_number(number)))
}

/// Whether a clause has the name of a street or an estate in it: "12 Oak Lane", "Maple Court", not "in the building".
fn names_street(clause: &str) -> bool {
    let words = spoken(clause);
    let is_name = |word: &str| word.contains(char::is_alphabetic) && !is_one(NO_NAME, word) && !is_one(UNITS, word);
    let numbered = words.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    words.windows(2).any(|pair| {
        let [name, street] = pair else { return false };
        let written = name.starts_with(char::is_uppercase) || numbered;
        written && is_name(name) && is_one(STREETS, street)
    })
}

/// Whether a word is one of a list that is parted by bars.
pub(super) fn is_one(known: &str, word: &str) -> bool {
    known.split('|').any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns the words of an English clause.
fn spoken(clause: &str) -> Vec<&str> {
    clause.split(|c: char| !c.is_alphanumeric() && c != '#' && c != '\'').filter(|word| !word.is_empty()).collect()
}

/// Returns an address without what leads to it: "I live in", "my address is".
fn bare(address: &str) -> &str {
    let behind = |lead: &&str| {
        let begins = address.get(..lead.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(lead));
        address.get(lead.len()..).filter(|_| begins)
    };
    let led = LIVES_AT.iter().chain(&IS_AT).find_map(behind).unwrap_or(address);
    let led = led.trim_start_matches([' ', ':']);
    led.strip_prefix("is ").unwrap_or(led).trim()
}
