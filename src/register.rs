//! The registers of the works (项目、房号、客户、人员、分包单位、保修条款) from tables that people keep: CSV and
//! Excel workbooks, in, and templates for them, out.
//!
//! An import is all or nothing. It finds every record again by what the operator calls it —
//! project code, project and unit code, telephone number, login, name of the firm — so a second
//! import of the same file changes nothing. It never removes: an empty cell or a missing column
//! leaves what is known, a cell with `-` empties it. Every fault is told in one run, with its
//! place.
//!
//! [`book`] reads files, [`table`] finds the registers in them, `plan` applies their rows to what
//! is known (`known`), [`template`] writes empty ones.

use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::domain::calendar;
use crate::domain::job::Job;
use crate::domain::register::Register;
use crate::store::jobs::{self, NewJob};
use crate::store::{Store, StoreError, Tx};

pub mod book;
pub mod cell;
mod delimited;
pub mod fault;
mod known;
mod line;
mod plan;
mod shelf;
pub mod table;
pub mod template;
mod xlsx;

use fault::{Fault, Faults, Problem};
use known::Known;
use plan::Setting;
pub use shelf::Count;
use table::Table;

/// Reads tables into the registers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Importer {
    pub store: Store,
    pub catalog: Arc<Catalog>,
    pub clock: Clock,
    /// Whose days dates mean (`[policy] time_zone`).
    pub zone: TimeZone,
    /// The one region whose registers may be changed; `None`: all.
    pub within: Option<String>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Of each register in the file, how many records are new, changed and the same.
    pub counts: Vec<(Register, Count)>,
    /// What has to be put right; nothing was written if there is any.
    pub faults: Faults,
    /// What is worth knowing; it keeps nothing from being written.
    pub notes: Faults,
    /// Whether it also binds people to units or names firms for projects anew.
    pub touches_more: bool,
    /// Whether the registers were changed by it.
    pub written: bool,
}

impl Importer {
    /// Says what a file would do, without doing it.
    ///
    /// # Errors
    /// A [`StoreError`] if what is known could not be read.
    pub async fn rehearse(&self, file: Bytes, wanted: Option<Register>) -> Result<Report, StoreError> {
        let (tables, report) = self.tables(file, wanted).await;
        if !report.faults.is_empty() {
            return Ok(report);
        }
        let this = self.clone();
        self.store.read(move |tx| Box::pin(async move { Ok(this.plan(tx, &tables, report).await?.1) })).await
    }

    /// Imports a file, if there is no fault in it.
    ///
    /// The rows are first judged on a snapshot, so that a faulty file holds up nobody; then once
    /// more in the one transaction that writes them. Other imports wait for that one, and on SQLite every
    /// other write.
    ///
    /// # Errors
    /// A [`StoreError`] if nothing was written.
    pub async fn import(&self, file: Bytes, wanted: Option<Register>) -> Result<Report, StoreError> {
        let (tables, report) = self.tables(file, wanted).await;
        if !report.faults.is_empty() {
            return Ok(report);
        }
        let (this, first, tables) = (self.clone(), report.clone(), Arc::new(tables));
        let rows = Arc::clone(&tables);
        let rehearsed = self
            .store
            .read(move |tx| Box::pin(async move { Ok::<_, StoreError>(this.plan(tx, &rows, first).await?.1) }));
        let rehearsed = rehearsed.await?;
        if !rehearsed.faults.is_empty() {
            return Ok(rehearsed);
        }
        let this = self.clone();
        let written = self.store.write_at_length(move |tx| {
            Box::pin(async move {
                Known::hold(tx, &registers_of(&tables)).await?;
                let (known, mut report) = this.plan(tx, &tables, report).await?;
                if report.faults.is_empty() {
                    known.store(tx, this.clock.now()).await?;
                    this.owe(tx, Job::Replan).await?;
                    for who in known.left() {
                        this.owe(tx, Job::StaffLeft { staff: who }).await?;
                    }
                    report.written = true;
                }
                Ok::<_, StoreError>(report)
            })
        });
        written.await
    }

    /// What follows the registers: visits their dates, tickets those who still work here.
    async fn owe(&self, tx: &mut Tx, job: Job) -> Result<(), StoreError> {
        let now = self.clock.now();
        let row = NewJob::owed(self.clock.new_id(), &job, now, now)?;
        jobs::enqueue(tx, &row).await.map(drop)
    }

    /// Reads a file on a thread of its own: it may be large, and it may be hostile.
    async fn tables(&self, file: Bytes, wanted: Option<Register>) -> (Vec<Table>, Report) {
        let catalog = Arc::clone(&self.catalog);
        let read = tokio::task::spawn_blocking(move || {
            let mut report = Report::default();
            let tables = match book::read(&file) {
                Ok(sheets) => {
                    table::recognise(sheets, wanted, catalog.register(), &mut report.faults, &mut report.notes)
                }
                Err(fault) => {
                    report.faults.add(fault);
                    Vec::new()
                }
            };
            (tables, report)
        });
        read.await.unwrap_or_else(|_| {
            // A reader that panicked: the file is none that a spreadsheet wrote.
            let mut report = Report::default();
            report.faults.add(Fault::of_file(Problem::Broken, &[]));
            (Vec::new(), report)
        })
    }

    async fn plan(&self, tx: &mut Tx, tables: &[Table], mut report: Report) -> Result<(Known, Report), StoreError> {
        let registers = registers_of(tables);
        let mut known = Known::load(tx, &registers).await?;
        let now = self.clock.now();
        let setting = Setting {
            words: self.catalog.register(),
            rules: self.catalog.warranty(),
            zone: &self.zone,
            clock: &self.clock,
            now,
            today: calendar::local_date(now, &self.zone).unwrap_or_default(),
            within: self.within.as_deref(),
        };
        plan::apply(tables, &mut known, &setting, &mut report.faults, &mut report.notes);
        report.touches_more = known.binds_or_engages();
        report.counts = registers.into_iter().map(|register| (register, known.count(register))).collect();
        Ok((known, report))
    }
}

/// Returns the registers a file is about, each once.
fn registers_of(tables: &[Table]) -> Vec<Register> {
    let mut registers: Vec<Register> = tables.iter().map(|table| table.register).collect();
    registers.sort_unstable();
    registers.dedup();
    registers
}
