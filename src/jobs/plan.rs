//! Planning visits day by day, and sending them when they are due.
//!
//! There is no timetable besides the jobs themselves: the planning of a day owes that of the next
//! before it begins, under a key of the day, so that it is done once however many processes run,
//! and goes on after a restart.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::{Date, time};

use super::{Outcome, Runner};
use crate::domain::calendar;
use crate::domain::ids::VisitId;
use crate::domain::job::Job;
use crate::domain::time::Timestamp;
use crate::planner::{Planner, PlannerError};
use crate::store::blobs::TABLES;
use crate::store::{self, StoreError};

/// When the day's visits are planned: before anybody may be asked anything.
const EARLY: jiff::civil::Time = time(5, 0, 0, 0);

/// How long a table that was checked waits to be confirmed.
const UNCONFIRMED: Duration = Duration::from_secs(24 * 3600);

impl Runner {
    /// Owes the planning of today; done at every start of a worker.
    ///
    /// # Errors
    /// A [`StoreError`] if that could not be stored.
    pub async fn keep_planning(&self) -> Result<(), StoreError> {
        let (intake, now) = (self.intake.clone(), self.clock.now());
        let day = self.local_day(now);
        self.store.write(move |tx| Box::pin(async move { intake.owe(tx, Job::PlanAll { day }, now).await })).await
    }

    pub(super) async fn plan_all(&self, day: i32) -> Outcome {
        let intake = self.intake.clone();
        // After a pause of days the days between are not made up for: one planning does for all.
        let next = day.max(self.local_day(self.clock.now())).saturating_add(1);
        let at = self.early_on(next);
        let owed =
            self.store.write(move |tx| Box::pin(async move { intake.owe(tx, Job::PlanAll { day: next }, at).await }));
        if let Err(error) = owed.await {
            return error.into();
        }
        if let Err(error) = self.sweep().await {
            return error.into();
        }
        self.sweep_tables().await;
        self.plan_due().await
    }

    /// Removes what was done long ago, page by page, and log-ins that ran out, once a day.
    async fn sweep(&self) -> Result<(), StoreError> {
        let before = self.clock.now() - self.intake.retention.done_jobs;
        let mut swept = 0;
        loop {
            let page = self.store.write(move |tx| Box::pin(async move { store::jobs::sweep_done(tx, before).await }));
            match page.await? {
                0 => break,
                count => swept += count,
            }
        }
        if swept > 0 {
            tracing::info!(jobs = swept, "{swept} jobs that were done long ago are removed");
        }
        let now = self.clock.now();
        self.store.write(move |tx| Box::pin(async move { store::sessions::sweep(tx, now).await })).await?;
        Ok(())
    }

    /// Removes tables that were checked and that nobody has confirmed: they hold names and numbers. Where
    /// the media store is away, the next day does.
    async fn sweep_tables(&self) {
        match self.blobs.sweep(TABLES, self.clock.now() - UNCONFIRMED).await {
            Ok(0) => {}
            Ok(tables) => tracing::info!(tables, "{tables} tables that nobody confirmed are removed"),
            Err(cause) => tracing::warn!(%cause, "tables that nobody confirmed could not be removed"),
        }
    }

    /// Plans every unit anew, and says of every ticket anew whether it is under warranty: the register has changed.
    pub(super) async fn replan(&self) -> Outcome {
        let mut last = None;
        loop {
            let intake = self.intake.clone();
            let page = self.store.write(move |tx| Box::pin(async move { intake.judge_warranties(tx, last).await }));
            match page.await {
                Ok(None) => break,
                Ok(page) => last = page,
                Err(error) => return error.into(),
            }
        }
        let anew = self.store.write(|tx| Box::pin(async move { store::visits::plan_all_anew(tx).await }));
        match anew.await {
            Ok(()) => self.plan_due().await,
            Err(error) => error.into(),
        }
    }

    /// Plans the units that are to be looked at, page by page, and what follows repairs.
    async fn plan_due(&self) -> Outcome {
        let planner = Planner::new(self.intake.clone());
        let mut changed = 0;
        loop {
            let planner = planner.clone();
            match self.store.write(move |tx| Box::pin(async move { planner.plan_page(tx).await })).await {
                Ok(Some(count)) => changed += count,
                Ok(None) => break,
                Err(error) => return error.into(),
            }
        }
        let repairs = self.store.write(move |tx| Box::pin(async move { planner.plan_repairs(tx).await })).await;
        match repairs {
            Ok(count) => {
                tracing::info!(
                    changed,
                    repairs = count,
                    "visits are planned: {changed} changed, {count} after repairs"
                );
                Outcome::Done
            }
            Err(error) => error.into(),
        }
    }

    pub(super) async fn send_visit(&self, visit: VisitId, due: Timestamp) -> Outcome {
        let planner = Planner::new(self.intake.clone());
        let sent = self.store.write(move |tx| Box::pin(async move { planner.send_due(tx, visit, due).await }));
        sent.await.map_or_else(Outcome::from, |_| Outcome::Done)
    }

    pub(super) async fn show_record(&self, visit: VisitId) -> Outcome {
        let planner = Planner::new(self.intake.clone());
        let shown = self.store.write(move |tx| Box::pin(async move { planner.show_record(tx, visit).await }));
        shown.await.map_or_else(
            |error| match error {
                PlannerError::Store(error) => error.into(),
                other => Outcome::Fail(other.into()),
            },
            |()| Outcome::Done,
        )
    }

    fn local_day(&self, at: Timestamp) -> i32 {
        let zone = &self.intake.policy.quiet.zone;
        let date = calendar::local_date(at, zone);
        let days = date.and_then(|date| date.since(EPOCH).ok()).map(|span| span.get_days());
        days.unwrap_or_default()
    }

    fn early_on(&self, day: i32) -> Timestamp {
        let date = EPOCH.saturating_add(i64::from(day).days());
        calendar::instant(date, EARLY, &self.intake.policy.quiet.zone).unwrap_or_else(|| self.clock.now())
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);
