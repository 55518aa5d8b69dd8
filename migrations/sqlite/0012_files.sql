-- The visit whose record a file belongs to, beside the file: whoever opens a photo is let in by it.
-- Column types: ../README.md. Keep the two dialects in step.
ALTER TABLE media ADD COLUMN visit_id TEXT REFERENCES visits (id);
UPDATE media SET visit_id = (SELECT v.id FROM visits v WHERE v.record LIKE '%' || media.id || '%')
    WHERE EXISTS (SELECT 1 FROM visits v WHERE v.record LIKE '%' || media.id || '%');
CREATE INDEX media_visit ON media (visit_id);
