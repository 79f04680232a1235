//! The booking service on its own.

fn main() -> std::process::ExitCode {
    chassis::run(booking::service())
}
