//! One member of staff, told by whatever is on record of them: the first way that takes it. What was
//! tried in vain is noted with the flag, and the board says so.
//!
//! In Telegram an alert has its buttons; a message of WeCom and a mail carry a signed link to a page
//! with the same ones ([`crate::desk::acts`]).

use std::time::Duration;

use super::{Alerts, Found, Told, find};
use crate::channel::wecom::card::Card;
use crate::channel::{ChannelKind, Outgoing, SendError};
use crate::domain::alert::reach::{Miss, Missed, Telling, Way, in_order};
use crate::domain::alert::{self, LINK_LASTS};
use crate::domain::ids::{FlagId, OutboxId, StaffId};
use crate::domain::job::Job;
use crate::domain::staff::Staff;
use crate::domain::token::INVITATION_LASTS;
use crate::jobs::{Outcome, Runner};
use crate::store::{self, StoreError};

/// So often a way that says "later" is asked again before the next way is tried.
const PATIENT_ATTEMPTS: u32 = 1;

/// What came of one way.
enum Sent {
    /// They have it; perhaps another account of theirs has yet to get it.
    Told(Option<Later>),
    Missed(Miss),
    /// It was not taken now.
    Later(Later),
}

struct Later {
    wait: Option<Duration>,
    reason: String,
}

impl Later {
    fn outcome(self) -> Outcome {
        Outcome::later(self.wait, anyhow::anyhow!("to a member of staff: {}", self.reason))
    }
}

/// What goes to one person where there are no buttons.
struct Letter<'l> {
    /// Of the message, the same at every attempt.
    id: String,
    subject: &'l str,
    text: &'l str,
    /// What the link is, and that it is theirs alone; ends with the link.
    closing: String,
    url: String,
    button: String,
}

/// Who is to be told, and what is on record of them.
struct Person {
    staff: Staff,
    telegram: Vec<String>,
    wecom: Option<String>,
    mail: Option<String>,
}

