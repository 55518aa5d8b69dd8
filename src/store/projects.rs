//! Projects.

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean, clean_opt, json_of, name_of};
use super::{StoreError, Tx};
use crate::domain::ids::ProjectId;
use crate::domain::project::Project;
use crate::domain::time::Timestamp;

/// Inserts a project.
pub async fn insert(tx: &mut Tx, project: &Project) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO projects (id, name, kind, region, tier, handover_at, manager, vocabulary) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (kind, tier) = (name_of(&project.kind)?, name_of(&project.tier)?);
    let vocabulary = json_of(&project.vocabulary)?;
    both!(tx, |c| sqlx::query(SQL)
        .bind(project.id.to_string())
        .bind(clean(&project.name))
        .bind(kind)
        .bind(clean(&project.region))
        .bind(tier)
        .bind(project.handover_at.map(|at| at.0))
        .bind(clean_opt(project.manager.as_deref()))
        .bind(vocabulary)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns one project.
pub async fn find(tx: &mut Tx, id: ProjectId) -> Result<Option<Project>, StoreError> {
    const SQL: &str = "SELECT id, name, kind, region, tier, handover_at, manager, vocabulary \
                       FROM projects WHERE id = $1";
    let row = both!(tx, |c| sqlx::query_as::<_, ProjectRow>(SQL).bind(id.to_string()).fetch_optional(c).await)?;
    row.map(Project::try_from).transpose()
}

/// Returns every project by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<Project>, StoreError> {
    const SQL: &str = "SELECT id, name, kind, region, tier, handover_at, manager, vocabulary \
                       FROM projects ORDER BY name, id";
    let rows = both!(tx, |c| sqlx::query_as::<_, ProjectRow>(SQL).fetch_all(c).await)?;
    rows.into_iter().map(Project::try_from).collect()
}

#[derive(FromRow)]
struct ProjectRow {
    id: String,
    name: String,
    kind: String,
    region: String,
    tier: String,
    handover_at: Option<i64>,
    manager: Option<String>,
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
            vocabulary: at.json("vocabulary", &row.vocabulary)?,
            name: row.name,
            region: row.region,
            manager: row.manager,
        })
    }
}
