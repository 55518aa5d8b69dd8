-- What staff put right of what was recognised: beside the original, which stays where it is. Rows are
-- only ever added; of several for the same matter the latest counts.

-- Exactly one of ticket_id, response_id (what was understood from its words) and media_id (what was
-- heard in it) is set. words: what was judged, for a recording null. original and corrected: JSON
-- for what was understood, the bare words for what was heard.
CREATE TABLE corrections (
    id          TEXT PRIMARY KEY,
    ticket_id   TEXT REFERENCES tickets (id),
    response_id TEXT REFERENCES responses (id),
    media_id    TEXT REFERENCES media (id),
    words       TEXT,
    original    TEXT,
    corrected   TEXT NOT NULL,
    staff_id    TEXT NOT NULL REFERENCES staff (id),
    at          BIGINT NOT NULL
);
CREATE INDEX corrections_ticket ON corrections (ticket_id, at);
CREATE INDEX corrections_response ON corrections (response_id, at);
CREATE INDEX corrections_media ON corrections (media_id, at);
CREATE INDEX corrections_at ON corrections (at);
CREATE INDEX ticket_media_media ON ticket_media (media_id);
