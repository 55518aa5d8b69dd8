//! `huifang import`: the registers from CSV and Excel workbooks, and templates for them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::language::Language;
use crate::domain::register::Register;
use crate::register::fault::{Fault, Faults};
use crate::register::{Importer, Report, book, template};

/// Brings projects, units, contacts, staff, subcontractors and warranty terms in from a table
///
/// A workbook carries a sheet for each register, a CSV one of them; `--template` writes empty ones
/// that explain themselves. Records are found again by project code, project and unit code,
/// telephone number, login or name of the firm, so importing a file twice changes nothing. Nothing
/// is removed: an empty cell leaves what is known, `-` empties it. It is all or nothing; while a
/// large file is written on SQLite, the running service waits.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// An .xlsx workbook or a CSV (UTF-8 or GB18030); with --template the file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which register the table holds: projects, units, contacts, staff, subcontractors or terms
    /// [default: found out by sheet names and headings]
    #[arg(long, value_name = "REGISTER", value_parser = register)]
    kind: Option<Register>,
    /// Checks the file and says what would change, without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Writes an empty table to fill in: all registers, or with --kind that one (a CSV needs it)
    #[arg(long, conflicts_with = "dry_run")]
    template: bool,
    /// The language of a template's headings: zh-CN or en
    #[arg(long, value_name = "TAG", default_value = "zh-CN", value_parser = language)]
    language: Language,
}

fn register(name: &str) -> Result<Register, String> {
    let known = || Register::ALL.iter().map(|register| register.name()).collect::<Vec<_>>().join(", ");
    Register::from_name(name).ok_or_else(|| format!("expected one of {}", known()))
}

fn language(tag: &str) -> Result<Language, String> {
    Language::from_tag(tag).ok_or_else(|| "expected zh-CN or en".to_owned())
}

impl Import {
    /// Runs the command; fails when something in the file has to be put right.
    pub(super) async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        let catalog = Catalog::embedded().map_err(|faults| {
            let faults: Vec<_> = faults.iter().map(|fault| format!("prompts/{fault}")).collect();
            anyhow::anyhow!(faults.join("\n"))
        })?;
        if self.template {
            self.write_template(&catalog)?;
            return Ok(ExitCode::SUCCESS);
        }
        let bytes = self.read()?;
        let store = if self.dry_run { super::up_to_date(&config).await? } else { super::migrated(&config).await? };
        let importer = Importer {
            store: store.clone(),
            catalog: Arc::new(catalog),
            clock: Clock::system(),
            zone: config.policy.time_zone.clone(),
            within: None,
        };
        let report = if self.dry_run {
            importer.rehearse(bytes.into(), self.kind).await?
        } else {
            importer.import(bytes.into(), self.kind).await?
        };
        store.close().await;
        self.tell(&importer.catalog, &report)?;
        Ok(if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn write_template(&self, catalog: &Catalog) -> anyhow::Result<()> {
        let wanted: Vec<Register> = self.kind.map_or_else(|| Register::ALL.to_vec(), |kind| vec![kind]);
        let ends_with = |end: &str| self.file.extension().is_some_and(|found| found.eq_ignore_ascii_case(end));
        let bytes = if ends_with("csv") {
            let [kind] = wanted.as_slice() else { bail!("a CSV holds one register: name it with --kind") };
            template::delimited((*kind, &[]), catalog.register(), self.language)?
        } else if ends_with("xlsx") {
            let registers: Vec<template::Rows<'_>> = wanted.into_iter().map(|kind| (kind, [].as_slice())).collect();
            template::workbook(&registers, catalog.register(), catalog.warranty(), self.language)?
        } else {
            bail!("{}: a template is written as .xlsx or .csv", self.file.display());
        };
        write_new(&self.file, &bytes)?;
        super::print(format_args!("{} is ready to be filled in", self.file.display()))?;
        Ok(())
    }

    fn read(&self) -> anyhow::Result<Vec<u8>> {
        let about = std::fs::metadata(&self.file).with_context(|| format!("{}", self.file.display()))?;
        if about.len() > book::MOST_BYTES as u64 {
            bail!("{} is larger than {} MB; split it", self.file.display(), book::MOST_BYTES / 1024 / 1024);
        }
        std::fs::read(&self.file).with_context(|| format!("{} cannot be read", self.file.display()))
    }

    fn tell(&self, catalog: &Catalog, report: &Report) -> std::io::Result<()> {
        let name = self.file.display().to_string();
        for (faults, kind) in [(&report.faults, ""), (&report.notes, "note: ")] {
            for fault in &faults.list {
                eprintln!("{}: {kind}{}", place(&name, fault), fault.message(catalog, Language::English));
            }
            more(&name, faults, kind);
        }
        if !report.faults.is_empty() {
            let count = report.faults.count();
            return super::print(format_args!("{name}: nothing was imported; {count} to put right"));
        }
        for (register, count) in &report.counts {
            let (new, changed, same) = (count.new, count.changed, count.same);
            super::print(format_args!("{}: {new} new, {changed} changed, {same} the same", register.name()))?;
        }
        super::print(if report.written { "imported" } else { "nothing was changed: this was a dry run" })
    }
}

/// `units.xlsx, sheet 房号, row 5, column C (交付日期)`.
fn place(file: &str, fault: &Fault) -> String {
    let at = &fault.place;
    // Writing to a String cannot fail.
    let mut said = file.to_owned();
    if let Some(sheet) = &at.sheet {
        let _ = write!(said, ", sheet {sheet}");
    }
    if let Some(row) = at.row {
        let _ = write!(said, ", row {row}");
    }
    if let Some(letters) = at.letters() {
        let heading = at.heading.as_ref().map(|heading| format!(" ({heading})")).unwrap_or_default();
        let _ = write!(said, ", column {letters}{heading}");
    }
    said
}

fn more(file: &str, faults: &Faults, kind: &str) {
    if faults.more > 0 {
        eprintln!("{file}: {kind}and {} more", faults.more);
    }
}

/// Writes a file that is not there yet: a template must not replace what somebody has filled in.
fn write_new(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut new = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .with_context(|| format!("{} cannot be made", file.display()))?;
    new.write_all(bytes).with_context(|| format!("{} cannot be written", file.display()))
}
