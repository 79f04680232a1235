-- A catalogue to start with, so that a fresh platform can take its first booking; administrators change it.
-- The delete makes this safe to run again after a failure half way: nothing can refer to these rows yet.

DELETE FROM vehicles WHERE id IN (
    X'019AA000000070008000000000000001', X'019AA000000070008000000000000002',
    X'019AA000000070008000000000000003', X'019AA000000070008000000000000004'
);
INSERT INTO vehicles (id, model, variant, price_paise, is_active, created_at, changed_at) VALUES
    (X'019AA000000070008000000000000001', 'Disha', 'City 45', 4500000, TRUE, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'),
    (X'019AA000000070008000000000000002', 'Disha', 'Plus 75', 8500000, TRUE, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'),
    (X'019AA000000070008000000000000003', 'Vega', 'Standard 110', 11000000, TRUE, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'),
    (X'019AA000000070008000000000000004', 'Vega', 'Long Range 145', 14500000, TRUE, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000');
