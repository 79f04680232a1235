-- Stock of a vehicle: how many units there are, where they are counted, and how many of them bookings have reserved.
ALTER TABLE vehicles ADD COLUMN on_hand BIGINT NULL;
ALTER TABLE vehicles ADD COLUMN reserved BIGINT NOT NULL DEFAULT 0;

-- What a booking uses of the stock. A booking that was made before its vehicle was counted uses none.
ALTER TABLE bookings ADD COLUMN stock_use VARCHAR(16) NOT NULL DEFAULT 'none';

-- Changes of the stock by staff.
CREATE TABLE stock_adjustments (
    id          BINARY(16)   NOT NULL PRIMARY KEY,
    vehicle_id  BINARY(16)   NOT NULL,
    change_by   BIGINT       NOT NULL,
    on_hand     BIGINT       NOT NULL,
    reason      VARCHAR(500) NOT NULL,
    adjusted_by BINARY(16)   NOT NULL,
    adjusted_at DATETIME(6)  NOT NULL,
    CONSTRAINT stock_adjustments_vehicle FOREIGN KEY (vehicle_id) REFERENCES vehicles (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX stock_adjustments_by_vehicle ON stock_adjustments (vehicle_id, id);
