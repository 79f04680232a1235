-- Tax in the amount of a receipt, as it was when the receipt got its number. `gst_rate` is a percentage.
CREATE TABLE receipt_taxes (
    payment_id      BINARY(16)  NOT NULL PRIMARY KEY,
    gstin           VARCHAR(15) NOT NULL,
    hsn             VARCHAR(8)  NOT NULL,
    gst_rate        VARCHAR(8)  NOT NULL,
    place_of_supply VARCHAR(2)  NOT NULL,
    taxable_paise   BIGINT      NOT NULL,
    cgst_paise      BIGINT      NOT NULL,
    sgst_paise      BIGINT      NOT NULL,
    igst_paise      BIGINT      NOT NULL,
    CONSTRAINT receipt_taxes_payment FOREIGN KEY (payment_id) REFERENCES payments (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- The state where the vehicle is delivered, and the code of the product; none = those of the settings.
ALTER TABLE bookings ADD COLUMN place_of_supply VARCHAR(2) NULL;
ALTER TABLE vehicles ADD COLUMN hsn VARCHAR(8) NULL;
