//! The compliance service on its own.

fn main() -> std::process::ExitCode {
    chassis::run(compliance::service())
}
