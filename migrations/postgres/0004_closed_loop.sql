-- The closed loop: registers, warranty, visits, clocks, appointments, recovery, incidents.
-- Column types: ../README.md. Keep the two dialects in step.

-- What the operator calls things; an import finds them again by it.
ALTER TABLE projects ADD COLUMN code TEXT;
ALTER TABLE projects ADD COLUMN team TEXT;
ALTER TABLE projects ADD COLUMN engineer_id TEXT REFERENCES staff (id);
-- 四新: new technology, process, material or equipment.
ALTER TABLE projects ADD COLUMN novel BIGINT NOT NULL DEFAULT 0;
-- Maintenance contract: until when, and how often somebody visits (quarterly, half_yearly, annual).
ALTER TABLE projects ADD COLUMN maintained_until BIGINT;
ALTER TABLE projects ADD COLUMN maintained_every TEXT;
CREATE UNIQUE INDEX projects_code ON projects (code);

ALTER TABLE units ADD COLUMN code TEXT;
-- Where they differ from the project's.
ALTER TABLE units ADD COLUMN handover_at BIGINT;
ALTER TABLE units ADD COLUMN first_use_at BIGINT;
CREATE UNIQUE INDEX units_code ON units (project_id, code);

-- owner, client
ALTER TABLE contacts ADD COLUMN role TEXT NOT NULL DEFAULT 'owner';
ALTER TABLE contacts ADD COLUMN phone_verified_at BIGINT;
ALTER TABLE contacts ADD COLUMN merged_into TEXT REFERENCES contacts (id);
CREATE INDEX contacts_phone ON contacts (phone);

ALTER TABLE staff ADD COLUMN phone TEXT;
ALTER TABLE staff ADD COLUMN team TEXT;
ALTER TABLE staff ADD COLUMN skills TEXT NOT NULL DEFAULT '[]';

