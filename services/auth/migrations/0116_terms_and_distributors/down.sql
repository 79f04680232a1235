-- Reverts up.sql.
DROP TABLE distributor_applications;
DROP TABLE terms_acceptances;
DROP TABLE terms_versions;
