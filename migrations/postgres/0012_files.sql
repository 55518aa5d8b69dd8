-- The visit whose record a file belongs to, beside the file: whoever opens a photo is let in by it.
-- Column types: ../README.md. Keep the two dialects in step.
ALTER TABLE media ADD COLUMN visit_id TEXT REFERENCES visits (id);
UPDATE media SET visit_id = (SELECT v.id FROM visits v WHERE v.record LIKE '%' || media.id || '%' LIMIT 1)
    WHERE EXISTS (SELECT 1 FROM visits v WHERE v.record LIKE '%' || media.id || '%');
CREATE INDEX media_visit ON media (visit_id);
-- People are found whether a Latin letter is typed large or small; SQLite's indexes do that as they are.
DROP INDEX contacts_name;
DROP INDEX units_label;
DROP INDEX units_room;
CREATE INDEX contacts_name ON contacts (LOWER(name) text_pattern_ops);
DROP INDEX contacts_phone_begins;
CREATE INDEX contacts_phone_begins ON contacts (LOWER(phone) text_pattern_ops);
CREATE INDEX units_label ON units (LOWER(label) text_pattern_ops);
CREATE INDEX units_room ON units (LOWER(room) text_pattern_ops);
