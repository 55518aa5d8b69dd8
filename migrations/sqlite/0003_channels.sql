-- What reaching people through a platform needs to know. Column types: ../README.md.

-- When the person last wrote, and since when they cannot be reached (blocked or unfollowed us).
ALTER TABLE dialogues ADD COLUMN heard_at INTEGER;
ALTER TABLE dialogues ADD COLUMN left_at INTEGER;

-- What the platform calls a file that came as a reference, and why its bytes could not be had.
ALTER TABLE media ADD COLUMN remote TEXT;
ALTER TABLE media ADD COLUMN lost TEXT;

-- The message (inbox.id) that is answered; none where we speak unasked.
ALTER TABLE outbox ADD COLUMN reply_to TEXT;
CREATE INDEX outbox_reply_to ON outbox (reply_to);
CREATE INDEX outbox_dialogue_sent ON outbox (dialogue_id, sent_at);
