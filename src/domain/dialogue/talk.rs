//! Everything outside of a survey and a report: commands, free words, asking for a person,
//! and who gets to hear an event first.

use super::effect::{About, Effect};
use super::invitation::answers_announcement;
use super::reading::{asks_how_it_goes, is_praise};
use super::repair::report_tag;
use super::say::{Arg, Say};
use super::state::{Activity, Binding, Mode, RecentTicket};
use super::survey::run_tag;
use super::{Turn, Words};
use crate::domain::flag::FlagKind;
use crate::domain::ids::{ResponseId, TicketId};
use crate::domain::language::Language;
use crate::domain::score;
use crate::domain::script::Command;
use crate::domain::survey::AnswerSource;
use crate::domain::understanding::{Intent, Sentiment, Understanding};

impl Turn<'_> {
    /// Words, whatever is going on.
    pub(super) fn words(&mut self, words: Words) {
        let command = self.command_in(&words).filter(|_| !self.calls_visit_off(&words));
        if self.cries_for_help(&words) || self.answers_forgetting(&words, command.as_ref().map(|(said, _)| *said)) {
            return;
        }
        if self.state.handed_over() {
            return self.words_for_person(words, command.map(|(command, _)| command));
        }
        if let Some((command, argument)) = command
            && self.command(command, argument.as_deref())
        {
            return;
        }
        let Some(words) = self.danger_answered(words) else { return };
        self.leave_doubt();
        if let Some(ticket) = self.fix_denied_in_alarm(&words) {
            return self.deny_fix(ticket, &words, Vec::new());
        }
        let Some(words) = self.danger(words) else { return };
        if self.is_in_doubt(&words) { self.ask_about_danger(words) } else { self.heed(words) }
    }

    /// Words that tell of no danger.
    pub(super) fn heed(&mut self, words: Words) {
        let idle = matches!(self.state.activity, Activity::Idle | Activity::Commenting(_));
        if self.lets_wait(&words) || idle && self.hear_of_visit(&words) {
            return;
        }
        match self.state.activity.clone() {
            Activity::Surveying(run) => {
                // A fault that is named with its place or part is a report, whatever was asked; an
                // open question takes it as an answer.
                let said = &words.understood;
                let fault = said.symptom.is_some() && (said.location.is_some() || said.component.is_some());
                let breaks_out = (said.intent == Intent::RepairReport || fault)
                    && run.proposed.is_none()
                    && run.question().is_some_and(|question| question.kind.range().is_some())
                    && said.score.is_none()
                    && said.score10.is_none();
                if breaks_out { self.begin_report(Some(&words)) } else { self.survey_words(run, words) }
            }
            Activity::Reporting(report) => self.report_words(report, &words),
            Activity::Commenting(after) if self.ctx.now <= after.until => match words.understood.intent {
                _ if self.takes_back(&words) && words.understood.symptom.is_none() => self.comment(after, &words),
                Intent::ProgressQuery => self.free_words(&words),
                Intent::RepairReport => {
                    // A fault to be mended; a complaint or a contradiction in it is a comment as well.
                    let contradicts = after.score.is_some_and(|score| score::conflict(score, &words.understood));
                    if words.understood.sentiment == Sentiment::Negative || contradicts {
                        self.keep_comment(after, &words);
                    }
                    self.begin_report(Some(&words));
                }
                Intent::SurveyAnswer
                | Intent::Complaint
                | Intent::Praise
                | Intent::Suggestion
                | Intent::HumanAgent
                | Intent::Smalltalk => self.comment(after, &words),
            },
            Activity::Commenting(_) | Activity::Idle => {
                self.state.activity = Activity::Idle;
                self.free_words(&words);
            }
        }
    }

    /// A pressed button.
    pub(super) fn choice(&mut self, id: &str) {
        let mut parts = id.split(':');
        let head = parts.next().unwrap_or_default();
        let (first, second) = (parts.next(), parts.next());
        if self.state.handed_over() && !matches!(head, "fix" | "danger" | "appt" | "visit" | "forget") {
            return self.say(Say::new("human.waiting"));
        }
        match (head, first, second, self.state.activity.clone()) {
            ("do", Some(command), _, _) => {
                let command = Command::ALL.into_iter().find(|known| known.name() == command).unwrap_or(Command::Help);
                let alone = Words {
                    text: String::new(),
                    understood: Understanding::default(),
                    source: AnswerSource::Button,
                    media: None,
                };
                if !self.command(command, second) {
                    self.not_understood(&alone);
                }
            }
            ("danger", Some(verdict), _, _) => self.danger_verdict(verdict == "yes"),
            ("lang", Some(tag), _, _) => self.choose_language(Some(tag)),
            ("faq", Some(verdict), _, _) => self.answer_helped(verdict == "yes"),
            ("forget", Some(verdict), _, _) => self.forget_verdict(verdict == "yes"),
            ("fix", Some(ticket), Some(verdict), _) => match ticket.parse::<TicketId>() {
                Ok(ticket) => self.fix_verdict(ticket, verdict == "yes"),
                Err(_) => self.stale_choice(),
            },
            ("appt", Some(appointment), Some(what), _) => self.appointment_choice(appointment, what),
            (_, Some(question), Some(value), Activity::Surveying(run))
                if head == format!("q{}", run_tag(run.response)) =>
            {
                self.survey_choice(run, question, value);
            }
            (_, Some(what), value, Activity::Reporting(report))
                if head == format!("r{}", report_tag(report.ticket)) =>
            {
                self.report_choice(report, what, value);
            }
            ("visit", Some(visit), Some(verdict), _) => match visit.parse() {
                Ok(visit) => self.visit_verdict(visit, verdict == "yes"),
                Err(_) => self.stale_choice(),
            },
            (_, Some(question), Some(value), Activity::Idle | Activity::Commenting(_)) if self.is_of_parked(head) => {
                self.parked_choice(question, value);
            }
            // A button of a survey that ran out: it is asked again from the beginning.
            (_, Some(_), Some(_), Activity::Idle | Activity::Commenting(_))
                if is_survey_button(head) && self.state.lapsed.is_some() =>
            {
                self.begin_wished_for(Some(Say::new("survey.late")));
            }
            _ => self.stale_choice(),
        }
    }

    /// A unit's QR code was opened.
    pub(super) fn bound(&mut self, binding: Binding) {
        if let Activity::Reporting(report) = self.state.activity.clone()
            && !report.filed
            // Whether anybody is in danger there is asked to its end.
            && !self.state.doubt.as_ref().is_some_and(|doubt| doubt.open)
            && self.home_of(&report).is_some_and(|home| home.unit != binding.unit)
        {
            // What was said so far is about the other home; nobody is asked on as if it were about this one.
            self.report_left(report.ticket, true);
        }
        self.state.binding = Some(binding);
        self.effect(Effect::Bind);
        if self.state.handed_over() {
            self.locate_alarmed(None);
        }
        let welcome = self.welcome();
        if self.still_in_doubt(&welcome) {
            return;
        }
        match self.state.activity.clone() {
            Activity::Surveying(run) => self.ask_again(run, Some(welcome)),
            Activity::Reporting(report) => self.go_on_with(report, Some(welcome)),
            Activity::Idle | Activity::Commenting(_) => {
                self.say(menu(welcome));
                self.begin_waiting_survey();
            }
        }
    }

    /// Staff wrote.
    pub(super) fn staff_spoke(&mut self) {
        self.state.mode = Mode::WithPerson { since: self.ctx.now };
        self.state.interrupted = true;
    }

    /// Staff gave the conversation back.
    pub(super) fn handed_back(&mut self) {
        if self.state.handed_over() {
            self.state.mode = Mode::Automatic;
            match self.state.activity.clone() {
                Activity::Surveying(run) => self.ask_again(run, Some(Say::new("human.handed_back"))),
                Activity::Reporting(report) => self.go_on_with(report, Some(Say::new("human.handed_back"))),
                Activity::Idle | Activity::Commenting(_) => {
                    self.say(menu(Say::new("human.handed_back")));
                    self.begin_waiting_survey();
                }
            }
            self.count_missed_anew();
        }
    }

    /// A command. Returns `false` if it means nothing here, so the words are read as words.
    fn command(&mut self, command: Command, argument: Option<&str>) -> bool {
        let taken = match self.state.activity.clone() {
            Activity::Surveying(run) => self.survey_command(&run, command),
            Activity::Reporting(report) => self.report_command(&report, command, argument),
            Activity::Idle | Activity::Commenting(_) => false,
        };
        if taken {
            return true;
        }
        match command {
            Command::Start => {
                let welcome = self.welcome();
                self.aside(menu(welcome));
            }
            Command::Help => self.aside(menu(Say::new("help"))),
            Command::Report => self.begin_report(None),
            Command::Status => self.status(),
            Command::Survey => self.survey_on_request(),
            // To times that were offered it says that none of them suits; to one that is agreed on, what its words do.
            Command::Cancel if self.state.offers("appt:") => return self.appointment_verdict(false),
            Command::Cancel => self.say(Say::new("nothing_pending")),
            Command::Human => self.ask_for_person(),
            Command::Stop => self.stop_surveys(),
            Command::Resume => {
                self.state.surveys_stopped = false;
                self.effect(Effect::StopSurveys(false));
                self.aside(Say::new("stop_undone"));
            }
            Command::Language => self.choose_language(argument),
            Command::Privacy => self.aside(Say::new("privacy")),
            Command::Forget => self.ask_about_forgetting(),
            Command::Elsewhere => self.offer_elsewhere(),
            Command::Unknown => self.aside(menu(Say::new("unknown_command"))),
            Command::Reschedule => self.reschedule(),
            Command::Yes | Command::No => return self.plain_answer(command == Command::Yes),
            // Right after a survey they take its last answer back, as words do; right after a verdict that.
            Command::Back | Command::Edit if self.hears_comments() || self.may_take_back() => return false,
            Command::Edit if self.has_time_to_change() => self.change_time(),
            Command::Skip | Command::Back | Command::Edit => self.say(Say::new("nothing_pending")),
        }
        true
    }

    /// A plain yes or no: it answers what was asked last. Returns `false` if that is the survey or the
    /// report under way, so the words are read as words.
    fn plain_answer(&mut self, yes: bool) -> bool {
        let busy = matches!(self.state.activity, Activity::Surveying(_) | Activity::Reporting(_));
        if self.state.asks_yes_or_no() {
            return false;
        }
        if let Some(button) = self.state.button_that_says(yes) {
            self.choice(&button);
            return true;
        }
        let idle = matches!(self.state.activity, Activity::Idle);
        if (idle || self.state.offers("appt:")) && self.appointment_verdict(yes) {
            return true;
        }
        if busy {
            return false;
        }
        if yes && self.is_announced() {
            self.begin_waiting_survey();
        } else {
            self.state.activity = Activity::Idle;
            self.say(Say::new("you_are_welcome"));
        }
        true
    }

    /// Words while nothing is going on: the intent decides.
    fn free_words(&mut self, words: &Words) {
        if self.hear_patience(words) || self.fix_words(words) || self.keep_visit(words) {
            return;
        }
        if let Some(courtesy) = self.ctx.script.courtesy(&words.text).filter(|_| !self.is_announced()) {
            return self.return_courtesy(courtesy);
        }
        if self.told_after_filing(words, Vec::new()) {
            return;
        }
        if self.is_announced() && answers_announcement(&words.understood) {
            return self.begin_waiting_survey();
        }
        if self.is_impatient(words) {
            return self.hear_impatience(words);
        }
        if self.answer_question(words) || self.told_of_complaint(words) {
            return;
        }
        match words.understood.intent {
            _ if asks_how_it_goes(words) => self.status(),
            Intent::RepairReport => self.begin_report(Some(words)),
            Intent::ProgressQuery if self.is_first_report(&words.understood) => self.begin_report(Some(words)),
            Intent::ProgressQuery | Intent::Smalltalk if self.is_first_address(words) => self.begin_report(Some(words)),
            Intent::ProgressQuery => self.hear_query(words),
            Intent::Complaint if self.is_first_fault(words) => self.begin_report(Some(words)),
            // "今天更厉害了" and "great, now the glass is cracked" sound like praise.
            Intent::Praise if self.tells_of_worse(words) || self.names_fault(words) => self.begin_report(Some(words)),
            Intent::Praise => self.hear_praise(words),
            Intent::Suggestion => self.hear_suggestion(words),
            // A number that nobody asked for may be that of a button long gone.
            Intent::SurveyAnswer if words.text.trim().chars().all(char::is_numeric) => self.not_understood(words),
            Intent::SurveyAnswer if is_praise(words) && !self.names_fault(words) => self.thank_for_praise(),
            Intent::HumanAgent => self.ask_for_person(),
            Intent::SurveyAnswer | Intent::Complaint => self.hear_displeasure(words),
            Intent::Smalltalk => self.not_understood(words),
        }
    }

    /// A fault that is named is reported all the same; words of a trade go to the ticket filed last while it is open, and
    /// what else is told to the one to which somebody is to come.
    pub(super) fn not_understood(&mut self, words: &Words) {
        if self.names_fault(words) {
            return self.begin_report(Some(words));
        }
        let open = |recent: &RecentTicket| self.ctx.tickets.iter().any(|open| open.id == recent.ticket);
        if let Some(recent) = self.recent_ticket().filter(open).filter(|_| words.understood.category.is_some()) {
            return self.add_to_ticket(recent.ticket, words, Vec::new());
        }
        if !self.told_for_visit(words) && !self.offer_again() {
            self.say(menu(Say::new("not_understood")));
        }
    }

    /// Words while staff has the conversation: the automaton keeps silent, except for danger and
    /// for the wish to be left alone.
    fn words_for_person(&mut self, words: Words, command: Option<Command>) {
        match command {
            Some(Command::Stop) => self.stop_surveys(),
            Some(Command::Human) => self.say(Say::new("human.waiting")),
            Some(Command::Forget) => self.ask_about_forgetting(),
            Some(Command::Elsewhere) => self.offer_elsewhere(),
            _ => {
                if self.danger(words).is_some() {
                    self.tell_staff_of_more();
                }
            }
        }
    }

    /// Something came in for the person who has the conversation: shown once until it is seen.
    pub(super) fn tell_staff_of_more(&mut self) {
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Conversation });
    }

    pub(super) fn ask_for_person(&mut self) {
        self.state.mode = Mode::WithPerson { since: self.ctx.now };
        self.effect(Effect::Raise { kind: FlagKind::PersonRequested, about: About::Conversation });
        self.say(Say::new("human.requested"));
    }

    fn stop_surveys(&mut self) {
        self.state.surveys_stopped = true;
        if let Some(invited) = self.state.invited.take() {
            self.effect(Effect::AbandonResponse { response: invited.response });
        }
        self.effect(Effect::StopSurveys(true));
        self.abandon_survey();
        self.say(Say::new("stopped"));
    }

    pub(super) fn status(&mut self) {
        if self.ctx.tickets.is_empty() {
            return self.aside(Say::new("status.none"));
        }
        let mut say = Say::new("status.header");
        for ticket in self.ctx.tickets {
            let category = Arg::Key(format!("category.{}", ticket.category.unwrap_or("other")));
            let line = match &ticket.location {
                Some(location) => Say::new("status.line_at").text("location", location.clone()),
                None => Say::new("status.line"),
            };
            let line = line
                .text("ticket", ticket.number.clone())
                .arg("category", category)
                .arg("status", Arg::Key(format!("ticket.status.{}", ticket.status)));
            say.lines.push(self.with_visit(line, ticket.id).with_progress(ticket.id));
        }
        self.aside(say);
    }

    /// Says something in between and puts the question that stands once more.
    pub(super) fn aside(&mut self, say: Say) {
        match self.state.activity.clone() {
            Activity::Surveying(run) => self.ask_again(run, Some(say)),
            Activity::Reporting(report) if report.summarised || report.asked.is_some() => {
                self.go_on_with(report, Some(say));
            }
            Activity::Reporting(_) | Activity::Idle | Activity::Commenting(_) => self.say(say),
        }
    }

    fn choose_language(&mut self, tag: Option<&str>) {
        match tag.and_then(Language::from_tag) {
            Some(language) => {
                self.set_language(language);
                self.state.language_chosen = true;
                self.aside(Say::new("language_chosen"));
            }
            None => {
                let ask = Say::new("language_ask");
                let say = Language::ALL
                    .into_iter()
                    .fold(ask, |say, language| say.choice(format!("lang:{}", language.tag()), language_key(language)));
                self.say(say);
            }
        }
    }

    /// A button whose message is history: the question that stands is put again.
    pub(super) fn stale_choice(&mut self) {
        self.aside(Say::new("choice_gone"));
    }

    pub(super) fn recent_ticket(&self) -> Option<RecentTicket> {
        self.state.recent.filter(|recent| self.ctx.now <= recent.until)
    }

    pub(super) fn is_announced_as(&self, response: ResponseId) -> bool {
        self.is_announced() && self.state.invited.as_ref().is_some_and(|invited| invited.response == response)
    }

    pub(super) fn run_of(&self, response: ResponseId) -> Option<super::state::SurveyRun> {
        match &self.state.activity {
            Activity::Surveying(run) if run.response == response => Some(run.clone()),
            Activity::Surveying(_) | Activity::Reporting(_) | Activity::Idle | Activity::Commenting(_) => None,
        }
    }
}

/// `q` and eight hex digits: [`run_tag`].
fn is_survey_button(head: &str) -> bool {
    head.strip_prefix('q').is_some_and(|tag| tag.len() == 8 && tag.chars().all(|c| c.is_ascii_hexdigit()))
}

fn language_key(language: Language) -> &'static str {
    match language {
        Language::Chinese => "language.chinese",
        Language::English => "language.english",
    }
}

/// Adds what can be done as buttons.
pub(super) fn menu(say: Say) -> Say {
    say.choice("do:report", "menu.report")
        .choice("do:status", "menu.status")
        .choice("do:survey", "menu.survey")
        .choice("do:human", "menu.human")
}
