//! `/console/import`: a table is uploaded and checked, then, once it is right, imported.
//!
//! Between the two steps the file lies in the media store, one for each member of staff and for a day
//! or two at most; what is confirmed is the file that was checked, told by its hash. Who may, says `access.rs`.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::csrf::Signed;
use super::session::Staff;
use super::view::{Choice, Shell};
use crate::domain::access::Right;
use crate::domain::ids::StaffId;
use crate::domain::register::Register;
use crate::register::fault::Faults;
use crate::register::{Report, template};
use crate::store::blobs::{BlobError, TABLES};
use crate::web::api::{LARGEST_TABLE, importer};
use crate::web::error::WebError;
use crate::web::words::Words;
use crate::web::{Web, posted, secret};

/// What a workbook is called on the wire.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) fn routes() -> Router<Web> {
    let upload = post(check).layer(DefaultBodyLimit::max(LARGEST_TABLE + 64 * 1024));
    Router::new()
        .route("/console/import", get(form).merge(upload))
        .route("/console/import/confirm", post(confirm))
        .route("/console/import/template/{name}", get(empty))
}

/// The page: the form, and what became of the last file.
#[derive(Debug, Template)]
#[template(path = "console/import.html")]
struct ImportPage {
    shell: Shell,
    kinds: Vec<Choice>,
    templates: Vec<Choice>,
    /// Why there is no outcome where one was wanted.
    problem_key: Option<&'static str>,
    outcome: Option<Outcome>,
}

/// What a file does or did.
#[derive(Debug)]
struct Outcome {
    counts: Vec<CountRow>,
    faults: Vec<FaultRow>,
    more_faults: Option<String>,
    notes: Vec<FaultRow>,
    more_notes: Option<String>,
    written: bool,
    /// Whether there is anything to import.
    changes: bool,
    /// What the confirmation carries: the hash of the file and what it was taken for.
    digest: String,
    kind: String,
}

impl Outcome {
    fn can_be_confirmed(&self) -> bool {
        self.faults.is_empty() && self.changes && !self.written
    }
}

#[derive(Debug)]
struct CountRow {
    register: String,
    new: usize,
    changed: usize,
    same: usize,
}

#[derive(Debug)]
struct FaultRow {
    sheet: String,
    row: String,
    column: String,
    what: String,
}

impl ImportPage {
    fn of(staff: &Staff, web: &Web) -> ImportPage {
        let shell = Shell::of(staff, "/console/import".to_owned(), web.demo);
        let named = |register: &Register| shell.w.get(&format!("web.console.import.of.{}", register.name()));
        let choice =
            |register: &Register| Choice { value: register.name().to_owned(), label: named(register), chosen: false };
        let every = |key: &str, value: &str| Choice { value: value.to_owned(), label: shell.w.get(key), chosen: false };
        let kinds = std::iter::once(every("web.console.import.kind_auto", ""));
        let templates = std::iter::once(every("web.console.import.template_workbook", "all.xlsx"));
        let csv = |choice: Choice| Choice {
            value: format!("{}.csv", choice.value),
            label: format!("{} (CSV)", choice.label),
            chosen: false,
        };
        ImportPage {
            kinds: kinds.chain(Register::ALL.iter().map(choice)).collect(),
            templates: templates.chain(Register::ALL.iter().map(choice).map(csv)).collect(),
            problem_key: None,
            outcome: None,
            shell,
        }
    }

    fn with(mut self, report: &Report, digest: String, kind: Option<Register>) -> ImportPage {
        let w = &self.shell.w;
        let count = |(register, count): &(Register, crate::register::Count)| CountRow {
            register: w.get(&format!("web.console.import.of.{}", register.name())),
            new: count.new,
            changed: count.changed,
            same: count.same,
        };
        let counts: Vec<CountRow> = report.counts.iter().map(count).collect();
        self.outcome = Some(Outcome {
            changes: counts.iter().any(|count| count.new + count.changed > 0) || report.touches_more,
            counts,
            faults: rows(&report.faults, w),
            more_faults: more(&report.faults, w),
            notes: rows(&report.notes, w),
            more_notes: more(&report.notes, w),
            written: report.written,
            digest,
            kind: kind.map(Register::name).unwrap_or_default().to_owned(),
        });
        if let Some(kind) = kind {
            for choice in &mut self.kinds {
                choice.chosen = choice.value == kind.name();
            }
        }
        self
    }

