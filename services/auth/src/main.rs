//! The auth service on its own.
fn main() -> std::process::ExitCode {
    chassis::run(auth::service())
}
