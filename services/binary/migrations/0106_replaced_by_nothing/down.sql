DROP TRIGGER IF EXISTS tree_log_refuse_replace;
DROP TRIGGER IF EXISTS nodes_refuse_replace;
DROP TRIGGER IF EXISTS pairs_refuse_replace;
DROP TRIGGER IF EXISTS pairs_refuse_delete;
DROP TRIGGER IF EXISTS pairs_refuse_rewrite;
