-- Staff where they are: their accounts on the platforms, and the alerts they answer there.
-- Column types: ../README.md. Keep the two dialects in step.

-- Which account on a platform is which member of staff.
CREATE TABLE staff_accounts (
    channel   TEXT NOT NULL,
    address   TEXT NOT NULL,
    staff_id  TEXT NOT NULL REFERENCES staff (id),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (channel, address)
);
CREATE INDEX staff_accounts_staff ON staff_accounts (staff_id);

-- Alerts as they stand in a chat: whoever replies to one answers the client.
CREATE TABLE alert_messages (
    channel TEXT NOT NULL,
    chat    TEXT NOT NULL,
    message TEXT NOT NULL,
    flag_id TEXT NOT NULL REFERENCES flags (id),
    at      BIGINT NOT NULL,
    PRIMARY KEY (channel, chat, message)
);
CREATE INDEX alert_messages_flag ON alert_messages (flag_id, at);

-- What staff did there, by the platform's id: a copy is known as such.
CREATE TABLE staff_acts (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
