-- The leg that a member chose after registering. Kept by the service that places: no event can come late.
CREATE TABLE IF NOT EXISTS preferred_sides (
    user_id   BINARY(16)  NOT NULL PRIMARY KEY,
    side      VARCHAR(8)  NULL,
    chosen_at DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
