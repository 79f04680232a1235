//! Binary `console`: writes the console into a folder, as `ev console` does, without the platform in its build.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1);
    let outcome = folder.ok_or("usage: console FOLDER".to_owned());
    let outcome = outcome.and_then(|folder| console::write(Path::new(&folder)).map_err(|error| error.to_string()));
    let failure = |error| {
        eprintln!("console: {error}");
        ExitCode::FAILURE
    };
    outcome.map_or_else(failure, |_| ExitCode::SUCCESS)
}
