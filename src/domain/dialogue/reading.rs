//! What words mean as an answer to a question of a survey, and whether they complain. Nothing is said or recorded here;
//! [`super::survey`] leads the conversation.

use super::clause::{asks, asks_in_words, clauses, fault_stands, holds, is_denied, is_denied_in_english, symptom_of};
use super::danger::BREAKS;
use super::question::opens_report;
use super::repair::LATER;
use super::state::{Activity, Proposed};
use super::{Turn, Words};
use crate::domain::score;
use crate::domain::script::{Command, FixWords, normalised};
use crate::domain::survey::{AnswerSource, Question, QuestionKind};
use crate::domain::understanding::{Intent, Keyword, Sentiment, Understanding, Urgency};

/// Words of so many letters or signs are too few to be displeased by their wording alone …
const FEW_SIGNS: usize = 5;
/// … and so many English words to be filed for it: "so the thing is".
const FEW_WORDS: usize = 4;
/// How English words begin that ask how something is …
const HOW_IS: [&str; 2] = ["how's ", "how is "];
/// … and end …
const IT_GOES: [&str; 5] = ["going", "coming along", "getting on", "repair", "ticket"];
/// … where that is a repair: "how's my repair going".
const THE_REPAIR: [&str; 6] = ["repair", "ticket", "request", "report", "it coming", "it getting"];
/// How Chinese words end that ask how far something is …
const HOW_FAR: [&str; 5] = ["怎么样", "怎样", "咋样", "如何", "哪一步"];
/// … and what they name, where that is a repair …
const OF_REPAIR: [&str; 9] = ["修得", "修的", "修好", "修到", "报修", "维修进", "工单", "进展", "进度"];
/// … and not how well or for how much it is done: "装修的质量怎么样".
const NOT_OF_REPAIR: [&str; 4] = ["装修", "水平", "质量", "费"];

/// What names how far something is, without asking.
const OF_STATE: [&str; 13] =
    ["工单", "进展", "进度", "到哪", "查", "看看", "状态", "情况", "还没", "status", "progress", "update", "ticket"];

/// What words mean as an answer.
pub(super) enum Reading {
    /// A plain number, typed: taken as it is.
    Certain(f64),
    /// Understood from a sentence or a voice: read back first.
    Understood(f64),
    /// A range, a wavering.
    Unclear,
    OutOfRange(f64, f64),
    Nothing,
}

/// What a plain yes and a plain no come to where it is asked whether somebody would recommend us: 会推荐, 不会推荐.
const RECOMMENDS: [u8; 2] = [0, 3];
/// A no that only passes over such a question.
const DECLINES: [&str; 3] = ["不用", "没有", "no thanks"];
/// The lowest degree of satisfaction that praises.
const PRAISES: u8 = 3;
/// What says of a fault that it is not there: 外墙没有渗水, 不漏水了.
const NONE_OF_IT: [&str; 9] = ["没有", "没", "无", "冇", "不", "no", "not", "n't", "no longer"];
/// What was done about a fault, where it is praised: "师傅修漏水很快". 维修 only says of whom or what it is told.
const DEEDS: [&str; 11] = ["修", "处理", "解决", "换", "补", "通", "弄", "fix", "repair", "mend", "sort"];
const NO_DEED: &str = "维修";
/// What says beside the praise that it did not help …
const IN_VAIN: [&str; 7] = ["仍", "没", "不", "back", "not", "n't", "yet"];
/// … and what leads on, anywhere, to what is not right or came back.
const LEADS_ON: [&str; 18] = [
    "但",
    "不过",
    "可惜",
    "可是",
    "结果",
    "就是",
    "居然",
    "这次",
    "照样",
    "依旧",
    "又",
    "还",
    "更",
    "就漏",
    "but",
    "unfortunately",
    "still",
    "again",
];
/// What is wrong without being named, and what says that something is.
const TROUBLE: [&str; 8] = ["问题", "毛病", "意见", "怨言", "problem", "issue", "trouble", "complaint"];
const COMPLAINS: [&str; 2] = ["投诉", "complain"];
/// What may stand beside a no to these, and says nothing more.
const THANKS: [&str; 6] = ["谢谢", "谢谢你", "谢谢您", "多谢", "thanks", "thank you"];
/// What may stand between a no and one of these: 没什么问题.
const ANY: [char; 8] = ['什', '么', '啥', '任', '何', '大', '多', '的'];
/// A no: two of them deny nothing, as in "I would not say there is no problem" …
const NO: [char; 5] = ['没', '不', '未', '无', '冇'];
/// … nor does one that is not believed: "没问题才怪".
const UNBELIEVED: [&str; 4] = ["才怪", "难道", "?", "？"];
/// What is only a little so, and blames nobody: 有点慢, "a bit slow".
const A_LITTLE: [&str; 11] =
    ["有点", "有点儿", "有些", "稍", "稍微", "略", "略微", "bit ", "little ", "slightly ", "somewhat "];
