-- The language of each user: `en` or `hi`. An older version that still runs does not name it.
ALTER TABLE users ADD COLUMN locale VARCHAR(8) NOT NULL DEFAULT 'en';
