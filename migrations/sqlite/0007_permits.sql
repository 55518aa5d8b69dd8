-- How far the messages of each account of WeChat customer service (微信客服) were read, and what a platform lets
-- us send once to somebody who did not just write.

CREATE TABLE service_accounts (
    id         TEXT PRIMARY KEY,
    open_kfid  TEXT NOT NULL,
    -- The place in the platform's list up to which all was read; empty: nothing was yet.
    read_to    TEXT NOT NULL DEFAULT '',
    -- What the last notice brought to read with, and when it came.
    token      TEXT,
    noticed_at INTEGER,
    -- Since when reading is owed; empty while it is not.
    owed_at    INTEGER,
    first_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX service_accounts_open_kfid ON service_accounts (open_kfid);

CREATE TABLE permits (
    id          TEXT PRIMARY KEY,
    dialogue_id TEXT NOT NULL REFERENCES dialogues (id),
    kind        TEXT NOT NULL,
    -- The code that is given back to the platform, or the template that was agreed to.
    code        TEXT NOT NULL,
    granted_at  INTEGER NOT NULL,
    ends_at     INTEGER,
    used_at     INTEGER
) STRICT;
CREATE INDEX permits_dialogue ON permits (dialogue_id, kind);
