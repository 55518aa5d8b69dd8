//! The summary of a report, and what is answered to it: a yes that may say more, what is to be put right, or that nobody
//! need come any more. Pieces are asked for and filed in [`super::repair`].

use std::collections::BTreeSet;

use super::clause::{clauses, fault_stands};
use super::repair::{choice_id, submit_id};
use super::report::pieces_of;
use super::say::{Arg, Say};
use super::state::{Activity, Report};
use super::{Turn, Words};
use crate::domain::script::{Command, SlotId, is_one_word, normalised};

/// A yes no longer than this that names nothing says nothing else: "好的，谢谢".
const LONGEST_YES: usize = 6;
/// More than this says more than that the report is to be sent.
const LONGEST_SEND: usize = 30;
/// What may stand between and behind words that ask for it.
const BETWEEN: [char; 12] = ['吧', '啊', '呀', '哦', '哈', ' ', ',', '，', '。', '.', '!', '！'];

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
        say.choice(submit_id(report), "report.yes")
            .choice(choice_id(report, "edit"), "report.edit")
            .choice(choice_id(report, "cancel"), "report.cancel")
    }

    /// Whether a report is wanted no more: "取消，搞错了", "没事了，已经好了". A fault that stands or a place is told all
    /// the same: "修好了，又漏水了", "搞错了，是卫生间".
    pub(super) fn gives_up(&self, words: &Words) -> bool {
        let clauses = clauses(&words.text);
        let cancels = |clause: &String| matches!(self.ctx.script.words.command(clause), Some((Command::Cancel, _)));
        let is_over = |clause: &String| self.ctx.script.repair.over.contains(clause);
        // "没空，周六上午来吧" names another time.
        let stands = words.understood.location.is_some()
            || words.understood.wished_time.is_some()
            || fault_stands(words, |clause| self.ctx.script.repair.over.contains(clause));
        (clauses.first().is_some_and(cancels) || clauses.iter().any(is_over)) && !stands
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
        // It was agreed to: nothing in it is replaced.
        report.summarised = false;
        report.take(words, false);
        let repeats = self.agrees_and_repeats(words) && words.understood.affirmed == Some(false);
        let adds = more || named_in(&report) != known;
        if adds && !repeats { self.go_on_with(report, None) } else { self.submit(report) }
    }

    /// "对，还在漏": what sounds like a no says again what the summary says.
    pub(super) fn agrees_and_repeats(&self, words: &Words) -> bool {
        let head = words.text.split([',', '，', '。', '.', '!', '！']).next().unwrap_or_default();
        let agrees = matches!(self.ctx.script.words.command(head), Some((Command::Yes, _)));
        let said = &words.understood;
        agrees && said.symptom.is_some() && said.location.is_none() && said.component.is_none()
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

/// Returns what a report names of the fault.
fn named_in(report: &Report) -> [Option<Arg>; 3] {
    [SlotId::Place, SlotId::Component, SlotId::Symptom].map(|slot| report.slots.get(&slot).cloned())
}

/// "对了，还有……" sounds like a yes, and begins something else.
fn is_afterthought(text: &str) -> bool {
    normalised(text).strip_prefix("对了").is_some_and(|more| more.contains(char::is_alphanumeric))
}

fn line(label_key: &str, value: Arg) -> Say {
    Say::new("report.summary_line").arg("label", Arg::Key(label_key.to_owned())).arg("value", value)
}
