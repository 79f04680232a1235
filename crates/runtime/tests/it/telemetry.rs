//! Settings of the telemetry.

use runtime::{Env, telemetry};

#[test]
fn a_bad_setting_stops_the_boot_and_is_named() {
    for (variable, value) in
        [("LOG", "wallet=loud"), ("LOG_FORMAT", "xml"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")]
    {
        let error = telemetry::init("wallet", &Env::from_pairs([(variable, value)])).err().unwrap();
        assert_eq!(error.variable, variable);
    }
}
