DROP INDEX notifications_read /*! ON notifications */;
DROP TABLE deliveries;
DROP TABLE push_subscriptions;
DROP TABLE channel_choices;
DROP TABLE members;