const MILD: [&str; 9] = ["慢", "久", "晚", "贵", "slow", "late", "long", "pricey", "expensive"];
/// What may close such words.
const SOFT: [char; 6] = ['了', '的', '吧', '啊', '呀', '哦'];
/// More signs, or more English words, say more than that.
const MILD_SIGNS: usize = 8;
const MILD_WORDS: usize = 4;

impl Turn<'_> {
    /// Reads words as a command. Who does not know whether there is danger, or whether a fix holds, passes over no
    /// question of a survey: nobody saw it.
    pub(super) fn command_in(&self, words: &Words) -> Option<(Command, Option<String>)> {
        let in_danger = self.is_danger_asked();
        let unsure = self.state.offers("danger:") || self.state.offers("fix:");
        let opens = || self.is_idle() && !unsure && opens_report(words);
        let command = self.ctx.script.words.command(&words.text).or_else(|| self.way_out(words));
        let command = command.or_else(|| opens().then_some((Command::Report, None)));
        let later = FixWords::any(&self.ctx.script.repair.fix.puts_off, &words.text);
        let passes = |(command, argument): &(Command, Option<String>)| match command {
            Command::Skip => true,
            Command::Cancel => later || in_danger && argument.as_deref() == Some(LATER),
            _ => false,
        };
        command.filter(|command| !unsure || !passes(command))
    }

    /// Who wants out of a survey, or another language, may say why: "没空，改天吧". A mark, a fault and the answer to an
    /// open question are heard to their end.
    fn way_out(&self, words: &Words) -> Option<(Command, Option<String>)> {
        let Activity::Surveying(run) = &self.state.activity else { return None };
        let said = &words.understood;
        let marked = said.score.is_some() || said.score10.is_some() || said.nps.is_some() || said.score_unclear;
        let danger = said.urgency == Urgency::Emergency || said.danger_unsure;
        let heard = marked || danger || said.symptom.is_some();
        let open = run.question().is_none_or(|question| question.kind == QuestionKind::Open);
        let first = words.text.split(BREAKS).next().filter(|_| !heard && !open)?;
        // Why somebody leaves is kept where it is a complaint; who wants no more at all has said so.
        let leaves = |command: Command| match command {
            Command::Stop | Command::Language => true,
            Command::Cancel => !is_displeased(words),
            _ => false,
        };
        self.ctx.script.words.command(first).filter(|(command, _)| leaves(*command))
    }

    /// Whether words name a fault that stands, however calmly: neither one that is over, nor one that is not there, nor
    /// one whose mending is praised.
    pub(super) fn tells_of_a_fault(&self, words: &Words) -> bool {
        let Some(symptom) = words.understood.symptom.as_deref() else { return false };
        let before = words.text.split(symptom).next().unwrap_or_default().to_lowercase();
        let before = before.trim_end_matches([' ', '再', '会']);
        words.understood.affirmed != Some(true)
            && !is_denied_in_english(before)
            && !NONE_OF_IT.iter().any(|none| before.ends_with(none))
            && !self.praises_mending(words, &normalised(symptom))
    }

    /// Whether words that sound like something else name a fault that stands, and its part or its room: "great, now the
    /// glass is cracked". Praise may name what was mended.
    pub(super) fn names_fault(&self, words: &Words) -> bool {
        let said = &words.understood;
        let Some(symptom) = symptom_of(words) else { return false };
        let named = said.good_words().map(|word: &Keyword| normalised(&word.text));
        let good: Vec<String> = named.filter(|word| !word.is_empty()).collect();
        let praised = |clause: &str| {
            let told = clause.replace(symptom.as_str(), " ").replace(NO_DEED, " ");
            holds(&told, &DEEDS) || good.iter().any(|word| clause.contains(word.as_str()))
        };
        let placed = said.component.is_some() || said.location.is_some();
        placed && self.tells_of_a_fault(words) && fault_stands(words, praised) && !asks(&words.text)
    }

    /// Whether words say nothing beside their mark but praise of what was done about the one fault that they name:
    /// "5分，师傅修漏水很快". In doubt they do not.
    fn praises_mending(&self, words: &Words, symptom: &str) -> bool {
        let told = beside_mark(&words.text);
        let [clause] = told.as_slice() else { return false };
        // 好 alone may count: 修了好多次.
        let is_praise = |(word, degree): &(&String, &u8)| **degree >= PRAISES && word.chars().count() > 1;
        let known = self.ctx.script.degrees.satisfied.iter().filter(is_praise);
        let named = words.understood.good_words().map(|word: &Keyword| normalised(&word.text));
        let good: Vec<String> = known.map(|(word, _)| word.clone()).chain(named).collect();
        // What stands behind the praise may be the next fault.
        let whole = clause.trim_end_matches(SOFT);
        let rest = good.iter().filter_map(|word| whole.strip_suffix(word.as_str())).min_by_key(|rest| rest.len());
        let Some(rest) = rest else { return false };
        let told = rest.replace(symptom, " ").replace(NO_DEED, " ");
        let one = rest.matches(symptom).count() == 1 && words.understood.further.is_empty();
        one && holds(&told, &DEEDS) && !holds(rest, &IN_VAIN) && !holds(clause, &LEADS_ON)
    }

    /// Reads a yes or a no to what was read back. The same mark again is a yes; another one is none of both.
    pub(super) fn agrees_to(&self, question: &Question, proposed: &Proposed, words: &Words) -> Option<bool> {
        if stated_value(question, &words.understood).is_some() {
            return None;
        }
        let plain = matches!(self.ctx.script.words.command(&words.text), Some((Command::Yes, _)));
        match read_value(question, words, None, self.degree(question, words)) {
            Reading::Understood(mark) if !plain => ((mark - proposed.value).abs() < 0.5).then_some(true),
            _ => self.agreement(words),
        }
    }

    /// Reads a whole message as a word that answers the question as a mark does.
    pub(super) fn degree(&self, question: &Question, words: &Words) -> Option<u8> {
        let known = &self.ctx.script.degrees;
        if question.kind == QuestionKind::Nps {
            known.recommendation(&words.text)
        } else {
            known.satisfaction(&words.text)
        }
    }
}

