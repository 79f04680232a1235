-- A quarter's deductions in the order of a statement. It takes the place of two indexes that begin alike.
CREATE INDEX tds_records_by_pan ON tds_records (financial_year, quarter, pan_index, section, id);
DROP INDEX tds_records_by_quarter /*! ON tds_records */;
DROP INDEX tds_records_of_year /*! ON tds_records */;
