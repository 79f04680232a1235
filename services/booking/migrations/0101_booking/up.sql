-- One portable dialect: MySQL and MariaDB execute what stands in /*! … */, SQLite skips it.

CREATE TABLE vehicles (
    id          BINARY(16)  NOT NULL PRIMARY KEY,
    model       VARCHAR(80) NOT NULL,
    variant     VARCHAR(80) NOT NULL,
    price_paise BIGINT      NOT NULL,
    is_active   BOOLEAN     NOT NULL,
    created_at  DATETIME(6) NOT NULL,
    changed_at  DATETIME(6) NOT NULL,
    CONSTRAINT vehicles_price CHECK (price_paise > 0)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- A member's row is locked before any of their bookings: whatever touches two bookings of one member, or a
-- booking and the member's standing, happens one at a time and in one order.
CREATE TABLE members (
    user_id          BINARY(16)   NOT NULL PRIMARY KEY,
    referrer_id      BINARY(16)   NULL,
    name             VARCHAR(200) NULL,
    net_paid_paise   BIGINT       NOT NULL,
    active_buyer     BOOLEAN      NOT NULL,
    standing_version BIGINT       NOT NULL,
    first_booking_id BINARY(16)   NULL,
    CONSTRAINT members_net_paid CHECK (net_paid_paise >= 0)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE bookings (
    id                   BINARY(16)   NOT NULL PRIMARY KEY,
    number               VARCHAR(32)  NOT NULL,
    user_id              BINARY(16)   NOT NULL,
    vehicle_id           BINARY(16)   NOT NULL,
    vehicle              VARCHAR(170) NOT NULL,
    price_paise          BIGINT       NOT NULL,
    booking_amount_paise BIGINT       NOT NULL,
    total_paid_paise     BIGINT       NOT NULL,
    status               VARCHAR(16)  NOT NULL,
    emi_months           BIGINT       NOT NULL,
    emi_principal_paise  BIGINT       NOT NULL,
    version              BIGINT       NOT NULL,
    reason               VARCHAR(500) NOT NULL,
    created_at           DATETIME(6)  NOT NULL,
    confirmed_at         DATETIME(6)  NULL,
    changed_at           DATETIME(6)  NOT NULL,
    CONSTRAINT bookings_member FOREIGN KEY (user_id) REFERENCES members (user_id),
    CONSTRAINT bookings_vehicle FOREIGN KEY (vehicle_id) REFERENCES vehicles (id),
    CONSTRAINT bookings_paid CHECK (total_paid_paise >= 0 AND total_paid_paise <= price_paise)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX bookings_number ON bookings (number);
CREATE INDEX bookings_by_member ON bookings (user_id, id);
CREATE INDEX bookings_by_status ON bookings (status, created_at);

-- `open_order_of` is the booking while this is its open online order, and null otherwise: being unique, it
-- allows one a booking.
CREATE TABLE payments (
    id                 BINARY(16)   NOT NULL PRIMARY KEY,
    booking_id         BINARY(16)   NOT NULL,
    user_id            BINARY(16)   NOT NULL,
    amount_paise       BIGINT       NOT NULL,
    method             VARCHAR(16)  NOT NULL,
    status             VARCHAR(16)  NOT NULL,
    reason             VARCHAR(100) NOT NULL,
    reference          VARCHAR(64)  NULL,
    gateway            VARCHAR(16)  NULL,
    gateway_order_id   VARCHAR(64)  NULL,
    gateway_payment_id VARCHAR(64)  NULL,
    open_order_of      BINARY(16)   NULL,
    reserve_id         BINARY(16)   NULL,
    plan_version       BIGINT       NULL,
    created_at         DATETIME(6)  NOT NULL,
    completed_at       DATETIME(6)  NULL,
    closed_at          DATETIME(6)  NULL,
    returned_at        DATETIME(6)  NULL,
    CONSTRAINT payments_booking FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT payments_amount CHECK (amount_paise > 0)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX payments_by_booking ON payments (booking_id, id);
CREATE INDEX payments_by_member ON payments (user_id, id);
CREATE INDEX payments_by_status ON payments (status, created_at);
CREATE UNIQUE INDEX payments_open_order ON payments (open_order_of);
CREATE UNIQUE INDEX payments_order ON payments (gateway, gateway_order_id);
CREATE UNIQUE INDEX payments_capture ON payments (gateway, gateway_payment_id);

-- Money a gateway says it has taken, and what became of it.
CREATE TABLE captures (
    gateway            VARCHAR(16) NOT NULL,
    gateway_payment_id VARCHAR(64) NOT NULL,
    order_id           VARCHAR(64) NOT NULL,
    payment_id         BINARY(16)  NULL,
    amount_paise       BIGINT      NOT NULL,
    outcome            VARCHAR(24) NOT NULL,
    captured_at        DATETIME(6) NOT NULL,
    PRIMARY KEY (gateway, gateway_payment_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX captures_by_order ON captures (gateway, order_id);

CREATE TABLE webhook_events (
    gateway      VARCHAR(16)  NOT NULL,
    event_key    VARCHAR(100) NOT NULL,
    body         MEDIUMBLOB   NOT NULL,
    error        VARCHAR(500) NOT NULL,
    received_at  DATETIME(6)  NOT NULL,
    processed_at DATETIME(6)  NULL,
    PRIMARY KEY (gateway, event_key)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX webhook_events_unprocessed ON webhook_events (processed_at, received_at);

-- The API refunds whole payments, so a payment has one refund at most.
CREATE TABLE refunds (
    id                BINARY(16)   NOT NULL PRIMARY KEY,
    payment_id        BINARY(16)   NOT NULL,
    booking_id        BINARY(16)   NOT NULL,
    user_id           BINARY(16)   NOT NULL,
    amount_paise      BIGINT       NOT NULL,
    refund_to         VARCHAR(16)  NOT NULL,
    status            VARCHAR(16)  NOT NULL,
    reason            VARCHAR(500) NOT NULL,
    gateway_refund_id VARCHAR(64)  NULL,
    attempts          BIGINT       NOT NULL,
    requested_at      DATETIME(6)  NOT NULL,
    settled_at        DATETIME(6)  NULL,
    CONSTRAINT refunds_payment FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT refunds_amount CHECK (amount_paise > 0)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX refunds_once ON refunds (payment_id);
CREATE INDEX refunds_by_status ON refunds (status, requested_at);

CREATE TABLE instalments (
    booking_id   BINARY(16)  NOT NULL,
    n            BIGINT      NOT NULL,
    due_on       VARCHAR(10) NULL,
    amount_paise BIGINT      NOT NULL,
    paid_paise   BIGINT      NOT NULL,
    status       VARCHAR(16) NOT NULL,
    noticed_at   DATETIME(6) NULL,
    PRIMARY KEY (booking_id, n),
    CONSTRAINT instalments_booking FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT instalments_paid CHECK (paid_paise >= 0 AND paid_paise <= amount_paise)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX instalments_due ON instalments (status, due_on);

-- What wallet put aside for a member's EMI; `waiting_paise` is the part not decided yet.
CREATE TABLE emi_reserves (
    reserve_id     BINARY(16)  NOT NULL PRIMARY KEY,
    user_id        BINARY(16)  NOT NULL,
    amount_paise   BIGINT      NOT NULL,
    waiting_paise  BIGINT      NOT NULL,
    applied_paise  BIGINT      NOT NULL,
    released_paise BIGINT      NOT NULL,
    source_kind    VARCHAR(16) NOT NULL,
    source_id      BINARY(16)  NOT NULL,
    reserved_at    DATETIME(6) NOT NULL,
    CONSTRAINT emi_reserves_sum CHECK (waiting_paise >= 0 AND waiting_paise + applied_paise + released_paise = amount_paise)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX emi_reserves_by_member ON emi_reserves (user_id, waiting_paise);

CREATE TABLE plan_versions (
    version        BIGINT      NOT NULL PRIMARY KEY,
    effective_from DATETIME(6) NOT NULL,
    plan           MEDIUMTEXT  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE calendar_days (
    day        VARCHAR(10) NOT NULL PRIMARY KEY,
    opened_at  DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
