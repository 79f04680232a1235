//! The wallet service on its own.
fn main() -> std::process::ExitCode {
    chassis::run(wallet::service())
}
