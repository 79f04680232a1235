-- One gateway's list continues after the id of its last item.
ALTER TABLE reconciliations ADD COLUMN walked_id VARCHAR(64) NOT NULL DEFAULT '';
-- The orders of one gateway have longer ids. SQLite knows no length.
/*! ALTER TABLE payments MODIFY COLUMN gateway_order_id VARCHAR(255) NULL */;
/*! ALTER TABLE captures MODIFY COLUMN order_id VARCHAR(255) NOT NULL */;
