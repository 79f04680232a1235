DROP INDEX payments_by_booking_time /*! ON payments */;
DROP INDEX payments_by_booking_status /*! ON payments */;
DROP INDEX order_checks_due /*! ON order_checks */;
ALTER TABLE order_checks DROP COLUMN gateway;