    fn draw(&self) -> Result<Html<String>, WebError> {
        Ok(Html(self.render()?))
    }
}

fn rows(faults: &Faults, w: &Words) -> Vec<FaultRow> {
    let row = |fault: &crate::register::fault::Fault| {
        let at = &fault.place;
        let column = [at.letters(), at.heading.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        FaultRow {
            sheet: at.sheet.clone().unwrap_or_default(),
            row: at.row.map(|row| row.to_string()).unwrap_or_default(),
            column,
            what: w.say(fault.problem.key(), &fault.args),
        }
    };
    faults.list.iter().map(row).collect()
}

fn more(faults: &Faults, w: &Words) -> Option<String> {
    (faults.more > 0).then(|| w.fill("web.console.import.more", "count", &faults.more.to_string()))
}

async fn form(State(web): State<Web>, staff: Staff) -> Result<Html<String>, WebError> {
    ImportPage::of(&staff, &web).draw()
}

/// Takes a table in, keeps it aside and says what it would do.
async fn check(State(web): State<Web>, staff: Staff, request: Request) -> Result<Html<String>, WebError> {
    // The place is held until the table was gone through: all of it lies in memory.
    let (parts, _place) = posted::form(&web, request).await?;
    let upload = Upload::read(&staff, parts).await?;
    let mut page = ImportPage::of(&staff, &web);
    let Some(file) = upload.file.filter(|file| !file.is_empty()) else {
        page.problem_key = Some("web.console.import.gone");
        return page.draw();
    };
    let kind = register(&upload.kind)?;
    let report = importer(&web, own_region(&staff)).rehearse(file.clone(), kind).await?;
    let page = page.with(&report, digest(&file), kind);
    // What cannot be confirmed is not kept: it is full of names and numbers.
    let key = aside(staff.person.id);
    if page.outcome.as_ref().is_some_and(Outcome::can_be_confirmed) {
        web.blobs.put(&key, file).await?;
    } else {
        web.blobs.delete(&key).await?;
    }
    page.draw()
}

#[derive(Debug, Deserialize)]
struct Confirmation {
    digest: String,
    kind: String,
}

/// Imports the table that was checked.
async fn confirm(State(web): State<Web>, Signed(staff, form): Signed<Confirmation>) -> Result<Html<String>, WebError> {
    let (key, kind) = (aside(staff.person.id), register(&form.kind)?);
    let _place = web.upload()?;
    let mut page = ImportPage::of(&staff, &web);
    let file = match web.blobs.get(&key).await {
        Ok(file) if digest(&file) == form.digest => file,
        Ok(_) => {
            page.problem_key = Some("web.console.import.changed_meanwhile");
            return page.draw();
        }
        Err(BlobError::Missing(_)) => {
            page.problem_key = Some("web.console.import.gone");
            return page.draw();
        }
        Err(cause) => return Err(cause.into()),
    };
    let report = importer(&web, own_region(&staff)).import(file, kind).await?;
    if report.written {
        web.blobs.delete(&key).await?;
        tracing::info!(staff.id = %staff.person.id, "registers were imported by staff {}", staff.person.id);
    }
    page.with(&report, form.digest, kind).draw()
}

/// An empty table: `all.xlsx`, or one register as `units.csv`.
async fn empty(State(web): State<Web>, staff: Staff, Path(name): Path<String>) -> Result<Response, WebError> {
    let (words, language) = (web.catalog.register(), staff.words.language);
    let (bytes, kind) = if name == "all.xlsx" {
        let all: Vec<template::Rows<'_>> = Register::ALL.iter().map(|register| (*register, [].as_slice())).collect();
        (template::workbook(&all, words, web.catalog.warranty(), language), XLSX)
    } else {
        let register = name.strip_suffix(".csv").and_then(Register::from_name).ok_or(WebError::NotFound)?;
        (template::delimited((register, &[]), words, language), "text/csv; charset=utf-8")
    };
    let bytes = bytes.map_err(|cause| WebError::Internal(format!("template: {cause}")))?;
    let disposition = format!("attachment; filename=\"huifang-{name}\"");
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], bytes).into_response())
}

