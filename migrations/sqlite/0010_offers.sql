-- What satisfied clients were offered (upkeep, to recommend us), when and by whom: nobody is asked twice.
CREATE TABLE offers (
    id          TEXT PRIMARY KEY,
    response_id TEXT NOT NULL REFERENCES responses (id),
    contact_id  TEXT REFERENCES contacts (id),
    name        TEXT NOT NULL,
    -- Null: the service did so by itself.
    by_staff    TEXT REFERENCES staff (id),
    at          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX offers_response ON offers (response_id, name);
CREATE INDEX offers_contact ON offers (contact_id, at);
