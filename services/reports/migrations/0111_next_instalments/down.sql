ALTER TABLE bookings DROP COLUMN next_paid_paise;
ALTER TABLE bookings DROP COLUMN next_amount_paise;
ALTER TABLE bookings DROP COLUMN next_due_on;
ALTER TABLE bookings DROP COLUMN next_n;
ALTER TABLE bookings DROP COLUMN number;