/// What the form of the page posts.
#[derive(Default)]
struct Upload {
    kind: String,
    file: Option<Bytes>,
}

impl Upload {
    /// Reads the form. The token comes before the file, so that nobody's bytes are read unasked.
    async fn read(staff: &Staff, mut parts: Multipart) -> Result<Upload, WebError> {
        let (mut upload, mut signed) = (Upload::default(), false);
        while let Some(part) = parts.next_field().await.map_err(|cause| posted::broken(&cause))? {
            match part.name().unwrap_or_default() {
                "csrf" => signed = secret::same(&posted::short(part).await?, &staff.csrf),
                "kind" => upload.kind = posted::short(part).await?,
                "file" if signed => {
                    upload.file = Some(posted::bytes_of(part, LARGEST_TABLE).await?.ok_or(WebError::BodyTooLarge)?);
                }
                "file" => return Err(WebError::Forbidden),
                _ => {}
            }
        }
        if signed { Ok(upload) } else { Err(WebError::Forbidden) }
    }
}

/// The region whose registers they may change; `None`: all.
fn own_region(staff: &Staff) -> Option<String> {
    staff.person.scope(Right::Registers).and_then(|scope| scope.region)
}

fn register(name: &str) -> Result<Option<Register>, WebError> {
    if name.is_empty() {
        return Ok(None);
    }
    Register::from_name(name).map(Some).ok_or(WebError::BadRequest)
}

fn aside(staff: StaffId) -> String {
    format!("{TABLES}/{staff}")
}

fn digest(file: &Bytes) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(file))
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::check;
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn the_page_is_drawn_in_every_language() {
        for language in Language::ALL {
            let fault = |sheet: &str, row: &str, column: &str, what: &str| FaultRow {
                sheet: sheet.to_owned(),
                row: row.to_owned(),
                column: column.to_owned(),
                what: what.to_owned(),
            };
            let count =
                |register: &str, new, changed, same| CountRow { register: register.to_owned(), new, changed, same };
            let choice =
                |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned(), chosen: false };
            for faulty in [true, false] {
                let page = ImportPage {
                    shell: Shell::sample(language, "/console/import"),
                    kinds: vec![choice("", "自动识别"), choice("units", "房号设备")],
                    templates: vec![choice("all.xlsx", "全部台账（Excel）"), choice("units.csv", "房号设备 (CSV)")],
                    problem_key: None,
                    outcome: Some(Outcome {
                        counts: vec![count("项目", 2, 1, 17), count("房号设备", 360, 0, 0)],
                        faults: vec![
                            fault("项目", "3", "C 项目类型", "不认识“别墅”；可以填：房建, 市政, 工业厂房, 机电设备"),
                            fault("", "", "", "文件里没有内容"),
                        ]
                        .into_iter()
                        .filter(|_| faulty)
                        .collect(),
                        more_faults: faulty.then(|| "另有 50 处没有列出".to_owned()),
                        notes: vec![fault("项目", "2", "F 交付日期", "没有交付日期，暂时不安排回访")],
                        more_notes: None,
                        written: false,
                        changes: true,
                        digest: "00".repeat(32),
                        kind: String::new(),
                    }),
                };
                let name = if faulty { "import_faults" } else { "import" };
                check(name, language, &page.render().unwrap());
            }
        }
    }
}
