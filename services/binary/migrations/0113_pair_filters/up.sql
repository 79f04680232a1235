-- The pairs of all earners by status, and the ordinals at which a month begins and ends.
CREATE INDEX pairs_by_status ON pairs (status, ordinal);
CREATE INDEX pairs_by_month ON pairs (month, ordinal);
