//! Binary `load-test`: load on a running platform, for scripts/soak and scripts/bench-payments.

use std::process::ExitCode;

fn main() -> ExitCode {
    load_test::cli::run()
}
