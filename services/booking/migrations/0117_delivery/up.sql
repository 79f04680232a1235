-- Delivery of a vehicle that is paid in full. A number is delivered once at a time.
ALTER TABLE bookings ADD COLUMN delivered_on VARCHAR(10) NULL;
ALTER TABLE bookings ADD COLUMN vehicle_number VARCHAR(32) NULL;
ALTER TABLE bookings ADD COLUMN delivery_document_id BINARY(16) NULL;
CREATE INDEX bookings_by_vehicle_number ON bookings (vehicle_number);
