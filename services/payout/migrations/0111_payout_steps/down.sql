DROP TABLE payout_steps;
