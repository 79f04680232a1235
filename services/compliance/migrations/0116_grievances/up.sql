-- Grievances of members, with the history of each, and whose bookings and payouts they may name.
CREATE TABLE grievances (
    id             BINARY(16)  NOT NULL PRIMARY KEY,
    financial_year VARCHAR(7)  NOT NULL,
    number         BIGINT      NOT NULL,
    user_id        BINARY(16)  NOT NULL,
    category       VARCHAR(16) NOT NULL,
    text           TEXT        NOT NULL,
    booking_id     BINARY(16)  NULL,
    payout_id      BINARY(16)  NULL,
    status         VARCHAR(16) NOT NULL,
    is_escalated   BOOLEAN     NOT NULL,
    assigned_to    BINARY(16)  NULL,
    filed_at       DATETIME(6) NOT NULL,
    acknowledge_by DATETIME(6) NOT NULL,
    close_by       DATETIME(6) NOT NULL,
    acknowledged_at DATETIME(6) NULL,
    closed_at      DATETIME(6) NULL,
    escalates_at   DATETIME(6) NULL,
    steps          BIGINT      NOT NULL,
    CONSTRAINT grievances_number UNIQUE (financial_year, number)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX grievances_of_member ON grievances (user_id, id);
CREATE INDEX grievances_by_member_status ON grievances (user_id, status, id);
CREATE INDEX grievances_by_status ON grievances (status, id);
CREATE INDEX grievances_by_assignee ON grievances (assigned_to, status, id);
CREATE INDEX grievances_to_escalate ON grievances (escalates_at, id);
CREATE INDEX grievances_by_time ON grievances (filed_at, id);

CREATE TABLE grievance_steps (
    grievance_id BINARY(16)  NOT NULL,
    number       BIGINT      NOT NULL,
    step         VARCHAR(16) NOT NULL,
    actor_id     BINARY(16)  NULL,
    text         TEXT        NOT NULL,
    at           DATETIME(6) NOT NULL,
    PRIMARY KEY (grievance_id, number)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE grievance_counters (
    financial_year VARCHAR(7) NOT NULL PRIMARY KEY,
    last_number    BIGINT     NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE member_records (
    id      BINARY(16)  NOT NULL PRIMARY KEY,
    kind    VARCHAR(16) NOT NULL,
    user_id BINARY(16)  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

DROP TRIGGER IF EXISTS grievance_steps_refuse_update;
CREATE TRIGGER grievance_steps_refuse_update BEFORE UPDATE ON grievance_steps FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'grievance_steps is append-only'; DO " */
    SELECT RAISE(ABORT, 'grievance_steps is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS grievance_steps_refuse_delete;
CREATE TRIGGER grievance_steps_refuse_delete BEFORE DELETE ON grievance_steps FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'grievance_steps is append-only'; DO " */
    SELECT RAISE(ABORT, 'grievance_steps is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS grievance_steps_refuse_replace;
/*! DO " */
CREATE TRIGGER grievance_steps_refuse_replace BEFORE INSERT ON grievance_steps
WHEN EXISTS (SELECT 1 FROM grievance_steps WHERE grievance_id = NEW.grievance_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'grievance_steps has such a row already');
END
/*! " */;
