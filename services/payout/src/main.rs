//! The payout service on its own.
fn main() -> std::process::ExitCode {
    chassis::run(payout::service())
}
