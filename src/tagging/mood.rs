//! Mood of an utterance from its words: negation, degree, contrast, wish, sarcasm.
//!
//! Every word of mood that is found becomes a keyword with the rule that decided; words that
//! carry no mood after all ("没有 + 推诿" is praise, "不是 + 不 + 满意" hardly anything) keep their
//! mark with what they came to.

use super::matcher::Found;
use super::text::Text;
use super::urgency;
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::{Keyword, Sentiment};

/// A keyword weaker than this is not worth a mark.
const FAINT: f64 = 0.12;
/// From here on a keyword is good or bad rather than neutral.
const CLEAR: f64 = 0.3;
const WISH: f64 = -0.3;
/// Praise with a fault that stands comes to this at most: the models hear the praise alone.
const STANDING: f64 = -1.2;

/// What says besides [`urgency::BACK`] that a fault is still there.
const STILL: &[&str] = &["还是", "还"];
/// What names a fault where it is no symptom by itself.
const FAULTS: &[&str] = &["问题", "毛病", "故障", "problem", "broke"];
/// So far, in characters, a fault stands behind the word that says it is back, and before it.
const AHEAD: usize = 6;
const BEHIND: usize = 4;
/// What is done between such a word and a fault: 又帮我修了漏水 is praise.
const DEEDS: &[char] = &['修', '帮', '换', '查', '通', '补', '治', '弄'];
/// What says of a fault that it need not be there, or was another time.
const UNREAL: &[&str] = &[
    "如果",
    "要是",
    "万一",
    "假如",
    "希望",
    "但愿",
    "会不会",
    "不会",
    "担心",
    "免得",
    "以免",
    "不像",
    "上次",
    "上回",
    "if",
    "hope",
    "in case",
    "won't",
    "last time",
];

/// What the words of mood came to.
#[derive(Debug, Default)]
pub(super) struct Mood {
    /// Weighted sum over the utterance; ±1 is one plain word.
    pub value: f64,
    /// What speaks for, unweighted.
    pub good: f64,
    /// What speaks against, unweighted, as a positive number.
    pub bad: f64,
    pub wishes: bool,
    pub sarcastic: bool,
    pub keywords: Vec<Keyword>,
    /// Words of blame that were denied, words of praise that were.
    pub turned_good: Vec<(usize, usize)>,
    pub turned_bad: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Token<'m> {
    found: Found<'m>,
    /// The first character that belongs to the mark, negators and degree included.
    from: usize,
    value: f64,
    /// What the word carries by itself.
    plain: f64,
    why: String,
}

/// Reads the mood.
pub(super) fn read(text: &Text, found: &[Found]) -> Mood {
    let line = leftmost_longest(found);
    let mut tokens = valued(text, &line);
    let sarcastic = turn_irony(&line, &mut tokens);
    // "谈不上满意", "不能说不好": whoever speaks so keeps the middle.
    let hedged = line.iter().any(|find| matches!(find.meaning, Meaning::Negator { factor } if *factor > -0.5));
    let mut mood = Mood { sarcastic, ..Mood::default() };
    for token in &tokens {
        let weight = weight_at(text, &line, token.found.start);
        mood.value += token.value * weight;
        if token.value > 0.0 {
            mood.good += token.value;
        } else {
            mood.bad -= token.value;
        }
        if token.plain < 0.0 && token.value > 0.0 {
            mood.turned_good.push((token.from, token.found.end));
        } else if token.plain > 0.0 && token.value < 0.0 {
            mood.turned_bad.push((token.from, token.found.end));
        }
        mood.wishes |= matches!(token.found.meaning, Meaning::Wish);
        if token.value.abs() < FAINT {
            continue;
        }
        if let Some((start, end, words)) = text.given(token.from, token.found.end) {
            let polarity = sentiment_of(token.value);
            let why = format!("{} → {}", token.why, polarity.name());
            match mood.keywords.last_mut() {
                // 吵得 + 睡不着, 👍👍👍: what stands together is one mark.
                Some(last) if last.end == start && last.polarity == polarity => {
                    last.text.push_str(words);
                    last.end = end;
                    if !last.why.ends_with(&why) {
                        last.why = format!("{}; {why}", last.why);
                    }
                }
                _ => mood.keywords.push(Keyword { text: words.to_owned(), start, end, polarity, why }),
            }
        }
    }
    if hedged && tokens.iter().any(|token| token.value.abs() < token.plain.abs() * 0.5) {
        mood.value *= 0.5;
    }
    if fault_stands(text, found, &tokens) {
        mood.value = mood.value.min(STANDING);
    }
    mood
}

