//! Empty tables for people to fill in: a workbook with a sheet for each register and one that
//! explains them, or a CSV of one register.

use rust_xlsxwriter::{DataValidation, Format, FormatBorder, Note, Workbook, Worksheet, XlsxError};

use crate::domain::language::Language;
use crate::domain::register::{Column, Register, RegisterWords, SheetWords, ValueSet};
use crate::domain::warranty::Rules;

/// Rows below the headings that get their format and their list of choices.
const PREPARED_ROWS: u32 = 5000;
/// Excel refuses lists of choices longer than this.
const LONGEST_CHOICES: usize = 255;
const COLUMN_WIDTH: f64 = 18.0;

/// Rows of a register, each a text for each of its columns.
pub type Rows<'r> = (Register, &'r [Vec<String>]);

/// A template could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] XlsxError),
    #[error("the table could not be written: {0}")]
    Table(#[from] csv::Error),
}

/// Writes a workbook with a sheet for each of these registers, filled with rows if there are any,
/// and one that explains every column.
///
/// # Errors
/// [`TemplateError::Workbook`] if a row has a text Excel cannot hold.
pub fn workbook(
    registers: &[Rows<'_>],
    words: &RegisterWords,
    rules: &Rules,
    language: Language,
) -> Result<Vec<u8>, TemplateError> {
    let mut book = Workbook::new();
    for (register, rows) in registers {
        if let Some(of) = words.sheet(*register) {
            sheet(book.add_worksheet(), of, rows, words, language)?;
        }
    }
    guide(book.add_worksheet(), registers, words, rules, language)?;
    Ok(book.save_to_buffer()?)
}

/// Writes one register as CSV, in UTF-8 with a byte order mark, without which Excel takes it for
/// something else.
///
/// # Errors
/// [`TemplateError::Table`] never happens in memory.
pub fn delimited(
    (register, rows): Rows<'_>,
    words: &RegisterWords,
    language: Language,
) -> Result<Vec<u8>, TemplateError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xef\xbb\xbf".to_vec());
    if let Some(of) = words.sheet(register) {
        writer.write_record(register.columns().iter().map(|column| of.heading(*column, language)))?;
        for row in rows {
            writer.write_record(row)?;
        }
    }
    writer.into_inner().map_err(|error| TemplateError::Table(error.into_error().into()))
}

fn sheet(
    sheet: &mut Worksheet,
    of: &SheetWords,
    rows: &[Vec<String>],
    words: &RegisterWords,
    language: Language,
) -> Result<(), TemplateError> {
    let bold = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    // As text, or Excel makes a number of a code and drops the zeros before it.
    let text = Format::new().set_num_format("@");
    let day = Format::new().set_num_format("yyyy-mm-dd");
    sheet.set_name(of.title(language))?;
    sheet.set_freeze_panes(1, 0)?;
    for (index, column) in (0_u16..).zip(of.register.columns()) {
        let key = if of.register.keys().contains(column) { " *" } else { "" };
        sheet.write_with_format(0, index, format!("{}{key}", of.heading(*column, language)), &bold)?;
        if let Some(about) = of.about(*column, language) {
            sheet.insert_note(0, index, &Note::new(about).add_author_prefix(false))?;
        }
        let format = if is_day(*column) { &day } else { &text };
        sheet.set_column_format(index, format)?;
        sheet.set_column_width(index, COLUMN_WIDTH)?;
        let choices = choices(of.register, *column, words);
        let one = !matches!(column, Column::Skills | Column::Trades);
        if one && !choices.is_empty() && choices.join(",").chars().count() <= LONGEST_CHOICES {
            let list = DataValidation::new().allow_list_strings(&choices)?;
            // Any word that is known is taken, not only those of the list.
            let list = list.show_error_message(false);
            sheet.add_data_validation(1, index, PREPARED_ROWS, index, &list)?;
        }
    }
    for (number, row) in (1_u32..).zip(rows) {
        for (index, cell) in (0_u16..).zip(row) {
            sheet.write_string(number, index, cell)?;
        }
    }
    Ok(())
}

fn guide(
    sheet: &mut Worksheet,
    registers: &[Rows<'_>],
    words: &RegisterWords,
    rules: &Rules,
    language: Language,
) -> Result<(), TemplateError> {
    let bold = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap();
    sheet.set_name(words.guide.get(&language).map_or("Guide", String::as_str))?;
    for (column, width) in [(0, 18.0), (1, 20.0), (2, 60.0), (3, 20.0), (4, 60.0)] {
        sheet.set_column_width(column, width)?;
    }
    let mut number = 0;
    for (register, _) in registers {
        let Some(of) = words.sheet(*register) else { continue };
        for (index, column) in register.columns().iter().enumerate() {
            if index == 0 {
                sheet.write_with_format(number, 0, of.title(language), &bold)?;
            }
            let key = if register.keys().contains(column) { " *" } else { "" };
            sheet.write(number, 1, format!("{}{key}", of.heading(*column, language)))?;
            sheet.write_with_format(number, 2, of.about(*column, language).unwrap_or_default(), &wrapped)?;
            sheet.write(number, 3, of.example(*column).unwrap_or_default())?;
            let known = match column {
                Column::Component => {
                    rules.components.iter().filter_map(|one| one.names.get(&language)).cloned().collect()
                }
                _ => choices(*register, *column, words),
            };
            sheet.write_with_format(number, 4, known.join(" · "), &wrapped)?;
            number += 1;
        }
        number += 1;
    }
    Ok(())
}

/// Returns the values a column takes, where they are few.
fn choices(register: Register, column: Column, words: &RegisterWords) -> Vec<String> {
    let set = match (register, column) {
        (_, Column::Kind) => ValueSet::Kind,
        (_, Column::Tier) => ValueSet::Tier,
        (_, Column::MaintainedEvery) => ValueSet::Upkeep,
        (Register::Contacts, Column::Role) => ValueSet::ContactRole,
        (_, Column::Role) => ValueSet::Role,
        (_, Column::Language) => ValueSet::Language,
        (_, Column::Skills | Column::Trades) => ValueSet::Trade,
        (_, Column::Novel | Column::Active) => {
            return words.yes.first().into_iter().chain(words.no.first()).cloned().collect();
        }
        _ => return Vec::new(),
    };
    words.choices(set).into_iter().map(str::to_owned).collect()
}

fn is_day(column: Column) -> bool {
    matches!(column, Column::Handover | Column::FirstUse | Column::MaintainedUntil)
}
