DROP TABLE nodes;
DROP TABLE tree_log;
DROP TABLE tree_head;
