-- What reports filter and group by; null or empty in facts of older versions.
ALTER TABLE members ADD COLUMN city VARCHAR(100) NOT NULL DEFAULT '';
ALTER TABLE bookings ADD COLUMN vehicle_id BINARY(16) NULL;
-- Due day and unpaid paise of each unpaid instalment of a confirmed booking: `2026-12-05 234500,2027-01-05 300000`.
ALTER TABLE bookings ADD COLUMN unpaid_instalments MEDIUMTEXT NULL;
ALTER TABLE receipts ADD COLUMN booking_id BINARY(16) NULL;
ALTER TABLE receipts ADD COLUMN plan_version BIGINT NULL;
ALTER TABLE placements ADD COLUMN depth BIGINT NULL;
ALTER TABLE pair_facts ADD COLUMN left_user_id BINARY(16) NULL;
ALTER TABLE pair_facts ADD COLUMN right_user_id BINARY(16) NULL;
ALTER TABLE pair_facts ADD COLUMN plan_version BIGINT NULL;
ALTER TABLE payouts ADD COLUMN requested_on VARCHAR(10) NULL;
CREATE INDEX members_of_joining ON members (joined_on, role);
CREATE INDEX pair_facts_of_day_in_order ON pair_facts (happened_on, fact, pair_id);

-- Time of the newest event of each service that the facts contain. `rollup_state.applied_until` is no longer used; a
-- later version removes it.
CREATE TABLE applied_sources (
    source        VARCHAR(16) NOT NULL PRIMARY KEY,
    applied_until DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