impl Runner {
    /// Sends an alert to one member of staff by the first way that takes it, unless it is no news to them any more:
    /// somebody has seen the flag meanwhile (they themselves, where it climbs the ladder), or what it warns of is
    /// over.
    pub(in crate::jobs) async fn tell_person(&self, flag: FlagId, staff: StaffId, attempt: u32) -> Outcome {
        let Some(alerts) = &self.alerts else { return Outcome::Done };
        let intake = self.intake.clone();
        let found = self.store.read(move |tx| {
            Box::pin(async move {
                let mut tellings = store::alerts::tellings(tx, flag).await?;
                tellings.retain(|telling| telling.staff == Some(staff));
                Ok::<_, StoreError>((find(tx, &intake, flag).await?, person(tx, staff).await?, tellings.pop()))
            })
        });
        let (found, person, before) = match found.await {
            Ok((Some(found), Some(person), before)) if found.is_news_to(staff) => (found, person, before),
            Ok(_) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        let (them, now) = (std::slice::from_ref(&person.staff), self.clock.now());
        let due = alert::people(them, &alerts.rules, &alerts.quiet, &found.matter(), now);
        if let Some((_, at)) = due.first().filter(|(_, at)| attempt > 1 && *at > now) {
            return self.put_off(Job::TellPerson { flag, staff }, *at).await;
        }
        let ways = match before.and_then(|telling| telling.way) {
            // Another account of theirs may have had to wait.
            Some(Way::Telegram) => vec![Way::Telegram],
            Some(Way::Wecom | Way::Mail) => return Outcome::Done,
            None => in_order(&alerts.ways),
        };
        let told = self.told(alerts, &found);
        let letter = self.alert_letter(alerts, &found, &told, &person.staff);
        let (mut missed, mut later) = (Vec::new(), None);
        for way in ways {
            let sent = match way {
                Way::Telegram => self.to_accounts(&person.telegram, flag, &told).await,
                Way::Wecom | Way::Mail => self.by_letter(alerts, way, &person, &letter).await,
            };
            match sent {
                Sent::Told(rest) => {
                    return match self.note(flag, &person.staff, Some(way), missed).await {
                        Ok(()) => rest.map_or(Outcome::Done, Later::outcome),
                        Err(error) => error.into(),
                    };
                }
                Sent::Missed(why) => missed.push(Missed { way, why }),
                Sent::Later(this) if attempt <= PATIENT_ATTEMPTS => return this.outcome(),
                Sent::Later(this) => {
                    missed.push(Missed { way, why: Miss::NotTaken });
                    later = later.or(Some(this));
                }
            }
        }
        match self.note(flag, &person.staff, None, missed).await {
            Ok(()) => later.map_or(Outcome::Done, Later::outcome),
            Err(error) => error.into(),
        }
    }

    /// Sends a member of staff the link by which they choose their password.
    pub(in crate::jobs) async fn invite_staff(&self, staff: StaffId) -> Outcome {
        let Some(alerts) = &self.alerts else { return Outcome::Done };
        let found = self.store.read(|tx| {
            Box::pin(async move {
                let person = person(tx, staff).await?;
                Ok::<_, StoreError>(person.zip(store::staff::password_hash(tx, staff).await?))
            })
        });
        let (person, hash) = match found.await {
            Ok(Some(found)) => found,
            Ok(None) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        let token = self.intake.tokens.sign_invitation(staff, &hash, self.clock.now() + INVITATION_LASTS);
        let url = format!("{}/console/welcome/{token}", alerts.public_url);
        let text = |key: &str, args: &[(&str, &str)]| self.alert_text(alerts, key, args);
        let subject = text("alert.invitation.subject", &[]);
        let words = text("alert.invitation.text", &[("name", &person.staff.name), ("login", &person.staff.login)]);
        let letter = Letter {
            id: format!("invitation-{}", self.clock.new_id::<OutboxId>()),
            subject: &subject,
            text: &words,
            closing: text("alert.invitation.link", &[("url", &url)]),
            url,
            button: text("alert.invitation.button", &[]),
        };
        let mut later = None;
        for way in in_order(&alerts.ways) {
            match self.by_letter(alerts, way, &person, &letter).await {
                Sent::Told(_) => return Outcome::Done,
                Sent::Missed(_) => {}
                Sent::Later(this) => later = later.or(Some(this)),
            }
        }
        match later {
            Some(later) => later.outcome(),
            None => Outcome::Fail(anyhow::anyhow!(
                "no way on record led to member of staff {staff}: give them the link by hand, or correct their entry"
            )),
        }
    }

    async fn to_accounts(&self, accounts: &[String], flag: FlagId, told: &Told) -> Sent {
        if self.channels.telegram.is_none() {
            return Sent::Missed(Miss::NotSetUp);
        }
        if accounts.is_empty() {
            return Sent::Missed(Miss::NotOnRecord);
        }
        let (mut reached, mut later) = (false, None);
        for account in accounts {
            let (at, channel) = (account.clone(), ChannelKind::Telegram.name());
            // An earlier attempt may have reached some of them.
            let before =
                self.store.read(|tx| Box::pin(async move { store::alerts::message_of(tx, channel, &at, flag).await }));
            let sent = match before.await {
                Ok(Some(_)) => Ok(()),
                Ok(None) => self.send_to_chat(account, flag, told).await,
                Err(error) => Err(SendError::Later { wait: None, reason: error.to_string() }),
            };
            match judged(sent, Way::Telegram) {
                Sent::Told(_) => reached = true,
                Sent::Missed(_) => {}
                Sent::Later(this) => later = later.or(Some(this)),
            }
        }
        match (reached, later) {
            (true, later) => Sent::Told(later),
            (false, Some(later)) => Sent::Later(later),
            (false, None) => Sent::Missed(Miss::NotTaken),
        }
    }

    async fn by_letter(&self, alerts: &Alerts, way: Way, person: &Person, letter: &Letter<'_>) -> Sent {
        let text = format!("{}\n{}", letter.text, letter.closing);
        let sent = match way {
            Way::Telegram => {
                if self.channels.telegram.is_none() {
                    return Sent::Missed(Miss::NotSetUp);
                }
                let Some(address) = person.telegram.first() else { return Sent::Missed(Miss::NotOnRecord) };
                let message = Outgoing { id: self.clock.new_id(), address, text: &text, buttons: &[] };
                self.channels.send(ChannelKind::Telegram, &message).await
            }
            Way::Wecom => {
                let Some(app) = &self.channels.wecom else { return Sent::Missed(Miss::NotSetUp) };
                let Some(member) = &person.wecom else { return Sent::Missed(Miss::NotOnRecord) };
                let (title, description) = (letter.subject, letter.text);
                let description = description.strip_prefix(title).unwrap_or(description).trim_start();
                let description = if description.is_empty() { title } else { description };
                app.send_card(member, Card { title, description, url: &letter.url, button: &letter.button }).await
            }
            Way::Mail => {
                let Some(mail) = &alerts.mail else { return Sent::Missed(Miss::NotSetUp) };
                let Some(address) = &person.mail else { return Sent::Missed(Miss::NotOnRecord) };
                mail.send_to(address, &letter.id, letter.subject, &text).await
            }
        };
        judged(sent, way)
    }

    fn alert_letter<'l>(&self, alerts: &Alerts, found: &Found, told: &'l Told, person: &Staff) -> Letter<'l> {
        let token = self.intake.tokens.sign_alert(found.flag.id, person.id, self.clock.now() + LINK_LASTS);
        let url = format!("{}/a/{token}", alerts.public_url);
        let days = (LINK_LASTS.as_secs() / 86_400).to_string();
        Letter {
            id: format!("{}-{}", found.flag.id, person.id),
            subject: &told.subject,
            text: &told.text,
            closing: self.alert_text(alerts, "alert.act.own", &[("url", &url), ("days", &days)]),
            url,
            button: self.alert_text(alerts, "alert.act.button", &[]),
        }
    }

