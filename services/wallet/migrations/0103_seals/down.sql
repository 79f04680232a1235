DROP TABLE seal_progress;
DROP TABLE seals;
