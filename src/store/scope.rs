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

/// Whether a row is the owner's, or where no owner is asked for, in the region.
macro_rules! own_or_near {
    ($table:literal, $owner:literal, $region:literal) => {
        concat!(
            "(CAST(",
            $owner,
            " AS TEXT) IS NULL AND ",
            crate::store::scope::near!($table, $region),
            ") OR ",
            $table,
            ".assignee = ",
            $owner
        )
    };
}

/// Whether there is still something to do about a ticket.
macro_rules! open {
    ($table:literal) => {
        concat!($table, ".status NOT IN ('closed', 'rejected', 'cancelled', 'merged')")
    };
}

/// Whether a ticket lies within a scope: owner, pool (0 or 1), region.
macro_rules! ticket_within {
    ($table:literal, $owner:literal, $pool:literal, $region:literal) => {
        concat!(
            "(",
            crate::store::scope::own_or_near!($table, $owner, $region),
            " OR (CAST(",
            $pool,
            " AS BIGINT) = 1 AND ",
            $table,
            ".assignee IS NULL AND ",
            crate::store::scope::open!($table),
            " AND ",
            crate::store::scope::near!($table, $region),
            "))"
        )
    };
}

/// Whether a visit lies within a scope: it belongs to whoever it was given to, and to the engineer of
/// its project.
macro_rules! visit_within {
    ($table:literal, $owner:literal, $region:literal) => {
        concat!(
            "(",
            crate::store::scope::own_or_near!($table, $owner, $region),
            " OR EXISTS (SELECT 1 FROM projects own WHERE own.id = ",
            $table,
            ".project_id AND own.engineer_id = ",
            $owner,
            "))"
        )
    };
}

/// Whether a person lies within a scope: they belong to whoever has an open ticket of theirs, and to
/// the regions they live in; of somebody without a flat nobody knows where that is.
macro_rules! contact_within {
    ($table:literal, $owner:literal, $region:literal) => {
        concat!(
            "((CAST(",
            $owner,
            " AS TEXT) IS NULL AND (CAST(",
            $region,
            " AS TEXT) IS NULL OR NOT EXISTS (SELECT 1 FROM contact_units home WHERE home.contact_id = ",
            $table,
            ".id) OR EXISTS (SELECT 1 FROM contact_units home JOIN units flat ON flat.id = home.unit_id \
             JOIN projects own ON own.id = flat.project_id WHERE home.contact_id = ",
            $table,
            ".id AND own.region = ",
            $region,
            "))) OR EXISTS (SELECT 1 FROM tickets task WHERE task.contact_id = ",
            $table,
            ".id AND task.assignee = ",
            $owner,
            " AND ",
            crate::store::scope::open!("task"),
            "))"
        )
    };
}

pub(super) use {contact_within, near, open, own_or_near, ticket_within, visit_within};
