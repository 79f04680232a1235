//! Binary of the payout service as a process of its own.
fn main() -> std::process::ExitCode {
    chassis::run(payout::service())
}
