//! What can go wrong between us and the database.

use std::sync::Arc;

/// A failure of the store. Its text names no person's words and may be logged.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database refused, or could not be reached.
    #[error("the database refused: {0}")]
    Database(Arc<sqlx::Error>),
    /// The schema could not be brought up to date.
    #[error("the schema could not be migrated: {0}")]
    Migrate(Arc<sqlx::migrate::MigrateError>),
    /// The database address makes no sense.
    #[error("database url: {0}")]
    Url(String),
    /// The SQLite that was linked may corrupt a database in WAL mode.
    #[error(
        "SQLite {found} is linked, but versions before 3.51.3 can corrupt a database (WAL-reset bug); rebuild with the bundled one"
    )]
    OldSqlite {
        /// What `sqlite_version()` said.
        found: String,
    },
    /// A stored value is none that we write.
    #[error("the stored value of {table}.{column} in row {id} is not valid")]
    Corrupt { table: &'static str, column: &'static str, id: String },
    /// A row that was to be changed is not there.
    #[error("there is no row {id} in {table}")]
    Missing { table: &'static str, id: String },
    /// A value cannot be written as text.
    #[error("a value could not be encoded: {0}")]
    Encode(Arc<serde_json::Error>),
    /// The work given to [`super::Store::write`] panicked; what it wrote is undone.
    #[error("a database write panicked and was undone")]
    Panicked,
    /// The work given to [`super::Store::write`] took too long; what it wrote is undone.
    #[error("a database write took longer than its limit and was undone")]
    TooSlow,
    /// The store is shutting down.
    #[error("the database is closed")]
    Closed,
}

impl StoreError {
    /// Returns whether the same work may succeed when it is simply tried again later: answer
    /// 503, keep the job. Full disks count, since somebody will make room.
    pub fn is_transient(&self) -> bool {
        match self {
            StoreError::Database(cause) => match cause.as_ref() {
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed => true,
                sqlx::Error::Database(cause) => cause.code().is_some_and(|code| is_transient_code(&code)),
                _ => false,
            },
            StoreError::TooSlow | StoreError::Closed => true,
            StoreError::Migrate(_)
            | StoreError::Url(_)
            | StoreError::OldSqlite { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Missing { .. }
            | StoreError::Encode(_)
            | StoreError::Panicked => false,
        }
    }

    /// Returns whether what fails is one stored value or one piece of work, so that all else can be
    /// stored meanwhile. What befalls the database as a whole (a disk that became read-only) is not.
    pub fn is_local(&self) -> bool {
        match self {
            StoreError::Database(cause) => match cause.as_ref() {
                sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
                sqlx::Error::Database(cause) => cause.code().is_some_and(|code| is_local_code(&code)),
                _ => false,
            },
            StoreError::Corrupt { .. } | StoreError::Missing { .. } | StoreError::Encode(_) | StoreError::Panicked => {
                true
            }
            StoreError::Migrate(_)
            | StoreError::Url(_)
            | StoreError::OldSqlite { .. }
            | StoreError::TooSlow
            | StoreError::Closed => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(cause: sqlx::Error) -> StoreError {
        StoreError::Database(Arc::new(cause))
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(cause: sqlx::migrate::MigrateError) -> StoreError {
        StoreError::Migrate(Arc::new(cause))
    }
}

/// SQLite's result codes are decimal numbers (the low byte is the primary code: 5 busy, 6
/// locked, 7 no memory, 10 I/O, 13 full, 14 the file cannot be opened, as without a free descriptor, 15 locks in a
/// muddle); Postgres' are five characters, classes 08 (connection), 40
/// (serialisation, deadlock), 53 (resources), 55 (lock timeout), 57 (shutdown).
fn is_transient_code(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 10 | 13 | 14 | 15))
}

/// SQLite: 18 too large, 19 a broken rule, 20 a wrong type. Postgres: classes 22 (the data) and 23 (a rule).
fn is_local_code(code: &str) -> bool {
    if code.len() == 5 {
        return code.starts_with("22") || code.starts_with("23");
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_full_or_deadlocked_database_is_worth_another_try_and_a_broken_rule_is_not() {
        for code in ["5", "261", "7", "13", "14", "40P01", "40001", "57P01", "53300"] {
            assert!(is_transient_code(code), "{code}");
        }
        for code in ["19", "2067", "23505", "42P01", "22021"] {
            assert!(!is_transient_code(code), "{code}");
        }
    }

    #[test]
    fn a_broken_rule_concerns_one_row_and_a_disk_that_may_only_be_read_concerns_all() {
        for code in ["19", "2067", "23505", "22021"] {
            assert!(is_local_code(code), "{code}");
        }
        for code in ["8", "14", "5", "25006", "42P01"] {
            assert!(!is_local_code(code), "{code}");
        }
        assert!(StoreError::Panicked.is_local() && !StoreError::TooSlow.is_local());
    }
}
