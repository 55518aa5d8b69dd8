-- The first schema. Column types: ../README.md. Keep the two dialects of a migration in step;
-- tests/store/migrations.rs compares what they make.

CREATE TABLE settings (
    key        TEXT PRIMARY KEY,
    value      TEXT NOT NULL
) STRICT;

CREATE TABLE counters (
    name       TEXT PRIMARY KEY,
    value      INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    region      TEXT NOT NULL,
    tier        TEXT NOT NULL,
    handover_at INTEGER,
    manager     TEXT,
    vocabulary  TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE TABLE units (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    building   TEXT,
    unit       TEXT,
    room       TEXT,
    label      TEXT NOT NULL
) STRICT;
CREATE INDEX units_project ON units (project_id);

CREATE TABLE contacts (
    id                 TEXT PRIMARY KEY,
    name               TEXT,
    phone              TEXT,
    language           TEXT NOT NULL,
    consent_at         INTEGER,
    surveys_stopped_at INTEGER,
    created_at         INTEGER NOT NULL
) STRICT;

CREATE TABLE contact_units (
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    unit_id    TEXT NOT NULL REFERENCES units (id),
    bound_at   INTEGER NOT NULL,
    PRIMARY KEY (contact_id, unit_id)
) STRICT;
CREATE INDEX contact_units_unit ON contact_units (unit_id);

CREATE TABLE identities (
    channel    TEXT NOT NULL,
    address    TEXT NOT NULL,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    linked_at  INTEGER NOT NULL,
    PRIMARY KEY (channel, address)
) STRICT;
CREATE INDEX identities_contact ON identities (contact_id);

-- seq numbers the messages of this dialogue, in and out; whoever raises it holds the row.
CREATE TABLE dialogues (
    id          TEXT PRIMARY KEY,
    channel     TEXT NOT NULL,
    address     TEXT NOT NULL,
    contact_id  TEXT REFERENCES contacts (id),
    state       TEXT NOT NULL,
    handed_over INTEGER NOT NULL DEFAULT 0,
    seq         INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX dialogues_address ON dialogues (channel, address);
CREATE INDEX dialogues_contact ON dialogues (contact_id);
CREATE INDEX dialogues_updated ON dialogues (handed_over, updated_at);

CREATE TABLE inbox (
    id          TEXT PRIMARY KEY,
    channel     TEXT NOT NULL,
    external_id TEXT NOT NULL,
    dialogue_id TEXT NOT NULL REFERENCES dialogues (id),
    seq         INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX inbox_external ON inbox (channel, external_id);
CREATE UNIQUE INDEX inbox_dialogue_seq ON inbox (dialogue_id, seq);

CREATE TABLE outbox (
    id          TEXT PRIMARY KEY,
    dialogue_id TEXT NOT NULL REFERENCES dialogues (id),
    seq         INTEGER NOT NULL,
    author      TEXT NOT NULL,
    body        TEXT NOT NULL,
    status      TEXT NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER,
    created_at  INTEGER NOT NULL,
    sent_at     INTEGER,
    reason      TEXT
) STRICT;
CREATE UNIQUE INDEX outbox_dialogue_seq ON outbox (dialogue_id, seq);
CREATE INDEX outbox_status ON outbox (status, created_at);

CREATE TABLE media (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes        INTEGER NOT NULL,
    sha256       TEXT NOT NULL,
    key          TEXT NOT NULL,
    dialogue_id  TEXT REFERENCES dialogues (id),
    seconds      REAL,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX media_dialogue ON media (dialogue_id, created_at);

CREATE TABLE transcripts (
    media_id       TEXT PRIMARY KEY REFERENCES media (id),
    status         TEXT NOT NULL,
    text           TEXT,
    raw_text       TEXT,
    language       TEXT,
    confidence     REAL,
    model          TEXT,
    recognition    TEXT,
    corrected_text TEXT,
    at             INTEGER NOT NULL
) STRICT;

CREATE TABLE responses (
    id             TEXT PRIMARY KEY,
    survey         TEXT NOT NULL,
    survey_version INTEGER NOT NULL,
    contact_id     TEXT REFERENCES contacts (id),
    unit_id        TEXT REFERENCES units (id),
    dialogue_id    TEXT REFERENCES dialogues (id),
    status         TEXT NOT NULL,
    started_at     INTEGER NOT NULL,
    completed_at   INTEGER,
    score          REAL,
    band           TEXT,
    nps            INTEGER,
    comment        TEXT,
    sentiment      TEXT,
    keywords       TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX responses_started ON responses (started_at);
CREATE INDEX responses_contact ON responses (contact_id, started_at);
CREATE INDEX responses_unit ON responses (unit_id, started_at);

CREATE TABLE answers (
    response_id TEXT NOT NULL REFERENCES responses (id),
    question    TEXT NOT NULL,
    value       REAL,
    text        TEXT,
    source      TEXT NOT NULL,
    media_id    TEXT REFERENCES media (id),
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (response_id, question)
) STRICT;

CREATE TABLE staff (
    id            TEXT PRIMARY KEY,
    login         TEXT NOT NULL,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    region        TEXT,
    password_hash TEXT NOT NULL,
    active        INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX staff_login ON staff (login);

CREATE TABLE staff_sessions (
    token_hash   TEXT PRIMARY KEY,
    staff_id     TEXT NOT NULL REFERENCES staff (id),
    csrf         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_sessions_expires ON staff_sessions (expires_at);

-- seq is the change number of the last change, from the counter "changes".
CREATE TABLE tickets (
    id          TEXT PRIMARY KEY,
    number      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    contact_id  TEXT NOT NULL REFERENCES contacts (id),
    unit_id     TEXT REFERENCES units (id),
    project_id  TEXT REFERENCES projects (id),
    dialogue_id TEXT REFERENCES dialogues (id),
    status      TEXT NOT NULL,
    priority    INTEGER NOT NULL DEFAULT 0,
    category    TEXT,
    urgency     TEXT NOT NULL,
    location    TEXT,
    component   TEXT,
    symptom     TEXT,
    since       TEXT,
    wished_time TEXT,
    description TEXT NOT NULL,
    in_warranty INTEGER,
    sentiment   TEXT NOT NULL,
    keywords    TEXT NOT NULL DEFAULT '[]',
    assignee    TEXT REFERENCES staff (id),
    unverified  INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    closed_at   INTEGER,
    seq         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX tickets_number ON tickets (number);
CREATE INDEX tickets_seq ON tickets (seq);
CREATE INDEX tickets_created ON tickets (created_at);
CREATE INDEX tickets_status ON tickets (status, created_at);
CREATE INDEX tickets_contact ON tickets (contact_id, created_at);
CREATE INDEX tickets_unit ON tickets (unit_id, created_at);

-- seq numbers the events of one ticket.
CREATE TABLE ticket_events (
    id        TEXT PRIMARY KEY,
    ticket_id TEXT NOT NULL REFERENCES tickets (id),
    seq       INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    actor     TEXT NOT NULL,
    body      TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);

CREATE TABLE ticket_media (
    ticket_id TEXT NOT NULL REFERENCES tickets (id),
    media_id  TEXT NOT NULL REFERENCES media (id),
    PRIMARY KEY (ticket_id, media_id)
) STRICT;

CREATE TABLE flags (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    ticket_id   TEXT REFERENCES tickets (id),
    response_id TEXT REFERENCES responses (id),
    dialogue_id TEXT REFERENCES dialogues (id),
    detail      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER,
    seen_by     TEXT REFERENCES staff (id),
    seq         INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX flags_seq ON flags (seq);
CREATE INDEX flags_open ON flags (seen_at, created_at);

CREATE TABLE jobs (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    payload      TEXT NOT NULL,
    lane         TEXT,
    dedupe_key   TEXT,
    run_at       INTEGER NOT NULL,
    attempt      INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    lease_until  INTEGER,
    status       TEXT NOT NULL,
    last_error   TEXT,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX jobs_dedupe ON jobs (dedupe_key);
-- At most one job of a lane runs at a time, whatever the claiming code believes.
CREATE UNIQUE INDEX jobs_lane_running ON jobs (lane) WHERE status = 'running';
-- Finished jobs are in neither, so a million of them cost a claim nothing.
CREATE INDEX jobs_ready ON jobs (run_at) WHERE status = 'ready';
CREATE INDEX jobs_leases ON jobs (lease_until) WHERE status = 'running';
CREATE INDEX jobs_lane_ready ON jobs (lane, id) WHERE status = 'ready';
CREATE INDEX jobs_status ON jobs (status, created_at);

INSERT INTO counters (name, value) VALUES ('changes', 0);