/// Reads words as an answer to a question; `agreement` is the yes or no in them, `degree` how satisfied they say
/// that somebody is, or how surely they would recommend us.
pub(super) fn read_value(question: &Question, words: &Words, agreement: Option<bool>, degree: Option<u8>) -> Reading {
    let Some((low, high)) = question.kind.range() else { return Reading::Nothing };
    if let Some(typed) = bare_number(&words.text).filter(|_| words.source != AnswerSource::Voice) {
        return if question.accepts(typed) { Reading::Certain(typed) } else { Reading::OutOfRange(low, high) };
    }
    if question.kind == QuestionKind::YesNo {
        return match agreement {
            Some(yes) if words.source == AnswerSource::Voice => Reading::Understood(f64::from(u8::from(yes))),
            Some(yes) => Reading::Certain(f64::from(u8::from(yes))),
            None => Reading::Nothing,
        };
    }
    if words.understood.score_unclear {
        return Reading::Unclear;
    }
    let aspect = words.understood.dims.get(&question.id).copied();
    match aspect.or_else(|| stated_value(question, &words.understood)) {
        // "四分", typed, can hardly be meant otherwise.
        Some(value) if question.accepts(value) && words.source != AnswerSource::Voice && is_terse(&words.text) => {
            Reading::Certain(value)
        }
        Some(value) if question.accepts(value) => Reading::Understood(value),
        Some(_) => Reading::OutOfRange(low, high),
        None => {
            // "Would you?" is answered with a plain yes or no.
            let plain = agreement.filter(|_| question.kind == QuestionKind::Nps && is_plain(&words.text));
            let degree = degree.or_else(|| RECOMMENDS.get(usize::from(plain?)).copied());
            elsewhere(question, &words.understood, degree).map_or(Reading::Nothing, Reading::Understood)
        }
    }
}

