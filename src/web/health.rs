//! Is it alive, can it work, and what has it done: for load balancers and for Prometheus.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use super::Web;
use crate::store::StoreError;
use crate::store::jobs::{self, JobStatus};

/// `/healthz`, `/readyz`, `/metrics`
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Ready means: the database answers and has this program's schema.
async fn ready(State(web): State<Web>) -> impl IntoResponse {
    match web.store.is_migrated().await {
        Ok(true) => (StatusCode::OK, "ok\n"),
        Ok(false) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the database schema is not up to date: run `huifang migrate`\n")
        }
        Err(cause) => {
            tracing::warn!(%cause, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

async fn metrics(State(web): State<Web>) -> impl IntoResponse {
    // Counted where it is asked for: several processes give up work of one database.
    let given_up = web.store.read(|tx| Box::pin(async move { jobs::count(tx, JobStatus::Dead).await })).await;
    match given_up.map_err(|cause: StoreError| cause) {
        #[expect(clippy::cast_precision_loss, reason = "a count of jobs lies far below 2^52")]
        Ok(count) => metrics::gauge!("huifang_jobs_given_up").set(count as f64),
        Err(cause) => tracing::warn!(%cause, "given up work was not counted: the database does not answer"),
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], web.metrics.render())
}
