DROP TABLE stock_adjustments;
ALTER TABLE bookings DROP COLUMN stock_use;
ALTER TABLE vehicles DROP COLUMN reserved;
ALTER TABLE vehicles DROP COLUMN on_hand;
