//! A ticket that its owner gives up, or is tired of waiting for: staff is told, since somebody may be on the way.
//! What is not filed yet is given up in [`super::summary`].

use super::additions::{presses, trade, urges};
use super::clause::{asks, clauses, fault_stands, holds, is_denied, symptom_of};
use super::effect::{About, Effect};
use super::reading::calls_it_complaint;
use super::say::{Arg, Say};
use super::talk::menu;
use super::{OpenTicket, Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::TicketId;
use crate::domain::script::{FixWords, normalised};
use crate::domain::ticket::Status;
use crate::domain::understanding::{Category, Intent};

/// What takes back a report only right after it, or before a visit; at other times it ends the talk.
const OF_THE_MOMENT: [&str; 3] = ["没事了", "搞错了", "发错了"];
/// Who asks how far it is and says this is tired of waiting, as is who asks for haste.
const TIRED: [&str; 5] = ["催", "没人来", "没人管", "太慢", "why is it taking"];
/// How a clause may begin that says that there is no hurry …
const NO_HURRY_BEGINS: [&str; 8] = ["", "i'm ", "i'm in ", "i am ", "we're ", "we are ", "there's ", "there is "];
/// … or that nobody is being urged: "不是催你们".
const NO_URGING: [&str; 3] = ["没催", "没有催", "不是催"];
/// What only asks beside them: "就是问问", "just checking".
const ONLY_ASKS: [&str; 4] = ["问", "just asking", "just checking", "just wondering"];
/// What ends a clause softly.
const SOFT: [char; 7] = ['的', '了', '啊', '呀', '哦', '哈', '吧'];
/// What is to blame besides the wait.
const NOT_THE_WAIT: [&str; 6] = ["态度", "收费", "骂", "弄坏", "rude", "dirty"];
/// Words for it that say what is called off before or behind them.
const CALLS_OFF: [&str; 3] = ["取消", "撤销", "cancel"];
/// What stands before them where they are missed, or cannot be done: "怎么还没取消", "I can't cancel".
const MISSES_IT: [&str; 8] = ["是不是", "还没", "还未", "没法", "没办法", "can't", "cannot", "couldn't"];
/// How a clause ends that wants somebody to come after all.
const WANTED: [&str; 8] = ["要来", "得来", "照来", "要修", "要上门", "照常来", "still come", "please come"];
/// What a clause says, but for a time before it, of a fault that is over without anybody's help …
const BEFORE_IT: [&str; 24] = [
    "",
    "今天",
    "昨天",
    "前天",
    "今早",
    "昨晚",
    "早上",
    "上午",
    "中午",
    "下午",
    "晚上",
    "刚才",
    "刚刚",
    "现在",
    "后来",
    "已经",
    "它",
    "it",
    "it has",
    "it just",
    "then it",
    "today it",
    "yesterday it",
    "now it",
];
/// … unless it was only stopped.
const STOPGAPS: [&str; 6] = ["关", "总阀", "停水", "堵住", "shut", "turned"];
/// What begins words that call a visit off only at a clause's end: "不用派人了", not "不用派上次那个师傅了".
const NO_NEED: [&str; 2] = ["不用", "唔使"];
/// What may follow them there.
const TAIL: [char; 18] =
    ['了', '啦', '吧', '哦', '啊', '呀', '的', '人', '来', '嚟', '过', '上', '门', '师', '傅', '修', '看', '谢'];
/// What goes on behind words by which nobody is to come, where somebody is to come at another hour, or no further.
const ANOTHER_HOUR: [&str; 7] = ["early", "earlier", "so soon", "right away", "straight away", "before", "upstairs"];
/// What goes on behind words for a repair where its visit is meant, and not the repair.
const ITS_VISIT: [&str; 6] = ["appointment", "booking", "slot", "预约", "的预约", "的时间"];
/// What calls a report off as the whole of a clause.
const ALONE: [&str; 3] = ["撤销", "撤回", "撤掉"];
/// What stands before words for it that ask for it politely, and not whether it was done: "can I cancel my repair?" …
const POLITELY: [&str; 7] = ["can i", "could i", "may i", "can we", "could we", "can you", "could you"];
/// … in Chinese of these signs alone …
const POLITE: [char; 12] = ['能', '不', '可', '以', '否', '请', '问', '我', '们', '你', '您', '帮'];
/// … and what may follow them.
const POLITE_END: [&str; 4] = ["", "request", "please", "request please"];
/// What ends words that make a condition of it: "要钱我就不想修了", not "那就不想修了".
const THEN: char = '就';
const PLAIN_THEN: [&str; 5] = ["就", "我就", "那就", "那我就", "我们就"];
/// What stands before words for it that tell who did it: "你们把报修取消了" …
const DONE_BY: [&str; 6] = ["你们", "你", "您", "谁", "师傅", "他们"];
/// … unless they are asked to.
const ASKED_TO: [&str; 4] = ["帮", "请", "麻烦", "让"];
/// How such words begin.
const TAKES: char = '把';
/// What may stand between a no and the word for it: "我不想让你们取消上门".
const LEADS_ON: [char; 17] =
    ['是', '要', '想', '会', '能', '再', '先', '给', '我', '们', '你', '让', '把', '说', '用', '必', '需'];
/// What holds a no and asks for it: "能不能取消上门".
const PROPOSES: [&str; 3] = ["能不能", "要不要", "要不"];
/// How a clause begins in which others are told, not cited: "跟师傅说不用来了".
const OWN_WORDS: [&str; 5] = ["我", "跟", "帮", "请", "i "];

impl Turn<'_> {
    /// Has staff told that nobody need come any more: what was filed is called off by them. `false` if the words do
    /// not say so.
    pub(super) fn call_off(&mut self, words: &Words) -> bool {
        // To the question whether it is fixed it is a yes; to that when it would suit: "没事了，照旧". Who calls a visit
        // off may well want the repair: "取消周三的上门".
        let stays = self.fix_confirmed(words).is_some() || self.wants_time_back(words) || self.calls_visit_off(words);
        if !self.is_idle() || !self.withdraws(words) || stays {
            return false;
        }
        let Some(ticket) = self.ticket_meant(words).or_else(|| self.fix_asked(true)) else {
            let names = words.understood.category.is_some() && !self.ctx.tickets.is_empty();
            if names {
                // Of a trade of which nothing is open: staff sees which was meant.
                self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Conversation });
                self.status();
            }
            return names;
        };
        self.tell_ticket(ticket, words);
        self.give_visit_up(ticket);
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(ticket) });
        self.say(Say::new("report.withdrawn").arg("ticket", Arg::TicketNumber(ticket)));
        true
    }

    /// Whether words say that nobody need come any more. A time or a place that is named, a question, and a fault that
    /// stands say something else: "今天不用来了，明天下午来吧".
    pub(super) fn withdraws(&self, words: &Words) -> bool {
        let said = &words.understood;
        let told = clauses(&words.text);
        let wanted = told.iter().any(|clause| wants_visit(clause));
        let asked = asks(&words.text) && !told.iter().any(|clause| self.asks_for_it(clause));
        if wanted || asked || said.wished_time.is_some() || self.persists(words) {
            return false;
        }
        let over = &self.ctx.script.repair.over;
        let fresh = self.recent_ticket().is_some() || !self.state.meetings.is_empty();
        let is_over = |clause: &str| over.contains(clause) && (fresh || !OF_THE_MOMENT.contains(&clause));
        let withdrawn = |clause: &String| {
            let alone = ALONE.contains(&clause.trim_end_matches(SOFT));
            alone || self.calls_off(clause) || said.location.is_none() && is_over(clause)
        };
        self.is_over_behind(words)
            || told.iter().any(withdrawn)
                && !fault_stands(words, |clause| over.contains(clause) || self.calls_off(clause))
    }

    /// Whether a fault of the trade and place of an open ticket is named, and then said to be over by itself: "卫生间漏水，
    /// 昨天自己好了". "昨天那个灯自己好了" is another one, and what was shut off is not over.
    fn is_over_behind(&self, words: &Words) -> bool {
        let said = &words.understood;
        let mut told = clauses(&words.text);
        told.retain(|clause| self.ctx.script.courtesy(clause).is_none());
        let [fault, over] = told.as_slice() else { return false };
        let itself = over.strip_suffix("好了").and_then(|rest| rest.strip_suffix("自己"));
        let itself = itself.or_else(|| over.strip_suffix("fixed itself"));
        let by_itself = itself.is_some_and(|before| BEFORE_IT.contains(&before.trim_end()));
        let named = symptom_of(words).is_some_and(|symptom| fault.contains(symptom.as_str()));
        let stopped = holds(fault, &STOPGAPS);
        let is_of = |open: &OpenTicket| {
            let same = said.category.zip(open.category).is_some_and(|(now, then)| trade(now.name()) == trade(then));
            same && open.status != Status::Rectified.name() && open.may_be_in(said.location.as_deref())
        };
        by_itself && named && !stopped && self.ctx.tickets.iter().any(is_of)
    }

    /// Keeps words with the ticket that speak against calling it off: "别取消上门", "我没说取消上门". Who is tired of waiting
    /// besides is heard as that. `false` if they do not, or complain as well, which is filed.
    pub(super) fn keep_visit(&mut self, words: &Words) -> bool {
        let known = &self.ctx.script.repair.withdrawn;
        let told = clauses(&words.text);
        let forbidden = |clause: &String| {
            let mut phrases = known.iter().map(String::as_str).chain(CALLS_OFF);
            phrases.any(|phrase| clause.split_once(phrase).is_some_and(|(before, _)| self.speaks_against(before)))
        };
        let named = told.iter().any(|clause| FixWords::any(known, clause));
        let wanted = named && told.iter().any(|clause| wants_visit(clause));
        let against = (wanted || told.iter().any(forbidden)) && !asks(&words.text);
        let Some(ticket) = self.ticket_meant(words).filter(|_| against) else { return false };
        if blames_more(words) {
            self.tell_ticket(ticket, words);
            return false;
        }
        if self.waits(words) {
            self.hear_impatience(words);
        } else {
            self.add_to_ticket(ticket, words, Vec::new());
        }
        true
    }

    /// Whether what stands before the word for it says that a visit is not to be called off. "怎么还没取消" asks for it.
    fn speaks_against(&self, before: &str) -> bool {
        let misses = holds(before, &MISSES_IT);
        forbids(before) && !misses && !FixWords::any(&self.ctx.script.repair.doubted, before)
    }

    /// Whether a clause calls a visit off. Who forbids it, asks why, or says what others said does not: "别取消上门",
    /// "师傅说不用修了".
    pub(super) fn calls_off(&self, clause: &str) -> bool {
        let known = &self.ctx.script.repair;
        let counts = |phrase: &String| {
            clause.split_once(phrase.as_str()).is_some_and(|(before, rest)| {
                // The next words behind a space are a clause of their own: "不用修了 我自己弄好了".
                let next = rest.split(' ').next().unwrap_or_default();
                let bound = NO_NEED.iter().any(|begins| phrase.starts_with(begins));
                let ends = !bound || next.trim_matches(TAIL).is_empty() || known.over.contains(next);
                let goes_on = rest.trim_start();
                let else_meant = ANOTHER_HOUR.iter().chain(&ITS_VISIT).any(|word| goes_on.starts_with(word));
                let others = || DONE_BY.iter().any(|who| before.ends_with(who)) && !holds(before, &ASKED_TO);
                let by_others = phrase.starts_with(TAKES) && others();
                ends && !else_meant && !by_others && !is_condition(before) && self.is_meant(before)
            })
        };
        known.withdrawn.iter().any(counts)
    }

    /// Whether a clause asks that a report be called off, and nothing else.
    fn asks_for_it(&self, clause: &str) -> bool {
        let polite = |phrase: &String| {
            clause.split_once(phrase.as_str()).is_some_and(|(before, rest)| {
                let rest = rest.trim().trim_end_matches(['吗', '呢', '么']).trim_end_matches(SOFT);
                let before = before.trim_end();
                let politely = !before.is_empty() && before.trim_matches(POLITE).is_empty();
                (politely || POLITELY.contains(&before)) && POLITE_END.contains(&rest)
            })
        };
        let known = self.ctx.script.repair.withdrawn.iter();
        known.filter(|phrase| CALLS_OFF.iter().any(|word| phrase.contains(word))).any(polite)
    }

    /// Whether what stands before words that call something off leaves them as they are: nobody forbids it, wonders, or
    /// tells what others said.
    pub(super) fn is_meant(&self, before: &str) -> bool {
        let known = &self.ctx.script.repair;
        let own = OWN_WORDS.iter().any(|beginning| before.starts_with(beginning));
        let cited = !own && FixWords::any(&known.hearsay, before);
        !cited && !forbids(before) && !FixWords::any(&known.doubted, before)
    }

    /// Whether somebody is tired of waiting: "三天了还没人来", "催一下". A fault that nobody knows of is a report.
    pub(super) fn is_impatient(&self, words: &Words) -> bool {
        let said = &words.understood;
        // "It's working again now" is good news, however it sounds.
        let cross = said.affirmed != Some(true) && (said.names_bad() || said.is_surely_negative());
        let tired = self.waits(words) || cross;
        let about_it = match said.intent {
            Intent::ProgressQuery => !self.is_first_report(said),
            // "我报修三天了还没人来" names nothing that could be mended.
            Intent::RepairReport => {
                let names = said.category.is_some() || said.component.is_some() || said.location.is_some();
                !names && (symptom_of(words).is_none() || self.ticket_meant(words).is_some())
            }
            _ => false,
        };
        about_it && tired || presses(words) && self.ticket_meant(words).is_some()
    }

    /// Hears that there is no hurry, which changes nothing: what was asked last still stands. Who only asks besides is told
    /// how far it is: "不是催你们，就是问问". `false` if the words do not say so, or say more.
    pub(super) fn hear_patience(&mut self, words: &Words) -> bool {
        let mut told = clauses(&words.text);
        told.retain(|clause| self.ctx.script.courtesy(clause).is_none());
        let (patient, more): (Vec<String>, Vec<String>) = told.into_iter().partition(|clause| self.is_patient(clause));
        let only_asks = more.iter().all(|clause| holds(clause, &ONLY_ASKS));
        let names =
            symptom_of(words).is_some() || words.understood.names_bad() || blames_more(words) || self.waits(words);
        if patient.is_empty() || asks(&words.text) || !only_asks || names && !more.is_empty() {
            return false;
        }
        if more.is_empty() {
            self.in_passing(Say::new("you_are_welcome"));
        } else {
            self.status();
        }
        true
    }

    /// Has staff told that somebody is tired of waiting, and says how far it is.
    pub(super) fn hear_impatience(&mut self, words: &Words) {
        let said = &words.understood;
        let Some(ticket) = self.ticket_meant(words) else {
            self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Conversation });
            if self.ctx.tickets.is_empty() {
                let nothing = vec![Say::new("status.none"), Say::new("status.passed_on")];
                return self.say(menu(Say::lines(nothing)));
            }
            return self.status();
        };
        let cross = said.names_bad() || said.is_surely_negative();
        let kind = if cross { FlagKind::NegativeFeedback } else { FlagKind::PersonRequested };
        self.tell_ticket(ticket, words);
        self.effect(Effect::Raise { kind, about: About::Ticket(ticket) });
        self.say(Say::new("status.urged").arg("ticket", Arg::TicketNumber(ticket)));
        self.status();
    }

    /// Returns the ticket that is meant by words that name none: of the trade they tell of, filed a moment ago, visited
    /// next, or the newest. One of another trade is not meant, nor one that is said to be mended, nor, while there is
    /// something to mend, a complaint, to which nobody comes.
    pub(super) fn ticket_meant(&self, words: &Words) -> Option<TicketId> {
        let named = words.understood.category.filter(|category| *category != Category::Other);
        let named = named.map(|category| trade(category.name()));
        let may_be = |ticket: &&OpenTicket| {
            let of = ticket.category.filter(|category| *category != Category::Other.name()).map(trade);
            let same_place = ticket.may_be_in(words.understood.location.as_deref());
            let same_trade = named.zip(of).is_none_or(|(now, then)| now == then);
            ticket.status != Status::Rectified.name() && same_trade && same_place
        };
        let mends = self.ctx.tickets.iter().any(OpenTicket::is_to_mend);
        let open = || self.ctx.tickets.iter().filter(may_be).filter(move |ticket| !mends || ticket.is_to_mend());
        let still_open = |id: TicketId| open().any(|ticket| ticket.id == id).then_some(id);
        let of_trade = open().find(|ticket| named.is_some() && ticket.category.map(trade) == named);
        let recent = self.recent_ticket().and_then(|recent| still_open(recent.ticket));
        let visited = || self.state.meetings.iter().rev().find_map(|meeting| still_open(meeting.ticket));
        let newest = || open().next().map(|ticket| ticket.id);
        of_trade.map(|ticket| ticket.id).or(recent).or_else(visited).or_else(newest)
    }

    /// Whether words say that somebody is tired of waiting, or ask for haste. "我没催" and "I'm not in a hurry" do not.
    fn waits(&self, words: &Words) -> bool {
        let is_tired = |clause: &String| urges(clause) || holds(clause, &TIRED);
        clauses(&words.text).iter().filter(|clause| !self.is_patient(clause)).any(is_tired)
    }

    /// Whether a clause says no more than that there is no hurry.
    fn is_patient(&self, clause: &str) -> bool {
        let whole = clause.trim_end_matches(SOFT).trim_start_matches(['我', '们', '也', '都', '真', '的']);
        let calm =
            |end: &String| whole.strip_suffix(end.as_str()).is_some_and(|begin| NO_HURRY_BEGINS.contains(&begin));
        self.ctx.script.repair.calm.iter().any(calm) || NO_URGING.contains(&whole.trim_end_matches(['你', '您', '们']))
    }
}

/// Whether words complain of more than the wait, or call it a complaint themselves.
pub(super) fn blames_more(words: &Words) -> bool {
    let text = normalised(&words.text);
    calls_it_complaint(words) || holds(&text, &NOT_THE_WAIT)
}

/// Whether what stands before words for it makes a condition of it.
fn is_condition(before: &str) -> bool {
    before.ends_with(THEN) && !PLAIN_THEN.contains(&before)
}

/// Whether a clause says that somebody is to come: "其实要来的", not "不要来了".
fn wants_visit(clause: &str) -> bool {
    let whole = clause.trim_end_matches(SOFT);
    let wanted = |end: &&str| whole.strip_suffix(*end).is_some_and(|before| !forbids(before));
    WANTED.iter().any(wanted)
}

/// Whether what stands before the word for it says that a visit is not to be called off, or was not.
pub(super) fn forbids(before: &str) -> bool {
    let before = before.replace("want to", "");
    let near = before.trim_end().trim_end_matches(LEADS_ON);
    let proposes = PROPOSES.iter().any(|word| before.ends_with(word));
    !proposes && (is_denied(near) || near.ends_with(['别', '勿']))
}
