//! What somebody's list may hold ([`crate::domain::access::Scope`]), as a piece of SQL.

/// Whether a row with a `project_id` lies in a region: `$region` null is every region, and so is a
/// project nobody knows.
macro_rules! near {
    ($table:literal, $region:literal) => {
        concat!(
            "(CAST(",
            $region,
            " AS TEXT) IS NULL OR NOT EXISTS (SELECT 1 FROM projects far WHERE far.id = ",
            $table,
            ".project_id AND far.region <> ",
            $region,
            "))"
        )
    };
}

/// Whether a ticket lies within a scope: owner, pool (0 or 1), region.
macro_rules! ticket_within {
    ($table:literal, $owner:literal, $pool:literal, $region:literal) => {
        concat!(
            "((CAST(",
            $owner,
            " AS TEXT) IS NULL AND ",
            crate::store::scope::near!($table, $region),
            ") OR ",
            $table,
            ".assignee = ",
            $owner,
            " OR (CAST(",
            $pool,
            " AS BIGINT) = 1 AND ",
            $table,
            ".assignee IS NULL AND ",
            $table,
            ".status NOT IN ('closed', 'rejected', 'cancelled', 'merged') AND ",
            crate::store::scope::near!($table, $region),
            "))"
        )
    };
}

pub(super) use {near, ticket_within};
