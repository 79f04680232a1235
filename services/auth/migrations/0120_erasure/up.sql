-- Requests of members to erase their personal data. The guard column is the member while the request is pending, else
-- NULL: a member has one pending request.
CREATE TABLE erasure_requests (
    id              BINARY(16)   NOT NULL PRIMARY KEY,
    user_id         BINARY(16)   NOT NULL,
    status          VARCHAR(9)   NOT NULL,
    pending_user_id BINARY(16)   NULL,
    reason          VARCHAR(500) NULL,
    requested_at    DATETIME(6)  NOT NULL,
    decided_at      DATETIME(6)  NULL,
    decided_by      BINARY(16)   NULL,
    CONSTRAINT erasure_requests_pending UNIQUE (pending_user_id),
    CONSTRAINT erasure_requests_user FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX erasure_requests_by_user ON erasure_requests (user_id, id);
CREATE INDEX erasure_requests_by_status ON erasure_requests (status, id);
