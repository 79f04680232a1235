DROP TABLE plan_withdrawals;
