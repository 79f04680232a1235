//! Binary of the compliance service.

fn main() -> std::process::ExitCode {
    chassis::run(compliance::service())
}
