//! The wallet service as a program of its own.
fn main() -> std::process::ExitCode {
    chassis::run(wallet::service())
}
