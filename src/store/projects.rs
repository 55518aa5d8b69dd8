//! Projects.

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, clean_opt, json_of, name_of, name_of_opt};
use super::{StoreError, Tx};
use crate::domain::ids::ProjectId;
use crate::domain::project::Project;
use crate::domain::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, code, name, kind, region, tier, handover_at, manager, team, engineer_id, novel, ",
            "maintained_until, maintained_every, vocabulary FROM projects ",
            $rest
        )
    };
}

/// Inserts a project.
pub async fn insert(tx: &mut Tx, project: &Project) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO projects (id, code, name, kind, region, tier, handover_at, manager, team, \
                       engineer_id, novel, maintained_until, maintained_every, vocabulary) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    store(tx, SQL, project).await.map(drop)
}

/// Stores a project as it now is.
pub async fn update(tx: &mut Tx, project: &Project) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE projects SET code = $2, name = $3, kind = $4, region = $5, tier = $6, handover_at = $7, \
                       manager = $8, team = $9, engineer_id = $10, novel = $11, maintained_until = $12, \
                       maintained_every = $13, vocabulary = $14 WHERE id = $1";
    if store(tx, SQL, project).await? == 0 {
        return Err(StoreError::Missing { table: "projects", id: project.id.to_string() });
    }
    Ok(())
}

/// Returns one project.
pub async fn find(tx: &mut Tx, id: ProjectId) -> Result<Option<Project>, StoreError> {
    const SQL: &str = select!("WHERE id = $1");
    let row = both!(tx, |c| sqlx::query_as::<_, ProjectRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Project::try_from).transpose()
}

/// Returns every project by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<Project>, StoreError> {
    const SQL: &str = select!("ORDER BY name, id");
    let rows = both!(tx, |c| sqlx::query_as::<_, ProjectRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(Project::try_from).collect()
}

async fn store(tx: &mut Tx, sql: &'static str, project: &Project) -> Result<u64, StoreError> {
    let (kind, tier) = (name_of(&project.kind)?, name_of(&project.tier)?);
    let every = name_of_opt(project.maintained_every.as_ref())?;
    let vocabulary = json_of(&project.vocabulary)?;
    let stored = both!(tx, |c| sqlx::query(sql)
        .bind(project.id.to_string())
        .bind(clean_opt(project.code.as_deref()))
        .bind(clean(&project.name))
        .bind(kind)
        .bind(clean(&project.region))
        .bind(tier)
        .bind(project.handover_at.map(|at| at.0))
        .bind(clean_opt(project.manager.as_deref()))
        .bind(clean_opt(project.team.as_deref()))
        .bind(project.engineer_id.map(|id| id.to_string()))
        .bind(i64::from(project.novel))
        .bind(project.maintained_until.map(|at| at.0))
        .bind(every)
        .bind(vocabulary)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(stored)
}

#[derive(FromRow)]
struct ProjectRow {
    id: String,
    code: Option<String>,
    name: String,
    kind: String,
    region: String,
    tier: String,
    handover_at: Option<i64>,
    manager: Option<String>,
    team: Option<String>,
    engineer_id: Option<String>,
    novel: i64,
    maintained_until: Option<i64>,
    maintained_every: Option<String>,
    vocabulary: String,
}

impl TryFrom<ProjectRow> for Project {
    type Error = StoreError;

    fn try_from(row: ProjectRow) -> Result<Project, StoreError> {
        let at = Row { table: "projects", id: &row.id };
        Ok(Project {
            id: at.parse("id", &row.id)?,
            kind: at.name("kind", &row.kind)?,
            tier: at.name("tier", &row.tier)?,
            handover_at: row.handover_at.map(Timestamp),
            engineer_id: at.parse_opt("engineer_id", row.engineer_id.as_deref())?,
            novel: at.bool("novel", row.novel)?,
            maintained_until: row.maintained_until.map(Timestamp),
            maintained_every: at.name_opt("maintained_every", row.maintained_every.as_deref())?,
            vocabulary: at.json("vocabulary", &row.vocabulary)?,
            code: row.code,
            name: row.name,
            region: row.region,
            manager: row.manager,
            team: row.team,
        })
    }
}
