//! Many rows in one statement: an import of a hundred thousand flats must not hold the one writer
//! of SQLite for a minute.

use std::fmt::Write as _;

/// Rows of one statement. With nine columns that is 4500 parameters; SQLite takes 32766.
pub(super) const ROWS: usize = 500;

/// Writes `before`, then `($1, $2, …), (…)` for that many rows and columns, then `after`.
pub(super) fn statement(before: &str, rows: usize, columns: usize, after: &str) -> String {
    let mut sql = before.to_owned();
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            // Writing to a String cannot fail.
            let _ = write!(sql, "{}${}", if column == 0 { "" } else { ", " }, row * columns + column + 1);
        }
        sql.push(')');
    }
    sql.push_str(after);
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_own_place() {
        assert_eq!(statement("VALUES ", 2, 3, " END"), "VALUES ($1, $2, $3), ($4, $5, $6) END");
    }
}
