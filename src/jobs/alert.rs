//! Telling staff of a flag where they are: one job decides whom and when, one job a place sends.
//!
//! An alert repeats the client's words as plain text, shortened; it goes to staff only. A place that
//! is out of order does not keep the others waiting, and what it did not get stays on the board.
//!
//! What goes to many names nobody, so the link in it leads to the console's log-in: whoever holds a
//! forwarded message is nobody yet, and what is done has to stand under a person. What goes to one
//! person is [`person`]'s.

mod person;

use std::collections::BTreeMap;

use super::{Outcome, Runner};
use crate::channel::http::Http;
use crate::channel::mail::Mail;
use crate::channel::wecom::robot::{self, Robot};
use crate::channel::{Button, ChannelKind, Outgoing, SendError};
use crate::domain::alert::reach::Way;
use crate::domain::alert::{self, Act, Matter, QuietHours, Rule, Target};
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::{FlagId, OutboxId, StaffId};
use crate::domain::job::Job;
use crate::domain::language::Language;
use crate::domain::sla::{Level, Notice};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Urgency;
use crate::intake::Intake;
use crate::store::{self, StoreError, Tx};

/// Characters of the client's words that an alert repeats.
const LONGEST_QUOTE: usize = 160;

/// Whom the message to a program is for.
const WEBHOOK_ADDRESS: &str = "staff";

/// Where alerts go, as the operator set it up.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// The Telegram group, by its chat id.
    pub telegram_chat: Option<String>,
    pub mail: Option<Mail>,
    /// The robot in a group of WeCom.
    pub robot: Option<Robot>,
    /// A program that gets what a person would read, as a signed message to `staff`.
    pub webhook: Option<Http>,
    pub rules: Vec<Rule>,
    pub quiet: QuietHours,
    /// Who is to be called in an emergency, as it is shown.
    pub on_call: Option<String>,
    pub language: Language,
    /// By which ways one member of staff is told, the first that takes it; empty: the usual ones.
    pub ways: Vec<Way>,
    /// Where the console is reached, without a slash at the end.
    pub public_url: String,
}

impl Alerts {
    /// Returns the places that are set up.
    pub fn set_up(&self) -> Vec<Target> {
        let is_set_up = |target: &Target| match target {
            Target::Telegram => self.telegram_chat.is_some(),
            Target::Mail => self.mail.as_ref().is_some_and(Mail::has_list),
            Target::Wecom => self.robot.is_some(),
            Target::Webhook => self.webhook.is_some(),
            // By rules alone, and person by person.
            Target::Staff => false,
        };
        Target::ALL.into_iter().filter(is_set_up).collect()
    }

    /// Whether members of staff get alerts themselves.
    pub fn tells_people(&self) -> bool {
        self.rules.iter().any(|rule| rule.to == Target::Staff)
    }

    /// Who is to be called: whom the first rule about it names, else whoever is for all.
    fn on_call(&self, matter: &Matter<'_>) -> Option<&str> {
        let by_rule = self.rules.iter().filter(|rule| rule.wants(matter)).find_map(|rule| rule.on_call.as_deref());
        by_rule.or(self.on_call.as_deref())
    }
}

/// What an alert says.
struct Told {
    subject: String,
    /// Without any link.
    text: String,
    /// The page of the console about it.
    page: String,
    /// The page of the console with the buttons.
    act: String,
    /// What staff can do about it on the spot, where the place has buttons.
    buttons: Vec<Button>,
}

/// A flag with what it is about.
struct Found {
    flag: Flag,
    ticket: Option<Ticket>,
    place: Option<String>,
    region: Option<String>,
    words: Option<String>,
    /// Of a warning: who is told, by level and name.
    told: Vec<(Level, String)>,
    /// It warns of a clock that has stopped: nobody need hurry.
    over: bool,
}

impl Found {
    /// What rules look at.
    fn matter(&self) -> Matter<'_> {
        let urgency = self.ticket.as_ref().map_or(Urgency::Normal, |ticket| ticket.urgency);
        Matter { kind: self.flag.kind, urgency, region: self.region.as_deref() }
    }

    /// Whether anybody need still be told of it.
    fn is_news(&self) -> bool {
        self.flag.seen_at.is_none() && !self.over
    }

    /// Whether one member of staff need still be told of it. What climbs the ladder is for each level by itself:
    /// that somebody else has seen it keeps nobody from hearing of it, as long as the ticket is open.
    fn is_news_to(&self, who: StaffId) -> bool {
        let climbs = matches!(self.flag.kind, FlagKind::SlaWarning | FlagKind::SlaMissed | FlagKind::FixRejected)
            && self.ticket.as_ref().is_some_and(|ticket| ticket.status.is_open());
        let seen_by_another = self.flag.seen_by.is_some_and(|by| by != who);
        self.is_news() || (climbs && seen_by_another && !self.over)
    }
}

