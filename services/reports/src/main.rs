//! Binary of the reports service.

fn main() -> std::process::ExitCode {
    chassis::run(reports::service())
}
