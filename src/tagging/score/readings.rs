//! Everything a rating may be: each number, row of stars, word for the highest or lowest, what sums
//! come to, what the rules read, and that nothing is rated.
//!
//! People rate in forms nobody can list ("3 or 4… flipped a coin, it's 4"). So each [`Reading`]
//! carries signs, the wording around it and where it stands, by which [`super::chooser`] tells them
//! apart. A sign is known by its CRC-32 alone, and `models/sentiment/train/ratings.py` learns from the
//! very signs made here (`huifang analyze --why`): whoever changes them trains the chooser anew.

use serde::Serialize;

use super::{Mark, Reader, Scale, Scores, same, sums};
use crate::domain::lexicon::Meaning;
use crate::tagging::ngrams::{self, Token};
use crate::tagging::number::Number;

/// A message with more numbers than this is a list or a telephone book: the rules alone read it.
const MOST_MENTIONS: usize = 16;
/// Words (Chinese characters) between a mention and the one before it that are looked at.
const WORDS_BEFORE: usize = 12;
/// Words between a mention and the next.
const WORDS_AFTER: usize = 8;
/// Characters before a mention among which a word that adds or takes off is looked for.
const STEP: usize = 14;
/// Words that make a mean of what is said.
const MEANS: &[&str] =
    &["平均", "均一下", "除以", "对半", "折中", "取中", "中间", "average", "mean of", "split it", "middle"];
/// Words that make half of a full mark.
const HALVES: &[&str] = &["一半", "对折", "对半", "half of", "half marks"];

/// One way to read the rating of an utterance.
#[derive(Debug, Clone, Serialize)]
pub(in crate::tagging) struct Reading {
    #[serde(flatten)]
    pub(super) stated: Stated,
    /// What is rated, where it is neither nothing nor what the rules read.
    #[serde(skip)]
    pub(super) mark: Option<Mark>,
    pub(super) signs: Vec<u32>,
}

/// What a reading comes to on each scale.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(super) struct Stated {
    pub score: Option<f64>,
    pub score10: Option<f64>,
    pub nps: Option<u8>,
}

impl Stated {
    pub(super) fn of(scores: &Scores) -> Stated {
        Stated { score: scores.score, score10: scores.score10, nps: scores.nps }
    }

    fn is_nothing(self) -> bool {
        self == Stated::default()
    }

    /// Says whether all of it is in the other too.
    fn is_part_of(self, other: Stated) -> bool {
        !self.is_nothing()
            && (self.score.is_none() || self.score == other.score)
            && (self.score10.is_none() || self.score10 == other.score10)
            && (self.nps.is_none() || self.nps == other.nps)
    }
}

/// How a mention is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Stars,
    Maximum,
    Minimum,
    Homophone,
    /// Is not said, but follows from what is.
    Sum,
    Mean,
    Half,
}

#[derive(Debug, Clone, Copy)]
struct Mention {
    kind: Kind,
    mark: Mark,
    /// Where the number itself ends; the mark of "8/10" goes on.
    end: usize,
    /// Counts or numbers something: "3 days", 9楼.
    is_counted: bool,
}

/// What a mention stands among; gathered once for all of them.
#[derive(Debug, Clone, Copy)]
struct Around<'a> {
    mentions: &'a [Mention],
    derived: &'a [Mention],
    tokens: &'a [Token<'a>],
}

impl Mention {
    fn of(kind: Kind, mark: Mark) -> Mention {
        Mention { kind, mark, end: mark.end, is_counted: false }
    }
}

