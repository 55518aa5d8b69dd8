//! What the client confirms or denies: a fix that staff claims, a visit that staff wrote down.

mod heard;

use self::heard::{BUT, has_any, is_told_as_broken, says_no, tells_of_end};
use super::additions::{is_not_another, trade};
use super::clause::{DRIPS, clauses, drips_no_more, fault_stands, symptom_of};
use super::danger::BREAKS;
use super::effect::{About, Effect};
use super::reading::is_complaint;
use super::repair::ADDITIONS_WINDOW;
use super::say::{Arg, Say};
use super::state::{Activity, DoneFix};
use super::withdrawal::blames_more;
use super::{OpenTicket, Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{MediaId, TicketId, VisitId};
use crate::domain::script::{FixWords, normalised};
use crate::domain::ticket::Status;
use crate::domain::understanding::{Category, Hazard, Intent, Sentiment, Understanding, Urgency, differ};

/// So long, in bytes, are at most words that tell of no more than that a fix did not hold: ten Chinese characters,
/// five English words.
const LONGEST_DENIAL: usize = 30;
/// A verdict of at most so many bytes says nothing besides: five Chinese characters, three English words.
const LONGEST_VERDICT: usize = 15;
/// Questions of which a yes may be meant for them, and not for a fix asked about before.
const OTHERS: [&str; 4] = ["appt:", "visit:", "danger:", "forget:"];

impl Turn<'_> {
    /// Staff says the fault is rectified.
    pub(super) fn fix_claimed(&mut self, ticket: TicketId, number: &str) {
        self.state.fix_to_confirm = Some(ticket);
        let ask = Say::new("fix.ask").text("ticket", number).with_progress(ticket);
        self.say(ask.choice(format!("fix:{ticket}:yes"), "fix.yes").choice(format!("fix:{ticket}:no"), "fix.no"));
    }

    /// The owner has not said whether it is fixed.
    pub(super) fn fix_reminded(&mut self, ticket: TicketId, number: &str, days: u32) {
        self.state.fix_to_confirm = Some(ticket);
        let ask = Say::new("fix.remind").text("ticket", number).text("days", days.to_string());
        self.beside(ask.choice(format!("fix:{ticket}:yes"), "fix.yes").choice(format!("fix:{ticket}:no"), "fix.no"));
    }

    /// Asks once more after words that tell of the fault and not whether it is mended, if staff says that it is. Staff
    /// hears of what sounds displeased.
    pub(super) fn ask_fix_again(&mut self, ticket: TicketId, words: &Words) {
        if self.state.fix_to_confirm != Some(ticket) {
            return;
        }
        let said = &words.understood;
        let bad = said.names_bad() || said.sentiment == Sentiment::Negative;
        if bad && !tells_of_end(words) {
            self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Ticket(ticket) });
        }
        self.fix_ask(ticket);
    }

    /// Staff wrote down a visit: the client is shown what, and says whether it is right.
    pub(super) fn visit_recorded(&mut self, visit: VisitId, shown: Say) {
        let ask = shown.choice(format!("visit:{visit}:yes"), "visit.record.right");
        let ask = ask.choice(format!("visit:{visit}:no"), "visit.record.wrong");
        self.beside(ask);
    }

    /// The client says whether it was so.
    pub(super) fn visit_verdict(&mut self, visit: VisitId, right: bool) {
        self.effect(Effect::ConfirmVisit { visit, right });
        if right {
            self.aside(Say::new("visit.record.confirmed"));
        } else {
            self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Conversation });
            self.aside(Say::new("visit.record.denied"));
        }
    }

    /// The owner decides.
    pub(super) fn fix_verdict(&mut self, ticket: TicketId, fixed: bool) {
        if fixed && self.is_unfixed(ticket) {
            // The button of an earlier fix: noted, and staff hears of it, but nothing is done by it.
            self.effect(Effect::ConfirmFix { ticket });
            self.tell_staff_of_more();
            return self.beside(Say::new("choice_gone"));
        }
        self.state.fix_to_confirm = None;
        self.state.fix_done = self.done_fix(ticket).filter(|_| fixed);
        let number = Arg::TicketNumber(ticket);
        if fixed {
            self.state.meetings.retain(|meeting| meeting.ticket != ticket);
            self.effect(Effect::ConfirmFix { ticket });
            self.say(if self.shares(ticket) {
                Say::new("fix.verified_shared").arg("ticket", number)
            } else {
                Say::new("fix.verified").arg("ticket", number).with_progress(ticket)
            });
        } else {
            self.effect(Effect::RejectFix { ticket });
            self.effect(Effect::Raise { kind: FlagKind::FixRejected, about: About::Ticket(ticket) });
            self.say(Say::new("fix.reopened").arg("ticket", number));
        }
    }

    /// Words about the fix that waits for its verdict, asked about last or before. `false` if they say nothing of it.
    pub(super) fn fix_words(&mut self, words: &Words) -> bool {
        let no = says_no(words);
        if let Some((ticket, other)) = self.fault_besides(words) {
            self.fix_verdict(ticket, true);
            self.begin_report(Some(&other));
        } else if let Some(ticket) = self.fix_asked(false).filter(|asked| no && self.may_be_denied(*asked, words)) {
            self.answer_fix(ticket, words, false);
        } else if let Some(ticket) = self.fix_denied_later(words) {
            self.deny_fix(ticket, words, Vec::new());
        } else if let Some(ticket) = self.fix_asked(true).filter(|_| self.wavers(words)) {
            self.leave_time(ticket, words);
        } else if let Some(ticket) = self.fix_confirmed(words) {
            self.answer_fix(ticket, words, true);
        } else if let Some(ticket) = self.fix_taken_back(words) {
            self.answer_fix(ticket, words, false);
        } else if let Some(ticket) = self.fix_asked(false).filter(|_| self.complains_of_fix(words)) {
            self.add_to_ticket(ticket, words, Vec::new());
            self.ask_fix_again(ticket, words);
        } else {
            return false;
        }
        true
    }

    /// Whether a no may be about a fix: it names no other place or trade, or stands alone before what does.
    fn may_be_denied(&self, ticket: TicketId, words: &Words) -> bool {
        let said = &words.understood;
        let is_of_it = |open: &OpenTicket| may_be_of_trade(open, said) && open.may_be_in(said.location.as_deref());
        let told = clauses(&words.text);
        let leads = told.len() > 1 && told.first().is_some_and(|first| first.len() <= LONGEST_VERDICT);
        leads || self.ctx.tickets.iter().find(|open| open.id == ticket).is_none_or(is_of_it)
    }

    /// Returns what a fix that is called done was about.
    fn done_fix(&self, ticket: TicketId) -> Option<DoneFix> {
        let open = self.ctx.tickets.iter().find(|open| open.id == ticket)?;
        let (category, location) = (open.category.map(str::to_owned), open.location.clone());
        Some(DoneFix { ticket, category, location, until: self.ctx.now + ADDITIONS_WINDOW })
    }

    /// Returns the ticket whose fix was called done a moment ago, if words take that back: "点错了", "不对，还在漏". What
    /// is said of another place or trade does not, nor does a thing that "doesn't work" and is no part of a home.
    fn fix_taken_back(&self, words: &Words) -> Option<TicketId> {
        let done = self.fix_just_done()?;
        let said = &words.understood;
        let trades = said.category.map(Category::name).zip(done.category.as_deref());
        let same_trade = trades.is_none_or(|(now, then)| trade(now) == trade(then));
        let same = same_trade && !differ(said.location.as_deref(), done.location.as_deref());
        let fails = |symptom: String| self.ctx.script.repair.fix.fails.contains(&symptom);
        let only_fails = said.category.is_none() && symptom_of(words).is_some_and(fails);
        let taken_back = self.takes_verdict_back(words) || !only_fails && self.denies_fix(words);
        (same && taken_back).then_some(done.ticket)
    }

    /// Returns the fix that was called done a moment ago.
    fn fix_just_done(&self) -> Option<&DoneFix> {
        self.state.fix_done.as_ref().filter(|done| self.ctx.now <= done.until && self.is_idle())
    }

    /// Whether there is something that may be taken back in a word: a fix that was called done a moment ago, or a time
    /// that was given back.
    pub(super) fn may_take_back(&self) -> bool {
        let given_back = self.state.wished.as_ref().filter(|wished| wished.given_back.is_some());
        self.fix_just_done().is_some() || given_back.is_some_and(|wished| self.ctx.now <= wished.until)
    }

    /// Whether somebody who was asked whether it is fixed is displeased, with what was done and not with somebody.
    fn complains_of_fix(&self, words: &Words) -> bool {
        let known = |open: &&OpenTicket| self.fix_asked(false) == Some(open.id);
        let about_it = self.ctx.tickets.iter().find(known).is_some_and(|open| is_not_another(open, &words.understood));
        about_it && self.is_idle() && is_complaint(words) && !blames_more(words)
    }

    /// Takes a verdict in words. What they say besides stays with the ticket, and staff hears of it if it is bad:
    /// "修是修好了，但是把墙弄脏了".
    fn answer_fix(&mut self, ticket: TicketId, words: &Words, fixed: bool) {
        if self.says_more(words) {
            self.tell_ticket(ticket, words);
        }
        self.fix_verdict(ticket, fixed);
        if fixed && self.blames_besides(words) {
            self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Ticket(ticket) });
            self.say(Say::new("fix.noted"));
        }
    }

    /// Returns the ticket whose fix words confirm that was asked about last, and what they tell behind that of another
    /// fault, in another place or of another trade: "好了，但是马桶堵了".
    fn fault_besides(&self, words: &Words) -> Option<(TicketId, Words)> {
        let said = &words.understood;
        let ticket = self.fix_asked(true).filter(|_| said.affirmed == Some(true))?;
        let open = self.ctx.tickets.iter().find(|open| open.id == ticket)?;
        let other_trade = said.category.zip(open.category).is_some_and(|(now, then)| now.name() != then);
        let other = other_trade || !open.may_be_in(said.location.as_deref());
        let calm = said.urgency != Urgency::Emergency && self.is_idle();
        let mended = |clause: &str| FixWords::any(&self.ctx.script.repair.fix.mended, clause);
        let (_, behind) = words.text.split_once(BREAKS)?;
        let text = self.behind_lead(without_but(behind));
        let told = match symptom_of(words) {
            Some(symptom) => {
                let stands = fault_stands(words, mended) && !drips_no_more(&words.text);
                let told = clauses(text);
                let along = |at: usize| told.iter().skip(at + 1).any(|later| self.is_mended_along(later));
                let broken = |(at, clause): (usize, &String)| is_told_as_broken(clause, Some(&symptom)) && !along(at);
                let named = told.iter().enumerate().any(broken);
                stands && named && (said.component.is_some() || said.location.is_some())
            }
            // "Also the hallway light is out": what is wrong with it may be said in words we do not know.
            None => {
                let led = |clause: &str| self.leads_on(clause) && is_told_as_broken(&normalised(clause), None);
                behind.split(BREAKS).any(led) && said.component.is_some() && said.location.is_some()
            }
        };
        (other && calm && told).then(|| {
            let symptom = said.symptom.clone().or_else(|| Some(text.to_owned()));
            let understood = Understanding { symptom, affirmed: None, ..said.clone() };
            (ticket, Words { text: text.to_owned(), understood, ..words.clone() })
        })
    }

    /// Whether a clause begins with what leads on to another matter. "也" may as well tell what was mended besides.
    fn leads_on(&self, clause: &str) -> bool {
        let clause = clause.trim_start_matches(|c: char| !c.is_alphanumeric());
        !clause.starts_with('也') && self.behind_lead(clause).len() < clause.len()
    }

    /// Whether a verdict says more than itself, and that is bad.
    fn blames_besides(&self, words: &Words) -> bool {
        let said = &words.understood;
        // "不漏了，但是水压变小了" names nothing bad.
        let bad = said.names_bad() || said.sentiment != Sentiment::Positive && has_any(&words.text, &BUT);
        bad && self.says_more(words)
    }

    /// Asks once more whether a fix holds that an edited message calls done: it may have been sent before that was asked.
    /// What it says besides is kept, and staff hears of it if it is bad. Returns whether it does.
    pub(super) fn asks_fix_anew(&mut self, words: &Words) -> bool {
        let said = &words.understood;
        let other = said.urgency == Urgency::Emergency || said.danger_unsure || said.intent == Intent::HumanAgent;
        let denied = self.fix_denied_later(words).is_some();
        if other || denied || self.state.handed_over() || self.state.asks_yes_or_no() {
            return false;
        }
        let asked = self.fix_asked(true).filter(|_| self.agreement(words) == Some(true));
        let told = || self.fix_confirmed(words).filter(|_| self.is_idle());
        let Some(ticket) = asked.or_else(told) else { return false };
        if self.says_more(words) {
            self.tell_ticket(ticket, words);
        }
        if self.blames_besides(words) {
            self.effect(Effect::Raise { kind: FlagKind::NegativeFeedback, about: About::Ticket(ticket) });
        }
        self.fix_ask(ticket);
        true
    }

    pub(super) fn fix_ask(&mut self, ticket: TicketId) {
        let ask = Say::new("fix.ask").arg("ticket", Arg::TicketNumber(ticket));
        self.beside(ask.choice(format!("fix:{ticket}:yes"), "fix.yes").choice(format!("fix:{ticket}:no"), "fix.no"));
    }

    /// Lets somebody who is not sure yet take their time: the question stands.
    fn leave_time(&mut self, ticket: TicketId, words: &Words) {
        self.tell_ticket(ticket, words);
        let say = Say::new("fix.no_hurry").arg("ticket", Arg::TicketNumber(ticket));
        self.say(say.choice(format!("fix:{ticket}:yes"), "fix.yes").choice(format!("fix:{ticket}:no"), "fix.no"));
    }

    /// Adds words to a ticket, unless they were added with the photos that they came with.
    pub(super) fn tell_ticket(&mut self, ticket: TicketId, words: &Words) {
        let says =
            |effect: &Effect| matches!(effect, Effect::AddToTicket { text: Some(said), .. } if *said == words.text);
        if !self.effects.iter().any(says) {
            let (text, media) = (Some(words.text.clone()), words.media.into_iter().collect());
            self.effect(Effect::AddToTicket { ticket, text, media, location: None });
        }
    }

    /// Whether a verdict says more than yes or no, and thanks.
    fn says_more(&self, words: &Words) -> bool {
        let told = words.text.split(BREAKS).filter(|clause| self.ctx.script.courtesy(clause).is_none());
        told.map(|clause| normalised(clause).len()).sum::<usize>() > LONGEST_VERDICT
    }

    /// Returns the ticket whose fix words confirm: asked about last, or before and nothing else is meant.
    pub(super) fn fix_confirmed(&self, words: &Words) -> Option<TicketId> {
        let said = &words.understood;
        let yes = said.affirmed == Some(true);
        if let Some(asked) = self.fix_asked(true) {
            return (yes || self.says_mended(words) || self.praises_what_was_tried(words)).then_some(asked);
        }
        let waits = self.state.fix_to_confirm?;
        let of_another = self.recent_ticket().is_some_and(|recent| recent.ticket != waits)
            || OTHERS.iter().any(|question| self.state.offers(question))
            || self.is_announced();
        let names = said.location.is_some() || said.component.is_some() || said.intent == Intent::ProgressQuery;
        let mended = FixWords::any(&self.ctx.script.repair.fix.mended, &words.text);
        (yes && mended && !names && !of_another && !self.wavers(words)).then_some(waits)
    }

    /// Returns the ticket whose fix was asked about last, if a yes or a no to it still counts.
    pub(super) fn fix_asked(&self, fixed: bool) -> Option<TicketId> {
        self.state.fix_button(fixed)?.split(':').nth(1)?.parse().ok()
    }

    /// Returns the ticket whose fix, asked about last, is denied by words that sound like danger: "还在漏" tells of the
    /// fault of before. Who says much more, or names what may cost a life, is in danger as ever.
    pub(super) fn fix_denied_in_alarm(&self, words: &Words) -> Option<TicketId> {
        let said = &words.understood;
        let sounds = said.urgency == Urgency::Emergency && matches!(said.hazard, None | Some(Hazard::Flood));
        let no_more = words.text.trim().len() <= LONGEST_DENIAL && has_any(&words.text, &DRIPS);
        let denies = says_no(words) || self.denies_fix(words);
        self.fix_asked(false).filter(|_| self.is_idle() && sounds && no_more && denies)
    }

    /// Returns the ticket whose fix is denied after other things were said: it waits for its verdict still. A fault
    /// of another place or trade is another one.
    pub(super) fn fix_denied_later(&self, words: &Words) -> Option<TicketId> {
        let waits = self.state.fix_to_confirm?;
        let open = self.ctx.tickets.iter().find(|open| open.id == waits)?;
        let said = &words.understood;
        let same_trade = may_be_of_trade(open, said);
        // "师傅还没来" may be said of another one.
        let only = said.category.is_some() || self.ctx.tickets.len() == 1;
        let about_it = said.affirmed == Some(false) || self.fix_asked(false) == Some(waits) || same_trade && only;
        (open.may_be_in(said.location.as_deref()) && about_it && self.denies_fix(words)).then_some(waits)
    }

    /// The same for words below photos.
    pub(super) fn fix_denied_below(&self, words: &Words) -> Option<TicketId> {
        let calm = self.is_idle() && words.understood.urgency != Urgency::Emergency;
        self.fix_denied_in_alarm(words).or_else(|| self.fix_denied_later(words).filter(|_| calm))
    }

    /// The owner says in words, and shows, that it is not fixed: staff sees it with the ticket.
    pub(super) fn deny_fix(&mut self, ticket: TicketId, words: &Words, photos: Vec<MediaId>) {
        if !photos.is_empty() {
            // The next photo belongs there as well, if they send several.
            self.remember_ticket(ticket);
        }
        if photos.is_empty() {
            self.tell_ticket(ticket, words);
        } else {
            let (text, media) = (Some(words.text.clone()), words.media.into_iter().chain(photos).collect());
            self.effect(Effect::AddToTicket { ticket, text, media, location: None });
        }
        self.fix_verdict(ticket, false);
    }

    /// Whether neither a report nor a survey is under way, nor words about one are awaited.
    pub(super) fn is_idle(&self) -> bool {
        match &self.state.activity {
            Activity::Idle => true,
            Activity::Commenting(after) => self.ctx.now > after.until,
            Activity::Surveying(_) | Activity::Reporting(_) => false,
        }
    }

    /// Whether nobody claims that an open ticket is fixed, or does so no more.
    fn is_unfixed(&self, ticket: TicketId) -> bool {
        let open = self.ctx.tickets.iter().find(|open| open.id == ticket);
        open.is_some_and(|open| open.status != Status::Rectified.name())
    }

    /// Whether a ticket is somebody else's that theirs was merged into.
    fn shares(&self, ticket: TicketId) -> bool {
        self.ctx.tickets.iter().any(|open| open.id == ticket && open.shared)
    }

    /// A fix that no longer waits: the ticket was closed, reopened or taken back since.
    pub(super) fn forget_settled_fix(&mut self) {
        let waits = |ticket: &TicketId| {
            let open = self.ctx.tickets.iter().find(|open| open.id == *ticket);
            open.is_some_and(|open| open.status == Status::Rectified.name())
        };
        self.state.fix_to_confirm = self.state.fix_to_confirm.filter(waits);
    }
}

/// Whether words may be about the trade of a ticket, or name none.
fn may_be_of_trade(open: &OpenTicket, said: &Understanding) -> bool {
    said.category.zip(open.category).is_none_or(|(now, then)| trade(now.name()) == trade(then))
}

/// Returns what stands behind a "but": "但是马桶堵了".
fn without_but(text: &str) -> &str {
    let text = text.trim_start();
    let rest = BUT.iter().find_map(|but| text.strip_prefix(but));
    rest.map_or(text, |rest| rest.strip_prefix('是').unwrap_or(rest))
}
