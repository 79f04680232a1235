-- The leg to be placed in is used with the first payment that counts, which is heard of before the placement is.
ALTER TABLE users ADD COLUMN side_used BOOLEAN NOT NULL DEFAULT FALSE;
