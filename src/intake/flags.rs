//! Flags for staff: raised once for the same matter, with the department they are for where that is a
//! matter of rules ([`crate::domain::department`]).

use super::Intake;
use crate::domain::dialogue::effect::About;
use crate::domain::flag::{Flag, FlagKind};
use crate::domain::ids::DialogueId;
use crate::domain::job::Job;
use crate::domain::sla::Level;
use crate::domain::ticket::Ticket;
use crate::store::{self, StoreError, Tx};

impl Intake {
    /// Raises a flag, once for the same matter while nobody has seen it.
    pub(crate) async fn raise(
        &self,
        tx: &mut Tx,
        dialogue: Option<DialogueId>,
        kind: FlagKind,
        about: About,
    ) -> Result<(), StoreError> {
        let detail = self.department_of(tx, kind, about).await?.map(|name| format!("department={name}"));
        self.raise_with(tx, dialogue, kind, about, detail.unwrap_or_default()).await
    }

    /// Raises a flag with a detail of its own, once for the same matter while nobody has seen it.
    pub(crate) async fn raise_with(
        &self,
        tx: &mut Tx,
        dialogue: Option<DialogueId>,
        kind: FlagKind,
        about: About,
        detail: String,
    ) -> Result<(), StoreError> {
        let mut flag = Flag::raised(self.clock.new_id(), kind, self.clock.now());
        flag.dialogue_id = dialogue;
        flag.detail = detail;
        match about {
            About::Conversation => {}
            About::Ticket(ticket) => flag.ticket_id = Some(ticket),
            About::Response(response) => {
                flag.response_id = Some(response);
                if let Some(found) = store::responses::find(tx, response).await? {
                    let score = found.score.map(|score| format!("score={score}"));
                    let band = found.band.map(|band| format!("band={band}"));
                    flag.detail = score.into_iter().chain(band).collect::<Vec<_>>().join(" ");
                }
            }
        }
        // What points at nothing is told apart by its detail.
        let by_detail = matches!(about, About::Conversation);
        let unseen = store::flags::unseen_like(tx, &flag).await?;
        let known = unseen.iter().any(|other| other.detail == flag.detail || !by_detail);
        if known {
            return Ok(());
        }
        self.show(tx, &flag).await?;
        // Whose fix did not hold is told that the manager hears of it (DOMAIN.md, "Repairs").
        if let (FlagKind::FixRejected, About::Ticket(id)) = (kind, about)
            && let Some(ticket) = store::tickets::find(tx, id).await?
        {
            self.escalate(tx, &ticket, &flag, &[Level::Manager]).await?;
        }
        Ok(())
    }

    /// Shows a flag to staff, on the board and where alerts go.
    pub(crate) async fn show(&self, tx: &mut Tx, flag: &Flag) -> Result<(), StoreError> {
        store::flags::raise(tx, flag).await?;
        if self.alerts { self.owe(tx, Job::Alert { flag: flag.id }, self.clock.now()).await } else { Ok(()) }
    }

    /// Has the alert about a ticket that nobody has seen decided anew, since its region is known: whoever was told
    /// is not told again.
    pub(super) async fn alert_anew(&self, tx: &mut Tx, kind: FlagKind, ticket: &Ticket) -> Result<(), StoreError> {
        if !self.alerts {
            return Ok(());
        }
        let now = self.clock.now();
        let mut like = Flag::raised(self.clock.new_id(), kind, now);
        (like.ticket_id, like.dialogue_id) = (Some(ticket.id), ticket.dialogue_id);
        for flag in store::flags::unseen_like(tx, &like).await? {
            self.owe_again(tx, Job::Alert { flag: flag.id }, now).await?;
        }
        Ok(())
    }

    /// Returns which department a flag is for, where that is a matter of rules.
    async fn department_of(&self, tx: &mut Tx, kind: FlagKind, about: About) -> Result<Option<String>, StoreError> {
        let routes = self.catalog.departments();
        match (kind, about) {
            (FlagKind::Praise, _) => Ok(Some(routes.praise.clone())),
            (FlagKind::Complaint, About::Ticket(id)) => {
                let ticket = store::tickets::find(tx, id).await?;
                let to =
                    ticket.and_then(|t| routes.of_complaint(t.cause, t.category, &t.description).map(str::to_owned));
                Ok(to)
            }
            _ => Ok(None),
        }
    }
}
