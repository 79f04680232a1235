//! Stored files that are derived from the code. `EV_UPDATE=1 cargo test -p ev derived` rewrites them.

use std::path::Path;

/// Rewrites a file of the repository where `EV_UPDATE` is set, and panics where it differs from `expected`.
#[track_caller]
pub(crate) fn assert_derived(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    if std::env::var_os("EV_UPDATE").is_some() {
        std::fs::write(&path, expected).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let only_in = |text: &str, other: &str, mark: &str| -> String {
        text.lines().filter(|line| !other.lines().any(|l| l == *line)).map(|line| format!("\n{mark} {line}")).collect()
    };
    let changes = only_in(&stored, expected, "-") + &only_in(expected, &stored, "+");
    assert!(stored == expected, "{file}: run EV_UPDATE=1 cargo test -p ev derived, and look at the change:{changes}");
}
