//! A ticket that its owner gives up, or is tired of waiting for: staff is told, since somebody may be on the way.
//! What is not filed yet is given up in [`super::summary`].

use super::additions::{presses, trade, urges};
use super::clause::{asks, clauses, fault_stands, is_denied, symptom_of};
use super::effect::{About, Effect};
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
/// What begins words that call a visit off only at a clause's end: "不用派人了", not "不用派上次那个师傅了".
const NO_NEED: &str = "不用";
/// What may follow them there.
const TAIL: [char; 17] =
    ['了', '啦', '吧', '哦', '啊', '呀', '的', '人', '来', '过', '上', '门', '师', '傅', '修', '看', '谢'];
/// What may stand between a no and the word for it: "我不想让你们取消上门".
const LEADS_ON: [char; 13] = ['是', '要', '想', '会', '能', '再', '先', '给', '我', '们', '你', '让', '把'];
/// What holds a no and asks for it: "能不能取消上门".
const PROPOSES: [&str; 3] = ["能不能", "要不要", "要不"];
/// How a clause begins in which others are told, not cited: "跟师傅说不用来了".
const OWN_WORDS: [&str; 5] = ["我", "跟", "帮", "请", "i "];

impl Turn<'_> {
    /// Has staff told that nobody need come any more: what was filed is called off by them. `false` if the words do
    /// not say so.
    pub(super) fn call_off(&mut self, words: &Words) -> bool {
        // To the question whether it is fixed it is a yes.
        if !self.is_idle() || !self.withdraws(words) || self.fix_confirmed(words).is_some() {
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
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(ticket) });
        self.say(Say::new("report.withdrawn").arg("ticket", Arg::TicketNumber(ticket)));
        true
    }

    /// Whether words say that nobody need come any more. A time or a place that is named, a question, and a fault that
    /// stands say something else: "今天不用来了，明天下午来吧".
    pub(super) fn withdraws(&self, words: &Words) -> bool {
        let said = &words.understood;
        if asks(&words.text) || said.wished_time.is_some() || self.persists(words) {
            return false;
        }
        let over = &self.ctx.script.repair.over;
        let fresh = self.recent_ticket().is_some() || !self.state.meetings.is_empty();
        let is_over = |clause: &str| over.contains(clause) && (fresh || !OF_THE_MOMENT.contains(&clause));
        let withdrawn = |clause: &String| self.calls_off(clause) || said.location.is_none() && is_over(clause);
        clauses(&words.text).iter().any(withdrawn)
            && !fault_stands(words, |clause| over.contains(clause) || self.calls_off(clause))
    }

    /// Whether a clause calls a visit off. Who forbids it, asks why, or says what others said does not: "别取消上门",
    /// "师傅说不用修了".
    pub(super) fn calls_off(&self, clause: &str) -> bool {
        let known = &self.ctx.script.repair;
        let counts = |phrase: &String| {
            clause.split_once(phrase.as_str()).is_some_and(|(before, rest)| {
                let own = OWN_WORDS.iter().any(|beginning| before.starts_with(beginning));
                let cited = !own && FixWords::any(&known.hearsay, before);
                // The next words behind a space are a clause of their own: "不用修了 我自己弄好了".
                let rest = rest.split(' ').next().unwrap_or_default();
                let ends =
                    !phrase.starts_with(NO_NEED) || rest.trim_matches(TAIL).is_empty() || known.over.contains(rest);
                ends && !cited && !forbids(before) && !FixWords::any(&known.doubted, before)
            })
        };
        known.withdrawn.iter().any(counts)
    }

    /// Whether somebody is tired of waiting: "三天了还没人来", "催一下". A fault that nobody knows of is a report.
    pub(super) fn is_impatient(&self, words: &Words) -> bool {
        let said = &words.understood;
        let text = normalised(&words.text);
        let waits = urges(&words.text) || TIRED.iter().any(|word| text.contains(word));
        let tired = waits || said.names_bad() || said.is_surely_negative();
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
    /// next, or the newest. One of another trade is not meant, and one that is said to be mended waits for nobody.
    fn ticket_meant(&self, words: &Words) -> Option<TicketId> {
        let named = words.understood.category.filter(|category| *category != Category::Other);
        let named = named.map(|category| trade(category.name()));
        let may_be = |ticket: &&OpenTicket| {
            let of = ticket.category.filter(|category| *category != Category::Other.name()).map(trade);
            let same_place = ticket.may_be_in(words.understood.location.as_deref());
            let same_trade = named.zip(of).is_none_or(|(now, then)| now == then);
            ticket.status != Status::Rectified.name() && same_trade && same_place
        };
        let open = || self.ctx.tickets.iter().filter(may_be);
        let still_open = |id: TicketId| open().any(|ticket| ticket.id == id).then_some(id);
        let of_trade = open().find(|ticket| named.is_some() && ticket.category.map(trade) == named);
        let recent = self.recent_ticket().and_then(|recent| still_open(recent.ticket));
        let visited = || self.state.meetings.iter().rev().find_map(|meeting| still_open(meeting.ticket));
        let newest = || open().next().map(|ticket| ticket.id);
        of_trade.map(|ticket| ticket.id).or(recent).or_else(visited).or_else(newest)
    }
}

/// Whether what stands before the word for it says that a visit is not to be called off, or was not.
fn forbids(before: &str) -> bool {
    let before = before.replace("want to", "");
    let near = before.trim_end().trim_end_matches(LEADS_ON);
    let proposes = PROPOSES.iter().any(|word| before.ends_with(word));
    !proposes && (is_denied(near) || near.ends_with(['别', '勿']))
}
