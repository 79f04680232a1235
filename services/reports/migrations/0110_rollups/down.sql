DROP TABLE rollup_state;
DROP TABLE rollups;
