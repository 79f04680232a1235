//! Binary of the booking service.

fn main() -> std::process::ExitCode {
    chassis::run(booking::service())
}
