//! `POST /api/v1/import`: a table of the registers from a program of the operator, signed like
//! everything of the HTTP channel (`docs/http-channel.md`); nothing is read before the signature is
//! found good. What a table may hold and what becomes of it is [`crate::register`]'s: all or
//! nothing, every fault with its place, a second time doubles nothing.
//!
//! The console's page (`web/console/import.rs`) takes the same tables by the same [`importer`].

use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Query, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, post};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::error::WebError;
use super::posted::{bytes_of, short, whole};
use super::webhooks::http::{Fault, configured, stamp_of};
use super::words::language_of;
use super::{LARGEST_BODY, Web};
use crate::catalog::Catalog;
use crate::domain::language::Language;
use crate::domain::register::Register;
use crate::register::fault::Faults;
use crate::register::{Importer, Report};

/// The largest table that is taken by HTTP; larger ones go by `huifang import`.
pub(super) const LARGEST_TABLE: usize = 32 * 1024 * 1024;
/// Such a table in a form: room for the boundaries and the other field.
const LARGEST_FORM: usize = LARGEST_TABLE + LARGEST_BODY;

pub(super) fn routes() -> Router<Web> {
    // The cap is ours: what is read is counted in `whole`.
    Router::new().route("/api/v1/import", post(import).layer(DefaultBodyLimit::disable()))
}

/// Returns what reads tables into the registers, of one region or of all.
pub(super) fn importer(web: &Web, within: Option<String>) -> Importer {
    Importer {
        store: web.store.clone(),
        catalog: std::sync::Arc::clone(&web.catalog),
        clock: web.clock.clone(),
        zone: web.intake.zone().clone(),
        within,
    }
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Say what the table would do, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// The register of a CSV, where its headings do not tell.
    kind: Option<String>,
}

/// What became of a table, or what would become of it.
#[derive(Debug, Serialize)]
struct Told {
    dry_run: bool,
    /// Whether the registers were changed by it.
    written: bool,
    counts: Vec<Counted>,
    faults: Vec<Wrong>,
    /// How many more faults there are than are listed.
    more_faults: usize,
    notes: Vec<Wrong>,
    more_notes: usize,
}

/// How many records of a register the table speaks of.
#[derive(Debug, Serialize)]
struct Counted {
    register: &'static str,
    new: usize,
    changed: usize,
    same: usize,
}

/// One thing that is wrong, or worth knowing, and where.
#[derive(Debug, Serialize)]
struct Wrong {
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    /// Counted from 1, as spreadsheets show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u32>,
    /// As spreadsheets name it: `A`, `B`, … `AA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// What stands at the head of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    heading: Option<String>,
    /// Which fault, the same in every language.
    code: &'static str,
    message: String,
}

async fn import(State(web): State<Web>, request: Request) -> Result<Response, Fault> {
    let http = configured(&web)?;
    let (parts, body) = request.into_parts();
    let stamp = stamp_of(&parts.headers, &web)?;
    let is_form = is_form(&parts.headers)?;
    let most = if is_form { LARGEST_FORM } else { LARGEST_TABLE };
    if said(&parts.headers, CONTENT_LENGTH.as_str()).parse().is_ok_and(|length: usize| length > most) {
        return Err(too_large());
    }
    let _place = web.upload()?;
    let body = whole(body, most).await.map_err(|error| match error {
        WebError::BodyTooLarge => too_large(),
        other => other.into(),
    })?;
    http.keys().verify(&stamp, &body)?;
    let Query(mut asked) =
        Query::<Asked>::try_from_uri(&parts.uri).map_err(|error| Fault::Malformed(error.to_string()))?;
    let language = language_of(&parts.headers);
    let table = if is_form {
        let form = Form::read(Request::from_parts(parts, Body::from(body))).await?;
        asked.kind = form.kind.or(asked.kind);
        form.file.ok_or_else(|| Fault::Malformed("file: expected a table".to_owned()))?
    } else {
        body
    };
    let kind = asked.kind.filter(|kind| !kind.is_empty()).map(|kind| register(&kind)).transpose()?;
    let importer = importer(&web, None);
    let report =
        if asked.dry_run { importer.rehearse(table, kind).await? } else { importer.import(table, kind).await? };
    if report.written {
        tracing::info!("registers were imported by signed HTTP");
    }
    let status = if report.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Json(Told::of(&report, asked.dry_run, &web.catalog, language))).into_response())
}

impl Told {
    fn of(report: &Report, dry_run: bool, catalog: &Catalog, language: Language) -> Told {
        let counted = |(register, count): &(Register, crate::register::Count)| Counted {
            register: register.name(),
            new: count.new,
            changed: count.changed,
            same: count.same,
        };
        Told {
            dry_run,
            written: report.written,
            // Of a faulty table nothing is counted: it would not be true.
            counts: report.counts.iter().map(counted).collect(),
            faults: wrongs(&report.faults, catalog, language),
            more_faults: report.faults.more,
            notes: wrongs(&report.notes, catalog, language),
            more_notes: report.notes.more,
        }
    }
}

fn wrongs(faults: &Faults, catalog: &Catalog, language: Language) -> Vec<Wrong> {
    let wrong = |fault: &crate::register::fault::Fault| Wrong {
        sheet: fault.place.sheet.clone(),
        row: fault.place.row,
        column: fault.place.letters(),
        heading: fault.place.heading.clone(),
        code: fault.problem.key().rsplit('.').next().unwrap_or_default(),
        message: fault.message(catalog, language),
    };
    faults.list.iter().map(wrong).collect()
}

/// What a form holds.
#[derive(Default)]
struct Form {
    kind: Option<String>,
    file: Option<Bytes>,
}

impl Form {
    async fn read(request: Request) -> Result<Form, Fault> {
        let malformed = |cause: &dyn std::fmt::Display| Fault::Malformed(cause.to_string());
        let mut parts = Multipart::from_request(request, &()).await.map_err(|cause| malformed(&cause))?;
        let mut form = Form::default();
        while let Some(part) = parts.next_field().await.map_err(|cause| malformed(&cause))? {
            match part.name().unwrap_or_default() {
                "kind" => form.kind = Some(short(part).await?),
                "file" => {
                    form.file = Some(bytes_of(part, LARGEST_TABLE).await?.ok_or(too_large())?);
                }
                _ => {}
            }
        }
        Ok(form)
    }
}

/// The bytes themselves tell CSV and workbook apart; what says of itself that it is something else
/// is not read at all.
fn is_form(headers: &HeaderMap) -> Result<bool, Fault> {
    const TABLES: [&str; 4] = [
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/octet-stream",
        "text/plain",
    ];
    let kind = said(headers, CONTENT_TYPE.as_str());
    let is = |known: &str| kind == known || kind.strip_prefix(known).is_some_and(|rest| rest.starts_with([';', ' ']));
    match kind {
        form if form.starts_with("multipart/form-data") => Ok(true),
        _ if TABLES.into_iter().any(is) => Ok(false),
        _ => Err(Fault::Malformed(format!("expected multipart/form-data or one of {}", TABLES.join(", ")))),
    }
}

fn said<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn register(name: &str) -> Result<Register, Fault> {
    Register::from_name(name).ok_or_else(|| {
        let known = Register::ALL.iter().map(|register| register.name()).collect::<Vec<_>>().join(", ");
        Fault::Malformed(format!("kind: expected one of {known}"))
    })
}

fn too_large() -> Fault {
    Fault::TooLarge(format!("a table of at most {LARGEST_TABLE} bytes"))
}
