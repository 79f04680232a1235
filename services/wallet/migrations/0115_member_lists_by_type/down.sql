DROP INDEX postings_of_member_by_type /*! ON postings */;
