//! Output of the commands.

/// Prints a line to the standard output.
#[expect(clippy::print_stdout, reason = "commands print their results")]
pub fn print(line: &str) {
    println!("{line}");
}
