//! Allowed directions between the crates of the workspace.

use crate::assert_no_violations;
use crate::source::{production_code, read, rust_files, services, used_paths};

/// The crates from the bottom to the top. A crate depends only on crates of earlier lines; the services are between the
/// last two.
const LEVELS: [&[&str]; 7] = [
    &["console", "domain", "http-api-macros"],
    &["db", "documents", "proto-events", "search-index"],
    &["runtime"],
    &["http-api", "messaging", "pii"],
    &["auth-token", "blob-store", "graph", "issued-documents", "long-tasks"],
    &["chassis"],
    &["ev"],
];
/// Crates that are no part of production: only tests may depend on them.
const TEST_CRATES: [&str; 2] = ["load-test", "testkit"];

fn level_of(name: &str) -> Option<usize> {
    let top = LEVELS.len() - 1;
    if services().contains(name) {
        return Some(top);
    }
    let level = LEVELS.iter().position(|level| level.contains(&name))?;
    // The services take the place of the last line.
    Some(if level == top { top + 1 } else { level })
}

fn folder_of(name: &str) -> String {
    match name {
        "console" | "proto-events" => name.to_owned(),
        _ if services().contains(name) => format!("services/{name}"),
        _ => format!("crates/{name}"),
    }
}

fn production_crates() -> impl Iterator<Item = String> {
    LEVELS.into_iter().flatten().map(|name| (*name).to_owned()).chain(services())
}

/// The names below `[dependencies]` and `[build-dependencies]` of a manifest.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_wanted = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_wanted = matches!(line, "[dependencies]" | "[build-dependencies]");
        } else if is_wanted && let Some((name, _)) = line.split_once(['.', ' ', '=']) {
            names.push(name);
        }
    }
    names
}

#[test]
fn a_crate_depends_only_on_crates_below_it() {
    let mut violations = Vec::new();
    for name in production_crates() {
        let manifest = read(&format!("{}/Cargo.toml", folder_of(&name)));
        assert!(!manifest.is_empty(), "{name} has no manifest");
        for dependency in dependencies(&manifest) {
            let is_above = level_of(dependency).is_some_and(|level| level_of(&name) <= Some(level));
            if is_above || TEST_CRATES.contains(&dependency) {
                violations.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    assert_no_violations("a crate depends only on crates of earlier lines of LEVELS", &violations);
}

#[test]
fn every_crate_has_a_level() {
    let is_known = |name: &str| level_of(name).is_some() || TEST_CRATES.contains(&name);
    let manifests = crate::source::files().into_iter().filter(|f| f.ends_with("/Cargo.toml"));
    let folders = manifests.filter_map(|f| f.strip_suffix("/Cargo.toml").map(str::to_owned));
    let violations: Vec<_> =
        folders.filter(|folder| !is_known(folder.rsplit('/').next().unwrap_or_default())).collect();
    assert_no_violations("name the crate in LEVELS", &violations);
}

#[test]
fn no_crate_passes_on_what_another_one_owns() {
    let names: Vec<String> = production_crates().map(|name| name.replace('-', "_")).collect();
    let mut violations = Vec::new();
    for file in rust_files().filter(|f| f.starts_with("crates/") || f.starts_with("services/")) {
        let code = production_code(&file);
        let exported: String = code.split_inclusive(';').filter(|s| s.trim_start().starts_with("pub use ")).collect();
        let foreign = used_paths(&exported).into_iter().filter(|path| {
            let owner = path.split("::").next().unwrap_or_default();
            names.iter().any(|name| name == owner) && !code.contains(&format!("mod {owner};"))
        });
        // The attribute of `http_api` has to be in a crate of its own; a service's own words are part of its domain,
        // also when they travel in events.
        let is_allowed =
            |path: &String| path == "http_api_macros::operation" || path.starts_with("proto_events::vocabulary");
        violations.extend(foreign.filter(|path| !is_allowed(path)).map(|p| format!("{file}: {p}")));
    }
    assert_no_violations("name the crate that owns the item where it is used", &violations);
}
