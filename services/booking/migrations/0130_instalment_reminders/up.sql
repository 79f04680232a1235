-- The last reminder of an instalment: `ahead` or `due_today`.
ALTER TABLE instalments ADD COLUMN reminded VARCHAR(16) NULL;
CREATE INDEX instalments_by_reminder ON instalments (status, reminded, due_on, booking_id);