impl Reader<'_> {
    /// Returns every reading, the rules' among them; empty where nothing could be a rating.
    pub(super) fn readings(&self, by_rules: &Scores) -> Vec<Reading> {
        let mentions = self.mentions();
        let known = Stated::of(by_rules);
        if mentions.is_empty() || mentions.len() > MOST_MENTIONS {
            return Vec::new();
        }
        let derived = self.derived(&mentions);
        let tokens = ngrams::tokens(&self.text.folded);
        let around = Around { mentions: &mentions, derived: &derived, tokens: &tokens };
        let mut readings = Vec::with_capacity(mentions.len() + derived.len() + 2);
        for (mention, is_derived) in
            mentions.iter().map(|m| (m, false)).chain(derived.iter().map(|mention| (mention, true)))
        {
            let mut placed = Scores::default();
            self.place(mention.mark, &mut placed);
            let mut stated = Stated::of(&placed);
            if stated.is_nothing() {
                continue;
            }
            let as_ruled = stated.is_part_of(known);
            let rules = match (as_ruled, known.is_nothing()) {
                (true, _) => Rules::Same,
                (false, true) => Rules::Nothing,
                (false, false) => Rules::Other,
            };
            if as_ruled {
                stated = known;
            }
            let signs = if is_derived {
                signs_of_derived(mention, &mentions, rules)
            } else {
                self.signs_of(mention, around, rules)
            };
            readings.push(Reading { stated, mark: Some(mention.mark), signs });
        }
        let count = mentions.len().min(5);
        if !known.is_nothing() && !readings.iter().any(|reading| reading.stated == known) {
            let mut signs = Signs(Vec::with_capacity(80));
            signs.fact("only the rules", 0);
            signs.fact("only the rules of", count);
            readings.push(Reading { stated: known, mark: None, signs: signs.0 });
        }
        let mut signs = Signs(Vec::with_capacity(80));
        signs.fact("nothing", 0);
        signs.fact("nothing, rules", usize::from(known.is_nothing()));
        signs.fact("nothing of", count);
        signs.fact("nothing, asks", usize::from(self.asks()));
        readings.push(Reading { stated: Stated::default(), mark: None, signs: signs.0 });
        readings
    }

    /// Finds what may be a rating, in order.
    fn mentions(&self) -> Vec<Mention> {
        let known = self.marks();
        let meant = |number: &&Number| !self.is_below_zero(number) && !self.is_very_bad(number, &known);
        let numbers = self.numbers.iter().filter(meant);
        let mut mentions: Vec<Mention> = numbers.map(|number| self.mention_of(number, &known)).collect();
        mentions.extend(self.stars().into_iter().map(|mark| Mention::of(Kind::Stars, mark)));
        for find in self.found {
            let (kind, value) = match find.meaning {
                Meaning::Maximum => (Kind::Maximum, self.highest()),
                Meaning::Minimum => (Kind::Minimum, self.lowest()),
                Meaning::Homophone { value } => (Kind::Homophone, *value),
                _ => continue,
            };
            let heard = Number { start: find.start, end: find.end, value, range: false };
            let scale = if kind == Kind::Homophone { self.scale_of_setting(&heard) } else { Scale::Open };
            let mark = Mark::plain(find.start, find.end, value, scale);
            mentions.push(Mention::of(kind, Mark { maximum: kind == Kind::Maximum, ..mark }));
        }
        mentions.retain(|mention| mention.mark.value <= 10.0);
        mentions.sort_by_key(|mention| (mention.mark.start, usize::MAX - mention.end));
        mentions
    }

    /// A number as a mark: as the rules take it where they do, else on the scale that is declared.
    fn mention_of(&self, number: &Number, known: &[Mark]) -> Mention {
        let after: String = self.text.span(number.end, number.end + 3).iter().collect();
        let half = ["分半", "星半", "颗星半"].iter().any(|half| after.starts_with(half));
        let value = if half { number.value + 0.5 } else { number.value };
        let taken = known.iter().find(|mark| mark.start == number.start && same(mark.value, value));
        let plain =
            Mark { range: number.range, ..Mark::plain(number.start, number.end, value, self.scale_of_setting(number)) };
        let is_counted = self.is_counted(number) || self.is_ordinal(number);
        Mention { kind: Kind::Number, mark: taken.copied().unwrap_or(plain), end: number.end, is_counted }
    }

    /// What sums, means and halves of the mentions come to.
    fn derived(&self, mentions: &[Mention]) -> Vec<Mention> {
        let mut derived = Vec::new();
        let (Some(first), Some(last)) = (mentions.first(), mentions.last()) else { return derived };
        let mut add = |kind: Kind, value: f64, scale: Scale| {
            let mark = Mark { sum: true, ..Mark::plain(first.mark.start, last.mark.end, value, scale) };
            derived.push(Mention::of(kind, mark));
        };
        let (mut base, mut steps, mut total) = (None::<Mark>, 0, 0.0);
        for Mention { mark, .. } in mentions.iter().filter(|mention| !mention.is_counted) {
            match self.step_before(mark) {
                Some(sign) => {
                    steps += 1;
                    total += sign * mark.value;
                }
                None if base.is_none() && steps == 0 => base = Some(*mark),
                None => {}
            }
        }
        let of_ten = |mark: &Mark| mark.scale == Scale::Ten || mark.value > 5.0;
        let scale_of = |mark: &Mark| if of_ten(mark) { Scale::Ten } else { mark.scale };
        if steps > 0 {
            let (from, scale) = base.map_or((5.0, Scale::Open), |mark| (mark.value, scale_of(&mark)));
            add(Kind::Sum, from + total, scale);
        }
        let says = |words: &[&str]| words.iter().any(|word| self.text.folded.contains(word));
        if mentions.len() > 1 && says(MEANS) {
            let said = mentions.iter().filter(|mention| !mention.is_counted && mention.mark.value >= 1.0);
            let said: Vec<Mark> = said.map(|mention| mention.mark).collect();
            #[expect(clippy::cast_precision_loss, reason = "at most sixteen")]
            let mean = said.iter().map(|mark| mark.value).sum::<f64>() / said.len().max(1) as f64;
            let scale = said.iter().find(|mark| of_ten(mark)).map_or(Scale::Open, |_| Scale::Ten);
            if same((mean * 2.0).fract(), 0.0) {
                add(Kind::Mean, mean, scale);
            }
        }
        let full =
            mentions.iter().map(|mention| mention.mark).find(|mark| same(mark.value, 5.0) || same(mark.value, 10.0));
        if let Some(full) = full.filter(|_| says(HALVES)) {
            add(Kind::Half, full.value / 2.0, scale_of(&full));
        }
        derived
    }

    /// Says whether the mention is put to or taken off: 1 or −1.
    fn step_before(&self, mark: &Mark) -> Option<f64> {
        let lead: String = self.text.span(mark.start.saturating_sub(STEP), mark.start).iter().collect();
        let lead = lead.trim_end();
        let lead = sums::FILLERS.iter().find_map(|word| lead.strip_suffix(word)).unwrap_or(lead).trim_end();
        let ends = |words: &[&str]| words.iter().any(|word| lead.ends_with(word));
        let taken = self.found.iter().any(|find| {
            let gap = || self.text.span(find.end, mark.start).iter().collect::<String>();
            matches!(find.meaning, Meaning::Deduct)
                && find.end <= mark.start
                && mark.start - find.end < 9
                && (gap().trim().is_empty() || sums::FILLERS.contains(&gap().trim()))
        });
        if taken || lead.ends_with('-') {
            Some(-1.0)
        } else {
            (ends(sums::ADDING) || lead.ends_with('+')).then_some(1.0)
        }
    }

    fn asks(&self) -> bool {
        self.text.folded.trim_end().ends_with(['?', '吗', '呢'])
    }

    fn signs_of(&self, mention: &Mention, around: Around, rules: Rules) -> Vec<u32> {
        let Around { mentions, derived, tokens } = around;
        let mut signs = Signs(Vec::with_capacity(80));
        let (Mark { start, value, .. }, end) = (mention.mark, mention.end);
        self.signs_of_wording(&mut signs, tokens, start, end);
        let (clause_start, clause_end) = self.clause_around(start, end);
        signs.bag("clause before", self.within(tokens, clause_start, start));
        signs.bag("clause after", self.within(tokens, end, clause_end));
        let before = mentions.iter().rev().find(|other| other.end <= start && other.mark.start < start);
        let after = mentions.iter().find(|other| other.mark.start >= end);
        if let Some(before) = before {
            let between = self.within(tokens, before.end, start);
            signs.bag("since the last", between.get(between.len().saturating_sub(WORDS_BEFORE)..).unwrap_or_default());
            signs.fact("as the last", usize::from(same(before.mark.value, value)));
        }
        if let Some(after) = after {
            let between = self.within(tokens, end, after.mark.start);
            signs.bag("until the next", between.get(..WORDS_AFTER).unwrap_or(between));
        }
        let open = |from: usize, to: usize| self.text.span(from, to).iter().all(|c| *c == ' ');
        let own = usize::from(open(clause_start, start)) * 2 + usize::from(open(end, clause_end));
        let (is_first, is_last) = (usize::from(before.is_none()), usize::from(after.is_none()));
        let to_end = match self.text.core().1.saturating_sub(end) {
            0 => 0,
            1..=2 => 1,
            3..=6 => 2,
            _ => 3,
        };
        let count = mentions.len().min(3);
        signs.fact("mention", 0);
        signs.fact("kind", mention.kind as usize);
        signs.fact("own", own);
        signs.fact("first", is_first);
        signs.fact("last", is_last);
        signs.fact("last, own", is_last * 4 + own);
        signs.fact("to the end", to_end);
        if is_last == 1 && to_end < 2 {
            signs.fact("ends", (mention.kind as usize) * 4 + count);
        }
        signs.fact("size", size(value));
        signs.fact("full", usize::from(same(value, 5.0) || same(value, 10.0)));
        signs.fact("range", usize::from(mention.mark.range));
        signs.fact("counted", usize::from(mention.is_counted));
        signs.fact("scale", mention.mark.scale as usize);
        let is_mark =
            |other: &Mention| other.kind != Kind::Number || matches!(self.text.char(other.end), '分' | '星' | '颗');
        let others = mentions.iter().filter(|other| other.mark.start != start && is_mark(other)).count();
        signs.fact("mark among", usize::from(is_mark(mention)) * 4 + others.min(2));
        let again = mentions.iter().filter(|other| same(other.mark.value, value)).count();
        signs.fact("again", again.min(3));
        signs.fact("rules", rules as usize);
        signs.fact("rules, last, own", rules as usize * 8 + is_last * 4 + own);
        signs.fact("rules, end", rules as usize * 4 + to_end);
        if derived.iter().any(|other| same(other.mark.value, value)) {
            signs.fact("derived too", is_last);
        }
        signs.0
    }

    /// The characters and words on either side.
    fn signs_of_wording(&self, signs: &mut Signs, tokens: &[Token], start: usize, end: usize) {
        for length in 1..=4 {
            signs.run("before", length, self.text.span(start.saturating_sub(length), start));
        }
        for length in 1..=3 {
            signs.run("after", length, self.text.span(end, end + length));
        }
        let before = self.within(tokens, 0, start);
        let after = self.within(tokens, end, self.text.len());
        for length in 1..=3 {
            let words = before.len().checked_sub(length).and_then(|from| before.get(from..));
            signs.words("words before", words.unwrap_or_default());
            signs.words("words after", after.get(..length).unwrap_or_default());
        }
    }

    /// Returns the tokens that begin within a span.
    fn within<'t>(&self, tokens: &'t [Token<'t>], start: usize, end: usize) -> &'t [Token<'t>] {
        let byte = |at: usize| self.text.starts.get(at).copied().unwrap_or(self.text.folded.len());
        let place = |at: usize| tokens.partition_point(|token| token.start < byte(at));
        tokens.get(place(start)..place(end)).unwrap_or_default()
    }

    /// Returns the clause around a span: between commas, stops, dashes and brackets.
    fn clause_around(&self, start: usize, end: usize) -> (usize, usize) {
        let parts = |c: &char| {
            matches!(c, ',' | '.' | '!' | '?' | ';' | ':' | '\n' | '…' | '、' | '~' | '-' | '—' | '(' | ')' | '"')
        };
        let before = self.text.span(0, start).iter().rposition(parts).map_or(0, |at| at + 1);
        let after = self.text.span(end, self.text.len()).iter().position(parts).map_or(self.text.len(), |at| end + at);
        (before, after)
    }
}

