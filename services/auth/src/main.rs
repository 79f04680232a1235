//! The auth service as its own process.
fn main() -> std::process::ExitCode {
    chassis::run(auth::service())
}
