DROP TABLE plan_withdrawals;
DROP TABLE plan_versions;
