DROP INDEX bookings_by_vehicle_number /*! ON bookings */;
ALTER TABLE bookings DROP COLUMN delivery_document_id;
ALTER TABLE bookings DROP COLUMN vehicle_number;
ALTER TABLE bookings DROP COLUMN delivered_on;
