DROP TABLE long_tasks;
