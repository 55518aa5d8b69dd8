//! Both folders of migrations make the same schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use huifang::store::Store;
use sqlx::{Connection, PgConnection, Row, SqliteConnection};

use crate::database::{self, Database};

/// For every table: its columns with class of type and whether they may be empty, and its
/// unique indexes (primary keys among them) as sets of columns.
#[derive(Debug, Default, PartialEq)]
struct Table {
    columns: BTreeMap<String, (String, bool)>,
    unique: BTreeSet<String>,
}

type Schema = BTreeMap<String, Table>;

pub(crate) async fn migrating_again_changes_nothing(db: Database) {
    db.store.migrate().await.unwrap();
    assert!(db.store.is_migrated().await.unwrap());
}

pub(crate) async fn a_database_without_the_schema_says_so(db: Database) {
    // The database that was handed in has the schema; this wants one that has not.
    let empty = if db.is_sqlite() { Some(database::empty_sqlite().await) } else { database::empty_postgres().await };
    let empty = empty.unwrap();
    assert!(!empty.store.is_migrated().await.unwrap());
    let tables = if db.is_sqlite() {
        "SELECT count(*) FROM sqlite_master"
    } else {
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    };
    assert_eq!(empty.number(tables).await, 0, "who only looks leaves nothing behind");
    empty.store.migrate().await.unwrap();
    assert!(empty.store.is_migrated().await.unwrap());
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let names = |folder: &str| -> BTreeSet<String> {
        let path = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        fs::read_dir(path).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_come_out_with_the_same_schema() {
    let Some(postgres) = database::postgres().await else { return };
    let sqlite = database::sqlite().await;
    let (sqlite, postgres) = (sqlite_schema(&sqlite).await, postgres_schema(&postgres).await);
    assert!(sqlite.contains_key("tickets"));
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (name, table) in &sqlite {
        assert_eq!(table, &postgres[name], "table {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_neither_database_is_refused_with_what_would_be_right() {
    for url in ["mysql://localhost/x", "", "huifang.db", "sqlite:", "sqlite::memory:"] {
        let refused = Store::open(url).await.unwrap_err().to_string();
        assert!(refused.starts_with("database url: ") && refused.contains("sqlite:"), "{url}: {refused}");
    }
}

async fn sqlite_schema(database: &Database) -> Schema {
    let path = database.url.strip_prefix("sqlite:").unwrap();
    let mut c = SqliteConnection::connect(&format!("sqlite://{path}")).await.unwrap();
    let mut schema = Schema::new();
    let columns = sqlx::query(
        "SELECT m.name AS owner, c.name, lower(c.type) AS type, c.\"notnull\" OR c.pk AS required \
         FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    );
    for row in columns.fetch_all(&mut c).await.unwrap() {
        let class = match row.get::<&str, _>("type") {
            "integer" => "whole",
            "real" => "measure",
            "text" => "text",
            "blob" => "bytes",
            other => panic!("{other} is not among the column types of migrations/README.md"),
        };
        let column = (class.to_owned(), row.get::<i64, _>("required") == 0);
        schema.entry(row.get("owner")).or_default().columns.insert(row.get("name"), column);
    }
    let unique = sqlx::query(
        "SELECT m.name AS owner, (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) \
         ORDER BY seqno)) AS columns, i.partial \
         FROM sqlite_schema m, pragma_index_list(m.name) i \
         WHERE m.type = 'table' AND i.\"unique\" = 1 AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    );
    for row in unique.fetch_all(&mut c).await.unwrap() {
        let partial = if row.get::<i64, _>("partial") == 1 { " partial" } else { "" };
        let index = format!("{}{partial}", row.get::<&str, _>("columns"));
        schema.entry(row.get("owner")).or_default().unique.insert(index);
    }
    schema
}

async fn postgres_schema(database: &Database) -> Schema {
    let mut c = PgConnection::connect(&database.url).await.unwrap();
    let mut schema = Schema::new();
    let columns = sqlx::query(
        "SELECT CAST(table_name AS TEXT) AS owner, CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS type, \
         is_nullable = 'YES' AS optional FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    );
    for row in columns.fetch_all(&mut c).await.unwrap() {
        let class = match row.get::<&str, _>("type") {
            "bigint" => "whole",
            "double precision" => "measure",
            "text" => "text",
            "bytea" => "bytes",
            other => panic!("{other} is not among the column types of migrations/README.md"),
        };
        let column = (class.to_owned(), row.get("optional"));
        schema.entry(row.get("owner")).or_default().columns.insert(row.get("name"), column);
    }
    let unique = sqlx::query(
        "SELECT CAST(t.relname AS TEXT) AS owner, \
         (SELECT string_agg(CAST(a.attname AS TEXT), ',' ORDER BY k.at) FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, at) \
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum) AS columns, \
         i.indpred IS NOT NULL AS partial \
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
         WHERE i.indisunique AND n.nspname = 'public' AND t.relname NOT LIKE '\\_sqlx%'",
    );
    for row in unique.fetch_all(&mut c).await.unwrap() {
        let partial = if row.get::<bool, _>("partial") { " partial" } else { "" };
        let index = format!("{}{partial}", row.get::<&str, _>("columns"));
        schema.entry(row.get("owner")).or_default().unique.insert(index);
    }
    schema
}
