-- One person on several channels, and what becomes of personal data.
-- Column types: ../README.md. Keep the two dialects in step.

-- When everything personal was removed; the row stays for the figures.
ALTER TABLE contacts ADD COLUMN erased_at INTEGER;

-- The console finds people by the beginning of a name, a number, a room.
CREATE INDEX contacts_name ON contacts (name COLLATE NOCASE);
CREATE INDEX contacts_phone_begins ON contacts (phone COLLATE NOCASE);
CREATE INDEX contacts_merged ON contacts (merged_into);
CREATE INDEX units_label ON units (label COLLATE NOCASE);
CREATE INDEX units_room ON units (room COLLATE NOCASE);

-- Two contacts turned out to be one person. "moved" says what went over, so that it can go back;
-- empty once that person's data was removed.
CREATE TABLE contact_merges (
    id        TEXT PRIMARY KEY,
    kept_id   TEXT NOT NULL REFERENCES contacts (id),
    gone_id   TEXT NOT NULL REFERENCES contacts (id),
    -- phone, link, staff
    why       TEXT NOT NULL,
    staff_id  TEXT REFERENCES staff (id),
    moved     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    undone_at INTEGER,
    undone_by TEXT REFERENCES staff (id)
) STRICT;
CREATE INDEX contact_merges_kept ON contact_merges (kept_id, at);
CREATE INDEX contact_merges_gone ON contact_merges (gone_id, at);

-- Links by which a conversation went on elsewhere; the link itself is not kept, only its hash.
CREATE TABLE spent_links (
    token_hash  TEXT PRIMARY KEY,
    dialogue_id TEXT NOT NULL REFERENCES dialogues (id),
    at          INTEGER NOT NULL
) STRICT;

-- Personal data that is to be removed, or was: of a person, or of one conversation alone.
CREATE TABLE erasures (
    id          TEXT PRIMARY KEY,
    contact_id  TEXT NOT NULL REFERENCES contacts (id),
    dialogue_id TEXT REFERENCES dialogues (id),
    -- client, left, staff
    why         TEXT NOT NULL,
    staff_id    TEXT REFERENCES staff (id),
    asked_at    INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    done_at     INTEGER,
    messages    INTEGER NOT NULL DEFAULT 0,
    files       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX erasures_contact ON erasures (contact_id, asked_at);
CREATE INDEX tickets_dialogue ON tickets (dialogue_id);
CREATE INDEX responses_dialogue ON responses (dialogue_id);
