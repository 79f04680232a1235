DROP INDEX kyc_by_user_and_status /*! ON kyc_applications */;
DROP INDEX users_by_placement_and_buyer /*! ON users */;
DROP INDEX users_by_placement /*! ON users */;
