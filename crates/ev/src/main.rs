//! Binary `ev`: the platform in one process, and the operator's commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    ev::cli::run()
}
