-- Reverts up.sql.
DROP TABLE erasure_requests;
