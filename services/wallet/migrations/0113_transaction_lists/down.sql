DROP INDEX postings_by_type /*! ON postings */;
DROP INDEX postings_by_cause_time /*! ON postings */;
