//! What is wrong in a file, where, and what would be right.
//!
//! The sentences are data (`web.console.import.fault.*` in `prompts/`), so that the command line
//! and the console say the same. Names, telephone numbers and mail addresses of people are never
//! repeated in them: the place says where they stand.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::domain::language::Language;

/// Faults that are kept; of the others only the number.
pub const MOST_FAULTS: usize = 200;

macro_rules! problems {
    ($($variant:ident = $key:literal),+ $(,)?) => {
        /// What may be wrong; the sentence of each is `web.console.import.fault.<name>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Problem {
            $(#[doc = concat!("`", $key, "`")] $variant,)+
        }

        impl Problem {
            /// Every problem.
            pub const ALL: &[Problem] = &[$(Problem::$variant),+];

            /// Returns the key of its sentence.
            pub fn key(self) -> &'static str {
                match self {
                    $(Problem::$variant => concat!("web.console.import.fault.", $key),)+
                }
            }
        }
    };
}

problems! {
    // The file
    TooLarge = "too_large",
    Unpacks = "unpacks",
    NotATable = "not_a_table",
    Broken = "broken",
    Encoding = "encoding",
    Empty = "empty",
    TooManyRows = "too_many_rows",
    TooManyColumns = "too_many_columns",
    UnknownSheet = "unknown_sheet",
    NoSheet = "no_sheet",
    UnknownTable = "unknown_table",
    UnknownColumn = "unknown_column",
    ColumnTwice = "column_twice",
    NoKeyColumn = "no_key_column",
    // A cell
    Missing = "missing",
    TooLong = "too_long",
    CellError = "cell_error",
    NotADate = "not_a_date",
    UnlikelyDate = "unlikely_date",
    NotAFlag = "not_a_flag",
    NotAValue = "not_a_value",
    NotAPhone = "not_a_phone",
    NotAMail = "not_a_mail",
    NotAPeriod = "not_a_period",
    OneProject = "one_project",
    CannotBeCleared = "cannot_be_cleared",
    // A row among the others
    Twice = "twice",
    OtherName = "other_name",
    UnknownProject = "unknown_project",
    UnknownUnit = "unknown_unit",
    UnknownStaff = "unknown_staff",
    StaffLeft = "staff_left",
    Admin = "admin",
    UnknownComponent = "unknown_component",
    ShorterThanLaw = "shorter_than_law",
    TradeTaken = "trade_taken",
    HandoverTooFar = "handover_too_far",
    OtherRegion = "other_region",
    MoreThanARegion = "more_than_a_region",
    // Taken all the same
    HandoverAhead = "handover_ahead",
    HandoverMissing = "handover_missing",
    PhoneShared = "phone_shared",
    CodeShared = "code_shared",
    StillEngineer = "still_engineer",
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Counted from 1, as spreadsheets show it.
    pub row: Option<u32>,
    /// Counted from 0.
    pub column: Option<usize>,
    /// What stands at the head of the column.
    pub heading: Option<String>,
}

impl Place {
    /// Returns the column as spreadsheets name it: `A`, `B`, … `AA`.
    pub fn letters(&self) -> Option<String> {
        let mut number = self.column? + 1;
        let mut letters = Vec::new();
        while number > 0 {
            let digit = u8::try_from((number - 1) % 26).unwrap_or(0);
            letters.push(char::from(b'A' + digit));
            number = (number - 1) / 26;
        }
        Some(letters.into_iter().rev().collect())
    }
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub place: Place,
    pub problem: Problem,
    pub args: BTreeMap<String, String>,
}

impl Fault {
    /// A fault of the file as a whole.
    pub fn of_file(problem: Problem, args: &[(&str, &str)]) -> Fault {
        Fault::at(Place::default(), problem, args)
    }

    /// A fault at a place.
    pub fn at(place: Place, problem: Problem, args: &[(&str, &str)]) -> Fault {
        let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Fault { place, problem, args }
    }

    /// Returns what is wrong and what would be right, in a language.
    pub fn message(&self, catalog: &Catalog, language: Language) -> String {
        catalog.text(language, self.problem.key(), &self.args)
    }
}

/// The first faults found, and how many there were in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    pub list: Vec<Fault>,
    /// How many more there are than are listed.
    pub more: usize,
}

impl Faults {
    /// Adds one, or counts it.
    pub fn add(&mut self, fault: Fault) {
        if self.list.len() < MOST_FAULTS { self.list.push(fault) } else { self.more += 1 }
    }

    /// How many there are, listed or not.
    pub fn count(&self) -> usize {
        self.list.len() + self.more
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_sentence() {
        let catalog = Catalog::embedded().unwrap();
        let keys: Vec<&str> = Problem::ALL.iter().map(|problem| problem.key()).collect();
        assert_eq!(catalog.check_keys(&keys), Ok(()));
    }

    #[test]
    fn a_column_is_named_as_spreadsheets_name_it() {
        let letters = |column| Place { column: Some(column), ..Place::default() }.letters().unwrap();
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn faults_beyond_the_cap_are_counted() {
        let mut faults = Faults::default();
        for _ in 0..MOST_FAULTS + 3 {
            faults.add(Fault::of_file(Problem::Empty, &[]));
        }
        assert_eq!((faults.list.len(), faults.more), (MOST_FAULTS, 3));
        assert_eq!(faults.count(), MOST_FAULTS + 3);
    }
}
