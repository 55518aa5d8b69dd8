//! Words that may or may not tell of danger are taken as if they did not, but what would be said
//! next waits for one short question. Who does not answer it and goes on is answered as ever.

use std::time::Duration;

use super::clause::{asks_in_words, begins_with_plain_no, clauses, holds, without};
use super::danger::{BREAKS, hazard_of};
use super::effect::Effect;
use super::repair::LATER;
use super::say::Say;
use super::state::{Activity, Doubt};
use super::{Turn, Words};
use crate::domain::script::{Command, normalised};
use crate::domain::survey::AnswerSource;
use crate::domain::understanding::{Intent, Urgency};

/// Nobody is asked about danger twice within this time.
const ASK_AGAIN: Duration = Duration::from_secs(60 * 60);
/// Words that leave open whether there is a danger: "不知道有没有危险".
const OPEN: [&str; 11] = ["知道", "清楚", "晓得", "确定", "吗", "?", "什么", "啥", "know", "sure", "is it"];
/// … also this one, which holds a no …
const OR_NOT: &str = "有没有";
/// … and where they ask which: "what danger".
const WHICH: [&str; 3] = ["what danger", "what kind", "what do"];
/// What says that there is none, and asks nothing: "没什么危险".
const NONE_OF_IT: [&str; 2] = ["没什么", "没啥"];
/// Who says so asks nothing, whatever else sounds like it: "I don't know what to do".
const UNSURE: [&str; 6] = ["不知道", "不清楚", "不晓得", "不确定", "don't know", "not sure"];
/// What holds a question, wherever it stands …
const ASKS: [char; 3] = ['?', '？', '吗'];
/// … and how English ones begin.
const BEGINS_TO_ASK: [&str; 11] =
    ["is ", "are ", "am i ", "do i ", "do we ", "do you ", "does ", "should ", "will it ", "can ", "could "];
/// Whole answers that there is, or may be, a danger, besides the plain yes; these are parted by bars …
const SOME: &str = "有一点|有点|有一些|有些|可能有|有可能|应该有|好像有|a bit|a little|maybe|possibly|there might be";
/// … as is how people feel who are harmed …
const UNWELL: &str = "头晕|晕倒|晕过去|昏倒|昏迷|头疼|头痛|恶心|想吐|呕吐|喘不|胸闷|不舒服|受伤|流血|烫伤|烧伤|触电|中毒|\
    鼻血|头好痛|咳|dizzy|headache|head hurts|feel sick|fainted|injured|bleeding|got burn|burned my|burnt my|cough|vomit|\
    can't breathe";
/// … who they may be that cannot help themselves …
const FRAIL: &str = "孩|宝宝|婴儿|老人|孕妇|奶奶|爷爷|child|kid|baby|elderly|mother|father|mum|grandma|grandpa";
/// … what says that they are there …
const THERE: &str = "在|有| is | are |there";
/// … or right beside it …
const BESIDE_IT: &str = "旁边|边上|里面|附近|跟前|next to it|near it|in there|inside";
/// … and what says that they are out of it.
const AWAY: [&str; 8] = ["外面", "出去", "离开", "学校", "楼下", "没事", "safe", "outside"];
/// Whole answers that nobody is in danger; the plain no is a command.
const NOBODY: [&str; 7] = ["没", "没有", "没人", "没有人", "没事", "还没有", "nobody"];
/// What denies the danger named right after it; in Chinese within so many signs.
const DENIES: [&str; 4] = ["没", "冇", "不", "无"];
const DENIED_WITHIN: usize = 4;
/// What turns from a no to what holds in spite of it: "没有，就是头晕", "no but my head hurts" …
const TURNS: [&str; 8] = ["但", "就是", "只是", "不过", "可是", " but ", " just ", "except "];
/// … and what says that harm behind it is only feared.
const FEARED: [&str; 7] = ["怕", "担心", "万一", "afraid", "worried", "in case", "might"];
/// What closes an answer softly.
const SOFT: [char; 8] = ['啊', '呀', '呢', '的', '哦', '啦', '吧', '了'];

