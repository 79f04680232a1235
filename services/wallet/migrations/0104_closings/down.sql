DROP TABLE closings;
DROP INDEX postings_by_time /*! ON postings */;
