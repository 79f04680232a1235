"""Metrics that no code of the platform records, by the program that exports them."""

EXPORTED = {
    "Prometheus": ["up", "prometheus_notifications_errors_total", "prometheus_rule_evaluation_failures_total"],
    "rabbitmq_prometheus": [
        "rabbitmq_alarms_free_disk_space_watermark", "rabbitmq_alarms_memory_used_watermark", "rabbitmq_connections",
        "rabbitmq_detailed_queue_consumers", "rabbitmq_detailed_queue_messages", "rabbitmq_detailed_queue_messages_ready",
        "rabbitmq_detailed_queue_messages_unacked", "rabbitmq_disk_space_available_bytes", "rabbitmq_process_resident_memory_bytes",
    ],
    "mysqld_exporter": [
        "mysql_global_status_innodb_row_lock_waits", "mysql_global_status_queries", "mysql_global_status_slow_queries",
        "mysql_global_status_threads_connected", "mysql_global_status_threads_running", "mysql_global_variables_max_connections",
        "mysql_global_variables_read_only", "mysql_slave_status_seconds_behind_master",
        "mysql_slave_status_seconds_behind_source", "mysql_up", "mysql_global_status_innodb_data_fsyncs",
    ],
    "redis_exporter": ["redis_commands_processed_total", "redis_evicted_keys_total", "redis_memory_max_bytes", "redis_memory_used_bytes", "redis_up"],
    "nginx-prometheus-exporter": ["nginx_connections_accepted", "nginx_connections_active", "nginx_connections_handled", "nginx_http_requests_total", "nginx_up"],
    "kube-state-metrics": ["kube_cronjob_status_last_successful_time", "kube_job_status_failed", "kube_job_status_succeeded", "kube_pod_container_status_restarts_total"],
    "kubelet": ["kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"],
    "cert-manager": ["certmanager_certificate_expiration_timestamp_seconds"],
}
NAMES = {name for names in EXPORTED.values() for name in names}