impl Turn<'_> {
    /// Says whether it must be asked if anybody is in danger.
    pub(super) fn is_in_doubt(&self, words: &Words) -> bool {
        let filed = matches!(&self.state.activity, Activity::Reporting(report) if report.filed);
        // What is said after an alarm goes to its ticket, which everybody was told of.
        let alarmed = matches!(self.state.activity, Activity::Idle) && self.lately_alarmed().next().is_some();
        let lately = |doubt: &Doubt| self.ctx.now.since(doubt.asked) < ASK_AGAIN;
        words.understood.danger_unsure && !filed && !alarmed && !self.state.doubt.as_ref().is_some_and(lately)
    }

    /// Takes the words as ever, but asks about danger before anything else is said.
    pub(super) fn ask_about_danger(&mut self, words: Words) {
        let Words { text, mut understood, media, source } = words;
        let mut heeded = understood.clone();
        let named = heeded.symptom.is_some() || heeded.hazard.is_some();
        if named && matches!(heeded.intent, Intent::ProgressQuery | Intent::Smalltalk | Intent::Suggestion) {
            // "烧焦味，不知道哪来的": where nobody is in danger, something is broken all the same.
            heeded.intent = Intent::RepairReport;
        }
        let asked = Words { text: text.clone(), understood: heeded, media, source };
        let (echo, before) = (self.echo.take(), self.effects.len());
        self.heed(asked);
        let (mut held, mut others) = (Vec::new(), Vec::new());
        for effect in self.effects.split_off(before.min(self.effects.len())) {
            match effect {
                Effect::Say(say) => held.push(say),
                other => others.push(other),
            }
        }
        self.effects.extend(others);
        understood.danger_unsure = false;
        let (asked, open, again) = (self.ctx.now, true, false);
        self.state.doubt = Some(Doubt { asked, open, text, understood, media, held, again });
        self.echo = echo;
        self.say(danger_question());
    }

    /// Asks once more, after what stands before it; `false` if nothing is in doubt, or not since a moment ago.
    pub(super) fn still_in_doubt(&mut self, first: &Say) -> bool {
        let now = self.ctx.now;
        let fresh = |doubt: &&mut Doubt| doubt.open && now.since(doubt.asked) < ASK_AGAIN;
        let Some(doubt) = self.state.doubt.as_mut().filter(fresh) else { return false };
        if matches!(self.state.activity, Activity::Reporting(_)) {
            // What it was to be asked next may be known by now.
            doubt.held.clear();
        }
        self.say(Say::lines(vec![first.clone(), danger_question()]));
        true
    }

    /// Something else is said instead of an answer: what was held back and asks nothing is still told.
    pub(super) fn leave_doubt(&mut self) {
        let unseen = self.state.offers("danger:");
        let Some(doubt) = self.state.doubt.as_mut().filter(|doubt| doubt.open) else { return };
        doubt.open = false;
        if let Activity::Reporting(report) = &mut self.state.activity
            && unseen
        {
            // What the report was to ask or show next was held back: nothing that is said now answers it.
            (report.asked, report.summarised) = (None, false);
        }
        for say in std::mem::take(&mut doubt.held) {
            if say.all_choices().is_empty() && !matches!(self.state.activity, Activity::Reporting(_)) {
                self.effect(Effect::Say(say));
            }
        }
    }

    /// Whether the question about danger was asked last, and waits for its answer.
    pub(super) fn is_danger_asked(&self) -> bool {
        self.state.button_that_says(true).as_deref() == Some("danger:yes")
    }

    /// Whether words only put an answer off: "没空", "等一下".
    fn puts_off(&self, text: &str) -> bool {
        let told = clauses(text);
        let waits = |clause: &String| {
            let command = self.ctx.script.words.command(clause);
            let later =
                command.is_some_and(|(said, argument)| said == Command::Cancel && argument.as_deref() == Some(LATER));
            later || self.ctx.script.asks_for_time(clause)
        };
        !told.is_empty() && told.iter().all(waits)
    }

    /// "有，两个", "很危险", "我头晕" answer the question about danger: yes, and the words go to what is filed then. "没有
    /// 危险" is the no; who has no time is asked once more, and so is, once, who asks back or names a child that is
    /// there; what says more than that is taken as words.
    pub(super) fn danger_answered(&mut self, words: Words) -> Option<Words> {
        if !self.is_danger_asked() || words.understood.urgency == Urgency::Emergency {
            return Some(words);
        }
        if self.puts_off(&words.text) {
            self.say(danger_question());
            return None;
        }
        let is_one = if self.says_there_is(&words.text) { Some(true) } else { names_danger(&words.text) };
        let is_one = is_one.or_else(|| self.tells_of_harm(&words).then_some(true));
        match is_one {
            Some(true) => self.confirm_danger(words),
            Some(false) if normalised(&words.text).split(BREAKS).nth(1).is_none() => self.danger_verdict(false),
            None if self.leaves_open(&words) && self.may_ask_again() => self.ask_danger_again(&words),
            Some(false) | None => return Some(words),
        }
        None
    }

    /// Whether words without the danger's name say that somebody is harmed, or may be: "我头晕", "小孩在旁边", "有一点".
    fn tells_of_harm(&self, words: &Words) -> bool {
        let told = clauses(&words.text);
        let head = told.first().map(String::as_str).unwrap_or_default();
        let whole = head.trim_end_matches(SOFT);
        let some = told.len() == 1 && SOME.split('|').any(|some| some == whole);
        let (said, understood) = (normalised(&words.text), &words.understood);
        let denied = understood.affirmed == Some(true) || is_ruled_out(&said) || is_open(&said);
        let unsure = understood.danger_unsure && !denied;
        let beside_it = |clause: &String| is_frail(clause) && names_any(clause, BESIDE_IT);
        let unwell = |clause: &String| names_any(clause, UNWELL);
        if self.denies_first(head) {
            // "没有，但我头疼": the no goes as far as its clause.
            let asks = words.text.contains(ASKS) || alternates(&said);
            return !asks && told.iter().any(|clause| unwell(clause) && !holds(clause, &FEARED));
        }
        let harmed = unsure || told.iter().any(|clause| unwell(clause) || beside_it(clause));
        (some || harmed) && !self.asks_back(words)
    }

    /// Whether words leave open whether anybody is in danger: they only ask, or tell who is at home.
    fn leaves_open(&self, words: &Words) -> bool {
        let told = clauses(&words.text);
        let head = told.first().map(String::as_str).unwrap_or_default();
        self.asks_back(words) || told.iter().any(|clause| is_frail(clause)) && !self.denies_first(head)
    }

    /// Whether the question that stands was not put a second time yet.
    fn may_ask_again(&self) -> bool {
        self.state.doubt.as_ref().is_none_or(|doubt| !doubt.again)
    }

    /// Keeps words that leave the question open, answers them where that is known, and asks once more.
    fn ask_danger_again(&mut self, words: &Words) {
        let answer = self.answer_within(words);
        if let Activity::Reporting(report) = &mut self.state.activity
            && !report.filed
        {
            report.keep(words);
        }
        if let Some(doubt) = self.state.doubt.as_mut() {
            doubt.again = true;
        }
        let lines: Vec<Say> = answer.into_iter().chain([danger_question()]).collect();
        self.say(Say::lines(lines));
    }

    /// Somebody is in danger: the words that say so go to what is filed then.
    pub(super) fn confirm_danger(&mut self, words: Words) {
        self.danger_verdict(true);
        if let Some(ticket) = self.state.alarmed.as_ref().map(|alarmed| alarmed.ticket) {
            let (text, media) = (Some(words.text), words.media.into_iter().collect());
            self.effect(Effect::AddToTicket { ticket, text, media, location: None });
        }
    }

    /// Whether words only ask something, and leave open whether anybody is in danger: "is it dangerous?", "会不会掉下来".
    /// Who begins with a no has answered; who tells of a fault besides, or wants a person, says more.
    fn asks_back(&self, words: &Words) -> bool {
        let (said, told) = (normalised(&words.text), clauses(&words.text));
        let answers = self.denies_first(told.first().map(String::as_str).unwrap_or_default());
        let more = words.understood.symptom.is_some() && told.len() > 1;
        let marked = words.text.contains(ASKS);
        let worded =
            asks_in_words(&said) || alternates(&said) || BEGINS_TO_ASK.iter().any(|begin| said.starts_with(begin));
        let asks = marked || worded && !holds(&said, &UNSURE);
        asks && !answers && !more && words.understood.intent != Intent::HumanAgent
    }

    /// Whether the first clause says that nobody is in danger.
    fn denies_first(&self, head: &str) -> bool {
        let is_no = matches!(self.ctx.script.words.command(head), Some((Command::No, _)));
        is_no || begins_with_plain_no(head) || names_danger(head) == Some(false)
    }

    /// Whether a yes of its own stands first: "是的，还在漏". In "嗯，没有" it only leads to the no; 没问题 says that
    /// nobody is in danger.
    fn says_there_is(&self, text: &str) -> bool {
        let mut clauses = text.split(BREAKS).map(str::trim);
        let head = clauses.next().unwrap_or_default();
        let is = |part: &str, command| self.ctx.script.words.command(part).is_some_and(|(said, _)| said == command);
        let declines = |part: &str| is(part, Command::No) || part.starts_with(['没', '沒', '冇', '不']);
        is(head, Command::Yes) && (head.starts_with('有') || !clauses.next().is_some_and(declines))
    }

    /// The answer to the question about danger. Who went on, or said no by mistake, may say that there is one
    /// for as long as nobody would be asked anew: once, the words are gone then.
    pub(super) fn danger_verdict(&mut self, is_one: bool) {
        let now = self.ctx.now;
        let late = |doubt: &Doubt| is_one && !doubt.text.is_empty() && now.since(doubt.asked) < ASK_AGAIN;
        let counts = |doubt: &&mut Doubt| doubt.open || late(doubt);
        let Some(doubt) = self.state.doubt.as_mut().filter(counts) else { return self.stale_choice() };
        doubt.open = false;
        let held = std::mem::take(&mut doubt.held);
        if !is_one {
            match self.state.activity.clone() {
                Activity::Reporting(report) if held.is_empty() => {
                    self.go_on_with(report, Some(Say::new("danger.none")));
                }
                _ if held.is_empty() => self.say(Say::new("danger.none")),
                _ => held.into_iter().for_each(|say| self.say(say)),
            }
            return;
        }
        let (text, mut understood, media) = (std::mem::take(&mut doubt.text), doubt.understood.clone(), doubt.media);
        understood.urgency = Urgency::Emergency;
        understood.hazard = understood.hazard.or(Some(hazard_of(&understood)));
        let words = Words { text, understood, source: AnswerSource::Button, media };
        match self.state.activity.clone() {
            // The words are in the report already.
            Activity::Reporting(mut report) if report.pieces.contains(&words.text) => {
                report.urgency = Urgency::Emergency;
                report.hazard = report.hazard.or(words.understood.hazard);
                (report.asked, report.summarised) = (None, false);
                self.alarm(report, &words);
            }
            Activity::Idle | Activity::Surveying(_) | Activity::Commenting(_) | Activity::Reporting(_) => {
                self.danger(words);
            }
        }
    }
}

