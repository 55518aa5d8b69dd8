//! What staff may do about an alert, wherever they read it: in Telegram, by the link in a mail or a
//! message of WeCom, in the console. One function asks the role table, moves the ticket, writes the
//! history and says so below the alert; a copy of the same tap changes nothing.
//!
//! Who it is, is known by then: [`super::alerts`] by a linked account, `crate::web` by a signed link or
//! a log-in.

use serde_json::json;

use super::{Desk, DeskError, words};
use crate::domain::access::Thing;
use crate::domain::alert::Act;
use crate::domain::dialogue::TokenFault;
use crate::domain::dialogue::effect::About;
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::{FlagId, StaffId, TicketId};
use crate::domain::job::Job;
use crate::domain::sla::Moment;
use crate::domain::staff::Staff;
use crate::domain::ticket::{Actor, Status, Ticket};
use crate::store::{self, StoreError, Tx};

/// An alert as one member of staff may act on it.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAlert {
    pub staff: Staff,
    pub flag: Flag,
    pub ticket: Option<Ticket>,
    /// What they may do now, in the order of the buttons.
    pub acts: Vec<Act>,
    /// They may answer the client.
    pub may_reply: bool,
}

/// Something somebody does about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tap {
    pub flag: FlagId,
    pub act: Act,
    /// The words of an answer.
    pub said: Option<String>,
    /// By which a copy of it is known.
    pub id: String,
}

impl Desk {
    /// Reads the link of an alert: which one, and whose it is.
    ///
    /// # Errors
    /// Why it opens nothing.
    pub fn alert_link(&self, token: &str) -> Result<(FlagId, StaffId), TokenFault> {
        self.intake.tokens.verify_alert(token, self.intake.clock.now())
    }

    /// Returns an alert as somebody may act on it; `None` if there is no such alert, they no longer
    /// work here, or their role lets them see nothing of it.
    ///
    /// # Errors
    /// A [`StoreError`] if it could not be read.
    pub async fn alert(&self, tx: &mut Tx, flag: FlagId, staff: StaffId) -> Result<Option<OpenAlert>, StoreError> {
        let staff = store::staff::find(tx, staff).await?.filter(|staff| staff.active);
        let (Some(staff), Some(flag)) = (staff, store::flags::find(tx, flag).await?) else { return Ok(None) };
        let things = store::things::of_flag(tx, &flag).await?;
        if !Act::Seen.is_open_to(&staff, &things) {
            return Ok(None);
        }
        let ticket = match flag.ticket_id {
            Some(ticket) => store::tickets::find(tx, ticket).await?,
            None => None,
        };
        let acts = match &ticket {
            Some(ticket) => {
                let open = |act: &Act| act.is_open_to(&staff, &things) && act.makes_sense(ticket, &staff);
                Act::ON_TICKET.into_iter().filter(open).collect()
            }
            None => vec![Act::Seen],
        };
        // Seen is seen, whoever it was.
        let acts = if ticket.is_none() && flag.seen_at.is_some() { Vec::new() } else { acts };
        let open = ticket.as_ref().is_none_or(|ticket| Act::Reply.makes_sense(ticket, &staff));
        let may_reply = open && flag.dialogue_id.is_some() && self.may_reply(tx, &staff, &flag, things).await?;
        Ok(Some(OpenAlert { staff, flag, ticket, acts, may_reply }))
    }

    async fn may_reply(&self, tx: &mut Tx, staff: &Staff, flag: &Flag, about: Vec<Thing>) -> Result<bool, StoreError> {
        let mut things = about;
        if let Some(dialogue) = flag.dialogue_id {
            things.extend(store::things::of_dialogue(tx, dialogue).await?);
        }
        Ok(Act::Reply.is_open_to(staff, &things))
    }

    /// Does something about an alert in the name of a member of staff; `id` is by what a copy is known.
    /// An answer to the client comes with what is `said`. Returns whose name that was.
    ///
    /// # Errors
    /// [`DeskError::NotAllowed`] if it is not for their role, and whatever the ticket refuses.
    pub async fn act_on_alert(
        &self,
        flag: FlagId,
        by: StaffId,
        act: Act,
        said: Option<&str>,
        id: String,
    ) -> Result<Staff, DeskError> {
        let said = said.map(|said| words(said, "an answer")).transpose()?;
        let (this, tap) = (self.clone(), Tap { flag, act, said, id });
        self.write(move |tx| {
            Box::pin(async move {
                let staff = store::staff::find(tx, by).await?.filter(|staff| staff.active);
                let staff = staff.ok_or(DeskError::NotAllowed)?;
                this.tapped(tx, &staff, &tap).await?;
                Ok(staff)
            })
        })
        .await
    }

