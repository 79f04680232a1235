ALTER TABLE reconciliations DROP COLUMN walked_id;
/*! ALTER TABLE captures MODIFY COLUMN order_id VARCHAR(64) NOT NULL */;
/*! ALTER TABLE payments MODIFY COLUMN gateway_order_id VARCHAR(64) NULL */;
