-- Each state that a payout reached: when, and by whom if a person moved it.
CREATE TABLE payout_steps (
    payout_id  BINARY(16)  NOT NULL,
    version    BIGINT      NOT NULL,
    status     VARCHAR(16) NOT NULL,
    reached_at DATETIME(6) NOT NULL,
    moved_by   BINARY(16)  NULL,
    PRIMARY KEY (payout_id, version)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Of earlier payouts only the request and the current state are known.
INSERT INTO payout_steps (payout_id, version, status, reached_at, moved_by)
SELECT id, 1, 'requested', requested_at, user_id FROM payouts
WHERE NOT EXISTS (SELECT 1 FROM payout_steps WHERE payout_id = payouts.id AND version = 1);
INSERT INTO payout_steps (payout_id, version, status, reached_at, moved_by)
SELECT id, version, status, changed_at, NULL FROM payouts
WHERE version > 1
    AND NOT EXISTS (SELECT 1 FROM payout_steps WHERE payout_id = payouts.id AND version = payouts.version);
