-- Reverts up.sql.
DROP TABLE member_records;
DROP TABLE grievance_counters;
DROP TABLE grievance_steps;
DROP TABLE grievances;
