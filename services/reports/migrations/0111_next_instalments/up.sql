-- The earliest unpaid instalment of a confirmed booking; null where there is none, and until the booking changes again.
ALTER TABLE bookings ADD COLUMN number VARCHAR(32) NOT NULL DEFAULT '';
ALTER TABLE bookings ADD COLUMN next_n BIGINT NULL;
ALTER TABLE bookings ADD COLUMN next_due_on VARCHAR(10) NULL;
ALTER TABLE bookings ADD COLUMN next_amount_paise BIGINT NULL;
ALTER TABLE bookings ADD COLUMN next_paid_paise BIGINT NULL;
