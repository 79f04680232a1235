DROP TABLE IF EXISTS preferred_sides;
