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

/// Whether a person lies within a scope: they belong to whoever has an open ticket of theirs or wins them
/// back, and to the regions they live in; of somebody without a flat nobody knows where that is.
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
            ") OR EXISTS (SELECT 1 FROM recoveries won WHERE won.contact_id = ",
            $table,
            ".id AND won.ended_at IS NULL AND won.person = ",
            $owner,
            "))"
        )
    };
}

/// The project a response is about: that of its latest visit, else that of its flat, else the one that is
/// all an anonymous one knows.
macro_rules! project_of_response {
    ($table:literal) => {
        concat!(
            "COALESCE((SELECT call.project_id FROM visits call WHERE call.response_id = ",
            $table,
            ".id ORDER BY call.created_at DESC, call.id DESC LIMIT 1), \
             (SELECT flat.project_id FROM units flat WHERE flat.id = ",
            $table,
            ".unit_id), ",
            $table,
            ".project_id)"
        )
    };
}

/// Whether a response lies within a scope: it belongs to the engineer of its project and to whoever
/// wins the client back.
macro_rules! response_within {
    ($table:literal, $owner:literal, $region:literal) => {
        concat!(
            "((CAST(",
            $owner,
            " AS TEXT) IS NULL AND (CAST(",
            $region,
            " AS TEXT) IS NULL OR NOT EXISTS (SELECT 1 FROM projects far WHERE far.region <> ",
            $region,
            " AND far.id = ",
            crate::store::scope::project_of_response!($table),
            "))) OR EXISTS (SELECT 1 FROM projects own WHERE own.engineer_id = ",
            $owner,
            " AND own.id = ",
            crate::store::scope::project_of_response!($table),
            ") OR EXISTS (SELECT 1 FROM recoveries won WHERE won.response_id = ",
            $table,
            ".id AND won.person = ",
            $owner,
            "))"
        )
    };
}

/// Whether what a flag is about lies within a scope; one that points at nobody is for those who lead.
/// The same as [`crate::store::things::of_flag`] says of one.
macro_rules! flag_within {
    ($table:literal, $owner:literal, $pool:literal, $region:literal) => {
        concat!(
            "CASE WHEN ",
            $table,
            ".ticket_id IS NOT NULL THEN EXISTS (SELECT 1 FROM tickets WHERE tickets.id = ",
            $table,
            ".ticket_id AND ",
            crate::store::scope::ticket_within!("tickets", $owner, $pool, $region),
            ") WHEN ",
            $table,
            ".response_id IS NOT NULL THEN EXISTS (SELECT 1 FROM responses WHERE responses.id = ",
            $table,
            ".response_id AND ",
            crate::store::scope::response_within!("responses", $owner, $region),
            ") WHEN EXISTS (SELECT 1 FROM dialogues talk WHERE talk.id = ",
            $table,
            ".dialogue_id AND talk.contact_id IS NOT NULL) THEN EXISTS (SELECT 1 FROM dialogues talk \
             JOIN contacts ON contacts.id = talk.contact_id WHERE talk.id = ",
            $table,
            ".dialogue_id AND ",
            crate::store::scope::contact_within!("contacts", $owner, $region),
            ") ELSE CAST(",
            $owner,
            " AS TEXT) IS NULL END"
        )
    };
}

pub(super) use {
    contact_within, flag_within, near, open, own_or_near, project_of_response, response_within, ticket_within,
    visit_within,
};