impl Runner {
    /// Decides where an alert goes and when.
    pub(super) async fn alert(&self, flag: FlagId) -> Outcome {
        let Some(alerts) = self.alerts.clone() else { return Outcome::Done };
        let (intake, now) = (self.intake.clone(), self.clock.now());
        let owed = self.store.write(move |tx| {
            Box::pin(async move {
                let Some(found) = find(tx, &intake, flag).await? else { return Ok::<(), StoreError>(()) };
                let matter = found.matter();
                if alerts.tells_people() {
                    let staff = store::staff::list(tx).await?;
                    for (staff, at) in alert::people(&staff, &alerts.rules, &alerts.quiet, &matter, now) {
                        // The ladder may have let them sleep; a rule for the night does not.
                        intake.owe_by(tx, Job::TellPerson { flag, staff }, at).await?;
                    }
                }
                for (target, at) in alert::plan(&alerts.set_up(), &alerts.rules, &alerts.quiet, &matter, now) {
                    intake.owe(tx, Job::Tell { flag, target }, at).await?;
                }
                Ok(())
            })
        });
        owed.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// Sends an alert to one place, unless somebody has seen the flag meanwhile, or what it warns of is over.
    pub(super) async fn tell(&self, flag: FlagId, target: Target, attempt: u32) -> Outcome {
        let Some(alerts) = &self.alerts else { return Outcome::Done };
        let intake = self.intake.clone();
        let found = self.store.read(move |tx| Box::pin(async move { find(tx, &intake, flag).await })).await;
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        if !found.is_news() {
            return Outcome::Done;
        }
        let now = self.clock.now();
        let due = alert::plan(&[target], &alerts.rules, &alerts.quiet, &found.matter(), now);
        if let Some((_, at)) = due.first().filter(|(_, at)| attempt > 1 && *at > now) {
            return self.put_off(Job::Tell { flag, target }, *at).await;
        }
        let told = self.told(alerts, &found);
        let Some(sent) = self.send_alert(alerts, target, flag, &told).await else { return Outcome::Done };
        let name = target.name();
        let outcome = if sent.is_ok() { "sent" } else { "not_sent" };
        metrics::counter!("huifang_alerts_total", "target" => name, "outcome" => outcome).increment(1);
        match sent {
            Ok(()) => Outcome::Done,
            Err(SendError::Later { wait, reason }) => {
                Outcome::later(wait, anyhow::anyhow!("alert to {name}: {reason}"))
            }
            Err(error @ SendError::Uncertain(_)) => Outcome::Retry(anyhow::anyhow!("alert to {name}: {error}")),
            Err(error) => Outcome::Fail(anyhow::anyhow!("alert to {name}: {error}; correct [alerts]")),
        }
    }

    /// Owes a telling anew, for the morning: what was out of order may be back in the middle of the night.
    async fn put_off(&self, job: Job, at: Timestamp) -> Outcome {
        let intake = self.intake.clone();
        let owed = self.store.write(move |tx| Box::pin(async move { intake.owe_again(tx, job, at).await }));
        owed.await.map_or_else(Outcome::from, |()| Outcome::Done)
    }

    /// Sends to one place; `None` if it is no longer set up.
    async fn send_alert(
        &self,
        alerts: &Alerts,
        target: Target,
        flag: FlagId,
        told: &Told,
    ) -> Option<Result<(), SendError>> {
        let text = format!("{}\n{}", told.text, self.alert_text(alerts, "alert.act.all", &[("url", &told.act)]));
        let to = |address| Outgoing { id: OutboxId(flag.0), address, text: &text, buttons: &[] };
        Some(match target {
            Target::Telegram => self.send_to_chat(alerts.telegram_chat.as_deref()?, flag, told).await,
            Target::Wecom => {
                let link = robot::link(&self.alert_text(alerts, "alert.act.button", &[]), &told.act);
                alerts.robot.as_ref()?.say(&format!("{}\n{link}", robot::escape(&told.text))).await
            }
            Target::Mail => alerts.mail.as_ref()?.send(&flag.to_string(), &told.subject, &text).await,
            Target::Webhook => alerts.webhook.as_ref()?.send(&to(WEBHOOK_ADDRESS)).await,
            Target::Staff => return None,
        })
    }

    /// Sends an alert with its buttons, and notes which message it became.
    async fn send_to_chat(&self, chat: &str, flag: FlagId, told: &Told) -> Result<(), SendError> {
        let text = format!("{}\n{}", told.text, told.page);
        let outgoing = Outgoing { id: OutboxId(flag.0), address: chat, text: &text, buttons: &told.buttons };
        let Some(bot) = &self.channels.telegram else {
            return self.channels.send(ChannelKind::Telegram, &outgoing).await;
        };
        let Some(number) = bot.send_below(&outgoing, None).await? else { return Ok(()) };
        let (chat, now) = (chat.to_owned(), self.clock.now());
        let noted = self.store.write(move |tx| {
            Box::pin(async move {
                let channel = ChannelKind::Telegram.name();
                store::alerts::note_message(tx, channel, &chat, &number.to_string(), flag, now).await
            })
        });
        if let Err(error) = noted.await {
            // It is there and is not sent again: its buttons work, an answer to it does not.
            tracing::warn!(%error, flag.id = %flag, "the alert of flag {flag} cannot be answered: {error}");
        }
        Ok(())
    }

    /// Says below an alert who did what about it.
    pub(super) async fn acknowledge(&self, flag: FlagId, staff: StaffId, act: Act) -> Outcome {
        let (Some(alerts), Some(bot)) = (&self.alerts, &self.channels.telegram) else { return Outcome::Done };
        let (group, intake) = (alerts.telegram_chat.clone(), self.intake.clone());
        let found = self.store.read(move |tx| {
            Box::pin(async move {
                let channel = ChannelKind::Telegram.name();
                // Where there is a group everybody sees it, else whoever did it.
                let chats = match group {
                    Some(group) => vec![group],
                    None => store::staff_accounts::of(tx, channel, staff).await?,
                };
                let mut at = None;
                for chat in chats {
                    let message = store::alerts::message_of(tx, channel, &chat, flag).await?;
                    at = at.or(message.map(|message| (chat, message)));
                }
                let person = store::staff::find(tx, staff).await?;
                Ok::<_, StoreError>(at.zip(person).zip(find(tx, &intake, flag).await?))
            })
        });
        let (((chat, message), person), found) = match found.await {
            Ok(Some(found)) => found,
            Ok(None) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        let number = found.ticket.map(|ticket| ticket.number).unwrap_or_default();
        let args = BTreeMap::from([("name".to_owned(), person.name), ("number".to_owned(), number)]);
        let text = self.catalog.text(alerts.language, &format!("alert.done.{}", act.name()), &args);
        let outgoing = Outgoing { id: self.clock.new_id(), address: &chat, text: text.trim(), buttons: &[] };
        match bot.send_below(&outgoing, message.parse().ok()).await {
            Ok(_) => Outcome::Done,
            Err(SendError::Later { wait, reason }) => {
                Outcome::later(wait, anyhow::anyhow!("acknowledgement: {reason}"))
            }
            // Not worth saying twice.
            Err(error) => {
                tracing::warn!("who did what about an alert was not said in the group: {error}");
                Outcome::Done
            }
        }
    }

    fn told(&self, alerts: &Alerts, found: &Found) -> Told {
        let text = |key: &str, args: &[(&str, &str)]| self.alert_text(alerts, key, args);
        let kind = text(&format!("web.console.flag.{}", found.flag.kind.name()), &[]);
        let number = found.ticket.as_ref().map_or("", |ticket| ticket.number.as_str());
        let subject = text("alert.subject", &[("kind", &kind), ("number", number)]).trim().to_owned();
        let mut lines = vec![subject.clone()];
        if let Some(place) = &found.place {
            lines.push(text("alert.place", &[("place", place)]));
        }
        if let Some(words) = &found.words {
            lines.push(text("alert.words", &[("words", words)]));
        }
        if let Ok(notice) = found.flag.detail.parse::<Notice>() {
            let clock = text(&format!("web.console.clock.{}", notice.clock.name()), &[]);
            let name = |level: &Level| text(&format!("alert.level.{}", level.name()), &[]);
            let mut levels: Vec<String> = notice.tell.iter().map(name).collect();
            if !found.told.is_empty() {
                let person = |(level, person): &(Level, String)| format!("{} {person}", name(level));
                levels = found.told.iter().map(person).collect();
            }
            let level = levels.join(" · ");
            let percent = notice.percent.to_string();
            lines.push(text("alert.clock", &[("clock", &clock), ("percent", &percent), ("level", &level)]));
        }
        if let Some(people) = alerts.on_call(&found.matter()).filter(|_| found.flag.kind == FlagKind::Emergency) {
            lines.push(text("alert.on_call", &[("people", people)]));
        }
        let page = match (&found.flag.ticket_id, &found.flag.response_id, &found.flag.dialogue_id) {
            (Some(ticket), _, _) => format!("/console/tickets/{ticket}"),
            (None, Some(response), _) => format!("/console/responses/{response}"),
            (None, None, Some(dialogue)) => format!("/console/conversations/{dialogue}"),
            (None, None, None) => "/console".to_owned(),
        };
        let at = |path: String| format!("{}{path}", alerts.public_url);
        let act = at(format!("/console/alerts/{}", found.flag.id));
        let acts = if found.ticket.is_some() { Act::ON_TICKET.as_slice() } else { &[Act::Seen] };
        let button = |act: &Act| {
            let label = text(&format!("alert.button.{}", act.name()), &[]);
            Button { id: act.button(found.flag.id), label }
        };
        let buttons = acts.iter().map(button).collect();
        Told { subject, text: lines.join("\n"), page: at(page), act, buttons }
    }

    /// Says something to staff in the language of alerts.
    fn alert_text(&self, alerts: &Alerts, key: &str, args: &[(&str, &str)]) -> String {
        let args: BTreeMap<String, String> =
            args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.catalog.text(alerts.language, key, &args)
    }
}

async fn find(tx: &mut Tx, intake: &Intake, flag: FlagId) -> Result<Option<Found>, StoreError> {
    let Some(flag) = store::flags::find(tx, flag).await? else { return Ok(None) };
    let ticket = match flag.ticket_id {
        Some(ticket) => store::tickets::find(tx, ticket).await?,
        None => None,
    };
    let (told, over) = match (&ticket, flag.detail.parse::<Notice>()) {
        (Some(ticket), Ok(notice)) => {
            let clocks = store::clocks::of_ticket(tx, ticket.id).await?;
            // One that is paused runs on, and does not warn again.
            let counts = clocks.iter().any(|clock| clock.kind == notice.clock && clock.stopped_at.is_none());
            // What was missed stays missed.
            let over = flag.kind == FlagKind::SlaWarning && !counts;
            (intake.on_the_ladder(tx, ticket, &notice.tell).await?, over)
        }
        _ => (Vec::new(), false),
    };
    let told = told.into_iter().map(|(level, person)| (level, person.name)).collect();
    let response = match flag.response_id {
        Some(response) => store::responses::find(tx, response).await?,
        None => None,
    };
    let unit = match ticket.as_ref().map_or_else(|| response.as_ref()?.unit_id, |ticket| ticket.unit_id) {
        Some(unit) => store::units::find(tx, unit).await?,
        None => None,
    };
    let of_ticket = ticket.as_ref().and_then(|ticket| ticket.project_id);
    let of_response = response.as_ref().and_then(|response| response.project_id);
    let project = match unit.as_ref().map(|unit| unit.project_id).or(of_ticket).or(of_response) {
        Some(project) => store::projects::find(tx, project).await?,
        None => None,
    };
    let home = project.as_ref().map(|project| match &unit {
        Some(unit) => format!("{} {}", project.name, unit.label),
        None => project.name.clone(),
    });
    let location = ticket.as_ref().and_then(|ticket| ticket.location.clone());
    let place: Vec<String> = home.into_iter().chain(location).collect();
    let words = ticket.as_ref().map(|ticket| ticket.description.clone());
    let words = words.or_else(|| response?.comment).map(|words| shortened(&words)).filter(|words| !words.is_empty());
    let (place, region) = ((!place.is_empty()).then(|| place.join(" ")), project.map(|project| project.region));
    Ok(Some(Found { flag, ticket, place, region, words, told, over }))
}

/// The beginning of a text, on one line.
fn shortened(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(&line)),
        None => line,
    }
}
