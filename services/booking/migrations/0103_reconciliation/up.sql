-- How far each gateway's list of captures is walked: every window before `done_until` is, and the one from `walk_from`
-- to `walk_until`, where there is one, up to its first `walked` lines.
CREATE TABLE reconciliations (
    gateway    VARCHAR(16) NOT NULL PRIMARY KEY,
    done_until DATETIME(6) NOT NULL,
    walk_from  DATETIME(6) NULL,
    walk_until DATETIME(6) NULL,
    walked     BIGINT      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- When a gateway is next asked for an order of which it has not told a capture.
CREATE TABLE order_checks (
    payment_id BINARY(16)  NOT NULL PRIMARY KEY,
    next_at    DATETIME(6) NOT NULL,
    CONSTRAINT order_checks_payment FOREIGN KEY (payment_id) REFERENCES payments (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE INDEX captures_by_outcome ON captures (outcome, captured_at);
