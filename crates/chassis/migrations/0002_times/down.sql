DROP INDEX parked_by_time /*! ON parked */;
DROP INDEX parked_replays /*! ON parked */;
DROP INDEX revoked_sessions_age /*! ON revoked_sessions */;
