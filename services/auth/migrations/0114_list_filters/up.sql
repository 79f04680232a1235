-- Users by placement, also the Active Buyers among them, and the applications of a member by status.
CREATE INDEX users_by_placement ON users (placed, id);
CREATE INDEX users_by_placement_and_buyer ON users (placed, is_active_buyer, id);
CREATE INDEX kyc_by_user_and_status ON kyc_applications (user_id, status, id);
