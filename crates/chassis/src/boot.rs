//! How services are started: alone in their own binary, or all eight in one process.

use crate::service::Service;
use std::process::ExitCode;

pub fn run(service: Service) -> ExitCode {
    tracing::error!(service = service.name, "not written yet");
    ExitCode::FAILURE
}
