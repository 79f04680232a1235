-- Documents of members, as compliance reported their upload, and the booking whose delivery one proves.
CREATE TABLE documents (
    id          BINARY(16)  NOT NULL PRIMARY KEY,
    user_id     BINARY(16)  NOT NULL,
    delivery_of BINARY(16)  NULL,
    uploaded_at DATETIME(6) NOT NULL,
    CONSTRAINT documents_delivery FOREIGN KEY (delivery_of) REFERENCES bookings (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
