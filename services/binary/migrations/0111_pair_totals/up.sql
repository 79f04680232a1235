-- What all pairs came to by month, carried forward some thousand rows at a time, so that nobody has to add up the table.
CREATE TABLE IF NOT EXISTS pair_totals (
    month                   VARCHAR(7) NOT NULL,
    status                  VARCHAR(8) NOT NULL,
    pairs                   BIGINT     NOT NULL,
    gross_paise             BIGINT     NOT NULL,
    emi_deduction_paise     BIGINT     NOT NULL,
    reserve_deduction_paise BIGINT     NOT NULL,
    available_paise         BIGINT     NOT NULL,
    PRIMARY KEY (month, status)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- How far they go: the last pair added, and the last that was voided, by entry and pair.
CREATE TABLE IF NOT EXISTS pair_totals_head (
    id             BIGINT NOT NULL PRIMARY KEY,
    made_ordinal   BIGINT NOT NULL,
    voided_seq     BIGINT NOT NULL,
    voided_ordinal BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
INSERT INTO pair_totals_head (id, made_ordinal, voided_seq, voided_ordinal)
SELECT 1, 0, 0, 0 FROM (SELECT 1 AS one) AS just WHERE NOT EXISTS (SELECT 1 FROM pair_totals_head);