    /// Carries out what somebody did about an alert, unless it is a copy or not for their role.
    pub(super) async fn tapped(&self, tx: &mut Tx, staff: &Staff, tap: &Tap) -> Result<(), DeskError> {
        if !store::alerts::remember_act(tx, &tap.id, self.intake.clock.now()).await? {
            return Ok(());
        }
        let flag = store::flags::find(tx, tap.flag).await?.ok_or(DeskError::NotFound("alert"))?;
        if let Some(ticket) = flag.ticket_id {
            // Of two at once the second is asked of the ticket as the first left it.
            self.load(tx, ticket).await?;
        }
        let things = store::things::of_flag(tx, &flag).await?;
        let may = match tap.act {
            Act::Reply => self.may_reply(tx, staff, &flag, things).await?,
            act => act.is_open_to(staff, &things),
        };
        if !may {
            let (id, act) = (staff.id, tap.act.name());
            tracing::info!(staff.id = %id, flag.id = %flag.id, act, "refused by role");
            return Err(DeskError::NotAllowed);
        }
        self.carry_out(tx, staff, &flag, tap).await
    }

    async fn carry_out(&self, tx: &mut Tx, staff: &Staff, flag: &Flag, tap: &Tap) -> Result<(), DeskError> {
        let now = self.intake.clock.now();
        match (tap.act, flag.ticket_id) {
            (Act::Seen, _) => {}
            (Act::Reply, _) => {
                let dialogue = flag.dialogue_id.ok_or(DeskError::NotFound("conversation"))?;
                self.say(tx, dialogue, tap.said.clone().unwrap_or_default(), staff.id).await?;
            }
            (Act::Take | Act::Phoned | Act::Arrived | Act::Extend, None) => return Err(DeskError::NotFound("ticket")),
            (Act::Take, Some(ticket)) => self.make_theirs(tx, ticket, staff).await?,
            (Act::Phoned, Some(ticket)) => {
                let mut ticket = self.load_for(tx, ticket, staff, tap.act).await?;
                self.intake.ticket_moved(tx, &mut ticket, Moment::Answered).await?;
                self.changed(tx, &ticket, "called", staff.id, json!({})).await?;
            }
            (Act::Arrived, Some(ticket)) => {
                self.make_theirs(tx, ticket, staff).await?;
                let ticket = self.load(tx, ticket).await?;
                // Somebody presses it twice: they are there.
                if ticket.status != Status::OnSite {
                    self.arrived(tx, ticket, Actor::Staff(staff.id)).await?;
                }
            }
            (Act::Extend, Some(id)) => {
                let ticket = self.load_for(tx, id, staff, tap.act).await?;
                self.changed(tx, &ticket, "extension_requested", staff.id, json!({})).await?;
                self.intake.raise(tx, ticket.dialogue_id, FlagKind::ExtensionRequested, About::Ticket(id)).await?;
            }
        }
        store::flags::see(tx, flag.id, staff.id, now).await?;
        self.intake.owe(tx, Job::Acknowledge { flag: flag.id, staff: staff.id, act: tap.act }, now).await?;
        Ok(())
    }

    /// Loads a ticket for something that still makes sense: an old alert keeps its buttons.
    async fn load_for(&self, tx: &mut Tx, id: TicketId, staff: &Staff, act: Act) -> Result<Ticket, DeskError> {
        let ticket = self.load(tx, id).await?;
        if act.makes_sense(&ticket, staff) { Ok(ticket) } else { Err(DeskError::Changed) }
    }

    /// Gives the ticket to whoever acts on it, unless it is theirs already.
    async fn make_theirs(&self, tx: &mut Tx, id: TicketId, staff: &Staff) -> Result<(), DeskError> {
        let ticket = self.load(tx, id).await?;
        let has_it = matches!(ticket.status, Status::Assigned | Status::OnSite) && ticket.assignee == Some(staff.id);
        if has_it {
            return Ok(());
        }
        let ticket = ticket.assign(staff.id, self.intake.clock.now())?;
        self.changed(tx, &ticket, "assigned", staff.id, json!({ "to": staff.name })).await
    }
}
