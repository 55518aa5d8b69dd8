//! The lexicon compiled: every literal in one automaton, patterns completed from its hits.
//!
//! Work is linear in the text for single words; a pattern of several parts looks only at the
//! hits behind the one that may begin it.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::{AhoCorasick, BuildError};

use super::number::Number;
use super::text::{Script, Text};
use crate::domain::lexicon::pattern::{Choice, Element, Pattern};
use crate::domain::lexicon::{Lexicon, Meaning};

/// The lexicon, ready to be looked for.
#[derive(Debug)]
pub(super) struct Matcher {
    automaton: AhoCorasick,
    literals: Vec<Literal>,
    /// Patterns that may begin at a hit of each literal; the last list is for numbers.
    begins: Vec<Vec<u32>>,
    patterns: Vec<Compiled>,
    meanings: Vec<Meaning>,
}

/// One meaning found in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'m> {
    pub meaning: &'m Meaning,
    pub start: usize,
    pub end: usize,
}

impl Found<'_> {
    /// Says whether two finds share a character.
    pub(super) fn overlaps(&self, other: &Found) -> bool {
        self.start < other.end && other.start < self.end
    }
}

#[derive(Debug)]
struct Literal {
    chars: usize,
    bound_before: bool,
    bound_after: bool,
}

#[derive(Debug)]
struct Compiled {
    meaning: usize,
    /// Index of the element the search begins with.
    anchor: usize,
    elements: Vec<Part>,
    from_start: bool,
    to_end: bool,
}

#[derive(Debug)]
struct Part {
    most: usize,
    across: bool,
    negated: bool,
    /// Sorted.
    literals: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Hit {
    literal: u32,
    start: usize,
    end: usize,
}

impl Matcher {
    /// Compiles a lexicon.
    ///
    /// # Errors
    /// When the automaton would be too large.
    pub(super) fn new(lexicon: &Lexicon, script: &Script) -> Result<Matcher, BuildError> {
        let mut table = LiteralTable::new(lexicon, script);
        let mut patterns = Vec::new();
        for (meaning, entry) in lexicon.entries.iter().enumerate() {
            for pattern in &entry.patterns {
                table.compile(pattern, meaning, &mut patterns);
            }
        }
        let number = table.literals.len();
        let mut begins = vec![Vec::new(); number + 1];
        for (index, pattern) in patterns.iter_mut().enumerate() {
            for part in &mut pattern.elements {
                // The table grew while it was filled: only now is the number's own place known.
                for literal in &mut part.literals {
                    if *literal == NUMBER {
                        *literal = index_of(number);
                    }
                }
                part.literals.sort_unstable();
            }
            if let Some(part) = pattern.elements.get(pattern.anchor) {
                for literal in &part.literals {
                    if let Some(list) = begins.get_mut(*literal as usize) {
                        list.push(index_of(index));
                    }
                }
            }
        }
        Ok(Matcher {
            automaton: AhoCorasick::new(&table.texts)?,
            literals: table.literals,
            begins,
            patterns,
            meanings: lexicon.entries.iter().map(|entry| entry.meaning.clone()).collect(),
        })
    }

    /// Returns what is found, by start, the longer first; one find a meaning and start.
    pub(super) fn find(&self, text: &Text, numbers: &[Number]) -> Vec<Found<'_>> {
        let hits = self.hits(text, numbers);
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        for hit in &hits {
            for index in self.begins.get(hit.literal as usize).into_iter().flatten() {
                let Some(pattern) = self.patterns.get(*index as usize) else { continue };
                if let Some((start, end)) = pattern.matched(text, &hits, *hit) {
                    found.push((start, end, pattern.meaning));
                }
            }
        }
        found.sort_unstable_by_key(|(start, end, meaning)| (*start, usize::MAX - end, *meaning));
        found.dedup_by_key(|(start, _, meaning)| (*start, *meaning));
        found
            .into_iter()
            .filter_map(|(start, end, meaning)| Some(Found { meaning: self.meanings.get(meaning)?, start, end }))
            .collect()
    }

    fn hits(&self, text: &Text, numbers: &[Number]) -> Vec<Hit> {
        let number = index_of(self.literals.len());
        let mut hits: Vec<Hit> =
            numbers.iter().map(|found| Hit { literal: number, start: found.start, end: found.end }).collect();
        for raw in self.automaton.find_overlapping_iter(&text.folded) {
            let Some(literal) = self.literals.get(raw.pattern().as_usize()) else { continue };
            let start = text.at_byte(raw.start());
            let end = start + literal.chars;
            let glued = literal.bound_before && text.before(start).is_ascii_alphanumeric()
                || literal.bound_after && text.char(end).is_ascii_alphanumeric();
            if !glued {
                hits.push(Hit { literal: index_of(raw.pattern().as_usize()), start, end });
            }
        }
        hits.sort_unstable_by_key(|hit| (hit.start, usize::MAX - hit.end));
        hits
    }
}

