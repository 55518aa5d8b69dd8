-- When the visits of a unit are planned next (0: at the next opportunity), so that a day's planning
-- reads the units it concerns, not all. And the project of an anonymous response, which has neither
-- contact nor unit. Column types: ../README.md. Keep the two dialects in step.
ALTER TABLE units ADD COLUMN plan_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX units_plan_at ON units (plan_at, id);
-- What was answered to a post of equipment events, so that the same post again changes nothing.
CREATE TABLE event_posts (
    id     TEXT PRIMARY KEY,
    answer TEXT NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX event_posts_at ON event_posts (at);
ALTER TABLE responses ADD COLUMN project_id TEXT REFERENCES projects (id);
-- What is asked for each answered survey, and once a day, without reading whole tables.
CREATE INDEX responses_completed ON responses (status, completed_at, id);
CREATE INDEX recoveries_visit ON recoveries (visit_id);
CREATE INDEX recoveries_person ON recoveries (person, ended_at);
CREATE INDEX tickets_closed ON tickets (closed_at);
-- What is due is found by its time: by status and age alone, every claim read all that is owed for
-- the months to come.
DROP INDEX jobs_status;
CREATE INDEX jobs_due ON jobs (status, run_at);
CREATE INDEX jobs_leased ON jobs (status, lease_until);
CREATE INDEX jobs_done ON jobs (created_at) WHERE status = 'done';
