//! The marker: which stretches of an utterance carry feeling, judgement or hardship.
//!
//! The lexicon marks words it knows; people complain in whole clauses ("拖了四十多天", "three mornings
//! off"). Each token is judged by its neighbours, by what the lexicon marked there and by the mood of
//! the whole; where the encoder has judged, its own view of the token counts beside; and the
//! likeliest sequence of labels is taken. `models/sentiment/train/marks.py` makes the same
//! features; what changes here changes there.

use super::linear::quantised;
use super::ngrams::{self, Token};
use super::opinion::{Piece, SIGNS as LABELS};
use super::text::{Text, is_han};
use crate::domain::understanding::{Intent, Keyword, Sentiment};

use safetensors::SafeTensors;

const OUTSIDE: usize = 0;
const BEGINS: usize = 1;
/// Stands for the tokens before the first and after the last.
const BEFORE: &str = "\u{3}";
const AFTER: &str = "\u{4}";
/// Nobody marks more of a message: what is highlighted everywhere shows nothing. The clearest are kept.
const MOST: usize = 3;
/// In a long story one for each so many tokens.
const TOKENS_A_MARK: usize = 40;

/// How far the encoder is trusted beside this marker, as a power of what it finds likely; and what is then laid against
/// no mark, since both know already that most of a text is none: more in English, of which both learnt less and mark the
/// more sparingly. Chosen on the twelfth and thirteenth fixture so that marks are as many and as long as a person's:
/// longer ones would cover more and show less.
const ENCODER_TRUST: f32 = 1.0;
const RARITY: f32 = 1.0;
const RARITY_IN_ENGLISH: f32 = 1.5;
/// What an encoder gives no chance still has one.
const FAINT: f64 = 1e-6;
/// A mark hardly begins in the middle of what the encoder takes for one piece.
const WITHIN: f64 = 1e-4;

/// A loaded marker.
#[derive(Debug)]
pub(super) struct Marker {
    weights: Vec<[i8; LABELS]>,
    steps: [f32; LABELS],
    biases: [f32; LABELS],
    /// What it adds to follow one label by another.
    moves: [[f32; LABELS]; LABELS],
}

/// A marked stretch, in characters.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    /// How much more its tokens speak for a mark than against it.
    gain: f32,
}

/// The verdict on the whole utterance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub mood: Sentiment,
    pub intent: Intent,
}

impl Marker {
    /// Reads the tensors `marks.*` of a file.
    pub(super) fn read(tensors: &SafeTensors) -> Result<Marker, String> {
        let (weights, steps, biases) = quantised(tensors, "marks")?;
        let moves = tensors.tensor("marks.moves").map_err(|error| format!("marks.moves: {error:?}"))?;
        let (numbers, _) = moves.data().as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let (rows, rest) = numbers.as_chunks::<LABELS>();
        match rows {
            &[outside, begins, inside] if rest.is_empty() && numbers.iter().all(|number| number.is_finite()) => {
                Ok(Marker { weights, steps, biases, moves: [outside, begins, inside] })
            }
            _ => Err(format!("marks.moves is {:?}, but {LABELS} by {LABELS} finite numbers are needed", moves.shape())),
        }
    }

    /// Returns the keywords of an utterance, given those of the lexicon, what the encoder finds likely of
    /// its pieces, if it was asked, and the verdict: in a plain report there is less to mark than in a
    /// complaint. A mark that the lexicon does not know carries the mood of the whole.
    pub(super) fn mark(&self, text: &Text, lexicon: &[Keyword], pieces: &[Piece], whole: Whole) -> Vec<Keyword> {
        let tokens = ngrams::tokens(&text.folded);
        let said = said(text, &tokens, lexicon);
        let rarity = if text.chars.iter().any(|c| is_han(*c)) { RARITY } else { RARITY_IN_ENGLISH };
        let mut scores: Vec<[f32; LABELS]> =
            (0..tokens.len()).map(|at| self.scores(&tokens, &said, whole, at)).collect();
        for (scores, token) in scores.iter_mut().zip(&tokens) {
            if let Some(likely) = heard(text, token, pieces) {
                for (score, likely) in scores.iter_mut().zip(likely) {
                    *score += ENCODER_TRUST * likely;
                }
                scores[OUTSIDE] -= rarity;
            }
        }
        let labels = self.labels(&scores);
        let mut spans: Vec<Span> = Vec::new();
        for (token, (label, gain)) in tokens.iter().zip(labels) {
            let (start, end) = text.chars_of(token.start, token.start + token.raw.len());
            match (label, spans.last_mut()) {
                (OUTSIDE, _) => {}
                (BEGINS, _) | (_, None) => spans.push(Span { start, end, gain }),
                (_, Some(last)) => (last.end, last.gain) = (end, last.gain + gain),
            }
        }
        clearest(spans, MOST.max(tokens.len() / TOKENS_A_MARK))
            .into_iter()
            .filter_map(|span| text.given(span.start, span.end))
            .map(|(start, end, words)| {
                let known: Vec<&Keyword> = lexicon.iter().filter(|word| word.start < end && start < word.end).collect();
                let polarity =
                    known.iter().max_by_key(|word| word.end - word.start).map_or(whole.mood, |word| word.polarity);
                let why = match known.as_slice() {
                    [] => format!("{} → {}", Keyword::BY_WORDING, polarity.name()),
                    known => known.iter().map(|word| word.why.as_str()).collect::<Vec<_>>().join("; "),
                };
                Keyword { text: words.to_owned(), start, end, polarity, why }
            })
            .collect()
    }

