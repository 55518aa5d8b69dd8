//! Warranty triage: a ticket knows by itself whether it is in warranty and who answers for it; the
//! owner is never asked.

use std::time::Duration;

use huifang::domain::project::Project;
use huifang::domain::staff::{Role, Staff};
use huifang::domain::subcontractor::Subcontractor;
use huifang::domain::ticket::Ticket;
use huifang::domain::understanding::Category;
use huifang::domain::warranty::{Responsible, Span, Standing, Term};
use huifang::store::{self, StoreError};

use crate::talk::Talk;

const DAY: u64 = 86_400;

impl Talk {
    /// The project's register is put right: its handover so many days ago, and what else is known.
    async fn has_register(
        &self,
        handover_days_ago: Option<u64>,
        terms: Vec<Term>,
    ) -> (huifang::domain::ids::StaffId, huifang::domain::ids::SubcontractorId) {
        let (now, unit) = (self.clock.now(), self.unit);
        let engineer = Staff::new(self.clock.new_id(), "lijun", Role::Engineer, now);
        let firm = Subcontractor::new(self.clock.new_id(), "安居防水");
        let ids = (engineer.id, firm.id);
        let handover_at = handover_days_ago.map(|days| now - Duration::from_secs(days * DAY));
        let known = self.store.write(move |tx| {
            Box::pin(async move {
                store::staff::insert(tx, &engineer, "x").await?;
                store::subcontractors::save(tx, &firm).await?;
                let project = store::units::find(tx, unit).await?.unwrap().project_id;
                let project = store::projects::find(tx, project).await?.unwrap();
                let project = Project { handover_at, engineer_id: Some(engineer.id), ..project };
                store::projects::update(tx, &project).await?;
                store::subcontractors::engage(tx, project.id, Some(Category::Leak), firm.id).await?;
                for term in terms {
                    store::warranty_terms::save(tx, project.id, &term).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        known.await.unwrap();
        ids
    }

    /// Reports a leak from the bathroom's floor and hands the report in.
    async fn reports_a_wet_floor(&mut self) -> Ticket {
        self.says("主卧卫生间地面渗水到楼下，从昨天开始，地上一滩水").await;
        self.taps("提交").await;
        self.tickets().await.remove(0)
    }

    async fn standing(&self, ticket: &Ticket) -> Standing {
        let (intake, ticket) = (self.intake.clone(), ticket.clone());
        let read = self.store.read(|tx| Box::pin(async move { intake.standing(tx, &ticket, ticket.category).await }));
        read.await.map_err(|error: StoreError| error).unwrap()
    }
}

#[tokio::test]
async fn a_leak_in_the_bathroom_four_years_after_the_handover_is_the_firms() {
    let mut talk = Talk::bound().await;
    let (_, firm) = talk.has_register(Some(4 * 365), Vec::new()).await;
    let ticket = talk.reports_a_wet_floor().await;
    assert_eq!((ticket.category, ticket.in_warranty), (Some(Category::Leak), Some(true)));
    let standing = talk.standing(&ticket).await;
    assert_eq!(standing.component.as_deref(), Some("bathroom_waterproofing"));
    assert_eq!(standing.responsible, Some(Responsible::Subcontractor(firm)));
    assert!(!talk.transcript().contains("保修"), "the owner was asked about the warranty");
}

#[tokio::test]
async fn six_years_after_the_handover_it_is_the_engineers() {
    let mut talk = Talk::bound().await;
    let (engineer, _) = talk.has_register(Some(6 * 365), Vec::new()).await;
    let ticket = talk.reports_a_wet_floor().await;
    assert_eq!(ticket.in_warranty, Some(false));
    assert_eq!(talk.standing(&ticket).await.responsible, Some(Responsible::Engineer(engineer)));
}

#[tokio::test]
async fn what_the_contract_agrees_keeps_it_in_warranty() {
    let mut talk = Talk::bound().await;
    let term = Term { component: "bathroom_waterproofing".to_owned(), span: Span::Months(96) };
    talk.has_register(Some(6 * 365), vec![term]).await;
    assert_eq!(talk.reports_a_wet_floor().await.in_warranty, Some(true));
}

#[tokio::test]
async fn a_unit_that_was_handed_over_later_counts_from_its_own_day() {
    let mut talk = Talk::bound().await;
    talk.has_register(Some(6 * 365), Vec::new()).await;
    let (unit, own) = (talk.unit, talk.clock.now() - Duration::from_secs(4 * 365 * DAY));
    let changed = talk.store.write(move |tx| {
        Box::pin(async move {
            let mut unit = store::units::find(tx, unit).await?.unwrap();
            unit.handover_at = Some(own);
            store::units::save_all(tx, &[&unit]).await
        })
    });
    changed.await.map_err(|error: StoreError| error).unwrap();
    assert_eq!(talk.reports_a_wet_floor().await.in_warranty, Some(true));
}

#[tokio::test]
async fn without_a_handover_date_nobody_claims_to_know() {
    let mut talk = Talk::bound().await;
    talk.has_register(None, Vec::new()).await;
    assert_eq!(talk.reports_a_wet_floor().await.in_warranty, None);
}

#[tokio::test]
async fn judging_the_words_again_judges_the_warranty_again() {
    let mut talk = Talk::bound().await;
    talk.has_register(None, Vec::new()).await;
    let ticket = talk.reports_a_wet_floor().await;
    assert_eq!(ticket.in_warranty, None);
    // Meanwhile the handover became known.
    let (unit, own) = (talk.unit, talk.clock.now());
    let (intake, id) = (talk.intake.clone(), ticket.id);
    let judged = intake.understand(&ticket.description, &talk.state().await);
    let changed = talk.store.write(move |tx| {
        Box::pin(async move {
            let mut unit = store::units::find(tx, unit).await?.unwrap();
            unit.handover_at = Some(own);
            store::units::save_all(tx, &[&unit]).await?;
            intake.judge_ticket(tx, id, &judged).await
        })
    });
    changed.await.map_err(|error: StoreError| error).unwrap();
    assert_eq!(talk.tickets().await.remove(0).in_warranty, Some(true));
}
