//! Several aspects rated in one breath: "速度三分，手艺五分".

use super::{Mark, Reader, Scale, Scores};
use crate::domain::lexicon::Meaning;
use crate::tagging::matcher::Found;

/// What leads to the aspects that are left out of "the rest".
const EXCEPTING: &[&str] = &["除了", "除咗", "except", "apart from", "other than"];

impl Reader<'_> {
    /// "手艺5分，…": an aspect leads to the mark.
    pub(super) fn rates_an_aspect(&self, mark: &Mark) -> bool {
        self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::Aspect { .. })
                && find.end <= mark.start
                && self.text.same_clause(find.start, mark.start)
        })
    }

    /// "速度三分，手艺五分": one mark for each aspect it stands beside.
    pub(super) fn aspects(&self, marks: &[Mark], scores: &mut Scores) {
        let aspects: Vec<(&str, usize, usize)> = self
            .found
            .iter()
            .filter_map(|find| match find.meaning {
                Meaning::Aspect { name } => Some((name.as_str(), find.start, find.end)),
                _ => None,
            })
            .collect();
        let everything = self.found.iter().filter_map(|find| match find.meaning {
            Meaning::Everything { rest } => Some((*rest, find.start)),
            _ => None,
        });
        let everything: Vec<(bool, usize)> = everything.collect();
        let in_scale = |mark: &&Mark| (1.0..=5.0).contains(&mark.value) && mark.scale != Scale::Foreign && !mark.range;
        for mark in marks.iter().filter(in_scale) {
            let floor = marks.iter().filter(|other| other.end <= mark.start).map(|other| other.end).max().unwrap_or(0);
            let all = everything
                .iter()
                .find(|(_, at)| *at >= floor && *at < mark.start && self.text.same_clause(*at, mark.start));
            let before = |(_, _, end): &&(&str, usize, usize)| *end >= floor && *end <= mark.start;
            match all {
                Some((true, rest)) => {
                    let excepted = |name: &str| {
                        aspects.iter().any(|(other, start, _)| *other == name && self.is_excepted(*start, *rest))
                    };
                    let rated = ["overall", "speed", "skill", "communication"];
                    for name in rated.into_iter().filter(|name| !excepted(name)) {
                        scores.dims.entry(name.to_owned()).or_insert(mark.value);
                    }
                    // "其他" speaks of the aspects asked for, the verdict on the whole is not one.
                    if !aspects.iter().any(|(name, _, _)| *name == "overall") {
                        scores.dims.remove("overall");
                    }
                }
                Some((false, _)) => {
                    for (name, _, _) in aspects.iter().filter(before) {
                        scores.dims.insert((*name).to_owned(), mark.value);
                    }
                }
                None => {
                    let near = aspects.iter().rev().find(|aspect| before(aspect) && mark.start - aspect.2 <= 8);
                    let ceiling = marks
                        .iter()
                        .map(|other| other.start)
                        .filter(|start| *start >= mark.end)
                        .min()
                        .unwrap_or(usize::MAX);
                    let next = aspects
                        .iter()
                        .find(|(_, start, end)| *start >= mark.end && *end <= ceiling && start - mark.end <= 8);
                    // "4 for speed, 5 for skill": the aspect follows, whatever stands before.
                    let follows = |aspect: &&(&str, usize, usize)| {
                        self.text.span(mark.end, aspect.1).iter().collect::<String>().trim().starts_with("for")
                    };
                    let near = next.filter(follows).or(near).or(next);
                    if let Some((name, _, _)) = near {
                        scores.dims.insert((*name).to_owned(), mark.value);
                    }
                }
            }
        }
    }

    /// "除了手艺，其他都五分": what is said of the rest is no verdict on the whole.
    pub(super) fn leaves_out_an_aspect(&self) -> bool {
        let is_aspect = |find: &&Found| matches!(find.meaning, Meaning::Aspect { .. });
        let is_rest = |find: &&Found| matches!(find.meaning, Meaning::Everything { rest: true });
        let follows =
            |rest: &Found| self.found.iter().filter(is_aspect).any(|aspect| self.is_excepted(aspect.start, rest.start));
        self.found.iter().filter(is_rest).any(follows)
    }

    /// "除了速度慢其他都是满分": what is named between the exception and the rest is not of the rest.
    fn is_excepted(&self, aspect: usize, rest: usize) -> bool {
        let mut cues = EXCEPTING.iter().flat_map(|word| self.text.folded.match_indices(word));
        let leads = |byte: usize| {
            let cue = self.text.at_byte(byte);
            cue < aspect && self.text.same_sentence(cue, rest)
        };
        aspect < rest && cues.any(|(byte, _)| leads(byte))
    }
}