/// The signs of what is not said but follows.
fn signs_of_derived(mention: &Mention, mentions: &[Mention], rules: Rules) -> Vec<u32> {
    let mut signs = Signs(Vec::with_capacity(80));
    let said = mentions.iter().any(|other| same(other.mark.value, mention.mark.value));
    let kind = mention.kind as usize;
    signs.fact("derived", kind);
    signs.fact("derived, rules", kind * 8 + rules as usize);
    signs.fact("derived, said", kind * 2 + usize::from(said));
    signs.fact("derived of", kind * 8 + mentions.len().min(5));
    signs.0
}

/// What the rules read, seen from a reading.
#[derive(Debug, Clone, Copy)]
enum Rules {
    Same,
    Nothing,
    Other,
}

fn size(value: f64) -> usize {
    match value {
        value if value < 1.0 => 0,
        value if value > 5.0 => 1,
        value if !same(value.fract(), 0.0) => 2,
        _ => 3,
    }
}

/// Signs being gathered.
struct Signs(Vec<u32>);

impl Signs {
    /// A fact of position, kind or count.
    fn fact(&mut self, name: &str, value: usize) {
        let mut sum = crc32fast::Hasher::new();
        sum.update(name.as_bytes());
        sum.update(&[0]);
        sum.update(&value.to_le_bytes());
        self.0.push(sum.finalize());
    }

