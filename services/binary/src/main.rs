//! Executable of the binary service.

fn main() -> std::process::ExitCode {
    chassis::run(binary::service())
}
