DROP TABLE vehicle_pictures;
ALTER TABLE vehicles DROP COLUMN last_picture;
ALTER TABLE vehicles DROP COLUMN battery;
ALTER TABLE vehicles DROP COLUMN colour;