    /// A run of characters of a fixed length; shorter at the edge of the text.
    fn run(&mut self, name: &str, length: usize, chars: &[char]) {
        let mut sum = crc32fast::Hasher::new();
        sum.update(name.as_bytes());
        sum.update(&[0, u8::try_from(length).unwrap_or(u8::MAX)]);
        shaped(&mut sum, chars.iter().copied());
        self.0.push(sum.finalize());
    }

    /// Every word and every two neighbours, in no place of their own.
    fn bag(&mut self, name: &str, words: &[Token]) {
        for length in 1..=2 {
            for run in words.windows(length) {
                self.words(name, run);
            }
        }
    }

    fn words(&mut self, name: &str, words: &[Token]) {
        if words.is_empty() {
            return;
        }
        let mut sum = crc32fast::Hasher::new();
        sum.update(name.as_bytes());
        for word in words {
            sum.update(&[0]);
            shaped(&mut sum, word.form.chars());
        }
        self.0.push(sum.finalize());
    }
}

/// Adds characters, all digits alike.
fn shaped(sum: &mut crc32fast::Hasher, chars: impl Iterator<Item = char>) {
    let mut bytes = [0; 4];
    for c in chars {
        let c = if c.is_ascii_digit() { '0' } else { c };
        sum.update(c.encode_utf8(&mut bytes).as_bytes());
    }
}
