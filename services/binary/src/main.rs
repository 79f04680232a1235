//! The binary service on its own.

fn main() -> std::process::ExitCode {
    chassis::run(binary::service())
}
