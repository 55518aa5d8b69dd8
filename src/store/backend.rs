//! Everything that differs between SQLite and PostgreSQL: opening, pragmas, beginning a
//! transaction, row locks, the claiming of jobs and letters large and small. A difference anywhere else is a mistake.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgPool, SqlitePool};

use super::tx::Link;
use super::{StoreError, Tx};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// The first SQLite without the WAL-reset corruption bug.
const SOUND_SQLITE: [u32; 3] = [3, 51, 3];
/// How long SQLite waits for another process (a backup, `huifang staff add`).
const BUSY: Duration = Duration::from_secs(15);
/// How long a caller waits for a connection before the service says it is overloaded.
const ACQUIRE: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

#[derive(Debug, Clone)]
pub(super) enum Pools {
    /// `write` holds the one connection that writes.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres {
        pool: PgPool,
    },
}

impl Pools {
    pub(super) async fn open(url: &str) -> Result<Pools, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            open_sqlite(path.strip_prefix("//").unwrap_or(path)).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(url).await
        } else {
            Err(StoreError::Url("expected sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned()))
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Pools::Sqlite { .. } => "sqlite",
            Pools::Postgres { .. } => "postgres",
        }
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Pools::Sqlite { write, .. } => SQLITE.run(write).await?,
            Pools::Postgres { pool } => POSTGRES.run(pool).await?,
        }
        Ok(())
    }

    /// Looks and leaves everything as it is, without the connection that writes: an import may hold it for minutes.
    pub(super) async fn is_migrated(&self) -> Result<bool, StoreError> {
        let (known, applied) = match self {
            Pools::Sqlite { read, .. } => {
                (&SQLITE, read.acquire().await?.list_applied_migrations(&SQLITE.table_name).await)
            }
            Pools::Postgres { pool } => {
                (&POSTGRES, pool.acquire().await?.list_applied_migrations(&POSTGRES.table_name).await)
            }
        };
        let applied = match applied {
            // Nobody has migrated an empty database yet.
            Err(MigrateError::Execute(sqlx::Error::Database(error))) if is_missing_table(error.as_ref()) => {
                return Ok(false);
            }
            applied => applied?,
        };
        Ok(known.iter().all(|migration| applied.iter().any(|done| done.version == migration.version)))
    }

    pub(super) async fn begin_read(&self) -> Result<Tx, StoreError> {
        Ok(Tx::new(match self {
            Pools::Sqlite { read, .. } => Link::Sqlite(read.begin().await?),
            Pools::Postgres { pool } => {
                // One snapshot for all statements, as SQLite gives it.
                Link::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        }))
    }

    pub(super) async fn close(&self) {
        match self {
            Pools::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { pool } => pool.close().await,
        }
    }
}

/// Whether a statement failed because its table is not there: by PostgreSQL's code, by SQLite's words.
fn is_missing_table(error: &dyn DatabaseError) -> bool {
    error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table")
}

/// Begins a write on SQLite, holding the write lock from the start: a transaction that reads
/// first and writes later could otherwise fail in the middle.
pub(super) async fn begin_sqlite(pool: &SqlitePool) -> Result<Tx, StoreError> {
    Ok(Tx::new(Link::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)))
}

pub(super) async fn begin_postgres(pool: &PgPool) -> Result<Tx, StoreError> {
    Ok(Tx::new(Link::Postgres(pool.begin().await?)))
}

/// Locks a row until the transaction ends, where writers are not alone anyway. `sql` is a
/// `SELECT … FOR UPDATE` of one `$1`.
pub(super) async fn lock_row(tx: &mut Tx, sql: &'static str, id: &str) -> Result<(), StoreError> {
    match &mut tx.link {
        Link::Sqlite(_) => {}
        Link::Postgres(transaction) => {
            sqlx::query(sql).bind(id).fetch_optional(&mut **transaction).await?;
        }
    }
    Ok(())
}

/// Locks every row of a `SELECT … FOR UPDATE`, in its order, as [`lock_row`] does one.
pub(super) async fn lock_rows(tx: &mut Tx, sql: &'static str) -> Result<(), StoreError> {
    match &mut tx.link {
        Link::Sqlite(_) => {}
        Link::Postgres(transaction) => {
            sqlx::query(sql).execute(&mut **transaction).await?;
        }
    }
    Ok(())
}

/// Whether what stands in a column begins like a pattern, Latin letters large or small; each database
/// has its own index for it (migrations `0008` and `0012`).
macro_rules! begins {
    (sqlite, $column:literal, $pattern:literal) => {
        concat!($column, " LIKE ", $pattern, " ESCAPE '\\'")
    };
    (postgres, $column:literal, $pattern:literal) => {
        concat!("LOWER(", $column, ") LIKE LOWER(", $pattern, ") ESCAPE '\\'")
    };
}
pub(super) use begins;

/// Returns what was written for the database at hand, where one text cannot serve both.
pub(super) fn by_database<T>(tx: &Tx, sqlite: T, postgres: T) -> T {
    match &tx.link {
        Link::Sqlite(_) => sqlite,
        Link::Postgres(_) => postgres,
    }
}

/// Tells the time of the database in Unix milliseconds where it is not this machine's: leases
/// that several replicas compare must be measured by one clock. `None` on SQLite.
pub(super) async fn database_clock(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    const NOW: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    match &mut tx.link {
        Link::Sqlite(_) => Ok(None),
        Link::Postgres(transaction) => Ok(Some(sqlx::query_scalar(NOW).fetch_one(&mut **transaction).await?)),
    }
}

