//! The summary of a report, and what is answered to it: a yes that may say more, what is to be put right, or that nobody
//! need come any more. Pieces are asked for and filed in [`super::repair`].

use std::collections::BTreeSet;

use super::clause::{asks_in_words, clauses, fault_stands, holds};
use super::further::{is_of_waiting, is_told_instead, without_all};
use super::repair::{LATER, choice_id, submit_id};
use super::report::pieces_of;
use super::say::{Arg, Say};
use super::state::{Activity, Report};
use super::{Turn, Words};
use crate::domain::script::{Command, SlotId, is_one_word, normalised};
use crate::domain::understanding::differ;

/// A yes no longer than this that names nothing says nothing else: "好的，谢谢".
const LONGEST_YES: usize = 6;
/// More than this says more than that the report is to be sent.
const LONGEST_SEND: usize = 30;
/// What may stand between and behind words that ask for it.
const BETWEEN: [char; 12] = ['吧', '啊', '呀', '哦', '哈', ' ', ',', '，', '。', '.', '!', '！'];

/// What parts a yes from what is said behind it.
const BREAKS: [char; 6] = [',', '，', '。', '.', '!', '！'];
/// What people hum before they bring something else up …
const HUMS: [char; 6] = ['哦', '噢', '啊', ' ', ',', '，'];
/// … and how they do.
const AFTERTHOUGHTS: [&str; 3] = ["对了", "and ", "by the way"];
/// What says that something is all right …
const ALL_RIGHT: [&str; 4] = ["没问题", "正常", "works", "working"];
/// … and a part of no report of which that is said.
const REMOTES: [&str; 2] = ["遥控", "remote"];

