//! Ratings in odd forms: rows of stars, 满分, what speech recognition makes of a rating, and the
//! bare number where a rating is awaited.

use super::{Mark, Reader, Scale, is_star, joins, same};
use crate::domain::lexicon::Meaning;
use crate::domain::understanding::Awaiting;
use crate::tagging::matcher::Found;
use crate::tagging::number::Number;
use crate::tagging::text::is_han;

impl Reader<'_> {
    /// ⭐⭐⭐⭐, and ☆☆☆☆ where a mark is awaited and nothing else said: beside full ones, empty stars are not given.
    pub(super) fn stars(&self) -> Vec<Mark> {
        let says_more = self.text.chars.iter().any(|c| is_star(*c) || c.is_alphanumeric());
        let only_empty = self.awaiting != Awaiting::Nothing && !says_more;
        let counts = |c: char| is_star(c) || only_empty && c == '☆';
        let mut marks = Vec::new();
        let mut at = 0;
        while at < self.text.len() {
            // ⭐ ⭐ ⭐ is one row.
            let run = self.text.span(at, at + 24);
            let row = run.iter().position(|c| !counts(*c) && *c != ' ').unwrap_or(run.len());
            let row = run.get(..row).unwrap_or_default();
            let starred = row.first().is_some_and(|c| counts(*c));
            let width = row.iter().rposition(|c| counts(*c)).filter(|_| starred).map_or(0, |last| last + 1);
            let count = row.iter().filter(|c| starred && counts(**c)).count();
            // 四颗🌟 says it in words already; one star alone decorates unless a mark is awaited.
            let worded = at > 0 && (self.text.before(at) == '星' || self.text.before(at) == '颗');
            // ⭐x5
            let times = self.numbers.iter().find(|number| {
                count == 1 && number.start == at + 2 && matches!(self.text.char(at + 1), 'x' | '×' | '*')
            });
            if let Some(times) = times {
                marks.push(Mark::plain(at, times.end, times.value, Scale::Five));
                at = times.end;
                continue;
            }
            let enough = count >= 2 || count == 1 && self.awaiting != Awaiting::Nothing;
            if enough && !worded && count <= 10 {
                #[expect(clippy::cast_precision_loss, reason = "at most ten")]
                let value = count as f64;
                let scale = if count <= 5 { Scale::Five } else { Scale::Ten };
                marks.push(Mark::plain(at, at + width, value, scale));
            }
            at += width.max(1);
        }
        marks
    }

    pub(super) fn maxima(&self, marks: &[Mark]) -> Vec<Mark> {
        self.found
            .iter()
            .filter(|find| matches!(find.meaning, Meaning::Maximum))
            // "满分十分" names the scale.
            .filter(|find| {
                !self.settings.iter().any(|setting| setting.end >= find.start && setting.start <= find.end + 1)
            })
            .filter(|find| {
                !marks
                    .iter()
                    .any(|mark| mark.start <= find.end + 1 && mark.end >= find.start && mark.scale != Scale::Open)
            })
            .map(|find| Mark { maximum: true, ..Mark::plain(find.start, find.end, self.highest(), Scale::Open) })
            .collect()
    }

    /// Returns the top of the scale that is asked for, five where none is.
    pub(super) fn highest(&self) -> f64 {
        if matches!(self.awaiting, Awaiting::Score10 | Awaiting::Nps) { 10.0 } else { 5.0 }
    }

    /// Returns its foot.
    pub(super) fn lowest(&self) -> f64 {
        if self.awaiting == Awaiting::Nps { 0.0 } else { 1.0 }
    }

    /// 最低分, "the lowest score": the foot of the scale that is asked for.
    pub(super) fn minima(&self) -> Vec<Mark> {
        let meant = self.awaiting != Awaiting::Nothing;
        let named = self.found.iter().filter(|find| meant && matches!(find.meaning, Meaning::Minimum));
        named.map(|find| Mark::plain(find.start, find.end, self.lowest(), Scale::Open)).collect()
    }

    /// "满分10": the full mark with its own number and nothing else.
    pub(super) fn full_alone(&self) -> Option<Mark> {
        let [number] = self.numbers else { return None };
        let (first, last) = self.text.core();
        let meant = self.awaiting != Awaiting::Nothing && self.names_scale(number) && last - first <= 5;
        meant.then(|| Mark::plain(first, last, number.value, self.scale_of_setting(number)))
    }

    /// What speech recognition makes of a mark: 私分, 骑分. Some are words of their own (两份, 时分), so
    /// where nothing is awaited they must stand where a mark would.
    pub(super) fn homophones(&self, marks: &[Mark]) -> Vec<Mark> {
        if marks.iter().any(|mark| !mark.setting) {
            return Vec::new();
        }
        let (first, last) = self.text.core();
        let meant = |find: &Found| {
            let word = self.text.span(find.start, find.end);
            let (before, after) = (self.text.before(find.start), self.text.char(find.end));
            let given = matches!(before, '打' | '给' | '评' | '算' | '得' | '是' | '个' | '的');
            let closed = !after.is_alphanumeric() || self.text.span(find.end, find.end + word.len()) == word;
            let stands = given && (closed || matches!(after, '吧' | '啊' | '呀' | '哦' | '了'))
                || !before.is_alphanumeric() && closed;
            let ten = matches!(find.meaning, Meaning::Homophone { value } if same(*value, 10.0));
            stands || self.awaiting != Awaiting::Nothing && !ten || (find.start, find.end) == (first, last)
        };
        self.found
            .iter()
            .filter(|find| meant(find))
            .filter(|find| find.start <= first + 6 || find.end + 3 >= last)
            .filter(|find| !matches!(self.text.char(find.end), '钟' | '之' | '米' | '贝' | '期'))
            .filter_map(|find| match find.meaning {
                Meaning::Homophone { value } => {
                    let heard = Number { start: find.start, end: find.end, value: *value, range: false };
                    Some(Mark::plain(find.start, find.end, *value, self.scale_of_setting(&heard)))
                }
                _ => None,
            })
            .take(1)
            .collect()
    }

    /// A number that stands alone where a rating is awaited, where a scale is declared, or where
    /// recommending is spoken of.
    pub(super) fn bare(&self) -> Vec<Mark> {
        let free: Vec<&Number> = self.numbers.iter().filter(|number| self.is_free(number)).collect();
        let (first, last) = self.text.core();
        let awaited = self.awaiting != Awaiting::Nothing;
        let pairs = free.iter().filter(|number| self.follows_aspect(number)).count();
        let mut marks = Vec::new();
        for (index, number) in free.iter().enumerate() {
            let short = awaited && last - first <= 6 && free.len() == 1;
            let aspect = (awaited || pairs > 1) && self.follows_aspect(number);
            let after = self.text.char(number.end);
            // 一流, 一会儿, 一般 are words: a numeral before a character is a mark only where that closes the answer.
            let closes = || {
                let rest: String = self.text.span(number.end, last).iter().collect();
                CLOSING.iter().any(|closing| rest.starts_with(closing))
            };
            let numeral = is_han(self.text.char(number.start)) && number.end - number.start == 1;
            let word = numeral && is_han(after) && !closes();
            let joined = |other: &Number| {
                let between: String = self.text.span(number.end, other.start).iter().collect();
                // "between 3 and 4"; "3 and 4" may be two of something.
                let open = self.ends_before(number.start, &["between", "between a", "between an"]);
                joins(between.trim(), if open { &["and", "and a", "and an"] } else { &[] })
            };
            let range = number.range || free.get(index + 1).is_some_and(|next| joined(next));
            let whole = self.stands_alone(number) || aspect || awaited && range || self.is_overall(number);
            // An amount of money or a year stands alone as well.
            if number.value > 10.0 && self.settings.is_empty() {
                continue;
            }
            if whole || short && !word {
                let scale = self.scale_of_setting(number);
                let mark = Mark { range, ..Mark::plain(number.start, number.end, number.value, scale) };
                let rates = aspect
                    || self.in_recommendation(&mark)
                    || self.is_verdict(number)
                    || self.is_whole_text(number)
                    || self.is_overall(number)
                    || self.is_taken_from(number)
                    || self.comes_after_colon(number);
                if awaited || scale != Scale::Open || rates {
                    marks.push(mark);
                }
            }
        }
        let mine: Vec<Mark> = marks.iter().copied().filter(|mark| !self.not_mine(mark, &marks)).collect();
        if !mine.is_empty() {
            marks = mine;
        }
        // Several bare numbers without an aspect each are a list, a range or a telephone number,
        // unless one is named the verdict or comes after a correction.
        let aspects = self.found.iter().filter(|find| matches!(find.meaning, Meaning::Aspect { .. })).count();
        let told_apart = aspects > 1 || self.corrects() || marks.iter().any(|mark| mark.range || self.concludes(mark));
        if marks.len() > 1 && !told_apart { Vec::new() } else { marks }
    }

    /// "四分，不对，三": the bare number that comes after a correction, where no mark does.
    pub(super) fn bare_correction(&self, marks: &[Mark]) -> Vec<Mark> {
        let Some(cue) = self.found.iter().rev().find(|find| matches!(find.meaning, Meaning::Correction)) else {
            return Vec::new();
        };
        if marks.iter().any(|mark| mark.start >= cue.start) {
            return Vec::new();
        }
        let mut later: Vec<Mark> = self.bare().into_iter().filter(|mark| mark.start >= cue.end).collect();
        later.truncate(1);
        later
    }

    /// "My husband says 2, but I was at home, so 4": the last word, where no mark before it is the speaker's.
    pub(super) fn own_conclusion(&self, marks: &[Mark]) -> Option<Mark> {
        let number = self.numbers.last()?;
        let rest = self.text.span(number.end, self.text.core().1);
        if !matches!(rest, [] | ['啦' | '吧' | '咯' | '了']) || marks.iter().any(|mark| mark.end > number.start) {
            return None;
        }
        let lead: String = self.text.span(0, number.start).iter().collect();
        let word = lead.trim_end().rsplit([' ', ',']).next().unwrap_or_default();
        let concludes =
            LEADING.contains(&word) || ["所以", "我自己", "咁就", "那就"].iter().any(|word| lead.ends_with(word));
        let concludes = concludes && self.numbers.len() > 1;
        let others = marks.iter().all(|mark| mark.end <= number.start && self.not_mine(mark, marks));
        (concludes && others && self.is_free(number) && (0.0..=10.0).contains(&number.value))
            .then(|| Mark::plain(number.start, number.end, number.value, self.scale_of_setting(number)))
    }

    /// "Start at five, take off two. … Two.": a last sentence of a number alone, where marks were spoken of.
    pub(super) fn closing(&self, marks: &[Mark]) -> Option<Mark> {
        let number = self.numbers.last().filter(|number| number.end == self.text.core().1)?;
        let lead: String = self.text.span(0, number.start).iter().collect();
        let sentence = lead.trim_end().ends_with(['.', '!', '?']) && lead.ends_with([' ', '.', '!', '?']);
        let opens = self.numbers.first().is_some_and(|first| first.start == self.text.core().0 && first.value <= 10.0);
        let spoken_of = opens || marks.iter().any(|mark| mark.end <= number.start) || self.speaks_of_marks();
        (sentence && spoken_of && self.numbers.len() > 1 && (1.0..=10.0).contains(&number.value))
            .then(|| Mark::plain(number.start, number.end, number.value, self.scale_of_setting(number)))
    }

    fn speaks_of_marks(&self) -> bool {
        let cue = |meaning: &Meaning| matches!(meaning, Meaning::Deduct | Meaning::NotMine | Meaning::Correction);
        self.found.iter().any(|find| cue(find.meaning))
    }

    /// "Overall 4.": the verdict on the whole, and nothing else in its clause.
    fn is_overall(&self, number: &Number) -> bool {
        !self.text.char(number.end).is_alphanumeric()
            && self.text.char(number.end) != ' '
            && self.found.iter().any(|find| {
                matches!(find.meaning, Meaning::Aspect { name } if name == "overall")
                    && find.end <= number.start
                    && number.start - find.end <= 2
                    && !self.text.before(find.start).is_alphanumeric()
            })
    }

    /// "Five, minus one for the mud": what a sum begins with.
    fn is_taken_from(&self, number: &Number) -> bool {
        number.start == self.text.core().0
            && (1.0..=10.0).contains(&number.value)
            && self.found.iter().any(|find| {
                matches!(find.meaning, Meaning::Deduct) && find.start >= number.end && find.start - number.end <= 2
            })
    }

    fn is_free(&self, number: &Number) -> bool {
        // 十分感谢, 八点, 三分之一: looked at and refused where the wording was judged.
        !self.has_unit(number)
            && !self.is_ordinal(number)
            && !self.names_scale(number)
            && !self.is_share(number.start)
            && !matches!(self.text.char(number.end), '分' | '角' | '刻')
    }

    /// Says whether a number is a clause of its own but for a particle or a word that leads to it.
    fn stands_alone(&self, number: &Number) -> bool {
        let open = |c: char| !c.is_alphanumeric();
        let (before, after) = (self.text.before(number.start), self.text.char(number.end));
        let words_before: String = self.text.span(number.start.saturating_sub(4), number.start).iter().collect();
        let led = open(before)
            || SURELY.iter().any(|word| words_before.ends_with(word))
            || matches!(before, '是' | '就' | '嗯' | '呃' | '哦' | '噢' | '算')
            || self.is_rated(number)
            || self.settings.iter().any(|setting| setting.end == number.start);
        let closed =
            open(after) || matches!(after, '吧' | '啊' | '呀' | '哦' | '哈' | '啦' | '咯' | '了' | '嘛' | '呢');
        led && closed && (!after.is_ascii() || self.goes_on_about_it(number))
    }

    /// "2. One star for turning up and one for leaving": the message begins with a number as a sentence of
    /// its own. "1. … 2. …" is a list.
    pub(super) fn opening(&self) -> Option<Mark> {
        let number = self.numbers.first().filter(|number| number.start == self.text.core().0)?;
        let stop = |number: &Number| matches!(self.text.char(number.end), '.' | '!');
        let listed = self.numbers.iter().any(|next| same(next.value, number.value + 1.0) && stop(next));
        let corrected = self.numbers.len() > 1 && self.corrects();
        let meant = stop(number) && self.text.char(number.end + 1) == ' ' && !listed && self.is_free(number);
        let meant = meant && !corrected && !self.numbers_a_fault(number);
        (meant && (1.0..=10.0).contains(&number.value))
            .then(|| Mark::plain(number.start, number.end, number.value, Scale::Open))
    }

    /// "1.厨房水龙头漏水", "2. Bedroom door will not lock": faults are sent one by one and numbered. Where a mark is
    /// awaited it may be one with its reason.
    fn numbers_a_fault(&self, number: &Number) -> bool {
        self.awaiting == Awaiting::Nothing
            && number.start == self.text.core().0
            && matches!(self.text.char(number.end), '.' | '、')
            && self.names_something_broken()
    }

    /// Whether anything is spoken of that could be counted or broken.
    fn names_something_broken(&self) -> bool {
        self.found.iter().any(|find| matches!(find.meaning, Meaning::Component { .. } | Meaning::Symptom { .. }))
    }

    /// "速度 3": the word of an aspect leads right to the number.
    fn follows_aspect(&self, number: &Number) -> bool {
        self.found.iter().any(|find| {
            matches!(find.meaning, Meaning::Aspect { .. }) && find.end <= number.start && number.start - find.end <= 2
        })
    }

    /// "Unit 5, visit of 2 May: three": what the message comes down to.
    fn comes_after_colon(&self, number: &Number) -> bool {
        let lead: String = self.text.span(number.start.saturating_sub(6), number.start).iter().collect();
        let lead = SURELY.iter().find_map(|word| lead.trim_end().strip_suffix(word)).unwrap_or(&lead);
        lead.trim_end().ends_with(':') && number.end == self.text.core().1 && (0.0..=10.0).contains(&number.value)
    }

    /// "4" and nothing else: one to five is a mark. Whether one was asked for the conversation knows.
    fn is_whole_text(&self, number: &Number) -> bool {
        let (first, last) = self.text.core();
        let particle = matches!(self.text.span(number.end, last), [] | ['吧' | '啊' | '啦' | '哦' | '咯']);
        number.start == first
            && particle
            && self.text.char(number.start).is_ascii_digit()
            && [1.0, 2.0, 3.0, 4.0, 5.0].contains(&number.value)
    }

    /// "普普通通，3", "One. Never again.": the only number of the text is a clause of its own, and
    /// nothing is spoken of that could be counted or broken, or it is a sentence of its own.
    fn is_verdict(&self, number: &Number) -> bool {
        let edge = |c: char| c == '\0' || c != ' ' && !c.is_alphanumeric();
        let before: String = self.text.span(0, number.start).iter().collect();
        let before = before.trim_end();
        let word = before.rsplit(' ').next().unwrap_or_default();
        let concluding = LEADING.contains(&word) && number.end == self.text.core().1;
        let before = if concluding { before.strip_suffix(word).unwrap_or(before).trim_end() } else { before };
        let lead = before.chars().next_back();
        let says_more = self.text.chars.iter().filter(|c| c.is_alphanumeric()).count() > number.end - number.start;
        let stop = |c: char| matches!(c, '.' | '!' | '?' | '\n');
        let sentence = lead.is_none_or(stop) && stop(self.text.char(number.end)) || concluding;
        self.numbers.len() == 1
            && says_more
            && (0.0..=10.0).contains(&number.value)
            && !self.numbers_a_fault(number)
            && lead.is_none_or(edge)
            && edge(self.text.char(number.end))
            && (sentence || !self.names_something_broken())
    }

    /// "7 because…", but not "3 men came": what English says after a mark is no noun.
    pub(super) fn goes_on_about_it(&self, number: &Number) -> bool {
        let rest: String = self.text.span(number.end, number.end + 14).iter().collect();
        let Some(rest) = rest.strip_prefix(' ') else { return true };
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '\'').collect();
        word.is_empty() || word.ends_with("ly") || AFTER_MARK.contains(&word.as_str())
    }

    pub(super) fn corrects(&self) -> bool {
        self.found.iter().any(|find| matches!(find.meaning, Meaning::Correction))
    }
}

