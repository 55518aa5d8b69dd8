-- What came of telling members of staff of a flag by themselves: by which way, or why by none.
CREATE TABLE alert_people (
    flag_id  TEXT NOT NULL REFERENCES flags (id),
    -- Null: nobody stood on the step of the ladder.
    staff_id TEXT REFERENCES staff (id),
    -- Null: by none, so far.
    way      TEXT,
    -- JSON: the ways that were tried before, or in vain, and why each did not lead there.
    missed   TEXT NOT NULL DEFAULT '[]',
    at       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX alert_people_person ON alert_people (flag_id, staff_id);