impl Turn<'_> {
    /// What will be filed, with the buttons that say so or not.
    pub(super) fn summary(&self, report: &Report) -> Say {
        let mut lines = vec![];
        if let Some(category) = report.category {
            lines.push(line("report.category_label", Arg::Key(format!("category.{}", category.name()))));
        }
        for slot in &self.ctx.script.repair.slots {
            if let Some(value) = report.slots.get(&slot.id) {
                lines.push(line(&slot.label_key, value.clone()));
            }
        }
        if !report.media.is_empty() {
            lines.push(Say::new("report.summary_media").text("count", report.media.len().to_string()));
        }
        lines.extend(report.further.iter().map(|fault| Say::new("report.further").text("fault", fault.text.clone())));
        let mut say = Say::new("report.summary");
        say.lines = lines;
        say.lines.push(Say::new("report.confirm"));
        Self::with_verdicts(say, report)
    }

    /// Adds the buttons that say whether a report is filed.
    fn with_verdicts(say: Say, report: &Report) -> Say {
        say.choice(submit_id(report), "report.yes")
            .choice(choice_id(report, "edit"), "report.edit")
            .choice(choice_id(report, "cancel"), "report.cancel")
    }

    /// Whether a report is wanted no more: "取消，搞错了", "没事了，已经好了". A fault that stands or a place is told all
    /// the same: "修好了，又漏水了", "搞错了，是卫生间".
    pub(super) fn gives_up(&self, words: &Words) -> bool {
        let clauses = clauses(&words.text);
        let cancels = |clause: &String| self.cancels(without_all(clause));
        let is_over = |clause: &String| self.ctx.script.repair.over.contains(without_all(clause));
        // "没空，周六上午来吧" names another time.
        let stands = words.understood.location.is_some()
            || words.understood.wished_time.is_some()
            || self.depends_on_cost(words)
            || fault_stands(words, |clause| self.ctx.script.repair.over.contains(clause));
        (clauses.first().is_some_and(cancels) || clauses.iter().any(is_over)) && !stands
    }

    /// Whether words cancel what is going on: not "晚点再说", which only puts it off.
    pub(super) fn cancels(&self, clause: &str) -> bool {
        let command = self.ctx.script.words.command(clause);
        matches!(command, Some((Command::Cancel, argument)) if argument.as_deref() != Some(LATER))
    }

    /// Whether words agree with the summary. Who asks does not, but behind a plain yes, nor who calls something else all
    /// right: "为什么要我确认", "遥控器没问题".
    pub(super) fn verdict_on_summary(&self, report: &Report, words: &Words) -> Option<bool> {
        let verdict = self.agreement(words);
        let asks = asks_in_words(&words.text) && !self.begins_with_yes(&words.text);
        verdict.filter(|yes| !yes || !asks && !praises_another(report, words))
    }

    fn begins_with_yes(&self, text: &str) -> bool {
        let head = text.split(BREAKS).next().unwrap_or_default();
        let yes = matches!(self.ctx.script.words.command(head), Some((Command::Yes, _)));
        yes || self.ctx.script.repair.send.contains(&normalised(head))
    }

    /// Whether words only ask for the report to be sent: "提交吧", "好的，就这样", "looks good, send it". They are taken
    /// apart from the beginning, word by word.
    pub(super) fn says_send(&self, text: &str) -> bool {
        let said = normalised(text);
        said.chars().count() <= LONGEST_SEND && self.sends(&said, &mut BTreeSet::new())
    }

    /// `failed` holds how much was left where nothing led to the end: 嗯 and 嗯嗯 part a long hum in very many ways.
    fn sends(&self, said: &str, failed: &mut BTreeSet<usize>) -> bool {
        if failed.contains(&said.len()) {
            return false;
        }
        let yes = |word: &str| matches!(self.ctx.script.words.command(word), Some((Command::Yes, _)));
        let known = |word: &str| self.ctx.script.repair.send.contains(word) || yes(word);
        let ends = said.char_indices().map(|(at, c)| at + c.len_utf8());
        let sent = ends.filter_map(|end| said.split_at_checked(end)).any(|(word, rest)| {
            let more = rest.trim_start_matches(BETWEEN);
            let done = more.is_empty() || self.ctx.script.courtesy(more).is_some();
            !is_one_word(word, rest) && known(word) && (done || self.sends(more, failed))
        });
        if !sent {
            failed.insert(said.len());
        }
        sent
    }

    /// Whether words answer no question of a report: thanks, a greeting, or what would send it.
    pub(super) fn says_nothing(&self, text: &str) -> bool {
        self.ctx.script.courtesy(text).is_some() || self.says_send(text)
    }

    /// Files what the summary says. What is said besides is kept, and shown first where it names something new:
    /// "是的，还有阳台窗户也关不上".
    pub(super) fn agree(&mut self, mut report: Report, words: &Words) {
        let (known, more) = (named_in(&report), is_afterthought(&words.text));
        if !more && pieces_of(&words.understood).is_empty() && words.text.chars().count() <= LONGEST_YES {
            return self.submit(report);
        }
        if self.is_other_matter(&report, words) {
            self.let_wait(&mut report, words);
            return self.go_on_with(report, None);
        }
        // It was agreed to: nothing in it is replaced.
        report.summarised = false;
        if is_of_waiting(&report, words) {
            report.keep(words);
            if !self.begins_with_yes(&words.text) {
                // "灯不用换新的，修好就行" agrees to nothing in the one that stands.
                return self.go_on_with(report, None);
            }
        } else {
            report.take(words, false);
        }
        let repeats = self.agrees_and_repeats(words) && words.understood.affirmed == Some(false);
        let adds = more || named_in(&report) != known;
        if adds && !repeats { self.go_on_with(report, None) } else { self.submit(report) }
    }

    /// More words while a report is put together: of another fault, or of this one. Where they change nothing in the
    /// summary that stands, it is shown once more, and then it is said what can be answered.
    pub(super) fn more_words(&mut self, mut report: Report, words: &Words) {
        if is_told_instead(&report, words) {
            return self.wait_and_ask_again(report, words);
        }
        let shown = (report.summarised && !report.correcting).then(|| self.summary(&report));
        if shown.is_some() && self.is_other_matter(&report, words) {
            self.let_wait(&mut report, words);
        } else if shown.is_some() && is_of_waiting(&report, words) {
            report.keep(words);
        } else if !(self.wants_own_words(&report) && report.take_place(words)) {
            report.take(words, false);
        }
        let same = !report.correcting && shown.is_some_and(|shown| shown == self.summary(&report));
        report.unread = if same { report.unread.saturating_add(1) } else { 0 };
        if report.unread < 2 {
            let cost = self.cost_beside(words);
            return self.go_on_with(report, cost);
        }
        report.summarised = true;
        let say = Self::with_verdicts(Say::new("report.how_to_answer"), &report);
        self.remind_of(&report);
        self.state.activity = Activity::Reporting(report);
        self.say(say);
    }

    /// Whether the place was asked for in words of their own: that question has no buttons.
    fn wants_own_words(&self, report: &Report) -> bool {
        report.asked == Some(SlotId::Place) && !self.state.offers(&choice_id(report, SlotId::Place.name()))
    }

    /// "对，还在漏": what sounds like a no says again what the summary says.
    pub(super) fn agrees_and_repeats(&self, words: &Words) -> bool {
        let said = &words.understood;
        let repeats = said.symptom.is_some() && said.location.is_none() && said.component.is_none();
        repeats && self.begins_with_yes(&words.text)
    }

    /// Asks which piece is to be put right.
    pub(super) fn ask_what_to_correct(&mut self, mut report: Report) {
        report.correcting = true;
        report.asked = None;
        let mut say = Say::new("report.edit_which");
        let bound = self.state.binding.is_some();
        for slot in &self.ctx.script.repair.slots {
            if slot.required && !(slot.unbound_only && bound) || report.has(slot.id) {
                say = say.choice(choice_id(&report, &format!("fix:{}", slot.id.name())), slot.label_key.clone());
            }
        }
        self.state.activity = Activity::Reporting(report);
        self.say(say);
    }
}