impl Compiled {
    fn matched(&self, text: &Text, hits: &[Hit], anchor: Hit) -> Option<(usize, usize)> {
        let core = if self.from_start || self.to_end { text.core() } else { (0, 0) };
        if self.from_start && anchor.start != core.0 {
            return None;
        }
        // Only negated parts stand before the anchor.
        let mut gap = self.elements.get(self.anchor)?;
        for part in self.elements.get(..self.anchor)?.iter().rev() {
            let lowest = anchor.start.saturating_sub(gap.most);
            let barred = hits.iter().any(|hit| {
                hit.end <= anchor.start
                    && hit.end >= lowest
                    && part.has(hit.literal)
                    && (gap.across || text.same_sentence(hit.start, anchor.start))
            });
            if barred {
                return None;
            }
            gap = part;
        }
        let end = complete(text, hits, anchor, self.elements.get(self.anchor + 1..)?, usize::MAX)?;
        (!self.to_end || end == core.1).then_some((anchor.start, end))
    }
}

impl Part {
    fn has(&self, literal: u32) -> bool {
        self.literals.binary_search(&literal).is_ok()
    }
}

/// Follows the remaining parts from a hit, the next of which begins at `latest` at the latest; returns where the last
/// one ends.
fn complete(text: &Text, hits: &[Hit], from: Hit, rest: &[Part], latest: usize) -> Option<usize> {
    let Some((part, after)) = rest.split_first() else { return Some(from.end) };
    let first = hits.partition_point(|hit| hit.start < from.end);
    let within = |hit: &&Hit| {
        part.has(hit.literal) && (part.across || text.same_sentence(hit.start, from.end.saturating_sub(1)))
    };
    let last = latest.min(from.end + part.most);
    let mut reachable = hits.get(first..)?.iter().take_while(|hit| hit.start <= last).filter(within);
    if part.negated {
        return match (reachable.next(), after) {
            (Some(_), []) => None,
            // What stands behind the next part does not stand between.
            (barred, _) => complete(text, hits, from, after, barred.map_or(usize::MAX, |hit| hit.start)),
        };
    }
    reachable.find_map(|hit| complete(text, hits, *hit, after, usize::MAX))
}

/// Stands for any number until the table is complete.
const NUMBER: u32 = u32::MAX;

struct LiteralTable<'l> {
    script: &'l Script,
    misheard: &'l BTreeMap<String, Vec<String>>,
    concepts: HashMap<&'l str, Vec<u32>>,
    known: HashMap<(String, bool), u32>,
    texts: Vec<String>,
    literals: Vec<Literal>,
}

impl<'l> LiteralTable<'l> {
    fn new(lexicon: &'l Lexicon, script: &'l Script) -> LiteralTable<'l> {
        let mut table = LiteralTable {
            script,
            misheard: &lexicon.misheard,
            concepts: HashMap::new(),
            known: HashMap::new(),
            texts: Vec::new(),
            literals: Vec::new(),
        };
        for (name, words) in &lexicon.concepts {
            let ids = words
                .iter()
                .flat_map(|word| match word.strip_suffix('*') {
                    Some(stem) => table.spellings(stem, true),
                    None => table.spellings(word, false),
                })
                .collect();
            table.concepts.insert(name, ids);
        }
        table
    }

    /// Returns a text, and what dictation makes of it.
    fn spellings(&mut self, text: &str, open: bool) -> Vec<u32> {
        let heard = self.misheard.iter().filter(|(word, _)| text.contains(word.as_str()));
        let heard =
            heard.flat_map(|(word, spellings)| spellings.iter().map(move |spelling| text.replace(word, spelling)));
        let written: Vec<String> = std::iter::once(text.to_owned()).chain(heard).collect();
        written.iter().map(|text| self.literal(text, open)).collect()
    }

    fn literal(&mut self, text: &str, open: bool) -> u32 {
        let folded: String = text.chars().map(|c| self.script.fold(c)).collect();
        if let Some(id) = self.known.get(&(folded.clone(), open)) {
            return *id;
        }
        let id = index_of(self.literals.len());
        self.literals.push(Literal {
            chars: folded.chars().count(),
            bound_before: folded.starts_with(|c: char| c.is_ascii_alphanumeric()),
            bound_after: !open && folded.ends_with(|c: char| c.is_ascii_alphanumeric()),
        });
        self.texts.push(folded.clone());
        self.known.insert((folded, open), id);
        id
    }

    fn compile(&mut self, pattern: &Pattern, meaning: usize, into: &mut Vec<Compiled>) {
        let elements: Vec<Part> = pattern.elements.iter().map(|element| self.part(element)).collect();
        let Some(anchor) = elements.iter().position(|part| !part.negated) else { return };
        if let [first, second] = pattern.elements.as_slice()
            && second.gap.either_order
        {
            let mut elements = vec![self.part(second), self.part(first)];
            if let Some(last) = elements.last_mut() {
                (last.most, last.across) = (second.gap.most, second.gap.across_sentences);
            }
            into.push(Compiled { meaning, anchor, elements, from_start: pattern.from_start, to_end: pattern.to_end });
        }
        into.push(Compiled { meaning, anchor, elements, from_start: pattern.from_start, to_end: pattern.to_end });
    }

    fn part(&mut self, element: &Element) -> Part {
        let mut literals = Vec::new();
        for choice in &element.choices {
            match choice {
                Choice::Text { text, open } => literals.extend(self.spellings(text, *open)),
                Choice::Concept(name) => literals.extend(self.concepts.get(name.as_str()).into_iter().flatten()),
                Choice::Number => literals.push(NUMBER),
            }
        }
        Part { most: element.gap.most, across: element.gap.across_sentences, negated: element.negated, literals }
    }
}

fn index_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX - 1)
}
