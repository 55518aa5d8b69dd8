-- What is known of a unit under a rule of prompts/plans/events.toml.
-- Column types: ../README.md. Keep the two dialects in step.
CREATE TABLE equipment_watch (
    unit_id      TEXT NOT NULL REFERENCES units (id),
    rule         TEXT NOT NULL,
    seen_at      INTEGER,
    beyond_since INTEGER,
    fired_at     INTEGER,
    PRIMARY KEY (unit_id, rule)
) STRICT;
