DROP INDEX pairs_by_month /*! ON pairs */;
DROP INDEX pairs_by_status /*! ON pairs */;