    async fn note(&self, flag: FlagId, staff: &Staff, way: Option<Way>, missed: Vec<Missed>) -> Result<(), StoreError> {
        let outcome = if way.is_some() { "sent" } else { "not_sent" };
        metrics::counter!("huifang_alerts_total", "target" => "staff", "outcome" => outcome).increment(1);
        let telling = Telling { staff: Some(staff.id), way, missed, at: self.clock.now() };
        self.store.write(move |tx| Box::pin(async move { store::alerts::note_telling(tx, flag, &telling).await })).await
    }
}

async fn person(tx: &mut store::Tx, staff: StaffId) -> Result<Option<Person>, StoreError> {
    let Some(staff) = store::staff::find(tx, staff).await?.filter(|staff| staff.active) else { return Ok(None) };
    let telegram = store::staff_accounts::of(tx, Way::Telegram.name(), staff.id).await?;
    let wecom = store::staff_accounts::of(tx, Way::Wecom.name(), staff.id).await?.into_iter().next();
    let mail = store::staff_accounts::of(tx, Way::Mail.name(), staff.id).await?.into_iter().next();
    Ok(Some(Person { staff, telegram, wecom, mail }))
}

fn judged(sent: Result<(), SendError>, way: Way) -> Sent {
    match sent {
        Ok(()) => Sent::Told(None),
        Err(SendError::Later { wait, reason }) => Sent::Later(Later { wait, reason }),
        // Better twice than not at all.
        Err(error @ SendError::Uncertain(_)) => Sent::Later(Later { wait: None, reason: error.to_string() }),
        Err(error) => {
            let way = way.name();
            tracing::warn!(way, "an alert did not reach a member of staff by {way}: {error}");
            Sent::Missed(Miss::NotTaken)
        }
    }
}
