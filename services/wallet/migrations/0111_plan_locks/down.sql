DROP TABLE plan_locks;