/// Whether words name the danger that was asked about, or deny it; `None` if they do neither, or leave it open.
fn names_danger(text: &str) -> Option<bool> {
    let said = normalised(text);
    if is_open(&said) || text.trim_end().ends_with(['?', '？']) {
        return None;
    }
    let Some((before, _)) = said.split_once("危险").or_else(|| said.split_once("danger")) else {
        let whole = said.trim_end_matches(SOFT).trim_start_matches("暂时");
        let whole = whole.trim_end_matches("受伤");
        return NOBODY.contains(&whole).then_some(false);
    };
    let clause = before.rsplit(BREAKS).next().unwrap_or_default().replace("不过", "");
    let near = clause.chars().rev().take(DENIED_WITHIN).collect::<String>();
    Some(!(holds(&near, &DENIES) || is_denied_from_afar(&clause)))
}

/// Whether words leave open if there is a danger, or which.
fn is_open(said: &str) -> bool {
    let told = without(&said.replace("没有", "没"), &NONE_OF_IT);
    holds(&told, &OPEN) || said.contains(OR_NOT) || holds(said, &WHICH) || alternates(said)
}

/// Whether a clause names one of several, parted by bars, and does not deny it: "没人不舒服", "nobody is injured".
fn names_any(clause: &str, known: &str) -> bool {
    known.split('|').any(|name| clause.split_once(name).is_some_and(|(before, _)| !is_ruled_out(behind_turn(before))))
}

