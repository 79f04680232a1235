CREATE INDEX tds_records_of_year ON tds_records (financial_year, quarter, pan_index);
CREATE INDEX tds_records_by_quarter ON tds_records (financial_year, quarter, id);
DROP INDEX tds_records_by_pan /*! ON tds_records */;
