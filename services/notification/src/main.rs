//! Binary of the notification service as a process of its own.

fn main() -> std::process::ExitCode {
    chassis::run(notification::service())
}
