-- Corrections and cancellations of challans, each with what was recorded before. A challan that is not cancelled has no
-- time of cancellation, and its revision counts from 1.
ALTER TABLE challans ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE challans ADD COLUMN cancelled_at DATETIME(6) NULL;
CREATE TABLE challan_changes (
    challan_id     BINARY(16)   NOT NULL,
    revision       BIGINT       NOT NULL,
    kind           VARCHAR(16)  NOT NULL,
    financial_year VARCHAR(7)   NOT NULL,
    quarter        VARCHAR(2)   NOT NULL,
    bsr            VARCHAR(7)   NOT NULL,
    serial         VARCHAR(5)   NOT NULL,
    deposited_on   VARCHAR(10)  NOT NULL,
    amount_paise   BIGINT       NOT NULL,
    reason         VARCHAR(500) NOT NULL,
    changed_by     BINARY(16)   NOT NULL,
    changed_at     DATETIME(6)  NOT NULL,
    PRIMARY KEY (challan_id, revision)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX challan_changes_of_year ON challan_changes (financial_year);

DROP TRIGGER IF EXISTS challan_changes_refuse_update;
CREATE TRIGGER challan_changes_refuse_update BEFORE UPDATE ON challan_changes FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'challan_changes is append-only'; DO " */
    SELECT RAISE(ABORT, 'challan_changes is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS challan_changes_refuse_delete;
CREATE TRIGGER challan_changes_refuse_delete BEFORE DELETE ON challan_changes FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'challan_changes is append-only'; DO " */
    SELECT RAISE(ABORT, 'challan_changes is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS challan_changes_refuse_replace;
/*! DO " */
CREATE TRIGGER challan_changes_refuse_replace BEFORE INSERT ON challan_changes
WHEN EXISTS (SELECT 1 FROM challan_changes WHERE challan_id = NEW.challan_id AND revision = NEW.revision)
BEGIN
    SELECT RAISE(ABORT, 'challan_changes has such a row already');
END
/*! " */;
