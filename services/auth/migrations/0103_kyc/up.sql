-- Two guard columns that are NULL when they guard nothing: a member has one application that is pending or
-- approved, and a PAN is approved for one member.
CREATE TABLE kyc_applications (
    id                 BINARY(16)   NOT NULL PRIMARY KEY,
    user_id            BINARY(16)   NOT NULL,
    status             VARCHAR(8)   NOT NULL,
    open_user_id       BINARY(16)   NULL,
    approved_pan_index BINARY(32)   NULL,
    pan_sealed         MEDIUMBLOB   NOT NULL,
    pan_index          BINARY(32)   NOT NULL,
    pan_mask           VARCHAR(10)  NOT NULL,
    aadhaar_last4      VARCHAR(4)   NOT NULL,
    account_sealed     MEDIUMBLOB   NOT NULL,
    account_index      BINARY(32)   NOT NULL,
    account_mask       VARCHAR(18)  NOT NULL,
    ifsc               VARCHAR(11)  NOT NULL,
    holder_name        VARCHAR(100) NOT NULL,
    bank_name          VARCHAR(100) NOT NULL,
    line1              VARCHAR(200) NOT NULL,
    line2              VARCHAR(200) NULL,
    city               VARCHAR(100) NOT NULL,
    state              VARCHAR(100) NOT NULL,
    pincode            VARCHAR(6)   NOT NULL,
    country            VARCHAR(60)  NOT NULL,
    reason             VARCHAR(500) NULL,
    submitted_at       DATETIME(6)  NOT NULL,
    decided_at         DATETIME(6)  NULL,
    decided_by         BINARY(16)   NULL,
    CONSTRAINT kyc_open UNIQUE (open_user_id),
    CONSTRAINT kyc_approved_pan UNIQUE (approved_pan_index),
    CONSTRAINT kyc_user FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX kyc_by_user ON kyc_applications (user_id, id);
CREATE INDEX kyc_by_status ON kyc_applications (status, id);

CREATE TABLE documents (
    id          BINARY(16)  NOT NULL PRIMARY KEY,
    user_id     BINARY(16)  NOT NULL,
    kind        VARCHAR(50) NOT NULL,
    uploaded_at DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX documents_by_user ON documents (user_id, id);

CREATE TABLE kyc_documents (
    kyc_id      BINARY(16) NOT NULL,
    document_id BINARY(16) NOT NULL,
    PRIMARY KEY (kyc_id, document_id),
    CONSTRAINT kyc_documents_kyc FOREIGN KEY (kyc_id) REFERENCES kyc_applications (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
