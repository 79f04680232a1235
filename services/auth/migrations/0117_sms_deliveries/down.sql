-- Reverts up.sql.
DROP TABLE sms_deliveries;
