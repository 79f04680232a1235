-- Bank references (UTR) of paid payouts, in capitals: each belongs to one payout.
CREATE TABLE bank_references (
    utr       VARCHAR(64) NOT NULL PRIMARY KEY,
    payout_id BINARY(16)  NOT NULL UNIQUE
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Of earlier payouts that share a reference, the first one has it.
INSERT INTO bank_references (utr, payout_id)
SELECT UPPER(utr), MIN(id) FROM payouts
WHERE utr <> '' AND NOT EXISTS (SELECT 1 FROM bank_references AS known WHERE known.utr = UPPER(payouts.utr))
GROUP BY UPPER(utr);
