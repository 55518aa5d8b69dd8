//! One-job links: a subcontractor works one ticket without an account. The link is a random token
//! of which only the hash is stored; it dies with its job, its date, when staff takes it back, or when
//! nobody of ours has the ticket any more.
//!
//! The telephone that accepts gets a mark (a cookie, made of the hash and our key): a link that was
//! passed on afterwards shows nothing on another one. So that it need not depend on that answer to
//! arrive, each telephone that is shown the job has something of its own before. Before anybody has accepted it may be passed
//! on, that is how a firm finds its man.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{By, Desk, DeskError, words};
use crate::channel::ReceivedFile;
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::{SubcontractorId, TicketId};
use crate::domain::subcontractor::Subcontractor;
use crate::domain::ticket::{Actor, Status, Ticket};
use crate::store::job_links::JobLink;
use crate::store::{self, StoreError, Tx};

/// Why a link opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    #[error("there is no such link")]
    Unknown,
    #[error("the link has expired")]
    Expired,
    #[error("the job of the link is done")]
    Done,
    #[error("the link was taken back")]
    Withdrawn,
    #[error("the job was accepted on another telephone")]
    Elsewhere,
}

/// Why an action by a link was refused.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(transparent)]
    Fault(#[from] LinkFault),
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl From<StoreError> for LinkError {
    fn from(error: StoreError) -> LinkError {
        LinkError::Desk(error.into())
    }
}

/// A job as its link shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub ticket: Ticket,
    pub firm: Subcontractor,
    /// By this telephone.
    pub accepted: bool,
    /// The owner was told a moment ago that they are on the way.
    pub on_the_way: bool,
    pub link: JobLink,
}

/// A link as it is opened: the hash of its token and the mark of the telephone, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub token_hash: String,
    /// What we gave it when it accepted, or something random that it got when the job was first shown.
    pub mark: Option<String>,
}