fn sentiment_of(value: f64) -> Sentiment {
    if value >= CLEAR {
        Sentiment::Positive
    } else if value <= -CLEAR {
        Sentiment::Negative
    } else {
        Sentiment::Neutral
    }
}

/// Keeps what reads on from left to right without overlap, the longest first.
fn leftmost_longest<'m>(found: &[Found<'m>]) -> Vec<Found<'m>> {
    let rank = |meaning: &Meaning| match meaning {
        Meaning::Mask | Meaning::Emotion { ironic: true, .. } | Meaning::Sarcasm { .. } => Some(0),
        Meaning::Emotion { .. } | Meaning::Wish => Some(1),
        Meaning::Negator { .. } | Meaning::Contrast | Meaning::Concession => Some(2),
        Meaning::Degree { .. } => Some(3),
        Meaning::Filler => Some(4),
        _ => None,
    };
    let mut ranked: Vec<(usize, usize, u8, Found)> =
        found.iter().filter_map(|find| Some((find.start, usize::MAX - find.end, rank(find.meaning)?, *find))).collect();
    ranked.sort_by_key(|(start, shortness, rank, _)| (*start, *shortness, *rank));
    // A cue of sarcasm is not swallowed by the praise it turns (服务好 … 好到没朋友).
    let cues: Vec<Found> =
        ranked.iter().map(|ranked| ranked.3).filter(|find| matches!(find.meaning, Meaning::Sarcasm { .. })).collect();
    let mut line: Vec<Found> = Vec::new();
    for (_, _, _, find) in ranked {
        let is_cue = matches!(find.meaning, Meaning::Sarcasm { .. });
        let free = line.last().is_none_or(|last| last.end <= find.start);
        if free && (is_cue || !cues.iter().any(|cue| cue.overlaps(&find))) {
            line.push(find);
        }
    }
    line
}

fn valued<'m>(text: &Text, line: &[Found<'m>]) -> Vec<Token<'m>> {
    let mut tokens = Vec::new();
    for (index, find) in line.iter().enumerate() {
        let weight = match find.meaning {
            Meaning::Emotion { weight, .. } | Meaning::Sarcasm { weight } => *weight,
            Meaning::Wish => WISH,
            _ => continue,
        };
        let word: String = text.span(find.start, find.end).iter().collect();
        let (value, from, before) = modified(text, line.get(..index).unwrap_or(&[]), *find, weight);
        let why = if before.is_empty() { word } else { format!("{before} + {word}") };
        tokens.push(Token { found: *find, from, value, plain: weight, why });
    }
    tokens
}

/// Applies the negators and degree words that reach a word of mood from the left.
fn modified(text: &Text, before: &[Found], word: Found, weight: f64) -> (f64, usize, String) {
    let (mut value, mut from, mut reach) = (weight, word.start, word.start);
    let mut pending_degree = 1.0;
    let mut parts: Vec<String> = Vec::new();
    let mut negated = false;
    for find in before.iter().rev() {
        let between = text.span(find.end, reach);
        if between.iter().any(|c| *c != ' ') || !text.same_clause(find.start, word.start) && !between.is_empty() {
            break;
        }
        match find.meaning {
            Meaning::Negator { factor } => {
                value *= factor;
                // "不太满意" is milder than "不满意".
                if pending_degree > 1.0 {
                    value *= 0.75;
                    pending_degree = 1.0;
                }
                negated = true;
            }
            Meaning::Degree { factor } => {
                if negated {
                    value *= factor.min(1.3);
                } else {
                    pending_degree *= factor;
                }
            }
            Meaning::Filler => {
                reach = find.start;
                continue;
            }
            _ => break,
        }
        reach = find.start;
        from = find.start;
        parts.insert(0, text.span(find.start, find.end).iter().collect());
    }
    (value * pending_degree.clamp(0.4, 2.0), from, parts.join(" + "))
}