/// Whether a yes or a no is all that is said, in two signs or two Latin words: 是的, "yeah sure".
fn is_plain(text: &str) -> bool {
    let text = normalised(text).replace(',', " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let few = text.chars().count() <= 2 || text.is_ascii() && text.split(' ').count() <= 2;
    few && !DECLINES.contains(&text.as_str())
}

/// Returns what a mark on another scale, or a word of satisfaction, comes to on the question's own: to be said back.
fn elsewhere(question: &Question, understood: &Understanding, degree: Option<u8>) -> Option<f64> {
    let recommended = degree.map(|degree| (f64::from(degree) * 2.5).round());
    let degree = degree.map(|degree| f64::from(degree) + 1.0);
    match question.kind {
        QuestionKind::Scale5 => {
            let mapped = understood.score10.and_then(|mark| score::on_five(QuestionKind::Scale10, mark));
            mapped.map(f64::round).or(degree)
        }
        // Five stars are full marks; four of five are neither 7 nor 8 of ten.
        QuestionKind::Scale10 => understood.score.filter(|mark| *mark >= 5.0).or(degree).map(|mark| mark * 2.0),
        QuestionKind::Nps => recommended,
        QuestionKind::YesNo | QuestionKind::Open => None,
    }
}

/// Returns the value stated on the question's own scale.
pub(super) fn stated_value(question: &Question, understood: &Understanding) -> Option<f64> {
    match question.kind {
        QuestionKind::Scale5 => understood.score,
        QuestionKind::Scale10 => understood.score10,
        QuestionKind::Nps => understood.nps.map(f64::from).or(understood.score10),
        QuestionKind::YesNo | QuestionKind::Open => None,
    }
}

/// Reads a message that is nothing but a number in digits.
pub(super) fn bare_number(text: &str) -> Option<f64> {
    // A minus counts: "-3" is out of range, not a three.
    let below = text.trim_start().strip_prefix(['-', '−', '－']);
    let text = normalised(below.unwrap_or(text));
    let digits = text.strip_suffix('分').unwrap_or(&text).trim();
    let plain = !digits.is_empty() && digits.len() <= 6 && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: f64 = plain.then(|| digits.parse().ok()).flatten()?;
    Some(if below.is_some() { 0.0 - value } else { value })
}

/// A message too short to hold more than the number itself.
fn is_terse(text: &str) -> bool {
    text.split_whitespace().count() <= 2 && text.chars().filter(|c| c.is_alphanumeric()).count() <= 4
}

/// Whether what was taken for displeasure is one: called a complaint, with a bad word in it, or beyond doubt. Good news
/// and plain questions may sound alike.
pub(super) fn is_complaint(words: &Words) -> bool {
    let said = &words.understood;
    calls_it_complaint(words) || said.affirmed != Some(true) && (said.names_bad() || is_worded_badly(words))
}

/// Whether words are displeased and blame nobody: by how they are worded, or as no more than a face.
pub(super) fn only_sounds_displeased(words: &Words) -> bool {
    let said = &words.understood;
    let sounds = if said.names_bad() { is_wordless(words) } else { is_worded_badly(words) };
    sounds && said.affirmed != Some(true) && !calls_it_complaint(words)
}

/// Whether a message is nothing but signs: "😡".
pub(super) fn is_wordless(words: &Words) -> bool {
    !words.text.contains(char::is_alphanumeric)
}

/// Whether trouble is named, be it as none: "没问题才怪".
fn names_trouble(words: &Words) -> bool {
    holds(&words.text.to_lowercase(), &TROUBLE)
}

/// Whether what sounds displeased says too little to be filed: a face, or a few English words of which none is bad.
pub(super) fn says_too_little(words: &Words) -> bool {
    let text = normalised(&words.text);
    let few = text.is_ascii() && text.split_whitespace().count() <= FEW_WORDS && !names_trouble(words);
    is_wordless(words) || few && !words.understood.names_bad() && !calls_it_complaint(words)
}

/// Whether what was taken for praise is some: with a good word in it, or nothing else ("棒"). "It vibrates a lot" may sound
/// alike.
pub(super) fn is_praise(words: &Words) -> bool {
    let said = &words.understood;
    said.sentiment == Sentiment::Positive && (said.only_names_good() || is_terse(&words.text) && !said.names_bad())
}

/// Whether what is said in or after a survey is displeased enough to be shown to staff at once: by its mark, or by more
/// than a guess from its wording, which judges a bare "100%" as well.
pub(super) fn is_displeased(words: &Words) -> bool {
    let said = &words.understood;
    let marked = said.score.is_some() || said.score10.is_some() || said.nps.is_some();
    let sounds = said.sentiment == Sentiment::Negative || said.intent == Intent::Complaint;
    if !calls_it_complaint(words) && is_mild(words) {
        // With words so mild the mark decides.
        return marked && said.sentiment == Sentiment::Negative;
    }
    sounds && (marked || calls_it_complaint(words) || said.names_bad() || is_worded_badly(words))
}

/// Whether words are displeased beyond doubt though none of them is bad: a few signs, a question and small talk sound so
/// and blame nobody.
fn is_worded_badly(words: &Words) -> bool {
    let said = &words.understood;
    let few = words.text.chars().filter(|c| c.is_alphanumeric()).count() <= FEW_SIGNS && !names_trouble(words);
    let sounds = said.is_surely_negative() && said.intent != Intent::Smalltalk && !denies_trouble(words);
    sounds && !few && !wants_to_know(words)
}

/// Whether all that is said beside a mark is, in a few words, a little of what blames nobody: "a bit slow".
fn is_mild(words: &Words) -> bool {
    let told = beside_mark(&words.text);
    let [clause] = told.as_slice() else { return false };
    let few = if clause.is_ascii() {
        clause.split(' ').count() <= MILD_WORDS
    } else {
        clause.chars().count() <= MILD_SIGNS && !clause.contains(' ')
    };
    let whole = clause.trim_end_matches(SOFT);
    let a_little = |before: &str| A_LITTLE.iter().any(|little| before.ends_with(little));
    let ends = MILD.iter().any(|mild| whole.strip_suffix(mild).is_some_and(a_little));
    let mild = |bad: &Keyword| MILD.iter().any(|mild| normalised(&bad.text).contains(mild));
    few && ends && words.understood.names_bad() && words.understood.bad_words().all(mild)
}

/// Returns the clauses of an utterance but those that are no more than a mark: "5分".
fn beside_mark(text: &str) -> Vec<String> {
    let mut told = clauses(text);
    told.retain(|clause| bare_number(clause).is_none());
    told
}

/// Whether words say of any trouble, or of a complaint, that there is none, and nothing else beside a mark and thanks:
/// 没什么问题, "no problem at all". "No complaints except the plumber" goes on, and denies nothing.
fn denies_trouble(words: &Words) -> bool {
    let mut told = beside_mark(&words.text);
    told.retain(|clause| !THANKS.contains(&clause.as_str()));
    let [clause] = told.as_slice() else { return false };
    let whole = clause.trim_end_matches(SOFT);
    let whole = whole.strip_suffix(" at all").unwrap_or(whole).trim_end_matches('s');
    let known = || TROUBLE.into_iter().chain(COMPLAINS);
    let Some(before) = known().find_map(|word| whole.strip_suffix(word)) else { return false };
    is_none_of(before) && !known().any(|word| before.contains(word)) && !is_unbelieved(&words.text)
}

/// Whether words ask, or do not believe, what they seem to deny: "没问题才怪", "Not a problem? It is a huge one".
fn is_unbelieved(text: &str) -> bool {
    holds(text, &UNBELIEVED)
}

/// Whether the word behind this is denied, once: "no", 没什么, "don't have any"; 不得不 denies nothing.
fn is_none_of(before: &str) -> bool {
    let clause = before.rsplit(BREAKS).next().unwrap_or_default();
    let near = clause.trim_end_matches(ANY).trim_end();
    let near = near.strip_suffix(" any").unwrap_or(near);
    let denies = |word: &&str| matches!(*word, "no" | "not" | "never" | "none" | "without") || word.ends_with("n't");
    let times = clause.matches(NO).count() + clause.split(' ').filter(denies).count();
    is_denied(near.strip_suffix(" have").unwrap_or(near)) && times == 1
}

/// Whether words ask something, also where no sign says so.
fn wants_to_know(words: &Words) -> bool {
    let begins = ["谁会", "谁能", "who ", "what is ", "what's "];
    let lower = words.text.trim().to_lowercase();
    asks(&words.text) || begins.iter().any(|begin| lower.starts_with(begin)) || asks_how_it_goes(words)
}

/// Whether words ask how a repair goes, and tell of no fault: "how's my repair going", "修得怎么样了".
pub(super) fn asks_how_it_goes(words: &Words) -> bool {
    let text = normalised(&words.text);
    let whole = text.trim_end_matches(SOFT);
    let begun = HOW_IS.iter().any(|begin| text.starts_with(begin)) && IT_GOES.iter().any(|end| text.ends_with(end));
    let in_english = begun && holds(&text, &THE_REPAIR);
    let of_repair = holds(whole, &OF_REPAIR) && !holds(whole, &NOT_OF_REPAIR);
    let in_chinese = HOW_FAR.iter().any(|end| whole.ends_with(end)) && of_repair;
    (in_english || in_chinese) && symptom_of(words).is_none()
}

/// Whether words want to know how far a repair is, or ask anything: "查一下工单", "师傅到哪了", "几点来".
pub(super) fn asks_of_state(words: &Words) -> bool {
    let text = normalised(&words.text);
    let names = words.understood.intent == Intent::ProgressQuery && holds(&text, &OF_STATE);
    names || asks_in_words(&words.text) || asks_how_it_goes(words)
}

/// Whether the word for it is said, unless all that is said is that there is none: "I don't have any complaints".
pub(super) fn calls_it_complaint(words: &Words) -> bool {
    let text = normalised(&words.text);
    holds(&text, &COMPLAINS) && !denies_trouble(words)
}