/// Whether no other job of its lane stands before the job `j`: one that runs, or an earlier one that is due
/// or waits for another attempt. Whoever looks for a job and whoever claims it must mean the same, or a job
/// that is seen but not to be had is looked for again and again.
macro_rules! lane_is_free {
    ($now:literal) => {
        concat!(
            "(j.lane IS NULL OR NOT EXISTS (SELECT 1 FROM jobs b WHERE b.lane = j.lane AND b.id <> j.id AND ",
            "(b.status = 'running' OR (b.status = 'ready' AND b.id < j.id AND j.status = 'ready' ",
            "AND (b.attempt > 0 OR b.run_at <= ",
            $now,
            ")))))"
        )
    };
}
pub(super) use lane_is_free;

/// Whether a kind of job is of a share, by the names of those that are long and of those that fetch.
macro_rules! is_of_share {
    ($share:literal, $kind:literal, $long:literal, $fetching:literal) => {
        concat!(
            $share,
            " = 'all' OR ",
            $share,
            " = CASE WHEN ",
            $kind,
            " IN (",
            $long,
            ") THEN 'long' WHEN ",
            $kind,
            " IN (",
            $fetching,
            ") THEN 'fetching' ELSE 'quick' END"
        )
    };
}
pub(super) use is_of_share;

/// Returns the statement that claims due jobs; see [`super::jobs::claim`]. On Postgres other
/// claimers are stepped over; on SQLite there are none. Two that take different jobs of one lane at once, the
/// earlier of which is only just due, meet in the index `jobs_lane_running`: the claim that comes
/// second fails, and is made again.
pub(super) fn claim_jobs(tx: &Tx) -> &'static str {
    macro_rules! claim {
        ($lock:literal) => {
            concat!(
                "UPDATE jobs SET status = 'running', attempt = attempt + 1, lease_until = $1 ",
                "WHERE id IN (SELECT j.id FROM jobs j WHERE ",
                "((j.status = 'ready' AND j.run_at <= $2) OR (j.status = 'running' AND j.lease_until <= $2)) ",
                "AND (",
                is_of_share!("$4", "j.kind", "$5, $6, $7, $8", "$9, $10"),
                ") AND ",
                lane_is_free!("$2"),
                " ORDER BY j.run_at, j.id LIMIT $3",
                $lock,
                ") RETURNING id, kind, payload, lane, attempt, max_attempts, run_at, created_at"
            )
        };
    }
    match tx.link {
        Link::Sqlite(_) => claim!(""),
        Link::Postgres(_) => claim!(" FOR UPDATE SKIP LOCKED"),
    }
}

async fn open_sqlite(path: &str) -> Result<Pools, StoreError> {
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(StoreError::Url("sqlite: needs the path of a file, as in sqlite:data/huifang.db".to_owned()));
    }
    if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|cause| StoreError::Url(format!("the folder {} cannot be made: {cause}", folder.display())))?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("journal_size_limit", "67108864");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE + BUSY)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // On a full disk SQLite ends the transaction by itself, and sqlx goes on counting it: such a connection would
        // refuse every transaction after it. One that was dropped may still be rolled back: the ping waits for that.
        .after_release(|connection, _| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    connection.ping().await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(options.clone())
        .await?;
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
    if !is_sound(&found) {
        return Err(StoreError::OldSqlite { found });
    }
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .connect_with(options.pragma("query_only", "1"))
        .await?;
    Ok(Pools::Sqlite { write, read })
}

async fn open_postgres(url: &str) -> Result<Pools, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|cause| StoreError::Url(format!("postgres url: {cause}")))?
        .application_name("huifang")
        .options([
            ("synchronous_commit", "on"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ]);
    // One connection by hand first: it says at once that the server is not there or the password is
    // wrong, where the pool would try again until its time is up and then say only that.
    let first = tokio::time::timeout(ACQUIRE, options.connect()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    first.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .connect_with(options)
        .await?;
    Ok(Pools::Postgres { pool })
}

fn is_sound(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let parts = [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
    parts >= SOUND_SQLITE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_sqlite_are_compared_as_numbers() {
        assert!(is_sound("3.51.3"));
        assert!(is_sound("3.100.0"));
        assert!(!is_sound("3.51.2"));
        assert!(!is_sound("3.46.0"));
        assert!(!is_sound("3.9.9"));
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let pools = Pools::open(&format!("sqlite:{}/a.db", folder.path().display())).await.unwrap();
        let Pools::Sqlite { write, .. } = pools else { panic!("not SQLite") };
        for _ in 0..2 {
            let mut tx = begin_sqlite(&write).await.unwrap();
            let Link::Sqlite(transaction) = &mut tx.link else { panic!("not SQLite") };
            // As on a full disk, unseen by sqlx.
            sqlx::query("ROLLBACK").execute(&mut **transaction).await.unwrap();
            assert!(tx.commit().await.is_err(), "there is nothing to commit");
        }
        begin_sqlite(&write).await.unwrap().commit().await.unwrap();
    }

    /// Killing a process cannot show that a commit waited for the disk; the settings can.
    #[tokio::test]
    async fn a_commit_on_sqlite_waits_for_the_disk_and_foreign_keys_hold() {
        let folder = tempfile::tempdir().unwrap();
        let pools = Pools::open(&format!("sqlite:{}/new/a.db", folder.path().display())).await.unwrap();
        let Pools::Sqlite { write, .. } = pools else { panic!("not SQLite") };
        let pragma = async |sql| sqlx::query_scalar::<_, i64>(sql).fetch_one(&write).await.unwrap();
        assert_eq!(pragma("SELECT synchronous FROM pragma_synchronous").await, 2);
        assert_eq!(pragma("SELECT foreign_keys FROM pragma_foreign_keys").await, 1);
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&write).await.unwrap();
        assert_eq!(mode, "wal");
    }
}
