-- Orders to ask a gateway about have a row from the start, so that the job reads those that are due by an index.
ALTER TABLE order_checks ADD COLUMN gateway VARCHAR(16) NOT NULL DEFAULT '';
UPDATE order_checks SET gateway = (SELECT gateway FROM payments WHERE payments.id = order_checks.payment_id);
INSERT INTO order_checks (payment_id, next_at, gateway)
    SELECT id, created_at, gateway FROM payments
    WHERE status IN ('pending', 'failed', 'superseded') AND gateway = 'razorpay' AND gateway_order_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM order_checks AS known WHERE known.payment_id = payments.id);
CREATE INDEX order_checks_due ON order_checks (gateway, next_at);

-- A booking's pending and completed payments, and its latest orders, however many orders were superseded.
CREATE INDEX payments_by_booking_status ON payments (booking_id, status);
CREATE INDEX payments_by_booking_time ON payments (booking_id, created_at);
