//! The reports service on its own.

fn main() -> std::process::ExitCode {
    chassis::run(reports::service())
}
