-- Running sums of the facts, kept in the transaction that stores them: by their Indian day, and of all days where `day`
-- is empty. What the measures are depends on the noun: an amount in paise, or a count.
CREATE TABLE rollups (
    noun      VARCHAR(16) NOT NULL,
    day       VARCHAR(10) NOT NULL,
    part      VARCHAR(32) NOT NULL,
    facts     BIGINT      NOT NULL,
    measure_1 BIGINT      NOT NULL,
    measure_2 BIGINT      NOT NULL,
    measure_3 BIGINT      NOT NULL,
    measure_4 BIGINT      NOT NULL,
    measure_5 BIGINT      NOT NULL,
    PRIMARY KEY (noun, day, part)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- One row, locked by whoever changes facts or rollups. `version` is of the code that built them; 0: nobody has yet.
CREATE TABLE rollup_state (
    id      BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
