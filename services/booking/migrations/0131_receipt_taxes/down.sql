ALTER TABLE vehicles DROP COLUMN hsn;
ALTER TABLE bookings DROP COLUMN place_of_supply;
DROP TABLE receipt_taxes;
