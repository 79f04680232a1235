DROP TABLE IF EXISTS pair_totals_head;
DROP TABLE IF EXISTS pair_totals;
