//! Identity of this build, in log lines, metrics, traces and health checks.

/// Version of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Revision of the source, from `EV_REVISION` at build time; `unknown` in a build outside the release.
pub const REVISION: &str = match option_env!("EV_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// Version and revision, as `--version` prints them after the name of the program.
pub fn version() -> String {
    format!("{VERSION} ({REVISION})")
}