/// What may follow a numeral in an answer of a few characters.
const CLOSING: &[&str] = &[
    "吧",
    "啊",
    "呀",
    "哦",
    "哈",
    "啦",
    "了",
    "嘛",
    "呢",
    "咯",
    "就",
    "够",
    "不错",
    "还",
    "可以",
    "差不多",
    "左右",
    "谢",
    "满意",
];

/// What makes a bare number all the surer.
const SURELY: &[&str] = &["妥妥的", "稳稳的", "绝对的", "实打实的", "铁定"];

/// English words that lead to a verdict: "middle of the road, so 3".
const LEADING: &[&str] = &["so", "just", "only", "maybe", "probably", "still", "overall", "therefore"];

/// English words that may follow a mark.
const AFTER_MARK: &[&str] = &[
    "for", "from", "because", "cos", "since", "as", "but", "and", "or", "to", "i", "i'd", "i'm", "i'll", "it", "it's",
    "is", "was", "if", "at", "on", "in", "out", "not", "no", "maybe", "please", "thanks", "thank", "thx", "tops",
    "max", "though", "then", "just", "overall", "the", "that", "that's", "this", "my", "we", "they", "you", "he",
    "she", "would", "will", "with", "without", "so", "until", "till", "only", "again", "actually", "minus", "plus",
    "would've", "there", "even", "given", "due", "today", "now", "instead", "mate", "love", "yeah", "yes", "sorry",
    "wait", "less",
];