/// Turns praise that is not meant; returns whether there was any.
fn turn_irony(line: &[Found], tokens: &mut [Token]) -> bool {
    let cue = line.iter().any(|find| matches!(find.meaning, Meaning::Sarcasm { .. }));
    let contrast = line.iter().any(|find| matches!(find.meaning, Meaning::Contrast));
    let bad: f64 = tokens.iter().filter(|token| token.value <= -0.8).map(|token| -token.value).sum();
    let mut turned = cue;
    for token in tokens.iter_mut().filter(|token| token.value > 0.0) {
        let ironic = matches!(token.found.meaning, Meaning::Emotion { ironic: true, .. });
        if cue || ironic && bad >= 0.8 && !contrast {
            token.value = -token.value.max(0.8);
            token.why = format!("{} {}", token.why, Keyword::TURNED);
            turned = true;
        }
    }
    turned
}

/// "师傅不错，可灯还是不亮": praise, and after a "but" a fault that is back or still there. No "but" is needed where
/// the fault is blamed in so many words: "很细心，过了一天又堵了".
fn fault_stands(text: &Text, found: &[Found], tokens: &[Token]) -> bool {
    let mut praise = tokens.iter().filter(|token| token.value > 0.0);
    let Some(first) = praise.next().map(|token| token.found.end) else { return false };
    let last = praise.next_back().map_or(first, |token| token.found.end);
    let blamed = |(start, end): (usize, usize)| {
        tokens.iter().any(|token| token.value < -CLEAR && token.from < end && start < token.found.end)
    };
    standing_faults(text, found).into_iter().any(|fault| {
        last <= fault.0
            && !is_unreal(text, found, first, fault)
            && (turns(text, found, first, fault.0) || blamed(fault))
    })
}

/// Returns where a fault is said to be back or still there: 还在漏, 问题依旧, "it broke again".
fn standing_faults(text: &Text, found: &[Found]) -> Vec<(usize, usize)> {
    let symptoms = found.iter().filter(|find| matches!(find.meaning, Meaning::Symptom { .. }));
    let symptoms: Vec<(usize, usize)> = symptoms.map(|find| (find.start, find.end)).collect();
    let named = urgency::spans_of(text, FAULTS);
    let mut faults = Vec::new();
    for back in urgency::spans_of(text, urgency::BACK).into_iter().chain(urgency::spans_of(text, STILL)) {
        let glued = text.span(back.0, back.1) == ['还'];
        let ahead = symptoms.iter().filter(|fault| {
            let reach = if glued { 0 } else { AHEAD };
            let between = text.span(back.1, fault.0.max(back.1));
            // 还在漏 is a symptom with the word in it; "again" alone is none.
            fault.0 >= back.0
                && fault.1 > back.1
                && between.len() <= reach
                && !between.iter().any(|c| DEEDS.contains(c))
        });
        let behind =
            symptoms.iter().chain(&named).filter(|fault| fault.1 <= back.0 && back.0 - fault.1 <= BEHIND && !glued);
        let joined = ahead.chain(behind).map(|fault| (fault.0.min(back.0), fault.1.max(back.1)));
        faults.extend(joined.filter(|(start, end)| text.same_clause(*start, end.saturating_sub(1))));
    }
    faults
}

/// Whether a "but", or a clause that begins with 可, stands between two places.
fn turns(text: &Text, found: &[Found], from: usize, to: usize) -> bool {
    let contrast = |find: &Found| matches!(find.meaning, Meaning::Contrast) && (from..=to).contains(&find.start);
    let opens = |at: usize| text.char(at) == '可' && !text.before(at).is_alphanumeric();
    found.iter().any(contrast) || (from..to).any(opens)
}

/// Whether a fault is only feared, or was there another time.
fn is_unreal(text: &Text, found: &[Found], praise: usize, fault: (usize, usize)) -> bool {
    let before = |start: usize| (praise..fault.1).contains(&start);
    urgency::spans_of(text, UNREAL).iter().any(|(start, _)| before(*start))
        || found.iter().any(|find| matches!(find.meaning, Meaning::Concession) && before(find.start))
}

/// Weighs a place: what follows a "but" counts more, what stands before it less.
fn weight_at(text: &Text, line: &[Found], at: usize) -> f64 {
    let mut weight = 1.0;
    for find in line {
        match find.meaning {
            Meaning::Contrast if find.end <= at => weight *= 1.3,
            Meaning::Contrast => weight *= 0.6,
            Meaning::Concession if find.end <= at && text.same_clause(find.start, at) => weight *= 0.6,
            _ => {}
        }
    }
    f64::clamp(weight, 0.3, 1.7)
}