CREATE TABLE subcontractors (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    phone   TEXT,
    mail    TEXT,
    region  TEXT,
    trades  TEXT NOT NULL DEFAULT '[]',
    active  BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX subcontractors_name ON subcontractors (name);

CREATE TABLE project_subcontractors (
    project_id       TEXT NOT NULL REFERENCES projects (id),
    subcontractor_id TEXT NOT NULL REFERENCES subcontractors (id),
    -- The trade they did there, or * for all.
    category         TEXT NOT NULL,
    PRIMARY KEY (project_id, category)
);

-- What a contract agrees beyond the default terms of prompts/plans/warranty.toml.
CREATE TABLE warranty_terms (
    project_id TEXT NOT NULL REFERENCES projects (id),
    component  TEXT NOT NULL,
    months     BIGINT,
    seasons    BIGINT,
    PRIMARY KEY (project_id, component)
);

-- One follow-up that is or was due. "key" says which of a unit's plan it is: planning again finds it.
CREATE TABLE visits (
    id          TEXT PRIMARY KEY,
    key         TEXT NOT NULL,
    kind        TEXT NOT NULL,
    project_id  TEXT NOT NULL REFERENCES projects (id),
    unit_id     TEXT REFERENCES units (id),
    contact_id  TEXT REFERENCES contacts (id),
    survey      TEXT NOT NULL,
    status      TEXT NOT NULL,
    -- When the plan wants it, and when it really happens (moved by holidays and quiet hours).
    planned_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    dialogue_id TEXT REFERENCES dialogues (id),
    response_id TEXT REFERENCES responses (id),
    ticket_id   TEXT REFERENCES tickets (id),
    -- Why it was not sent, or was skipped or given to a person.
    reason      TEXT,
    assignee    TEXT REFERENCES staff (id),
    -- What a member of staff recorded: way, place, time, note, media.
    record      TEXT,
    sent_at     BIGINT,
    ended_at    BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX visits_key ON visits (key);
CREATE INDEX visits_due ON visits (status, due_at);
CREATE INDEX visits_unit ON visits (unit_id, due_at);
CREATE INDEX visits_contact ON visits (contact_id, due_at);
CREATE INDEX visits_response ON visits (response_id);

-- Why something did not go out when it was due.
CREATE TABLE withheld (
    id         TEXT PRIMARY KEY,
    visit_id   TEXT REFERENCES visits (id),
    contact_id TEXT REFERENCES contacts (id),
    rule       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    until      BIGINT,
    at         BIGINT NOT NULL
);
CREATE INDEX withheld_contact ON withheld (contact_id, at);
CREATE INDEX withheld_at ON withheld (at);

ALTER TABLE tickets ADD COLUMN cause TEXT;
ALTER TABLE tickets ADD COLUMN expected_at BIGINT;
ALTER TABLE tickets ADD COLUMN rectified_at BIGINT;
ALTER TABLE tickets ADD COLUMN subcontractor_id TEXT REFERENCES subcontractors (id);
ALTER TABLE tickets ADD COLUMN merged_into TEXT REFERENCES tickets (id);
ALTER TABLE tickets ADD COLUMN incident_id TEXT;
ALTER TABLE tickets ADD COLUMN reopened BIGINT NOT NULL DEFAULT 0;

-- The three clocks of a ticket: response, on_site, rectified.
CREATE TABLE ticket_clocks (
    ticket_id  TEXT NOT NULL REFERENCES tickets (id),
    clock      TEXT NOT NULL,
    -- Raised when the clock begins anew or its deadline moves, so that old timers find it changed.
    round      BIGINT NOT NULL DEFAULT 0,
    started_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    -- Working milliseconds allowed in all, and used up before the current run.
    budget_ms  BIGINT NOT NULL,
    used_ms    BIGINT NOT NULL DEFAULT 0,
    paused_at  BIGINT,
    reason     TEXT,
    stopped_at BIGINT,
    PRIMARY KEY (ticket_id, clock)
);
CREATE INDEX ticket_clocks_due ON ticket_clocks (stopped_at, due_at);

CREATE TABLE appointments (
    id          TEXT PRIMARY KEY,
    ticket_id   TEXT NOT NULL REFERENCES tickets (id),
    status      TEXT NOT NULL,
    -- The windows offered, as JSON pairs of instants.
    offered     TEXT NOT NULL,
    from_at     BIGINT,
    until_at    BIGINT,
    by_staff    TEXT REFERENCES staff (id),
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX appointments_ticket ON appointments (ticket_id, created_at);

-- A one-job link of a subcontractor; the link itself is not kept, only its hash.
CREATE TABLE job_links (
    token_hash       TEXT PRIMARY KEY,
    ticket_id        TEXT NOT NULL REFERENCES tickets (id),
    subcontractor_id TEXT NOT NULL REFERENCES subcontractors (id),
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    ended_at         BIGINT
);
CREATE INDEX job_links_ticket ON job_links (ticket_id);

-- A dissatisfied client who is to be won back.
CREATE TABLE recoveries (
    id           TEXT PRIMARY KEY,
    response_id  TEXT NOT NULL REFERENCES responses (id),
    contact_id   TEXT REFERENCES contacts (id),
    unit_id      TEXT REFERENCES units (id),
    project_id   TEXT REFERENCES projects (id),
    status       TEXT NOT NULL,
    person       TEXT REFERENCES staff (id),
    deadline_at  BIGINT NOT NULL,
    root_cause   TEXT,
    -- The record of the review meeting (专项复盘).
    review       TEXT,
    visit_id     TEXT REFERENCES visits (id),
    first_score  DOUBLE PRECISION,
    second_score DOUBLE PRECISION,
    created_at   BIGINT NOT NULL,
    ended_at     BIGINT
);
CREATE UNIQUE INDEX recoveries_response ON recoveries (response_id);
CREATE INDEX recoveries_status ON recoveries (status, deadline_at);

-- The same fault in the same place, reported by several.
CREATE TABLE incidents (
    id         TEXT PRIMARY KEY,
    number     TEXT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    building   TEXT,
    category   TEXT NOT NULL,
    component  TEXT,
    status     TEXT NOT NULL,
    opened_at  BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX incidents_place ON incidents (project_id, category, opened_at);
