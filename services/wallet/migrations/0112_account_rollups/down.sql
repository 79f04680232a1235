DROP TABLE account_rollups;