    /// Returns the likeliest labels together (Viterbi), each with how much more speaks for it than for no mark.
    fn labels(&self, found: &[[f32; LABELS]]) -> Vec<(usize, f32)> {
        let mut total = [f32::NEG_INFINITY; LABELS];
        let mut came: Vec<[usize; LABELS]> = Vec::with_capacity(found.len());
        for (at, scores) in found.iter().enumerate() {
            let mut next = [f32::NEG_INFINITY; LABELS];
            let mut from = [OUTSIDE; LABELS];
            for (label, (next, from)) in next.iter_mut().zip(&mut from).enumerate() {
                let step = |before: usize| self.moves[before][label];
                if at == 0 {
                    *next = step(OUTSIDE) + scores[label];
                    continue;
                }
                for (before, total) in total.iter().enumerate() {
                    let way = total + step(before) + scores[label];
                    if way > *next {
                        (*next, *from) = (way, before);
                    }
                }
            }
            total = next;
            came.push(from);
        }
        let mut label = (0..LABELS).max_by(|a, b| total[*a].total_cmp(&total[*b])).unwrap_or(OUTSIDE);
        let mut labels = Vec::with_capacity(found.len());
        for (from, scores) in came.iter().zip(found).rev() {
            labels.push((label, scores[label] - scores[OUTSIDE]));
            label = from[label];
        }
        labels.reverse();
        labels
    }

    fn scores(&self, tokens: &[Token], said: &[char], whole: Whole, at: usize) -> [f32; LABELS] {
        let form = |offset: isize| match at.checked_add_signed(offset) {
            None => BEFORE,
            Some(place) => tokens.get(place).map_or(AFTER, |token| token.form),
        };
        let mark =
            |offset: isize| at.checked_add_signed(offset).and_then(|place| said.get(place)).copied().unwrap_or('-');
        let mut sums = [0_i32; LABELS];
        let mut add = |feature: &str| {
            let place = crc32fast::hash(feature.as_bytes()) as usize % self.weights.len();
            for (sum, weight) in sums.iter_mut().zip(self.weights.get(place).into_iter().flatten()) {
                *sum += i32::from(*weight);
            }
        };
        for (length, offsets) in [(1, -4..5), (2, -3..3), (3, -2..1), (4, -3..1)] {
            for offset in offsets {
                let run: Vec<&str> = (offset..offset + length).map(form).collect();
                add(&format!("{length}{offset}|{}", run.join("\u{1}")));
            }
        }
        let (word, here, felt, wish) = (form(0), mark(0), whole.mood.name(), whole.intent.name());
        add(&format!("L|{}{here}{}", mark(-1), mark(1)));
        add(&format!("l|{here}|{felt}"));
        add(&format!("l|{here}|{word}"));
        add(&format!("M|{felt}"));
        add(&format!("M|{felt}|{word}"));
        add(&format!("I|{felt}|{wish}"));
        add(&format!("I|{felt}|{wish}|{here}"));
        add(&format!("N|{}", tokens.len().min(12)));
        let mut scores = self.biases;
        for ((score, sum), step) in scores.iter_mut().zip(sums).zip(self.steps) {
            *score += sum as f32 * step;
        }
        scores
    }
}

/// Returns the log-probabilities of a token by the piece that it is part of, if the encoder has seen it.
fn heard(text: &Text, token: &Token, pieces: &[Piece]) -> Option<[f32; LABELS]> {
    let at = text.origin(text.at_byte(token.start));
    let piece = pieces.iter().find(|piece| (piece.start..piece.end).contains(&at))?;
    let [outside, begins, inside] = piece.likely;
    let likely = if at == piece.start { piece.likely } else { [outside, WITHIN, begins + inside] };
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm between -14 and 0")]
    Some(likely.map(|likely| (likely + FAINT).ln() as f32))
}

