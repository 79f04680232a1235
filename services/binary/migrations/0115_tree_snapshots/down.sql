DROP TABLE tree_snapshot_parts;
DROP TABLE tree_snapshots;
