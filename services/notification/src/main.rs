//! The notification service on its own.

fn main() -> std::process::ExitCode {
    chassis::run(notification::service())
}
