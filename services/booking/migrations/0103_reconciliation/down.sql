DROP INDEX captures_by_outcome /*! ON captures */;
DROP TABLE order_checks;
DROP TABLE reconciliations;
