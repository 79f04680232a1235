-- What a variant is, beside its name.
ALTER TABLE vehicles ADD COLUMN colour VARCHAR(40) NULL;
ALTER TABLE vehicles ADD COLUMN battery VARCHAR(40) NULL;
-- The number of the last picture. A number is never used again, so that its address may be cached without limit.
ALTER TABLE vehicles ADD COLUMN last_picture BIGINT NOT NULL DEFAULT 0;

-- Pictures of vehicles. Their bytes are in the blob store.
CREATE TABLE vehicle_pictures (
    vehicle_id   BINARY(16)  NOT NULL,
    n            BIGINT      NOT NULL,
    content_type VARCHAR(32) NOT NULL,
    size_bytes   BIGINT      NOT NULL,
    sha256       BINARY(32)  NOT NULL,
    blob_name    VARCHAR(64) NOT NULL,
    added_by     BINARY(16)  NOT NULL,
    added_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (vehicle_id, n),
    CONSTRAINT vehicle_pictures_vehicle FOREIGN KEY (vehicle_id) REFERENCES vehicles (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