/// Returns what stands behind the last word that turns from a no.
fn behind_turn(before: &str) -> &str {
    let rests = TURNS.iter().filter_map(|turn| before.rsplit_once(turn)).map(|(_, rest)| rest);
    rests.min_by_key(|rest| rest.len()).unwrap_or(before)
}

/// Whether a clause says that somebody who cannot help themselves is there, and not that they are safe.
fn is_frail(clause: &str) -> bool {
    names_any(clause, FRAIL) && names_any(clause, THERE) && !holds(clause, &AWAY)
}

/// Whether what stands before a word in its clause denies it.
fn is_ruled_out(before: &str) -> bool {
    holds(before, &DENIES) || is_denied_from_afar(before)
}

/// The same in English, wherever the no stands.
fn is_denied_from_afar(before: &str) -> bool {
    before.split(' ').any(|word| matches!(word, "no" | "not" | "nobody" | "none") || word.ends_with("n't"))
}

/// Whether words leave open which of two it is: "危不危险".
fn alternates(said: &str) -> bool {
    let signs: Vec<char> = said.chars().collect();
    signs.windows(3).any(|three| matches!(three, [one, '不', other] if one == other && *one != '不'))
}

fn danger_question() -> Say {
    Say::new("danger.ask").choice("danger:yes", "danger.yes").choice("danger:no", "danger.no")
}
