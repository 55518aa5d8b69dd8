//! A ticket that its owner gives up, or is tired of waiting for: staff is told, since somebody may be on the way.
//! What is not filed yet is given up in [`super::summary`].

use super::additions::presses;
use super::danger::BREAKS;
use super::effect::{About, Effect};
use super::say::{Arg, Say};
use super::talk::menu;
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::TicketId;
use crate::domain::script::normalised;
use crate::domain::ticket::Status;
use crate::domain::understanding::{Category, Intent};

/// What takes back a report only right after it, or before a visit; at other times it ends the talk.
const OF_THE_MOMENT: [&str; 3] = ["没事了", "搞错了", "发错了"];
/// What says that the fault is there all the same.
const STILL: [&str; 5] = ["还在", "还是", "又", "still", "again"];
/// Who asks how far it is and says this is tired of waiting.
const TIRED: [&str; 8] = ["催", "加急", "怎么还", "这么慢", "没人来", "没人管", "太慢", "why is it taking"];

impl Turn<'_> {
    /// Has staff told that nobody need come any more: what was filed is called off by them. `false` if the words do
    /// not say so.
    pub(super) fn call_off(&mut self, words: &Words) -> bool {
        // To the question whether it is fixed it is a yes.
        if !self.is_idle() || !self.withdraws(words) || self.fix_confirmed(words).is_some() {
            return false;
        }
        let Some(ticket) = self.ticket_meant(words) else { return false };
        self.tell_ticket(ticket, words);
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Ticket(ticket) });
        self.say(Say::new("report.withdrawn").arg("ticket", Arg::TicketNumber(ticket)));
        true
    }

    /// Whether words say that nobody need come any more. A time or a place that is named, a question, and a fault that
    /// stands say something else: "今天不用来了，明天下午来吧".
    pub(super) fn withdraws(&self, words: &Words) -> bool {
        let said = &words.understood;
        let text = normalised(&words.text);
        let stands = said.symptom.is_some() && STILL.iter().any(|part| text.contains(part));
        let asks = words.text.trim_end().ends_with(['?', '？', '吗', '呢']);
        if asks || stands || said.wished_time.is_some() {
            return false;
        }
        let fresh = self.recent_ticket().is_some() || !self.state.meetings.is_empty();
        let is_over = |clause: &str| {
            let clause = normalised(clause);
            self.ctx.script.repair.over.contains(&clause) && (fresh || !OF_THE_MOMENT.contains(&clause.as_str()))
        };
        let names = self.ctx.script.repair.withdrawn.iter().any(|words| text.contains(words.as_str()));
        names || said.location.is_none() && text.split(BREAKS).any(is_over)
    }

    /// Whether somebody is tired of waiting: "三天了还没人来", "催一下". A fault that nobody knows of is a report.
    pub(super) fn is_impatient(&self, words: &Words) -> bool {
        let said = &words.understood;
        let text = normalised(&words.text);
        let tired = TIRED.iter().any(|word| text.contains(word)) || said.names_bad() || said.is_surely_negative();
        let asks = match said.intent {
            Intent::ProgressQuery => !self.is_first_report(said),
            // "我报修三天了还没人来" names nothing that could be mended.
            Intent::RepairReport => said.category.is_none() && said.component.is_none() && said.location.is_none(),
            _ => false,
        };
        asks && tired || presses(words) && self.ticket_meant(words).is_some()
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
    /// next, or the newest. One that is said to be mended waits for nobody.
    fn ticket_meant(&self, words: &Words) -> Option<TicketId> {
        let open = || self.ctx.tickets.iter().filter(|ticket| ticket.status != Status::Rectified.name());
        let still_open = |id: TicketId| open().any(|ticket| ticket.id == id).then_some(id);
        let category = words.understood.category.map(Category::name);
        let of_trade = open().find(|ticket| category.is_some() && ticket.category == category);
        let recent = self.recent_ticket().and_then(|recent| still_open(recent.ticket));
        let visited = || self.state.meetings.iter().rev().find_map(|meeting| still_open(meeting.ticket));
        let newest = || open().next().map(|ticket| ticket.id);
        of_trade.map(|ticket| ticket.id).or(recent).or_else(visited).or_else(newest)
    }
}
