DROP TABLE deferred_events;
