//! A fresh, migrated database for each test, and the records that most of them need.

use std::sync::atomic::{AtomicU32, Ordering};

use huifang::clock::Clock;
use huifang::domain::contact::Contact;
use huifang::domain::ids::{ContactId, DialogueId, StaffId};
use huifang::domain::language::Language;
use huifang::domain::staff::{Role, Staff};
use huifang::domain::time::Timestamp;
use huifang::store::dialogues::{self, NewDialogue};
use huifang::store::{Store, StoreError, contacts, staff};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::cluster::cluster;

/// 2026-11-20T02:00:00Z
pub(crate) const START: Timestamp = Timestamp(1_795_140_000_000);

pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

/// Runs a body in a write transaction. What the body names is moved into it.
macro_rules! write {
    ($store:expr, |$tx:ident| $body:expr) => {
        $store
            .write(move |$tx| {
                Box::pin(async move {
                    let result: Result<_, huifang::store::StoreError> = async move { $body }.await;
                    result
                })
            })
            .await
    };
}

/// Runs a body in a read transaction. What the body names is moved into it.
macro_rules! read {
    ($store:expr, |$tx:ident| $body:expr) => {
        $store
            .read(move |$tx| {
                Box::pin(async move {
                    let result: Result<_, huifang::store::StoreError> = async move { $body }.await;
                    result
                })
            })
            .await
    };
}
pub(crate) use {read, write};

pub(crate) async fn sqlite() -> Database {
    let database = empty_sqlite().await;
    database.store.migrate().await.unwrap();
    database
}

pub(crate) async fn empty_sqlite() -> Database {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/data/huifang.db", folder.path().display());
    Database::open(url, Some(folder)).await
}

/// A copy of a migrated template; `None` where Postgres is not installed.
pub(crate) async fn postgres() -> Option<Database> {
    let url = create_postgres("TEMPLATE huifang_template").await?;
    Some(Database::open(url, None).await)
}

pub(crate) async fn empty_postgres() -> Option<Database> {
    let url = create_postgres("TEMPLATE template0").await?;
    Some(Database::open(url, None).await)
}

async fn create_postgres(template: &'static str) -> Option<String> {
    static TEMPLATE: OnceCell<()> = OnceCell::const_new();
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let cluster = cluster()?;
    TEMPLATE
        .get_or_init(|| async {
            execute_postgres(&cluster.url("postgres"), "CREATE DATABASE huifang_template").await;
            let store = Store::open(&cluster.url("huifang_template")).await.unwrap();
            store.migrate().await.unwrap();
            store.close().await;
        })
        .await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    execute_postgres(&cluster.url("postgres"), &format!("CREATE DATABASE {name} {template}")).await;
    Some(cluster.url(&name))
}

async fn execute_postgres(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl Database {
    async fn open(url: String, folder: Option<TempDir>) -> Database {
        let store = Store::open(&url).await.unwrap();
        Database { store, clock: Clock::manual(START), url, _folder: folder }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.store.backend() == "sqlite"
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs SQL behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) {
        if self.is_sqlite() {
            let path = self.url.strip_prefix("sqlite:").unwrap();
            let mut connection = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        } else {
            execute_postgres(&self.url, sql).await;
        }
    }

    /// Returns one number behind the store's back.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        if self.is_sqlite() {
            let path = self.url.strip_prefix("sqlite:").unwrap();
            let mut connection = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        }
    }

    pub(crate) async fn contact(&self) -> ContactId {
        let contact = Contact::new(self.clock.new_id(), Language::Chinese, self.now());
        let id = contact.id;
        write!(self.store, |tx| contacts::insert(tx, &contact).await).unwrap();
        id
    }

    pub(crate) async fn dialogue(&self, address: &str) -> DialogueId {
        let new = self.new_dialogue(address);
        write!(self.store, |tx| dialogues::find_or_create(tx, &new).await).unwrap().id
    }

    pub(crate) fn new_dialogue(&self, address: &str) -> NewDialogue {
        NewDialogue {
            id: self.clock.new_id(),
            channel: "web".to_owned(),
            address: address.to_owned(),
            contact_id: None,
            state: "{}".to_owned(),
            now: self.now(),
        }
    }

    pub(crate) async fn staff(&self, login: &str) -> StaffId {
        let member = Staff::new(self.clock.new_id(), login, Role::Engineer, self.now());
        let id = member.id;
        write!(self.store, |tx| staff::insert(tx, &member, "$argon2id$none").await).unwrap();
        id
    }
}

pub(crate) fn is_missing<T>(result: &Result<T, StoreError>, in_table: &str) -> bool {
    matches!(result, Err(StoreError::Missing { table, .. }) if *table == in_table)
}
