-- One person on several channels, and what becomes of personal data.
-- Column types: ../README.md. Keep the two dialects in step.

-- When everything personal was removed; the row stays for the figures.
ALTER TABLE contacts ADD COLUMN erased_at BIGINT;

-- The console finds people by the beginning of a name, a number, a room.
CREATE INDEX contacts_name ON contacts (name text_pattern_ops);
CREATE INDEX contacts_phone_begins ON contacts (phone text_pattern_ops);
CREATE INDEX contacts_merged ON contacts (merged_into);
CREATE INDEX units_label ON units (label text_pattern_ops);
CREATE INDEX units_room ON units (room text_pattern_ops);

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
    at        BIGINT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT REFERENCES staff (id)
);
CREATE INDEX contact_merges_kept ON contact_merges (kept_id, at);
CREATE INDEX contact_merges_gone ON contact_merges (gone_id, at);

-- Links by which a conversation went on elsewhere; the link itself is not kept, only its hash.
CREATE TABLE spent_links (
    token_hash  TEXT PRIMARY KEY,
    dialogue_id TEXT NOT NULL REFERENCES dialogues (id),
    at          BIGINT NOT NULL
);

-- Personal data that is to be removed, or was: of a person, or of one conversation alone.
CREATE TABLE erasures (
    id          TEXT PRIMARY KEY,
    contact_id  TEXT NOT NULL REFERENCES contacts (id),
    dialogue_id TEXT REFERENCES dialogues (id),
    -- client, left, staff
    why         TEXT NOT NULL,
    staff_id    TEXT REFERENCES staff (id),
    asked_at    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    done_at     BIGINT,
    messages    BIGINT NOT NULL DEFAULT 0,
    files       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX erasures_contact ON erasures (contact_id, asked_at);
CREATE INDEX tickets_dialogue ON tickets (dialogue_id);
CREATE INDEX responses_dialogue ON responses (dialogue_id);
