//! What contracts agree beyond the default warranty terms.

use sqlx::FromRow;

use super::tx::both;
use super::value::{Row, clean};
use super::{StoreError, Tx};
use crate::domain::ids::ProjectId;
use crate::domain::warranty::{Span, Term};

/// Stores what is agreed for a component of a project, in place of what was.
pub async fn save(tx: &mut Tx, project: ProjectId, term: &Term) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO warranty_terms (project_id, component, months, seasons) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (project_id, component) \
                       DO UPDATE SET months = excluded.months, seasons = excluded.seasons";
    let (months, seasons) = match term.span {
        Span::DesignLife => (None, None),
        Span::Months(count) => (Some(i64::from(count)), None),
        Span::Seasons(count) => (None, Some(i64::from(count))),
    };
    both!(tx, |c| sqlx::query(SQL)
        .bind(project.to_string())
        .bind(clean(&term.component))
        .bind(months)
        .bind(seasons)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Returns what a project's contract agrees, by component.
pub async fn of_project(tx: &mut Tx, project: ProjectId) -> Result<Vec<Term>, StoreError> {
    const SQL: &str = "SELECT project_id, component, months, seasons FROM warranty_terms \
                       WHERE project_id = $1 ORDER BY component";
    let rows = both!(tx, |c| sqlx::query_as::<_, TermRow>(SQL).bind(project.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Term::try_from).collect()
}

#[derive(FromRow)]
struct TermRow {
    project_id: String,
    component: String,
    months: Option<i64>,
    seasons: Option<i64>,
}

impl TryFrom<TermRow> for Term {
    type Error = StoreError;

    fn try_from(row: TermRow) -> Result<Term, StoreError> {
        let at = Row { table: "warranty_terms", id: &row.project_id };
        let span = match (row.months, row.seasons) {
            (None, None) => Span::DesignLife,
            (Some(count), None) => Span::Months(at.number("months", count)?),
            (None, Some(count)) => Span::Seasons(at.number("seasons", count)?),
            (Some(_), Some(_)) => return Err(at.corrupt("seasons")),
        };
        Ok(Term { component: row.component, span })
    }
}