/// Returns the `most` stretches that are clearest marks, in the order in which they stand.
fn clearest(mut spans: Vec<Span>, most: usize) -> Vec<Span> {
    spans.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    spans.truncate(most);
    spans.sort_by_key(|span| span.start);
    spans
}

/// Returns for each token what the lexicon marked there: a letter for the mood, a capital where
/// the mark begins, `-` where there is none.
fn said(text: &Text, tokens: &[Token], lexicon: &[Keyword]) -> Vec<char> {
    let mut said = vec!['-'; tokens.len()];
    for keyword in lexicon {
        let letter = match keyword.polarity {
            Sentiment::Negative => 'g',
            Sentiment::Neutral => 'u',
            Sentiment::Positive => 's',
        };
        let mut begun = false;
        for (slot, token) in said.iter_mut().zip(tokens) {
            let (start, end) = text.chars_of(token.start, token.start + token.raw.len());
            if text.origin(start) >= keyword.start && text.origin(end.saturating_sub(1)) < keyword.end {
                *slot = if begun { letter } else { letter.to_ascii_uppercase() };
                begun = true;
            }
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog;
    use crate::domain::understanding::Awaiting;
    use crate::tagging::linear::Linear;
    use crate::tagging::text::Script;
    use crate::tagging::{Judges, Lexical, Tagger};

    const EMBEDDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/sentiment/ngrams.safetensors");

    fn marked(text: &str) -> Vec<String> {
        let lexical = Lexical::new(&catalog::lexicon::embedded().expect("a lexicon")).expect("it compiles");
        let (tagger, faults) =
            Tagger::open(lexical, &Judges { ngrams: Some(Path::new(EMBEDDED)), ..Judges::default() });
        assert_eq!(faults, []);
        let keywords = tagger.understand(text, None, Awaiting::Nothing).keywords;
        for keyword in &keywords {
            let inside: String = text.chars().skip(keyword.start).take(keyword.end - keyword.start).collect();
            assert_eq!(inside, keyword.text, "the span is that of the words");
        }
        keywords.into_iter().map(|keyword| keyword.text).collect()
    }

    #[test]
    fn hardship_is_marked_where_no_word_of_mood_stands() {
        let found = marked("一个水龙头修了三趟，我请了两天假在家等，真的服了");
        assert!(found.iter().any(|words| words.contains("请了两天假") || words.contains("修了三趟")), "{found:?}");
    }

    #[test]
    fn what_the_encoder_finds_in_a_piece_sways_the_marker() {
        const GIVEN: &str = "厨房水龙头关不紧，\u{200b}滴水";
        let model = Linear::load(Path::new(EMBEDDED)).expect("the embedded model");
        let marker = model.marker().expect("a marker");
        let text = Text::new(GIVEN, &Script::simplified());
        let whole = Whole { mood: Sentiment::Neutral, intent: Intent::RepairReport };
        let marks = |pieces: &[Piece]| marker.mark(&text, &[], pieces, whole);
        let (sure, against) = ([1e-6, 1.0 - 2e-6, 1e-6], [1.0 - 2e-6, 1e-6, 1e-6]);
        let piece = |start, end, likely| Piece { start, end, likely };
        // 滴水 stands behind a character nobody sees; a piece of two characters begins one mark, not two.
        let found = marks(&[piece(0, 9, against), piece(10, 12, sure)]);
        assert_eq!(
            found.iter().map(|mark| (mark.start, mark.end, mark.text.as_str())).collect::<Vec<_>>(),
            [(10, 12, "滴水")]
        );
        assert_eq!(marks(&[piece(0, 12, against)]), []);
        assert_eq!(marks(&[]), [], "who was not asked says nothing");
    }

    #[test]
    fn a_plain_report_has_no_mark() {
        assert_eq!(marked("厨房水龙头关不紧，滴水"), Vec::<String>::new());
        assert_eq!(marked(""), Vec::<String>::new());
    }

    #[test]
    fn of_a_message_that_is_all_complaint_the_clearest_stretches_are_marked() {
        let found = marked("态度恶劣，拖了半个月，满嘴谎话，太让人失望了，糊弄人，踢皮球，忍无可忍，骗子");
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn spans_count_the_characters_as_given() {
        marked("😀\u{200b}師傅態度很差，ＶＥＲＹ　ｂａｄ　service，等咗成個禮拜");
    }
}