/// Returns what a report names of the fault and the home.
fn named_in(report: &Report) -> [Option<Arg>; 4] {
    [SlotId::Place, SlotId::Component, SlotId::Symptom, SlotId::Address].map(|slot| report.slots.get(&slot).cloned())
}

/// "对了，还有……" sounds like a yes, and begins something else.
pub(super) fn is_afterthought(text: &str) -> bool {
    behind_afterthought(&normalised(text)).is_some_and(|more| more.contains(char::is_alphanumeric))
}

/// Returns what stands behind words that bring something else up: "哦对了，", "oh and ".
pub(super) fn behind_afterthought(text: &str) -> Option<&str> {
    let begun = text.trim_start_matches(HUMS);
    let begun = ["oh", "Oh"].iter().find_map(|oh| begun.strip_prefix(oh)).unwrap_or(begun);
    let begun = begun.trim_start_matches([' ', ',', '，']);
    AFTERTHOUGHTS.iter().find_map(|lead| begun.strip_prefix(lead))
}

/// Whether words call a part all right that is not that of the report: "遥控器没问题", not "地址没问题".
fn praises_another(report: &Report, words: &Words) -> bool {
    let own = match report.slots.get(&SlotId::Component) {
        Some(Arg::Text(own)) => Some(own.as_str()),
        _ => None,
    };
    let part = words.understood.component.as_deref();
    let other = part.filter(|_| own.is_none() || differ(part, own)).map(normalised);
    let is_named = |before: &str| other.as_deref().is_some_and(|part| before.contains(part)) || holds(before, &REMOTES);
    let praises = |clause: &String| {
        let mut told = ALL_RIGHT.iter().filter_map(|good| clause.split_once(good));
        told.any(|(before, _)| is_named(before))
    };
    clauses(&words.text).iter().any(praises)
}

fn line(label_key: &str, value: Arg) -> Say {
    Say::new("report.summary_line").arg("label", Arg::Key(label_key.to_owned())).arg("value", value)
}