impl Desk {
    /// Sends a firm to a ticket, by a link of which the hash is given; an earlier link is void.
    /// Whoever sends it stays responsible if nobody is yet.
    pub async fn send_firm(
        &self,
        ticket: TicketId,
        firm: SubcontractorId,
        token_hash: String,
        by: impl Into<By>,
    ) -> Result<JobLink, DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let firm = store::subcontractors::find(tx, firm).await?.filter(|firm| firm.active);
                let firm = firm.ok_or(DeskError::NotFound("subcontractor"))?;
                let now = this.intake.clock.now();
                let ticket = this.load_seen(tx, ticket, by).await?;
                let responsible = ticket.assignee.unwrap_or(by.staff);
                let ticket = Ticket { subcontractor_id: Some(firm.id), ..ticket.assign(responsible, now)? };
                this.changed(tx, &ticket, "firm_sent", by.staff, json!({ "to": firm.name })).await?;
                store::job_links::end_of_ticket(tx, ticket.id, now).await?;
                let days = u64::from(this.intake.catalog.dispatch().link_days);
                let link = JobLink {
                    token_hash,
                    ticket_id: ticket.id,
                    subcontractor_id: firm.id,
                    created_at: now,
                    expires_at: now + Duration::from_secs(days * 86_400),
                    ended_at: None,
                };
                store::job_links::insert(tx, &link).await?;
                Ok(link)
            })
        })
        .await
    }

    /// Takes a firm's link back; the ticket stays with whoever is responsible.
    pub async fn recall_firm(&self, ticket: TicketId, by: impl Into<By>) -> Result<(), DeskError> {
        let by = by.into();
        let this = self.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let now = this.intake.clock.now();
                let ticket = this.load_seen(tx, ticket, by).await?;
                store::job_links::end_of_ticket(tx, ticket.id, now).await?;
                let ticket = Ticket { subcontractor_id: None, updated_at: now, ..ticket };
                this.changed(tx, &ticket, "firm_recalled", by.staff, json!({})).await
            })
        })
        .await
    }

    /// Returns the job behind a link.
    pub async fn job(&self, tx: &mut Tx, key: &Key) -> Result<Job, LinkError> {
        let link = store::job_links::find(tx, &key.token_hash).await?.ok_or(LinkFault::Unknown)?;
        let ticket = store::tickets::find(tx, link.ticket_id).await?.ok_or(LinkFault::Unknown)?;
        let firm = store::subcontractors::find(tx, link.subcontractor_id).await?.ok_or(LinkFault::Unknown)?;
        if link.ended_at.is_some() {
            let done = !ticket.status.is_open() && ticket.subcontractor_id == Some(firm.id);
            return Err(if done { LinkFault::Done } else { LinkFault::Withdrawn }.into());
        }
        if link.expires_at <= self.intake.clock.now() {
            return Err(LinkFault::Expired.into());
        }
        let taken = accepted(tx, &link).await?;
        if let Some(Accepted { phone, .. }) = &taken
            && !key.mark.as_deref().is_some_and(|mark| self.is_of_phone(&key.token_hash, phone.as_deref(), mark))
        {
            return Err(LinkFault::Elsewhere.into());
        }
        let on_the_way = self.has_set_out(tx, &ticket, Actor::Firm(firm.id)).await?;
        Ok(Job { ticket, firm, accepted: taken.is_some(), on_the_way, link })
    }

    /// Whether a telephone shows that it accepted: by the mark it got then, or where that answer never
    /// reached it, by what it had before (`phone` is its hash).
    fn is_of_phone(&self, token_hash: &str, phone: Option<&str>, mark: &str) -> bool {
        let tokens = &self.intake.tokens;
        tokens.is_mark(token_hash, mark) || phone.is_some_and(|phone| tokens.is_mark(mark, phone))
    }

    /// The firm accepts; returns the mark for the telephone it was done on.
    pub async fn firm_accepts(&self, key: Key) -> Result<String, LinkError> {
        let phone = key.mark.as_deref().map(|mark| self.intake.tokens.mark(mark));
        let hash = self.by_link(key, move |this, tx, job| {
            Box::pin(async move {
                if !job.accepted {
                    let link = job.link.token_hash.get(..LINK_KNOWN_BY).map(str::to_owned);
                    let body = serde_json::to_value(Accepted { link, phone }).unwrap_or_default();
                    this.changed_by(tx, &job.ticket, FIRM_ACCEPTED, Actor::Firm(job.firm.id), body).await?;
                }
                Ok(job.link.token_hash)
            })
        });
        Ok(self.intake.tokens.mark(&hash.await?))
    }

    /// The firm does not take it, or gives it back: the link dies and staff is told.
    pub async fn firm_declines(&self, key: Key, reason: &str) -> Result<(), LinkError> {
        let reason = words(reason, "a reason")?;
        self.by_link(key, move |this, tx, job| {
            Box::pin(async move {
                let now = this.intake.clock.now();
                let ticket = Ticket { subcontractor_id: None, updated_at: now, ..job.ticket };
                let actor = Actor::Firm(job.firm.id);
                this.changed_by(tx, &ticket, "firm_declined", actor, json!({ "text": reason })).await?;
                store::job_links::end_of_ticket(tx, ticket.id, now).await?;
                let mut flag = Flag::raised(this.intake.clock.new_id(), FlagKind::TicketReturned, now);
                flag.ticket_id = Some(ticket.id);
                flag.dialogue_id = ticket.dialogue_id;
                Ok(this.intake.show(tx, &flag).await?)
            })
        })
        .await
    }

    /// Somebody of the firm is on the way; the owner is told.
    pub async fn firm_sets_out(&self, key: Key) -> Result<(), LinkError> {
        self.by_accepted(key, move |this, tx, job| {
            Box::pin(async move {
                if job.on_the_way {
                    return Ok(());
                }
                let ticket = this.taken_up_again(job.ticket)?;
                this.set_out(tx, ticket, Actor::Firm(job.firm.id)).await
            })
        })
        .await
    }

    /// Somebody of the firm is at the place.
    pub async fn firm_arrives(&self, key: Key) -> Result<(), LinkError> {
        self.by_accepted(key, move |this, tx, job| {
            Box::pin(async move {
                let ticket = this.taken_up_again(job.ticket)?;
                this.arrived(tx, ticket, Actor::Firm(job.firm.id)).await
            })
        })
        .await
    }

    /// The firm says that it is mended, with a note, photos, or both; the owner is asked.
    pub async fn firm_rectifies(&self, key: Key, note: &str, photos: Vec<ReceivedFile>) -> Result<(), LinkError> {
        let note = words(note, "a note").ok();
        self.by_accepted(key, move |this, tx, job| {
            Box::pin(async move {
                let ticket = this.taken_up_again(job.ticket)?;
                this.rectified(tx, ticket, note, &photos, Actor::Firm(job.firm.id)).await
            })
        })
        .await
    }

    /// A fix that was rejected is the firm's again, without anybody's doing.
    fn taken_up_again(&self, ticket: Ticket) -> Result<Ticket, DeskError> {
        match (ticket.status, ticket.assignee) {
            (Status::Reopened, Some(responsible)) => Ok(ticket.assign(responsible, self.intake.clock.now())?),
            _ => Ok(ticket),
        }
    }

    async fn by_accepted<F>(&self, key: Key, work: F) -> Result<(), LinkError>
    where
        F: for<'t> FnOnce(Desk, &'t mut Tx, Job) -> Work<'t, ()> + Send + 'static,
    {
        self.by_link(
            key,
            move |this, tx, job| {
                if job.accepted { work(this, tx, job) } else { Box::pin(async { Err(DeskError::Changed) }) }
            },
        )
        .await
    }

    /// Does something to the job of a link, which is held.
    async fn by_link<T, F>(&self, key: Key, work: F) -> Result<T, LinkError>
    where
        F: for<'t> FnOnce(Desk, &'t mut Tx, Job) -> Work<'t, T> + Send + 'static,
        T: Send + 'static,
    {
        let this = self.clone();
        let done = self.store.write(move |tx| {
            Box::pin(async move {
                let link = store::job_links::find(tx, &key.token_hash).await?.ok_or(LinkFault::Unknown)?;
                store::tickets::load_for_update(tx, link.ticket_id).await?;
                let job = this.job(tx, &key).await?;
                Ok(work(this, tx, job).await?)
            })
        });
        done.await
    }
}

/// A step of work within a transaction.
type Work<'t, T> = futures_util::future::BoxFuture<'t, Result<T, DeskError>>;

/// The event of an acceptance.
const FIRM_ACCEPTED: &str = "firm_accepted";

/// Characters of the hash by which an acceptance names its link.
const LINK_KNOWN_BY: usize = 16;

/// What the event of an acceptance holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Accepted {
    link: Option<String>,
    /// The hash of what the telephone showed that accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// Returns the acceptance of a link, if there was one.
async fn accepted(tx: &mut Tx, link: &JobLink) -> Result<Option<Accepted>, StoreError> {
    let events = store::tickets::events(tx, link.ticket_id).await?;
    let accepted = events.iter().filter(|event| event.kind == FIRM_ACCEPTED);
    let mut accepted = accepted.filter_map(|event| serde_json::from_str::<Accepted>(&event.body).ok());
    Ok(accepted.find(|accepted| accepted.link.as_deref() == link.token_hash.get(..LINK_KNOWN_BY)))
}
